// SPDX-License-Identifier: GPL-2.0
/*
 * ONNX: networks that PyTorch exported must give what PyTorch computes; what
 * Akida has not, and what is hostile, is refused by name.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "akida/array.h"
#include "cmocka_all.h"
#include "convert/graph.h"
#include "model/model.h"
#include "onnx_build.h"
#include "peer_outputs.h"
#include "python.h"
#include "temp_dir.h"

static void test_frameworks(void **state)
{
	static const char script[] =
		"import runpy, sys; sys.dont_write_bytecode = True;"
		"sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])";
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	(void)state;
	if (!have_python("onnx, torch"))
		skip();
	run_python(script, "tools/testing/convert/make_onnx.py", temp_path(""));
	dir = opendir(temp_path(""));
	assert_non_null(dir);
	while ((d = readdir(dir))) {
		const char *dot = strstr(d->d_name, ".onnx");
		char name[160];

		if (!dot)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - d->d_name),
			 d->d_name);
		peer_compare(d->d_name, name);
		n++;
	}
	closedir(dir);
	assert_int_equal(n, 58);
}

/* ------------------------------------------------------------- by hand */

static struct onnx_build b;

static int import(uint64_t opset, struct ak_graph **g, struct ak_err *err)
{
	struct ak_buf file;
	const char *path;

	*g = NULL;
	err->text[0] = '\0';
	onnx_finish(&b, opset, &file);
	path = temp_write("model.onnx", file.data, file.size);
	ak_buf_clear(&file);
	return ak_graph_import(path, NULL, NULL, g, err);
}

/* It is refused with a sentence that has these words. */
static void refused(uint64_t opset, int code, const char *words)
{
	struct ak_graph *g;
	struct ak_err err;
	int rc = import(opset, &g, &err);

	if (!rc || !strstr(err.text, words) || !strstr(err.text, "model.onnx"))
		fail_msg("'%s' expected: %d, %s", words, rc, err.text);
	assert_int_equal(rc, code);
	assert_null(g);
}

/* An input of @c channels, an output y, and one node between x and y. */
static void one(const char *op, const char *in, int64_t c)
{
	onnx_value(&b, 1, "x", 4, (int64_t)0, c, (int64_t)6, (int64_t)6);
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, op, in, "y");
}

#define I(n) ((int64_t)(n))

static void test_refusals(void **state)
{
	(void)state;
	one("ConvTranspose", "x w", 2);
	onnx_floats(&b, "w", 4, I(2), I(2), I(3), I(3));
	refused(13, -ENOTSUP, "node 'y' (ConvTranspose): Akida 1.0 has no");

	onnx_ints(&b, "dilations", 2, I(2), I(2));
	one("Conv", "x w", 2);
	onnx_floats(&b, "w", 4, I(2), I(2), I(3), I(3));
	refused(13, -ENOTSUP, "a dilation of 2x2: Akida 1.0 has none");

	onnx_int(&b, "group", 2);
	one("Conv", "x w", 4);
	onnx_floats(&b, "w", 4, I(4), I(2), I(3), I(3));
	refused(13, -ENOTSUP, "2 groups of 4 channels");

	onnx_int(&b, "group", 4);
	one("Conv", "x w", 4);
	onnx_floats(&b, "w", 4, I(8), I(1), I(3), I(3));
	refused(13, -ENOTSUP, "8 filters for 4 channels");

	one("Conv", "x w", 3);
	onnx_floats(&b, "w", 4, I(4), I(2), I(3), I(3));
	refused(13, -EBADMSG, "for 2 channels; its input has 3");

	one("LeakyRelu", "x", 3);
	refused(13, -ENOTSUP, "Akida 1.0 has ReLU only");
	one("QLinearConv", "x", 3);
	refused(13, -ENOTSUP, "QDQ form");
	one("Wavelet", "x", 3);
	refused(13, -ENOTSUP, "node 'y' (Wavelet): this operator is none");
	onnx_int(&b, "to", 7);
	one("Cast", "x", 3);
	refused(13, -ENOTSUP, "rounds computed values");
	onnx_ints(&b, "perm", 4, I(0), I(1), I(3), I(2));
	one("Transpose", "x", 3);
	refused(13, -ENOTSUP, "Akida cannot");
	one("Clip", "x lo hi", 3);
	onnx_floats(&b, "lo", 1, I(1));
	onnx_floats(&b, "hi", 1, I(1));
	refused(13, -ENOTSUP, "clips at 0.125 and 0.125");
	onnx_ints(&b, "pads", 8, I(0), I(1), I(0), I(0), I(0), I(0), I(0),
		  I(0));
	one("Pad", "x", 3);
	refused(9, -ENOTSUP, "padding along axis 1");
	onnx_text(&b, "mode", "reflect");
	onnx_ints(&b, "pads", 8, I(0), I(0), I(1), I(0), I(0), I(0), I(0),
		  I(0));
	one("Pad", "x", 3);
	refused(9, -ENOTSUP, "padding by 'reflect'");
	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_longs(&b, "s", 3, I(0), I(9), I(12));
	onnx_node(&b, "Relu", "x", "a");
	onnx_node(&b, "Reshape", "a s", "y");
	refused(13, -ENOTSUP, "arranges the elements of a map anew");
	one("Reshape", "x s", 3);
	onnx_longs(&b, "s", 3, I(0), I(9), I(12));
	refused(13, -ENOTSUP, "the network's input has 3 dimensions");
	one("Mul", "x c", 3);
	onnx_floats(&b, "c", 2, I(6), I(6));
	refused(13, -ENOTSUP, "6 values along axis 2");
	one("Relu", "x", 3);
	refused(6, -ENOTSUP, "of version 6; 7 to 24 are read");
	one("Relu", "x", 3);
	refused(25, -ENOTSUP, "of version 25");
}

