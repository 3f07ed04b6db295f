// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From what container readers say to tensors of a set.
 */
#include "convert/tensors_own.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "format/gguf.h"
#include "format/h5.h"
#include "format/npy.h"
#include "format/safetensors.h"
#include "format/torch.h"

/* Most .npy headers are shorter; others are asked for again. */
#define NPY_HEAD 512u
#define NPY_SUFFIX ".npy"

/* Of what is told of a GGUF file's keys. */
#define MAX_TEXT 4096u
#define MAX_LIST 16u

/* ---------------------------------------------------------- safetensors */

static bool is_safetensors(const struct ak_tensor_file *f)
{
	return ak_is_safetensors(f->map.data, f->map.size);
}

static int load_metadata(struct ak_tensors *set,
			 const struct ak_safetensors *st, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	/* That of shards is the same in each. */
	for (i = 0; i < st->num_meta && set->num_files == 1 && !rc; i++)
		rc = ak_tensors_add_meta(set, st->meta[i].key,
					 st->meta[i].value, false, err);
	return rc;
}

static int load_safetensors(struct ak_tensors *set, struct ak_tensor_file *f,
			    struct ak_err *err)
{
	struct ak_safetensors st;
	size_t i;
	int rc = ak_safetensors_parse(f->map.data, f->map.size, &st, err);

	if (!rc)
		rc = load_metadata(set, &st, err);
	for (i = 0; i < st.count && !rc; i++) {
		const struct ak_st_tensor *from = &st.tensor[i];
		struct ak_tensor_place place = { .raw = f->map.data +
							from->offset };
		struct ak_tensor t = {
			.type = from->type,
			.dtype = from->dtype,
			.ndim = from->ndim,
			.count = from->count,
			.size = from->size,
		};

		memcpy(t.dim, from->dim, sizeof(t.dim));
		rc = ak_tensors_add(set, f, from->name, &t, &place, err);
	}
	ak_safetensors_clear(&st);
	return rc;
}

/* ----------------------------------------------------------------- GGUF */

static bool is_gguf(const struct ak_tensor_file *f)
{
	return ak_is_gguf(f->map.data, f->map.size);
}

/* A number as JSON. */
static void print_number(struct ak_buf *b, const struct ak_gguf_key *k,
			 uint64_t i)
{
	int64_t whole;
	double v;

	if (k->type == AK_GGUF_BOOL && !ak_gguf_integer(k, i, &whole))
		ak_buf_text(b, whole ? "true" : "false");
	else if (!ak_gguf_integer(k, i, &whole))
		ak_buf_printf(b, "%" PRId64, whole);
	else if (!ak_gguf_float(k, i, &v) && isfinite(v))
		ak_buf_printf(b, k->type == AK_GGUF_F32 ? "%.9g" : "%.17g", v);
	else
		ak_buf_text(b, "null");
}

/* The value of a key as text: a string as it is, others as JSON. */
static bool print_value(struct ak_buf *b, const struct ak_gguf_key *k)
{
	const char *text;
	size_t n, pos = 0;
	uint64_t i;

	if (k->type == AK_GGUF_STRING && !k->array) {
		if (!ak_gguf_string(k, &pos, &text, &n))
			ak_buf_add(b, text, n < MAX_TEXT ? n : MAX_TEXT);
		ak_buf_add(b, "", 1);
		return false;
	}
	if (k->array && (k->type == AK_GGUF_STRING || k->count > MAX_LIST)) {
		ak_buf_printf(b, "{\"type\": \"%s\", \"count\": %" PRIu64 "}",
			      ak_gguf_type_name(k->type), k->count);
	} else {
		ak_buf_text(b, k->array ? "[" : "");
		for (i = 0; i < k->count; i++) {
			ak_buf_text(b, i ? ", " : "");
			print_number(b, k, i);
		}
		ak_buf_text(b, k->array ? "]" : "");
	}
	ak_buf_add(b, "", 1);
	return true;
}

