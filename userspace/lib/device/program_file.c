// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Compiled programs and programs with a name: what is the same for every kind
 * of device.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/export.h"
#include "common/le.h"
#include "device/backend.h"
#include "device/board.h"

/* A version that is not known in full is not for a board. */
static int check_known(struct akida_program *p, const struct ak_program_file *f)
{
	if (f->known)
		return 0;
	return ak_errf(
		&p->err, -ENOTSUP,
		"the program is of version %s for device %02X.%02X.%u.%u; what is known is 2.5.0 for BC.A1.3.9 (AKD1500) and %s for virtual boards",
		f->version, f->chip.vendor, f->chip.product, f->chip.major,
		f->chip.minor, AK_PROGRAM_VERSION);
}

static int load(struct akida_program *p, const uint8_t *data, size_t size)
{
	struct ak_program_file f;
	int rc = ak_program_file_parse(&f, data, size, &p->err);

	if (rc)
		return rc;
	rc = check_known(p, &f);
	if (!rc)
		rc = p->device->backend->load_file(p, &f, data);
	ak_program_file_clear(&f);
	p->loaded = !rc;
	return rc;
}

static int can_load(struct akida_program *p)
{
	int rc = ak_program_ready(p);

	if (!rc && !p->device->backend->load_file)
		rc = ak_errf(
			&p->err, -ENOTSUP,
			"compiled programs and programs with a name are for boards; the software device runs models");
	return rc;
}

AK_EXPORT int akida_program_load_file(struct akida_program *p, const void *data,
				      size_t size)
{
	int rc = can_load(p);

	return rc ? rc : load(p, data, size);
}

/* Both parts of a program's file, one behind the other. */
static int fetch(struct akida_program *p, struct akida_buffer *data,
		 uint64_t offset, size_t size, uint8_t *to)
{
	struct akida_board *b = data->board;
	struct akida_copy c = { .src = data,
				.src_offset = offset,
				.size = size };
	void *at = NULL;
	int rc;

	if (data->memory == AKIDA_MEMORY_USER || data->data) {
		memcpy(to, (uint8_t *)data->data + offset, size);
		return 0;
	}
	if (data->memory != AKIDA_MEMORY_DEVICE) {
		rc = akida_buffer_map(data, &at);
		if (!rc)
			memcpy(to, (uint8_t *)at + offset, size);
		goto out;
	}
	/* Copies are of whole units. */
	c.src_offset = offset / b->align * b->align;
	c.size = (offset - c.src_offset + size + b->align - 1) / b->align *
		 b->align;
	rc = akida_buffer_new(b, AKIDA_MEMORY_HOST, c.size, &c.dst);
	if (!rc)
		rc = akida_buffer_map(c.dst, &at);
	if (!rc)
		rc = akida_board_copy(b, &c, NULL);
	if (!rc)
		memcpy(to, (uint8_t *)at + (offset - c.src_offset), size);
	akida_buffer_free(c.dst);
out:
	return rc ? ak_errf(&p->err, rc, "%s", akida_board_error(b)) : 0;
}

AK_EXPORT int akida_program_external(struct akida_program *p, const void *info,
				     size_t info_size,
				     struct akida_buffer *data, uint64_t offset,
				     size_t data_size)
{
	uint8_t *file;
	int rc = can_load(p);

	if (rc)
		return rc;
	if (info_size > AK_PROGRAM_MAX_FILE ||
	    data_size > AK_PROGRAM_MAX_FILE - info_size ||
	    offset > data->size || data_size > data->size - offset)
		return ak_errf(
			&p->err, -EINVAL,
			"%zu bytes at byte %llu do not lie in the buffer, which has %llu, or are more than a program can have",
			data_size, (unsigned long long)offset,
			(unsigned long long)data->size);
	file = malloc(info_size + data_size + 1);
	if (!file)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	memcpy(file, info, info_size);
	rc = fetch(p, data, offset, data_size, file + info_size);
	/* The parts must be those that were given, not others that add up. */
	if (!rc && (info_size < 4 || ak_get_le32(file) != info_size - 4))
		rc = ak_errf(
			&p->err, -EINVAL,
			"the program's info part has not the size that it states");
	if (!rc)
		rc = load(p, file, info_size + data_size);
	free(file);
	return rc;
}

AK_EXPORT int akida_program_open(struct akida_program *p, const char *name,
				 unsigned int rights)
{
	int rc = can_load(p);

	if (!rc && (!rights || (rights & ~(AKIDA_OPEN_RUN | AKIDA_OPEN_WRITE))))
		rc = ak_errf(&p->err, -EINVAL, "no rights, or unknown ones");
	if (!rc)
		rc = p->device->backend->open_named(p, name, rights);
	p->loaded = p->loaded || !rc;
	return rc;
}

AK_EXPORT int akida_program_set_name(struct akida_program *p, const char *name,
				     unsigned int mode, unsigned int flags)
{
	if (!p->loaded)
		return ak_errf(&p->err, -EINVAL, "nothing is loaded");
	if (!p->device->backend->set_name)
		return ak_errf(&p->err, -ENOTSUP,
			       "programs stay on boards only");
	if (flags & ~AKIDA_NAME_REPLACES)
		return ak_errf(&p->err, -EINVAL, "unknown flags 0x%x", flags);
	return p->device->backend->set_name(p, name, mode, flags);
}
