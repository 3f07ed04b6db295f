// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The stack machine of pickle protocols 2 to 5; the instructions are those of
 * Python's pickletools. Values are numbers of entries in arrays that only
 * grow, at most one per instruction, so the memory is bounded by the pickle's
 * size and nothing can be freed too early.
 */
#include "format/pickle_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"

#define MIN_ROOM 256

/* Instructions, by their names in pickletools. */
enum opcode {
	OP_MARK = '(',
	OP_STOP = '.',
	OP_POP = '0',
	OP_POP_MARK = '1',
	OP_DUP = '2',
	OP_BINBYTES = 'B',
	OP_SHORT_BINBYTES = 'C',
	OP_BINFLOAT = 'G',
	OP_BININT = 'J',
	OP_BININT1 = 'K',
	OP_BININT2 = 'M',
	OP_NONE = 'N',
	OP_BINPERSID = 'Q',
	OP_REDUCE = 'R',
	OP_BINSTRING = 'T',
	OP_SHORT_BINSTRING = 'U',
	OP_BINUNICODE = 'X',
	OP_EMPTY_LIST = ']',
	OP_APPEND = 'a',
	OP_BUILD = 'b',
	OP_GLOBAL = 'c',
	OP_DICT = 'd',
	OP_APPENDS = 'e',
	OP_BINGET = 'h',
	OP_LONG_BINGET = 'j',
	OP_LIST = 'l',
	OP_BINPUT = 'q',
	OP_LONG_BINPUT = 'r',
	OP_SETITEM = 's',
	OP_TUPLE = 't',
	OP_EMPTY_TUPLE = ')',
	OP_SETITEMS = 'u',
	OP_EMPTY_DICT = '}',
	OP_PROTO = 0x80,
	OP_TUPLE1 = 0x85,
	OP_TUPLE2 = 0x86,
	OP_TUPLE3 = 0x87,
	OP_NEWTRUE = 0x88,
	OP_NEWFALSE = 0x89,
	OP_LONG1 = 0x8a,
	OP_SHORT_BINUNICODE = 0x8c,
	OP_BINUNICODE8 = 0x8d,
	OP_STACK_GLOBAL = 0x93,
	OP_MEMOIZE = 0x94,
	OP_FRAME = 0x95,
};

int pickle_damaged(const struct pickle *k, const char *what)
{
	return ak_errf(k->err, -EBADMSG,
		       "the pickle is damaged at byte %zu: %s", k->at, what);
}

static int no_memory(const struct pickle *k)
{
	return ak_errf(k->err, -ENOMEM, "no memory for the pickle");
}

int pickle_room(struct pickle *k, void *array, size_t *room, size_t used,
		size_t size)
{
	void **p = array, *grown;
	size_t n = *room ? *room * 2 : MIN_ROOM;

	if (used < *room)
		return 0;
	grown = reallocarray(*p, n, size);
	if (!grown)
		return no_memory(k);
	*p = grown;
	*room = n;
	return 0;
}

int pickle_new(struct pickle *k, enum pv_kind kind, pv_ref *ref)
{
	int rc = pickle_room(k, &k->value, &k->room_values, k->num_values,
			     sizeof(*k->value));

	if (rc)
		return rc;
	memset(&k->value[k->num_values], 0, sizeof(*k->value));
	k->value[k->num_values].kind = (uint8_t)kind;
	*ref = (pv_ref)k->num_values++;
	return 0;
}

static int push(struct pickle *k, pv_ref v)
{
	int rc = pickle_room(k, &k->stack, &k->room_stack, k->height,
			     sizeof(*k->stack));

	if (!rc)
		k->stack[k->height++] = v;
	return rc;
}

static int push_new(struct pickle *k, enum pv_kind kind)
{
	pv_ref v;
	int rc = pickle_new(k, kind, &v);

	return rc ? rc : push(k, v);
}

