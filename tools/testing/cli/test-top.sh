#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida top in a terminal (tmux) of several sizes, and for scripts, at boards and
# processes that files describe. What it shows is compared with those files
# (top_truth.py); whatever takes time is waited for.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

export AKIDA_TEST_ROOT=$machine
truth=$top/tools/testing/cli/top_truth.py
class=sys/class/akida
keepers=()
sanitized=false
! grep -q -- '-fsanitize=[a-z,]*address' "$BUILD/.flags" || sanitized=true

if ! grep -q -- '-DHAVE_NCURSES=1' "$BUILD/.flags"; then
	healthy
	ok 'without ncurses' fails 1 'built without ncurses.*libncurses-dev.*--batch' top
	ok '--batch works nevertheless' eval 'run 0 top --batch -n 1 --interval 0.01 && says "^akida0 "'
	skip 'the live view' 'this akida was built without ncurses'
	finish
	exit
fi

# ------------------------------------------------------------------ the machine

# set_file PATH TEXT: at once, as the kernel does.
set_file()
{
	printf '%s\n' "$2" >"$machine/.new"
	mv "$machine/.new" "$machine/$1"
}

# counter BOARD NAME BY
counter()
{
	local f=$class/akida$1/$2

	set_file "$f" $(($(<"$machine/$f") + $3))
}

