// SPDX-License-Identifier: GPL-2.0
/*
 * GGUF models: the rules of architectures, against what they are for. Rotary
 * embedding, the norm of Gemma and the scaled frequencies of Llama 3.1 are
 * computed here as both sides define them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "convert/out_gguf.h"

static struct ak_arch_number integer(int64_t i)
{
	return (struct ak_arch_number){ true, false, i, (double)i };
}

static struct ak_arch_config config(enum ak_arch arch, const char *json)
{
	struct ak_arch_config c = { .arch = arch };

	c.json = (char *)json;
	c.vocab_size = integer(32);
	c.hidden_size = integer(64);
	c.intermediate_size = integer(96);
	c.layers = integer(1);
	c.heads = integer(4);
	c.kv_heads = integer(2);
	c.context = integer(128);
	c.rope_theta = (struct ak_arch_number){ true, true, 0, 10000.0 };
	c.rms_norm_eps = (struct ak_arch_number){ true, true, 0, 1e-6 };
	return c;
}

/* ------------------------------------------------------------ permutation */

static void test_rows_are_a_permutation(void **state)
{
	static const uint64_t heads[] = { 2, 4, 6, 64, 80, 128 };
	uint64_t seen[3 * 128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		uint64_t n = heads[i], r;

		memset(seen, 0, sizeof(seen));
		for (r = 0; r < 3 * n; r++) {
			uint64_t from = gguf_source_row(n, r);

			/* Rows stay in their head. */
			assert_int_equal(from / n, r / n);
			assert_int_equal(seen[from]++, 0);
			assert_int_equal(gguf_file_row(n, from), r);
		}
	}
}

/* transformers: rotate_half, pairs i and i + n / 2. */
static void rotate_halves(const double *x, unsigned int n, double position,
			  double *y)
{
	unsigned int i, half = n / 2;

	for (i = 0; i < half; i++) {
		double a = position * pow(10000.0, -2.0 * i / n);

		y[i] = x[i] * cos(a) - x[i + half] * sin(a);
		y[i + half] = x[i + half] * cos(a) + x[i] * sin(a);
	}
}

/* ggml's normal rope: pairs 2 i and 2 i + 1. */
static void rotate_neighbours(const double *x, unsigned int n, double position,
			      double *y)
{
	unsigned int i;

	for (i = 0; i < n / 2; i++) {
		double a = position * pow(10000.0, -2.0 * i / n);

		y[2 * i] = x[2 * i] * cos(a) - x[2 * i + 1] * sin(a);
		y[2 * i + 1] = x[2 * i + 1] * cos(a) + x[2 * i] * sin(a);
	}
}

static double dot(const double *a, const double *b, unsigned int n)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* What attention makes of q and k does not change. */
static void test_attention_is_the_same(void **state)
{
	enum {
		N = 64
	};
	double q[N], k[N], fq[N], fk[N], a[N], b[N], x[N], y[N];
	unsigned int m, i;

	(void)state;
	srand(1);
	for (i = 0; i < N; i++) {
		q[i] = rand() / (double)RAND_MAX - 0.5;
		k[i] = rand() / (double)RAND_MAX - 0.5;
	}
	for (i = 0; i < N; i++) {
		fq[i] = q[gguf_source_row(N, i)];
		fk[i] = k[gguf_source_row(N, i)];
	}
	for (m = 0; m < 40; m += 7) {
		rotate_halves(q, N, m, a);
		rotate_halves(k, N, 3, b);
		rotate_neighbours(fq, N, m, x);
		rotate_neighbours(fk, N, 3, y);
		assert_true(fabs(dot(a, b, N) - dot(x, y, N)) < 1e-12);
		/* And would, had the rows been left where they were. */
		rotate_neighbours(q, N, m, x);
		rotate_neighbours(k, N, 3, y);
		if (m != 0)
			assert_true(fabs(dot(a, b, N) - dot(x, y, N)) > 1e-6);
	}
}

/* ---------------------------------------------------------------- tensors */

static struct ak_tensor tensors[32];
static struct ak_arch_tensor parameters[32];

static void add(struct ak_arch_model *m, enum ak_role role, int layer,
		uint64_t rows, uint64_t cols)
{
	struct ak_tensor *t = &tensors[m->count];

	memset(t, 0, sizeof(*t));
	t->name = "source";
	t->ndim = cols ? 2 : 1;
	t->dim[0] = rows;
	t->dim[1] = cols;
	t->count = rows * (cols ? cols : 1);
	parameters[m->count++] =
		(struct ak_arch_tensor){ role, layer, t, false };
}

