/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversion pipeline. An output format says what its files consist of:
 * it fills a plan, of files that are lists of bytes and of outputs of jobs, and
 * of jobs that turn rows of tensors into bytes. The pipeline does the rest: it
 * reads rows as floats, runs jobs on all cores within the memory allowed,
 * writes, compresses, divides into parts, joins, resumes, and leaves either
 * everything or nothing.
 *
 * A job is done in units of whole rows whose size depends on the job alone, so
 * the bytes of a file depend neither on threads nor on memory nor on parts.
 */
#ifndef AK_CONVERT_H
#define AK_CONVERT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/arch.h"
#include "convert/tensors.h"
#include "quant/quant.h"

/* -------------------------------------------------------------- the input */

/**
 * struct ak_convert_model - what is converted
 * @path: as the user gave it
 * @tensors: its tensors
 * @config: config.json, NULL if the format did not ask for it
 * @arch: its parameters by role, NULL if the format did not ask for them
 */
struct ak_convert_model {
	const char *path;
	struct ak_tensors *tensors;
	const struct ak_arch_config *config;
	const struct ak_arch_model *arch;
};

#define AK_SOURCE_TENSORS 8

/* ak_source_row: a row that is not there and reads as zeros */
#define AK_NO_ROW UINT64_MAX

struct ak_job;

/**
 * struct ak_source - the matrix that a job works on
 * @tensor: tensors whose rows follow each other (q, k, v of a fused matrix);
 *	all have as many columns
 * @count: how many, 0 for a job without input
 * @transpose: rows of the matrix are columns of the (one) tensor
 * @row: which row of the concatenated tensors row @row of the job is, or
 *	AK_NO_ROW; NULL for the same. For permutations, for rows that are
 *	needed together and for padding
 *
 * Columns of the job beyond those of the tensors are zeros, and so are rows.
 */
struct ak_source {
	const struct ak_tensor *tensor[AK_SOURCE_TENSORS];
	unsigned int count;
	bool transpose;
	uint64_t (*row)(const struct ak_job *job, uint64_t row);
};

/* --------------------------------------------------------------- the jobs */

#define AK_JOB_OUTPUTS 4

/**
 * struct ak_output - a stream of bytes that a job makes
 * @group_bytes: bytes for @align rows of the job; for @variable the most
 * @variable: @produce says how many there are, in &struct ak_unit.used
 */
struct ak_output {
	size_t group_bytes;
	bool variable;
};

/**
 * struct ak_unit - some rows of a job
 * @first: number of the first row
 * @rows: how many, a multiple of the job's align
 * @x: [rows][job->cols] floats, NULL for a job without input
 * @out: where output k goes: rows / align * group_bytes bytes; undefined in
 *	reduce()
 * @used: bytes put there, for variable outputs
 * @scratch: rows / align * job->scratch_bytes bytes, undefined
 * @state: state of the first of these rows
 * @quant: functions of this machine
 */
struct ak_unit {
	uint64_t first, rows;
	const float *x;
	uint8_t *out[AK_JOB_OUTPUTS];
	size_t used[AK_JOB_OUTPUTS];
	void *scratch;
	void *state;
	const struct ak_quant *quant;
};

/**
 * struct ak_job - rows of tensors that become bytes
 * @name: for messages and the log: the tensor's, or "layers.3.wqkv"
 * @source: its matrix
 * @rows: rows of the matrix that the job sees, a multiple of @align
 * @cols: columns of it
 * @align: rows that are only handed out together, at least 1
 * @outputs: how many outputs
 * @out: its outputs
 * @scratch_bytes: scratch that @align rows need
 * @state_bytes: bytes that are kept for each row from reduce() to done(), zero
 *	at first
 * @result_bytes: size of @result; it goes with parts, so that what is learnt
 *	by jobs (errors) can be used by late bytes and reports after a join
 * @result: that many bytes, zero at first, made by ak_plan_job()
 * @reduce: first pass over all rows, or NULL; leaves what it finds in
 *	unit->state. Any order, any thread
 * @reduced: after the first pass; combines states in order, or NULL
 * @produce: second or only pass; fills the outputs. Any order, any thread
 * @done: after the last row; fills @result, or NULL
 * @priv: the format's; ak_plan_alloc()
 * @index: number of the job, set by the pipeline
 * @state: state of all rows, set by the pipeline from reduce() to done()
 *
 * Functions return 0 or a negative errno with a sentence in @err; they change
 * nothing but their unit (reduce, produce) or job->state, job->result and what
 * job->priv leads to (reduced, done).
 */
