/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Python as an independent reader and writer of files.
 */
#ifndef TEST_PYTHON_H
#define TEST_PYTHON_H

#include <stdbool.h>

/**
 * have_python() - is Debian's Python there with a module
 * @module: "numpy", or NULL for Python alone
 *
 * Prints why not, for a test that then skips.
 *
 * Return: true if so.
 */
bool have_python(const char *module);

/**
 * run_python() - run a script, which must succeed
 * @script: its text; sys.argv[1:] are the arguments
 * @arg: first argument
 * @arg2: second argument or NULL
 */
void run_python(const char *script, const char *arg, const char *arg2);

#endif /* TEST_PYTHON_H */
