// SPDX-License-Identifier: GPL-2.0
/*
 * The machine, for a report: of each file only those lines that say something
 * of boards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/sys.h"
#include "common/xxh64.h"
#include "report.h"
#include "term.h"
#include "tool.h"

static void add_buf(struct report *r, struct ak_buf *b, const char *name)
{
	if (b->failed)
		term_die_memory();
	if (b->size)
		report_add(r, (char *)b->data, b->size, "%s", name);
	ak_buf_clear(b);
	*b = (struct ak_buf){ 0 };
}

/* ak_buf_printf() is for short texts. */
static void add_line(struct ak_buf *b, const char *line)
{
	ak_buf_text(b, line);
	ak_buf_text(b, "\n");
}

static bool begins(const char *line, const char *const *list)
{
	for (; *list; list++)
		if (!strncmp(line, *list, strlen(*list)))
			return true;
	return false;
}

static bool has(const char *line, const char *const *list)
{
	for (; *list; list++)
		if (strcasestr(line, *list))
			return true;
	return false;
}

/* Lines of a file that a function keeps. */
static void add_lines(struct report *r, const char *name, const char *path,
		      bool (*keep)(const char *line))
{
	struct ak_buf out = { 0 };
	char *text, *rest, *line;
	size_t size;

	text = report_read(r, path, &size);
	if (!text)
		return;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line && keep(line))
			add_line(&out, line);
	free(text);
	add_buf(r, &out, name);
}

static bool keep_cpu(const char *line)
{
	/* Not the serial number that some have. */
	static const char *const list[] = {
		"processor",	   "vendor_id",	   "model name",  "flags",
		"Features",	   "CPU part",	   "CPU variant", "microcode",
		"CPU implementer", "CPU revision", NULL
	};

	return begins(line, list);
}

static bool keep_memory(const char *line)
{
	static const char *const list[] = { "MemTotal",	    "MemFree",
					    "MemAvailable", "SwapTotal",
					    "CmaTotal",	    "CmaFree",
					    "Hugepagesize", "Unevictable",
					    "Mlocked",	    NULL };

	return begins(line, list);
}

static bool keep_interrupt(const char *line)
{
	static const char *const list[] = { "akida", "CPU0", "pcieport", "AER",
					    NULL };

	return has(line, list);
}

static bool keep_release(const char *line)
{
	static const char *const list[] = { "ID=",	    "ID_LIKE=",
					    "VERSION_ID=",  "VERSION=",
					    "PRETTY_NAME=", NULL };

	return begins(line, list);
}

static bool keep_limit(const char *line)
{
	static const char *const list[] = { "Limit", "Max locked memory",
					    "Max open files", NULL };

	return begins(line, list);
}

static bool keep_akida(const char *line)
{
	static const char *const list[] = { "akida", NULL };

	return has(line, list);
}

/*
 * A kernel's command line may hold passwords (of network boot, of containers'
 * runtimes); so what is not here is left out, name and value.
 */
static void add_cmdline(struct report *r)
{
	static const char *const list[] = { "akida.",
					    "pci=",
					    "pcie_",
					    "pci_",
					    "iommu=",
					    "iommu.",
					    "intel_iommu=",
					    "amd_iommu=",
					    "swiotlb=",
					    "cma=",
					    "hugepages=",
					    "hugepagesz=",
					    "mem=",
					    "maxcpus=",
					    "nr_cpus=",
					    "isolcpus=",
					    "lockdown=",
					    "module.sig_",
					    "modprobe.blacklist=",
					    "nomodeset",
					    "irqpoll",
					    "vfio-pci.",
					    "vfio_iommu_",
					    "preempt=",
					    "mitigations=",
					    "quiet",
					    NULL };
	struct ak_buf out = { 0 };
	char *text, *rest, *word;
	unsigned int others = 0;
	size_t size;

	text = report_read(r, "/proc/cmdline", &size);
	if (!text)
		return;
	/* Quotes hold words together; what has some is left out. */
	for (rest = text; (word = strsep(&rest, " \n"));) {
		if (!*word)
			continue;
		if (begins(word, list) && !strpbrk(word, "\"'"))
			add_line(&out, word);
		else
			others++;
	}
	free(text);
	ak_buf_printf(&out, "(and %u others, which are left out)\n", others);
	add_buf(r, &out, "system/cmdline.txt");
}