struct ak_job {
	const char *name;
	struct ak_source source;
	uint64_t rows, cols;
	uint32_t align;
	unsigned int outputs;
	struct ak_output out[AK_JOB_OUTPUTS];
	size_t scratch_bytes;
	size_t state_bytes;
	size_t result_bytes;
	void *result;
	int (*reduce)(const struct ak_job *job, struct ak_unit *unit,
		      struct ak_err *err);
	int (*reduced)(struct ak_job *job, struct ak_err *err);
	int (*produce)(const struct ak_job *job, struct ak_unit *unit,
		       struct ak_err *err);
	int (*done)(struct ak_job *job, struct ak_err *err);
	void *priv;
	size_t index;
	void *state;
};

/* --------------------------------------------------------------- the plan */

/**
 * struct ak_plan - files and jobs; opaque, filled by the functions below
 *
 * They note the first error (no memory, an overflow) themselves; a format
 * need not look at what they return before ak_plan_error().
 */
struct ak_plan;

/**
 * struct ak_plan_file - a file of a plan; opaque
 */
struct ak_plan_file;

/**
 * ak_plan_alloc() - memory that lives as long as the plan
 * @plan: the plan
 * @size: bytes
 *
 * Return: zeroed memory; NULL without, which the plan notes.
 */
void *ak_plan_alloc(struct ak_plan *plan, size_t size);

/**
 * ak_plan_text() - the same for a formatted string
 * @plan: the plan
 * @fmt: as printf
 *
 * Return: the string; NULL without memory.
 */
