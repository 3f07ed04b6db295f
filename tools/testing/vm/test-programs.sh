#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Models through the driver on a board of each chip, beside the software backend:
# the same bytes. Arguments go to scripts/vm.
# What is the same on every kernel; test-models.py has models on each.
# Machines: 6.12-strict
cd "$(dirname "$0")/../../.." || exit 1
shared=${AKIDA_SHARED:-../shared}/models
akida=${BUILD:-build}/bin/akida
demo=tools/demo
inputs=$(mktemp -d)
trap 'rm -rf "$inputs"' EXIT

# What the guest has no program for: 100 inputs of 4 bits from a fixed seed, the
# last layer's weights with its filters in reversed order, and the outputs that
# these must give.
"$akida" info --weights dense_4 -o "$inputs" $demo/digits.fbz >/dev/null &&
	"$akida" run $demo/digits.fbz -i $demo/digits-test.npy --raw -o "$inputs/akd1000.npy" --target akd1000 >/dev/null &&
	"$akida" run $demo/digits.fbz -i $demo/digits-test.npy --raw -o "$inputs/akd1500.npy" --target akd1500 >/dev/null &&
	python3 - "$inputs" <<'PYTHON' || exit 1
import random, struct, sys
folder = sys.argv[1] + "/"

def write(name, head, data):
    head = head.ljust((len(head) + 10 + 64) // 64 * 64 - 11) + "\n"
    with open(folder + name, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)

def events(name, values):
    write(name, "{'descr': '|u1', 'fortran_order': False, 'shape': (100, 1, 1, %d), }" % values,
          bytes(random.choice((0, random.randrange(16))) for _ in range(100 * values)))

def reverse(source, name, size):
    data = open(folder + source, "rb").read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    row = 10 * size
    out = b"".join(data[at + size * n:at + size * (n + 1)]
                   for at in range(start, len(data), row) for n in reversed(range(10)))
    open(folder + name, "wb").write(data[:start] + out)

random.seed(39)
events("events.npy", 39)
events("gesture.npy", 51)
reverse("dense_4.weights.npy", "reversed.npy", 1)
reverse("akd1000.npy", "reversed-akd1000.npy", 4)
reverse("akd1500.npy", "reversed-akd1500.npy", 4)
PYTHON
for f in events gesture; do
	set -- --add "$inputs/$f.npy:root/$f.npy" "$@"
done
for m in fan-accelerometer gesture; do
	[ ! -r "$shared/$m.fbz" ] || set -- --add "$shared/$m.fbz" "$@"
done
case " $* " in
*' 6.12 '*)
	for f in reversed reversed-akd1000 reversed-akd1500; do
		set -- --add "$inputs/$f.npy:root/$f.npy" "$@"
	done
	"${CC:-cc}" -std=gnu11 -Wall -Wextra -Iuserspace/include -o "$inputs/program_api" tools/testing/vm/program_api.c \
		-L"${BUILD:-build}/lib" -lakida -Wl,-rpath,"$(realpath "${BUILD:-build}/lib")" &&
		make -s BUILD="${BUILD:-build}" "${BUILD:-build}/examples/handmade" || exit 1
	for c in akd1000 akd1500; do
		"${BUILD:-build}/examples/handmade" $c "$inputs/sums-$c.akp" || exit 1
		set -- --add "$inputs/sums-$c.akp:root/sums-$c.akp" "$@"
	done
	set -- --add tools/testing/vm/named-guest.sh --add "$inputs/program_api:root/program_api" "$@"
	;;
esac
scripts/vm --chip akd1000,akd1500 --timeout 600 --add tools/testing/vm/guest.sh --add tools/testing/vm/programs-guest.sh \
	--add tools/demo/digits.fbz --add tools/demo/digits-test.npy "$@" -- sh /root/programs-guest.sh
