// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a pickle may call, and the tensors in what it leaves.
 */
#include "format/pickle_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/util.h"

#define MAX_DEPTH 16 /* of containers */
#define MAX_NAME 4096
#define MAX_VIEW (1ull << 32) /* elements of a view larger than its storage */
#define TENSOR_ARGS 6 /* of _rebuild_tensor_v2 at least; metadata follow */
#define PARAMETER_ARGS 3
#define STORAGE_ID 5 /* "storage", class, key, location, elements */

static const struct {
	const char *module, *name;
	enum ak_tensor_type type;
} calls[] = {
	[PV_ORDERED_DICT] = { "collections", "OrderedDict", AK_TENSOR_OTHER },
	[PV_REBUILD_TENSOR] = { "torch._utils", "_rebuild_tensor_v2",
				AK_TENSOR_OTHER },
	[PV_REBUILD_PARAMETER] = { "torch._utils", "_rebuild_parameter",
				   AK_TENSOR_OTHER },
	[PV_FIRST_STORAGE] = { "torch", "FloatStorage", AK_TENSOR_F32 },
	{ "torch", "DoubleStorage", AK_TENSOR_F64 },
	{ "torch", "HalfStorage", AK_TENSOR_F16 },
	{ "torch", "BFloat16Storage", AK_TENSOR_BF16 },
	{ "torch", "LongStorage", AK_TENSOR_I64 },
	{ "torch", "IntStorage", AK_TENSOR_I32 },
	{ "torch", "ShortStorage", AK_TENSOR_I16 },
	{ "torch", "CharStorage", AK_TENSOR_I8 },
	{ "torch", "ByteStorage", AK_TENSOR_U8 },
	{ "torch", "BoolStorage", AK_TENSOR_BOOL },
};

static bool is_text(const void *text, size_t size, const char *s)
{
	return strlen(s) == size && !memcmp(text, s, size);
}

int pickle_find_call(const uint8_t *module, size_t module_size,
		     const uint8_t *name, size_t name_size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (is_text(module, module_size, calls[i].module) &&
		    is_text(name, name_size, calls[i].name))
			return (int)i;
	return -1;
}

const char *pickle_storage_name(unsigned int call, enum ak_tensor_type *type)
{
	*type = calls[call].type;
	return calls[call].name;
}

/* The first @max items of a tuple; fails unless there are @min. */
static int unpack(const struct pickle *k, pv_ref tuple, size_t min,
		  pv_ref *item, size_t max)
{
	const struct pv *v = &k->value[tuple];
	pv_ref i = v->first;
	size_t n;

	if (v->kind != PV_TUPLE || v->count < min)
		return pickle_damaged(k, "something is called with too little");
	for (n = 0; n < max && i; n++, i = k->item[i].next)
		item[n] = k->item[i].value;
	return 0;
}

static int take_size(const struct pickle *k, pv_ref ref, uint64_t *size)
{
	const struct pv *v = &k->value[ref];

	if (v->kind != PV_INT || v->number < 0)
		return pickle_damaged(k, "a size is no whole number");
	*size = (uint64_t)v->number;
	return 0;
}

int pickle_storage(struct pickle *k, pv_ref id, pv_ref *ref)
{
	const struct pv *v;
	struct pv_storage *s;
	pv_ref part[STORAGE_ID];
	uint64_t n = 0;
	int rc = unpack(k, id, STORAGE_ID, part, STORAGE_ID);

	if (rc)
		return rc;
	v = &k->value[part[0]];
	if (v->kind != PV_TEXT || !is_text(v->text, v->count, "storage"))
		return ak_errf(
			k->err, -ENOTSUP,
			"refers to something outside that is no storage at byte %zu",
			k->at);
	v = &k->value[part[1]];
	if (v->kind != PV_CALL || v->call < PV_FIRST_STORAGE ||
	    k->value[part[2]].kind != PV_TEXT)
		return pickle_damaged(k, "a storage without class or name");
	rc = take_size(k, part[4], &n);
	if (!rc)
		rc = pickle_room(k, &k->storage, &k->room_storages,
				 k->num_storages, sizeof(*k->storage));
	if (!rc)
		rc = pickle_new(k, PV_STORAGE, ref);
	if (rc)
		return rc;
	s = &k->storage[k->num_storages];
	s->class = k->value[part[1]].call;
	s->key = part[2];
	s->elements = n;
	k->value[*ref].number = (int64_t)k->num_storages++;
	return 0;
}

