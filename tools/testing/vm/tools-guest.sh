#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The command with real drivers and virtual boards: runs inside the machine of
# test-tools.sh, as root, with one board of each chip.
# shellcheck shell=dash source=tools/testing/vm/guest.sh disable=SC2016,SC2034
. /root/guest.sh
cd /tmp || exit 1

finds()
{
	says "^$1 +$2: $3"
}

# The index of a board by its place: probing is asynchronous, so that numbers
# can come in any order.
index_of()
{
	basename /sys/bus/pci/devices/"$1"/akida/akida* | sed 's/akida//'
}

k=0000:01:00.0
h=0000:02:00.0
akd1000=$(index_of $k)
akd1500=$(index_of $h)
iommu=$(cat /sys/bus/pci/devices/$k/iommu_group/type 2>/dev/null)

# list and info, by everybody
for user in root user nobody; do
	ok "list as $user" "as $user 0 akida list"
	ok 'the AKD1000' 'says "^/dev/akida$akd1000 +$akd1000 +AKD1000 +virtual +$k +5.0 GT/s x1 "'
	ok 'the AKD1500' 'says "^/dev/akida$akd1500 +$akd1500 +AKD1500 +virtual +$h +5.0 GT/s x1 "'
	ok 'no warning' '! [ -s err ]'
done
for user in root user; do
	for name in "$akd1000" "akida$akd1000" "/dev/akida$akd1000" $k 01:00.0; do
		ok "info $name as $user" "as $user 0 akida info $name"
		ok 'it is the AKD1000' 'says "^Board +/dev/akida$akd1000: AKD1000, virtual$"'
	done
	ok 'memory' 'says "^Memory +192.0 MiB, "'
	ok 'IP version' 'says "^IP version +reads as 0, as it does on an AKD1000$"'
	ok 'link' 'says "^Link +5.0 GT/s x1 of at most 5.0 GT/s x1$"'
	ok 'two channels' 'says "^DMA +2 channels each way, lists of [0-9]{2,}, 4-byte units, "'
	ok "info of the AKD1500 as $user" "as $user 0 akida info $h"
	ok 'its version' 'says "^IP version +BC.A1.003.009 \(AKD1500\)$"'
	ok 'its window' 'says "^Window +[0-9.]+ MiB, [0-9.]+ MiB free, [1-9][0-9]* regions$"'
	ok "JSON as $user" "as $user 0 akida info --json $k"
	ok 'as an object' 'says "\"chip\": \"akd1000\"" && says "\"error\": null" && says "\"long_lists\": true"'
done
case $iommu in
DMA*)
	ok 'info says that it is confined' 'run 0 akida info $k && says "^IOMMU +group [0-9]+, DMA.*: translates$" && says "confined by the IOMMU"'
	;;
*)
	ok 'info says that it is not confined' 'run 0 akida info $k && says "^IOMMU +none$" && says "not confined"'
	;;
esac
ok 'info as nobody' 'as nobody 1 akida info $k'
ok 'what anybody may see' 'says "^Board +/dev/akida$akd1000: AKD1000, virtual$" && ! says "^Memory"'
ok 'what to do' 'warns "^akida info: /dev/akida$akd1000: permission denied: add yourself to group akida: .sudo usermod -aG akida"'
ok 'the alias of an AKD1500' 'if [ -e /dev/akd1500_$akd1500 ]; then run 0 akida info /dev/akd1500_$akd1500; else ln -s akida$akd1500 /dev/akd1500_9; run 0 akida info /dev/akd1500_9; fi'
ok 'it is the AKD1500' 'says "^Board +/dev/akida$akd1500: AKD1500, virtual$"'

# who has it open
sleep 60 <>/dev/akida"$akd1000" &
holder=$!
usleep 200000
ok 'info shows a user' 'run 0 akida info $k && says "^Users +1 open files$" && says "^ +$holder +root +1 +sleep$"'
ok 'another user sees that there is one' 'as user 0 akida info $k && says "^Users +1 open files; 1 of them in processes that only root can see$"'
kill $holder
wait $holder
ok 'it is gone' 'run 0 akida info $k && says "^Users +0 open files$"'

