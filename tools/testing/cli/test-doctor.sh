#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida doctor: for each finding a machine that has it.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

# finds TEXT STATUS CHECK PATTERN [REMEDY]: the doctor ends with 1 if the level
# is FAIL, with 0 for WARN and OK, says a line of that check that matches, and
# the remedy below it; other checks of the machine find nothing.
finds()
{
	local level=$2 check=$3 pattern=$4 remedy=${5:-} rc=0

	text=$1
	[ "$level" != FAIL ] || rc=1
	ok "$text: status $rc" run_mocked $rc doctor
	ok "$text: $level $check" says "^$level +$check: (0000:[^ ]*: )?$pattern"
	if [ -n "$remedy" ]; then
		ok "$text: remedy" eval 'grep -A1 "^$level *$check: " out | grep -Eq -- "^ +-> .*$remedy"'
	fi
}

# alone CHECK...: nothing else is wrong.
alone()
{
	only=$(echo "$*" | tr ' ' '|')
	ok "$text: nothing else is wrong" eval '! grep -E "^(WARN|FAIL)" out | grep -Ev "^(WARN|FAIL) +($only):"'
}

# The release in an expression.
any=${release//+/.}
healthy
ok 'a healthy machine' run_mocked 0 doctor
ok 'every line is OK' eval '! grep -vE "^(OK   |$|Nothing is wrong\.$)" out'
ok 'it says so' says '^Nothing is wrong\.$'
for c in bus bars driver link aspm msi errors iommu sensors kernel module raw vendor-module secure-boot vendor-rules rule group \
	memlock resources node permissions open dma; do
	ok "it says that $c is all right" says "^OK    $c: "
done
ok 'what it is' says '^OK    bus: 0000:01:00.0: AKD1000, a virtual board$'
ok 'interrupts are counted' says 'interrupt 44, which has come 123 times'
ok '--json' run_mocked 0 doctor --json
ok_json 'JSON: nothing is wrong' '.problems == 0 and .warnings == 0 and ([.findings[].level] | unique == ["ok"])'
ok_json 'JSON: findings name the board' '[.findings[] | select(.board == "0000:01:00.0").check] | contains(["link", "open"])'
ok_json 'JSON: no remedy where nothing is wrong' '[.findings[].remedy] | unique == [null]'
ok_json 'JSON: the kernel' '.kernel == "6.12.48+deb13-amd64"'

# The bus.
gone sys/bus/pci/devices/0000:01:00.0 sys/class/akida
finds 'no board' FAIL bus 'there is no AKD1000 or AKD1500 on the PCI bus' 'pci/rescan'
alone bus
gone sys/bus/pci
finds 'no bus' FAIL bus 'this kernel knows no PCI bus'
healthy
board '' 0000:05:00.0 0xbca7 silicon 0000:00:03.0
finds 'another product' WARN bus '0000:05:00.0 is 1e7c:bca7'
alone bus
healthy
for form in 0000:01:00.0 01:00.0; do
	ok "--pci $form" run_mocked 0 doctor --pci $form
	ok 'it examines that board' says '^OK    link: 0000:01:00.0: '
done
board '' 0000:AB:1f.7 akd1500 silicon 0000:00:03.0
lead sys/bus/pci/devices/0000:ab:1f.7 "../../../../$pci"
ok '--pci in capitals' run_mocked 1 doctor --pci AB:1F.7
ok 'only that one' eval 'says "0000:ab:1f.7" && ! says "0000:01:00.0"'
healthy
ok '--pci of nothing' run_mocked 1 doctor --pci 02:00.0
ok 'it says so' says '^FAIL  bus: there is no PCI function 0000:02:00.0'
put sys/devices/pci0000:00/0000:00:02.0/vendor 0x8086
put sys/devices/pci0000:00/0000:00:02.0/device 0x1234
lead sys/bus/pci/devices/0000:00:02.0 ../../../../sys/devices/pci0000:00/0000:00:02.0
ok '--pci of another device' run_mocked 1 doctor --pci 00:02.0
ok 'it says so' says '^FAIL  bus: 0000:00:02.0 is 8086:1234, neither AKD1000 nor AKD1500'
for v in '' x 01 01:00 /etc ../x; do
	ok "--pci '$v' is wrong usage" fails 2 'is no PCI address' doctor --pci "$v"
done
ok 'an argument' fails 2 'one argument too many' doctor x

# The function.
printf '\377\377\377\377' >"$machine/$pci/config"
finds 'dead link' FAIL answers 'the board does not answer' '/remove'
healthy
sed -i '5s/.*/0x0000000000000000 0x00000000003fffff 0x000000002014220c/' "$machine/$pci/resource"
finds 'a BAR without address' FAIL bars '1 of the 3 BARs' 'Above 4G'
alone bars
for driver in akida-pcie vfio-pci other; do
	healthy
	lead "$pci/driver" "../../../../bus/pci/drivers/$driver"
	gone sys/class/akida
	case $driver in
	akida-pcie) finds 'the vendor holds it' FAIL driver "the vendor's driver \(akida-pcie\)" 'rmmod akida_pcie .* modprobe akida' ;;
	vfio-pci) finds 'a virtual machine holds it' FAIL driver 'another driver \(vfio-pci\)' 'virtual machine' ;;
	*) finds 'another driver holds it' FAIL driver 'another driver \(other\)' 'drivers/other/unbind' ;;
	esac
	alone driver
