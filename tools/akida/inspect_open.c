// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: the tensors of a file, and what is known of them from the
 * rest of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/hub_cache.h"
#include "inspect.h"
#include "term.h"
#include "tool.h"

static void add_tensor(struct inspect *i, const struct ak_tensor *t)
{
	struct inspect_row *r = &i->row[i->rows++];

	r->name = t->name;
	/* The container's own name where we have none. */
	snprintf(r->type, sizeof(r->type), "%s",
		 t->type == AK_TENSOR_OTHER ? t->dtype :
					      ak_tensor_type_name(t->type));
	r->dtype = t->dtype;
	r->ndim = t->ndim;
	memcpy(r->dim, t->dim, sizeof(r->dim));
	r->count = t->count;
	r->bytes = t->size;
	r->file = t->file;
}

static void set_weight(struct inspect_row *r, const struct ak_view_tensor *w)
{
	r->name = w->name;
	snprintf(r->type, sizeof(r->type), "%s", w->type);
	r->ndim = w->ndim;
	memcpy(r->dim, w->dim, sizeof(r->dim));
	r->count = w->rows * w->cols;
}

/* A model of which each weight is several arrays or files. */
static int add_weights(struct inspect *i, struct ak_err *err)
{
	struct ak_view_tensor w;
	size_t k, n = ak_view_count(i->view);
	int rc;

	i->row = tool_alloc(n, sizeof(*i->row));
	for (k = 0; k < n; k++) {
		rc = ak_view_get(i->view, k, &w, err);
		if (rc)
			return rc;
		set_weight(&i->row[i->rows++], &w);
		ak_view_drop(i->view, k);
	}
	return 0;
}

/* Some files say in another place how the bytes of a tensor are packed. */
static bool needs_view(const struct ak_tensors *set)
{
	const struct ak_tensors_meta *m;
	const struct ak_tensor *t;
	size_t k;

	for (k = 0; (m = ak_tensors_meta(set, k)); k++)
		if (!strcmp(m->key, "nntr_format"))
			return true;
	if (strcmp(ak_tensors_format(set), "NNTR"))
		return false;
	for (k = 0; (t = ak_tensors_at(set, k)); k++)
		if (!ak_tensor_readable(t))
			return true;
	return false;
}

static int refine(struct inspect *i, struct ak_err *err)
{
	struct ak_view_tensor w;
	size_t k, n;
	int rc = ak_view_open(i->path, &i->view, err);

	for (k = 0; k < i->rows && !rc; k++) {
		n = ak_view_find(i->view, i->row[k].name);
		if (n == SIZE_MAX)
			continue;
		rc = ak_view_get(i->view, n, &w, err);
		if (!rc) {
			set_weight(&i->row[k], &w);
			ak_view_drop(i->view, n);
		}
	}
	return rc;
}

int inspect_open(struct inspect *i, const char *name, struct ak_err *err)
{
	struct ak_err other = { "" };
	const struct ak_tensor *t;
	size_t k;
	int rc;

	memset(i, 0, sizeof(*i));
	rc = ak_hub_input(name, &i->path, err);
	if (rc)
		return rc;
	rc = ak_tensors_open(i->path, &i->set, err);
	/* Neither tensors nor an index: perhaps a manifest, or its folder. */
	if (rc && !ak_view_open(i->path, &i->view, &other))
		return add_weights(i, err);
	if (rc)
		return rc;
	i->row = tool_alloc(ak_tensors_count(i->set), sizeof(*i->row));
	for (k = 0; (t = ak_tensors_at(i->set, k)); k++)
		add_tensor(i, t);
	return needs_view(i->set) ? refine(i, err) : 0;
}

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	term_bar(" elements", done, total);
}

/* What a view knows better, or alone. */
static int view_stats(struct inspect *i, unsigned int threads,
		      struct ak_err *err)
{
	struct ak_view_tensor w;
	size_t k, n;
	int rc = 0;

	for (k = 0; k < i->rows && !rc; k++) {
		n = ak_view_find(i->view, i->row[k].name);
		if (n == SIZE_MAX)
			continue;
		term_bar(" tensors", k, i->rows);
		rc = ak_view_get(i->view, n, &w, err);
		if (rc)
			return rc;
		rc = ak_stats_view(i->view, &w, threads, &i->row[k].stats, err);
		ak_view_drop(i->view, n);
	}
	return rc;
}

int inspect_stats(struct inspect *i, unsigned int threads, struct ak_err *err)
{
	struct ak_stats *stats;
	size_t k;
	int rc = 0;

	i->stats = true;
	if (i->view) {
		rc = view_stats(i, threads, err);
	} else {
		stats = tool_alloc(i->rows, sizeof(*stats));
		rc = ak_stats(i->set, threads, stats, on_progress, NULL, err);
		for (k = 0; k < i->rows; k++)
			i->row[k].stats = stats[k];
		free(stats);
	}
	term_bar(" elements", 1, 1);
	return rc;
}

void inspect_close(struct inspect *i)
{
	ak_view_close(i->view);
	ak_tensors_close(i->set);
	free(i->row);
	free(i->path);
}

const char *inspect_format(const struct inspect *i)
{
	const char *format =
		i->set ? ak_tensors_format(i->set) : ak_view_format(i->view);

	return format ? format : "weights in several files";
}
