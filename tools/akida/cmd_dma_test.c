// SPDX-License-Identifier: GPL-2.0
/*
 * akida dma-test: does a board's memory keep what is copied there, and how
 * fast are copies.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "dma_test.h"
#include "host.h"
#include "term.h"
#include "tool.h"

#define DEFAULT_SIZE (1ull << 20)
#define MAX_SIZE (1ull << 30)

static const struct argp_option options[] = {
	{ "size", 's', "BYTES", 0,
	  "Bytes to test, with K, M or G for powers of 1024 (default: 1M, or what the board has)",
	  0 },
	{ "count", 'n', "N", 0,
	  "Copies of each size to measure (default 100; 0: none)", 0 },
	{ "passes", OPT_PASSES, "N", 0,
	  "How often all patterns are tested (default 1; 0: not at all)", 0 },
	{ "pattern", OPT_PATTERN, "NAME[,NAME]", 0,
	  "ones, zeros, checker, walk1, walk0, address, inverse, random (default: all)",
	  0 },
	{ "direction", OPT_DIRECTION, "NAME", 0,
	  "to-device, from-device or both (default): which copies are cut into pieces and measured",
	  0 },
	{ "kind", OPT_KIND, "NAME[,NAME]", 0,
	  "Host memory: host (the driver's), user (this program's, pinned), window (AKD1500) (default: all that the board can)",
	  0 },
	{ "seed", OPT_SEED, "N", 0,
	  "Seed of random data (default: another each time)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static uint64_t parse_size(struct argp_state *state, const char *arg)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 10);
	if (*arg < '0' || *arg > '9' || errno || value > MAX_SIZE)
		end = (char *)arg;
	else if (*end == 'K' && !end[1])
		value <<= 10;
	else if (*end == 'M' && !end[1])
		value <<= 20;
	else if (*end == 'G' && !end[1])
		value <<= 30;
	else if (*end)
		end = (char *)arg;
	if (end == arg || !value || value > MAX_SIZE || value % 4)
		argp_error(state,
			   "--size: '%s' is not a multiple of 4 from 4 to 1G",
			   arg);
	return value;
}

/* A list of names, as a mask. */
static unsigned int parse_names(struct argp_state *state, const char *option,
				const char *arg, const char *const *names,
				size_t count)
{
	char *copy = tool_text("%s", arg), *name, *save = NULL;
	unsigned int mask = 0;
	size_t i;

	for (name = strtok_r(copy, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < count; i++)
			if (names[i] && !strcmp(names[i], name))
				break;
		if (i == count)
			argp_error(state, "%s: there is no '%s'", option, name);
		mask |= DMA_BIT(i);
	}
	if (!mask)
		argp_error(state, "%s: a name is missing", option);
	free(copy);
	return mask;
}

static unsigned int parse_patterns(struct argp_state *state, const char *arg)
{
	const char *names[DMA_PATTERNS];
	int i;

	for (i = 0; i < DMA_PATTERNS; i++)
		names[i] = dma_pattern_name((enum dma_pattern)i);
	return parse_names(state, "--pattern", arg, names, DMA_PATTERNS);
}

static unsigned int parse_kinds(struct argp_state *state, const char *arg)
{
	static const char *const names[] = {
		[AKIDA_MEMORY_HOST] = "host",
		[AKIDA_MEMORY_USER] = "user",
		[AKIDA_MEMORY_WINDOW] = "window",
	};

	return parse_names(state, "--kind", arg, names, ARRAY_SIZE(names));
}

static unsigned int parse_direction(struct argp_state *state, const char *arg)
{
	static const char *const names[] = { "to-device", "from-device",
					     "both" };
	unsigned int mask = parse_names(state, "--direction", arg, names,
					ARRAY_SIZE(names));

	return mask & 4 ? DMA_BIT(DMA_TO_DEVICE) | DMA_BIT(DMA_FROM_DEVICE) :
			  mask;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct dma_test *t = state->input;

	switch (key) {
	case 's':
		t->size = parse_size(state, arg);
		return 0;
	case 'n':
		t->count = tool_number(state, "--count", arg, 0, 1000000);
		return 0;
	case OPT_PASSES:
		t->passes = tool_number(state, "--passes", arg, 0, 1000000);
		return 0;
	case OPT_PATTERN:
		t->patterns = parse_patterns(state, arg);
		return 0;
	case OPT_DIRECTION:
		t->directions = parse_direction(state, arg);
		return 0;
	case OPT_KIND:
		t->kinds = parse_kinds(state, arg);
		t->kinds_given = true;
		return 0;
	case OPT_SEED:
		t->seed = tool_number(state, "--seed", arg, 0, UINT32_MAX);
		return 0;
	case OPT_JSON:
		t->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (t->name)
			argp_error(state, "'%s' is one argument too many", arg);
		t->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!t->count && !t->passes)
			argp_error(
				state,
				"--count 0 and --passes 0 leave nothing to do");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"[BOARD]",
	"Test a board's memory and DMA: data of several patterns go there and "
	"back in pieces of many sizes and alignments, and are compared; then "
	"latency and bandwidth of copies are measured. BOARD is an index, a "
	"node or a PCI address (default: the first board). What others have on "
	"the board is not touched."
	"\v"
	"The exit status is 1 if data were wrong; the first wrong address is named.\n"
	"Interrupted, it shows what it has found so far.\n"
	"\n"
	"Examples:\n"
	"  akida dma-test\n"
	"  akida dma-test 0 --size 16M --count 1000 --kind user\n"
	"  akida dma-test /dev/akida0 --passes 100 --pattern random --seed 1 --count 0\n"
	"  akida dma-test --json | jq '.speed[] | {size, bytes_per_second}'\n",
	NULL,
	NULL,
	NULL,
};