static void test_branches(void **state)
{
	(void)state;
	/* ResNet's: what is told is where branches meet. */
	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, "Relu", "x", "a");
	onnx_node(&b, "Relu", "x", "b");
	onnx_node(&b, "Add", "b a", "y");
	refused(13, -ENOTSUP,
		"node 'y' (Add): a residual connection: it adds 'b' and 'a'");

	one("Concat", "x x", 3);
	refused(13, -ENOTSUP, "joins 2 computed values");

	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 1, "z", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, "Relu", "x", "y");
	refused(13, -ENOTSUP, "several inputs ('x' and 'z')");

	one("Relu", "x", 3);
	onnx_value(&b, 0, "x", -1);
	refused(13, -ENOTSUP, "it has 2 outputs");

	/* Branches that nobody needs are nobody's business. */
	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, "Wavelet", "x", "unused");
	onnx_node(&b, "Relu", "x", "y");
	{
		struct ak_graph *g;
		struct ak_err err;

		if (import(13, &g, &err))
			fail_msg("%s", err.text);
		assert_int_equal(g->num_ops, 1);
		assert_string_equal(g->op[0].name, "y");
		assert_int_equal(g->input.height, 6);
		assert_int_equal(g->input.channels, 3);
		assert_true(g->input_nchw);
		ak_graph_free(g);
	}
}

/* Of the processor, whatever else the machine does. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Refused in 100 ms of processor time, with 64 MiB more than before at most. */
static void hostile(int code, const char *words)
{
	struct rusage before, after;
	double start = seconds();

	getrusage(RUSAGE_SELF, &before);
	refused(13, code, words);
	getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
	assert_true(seconds() - start < 0.1);
#else
	(void)start;
#endif
}

