#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the machine: the demo model, whose inputs are maps, and a model whose inputs
# are events, on every board, in batches of some sizes; the outputs are those of
# the software backend that was prepared for the chip.
cd /root || exit 1
n=0
status=0

ok()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		status=1
	fi
}

# compare MODEL INPUT NODE CHIP BATCH
compare()
{
	akida run "$1.fbz" -i "$2" --raw -o soft.npy --target "$4" >/dev/null 2>soft.log &&
		akida run "$1.fbz" -i "$2" --raw -o board.npy --device "$3" --batch "$5" >/dev/null 2>board.log &&
		cmp soft.npy board.npy
	result=$?
	[ $result = 0 ] || sed 's/^/# /' soft.log board.log
	ok $result "$1 on $3 ($4), batch $5"
	rm -f soft.npy board.npy
}

for node in /dev/akida*; do
	case $(akida list | grep "^$node ") in
	*AKD1000*) chip=akd1000 ;;
	*AKD1500*) chip=akd1500 ;;
	*) ok 1 "$node: no chip that is known"; continue ;;
	esac
	for batch in 1 15 40; do
		compare digits digits-test.npy "$node" "$chip" "$batch"
		if [ -r fan-accelerometer.fbz ]; then
			compare fan-accelerometer events.npy "$node" "$chip" "$batch"
		fi
	done
done
[ $n -gt 0 ] || ok 1 'there is a board'

# The rest is shown once: it is the same on every kernel.
if [ -r named-guest.sh ]; then
	cp digits-test.npy reversed.npy / && chmod 644 /digits-test.npy /reversed.npy
	sh named-guest.sh >named.log 2>&1
	while IFS= read -r line; do
		case $line in
		'ok - '*) ok 0 "${line#ok - }" ;;
		'not ok - '*) ok 1 "${line#not ok - }" ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <named.log
	grep -q '^ok - a program that only one has' named.log
	ok $? 'all of that was tried'
fi
echo "1..$n"
exit $status
