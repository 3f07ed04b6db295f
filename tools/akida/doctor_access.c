// SPDX-License-Identifier: GPL-2.0
/*
 * akida doctor: who may use a board.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/sys.h"
#include "doctor.h"
#include "tool.h"

#define GROUP "akida"
#define CAP_DAC_OVERRIDE 1
#define CAP_IPC_LOCK 14
/* Since 5.16 the kernel gives everybody this much to lock. */
#define MEMLOCK_DEFAULT (8ull << 20)
/* Two copies of a page in seconds; a lost interrupt costs a timeout. */
#define DMA_PATIENCE 0.25

static bool capable(const struct doctor *d, int cap)
{
	return d->caller.caps >> cap & 1;
}

static bool in_groups(const struct doctor_caller *c, gid_t gid)
{
	size_t i;

	for (i = 0; i < c->num_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

/* A line of /etc/group: its number, and whether the user stands in it. */
static bool find_group(const struct doctor *d, gid_t *gid, bool *member)
{
	char path[PATH_MAX], *line = NULL, *save, *field[4], *name;
	bool found = false;
	size_t room = 0;
	FILE *f;
	int n;

	*member = false;
	if (ak_sys_path(path, "/etc/group"))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0) {
		char *p = line;

		line[strcspn(line, "\n")] = '\0';
		for (n = 0; n < 4; n++)
			field[n] = strsep(&p, ":");
		if (!field[2] || strcmp(field[0], GROUP))
			continue;
		found = true;
		*gid = (gid_t)strtoul(field[2], NULL, 10);
		for (name = strtok_r(field[3] ? field[3] : line, ",", &save);
		     field[3] && name; name = strtok_r(NULL, ",", &save))
			*member |= *d->caller.name &&
				   !strcmp(name, d->caller.name);
	}
	free(line);
	fclose(f);
	return found;
}

/* ------------------------------------------------------------------ rules */

/* What a rule about boards does. */
struct rule {
	bool open; /* lets everybody in */
	bool ours; /* gives nodes to the group */
};

static struct rule judge(const char *line)
{
	struct rule r = { 0 };

	while (*line == ' ' || *line == '\t')
		line++;
	if (*line == '#' || (!strstr(line, "akida") &&
			     !strstr(line, "akd1500") && !strstr(line, "1e7c")))
		return r;
	r.open = strstr(line, "666") || strstr(line, "777");
	r.ours = strstr(line, "GROUP") && strstr(line, "SUBSYSTEM") && !r.open;
	return r;
}

/* Reads a file of rules; notes it if it lets everybody in. */
static bool read_rules(struct doctor *d, const char *dir, const char *name,
		       bool *ours)
{
	char path[PATH_MAX], *line = NULL, *whole = NULL;
	size_t room = 0, used = 0;
	bool open = false;
	FILE *f;

	if (ak_sys_path(path, "%s/%s", dir, name))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	/* A backslash goes on with the next line. */
	while (getline(&line, &room, f) > 0) {
		size_t n = strcspn(line, "\n");
		bool more = n && line[n - 1] == '\\';
		struct rule r;

		n -= more;
		whole = tool_realloc(whole, used + n + 1, 1);
		memcpy(whole + used, line, n);
		used += n;
		whole[used] = '\0';
		if (more)
			continue;
		r = judge(whole);
		open |= r.open;
		*ours |= r.ours;
		used = 0;
	}
	free(line);
	free(whole);
	fclose(f);
	if (!open)
		return false;
	doctor_find(
		d, DOCTOR_WARN, "vendor-rules",
		"%s/%s lets every user into boards, as the vendor's rule does",
		dir, name);
	doctor_remedy(
		d,
		"'sudo rm %s/%s', then 'sudo udevadm control --reload && sudo udevadm trigger'",
		dir, name);
	return true;
}

static void check_rules(struct doctor *d)
{
	static const char *const dirs[] = { "/etc/udev/rules.d",
					    "/run/udev/rules.d",
					    "/usr/local/lib/udev/rules.d",
					    "/usr/lib/udev/rules.d" };
	bool ours = false, vendor = false;
	struct dirent *e;
	size_t i, n;
	DIR *dir;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		dir = ak_sys_opendir("%s", dirs[i]);
		while (dir && (e = readdir(dir))) {
			n = strlen(e->d_name);
			if (n > 6 && !strcmp(e->d_name + n - 6, ".rules"))
				vendor |= read_rules(d, dirs[i], e->d_name,
						     &ours);
		}
		if (dir)
			closedir(dir);
	}
	if (!vendor)
		doctor_find(d, DOCTOR_OK, "vendor-rules",
			    "no rule lets every user into boards");
	if (ours) {
		doctor_find(d, DOCTOR_OK, "rule",
			    "a udev rule gives nodes to group " GROUP);
		return;
	}
	doctor_find(d, DOCTOR_WARN, "rule",
		    "no udev rule gives nodes to group " GROUP);
	doctor_remedy(
		d,
		"'sudo make install' puts it in place; then 'sudo udevadm control --reload && sudo udevadm trigger'");
}