char *ak_plan_text(struct ak_plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_plan_error() - did anything go wrong
 * @plan: the plan
 * @err: error text, if so
 *
 * Return: 0 or the first error's negative errno.
 */
int ak_plan_error(const struct ak_plan *plan, struct ak_err *err);

/**
 * ak_plan_warn() - warn the user
 * @plan: the plan
 * @fmt: printf format of a sentence; names the tensor
 *
 * From any thread, in done() too; not from reduce() and produce(), whose order
 * is not defined.
 */
void ak_plan_warn(struct ak_plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_plan_note() - the same for the log
 * @plan: the plan
 * @fmt: as ak_plan_warn()
 */
void ak_plan_note(struct ak_plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_plan_job() - a new job
 * @plan: the plan
 * @name: its name, copied
 * @result_bytes: size of its result
 *
 * Jobs are done in the order in which they are made; each output must be put
 * into a file exactly once.
 *
 * Return: a job to be filled in, zeroed, with align 1 and its result; NULL
 * without memory.
 */
struct ak_job *ak_plan_job(struct ak_plan *plan, const char *name,
			   size_t result_bytes);

/**
 * ak_plan_job_source() - set source, rows and columns from tensors
 * @plan: the plan
 * @job: a new job
 * @tensor: tensors whose rows follow each other
 * @count: how many
 *
 * Checks that columns agree; sets job->source, rows and cols, which may be
 * changed afterwards.
 */
void ak_plan_job_source(struct ak_plan *plan, struct ak_job *job,
			const struct ak_tensor *const *tensor,
			unsigned int count);

/* Kinds of files. */
#define AK_FILE_PLAIN 0u
/* A ZIP archive with the headers of NumPy's savez; each entry is deflated in
 * units, so that all cores compress.
 */
#define AK_FILE_ZIP 1u
/* The same, but each entry is one zlib stream of level 6, as NumPy writes: the
 * very bytes, compressed by one core.
 */
#define AK_FILE_ZIP_EXACT 2u
/* The same, not compressed. */
#define AK_FILE_ZIP_STORED 3u

/**
 * ak_plan_file() - a new file
 * @plan: the plan
 * @name: name in the folder OUT, without '/'; NULL if OUT is the file itself
 *	and the only one
 * @kind: AK_FILE_*
 *
 * Return: an empty file; NULL after an error.
 */
struct ak_plan_file *ak_plan_file(struct ak_plan *plan, const char *name,
				  unsigned int kind);

/**
 * ak_file_entry() - begin the next entry of a ZIP archive
 * @f: a ZIP file
 * @name: name of the entry
 *
 * What is appended from now on belongs to it.
 */
void ak_file_entry(struct ak_plan_file *f, const char *name);

/**
 * ak_file_bytes() - append bytes
 * @f: a file, or NULL after an error
 * @data: bytes, copied
 * @size: how many
 */
void ak_file_bytes(struct ak_plan_file *f, const void *data, size_t size);

/* The same for numbers, little endian. */
void ak_file_u8(struct ak_plan_file *f, uint8_t v);
void ak_file_u32(struct ak_plan_file *f, uint32_t v);
void ak_file_u64(struct ak_plan_file *f, uint64_t v);

/**
 * ak_file_output() - append an output of a job
 * @f: a file
 * @job: a job of the same plan, filled in
 * @output: number of the output
 */
void ak_file_output(struct ak_plan_file *f, struct ak_job *job,
		    unsigned int output);

/**
 * ak_file_late() - append bytes that are known after all jobs only
 * @f: a file
 * @make: makes them into a malloc()ed buffer
 * @arg: handed to it
 *
 * For manifests with errors in them.
 */
void ak_file_late(struct ak_plan_file *f,
		  int (*make)(void *arg, uint8_t **data, size_t *size,
			      struct ak_err *err),
		  void *arg);

/**
 * ak_file_late_sized() - the same for a number of bytes that is known
 * @f: a file
 * @size: how many bytes @make will make
 * @make: makes them
 * @arg: handed to it
 *
 * For a scale that a job has found: where the rest of the file goes is known
 * all the same.
 */
void ak_file_late_sized(struct ak_plan_file *f, size_t size,
			int (*make)(void *arg, uint8_t **data, size_t *size,
				    struct ak_err *err),
			void *arg);

/**
 * ak_file_position() - bytes appended so far
 * @f: a plain file
 *
 * Return: the offset of what is appended next; 0 after a variable output or
 * late bytes, where nobody knows.
 */
uint64_t ak_file_position(const struct ak_plan_file *f);

/**
 * ak_file_align() - append zeros up to a multiple
 * @f: a plain file whose position is known
 * @multiple: at least 1
 */
void ak_file_align(struct ak_plan_file *f, uint64_t multiple);

/* ------------------------------------------------------------ the formats */

/**
 * struct ak_settings - options of the format as the user set them; opaque
 */
struct ak_settings;

/**
 * ak_setting() - value of an option
 * @s: settings
 * @name: of an option that the format has
 *
 * Return: what was set, or the option's preset (which may be NULL).
 */
const char *ak_setting(const struct ak_settings *s, const char *name);

/**
 * ak_setting_is() - has an option a certain value
 * @s: settings
 * @name: of an option that the format has
 * @value: to compare with
 *
 * Return: true if so.
 */
bool ak_setting_is(const struct ak_settings *s, const char *name,
		   const char *value);

/**
 * ak_setting_given() - did the user set it
 * @s: settings
 * @name: of an option
 *
 * Return: true if so.
 */
bool ak_setting_given(const struct ak_settings *s, const char *name);

/**
 * ak_setting_number() - value of an option that is a number
 * @s: settings
 * @name: of an option
 * @min: smallest allowed
 * @max: largest allowed
 * @out: where to put it; unchanged if it has neither value nor preset
 * @err: error text
 *
 * Return: 0, -EINVAL.
 */
int ak_setting_number(const struct ak_settings *s, const char *name,
		      uint64_t min, uint64_t max, uint64_t *out,
		      struct ak_err *err);

/**
 * struct ak_output_option - an option of a format
 * @name: "quant-type": on the command line --quant-type
 * @values: "q4_0|q6_k", or NULL for a number or free text; "on" alone for a
 *	switch
 * @preset: value if nobody sets it, or NULL
 * @summary: a line of help
 *
 * Options of the same name in several formats are one option of the command.
 */
struct ak_output_option {
	const char *name, *values, *preset, *summary;
};

/* What a format wants to know of the model. */
#define AK_NEEDS_CONFIG 1u /* config.json */
#define AK_NEEDS_ARCH 3u /* and every tensor by its role */

/**
 * struct ak_output_format - a format
 * @name: "nntr"
 * @summary: a line for the help
 * @options: the options that it takes, up to one without a name
 * @needs: AK_NEEDS_*
 * @plan: fills a plan: checks that the model can be expressed, appends files
 *	and jobs. Reads headers and shapes, not data; must give the same plan
 *	for the same input and settings
 * @check: after all jobs and before anything is published, or NULL; an error
 *	fails the conversion
 * @report: adds to the "details" of the report, or NULL; @check may have
 *	failed
 */
struct ak_output_format {
	const char *name, *summary;
	const struct ak_output_option *options;
	unsigned int needs;
	int (*plan)(const struct ak_convert_model *model,
		    const struct ak_settings *settings, struct ak_plan *plan,
		    struct ak_err *err);
	int (*check)(struct ak_plan *plan, struct ak_err *err);
	int (*report)(const struct ak_plan *plan, json_t *details);
};

/**
 * ak_plan_set_priv() - keep something for check() and report()
 * @plan: the plan
 * @priv: of ak_plan_alloc()
 */
void ak_plan_set_priv(struct ak_plan *plan, void *priv);

/**
 * ak_plan_priv() - what was kept
 * @plan: the plan
 *
 * Return: it.
 */
void *ak_plan_priv(const struct ak_plan *plan);

/* One line per format in formats.c, too. */
extern const struct ak_output_format ak_output_nntr;
extern const struct ak_output_format ak_output_nntr_bin;
extern const struct ak_output_format ak_output_nntr_safetensors;
extern const struct ak_output_format ak_output_bitnet;
extern const struct ak_output_format ak_output_gguf;
extern const struct ak_output_format ak_output_apl;

#endif /* AK_CONVERT_H */