# models on boards (their outputs: programs-guest.sh)
model=$(find /models -name '*.fbz' | head -n 1)
ok 'a model on a board' 'run 0 akida bench $model --device $akd1000 -n 3 && says "^Latency +[1-9]"'
ok 'it times no layers' 'says "^A board does not tell the times of its layers"'
ok 'nor in JSON' 'run 0 akida bench $model --device $akd1500 -n 3 --json && says "\"ms\": null" && says "\"calls\": 3"'

# top, while a process has jobs on the AKD1000
counter()
{
	cat /sys/class/akida/akida"$akd1000"/"$1"
}

# value OBJECT KEY: of the last frame; the last one of that key.
value()
{
	tail -n 1 out | sed "s|.*$1||; s|\"device\":.*||" | grep -o "\"$2\":[^,}]*" | tail -n 1 | sed 's/^[^:]*://; s/"//g'
}

board="\"device\":\"/dev/akida$akd1000\""
run 0 akida load "$model" /dev/akida"$akd1000" --name seen-by-top --mode 711
jobs=$(counter jobs_completed)
akida bench --loaded seen-by-top --device "$akd1000" -s 300 >/dev/null 2>&1 &
worker=$!
n=0
until [ "$(counter jobs_completed)" -gt $((jobs + 2)) ] || [ $n -ge 300 ]; do
	usleep 100000
	n=$((n + 1))
done
before=$(counter jobs_completed)
ok 'top looks twice' 'run 0 akida top --json -n 2 --interval 0.5 && [ "$(wc -l <out)" = 2 ]'
after=$(counter jobs_completed)
ok 'jobs' '[ $(value "$board" jobs) -ge $before ] && [ $(value "$board" jobs) -le $after ]'
for field in utilisation jobs_per_second p50 p90 p99 max busy_s power_w clock_hz; do
	ok "$field is more than nothing" 'value "$board" $field | grep -q "[1-9]"'
done
ok 'utilisation is a share' 'value "$board" utilisation | grep -Eq "^(0[.]|1[.]0*$)"'
ok 'latencies ascend' 'for field in p50 p90 p99 max; do value "$board" $field; done >p && sort -g p | cmp -s - p'
ok 'memory' '[ $(value "$board" memory_total) = $(counter memory_total) ] && [ $(value "$board" memory_used) -gt 0 ] && [ $(value "$board" memory_used) -le $(counter memory_total) ]'
ok 'the mode' '[ "$(value "$board" clock_mode)" = "$(counter clock_mode)" ]'
process="\"pid\":$worker,"
ok 'the process' '[ "$(value "$process" command)" = akida ] && [ "$(value "$process" program)" = seen-by-top ] || { cat out; false; }'
ok 'in plain text' 'run 0 akida top --batch -n 1 --interval 0.2 && says "^akida$akd1000 +AKD1000 +[1-9][0-9]* % " && says "^ *$worker +root +akida$akd1000 .* akida +seen-by-top$"'
ok 'others see no process' 'as nobody 0 akida top --json -n 1 --interval 0.2 && says "\"processes\":\[\],\"hidden\":[1-9]" && [ $(value "$board" jobs) -gt $after ]'
kill $worker
wait $worker
ok 'its program goes' 'run 0 akida unload seen-by-top /dev/akida$akd1000'

# monitor: events of one board, a command for each, as a user without rights
su nobody -c "akida monitor --json --device $akd1000 -n 2 --exec 'echo \$AKIDA_EVENT \$AKIDA_DEVICE >>/tmp/ran; exit 3'" >events 2>warnings &
watcher=$!
n=0
until grep -q device-present events || [ $n -ge 300 ]; do
	usleep 100000
	n=$((n + 1))
done
ok 'a program for the monitor' 'run 0 akida bench $model --device $akd1000 -n 1'
ok 'monitor ends after two events' 'wait $watcher'
ok 'it saw the program' 'grep -q "{\"event\":\"program-loaded\",\"pci\":\"$k\",\"index\":$akd1000," events && grep -q program-unloaded events'
ok 'each had its command' '[ "$(sort ran | tr "\n" " ")" = "program-loaded /dev/akida$akd1000 program-unloaded /dev/akida$akd1000 " ]'
ok 'whose failures are told' '[ "$(grep -c "a command ended with status 3" warnings)" = 2 ]'

