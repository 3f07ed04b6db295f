// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public side of conversion: a handle with settings, and a run from input
 * to published output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "akida/convert.h"
#include "common/export.h"
#include "common/util.h"
#include "convert/packed.h"
#include "convert/parts.h"
#include "convert/pipeline.h"
#include "convert/settings.h"
#include "convert/target.h"

struct akida_converter {
	struct ak_settings settings;
	struct ak_err err;
	char *report;
};

/**
 * struct job - all that one run opens, and whether its jobs have all been done
 */
struct job {
	struct akida_convert_options options;
	struct ak_settings *settings;
	const struct ak_output_format *format;
	struct ak_convert_model model;
	struct ak_arch_config config;
	struct ak_arch_model arch;
	struct ak_plan *plan;
	struct ak_target target;
	struct ak_journal journal;
	struct ak_parts *parts;
	struct ak_writer *writer;
	struct timespec start;
	bool ran;
};

AK_EXPORT int akida_convert_format(unsigned int i,
				   struct akida_convert_format *out,
				   size_t out_size)
{
	const struct ak_output_format *f = ak_format_at(i);
	struct akida_convert_format full;

	if (!f)
		return -ENOENT;
	full.name = f->name;
	full.summary = f->summary;
	return ak_copy_out(out, out_size, &full, sizeof(full));
}

AK_EXPORT int akida_convert_setting(const char *format, unsigned int i,
				    struct akida_convert_setting *out,
				    size_t out_size)
{
	const struct ak_output_format *f = ak_format_find(format);
	const struct ak_output_option *o = f ? f->options : NULL;
	struct akida_convert_setting full;

	for (; o && o->name && i; i--)
		o++;
	if (!o || !o->name)
		return -ENOENT;
	full.name = o->name;
	full.values = o->values;
	full.preset = o->preset;
	full.summary = o->summary;
	return ak_copy_out(out, out_size, &full, sizeof(full));
}

AK_EXPORT struct akida_converter *akida_converter_new(void)
{
	return calloc(1, sizeof(struct akida_converter));
}

AK_EXPORT void akida_converter_free(struct akida_converter *c)
{
	if (!c)
		return;
	ak_settings_clear(&c->settings);
	free(c->report);
	free(c);
}

AK_EXPORT const char *akida_converter_error(const struct akida_converter *c)
{
	return c->err.text;
}

AK_EXPORT int akida_converter_set(struct akida_converter *c, const char *name,
				  const char *value)
{
	return ak_settings_add(&c->settings, name, value, &c->err);
}

AK_EXPORT const char *akida_converter_report(const struct akida_converter *c)
{
	return c->report;
}

/* ----------------------------------------------------------------- a run */

static int check_options(const struct akida_convert_options *o,
			 struct ak_err *err)
{
	uint32_t known = AKIDA_CONVERT_JOIN | AKIDA_CONVERT_RESUME |
			 AKIDA_CONVERT_FORCE | AKIDA_CONVERT_NO_SYNC |
			 AKIDA_CONVERT_SCALE_MULTIPLIES |
			 AKIDA_CONVERT_SCALE_DIVIDES;

	if (o->flags & ~known)
		return ak_errf(err, -EINVAL, "unknown flags 0x%x",
			       o->flags & ~known);
	if (o->parts > AK_PARTS_MAX || o->part > o->parts)
		return ak_errf(
			err, -EINVAL,
			"part %u of %u: parts are counted from 1, and there can be %u at most",
			o->part, o->parts, AK_PARTS_MAX);
	if (o->part && o->flags & AKIDA_CONVERT_JOIN)
		return ak_errf(
			err, -EINVAL,
			"parts are either converted (--part) or put together (--join)");
	if (o->flags & AKIDA_CONVERT_RESUME &&
	    (o->part || o->flags & AKIDA_CONVERT_JOIN))
		return ak_errf(
			err, -EINVAL,
			"--resume cannot be used with parts: convert only those that are missing");
	return 0;
}

static enum ak_packed_scale_use scale_use(const struct akida_convert_options *o)
{
	if (o->flags & AKIDA_CONVERT_SCALE_MULTIPLIES)
		return AK_PACKED_MULTIPLY;
	return o->flags & AKIDA_CONVERT_SCALE_DIVIDES ? AK_PACKED_DIVIDE :
							AK_PACKED_CONFIG;
}

