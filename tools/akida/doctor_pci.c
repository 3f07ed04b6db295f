// SPDX-License-Identifier: GPL-2.0
/*
 * akida doctor: a board as a PCI function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/pci.h"
#include "common/sys.h"
#include "doctor.h"
#include "tool.h"

#define CONFIG_SIZE 256
#define CAP_PCIE 0x10
#define LINK_CONTROL 0x10
#define IORESOURCE_UNSET 0x20000000ull

static bool bound(const struct host_pci *f)
{
	return !strcmp(f->driver, "akida");
}

static bool check_answers(struct doctor *d, const struct host_pci *f)
{
	uint8_t id[4];
	int n = ak_sys_read(id, sizeof(id), "%s/config", f->dir);

	if (n >= 2 && id[0] == 0xff && id[1] == 0xff) {
		doctor_find(
			d, DOCTOR_FAIL, "answers",
			"the board does not answer: its configuration reads as all ones");
		doctor_remedy(
			d,
			"its link is down or it lost power: 'echo 1 | sudo tee /sys/bus/pci/devices/%s/remove', then 'echo 1 | sudo tee /sys/bus/pci/rescan', or switch the machine off and on",
			f->address);
		return false;
	}
	doctor_find(d, DOCTOR_OK, "bus", "%s, %s", host_chip_name(f->chip),
		    f->is_virtual ? "a virtual board" : "silicon");
	return true;
}

static void check_bars(struct doctor *d, const struct host_pci *f)
{
	unsigned long long start, end, flags;
	char text[4096], *line, *save;
	int n = 0, good = 0;

	if (ak_sys_read(text, sizeof(text), "%s/resource", f->dir) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line && n < 6;
	     line = strtok_r(NULL, "\n", &save), n++) {
		if (n % 2)
			continue;
		good += sscanf(line, "%llx %llx %llx", &start, &end, &flags) ==
				3 &&
			start && end > start && !(flags & IORESOURCE_UNSET);
	}
	if (good == 3) {
		doctor_find(d, DOCTOR_OK, "bars",
			    "BARs 0, 2 and 4 have addresses");
		return;
	}
	doctor_find(d, DOCTOR_FAIL, "bars", "%d of the 3 BARs have no address",
		    3 - good);
	doctor_remedy(
		d,
		"turn on 'Above 4G decoding' in the firmware's setup, or boot with 'pci=realloc'; the kernel log says which window is too small");
}

static void check_driver(struct doctor *d, const struct host_pci *f)
{
	char override[64];

	if (bound(f)) {
		doctor_find(d, DOCTOR_OK, "driver", "akida.ko holds the board");
		return;
	}
	if (!strcmp(f->driver, "akida-pcie")) {
		doctor_find(d, DOCTOR_FAIL, "driver",
			    "the vendor's driver (akida-pcie) holds the board");
		doctor_remedy(
			d,
			"end the programs that use it, then 'sudo rmmod akida_pcie && sudo modprobe akida'; akida.ko has the vendor's file interface, too");
		return;
	}
	if (*f->driver) {
		doctor_find(d, DOCTOR_FAIL, "driver",
			    "another driver (%s) holds the board", f->driver);
		doctor_remedy(
			d,
			"'echo %s | sudo tee /sys/bus/pci/drivers/%s/unbind', then 'echo %s | sudo tee /sys/bus/pci/drivers/akida/bind'%s",
			f->address, f->driver, f->address,
			strcmp(f->driver, "vfio-pci") ?
				"" :
				"; vfio-pci reserves it for a virtual machine or a program of its own");
		return;
	}
	ak_sys_line(override, sizeof(override), "%s/driver_override", f->dir);
	if (*override && strcmp(override, "(null)") &&
	    strcmp(override, "akida")) {
		doctor_find(
			d, DOCTOR_FAIL, "driver",
			"no driver holds the board, which is reserved for '%s' by driver_override",
			override);
		doctor_remedy(
			d,
			"'echo | sudo tee /sys/bus/pci/devices/%s/driver_override', then 'echo %s | sudo tee /sys/bus/pci/drivers_probe'",
			f->address, f->address);
		return;
	}
	doctor_find(d, DOCTOR_FAIL, "driver", "no driver holds the board%s",
		    d->loaded ? ", although akida.ko is loaded" : "");
	if (d->loaded)
		doctor_remedy(
			d,
			"the kernel log says why: 'sudo dmesg | grep -i akida'; 'echo %s | sudo tee /sys/bus/pci/drivers/akida/bind' tries again",
			f->address);
	else
		doctor_remedy(
			d,
			"load akida.ko; see 'module' above if it cannot be loaded");
}

/* ---------------------------------------------------------------- link */

