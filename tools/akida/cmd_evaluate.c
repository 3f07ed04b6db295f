// SPDX-License-Identifier: GPL-2.0
/*
 * akida evaluate: how often a model is right.
 */
#include <stdlib.h>
#include <string.h>

#include "fbz_options.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"

/* Above this a confusion matrix says little and takes memory. */
#define MAX_CLASSES 1000u
/* What a terminal shows of it. */
#define MAX_COLUMNS 24u

/**
 * struct evaluate - the command line, and what came of it
 * @path: model
 * @against: another model of the same outputs, or NULL
 * @data: inputs
 * @labels: classes
 * @input: of float networks
 * @threads: 0 for all
 * @json: for machines
 */
struct evaluate {
	const char *path, *against, *data, *labels;
	struct fbz_input input;
	unsigned int threads;
	bool json;
};

/**
 * struct answers - what one model says
 * @best: class of each input, or of each cell of its map
 * @inputs: inputs
 * @count: classes in @best
 * @classes: classes
 * @right: how many agree with labels
 * @class_mean: share that agrees, the mean over classes that labels have
 */
struct answers {
	uint32_t *best;
	size_t inputs, count, classes, right;
	double class_mean;
};

static bool is_fbz(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && !strcmp(path + n - 4, ".fbz");
}

static void take_scores(struct answers *a, float *scores, size_t inputs,
			const struct akida_shape *out)
{
	a->inputs = inputs;
	a->count = inputs * out->height * out->width;
	a->classes = out->channels;
	a->best = fbz_best(scores, a->count, a->classes);
	free(scores);
}

static int answer_int(const struct evaluate *e, const char *path,
		      struct answers *a)
{
	struct akida_model *m = tool_open_model(path);
	struct akida_layer_info first;
	struct ak_graph shape = { 0 };
	struct akida_program_info info;
	struct fbz_data d = { 0 };
	float *scores = NULL;
	int ret = -1;

	if (!m)
		return -1;
	if (akida_model_check_runnable(m) ||
	    akida_model_layer(m, 0, &first, sizeof(first))) {
		term_file_error(path, akida_model_error(m));
	} else {
		/* Only its input's shape is looked at. */
		shape.input = first.input;
		if (!fbz_data_load(&d, e->data, &shape, &e->input,
				   first.input_bits))
			scores = fbz_int_scores(m, path, &d, e->threads, &info);
	}
	if (scores) {
		take_scores(a, scores, d.count, &info.output);
		ret = 0;
	}
	fbz_data_clear(&d);
	akida_model_free(m);
	return ret;
}

static int answer_float(const struct evaluate *e, const char *path,
			struct answers *a)
{
	struct ak_graph *g = fbz_import(path, &e->input);
	const struct akida_shape *out;
	struct fbz_data d = { 0 };
	float *scores = NULL;
	int ret = -1;

	if (!g)
		return -1;
	out = &g->op[g->num_ops - 1].out;
	if (!fbz_data_load(&d, e->data, g, &e->input,
			   e->input.bits ? e->input.bits : 8))
		scores = fbz_float_scores(g, &d, e->input.scale, e->threads);
	if (scores) {
		take_scores(a, scores, d.count, out);
		ret = 0;
	}
	fbz_data_clear(&d);
	ak_graph_free(g);
	return ret;
}

static uint32_t *read_labels(const struct evaluate *e, size_t inputs,
			     size_t count, size_t classes)
{
	struct akida_array *a = akida_array_new();
	uint32_t *labels = tool_alloc(count, sizeof(*labels));
	size_t size, i;
	int64_t v = 0;

	if (!a)
		term_die_memory();
	if (akida_array_load_npy(a, e->labels)) {
		term_file_error(e->labels, akida_array_error(a));
		goto fail;
	}
	size = akida_dtype_size(akida_array_dtype(a));
	if (akida_array_bytes(a) != count * size ||
	    akida_array_dtype(a) == AKIDA_DTYPE_FLOAT32 ||
	    akida_array_dtype(a) == AKIDA_DTYPE_FLOAT64) {
		term_error("%s: it must have %zu whole numbers, one class for "
			   "each %s",
			   e->labels, count,
			   count == inputs ? "input" : "cell of each map");
		goto fail;
	}
	for (i = 0; i < count; i++) {
		const uint8_t *p = (uint8_t *)akida_array_data(a) + i * size;

		/* Little endian; a negative class has its top bit set. */
		v = 0;
		memcpy(&v, p, size);
		if (v < 0 || v >= (int64_t)classes) {
			term_error("%s: label %zu is not a class of 0 to %zu",
				   e->labels, i, classes - 1);
			goto fail;
		}
		labels[i] = (uint32_t)v;
	}
	akida_array_free(a);
	return labels;
fail:
	akida_array_free(a);
	free(labels);
	return NULL;
}

