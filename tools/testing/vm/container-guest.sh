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

for chip in akd1000 akd1500; do
	if [ $chip = akd1000 ]; then
		node=akida$akd1000 name=akida$akd1500 place=$k other=$h big=AKD1000 kinds='sys nosys'
	else
		node=akida$akd1500 name=akida$akd1000 place=$h other=$k big=AKD1500 kinds=sys
	fi
	run 0 akida run /tmp/work/digits.fbz -i /tmp/work/digits-test.npy --raw -o /tmp/work/soft.npy --target $chip
	for sys in $kinds; do
		in="in a container with $sys: $chip"
		ok "$in: list" 'cell user 0 $node $node $sys "akida list"'
		ok 'the board that it was given' 'says "^/dev/$node +[0-9]+ +$big +virtual "'
		if [ "$sys" = sys ]; then
			ok 'with its place; the other is missed' 'says "^/dev/$node .* $place " && warns "1 board cannot be used, as it has no node here"'
		else
			ok 'nothing else, without a word' '[ ! -s err ] && [ "$(grep -c ^/dev/ out)" = 1 ]'
		fi
		# The name is that of the other board.
		ok "$in, renamed: info" 'cell user 0 $node $name $sys "akida info ${name#akida}" && says "^Board +/dev/$name: $big, virtual$" && says "^Memory +[1-9]"'
		[ "$sys" = nosys ] || ok 'it is the right one' 'says "^PCI +$place, "'
		ok "$in, renamed: run without capabilities" \
			'rm -f /tmp/work/board.npy; cell user 0 $node $name $sys "grep ^CapPrm /proc/self/status; exec $plain sh -c \"grep ^CapPrm /proc/self/status; exec akida run digits.fbz -i digits-test.npy --raw -o board.npy --device all\"" &&
			[ "$(grep -c "^CapPrm:.0000000000000000$" out)" = 1 ] && says "^CapPrm:.0000.*[1-9a-f]" && cmp /tmp/work/soft.npy /tmp/work/board.npy'
	done
	ok "a container loads: $chip" 'cell user 0 $node $name nosys "akida load digits.fbz /dev/$name --name cell" && says cell'
	ok 'another one runs it' 'rm -f /tmp/work/board.npy; cell user 0 $node $node sys "akida run --loaded cell --device $place -i digits-test.npy --raw -o board.npy" &&
		cmp /tmp/work/soft.npy /tmp/work/board.npy'
	ok 'it stays, and is the host user'\''s' 'as user 0 akida info /dev/$node && says "^ +cell +user +0600 "'
	ok 'a container takes it away' 'cell user 0 $node $node nosys "akida unload cell /dev/$node" && run 0 akida info /dev/$node && ! says "^ +cell "'
	ok 'a board that it was not given is not another one' \
		'cell user 1 $node $name sys "akida run digits.fbz -i digits-test.npy --device $other" && warns "/dev/$name is the node of board [0-9]: board .$other. has none here; a container must be given it"'
done
ok 'a user of no group in a container' 'cell nobody 1 akida$akd1000 akida$akd1000 nosys "akida info /dev/akida$akd1000" && warns "you may not open the board; in a container its group counts"'
ok 'memory of the program is pinned within its limit' 'cell user 1 akida$akd1000 akida0 sys "akida dma-test 0 --kind user --count 1" && warns RLIMIT_MEMLOCK &&
	cell user 0 akida$akd1000 akida0 sys "akida dma-test 0 --kind host --size 64K --count 1"'
ok 'what events need is said' 'cell user 1 akida$akd1000 akida0 sys "akida monitor -n 1" && warns "a container with a network of its own"'
