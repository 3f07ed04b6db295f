// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * akida-hdf5: what is in an HDF5 file, for libakida.
 *
 * libhdf5 trusts what files say, so it is not linked into libakida: this
 * program reads the file from memory, after it has given up all rights but
 * memory, time that is limited, and writing to standard output, which
 * libakida reads as something of unknown origin. format/h5_stream.h says what
 * is written.
 *
 * Usage: akida-hdf5 OFFSET SIZE CPU_MS MOST <FILE
 *
 * OFFSET and SIZE say where in FILE the HDF5 file is, CPU_MS how much time of
 * a processor may be used, MOST how many bytes of elements may be written.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1.10 (Debian 12) and 1.14 (Debian 13) have this one in common. */
#define H5_USE_110_API
#include <hdf5.h>

#include "common/le.h"
#include "format/h5_stream.h"
#include "sandbox.h"

/* What libhdf5 may allocate for a file, whatever its size. */
#define MEMORY ((size_t)40 << 20)
/* Floats that are read at a time. */
#define SLAB 65536u
#define MAX_DEPTH 24u
#define MAX_OBJECTS 8000u

/**
 * struct reader - where reading is
 * @path: of the object
 * @above: addresses of the groups that it is in
 * @depth: how many
 * @objects: that were looked at
 * @records: that were written
 * @most: bytes of elements that may still be written
 * @failed: a record AK_H5_ERROR is written
 * @out: what is to be written
 * @used: bytes of @out
 * @slab: elements
 */
struct reader {
	char path[AK_H5_MAX_NAME];
	haddr_t above[MAX_DEPTH];
	unsigned int depth;
	uint64_t objects, records, most;
	bool failed;
	uint8_t out[65536];
	size_t used;
	float slab[SLAB];
};

static struct reader r;

/* --------------------------------------------------------------- output */

static void flush(void)
{
	const uint8_t *p = r.out;

	while (r.used) {
		ssize_t n = write(STDOUT_FILENO, p, r.used);

		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody reads: there is nothing left to do. */
		if (n <= 0)
			_exit(AK_H5_EXIT_FILE);
		p += n;
		r.used -= (size_t)n;
	}
}

static void put(const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size) {
		size_t n = sizeof(r.out) - r.used;

		if (n > size)
			n = size;
		memcpy(r.out + r.used, p, n);
		r.used += n;
		p += n;
		size -= n;
		if (r.used == sizeof(r.out))
			flush();
	}
}

static void put32(uint32_t v)
{
	uint8_t b[4];

	ak_put_le32(b, v);
	put(b, sizeof(b));
}

static void put64(uint64_t v)
{
	uint8_t b[8];

	ak_put_le64(b, v);
	put(b, sizeof(b));
}

static void record(enum ak_h5_kind kind, const char *name, uint64_t bytes)
{
	size_t n = strlen(name) + 1;

	put32(kind);
	put32((uint32_t)n);
	put64(bytes);
	put(name, n);
	r.records++;
}

/* The last record; what a half-written one would need is not owed. */
static int fail(const char *what)
{
	char text[256];

	if (r.failed)
		return -1;
	r.failed = true;
	snprintf(text, sizeof(text), "%s%.120s%s%s", *r.path ? "'" : "", r.path,
		 *r.path ? "': " : "", what);
	record(AK_H5_ERROR, "", strlen(text) + 1);
	put(text, strlen(text) + 1);
	return -1;
}

/* ------------------------------------------------------------- datasets */

/* Name of a stored type whose elements have float values. */
static bool type_name(hid_t type, char name[AK_H5_DTYPE])
{
	size_t size = H5Tget_size(type);

	memset(name, 0, AK_H5_DTYPE);
	strcpy(name, "other");
	if (!size || size > 8)
		return false;
	switch (H5Tget_class(type)) {
	case H5T_FLOAT:
		snprintf(name, AK_H5_DTYPE, "float%zu", 8 * size);
		return true;
	case H5T_INTEGER:
		snprintf(name, AK_H5_DTYPE, "%sint%zu",
			 H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "",
			 8 * size);
		return true;
	default:
		return false;
	}
}