# latencies BOARD UPPER:JOBS...: jobs with those latencies, the rest with none.
latencies()
{
	local board=$1 f=$class/akida$1/job_latency_us add

	shift
	add=" $* "
	set_file "$f" "$(awk -v add="$add" '
		BEGIN { n = split(add, a, " "); for (i = 1; i <= n; i++) { split(a[i], b, ":"); more[b[1]] = b[2] } }
		{ print $1, $2 + more[$1] }' "$machine/$f")"
	for add; do
		counter "$board" jobs_completed "${add#*:}"
		counter "$board" job_latency_sum_us $((${add#*:} * 100))
	done
}

# sensor BOARD NAME VALUE
sensor()
{
	set_file "$class/akida$1/device/hwmon/hwmon$(($1 + 3))/$2" "$3"
}

# new_board INDEX CHIP KIND
new_board()
{
	local address f

	address=$(printf '0000:%02x:00.0' $(($1 + 1)))
	board "$1" "$address" "$2" "$3" "$(printf '0000:00:%02x.0' $(($1 + 2)))"
	put "$pci/power/runtime_status" active
	f=$pci/hwmon/hwmon$(($1 + 3))
	put "$f/name" akida
	put "$f/power1_input" $((901250 + $1 * 100000))
	put "$f/in0_input" 3300
	put "$f/curr1_input" 273
	put "$f/temp1_input" $((39937 - $1 * 41000))
	put "$f/freq1_input" $((400000000 / ($1 + 1)))
	for f in busy_time_us jobs_completed jobs_failed program_switches resets job_latency_sum_us; do
		put "$class/akida$1/$f" 0
	done
	put "$class/akida$1/memory_total" 201326592
	put "$class/akida$1/memory_used" $((12582912 * ($1 + 1)))
	# Four buckets an octave from 16 us to 2^26 us.
	put "$class/akida$1/job_latency_us" \
		"$(awk 'BEGIN { for (i = 0; i <= 88; i++) printf "%d 0\n", 16 * 2 ^ (i / 4); print "inf 0" }')"
	[ "$3" = silicon ] || put "$class/akida$1/clock_mode" performance
}

no_board()
{
	rm "$machine/$class/akida$1"
}

# file_of PID FD BOARD ID COMMAND PROGRAM KIB: an open file of a board.
file_of()
{
	lead "proc/$1/fd/$2" "/dev/akida$3"
	mkdir -p "$machine/proc/$1/fdinfo"
	put "proc/$1/comm" "$5"
	put "proc/$1/status" "Name:	x
Uid:	0	0	0	0"
	put "proc/$1/fdinfo/$2" "pos:	0
flags:	02100002
mnt_id:	25
ino:	123
akida-node:	akida$3
akida-pdev:	0000:0$(($3 + 1)):00.0
akida-client-id:	$4
akida-busy-time:	0 ns
akida-jobs:	0
akida-jobs-failed:	0
akida-memory:	$7 KiB${6:+
akida-program:	$6}"
}

# works PID FD NANOSECONDS JOBS FAILED: what it has done since.
works()
{
	set_file "proc/$1/fdinfo/$2" "$(awk -v busy="$3" -v jobs="$4" -v failed="$5" '
		$1 == "akida-busy-time:" { $0 = "akida-busy-time:\t" $2 + busy " ns" }
		$1 == "akida-jobs:" { $0 = "akida-jobs:\t" $2 + jobs }
		$1 == "akida-jobs-failed:" { $0 = "akida-jobs-failed:\t" $2 + failed }
		{ print }' "$machine/proc/$1/fdinfo/$2")"
}

snapshot()
{
	/usr/bin/python3 "$truth" snapshot "$machine" >"$1"
}

# Two boards and four processes; one with two files, one at both boards.
start_of_time()
{
	healthy
	gone sys/class/akida sys/bus/pci sys/devices
	new_board 0 akd1000 virtual
	new_board 1 akd1500 virtual
	rm -rf "$machine"/proc/[0-9]*
	file_of 4001 3 0 1 camera mobilenet 1024
	file_of 4001 4 0 2 camera '' 512
	file_of 4002 3 0 3 doorbell ds-cnn-kws 2048
	file_of 4003 9 1 4 $'\e[31mev\e]0;\ail' $'\e[2J\xff\xfegesture' 100
	file_of 4002 5 1 5 doorbell ds-cnn-kws 4
}

# What happens between two looks.
time_passes()
{
	counter 0 busy_time_us 31000
	latencies 0 512:600 1024:350 4096:50
	counter 0 jobs_failed 2
	counter 0 program_switches 40
	counter 1 busy_time_us 9000
	latencies 1 724:11
	counter 1 resets 1
	sensor 0 power1_input 1234567
	sensor 1 temp1_input 12000
	set_file $class/akida0/memory_used 100663296
	works 4001 3 20000000 700 1
	works 4001 4 1000000 100 0
	works 4002 3 10000000 200 1
	works 4003 9 9000000 11 0
}

# ------------------------------------------------------------------ for scripts

start_of_time
ok '--batch' run 0 top --batch --count 2 --interval 0.02
ok 'two frames' eval '[ "$(grep -c "^akida top - ..:..:.., over 0\.[0-9]* s: 2 boards, 4 processes$" out)" = 2 ]'
ok 'every column' says '^BOARD +CHIP +UTILISATION +JOBS/S +P50 +P90 +P99 +MAX +POWER +CLOCK +MODE +TEMP +MEMORY +FAILED +SWITCH/S +RESETS +STATE +ADDRESS$'
ok 'a board' says '^akida0 +AKD1000 +0 % +0 +- +- +- +- +901 mW +400 MHz +performance +39\.9 C +6 % +0 +0 +0 +active +0000:01:00\.0$'
ok 'a process' says '^ *4002 +root +akida1 +0 % +0 +4\.0 KiB +0 +0 +doorbell +ds-cnn-kws$'
ok 'names cannot steer a terminal' eval 'says "^ *4003 .* \?\[31mev\?\]0;\?il +\?\[2J\?\?gesture$" && ! grep -q "[^ -~]" out'
ok '--json' run 0 top --json -n 1 --interval 0.02
ok_json 'a frame' '(.boards | length) == 2 and (.processes | length) == 4 and .hidden == 0 and .news == null'
ok_json 'sensors' '.boards[0] | .power_w == 0.90125 and .supply_v == 3.3 and .current_a == 0.273 and .temperature_c == 39.937 and .clock_hz == 4e8 and .clock_mode == "performance"'
ok_json 'what is not known' '.boards[0].latency_s | .jobs == 0 and .p50 == null and .max == null'
ok_json 'a name' '.processes[] | select(.pid == 4003) | .command == "?[31mev?]0;?il" and .program == "?[2J??gesture" and .jobs == 0'
gone sys/class/akida
ok 'no board' run 0 top --batch -n 1 --interval 0.02
ok 'says so' says "^no board: waiting for one; 'akida doctor' says why$"
ok 'an argument' fails 2 'one argument too many' top x
ok 'two outputs' fails 2 'exclude each other' top --batch --json
for v in 0 0.009 3601 nan x; do
	ok "--interval $v" fails 2 'interval' top --interval $v
done
ok '--count 0' fails 2 'count' top --count 0

# within COMMAND...: it succeeds before long.
within()
{
	local end=$((SECONDS + ${PATIENCE:-60}))

	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "this did not come to be: $*"
			[ -z "$window" ] || screen
			return 1
		fi
		sleep 0.05
	done
}

# frames NUMBER: as many have been written.
frames()
{
	[ "$(grep -c . frames)" -ge "$1" ] || ! kill -0 "$watcher"
}

# A change after each frame: then each happens in another one.
many_frames()
{
	local n

	snapshot before
	"$akida" top --json --interval 0.1 >frames 2>err &
	watcher=$!
	keepers+=("$watcher")
	for n in 1 2 3 4 5; do
		within frames "$n" || return 1
		time_passes
	done
	snapshot after
	within frames $(($(grep -c . frames) + 2)) || return 1
	kill "$watcher"
	wait "$watcher" || return 1
	[ ! -s err ] && /usr/bin/python3 "$truth" frames frames before after
}

# ------------------------------------------------------------------ a terminal

export TMUX_TMPDIR=$work
tmux()
{
	command tmux -u -f /dev/null -L top "$@"
}

screen()
{
	tmux capture-pane -p -t "$window"
}

shows()
{
	screen | grep -Eq -- "$1"
}

no_longer_shows()
{
	! shows "$1"
}

keys()
{
	tmux send-keys -t "$window" "$@"
}

# terminal COLUMNS ROWS COMMAND: in a window of its own, whose messages go to
# err.WINDOW; it stays when the command has ended.
terminal()
{
	window=w$((${window#w} + 1))
	printf '%s\n' "stty -a >before.$window" "sh -c 'echo \$\$ >pid.$window; exec $3' 2>err.$window" "echo \$? >status.$window" \
		"stty -a >after.$window" 'echo; echo it has ended; exec sleep 1000' >"command.$window"
	tmux new-session -d -s "$window" -x "$1" -y "$2" "exec sh $work/command.$window"
}
window=w0

size()
{
	tmux resize-window -t "$window" -x "$1" -y "$2"
}

# Of a terminal, without its size.
modes()
{
	sed 's/ rows [0-9]*; columns [0-9]*;//' "$1"
}

# The program in the window has ended well and left the terminal as it was.
left_well()
{
	within [ -s "after.$window" ] || return 1
	[ "$(<"status.$window")" = 0 ] || { echo "status $(<"status.$window")"; return 1; }
	[ ! -s "err.$window" ] || { cat "err.$window"; return 1; }
	diff <(modes "before.$window") <(modes "after.$window") || return 1
	within shows '^it has ended' || return 1
	[ "$(tmux display-message -p -t "$window" '#{alternate_on} #{cursor_flag} #{keypad_cursor_flag}')" = '0 1 0' ] ||
		{ tmux display-message -p -t "$window" '#{alternate_on} #{cursor_flag} #{keypad_cursor_flag}'; return 1; }
	tmux kill-session -t "$window"
}

# Its process.
pid()
{
	echo "$(<"pid.$window")"
}

is_true()
{
	screen >capture
	/usr/bin/python3 "$truth" screen capture before after
}

# Time passes, it looks, and shows that. Two boards are not looked at in the same
# moment: where the machine was slow between them, another look is taken.
true_look()
{
	local try end

	for try in 1 2 3 4 5 6; do
		snapshot before
		time_passes
		snapshot after
		keys Space
		end=$((SECONDS + 3))
		until is_true >said 2>&1; do
			[ $SECONDS -lt $end ] || continue 2
			sleep 0.05
		done
		return 0
	done
	cat said
	screen
	return 1
}

# No line is longer than the screen, and the last row is used.
fits()
{
	local line lines=0 bad=0

	while IFS= read -r line; do
		lines=$((lines + 1))
		[ ${#line} -le "$1" ] || { echo "too long: $line"; bad=1; }
	done < <(screen)
	[ $lines -eq "$2" ] && [ $bad -eq 0 ]
}

# order HEAD: cells of a column of processes, from above.
order()
{
	screen | awk '$1 == "PID" { on = 1; next } on && $1 ~ /^[0-9]+$/ { printf "%s ", $1 }'
}

window=
if ! command -v tmux >/dev/null; then
	ok 'what frames say is what happened' many_frames
	skip 'the live view' 'there is no tmux: scripts/install-deps --test'
	finish
	exit
fi
export LC_ALL=C.UTF-8
trap 'tmux kill-server 2>/dev/null; for p in ${keepers[@]+"${keepers[@]}"}; do kill "$p" 2>/dev/null; done
	chmod -R u+w "$work"; rm -rf "$work"' EXIT

# ------------------------------------------------------------------ long lives

# At a machine of its own, beside all that follows: thousands of frames, as many
# as half an hour has at the usual interval. Memory under a sanitizer is what it keeps
# to find errors with: then its search for leaks counts.
start_of_time
cp -a "$machine" changing
number=2000
$sanitized && number=600
/usr/bin/python3 "$truth" change "$work/changing" &
keepers+=($!)
AKIDA_TEST_ROOT=$work/changing "$akida" top --json -n $number --interval 0.01 >long.json 2>long.err &
long=$!
/usr/bin/python3 "$truth" memory $long >long.memory 2>&1 &
measure=$!
terminal 80 24 "env AKIDA_TEST_ROOT=$work/changing $akida top -n $number --interval 0.01"
long_window=$window
within [ -s "pid.$window" ]
/usr/bin/python3 "$truth" memory "$(pid)" >screen.memory 2>&1 &
measure_screen=$!

start_of_time
ok 'what frames say is what happened' many_frames

# ------------------------------------------------------------------ three sizes

start_of_time
terminal 80 24 "$akida top --interval 3600"
ok '80x24: boards' within shows '^▸ akida0 .* 901 mW 400 MHz 39\.9 °C +6 %$'
ok 'another one' shows '^  akida1 .* 1\.00 W 200 MHz -1\.1 °C +12 %$'
ok 'rates are not known yet' shows '^▸ akida0  ─+ +- +- +- +- '
ok 'keys' shows '^q quit  h help  c clock '
ok 'it fits' fits 80 24
ok 'what happens is shown' true_look
ok 'of the chosen board more' shows '^  akida0 +AKD1000, virtual, 0000:01:00\.0, 5\.0 GT/s x1, active$'
ok 'its latencies' shows '^  Latency +p50 .* p90 .* p99 .* max .* of [0-9]+ jobs$'
ok 'its sensors' shows '^  Sensors +1\.23 W   3\.300 V   273 mA   39\.9 °C   400 MHz performance$'
ok 'its memory' shows '^  Memory +━{10}─{10} 96\.0 MiB of 192\.0 MiB$'
ok 'its counters' shows "^  In all +jobs $(<"$machine/$class/akida0/jobs_completed")   failed $(<"$machine/$class/akida0/jobs_failed")   switches $(<"$machine/$class/akida0/program_switches")   resets 0\$"
ok 'a name with escape sequences' shows ' 4003 .* \?\[31mev\?\]0;\?il +\?\[2J\?\?gesture$'
for i in 2 3; do
	ok "look $i" true_look
done
screen | tail -n +2 >small

size 200 50
ok '200x50: more columns' within shows ' P90 +P99 +MAX .* MODE .* STATE +ADDRESS$'
ok 'graphs' within shows '^  Utilisation of akida0 .* Power of akida0, up to 1\.23 W$'
ok 'it fits' fits 200 50
ok 'what it shows is true' is_true
ok 'another look' true_look
size 40 10
ok '40x10: fewer columns' within shows '^  BOARD +UTILISATION +JOBS/S +P99$'
ok 'it fits' fits 40 10
ok 'another look' true_look
size 25 4
ok '25x4: a sentence' within shows '^akida top needs 30x5$'
ok 'nothing else' eval '[ "$(screen | grep -c .)" = 1 ]'
size 30 5
ok '30x5: the smallest' within shows '^▸ akida0 .* %$'
ok 'it fits' fits 30 5
size 80 24
ok '80x24 again' within shows '^q quit .* Space now$'
ok 'another look' true_look
ok 'as before' eval '[ "$(screen | sed -n 3p)" = "$(sed -n 2p small)" ]'

# ------------------------------------------------------------------ keys

ok 'sorted by utilisation' eval '[ "$(order)" = "4001 4002 4003 4002 " ] && shows "4 processes by utilisation"'
keys s
ok 's: by jobs' within shows 'by jobs/s'
ok 'in that order' eval '[ "$(order)" = "4001 4002 4003 4002 " ]'
keys s
ok 's: by memory' within shows 'by memory'
ok 'in that order' eval '[ "$(order)" = "4002 4001 4003 4002 " ]'
keys r
ok 'r: reversed' within shows 'by memory, reversed'
ok 'in that order' eval '[ "$(order)" = "4002 4003 4001 4002 " ]'
keys r s
ok 's: by number' within shows 'by number'
ok 'in that order' eval '[ "$(order)" = "4001 4002 4002 4003 " ]'
keys '<' '<' '<' '<'
ok '<: the other way, around the end' within shows 'by program'
ok 'in that order' eval '[ "$(order)" = "4003 4002 4002 4001 " ]'
keys '>'
ok '>' within shows 'by utilisation'
keys Down
ok 'Down: the next board' within shows '^▸ akida1 '
ok 'its counters' shows '^  In all +jobs [0-9]+   failed 0   switches 0   resets [1-9]'
keys 0
ok '0: that board' within shows '^▸ akida0 '
keys 7
ok '7: there is none' within shows '^there is no akida7$'
keys h
ok 'h: help' within shows '^Keys of akida top$'
keys x
ok 'any key goes back' within shows '^▸ akida0 '
keys p
ok 'p: paused' within shows '^akida top   paused '
keys - - - - - - - - - - - -
ok '-: more often' within shows '^every 0\.1 s$'
snapshot before
time_passes
snapshot after
keys h
ok 'help' within shows '^Keys of akida top$'
keys x
ok 'nothing new while paused' eval 'within shows "^▸ akida0 " && ! shows "In all +jobs $(<"$machine/$class/akida0/jobs_completed") "'
keys p
ok 'p: it goes on' within shows "In all +jobs $(<"$machine/$class/akida0/jobs_completed") "
ok 'again and again' within shows '^▸ akida0 +─+ +0 % +0 '
keys + + + + + + + + + + + +
ok '+: less often' within shows '^every 3600 s$'

keys c
ok 'c: asks for a mode' within shows '^Clock of akida0: p performance  e economy  l lowpower  Esc leaves it$'
keys Escape
ok 'Escape leaves it' within no_longer_shows '^Clock of'
ok 'as it was' eval '[ "$(<"$machine/$class/akida0/clock_mode")" = performance ]'
keys c e
ok 'c e: told' within shows "^akida0: its clock's mode is now economy$"
ok 'written' eval '[ "$(<"$machine/$class/akida0/clock_mode")" = economy ]'
ok 'seen' within shows '400 MHz economy$'
ok 'the other board was left alone' eval '[ "$(<"$machine/$class/akida1/clock_mode")" = performance ]'
keys 1 c l
ok 'of the other board' within shows "^akida1: its clock's mode is now lowpower$"
ok 'written' eval '[ "$(<"$machine/$class/akida1/clock_mode")" = lowpower ]'
gone $class/akida1/clock_mode
keys c p
ok 'a board without modes' within shows "^akida1: this virtual board's clock has no modes$"

# ------------------------------------------------------------------ come and go

no_board 1
keys Space
ok 'a board disappears' within shows '^akida1 \(0000:02:00\.0\) is gone$'
ok 'it is not shown' eval '! shows "^. akida1 "'
ok 'the other one is chosen' shows '^▸ akida0 '
new_board 2 akd1500 silicon
keys Space
ok 'a board appears' within shows '^akida2 \(0000:03:00\.0\) is there$'
ok 'among the others' shows '^  akida2 .* 1\.10 W '
keys 2 c e
ok 'silicon has no modes' within shows 'akida2: its clock has no modes: how silicon.s is reached is not public'
no_board 0
no_board 2
keys Space
ok 'no board' within shows '^  There is no board; waiting for one\.$'
keys c Down 0
new_board 0 akd1000 virtual
keys Space
ok 'one appears' within shows '^▸ akida0 '
keys q
ok 'q leaves the terminal as it was' left_well

# ------------------------------------------------------------------ leaving

for s in TERM HUP INT QUIT; do
	terminal 80 24 "$akida top"
	within shows '^▸ akida0 ' >/dev/null
	kill -$s "$(pid)"
	ok "SIG$s leaves the terminal as it was" left_well
done
terminal 80 24 "$akida top -n 2 --interval 0.01"
ok '--count, too' left_well
terminal 80 24 'bash --norc -i 2>&1'
keys "PS1='ready '; sh -c 'echo \$\$ >job; exec $akida top --interval 3600'" Enter
ok 'from a shell' within shows '^▸ akida0 '
keys C-z
ok 'Ctrl-Z stops it' within shows 'Stopped'
keys 'stty -a >stopped; echo then' Enter
ok 'the shell has its terminal' eval 'within shows "^then" && within [ -s stopped ] && diff <(modes "before.$window") <(modes stopped)'
size 100 24
keys 'fg' Enter
ok 'fg shows it again, in the new size' within shows '^▸ akida0 .* 6 %$'
ok 'nothing of the shell is left' eval '! shows "ready|Stopped|fg" && shows " P90 "'
kill -STOP "$(<job)"
ok 'SIGSTOP, too' within shows 'Stopped'
keys 'fg' Enter
ok 'and on' within no_longer_shows 'Stopped'
keys q
ok "q: the shell's next line is below" eval 'within no_longer_shows "^▸ akida0" && within eval "screen | grep . | tail -n 1 | grep -q \"^ready\"" && shows "^then" && shows "^ready fg"'
keys 'exit 0' Enter
ok 'it leaves well' left_well

# ------------------------------------------------------------------ terminals

coloured()
{
	tmux capture-pane -e -p -t "$window" | grep -q $'\e\[3[0-7]m'
}
terminal 80 24 "$akida top"
ok 'colours' within coloured
keys q
ok 'left' left_well
terminal 80 24 "env NO_COLOR=1 $akida top"
ok 'NO_COLOR' eval 'within shows "^▸ akida0 " && ! coloured'
keys q
ok 'left' left_well
terminal 80 24 "env TERM=vt100 LC_ALL=C $akida top"
ok 'a VT100 without UTF-8' eval 'within shows "^> akida0  [.]{10} .* 39.9 C " && ! coloured'
ok 'ASCII only' eval '! screen | LC_ALL=C grep -q "[^ -~]"'
keys q
ok 'left' left_well
for t in dumb nothing-known ''; do
	# ncurses keeps something of a terminal that it does not know.
	terminal 80 24 "env TERM=$t ASAN_OPTIONS=detect_leaks=0 $akida top"
	ok "TERM='$t' is refused" eval 'within [ -s "after.$window" ] && [ "$(<"status.$window")" = 1 ] &&
		grep -q "^akida top: .*terminal.* use --batch$" "err.$window" && [ "$(wc -l <"err.$window")" = 1 ]'
	tmux kill-session -t "$window"
done
ok 'no terminal' fails 1 'needs a terminal: use --batch or --json' top

# A right that root has not, too.
start_of_time
chmod 444 "$machine/$class/akida0/clock_mode"
denied="$akida top"
[ "$(id -u)" != 0 ] || denied="setpriv --bounding-set=-dac_override,-dac_read_search $akida top"
if ! ${denied% "$akida" *} true 2>/dev/null; then
	skip 'a mode that one may not change' 'setpriv cannot take the right away'
else
	terminal 80 24 "$denied"
	within shows '^▸ akida0 ' >/dev/null
	keys c e
	ok 'a mode that one may not change' within shows '^akida0: you may not change its clock: only root may write clock_mode; try sudo'
	ok 'it stays' eval '[ "$(<"$machine/$class/akida0/clock_mode")" = performance ]'
	keys q
	ok 'left' left_well
fi

# What began long ago. ("ok" is a process of its own, which cannot wait for it.)
window=$long_window
PATIENCE=300
wait $long
ended=$?
ok "$number frames" eval '[ $ended = 0 ] && [ ! -s long.err ] && [ "$(wc -l <long.json)" = $number ]'
ok 'boards and processes came and went' eval 'grep -q "is gone" long.json && grep -q "is there" long.json &&
	[ "$(grep -c "\"pid\":4003" long.json)" -lt $number ]'
ok "$number screens" left_well
wait $measure
ended=$?
wait $measure_screen
ended_screen=$?
if $sanitized; then
	skip 'memory stays the same' 'with a sanitizer its search for leaks counts'
else
	ok 'memory stays the same' eval '[ $ended = 0 ] || { cat long.memory; false; }'
	sed 's/^/# /' long.memory
	ok 'that of screens, too' eval '[ $ended_screen = 0 ] || { cat screen.memory; false; }'
	sed 's/^/# /' screen.memory
fi
finish