/* ------------------------------------------------------------- messages */

static bool keep_message(const char *line)
{
	static const char *const list[] = { "akida",   "pcieport", "AER:",
					    "DMAR",    "AMD-Vi",   "iommu",
					    "swiotlb", NULL };

	/* The kernel logs its command line, too. */
	return has(line, list) && !strcasestr(line, "command line");
}

/* "6,1234,5678901,-;text": level, number, microseconds, flags. */
static void add_record(struct ak_buf *out, char *record)
{
	unsigned long long number, us;
	unsigned int level;
	char *text = strchr(record, ';');

	if (!text || !keep_message(text + 1))
		return;
	text[1 + strcspn(text + 1, "\n")] = '\0';
	if (sscanf(record, "%u,%llu,%llu", &level, &number, &us) != 3)
		return;
	ak_buf_printf(out, "<%u>[%5llu.%06llu] ", level & 7, us / 1000000,
		      us % 1000000);
	add_line(out, text + 1);
}

/* A read gives one message; of a described machine all of them. */
static void add_messages(struct report *r)
{
	char path[PATH_MAX], record[8192], *line, *rest;
	struct ak_buf out = { 0 };
	ssize_t n;
	int fd;

	if (ak_sys_path(path, "/dev/kmsg"))
		return;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		report_miss(
			r,
			errno == EPERM || errno == EACCES ?
				"only root may read the kernel's log here: run this as root to have it in the report" :
				strerror(errno),
			"/dev/kmsg");
		return;
	}
	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		/* Older ones were overwritten meanwhile. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		for (rest = record; (line = strsep(&rest, "\n"));)
			add_record(&out, line);
	}
	if (n < 0 && errno != EAGAIN)
		report_miss(r, strerror(errno), "/dev/kmsg");
	close(fd);
	add_buf(r, &out, "log/kernel.txt");
}

/* --------------------------------------------------- rules, configuration */

/* Files of a folder with an ending, in the order of their names. */
static void each_file(struct report *r, const char *dir, const char *ending,
		      void (*add)(struct report *r, const char *path))
{
	char full[PATH_MAX];
	struct dirent **list = NULL;
	int i, n;

	if (ak_sys_path(full, "%s", dir))
		return;
	n = scandir(full, &list, NULL, alphasort);
	if (n < 0 && errno != ENOENT)
		report_miss(r, strerror(errno), "%s", dir);
	for (i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name), end = strlen(ending);

		if (len > end && !strcmp(list[i]->d_name + len - end, ending)) {
			char *path = tool_text("%s/%s", dir, list[i]->d_name);

			add(r, path);
			free(path);
		}
		free(list[i]);
	}
	free(list);
}

/* One with a serial number says which boards somebody has. */
static bool keep_rule(const char *line)
{
	const char *serial = strcasestr(line, "serial");

	return keep_akida(line) && (!serial || !strstr(serial, "==\"") ||
				    strstr(serial, "==\"?*\""));
}

/* Only rules that name our devices: others are nobody's business. */
static void add_rule(struct report *r, const char *path)
{
	char *name = tool_text("config%s", path);

	add_lines(r, name, path, keep_rule);
	free(name);
}

/* What is not a number of our own is known again, but not shown. */
static void add_value(struct ak_buf *out, const char *key, const char *value)
{
	static const char *const plain[] = { "clock_mode", "power_limit",
					     "mode", NULL };
	const char *dot = strrchr(value, '.');
	size_t i;

	for (i = 0; plain[i]; i++)
		if (!strcmp(key, plain[i]))
			break;
	if (plain[i] && strlen(value) < 16)
		ak_buf_printf(out, "%s = %s\n", key, value);
	else
		ak_buf_printf(out, "%s = <%08x%s>\n", key,
			      (unsigned int)ak_xxh64(value, strlen(value), 0),
			      dot && strlen(dot) < 6 ? dot : "");
}