/* A block of consecutive elements, at most SLAB. */
static int put_block(hid_t set, hid_t space, const hsize_t *start,
		     const hsize_t *count, int ndim, size_t n)
{
	hsize_t room = n;
	hid_t memory = H5Screate_simple(1, &room, NULL);
	size_t i;
	int rc = -1;

	if (memory >= 0 &&
	    (!ndim || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
					  count, NULL) >= 0) &&
	    H5Dread(set, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT,
		    r.slab) >= 0)
		rc = 0;
	if (memory >= 0)
		H5Sclose(memory);
	for (i = 0; i < n && !rc; i++) {
		uint32_t bits;

		memcpy(&bits, &r.slab[i], sizeof(bits));
		ak_put_le32(&r.slab[i], bits);
	}
	if (!rc)
		put(r.slab, n * sizeof(*r.slab));
	return rc;
}

/*
 * All elements, some at a time: along the first axis below which not more
 * than SLAB of them are.
 */
static int put_elements(hid_t set, hid_t space, const hsize_t *dim, int ndim)
{
	hsize_t start[AK_H5_MAX_DIMS] = { 0 }, count[AK_H5_MAX_DIMS];
	hsize_t inner = 1, step;
	int axis = ndim, d;

	while (axis > 0 && inner * dim[axis - 1] <= SLAB)
		inner *= dim[--axis];
	for (d = 0; d < ndim; d++)
		count[d] = d < axis ? 1 : dim[d];
	if (!axis)
		return put_block(set, space, start, count, ndim, (size_t)inner);
	axis--;
	step = SLAB / inner;
	for (;;) {
		count[axis] = dim[axis] - start[axis];
		if (count[axis] > step)
			count[axis] = step;
		if (put_block(set, space, start, count, ndim,
			      (size_t)(count[axis] * inner)))
			return -1;
		start[axis] += count[axis];
		for (d = axis; d >= 0 && start[d] == dim[d]; d--) {
			if (!d)
				return 0;
			start[d] = 0;
			start[d - 1]++;
		}
	}
}

static int put_dataset(hid_t set, hid_t space, hid_t type)
{
	hsize_t dim[AK_H5_MAX_DIMS] = { 0 };
	int ndim = H5Sget_simple_extent_ndims(space), d;
	char name[AK_H5_DTYPE];
	uint64_t bytes = sizeof(float);
	bool numbers = type_name(type, name);

	if (ndim < 0 || ndim > (int)AK_H5_MAX_DIMS)
		return fail("has more dimensions than weights have");
	if (H5Sget_simple_extent_dims(space, dim, NULL) < 0)
		return fail("its shape cannot be read");
	if (H5Sget_simple_extent_type(space) == H5S_NULL)
		numbers = false;
	for (d = 0; d < ndim && numbers; d++)
		if (__builtin_mul_overflow(bytes, (uint64_t)dim[d], &bytes))
			bytes = UINT64_MAX;
	if (!numbers)
		bytes = 0;
	if (bytes > r.most)
		return fail(
			"has more elements than a file of this size can hold");
	r.most -= bytes;
	record(AK_H5_TENSOR, r.path,
	       AK_H5_DTYPE + 4 + 8 * (uint64_t)ndim + bytes);
	put(name, sizeof(name));
	put32((uint32_t)ndim);
	for (d = 0; d < ndim; d++)
		put64(dim[d]);
	if (!bytes)
		return 0;
	/* A record that was begun cannot be ended otherwise. */
	if (put_elements(set, space, dim, ndim)) {
		flush();
		_exit(AK_H5_EXIT_FILE);
	}
	return 0;
}

static int read_dataset(hid_t set)
{
	hid_t space = H5Dget_space(set), type = H5Dget_type(set);
	int rc;

	if (space < 0 || type < 0)
		rc = fail("its shape or type cannot be read");
	else
		rc = put_dataset(set, space, type);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	return rc;
}

/* --------------------------------------------------------------- groups */

static int read_group(hid_t group);

