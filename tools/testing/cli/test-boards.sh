#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boards in list, info, run and dma-test: machines without any, and a stand-in
# for the driver.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

demo=$top/tools/demo

# A machine without a driver.
mkdir -p "$machine/sys/class"
export AKIDA_TEST_ROOT=$machine
ok 'list without a driver' run 0 list
ok 'it lists the software device alone' eval 'says "^soft +- +- +software" && [ "$(grep -c ^soft out)" -eq 1 ] && ! says /dev'
ok 'no message' eval '! [ -s err ]'
ok 'list --json without a driver' run 0 list --json
ok_json 'one device, no board' '(.devices | length) == 1 and .devices[0].board == null'
for b in 0 akida0 /dev/akida0 0000:01:00.0 01:00.0; do
	ok "info $b without a driver" fails 1 "there is no board '$b': the driver is not loaded; 'sudo modprobe akida' loads it" info $b
	ok "info --json $b without a driver" fails 1 "the driver is not loaded" info --json $b
	ok "dma-test $b without a driver" fails 1 "there is no board '$b': the driver is not loaded" dma-test $b
	ok "run on $b without a driver" fails 1 "there is no board '$b'" run "$demo/digits.fbz" -i "$demo/digit-3.png" --device $b
done
ok 'dma-test without a driver' fails 1 'the driver is not loaded' dma-test
ok 'a device that cannot be' fails 1 "there is no device 'nonsense'" run "$demo/digits.fbz" -i "$demo/digit-3.png" --device nonsense
ok 'a model is a model' eval 'run 0 info "$demo/digits.fbz" && says "^conv_0 "'
cp "$demo/digits.fbz" 0
ok 'a model that is called as a board' eval 'run 0 info ./0 && says "^conv_0 "'
ok 'a model from a pipe' bash -c '"$1" info /dev/stdin <"$2" | grep -q "^conv_0 "' - "$akida" "$demo/digits.fbz"
mkdir -p "$machine/sys/class/akida"
ok 'the driver, but no board' fails 1 "there is no board '0'; 'akida list' shows those that there are" info 0

# A board that no driver holds.
board '' 0000:01:00.0 akd1000 silicon
ok 'a board without its driver' eval 'run 0 list && warns "^akida list: warning: 1 board on the PCI bus cannot be used.*akida doctor"'
board '' 0000:02:00.0 akd1500 silicon 0000:00:03.0
lead "$pci/driver" ../../../../bus/pci/drivers/akida-pcie
ok 'two boards without' eval 'run 0 list && warns "2 boards on the PCI bus cannot be used"'

# Two boards.
healthy
board 1 0000:02:00.0 akd1500 silicon 0000:00:03.0
gone "$pci/iommu_group"
put "$pci/numa_node" 1
put "$pci/current_link_speed" '2.5 GT/s PCIe'
ok 'list' run 0 list
ok 'the first' says '^/dev/akida0 +0 +AKD1000 +virtual +0000:01:00.0 +5.0 GT/s x1 +AKD1000, virtual board'
ok 'the second' says '^/dev/akida1 +1 +AKD1500 +silicon +0000:02:00.0 +2.5 GT/s x1 '
ok 'nothing to warn of' eval '! [ -s err ]'
ok 'list --json' run 0 list --json
ok_json 'names' '[.devices[].name] == ["soft", "/dev/akida0", "/dev/akida1"]'
ok_json 'the first as an object' '.devices[1].board | .index == 0 and .chip == "akd1000" and .virtual and .driver == "akida"
	and .pci.address == "0000:01:00.0" and .pci.vendor == "1e7c" and .pci.device == "bca1" and .pci.subsystem_vendor == "1af4"
	and .pci.link == {gt_per_s: 5, width: 1} and .pci.numa_node == null and .iommu == {group: 9, type: "DMA-FQ", translates: true}'
ok_json 'the second as an object' '.devices[2].board | .chip == "akd1500" and (.virtual | not) and .pci.numa_node == 1 and .iommu == null'

for b in 0 akida0 /dev/akida0 0000:01:00.0 01:00.0; do
	ok "info $b" run_mocked 0 info $b
	ok 'it is that board' says '^Board +/dev/akida0: AKD1000, virtual$'
