# SPDX-License-Identifier: GPL-2.0
"""What makes a run fail although its command succeeded."""

import re

# Lines of the kernel log that nothing but a bug, or a fault that the test
# caused, can bring.
BAD_LINES = [
    r"\bWARNING:", r"\bBUG\b", r"\bOops:", r"Kernel panic", r"general protection fault", r"unable to handle",
    r"INFO: task .* blocked", r"blocked for more than", r"soft lockup", r"hard LOCKUP", r"rcu: INFO: .*stall",
    r"self-detected stall", r"detected stalls", r"unregister_netdevice", r"possible recursive locking",
    r"possible circular locking", r"inconsistent lock state", r"suspicious RCU usage", r"sleeping function called",
    r"scheduling while atomic", r"DEADLOCK", r"DMA-API: (?!preallocated|debugging enabled)", r"refcount_t:", r"Call Trace:", r"cut here",
    # IOMMU faults.
    r"DMAR:.*fault", r"DMAR:.*\[(DMA|INTR-REMAP)",
    # slub_debug, page_poison, caches that a module leaves behind.
    r"Objects remaining", r"Slab cache still has objects", r"Poison overwritten", r"Redzone overwritten",
    r"Object already free", r"pagealloc: (memory|single bit)", r"list_(add|del) corruption", r"kmemleak:", r"KASAN",
    r"UBSAN", r"irq \d+: nobody cared", r"Trying to free", r"sysfs: cannot create duplicate", r"kobject_add_internal failed",
    r"page allocation failure", r"segfault at", r"trap (divide|invalid)",
    # The guard module: locked memory that outlives its process.
    r"akida-vm: an address space ends",
]
TRACE = re.compile(r"Call Trace:|cut here")
BAD = re.compile("|".join(f"(?:{p})" for p in BAD_LINES))

# Counters of the board that must stay zero: the driver did what no board
# answers, or the host was asked for memory that it does not give.
BAD_STATS = ["illegal.mmio", "illegal.dma", "illegal.core", "reserved_registers", "interrupts.stray",
             "dma.doorbells_ignored", "host.read_faults", "host.write_faults", "client.protocol_errors"]


def kernel_log(text, expected):
    """Problems in a kernel log; each expected expression must occur."""
    patterns = [re.compile(e) for e in expected]
    seen = [False] * len(patterns)
    problems = []
    for line in text.splitlines():
        allowed = False
        for i, p in enumerate(patterns):
            if p.search(line):
                seen[i] = allowed = True
        # A trace follows an expected line, too.
        if not allowed and BAD.search(line) and not (patterns and TRACE.search(line)):
            problems.append(f"kernel log: {line.strip()}")
    problems += [f"kernel log: nothing matches '{p.pattern}'" for p, s in zip(patterns, seen) if not s]
    return problems


def lookup(stats, key):
    for part in key.split("."):
        stats = stats.get(part, {}) if isinstance(stats, dict) else {}
    return stats if isinstance(stats, int) else 0


def board_stats(boards, expected, allowed=None):
    """Problems in what boards counted, a dictionary by number; an expected
    counter must have moved on one of them, and some may have by number."""
    problems = []
    for number, stats in boards.items():
        limits = (allowed or {}).get(number, {})
        problems += [f"board {number}: {key} is {lookup(stats, key)}, not {limits.get(key, 0)}" for key in BAD_STATS
                     if lookup(stats, key) > limits.get(key, 0) and key not in expected]
    return problems + [f"{key} is 0 on every board, although expected" for key in expected
                       if not any(lookup(stats, key) for stats in boards.values())]


def mappings(begin, end):
    """Problems in what boards can reach of a machine with an IOMMU."""
    return [f"board {number}: {after - before} DMA mappings are left after rmmod"
            for number, (before, after) in enumerate(zip(begin, end))
            if before is not None and after is not None and after > before]


def results(found, unload, tainted):
    """Problems in what the guest's init reported."""
    problems = []
    if "end" not in found:
        problems.append("the machine ended before its checks were made")
    if "insmod" in found:
        problems.append("insmod: akida.ko cannot be loaded")
    if unload and found.get("rmmod"):
        problems.append(f"rmmod: {found['rmmod']}")
    if found.get("leaks"):
        problems.append(f"memory is left after rmmod, allocated in {', '.join(found['leaks'].split())}")
    if found.get("left"):
        problems.append(f"after rmmod there is still {found['left']}")
    if unload and "end" in found and not found.get("rmmod"):
        pins = re.fullmatch(r"(\d+) (\d+)", found.get("pins", ""))
        if not pins:
            problems.append(f"pinned pages: cannot read '{found.get('pins', '')}'")
        elif pins[1] != pins[2]:
            problems.append(f"pinned pages: {pins[1]} acquired, {pins[2]} released")
    if found.get("tainted", "0") != "0" and not tainted:
        problems.append(f"the kernel is tainted: {int(found['tainted']):#x}")
    return problems
