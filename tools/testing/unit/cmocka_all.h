/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cmocka.h and the headers that it wants before itself.
 */
#ifndef CMOCKA_ALL_H
#define CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* CMOCKA_ALL_H */
