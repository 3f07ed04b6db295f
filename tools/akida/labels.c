// SPDX-License-Identifier: GPL-2.0
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "text.h"
#include "tool.h"

#define MAX_LABEL 200

/* Windows ends lines with a carriage return too. */
static void trim(char *line)
{
	size_t n = strlen(line);

	while (n && strchr(" \t\r", line[n - 1]))
		line[--n] = 0;
}

int labels_load(struct labels *l, const char *path,
		const struct akida_shape *shape)
{
	size_t size, at = 0, room = 0, blank = 0;
	char *text = text_load(path, "give one label per line", &size);

	memset(l, 0, sizeof(*l));
	if (!text)
		return -1;
	if (memchr(text, 0, size)) {
		term_error("%s: not a text file; give one label per line",
			   path);
		goto fail;
	}
	while (at < size) {
		char *line = text + at;
		size_t n = strcspn(line, "\n");

		at += n + 1;
		line[n] = 0;
		trim(line);
		if (strlen(line) > MAX_LABEL) {
			term_error("%s: line %zu is longer than %d bytes", path,
				   l->count + 1, MAX_LABEL);
			goto fail;
		}
		if (l->count == room) {
			room = room ? room * 2 : 64;
			l->name = tool_realloc(l->name, room, sizeof(*l->name));
		}
		l->name[l->count++] = text_clean(line);
		blank = *line ? 0 : blank + 1;
	}
	/* Empty lines at the end name nothing. */
	while (blank--)
		free(l->name[--l->count]);
	if (shape->height * shape->width > 1 && l->count + 1 == shape->channels)
		l->first = 1;
	if (l->count + l->first != shape->channels)
		term_warning("%s: %zu labels for %u classes", path, l->count,
			     shape->channels);
	free(text);
	return 0;
fail:
	labels_clear(l);
	free(text);
	return -1;
}

const char *labels_get(const struct labels *l, uint32_t class)
{
	if (class < l->first || class - l->first >= l->count ||
	    !*l->name[class - l->first])
		return NULL;
	return l->name[class - l->first];
}

const char *labels_text(const struct labels *l, uint32_t class, char *buf,
			size_t size)
{
	const char *name = labels_get(l, class);

	if (name)
		return name;
	snprintf(buf, size, "class %u", class);
	return buf;
}

void labels_clear(struct labels *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->name[i]);
	free(l->name);
	memset(l, 0, sizeof(*l));
}
