#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Models through the driver on a board of each chip: the bytes of the software
backend that was prepared for the chip, which the host computes.

The demo model, its float network converted again, and models of $AKIDA_SHARED, with dense inputs and with inputs that
are mostly zero, in batches of 1, 8, 15 and 40; and on one machine networks that were
trained, converted from float, and random models, whose seeds are printed: 40, or 500 with VM_FULL=1 (scripts/vm-tests --full), the
first drawn with seed VM_SEED. Arguments go to scripts/vm.
"""
# Machines: 6.1-none 6.12-strict 7.2-strict
# Machines in full: 6.1-none 6.1-strict 6.12-none 6.12-strict 7.2-none 7.2-strict
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
SHARED = os.path.join(ROOT, os.environ.get("AKIDA_SHARED", "../shared"))
CHIPS = ("akd1000", "akd1500")
INPUTS = 40
BATCHES = "1,8,15,40"
# Networks of tools/testing/convert/nets, and what a step of their inputs is.
NETS = {"mlp": "1/15", "snn": "1/15", "cnn": "1/255", "dscnn": "1/255", "blobs": "1/255", "series": "1/15"}
# Where these and random models run, and how many of the latter for both chips together.
RANDOM_ON = ("6.12", "strict")
RANDOM, RANDOM_FULL = 40, 500


def convert(weights, arch, scale, ranges, model):
    """A float network as a model for both chips."""
    if run(f"{BUILD}/bin/akida", "convert", weights, "--arch", arch, "--input-scale", scale, *ranges,
           "--target", "akd1000", "-o", model) is None:
        sys.exit(1)
    return model


def converted(folder, trained):
    """Files: float networks, converted."""
    demo = os.path.join(ROOT, "tools/demo")
    yield convert(f"{demo}/digits-float.npz", f"{demo}/digits.json", "1/255", ("--range", "clip"), f"{folder}/converted.fbz")
    if not trained:
        return
    nets = os.path.join(ROOT, "tools/testing/convert")
    if run("/usr/bin/python3", "-B", f"{nets}/train_nets.py", "export", folder, f"{nets}/nets", *NETS) is None:
        sys.exit(1)
    for name, scale in NETS.items():
        yield convert(f"{folder}/{name}.npz", f"{folder}/{name}.json", scale, ("--calib", f"{folder}/{name}-few.npy"),
                      f"{folder}/{name}.fbz")


def models():
    """Files. gesture.fbz has a layer of 8 bits, which no board takes: it runs in parts."""
    yield os.path.join(ROOT, "tools/demo/digits.fbz")
    folder = os.path.join(SHARED, "models")
    names = sorted(n for n in os.listdir(folder) if n.endswith(".fbz")) if os.path.isdir(folder) else []
    if not names:
        print("# AKIDA_SHARED has no models: the demo model and random ones only")
    for name in names:
        yield os.path.join(folder, name)


def run(*command):
    """A program's output; on failure None, and what it said as comments."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"# {command[0]} ended with {done.returncode}")
        print("".join(f"# {line}\n" for line in (done.stdout + done.stderr).splitlines()), end="")
        return None
    return done.stdout


def write_inputs(path, shape, bits, sparse, seed):
    """INPUTS inputs; of sparse ones a tenth is not zero, and the first has none."""
    r = random.Random(seed)
    size = shape[0] * shape[1] * shape[2]
    data = bytearray(INPUTS * size)
    if sparse:
        for _ in range(len(data) // 10):
            data[r.randrange(size, len(data))] = r.randrange(1 << bits)
    else:
        data[:] = r.randbytes(len(data)).translate(bytes(i % (1 << bits) for i in range(256)))
    head = str({"descr": "|u1", "fortran_order": False, "shape": (INPUTS, *shape)}).ljust(117) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


def prepare(model, chip, folder):
    """Inputs of a model, and outputs that the software backend makes of them."""
    name = os.path.basename(model)[:-4]
    info = json.loads(run(f"{BUILD}/bin/akida", "info", model, "--json"))["layers"][0]
    for kind, seed in (("dense", 5), ("sparse", 6)):
        base = os.path.join(folder, f"{name}-{kind}")
        shutil.copyfile(model, f"{base}.fbz")
        write_inputs(f"{base}.npy", info["input"], info["input_bits"], kind == "sparse", seed)
        if run(f"{BUILD}/bin/akida", "run", model, "-i", f"{base}.npy", "--raw", "-o", f"{base}.out.npy",
               "--target", chip) is None:
            sys.exit(1)


def main():
    args = sys.argv[1:]
    full = os.environ.get("VM_FULL") == "1"
    kernel, iommu = (args[args.index(o) + 1] if o in args else d for o, d in (("--kernel", "6.1"), ("--iommu", "none")))
    count = (RANDOM_FULL if full else RANDOM) if (kernel, iommu) == RANDOM_ON else 0
    seed = int(os.environ.get("VM_SEED", "1"))
    for needed in ("test/random-fbz", "test/models", "bin/akida"):
        if not os.path.exists(os.path.join(BUILD, needed)):
            print(f"there is no {BUILD}/{needed}: run make all selftests", file=sys.stderr)
            return 1
    with tempfile.TemporaryDirectory() as work:
        command = []
        made = os.path.join(work, "made")
        os.makedirs(made)
        made = list(converted(made, bool(count)))
        for chip in CHIPS:
            real, drawn = (os.path.join(work, d, chip) for d in ("real", "random"))
            os.makedirs(real)
            os.makedirs(drawn)
            taken = []
            for model in [*models(), *made]:
                prepare(model, chip, real)
                taken.append(os.path.basename(model))
            print(f"# {chip}, kernel {kernel}, IOMMU {iommu}: {', '.join(taken)}; dense and sparse inputs; batches of {BATCHES}")
            # Nodes are numbered as probes end.
            command += [f"node=$(akida list | sed -n 's|^\\(/dev/akida[0-9]*\\) .*{chip.upper()}.*|\\1|p')",
                        f"models {BATCHES} $node /root/real/{chip}"]
            if count:
                said = run(f"{BUILD}/test/random-fbz", drawn, str(seed), str(count // len(CHIPS)), chip)
                if said is None:
                    return 1
                print(said, end="")
                command += [f"models 1,15 $node /root/random/{chip}"]
        sys.stdout.flush()
        # One after the other
        text = "status=0; " + "; ".join(f"{c} || status=1" for c in command) + "; exit $status"
        return subprocess.run([os.path.join(ROOT, "scripts/vm"), "--chip", ",".join(CHIPS), "--timeout", "1800" if full else "600",
                               "--memory", "1024" if full else "512", "--add", f"{BUILD}/test/models:usr/bin/models",
                               "--add", f"{work}/real:root/real", "--add", f"{work}/random:root/random",
                               *args, "--", text]).returncode


if __name__ == "__main__":
    sys.exit(main())