static int push_number(struct pickle *k, int64_t number)
{
	int rc = push_new(k, PV_INT);

	if (!rc)
		k->value[k->num_values - 1].number = number;
	return rc;
}

/* Height below which the values of the current mark are not. */
static size_t floor_of(const struct pickle *k)
{
	return k->num_marks ? k->mark[k->num_marks - 1] : 0;
}

/* Are there @n values above the last mark? */
static int need(const struct pickle *k, size_t n)
{
	if (k->height - floor_of(k) < n)
		return pickle_damaged(k, "the stack is empty");
	return 0;
}

/* Takes @n bytes of the instruction. */
static int take(struct pickle *k, uint64_t n, const uint8_t **p)
{
	if (k->size - k->pos < n)
		return pickle_damaged(k, "it ends in an instruction");
	*p = k->p + k->pos;
	k->pos += (size_t)n;
	return 0;
}

/* A little-endian number of @n bytes. */
static int take_number(struct pickle *k, unsigned int n, uint64_t *value)
{
	const uint8_t *p = NULL;
	int rc = take(k, n, &p);

	*value = 0;
	while (!rc && n--)
		*value = *value << 8 | p[n];
	return rc;
}

/* Text or bytes behind a length of @width bytes. */
static int op_text(struct pickle *k, unsigned int width, enum pv_kind kind)
{
	const uint8_t *p = NULL;
	uint64_t n;
	int rc = take_number(k, width, &n);

	if (!rc)
		rc = take(k, n, &p);
	if (!rc)
		rc = push_new(k, kind);
	if (rc)
		return rc;
	k->value[k->num_values - 1].count = (uint32_t)n;
	k->value[k->num_values - 1].text = p;
	return 0;
}

static int op_int(struct pickle *k, unsigned int width)
{
	uint64_t n;
	int rc = take_number(k, width, &n);

	/* Of BININT only is the sign a sign. */
	return rc ? rc :
		    push_number(k,
				width == 4 ? (int32_t)(uint32_t)n : (int64_t)n);
}

/* Any number of bytes; what does not fit 64 bits is no size. */
static int op_long(struct pickle *k)
{
	const uint8_t *p = NULL;
	uint64_t n, value = 0;
	unsigned int i;
	int rc = take_number(k, 1, &n);

	if (!rc)
		rc = take(k, n, &p);
	if (rc)
		return rc;
	if (n > 8)
		return push_new(k, PV_OTHER);
	if (n && p[n - 1] & 0x80)
		value = UINT64_MAX;
	for (i = (unsigned int)n; i--;)
		value = value << 8 | p[i];
	return push_number(k, (int64_t)value);
}

static int op_skip(struct pickle *k, unsigned int n)
{
	const uint8_t *p = NULL;

	return take(k, n, &p);
}

static int op_mark(struct pickle *k)
{
	int rc = pickle_room(k, &k->mark, &k->room_marks, k->num_marks,
			     sizeof(*k->mark));

	if (!rc)
		k->mark[k->num_marks++] = k->height;
	return rc;
}

/* Takes the last mark away; values from *@from on were above it. */
static int pop_mark(struct pickle *k, size_t *from)
{
	if (!k->num_marks)
		return pickle_damaged(k, "there is no mark");
	*from = k->mark[--k->num_marks];
	return 0;
}

/* Appends an item to a container. */
static int add_item(struct pickle *k, pv_ref to, pv_ref key, pv_ref value)
{
	struct pv *v = &k->value[to];
	pv_ref i = (pv_ref)k->num_items;
	int rc = pickle_room(k, &k->item, &k->room_items, k->num_items,
			     sizeof(*k->item));

	if (rc)
		return rc;
	k->num_items++;
	k->item[i].key = key;
	k->item[i].value = value;
	k->item[i].next = 0;
	if (v->count++)
		k->item[v->last].next = i;
	else
		v->first = i;
	v->last = i;
	return 0;
}

