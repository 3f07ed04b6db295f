# SPDX-License-Identifier: GPL-2.0
"""A disk with a Debian system that boots with systemd, and the initramfs that
mounts it: made of scripts/vm-setup's trees, without root and without mounting."""

import glob
import os
import re
import shutil
import subprocess

from initramfs import Initramfs, libraries, stripped

SIZE_MIB = 384
# Of no use without a network, a console or a user at it; or without D-Bus.
LEFT_OUT = ["usr/lib/udev/hwdb.d", "usr/lib/udev/hwdb.bin", "usr/share/bash-completion", "usr/share/zoneinfo", "usr/share/zsh",
            "usr/share/perl5", "usr/share/pam*", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/systemd/catalog", "usr/share/doc",
            "usr/lib/x86_64-linux-gnu/perl-base"]
MASKED = ["getty.target", "systemd-logind.service", "systemd-networkd.service", "systemd-binfmt.service",
          "systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "systemd-random-seed.service", "ldconfig.service",
          "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-tmpfiles-clean.timer", "dev-hugepages.mount",
          "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount",
          "sys-fs-fuse-connections.mount", "proc-sys-fs-binfmt_misc.automount", "systemd-pstore.service", "systemd-rfkill.socket",
          "systemd-initctl.socket", "systemd-ask-password-wall.path", "systemd-ask-password-console.path"]
# ext4 asks for crc32c by name, in kernels where it is no library.
DISK_MODULES = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]


class ImageError(Exception):
    pass


def run(command):
    """A program that may be one for administrators."""
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    except FileNotFoundError as e:
        raise ImageError(f"there is no {e.filename}: scripts/install-deps --vm installs it") from e
    if done.returncode:
        raise ImageError(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


class Image:
    """A folder that becomes a disk."""

    def __init__(self, system, modules, folder):
        self.system = system
        self.modules = modules
        self.release = os.path.basename(modules)
        self.root = os.path.join(folder, "system")
        shutil.copytree(system, self.root, symlinks=True, ignore=self.ignored)

    def ignored(self, folder, names):
        inside = os.path.relpath(folder, self.system)
        if inside == ".":
            return [n for n in names if n.startswith(".") or n in ("build", "boot")]
        return [n for n in names if any(re.fullmatch(p.replace("*", ".*"), os.path.join(inside, n)) for p in LEFT_OUT)]

    def path(self, name):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def text(self, name, text, mode=0o644):
        path = self.path(name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def link(self, name, target):
        path = self.path(name)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def file(self, source, name, mode=0o644):
        data = stripped(source)
        with open(self.path(name), "wb") as f:
            f.write(data)
        os.chmod(self.path(name), mode)

    def needs(self, program):
        """Shared libraries of this machine that the system lacks."""
        for found in libraries(program):
            name = os.path.basename(found)
            if not any(glob.glob(os.path.join(self.root, d, name)) for d in ("usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib")):
                self.file(os.path.realpath(found), os.path.join("usr/lib/x86_64-linux-gnu", name))

    def install(self, make, build):
        """The project as 'make install' puts it in place."""
        run(["make", "-s", "-C", make, f"BUILD={build}", f"DESTDIR={self.root}", "install-user", "install-udev", "install-boot"])
        for path in glob.glob(os.path.join(self.root, "usr/local/lib/*.a")):
            os.unlink(path)
        for path in glob.glob(os.path.join(self.root, "usr/local/bin/*")) + glob.glob(os.path.join(self.root, "usr/local/lib/*.so.*")):
            if not os.path.islink(path):
                self.needs(path)
                self.file(path, os.path.relpath(path, self.root), 0o755)

    def set_up(self):
        """What packages' scripts and an installer would have done."""
        for kind in ("passwd", "group"):
            shutil.copyfile(os.path.join(self.system, f"usr/share/base-passwd/{kind}.master"), self.path(f"etc/{kind}"))
        self.text("etc/hostname", "boot\n")
        # One that is known: no first boot, where all units would be enabled.
        self.text("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        self.text("etc/fstab", "/dev/vda / ext4 rw 0 0\n")
        self.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n")
        # A loaded machine is slow, and that is no failure.
        self.text("etc/systemd/system.conf.d/slow.conf",
                  "[Manager]\nDefaultTimeoutStartSec=900s\nDefaultTimeoutStopSec=900s\nDefaultDeviceTimeoutSec=900s\nShowStatus=no\n")
        self.text("etc/systemd/journald.conf.d/volatile.conf", "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\nAudit=no\n")
        self.link("etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target")
        for unit in MASKED:
            self.link(f"etc/systemd/system/{unit}", "/dev/null")
        for folder in ("proc", "sys", "dev", "run", "tmp", "var/tmp", "var/log"):
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)

    def kernel_modules(self, extra):
        """Those of the disk, and extra ones where DKMS puts them."""
        target = os.path.join(self.root, "usr/lib/modules", self.release)
        os.makedirs(target)
        wanted = ("kernel/fs/ext4", "kernel/fs/jbd2", "kernel/fs/mbcache*", "kernel/drivers/virtio", "kernel/drivers/block/virtio_blk*",
                  "kernel/drivers/acpi/button.ko*",
                  "kernel/lib", "kernel/crypto", "kernel/arch/x86/crypto", "modules.builtin*", "modules.order")
        for pattern in wanted:
            for source in glob.glob(os.path.join(self.modules, pattern)):
                to = os.path.join(target, os.path.relpath(source, self.modules))
                if os.path.isdir(source):
                    shutil.copytree(source, to)
                else:
                    os.makedirs(os.path.dirname(to), exist_ok=True)
                    shutil.copyfile(source, to)
        for source in extra:
            self.file(source, os.path.join("usr/lib/modules", self.release, "updates", os.path.basename(source)))
        run(["depmod", "-b", self.root, self.release])

    def order(self):
        """Paths of the disk's modules, each behind what it needs."""
        needs = {}
        with open(os.path.join(self.root, "usr/lib/modules", self.release, "modules.dep")) as f:
            for line in f:
                path, _, rest = line.partition(":")
                needs[path] = rest.split()
        result = []
        for name in DISK_MODULES:
            # Built into some kernels.
            for path in (p for p in needs if re.fullmatch(rf"{name}\.ko.*", os.path.basename(p).replace("-", "_"))):
                for p in [*reversed(needs[path]), path]:
                    if p not in result:
                        result.append(p)
        return result

    def initramfs(self, busybox, init, path):
        fs = Initramfs()
        for d in ("proc", "sys", "dev", "root"):
            fs.directory(d)
        fs.file(busybox, "usr/bin/busybox")
        for applet in ("sh", "mount", "insmod", "switch_root", "sleep", "reboot", "echo"):
            fs.link(f"usr/bin/{applet}", "busybox")
        names = []
        for p in self.order():
            name = os.path.basename(p).split(".ko")[0]
            names.append(name)
            fs.module(os.path.join(self.root, "usr/lib/modules", self.release, p), name)
        fs.data("modules", "".join(f"{n}\n" for n in names).encode())
        with open(init, "rb") as f:
            fs.data("init", f.read(), 0o755)
        fs.write(path)

    def write(self, path):
        """The disk; all of it belongs to root there."""
        with open(path, "wb") as f:
            f.truncate(SIZE_MIB << 20)
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=0,nodiscard", "-d", self.root, path]
        if os.getuid():
            command = ["unshare", "--user", "--map-root-user", *command]
        run(command)
        shutil.rmtree(self.root)
