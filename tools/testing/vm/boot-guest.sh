#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the machine of test-boot.py, which boots from a disk by systemd: a board
# that has what is configured for it, and one that nothing is configured for.
# Run at each boot; the first ends with a reboot, the second with the results.
# shellcheck shell=dash disable=SC1091,SC2016,SC2034,SC2154
# Single quotes keep what "ok TEXT COMMAND" runs from being expanded before.
cd /root || exit 1
. ./guest.sh
state=/var/lib/boot-test
board=0000:01:00.0 other=0000:02:00.0
unit=akida-load@$board.service
link=/dev/akida/by-path/pci-$board

# Lines are numbered on from those before the reboot.
mkdir -p $state
boot=$(($(cat $state/boot 2>/dev/null || echo 0) + 1))
echo $boot >$state/boot
[ ! -e $state/count ] || read -r tests failures <$state/count

# as USER STATUS COMMAND: there is no PAM, so no su.
as()
{
	user=$1 want=$2
	shift 2
	setpriv --reuid "$user" --regid "$user" --init-groups sh -c "export NO_COLOR=1; $*" >out 2>err </dev/null
	rc=$?
	[ $rc -eq "$want" ] || { echo "status $rc, not $want: $* as $user"; return 1; }
}

# becomes TEXT COMMAND...: waits until the command prints that.
becomes()
{
	text=$1 n=0
	shift
	until [ "$("$@" 2>/dev/null)" = "$text" ]; do
		n=$((n + 1))
		[ $n -lt 1200 ] || { "$@"; return 1; }
		sleep 0.1
	done
}

# A property of a unit.
property()
{
	systemctl show --value -p "$1" "$2"
}

node_is()
{
	[ "$(stat -c '%a %U %G' "$1")" = "$2" ] || { ls -lR /dev/akida*; return 1; }
}

member_runs()
{
	rm -f /tmp/got.npy
	as member 0 "akida run --loaded lamp --device $link -i /root/digits.npy --raw -o /tmp/got.npy" &&
		[ "$(sha256sum </tmp/got.npy)" = "$(sha256sum <want.npy)" ]
}

# What holds whenever a board was found.
has_all()
{
	ok "$1: the unit has loaded what is configured" 'becomes active property ActiveState $unit && [ "$(property Result $unit)" = success ]'
	ok "$1: which is on the board, for its group" 'run 0 akida info $board --json && grep -q "\"name\": \"lamp\"" out &&
		grep -q "\"mode\": \"0710\"" out && grep -Eq "\"gid\": $(stat -c %g $(readlink -f $link))\$|\"gid\": $(stat -c %g $(readlink -f $link))," out'
	ok "$1: its clock and its limit are as configured" 'node=$(readlink -f $link) && [ "$(cat /sys/class/akida/${node#/dev/}/clock_mode)" = economy ] &&
		[ "$(cat /sys/bus/pci/devices/$board/hwmon/hwmon*/power1_max)" = 2500000 ]'
	ok "$1: a member of the group runs it" member_runs
}

echo "# boot $boot, Linux $(uname -r), $(systemctl --version | head -n 1), $(cut -d . -f 1 /proc/uptime) s"
ok 'udev has loaded the driver' 'becomes 2 sh -c "ls -d /sys/bus/pci/drivers/akida/0000:* | wc -l"'
udevadm settle -t 300
has_all "boot $boot"
ok 'nodes are for the group' 'for n in /dev/akida[0-9]; do node_is $n "660 root akida" || exit 1; done'
ok 'the name of its slot' '[ "$(readlink -f $link)" = "/dev/$(ls /sys/bus/pci/devices/$board/akida)" ]'
ok 'that of its serial number' '[ "$(readlink -f /dev/akida/by-id/AKD1000-11-22-33-44-55-66-77-88)" = "$(readlink -f $link)" ]'
ok 'none of a board without' '[ "$(ls /dev/akida/by-id)" = AKD1000-11-22-33-44-55-66-77-88 ] && [ -c /dev/akida/by-path/pci-$other ]'
ok "the vendor's name of an AKD1500" '[ "$(readlink -f /dev/akd1500_0)" = "$(readlink -f /dev/akida/by-path/pci-$other)" ]'
ok 'a board that nothing is configured for is passed over' 'becomes no property ConditionResult akida-load@$other.service &&
	[ -n "$(property ConditionTimestamp akida-load@$other.service)" ] && [ "$(property ActiveState akida-load@$other.service)" = inactive ]'