static void check_group(struct doctor *d)
{
	bool member;
	gid_t gid;

	if (!find_group(d, &gid, &member)) {
		doctor_find(d, DOCTOR_WARN, "group",
			    "there is no group " GROUP " in /etc/group");
		doctor_remedy(
			d,
			"'sudo groupadd --system " GROUP
			"', then 'sudo udevadm control --reload && sudo udevadm trigger'");
		return;
	}
	if (in_groups(&d->caller, gid)) {
		doctor_find(d, DOCTOR_OK, "group", "you are in group " GROUP);
	} else if (member) {
		doctor_find(d, DOCTOR_WARN, "group",
			    "you were put into group " GROUP
			    ", but this session began before");
		doctor_remedy(d, "log out and in, or 'newgrp " GROUP "'");
	} else if (capable(d, CAP_DAC_OVERRIDE)) {
		doctor_find(d, DOCTOR_OK, "group",
			    "you are root and need no group");
	} else {
		doctor_find(d, DOCTOR_WARN, "group",
			    "you are not in group " GROUP);
		doctor_remedy(d, "'sudo usermod -aG " GROUP
				 " $USER', then log out and in");
	}
}

static void check_memlock(struct doctor *d)
{
	char text[8192], *p, value[32] = "";
	unsigned long long bytes;
	char human[32];

	ak_sys_read(text, sizeof(text), "/proc/self/limits");
	p = strstr(text, "Max locked memory");
	if (!p || sscanf(p + strlen("Max locked memory"), "%31s", value) != 1)
		return;
	if (capable(d, CAP_IPC_LOCK) || !strcmp(value, "unlimited")) {
		doctor_find(d, DOCTOR_OK, "memlock",
			    "you may lock any amount of memory");
		return;
	}
	bytes = strtoull(value, NULL, 10);
	host_bytes(bytes, human, sizeof(human));
	if (bytes >= MEMLOCK_DEFAULT) {
		doctor_find(d, DOCTOR_OK, "memlock",
			    "you may lock %s of memory for DMA", human);
		return;
	}
	doctor_find(
		d, DOCTOR_WARN, "memlock",
		"you may lock only %s of memory: larger buffers of a program's own memory are refused",
		human);
	doctor_remedy(
		d,
		"'ulimit -l 8192', or '@" GROUP
		" - memlock 65536' in /etc/security/limits.d/akida.conf and a new login");
}

void doctor_rules(struct doctor *d)
{
	check_rules(d);
	check_group(d);
	check_memlock(d);
}

/* ------------------------------------------------------------------ nodes */

/* Files of the PCI function that rules of the vendor opened to everybody. */
static void check_resources(struct doctor *d, const struct host_pci *f)
{
	static const char *const names[] = { "resource0",    "resource2",
					     "resource4",    "resource0_wc",
					     "resource2_wc", "resource4_wc",
					     "enable",	     "config" };
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (ak_sys_stat(&st, "%s/%s", f->dir, names[i]) ||
		    !(st.st_mode & 0002))
			continue;
		doctor_find(
			d, DOCTOR_FAIL, "resources",
			"every user may write /sys/bus/pci/devices/%s/%s, and so control the board past the driver",
			f->address, names[i]);
		doctor_remedy(
			d,
			"'sudo chmod o-rw /sys/bus/pci/devices/%s/{resource*,enable,config}', and take away the udev rule that does it (see 'vendor-rules')",
			f->address);
		return;
	}
	doctor_find(d, DOCTOR_OK, "resources",
		    "registers are not open to every user");
}

static bool may_open(const struct doctor *d, const struct stat *st)
{
	mode_t bits = st->st_mode & 7;

	if (capable(d, CAP_DAC_OVERRIDE))
		return true;
	if (st->st_uid == d->caller.uid)
		bits = st->st_mode >> 6 & 7;
	else if (in_groups(&d->caller, st->st_gid))
		bits = st->st_mode >> 3 & 7;
	return (bits & 6) == 6;
}

