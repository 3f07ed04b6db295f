// SPDX-License-Identifier: GPL-2.0
/*
 * checkasm - the fast arithmetic against the slow one, on this machine
 *
 * Needs nothing but libc, so that it also runs as a static binary under an
 * emulator. Results in TAP.
 */
#include "checkasm.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "akida/device.h"
#include "common/cpu.h"
#include "common/unroll.h"
#include "npu/npu.h"

#define GUARD 128u
#define PATTERN 0xa5
/* What kernels may read past the end. */
#define SLACK 128u
#define MAX_LEVELS 8u
/* Floats per number format. */
#ifdef AK_SANITIZED
#define VALUES 2000000u
#else
#define VALUES 100000000u
#endif

static unsigned int tests, failures;

const struct level *levels(unsigned int *count)
{
	static struct level l[MAX_LEVELS] = {
		{ "c", AKIDA_CPU_BASELINE, false },
#if defined(__x86_64__)
		{ "avx2", AKIDA_CPU_AVX2, false },
		{ "avxvnni", AKIDA_CPU_AVXVNNI, false },
		{ "avx512vnni", AKIDA_CPU_AVX512VNNI, false },
#elif defined(__aarch64__)
		{ "neon", AKIDA_CPU_NEON, false },
		{ "dotprod", AKIDA_CPU_DOTPROD, false },
#endif
	};
	static bool done;
	uint32_t have = ak_cpu_flags(), below = 0;
	unsigned int i;

	/* Asked again, everything is there already. */
	for (i = 0; i < MAX_LEVELS && l[i].name && !done; i++) {
		l[i].present = have & l[i].flags;
		below |= have & l[i].flags;
		l[i].flags |= below;
	}
	done = true;
	for (*count = 0; *count < MAX_LEVELS && l[*count].name;)
		++*count;
	return l;
}

static void line(bool ok, const char *fmt, va_list ap)
{
	printf("%sok %u - ", ok ? "" : "not ", ++tests);
	vprintf(fmt, ap);
}

void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	failures += !ok;
	va_start(ap, fmt);
	line(ok, fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void skip(const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(true, fmt, ap);
	va_end(ap);
	printf(" # SKIP %s\n", reason);
}

static void *must_alloc(size_t size)
{
	void *p = aligned_alloc(64, (size + 63) / 64 * 64);

	if (!p) {
		puts("Bail out! out of memory");
		exit(1);
	}
	return p;
}

struct guarded guarded_new(size_t size)
{
	struct guarded g = { NULL, size, must_alloc(size + 2 * GUARD) };

	memset(g.base, PATTERN, size + 2 * GUARD);
	g.p = g.base + GUARD;
	return g;
}

bool guarded_ok(const struct guarded *g)
{
	size_t i;

	for (i = 0; i < GUARD; i++)
		if (g->base[i] != PATTERN || g->p[g->size + i] != PATTERN)
			return false;
	return true;
}

void guarded_free(struct guarded *g)
{
	free(g->base);
}

void *random_bytes(struct rng *r, size_t size, int lo, int hi)
{
	uint8_t *p = must_alloc(size + SLACK);
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = (uint8_t)rng_range(r, lo, hi);
	/* Whatever lies behind must not matter. */
	memset(p + size, 0xff, SLACK);
	return p;
}

int32_t *random_words(struct rng *r, size_t count, int32_t limit)
{
	int32_t *p = must_alloc(count * sizeof(*p));
	size_t i;

	for (i = 0; i < count; i++)
		p[i] = rng_range(r, -limit, limit);
	return p;
}

static void usage(FILE *f)
{
	fputs("usage: checkasm [--seed N] [--models N] [--cases N] [--values N]\n"
	      "                [--bench]\n"
	      "\n"
	      "Compares every kernel with the portable one and random models with the\n"
	      "scalar reference, for each instruction set that this machine has.\n"
	      "\n"
	      "  --seed N     start of the random numbers (default: from the clock)\n"
	      "  --models N   whole models (default 3000)\n"
	      "  --cases N    random arguments per kernel (default 400)\n"
	      "  --values N   random floats per number format (default 100 million,\n"
	      "               2 million with sanitizers)\n"
	      "  --bench      time kernels, too\n",
	      f);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "models", required_argument, NULL, 'm' },
		{ "cases", required_argument, NULL, 'c' },
		{ "values", required_argument, NULL, 'v' },
		{ "bench", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { (uint64_t)time(NULL), 3000, 400, VALUES, false };
	int c;

	while ((c = getopt_long(argc, argv, "s:m:c:v:bh", longopts, NULL)) !=
	       -1) {
		switch (c) {
		case 's':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case 'm':
			o.models = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			o.cases = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'v':
			o.values = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			o.bench = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	printf("# seed %llu\n", (unsigned long long)o.seed);
	check_kernels(&o);
	check_activation(&o);
	check_models(&o);
	check_quant(&o);
	printf("1..%u\n", tests);
	if (failures)
		printf("# %u of %u failed; repeat with --seed %llu\n", failures,
		       tests, (unsigned long long)o.seed);
	return failures != 0;
}
