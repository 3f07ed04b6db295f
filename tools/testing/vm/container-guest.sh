# SPDX-License-Identifier: GPL-2.0
#
# Boards in containers: a user of group akida without any other right makes a
# user, mount and process namespace with a small root in which one node is, with
# and without /sys, and under another board's name. Part of tools-guest.sh, with
# its functions; unshare-linux and setpriv-linux are those of util-linux.
# shellcheck shell=dash disable=SC2016,SC2034,SC2154

rm -rf /tmp/cell /tmp/work
mkdir -p /tmp/cell
mkdir -m 777 /tmp/work
cp /root/digits.fbz /root/digits-test.npy /tmp/work/

# What runs in the namespace before its root is changed: NODE on the host, NAME
# inside, SYS (sys or nosys), a command for the shell.
cat >/tmp/cell.sh <<'CELL'
set -e
node=$1 name=$2 sys=$3 command=$4 root=/tmp/cell
mount -t tmpfs none $root
mkdir $root/usr $root/dev $root/proc $root/work $root/tmp
for d in bin sbin lib lib64; do
	ln -s usr/$d $root/$d
done
mount -o rbind /usr $root/usr
mount -o bind /tmp/work $root/work
for d in null "$node"; do
	[ "$d" = null ] && to=null || to=$name
	: >"$root/dev/$to"
	mount -o bind "/dev/$d" "$root/dev/$to"
done
mount -t proc proc $root/proc
if [ "$sys" = sys ]; then
	mkdir $root/sys
	mount -o rbind /sys $root/sys
	mount -o remount,bind,ro,nosuid,nodev,noexec $root/sys
fi
cd $root
exec chroot . /bin/sh -c "cd /work; export NO_COLOR=1; $command"
CELL

# cell USER STATUS NODE NAME SYS COMMAND: run it in a container of that user, in
# which it is root; locked memory is little, as Docker's default once was.
cell()
{
	as "$1" "$2" "ulimit -l 64; exec unshare-linux -Urmpfn sh /tmp/cell.sh $3 $4 $5 '$6'"
}

# Without capabilities, although it is root in its user namespace.
plain='setpriv-linux --securebits +noroot --inh-caps=-all --bounding-set=-all'

# each CHIP NODE NAME PLACE SYS: all that works without rights, in one container
# in which the node has the name of the other board's.
each()
{
	chip=$1 node=$2 name=$3 place=$4 sys=$5 in="in a container with $5: $1"
	rm -f /tmp/work/*.out /tmp/work/*.err /tmp/work/board.npy
	run 0 akida run /tmp/work/digits.fbz -i /tmp/work/digits-test.npy --raw -o /tmp/work/soft.npy --target "$chip"
	ok "$in: list, info, run" 'cell user 0 $node $name $sys "grep ^CapPrm /proc/self/status >caps.out; akida list >list.out 2>list.err && akida info ${name#akida} >info.out &&
		exec $plain sh -c \"grep ^CapPrm /proc/self/status >>caps.out; exec akida run digits.fbz -i digits-test.npy --raw -o board.npy --device all\""'
	cp /tmp/work/list.out out
	cp /tmp/work/list.err err
	big=$(echo "$chip" | tr "[:lower:]" "[:upper:]")
	if [ "$sys" = sys ]; then
		ok 'the board that it was given; the other is missed' \
			'says "^/dev/$name +${node#akida} +$big +virtual +$place " && [ "$(grep -c ^/dev/ out)" = 1 ] && warns "1 board cannot be used, as it has no node here"'
	else
		ok 'the board that it was given, nothing else' 'says "^/dev/$name +${node#akida} +$big +virtual +- " && [ "$(grep -c ^/dev/ out)" = 1 ] && [ ! -s err ]'
	fi
	cp /tmp/work/info.out out
	ok 'it is the right one' 'says "^Board +/dev/$name: $big, virtual$" && says "^Memory +[1-9]" && { [ "$sys" = nosys ] || says "^PCI +$place, "; }'
	ok 'with and without capabilities' '[ "$(grep -c "^CapPrm:.0000000000000000$" /tmp/work/caps.out)" = 1 ] && [ "$(wc -l </tmp/work/caps.out)" = 2 ]'
	ok 'results are those of software' 'cmp /tmp/work/soft.npy /tmp/work/board.npy'
}

each akd1500 "akida$akd1500" "akida$akd1000" "$h" sys
each akd1000 "akida$akd1000" "akida$akd1500" "$k" nosys
each akd1000 "akida$akd1000" "akida$akd1500" "$k" sys
ok 'a board that it was not given is not another one' \
	'cell user 1 $node $name sys "akida run digits.fbz -i digits-test.npy --device $h" && warns "/dev/$name is the node of board [0-9]: board .$h. has none here; a container must be given it"'
ok 'a container loads' 'cell user 0 $node $name nosys "akida load digits.fbz /dev/$name --name cell" && says cell'
ok 'it stays, and is the host user'\''s' 'as user 0 akida info /dev/$node && says "^ +cell +user +0600 "'
ok 'another one runs it and takes it away' 'rm -f /tmp/work/board.npy; cell user 0 $node $node sys "akida run --loaded cell --device $place -i digits-test.npy --raw -o board.npy && exec akida unload cell /dev/$node" &&
	cmp /tmp/work/soft.npy /tmp/work/board.npy && run 0 akida info /dev/$node && ! says "^ +cell "'
ok 'a user of no group in a container' 'cell nobody 1 akida$akd1000 akida$akd1000 nosys "akida info /dev/akida$akd1000" && warns "you may not open the board; in a container its group counts"'
ok 'memory of the program is pinned within its limit' 'cell user 1 akida$akd1000 akida0 sys "akida dma-test 0 --kind user --count 1" && warns RLIMIT_MEMLOCK &&
	cell user 0 akida$akd1000 akida0 sys "akida dma-test 0 --kind host --size 64K --count 1"'
ok 'what events need is said' 'cell user 1 akida$akd1000 akida0 sys "akida monitor -n 1" && warns "a container with a network of its own"'
