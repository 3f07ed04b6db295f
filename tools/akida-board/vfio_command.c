// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of the vfio-user protocol. Structures are those of
 * <linux/vfio.h>; each is copied out of the message after its size was checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <linux/vfio.h>

#include "board.h"
#include "util.h"
#include "vfio_command.h"

#define VERSION_MAJOR 0
#define VERSION_MINOR 1
#define REGION_CONFIG VFIO_PCI_CONFIG_REGION_INDEX
/* Where BAR4 leads once the driver has set up the iATU as all drivers do. */
#define BAR4_TARGET 0x20000000

struct version {
	uint16_t major, minor;
};

struct dma_map {
	uint32_t argsz, flags;
	uint64_t offset, iova, size;
};

struct dma_unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

struct region_access {
	uint64_t offset;
	uint32_t region, count;
};

/* Room for size bytes of reply, zeroed; sets r->err without memory. */
static void *make_reply(struct vu_reply *r, size_t size)
{
	r->data = calloc(1, size);
	if (!r->data) {
		r->err = -ENOMEM;
		return NULL;
	}
	r->size = size;
	return r->data;
}

/* A reply that says what the request said. */
static void echo(struct vu_reply *r, const void *data, size_t size)
{
	if (make_reply(r, size))
		memcpy(r->data, data, size);
}

/* The client's limit for data, from its capabilities. */
static int parse_capabilities(struct board *b, const char *text, size_t len)
{
	json_t *root, *caps, *max;
	int err = -EINVAL;

	if (!len)
		return 0;
	if (text[len - 1])
		return -EINVAL;
	root = json_loads(text, 0, NULL);
	if (!root)
		return -EINVAL;
	caps = json_object_get(root, "capabilities");
	max = json_object_get(caps, "max_data_xfer_size");
	if (!json_is_object(root) || (caps && !json_is_object(caps)))
		goto out;
	if (max) {
		json_int_t v = json_integer_value(max);

		if (!json_is_integer(max) || v <= 0)
			goto out;
		if (v < b->server.max_data)
			b->server.max_data = v;
	}
	err = 0;
out:
	json_decref(root);
	return err;
}

static void cmd_version(struct board *b, const uint8_t *body, size_t size,
			struct vu_reply *r)
{
	struct version v;
	json_t *caps;
	char *text;
	size_t len;

	/* Whoever gets this wrong will not get the rest right. */
	r->hang_up = true;
	r->err = -EINVAL;
	if (size < sizeof(v) || b->server.greeted)
		return;
	memcpy(&v, body, sizeof(v));
	if (v.major != VERSION_MAJOR)
		return;
	r->err = parse_capabilities(b, (const char *)body + sizeof(v),
				    size - sizeof(v));
	if (r->err)
		return;
	if (v.minor > VERSION_MINOR)
		v.minor = VERSION_MINOR;
	caps = json_pack("{s:{s:i, s:i}}", "capabilities", "max_msg_fds",
			 VFIO_USER_MAX_FDS, "max_data_xfer_size",
			 VFIO_USER_MAX_DATA);
	text = caps ? json_dumps(caps, JSON_COMPACT) : NULL;
	json_decref(caps);
	if (!text) {
		r->err = -ENOMEM;
		return;
	}
	len = strlen(text) + 1;
	if (make_reply(r, sizeof(v) + len)) {
		memcpy(r->data, &v, sizeof(v));
		memcpy(r->data + sizeof(v), text, len);
		b->server.greeted = true;
		r->hang_up = false;
	}
	free(text);
}

static void cmd_dma_map(struct board *b, const uint8_t *body, size_t size,
			struct vu_reply *r)
{
	struct server *s = &b->server;
	struct dma_map m;
	int fd = -1;

	r->err = -EINVAL;
	if (size < sizeof(m) || s->num_fds > 1)
		return;
	memcpy(&m, body, sizeof(m));
	if (m.argsz < sizeof(m) || (m.flags & ~(HOST_READ | HOST_WRITE)))
		return;
	if (s->num_fds) {
		fd = s->fds[0];
		s->num_fds = 0;
	}
	r->err = host_map(b, m.iova, m.size, m.flags, fd, m.offset);
	trace(b, "map 0x%llx +0x%llx flags %u%s: %s",
	      (unsigned long long)m.iova, (unsigned long long)m.size, m.flags,
	      fd < 0 ? ", by message" : "", strerror(-r->err));
}