static int read_object(hid_t object)
{
	unsigned int i;
	H5O_info_t info;
	int rc;

	if (++r.objects > MAX_OBJECTS)
		return fail("the file has too many objects");
	if (H5Oget_info(object, &info) < 0)
		return fail("cannot be examined");
	if (info.type == H5O_TYPE_DATASET)
		return read_dataset(object);
	if (info.type != H5O_TYPE_GROUP)
		return 0;
	for (i = 0; i < r.depth; i++)
		if (r.above[i] == info.addr)
			return fail("a group that contains itself");
	if (r.depth == MAX_DEPTH)
		return fail("groups are nested too deeply");
	r.above[r.depth++] = info.addr;
	rc = read_group(object);
	r.depth--;
	return rc;
}

/* Links to other places, files among them, are not followed. */
static herr_t see_link(hid_t group, const char *name, const H5L_info_t *info,
		       void *arg)
{
	size_t before = strlen(r.path), n = strlen(name);
	hid_t object;
	int rc;

	(void)arg;
	if (info->type != H5L_TYPE_HARD)
		return 0;
	if (!n || n + before + 2 > sizeof(r.path))
		return fail("a name that is empty or too long");
	if (before)
		r.path[before++] = '/';
	memcpy(r.path + before, name, n + 1);
	object = H5Oopen(group, name, H5P_DEFAULT);
	if (object < 0) {
		rc = fail("cannot be opened: the file is damaged");
	} else {
		rc = read_object(object);
		H5Oclose(object);
	}
	if (before)
		before -= r.path[before - 1] == '/';
	r.path[before] = '\0';
	return rc;
}

static int read_group(hid_t group)
{
	if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, see_link,
		       NULL) < 0)
		return fail("its list of objects is damaged");
	return 0;
}

/* ----------------------------------------------------------- attributes */

static int put_text(const char *name, const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	if (n >= AK_H5_MAX_ATTR)
		return fail("an attribute that is too long");
	record(AK_H5_ATTR, name, n + 1);
	put(text, n);
	put("", 1);
	return 0;
}

static int read_fixed(hid_t attr, hid_t type, const char *name)
{
	size_t size = H5Tget_size(type);
	hid_t memory;
	char *text;
	int rc = -1;

	if (!size || size >= AK_H5_MAX_ATTR)
		return fail("an attribute that is empty or too long");
	text = calloc(1, size + 1);
	memory = text ? H5Tcopy(H5T_C_S1) : -1;
	if (memory >= 0 && H5Tset_size(memory, size + 1) >= 0 &&
	    H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
	    H5Aread(attr, memory, text) >= 0)
		rc = put_text(name, text, size);
	else
		rc = fail("an attribute that cannot be read");
	if (memory >= 0)
		H5Tclose(memory);
	free(text);
	return rc;
}

/* One string, of a fixed or of any length; others are left out. */
static int read_attribute(hid_t file, const char *name)
{
	hid_t attr, type, space;
	char *text = NULL;
	int rc = 0;

	if (H5Aexists(file, name) <= 0)
		return 0;
	attr = H5Aopen(file, name, H5P_DEFAULT);
	if (attr < 0)
		return fail("an attribute that cannot be read");
	type = H5Aget_type(attr);
	space = H5Aget_space(attr);
	if (type < 0 || space < 0) {
		rc = fail("an attribute that cannot be read");
	} else if (H5Tget_class(type) == H5T_STRING &&
		   H5Sget_simple_extent_npoints(space) == 1) {
		if (H5Tis_variable_str(type) <= 0)
			rc = read_fixed(attr, type, name);
		else if (H5Aread(attr, type, &text) < 0 || !text)
			rc = fail("an attribute that cannot be read");
		else
			rc = put_text(name, text, AK_H5_MAX_ATTR);
		/* The process ends soon: @text is not given back. */
	}
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	H5Aclose(attr);
	return rc;
}

/* ------------------------------------------------- the file, from memory */

static struct {
	void *data;
	size_t size;
} image;