done
healthy
gone "$pci/driver" sys/class/akida
finds 'probe failed' FAIL driver 'no driver holds the board, although akida.ko is loaded' 'dmesg'
put "$pci/driver_override" vfio-pci
finds 'reserved' FAIL driver "no driver holds the board, which is reserved for 'vfio-pci'" 'driver_override'
put "$pci/driver_override" '(null)'
finds 'not reserved' FAIL driver 'no driver holds the board, although'

healthy
put "$pci/current_link_speed" '2.5 GT/s PCIe'
finds 'a slow link' WARN link 'runs at 2.5 GT/s x1 although board and slot can 5.0 GT/s x1' 'seat the board'
alone link
put "$pci/../max_link_speed" '2.5 GT/s PCIe'
finds 'a slow slot' OK link '2.5 GT/s x1, all that the slot can \(the board can 5.0 GT/s x1\)'
healthy
put "$pci/max_link_width" 2
finds 'a narrow link' WARN link 'runs at 5.0 GT/s x1 although board and slot can 5.0 GT/s x2'
put "$pci/current_link_width" 0
finds 'no link known' OK link 'speed and width are not known'

healthy
config 0x42
finds 'ASPM as root sees it' WARN aspm 'the link saves power' 'l\*_aspm'
alone aspm
head -c 64 "$machine/$pci/config" >c && cat c >"$machine/$pci/config"
finds 'ASPM that a user cannot see' OK aspm "the link's power saving is off"
put "$pci/link/l0s_aspm" 0
put "$pci/link/l1_aspm" 0
finds 'ASPM off, as sysfs says' OK aspm "the link's power saving is off"
put "$pci/link/l1_aspm" 1
finds 'ASPM on, as sysfs says' WARN aspm 'the link saves power'
config 0x40
finds 'configuration space knows better' OK aspm "the link's power saving is off"
# A list of capabilities that goes round and round.
config 0x40
printf '\001\100' | dd of="$machine/$pci/config" bs=1 seek=64 conv=notrunc status=none
finds 'a capability list without end' WARN aspm 'the link saves power'

healthy
gone "$pci/msi_irqs"
finds 'no interrupt' FAIL msi 'the board has no interrupt although its driver holds it' 'another slot'
alone msi
put "$pci/../msi_bus" 0
finds 'a bridge forbids MSI' FAIL msi '.*switched off at 0000:00:02.0' 'tee /sys/devices/pci0000:00/0000:00:02.0/msi_bus'
put proc/cmdline 'ro pci=nomsi quiet'
finds 'the command line forbids MSI' FAIL msi 'the kernel was booted with pci=nomsi'

healthy
put "$pci/aer_dev_correctable" "RxErr 1
BadTLP 2
TOTAL_ERR_COR 3"
finds 'link errors' WARN errors 'PCI Express reported 0 fatal, 0 other and 3 corrected errors' 'risers'
alone errors

healthy
gone "$pci/iommu_group"
finds 'no IOMMU' WARN iommu "no IOMMU confines the board's DMA: whoever may use it is trusted with the machine" 'intel_iommu=on'
alone iommu
healthy
put sys/kernel/iommu_groups/9/type identity
finds 'an IOMMU that does nothing' WARN iommu "the IOMMU lets the board's DMA pass \(group 9, identity\)" 'iommu=nopt'
alone iommu
put sys/kernel/iommu_groups/9/type DMA
finds 'a strict IOMMU' OK iommu "group 9 confines the board's DMA \(DMA\)"