static void cmd_dma_unmap(struct board *b, const uint8_t *body, size_t size,
			  struct vu_reply *r)
{
	struct dma_unmap u;

	r->err = -EINVAL;
	if (size < sizeof(u))
		return;
	memcpy(&u, body, sizeof(u));
	if (u.argsz < sizeof(u) || (u.flags & ~VFIO_DMA_UNMAP_FLAG_ALL))
		return;
	if (u.flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (u.iova || u.size)
			return;
		host_unmap_all(b);
	} else if (host_unmap(b, u.iova, u.size)) {
		return;
	}
	trace(b, "unmap 0x%llx +0x%llx", (unsigned long long)u.iova,
	      (unsigned long long)u.size);
	r->err = 0;
	echo(r, &u, sizeof(u));
}

static void cmd_get_info(struct board *b, const uint8_t *body, size_t size,
			 struct vu_reply *r)
{
	uint32_t info[4];

	(void)b;
	r->err = -EINVAL;
	if (size < sizeof(info))
		return;
	memcpy(info, body, sizeof(info));
	if (info[0] < sizeof(info))
		return;
	info[0] = sizeof(info);
	info[1] = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	info[2] = VFIO_PCI_NUM_REGIONS;
	info[3] = VFIO_PCI_NUM_IRQS;
	r->err = 0;
	echo(r, info, sizeof(info));
}

static uint64_t region_size(uint32_t region)
{
	switch (region) {
	case VFIO_PCI_BAR0_REGION_INDEX:
	case VFIO_PCI_BAR2_REGION_INDEX:
	case VFIO_PCI_BAR4_REGION_INDEX:
		return BAR_SIZE;
	case REGION_CONFIG:
		return CONFIG_SIZE;
	default:
		return 0;
	}
}

/* What of BAR4 a client may map: the memory behind it, where it has any. */
static void map_bar4(struct board *b, struct vfio_region_info *info,
		     struct vu_reply *r, uint32_t argsz)
{
	struct vfio_region_info_cap_sparse_mmap *cap;
	uint64_t avail = 0;
	int64_t offset = memory_offset(b, BAR4_TARGET, &avail);
	size_t sparse = sizeof(*cap) + sizeof(cap->areas[0]);

	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	info->offset = offset;
	r->fd = b->mem.fd;
	if (avail >= BAR_SIZE) {
		echo(r, info, sizeof(*info));
		return;
	}
	/* The client asks again with more room if this does not fit. */
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz = sizeof(*info) + sparse;
	if (argsz < info->argsz) {
		r->fd = -1;
		echo(r, info, sizeof(*info));
		return;
	}
	info->cap_offset = sizeof(*info);
	if (!make_reply(r, info->argsz))
		return;
	memcpy(r->data, info, sizeof(*info));
	cap = (void *)(r->data + sizeof(*info));
	cap->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	cap->header.version = 1;
	cap->nr_areas = 1;
	cap->areas[0].offset = 0;
	cap->areas[0].size = avail;
}

