// SPDX-License-Identifier: GPL-2.0
/*
 * tsc - how fast this machine's time-stamp counter runs, in kHz
 *
 * QEMU's emulated processors count with the machine's own counter. A guest that
 * boots on a busy machine measures its rate wrongly, by factors, and its clock
 * is then as wrong; so the harness measures and tells it.
 */
#include <stdio.h>

#ifdef __x86_64__
#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES 200
#define APART_NS 50000000

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Both clocks at a time: of many readings the one that was disturbed least. */
static void sample(int64_t *ns, uint64_t *ticks)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		int64_t t = now_ns();
		uint64_t took = __rdtsc() - before;

		if (took < best) {
			best = took;
			*ns = t;
			*ticks = before + took / 2;
		}
	}
}

int main(void)
{
	struct timespec pause = { .tv_nsec = APART_NS };
	uint64_t ticks[2];
	int64_t ns[2];

	sample(&ns[0], &ticks[0]);
	nanosleep(&pause, NULL);
	sample(&ns[1], &ticks[1]);
	printf("%.0f\n", (ticks[1] - ticks[0]) * 1e6 / (ns[1] - ns[0]));
	return 0;
}
#else
int main(void)
{
	return 1;
}
#endif
