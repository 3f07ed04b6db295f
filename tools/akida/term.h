/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages, colours and progress. Colours and progress only on a terminal.
 */
#ifndef TERM_H
#define TERM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What messages begin with: "akida", then "akida run" and the like. */
extern const char *term_program;

/**
 * term_error() - print one sentence to stderr: "akida run: ..."
 * @fmt: as printf; untrusted text in the result is made harmless
 */
void term_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * term_warning() - the same with "warning: "
 * @fmt: as printf
 */
void term_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * term_file_error() - print a sentence of the library about a file
 * @path: the file; put before the sentence unless it stands there already
 * @text: the sentence
 */
void term_file_error(const char *path, const char *text);

/**
 * term_file_warning() - the same for a warning
 * @path: the file
 * @text: the sentence
 */
void term_file_warning(const char *path, const char *text);

/** term_die_memory() - say that memory ran out and end the program */
void term_die_memory(void) __attribute__((noreturn));

/**
 * term_bold() - how bold text begins on a stream
 * @f: stdout or stderr
 *
 * Return: an escape sequence, "" unless @f is a terminal that shows colours.
 */
const char *term_bold(FILE *f);

/**
 * term_plain() - how bold text ends
 * @f: stdout or stderr
 *
 * Return: as term_bold().
 */
const char *term_plain(FILE *f);

/**
 * term_progress() - show how far a long job is, on a terminal only
 * @what: "inputs"
 * @done: how many
 * @total: of how many; the last call, with @done == @total, clears the line
 */
void term_progress(const char *what, size_t done, size_t total);

/**
 * term_bar() - show how far a job of known size is, on a terminal only
 * @unit: what is counted: "weights", "B"
 * @done: how many
 * @total: of how many; the last call, with @done >= @total, clears the line
 *
 * A bar, the share that is done, the rate and the time that is left.
 */
void term_bar(const char *unit, uint64_t done, uint64_t total);

/**
 * term_flush() - write what is left in stdout
 *
 * Return: TOOL_OK, or TOOL_FAILED when output was lost (full disk, closed
 * pipe); it says so, but for a reader that went away.
 */
int term_flush(void);

#endif /* TERM_H */
