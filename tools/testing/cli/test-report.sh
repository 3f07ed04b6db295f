#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida report: what is in it, and what is not: secrets are planted wherever it
# reads.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091,SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

if ! grep -q 'HAVE_LIBARCHIVE=1' "$BUILD/.flags"; then
	healthy
	ok 'without libarchive it says so' fails 1 'built without libarchive' report
	ok '--list works' run_mocked 0 report --list
	finish
	exit
fi

bridge=sys/devices/pci0000:00/0000:00:02.0
serial=c0ffee1234567890
# Configuration space of 4096 bytes as root reads it, with a serial number at
# 0x100: capability 3, version 1, no next.
serial_config()
{
	head -c 256 "$machine/$pci/config" >c
	{
		cat c
		head -c $((256 - $(stat -c %s c))) /dev/zero
		bytes 0x03 0x00 0x01 0x00 0x90 0x78 0x56 0x34 0x12 0xee 0xff 0xc0
		head -c $((4096 - 256 - 12)) /dev/zero
	} >c2
	mv c2 "$machine/$pci/config"
}

# A machine with what a report is to tell, and with what it must not.
secrets='hunter2|carol|Carola|Geheimrat|kellerkind|c0ffee|C0FFEE|c0-ff-ee|90 78 56 34|deadbeefcafe|52:54:00:ab:cd:ef|/srv/models|topmodel|swordfish|PRIVATE'
plant()
{
	healthy
	serial_config
	put "$pci/../vendor" 0x8086
	put "$pci/../aer_dev_fatal" 'TOTAL_ERR_FATAL 3'
	lead sys/bus/pci/devices/0000:00:02.0 "../../../../$bridge"
	put "$pci/akida/akida0/serial" "$serial"
	put "$pci/akida/akida0/jobs_completed" 4711
	put "$pci/akida/akida0/uevent" 'PRIVATE=1'
	put "$pci/hwmon/hwmon3/temp1_input" 41500
	put etc/passwd 'root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
carol:x:1000:1000:Carola Geheimrat,Room 7:/home/carol:/bin/bash'
	put etc/hostname kellerkind
	put etc/os-release 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
PRIVATE=swordfish'
	put proc/cmdline 'BOOT_IMAGE=/vmlinuz root=UUID=deadbeefcafe pcie_aspm=off nfspassword=hunter2 akida.raw=group quiet systemd.setenv="X=hunter2 akida"'
	put proc/cpuinfo 'processor	: 0
model name	: Cortex-A76
Serial		: deadbeefcafe'
	put proc/meminfo 'MemTotal:       16384 kB
PRIVATE: 1'
	put proc/modules 'akida 262144 0 - Live 0x0000000000000000 (OE)
kellerkind 1 0 - Live 0'
	put sys/class/dmi/id/product_name 'Board Computer 5'
	put sys/class/dmi/id/product_serial deadbeefcafe
	put dev/kmsg "6,100,1500000,-;akida 0000:01:00.0: a board of carol on kellerkind, serial c0-ff-ee-12-34-56-78-90
 SUBSYSTEM=pci
3,101,2500000,-;pcieport 0000:00:02.0: AER: Corrected error received
6,102,2600000,-;eth0: link up 52:54:00:ab:cd:ef
6,103,2700000,-;akida 0000:01:00.0: next to 52:54:00:ab:cd:ef
6,104,2800000,-;Kernel command line: nfspassword=hunter2 akida.raw=group
6,105,2900000,-;login: carol with hunter2"
	put etc/udev/rules.d/99-own.rules '# hunter2
KERNEL=="akida*", ATTR{serial}=="deadbeefcafe", MODE="0666"
KERNEL=="akida*", OWNER="carol", MODE="0660"
KERNEL=="sd*", RUN+="/usr/bin/swordfish"'
	put etc/modprobe.d/own.conf 'options akida raw=admin
options wifi key=hunter2'
	put etc/akida/boards.d/0000:01:00.0.conf '# PRIVATE
[board]
clock_mode = economy
[program]
model = /srv/models/topmodel.fbz
name = topmodel
owner = carol
mode = 710
password hunter2'
	put etc/shadow 'carol:hunter2'
	put proc/self/environ 'SECRET=hunter2'
	put proc/self/cmdline hunter2
	put proc/4711/cmdline hunter2
	put var/lib/dkms/akida/0.1.0/build/make.log 'make: built in /home/carol'
}

# unpack FILE: in x, its names in names.
unpack()
{
	rm -rf x
	mkdir x
	tar -xzf "$1" -C x && tar -tzf "$1" >names && folder=x/$(head -n 1 names | cut -d/ -f1)
}

has()
{
	grep -Eq -- "$2" "$folder/$1"
}