static struct ak_arch_model model(bool tied)
{
	struct ak_arch_model m = { parameters, 0 };

	add(&m, AK_ROLE_EMBED, -1, 32, 256);
	add(&m, AK_ROLE_Q, 0, 64, 256);
	add(&m, AK_ROLE_Q_BIAS, 0, 64, 0);
	add(&m, AK_ROLE_K, 0, 32, 256);
	add(&m, AK_ROLE_K_BIAS, 0, 32, 0);
	add(&m, AK_ROLE_V, 0, 32, 256);
	add(&m, AK_ROLE_O, 0, 256, 64);
	add(&m, AK_ROLE_DOWN, 0, 256, 100);
	add(&m, AK_ROLE_INPUT_NORM, 0, 256, 0);
	add(&m, AK_ROLE_FINAL_NORM, -1, 256, 0);
	add(&m, AK_ROLE_LM_HEAD, -1, 32, 256);
	if (tied) {
		parameters[m.count - 1].tensor = &tensors[0];
		parameters[m.count - 1].tied = true;
	}
	return m;
}

static struct gguf_tensor get(enum ak_arch arch, enum ak_tensor_type type,
			      bool tied, enum ak_role role)
{
	struct ak_arch_config c = config(arch, "{}");
	struct ak_arch_model m = model(tied);
	struct gguf_tensor t;
	int layer = role == AK_ROLE_EMBED || role == AK_ROLE_FINAL_NORM ||
				    role == AK_ROLE_LM_HEAD ?
			    -1 :
			    0;

	if (!gguf_tensor(&c, &m, ak_arch_find(&m, role, layer), type, &t))
		t.name[0] = '\0';
	return t;
}

