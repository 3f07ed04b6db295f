# SPDX-License-Identifier: GPL-2.0
"""The guest's root file system: a newc archive, made without root."""

import gzip
import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile


MERGED = ("bin", "sbin", "lib", "lib64")


class Initramfs:
    """Collects files, then writes them out."""

    def __init__(self):
        self.entries = {}
        for name in MERGED:
            self.directory(f"usr/{name}")
            self.entries[name] = (stat.S_IFLNK | 0o777, f"usr/{name}".encode())

    @staticmethod
    def canonical(path):
        """Names as in a file system whose /bin and the like are links."""
        path = path.strip("/")
        return "usr/" + path if path.split("/")[0] in MERGED and path not in MERGED else path

    def directory(self, path, mode=0o755):
        path = self.canonical(path)
        if path and path not in self.entries:
            self.directory(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | mode, b"")

    def link(self, path, target):
        path = self.canonical(path)
        self.directory(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def data(self, path, data, mode=0o644):
        path = self.canonical(path)
        self.directory(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, data)

    def file(self, source, path):
        """A file or a folder of the host."""
        if os.path.isdir(source):
            self.directory(path)
            for name in sorted(os.listdir(source)):
                self.file(os.path.join(source, name), os.path.join(path, name))
            return
        self.data(path, stripped(source), 0o755 if os.access(source, os.X_OK) else 0o644)

    def program(self, source, path):
        """A program with the shared libraries that it needs; one of several
        names in a folder is there once."""
        if os.path.islink(source) and "/" not in os.readlink(source):
            self.link(path, os.readlink(source))
            return
        self.file(source, path)
        for found in libraries(source):
            # Those of the project, as installed.
            system = found.startswith(tuple(f"/{d}/" for d in MERGED)) or found.startswith("/usr/lib")
            library = found if system else os.path.join("/usr/lib", os.path.basename(found))
            if self.canonical(library) not in self.entries:
                self.file(os.path.realpath(found), library)

    def module(self, source, name):
        """A kernel module, which the kernel may keep compressed."""
        data = stripped(source)
        if source.endswith(".xz"):
            data = lzma.decompress(data)
        elif source.endswith(".gz"):
            data = gzip.decompress(data)
        elif source.endswith(".zst"):
            data = subprocess.run(["zstd", "-dcq", source], stdout=subprocess.PIPE, check=True).stdout
        self.data(f"lib/modules/{name}.ko", data)

    def write(self, path):
        with open(path, "wb") as out:
            for number, name in enumerate(sorted(self.entries), 1):
                mode, data = self.entries[name]
                write_entry(out, name, number, mode, data)
            write_entry(out, "TRAILER!!!", 0, 0, b"")


def stripped(source):
    """What a file holds, without what debuggers read: that is most of a
    program, and the guest unpacks it slowly."""
    with open(source, "rb") as f:
        data = f.read()
    if data[:4] != b"\x7fELF" or not shutil.which("strip"):
        return data
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["strip", "--strip-debug", "-o", out.name, source], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode:
            return data
        # strip replaces the file.
        with open(out.name, "rb") as f:
            return f.read()


def write_entry(out, name, number, mode, data):
    name = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    out.write(b"070701" + b"".join(b"%08x" % f for f in fields) + name)
    out.write(b"\0" * (-(110 + len(name)) % 4) + data + b"\0" * (-len(data) % 4))


def libraries(program):
    """What ldd lists; nothing for scripts and static programs."""
    with open(program, "rb") as f:
        if f.read(4) != b"\x7fELF":
            return []
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", out, re.M)
    missing = re.findall(r"^\s+(\S+) => not found", out, re.M)
    if missing:
        raise OSError(f"{program} needs {', '.join(missing)}, which this machine does not have")
    return found
