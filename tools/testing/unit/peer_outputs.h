/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Networks of other frameworks with inputs and the outputs that those computed,
 * as NAME.in.npy and NAME.out.npy in the test's folder.
 */
#ifndef PEER_OUTPUTS_H
#define PEER_OUTPUTS_H

#include "convert/graph.h"

/**
 * peer_compare() - compute a network, every sample within 1e-4 of its outputs
 * @file: of the network, in the test's folder
 * @name: of the arrays; inputs are in the order that the network takes
 */
void peer_compare(const char *file, const char *name);

#endif