static void check_link(struct doctor *d, const struct host_pci *f)
{
	struct ak_pci_link now = ak_pci_link(f->dir, "current");
	struct ak_pci_link board = ak_pci_link(f->dir, "max");
	struct ak_pci_link best = ak_pci_best_link(f->dir);
	char is[48], can[48], could[48];

	if (!now.speed || !now.width || !board.speed || !board.width) {
		doctor_find(d, DOCTOR_OK, "link",
			    "speed and width are not known to the kernel");
		return;
	}
	host_link(now.speed, now.width, is, sizeof(is));
	host_link(board.speed, board.width, can, sizeof(can));
	host_link(best.speed, best.width, could, sizeof(could));
	if (now.speed < best.speed || now.width < best.width) {
		doctor_find(d, DOCTOR_WARN, "link",
			    "runs at %s although board and slot can %s", is,
			    could);
		doctor_remedy(
			d,
			"seat the board again, without a riser or cable if there is one, and look for a speed limit of the slot in the firmware's setup");
	} else if (now.speed < board.speed || now.width < board.width) {
		doctor_find(d, DOCTOR_OK, "link",
			    "%s, all that the slot can (the board can %s)", is,
			    can);
	} else {
		doctor_find(d, DOCTOR_OK, "link", "%s, all that the board can",
			    is);
	}
}

/* ---------------------------------------------------------------- ASPM */

/*
 * Link Control of the PCI Express capability, -1 if it cannot be read: users
 * other than root see the first 64 bytes of configuration space only.
 */
static int link_control(const struct host_pci *f)
{
	uint8_t c[CONFIG_SIZE + 1];
	int n = ak_sys_read(c, sizeof(c), "%s/config", f->dir);
	int at, hops;

	if (n < 64)
		return -1;
	at = c[0x34] & ~3;
	for (hops = 0; hops < 48 && at >= 64; hops++) {
		if (at + LINK_CONTROL + 2 > n)
			return -1;
		if (c[at] == CAP_PCIE)
			return c[at + LINK_CONTROL] | c[at + LINK_CONTROL + 1]
							      << 8;
		at = c[at + 1] & ~3;
	}
	return -1;
}

static void check_aspm(struct doctor *d, const struct host_pci *f)
{
	static const char *const states[] = { "l0s_aspm", "l1_aspm",
					      "l1_1_aspm", "l1_2_aspm" };
	int control = link_control(f);
	bool on = control >= 0 && control & 3, known = control >= 0;
	int64_t value;
	size_t i;

	for (i = 0; !known && i < ARRAY_SIZE(states); i++)
		if (!ak_sys_number(&value, "%s/link/%s", f->dir, states[i]))
			on |= value != 0;
	if (!on) {
		doctor_find(d, DOCTOR_OK, "aspm",
			    "the link's power saving is off");
		return;
	}
	doctor_find(
		d, DOCTOR_WARN, "aspm",
		"the link saves power (ASPM), with which boards are known to stop answering%s",
		bound(f) ?
			"; something turned it on after the driver turned it off" :
			"");
	if (bound(f))
		doctor_remedy(
			d,
			"'echo 0 | sudo tee /sys/bus/pci/devices/%s/link/l*_aspm', or boot with 'pcie_aspm=off'",
			f->address);
	else
		doctor_remedy(
			d,
			"akida.ko turns it off when it gets the board; if it cannot, boot with 'pcie_aspm=off'");
}

/* ------------------------------------------------- interrupts, errors */

static bool on_command_line(const char *word)
{
	char text[4096], *p, *save;

	ak_sys_read(text, sizeof(text), "/proc/cmdline");
	for (p = strtok_r(text, " \n", &save); p;
	     p = strtok_r(NULL, " \n", &save))
		if (!strcmp(p, word))
			return true;
	return false;
}

static int first_irq(const struct host_pci *f)
{
	DIR *irqs = ak_sys_opendir("%s/msi_irqs", f->dir);
	struct dirent *e;
	int irq = -1;

	if (!irqs)
		return -1;
	while (irq < 0 && (e = readdir(irqs)))
		irq = ak_sys_index(e->d_name, "");
	closedir(irqs);
	return irq;
}