/* Puts values from @from on into a container that is below them. */
static int fill(struct pickle *k, size_t from, enum pv_kind kind)
{
	bool pairs = kind == PV_DICT;
	size_t i, step = pairs ? 2 : 1;
	pv_ref to;
	int rc = 0;

	if (from < floor_of(k) + 1)
		return pickle_damaged(k, "the stack is empty");
	to = k->stack[from - 1];
	if (k->value[to].kind != kind || (k->height - from) % step)
		return pickle_damaged(k, "items for what is no container");
	for (i = from; i < k->height && !rc; i += step)
		rc = add_item(k, to, pairs ? k->stack[i] : 0,
			      k->stack[i + step - 1]);
	k->height = from;
	return rc;
}

/* A new container of the values from @from on. */
static int collect(struct pickle *k, size_t from, enum pv_kind kind)
{
	size_t n = k->height - from;
	pv_ref v;
	int rc = pickle_new(k, kind, &v);

	/* The container goes below its items. */
	if (!rc)
		rc = push(k, 0);
	if (rc)
		return rc;
	memmove(k->stack + from + 1, k->stack + from, n * sizeof(*k->stack));
	k->stack[from] = v;
	return fill(k, from + 1, kind);
}

static int collect_marked(struct pickle *k, enum pv_kind kind)
{
	size_t from = 0;
	int rc = pop_mark(k, &from);

	return rc ? rc : collect(k, from, kind);
}

static int collect_some(struct pickle *k, size_t n)
{
	int rc = need(k, n);

	return rc ? rc : collect(k, k->height - n, PV_TUPLE);
}

static int fill_some(struct pickle *k, size_t n, enum pv_kind kind)
{
	int rc = need(k, n + 1);

	return rc ? rc : fill(k, k->height - n, kind);
}

static int fill_marked(struct pickle *k, enum pv_kind kind)
{
	size_t from = 0;
	int rc = pop_mark(k, &from);

	return rc ? rc : fill(k, from, kind);
}

static int op_pop_mark(struct pickle *k)
{
	size_t from = 0;
	int rc = pop_mark(k, &from);

	if (!rc)
		k->height = from;
	return rc;
}

static int op_pop(struct pickle *k)
{
	int rc;

	/* Above a mark it takes the mark away. */
	if (k->num_marks && k->height == floor_of(k)) {
		k->num_marks--;
		return 0;
	}
	rc = need(k, 1);
	if (!rc)
		k->height--;
	return rc;
}

static int op_dup(struct pickle *k)
{
	int rc = need(k, 1);

	return rc ? rc : push(k, k->stack[k->height - 1]);
}

static int put(struct pickle *k, uint64_t n)
{
	pv_ref *grown;
	size_t room;
	int rc = need(k, 1);

	if (rc)
		return rc;
	/* Pickles number what they keep one after the other. */
	if (n >= k->size)
		return pickle_damaged(k, "a number for the memo is too large");
	if (n >= k->room_memo) {
		room = k->room_memo ? k->room_memo : MIN_ROOM;
		while (room <= n)
			room *= 2;
		grown = reallocarray(k->memo, room, sizeof(*grown));
		if (!grown)
			return no_memory(k);
		memset(grown + k->room_memo, 0,
		       (room - k->room_memo) * sizeof(*grown));
		k->memo = grown;
		k->room_memo = room;
	}
	if (!k->memo[n])
		k->num_memo++;
	k->memo[n] = k->stack[k->height - 1];
	return 0;
}

static int op_put(struct pickle *k, unsigned int width)
{
	uint64_t n;
	int rc = take_number(k, width, &n);

	return rc ? rc : put(k, n);
}

static int op_get(struct pickle *k, unsigned int width)
{
	uint64_t n;
	int rc = take_number(k, width, &n);

	if (rc)
		return rc;
	if (n >= k->room_memo || !k->memo[n])
		return pickle_damaged(k, "nothing was kept under a number");
	return push(k, k->memo[n]);
}