static void test_hostile(void **state)
{
	static const struct {
		const char *op;
		int code;
	} alone[] = {
		{ "Add", -EBADMSG },
		{ "Sub", -EBADMSG },
		{ "Mul", -EBADMSG },
		{ "Div", -EBADMSG },
		{ "BatchNormalization", -EBADMSG },
		{ "Conv", -ENOTSUP },
		{ "MatMul", -ENOTSUP },
		{ "Reshape", -ENOTSUP },
		{ "QuantizeLinear", -ENOTSUP },
	};
	char name[16], in[16];
	int i;

	(void)state;
	/* A cycle, out of order, itself. */
	one("Relu", "b", 3);
	onnx_node(&b, "Relu", "y", "b");
	hostile(-EBADMSG, "reads 'b', which no node before it makes");
	one("Relu", "y", 3);
	hostile(-EBADMSG, "cycle");
	one("Relu", "x", 3);
	onnx_node(&b, "Relu", "x", "y");
	hostile(-EBADMSG, "makes 'y', which is there already");

	/* Inputs that are left out. */
	for (i = 0; i < (int)(sizeof(alone) / sizeof(*alone)); i++) {
		one(alone[i].op, "x", 3);
		hostile(alone[i].code, alone[i].op);
	}

	/* Shapes beyond all memory. */
	onnx_value(&b, 1, "x", 4, I(1), I(1) << 40, I(1) << 40, I(9));
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, "Relu", "x", "y");
	hostile(-ENOTSUP, "no fixed size along axis 1");
	onnx_value(&b, 1, "x", 4, I(1), I(1) << 20, I(16384), I(16384));
	onnx_value(&b, 0, "y", -1);
	onnx_node(&b, "Relu", "x", "y");
	hostile(-EINVAL, "its shape would be 16384x16384x1048576");
	one("ConstantOfShape", "s", 3);
	onnx_longs(&b, "s", 2, I(1) << 31, I(1) << 31);
	hostile(-EBADMSG, "does not depend on its input");
	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_longs(&b, "s", 2, I(1) << 31, I(1) << 31);
	onnx_node(&b, "ConstantOfShape", "s", "c");
	onnx_node(&b, "Mul", "x c", "y");
	hostile(-ENOTSUP, "more than 65536 elements");

	/* One small tensor for many layers; a vector that doubles. */
	onnx_value(&b, 1, "x", 2, I(0), I(1) << 20);
	onnx_value(&b, 0, "y", -1);
	onnx_floats(&b, "c", 1, I(1));
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		onnx_node(&b, "Mul", i ? in : "x c", i == 2999 ? "y" : name);
		snprintf(in, sizeof(in), "v%d c", i);
	}
	hostile(-ENOTSUP, "much more memory than the file has weights");
	onnx_value(&b, 1, "x", 4, I(0), I(3), I(6), I(6));
	onnx_value(&b, 0, "y", -1);
	onnx_longs(&b, "v0", 2, I(1), I(2));
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "v%d", i + 1);
		snprintf(in, sizeof(in), "v%d v%d", i, i);
		onnx_int(&b, "axis", 0);
		onnx_node(&b, "Concat", in, name);
	}
	onnx_node(&b, "Mul", "x v60", "y");
	hostile(-ENOTSUP, "a vector of more than 65536");

	/* A tensor that is not as long as it says. */
	one("Conv", "x w", 3);
	onnx_longs(&b, "w", 2, I(1), I(2));
	hostile(-ENOTSUP, "have 1 dimensions, not 4");
}

static void external(const char *location, const char *offset, int code,
		     const char *words)
{
	onnx_value(&b, 1, "x", 2, I(0), I(4));
	onnx_value(&b, 0, "y", -1);
	onnx_external(&b, "w", location, offset, 4);
	onnx_node(&b, "Mul", "x w", "y");
	refused(13, code, words);
}

