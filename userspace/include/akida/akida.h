/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libakida: everything.
 */
#ifndef AKIDA_AKIDA_H
#define AKIDA_AKIDA_H

#include <akida/array.h>
#include <akida/assemble.h>
#include <akida/board.h>
#include <akida/convert.h>
#include <akida/build.h>
#include <akida/device.h>
#include <akida/model.h>
#include <akida/program.h>
#include <akida/network.h>
#include <akida/quant.h>
#include <akida/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * akida_version() - version of the library
 *
 * Return: "MAJOR.MINOR.PATCH".
 */
const char *akida_version(void);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_AKIDA_H */