# The module.
unloaded()
{
	healthy
	gone sys/module/akida sys/class/akida "$pci/driver" "$pci/msi_irqs" dev/akida0
}
unloaded
finds 'not loaded' FAIL module "akida.ko is installed for kernel $any, but not loaded$" 'sudo modprobe akida'
alone module driver
put etc/modprobe.d/local.conf '# no boards
blacklist akida_pcie
blacklist akida'
finds 'blacklisted' FAIL module '.*not loaded; it is blacklisted by /etc/modprobe.d/local.conf, line 3' 'take that line away'
put etc/modprobe.d/local.conf 'install akida /bin/false'
finds 'not to be installed' FAIL module '.*it is blacklisted by /etc/modprobe.d/local.conf, line 1'
gone etc/modprobe.d
put proc/cmdline 'ro modprobe.blacklist=nouveau,akida quiet'
finds 'blacklisted at boot' FAIL module ".*it is blacklisted by the kernel's command line"
put proc/cmdline 'ro modprobe.blacklist=akida_pcie quiet akida'
finds 'another module is blacklisted at boot' FAIL module '.*but not loaded$'
unloaded
put lib/modules/$release/modules.dep 'kernel/crypto/cts.ko:'
finds 'depmod is missing' FAIL module "/lib/modules/$any/updates/akida.ko is there, but modprobe does not know it" 'depmod -a'
gone lib/modules/$release/updates
mkdir -p "$machine/lib/modules/6.1.0-37-amd64/updates/dkms"
put lib/modules/6.1.0-37-amd64/updates/dkms/akida.ko.xz x
finds 'of another kernel' FAIL module "akida.ko is installed for kernel 6.1.0-37-amd64, but $any is running" 'make modules'
gone lib/modules/6.1.0-37-amd64 lib/modules/$release/build
finds 'not installed' FAIL module 'akida.ko is neither loaded nor installed' "linux-headers-$any"
gone sys/bus/pci/devices/0000:01:00.0
finds 'not installed, and no board' FAIL bus 'there is no AKD1000'
ok 'the module is not what is wrong' says '^WARN  module: '
healthy
gone lib/modules
finds 'loaded by hand' WARN module 'akida.ko 0.1.0 is loaded, but not installed' 'modules_install'
alone module
healthy
put sys/module/akida/initstate coming
finds 'still loading' WARN module 'akida.ko is being loaded'
healthy
put lib/modules/$release/modules.dep 'updates/akida.ko.zst: kernel/x.ko'
finds 'a compressed module' OK module 'akida.ko 0.1.0 is loaded'
put sys/module/akida/parameters/raw group
finds 'raw=group' WARN raw 'the vendor.s file interface.*open to group akida' 'raw=admin'
alone raw
put sys/module/akida/parameters/raw off
finds 'raw=off' OK raw "the vendor's file interface is off"

# The vendor's driver.
healthy
mkdir -p "$machine/sys/module/akida_pcie"
finds 'its module is loaded' WARN vendor-module "the vendor's driver akida_pcie is loaded" 'rmmod akida_pcie'
alone vendor-module
healthy
mkdir -p "$machine/sys/module/pedd_bc"
finds 'its old module is loaded' WARN vendor-module "the vendor's driver pedd_bc is loaded" 'rmmod pedd_bc'
healthy
echo 'updates/dkms/akida-pcie.ko.xz:' >>"$machine/lib/modules/$release/modules.dep"
finds 'its module is installed' WARN vendor-module ".*installed \(/lib/modules/$any/updates/dkms/akida-pcie.ko.xz\)" 'rm .* depmod -a'
alone vendor-module
mkdir -p "$machine/var/lib/dkms/akida-pcie"
finds 'by DKMS' WARN vendor-module '.*installed' 'dkms remove -m akida-pcie'
put etc/modprobe.d/akida.conf 'blacklist akida-pcie'
finds 'and is blacklisted' OK vendor-module 'no driver of the vendor is in the way'
healthy
put lib/modules/$release/kernel/drivers/akida-pcie.ko x
finds 'its old installation' WARN vendor-module ".*kernel/drivers/akida-pcie.ko"
healthy
put etc/modules 'loop
akida_pcie'
finds 'it is loaded at boot' WARN vendor-module '/etc/modules has the vendor.s driver akida_pcie loaded at boot'
healthy
put etc/modules-load.d/x.conf akida-pcie
finds 'it is loaded at boot by systemd' WARN vendor-module '/etc/modules-load.d/x.conf has'