/* Returns whether opening is worth a try. */
static bool check_permissions(struct doctor *d, const char *node,
			      const struct stat *st)
{
	unsigned int mode = st->st_mode & 0777;
	bool member, allowed = may_open(d, st);
	gid_t gid = 0;

	/* Access control lists can say more than the mode does. */
	if (!allowed && !*ak_sys_root())
		allowed = !access(node, R_OK | W_OK);
	if (mode & 0006) {
		doctor_find(d, DOCTOR_FAIL, "permissions",
			    "every user may open %s (mode %04o)", node, mode);
		doctor_remedy(
			d,
			"take away the rule that does it (see 'vendor-rules'), then 'sudo udevadm control --reload && sudo udevadm trigger'");
	} else if (!find_group(d, &gid, &member) || st->st_gid != gid) {
		doctor_find(d, DOCTOR_WARN, "permissions",
			    "%s does not belong to group " GROUP
			    " (mode %04o, group %u)",
			    node, mode, st->st_gid);
		doctor_remedy(
			d,
			"install the rule (see 'rule'), then 'sudo udevadm control --reload && sudo udevadm trigger'");
	} else if (!allowed) {
		doctor_find(d, DOCTOR_FAIL, "permissions",
			    "you may not open %s (mode %04o, group " GROUP ")",
			    node, mode);
		doctor_remedy(d, "see 'group'");
	} else {
		doctor_find(d, DOCTOR_OK, "permissions",
			    "%s is for group " GROUP " (mode %04o)", node,
			    mode);
	}
	return allowed;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* There and back by DMA, which needs the interrupt, too. */
static void check_dma(struct doctor *d, struct akida_board *b,
		      const struct akida_board_info *i)
{
	struct akida_buffer *dev = NULL, *host = NULL;
	struct akida_copy c = { .size = i->page_size };
	uint32_t *data = NULL, sent = 0x5aa5c33c, got = 0;
	double start, took;
	int rc;

	rc = akida_buffer_new(b, AKIDA_MEMORY_DEVICE, c.size, &dev);
	if (!rc)
		rc = akida_buffer_new(b, AKIDA_MEMORY_HOST, c.size, &host);
	if (!rc)
		rc = akida_buffer_map(host, (void **)&data);
	start = seconds();
	if (!rc) {
		data[0] = sent;
		c.dst = dev;
		c.src = host;
		rc = akida_board_copy(b, &c, NULL);
	}
	if (!rc) {
		data[0] = 0;
		c.dst = host;
		c.src = dev;
		rc = akida_board_copy(b, &c, NULL);
	}
	took = seconds() - start;
	if (!rc)
		got = data[0];
	if (rc) {
		doctor_find(d, DOCTOR_FAIL, "dma", "%s", akida_board_error(b));
	} else if (got != sent) {
		doctor_find(d, DOCTOR_FAIL, "dma",
			    "what was copied to the board came back wrong");
		doctor_remedy(d,
			      "'akida dma-test %s' says where, and how often",
			      d->board);
	} else if (took > DMA_PATIENCE) {
		doctor_find(d, DOCTOR_WARN, "dma",
			    "copies took %.1f s, as if interrupts did not come",
			    took);
		doctor_remedy(
			d,
			"the kernel log says more; see 'msi', and try another slot");
	} else {
		doctor_find(d, DOCTOR_OK, "dma", "%u bytes went there and back",
			    i->page_size);
	}
	akida_buffer_free(dev);
	akida_buffer_free(host);
}

static void check_open(struct doctor *d, const char *node)
{
	struct akida_board *b = akida_board_new();
	struct akida_board_info i;
	char size[32];

	if (!b || akida_board_open(b, node) ||
	    akida_board_info(b, &i, sizeof(i))) {
		doctor_find(d, DOCTOR_FAIL, "open", "%s",
			    b ? akida_board_error(b) : "no memory");
		akida_board_free(b);
		return;
	}
	if (i.resets) {
		doctor_find(
			d, DOCTOR_WARN, "open",
			"%s works, but was reset %u times since its driver found it",
			node, i.resets);
		doctor_remedy(
			d,
			"the kernel log says why: 'sudo dmesg | grep -i akida'");
	} else {
		doctor_find(d, DOCTOR_OK, "open",
			    "%s works: %s of memory, interface version %u",
			    node,
			    host_bytes(i.device_memory, size, sizeof(size)),
			    i.abi_version);
	}
	check_dma(d, b, &i);
	akida_board_free(b);
}

void doctor_node(struct doctor *d, const struct host_pci *f)
{
	struct akida_board_desc desc;
	unsigned int major_number, minor_number;
	char dev[32], node[PATH_MAX];
	struct stat st;
	int rc;

	check_resources(d, f);
	if (strcmp(f->driver, "akida"))
		return;
	if (akida_board_find(f->address, &desc, sizeof(desc))) {
		doctor_find(
			d, DOCTOR_FAIL, "node",
			"the driver holds the board but made no device of it");
		doctor_remedy(
			d,
			"the kernel log says why: 'sudo dmesg | grep -i akida'");
		return;
	}
	rc = ak_sys_stat(&st, "%s", desc.node);
	if (rc) {
		doctor_find(d, DOCTOR_FAIL, "node", "%s is missing: %s",
			    desc.node, strerror(-rc));
		doctor_remedy(
			d,
			"start udev (systemd-udevd); a container must be given the node: '--device %s'",
			desc.node);
		return;
	}
	ak_sys_line(dev, sizeof(dev), "/sys/class/akida/akida%u/dev",
		    desc.index);
	if (!S_ISCHR(st.st_mode) ||
	    (sscanf(dev, "%u:%u", &major_number, &minor_number) == 2 &&
	     st.st_rdev != makedev(major_number, minor_number))) {
		doctor_find(d, DOCTOR_FAIL, "node",
			    "%s is not the node of this board", desc.node);
		doctor_remedy(
			d,
			"'sudo rm %s', then 'sudo udevadm trigger'; in a container, start it again",
			desc.node);
		return;
	}
	doctor_find(d, DOCTOR_OK, "node", "%s", desc.node);
	if (ak_sys_path(node, "%s", desc.node))
		return;
	if (check_permissions(d, desc.node, &st))
		check_open(d, desc.node);
}
