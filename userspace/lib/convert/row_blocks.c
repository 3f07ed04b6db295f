// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/row_blocks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "npu/threads.h"

#define BLOCK_BYTES ((size_t)1 << 20)
#define MAX_BLOCKS 65535u /* of npu_threads_run() */

struct run {
	const struct ak_row_blocks *blocks;
	uint64_t size;
	void **scratch; /* of each thread */
	pthread_mutex_t lock;
	int code;
	struct ak_err err;
};

uint64_t ak_row_blocks_size(const struct ak_row_blocks *b)
{
	uint64_t n = BLOCK_BYTES / (b->row_bytes ? b->row_bytes : 1);
	uint64_t least = b->rows / MAX_BLOCKS + 1;

	return n > least ? n : least;
}

size_t ak_row_blocks_count(const struct ak_row_blocks *b)
{
	uint64_t size = ak_row_blocks_size(b);

	return b->rows / size + !!(b->rows % size);
}

static void fail(struct run *r, int code, const struct ak_err *err)
{
	pthread_mutex_lock(&r->lock);
	if (!r->code) {
		r->err = *err;
		__atomic_store_n(&r->code, code, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&r->lock);
}

static void do_block(void *arg, unsigned int block, unsigned int thread)
{
	struct run *r = arg;
	const struct ak_row_blocks *b = r->blocks;
	uint64_t first = block * r->size;
	uint64_t left = b->rows - first;
	struct ak_err err = { "" };
	int ret;

	/* Whoever sees an error too late does work for nothing, no harm. */
	if (__atomic_load_n(&r->code, __ATOMIC_RELAXED))
		return;
	if (!r->scratch[thread])
		r->scratch[thread] =
			malloc(r->size * b->row_bytes + b->fixed_bytes + 1);
	if (r->scratch[thread])
		ret = b->fn(b->arg, block, first,
			    left < r->size ? left : r->size, r->scratch[thread],
			    &err);
	else
		ret = ak_errf(&err, -ENOMEM, "no memory for rows");
	if (ret)
		fail(r, ret, &err);
}

int ak_row_blocks_run(const struct ak_row_blocks *b, unsigned int threads,
		      struct ak_err *err)
{
	struct run r = { .blocks = b, .size = ak_row_blocks_size(b) };
	struct npu_threads *pool = npu_threads_new(threads);
	unsigned int i, n;

	if (!pool)
		return ak_errf(err, -errno, "cannot start threads: %s",
			       strerror(errno));
	n = npu_threads_count(pool);
	pthread_mutex_init(&r.lock, NULL);
	r.scratch = calloc(n, sizeof(*r.scratch));
	if (r.scratch)
		npu_threads_run(pool, do_block, &r,
				(unsigned int)ak_row_blocks_count(b));
	else
		r.code = ak_errf(&r.err, -ENOMEM, "no memory for rows");
	npu_threads_free(pool);
	for (i = 0; r.scratch && i < n; i++)
		free(r.scratch[i]);
	free(r.scratch);
	pthread_mutex_destroy(&r.lock);
	if (r.code)
		ak_errf(err, r.code, "%s", r.err.text);
	return r.code;
}
