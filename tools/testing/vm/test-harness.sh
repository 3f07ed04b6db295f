#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The harness itself: a run's output and status are the command's, and every
# kind of misbehaviour, really committed, fails it. Arguments go to scripts/vm.
# Machines: 6.1-none
# Single quotes keep what "ok TEXT eval" runs from being expanded before.
# shellcheck disable=SC2016
set -u
cd "$(dirname "$0")/../../.." || exit 1
vm=(scripts/vm "$@")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tests=0 failures=0

# ok TEXT COMMAND...
ok()
{
	local text=$1

	shift
	tests=$((tests + 1))
	if "$@"; then
		echo "ok $tests - $text"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $text"
		sed 's/^/# /' "$work/out" "$work/err" | tail -n 60
	fi
}

# run STATUS ARGUMENT...: a run that ends so; its output is in out and err.
status_is()
{
	[ "$status" = "$1" ] || { echo "# status $status, not $1"; return 1; }
}

run()
{
	"${vm[@]}" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	# It fails on purpose: nobody looks at its logs.
	sed -n 's|^vm: logs are in \(build/vm/run-.*\)|\1|p' "$work/err" | xargs -r rm -rf
}

says()
{
	grep -Eq -- "$1" "$work/$2" || { echo "# nothing in $2 matches $1"; return 1; }
}

bad=(--driver tools/testing/vm/bad --boards 0)

cat >"$work/talk" <<'SCRIPT'
# Output: verbatim, both streams, long, without a newline at its end.
i=0
while [ $i -lt 2000 ]; do echo "line $i of output that must arrive as it is"; i=$((i + 1)); done | tee /tmp/sum
md5sum </tmp/sum
printf 'tab\tcr\r\n' >&2
test "$(ls /sys/bus/pci/devices | wc -l)" -ge 7 && echo "two boards"
# Control of boards and machine.
vmctl board 1 "fault stall:chan=rd0" && vmctl board 1 faults && vmctl board 1 clear all
vmctl board 0 nonsense; echo "bad command: $?"
vmctl board 9 stats; echo "no board: $?"
vmctl nonsense; echo "no command: $?"
vmctl qmp '{"execute": "query-status"}'
for i in 1 2 3 4 5 6 7 8; do vmctl board 0 stats >/tmp/s$i & done
wait
echo "at once: $(cat /tmp/s? | grep -c '"ok":true')"
# Unplugging, and a board that dies and comes back.
vmctl unplug 1; sleep 1; ls /sys/bus/pci/devices | grep -c '^0000:02'
vmctl replug 1; sleep 3; ls /sys/bus/pci/devices | grep -c '^0000:02'
vmctl kill-board 0; sleep 1; od -An -tx2 -N2 /sys/bus/pci/devices/0000:01:00.0/config
vmctl unplug 0 && vmctl start-board 0 && vmctl replug 0; sleep 3
od -An -tx2 -N2 /sys/bus/pci/devices/0000:01:00.0/config
# Who is who.
id user; id nobody
su nobody -c 'id -un'
ulimit -l
printf 'the end'
exit 42
SCRIPT
run --boards 2 --chip akd1500,akd1000 --no-insmod --memlock 4096 --add "$work/talk" -- sh /root/talk
ok "the command's status" status_is 42
ok "its output" says "^line 1999 of output" out
ok "its output, all of it" eval '[ "$(head -n 2000 "$work/out" | md5sum)" = "$(sed -n 2001p "$work/out")" ]'
ok "its standard error, verbatim" eval 'grep -q "$(printf "^tab\tcr\r$")" "$work/out"'
ok "no newline is added" eval '[ "$(tail -c 7 "$work/out")" = "the end" ]'
ok "two boards" says "^two boards" out
ok "vmctl board: a fault is in force" says '"stall"' out
ok "vmctl board: a bad command fails" says "^bad command: 1" out
ok "vmctl: a board that is not there" says "^no board: 1" out
ok "vmctl: a command that is not there" says "^no command: 2" out
ok "vmctl qmp" says '"running"' out
ok "vmctl: eight at once" says '^at once: 8' out
ok "vmctl unplug and replug" eval 'grep -A1 -x 0 "$work/out" | grep -qx 1'
ok "vmctl kill-board: all ones" says '^ ffff$' out
ok "vmctl start-board and replug" says '^ 1e7c$' out
ok "users: in group akida and not" eval 'says "uid=1000.*akida" out && says "uid=65534" out && says "^nobody" out'
ok "RLIMIT_MEMLOCK" says "^4096" out
ok "nothing else was wrong" eval '! grep -q "^vm: [^l]" "$work/err"'

