/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls for programs with a name, as the tests of the driver want them.
 */
#ifndef NAMED_H
#define NAMED_H

#include <stdint.h>

#include "akida_test.h"
#include "tiny.h"

/**
 * named_give() - give a program a name
 * @fd: of the node
 * @handle: program
 * @name: for it, cut off at AKIDA_NAME_SIZE
 * @mode: permissions, 0 for the driver's
 * @flags: AKIDA_NAME_REPLACE or 0
 * @note: to leave with it
 * @note_size: bytes of it
 *
 * Return: 0 or a negative errno.
 */
int named_give(int fd, uint32_t handle, const char *name, uint32_t mode,
	       uint32_t flags, const void *note, uint32_t note_size);

/**
 * named_open() - a handle of a program with a name
 * @fd: of the node
 * @name: its name
 * @rights: AKIDA_RIGHT_*
 * @to: where to put what it is, or NULL
 *
 * Return: handle or a negative errno.
 */
int named_open(int fd, const char *name, uint32_t rights,
	       struct akida_named *to);

/* The other calls: 0 or a negative errno. */
int named_delete(int fd, const char *name, uint64_t id);
int named_mode(int fd, const char *name, uint32_t mode, uint32_t uid,
	       uint32_t gid);
int named_free(int fd, uint32_t handle);

/**
 * named_note() - read a note
 * @fd: of the node
 * @handle: program
 * @to: where to put it
 * @size: bytes at most
 *
 * Return: bytes that it has, or a negative errno.
 */
int named_note(int fd, uint32_t handle, void *to, uint32_t size);

/**
 * named_list() - all programs with a name
 * @fd: of the node
 * @to: where to put them
 * @num: how many at most
 *
 * Return: how many there are, or a negative errno.
 */
int named_list(int fd, struct akida_named *to, uint32_t num);
int named_count(int fd);
int named_delete_all(int fd);

/**
 * struct named_work - jobs of a tiny program that are under way
 * @in: inputs
 * @out: outputs
 * @input: handle of the buffer with these
 * @output: handle of the buffer with those
 * @value: what the inputs stand for
 * @num: jobs
 * @seq: number of the first
 */
struct named_work {
	uint8_t *in, *out;
	uint32_t input, output;
	uint8_t value[AKIDA_MAX_SUBMIT][TINY_INPUTS];
	unsigned int num;
	uint64_t seq;
};

/**
 * named_begin() - submit jobs
 * @w: where to put what belongs to them
 * @fd: of the node
 * @handle: program
 * @num: how many, at most AKIDA_MAX_SUBMIT
 *
 * Return: 0, and named_end() is due; a negative errno.
 */
int named_begin(struct named_work *w, int fd, uint32_t handle,
		unsigned int num);

/**
 * named_end() - wait for the jobs and look at their outputs
 * @w: jobs
 * @fd: of the node
 * @t: what their program was
 *
 * Return: 0; a negative errno of a wait or a job; -EBADMSG for an output that is
 * another than it should be.
 */
int named_end(struct named_work *w, int fd, const struct tiny *t);

/**
 * named_run() - run a tiny program on some inputs and look at the outputs
 * @fd: of the node
 * @handle: program
 * @t: what it is
 * @num: inputs, at most AKIDA_MAX_SUBMIT
 *
 * Return: as named_begin() and named_end().
 */
int named_run(int fd, uint32_t handle, const struct tiny *t, unsigned int num);

/**
 * named_update() - replace a tiny program's track
 * @fd: of the node
 * @handle: program
 * @t: what it is to become
 * @flags: AKIDA_UPDATE_WAIT or 0
 *
 * Return: 0 or a negative errno.
 */
int named_update(int fd, uint32_t handle, const struct tiny *t, uint32_t flags);

/**
 * named_debugfs() - programs that debugfs knows of, with a name or without
 * @b: board
 *
 * Return: how many, or a negative errno.
 */
int named_debugfs(const struct board *b);

#endif
