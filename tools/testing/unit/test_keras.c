// SPDX-License-Identifier: GPL-2.0
/*
 * Keras: networks in files of Keras 2 and 3 must give what PyTorch computes;
 * what Akida has not is refused by name; nothing that a file does to libhdf5,
 * or that akida-hdf5 says, reaches this process.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "akida/array.h"
#include "cmocka_all.h"
#include "common/file.h"
#include "common/le.h"
#include "convert/keras.h"
#include "model/model.h"
#include "peer_outputs.h"
#include "python.h"
#include "temp_dir.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MUTANTS 60

/* ------------------------------------------------- files and their reader */

/* akida-hdf5 of this build; its folder is seen from bin/ and lib/ only. */
static bool have_reader(void)
{
	char exe[4096], path[4200];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int i;

	assert_true(n > 0);
	exe[n] = '\0';
	for (i = 0; i < 3; i++)
		*strrchr(exe, '/') = '\0';
	snprintf(path, sizeof(path), "%s/libexec/akida/akida-hdf5", exe);
	setenv("AKIDA_HDF5", path, 1);
	if (!access(path, X_OK))
		return true;
	print_message("# skip: this build has no akida-hdf5 (libhdf5-dev)\n");
	return false;
}

static bool have_files(void)
{
	static const char script[] =
		"import runpy, sys; sys.dont_write_bytecode = True;"
		"sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')";

	static bool made;

	if (!have_reader() || !have_python("h5py, torch"))
		return false;
	if (made)
		return true;
	made = true;
	run_python(script, "tools/testing/convert/make_keras.py",
		   temp_path(""));
	return true;
}

static void test_networks(void **state)
{
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	(void)state;
	if (!have_files())
		skip();
	dir = opendir(temp_path(""));
	assert_non_null(dir);
	while ((d = readdir(dir))) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(d->d_name, ".-"), d->d_name);
		if (!strstr(d->d_name, ".keras") &&
		    !strstr(d->d_name, ".2.h5") && !strstr(d->d_name, ".3.h5"))
			continue;
		peer_compare(d->d_name, name);
		n++;
	}
	closedir(dir);
	assert_int_equal(n, 30);
}

static void refused(const char *file, const char *arch, int code,
		    const char *words)
{
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };
	int rc = ak_graph_import(temp_path(file), arch, NULL, &g, &err);

	if (rc != code || !strstr(err.text, words) || !strstr(err.text, file))
		fail_msg("%s: '%s' expected: %d, %s", file, words, rc,
			 err.text);
	assert_null(g);
}

static void test_weights_only(void **state)
{
	static const char arch[] =
		"{\"input\": [1, 1, 7], \"layers\": [{\"type\": \"dense\", \"weights\": \"dense_1/dense_1/kernel:0\","
		"\"bias\": \"dense_1/dense_1/bias:0\", \"activation\": \"softmax\"}]}";
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };

	(void)state;
	if (!have_files())
		skip();
	refused("only.weights.h5", NULL, -EINVAL,
		"the attribute model_config is missing");
	refused("nothing.h5", NULL, -EINVAL, "how its 1 tensors hang together");
	refused("cnn.keras", temp_text("a.json", arch), -EINVAL,
		"leave out --arch");
	if (ak_graph_import(temp_path("only.weights.h5"),
			    temp_text("a.json", arch), NULL, &g, &err))
		fail_msg("%s", err.text);
	assert_int_equal(g->num_ops, 2);
	assert_int_equal(g->op[0].num_weights, 7 * 4);
	assert_non_null(g->op[0].bias);
	ak_graph_free(g);
}

/* ----------------------------------------------------------- the pipe */

static struct ak_buf stream;

static void put32(uint32_t v)
{
	uint8_t b[4];

	ak_put_le32(b, v);
	ak_buf_add(&stream, b, sizeof(b));
}

static void put64(uint64_t v)
{
	uint8_t b[8];

	ak_put_le64(b, v);
	ak_buf_add(&stream, b, sizeof(b));
}

static void begin(void)
{
	ak_buf_clear(&stream);
	ak_buf_text(&stream, AK_H5_MAGIC);
	put32(AK_H5_VERSION);
}

