// SPDX-License-Identifier: GPL-2.0
/*
 * akida info BOARD.
 */
#include "info_board.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sys.h"
#include "host.h"
#include "table.h"
#include "term.h"
#include "tool.h"

#define MAX_USERS 256
#define MAX_PROGRAMS 64

/* All that is known. */
struct board {
	struct akida_board_desc desc;
	struct akida_board_info info;
	char *error; /* why it cannot be opened, NULL if it can */
	char version[32];
	struct akida_board_user users[MAX_USERS];
	int num_users;
	struct akida_named_program programs[MAX_PROGRAMS];
	unsigned int num_programs;
};

bool info_is_board(const char *arg)
{
	struct akida_board_desc d;

	if (*arg == '/')
		return !strncmp(arg, "/dev/ak", 7);
	return akida_board_find(arg, &d, sizeof(d)) != -EINVAL;
}

static void look(struct board *s, const char *name)
{
	struct akida_board *b = akida_board_new();

	if (!b)
		term_die_memory();
	/* Before it is opened here. */
	s->num_users = akida_board_users(&s->desc, s->users, MAX_USERS);
	ak_sys_line(s->version, sizeof(s->version), "/sys/module/%s/version",
		    s->desc.driver);
	if (akida_board_open(b, name) ||
	    akida_board_info(b, &s->info, sizeof(s->info)))
		s->error = tool_text("%s", akida_board_error(b));
	/* A driver that keeps no programs has none. */
	while (!s->error && s->num_programs < MAX_PROGRAMS &&
	       !akida_board_program(b, s->num_programs,
				    &s->programs[s->num_programs],
				    sizeof(s->programs[0])))
		s->num_programs++;
	akida_board_free(b);
}

/* "BC.A1.003.009", as the vendor's tools write it. */
static char *version_text(uint32_t v, char *buf, size_t size)
{
	snprintf(buf, size, "%02X.%02X.%03u.%03u", v >> 24, v >> 16 & 0xff,
		 v >> 8 & 0xff, v & 0xff);
	return buf;
}

static bool translates(const struct akida_board_desc *d)
{
	return !strncmp(d->iommu_type, "DMA", 3);
}

/* ------------------------------------------------------------------ JSON */

static json_t *hex_id(uint16_t id)
{
	char text[8];

	snprintf(text, sizeof(text), "%04x", id);
	return json_text(text);
}

static json_t *link_json(uint32_t speed, uint32_t width)
{
	json_t *o = json_object();

	json_put(o, "gt_per_s",
		 speed ? json_number(speed / 1000.0) : json_null());
	json_put(o, "width", width ? json_integer(width) : json_null());
	return o;
}

const char *info_board_kind(const struct akida_board_desc *d)
{
	/* A node that this user may not open, without sysfs. */
	if (!d->chip && !*d->pci_address)
		return "unknown";
	return d->is_virtual ? "virtual" : "silicon";
}

static json_t *pci_json(const struct akida_board_desc *d)
{
	json_t *p;

	if (!*d->pci_address)
		return json_null();
	p = json_object();
	json_put(p, "address", json_text(d->pci_address));
	json_put(p, "vendor", hex_id(d->pci_vendor));
	json_put(p, "device", hex_id(d->pci_device));
	json_put(p, "subsystem_vendor", hex_id(d->pci_subvendor));
	json_put(p, "subsystem_device", hex_id(d->pci_subdevice));
	json_put(p, "link", link_json(d->link_speed, d->link_width));
	json_put(p, "link_max",
		 link_json(d->link_speed_max, d->link_width_max));
	json_put(p, "numa_node",
		 d->numa_node < 0 ? json_null() : json_integer(d->numa_node));
	return p;
}

