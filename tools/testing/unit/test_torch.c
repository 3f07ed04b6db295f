// SPDX-License-Identifier: GPL-2.0
/*
 * PyTorch checkpoints: pickles, right and hostile; and files of PyTorch
 * itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/util.h"
#include "convert/tensors.h"
#include "format/torch.h"
#include "python.h"
#include "temp_dir.h"

/* Pieces of pickles, by the names of their instructions. */
#define PROTO "\x80\x02"
#define ODICT "ccollections\nOrderedDict\n)R"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define PARAMETER "ctorch._utils\n_rebuild_parameter\n"
#define FLOAT "ctorch\nFloatStorage\n"
#define TEXT1(c) "X\1\0\0\0" c
#define STORAGE_N(class, key, n) \
	"(X\7\0\0\0storage" class key "X\3\0\0\0cpu" n "tQ"
#define STORAGE STORAGE_N(FLOAT, TEXT1("0"), "K\6")
#define REST "\x89" ODICT "tR"
/* 2x3 at 0 */
#define TENSOR REBUILD "(" STORAGE "K\0K\2K\3\x86K\3K\1\x86" REST

#define BYTES(s) s, sizeof(s) - 1

static int parse(const char *s, size_t n, struct ak_pickle *p,
		 struct ak_err *err)
{
	uint8_t *copy = malloc(n ? n : 1);
	int rc;

	memcpy(copy, s, n);
	err->text[0] = '\0';
	rc = ak_pickle_parse(copy, n, p, err);
	free(copy);
	return rc;
}

static void assert_names(const char *s, size_t n, const char *names)
{
	struct ak_err err = { "" };
	struct ak_buf all = { 0 };
	struct ak_pickle p;
	size_t i;

	if (parse(s, n, &p, &err))
		fail_msg("%s: %s", names, err.text);
	for (i = 0; i < p.count; i++) {
		ak_buf_text(&all, i ? " " : "");
		ak_buf_text(&all, p.tensor[i].name);
	}
	ak_buf_add(&all, "", 1);
	assert_string_equal((char *)all.data, names);
	ak_buf_clear(&all);
	ak_pickle_clear(&p);
}

static void right(void **state)
{
	static const char dict[] = PROTO ODICT "(" TEXT1("w") TENSOR "u.";
	struct ak_err err = { "" };
	struct ak_pickle p;

	(void)state;
	if (parse(BYTES(dict), &p, &err))
		fail_msg("%s", err.text);
	assert_int_equal(p.count, 1);
	assert_string_equal(p.tensor[0].name, "w");
	assert_string_equal(p.tensor[0].key, "0");
	assert_string_equal(p.tensor[0].dtype, "FloatStorage");
	assert_int_equal(p.tensor[0].type, AK_TENSOR_F32);
	assert_int_equal(p.tensor[0].elements, 6);
	assert_int_equal(p.tensor[0].first, 0);
	assert_int_equal(p.tensor[0].ndim, 2);
	assert_int_equal(p.tensor[0].dim[0], 2);
	assert_int_equal(p.tensor[0].stride[0], 3);
	assert_int_equal(p.tensor[0].count, 6);
	ak_pickle_clear(&p);

	/* Kept and fetched; attributes of the dictionary; one by one. */
	assert_names(
		BYTES(PROTO "ccollections\nOrderedDict\nq\0)Rq\1(" TEXT1("a")
			      TENSOR
		      "q\2" TEXT1("b") "h\2" TEXT1(
			      "c") "r\3\0\0\0j\2\0\0\0u}" TEXT1("_") "K\1sb."),
		"a b c");
	assert_names(
		BYTES(PROTO "}" TEXT1("a") TENSOR "s" TEXT1("b") TENSOR "s."),
		"a b");
	/* Parameters, numbers as keys, lists and tuples, a mark and DICT. */
	assert_names(BYTES(PROTO "(" TEXT1("p") PARAMETER
			   "(" TENSOR "\x88" ODICT
			   "tR" TEXT1("l") "](" TENSOR "NK\1" TENSOR "e"
					   "K\7(" TENSOR TENSOR "td."),
		     "p l.0 l.3 7.0 7.1");
	/* What is no tensor is left out; a single tensor has no name. */
	assert_names(
		BYTES(PROTO
		      "}(" TEXT1("n") "N" TEXT1("f") "G\0\0\0\0\0\0\0\0" TEXT1("i") "M\1\2" TEXT1("j") "J\xff\xff\xff\xff" TEXT1(
			      "k") "\x8a\x0b\1\2\3\4\5\6\7\10\11\12\13" TEXT1("b") "C\2ab" TEXT1("t")
			      TENSOR "u."),
		"t");
	assert_names(BYTES(PROTO TENSOR "."), "tensor");
	assert_names(BYTES(PROTO "}."), "");
	/* POP, POP_MARK and DUP; protocol 4. */
	assert_names(BYTES(PROTO "N0(NN1(0" TENSOR "20."), "tensor");
	assert_names(BYTES("\x80\x04\x95\0\0\0\0\0\0\0\0}\x94\x8c\1x\x94"
			   "\x8c\x0ctorch._utils\x8c\x12_rebuild_tensor_v2\x93"
			   "((\x8c\7storage\x8c\5torch\x8c\x0c"
			   "FloatStorage\x93"
			   "\x8c\1"
			   "0\x8c\3cpuK\6tQK\0K\6\x85K\1\x85\x89}t\x94R\x94"
			   "s."),
		     "x");
}