static void put_head(uint32_t kind, const char *name, uint64_t size)
{
	put32(kind);
	put32((uint32_t)strlen(name) + 1);
	put64(size);
	ak_buf_add(&stream, name, strlen(name) + 1);
}

static void put_end(uint64_t records)
{
	put_head(AK_H5_END, "", 8);
	put64(records);
}

/* Elements 0, 1, ...; @data is how many are sent. */
static void put_tensor(const char *name, uint32_t ndim, const uint64_t *dim,
		       uint64_t data)
{
	char dtype[AK_H5_DTYPE] = "float32";
	uint64_t i;

	put_head(AK_H5_TENSOR, name, AK_H5_DTYPE + 4 + 8 * ndim + 4 * data);
	ak_buf_add(&stream, dtype, sizeof(dtype));
	put32(ndim);
	for (i = 0; i < ndim; i++)
		put64(dim[i]);
	for (i = 0; i < data; i++) {
		float f = (float)i;
		uint32_t bits;

		memcpy(&bits, &f, sizeof(bits));
		put32(bits);
	}
}

static int parse(struct ak_h5 *h, uint64_t most, struct ak_err *err)
{
	memset(h, 0, sizeof(*h));
	err->text[0] = '\0';
	/* In memory of its own, so that AddressSanitizer sees the end. */
	ak_buf_add(&h->stream, stream.data, stream.size);
	h->stream.data = realloc(h->stream.data, h->stream.size);
	h->stream.room = h->stream.size;
	return ak_h5_parse(h, most, err);
}

static void bad_stream(int code, const char *words)
{
	struct ak_err err;
	struct ak_h5 h;
	int rc = parse(&h, 1000, &err);

	if (rc != code || !strstr(err.text, words))
		fail_msg("'%s' expected: %d, %s", words, rc, err.text);
	ak_h5_clear(&h);
}

static void test_stream(void **state)
{
	const uint64_t dim[9] = { 2, 3 }, huge[2] = { UINT64_MAX, 2 };
	struct ak_err err;
	struct ak_h5 h;
	size_t size, i;

	(void)state;
	begin();
	put_tensor("a/b", 2, dim, 6);
	put_head(AK_H5_ATTR, "k", 3);
	ak_buf_add(&stream, "{}", 3);
	put_tensor("other", 2, dim, 0);
	put_end(3);
	assert_int_equal(parse(&h, 24, &err), 0);
	assert_int_equal(h.count, 2);
	assert_string_equal(h.tensor[0].name, "a/b");
	assert_int_equal(h.tensor[0].count, 6);
	assert_int_equal(ak_get_le32(h.tensor[0].data + 4), 0x3f800000);
	assert_null(h.tensor[1].data);
	assert_string_equal(ak_h5_attr(&h, "k"), "{}");
	assert_null(ak_h5_attr(&h, "l"));
	ak_h5_clear(&h);
	/* What was promised holds to the last byte, and no byte is missing. */
	assert_int_equal(parse(&h, 23, &err), -EPROTO);
	assert_non_null(strstr(err.text, "more elements than were allowed"));
	ak_h5_clear(&h);
	size = stream.size;
	for (i = 0; i < size; i++) {
		stream.size = i;
		assert_int_equal(parse(&h, 24, &err), -EPROTO);
		ak_h5_clear(&h);
	}
	stream.size = size;

	ak_buf_add(&stream, "", 1);
	bad_stream(-EPROTO, "its end is not where it says");
	begin();
	put_end(1);
	bad_stream(-EPROTO, "its end is not where it says");
	begin();
	put_tensor("a", 2, dim, 5);
	put_end(1);
	bad_stream(-EPROTO, "of another size than its shape");
	begin();
	put_tensor("a", 2, huge, 0);
	put_end(1);
	bad_stream(-EPROTO, "impossible shape");
	begin();
	put_tensor("a", 9, dim, 0);
	put_end(1);
	bad_stream(-EPROTO, "a tensor that ends early");
	begin();
	put_tensor("a", 2, dim, 6);
	put_tensor("a", 2, dim, 6);
	put_end(2);
	bad_stream(-EPROTO, "there twice");
	begin();
	put_tensor("", 2, dim, 6);
	put_end(1);
	bad_stream(-EPROTO, "without a name");
	begin();
	put_head(AK_H5_ATTR, "a", 2);
	ak_buf_add(&stream, "ab", 2);
	put_end(1);
	bad_stream(-EPROTO, "an attribute that is no text");
	begin();
	put_head(7, "a", 0);
	put_end(1);
	bad_stream(-EPROTO, "unknown kind");
	begin();
	put32(AK_H5_ATTR);
	put32(3);
	put64(0);
	ak_buf_add(&stream, "a\0b", 3);
	put_end(1);
	bad_stream(-EPROTO, "a name that does not end");
	begin();
	put_head(AK_H5_ATTR, "a", UINT64_MAX);
	put_end(1);
	bad_stream(-EPROTO, "it ends early");
	begin();
	put_head(AK_H5_ERROR, "", 5);
	ak_buf_add(&stream, "what", 5);
	bad_stream(-EBADMSG, "what");
	ak_buf_clear(&stream);
}