plant
ok 'a report' run_mocked 0 report --output r.tar.gz
ok 'it says what it wrote' says '^r.tar.gz: [0-9]+ files$'
ok 'nobody else may read it' eval '[ "$(stat -c %a r.tar.gz)" = 600 ]'
ok 'nothing else is left' eval '! ls -A | grep -q akida-report'
ok 'it can be unpacked' unpack r.tar.gz
unpack r.tar.gz
ok 'all of it is in one folder' eval '! grep -v ^r/ names'
ok 'in the order of names' eval 'LC_ALL=C sort names | cmp - names'
ok 'nobody owns it' eval 'tar -tvzf r.tar.gz | grep -v " 0/0 " | grep -q . && exit 1; true'

# Secrets, in the files and in the archive's headers.
ok 'nothing secret is in it' eval '! grep -rEa "$secrets" x'
ok 'nor in names and headers' eval '! gzip -dc r.tar.gz | grep -Ea "$secrets"'

# What is to be there.
b=boards/0000:01:00.0
ok 'README.txt' has README.txt 'Serial numbers are left out'
ok 'version' has version.txt '^akida [0-9.]+ \(libakida [0-9.]+\)$'
ok 'doctor' jq -e '.findings | length > 10' "$folder/doctor.json"
ok 'list' jq -e '[.devices[].name] | contains(["/dev/akida0"])' "$folder/list.json"
ok 'the link' has $b/current_link_speed '^5.0 GT/s PCIe$'
ok 'errors' has $b/aer_dev_fatal '^TOTAL_ERR_fatal 0$'
ok 'counters' has $b/akida0/jobs_completed '^4711$'
ok 'sensors' has $b/hwmon3/temp1_input '^41500$'
ok 'driver and group of the IOMMU' eval 'has $b/driver "^akida$" && has $b/iommu_group/number "^9$" && has $b/iommu_group/type "^DMA-FQ$"'
ok 'configuration space' has $b/config.txt '^00: 7c 1e a1 bc '
ok 'all of it' eval '[ "$(wc -l <"$folder/$b/config.txt")" = 257 ]'
ok 'without its serial number' has $b/config.txt '^100: 03 00 01 00 00 00 00 00 00 00 00 00 '
ok 'the bridge' has bridges/0000:00:02.0/aer_dev_fatal '^TOTAL_ERR_FATAL 3$'
ok 'parameters of the module' has module/parameters/raw '^admin$'
ok 'kernel' has system/kernel-release '^6.12.48\+deb13-amd64$'
ok 'distribution' has system/os-release 'trixie'
ok 'machine' has system/machine-product '^Board Computer 5$'
ok 'processor' has system/cpu.txt 'Cortex-A76'
ok 'memory' has system/memory.txt '^MemTotal'
ok 'interrupts' eval 'has system/interrupts.txt "akida$" && ! has system/interrupts.txt rtc0'
ok 'known parameters of the kernel' eval 'diff "$folder/system/cmdline.txt" - <<-END
	pcie_aspm=off
	akida.raw=group
	quiet
	(and 5 others, which are left out)
	END'
ok 'messages' eval '[ "$(wc -l <"$folder/log/kernel.txt")" = 3 ] && has log/kernel.txt "^<3>\[    2.500000\] pcieport 0000:00:02.0: AER: Corrected"'
ok 'their names are replaced' eval 'has log/kernel.txt "a board of <user> on <host>, serial <(serial|address)>$" && has log/kernel.txt "next to <address>$"'
ok 'rules that name boards' eval 'has config/etc/udev/rules.d/99-own.rules "OWNER=\"<user>\"" && [ "$(wc -l <"$folder/config/etc/udev/rules.d/99-own.rules")" = 1 ]'
ok 'options of the module' has config/etc/modprobe.d/own.conf '^options akida raw=admin$'
ok 'settings' eval 'has config/etc/akida/boards.d/0000:01:00.0.conf "^clock_mode = economy$" && has config/etc/akida/boards.d/0000:01:00.0.conf "^model = <[0-9a-f]{8}.fbz>$" &&
	has config/etc/akida/boards.d/0000:01:00.0.conf "^mode = 710$" && has config/etc/akida/boards.d/0000:01:00.0.conf "^<a line that means nothing>$"'
ok 'why the driver was not built' has log/dkms-0.1.0.txt '^make: built in /home/<user>$'

# Serial numbers, when they are wanted.
ok '--serials' eval 'run_mocked 0 report --serials --output s.tar.gz && unpack s.tar.gz && has $b/akida0/serial "^$serial$" && has $b/config.txt "^100: 03 00 01 00 90 78 56 34 12 ee ff c0" &&
	has README.txt "as was asked for"'