run "${bad[@]}" -- true
ok "a good driver passes" status_is 0
run "${bad[@]}" --module-params bad=warn,fill-cache,forget-cache,leak,write-after-free,pin,lock,forget-number,hang -- \
	'echo 2 >/proc/sys/kernel/hung_task_timeout_secs; sleep 8'
ok "a bad one does not" status_is 123
for said in 'kernel log: .*WARNING: .*akida_bad' 'kernel log: .*Objects remaining' 'after rmmod there is still .*slabinfo: akida_forgotten' \
	'memory is left after rmmod, allocated in .*leak' 'kernel log: .*Poison overwritten' 'pinned pages: 1 acquired, 0 released' \
	'kernel log: .*ends with 3 locked' 'after rmmod there is still .*devices: akida_bad' 'kernel log: .*blocked for more than' 'the kernel is tainted'; do
	ok "it says $said" says "$said" err
done
run "${bad[@]}" --module-params bad=warn --expect-dmesg 'WARNING: .*warn' -- true
ok "an expected warning passes" status_is 0
run "${bad[@]}" --expect-dmesg 'WARNING: .*warn' -- true
ok "its absence does not" status_is 123
run "${bad[@]}" --module-params bad=busy -- false
ok "rmmod must work; the command's status has precedence" eval 'status_is 1 && says "rmmod: .*temporarily" err'
run "${bad[@]}" --module-params bad=bug -- true
ok "a panic ends a run" eval 'status_is 125 && says "kernel BUG at" err && says "ended before its checks" err'
run "${bad[@]}" --module-params bad=impossible -- true
ok "insmod must work" eval 'status_is 123 && says "insmod: " err'
run "${bad[@]}" --timeout 15 -- sleep 1000
ok "a time limit" eval 'status_is 124 && says "did not end within 15 s" err'

# A board whose driver is this script: registers of the HDMA by /dev/mem.
cat >"$work/dma" <<'SCRIPT'
d=/sys/bus/pci/devices/0000:01:00.0
printf '\006' | dd of=$d/config bs=1 seek=4 conv=notrunc 2>/dev/null
{ read bar0 rest; read none; read bar2 rest; } <$d/resource
w() { devmem $((bar0 + $1)) 32 $2; }
start() { vmctl board 0 poke 0x20000000 $1; w 0x110 0x20000000; w 0x114 0; w 0x118 3; w 0x134 1; w 0x104 1; sleep 1; }
w 0x100 1
# 64 bytes from host address 0x12345000, which nobody mapped, to 0x20001000.
start 1900000040000000005034120000000000100020000000000000000000000000
# An interrupt message that is not the MSI's.
w 0x190 0xfee01000; w 0x1a8 0x1234; w 0x1a0 0xfee01000; w 0x188 0x78
start 1900000040000000005034120000000000100020000000000000000000000000
# BAR2 leads nowhere yet.
devmem $bar2 32
SCRIPT
run --no-insmod --chip akd1500 --iommu strict --add "$work/dma" -- sh /root/dma
ok "what the board was done is noticed" status_is 123
for said in 'kernel log: .*DMAR: DRHD: handling fault' 'board 0: host.read_faults is 2, not 0' \
	'board 0: illegal.mmio is 1, not 0' 'board 0: interrupts.stray is [1-9]'; do
	ok "it says $said" says "$said" err
done
run --no-insmod --chip akd1500 --iommu strict --expect-dmesg 'DMAR: .*fault' --expect-dmesg 'DMAR: .*DMA Read' \
	--expect-stats host.read_faults --expect-stats illegal.mmio --expect-stats interrupts.stray --add "$work/dma" -- sh /root/dma
ok "all that passes when expected" status_is 0

run --profile sleep --no-insmod -- 'vmctl wakeup-after 1 && echo mem >/sys/power/state && echo "awake again"'
ok "sleep and wake-up" eval 'status_is 0 && says "^awake again" out'

scripts/vm --kernel >"$work/out" 2>"$work/err"
status=$?
ok "wrong usage" status_is 2
scripts/vm --kernel 5.99 -- true >"$work/out" 2>"$work/err"
status=$?
ok "a kernel that is nowhere" eval 'status_is 125 && says "has no kernel 5.99" err'
echo "1..$tests"
[ $failures -eq 0 ]