/* ----------------------------------------------------------- the process */

/* What is said of a process that does this instead of its work. */
static void child(const char *script, unsigned int wait_ms, int code,
		  const char *words)
{
	char program[256], path[256];
	struct ak_h5_source s = { .path = path, .program = program };
	struct ak_err err = { "" };
	struct ak_h5 h;
	int rc;

	snprintf(path, sizeof(path), "%s", temp_text("x.h5", "some file"));
	snprintf(program, sizeof(program), "%s", temp_text("program", script));
	chmod(program, 0700);
	s.size = 9;
	s.wait_ms = wait_ms;
	rc = ak_h5_read(&s, &h, &err);
	if (rc != code || !strstr(err.text, words))
		fail_msg("%s: '%s' expected: %d, %s", script, words, rc,
			 err.text);
	assert_null(h.stream.data);
	ak_h5_clear(&h);
}

static void test_children(void **state)
{
	static const char end[] =
		"#!/bin/sh\nprintf 'AKH5\\001\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\010\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'\n";
	char both[512];

	(void)state;
	child("#!/bin/sh\nkill -SEGV $$\n", 0, -EBADMSG,
	      "libhdf5 crashed while it read it (Segmentation fault)");
	child("#!/bin/sh\nkill -ABRT $$\n", 0, -EBADMSG, "crashed");
	child("#!/bin/sh\nkill -SYS $$\n", 0, -EBADMSG,
	      "something that it may not have");
	child("#!/bin/sh\nkill -PROF $$\n", 0, -ETIMEDOUT,
	      "more than 40 ms of processor time");
	child("#!/bin/sh\nexec sleep 1000\n", 200, -ETIMEDOUT,
	      "longer than 200 ms");
	child("#!/bin/sh\nexit 3\n", 0, -ENOTSUP, "status 3");
	child("#!/bin/sh\nexit 1\n", 0, -EBADMSG, "it is damaged");
	child("#!/bin/sh\nexit 0\n", 0, -EBADMSG, "of another version");
	child("#!/bin/sh\nexec yes 0123456789\n", 0, -EFBIG,
	      "unpacks to much more");
	/* It may say all, and crash afterwards, or not end. */
	snprintf(both, sizeof(both), "%skill -BUS $$\n", end);
	child(both, 0, -EBADMSG, "crashed");
	snprintf(both, sizeof(both), "%sexec sleep 1000 >&-\n", end);
	child(both, 300, -ETIMEDOUT, "longer than 300 ms");
	/* Nothing of the environment, no file but those that it needs. */
	setenv("AKIDA_SECRET", "x", 1);
	child("#!/bin/sh\n[ -z \"$AKIDA_SECRET$LD_PRELOAD\" ] || exit 4\n"
	      "for f in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$f ] || exit 5; done\n"
	      "kill -SEGV $$\n",
	      0, -EBADMSG, "crashed");
	unsetenv("AKIDA_SECRET");
}