static double share(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* [label][answer]; NULL for so many classes that it would fill the memory. */
static size_t *confusion(const struct answers *a, const uint32_t *labels)
{
	size_t n = a->classes, i, *count;

	if (n > MAX_CLASSES)
		return NULL;
	count = tool_alloc(n * n, sizeof(*count));
	for (i = 0; i < a->count; i++)
		count[labels[i] * n + a->best[i]]++;
	return count;
}

/* Where one class is far more frequent than others, accuracy says little. */
static void compare(struct answers *a, const uint32_t *labels)
{
	size_t *right = tool_alloc(a->classes, sizeof(*right));
	size_t *all = tool_alloc(a->classes, sizeof(*all));
	size_t i, seen = 0;
	double sum = 0;

	for (i = 0; i < a->count; i++) {
		all[labels[i]]++;
		right[labels[i]] += a->best[i] == labels[i];
		a->right += a->best[i] == labels[i];
	}
	for (i = 0; i < a->classes; i++) {
		seen += all[i] > 0;
		sum += share(right[i], all[i]);
	}
	a->class_mean = seen ? sum / (double)seen : 0;
	free(right);
	free(all);
}

static void print_matrix(const struct answers *a, const uint32_t *labels)
{
	size_t n = a->classes, i, k, *count;
	const char **heads;
	struct table *t;

	if (n > MAX_COLUMNS) {
		printf("Which of the %zu classes is taken for which is shown by --json\n",
		       n);
		return;
	}
	puts("Rows: labels; columns: what the model says");
	count = confusion(a, labels);
	heads = tool_alloc(n + 3, sizeof(*heads));
	heads[0] = ">Class";
	for (k = 0; k < n; k++)
		heads[k + 1] = tool_text(">%zu", k);
	heads[n + 1] = ">Right";
	t = table_new(heads);
	for (i = 0; i < n; i++) {
		size_t sum = 0;

		table_cell(t, "%zu", i);
		for (k = 0; k < n; k++) {
			sum += count[i * n + k];
			table_cell(t, "%zu", count[i * n + k]);
		}
		if (sum)
			table_cell(t, "%.2f %%",
				   100 * share(count[i * n + i], sum));
		else
			table_cell(t, "-");
	}
	table_print(t, 0);
	for (k = 0; k < n; k++)
		free((char *)heads[k + 1]);
	free(heads);
	free(count);
}

static json_t *matrix_json(const struct answers *a, const uint32_t *labels)
{
	size_t n = a->classes, i, k, *count = confusion(a, labels);
	json_t *rows, *row;

	if (!count)
		return json_null();
	rows = json_array();
	for (i = 0; i < n; i++) {
		row = json_array();
		for (k = 0; k < n; k++)
			json_add(row,
				 json_integer((json_int_t)count[i * n + k]));
		json_add(rows, row);
	}
	free(count);
	return rows;
}

static json_t *answers_json(const char *path, const struct answers *a,
			    const uint32_t *labels)
{
	json_t *j = json_object();

	json_put(j, "model", json_text(path));
	json_put(j, "inputs", json_integer((json_int_t)a->inputs));
	json_put(j, "labels", json_integer((json_int_t)a->count));
	json_put(j, "right", json_integer((json_int_t)a->right));
	json_put(j, "accuracy", json_number(share(a->right, a->count)));
	json_put(j, "class_mean", json_number(a->class_mean));
	json_put(j, "confusion", matrix_json(a, labels));
	return j;
}

static void print_right(const char *path, const struct answers *a)
{
	printf("%s: %zu of %zu right, %.2f %%, mean of classes %.2f %%\n", path,
	       a->right, a->count, 100 * share(a->right, a->count),
	       100 * a->class_mean);
}

static void report(const struct evaluate *e, const struct answers *a,
		   const struct answers *b, const uint32_t *labels)
{
	size_t i, same = 0;
	json_t *root;

	for (i = 0; b->best && i < a->count; i++)
		same += a->best[i] == b->best[i];
	if (e->json) {
		root = answers_json(e->path, a, labels);
		if (b->best) {
			json_put(root, "against",
				 answers_json(e->against, b, labels));
			json_put(root, "agreement",
				 json_number(share(same, a->count)));
		}
		json_print(root);
		return;
	}
	print_right(e->path, a);
	if (b->best) {
		print_right(e->against, b);
		printf("They agree in %.2f %%\n", 100 * share(same, a->count));
	}
	print_matrix(a, labels);
}

static int answer(const struct evaluate *e, const char *path, struct answers *a)
{
	return is_fbz(path) ? answer_int(e, path, a) : answer_float(e, path, a);
}

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Input and output:", 1 },
	{ "data", OPT_DATA, "FILE.npy", 0, "Inputs", 1 },
	{ "labels", 'l', "FILE.npy", 0,
	  "Class of each input, or of each cell of its map", 1 },
	{ "against", OPT_AGAINST, "MODEL", 0,
	  "Compare with another model, a float one for instance", 1 },
	{ "layout", OPT_LAYOUT, "ORDER", 0,
	  "Order of the data: nhwc or nchw (what the model says)", 1 },
	{ "threads", 't', "N", 0, "Threads (all cores)", 1 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct evaluate *e = state->input;

	switch (key) {
	case OPT_DATA:
		e->data = arg;
		return 0;
	case 'l':
		e->labels = arg;
		return 0;
	case OPT_AGAINST:
		e->against = arg;
		return 0;
	case OPT_LAYOUT:
		if (!fbz_layout(arg, &e->input.layout))
			argp_error(state, "--layout: '%s' is not nhwc or nchw",
				   arg);
		return 0;
	case 't':
		e->threads = tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_JSON:
		e->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (e->path)
			argp_error(state, "'%s' is one argument too many", arg);
		e->path = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &e->input;
		return 0;
	case ARGP_KEY_END:
		if (!e->path)
			argp_error(state, "MODEL is missing");
		if (!e->data || !e->labels)
			argp_error(
				state,
				"--data FILE.npy and --labels FILE.npy are needed");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {
	{ &fbz_input_argp, 0, NULL, 0 },
	{ NULL, 0, NULL, 0 },
};

static const struct argp argp = {
	options,
	parse,
	"MODEL --data FILE.npy --labels FILE.npy",
	"Run a model over labelled inputs: accuracy and confusion matrix. MODEL "
	"is a .fbz file or a float network. Of a map each cell has a class."
	"\v"
	"Examples:\n"
	"  akida evaluate digits.fbz --data test.npy --labels labels.npy\n"
	"  akida evaluate digits.fbz --data test.npy --labels labels.npy --against digits.npz --arch digits.json\n",
	children,
	NULL,
	NULL,
};

int cmd_evaluate(int argc, char **argv)
{
	struct evaluate e = { 0 };
	struct answers a = { 0 }, b = { 0 };
	uint32_t *labels = NULL;
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &e);
	if (answer(&e, e.path, &a) || (e.against && answer(&e, e.against, &b)))
		goto out;
	if (b.best && (b.classes != a.classes || b.count != a.count)) {
		term_error(
			"%s says %zu times one of %zu classes, %s %zu of %zu",
			e.path, a.count, a.classes, e.against, b.count,
			b.classes);
		goto out;
	}
	labels = read_labels(&e, a.inputs, a.count, a.classes);
	if (!labels)
		goto out;
	compare(&a, labels);
	if (b.best)
		compare(&b, labels);
	report(&e, &a, &b, labels);
	ret = TOOL_OK;
out:
	free(a.best);
	free(b.best);
	free(labels);
	return ret;
}