static int load_keys(struct ak_tensors *set, const struct ak_gguf *g,
		     struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < g->num_keys && !rc; i++) {
		struct ak_buf b = { 0 };
		bool json = print_value(&b, &g->key[i]);

		rc = b.failed ? ak_errf(err, -ENOMEM, "no memory for a key") :
				ak_tensors_add_meta(set, g->key[i].name,
						    (char *)b.data, json, err);
		ak_buf_clear(&b);
	}
	return rc;
}

static int load_gguf(struct ak_tensors *set, struct ak_tensor_file *f,
		     struct ak_err *err)
{
	struct ak_gguf g;
	size_t i;
	int rc = ak_gguf_parse(f->map.data, f->map.size, &g, err);

	if (!rc)
		rc = load_keys(set, &g, err);
	for (i = 0; i < g.count && !rc; i++) {
		const struct ak_gguf_tensor *from = &g.tensor[i];
		struct ak_tensor_place place = { .raw = f->map.data +
							from->offset };
		struct ak_tensor t = {
			.type = from->ggml->type,
			.dtype = from->ggml->name,
			.ndim = from->ndim,
			.count = from->count,
			.size = from->size,
		};

		memcpy(t.dim, from->dim, sizeof(t.dim));
		rc = ak_tensors_add(set, f, from->name, &t, &place, err);
	}
	ak_gguf_clear(&g);
	return rc;
}

/* ----------------------------------------------------------- .npy, .npz */

static int add_npy(struct ak_tensors *set, struct ak_tensor_file *f,
		   const char *name, const struct ak_npy *npy,
		   const struct ak_tensor_place *from, struct ak_err *err)
{
	struct ak_tensor_place place = *from;
	struct ak_tensor t = {
		.type = npy->type,
		.ndim = npy->ndim,
		.count = npy->count,
		.size = npy->bytes,
	};
	uint64_t stride = 1;
	unsigned int i;

	t.dtype = npy->type == AK_TENSOR_OTHER ? "no numbers" :
						 ak_tensor_type_name(t.type);
	for (i = 0; i < npy->ndim; i++)
		t.dim[i] = npy->shape[i];
	place.swap = npy->swap;
	place.strided = npy->fortran && npy->ndim > 1;
	for (i = 0; place.strided && i < npy->ndim; i++) {
		place.stride[i] = stride;
		stride *= t.dim[i];
	}
	if (place.entry)
		place.skip = npy->offset;
	else
		place.raw += npy->offset;
	return ak_tensors_add(set, f, name, &t, &place, err);
}

/* What is wrong with an array is wrong with the file. */
static int npy_error(int rc)
{
	return rc == -EINVAL ? -EBADMSG : rc;
}

static bool is_npy(const struct ak_tensor_file *f)
{
	return f->map.size >= 6 && !memcmp(f->map.data, "\x93NUMPY", 6);
}

/* Its tensor has the name of the file without folder and suffix. */
static int load_npy(struct ak_tensors *set, struct ak_tensor_file *f,
		    struct ak_err *err)
{
	const char *slash = strrchr(f->path, '/');
	const char *base = slash ? slash + 1 : f->path;
	size_t n = strlen(base), suffix = strlen(NPY_SUFFIX);
	struct ak_tensor_place place = { .raw = f->map.data };
	struct ak_npy npy;
	char *name;
	int rc;

	rc = ak_npy_parse_head(f->map.data, f->map.size, f->map.size, &npy,
			       err);
	if (rc)
		return npy_error(rc);
	if (n > suffix && !strcmp(base + n - suffix, NPY_SUFFIX))
		n -= suffix;
	name = strndup(base, n);
	if (!name)
		return ak_errf(err, -ENOMEM, "no memory for a name");
	rc = add_npy(set, f, name, &npy, &place, err);
	free(name);
	return rc;
}