# Its memory is as much after many events as after a few: in 45 runs of a program,
# which are two events each, 91 bytes that each left behind would be two pages.
akida monitor --json --device "$akd1000" --exec true >events 2>warnings &
watcher=$!
anonymous()
{
	n=0
	until [ "$(grep -c program-unloaded events)" -ge "$1" ] || [ $n -ge 300 ]; do
		usleep 100000
		n=$((n + 1))
	done
	sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB$/\1/p' /proc/$watcher/status
}
events_of()
{
	i=0
	while [ $i -lt "$1" ]; do
		akida bench "$model" --device "$akd1000" -n 1 >/dev/null </dev/null || return 1
		i=$((i + 1))
	done
}
n=0
until grep -q device-present events || [ $n -ge 300 ]; do
	usleep 100000
	n=$((n + 1))
done
ok 'some events' 'events_of 15'
few=$(anonymous 15)
ok 'many more' 'events_of 45'
many=$(anonymous 60)
echo "# monitor: $few kB after 30 events, $many kB after 120"
ok 'monitor saw all of them' '[ "$(grep -c program-unloaded events)" -eq 60 ] && [ "$(grep -c program-loaded events)" -eq 60 ]'
ok 'and its memory did not grow' '[ -n "$few" ] && [ "$many" -le $((few + 4)) ]'
kill $watcher
wait $watcher

# doctor
for user in root user; do
	ok "doctor as $user" "as $user 0 akida doctor"
	ok 'nothing fails' '! says ^FAIL'
	for c in bus bars driver link aspm msi errors resources node permissions open dma; do
		ok "$c of the AKD1000" "finds OK $c $k:"
		ok "$c of the AKD1500" "finds OK $c $h:"
	done
	ok 'memory to lock' 'finds OK memlock "you may lock "'
done
ok 'root needs no group' 'run 0 akida doctor && finds OK group "you are root"'
ok 'a member is one' 'as user 0 akida doctor && finds OK group "you are in group akida"'
case $iommu in
DMA*) ok 'the IOMMU confines' 'finds OK iommu "$k: group [0-9]+ confines"' ;;
*) ok 'no IOMMU is a warning' 'finds WARN iommu "$k: no IOMMU confines"' ;;
esac
ok 'doctor as nobody' 'as nobody 1 akida doctor'
ok 'no rights' 'finds FAIL permissions "$k: you may not open /dev/akida$akd1000 \(mode 0660, group akida\)"'
ok 'no group' 'finds WARN group "you are not in group akida"'
ok 'doctor of one' 'run 0 akida doctor --pci $h && ! says $k'
ok 'doctor of another device' 'run 1 akida doctor --pci 00:00.0 && finds FAIL bus "0000:00:00.0 is 8086:"'
ok 'doctor of nothing' 'run 1 akida doctor --pci 55:00.0 && finds FAIL bus "there is no PCI function 0000:55:00.0"'
chmod 666 /dev/akida"$akd1000"
ok 'a node for everybody' 'run 1 akida doctor && finds FAIL permissions "$k: every user may open /dev/akida$akd1000 \(mode 0666\)"'
chmod 660 /dev/akida"$akd1000"
chmod 666 /sys/bus/pci/devices/$h/resource2
ok 'registers for everybody' 'run 1 akida doctor && finds FAIL resources "$h: every user may write /sys/bus/pci/devices/$h/resource2"'
chmod 600 /sys/bus/pci/devices/$h/resource2
mv /dev/akida"$akd1500" /dev/elsewhere
ok 'a missing node' 'run 1 akida doctor && finds FAIL node "$h: /dev/akida$akd1500 is missing"'
echo >/dev/akida"$akd1500"
ok 'a file in its place' 'run 1 akida doctor && finds FAIL node "$h: /dev/akida$akd1500 is not the node of this board"'
mv /dev/elsewhere /dev/akida"$akd1500"
mkdir -p /etc/udev/rules.d
echo 'KERNEL=="akida[0-9]*", MODE="0666"' >/etc/udev/rules.d/99-akida-pcie.rules
ok "the vendor's rule" 'run 0 akida doctor && finds WARN vendor-rules "/etc/udev/rules.d/99-akida-pcie.rules lets every user into boards"'
rm /etc/udev/rules.d/99-akida-pcie.rules
echo group >/sys/module/akida/parameters/raw
ok 'raw=group' 'run 0 akida doctor && finds WARN raw "the vendor.s file interface, which is raw control"'
echo admin >/sys/module/akida/parameters/raw
ok 'raw=admin' 'run 0 akida doctor && finds OK raw "the vendor.s file interface is for root"'

