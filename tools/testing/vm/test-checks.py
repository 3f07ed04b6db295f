#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Machines: none
"""Each check of scripts/vm fails on what it is there for, and on nothing else."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checks  # noqa: E402
from initramfs import Initramfs  # noqa: E402

count = failures = 0


def ok(text, condition):
    global count, failures
    count += 1
    failures += not condition
    print(f"{'ok' if condition else 'not ok'} {count} - {text}")


# Lines as kernels print them.
BAD = """\
WARNING: CPU: 0 PID: 112 at kernel/dma/debug.c:27 check_unmap+0x11/0x1a
WARNING: mm/slub.c:1239 at object_err+0x1f1/0x200, CPU#0: init/1
BUG: unable to handle page fault for address: ffffffffc0401000
BUG: kernel NULL pointer dereference, address: 0000000000000008
Oops: 0000 [#1] PREEMPT SMP NOPTI
general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b6b: 0000 [#1] SMP
Kernel panic - not syncing: Fatal exception
INFO: task cat:123 blocked for more than 30 seconds.
watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [cat:123]
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: INFO: rcu_preempt self-detected stall on CPU
unregister_netdevice: waiting for lo to become free. Usage count = 1
WARNING: possible recursive locking detected
WARNING: possible circular locking dependency detected
WARNING: suspicious RCU usage
BUG: sleeping function called from invalid context at mm/slab.h:494
BUG: scheduling while atomic: cat/123/0x00000002
DMA-API: akida 0000:01:00.0: device driver frees DMA memory with different size
[ BUG: Invalid wait context ]
refcount_t: underflow; use-after-free.
DMAR: DRHD: handling fault status reg 2
DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0x1000 [fault reason 0x05] PTE Write access is not set
BUG akida_job (Tainted: G    OE): Objects remaining in akida_job on __kmem_cache_shutdown()
kmem_cache_destroy akida_job: Slab cache still has objects when called from akida_exit+0x1
BUG kmalloc-256 (Tainted: G           OE     ): Poison overwritten
BUG kmalloc-64 (Not tainted): Redzone overwritten
BUG kmalloc-64 (Not tainted): Object already free
pagealloc: memory corruption
pagealloc: single bit error
list_del corruption, ffff888003c5c0f8->next is LIST_POISON1 (dead000000000100)
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
BUG: KASAN: slab-use-after-free in akida_read+0x1/0x2
UBSAN: array-index-out-of-bounds in kernel/akida_dma.c:12:3
irq 24: nobody cared (try booting with the "irqpoll" option)
Trying to free already-free IRQ 24
sysfs: cannot create duplicate filename '/class/akida'
kobject_add_internal failed for akida0 with -EEXIST, don't try to register things with the same name
insmod: page allocation failure: order:9, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)
test[99]: segfault at 0 ip 0000000000401136 sp 00007ffc error 4 in test[401000+1000]
akida-vm: an address space ends with 3 locked and 0 pinned pages (seen in cat[114])
------------[ cut here ]------------
Call Trace:
"""
GOOD = """\
Command line: console=ttyS0 ignore_loglevel panic=-1 oops=panic slub_debug=FZPU
PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug
AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.
DMA-API: preallocated 65536 debug entries
DMA-API: debugging enabled by kernel config
DMAR: IOMMU enabled
DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260286 ecap f00f5a
akida 0000:01:00.0: AKD1000, virtual
akida_vm_guard: loading out-of-tree module taints kernel.
akida 0000:01:00.0: transfer aborted by the board
pcieport 0000:00:01.0: AER: Multiple Uncorrected (Fatal) error received: 0000:01:00.0
"""

for line in BAD.splitlines():
    ok(f"log: fails on {line[:60]}", len(checks.kernel_log(f"[    7.582718] {line}\n", [])) == 1)
for line in GOOD.splitlines():
    ok(f"log: passes {line[:60]}", not checks.kernel_log(f"[    7.582718] {line}\n", []))
warning = "[ 1.0] ------------[ cut here ]------------\n[ 1.0] WARNING: CPU: 0 at a.c:1 f+0x1\n[ 1.0] Call Trace:\n"
ok("log: an expected warning passes, with its trace", not checks.kernel_log(warning, ["WARNING.*a\\.c"]))
ok("log: another warning does not", len(checks.kernel_log(warning + "WARNING: at b.c\n", ["WARNING.*a\\.c"])) == 1)
ok("log: an expectation that is not met fails", len(checks.kernel_log("", ["WARNING.*a\\.c"])) == 1)


def stats(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


for path in ("illegal.mmio", "illegal.dma", "illegal.core", "reserved_registers", "interrupts.stray",
             "dma.doorbells_ignored", "host.read_faults", "host.write_faults", "client.protocol_errors"):
    ok(f"board: fails on {path}", len(checks.board_stats({0: stats(path, 0), 1: stats(path, 1)}, [])) == 1)
    ok(f"board: passes {path} when expected", not checks.board_stats({0: stats(path, 0), 1: stats(path, 1)}, [path]))
    ok(f"board: fails when {path} is expected and stays zero", len(checks.board_stats({0: stats(path, 0)}, [path])) == 1)
stray = {0: stats("interrupts.stray", 3)}
ok("board: passes as many as a test allowed", not checks.board_stats(stray, [], {0: {"interrupts.stray": 3}}))
ok("board: fails on one more", len(checks.board_stats(stray, [], {0: {"interrupts.stray": 2}})) == 1)
ok("board: fails on what another board may", len(checks.board_stats(stray, [], {1: {"interrupts.stray": 9}})) == 1)
ok("board: other counters may move", not checks.board_stats({0: stats("dma.doorbells", 5)}, []))

ok("mappings: fails on one that is left", len(checks.mappings([0, 0], [0, 1])) == 1)
ok("mappings: passes none, and boards that are gone", not checks.mappings([0, None, 2], [0, 1, None]))

fine = {"begin": "", "end": "", "pins": "5 5", "tainted": "0", "left": "", "leaks": ""}
ok("results: passes a good run", not checks.results(fine, True, False))
for key, value in (("pins", "5 4"), ("tainted", "512"), ("left", "slabinfo: akida_job"), ("leaks", "akida_probe"),
                   ("rmmod", "rmmod: busy"), ("insmod", "failed")):
    ok(f"results: fails on {key} '{value}'", len(checks.results({**fine, key: value}, True, False)) == 1)
ok("results: fails when the end was not reached", len(checks.results({"begin": ""}, True, False)) == 1)
ok("results: fails when pages were not counted", len(checks.results({k: v for k, v in fine.items() if k != "pins"}, True, False)) == 1)

fs = Initramfs()
fs.data("/lib/a", b"x")
ok("file system: /lib and the like are links", fs.entries["usr/lib/a"][1] == b"x" and fs.entries["lib"][1] == b"usr/lib")

print(f"1..{count}")
sys.exit(failures != 0)
