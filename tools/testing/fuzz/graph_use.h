/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fuzzers of importers do with a network that could be read.
 */
#ifndef FUZZ_GRAPH_USE_H
#define FUZZ_GRAPH_USE_H

#include "convert/graph.h"

/**
 * fuzz_graph_use() - evaluate a network and fold it, if that is quick
 * @g: a resolved chain
 *
 * Ends the program if evaluation fails, or folding does without a sentence.
 */
void fuzz_graph_use(const struct ak_graph *g);

#endif /* FUZZ_GRAPH_USE_H */
