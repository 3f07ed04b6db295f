// SPDX-License-Identifier: GPL-2.0
#include "hub.h"

#include <errno.h>
#include <stdlib.h>

#include "convert/hub_cache.h"
#include "convert/hub_fetch.h"
#include "term.h"

static int on_progress(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	term_bar("B", done, total);
	return 0;
}

char *hub_fetch(const char *name, const char *revision)
{
	struct ak_err err = { "" };
	char *path;

	if (!ak_hub_fetch(name, revision, on_progress, NULL, &path, &err))
		return path;
	/* The line of the bar goes before the sentence comes. */
	term_bar("B", 1, 1);
	term_error("%s", err.text);
	return NULL;
}

char *hub_input(const char *name)
{
	struct ak_err err = { "" };
	char *path;
	int rc = ak_hub_input(name, &path, &err);

	if (!rc)
		return path;
	if (rc == -ENOENT && ak_hub_repo(name))
		return hub_fetch(name, NULL);
	term_error("%s", err.text);
	return NULL;
}