static int name_call(struct pickle *k, const uint8_t *module, size_t nm,
		     const uint8_t *name, size_t nn)
{
	int call = pickle_find_call(module, nm, name, nn), rc;

	if (call < 0)
		return ak_errf(
			k->err, -ENOTSUP,
			"wants to call '%.*s.%.*s', which is refused: only tensors in plain containers are read and nothing is executed; save model.state_dict() alone",
			(int)(nm < 200 ? nm : 200), (const char *)module,
			(int)(nn < 200 ? nn : 200), (const char *)name);
	rc = push_new(k, PV_CALL);
	if (!rc)
		k->value[k->num_values - 1].call = (uint8_t)call;
	return rc;
}

static int take_line(struct pickle *k, const uint8_t **line, size_t *n)
{
	const uint8_t *p = k->p + k->pos, *end;

	end = memchr(p, '\n', k->size - k->pos);
	if (!end)
		return pickle_damaged(k, "it ends in an instruction");
	*line = p;
	*n = (size_t)(end - p);
	k->pos += *n + 1;
	return 0;
}

static int op_global(struct pickle *k)
{
	const uint8_t *module = NULL, *name = NULL;
	size_t nm = 0, nn = 0;
	int rc = take_line(k, &module, &nm);

	if (!rc)
		rc = take_line(k, &name, &nn);
	return rc ? rc : name_call(k, module, nm, name, nn);
}

static int op_stack_global(struct pickle *k)
{
	const struct pv *module, *name;
	int rc = need(k, 2);

	if (rc)
		return rc;
	module = &k->value[k->stack[k->height - 2]];
	name = &k->value[k->stack[k->height - 1]];
	if (module->kind != PV_TEXT || name->kind != PV_TEXT)
		return pickle_damaged(k, "a name that is no text");
	k->height -= 2;
	return name_call(k, module->text, module->count, name->text,
			 name->count);
}

static int op_persid(struct pickle *k)
{
	pv_ref v = 0;
	int rc = need(k, 1);

	if (!rc)
		rc = pickle_storage(k, k->stack[k->height - 1], &v);
	if (!rc)
		k->stack[k->height - 1] = v;
	return rc;
}

static int op_reduce(struct pickle *k)
{
	pv_ref v = 0;
	int rc = need(k, 2);

	if (!rc)
		rc = pickle_call(k, k->stack[k->height - 2],
				 k->stack[k->height - 1], &v);
	if (!rc)
		k->stack[--k->height - 1] = v;
	return rc;
}

/* Attributes of a dictionary: module versions, which mean nothing here. */
static int op_build(struct pickle *k)
{
	int rc = need(k, 2);

	if (rc)
		return rc;
	if (k->value[k->stack[k->height - 2]].kind != PV_DICT)
		return ak_errf(
			k->err, -ENOTSUP,
			"wants to set attributes of an object, which is refused; save model.state_dict() alone");
	k->height--;
	return 0;
}