json_t *info_board_json(const struct akida_board_desc *d)
{
	json_t *o = json_object(), *p;

	json_put(o, "index", json_integer(d->index));
	json_put(o, "node", json_text(d->node));
	json_put(o, "chip",
		 d->chip ? json_text(akida_target_name(d->chip)) : json_null());
	json_put(o, "virtual",
		 d->chip || *d->pci_address ? json_boolean(d->is_virtual) :
					      json_null());
	json_put(o, "pci", pci_json(d));
	p = json_null();
	if (d->iommu_group >= 0) {
		p = json_object();
		json_put(p, "group", json_integer(d->iommu_group));
		json_put(p, "type", json_text(d->iommu_type));
		json_put(p, "translates", json_boolean(translates(d)));
	}
	json_put(o, "iommu", p);
	json_put(o, "driver", json_text(d->driver));
	return o;
}

static json_t *irqs_json(const struct akida_board_desc *d)
{
	json_t *list = json_array(), *o;
	uint64_t count;

	if (d->num_irqs) {
		o = json_object();
		json_put(o, "number", json_integer(d->irq));
		json_put(o, "count",
			 host_irq_count(d->irq, &count) ?
				 json_null() :
				 json_integer((json_int_t)count));
		json_add(list, o);
	}
	return list;
}

static json_t *users_json(const struct board *s)
{
	json_t *list = json_array(), *o;
	int i;

	for (i = 0; i < s->num_users && i < MAX_USERS; i++) {
		o = json_object();
		json_put(o, "pid", json_integer(s->users[i].pid));
		json_put(o, "uid", json_integer(s->users[i].uid));
		json_put(o, "command", json_text(s->users[i].comm));
		json_put(o, "files", json_integer(s->users[i].files));
		json_add(list, o);
	}
	return list;
}

static json_t *programs_json(const struct board *s)
{
	json_t *list = json_array(), *o;
	unsigned int i;
	char mode[8];

	for (i = 0; i < s->num_programs; i++) {
		const struct akida_named_program *p = &s->programs[i];

		o = json_object();
		snprintf(mode, sizeof(mode), "%04o", p->mode & 0777);
		json_put(o, "name", json_text(p->name));
		json_put(o, "id", json_integer((json_int_t)p->id));
		json_put(o, "uid", json_integer(p->uid));
		json_put(o, "gid", json_integer(p->gid));
		json_put(o, "mode", json_text(mode));
		json_put(o, "may_run",
			 json_boolean(p->rights & AKIDA_OPEN_RUN));
		json_put(o, "may_change",
			 json_boolean(p->rights & AKIDA_OPEN_WRITE));
		json_put(o, "input_shape", json_shape(&p->input));
		json_put(o, "bytes", json_integer(p->data_size));
		json_put(o, "tracks", json_integer(p->num_tracks));
		json_put(o, "passes", json_integer(p->num_passes));
		json_put(o, "jobs", json_integer((json_int_t)p->jobs));
		json_put(o, "open", json_integer(p->handles));
		json_put(o, "since", json_number((double)p->since / 1e9));
		json_add(list, o);
	}
	return list;
}

static json_t *memory_json(uint64_t size, uint64_t left)
{
	json_t *o = json_object();

	json_put(o, "size", json_integer((json_int_t)size));
	json_put(o, "free", json_integer((json_int_t)left));
	return o;
}