done
ok 'PCI' says '^PCI +0000:01:00.0, id 1e7c:bca1, subsystem 1af4:1100$'
ok 'link' says '^Link +5.0 GT/s x1 of at most 5.0 GT/s x1$'
ok 'driver' says '^Driver +akida 0.1.0$'
ok 'interrupt' says '^Interrupt +44, came 123 times$'
ok 'IOMMU' says '^IOMMU +group 9, DMA-FQ: translates$'
ok 'IP version' says '^IP version +reads as 0, as it does on an AKD1000$'
ok 'memory' says '^Memory +192.0 MiB, 192.0 MiB free, 192.0 MiB in one piece; the processor cannot map it$'
ok 'DMA' says '^DMA +2 channels each way, lists of 1000, 4-byte units, coherent, not confined'
ok 'users' says '^Users +0 open files$'
export MOCK_AKIDA=chip=akd1500
ok 'info 1' run_mocked 0 info 1
ok 'the chip' says '^Board +/dev/akida1: AKD1500, silicon$'
ok 'IP version' says '^IP version +BC.A1.003.009 \(AKD1500\)$'
ok 'window' says '^Window +32.0 MiB, 32.0 MiB free, 3 regions$'
ok 'NUMA' says ', NUMA node 1$'
ok 'no IOMMU' says '^IOMMU +none$'
ok 'info --json 1' run_mocked 0 info --json 1
ok_json 'as an object' '.index == 1 and .ip_version == {value: 3164668681, text: "BC.A1.003.009", product: "AKD1500"}
	and .window == {size: 33554432, free: 33554432, regions: 3} and .memory.mappable and .dma.channels == 2
	and .resets == 0 and .open_files == 0 and .error == null and .interrupts == [{number: 45, count: null}]'
unset MOCK_AKIDA
put proc/4711/comm python3
lead proc/4711/fd/4 /dev/akida0
lead proc/4711/fd/5 /dev/akida0
ok 'info with a user' run_mocked 0 info 0
ok 'who it is' says '^ +4711 +[a-z0-9]+ +2 +python3$'
ok 'info --json with a user' run_mocked 0 info --json 0
ok_json 'who it is' '.users == [{pid: 4711, uid: '"$(id -u)"', command: "python3", files: 2}]'
for what in --keys '--target akd1000' '--weights x'; do
	# shellcheck disable=SC2086
	ok "info $what with a board" fails 2 "is a board: only --json goes with it" info $what 0
done

# A board that may not be opened still shows what anybody may see.
export MOCK_AKIDA=open=EACCES
chmod 0 "$machine/dev/akida0"
ok 'info without rights' run_mocked 1 info 0
ok 'what it shows' eval 'says "^Link " && ! says "^Memory "'
# Root is forbidden nothing by a mode.
if [ "$(id -u)" = 0 ]; then
	# Which of them depends on whether the stand-in answers access(), too.
	ok 'what it says to root' warns "^akida info: /dev/akida0: (opening is forbidden although the node's permissions allow it|permission denied: add yourself to group akida)"
else
	ok 'what it says' warns '^akida info: /dev/akida0: permission denied: add yourself to group akida: .sudo usermod -aG akida \$USER'
fi
ok 'info --json without rights' run_mocked 1 info --json 0
ok_json 'the error' '.pci.address == "0000:01:00.0" and (.error | contains("usermod") or contains("opening is forbidden")) and .memory == null'
export MOCK_AKIDA=open=EBUSY
chmod 660 "$machine/dev/akida0"
ok 'info of a claimed board' run_mocked 1 info 0
ok 'it says who' warns 'another process has claimed the board.*\(open in: python3, process 4711\)'
unset MOCK_AKIDA
ok 'running on a board' with_mock fails 1 '/dev/akida0: this akida.ko runs no programs' \
	run "$demo/digits.fbz" -i "$demo/digit-3.png" --device 0
gone proc/4711

# dma-test.
ok 'dma-test' run_mocked 0 dma-test --count 5 --seed 9
ok 'which board, which seed' says '^/dev/akida0, 1.0 MiB at device address 0x24001000, seed 9; a virtual board'
for k in host user; do
	for p in ones zeros checker walk1 walk0 address inverse random; do
		ok "pattern $p, $k memory" says "^$k +$p +1 +[0-9]+ +[0-9.]+ MiB +ok$"
	done
	for d in to-device from-device; do
		for s in '64 B' '4.0 KiB' '64.0 KiB' '1.0 MiB'; do
			ok "speed of $s $d, $k memory" says "^$k +$d +$s +5 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$"
		done
	done