static int open_model(struct job *j, const char *in, struct ak_err *err)
{
	int rc;

	j->model.path = in;
	rc = ak_tensors_open(in, &j->model.tensors, err);
	if (!rc && j->format->needs & AK_NEEDS_CONFIG) {
		rc = ak_arch_config_read(in, &j->config, err);
		j->model.config = &j->config;
	}
	if (!rc && j->model.config)
		rc = ak_packed_open(j->model.tensors, &j->config,
				    scale_use(&j->options), err);
	if (!rc && (j->format->needs & AK_NEEDS_ARCH) == AK_NEEDS_ARCH) {
		rc = ak_arch_resolve(&j->config, j->model.tensors, &j->arch,
				     err);
		j->model.arch = &j->arch;
	}
	return rc;
}

static int make_plan(struct job *j, uint64_t *digest, struct ak_err *err)
{
	int rc;

	j->plan = ak_plan_new();
	if (!j->plan)
		return ak_errf(err, -ENOMEM, "no memory to convert");
	rc = j->format->plan(&j->model, j->settings, j->plan, err);
	if (!rc)
		rc = ak_plan_seal(j->plan, err);
	*digest = rc ? 0 :
		       ak_plan_digest(j->plan, ak_settings_digest(j->settings));
	return rc;
}

static bool has_late(const struct ak_plan *plan)
{
	size_t i, k;

	for (i = 0; i < plan->files; i++)
		for (k = 0; k < plan->file[i]->segments; k++)
			if (plan->file[i]->segment[k].kind == AK_SEGMENT_LATE)
				return true;
	return false;
}

/* Resuming skips jobs, so nothing may depend on what they would have found. */
static int check_resume(const struct job *j, struct ak_err *err)
{
	const struct ak_plan *plan = j->plan;

	if (!(j->options.flags & AKIDA_CONVERT_RESUME))
		return 0;
	if (!plan->file[0]->name)
		return ak_errf(
			err, -EINVAL,
			"--resume is for formats of several files; %s is one file here: use --part for it",
			j->format->name);
	if (has_late(plan))
		return ak_errf(
			err, -EINVAL,
			"--resume is for formats whose files do not depend on each other; use --part for %s",
			j->format->name);
	return 0;
}

/* Decides what is written where: everything, or a part. */
static int open_target(struct job *j, const char *out, uint64_t digest,
		       struct ak_err *err)
{
	const struct akida_convert_options *o = &j->options;
	bool folder = j->plan->file[0]->name;
	char *name;
	int rc = ak_target_init(&j->target, out, err);

	if (rc)
		return rc;
	j->target.resume = o->flags & AKIDA_CONVERT_RESUME;
	j->target.force = o->flags & AKIDA_CONVERT_FORCE;
	j->target.no_sync = o->flags & AKIDA_CONVERT_NO_SYNC;
	if (o->flags & AKIDA_CONVERT_JOIN) {
		rc = ak_parts_open(j->plan, j->target.out, o->parts, digest,
				   &j->parts, err);
		if (rc)
			return rc;
	} else if (o->part) {
		name = ak_part_name(j->target.out, o->part, o->parts);
		if (!name)
			return ak_errf(err, -ENOMEM, "no memory for a name");
		free(j->target.out);
		j->target.out = name;
		return ak_part_divide(j->plan, o->part, o->parts, digest, err);
	}
	if (folder)
		rc = ak_target_folder(&j->target, err);
	if (!rc && j->target.resume)
		rc = ak_journal_open(&j->journal, &j->target, digest, err);
	return rc;
}

static int write_files(struct job *j, struct ak_err *err)
{
	struct ak_watch watch = { &j->options, j->plan };
	size_t units, spool = ak_pipeline_memory(&j->options, &units);
	int rc;

	rc = ak_writer_new(j->plan, &j->target,
			   j->target.resume ? &j->journal : NULL, spool,
			   &j->writer, err);
	if (rc)
		return rc;
	if (j->parts)
		rc = ak_parts_write(j->parts, j->plan, j->writer, &watch, err);
	else
		rc = ak_pipeline_run(j->plan, j->model.tensors, j->writer,
				     &j->options, &watch, err);
	j->ran = !rc;
	if (!rc && !j->options.part && j->format->check)
		rc = j->format->check(j->plan, err);
	if (!rc)
		rc = ak_writer_finish(j->writer, err);
	if (!rc)
		rc = ak_watch_look(&watch, 1, 1, err);
	return rc;
}