# a board without its driver, and one that does not answer; top watches
akida top --json --interval 0.1 >watched 2>&1 &
watcher=$!
n=0
until grep -q "$h" watched || [ $n -ge 300 ]; do
	usleep 100000
	n=$((n + 1))
done
echo $h >/sys/bus/pci/drivers/akida/unbind
ok 'without its driver' 'run 1 akida doctor && finds FAIL driver "$h: no driver holds the board, although akida.ko is loaded"'
ok 'list warns' 'run 0 akida list && warns "1 board on the PCI bus cannot be used"'
ok 'info does not know it' 'run 1 akida info $h && warns "there is no board .$h."'
vmctl board 1 'fault link-down' >/dev/null
ok 'a dead link' 'run 1 akida doctor && finds FAIL answers "$h: the board does not answer"'
vmctl board 1 'clear link-down' >/dev/null
echo 1 >/sys/bus/pci/devices/$h/remove
echo 1 >/sys/bus/pci/rescan
n=0
until [ -e /sys/bus/pci/devices/$h/akida ] || [ $n -ge 50 ]; do
	usleep 100000
	n=$((n + 1))
done
usleep 300000
akd1500=$(index_of $h)
n=0
until grep -q "($h) is there" watched || [ $n -ge 300 ]; do
	usleep 100000
	n=$((n + 1))
done
kill $watcher
wait $watcher
ok 'top saw it go and come' 'grep -q "\"news\":\"akida[0-9]* ($h) is gone\"" watched && grep -q "\"news\":\"akida$akd1500 ($h) is there\"" watched || { grep news watched | cut -c 1-100; false; }'
ok 'it is back' 'run 0 akida doctor && finds OK open "$h: /dev/akida$akd1500 works"'

# dma-test
moved_bytes()
{
	vmctl board "$1" stats | sed -n 's/.*"dma":{\([^{]*\).*/\1/p' | sed -n 's/.*"bytes":\([0-9]*\).*/\1/p'
}
ok 'dma-test on the AKD1000' 'as user 0 akida dma-test $k --count 10 --seed 1'
for m in host user; do
	for p in ones zeros checker walk1 walk0 address inverse random; do
		ok "$p, $m memory" "says '^$m +$p +1 +[0-9]+ +[0-9.]+ MiB +ok$'"
	done
	for d in to-device from-device; do
		ok "speed $d, $m memory" "says '^$m +$d +1.0 MiB +10 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$'"
	done
done
ok 'it says that times mean nothing' 'says "a virtual board: times say nothing of silicon"'
ok 'no window' '! says ^window'
cat out
ok 'dma-test on the AKD1500' 'as user 0 akida dma-test $h --count 10 --seed 2'
for m in host user window; do
	ok "all patterns, $m memory" "[ \$(grep -cE '^$m +[a-z0-9]+ +1 +[0-9]+ +[0-9.]+ [KM]iB +ok$' out) -eq 8 ]"
done
cat out
ok 'sizes' 'for s in 4 8 100 4092 4100 65540; do as user 0 akida dma-test $k --size $s --count 1 --seed 3 --kind user || exit 1; done'
ok 'one way' 'for d in to-device from-device; do as user 0 akida dma-test $h --size 100K --direction $d --count 1 --pattern random || exit 1; done'
ok 'larger than what is locked at a time' 'as user 0 akida dma-test $k --size 2M --kind user --pattern address,random --passes 2 --count 2'
ok 'two at a time on one board' \
	'su user -c "akida dma-test $k --kind user --count 20 >/tmp/a 2>&1" & su user -c "akida dma-test $k --kind user --count 20 >/tmp/b 2>&1" && wait $!'
before=$(moved_bytes 0)
ok 'JSON' 'as user 0 akida dma-test --json $k --size 64K --count 0 --kind host --pattern walk1'
ok 'no error in it' 'says "\"error\": null"'
after=$(moved_bytes 0)
copied=$(sed -n 's/^ *"bytes": \([0-9]*\).*/\1/p' out)
echo "# copied $copied bytes, the board moved $((after - before))"
# The driver has the device buffer zeroed for its new owner, and perhaps after.
ok 'the board moved those bytes' '[ $((after - before)) -ge $copied ] && [ $((after - before)) -le $((copied + 2 * 73728)) ]'