static void cmd_get_region_info(struct board *b, const uint8_t *body,
				size_t size, struct vu_reply *r)
{
	struct vfio_region_info info;
	uint32_t argsz;

	r->err = -EINVAL;
	if (size < sizeof(info))
		return;
	memcpy(&info, body, sizeof(info));
	argsz = info.argsz;
	if (argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return;
	info = (struct vfio_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = region_size(info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ |
			     VFIO_REGION_INFO_FLAG_WRITE;
	r->err = 0;
	if (b->map_bar4 && info.index == VFIO_PCI_BAR4_REGION_INDEX)
		map_bar4(b, &info, r, argsz);
	else
		echo(r, &info, sizeof(info));
}

static void cmd_get_irq_info(struct board *b, const uint8_t *body, size_t size,
			     struct vu_reply *r)
{
	struct vfio_irq_info info;

	(void)b;
	r->err = -EINVAL;
	if (size < sizeof(info))
		return;
	memcpy(&info, body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= NUM_IRQ_KINDS)
		return;
	info.argsz = sizeof(info);
	info.count = irq_count(info.index);
	info.flags =
		info.count ? VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE : 0;
	r->err = 0;
	echo(r, &info, sizeof(info));
}

static void cmd_set_irqs(struct board *b, const uint8_t *body, size_t size,
			 struct vu_reply *r)
{
	const uint32_t data_mask = VFIO_IRQ_SET_DATA_TYPE_MASK;
	struct server *s = &b->server;
	struct vfio_irq_set set;
	uint32_t count;

	r->err = -EINVAL;
	if (size < sizeof(set))
		return;
	memcpy(&set, body, sizeof(set));
	if (set.argsz < sizeof(set) || set.index >= NUM_IRQ_KINDS)
		return;
	count = irq_count(set.index);
	if (set.start > count || set.count > count - set.start)
		return;
	/* Nothing here can be masked, so triggers are all there is. */
	if ((set.flags & ~data_mask) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return;
	switch (set.flags & data_mask) {
	case VFIO_IRQ_SET_DATA_NONE:
		r->err = 0;
		if (!set.count)
			irq_set(b, set.index, -1);
		else
			irq_signal(b, set.index);
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (!set.count || size < sizeof(set) + set.count)
			return;
		r->err = 0;
		if (body[sizeof(set)])
			irq_signal(b, set.index);
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (!set.count || s->num_fds > set.count)
			return;
		r->err = irq_set(b, set.index, s->num_fds ? s->fds[0] : -1);
		s->num_fds = 0;
		break;
	}
}

/* Checks an access to a region; returns 0 or a negative errno. */
static int check_access(struct board *b, const uint8_t *body, size_t size,
			struct region_access *a)
{
	uint64_t room;

	if (size < sizeof(*a))
		return -EINVAL;
	memcpy(a, body, sizeof(*a));
	room = region_size(a->region);
	if (a->count > VFIO_USER_MAX_DATA || a->offset > room ||
	    a->count > room - a->offset)
		return -EINVAL;
	return b->removed ? -ENODEV : 0;
}

static void cmd_region_read(struct board *b, const uint8_t *body, size_t size,
			    struct vu_reply *r)
{
	struct region_access a;
	uint8_t *data;

	r->err = check_access(b, body, size, &a);
	if (r->err || !make_reply(r, sizeof(a) + a.count))
		return;
	memcpy(r->data, &a, sizeof(a));
	data = r->data + sizeof(a);
	if (a.region != REGION_CONFIG) {
		bar_read(b, a.region, a.offset, data, a.count);
	} else if (b->link_down) {
		b->stats.config_reads++;
		memset(data, 0xff, a.count);
	} else {
		pci_config_read(b, a.offset, data, a.count);
	}
}

static void cmd_region_write(struct board *b, const uint8_t *body, size_t size,
			     struct vu_reply *r)
{
	struct region_access a;
	const uint8_t *data = body + sizeof(a);

	r->err = check_access(b, body, size, &a);
	if (r->err)
		return;
	if (size - sizeof(a) != a.count) {
		r->err = -EINVAL;
		return;
	}
	echo(r, &a, sizeof(a));
	if (a.region != REGION_CONFIG)
		bar_write(b, a.region, a.offset, data, a.count);
	else if (b->link_down)
		b->stats.config_writes++;
	else
		pci_config_write(b, a.offset, data, a.count);
}

void vfio_command(struct board *b, uint16_t command, const uint8_t *body,
		  size_t size, struct vu_reply *r)
{
	if (command == VU_VERSION) {
		cmd_version(b, body, size, r);
		return;
	}
	if (!b->server.greeted) {
		r->err = -EINVAL;
		r->hang_up = true;
		return;
	}
	switch (command) {
	case VU_DMA_MAP:
		cmd_dma_map(b, body, size, r);
		break;
	case VU_DMA_UNMAP:
		cmd_dma_unmap(b, body, size, r);
		break;
	case VU_GET_INFO:
		cmd_get_info(b, body, size, r);
		break;
	case VU_GET_REGION_INFO:
		cmd_get_region_info(b, body, size, r);
		break;
	case VU_GET_IRQ_INFO:
		cmd_get_irq_info(b, body, size, r);
		break;
	case VU_SET_IRQS:
		cmd_set_irqs(b, body, size, r);
		break;
	case VU_REGION_READ:
		cmd_region_read(b, body, size, r);
		break;
	case VU_REGION_WRITE:
		cmd_region_write(b, body, size, r);
		break;
	case VU_RESET:
		if (!b->link_down)
			board_reset(b, RESET_BUS);
		break;
	default:
		r->err = -ENOTSUP;
	}
}