static int publish(struct job *j, struct ak_err *err)
{
	int rc = 0;

	/* The files are published with the folder; the journal is not. */
	if (j->target.folder)
		ak_journal_close(&j->journal, true);
	else
		rc = ak_writer_publish(j->writer, err);
	return rc ? rc : ak_target_publish(&j->target, err);
}

/* ---------------------------------------------------------------- report */

static uint64_t put_files(const struct job *j, json_t *list)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < j->plan->files; i++) {
		char *path = ak_target_path(&j->target, NULL), *full = path;
		const char *name = j->plan->file[i]->name;
		struct stat st;

		if (path && name && asprintf(&full, "%s/%s", path, name) < 0)
			full = NULL;
		if (full && !stat(full, &st)) {
			json_array_append_new(
				list,
				json_pack("{s:s, s:I}", "path", full, "bytes",
					  (json_int_t)st.st_size));
			total += (uint64_t)st.st_size;
		}
		if (full != path)
			free(full);
		free(path);
	}
	return total;
}

static char *make_report(const struct job *j, bool published)
{
	json_t *root = json_object(), *files = json_array(), *details;
	uint64_t weights = 0, bytes, tensors = 0;
	struct timespec now;
	double seconds;
	char *text;
	size_t i;

	for (i = 0; i < j->plan->jobs; i++) {
		const struct ak_job *job = &j->plan->job[i]->job;
		unsigned int k;

		if (j->plan->job[i]->skip)
			continue;
		tensors += job->source.count;
		for (k = 0; k < job->source.count; k++)
			weights += job->source.tensor[k]->count;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - j->start.tv_sec) +
		  1e-9 * (double)(now.tv_nsec - j->start.tv_nsec);
	bytes = published ? put_files(j, files) : 0;
	json_object_set_new(root, "format", json_string(j->format->name));
	json_object_set_new(root, "files", files);
	json_object_set_new(root, "tensors", json_integer((json_int_t)tensors));
	json_object_set_new(root, "weights", json_integer((json_int_t)weights));
	json_object_set_new(root, "bytes", json_integer((json_int_t)bytes));
	json_object_set_new(root, "seconds", json_real(seconds));
	if (j->format->report && !j->options.part) {
		details = json_object();
		if (!j->format->report(j->plan, details))
			json_object_set(root, "details", details);
		json_decref(details);
	}
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}

static void close_all(struct job *j)
{
	ak_writer_free(j->writer);
	ak_parts_close(j->parts);
	ak_journal_close(&j->journal, false);
	if (j->target.out)
		ak_target_end(&j->target);
	ak_plan_free(j->plan);
	ak_arch_model_free(&j->arch);
	ak_arch_config_free(&j->config);
	ak_tensors_close(j->model.tensors);
}

static int run(struct akida_converter *c, struct job *j, const char *in,
	       const char *out)
{
	bool published = false;
	uint64_t digest = 0;
	int rc;

	rc = open_model(j, in, &c->err);
	if (!rc)
		rc = make_plan(j, &digest, &c->err);
	if (!rc)
		rc = check_resume(j, &c->err);
	if (!rc)
		rc = open_target(j, out, digest, &c->err);
	if (!rc)
		rc = write_files(j, &c->err);
	if (!rc) {
		rc = publish(j, &c->err);
		published = !rc;
	}
	if (j->ran)
		c->report = make_report(j, published);
	if (j->plan && !published)
		ak_plan_messages(j->plan, j->options.message, j->options.arg);
	return rc;
}

AK_EXPORT int akida_converter_run(struct akida_converter *c, const char *in,
				  const char *out, const char *format,
				  const struct akida_convert_options *options,
				  size_t options_size)
{
	struct job j = { .settings = &c->settings };
	int rc;

	free(c->report);
	c->report = NULL;
	if (options)
		ak_copy_out(&j.options, sizeof(j.options), options,
			    options_size);
	clock_gettime(CLOCK_MONOTONIC, &j.start);
	rc = check_options(&j.options, &c->err);
	if (rc)
		return rc;
	j.format = ak_format_find(format);
	if (!j.format)
		return ak_errf(&c->err, -EINVAL,
			       "there is no format '%s' to convert to", format);
	rc = ak_settings_check(&c->settings, j.format, &c->err);
	if (rc)
		return rc;
	rc = run(c, &j, in, out);
	close_all(&j);
	return rc;
}
