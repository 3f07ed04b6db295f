// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an ONNX model: what can be read must be a chain whose shapes
 * hold, which can be folded or refused with a sentence.
 */
#include <stdlib.h>

#include "convert/onnx.h"
#include "graph_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_graph *g = NULL;
	struct ak_onnx o;
	int rc;

	ak_onnx_probe(data, size);
	rc = ak_onnx_parse(data, size, &o, &err);
	if (!rc)
		rc = ak_onnx_graph(&o, "fuzz", &g, &err);
	if (rc && !err.text[0])
		abort();
	if (g)
		fuzz_graph_use(g);
	ak_graph_free(g);
	ak_onnx_close(&o);
	return 0;
}
