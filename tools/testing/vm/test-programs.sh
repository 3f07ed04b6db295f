#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Models through the driver on a board of each chip, beside the software backend:
# the same bytes. Arguments go to scripts/vm.
# Machines: 6.1-none 6.12-strict 7.2-strict
cd "$(dirname "$0")/../../.." || exit 1
model=${AKIDA_SHARED:-../shared}/models/fan-accelerometer.fbz
if [ -r "$model" ]; then
	inputs=$(mktemp)
	trap 'rm -f "$inputs"' EXIT
	# 100 inputs of 4 bits, from a fixed seed.
	python3 -c '
import random, struct, sys
random.seed(39)
head = "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (100, 1, 1, 39), }".replace("\"", chr(39))
head = head.ljust(117) + "\n"
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
sys.stdout.buffer.write(bytes(random.choice((0, random.randrange(16))) for _ in range(3900)))' >"$inputs"
	set -- --add "$model" --add "$inputs:root/events.npy" "$@"
fi
scripts/vm --chip akd1000,akd1500 --timeout 600 --add tools/testing/vm/programs-guest.sh --add tools/demo/digits.fbz --add tools/demo/digits-test.npy \
	"$@" -- sh /root/programs-guest.sh