static void put_info(json_t *o, const struct akida_board_info *i)
{
	const char *name = akida_ip_version_name(i->ip_version);
	json_t *p = json_object();
	char text[32];

	json_put(o, "abi_version", json_integer(i->abi_version));
	json_put(p, "value", json_integer(i->ip_version));
	json_put(p, "text",
		 json_text(version_text(i->ip_version, text, sizeof(text))));
	json_put(p, "product", json_text(name));
	json_put(o, "ip_version", p);
	p = memory_json(i->device_memory, i->device_free);
	json_put(p, "largest_free",
		 json_integer((json_int_t)i->device_largest));
	json_put(p, "mappable",
		 json_boolean(i->caps & AKIDA_BOARD_MAPS_DEVICE));
	json_put(o, "memory", p);
	p = json_null();
	if (i->caps & AKIDA_BOARD_WINDOW) {
		p = memory_json(i->window_size, i->window_free);
		json_put(p, "regions", json_integer(i->window_regions));
	}
	json_put(o, "window", p);
	p = json_object();
	json_put(p, "channels", json_integer(i->dma_channels));
	json_put(p, "list_elements", json_integer(i->list_elements));
	json_put(p, "long_lists",
		 json_boolean(i->caps & AKIDA_BOARD_LONG_LISTS));
	json_put(p, "align", json_integer(i->align));
	json_put(p, "coherent", json_boolean(i->caps & AKIDA_BOARD_COHERENT));
	json_put(p, "confined", json_boolean(i->caps & AKIDA_BOARD_IOMMU));
	json_put(o, "dma", p);
	json_put(o, "resets", json_integer(i->resets));
	/* Without this program's own. */
	json_put(o, "open_files", json_integer(i->users - 1));
}

static void print_json(const struct board *s)
{
	json_t *o = info_board_json(&s->desc);

	json_put(o, "driver_version",
		 *s->version ? json_text(s->version) : json_null());
	json_put(o, "interrupts", irqs_json(&s->desc));
	json_put(o, "users", users_json(s));
	json_put(o, "error", json_text(s->error));
	if (!s->error) {
		put_info(o, &s->info);
		json_put(o, "programs", programs_json(s));
	}
	json_print(o);
}

/* ------------------------------------------------------------------ text */

