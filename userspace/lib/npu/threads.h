/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads that share the chunks of one job after another.
 */
#ifndef AK_NPU_THREADS_H
#define AK_NPU_THREADS_H

struct npu_threads;

/**
 * npu_chunk_fn - does one chunk of a job
 * @arg: the job's
 * @chunk: number of the chunk
 * @thread: number of the thread, for its scratch
 */
typedef void (*npu_chunk_fn)(void *arg, unsigned int chunk,
			     unsigned int thread);

/**
 * npu_threads_new() - start threads
 * @threads: how many, the caller's included; 0 for one per processor
 *
 * Return: the threads, NULL with errno set.
 */
struct npu_threads *npu_threads_new(unsigned int threads);

/**
 * npu_threads_free() - end them
 * @t: threads or NULL
 */
void npu_threads_free(struct npu_threads *t);

/**
 * npu_threads_count() - how many there are
 * @t: threads
 *
 * Return: their number, the caller's included.
 */
unsigned int npu_threads_count(const struct npu_threads *t);

/**
 * npu_threads_run() - run a job
 * @t: threads
 * @fn: does a chunk
 * @arg: handed to @fn
 * @chunks: how many, at most 65535
 *
 * Threads take the next chunk when they are done with one; whoever sleeps or
 * has lost its processor takes none, and the caller does them all if need be.
 */
void npu_threads_run(struct npu_threads *t, npu_chunk_fn fn, void *arg,
		     unsigned int chunks);

#endif /* AK_NPU_THREADS_H */