static void check_msi(struct doctor *d, const struct host_pci *f)
{
	int irq = first_irq(f);
	char dir[PATH_MAX];
	uint64_t count;
	int64_t allowed;

	if (irq >= 0) {
		if (host_irq_count((uint32_t)irq, &count))
			count = 0;
		doctor_find(d, DOCTOR_OK, "msi",
			    "interrupt %d, which has come %llu times", irq,
			    (unsigned long long)count);
		return;
	}
	if (on_command_line("pci=nomsi")) {
		doctor_find(d, DOCTOR_FAIL, "msi",
			    "the kernel was booted with pci=nomsi");
		doctor_remedy(
			d,
			"take it from the kernel's command line: boards have no other interrupts");
		return;
	}
	/* Bridges on the way may forbid it. */
	snprintf(dir, sizeof(dir), "%s", f->dir);
	while (strlen(dir) > strlen("/sys/devices")) {
		if (!ak_sys_number(&allowed, "%s/msi_bus", dir) && !allowed) {
			doctor_find(
				d, DOCTOR_FAIL, "msi",
				"message signalled interrupts are switched off at %s",
				strrchr(dir, '/') + 1);
			doctor_remedy(d, "'echo 1 | sudo tee %s/msi_bus'", dir);
			return;
		}
		*strrchr(dir, '/') = '\0';
	}
	if (!bound(f)) {
		doctor_find(d, DOCTOR_OK, "msi",
			    "no interrupt yet: it comes with the driver");
		return;
	}
	doctor_find(d, DOCTOR_FAIL, "msi",
		    "the board has no interrupt although its driver holds it");
	doctor_remedy(
		d,
		"the kernel log says why; on some hosts a switch or bridge leaves too few: put the board into another slot");
}

static unsigned long long total_errors(const struct host_pci *f,
				       const char *kind)
{
	uint64_t count;

	return host_pci_errors(f->dir, kind, &count) ? 0 : count;
}

static void check_errors(struct doctor *d, const struct host_pci *f)
{
	unsigned long long fatal = total_errors(f, "fatal");
	unsigned long long nonfatal = total_errors(f, "nonfatal");
	unsigned long long corrected = total_errors(f, "correctable");

	if (!fatal && !nonfatal && !corrected) {
		doctor_find(d, DOCTOR_OK, "errors",
			    "no link errors were reported");
		return;
	}
	doctor_find(
		d, DOCTOR_WARN, "errors",
		"PCI Express reported %llu fatal, %llu other and %llu corrected errors since boot",
		fatal, nonfatal, corrected);
	doctor_remedy(
		d,
		"the kernel log names them; corrected ones come from bad contact, risers and cables: seat the board again");
}

/* ---------------------------------------------------------------- IOMMU */

static void check_iommu(struct doctor *d, const struct host_pci *f)
{
	char type[32], group[32];

	if (ak_sys_link(group, sizeof(group), "%s/iommu_group", f->dir)) {
		doctor_find(
			d, DOCTOR_WARN, "iommu",
			"no IOMMU confines the board's DMA: whoever may use it is trusted with the machine");
		doctor_remedy(
			d,
			"turn the IOMMU on in the firmware's setup (VT-d, AMD-Vi, SMMU), and on Intel boot with 'intel_iommu=on'; else let only trusted users into group akida");
		return;
	}
	ak_sys_line(type, sizeof(type), "%s/iommu_group/type", f->dir);
	if (!strncmp(type, "DMA", 3)) {
		doctor_find(d, DOCTOR_OK, "iommu",
			    "group %s confines the board's DMA (%s)", group,
			    type);
		return;
	}
	doctor_find(
		d, DOCTOR_WARN, "iommu",
		"the IOMMU lets the board's DMA pass (group %s, %s): whoever may use it is trusted with the machine",
		group, *type ? type : "of unknown type");
	doctor_remedy(
		d,
		"boot with 'iommu=nopt' or without 'iommu=pt'; else let only trusted users into group akida");
}

/* That they are not there is nothing wrong, but people look for them. */
static void check_sensors(struct doctor *d, const struct host_pci *f)
{
	struct stat st;

	if (!bound(f))
		return;
	if (!ak_sys_stat(&st, "%s/hwmon", f->dir))
		doctor_find(d, DOCTOR_OK, "sensors",
			    "'akida power' and sensors(1) show what they tell");
	else if (!f->is_virtual)
		doctor_find(
			d, DOCTOR_OK, "sensors",
			"no hwmon attributes and no clock_mode: how the sensor and the clock of silicon are reached is not public, and the driver does not guess");
	else
		doctor_find(
			d, DOCTOR_OK, "sensors",
			"none: this virtual board was made without them (akida-board --without), or the kernel has no hwmon");
}

void doctor_pci(struct doctor *d, const struct host_pci *f)
{
	if (!check_answers(d, f))
		return;
	check_bars(d, f);
	check_driver(d, f);
	check_link(d, f);
	check_aspm(d, f);
	check_msi(d, f);
	check_errors(d, f);
	check_iommu(d, f);
	check_sensors(d, f);
}