/* libhdf5 copies a file's image several times, unless it is told not to. */
static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *arg)
{
	(void)op;
	(void)arg;
	return size == image.size ? image.data : NULL;
}

static void *image_memcpy(void *to, const void *from, size_t size,
			  H5FD_file_image_op_t op, void *arg)
{
	(void)size;
	(void)op;
	(void)arg;
	return to == from ? to : NULL;
}

static void *image_realloc(void *p, size_t size, H5FD_file_image_op_t op,
			   void *arg)
{
	(void)p;
	(void)size;
	(void)op;
	(void)arg;
	return NULL;
}

static herr_t image_free(void *p, H5FD_file_image_op_t op, void *arg)
{
	(void)p;
	(void)op;
	(void)arg;
	return 0;
}

static hid_t open_image(void)
{
	H5FD_file_image_callbacks_t call = {
		.image_malloc = image_malloc,
		.image_memcpy = image_memcpy,
		.image_realloc = image_realloc,
		.image_free = image_free,
	};
	hid_t how = H5Pcreate(H5P_FILE_ACCESS);

	if (how < 0 || H5Pset_fapl_core(how, 4096, 0) < 0 ||
	    H5Pset_file_image_callbacks(how, &call) < 0 ||
	    H5Pset_file_image(how, image.data, image.size) < 0)
		return -1;
	return H5Fopen("/image", H5F_ACC_RDONLY, how);
}

static int read_file(void)
{
	static const char *const names[] = { "model_config", "keras_version",
					     "backend" };
	hid_t file = open_image(), root;
	size_t i;
	int rc = 0;

	if (file < 0)
		return fail(
			"libhdf5 cannot open it: it is damaged, cut off or no HDF5 file");
	root = H5Oopen(file, "/", H5P_DEFAULT);
	if (root < 0)
		return fail("it has no root");
	for (i = 0; i < sizeof(names) / sizeof(*names) && !rc; i++)
		rc = read_attribute(root, names[i]);
	return rc ? rc : read_object(root);
}

/* The file of which an image is a part; NULL or what is wrong. */
static const char *map_image(unsigned long long offset, unsigned long long size)
{
	unsigned long long end;
	struct stat st;
	uint8_t *p;

	if (fstat(STDIN_FILENO, &st) ||
	    __builtin_add_overflow(offset, size, &end) || !size ||
	    (unsigned long long)st.st_size < end)
		return "the file has become shorter";
	p = mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	if (p == MAP_FAILED)
		return "the file cannot be mapped";
	image.data = p + offset;
	image.size = (size_t)size;
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long long v[4] = { 0 };
	const char *why = NULL;
	uint8_t head[AK_H5_HEAD];
	char *end;
	int i, rc;

	for (i = 0; i < 4; i++) {
		v[i] = argc == 5 ? strtoull(argv[i + 1], &end, 10) : 0;
		if (argc != 5 || *end || end == argv[i + 1]) {
			fputs("akida-hdf5 is started by libakida: akida-hdf5 OFFSET SIZE CPU_MS MOST <FILE\n",
			      stderr);
			return AK_H5_EXIT_SANDBOX;
		}
	}
	memcpy(head, AK_H5_MAGIC, 4);
	ak_put_le32(head + 4, AK_H5_VERSION);
	put(head, sizeof(head));
	why = map_image(v[0], v[1]);
	r.most = v[3];
	/* Nothing of the file is looked at before all rights are given up. */
	if (!why && (H5dont_atexit() < 0 || H5open() < 0 ||
		     H5PLset_loading_state(0) < 0 ||
		     H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0))
		why = "libhdf5 cannot be set up";
	if (!why)
		why = sandbox_limits(MEMORY, (unsigned int)v[2]);
	if (!why)
		why = sandbox_enter();
	if (why) {
		fail(why);
		flush();
		_exit(AK_H5_EXIT_SANDBOX);
	}
	rc = read_file();
	if (rc >= 0) {
		uint64_t n = r.records;

		record(AK_H5_END, "", 8);
		put64(n);
	}
	flush();
	_exit(rc < 0 ? AK_H5_EXIT_FILE : 0);
}