static void test_names(void **state)
{
	static const struct {
		enum ak_role role;
		const char *name;
	} names[] = {
		{ AK_ROLE_EMBED, "token_embd.weight" },
		{ AK_ROLE_Q, "blk.0.attn_q.weight" },
		{ AK_ROLE_Q_BIAS, "blk.0.attn_q.bias" },
		{ AK_ROLE_O, "blk.0.attn_output.weight" },
		{ AK_ROLE_DOWN, "blk.0.ffn_down.weight" },
		{ AK_ROLE_INPUT_NORM, "blk.0.attn_norm.weight" },
		{ AK_ROLE_FINAL_NORM, "output_norm.weight" },
		{ AK_ROLE_LM_HEAD, "output.weight" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(
			get(AK_ARCH_QWEN2, AK_TENSOR_F16, false, names[i].role)
				.name,
			names[i].name);
	assert_string_equal(
		get(AK_ARCH_QWEN2, AK_TENSOR_F16, true, AK_ROLE_LM_HEAD).name,
		"");
	assert_string_equal(
		get(AK_ARCH_GEMMA, AK_TENSOR_F16, false, AK_ROLE_LM_HEAD).name,
		"");
}

static void test_which_rows_move(void **state)
{
	static const enum ak_arch stay[] = { AK_ARCH_QWEN2, AK_ARCH_QWEN3,
					     AK_ARCH_GEMMA, AK_ARCH_BITNET };
	static const enum ak_arch move[] = { AK_ARCH_LLAMA, AK_ARCH_MISTRAL };
	size_t i;

	(void)state;
#define HEADS(arch, role) get(arch, AK_TENSOR_F16, false, role).heads
	for (i = 0; i < ARRAY_SIZE(stay); i++) {
		assert_int_equal(HEADS(stay[i], AK_ROLE_Q), 0);
		assert_int_equal(HEADS(stay[i], AK_ROLE_K_BIAS), 0);
	}
	for (i = 0; i < ARRAY_SIZE(move); i++) {
		assert_int_equal(HEADS(move[i], AK_ROLE_Q), 4);
		assert_int_equal(HEADS(move[i], AK_ROLE_Q_BIAS), 4);
		assert_int_equal(HEADS(move[i], AK_ROLE_K), 2);
		assert_int_equal(HEADS(move[i], AK_ROLE_K_BIAS), 2);
		assert_int_equal(HEADS(move[i], AK_ROLE_V), 0);
		assert_int_equal(HEADS(move[i], AK_ROLE_O), 0);
	}
#undef HEADS
}

static void test_changes(void **state)
{
	(void)state;
	assert_true(get(AK_ARCH_GEMMA, AK_TENSOR_F16, true, AK_ROLE_INPUT_NORM)
			    .add == 1);
	assert_true(get(AK_ARCH_GEMMA, AK_TENSOR_F16, true, AK_ROLE_FINAL_NORM)
			    .add == 1);
	assert_true(get(AK_ARCH_GEMMA, AK_TENSOR_F16, true, AK_ROLE_Q).add ==
		    0);
	assert_true(get(AK_ARCH_LLAMA, AK_TENSOR_F16, true, AK_ROLE_INPUT_NORM)
			    .add == 0);
	assert_true(
		get(AK_ARCH_BITNET, AK_TENSOR_F16, true, AK_ROLE_Q).ternary);
	assert_false(get(AK_ARCH_BITNET, AK_TENSOR_F16, true, AK_ROLE_EMBED)
			     .ternary);
	assert_false(
		get(AK_ARCH_LLAMA, AK_TENSOR_TQ1_0, true, AK_ROLE_Q).ternary);
}

static void test_types(void **state)
{
	static const struct {
		enum ak_tensor_type asked;
		bool tied;
		enum ak_role role;
		enum ak_tensor_type type;
	} want[] = {
		{ AK_TENSOR_Q4_0, false, AK_ROLE_Q, AK_TENSOR_Q4_0 },
		{ AK_TENSOR_Q4_0, false, AK_ROLE_Q_BIAS, AK_TENSOR_F32 },
		{ AK_TENSOR_Q4_0, false, AK_ROLE_INPUT_NORM, AK_TENSOR_F32 },
		{ AK_TENSOR_Q4_0, false, AK_ROLE_EMBED, AK_TENSOR_Q4_0 },
		{ AK_TENSOR_Q4_0, false, AK_ROLE_LM_HEAD, AK_TENSOR_Q6_K },
		{ AK_TENSOR_Q4_0, true, AK_ROLE_EMBED, AK_TENSOR_Q6_K },
		{ AK_TENSOR_Q8_0, false, AK_ROLE_LM_HEAD, AK_TENSOR_Q8_0 },
		{ AK_TENSOR_BF16, false, AK_ROLE_LM_HEAD, AK_TENSOR_BF16 },
		{ AK_TENSOR_TQ2_0, false, AK_ROLE_EMBED, AK_TENSOR_F16 },
		{ AK_TENSOR_TQ1_0, false, AK_ROLE_LM_HEAD, AK_TENSOR_F16 },
		{ AK_TENSOR_TQ1_0, false, AK_ROLE_Q, AK_TENSOR_TQ1_0 },
		/* 64 columns: 32 divide, 256 do not */
		{ AK_TENSOR_Q6_K, false, AK_ROLE_O, AK_TENSOR_Q8_0 },
		{ AK_TENSOR_TQ2_0, false, AK_ROLE_O, AK_TENSOR_Q8_0 },
		{ AK_TENSOR_Q4_0, false, AK_ROLE_O, AK_TENSOR_Q4_0 },
		/* 100 columns: nothing divides */
		{ AK_TENSOR_Q4_0, false, AK_ROLE_DOWN, AK_TENSOR_F16 },
		{ AK_TENSOR_Q8_0, false, AK_ROLE_DOWN, AK_TENSOR_F16 },
		{ AK_TENSOR_F32, false, AK_ROLE_DOWN, AK_TENSOR_F32 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct gguf_tensor t = get(AK_ARCH_LLAMA, want[i].asked,
					   want[i].tied, want[i].role);

		if (t.type != want[i].type)
			fail_msg("%zu: %s", i, ak_tensor_type_name(t.type));
	}
}

/* ----------------------------------------------------------------- config */

static void test_llama3_frequencies(void **state)
{
	/* Llama 3.2 1B: of 32 pairs 0-14 stay, 15-17 change smoothly, 18-31
	 * are divided by 32.
	 */
	struct ak_arch_config c = config(
		AK_ARCH_LLAMA,
		"{\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 32.0,"
		" \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
		" \"original_max_position_embeddings\": 8192}}");
	struct gguf_extra x;
	struct ak_err err = { "" };
	float f[32];
	unsigned int i;

	(void)state;
	c.hidden_size = integer(2048);
	c.heads = integer(32);
	c.rope_theta.f = 500000;
	assert_int_equal(gguf_extra_read(&c, &x, &err), 0);
	assert_string_equal(x.rope, "llama3");
	gguf_rope_factors(&c, &x, f);
	for (i = 0; i < 32; i++) {
		double freq = pow(500000, -2.0 * i / 64);
		double smooth = (8192 * freq / (2 * M_PI) - 1) / 3;
		double scaled = (1 - smooth) * freq / 32 + smooth * freq;

		if (i < 15)
			assert_true(f[i] == 1);
		else if (i < 18)
			assert_true(fabs(freq / f[i] / scaled - 1) < 1e-6);
		else
			assert_true(f[i] == 32);
	}
}

static void test_extra(void **state)
{
	static const struct {
		enum ak_arch arch;
		const char *json, *name;
		int64_t window;
	} good[] = {
		{ AK_ARCH_LLAMA, "{\"hidden_act\": \"silu\"}", "llama", 0 },
		{ AK_ARCH_MISTRAL, "{\"sliding_window\": 4096}", "llama",
		  4096 },
		{ AK_ARCH_MISTRAL, "{\"sliding_window\": null}", "llama", 0 },
		{ AK_ARCH_QWEN2, "{\"sliding_window\": 4096}", "qwen2", 0 },
		{ AK_ARCH_QWEN2,
		  "{\"sliding_window\": 64, \"use_sliding_window\": true}",
		  "qwen2", 64 },
		{ AK_ARCH_QWEN3, "{\"rope_scaling\": null}", "qwen3", 0 },
		{ AK_ARCH_GEMMA,
		  "{\"hidden_act\": \"gelu\", \"hidden_activation\": null}",
		  "gemma", 0 },
		{ AK_ARCH_GEMMA,
		  "{\"hidden_activation\": \"gelu_pytorch_tanh\"}", "gemma",
		  0 },
		{ AK_ARCH_BITNET, "{\"hidden_act\": \"silu\"}", "bitnet", 0 },
		{ AK_ARCH_BITNET, "{\"hidden_act\": \"relu2\"}", "bitnet-b1.58",
		  0 },
	};
	static const struct {
		enum ak_arch arch;
		const char *json, *why;
		int code;
	} bad[] = {
		{ AK_ARCH_LLAMA, "{\"hidden_act\": \"relu\"}", "'relu'",
		  -ENOTSUP },
		{ AK_ARCH_GEMMA, "{\"hidden_act\": \"silu\"}", "gelu",
		  -ENOTSUP },
		{ AK_ARCH_QWEN2, "{\"hidden_act\": \"relu2\"}", "silu",
		  -ENOTSUP },
		{ AK_ARCH_LLAMA,
		  "{\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}}",
		  "'dynamic'", -ENOTSUP },
		{ AK_ARCH_QWEN2,
		  "{\"rope_scaling\": {\"rope_type\": \"llama3\"}}", "'llama3'",
		  -ENOTSUP },
		{ AK_ARCH_QWEN2,
		  "{\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 0}}",
		  "impossible", -EBADMSG },
		{ AK_ARCH_LLAMA, "{\"x\":", "not JSON", -EBADMSG },
	};
	struct gguf_extra x;
	struct ak_err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct ak_arch_config c = config(good[i].arch, good[i].json);

		if (gguf_extra_read(&c, &x, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_string_equal(x.arch, good[i].name);
		assert_int_equal(x.window, good[i].window);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ak_arch_config c = config(bad[i].arch, bad[i].json);

		assert_int_equal(gguf_extra_read(&c, &x, &err), bad[i].code);
		if (!strstr(err.text, bad[i].why))
			fail_msg("%zu: %s", i, err.text);
	}
}

static void test_odd_head(void **state)
{
	struct ak_arch_config c = config(AK_ARCH_LLAMA, "{}");
	struct gguf_extra x;
	struct ak_err err;

	(void)state;
	c.head_dim = integer(15);
	assert_int_equal(gguf_extra_read(&c, &x, &err), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_a_permutation),
		cmocka_unit_test(test_attention_is_the_same),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_which_rows_move),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_llama3_frequencies),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_odd_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