ok 'a stranger is told what to do' 'as stranger 1 "akida run --loaded lamp --device $link -i /root/digits.npy --raw -o /tmp/none.npy" &&
	warns "permission denied: add yourself to group akida: .sudo usermod -aG akida [$]USER., then log in again"'
ok 'doctor knows the rule' 'as member 0 "akida doctor --pci $board" && says "^OK +rule: a udev rule gives nodes to group akida"'
ok 'no unit has failed' '[ -z "$(systemctl --failed --no-legend --plain)" ] || { systemctl --failed; journalctl -b --no-pager -p warning | tail -n 30; exit 1; }'

if [ $boot = 1 ]; then
	ok 'loaded again while it is there' 'systemctl reload $unit && member_runs'
	ok 'started anew' 'systemctl restart $unit && member_runs'
	ok 'stopped: it is off the board' 'systemctl stop $unit && as member 1 "akida run --loaded lamp --device $link -i /root/digits.npy" &&
		warns "there is no program .lamp. on the board"'
	ok 'started' 'systemctl start $unit && member_runs'
	echo 1 >/sys/bus/pci/devices/$board/remove
	ok 'the board goes, and with it the unit' 'becomes inactive property ActiveState $unit && [ ! -e $link ]'
	echo 1 >/sys/bus/pci/rescan
	ok 'it is back' 'becomes /dev/akida/by-path/pci-$board sh -c "ls $link"'
	has_all 'back'
	echo '[programme]' >/etc/akida/boards.d/default.conf
	ok 'a configuration that is wrong' '! systemctl start akida-load@$other.service && [ "$(property ExecMainStatus akida-load@$other.service)" = 2 ] &&
		[ "$(property NRestarts akida-load@$other.service)" = 0 ] && [ "$(property ActiveState akida-load@$other.service)" = failed ]'
	ok 'the journal says where' 'journalctl -b -u akida-load@$other.service -o cat | grep -q "/etc/akida/boards.d/default.conf:1: there is no section"'
	rm /etc/akida/boards.d/default.conf
	systemctl reset-failed akida-load@$other.service
else
	# Not S3, in which QEMU's firmware may leave the extended configuration space off
	# that an AKD1000 is set up by; test_power has it.
	echo s2idle >/sys/power/mem_sleep
	since=$(cat /sys/power/suspend_stats/success)
	ok 'there is a button to wake the machine by' 'becomes 1 sh -c "ls -d /sys/module/button | wc -l"'
	vmctl press-power 3
	ok 'the machine sleeps and wakes up' 'systemctl start systemd-suspend.service && [ $(cat /sys/power/suspend_stats/success) -gt $since ]'
	vmctl press-power 0
	ok 'the board slept' 'dmesg | grep -q "PM: suspend entry (s2idle)"'
	has_all 'after sleep'
	ok 'no unit has failed meanwhile' '[ -z "$(systemctl --failed --no-legend --plain)" ]'
fi
echo "$tests" "$failures" >$state/count
[ "$failures" = 0 ] || journalctl -b --no-pager | tail -n 60 | sed 's/^/# journal: /'
sync
if [ $boot = 1 ]; then
	vmctl result boot1 "$failures"
	# Without D-Bus there is nobody to tell users.
	systemctl --no-block reboot 2>/dev/null
else
	finish
	vmctl result status "$failures"
fi