static void test_external(void **state)
{
	static const float four[5] = { 9, 1, 2, 3, 4 };
	struct ak_graph *g;
	struct ak_err err;

	(void)state;
	temp_write("sub/four.bin", four, sizeof(four));
	temp_write("four.bin", four, sizeof(four));
	assert_int_equal(symlink("four.bin", temp_path("link.bin")), 0);
	assert_int_equal(symlink("sub", temp_path("way")), 0);
	external("/etc/passwd", NULL, -EBADMSG, "only files in the model's");
	external("../four.bin", NULL, -EBADMSG, "only files in the model's");
	external("sub/../../x", NULL, -EBADMSG, "only files in the model's");
	external("", NULL, -EBADMSG, "only files in the model's");
	external("none.bin", NULL, -ENOENT, "'none.bin' beside it");
	external("link.bin", NULL, -ELOOP, "symbolic links are not followed");
	external("way/four.bin", NULL, -ENOTDIR, "'way/four.bin'");
	external("sub", NULL, -EISDIR, "must be a regular file");
	external("four.bin", "8", -EBADMSG, "has 20 bytes");
	external("four.bin", "18446744073709551615", -EBADMSG, "has 20 bytes");
	external("four.bin", "18446744073709551616", -EBADMSG, "the offset");
	external("four.bin", "-4", -EBADMSG, "the offset '-4'");
	onnx_value(&b, 1, "x", 2, I(0), I(4));
	onnx_value(&b, 0, "y", -1);
	onnx_external(&b, "w", "./sub/four.bin", "4", 4);
	onnx_node(&b, "Mul", "x w", "y");
	if (import(13, &g, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(g->op[0].scale, four + 1, 4 * sizeof(float));
	ak_graph_free(g);
}

/* Every beginning of a file is an error, and every byte may be another. */
static void test_damaged(void **state)
{
	struct ak_buf file;
	struct ak_graph *g;
	struct ak_err err;
	const char *path;
	size_t i, ok = 0;
	int rc;

	(void)state;
	onnx_ints(&b, "strides", 2, I(2), I(2));
	one("Conv", "x w c", 3);
	onnx_floats(&b, "w", 4, I(2), I(3), I(3), I(3));
	onnx_floats(&b, "c", 1, I(2));
	onnx_finish(&b, 13, &file);
	for (i = 0; i <= file.size; i++) {
		path = temp_write("model.onnx", file.data, i);
		g = NULL;
		rc = ak_graph_import(path, NULL, NULL, &g, &err);
		assert_true(i == file.size ? !rc : rc < 0);
		ak_graph_free(g);
	}
	for (i = 0; i < file.size; i++) {
		file.data[i] ^= 0x55;
		path = temp_write("model.onnx", file.data, file.size);
		g = NULL;
		err.text[0] = '\0';
		rc = ak_graph_import(path, NULL, NULL, &g, &err);
		assert_true(!rc || err.text[0]);
		ok += !rc;
		ak_graph_free(g);
		file.data[i] ^= 0x55;
	}
	/* Of the weights' bytes most may be others. */
	assert_true(ok > 2 * 3 * 9 * 2 && ok < file.size);
	ak_buf_clear(&file);
}

/* Integers of a quantised source come through as they are. */
static void test_integers(void **state)
{
	static const int8_t w[6] = { -8, 7, 3, -1, 0, 5 };
	static const float scales[3] = { 0.5f, 0.25f, 2 };
	struct ak_buf t = { 0 };
	struct ak_graph *g;
	struct ak_err err;
	size_t i;

	(void)state;
	/* [2 inputs][3 filters], scales for each filter */
	onnx_number(&t, 1, 2);
	onnx_number(&t, 1, 3);
	onnx_number(&t, 2, 3);
	onnx_field(&t, 8, "w", 1);
	onnx_field(&t, 9, w, sizeof(w));
	onnx_field(&b.graph, 5, t.data, t.size);
	t.size = 0;
	onnx_number(&t, 1, 3);
	onnx_number(&t, 2, 1);
	onnx_field(&t, 8, "s", 1);
	onnx_field(&t, 4, scales, sizeof(scales));
	onnx_field(&b.graph, 5, t.data, t.size);
	ak_buf_clear(&t);
	onnx_value(&b, 1, "x", 2, I(0), I(2));
	onnx_value(&b, 0, "y", -1);
	onnx_int(&b, "axis", 1);
	onnx_node(&b, "DequantizeLinear", "w s", "v");
	onnx_node(&b, "MatMul", "x v", "y");
	if (import(13, &g, &err))
		fail_msg("%s", err.text);
	assert_int_equal(g->num_ops, 1);
	assert_int_equal(g->op[0].kind, AK_OP_DENSE);
	assert_memory_equal(g->op[0].weights_q, w, sizeof(w));
	assert_memory_equal(g->op[0].weights_scale, scales, sizeof(scales));
	for (i = 0; i < 6; i++)
		assert_true(g->op[0].weights[i] == (float)w[i] * scales[i % 3]);
	ak_graph_free(g);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, temp_dir_make, temp_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frameworks), TEST(test_refusals), TEST(test_branches),
		TEST(test_hostile),    TEST(test_external), TEST(test_damaged),
		TEST(test_integers),
	};

	return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