# What the kernel allows.
secure=sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
healthy
mkdir -p "$machine/${secure%/*}"
bytes 6 0 0 0 0 >"$machine/$secure"
finds 'Secure Boot off' OK secure-boot 'Secure Boot is off, and the kernel takes unsigned modules'
bytes 6 0 0 0 1 >"$machine/$secure"
finds 'Secure Boot on, nothing enforced' OK secure-boot 'Secure Boot is on, and the kernel takes unsigned modules'
put sys/kernel/security/lockdown 'none [integrity] confidentiality'
finds 'lockdown, module loaded' OK secure-boot '.*took akida.ko; under lockdown it refuses the vendor.s file interface'
put sys/kernel/security/lockdown '[none] integrity confidentiality'
finds 'no lockdown' OK secure-boot 'Secure Boot is on, and the kernel takes unsigned modules'
unloaded
mkdir -p "$machine/${secure%/*}"
bytes 6 0 0 0 1 >"$machine/$secure"
put sys/module/module/parameters/sig_enforce Y
finds 'an unsigned module' FAIL secure-boot '.*takes signed modules only, which /lib/modules/.*/akida.ko is not' 'scripts/sign-module'
alone secure-boot module driver
printf 'ELF...~Module signature appended~\n' >"$machine/lib/modules/$release/updates/akida.ko"
ok 'a signed module' run_mocked 1 doctor
ok 'its key may be missing' eval 'says "^WARN  secure-boot: .*akida.ko is signed" && says "mokutil --import /var/lib/dkms/mok.pub"'
put lib/modules/$release/modules.dep 'updates/akida.ko.xz:'
ok 'a compressed module' run_mocked 1 doctor
ok 'nobody knows' says '^WARN  secure-boot: .*whether akida.ko is signed cannot be told'
healthy
put proc/sys/kernel/tainted $((12288 + 128))
finds 'a kernel that died in part' WARN kernel 'since the kernel was booted a part of it died \(oops\)' 'boot again'
alone kernel

# Rights.
for rule in 'KERNEL=="akida[0-9]*", MODE="0666"' 'KERNEL=="akd1500_*", MODE="0666"' \
	'ACTION=="add", SUBSYSTEM=="pci", ATTR{vendor}=="0x1e7c", \
  RUN+="/bin/chmod 666 /sys%p/resource0"'; do
	healthy
	put etc/udev/rules.d/99-akida-pcie.rules "$rule"
	finds "a rule of the vendor" WARN vendor-rules '/etc/udev/rules.d/99-akida-pcie.rules lets every user' 'rm /etc/udev/rules.d/99-akida-pcie.rules'
	alone vendor-rules
done
healthy
put etc/udev/rules.d/99-akida-pcie.rules '# KERNEL=="akida[0-9]*", MODE="0666"
KERNEL=="video*", MODE="0666"'
finds 'rules about other things' OK vendor-rules 'no rule lets every user'
gone usr/lib/udev
finds 'no rule of ours' WARN rule 'no udev rule gives nodes to group akida' 'make install'
alone rule
healthy
put etc/group root:x:0:
finds 'no group' WARN group 'there is no group akida' 'groupadd --system akida'
alone group permissions
healthy
caller 1000 0000000000000000 24
finds 'in the group, but not this session' FAIL permissions 'you may not open /dev/akida0 \(mode 0660, group akida\)'
ok 'in the group, but not this session: group' says '^WARN  group: you were put into group akida, but this session began before'
put etc/group "akida:x:$(id -g):annabel,bo"
finds 'not in the group' FAIL permissions 'you may not open /dev/akida0'
ok 'not in the group: group' says '^WARN  group: you are not in group akida'
ok 'not in the group: remedy' says 'sudo usermod -aG akida \$USER'
caller 0 000001ffffffffff
put etc/group 'akida:x:54321:'
finds 'root' OK group 'you are root and need no group'
healthy
chmod 666 "$machine/dev/akida0"
finds 'an open node' FAIL permissions 'every user may open /dev/akida0 \(mode 0666\)' 'vendor-rules'
alone permissions
healthy
put etc/group 'akida:x:54321:ann'
caller 1000 0000000000000000 54321
ok "a node of another group" run_mocked 0 doctor
ok 'it says so' says '^WARN  permissions: .*/dev/akida0 does not belong to group akida \(mode 0660'
for f in resource0 resource4 enable config; do
	healthy
	chmod o+w "$machine/$pci/$f"
	finds "an open $f" FAIL resources "every user may write /sys/bus/pci/devices/0000:01:00.0/$f" 'chmod o-rw'
	alone resources