static void __attribute__((format(printf, 2, 3)))
row(const char *head, const char *fmt, ...)
{
	va_list ap;

	printf("%-12s", head);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void print_irqs(const struct akida_board_desc *d)
{
	uint64_t count;

	if (!d->num_irqs)
		row("Interrupt", "none");
	else if (host_irq_count(d->irq, &count))
		row("Interrupt", "%u", d->irq);
	else
		row("Interrupt", "%u, came %llu times", d->irq,
		    (unsigned long long)count);
}

static void print_desc(const struct board *s)
{
	const struct akida_board_desc *d = &s->desc;
	char now[48], best[48], numa[32] = "";

	row("Board", "%s: %s, %s", d->node, host_chip_name(d->chip),
	    info_board_kind(d));
	if (!*d->pci_address) {
		row("PCI", "not known: there is no /sys here");
		return;
	}
	if (d->numa_node >= 0)
		snprintf(numa, sizeof(numa), ", NUMA node %d", d->numa_node);
	row("PCI", "%s, id %04x:%04x, subsystem %04x:%04x%s", d->pci_address,
	    d->pci_vendor, d->pci_device, d->pci_subvendor, d->pci_subdevice,
	    numa);
	row("Link", "%s of at most %s",
	    host_link(d->link_speed, d->link_width, now, sizeof(now)),
	    host_link(d->link_speed_max, d->link_width_max, best,
		      sizeof(best)));
	row("Driver", "%s%s%s", *d->driver ? d->driver : "none",
	    *s->version ? " " : "", s->version);
	print_irqs(d);
	if (d->iommu_group < 0)
		row("IOMMU", "none");
	else
		row("IOMMU", "group %d, %s: %s", d->iommu_group, d->iommu_type,
		    translates(d) ? "translates" : "does not translate");
}

static void print_info(const struct akida_board_info *i)
{
	const char *name = akida_ip_version_name(i->ip_version);
	char a[32], b[32], c[32];

	if (i->ip_version)
		row("IP version", "%s (%s)",
		    version_text(i->ip_version, a, sizeof(a)),
		    name ? name : "not a known product");
	else
		row("IP version", "reads as 0%s",
		    i->chip == AKIDA_TARGET_AKD1000 ?
			    ", as it does on an AKD1000" :
			    "");
	row("Interface", "version %u", i->abi_version);
	row("Memory", "%s, %s free, %s in one piece; %s",
	    host_bytes(i->device_memory, a, sizeof(a)),
	    host_bytes(i->device_free, b, sizeof(b)),
	    host_bytes(i->device_largest, c, sizeof(c)),
	    i->caps & AKIDA_BOARD_MAPS_DEVICE ? "the processor can map it" :
						"the processor cannot map it");
	if (i->caps & AKIDA_BOARD_WINDOW)
		row("Window", "%s, %s free, %u regions",
		    host_bytes(i->window_size, a, sizeof(a)),
		    host_bytes(i->window_free, b, sizeof(b)),
		    i->window_regions);
	row("DMA", "%u channels each way, lists of %u, %u-byte units, %s, %s",
	    i->dma_channels, i->list_elements, i->align,
	    i->caps & AKIDA_BOARD_COHERENT ? "coherent" : "not coherent",
	    i->caps & AKIDA_BOARD_IOMMU ? "confined by the IOMMU" :
					  "not confined");
	row("Resets", "%u", i->resets);
}

static void user_cell(struct table *t, uint32_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		table_cell(t, "%s", pw->pw_name);
	else
		table_cell(t, "%u", uid);
}

static void print_programs(const struct board *s)
{
	static const char *const heads[] = { "Program", "Owner", "Mode",
					     "Input",	">Size", ">Jobs",
					     ">Open",	NULL };
	struct table *t;
	unsigned int i;
	char size[32];

	if (s->error || !s->num_programs)
		return;
	row("Programs", "%u", s->num_programs);
	t = table_new(heads);
	for (i = 0; i < s->num_programs; i++) {
		const struct akida_named_program *p = &s->programs[i];

		table_cell(t, "%s", p->name);
		user_cell(t, p->uid);
		table_cell(t, "%04o", p->mode & 0777);
		table_cell(t, "%ux%ux%u", p->input.height, p->input.width,
			   p->input.channels);
		table_cell(t, "%s",
			   host_bytes(p->data_size, size, sizeof(size)));
		table_cell(t, "%llu", (unsigned long long)p->jobs);
		table_cell(t, "%u", p->handles);
	}
	table_print(t, 2);
}

static void print_users(const struct board *s)
{
	static const char *const heads[] = { ">Process", "User", ">Files",
					     "Command", NULL };
	unsigned int seen = 0;
	struct table *t;
	int i;

	for (i = 0; i < s->num_users && i < MAX_USERS; i++)
		seen += s->users[i].files;
	if (s->error)
		row("Users", "%u open files can be seen", seen);
	else if (s->info.users - 1 > seen)
		row("Users",
		    "%u open files; %u of them in processes that only root can see",
		    s->info.users - 1, s->info.users - 1 - seen);
	else
		row("Users", "%u open files", s->info.users - 1);
	if (!seen)
		return;
	t = table_new(heads);
	for (i = 0; i < s->num_users && i < MAX_USERS; i++) {
		table_cell(t, "%d", s->users[i].pid);
		user_cell(t, s->users[i].uid);
		table_cell(t, "%u", s->users[i].files);
		table_cell(t, "%s", s->users[i].comm);
	}
	table_print(t, 2);
}

int info_board(const char *name, bool json)
{
	struct board *s = tool_alloc(1, sizeof(*s));
	struct akida_board *b;
	int ret = TOOL_OK;

	if (akida_board_find(name, &s->desc, sizeof(s->desc))) {
		/* Opening says best what is wrong. */
		b = akida_board_new();
		if (!b)
			term_die_memory();
		if (akida_board_open(b, name))
			term_error("%s", akida_board_error(b));
		else
			term_error("%s: this board is not in /sys/class/akida",
				   name);
		akida_board_free(b);
		free(s);
		return TOOL_FAILED;
	}
	look(s, name);
	if (json) {
		print_json(s);
	} else {
		print_desc(s);
		if (!s->error)
			print_info(&s->info);
		print_programs(s);
		print_users(s);
	}
	if (s->error) {
		term_error("%s", s->error);
		ret = TOOL_FAILED;
	}
	free(s->error);
	free(s);
	return ret;
}