static char *strip(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

/* As akida.conf(5) has it. */
static void add_conf(struct report *r, const char *path)
{
	static const char *const keys[] = { "clock_mode", "power_limit",
					    "model",	  "name",
					    "owner",	  "group",
					    "mode",	  NULL };
	struct ak_buf out = { 0 };
	char *text, *rest, *line, *key, *name;
	size_t size, i;

	text = report_read(r, path, &size);
	if (!text)
		return;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		line = strip(line);
		if (!*line || *line == '#' || *line == ';')
			continue;
		if (!strcmp(line, "[board]") || !strcmp(line, "[program]")) {
			add_line(&out, line);
			continue;
		}
		key = strip(strsep(&line, "="));
		for (i = 0; keys[i] && strcmp(key, keys[i]); i++)
			;
		if (line && keys[i])
			add_value(&out, key, strip(line));
		else
			ak_buf_text(&out, "<a line that means nothing>\n");
	}
	free(text);
	name = tool_text("config%s", path);
	add_buf(r, &out, name);
	free(name);
}

/* --------------------------------------------------------------- nodes */

static void add_nodes(struct report *r)
{
	struct ak_buf out = { 0 };
	char full[PATH_MAX];
	struct dirent **list = NULL;
	struct stat st;
	int i, n;

	if (ak_sys_path(full, "/dev"))
		return;
	n = scandir(full, &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if ((!strncmp(name, "akida", 5) || !strncmp(name, "akd", 3)) &&
		    !ak_sys_stat(&st, "/dev/%s", name)) {
			ak_buf_text(&out, "/dev/");
			ak_buf_text(&out, name);
			ak_buf_printf(&out, " mode %06o uid %s gid %u\n",
				      st.st_mode, st.st_uid ? "another" : "0",
				      st.st_gid);
		}
		free(list[i]);
	}
	free(list);
	add_buf(r, &out, "system/nodes.txt");
}

/* Why the driver could not be built. */
static void add_dkms(struct report *r)
{
	DIR *d = ak_sys_opendir("/var/lib/dkms/akida");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *name, *path;

		/* Versions; "kernel-..." are links to what was built. */
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		name = tool_text("log/dkms-%s.txt", e->d_name);
		path = tool_text("/var/lib/dkms/akida/%s/build/make.log",
				 e->d_name);
		report_file(r, name, path);
		free(name);
		free(path);
	}
	if (d)
		closedir(d);
}

void report_system(struct report *r)
{
	static const char *const files[][2] = {
		{ "system/kernel-release", "/proc/sys/kernel/osrelease" },
		{ "system/kernel-version", "/proc/sys/kernel/version" },
		{ "system/kernel-arch", "/proc/sys/kernel/arch" },
		{ "system/kernel-tainted", "/proc/sys/kernel/tainted" },
		{ "system/cpus-online", "/sys/devices/system/cpu/online" },
		{ "system/machine-vendor", "/sys/class/dmi/id/sys_vendor" },
		{ "system/machine-product", "/sys/class/dmi/id/product_name" },
		{ "system/mainboard-vendor", "/sys/class/dmi/id/board_vendor" },
		{ "system/mainboard", "/sys/class/dmi/id/board_name" },
		{ "system/firmware-version", "/sys/class/dmi/id/bios_version" },
		{ "system/firmware-date", "/sys/class/dmi/id/bios_date" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		report_file(r, files[i][0], files[i][1]);
	add_lines(r, "system/os-release", "/etc/os-release", keep_release);
	add_lines(r, "system/cpu.txt", "/proc/cpuinfo", keep_cpu);
	add_lines(r, "system/memory.txt", "/proc/meminfo", keep_memory);
	add_lines(r, "system/limits.txt", "/proc/self/limits", keep_limit);
	add_lines(r, "system/interrupts.txt", "/proc/interrupts",
		  keep_interrupt);
	add_lines(r, "system/modules.txt", "/proc/modules", keep_akida);
	add_cmdline(r);
	add_nodes(r);
	add_messages(r);
	add_dkms(r);
	each_file(r, "/etc/udev/rules.d", ".rules", add_rule);
	each_file(r, "/run/udev/rules.d", ".rules", add_rule);
	each_file(r, "/usr/lib/udev/rules.d", ".rules", add_rule);
	each_file(r, "/usr/local/lib/udev/rules.d", ".rules", add_rule);
	each_file(r, "/etc/modprobe.d", ".conf", add_rule);
	each_file(r, "/etc/akida/boards.d", ".conf", add_conf);
}