# too little memory to lock
ok 'RLIMIT_MEMLOCK' 'as user 1 "ulimit -l 64; akida dma-test $k --kind user --count 1" && warns "RLIMIT_MEMLOCK"'
ok 'doctor warns of it' 'as user 0 "ulimit -l 64; akida doctor" && finds WARN memlock "you may lock only 64.0 KiB"'

# faults of the board
vmctl board 0 'fault abort:after=30' >/dev/null
ok 'an aborted copy' 'as user 1 akida dma-test $k --count 1 && warns "the board aborted"'
vmctl board 0 'clear all' >/dev/null
vmctl board 0 'fault lost-irq:count=0' >/dev/null
ok 'doctor finds that interrupts do not come' 'as user 0 akida doctor --pci $k && finds WARN dma "$k: copies took [0-9.]+ s, as if interrupts did not come"'
vmctl board 0 'clear all' >/dev/null
vmctl board 0 'fault abort' >/dev/null
ok 'doctor finds that copies are aborted' 'as user 1 akida doctor --pci $k && finds FAIL dma "$k: "'
vmctl board 0 'clear all' >/dev/null
ok 'doctor finds nothing afterwards' 'as user 0 akida doctor --pci $k && finds OK dma "$k: "'
vmctl board 0 'fault stall:after=20' >/dev/null
ok 'a stalled copy' 'as user 1 akida dma-test $k --count 1 && warns "stopped moving"'
vmctl board 0 'clear all' >/dev/null
ok 'all is well again' 'as user 0 akida dma-test $k --count 1'

# Memory that does not keep what is there: the host writes into it meanwhile.
as user 0 akida dma-test --json $k --size 4K --count 0 --passes 1 --kind host >/dev/null
address=$(sed -n 's/^ *"device_address": "\(0x[0-9a-f]*\)".*/\1/p' out | head -n 1)
wrong=$(printf '0x%x' $((address + 0x230)))
su user -c "NO_COLOR=1 akida dma-test $k --size 4K --count 0 --passes 100 --kind host --pattern address" >out 2>err </dev/null &
tester=$!
n=0
while kill -0 $tester 2>/dev/null; do
	vmctl board 0 "poke $wrong aa55aa5a" >/dev/null
	n=$((n + 1))
done
wait $tester
status=$?
echo "# $n changes while it ran"
ok 'memory that changes is noticed' '[ $status -eq 1 ]'
ok 'at that address' 'warns "host memory: device address $wrong \(byte 560\): expected 0x[0-9a-f]{8}, got 0x5aaa55aa, "'
ok 'nowhere else' '! grep -v "1 of 1024 words are wrong" err'

# stopped by a signal, it says what it has found so far
su user -c "exec akida dma-test $k --size 4K --count 0 --passes 1000000 --kind host --pattern ones" >out 2>err </dev/null &
tester=$!
sleep 2
kill -TERM $tester
wait $tester
status=$?
ok 'a signal ends it' '[ $status -ne 0 ] && says "^host +ones +[1-9][0-9]* .* ok$"'

# the vendor's interface claims a board
exec 3<>/dev/akida"$akd1000"
if dd bs=4 skip=$((0xfcc00000 / 4)) count=1 <&3 >/dev/null 2>err; then
	ok 'a claimed board takes no buffers' 'run 1 akida dma-test $k 3>&- && warns "another process has claimed the board.*process $$"'
	ok 'doctor says so' 'run 1 akida doctor --pci $k 3>&- && finds FAIL dma "$k: .*another process has claimed the board.*process $$"'
	ok 'who has it' 'run 0 akida info $k 3>&- && says "^ +$$ +root +1 +sh$"'
	exec 3>&-
	usleep 500000
	ok 'no longer' 'run 0 akida dma-test $k --count 1 --size 64K'
else
	exec 3>&-
	ok "the vendor's interface can be used" 'cat err; false'
fi

# lm-sensors, unmodified
if command -v sensors >/dev/null; then
	ok 'sensors shows both boards' 'run 0 sensors && [ "$(grep -c "^akida-pci-0[12]00$" out)" = 2 ] && [ "$(grep -Ec "^supply: +3[.][0-9]+ V" out)" = 2 ] &&
		[ "$(grep -Ec "^board: +[+][0-9.]+.*C" out)" = 2 ] && [ "$(grep -Ec "^board: +[0-9.]+ m?W" out)" = 2 ] && [ "$(grep -Ec "^board: +[0-9.]+ mA" out)" = 2 ]'