done
ok 'an AKD1000 has no window' eval '! says "^window"'
export MOCK_AKIDA=chip=akd1500
ok 'dma-test with a window' run_mocked 0 dma-test 1 --count 0
unset MOCK_AKIDA
ok 'all kinds' eval 'for k in host user window; do says "^$k +random .* ok$" || exit 1; done'
ok 'no more than the board has' says '^/dev/akida1, 1012.0 KiB at device address 0x20002000, '
ok 'dma-test --json' run_mocked 0 dma-test 0 --json --size 64K --count 3 --kind host --pattern walk1,random --direction to-device --passes 2
ok_json 'as an object' '.board == "/dev/akida0" and .virtual and .size == 65536 and .device_address == "0x24001000"
	and ([.patterns[] | [.memory, .pattern, .pass, .error]] == [["host","walk1",0,null],["host","random",0,null],["host","walk1",1,null],["host","random",1,null]])
	and ([.speed[] | [.direction, .size, .copies]] == [["to-device",64,3],["to-device",4096,3],["to-device",65536,3]])
	and ([.speed[] | .min_us <= .median_us and .median_us <= .p99_us and .bytes_per_second > 0] | all)'
for s in 4 8 100 4092 4100 65540; do
	ok "dma-test --size $s" run_mocked 0 dma-test --size $s --count 1
done

# Data that come back wrong: the first wrong address is the one that is stuck.
export MOCK_AKIDA=flip=0x24001237
for p in ones zeros checker walk1 walk0 address inverse random; do
	ok "a stuck bit, $p" run_mocked 1 dma-test --kind host --pattern $p --count 0 --seed 3
	ok "a stuck bit, $p: where" warns "^akida dma-test: /dev/akida0: pattern $p, host memory: device address 0x24001234 \(byte 564\): "
	ok "a stuck bit, $p: what" warns 'different bits 0x01000000; 1 of 262144 words are wrong; the same came when it was read again'
	ok "a stuck bit, $p: result" says "^host +$p +1 .* WRONG in 1$"
done
ok 'expected and got' eval 'run_mocked 1 dma-test --kind user --pattern address --count 0 && warns "expected 0x24001234, got 0x25001234"'
ok 'expected and got in the second pass' \
	eval 'run_mocked 1 dma-test --kind user --pattern ones --passes 2 --count 0 && warns "expected 0xffffffff, got 0xfeffffff" && warns "expected 0x00000000, got 0x01000000"'
ok 'wrong data as JSON' run_mocked 1 dma-test --kind host --pattern ones --count 0 --json
ok_json 'wrong data as an object' '.patterns[0].error | .device_address == "0x24001234" and .offset == 564 and .expected == 4294967295
	and .got == 4278190079 and .wrong_words == 1 and (.outside | not)'
export MOCK_AKIDA=flip=0x24000010
ok 'a guard before' eval 'run_mocked 1 dma-test --kind host --pattern ones --count 0 && warns "device address 0x24000010 .*a copy wrote outside its range"'
export MOCK_AKIDA=chip=akd1500,flip=0x20002000
ok 'the processor looks, too' eval 'run_mocked 1 dma-test --kind host --pattern ones --count 0 && warns "the device memory is wrong, so the way there went wrong"'

# Errors.
export MOCK_AKIDA=abort=2048
ok 'an abort' fails_mocked 1 '/dev/akida0: the board aborted a copy from host memory after 2048 of 4096 bytes' dma-test --count 1
export MOCK_AKIDA=fail=0x21,errno=ENODEV
ok 'gone while it waits' fails_mocked 1 '/dev/akida0: waiting for copy [0-9]+: the board is gone' dma-test --count 1
export MOCK_AKIDA=memlock=65536
ok 'too little memory to lock' fails_mocked 1 'RLIMIT_MEMLOCK' dma-test --kind user
unset MOCK_AKIDA
ok 'a window that the chip does not have' fails_mocked 1 'an AKD1500 has one' dma-test --kind window
ok 'more than the board has' fails_mocked 1 'no room for 268443648 bytes of device memory: 201326592 of 201326592 are free' dma-test --size 256M
for v in 0 -1 '' 3 6 1x 1Mx 2G 99999999999999999999 ' 4'; do
	ok "--size '$v'" fails 2 "--size: '$v' is not a multiple of 4" dma-test --size "$v"
done
ok '--pattern' fails 2 "there is no 'x'" dma-test --pattern ones,x
ok '--kind' fails 2 "there is no 'device'" dma-test --kind device
ok '--direction' fails 2 "there is no 'up'" dma-test --direction up
ok 'no name' fails 2 'a name is missing' dma-test --kind ,
ok 'nothing to do' fails 2 'leave nothing to do' dma-test --count 0 --passes 0
ok 'two boards' fails 2 "'1' is one argument too many" dma-test 0 1
finish