done
healthy
gone dev/akida0
finds 'no node' FAIL node '/dev/akida0 is missing' 'udev'
alone node
put "$pci/akida/akida0/dev" 240:7
put dev/akida0 ''
chmod 660 "$machine/dev/akida0"
finds 'a stale node' FAIL node '/dev/akida0 is not the node of this board' 'rm /dev/akida0'
healthy
ok 'a file in place of a node' run 1 doctor
ok 'it says so' says '^FAIL  node: .*/dev/akida0 is not the node'
gone sys/class/akida
finds 'no device' FAIL node 'the driver holds the board but made no device'

export MOCK_AKIDA=open=EACCES
healthy
export MOCK_AKIDA=open=EBUSY
put proc/777/comm vendor-sdk
lead proc/777/fd/5 /dev/akida0
finds 'claimed by another' FAIL open '/dev/akida0: .*another process has claimed the board .*vendor-sdk, process 777'
alone open
export MOCK_AKIDA=fail=0x10,errno=EBUSY
finds 'claimed by another, who lets open it' FAIL dma '/dev/akida0: .*another process has claimed the board .*vendor-sdk, process 777'
alone dma
export MOCK_AKIDA=fail=0x20,errno=ETIMEDOUT
finds 'DMA that does not move' FAIL dma '/dev/akida0: a copy from host memory stopped moving after 0 of 4096 bytes'
alone dma
export MOCK_AKIDA=flip=0x24000002
finds 'memory that does not keep it' FAIL dma 'what was copied to the board came back wrong' 'akida dma-test 0000:01:00.0'
export MOCK_AKIDA=open=ENXIO
finds 'gone' FAIL open '/dev/akida0: .*the board is gone'
healthy

put proc/self/limits 'Max locked memory         65536                65536                bytes'
finds 'little memory to lock' WARN memlock 'you may lock only 64.0 KiB' 'limits.d/akida.conf'
alone memlock
put proc/self/limits 'Max locked memory         unlimited            unlimited            bytes'
finds 'all memory to lock' OK memlock 'you may lock any amount'
put proc/self/limits 'Max locked memory         65536                65536                bytes'
caller 1000 0000000000004000 "$(id -g)"
finds 'CAP_IPC_LOCK' OK memlock 'you may lock any amount'

# Several boards, each with findings of its own.
healthy
board 1 0000:02:00.0 akd1500 silicon 0000:00:03.0
put "$pci/current_link_speed" '2.5 GT/s PCIe'
ok 'two boards' run_mocked 0 doctor
ok 'the first is well' says '^OK    link: 0000:01:00.0'
ok 'the second is slow' says '^WARN  link: 0000:02:00.0: runs at 2.5 GT/s'
ok 'the second is silicon' says '^OK    bus: 0000:02:00.0: AKD1500, silicon'
ok '--json' run_mocked 0 doctor --json
ok_json 'JSON: one warning with a remedy' \
	'.warnings == 1 and ([.findings[] | select(.level == "warn" and .board == "0000:02:00.0" and .check == "link" and .remedy != null)] | length == 1)'

# Files that are not as expected must not harm.
healthy
for f in "$pci/resource" "$pci/config" "$pci/msi_bus" "$pci/aer_dev_fatal" proc/self/status proc/self/limits etc/group \
	etc/passwd lib/modules/$release/modules.dep sys/module/akida/parameters/raw proc/interrupts "$pci/current_link_speed" \
	usr/lib/udev/rules.d/60-akida.rules sys/kernel/iommu_groups/9/type; do
	mkdir -p "$machine/${f%/*}"
	head -c 20000 /dev/urandom >"$machine/$f"
	ok "noise in $f" eval 'run_mocked 0 doctor || run_mocked 1 doctor'
done
finish