/* ------------------------------------------------------------- memory */

static volatile sig_atomic_t stop_signal;

static void note_signal(int signal)
{
	stop_signal = signal;
}

/* Without SA_RESTART, so that waiting ends; ignored ones stay ignored. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM };
	const struct sigaction catch = { .sa_handler = note_signal };
	struct sigaction old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &catch, NULL);
}

bool dma_stopped(void)
{
	return stop_signal;
}

int dma_failed(const struct dma_test *t)
{
	if (!stop_signal)
		term_error("%s", akida_board_error(t->board));
	return -1;
}

static int open_board(struct dma_test *t)
{
	struct akida_board_desc d;
	const char *name = t->name;

	/* Without any board, opening the first says why. */
	if (!name)
		name = akida_board_list(0, &d, sizeof(d)) ? "0" : d.node;
	t->board = akida_board_new();
	if (!t->board)
		term_die_memory();
	if (akida_board_open(t->board, name) ||
	    akida_board_info(t->board, &t->info, sizeof(t->info)))
		return dma_failed(t);
	snprintf(t->node, sizeof(t->node), "/dev/akida%u", t->info.index);
	return 0;
}

static int make_device_buffer(struct dma_test *t)
{
	uint64_t room = t->info.device_largest;

	if (!t->size) {
		t->size = DEFAULT_SIZE;
		if (room > 2 * DMA_GUARD && t->size > room - 2 * DMA_GUARD)
			t->size = room - 2 * DMA_GUARD;
		t->size -= t->size % t->info.align;
	}
	if (t->size % t->info.align) {
		term_error(
			"--size: %llu is not a multiple of %u, as this board wants it",
			(unsigned long long)t->size, t->info.align);
		return -1;
	}
	if (akida_buffer_new(t->board, AKIDA_MEMORY_DEVICE,
			     t->size + 2 * DMA_GUARD, &t->device))
		return dma_failed(t);
	return 0;
}

static void drop_host_buffer(struct dma_test *t)
{
	akida_buffer_free(t->host);
	t->host = NULL;
	if (t->user_memory)
		munmap(t->user_memory, dma_host_size(t->size));
	t->user_memory = NULL;
}

static int make_host_buffer(struct dma_test *t, enum akida_memory kind)
{
	size_t size = dma_host_size(t->size);
	void *data;

	if (kind != AKIDA_MEMORY_USER) {
		if (akida_buffer_new(t->board, kind, size, &t->host) ||
		    akida_buffer_map(t->host, &data))
			return dma_failed(t);
		t->host_data = data;
		return 0;
	}
	data = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		term_die_memory();
	t->user_memory = data;
	if (akida_buffer_new_user(t->board, data, size, 0, &t->host))
		return dma_failed(t);
	t->host_data = data;
	return 0;
}

static int run_kinds(struct dma_test *t)
{
	static const enum akida_memory kinds[] = { AKIDA_MEMORY_HOST,
						   AKIDA_MEMORY_USER,
						   AKIDA_MEMORY_WINDOW };
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(kinds) && !rc; i++) {
		if (!(t->kinds & DMA_BIT(kinds[i])))
			continue;
		if (kinds[i] == AKIDA_MEMORY_WINDOW && !t->kinds_given &&
		    !(t->info.caps & AKIDA_BOARD_WINDOW))
			continue;
		rc = make_host_buffer(t, kinds[i]);
		if (!rc)
			rc = dma_verify(t, kinds[i]);
		if (!rc)
			rc = dma_measure(t, kinds[i]);
		drop_host_buffer(t);
	}
	return rc;
}

/* One sentence for each pattern and kind of memory that went wrong. */
static int report_wrong(const struct dma_test *t)
{
	int ret = TOOL_OK;
	size_t i;

	for (i = 0; i < t->num_results; i++) {
		char *text;

		if (!t->results[i].bad)
			continue;
		text = dma_explain(&t->results[i]);
		term_error("%s: %s", t->node, text);
		free(text);
		ret = TOOL_FAILED;
	}
	return ret;
}

int cmd_dma_test(int argc, char **argv)
{
	struct dma_test t = {
		.count = 100,
		.passes = 1,
		.patterns = DMA_BIT(DMA_PATTERNS) - 1,
		.directions = DMA_BIT(DMA_TO_DEVICE) | DMA_BIT(DMA_FROM_DEVICE),
		.kinds = DMA_KINDS_ALL,
	};
	uint32_t seed;
	int ret = TOOL_FAILED;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
	t.seed = seed;
	tool_parse(&argp, argc, argv, &t);
	catch_signals();
	if (!open_board(&t) && !make_device_buffer(&t) &&
	    (!run_kinds(&t) || dma_stopped())) {
		dma_print(&t);
		ret = report_wrong(&t);
	}
	akida_buffer_free(t.device);
	akida_board_free(t.board);
	free(t.results);
	free(t.speeds);
	if (stop_signal) {
		/* For the caller it ended by that signal, as it would have. */
		term_flush();
		signal(stop_signal, SIG_DFL);
		raise(stop_signal);
	}
	return ret;
}