/* The header of an array in an archive. */
static int read_head(struct ak_tensor_file *f, const struct ak_zip_entry *e,
		     struct ak_npy *npy, struct ak_err *err)
{
	uint8_t first[NPY_HEAD], *head = first;
	size_t have = e->size < NPY_HEAD ? (size_t)e->size : NPY_HEAD;
	int rc = ak_zip_read(&f->zip, e, head, have, err);

	if (!rc)
		rc = ak_npy_parse_head(head, have, (size_t)e->size, npy, err);
	if (rc != -EAGAIN)
		return rc;
	/* A header as long as it says, which the entry's size bounds. */
	have = npy->offset;
	head = malloc(have);
	if (!head)
		return ak_errf(err, -ENOMEM, "no memory for a header");
	rc = ak_zip_read(&f->zip, e, head, have, err);
	if (!rc)
		rc = ak_npy_parse_head(head, have, (size_t)e->size, npy, err);
	free(head);
	return rc;
}

static int load_npz(struct ak_tensors *set, struct ak_tensor_file *f,
		    struct ak_err *err)
{
	size_t i, suffix = strlen(NPY_SUFFIX);
	int rc = 0;

	for (i = 0; i < f->zip.count && !rc; i++) {
		const struct ak_zip_entry *e = &f->zip.entry[i];
		struct ak_tensor_place place = {
			.raw = ak_zip_stored(&f->zip, e),
			.entry = e->deflated ? e : NULL,
		};
		size_t n = strlen(e->name);
		struct ak_npy npy;
		char *name;

		if (n <= suffix || strcmp(e->name + n - suffix, NPY_SUFFIX))
			continue;
		rc = read_head(f, e, &npy, err);
		if (rc) {
			ak_err_prefix(err, "%s: ", e->name);
			return npy_error(rc);
		}
		name = strndup(e->name, n - suffix);
		if (!name)
			return ak_errf(err, -ENOMEM, "no memory for a name");
		rc = add_npy(set, f, name, &npy, &place, err);
		free(name);
	}
	return rc;
}

/* -------------------------------------------------------------- PyTorch */

static bool has_gaps(const struct ak_pickle_tensor *t)
{
	uint64_t stride = 1;
	unsigned int i;

	for (i = t->ndim; i-- > 0;) {
		if (t->dim[i] != 1 && t->stride[i] != stride)
			return t->count;
		stride *= t->dim[i];
	}
	return false;
}

static int load_torch(struct ak_tensors *set, struct ak_tensor_file *f,
		      struct ak_err *err)
{
	struct ak_torch torch;
	size_t i;
	int rc = ak_torch_open(&f->zip, &torch, err);

	for (i = 0; i < torch.pickle.count && !rc; i++) {
		const struct ak_pickle_tensor *from = &torch.pickle.tensor[i];
		const struct ak_zip_entry *e = torch.entry[i];
		size_t size = ak_tensor_type_size(from->type);
		struct ak_tensor_place place = {
			.swap = torch.swap && size > 1,
			.strided = has_gaps(from),
		};
		struct ak_tensor t = {
			.type = from->type,
			.dtype = from->dtype,
			.ndim = from->ndim,
			.count = from->count,
			.size = from->count * size,
		};

		memcpy(t.dim, from->dim, sizeof(t.dim));
		memcpy(place.stride, from->stride, sizeof(place.stride));
		if (!from->count) {
			place.raw = f->map.data;
		} else if (e->deflated) {
			place.entry = e;
			place.skip = from->first * size;
		} else {
			place.raw =
				ak_zip_stored(&f->zip, e) + from->first * size;
		}
		rc = ak_tensors_add(set, f, from->name, &t, &place, err);
	}
	ak_torch_close(&torch);
	return rc;
}

static bool is_zip(const struct ak_tensor_file *f)
{
	return ak_is_zip(f->map.data, f->map.size);
}

static int load_zip(struct ak_tensors *set, struct ak_tensor_file *f,
		    struct ak_err *err)
{
	size_t before = set->count;
	int rc = ak_zip_open(f->map.data, f->map.size, &f->zip, err);