static void wrapped(void **state)
{
	(void)state;
	assert_names(BYTES(PROTO "}(X\x0a\0\0\0state_dict}" TEXT1("a") TENSOR
			   "sX\5\0\0\0epochK\3X\3\0\0\0opt}" TEXT1("m") TENSOR
			   "su."),
		     "a");
	assert_names(BYTES(PROTO "}(X\5\0\0\0model}" TEXT1("a") TENSOR "su."),
		     "a");
	/* Not where a tensor stands beside it. */
	assert_names(BYTES(PROTO "}(X\5\0\0\0model}" TEXT1("a") TENSOR
			   "s" TEXT1("b") TENSOR "u."),
		     "model.a b");
}

static const struct {
	const char *s;
	size_t n;
	int code;
	const char *says;
} cases[] = {
	/* Calls. */
	{ BYTES(PROTO "cos\nsystem\nX\2\0\0\0ls\x85R."), -ENOTSUP,
	  "'os.system'" },
	{ BYTES(PROTO "cposix\nsystem\nX\2\0\0\0ls\x85R."), -ENOTSUP,
	  "'posix.system'" },
	{ BYTES(PROTO "c__builtin__\neval\n."), -ENOTSUP, "eval" },
	{ BYTES(PROTO "ctorch\nload\n."), -ENOTSUP, "'torch.load'" },
	{ BYTES(PROTO "ctorch._utils\n_rebuild_tensor_v2.__class__\n."),
	  -ENOTSUP, "__class__" },
	{ BYTES(PROTO "ctorch.storage\nUntypedStorage\n."), -ENOTSUP,
	  "UntypedStorage" },
	{ BYTES("\x80\x04\x8c\2os\x8c\6system\x93."), -ENOTSUP, "'os.system'" },
	{ BYTES("\x80\x04N\x8c\6system\x93."), -EBADMSG, "no text" },
	{ BYTES(PROTO FLOAT ")R."), -EBADMSG, "storages is called" },
	{ BYTES(PROTO "N)R."), -EBADMSG, "cannot be" },
	{ BYTES(PROTO "ccollections\nOrderedDict\nNR."), -EBADMSG,
	  "cannot be" },
	{ BYTES(PROTO "ccollections\nOrderedDict\n]\x85R."), -ENOTSUP,
	  "fills an OrderedDict" },
	{ BYTES(PROTO TENSOR "}b."), -ENOTSUP, "attributes" },
	/* Instructions that nobody needs: INST, OBJ, NEWOBJ, EXT1, PERSID. */
	{ BYTES(PROTO "(ios\nsystem\n."), -ENOTSUP, "0x69" },
	{ BYTES(PROTO "(FLOAT"
		      "o."),
	  -ENOTSUP, "" },
	{ BYTES(PROTO "ccollections\nOrderedDict\n)\x81."), -ENOTSUP, "0x81" },
	{ BYTES(PROTO "\x82\1."), -ENOTSUP, "0x82" },
	{ BYTES(PROTO "Pfile\n."), -ENOTSUP, "0x50" },
	{ BYTES(PROTO "\xff."), -ENOTSUP, "0xff" },
	/* The stack. */
	{ BYTES(PROTO "."), -EBADMSG, "one value" },
	{ BYTES(PROTO "NN."), -EBADMSG, "one value" },
	{ BYTES(PROTO "(N."), -EBADMSG, "one value" },
	{ BYTES(PROTO "0."), -EBADMSG, "empty" },
	{ BYTES(PROTO "2."), -EBADMSG, "empty" },
	{ BYTES(PROTO "a."), -EBADMSG, "empty" },
	{ BYTES(PROTO "]a."), -EBADMSG, "empty" },
	{ BYTES(PROTO "N(Na."), -EBADMSG, "empty" },
	{ BYTES(PROTO "(Ne."), -EBADMSG, "empty" },
	{ BYTES(PROTO "N(Ne."), -EBADMSG, "no container" },
	{ BYTES(PROTO "](Nu."), -EBADMSG, "no container" },
	{ BYTES(PROTO "}(Nu."), -EBADMSG, "no container" },
	{ BYTES(PROTO "(Nd."), -EBADMSG, "no container" },
	{ BYTES(PROTO "}Ns."), -EBADMSG, "empty" },
	{ BYTES(PROTO "t."), -EBADMSG, "no mark" },
	{ BYTES(PROTO "1."), -EBADMSG, "no mark" },
	{ BYTES(PROTO "N\x86."), -EBADMSG, "empty" },
	{ BYTES(PROTO "R."), -EBADMSG, "empty" },
	{ BYTES(PROTO "Q."), -EBADMSG, "empty" },
	{ BYTES(PROTO "q\1."), -EBADMSG, "empty" },
	{ BYTES(PROTO "h\1."), -EBADMSG, "kept" },
	{ BYTES(PROTO "Nr\xff\xff\xff\xff."), -EBADMSG, "memo" },
	{ BYTES(PROTO "Nr\x0b\0\0\0."), -EBADMSG, "memo" },
	/* Lengths. */
	{ BYTES(PROTO "X\xff\xff\xff\xff"
		      "a."),
	  -EBADMSG, "ends" },
	{ BYTES("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), -EBADMSG,
	  "ends" },
	{ BYTES(PROTO "U\5ab."), -EBADMSG, "ends" },
	{ BYTES(PROTO "\x8a\xff."), -EBADMSG, "ends" },
	{ BYTES(PROTO "cos"), -EBADMSG, "ends" },
	{ BYTES(PROTO "cos\nsystem"), -EBADMSG, "ends" },
	{ BYTES(PROTO "N"), -EBADMSG, "no end" },
	{ BYTES(""), -EBADMSG, "no end" },
	/* Storages. */
	{ BYTES(PROTO "NQ."), -EBADMSG, "too little" },
	{ BYTES(PROTO ")Q."), -EBADMSG, "too little" },
	{ BYTES(PROTO "(X\6\0\0\0module" FLOAT TEXT1("0") "NK\6tQ."), -ENOTSUP,
	  "no storage" },
	{ BYTES(PROTO STORAGE_N("N", TEXT1("0"), "K\6") "."), -EBADMSG,
	  "class" },
	{ BYTES(PROTO STORAGE_N(PARAMETER, TEXT1("0"), "K\6") "."), -EBADMSG,
	  "class" },
	{ BYTES(PROTO STORAGE_N(FLOAT, "K\0", "K\6") "."), -EBADMSG, "name" },
	{ BYTES(PROTO STORAGE_N(FLOAT, TEXT1("0"), "N") "."), -EBADMSG,
	  "whole number" },
	{ BYTES(PROTO STORAGE_N(FLOAT, TEXT1("0"), "J\xff\xff\xff\xff") "."),
	  -EBADMSG, "whole number" },
/* Tensors. */
#define VIEW(offset, size, stride) \
	BYTES(PROTO REBUILD "(" STORAGE offset size stride REST ".")
	{ VIEW("K\1", "K\2K\3\x86", "K\3K\1\x86"), -EBADMSG, "beyond" },
	{ VIEW("K\6", "K\1\x85", "K\1\x85"), -EBADMSG, "beyond" },
	{ VIEW("K\0", "K\2\x85", "K\6\x85"), -EBADMSG, "beyond" },
	{ VIEW("K\0", "K\7\x85", "K\1\x85"), -EBADMSG, "beyond" },
	{ VIEW("K\0", "K\2K\3\x86", "K\1\x85"), -EBADMSG, "as many strides" },
	{ VIEW("K\0", "N", "K\1\x85"), -EBADMSG, "no tuple" },
	{ VIEW("K\0", "N\x85", "K\1\x85"), -EBADMSG, "whole number" },
	{ VIEW("J\xff\xff\xff\xff", "K\1\x85", "K\1\x85"), -EBADMSG,
	  "whole number" },
	{ VIEW("K\0", "J\xff\xff\xff\xff\x85", "K\1\x85"), -EBADMSG,
	  "whole number" },
	{ VIEW("K\0", "K\2\x85",
	       "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"),
	  -EBADMSG, "beyond" },
	{ VIEW("K\0", "K\3\x85",
	       "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"),
	  -EBADMSG, "beyond" },
	{ VIEW("K\1", "K\3K\3\x86",
	       "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"
	       "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x86"),
	  -EBADMSG, "stride is too large" },
	{ VIEW("K\0", "\x8a\x08\0\0\0\0\1\0\0\0\x8a\x08\0\0\0\0\1\0\0\0\x86",
	       "K\0K\0\x86"),
	  -EBADMSG, "shape is too large" },
	{ VIEW("K\0", "\x8a\x05\0\0\0\0\2\x85", "K\0\x85"), -ENOTSUP,
	  "contiguous" },
	{ VIEW("K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "K\0\x85"), -ENOTSUP,
	  "9 dimensions" },
	{ BYTES(PROTO REBUILD "(NK\0)) tR."), -ENOTSUP, "0x20" },
	{ BYTES(PROTO REBUILD "(NK\0))" REST "."), -EBADMSG,
	  "without storage" },
	{ BYTES(PROTO REBUILD "(" STORAGE "tR."), -EBADMSG, "too little" },
	{ BYTES(PROTO PARAMETER "(N\x88" ODICT "tR."), -EBADMSG,
	  "without tensor" },
	/* Names. */
	{ BYTES(PROTO "}N" TENSOR "s."), -ENOTSUP, "neither text nor number" },
	{ BYTES(PROTO "}X\1\0\0\0\0" TENSOR "s."), -ENOTSUP, "neither text" },
};

static void hostile(void **state)
{
	struct ak_pickle p;
	struct ak_err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc = parse(cases[i].s, cases[i].n, &p, &err);

		if (rc != cases[i].code || !strstr(err.text, cases[i].says))
			fail_msg("case %zu: %d, '%s' has no '%s'", i, rc,
				 err.text, cases[i].says);
		assert_null(p.tensor);
	}
}

/* An empty tensor may be anywhere; one element of a stride is enough. */
static void corners(void **state)
{
	(void)state;
	assert_names(BYTES(PROTO "}" TEXT1("e") REBUILD
			   "(" STORAGE "K\6K\0K\3\x86K\3K\1\x86" REST "s."),
		     "e");
	assert_names(BYTES(PROTO "}" TEXT1("s") REBUILD "(" STORAGE "K\5))" REST
							"s."),
		     "s");
	/* A stride of a size of 1 does not count; a stride of 0 is expand(). */
	assert_names(BYTES(PROTO "}" TEXT1("o") REBUILD
			   "(" STORAGE "K\0K\1K\6\x86M\xff\xffK\1\x86" REST
			   "s."),
		     "o");
	assert_names(BYTES(PROTO "}" TEXT1("x") REBUILD
			   "(" STORAGE "K\5M\0\1\x85K\0\x85" REST "s."),
		     "x");
}

/* Containers in containers: one in itself, and 2^40 ways to a tensor. */
static void loops(void **state)
{
	struct ak_buf b = { 0 };
	struct ak_pickle p;
	struct ak_err err;
	int i, k;

	(void)state;
	assert_int_equal(parse(BYTES(PROTO "]q\0h\0a."), &p, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "levels"));
	assert_int_equal(
		parse(BYTES(PROTO "}q\0" TEXT1("a") "h\0s."), &p, &err),
		-EBADMSG);
	ak_buf_add(&b, PROTO "]q\0(", 6);
	ak_buf_add(&b, BYTES(TENSOR));
	ak_buf_add(&b, "e", 1);
	for (i = 1; i < 12; i++) {
		ak_buf_printf(&b, "](");
		for (k = 0; k < 12; k++) {
			const uint8_t get[] = { 'h', (uint8_t)(i - 1) };

			ak_buf_add(&b, get, 2);
		}
		ak_buf_add(&b, "eq", 2);
		ak_buf_fill(&b, i, 1);
	}
	/* What is left is one list; those below are taken away. */
	ak_buf_add(&b, "q\xc8", 2);
	ak_buf_fill(&b, '0', 12);
	ak_buf_add(&b, "h\xc8", 2);
	ak_buf_add(&b, ".", 1);
	assert_int_equal(parse((char *)b.data, b.size, &p, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "over and over"));
	ak_buf_clear(&b);
}

static void damaged(void **state)
{
	static const char dict[] = PROTO ODICT "q\0(" TEXT1("w") TENSOR
		"q\1" TEXT1("l") "](h\1"
				 "\x85K\1M\1\0\x8a\1\1eU\1abNu}" TEXT1(
					 "_") "K\1sb.";
	char copy[sizeof(dict)];
	size_t n = sizeof(dict) - 1, i, refused = 0;
	struct ak_pickle p;
	struct ak_err err;
	unsigned int v;

	(void)state;
	memcpy(copy, dict, sizeof(dict));
	/* 'b' is a key without its length: the dictionary is what is wrong. */
	for (i = 0; i < n; i++) {
		assert_int_not_equal(parse(dict, i, &p, &err), 0);
		assert_true(err.text[0]);
	}
	for (i = 0; i < n; i++)
		for (v = 0; v < 256; v++) {
			copy[i] = (char)v;
			if (parse(copy, n, &p, &err)) {
				assert_true(err.text[0]);
				refused++;
			}
			ak_pickle_clear(&p);
			copy[i] = dict[i];
		}
	assert_true(refused > n * 100);
}

static void legacy(void **state)
{
	static const char old[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a"
				  "\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}";
	static char tar[512];

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	assert_true(ak_is_torch_legacy(BYTES(old)));
	assert_true(ak_is_torch_legacy(tar, sizeof(tar)));
	assert_false(
		ak_is_torch_legacy(BYTES(PROTO ODICT "....................")));
	assert_false(ak_is_torch_legacy("", 0));
}

/* By PyTorch: views, all types, parameters, shared storages, a module. */
static const char by_torch[] =
	"import sys, torch\n"
	"x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)\n"
	"types = ['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32',\n"
	"         'int16', 'int8', 'uint8', 'bool']\n"
	"d = {t: torch.tensor([0, 1, 2, 100]).to(getattr(torch, t)) for t in types}\n"
	"d.update(t=x.transpose(0, 2), p=torch.nn.Parameter(x[1]), cut=x[:, 1:, ::2],\n"
	"         same=x, e=torch.zeros(0, 3), s=torch.tensor(7.0),\n"
	"         wide=torch.tensor([3.0]).expand(5), big=torch.arange(70000.0))\n"
	"d['list'] = [x[0, 0], torch.nn.Linear(2, 2).state_dict()]\n"
	"torch.save(d, sys.argv[1], pickle_protocol=int(sys.argv[2]))\n";

static void assert_floats(const struct ak_tensors *s, const char *name,
			  const float *want, size_t n)
{
	const struct ak_tensor *t = ak_tensors_find(s, name);
	struct ak_err err = { "" };
	float got[64];

	if (!t)
		fail_msg("there is no '%s'", name);
	assert_int_equal(t->count, n);
	if (ak_tensor_read(s, t, 0, ak_tensor_rows(t), got, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(got, want, n * sizeof(float));
}

static void read_torch(const char *path, const char *protocol)
{
	static const float small[] = { 0, 1, 2, 100 }, truth[] = { 0, 1, 1, 1 };
	static const char *const types[] = { "float64",	 "float32", "float16",
					     "bfloat16", "int64",   "int32",
					     "int16",	 "int8",    "uint8" };
	static const float cut[] = { 4, 6, 8, 10, 16, 18, 20, 22 };
	static const float wide[] = { 3, 3, 3, 3, 3 }, seven = 7;
	float t[24], p[12];
	struct ak_err err = { "" };
	struct ak_tensors *s;
	size_t i, j, k;

	run_python(by_torch, path, protocol);
	if (ak_tensors_open(path, &s, &err))
		fail_msg("%s", err.text);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		assert_floats(s, types[i], small, 4);
	assert_floats(s, "bool", truth, 4);
	for (i = 0; i < 4; i++)
		for (j = 0; j < 3; j++)
			for (k = 0; k < 2; k++)
				t[(i * 3 + j) * 2 + k] =
					(float)(k * 12 + j * 4 + i);
	assert_floats(s, "t", t, 24);
	for (i = 0; i < 12; i++)
		p[i] = (float)(12 + i);
	assert_floats(s, "p", p, 12);
	assert_floats(s, "cut", cut, 8);
	assert_floats(s, "wide", wide, 5);
	assert_floats(s, "s", &seven, 1);
	assert_floats(s, "e", NULL, 0);
	assert_int_equal(ak_tensors_find(s, "list.0")->count, 4);
	assert_int_equal(ak_tensors_find(s, "list.1.weight")->count, 4);
	assert_int_equal(ak_tensors_find(s, "big")->count, 70000);
	assert_null(ak_tensors_find(s, "t")->data);
	assert_non_null(ak_tensors_find(s, "same")->data);
	ak_tensors_close(s);
}

static void as_torch(void **state)
{
	static const char *const protocols[] = { "2", "3", "4" };
	const char *path = temp_path("torch");
	size_t i;

	(void)state;
	if (!have_python("torch"))
		skip();
	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		read_torch(path, protocols[i]);
}

/* The same file, packed, and with big-endian storages. */
static const char by_hand[] =
	"import struct, sys, zipfile\n"
	"path, how = sys.argv[1:]\n"
	"key = lambda s: b'X' + struct.pack('<I', len(s)) + s\n"
	"p = b'\\x80\\x02}' + key(b'w') + b'ctorch._utils\\n_rebuild_tensor_v2\\n(('\n"
	"p += key(b'storage') + b'ctorch\\nShortStorage\\n' + key(b'0') + key(b'cpu') + b'K\\6tQ'\n"
	"p += b'K\\1K\\2K\\2\\x86K\\3K\\1\\x86\\x89}tRs.'\n"
	"order = '>' if 'big' in how else '<'\n"
	"with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED if 'packed' in how else zipfile.ZIP_STORED) as z:\n"
	"    z.writestr('x/data.pkl', p)\n"
	"    n = 5 if 'short' in how else 6\n"
	"    if 'missing' not in how:\n"
	"        z.writestr('x/data/0', struct.pack(order + '%dh' % n, *range(1, n + 1)))\n"
	"    if 'order' in how:\n"
	"        z.writestr('x/byteorder', how.split(':')[1])\n";

static void forms(void **state)
{
	static const struct {
		const char *how;
		int code;
		const char *says;
	} files[] = {
		{ "", 0, "" },
		{ "packed", 0, "" },
		{ "order:little", 0, "" },
		{ "big order:big", 0, "" },
		{ "big packed order:big", 0, "" },
		{ "order:middle", -EBADMSG, "byte order" },
		{ "order:little endian", -EBADMSG, "byte order" },
		{ "short", -EBADMSG, "too few" },
		{ "missing", -EBADMSG, "not in the archive" },
	};
	static const float want[] = { 2, 3, 5, 6 };
	const char *path = temp_path("torch");
	struct ak_err err = { "" };
	struct ak_tensors *s;
	size_t i;
	int rc;

	(void)state;
	if (!have_python(NULL))
		skip();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		run_python(by_hand, path, files[i].how);
		rc = ak_tensors_open(path, &s, &err);
		if (rc != files[i].code ||
		    (rc && (!strstr(err.text, files[i].says) ||
			    !strstr(err.text, path))))
			fail_msg("%s: %d %s", files[i].how, rc, err.text);
		if (rc)
			continue;
		assert_floats(s, "w", want, 4);
		ak_tensors_close(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(hostile),
		cmocka_unit_test(corners),
		cmocka_unit_test(loops),
		cmocka_unit_test(damaged),
		cmocka_unit_test(legacy),
		cmocka_unit_test_setup_teardown(as_torch, temp_dir_make,
						temp_dir_remove),
		cmocka_unit_test_setup_teardown(forms, temp_dir_make,
						temp_dir_remove),
	};

	return cmocka_run_group_tests_name("torch", tests, NULL, NULL);
}