else
	skip 'sensors' 'there is no sensors: apt install lm-sensors'
fi

# for container engines, and for bug reports
ok 'cdi' 'as nobody 0 akida cdi --cdi-version 0.7.0 && says "\"path\": \"/dev/akida$akd1500\"" && says "\"name\": \"$k\"" && [ "$(grep -A1 additionalGids out | grep -c 999)" = 5 ]'
for user in root user; do
	ok "report as $user" 'rm -rf /tmp/r.tar.gz /tmp/r; as $user 0 akida report --output /tmp/r.tar.gz && tar -xzf /tmp/r.tar.gz -C /tmp'
	ok 'of both boards and their bridges' 'for b in $k $h; do [ -s /tmp/r/boards/$b/config.txt ] && [ -s /tmp/r/boards/$b/current_link_speed ] || exit 1; done; [ "$(find /tmp/r/bridges -name config.txt | wc -l)" -ge 2 ]'
	ok 'counters, doctor, versions' '[ "$(cat /tmp/r/boards/$k/akida$akd1000/jobs_completed)" -gt 0 ] && grep -q "\"findings\"" /tmp/r/doctor.json && grep -q ^akida /tmp/r/version.txt'
	ok 'nothing is missing without a reason' '! sed "1,/^Not in here/d" /tmp/r/README.txt | grep . | grep -v ": ."'
done
ok 'as root with messages' 'as root 0 akida report --list && says " log/kernel.txt$"'

# containers
if [ -e /root/container-guest.sh ]; then
	# shellcheck source=tools/testing/vm/container-guest.sh disable=SC1091
	. /root/container-guest.sh
else
	skip 'containers' 'tested on another kernel, if there is unshare (apt install util-linux)'
fi

# the rule, with the vendor's beside it, which sorts later
node_is()
{
	[ "$(stat -c '%a %U %G' "$1")" = "$2" ] || { stat -c '%n %a %U %G' "$1"; return 1; }
}

# Rules count when a device appears.
again()
{
	echo $h >/sys/bus/pci/drivers/akida/unbind
	echo $h >/sys/bus/pci/drivers/akida/bind
	n=0
	until [ -e /sys/bus/pci/devices/$h/akida ] || [ $n -ge 50 ]; do
		usleep 100000
		n=$((n + 1))
	done
	udevadm settle
	akd1500=$(index_of $h)
}

if command -v systemd-udevd >/dev/null; then
	# mdev of the machine's init does the same by other means.
	killall mdev
	rm -f /dev/akd1500_*
	mkdir -p /etc/udev/rules.d /usr/lib/udev/rules.d
	cat >/etc/udev/rules.d/99-akida-pcie.rules <<-RULES
		KERNEL=="akida[0-9]*", MODE="0666"
		KERNEL=="akd1500_[0-9]*", MODE="0666"
	RULES
	systemd-udevd --daemon >/dev/null 2>&1
	again
	ok "the vendor's rule alone" 'node_is /dev/akida$akd1500 "666 root root"'
	ok 'doctor' 'run 1 akida doctor --pci $h && finds FAIL permissions "$h: every user may open" && finds WARN rule "no udev rule"'
	cp /root/60-akida.rules /usr/lib/udev/rules.d/
	udevadm control --reload
	again
	ok 'with our rule' 'node_is /dev/akida$akd1500 "660 root akida"'
	ok "the vendor's name" '[ "$(readlink /dev/akd1500_0)" = "akida$akd1500" ]'
	ok 'the name of its slot' '[ "$(readlink -f /dev/akida/by-path/pci-$h)" = "/dev/akida$akd1500" ]'
	ok 'that of its serial number' '[ "$(readlink -f "/dev/akida/by-id/AKD1500-$(cat /sys/class/akida/akida$akd1500/serial)")" = "/dev/akida$akd1500" ]'
	ok 'doctor' 'run 0 akida doctor --pci $h && finds OK rule && finds OK permissions && finds WARN vendor-rules'
	ok 'opened by that name' 'as user 0 akida info /dev/akd1500_0 && says "^Board +/dev/akida$akd1500: AKD1500"'
	killall systemd-udevd
else
	skip 'udev and our rule' 'there is no udev: apt install udev'
fi

finish