static int step(struct pickle *k, unsigned int op)
{
	switch (op) {
	case OP_PROTO:
		return op_skip(k, 1);
	case OP_FRAME:
		return op_skip(k, 8);
	case OP_MARK:
		return op_mark(k);
	case OP_POP:
		return op_pop(k);
	case OP_POP_MARK:
		return op_pop_mark(k);
	case OP_DUP:
		return op_dup(k);
	case OP_NONE:
		return push_new(k, PV_OTHER);
	case OP_NEWTRUE:
	case OP_NEWFALSE:
		return push_number(k, op == OP_NEWTRUE);
	case OP_BININT1:
		return op_int(k, 1);
	case OP_BININT2:
		return op_int(k, 2);
	case OP_BININT:
		return op_int(k, 4);
	case OP_LONG1:
		return op_long(k);
	case OP_BINFLOAT:
		return op_skip(k, 8) ?: push_new(k, PV_OTHER);
	case OP_SHORT_BINSTRING:
	case OP_SHORT_BINUNICODE:
		return op_text(k, 1, PV_TEXT);
	case OP_BINSTRING:
	case OP_BINUNICODE:
		return op_text(k, 4, PV_TEXT);
	case OP_BINUNICODE8:
		return op_text(k, 8, PV_TEXT);
	case OP_SHORT_BINBYTES:
		return op_text(k, 1, PV_OTHER);
	case OP_BINBYTES:
		return op_text(k, 4, PV_OTHER);
	case OP_EMPTY_TUPLE:
		return push_new(k, PV_TUPLE);
	case OP_EMPTY_LIST:
		return push_new(k, PV_LIST);
	case OP_EMPTY_DICT:
		return push_new(k, PV_DICT);
	case OP_TUPLE1:
	case OP_TUPLE2:
	case OP_TUPLE3:
		return collect_some(k, op - OP_TUPLE1 + 1);
	case OP_TUPLE:
		return collect_marked(k, PV_TUPLE);
	case OP_LIST:
		return collect_marked(k, PV_LIST);
	case OP_DICT:
		return collect_marked(k, PV_DICT);
	case OP_APPEND:
		return fill_some(k, 1, PV_LIST);
	case OP_APPENDS:
		return fill_marked(k, PV_LIST);
	case OP_SETITEM:
		return fill_some(k, 2, PV_DICT);
	case OP_SETITEMS:
		return fill_marked(k, PV_DICT);
	case OP_BINPUT:
		return op_put(k, 1);
	case OP_LONG_BINPUT:
		return op_put(k, 4);
	case OP_MEMOIZE:
		return put(k, k->num_memo);
	case OP_BINGET:
		return op_get(k, 1);
	case OP_LONG_BINGET:
		return op_get(k, 4);
	case OP_GLOBAL:
		return op_global(k);
	case OP_STACK_GLOBAL:
		return op_stack_global(k);
	case OP_BINPERSID:
		return op_persid(k);
	case OP_REDUCE:
		return op_reduce(k);
	case OP_BUILD:
		return op_build(k);
	}
	return ak_errf(
		k->err, -ENOTSUP,
		"has pickle instruction 0x%02x at byte %zu, which no state dictionary needs; save model.state_dict() alone",
		op, k->at);
}

static int run(struct pickle *k, pv_ref *root)
{
	int rc;

	for (;;) {
		k->at = k->pos;
		if (k->pos == k->size)
			return pickle_damaged(
				k, "it has no end; the file is cut short");
		if (k->p[k->pos] == OP_STOP)
			break;
		rc = step(k, k->p[k->pos++]);
		if (rc)
			return rc;
	}
	if (k->num_marks || k->height != 1)
		return pickle_damaged(k, "it ends without one value");
	*root = k->stack[0];
	return 0;
}

static void machine_free(struct pickle *k)
{
	free(k->value);
	free(k->item);
	free(k->storage);
	free(k->view);
	free(k->stack);
	free(k->memo);
	free(k->mark);
}

int ak_pickle_parse(const void *data, size_t size, struct ak_pickle *out,
		    struct ak_err *err)
{
	struct pickle k = { .p = data, .size = size, .err = err };
	pv_ref root = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	if (size > AK_PICKLE_MAX)
		return ak_errf(
			err, -ENOTSUP,
			"has a pickle of %zu bytes; at most %u are read, which is enough for 100000 tensors",
			size, AK_PICKLE_MAX);
	/* Number 0 is none. */
	rc = pickle_new(&k, PV_OTHER, &root);
	if (!rc)
		rc = pickle_room(&k, &k.item, &k.room_items, k.num_items++,
				 sizeof(*k.item));
	if (!rc)
		rc = run(&k, &root);
	if (!rc)
		rc = pickle_collect(&k, root, out);
	machine_free(&k);
	if (rc)
		ak_pickle_clear(out);
	return rc;
}

void ak_pickle_clear(struct ak_pickle *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		free(p->tensor[i].name);
		free(p->tensor[i].key);
	}
	free(p->tensor);
	memset(p, 0, sizeof(*p));
}
