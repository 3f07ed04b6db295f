#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida load, unload, set-weights and run --loaded without a board, and with
# boards that a stand-in for the driver shows: what they say is wrong.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

demo=$top/tools/demo
input=$demo/digit-3.png
export AKIDA_TEST_ROOT=$machine
mkdir -p "$machine/sys/class/akida"
npy '|i1' '(1, 1, 48, 10)' </dev/zero | head -c 608 >w.npy

# wrong usage
ok 'load without a file' fails 2 'MODEL.fbz or PROGRAM is missing' load
ok 'load of too much' fails 2 'one argument too many' load a b c
ok 'a mode that is none' fails 2 "'999' is not an octal number" load a --mode 999
ok 'a mode of nobody' fails 2 "'0' is not an octal number" load a --mode 0
ok 'unload without a name' fails 2 'NAME is missing' unload
ok 'set-weights without a layer' eval 'run 2 set-weights lamp && warns "LAYER is missing"'
ok 'set-weights without weights' eval 'run 2 set-weights lamp dense_4 && warns "WEIGHTS.npy is missing"'
ok 'run --loaded without a board' fails 2 '--loaded needs --device BOARD' run --loaded lamp -i "$input"
ok 'run --loaded and --partial' fails 2 'are for models' run --loaded lamp --partial --device 0 -i "$input"
ok 'run --loaded without an input' fails 2 'an input is missing' run --loaded lamp --device 0
ok 'bench --loaded without a board' fails 2 '--loaded needs --device BOARD' bench --loaded lamp
ok 'bench --loaded and a model' fails 2 'is one argument too many' bench "$demo/digits.fbz" --loaded lamp --device 0
ok 'bench --loaded and the reference' fails 2 'for a model on one device' bench --loaded lamp --device 0 --compare-reference

# no board
for c in "load $demo/digits.fbz" 'unload lamp' 'set-weights lamp dense_4 w.npy' "run $demo/digits.fbz -i $input --device all" \
	"bench $demo/digits.fbz -n 1 --device all"; do
	# shellcheck disable=SC2086
	ok "${c%% *} without a board" fails 1 "there is no board; 'akida doctor' finds out why" $c
done
ok 'load onto no board by name' fails 1 "there is no board '/dev/akida0'" load "$demo/digits.fbz" /dev/akida0
ok 'run --loaded on no board' fails 1 "there is no board '/dev/akida0'" run --loaded lamp --device /dev/akida0 -i "$input"
ok 'load onto the software device' fails 1 'programs stay on boards only' load "$demo/digits.fbz" soft
ok 'run of a program on the software device' eval 'run 0 build "$demo/digits.fbz" --target akd1000 -o digits.akp &&
	fails 1 "the software device runs models" run digits.akp -i "$input"'
ok '--partial on the software device is the whole model' eval 'run 0 run "$demo/digits.fbz" -i "$input" --partial --json'
ok_json 'it tells a 3' '.results[0].classes[0].class == 3'
ok 'a model through a pipe' eval 'cat "$demo/digits.fbz" | "$akida" run /dev/stdin -i "$input" >out && says "3 +[0-9.]+ +99"'

# two boards
board 0 0000:01:00.0 akd1000 silicon
board 1 0000:02:00.0 akd1500 virtual 0000:00:03.0
ok 'load onto one of several boards' fails 1 'there are several boards: say which, /dev/akida0 or /dev/akida1$' load "$demo/digits.fbz"
ok 'unload of one of several' fails 1 'there are several boards' unload lamp
ok 'absent weights' fails 1 'absent.npy' set-weights lamp dense_4 absent.npy --device 1
ok 'an absent file' with_mock fails 1 'absent.fbz' load absent.fbz 1
ok 'boards without such a call' with_mock fails 1 'this akida.ko keeps no programs under names' unload lamp /dev/akida1
ok 'nor one to run by its name' with_mock fails 1 'this akida.ko keeps no programs under names' run --loaded lamp --device 1 -i "$input"
ok 'info of such a board' run_mocked 0 info --json 1
ok_json 'it has no programs' '.programs == []'

# silicon: models cannot be compiled for it, programs are for their device
export MOCK_AKIDA=chip=akd1500,silicon=1
ok 'a model for silicon' with_mock fails 1 'this board is silicon, and what is public is not enough to compile a model for silicon; it takes programs that .*SDK compiled' \
	load "$demo/digits.fbz" /dev/akida1
ok 'a program for a virtual board' eval 'run 0 build "$demo/digits.fbz" --target akd1500 -o virtual.akp &&
	with_mock fails 1 "takes programs of device version BC.A1.3.9; this one is of AF.15.0.1" load virtual.akp /dev/akida1'
