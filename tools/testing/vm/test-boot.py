#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A machine that boots from a disk by systemd, as an administrator has it: power
on, udev loads the driver, what /etc/akida names is on the board and members of
group akida run it; so it is after a reboot and after sleep.

The Debian system on the disk is of this machine's release; 'make install' puts
the project in place. What happens in it: boot-guest.sh.
"""
# Machines: 6.12-none
# Machines in full: 6.1-none 6.12-none 7.2-none
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import checks  # noqa: E402
from board import Board, BoardError  # noqa: E402
from image import Image, ImageError  # noqa: E402
from machine import Machine, MonitorError  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
DEMO = os.path.join(ROOT, "tools/demo")
ADDRESS = "0000:01:00.0"
CONFIGURATION = """\
[board]
clock_mode = economy
power_limit = 2.5

[program]
model = /var/lib/akida/lamp.fbz
"""
SERVICE = """\
[Unit]
Description=What boot-guest.sh looks at
After=basic.target

[Service]
Type=simple
ExecStart=/bin/sh /root/boot-guest.sh
StandardOutput=file:/dev/ttyS1
StandardError=inherit
TimeoutStopSec=5
"""
USERS = """\
g member 1000
u member 1000:1000 "in group akida" /tmp
m member akida
g stranger 1001
u stranger 1001:1001 "in no group" /tmp
"""
APPEND = ("console=ttyS0 loglevel=6 oops=panic mitigations=off tsc=reliable no_timer_check random.trust_cpu=on 8250.nr_uarts=4 "
          "rw systemd.show_status=0 udev.event_timeout=900")


def output(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise ImageError(f"{' '.join(command[:2])} failed")
    return done.stdout.strip()


def settings(path):
    with open(path) as f:
        return dict(line.strip().split("=", 1) for line in f)


def make_disk(kernel, folder):
    """The disk, the initramfs and the kernel's image; the answers that the
    board must give are those of the software backend."""
    output("scripts/vm-setup", "qemu", f"boot:{kernel}")
    cache = os.path.join(ROOT, output("scripts/vm-setup", "--cache"))
    found = {**settings(os.path.join(cache, f"kernel-{kernel}")), **settings(os.path.join(cache, f"boot-{kernel}"))}
    tree = os.path.join(cache, found["tree"])
    driver = os.path.join(output("scripts/vm-module", "--kernel", kernel), "akida.ko")
    image = Image(os.path.join(cache, found["system"]), os.path.join(tree, found["modules"]), folder)
    image.set_up()
    image.install(ROOT, BUILD)
    image.kernel_modules([driver])
    vmctl = os.path.join(BUILD, "test/vmctl")
    image.file(vmctl, "usr/bin/vmctl", 0o755)
    image.file(os.path.join(HERE, "boot-guest.sh"), "root/boot-guest.sh")
    image.file(os.path.join(HERE, "guest.sh"), "root/guest.sh")
    image.text("etc/systemd/system/boot-test.service", SERVICE)
    image.link("etc/systemd/system/multi-user.target.wants/boot-test.service", "../boot-test.service")
    image.text("usr/lib/sysusers.d/boot-test.conf", USERS)
    image.text(f"etc/akida/boards.d/{ADDRESS}.conf", CONFIGURATION)
    image.file(os.path.join(DEMO, "digits.fbz"), "var/lib/akida/lamp.fbz", 0o600)
    inputs, want = (os.path.join(folder, n) for n in ("digits.npy", "want.npy"))
    write_digits(inputs)
    output(os.path.join(BUILD, "bin/akida"), "run", os.path.join(DEMO, "digits.fbz"), "-i", inputs, "--raw", "-o", want, "--target", "akd1000")
    image.file(inputs, "root/digits.npy")
    image.file(want, "root/want.npy")
    # Users of the machine read these.
    os.chmod(os.path.join(image.root, "root"), 0o755)
    initrd, disk = (os.path.join(folder, n) for n in ("initrd", "disk"))
    image.initramfs(os.path.join(cache, "trixie/usr/bin/busybox"), os.path.join(HERE, "boot-init"), initrd)
    image.write(disk)
    return os.path.join(cache, "qemu-system-x86_64"), os.path.join(tree, found["image"]), initrd, disk


def write_digits(path):
    """Ten inputs of the demo model, which look like nothing in particular."""
    data = bytearray()
    value = 1
    for _ in range(10 * 28 * 28):
        value = (value * 1103515245 + 12345) & 0x7fffffff
        data.append(value >> 16 & 0xff)
    head = str({"descr": "|u1", "fortran_order": False, "shape": (10, 28, 28, 1)}).ljust(117) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + data)


def copy_output(line):
    while True:
        try:
            part = line.recv(65536)
        except OSError:
            part = b""
        if not part:
            return
        os.write(1, part)


def run_machine(qemu, image, initrd, disk, folder, sockets, timeout):
    """Runs it to its end; results and problems."""
    console = os.path.join(folder, "console")
    program = os.path.join(BUILD, "bin/akida-board")
    # The second board has no serial number.
    boards = [Board(0, program, "akd1000", sockets, folder, ["--serial", "0x1122334455667788"]),
              Board(1, program, "akd1500", sockets, folder, ["--serial", "0"])]
    rate = output(os.path.join(BUILD, "test/tsc"))
    options = SimpleNamespace(accel="tcg", cpu="qemu64", cpus=2, memory=512, image=image, initrd=initrd, console=console, profile="sleep",
                              iommu="none", reboot=True, append=f"{APPEND} tsc_early_khz={rate}",
                              qemu_args=["-drive", f"file={disk},if=none,id=disk,format=raw,cache=unsafe",
                                         "-device", "virtio-blk-pci,drive=disk"])
    machine, problems = None, []
    try:
        for b in boards:
            b.start()
        machine = Machine(qemu, sockets, folder, boards, options)
        reader = threading.Thread(target=copy_output, args=(machine.lines["out"],), daemon=True)
        reader.start()
        deadline = time.monotonic() + timeout
        while machine.process.poll() is None:
            # What QEMU does after that is of no interest.
            if "status" in machine.results:
                break
            with open(console, errors="replace") as f:
                panic = "Kernel panic" in f.read()
            if panic or time.monotonic() > deadline:
                problems.append("the kernel panicked" if panic else f"the machine did not end within {timeout:g} s")
                break
            time.sleep(0.2)
        machine.stop()
        reader.join(10)
    finally:
        if machine:
            machine.stop()
        for b in boards:
            if b.stop():
                problems.append(f"board {b.number}: akida-board ended badly")
    with open(console, errors="replace") as f:
        problems += checks.kernel_log(f.read(), [])
    problems += machine.problems + checks.board_stats({b.number: b.total for b in boards}, [])
    return machine.results, problems


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], allow_abbrev=False)
    p.add_argument("--kernel", default="6.12", metavar="VERSION", help="6.1, 6.12 (default), 7.2 ...")
    p.add_argument("--iommu", default="none", choices=["none"], help="there is none")
    p.add_argument("--timeout", type=float, default=900, metavar="S", help="seconds until the machine is ended (default 900)")
    p.add_argument("--keep", action="store_true", help="keep the disk and the logs (they are kept after a failure)")
    a = p.parse_args()
    base = os.path.join(ROOT, "build/vm")
    os.makedirs(base, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="boot-", dir=base)
    sockets = tempfile.mkdtemp(prefix="akida-vm-")
    problems = []
    try:
        start = time.monotonic()
        files = make_disk(a.kernel, folder)
        print(f"# the disk was made in {time.monotonic() - start:.0f} s", flush=True)
        start = time.monotonic()
        results, problems = run_machine(*files, folder, sockets, a.timeout)
        print(f"# the machine ran for {time.monotonic() - start:.0f} s", flush=True)
        if results.get("boot1") != "0" or results.get("status") != "0":
            problems.append(f"failures at the first boot: {results.get('boot1', 'it did not end')}, "
                            f"in all: {results.get('status', 'the second did not end')}")
    except (ImageError, BoardError, MonitorError, OSError) as e:
        problems.append(str(e))
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    for problem in problems[:40]:
        print(f"test-boot: {problem}", file=sys.stderr)
    if problems or a.keep:
        print(f"test-boot: the disk and logs are in {os.path.relpath(folder)}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
