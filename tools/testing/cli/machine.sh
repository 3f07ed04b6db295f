# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Describes machines with boards, for tests of the command that need no board:
# a tree of files in place of /sys, /proc, /dev and /etc ($AKIDA_TEST_ROOT), and
# a stand-in for the driver ($MOCK_AKIDA, preloaded). Sourced after lib.sh.
# shellcheck disable=SC2154

release=6.12.48+deb13-amd64
machine=$work/machine

# put PATH TEXT: a file of the machine.
put()
{
	mkdir -p "$machine/$(dirname "$1")"
	printf '%s\n' "$2" >"$machine/$1"
}

# lead PATH TARGET: a symbolic link.
lead()
{
	mkdir -p "$machine/$(dirname "$1")"
	ln -sfn "$2" "$machine/$1"
}

gone()
{
	local p

	for p; do
		rm -rf "${machine:?}/$p"
	done
}

# Configuration space as root sees it: a PCI Express capability at 0x70 whose
# Link Control has the given value.
config()
{
	{
		bytes 0x7c 0x1e 0xa1 0xbc
		head -c 48 /dev/zero
		bytes 0x40
		head -c 11 /dev/zero
		bytes 0x01 0x70
		head -c 46 /dev/zero
		bytes 0x10 0x00
		head -c 14 /dev/zero
		bytes "$1" 0x00
		head -c 126 /dev/zero
	} >"$machine/$pci/config"
}

# board INDEX ADDRESS CHIP KIND [BRIDGE]: a PCI function; bound to akida.ko with
# a node if there is an index. Leaves its folder in $pci.
board()
{
	local index=$1 address=$2 chip=$3 kind=$4 bridge=${5:-0000:00:02.0} n

	pci=sys/devices/pci0000:00/$bridge/$address
	put "$pci/vendor" 0x1e7c
	case $chip in
	akd1000) put "$pci/device" 0xbca1 ;;
	akd1500) put "$pci/device" 0xa500 ;;
	*) put "$pci/device" "$chip" ;;
	esac
	if [ "$kind" = virtual ]; then
		put "$pci/subsystem_vendor" 0x1af4
		put "$pci/subsystem_device" 0x1100
	else
		put "$pci/subsystem_vendor" 0x1e7c
		put "$pci/subsystem_device" 0x0001
	fi
	put "$pci/current_link_speed" '5.0 GT/s PCIe'
	put "$pci/max_link_speed" '5.0 GT/s PCIe'
	put "$pci/current_link_width" 1
	put "$pci/max_link_width" 1
	put "$pci/../max_link_speed" '8.0 GT/s PCIe'
	put "$pci/../max_link_width" 4
	put "$pci/../msi_bus" 1
	put "$pci/numa_node" -1
	put "$pci/irq" 44
	config 0x40
	put "$pci/resource" "0x0000004000000000 0x00000040003fffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000004000400000 0x00000040007fffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000004000800000 0x0000004000bfffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000"
	for n in correctable nonfatal fatal; do
		put "$pci/aer_dev_$n" "RxErr 0
TOTAL_ERR_$n 0"
	done
	for n in resource0 resource2 resource4; do
		put "$pci/$n" ''
		chmod 600 "$machine/$pci/$n"
	done
	put "$pci/enable" 1
	chmod 644 "$machine/$pci/enable" "$machine/$pci/config"
	lead "sys/bus/pci/devices/$address" "../../../../$pci"
	lead "$pci/iommu_group" ../../../../kernel/iommu_groups/9
	put sys/kernel/iommu_groups/9/type DMA-FQ
	[ -n "$index" ] || return 0
	lead "$pci/driver" ../../../../bus/pci/drivers/akida
	put "$pci/msi_irqs/$((44 + index))" msi
	put "$pci/akida/akida$index/dev" "240:$index"
	lead "$pci/akida/akida$index/device" "../../../$address"
	lead "sys/class/akida/akida$index" "../../../$pci/akida/akida$index"
	put "dev/akida$index" ''
	chmod 660 "$machine/dev/akida$index"
}

# caller UID CAPABILITIES GROUP...
caller()
{
	put proc/self/status "Name:	akida
Uid:	$1	$1	$1	$1
Gid:	$1	$1	$1	$1
Groups:	${*:3}
CapEff:	$2"
}

# healthy: a machine on which nothing is wrong: one virtual AKD1000, a user in
# group akida.
healthy()
{
	chmod -R u+w "$machine" 2>/dev/null
	rm -rf "$machine"
	board 0 0000:01:00.0 akd1000 virtual
	put sys/module/akida/version 0.1.0
	put sys/module/akida/initstate live
	put sys/module/akida/parameters/raw admin
	put sys/module/module/parameters/sig_enforce N
	put proc/sys/kernel/osrelease "$release"
	put proc/sys/kernel/tainted 12288
	put proc/cmdline 'root=/dev/sda1 ro quiet'
	put proc/interrupts '           CPU0       CPU1
  8:          0          1  IR-IO-APIC    8-edge      rtc0
 44:        100         23  IR-PCI-MSI-0000:01:00.0    0-edge      akida'
	put proc/self/limits 'Limit                     Soft Limit           Hard Limit           Units
Max locked memory         8388608              8388608              bytes'
	put lib/modules/$release/modules.dep 'kernel/crypto/cts.ko:
updates/akida.ko:'
	put lib/modules/$release/updates/akida.ko 'in place of an ELF file without a signature'
	put lib/modules/$release/build/Makefile ''
	put etc/passwd 'root:x:0:0:root:/root:/bin/bash
ann:x:1000:1000:Ann:/home/ann:/bin/bash'
	# The node's group is that of whoever runs the tests.
	put etc/group "root:x:0:
akida:x:$(id -g):ann"
	mkdir -p "$machine/usr/lib/udev/rules.d"
	cp "$top/tools/udev/60-akida.rules" "$machine/usr/lib/udev/rules.d/"
	caller 1000 0000000000000000 24 "$(id -g)"
	export AKIDA_TEST_ROOT=$machine
	unset MOCK_AKIDA
}

# What is preloaded must come after the sanitizer's runtime, which checks that.
mocked()
{
	local asan=''

	if grep -q -- '-fsanitize=[a-z,]*address' "$BUILD/.flags"; then
		asan=$(ldd "$akida" | sed -n 's/.* => \(.*libasan[^ ]*\) .*/\1/p')
	fi
	LD_PRELOAD="${asan:+$asan }$BUILD/test/mock-board.so" "$@"
}

# run_mocked, fails_mocked: as run and fails, with the stand-in.
run_mocked()
{
	with_mock run "$@"
}

fails_mocked()
{
	with_mock fails "$@"
}

# The functions of lib.sh run $akida; let that be a script that preloads.
with_mock()
{
	local saved=$akida rc

	akida=$work/akida-mocked
	"$@"
	rc=$?
	akida=$saved
	return $rc
}

{
	printf '#!/bin/bash\nakida=%q BUILD=%q\n' "$akida" "$BUILD"
	declare -f mocked
	# shellcheck disable=SC2016
	printf 'mocked "$akida" "$@"\n'
} >"$work/akida-mocked"
chmod +x "$work/akida-mocked"