	if (rc)
		return rc;
	f->unpacked = calloc(f->zip.count + 1, sizeof(*f->unpacked));
	if (!f->unpacked)
		return ak_errf(err, -ENOMEM, "no memory for an archive");
	if (ak_is_torch(&f->zip)) {
		set->format = "PyTorch";
		return load_torch(set, f, err);
	}
	set->format = ".npz";
	rc = load_npz(set, f, err);
	if (!rc && set->count == before && f->zip.count)
		return ak_errf(
			err, -ENOTSUP,
			"is an archive, but neither of NumPy arrays (.npy) nor of PyTorch (data.pkl)");
	return rc;
}

/* -------------------------------------------- what is not read, and why */

static bool is_legacy(const struct ak_tensor_file *f)
{
	return ak_is_torch_legacy(f->map.data, f->map.size);
}

static int refuse_legacy(struct ak_tensors *set, struct ak_tensor_file *f,
			 struct ak_err *err)
{
	(void)set;
	(void)f;
	return ak_errf(
		err, -ENOTSUP,
		"is a checkpoint in the format of PyTorch before 1.6, which is not read; load it and save it again: torch.save(torch.load(...), ...)");
}

/* A safetensors file begins so, too, if its header has 0x280 bytes. */
static bool is_pickle(const struct ak_tensor_file *f)
{
	return f->map.size > 2 && f->map.data[0] == 0x80 &&
	       f->map.data[1] >= 2 && f->map.data[1] <= 5 && !is_safetensors(f);
}

static int refuse_pickle(struct ak_tensors *set, struct ak_tensor_file *f,
			 struct ak_err *err)
{
	(void)set;
	(void)f;
	return ak_errf(
		err, -ENOTSUP,
		"is a bare pickle, which only Python can read; save its tensors with torch.save() or numpy.savez()");
}

/* ----------------------------------------------------------------- HDF5 */

static bool is_hdf5(const struct ak_tensor_file *f)
{
	return ak_is_h5(f->map.data, f->map.size);
}

static int load_hdf5(struct ak_tensors *set, struct ak_tensor_file *f,
		     struct ak_err *err)
{
	struct ak_h5_source source = { .path = f->path, .size = f->map.size };
	size_t i;
	int rc;

	f->h5 = calloc(1, sizeof(*f->h5));
	if (!f->h5)
		return ak_errf(err, -ENOMEM, "no memory for its tensors");
	rc = ak_h5_read(&source, f->h5, err);
	for (i = 0; !rc && i < f->h5->num_attrs; i++)
		rc = ak_tensors_add_meta(set, f->h5->attr[i].name,
					 f->h5->attr[i].text, false, err);
	for (i = 0; !rc && i < f->h5->count; i++) {
		const struct ak_h5_tensor *from = &f->h5->tensor[i];
		struct ak_tensor_place place = { .raw = from->data };
		struct ak_tensor t = {
			.type = from->data ? AK_TENSOR_F32 : AK_TENSOR_OTHER,
			.dtype = from->dtype,
			.ndim = from->ndim,
			.count = from->count,
			.size = from->data ? from->count * sizeof(float) : 0,
		};

		memcpy(t.dim, from->dim, sizeof(from->dim));
		rc = ak_tensors_add(set, f, from->name, &t, &place, err);
	}
	return rc;
}

/* Those with a mark of their own first. */
const struct ak_container ak_containers[] = {
	{ "GGUF", is_gguf, load_gguf },
	{ ".npy", is_npy, load_npy },
	{ "ZIP", is_zip, load_zip },
	{ "HDF5", is_hdf5, load_hdf5 },
	{ "PyTorch before 1.6", is_legacy, refuse_legacy },
	{ "pickle", is_pickle, refuse_pickle },
	{ "NNTR", ak_is_nntr, ak_load_nntr },
	{ "safetensors", is_safetensors, load_safetensors },
	{ "bitnet.rs record", ak_is_bincode, ak_load_bincode },
	{ NULL, NULL, NULL },
};
