/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program may do that reads files of unknown origin.
 */
#ifndef AKIDA_HDF5_SANDBOX_H
#define AKIDA_HDF5_SANDBOX_H

#include <stddef.h>

/**
 * sandbox_limits() - bound memory, time and everything that can be created
 * @memory: bytes of address space beyond those that are in use now
 * @cpu_ms: processor time, after which SIGPROF ends the process
 *
 * Return: NULL, or what could not be done.
 */
const char *sandbox_limits(size_t memory, unsigned int cpu_ms);

/**
 * sandbox_enter() - from now on memory, writing to standard output and the end
 *
 * Of all system calls only those remain that malloc() needs, write() to
 * descriptor 1 and exit_group(). Looking for files fails with ENOENT, as
 * libhdf5 does look for some; every other call ends the process with SIGSYS.
 * No mapping can be made executable.
 *
 * Return: NULL, or what could not be done.
 */
const char *sandbox_enter(void);

#endif /* AKIDA_HDF5_SANDBOX_H */