static int take_sizes(const struct pickle *k, pv_ref tuple, uint64_t *size,
		      unsigned int *count)
{
	const struct pv *v = &k->value[tuple];
	pv_ref i = v->first;
	int rc = 0;

	if (v->kind != PV_TUPLE)
		return pickle_damaged(k, "a shape is no tuple");
	if (v->count > AK_TENSOR_MAX_DIMS)
		return ak_errf(
			k->err, -ENOTSUP,
			"has a tensor of %u dimensions; at most %u are read, reshape it",
			v->count, AK_TENSOR_MAX_DIMS);
	for (*count = 0; *count < v->count && !rc; i = k->item[i].next)
		rc = take_size(k, k->item[i].value, &size[(*count)++]);
	return rc;
}

/* Does a view lie within its storage? */
static int check_view(struct pickle *k, struct pv_view *v)
{
	uint64_t elements = k->storage[v->storage].elements, last = v->first;
	uint64_t step;
	unsigned int i;

	if (ak_tensor_count(v->ndim, v->dim, &v->count))
		return pickle_damaged(k, "a shape is too large");
	/* A stride of 0 makes gigantic tensors of nothing. */
	if (v->count > elements && v->count > MAX_VIEW)
		return ak_errf(k->err, -ENOTSUP,
			       "has a tensor of %" PRIu64
			       " elements on a storage of %" PRIu64
			       "; save a contiguous() copy",
			       v->count, elements);
	if (!v->count)
		return 0;
	for (i = 0; i < v->ndim; i++)
		if (__builtin_mul_overflow(v->dim[i] - 1, v->stride[i],
					   &step) ||
		    __builtin_add_overflow(last, step, &last))
			return pickle_damaged(k, "a stride is too large");
	if (last >= elements)
		return pickle_damaged(k, "a tensor reaches beyond its storage");
	return 0;
}

static int rebuild_tensor(struct pickle *k, pv_ref args, pv_ref *ref)
{
	struct pv_view v = { 0 };
	unsigned int strides;
	pv_ref arg[4];
	int rc = unpack(k, args, TENSOR_ARGS, arg, ARRAY_SIZE(arg));

	if (rc)
		return rc;
	if (k->value[arg[0]].kind != PV_STORAGE)
		return pickle_damaged(k, "a tensor without storage");
	v.storage = (uint32_t)k->value[arg[0]].number;
	rc = take_size(k, arg[1], &v.first);
	if (!rc)
		rc = take_sizes(k, arg[2], v.dim, &v.ndim);
	if (!rc)
		rc = take_sizes(k, arg[3], v.stride, &strides);
	if (!rc && strides != v.ndim)
		rc = pickle_damaged(k, "not as many strides as sizes");
	if (!rc)
		rc = check_view(k, &v);
	if (!rc)
		rc = pickle_room(k, &k->view, &k->room_views, k->num_views,
				 sizeof(*k->view));
	if (!rc)
		rc = pickle_new(k, PV_TENSOR, ref);
	if (rc)
		return rc;
	k->view[k->num_views] = v;
	k->value[*ref].number = (int64_t)k->num_views++;
	return 0;
}

int pickle_call(struct pickle *k, pv_ref function, pv_ref args, pv_ref *ref)
{
	const struct pv *f = &k->value[function];
	pv_ref arg[1];
	int rc;

	if (f->kind != PV_CALL || k->value[args].kind != PV_TUPLE)
		return pickle_damaged(k, "something is called that cannot be");
	switch (f->call) {
	case PV_ORDERED_DICT:
		if (k->value[args].count)
			return ak_errf(
				k->err, -ENOTSUP,
				"fills an OrderedDict in a way that no PyTorch with zip files does, at byte %zu",
				k->at);
		return pickle_new(k, PV_DICT, ref);
	case PV_REBUILD_TENSOR:
		return rebuild_tensor(k, args, ref);
	case PV_REBUILD_PARAMETER:
		rc = unpack(k, args, PARAMETER_ARGS, arg, 1);
		if (rc)
			return rc;
		if (k->value[arg[0]].kind != PV_TENSOR)
			return pickle_damaged(k, "a parameter without tensor");
		*ref = arg[0];
		return 0;
	}
	return pickle_damaged(k, "a class of storages is called");
}

/* ------------------------------------------------------- what is left */

static bool is_container(const struct pv *v)
{
	return v->kind == PV_DICT || v->kind == PV_LIST || v->kind == PV_TUPLE;
}

static bool has_tensor(const struct pickle *k, const struct pv *v)
{
	pv_ref i;

	for (i = v->first; i; i = k->item[i].next)
		if (k->value[k->item[i].value].kind == PV_TENSOR)
			return true;
	return false;
}

