/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clock, medians, and memory that is there.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

/** now() - milliseconds */
double now(void);

/** median() - of @n values at @v, which are sorted then */
double median(double *v, unsigned int n);

/** must() - @p, or the end of the program if that is NULL */
void *must(void *p);

#endif /* BENCH_TIMING_H */
