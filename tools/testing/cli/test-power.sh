#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida power and what akida doctor says of sensors, on machines whose files say
# what a board's hwmon device would.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

export AKIDA_TEST_ROOT=$machine
mkdir -p "$machine/sys/class"
ok 'no board' fails 1 'there is no board' power
healthy
ok 'a board without sensors' fails 1 "akida0 has no sensors; 'akida doctor' says why" power
ok 'the same by its name' fails 1 'has no sensors' power --device 0000:01:00.0
ok 'doctor: a virtual board without' eval 'run_mocked 0 doctor && says "^OK    sensors: 0000:01:00.0: none: this virtual board"'
board 0 0000:01:00.0 akd1000 silicon 0000:00:01.0
ok 'doctor: silicon' eval 'with_mock run 0 doctor; says "sensors: .*0000:01:00.0: no hwmon attributes and no clock_mode: how the sensor and the clock of silicon"'

healthy
hwmon=sys/bus/pci/devices/0000:01:00.0/hwmon/hwmon3
put $hwmon/name akida
put $hwmon/power1_input 901250
put $hwmon/in0_input 3300
put $hwmon/curr1_input 273
put $hwmon/temp1_input -1500
put $hwmon/freq1_input 252500000
put sys/class/akida/akida0/clock_mode economy
ok 'a board with sensors' run 0 power
ok 'its line' says '^akida0: 901\.2 mW 3\.300 V 273 mA -1\.5 C 252\.5 MHz \(economy\)$'
ok '--json' run 0 power --json --device 0
ok_json 'units' '.power_w == 0.90125 and .supply_v == 3.3 and .current_a == 0.273 and .temperature_c == -1.5 and .clock_hz == 252500000'
ok_json 'the rest' '.device == "/dev/akida0" and .clock_mode == "economy" and .error == null'
ok '--sample' eval 'run 0 power --sample --count 3 --interval 0.02 && [ "$(grep -c "^akida0: 901" out)" -eq 3 ]'
ok 'doctor: sensors' eval 'run_mocked 0 doctor && says "^OK    sensors: .*akida power"'
rm "$machine/$hwmon/temp1_input" "$machine/sys/class/akida/akida0/clock_mode"
ok 'what there is not' eval 'run 0 power && says "^akida0: 901\.2 mW 3\.300 V 273 mA 252\.5 MHz$"'
put $hwmon/name other
ok 'the device of another driver' fails 1 'has no sensors' power
ok 'no such board' fails 1 "there is no board '7'" power --device 7
ok 'an argument' fails 2 'one argument too many' power x
ok '--count alone' fails 2 'need --sample' power --count 2
for v in 0 0.01 4000 x; do
	ok "--interval $v" fails 2 'interval' power --sample --interval "$v"
done
finish