/* What akida-hdf5 itself does where its limits are. */
static void test_limits(void **state)
{
	struct ak_h5_source s = { .cpu_ms = 1, .wait_ms = 60000 };
	static uint8_t zeros[1 << 20];
	struct ak_err err = { "" };
	struct ak_h5 h;

	(void)state;
	if (!have_reader())
		skip();
	s.path = temp_write("zeros.h5", zeros, sizeof(zeros));
	s.size = sizeof(zeros) + 1;
	assert_int_equal(ak_h5_read(&s, &h, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "has become shorter"));
	s.cpu_ms = 0;
	s.size = sizeof(zeros);
	assert_int_equal(ak_h5_read(&s, &h, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "libhdf5 cannot open it"));
	setenv("AKIDA_HDF5_MS", "1", 1);
	child("#!/bin/sh\n[ $3 = 1 ] || exit 9\nkill -PROF $$\n", 0, -ETIMEDOUT,
	      "more than 1 ms of processor time");
	unsetenv("AKIDA_HDF5_MS");
	s.path = "/nowhere.h5";
	assert_int_equal(ak_h5_read(&s, &h, &err), -ENOENT);
	s.program = "/nowhere/akida-hdf5";
	s.path = temp_path("zeros.h5");
	assert_int_equal(ak_h5_read(&s, &h, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot start /nowhere/akida-hdf5"));
	setenv("AKIDA_HDF5", "/nowhere/akida-hdf5", 1);
	s.program = NULL;
	assert_int_equal(ak_h5_read(&s, &h, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "AKIDA_HDF5"));
}

/* Seconds of processor time of this process and of those that it waited for. */
static double processor_time(void)
{
	static const int who[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage use;
	double t = 0;
	size_t i;

	for (i = 0; i < 2; i++) {
		getrusage(who[i], &use);
		t += (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) *
			     1e-6;
	}
	return t;
}

/* Reads a file of unknown content: a network, or a sentence. */
static bool survive(const char *path, const char *what, double *longest)
{
	double start = processor_time(), t;
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };
	int rc = ak_graph_import(path, NULL, NULL, &g, &err);

	if (rc ? !err.text[0] || g || !strstr(err.text, path) : !g)
		_exit(2);
	ak_graph_free(g);
	t = processor_time() - start;
	if (t > *longest)
		*longest = t;
	if (t > 0.2)
		print_message("# %s: %.3f s\n", what, t);
	return !rc;
}

/* A few bytes changed, or the end cut off; always the same for a number. */
static void mutate(uint8_t *data, size_t *size, uint32_t number)
{
	uint64_t x = 0x9e3779b97f4a7c15u * (number + 1);
	unsigned int i, n = 1 + number % 6;

	for (i = 0; i < n; i++) {
		size_t at;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* Most of what libhdf5 believes is at the begin. */
		at = (x >> 8) % (number % 3 ? *size : 4096);
		data[at] = number & 8 ? (uint8_t)x :
					(uint8_t)(data[at] ^ 1u << x % 8);
	}
	if (number % 10 == 9)
		*size = x % *size;
}

/*
 * In a process of its own, whose children are akida-hdf5 only, so that their
 * memory can be told.
 */
static int mutants(void)
{
	static const char *const files[] = { "cnn.2.h5", "separable-f.3.h5",
					     "cnn.keras" };
	struct ak_err err = { "" };
	double longest = 0;
	unsigned int read = 0;
	struct rusage use;
	uint32_t i;

	for (i = 0; i < MUTANTS; i++) {
		const char *name = files[i % 3], *path;
		uint8_t *data;
		size_t size;

		if (ak_file_read(temp_path(name), 1 << 24, &data, &size, &err))
			return 3;
		mutate(data, &size, i);
		path = temp_write(i % 3 == 2 ? "m.keras" : "m.h5", data, size);
		read += survive(path, name, &longest);
		free(data);
	}
	getrusage(RUSAGE_CHILDREN, &use);
	print_message(
		"# %u of %u mutants are networks still; at most %.0f ms and %ld KiB\n",
		read, MUTANTS, longest * 1e3, use.ru_maxrss);
	/* All refused would say that nothing was looked at. */
	if (!read || read == MUTANTS)
		return 4;
	if (SANITIZED)
		return 0;
	return longest > 0.1 ? 5 : use.ru_maxrss > 64 << 10 ? 6 : 0;
}

static int hostile(void)
{
	double longest = 0;
	struct rusage use;
	struct dirent *d;
	size_t n = 0;
	DIR *dir = opendir(temp_path("hostile"));

	while (dir && (d = readdir(dir))) {
		char name[300];

		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "hostile/%s", d->d_name);
		if (survive(temp_path(name), name, &longest))
			return 7;
		n++;
	}
	if (dir)
		closedir(dir);
	getrusage(RUSAGE_CHILDREN, &use);
	print_message("# %zu hostile files: at most %.0f ms and %ld KiB\n", n,
		      longest * 1e3, use.ru_maxrss);
	if (n < 10)
		return 8;
	if (SANITIZED)
		return 0;
	return longest > 0.1 ? 5 : use.ru_maxrss > 64 << 10 ? 6 : 0;
}

static void test_hostile(void **state)
{
	static int (*const what[])(void) = { mutants, hostile };
	size_t i;

	(void)state;
	if (!have_files())
		skip();
	fflush(NULL);
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			status = what[i]();
			fflush(NULL);
			_exit(status);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	refused("hostile/bomb.h5", NULL, -EBADMSG,
		"'a': has more elements than a file of this size can hold");
	refused("hostile/loop.h5", NULL, -EBADMSG,
		"a group that contains itself");
	refused("hostile/elsewhere.h5", NULL, -EBADMSG,
		"libhdf5 cannot read its weights");
	refused("hostile/zip.keras", NULL, -EFBIG, "config.json has 67108864");
	refused("hostile/no-weights.keras", NULL, -EBADMSG,
		"the archive has no model.weights.h5");
}

/* ----------------------------------------------------------- refusals */

static const char *hand_json;

/* A Sequential model of these layers over 8x8x2, with a kernel of 2 to 4. */
static int import(const char *layers, struct ak_graph **g, struct ak_err *err)
{
	static const uint64_t dim[4] = { 1, 1, 2, 4 }, one[1] = { 4 };
	char text[4096];
	struct ak_h5 h;
	json_t *model;
	int rc;

	snprintf(text, sizeof(text), hand_json, layers);
	model = json_loads(text, 0, NULL);
	if (!model)
		fail_msg("no JSON: %s", text);
	begin();
	put_tensor("model_weights/c/c/kernel:0", 4, dim, 8);
	put_tensor("model_weights/c/c/bias:0", 1, one, 4);
	put_end(2);
	assert_int_equal(parse(&h, 1000, err), 0);
	rc = ak_keras_graph("model.h5", model, &h, true, g, err);
	json_decref(model);
	ak_h5_clear(&h);
	return rc;
}

static void no_layer(int code, const char *words, const char *layers)
{
	struct ak_graph *g;
	struct ak_err err;
	int rc = import(layers, &g, &err);

	if (rc != code || !strstr(err.text, words) ||
	    !strstr(err.text, "model.h5"))
		fail_msg("'%s' expected: %d, %s", words, rc, err.text);
	assert_null(g);
}

#define LAYER(class, config) \
	"{\"class_name\":\"" class "\",\"config\":{\"name\":\"c\"," config "}}"
#define CONV "\"filters\":4,\"kernel_size\":[1,1],\"strides\":[1,1]"

static void test_refusals(void **state)
{
	struct ak_graph *g;
	struct ak_err err;

	(void)state;
	hand_json =
		"{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"InputLayer\",\"config\":"
		"{\"name\":\"in\",\"batch_input_shape\":[null,8,8,2]}},%s]}}";
	assert_int_equal(import(LAYER("Conv2D", CONV), &g, &err), 0);
	assert_string_equal(g->op[0].name, "c");
	assert_int_equal(g->op[0].out.channels, 4);
	ak_graph_free(g);
	no_layer(
		-ENOTSUP,
		"layer 'c' (Lambda): it carries code of the model's author, which is never run",
		LAYER("Lambda", "\"function\":[\"4wEA\",null,null]"));
	no_layer(-ENOTSUP, "layer 'c' (MyLayer): this class is none",
		 LAYER("MyLayer", "\"units\":4"));
	no_layer(
		-ENOTSUP, "a class of the model's author",
		"{\"class_name\":\"Conv2D\",\"registered_name\":\"mine>Conv2D\",\"config\":{\"name\":\"c\"}}");
	no_layer(
		-ENOTSUP, "a class of the model's author",
		"{\"class_name\":\"Conv2D\",\"module\":\"mine\",\"config\":{\"name\":\"c\"}}");
	no_layer(-ENOTSUP, "a model inside the model",
		 LAYER("Sequential", "\"layers\":[]"));
	no_layer(-ENOTSUP, "data_format 'channels_first'",
		 LAYER("Conv2D", CONV ",\"data_format\":\"channels_first\""));
	no_layer(-ENOTSUP, "a dilation of 2x2",
		 LAYER("Conv2D", CONV ",\"dilation_rate\":[2,2]"));
	no_layer(-ENOTSUP, "2 groups of 2 channels for 4 filters",
		 LAYER("Conv2D", CONV ",\"groups\":2"));
	no_layer(-ENOTSUP, "its padding is 'causal'",
		 LAYER("Conv2D", CONV ",\"padding\":\"causal\""));
	no_layer(-ENOTSUP, "its activation is 'gelu'",
		 LAYER("Conv2D", CONV ",\"activation\":\"gelu\""));
	no_layer(
		-ENOTSUP, "its activation is 'mine>act'",
		LAYER("Conv2D", CONV
		      ",\"activation\":{\"module\":\"builtins\",\"class_name\":\"function\",\"config\":\"mine>act\"}"));
	no_layer(
		-ENOTSUP, "its weights are quantised by Keras",
		LAYER("Conv2D", CONV
		      ",\"dtype\":{\"class_name\":\"QuantizedDTypePolicy\",\"config\":{}}"));
	no_layer(
		-EBADMSG,
		"has size 4 along axis 3; its configuration and its input say 5",
		LAYER("Conv2D", "\"filters\":5,\"kernel_size\":1"));
	no_layer(-EBADMSG, "has 4 dimensions, not 2",
		 LAYER("Dense", "\"units\":4"));
	no_layer(-EBADMSG, "its 'filters' is no whole number",
		 LAYER("Conv2D", "\"filters\":-1,\"kernel_size\":1"));
	no_layer(-EBADMSG, "its 'filters' is 0",
		 LAYER("Conv2D", "\"filters\":0,\"kernel_size\":1"));
	no_layer(-EBADMSG, "a window or step",
		 LAYER("Conv2D", "\"filters\":4,\"kernel_size\":0"));
	no_layer(-ENOTSUP, "a depth_multiplier of 2",
		 LAYER("DepthwiseConv2D",
		       "\"kernel_size\":1,\"depth_multiplier\":2"));
	no_layer(-EBADMSG, "its weight 'kernel' is not in the file",
		 "{\"class_name\":\"Conv2D\",\"config\":{\"name\":\"d\"," CONV
		 "}}");
	no_layer(-ENOTSUP, "a negative_slope of 0.1",
		 LAYER("ReLU", "\"negative_slope\":0.1"));
	no_layer(-EINVAL, "it clips at -1", LAYER("ReLU", "\"max_value\":-1"));
	no_layer(-ENOTSUP, "Akida 1.0 has ReLU only",
		 LAYER("LeakyReLU", "\"alpha\":0.1"));
	no_layer(-ENOTSUP, "it normalises along axis 1",
		 LAYER("BatchNormalization", "\"axis\":[1]"));
	no_layer(-ENOTSUP, "a softmax along axis 1",
		 LAYER("Softmax", "\"axis\":1"));
	no_layer(
		-ENOTSUP, "arranges the elements of a map anew",
		LAYER("ReLU",
		      "\"a\":1") ",{\"class_name\":\"Reshape\",\"config\":{\"name\":\"r\",\"target_shape\":[4,16,2]}}");
	no_layer(-EBADMSG, "another number of elements",
		 LAYER("Reshape", "\"target_shape\":[5,-1]"));
	no_layer(-EBADMSG, "this name is there twice",
		 LAYER("ReLU", "\"a\":1") "," LAYER("ReLU", "\"a\":1"));
	no_layer(-EINVAL, "it computes nothing",
		 LAYER("Dropout", "\"rate\":0.5"));
	no_layer(-EBADMSG, "no class_name, no name or no config", "{}");
	no_layer(-EBADMSG, "no class_name, no name or no config", "3");

	hand_json =
		"{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"Conv2D\",\"config\":{\"name\":\"c\"," CONV
		"%s}}]}}";
	no_layer(-ENOTSUP, "does not say how large its input is", "");
	no_layer(-ENOTSUP, "no fixed size along axis 1",
		 ",\"batch_input_shape\":[null,null,8,2]");
	no_layer(-ENOTSUP, "no fixed size along axis 2",
		 ",\"batch_shape\":[null,8,-4,2]");
	no_layer(-ENOTSUP, "its input has 4 dimensions",
		 ",\"batch_shape\":[null,8,8,8,2]");
	hand_json = "{\"class_name\":\"MyModel\",\"config\":{%s}}";
	no_layer(-ENOTSUP, "a model of class 'MyModel'", "");
	hand_json = "[%s]";
	no_layer(-ENOTSUP, "a model of class ''", "");
	hand_json = "{\"class_name\":\"Sequential\",\"config\":{%s}}";
	no_layer(-EBADMSG, "no list of layers", "");
	ak_buf_clear(&stream);
}

/* A functional model: layers with their inbound nodes, then what ends it. */
static void test_branches(void **state)
{
	static const char input[] =
		"{\"class_name\":\"InputLayer\",\"name\":\"in\",\"config\":{\"batch_shape\":[null,8,8,2]},\"inbound_nodes\":[]}";
	struct ak_graph *g;
	struct ak_err err;
	char text[1500];

	(void)state;
	hand_json =
		"{\"class_name\":\"Functional\",\"config\":{\"layers\":[%s}}";
#define NODE(class, name, nodes)      \
	",{\"class_name\":\"" class   \
		"\",\"name\":\"" name \
		"\",\"config\":{},\"inbound_nodes\":[" nodes "]}"
#define FROM(name) "[[\"" name "\",0,0,{}]]"
#define NET(nodes, end)                                                      \
	(snprintf(text, sizeof(text), "%s" nodes "],\"output_layers\":" end, \
		  input),                                                    \
	 text)
	/* What the output does not need is nobody's business. */
	assert_int_equal(import(NET(NODE("ReLU", "a", FROM("in"))
					    NODE("Wavelet", "b", FROM("a")),
				    "[[\"a\",0,0]]"),
				&g, &err),
			 0);
	assert_int_equal(g->num_ops, 1);
	ak_graph_free(g);
	no_layer(-ENOTSUP,
		 "layer 's' (Add): a residual connection: it adds 'a' and 'in'",
		 NET(NODE("ReLU", "a", FROM("in")) NODE(
			     "Add", "s", "[[\"a\",0,0,{}],[\"in\",0,0,{}]]"),
		     "[[\"s\",0,0]]"));
	no_layer(
		-ENOTSUP, "it joins 'a' and 'in'",
		NET(NODE("ReLU", "a", FROM("in")) NODE(
			    "Concatenate", "s",
			    "{\"args\":[[{\"class_name\":\"__keras_tensor__\",\"config\":{\"keras_history\":[\"a\",0,0]}},"
			    "{\"class_name\":\"__keras_tensor__\",\"config\":{\"keras_history\":[\"in\",0,0]}}]],\"kwargs\":{}}"),
		    "[\"s\",0,0]"));
	no_layer(-ENOTSUP, "it is used 2 times",
		 NET(NODE("ReLU", "a", FROM("in") "," FROM("a")),
		     "[[\"a\",1,0]]"));
	no_layer(-ENOTSUP, "it has 2 outputs",
		 NET(NODE("ReLU", "a", FROM("in")),
		     "[[\"a\",0,0],[\"in\",0,0]]"));
	no_layer(-EBADMSG, "form a cycle through",
		 NET(NODE("ReLU", "a", FROM("b")) NODE("ReLU", "b", FROM("a")),
		     "[[\"b\",0,0]]"));
	no_layer(-EBADMSG, "a layer 'z' that is not there",
		 NET(NODE("ReLU", "a", FROM("z")), "[[\"a\",0,0]]"));
	no_layer(-EBADMSG, "nothing is connected to it",
		 NET(NODE("ReLU", "a", ""), "[[\"a\",0,0]]"));
	no_layer(-ENOTSUP, "another than the first output of 'in'",
		 NET(NODE("ReLU", "a", "[[\"in\",0,1,{}]]"), "[[\"a\",0,0]]"));
	no_layer(-EBADMSG, "nested too deeply",
		 NET(NODE("ReLU", "a",
			  "[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]"),
		     "[[\"a\",0,0]]"));
	ak_buf_clear(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_weights_only),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_branches),
	};

	return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