sed 's/akida-1/akida-9/' virtual.akp >other.akp
ok 'a version that is not known' with_mock fails 1 'the program is of version akida-9 for device AF.15.0.1; what is known is 2.5.0 for BC.A1.3.9' \
	load other.akp /dev/akida1
head -c 4000 virtual.akp >cut.akp
ok 'half a program is none' with_mock run 1 load cut.akp /dev/akida1
unset MOCK_AKIDA

# what is configured for a board
conf=etc/akida/boards.d
me=$(id -u) my_group=$(id -g)
ok 'configured, of several boards' fails 1 'there are several boards' load --configured
ok 'configured, and a model' fails 2 "'0' is one argument too many: --configured takes a board alone" load --configured a.fbz 0
ok 'configured, and a name' fails 2 "the configuration's to say" load --configured 0 --name lamp
ok 'configured, and a mode' fails 2 "the configuration's to say" load --configured 0 --mode 711
ok 'configured, and to replace' fails 2 "the configuration's to say" load --configured 0 --replace
ok 'configured, to unload from too much' fails 2 "'b' is one argument too many" unload --configured a b
ok 'a board that there is not' fails 1 "there is no board '0000:09:00.0'" load --configured 0000:09:00.0
ok 'which has nothing to unload' run 0 unload --configured 0000:09:00.0
for c in load unload; do
	ok "nothing configured: $c" eval 'run 0 $c --configured 0000:01:00.0 &&
		says "^/dev/akida0: there is neither /etc/akida/boards.d/0000:01:00.0.conf nor default.conf: nothing is to be done"'
	ok 'as JSON' run 0 "$c" --configured 0000:01:00.0 --json
	ok_json 'it says so' '.device == "/dev/akida0" and .configuration == null and .programs == []'
done
put $conf/default.conf '[programme]'
ok 'a wrong configuration' eval 'run 2 load --configured 0 && warns "^akida load: /etc/akida/boards.d/default.conf:1: there is no section .\[programme\]."'
ok 'a wrong configuration: unload' eval 'run 2 unload --configured 0 && warns "^akida unload: /etc/akida/boards.d/default.conf:1: "'
put $conf/0000:01:00.0.conf '[board]'
ok "a board's own comes first" run 0 load --configured 0
ok 'another still has that of all' run 2 load --configured 1
gone $conf/0000:01:00.0.conf
put $conf/default.conf "[program]
model = /a/lamp.fbz
[program]
model = /b/lamp.akp"
ok 'two of the same name' eval 'run 2 load --configured 0 &&
	warns "default.conf:3: the \[program\] of line 1 is called .lamp., too: give one of them another name"'
put $conf/default.conf "[program]
model = /a/lamp.fbz
owner = nobody-of-this-name
group = $my_group"
ok 'an owner that there is not' eval "run 2 load --configured 0 && warns 'default.conf:1: owner: there is no user .nobody-of-this-name.'"
put $conf/default.conf "[program]
model = /a/lamp.fbz
group = none-of-this-name"
ok 'a group that there is not' eval "run 2 load --configured 0 && warns 'default.conf:1: group: there is no group .none-of-this-name.'"
put $conf/default.conf "[board]
clock_mode = economy
power_limit = 2.5
[program]
model = /absent/lamp.fbz
owner = $me
group = $my_group"
ok 'what the board cannot' with_mock run 1 load --configured 0
ok 'no clock' warns 'default.conf: clock_mode: /dev/akida0 cannot be told one'
ok 'no sensor' warns 'default.conf: power_limit: /dev/akida0 cannot be told one'
ok 'no model' warns '/absent/lamp.fbz: cannot open: No such file'
put sys/class/akida/akida0/clock_mode performance
put sys/bus/pci/devices/0000:01:00.0/hwmon/hwmon3/name akida
put sys/bus/pci/devices/0000:01:00.0/hwmon/hwmon3/power1_max 163837500
ok 'what it can' with_mock run 1 load --configured 0000:01:00.0
ok 'one sentence is left' eval '[ "$(wc -l <err)" = 1 ] && warns /absent/lamp.fbz'
# A file keeps what follows; sysfs does not.
ok 'the clock was told' grep -q ^economy "$machine/sys/class/akida/akida0/clock_mode"
ok 'so was the limit' grep -q ^2500000 "$machine/sys/bus/pci/devices/0000:01:00.0/hwmon/hwmon3/power1_max"
sed -i "s|/absent/lamp.fbz|$demo/digits.fbz|" "$machine/$conf/default.conf"
ok 'a driver without programs' eval 'with_mock run 1 load --configured 1 && warns "digits.fbz: /dev/akida1: this akida.ko runs no programs"'
ok 'it cannot unload either' eval 'with_mock run 1 unload --configured 1 && warns "keeps no programs under names"'
finish