/* The dictionary that a training script has wrapped, or the same. */
static pv_ref unwrap(const struct pickle *k, pv_ref root)
{
	static const char *const names[] = { "state_dict", "model_state_dict",
					     "model" };
	const struct pv *v = &k->value[root], *key;
	size_t n;
	pv_ref i;

	if (v->kind != PV_DICT || has_tensor(k, v))
		return root;
	for (n = 0; n < ARRAY_SIZE(names); n++)
		for (i = v->first; i; i = k->item[i].next) {
			key = &k->value[k->item[i].key];
			if (key->kind == PV_TEXT &&
			    is_text(key->text, key->count, names[n]) &&
			    k->value[k->item[i].value].kind == PV_DICT)
				return k->item[i].value;
		}
	return root;
}

/*
 * @visits: items that may still be looked at; containers that hold each other
 *	in many ways would take for ever
 */
struct walk {
	struct pickle *k;
	struct ak_pickle *out;
	size_t room, visits;
	struct ak_buf name;
};

static int add_key(struct walk *w, const struct pv *key, size_t number)
{
	if (w->name.size)
		ak_buf_text(&w->name, ".");
	if (!key)
		ak_buf_printf(&w->name, "%zu", number);
	else if (key->kind == PV_TEXT && !memchr(key->text, 0, key->count))
		ak_buf_add(&w->name, key->text, key->count);
	else if (key->kind == PV_INT)
		ak_buf_printf(&w->name, "%" PRId64, key->number);
	else
		return ak_errf(
			w->k->err, -ENOTSUP,
			"has a tensor whose name is neither text nor number");
	if (w->name.size > MAX_NAME)
		return ak_errf(
			w->k->err, -ENOTSUP,
			"has a tensor whose name is longer than %u bytes",
			MAX_NAME);
	return 0;
}

static int add_tensor(struct walk *w, const struct pv_view *v)
{
	const struct pv_storage *s = &w->k->storage[v->storage];
	const struct pv *key = &w->k->value[s->key];
	struct ak_pickle_tensor *t;
	int rc = pickle_room(w->k, &w->out->tensor, &w->room, w->out->count,
			     sizeof(*t));

	if (rc)
		return rc;
	t = &w->out->tensor[w->out->count];
	memset(t, 0, sizeof(*t));
	/* Where there is nothing but a tensor it has no name. */
	t->name = w->name.size ?
			  strndup((const char *)w->name.data, w->name.size) :
			  strdup("tensor");
	t->key = strndup((const char *)key->text, key->count);
	w->out->count++;
	if (!t->name || !t->key || w->name.failed)
		return ak_errf(w->k->err, -ENOMEM, "no memory for the pickle");
	t->dtype = pickle_storage_name(s->class, &t->type);
	t->elements = s->elements;
	t->first = v->first;
	t->ndim = v->ndim;
	memcpy(t->dim, v->dim, sizeof(t->dim));
	memcpy(t->stride, v->stride, sizeof(t->stride));
	t->count = v->count;
	return 0;
}

static int walk(struct walk *w, pv_ref at, unsigned int depth)
{
	const struct pickle *k = w->k;
	const struct pv *v = &k->value[at];
	size_t length = w->name.size, number = 0;
	pv_ref i;
	int rc = 0;

	if (v->kind == PV_TENSOR)
		return add_tensor(w, &k->view[v->number]);
	if (!is_container(v))
		return 0;
	if (depth == MAX_DEPTH)
		return ak_errf(
			k->err, -EBADMSG,
			"has containers in more than %u levels of containers",
			MAX_DEPTH);
	for (i = v->first; i && !rc; i = k->item[i].next) {
		const struct pv *value = &k->value[k->item[i].value];

		if (!w->visits--)
			return ak_errf(
				k->err, -EBADMSG,
				"has containers that are in each other over and over");
		if (value->kind == PV_TENSOR || is_container(value)) {
			rc = add_key(w,
				     v->kind == PV_DICT ?
					     &k->value[k->item[i].key] :
					     NULL,
				     number);
			if (!rc)
				rc = walk(w, k->item[i].value, depth + 1);
			w->name.size = length;
		}
		number++;
	}
	return rc;
}

int pickle_collect(struct pickle *k, pv_ref root, struct ak_pickle *out)
{
	/* Each item once, and some that are shared. */
	struct walk w = { .k = k, .out = out, .visits = k->num_items + 100000 };
	int rc = walk(&w, unwrap(k, root), 0);

	ak_buf_clear(&w.name);
	return rc;
}