ok 'passwords are not' eval 'unpack s.tar.gz && ! grep -rEa "hunter2|swordfish|Geheimrat|carol" x'

# The list is what is written.
ok '--list' run_mocked 0 report --list
ok 'it lists all' eval 'unpack r.tar.gz; sed -n "s/^ *[0-9]*  //p" out >listed; sed "s,^r/,," names | diff listed -'
ok 'it writes nothing' eval '! ls | grep akida-report'
ok 'two of them are the same but for time' eval 'run_mocked 0 report -o r2.tar.gz && unpack r.tar.gz && mv x x1 && unpack r2.tar.gz && cd x1 && find r -type f | sort >../f1 && cd ../x && mv r2 r && find r -type f | sort | diff ../f1 -'
rm -rf x1

# A machine and an account whose names are words of every report.
plant
put etc/hostname debian
put etc/passwd 'akida:x:1000:1000::/home/akida:/bin/sh'
ok 'words stay what they are' eval 'run_mocked 0 report -o words.tar.gz && unpack words.tar.gz && has config/etc/modprobe.d/own.conf "^options akida raw=admin$" && has system/os-release Debian'

# A file that is there stays.
echo old >there.tar.gz
ok 'an existing file' fails_mocked 1 'there.tar.gz: there is such a file already; remove it' report -o there.tar.gz
ok 'it is as it was' eval '[ "$(cat there.tar.gz)" = old ]'
ln -s nowhere dangling.tar.gz
ok 'a link to nowhere' fails_mocked 1 'there is such a file already' report -o dangling.tar.gz
ok 'a folder that is not there' fails_mocked 1 'no/r.tar.gz: it could not be made: No such file' report -o no/r.tar.gz
ok 'a name of its own' eval 'run_mocked 0 report && ls akida-report-[0-9]*-[0-9]*.tar.gz'

# Much more than there should be.
plant
head -c 3000000 /dev/zero | tr '\0' 'x' >"$machine/$pci/akida/akida0/big"
echo end >>"$machine/$pci/akida/akida0/big"
cp "$machine/$pci/akida/akida0/big" "$machine/var/lib/dkms/akida/0.1.0/build/make.log"
for i in $(seq 60); do
	ln "$machine/$pci/akida/akida0/big" "$machine/$pci/akida/akida0/big$i"
done
for i in $(seq 2500); do
	echo "$i"
done | (cd "$machine/$pci/hwmon/hwmon3" && xargs touch)
mkfifo "$machine/$pci/akida/akida0/fifo"
ok 'huge files' run_mocked 0 report -o big.tar.gz
ok 'it is small, also unpacked' eval '[ "$(gzip -dc big.tar.gz | wc -c)" -lt 12000000 ]'
unpack big.tar.gz
ok 'the end of a file is there' eval '[ "$(stat -c %s "$folder/log/dkms-0.1.0.txt")" = 262144 ] && [ "$(tail -c 4 "$folder/log/dkms-0.1.0.txt")" = end ]'
ok 'what matters is there' eval 'has version.txt . && has doctor.json . && has system/cpu.txt .'
ok 'it says what is missing' has README.txt 'the report would become too large$'

# What cannot be read has a name and a reason; the rest is there.
plant
rm "$machine/proc/cmdline"
mkdir "$machine/proc/cmdline"
gone dev/kmsg
lead dev/kmsg kmsg
lead "$pci/akida/akida0/loop" loop
ok 'files that cannot be read' run_mocked 0 report -o missing.tar.gz
unpack missing.tar.gz
ok 'they are named with reasons' eval 'has README.txt "^/proc/cmdline: it is no regular file$" && has README.txt "^/dev/kmsg: Too many levels of symbolic links$"'
ok 'it says how many' says '^2 could not be had; README.txt in it says which and why$'
ok 'the rest is there' has $b/akida0/jobs_completed 4711
if [ "$(id -u)" != 0 ]; then
	plant
	chmod 0 "$machine/dev/kmsg"
	ok 'a log for root' eval 'run_mocked 0 report -o root.tar.gz && unpack root.tar.gz && has README.txt "^/dev/kmsg: only root may read"'
else
	skip 'a log for root' 'this is root'
fi

# No board, no driver, nothing at all.
rm -rf "${machine:?}"
mkdir -p "$machine"
ok 'a machine with nothing' eval 'run_mocked 0 report -o none.tar.gz && unpack none.tar.gz && has README.txt "^/sys/bus/pci/devices: this kernel shows no PCI bus$" && has doctor.json .'
ok '--list with --output' fails 2 'writes nothing' report --list -o x
ok 'an argument' fails 2 "'x' is one argument too many" report x
finish
