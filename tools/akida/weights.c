// SPDX-License-Identifier: GPL-2.0
#include "weights.h"

#include "term.h"
#include "tool.h"

struct akida_weights *weights_new(void)
{
	struct akida_weights *w = akida_weights_new();

	if (!w)
		term_die_memory();
	return w;
}

int weights_failed(struct akida_weights *w)
{
	term_error("%s", akida_weights_error(w));
	akida_weights_free(w);
	return TOOL_FAILED;
}

json_t *weights_report(struct akida_weights *w)
{
	json_t *report = json_loads(akida_weights_report(w), 0, NULL);

	if (!report)
		term_die_memory();
	akida_weights_free(w);
	return report;
}
