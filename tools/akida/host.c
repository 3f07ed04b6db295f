// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pci.h"
#include "common/sys.h"
#include "tool.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

int host_pci_get(const char *address, struct host_pci *f)
{
	char dir[PATH_MAX];

	memset(f, 0, sizeof(*f));
	if (strlen(address) >= sizeof(f->address) || strchr(address, '/') ||
	    ak_sys_real(dir, PCI_DEVICES "/%s", address))
		return -1;
	strcpy(f->address, address);
	f->dir = tool_text("%s", dir);
	ak_sys_link(f->driver, sizeof(f->driver), "%s/driver", dir);
	f->vendor = ak_pci_id(dir, "vendor");
	f->device = ak_pci_id(dir, "device");
	f->chip = ak_pci_chip(f->vendor, f->device);
	f->is_virtual = ak_pci_virtual(ak_pci_id(dir, "subsystem_vendor"),
				       ak_pci_id(dir, "subsystem_device"));
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct host_pci *x = a, *y = b;

	return strcmp(x->address, y->address);
}

int host_pci_list(struct host_pci **list)
{
	DIR *bus = ak_sys_opendir(PCI_DEVICES);
	struct host_pci *found = NULL, f;
	struct dirent *e;
	int n = 0;

	*list = NULL;
	if (!bus)
		return -1;
	while ((e = readdir(bus))) {
		if (e->d_name[0] == '.' || host_pci_get(e->d_name, &f))
			continue;
		if (f.vendor != AK_PCI_VENDOR) {
			free(f.dir);
			continue;
		}
		found = tool_realloc(found, (size_t)n + 1, sizeof(*found));
		found[n++] = f;
	}
	closedir(bus);
	if (n)
		qsort(found, (size_t)n, sizeof(*found), by_address);
	*list = found;
	return n;
}

void host_pci_free(struct host_pci *list, int count)
{
	int i;

	for (i = 0; i < count; i++)
		free(list[i].dir);
	free(list);
}

int host_pci_errors(const char *dir, const char *kind, uint64_t *count)
{
	char text[4096], *p;

	if (ak_sys_read(text, sizeof(text), "%s/aer_dev_%s", dir, kind) < 0)
		return -1;
	p = strstr(text, "TOTAL_ERR_");
	p = p ? strchr(p, ' ') : NULL;
	if (!p)
		return -1;
	*count = strtoull(p, NULL, 10);
	return 0;
}

/* "  44:   17   3  IR-PCI-MSI ...": a count for each processor. */
static uint64_t sum_counts(const char *p)
{
	uint64_t count, sum = 0;
	char *end;

	for (;;) {
		p += strspn(p, " ");
		if (*p < '0' || *p > '9')
			return sum;
		count = strtoull(p, &end, 10);
		/* "8-edge" is no count. */
		if (*end && *end != ' ')
			return sum;
		sum += count;
		p = end;
	}
}

int host_irq_count(uint32_t irq, uint64_t *count)
{
	char path[PATH_MAX], *line = NULL, *end;
	size_t room = 0;
	int rc = -1;
	FILE *f;

	if (ak_sys_path(path, "/proc/interrupts"))
		return -1;
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strtoul(line, &end, 10) != irq || *end != ':')
			continue;
		*count = sum_counts(end + 1);
		rc = 0;
		break;
	}
	free(line);
	fclose(f);
	return rc;
}

const char *host_chip_name(enum akida_target chip)
{
	switch (chip) {
	case AKIDA_TARGET_AKD1000:
		return "AKD1000";
	case AKIDA_TARGET_AKD1500:
		return "AKD1500";
	default:
		return "unknown";
	}
}

char *host_link(uint32_t speed, uint32_t width, char *buf, size_t size)
{
	if (speed && width)
		snprintf(buf, size, "%u.%u GT/s x%u", speed / 1000,
			 speed / 100 % 10, width);
	else
		snprintf(buf, size, "?");
	return buf;
}

char *host_bytes(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double scaled = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, size, "%u B", (unsigned int)bytes);
		return buf;
	}
	/* 1023.95 would be rounded to 1024.0. */
	while (scaled >= 1023.95 && i + 1 < ARRAY_SIZE(units)) {
		scaled /= 1024;
		i++;
	}
	snprintf(buf, size, "%.1f %s", scaled, units[i]);
	return buf;
}
