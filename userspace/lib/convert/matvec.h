/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Products with weights, whatever file they are in.
 */
#ifndef AK_MATVEC_H
#define AK_MATVEC_H

#include "convert/view.h"

/**
 * ak_matvec() - y = W x, for one or more x
 * @v: an open view
 * @t: of ak_view_get()
 * @x: [n][columns]
 * @n: how many vectors
 * @y: [n][rows]; products are exact, sums in double, rounded once
 * @threads: threads, 0 for one per processor
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_matvec(const struct ak_view *v, const struct ak_view_tensor *t,
	      const float *x, size_t n, float *y, unsigned int threads,
	      struct ak_err *err);

#endif /* AK_MATVEC_H */
