#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the machine: the demo model, whose inputs are maps, and a model whose inputs
# are events, on every board, in batches of some sizes; the outputs are those of
# the software backend that was prepared for the chip.
# shellcheck shell=dash disable=SC2016,SC2034
# shellcheck source=tools/testing/vm/guest.sh
. /root/guest.sh
cd /root || exit 1

# compare MODEL INPUT BATCH
compare()
{
	ok "$1 on $node ($chip), batch $3" "run 0 akida run $1.fbz -i $2 --raw -o soft.npy --target $chip &&
		run 0 akida run $1.fbz -i $2 --raw -o board.npy --device $node --batch $3 && cmp soft.npy board.npy"
}

for node in /dev/akida*; do
	case $(akida list | grep "^$node ") in
	*AKD1000*) chip=akd1000 ;;
	*AKD1500*) chip=akd1500 ;;
	*) ok "$node: a chip that is known" false; continue ;;
	esac
	for batch in 1 15 40; do
		compare digits digits-test.npy "$batch"
		if [ -r fan-accelerometer.fbz ]; then
			compare fan-accelerometer events.npy "$batch"
		fi
	done
done
ok 'there is a board' '[ $tests -gt 0 ]'

# The rest is shown once: it is the same on every kernel.
if [ -r named-guest.sh ]; then
	cp digits-test.npy reversed.npy / && chmod 644 /digits-test.npy /reversed.npy
	# shellcheck source=tools/testing/vm/named-guest.sh
	. /root/named-guest.sh
fi
finish
