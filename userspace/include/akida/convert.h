/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conversion of the weights of large models into other programs' formats.
 */
#ifndef AKIDA_CONVERT_H
#define AKIDA_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_convert_format - a format that models can be converted to
 * @name: what akida_converter_run() takes: "nntr"
 * @summary: a line for people
 */
struct akida_convert_format {
	const char *name;
	const char *summary;
};

/**
 * akida_convert_format() - enumerate formats
 * @i: number from 0
 * @out: where to put it
 * @out_size: sizeof(*@out)
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_convert_format(unsigned int i, struct akida_convert_format *out,
			 size_t out_size);

/**
 * struct akida_convert_setting - an option of a format
 * @name: what akida_converter_set() takes: "quant-type"
 * @values: what it may be, with | between; NULL for a number or free text
 * @preset: what it is if nobody sets it, NULL for nothing
 * @summary: a line for people
 */
struct akida_convert_setting {
	const char *name;
	const char *values;
	const char *preset;
	const char *summary;
};

/**
 * akida_convert_setting() - enumerate the options of a format
 * @format: its name
 * @i: number from 0
 * @out: where to put it
 * @out_size: sizeof(*@out)
 *
 * Return: 0, -ENOENT past the last or for a format that is not there.
 */
int akida_convert_setting(const char *format, unsigned int i,
			  struct akida_convert_setting *out, size_t out_size);

/* What a message is. */
#define AKIDA_CONVERT_NOTE 0 /* for a log: what was done */
#define AKIDA_CONVERT_WARNING 1 /* for the user: the result is not plain */

/* Flags of &struct akida_convert_options. */
#define AKIDA_CONVERT_JOIN 0x1u /* put parts together, convert nothing */
#define AKIDA_CONVERT_RESUME 0x2u /* go on after the last finished file */
#define AKIDA_CONVERT_FORCE 0x4u /* replace files in a folder that exists */
#define AKIDA_CONVERT_NO_SYNC 0x8u /* do not wait for the disk at the end */
/* What the scales of BitNet checkpoints that are packed already are for, where
 * config.json does not say it.
 */
#define AKIDA_CONVERT_SCALE_MULTIPLIES 0x10u
#define AKIDA_CONVERT_SCALE_DIVIDES 0x20u

/**
 * struct akida_convert_options - how a conversion is done
 * @threads: threads, 0 for one per processor that may be used
 * @part: number of this part from 1, 0 for the whole
 * @parts: into how many the work is divided; with AKIDA_CONVERT_JOIN and 0,
 *	as many as the parts that are found say
 * @flags: AKIDA_CONVERT_*
 * @memory: bytes of buffers beside the mapped input, 0 for 256 MiB
 * @progress: called some ten times a second by the thread that called
 *	akida_converter_run(), with weights done and in all (bytes, when parts are put together); other than 0
 *	cancels the conversion, which then leaves nothing behind. May be NULL
 * @message: called by the same thread with a sentence. May be NULL
 * @arg: handed to both
 *
 * Set it to zero first: members may be added at the end.
 *
 * The bytes of the output do not depend on @threads, @part, @parts or @memory.
 */
struct akida_convert_options {
	uint32_t threads;
	uint32_t part, parts;
	uint32_t flags;
	uint64_t memory;
	int (*progress)(void *arg, uint64_t done, uint64_t total);
	void (*message)(void *arg, int level, const char *text);
	void *arg;
};

/**
 * struct akida_converter - a conversion
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_converter;

/**
 * akida_converter_new() - a conversion without settings
 *
 * Return: a handle for akida_converter_free(), NULL without memory.
 */
struct akida_converter *akida_converter_new(void);

/**
 * akida_converter_free() - give it back
 * @c: a handle or NULL
 */
void akida_converter_free(struct akida_converter *c);

/**
 * akida_converter_error() - what went wrong last
 * @c: a handle
 *
 * Return: a sentence that names file, tensor and remedy; "" if no call on
 * this handle has failed.
 */
const char *akida_converter_error(const struct akida_converter *c);

/**
 * akida_converter_set() - set an option of the format
 * @c: a handle
 * @name: "quant-type"
 * @value: "q6_k"
 *
 * akida_converter_run() refuses options that its format does not have.
 *
 * Return: 0, -EINVAL if no format has such an option, -ENOMEM.
 */
int akida_converter_set(struct akida_converter *c, const char *name,
			const char *value);

/**
 * akida_converter_run() - convert
 * @c: a handle
 * @in: a Hugging Face folder or a file of weights
 * @out: the file or, for formats of several files, the folder to make
 * @format: name of the format
 * @options: how, or NULL for defaults
 * @options_size: sizeof(*@options)
 *
 * Everything is written under temporary names beside @out and renamed when it
 * is complete, so a run that fails or is cancelled leaves nothing behind
 * (with AKIDA_CONVERT_RESUME it leaves a folder @out.partial with the files
 * that were finished). With @options->part it writes the file
 * "@out.part-I-of-N" instead, for AKIDA_CONVERT_JOIN.
 *
 * Return: 0 or a negative errno: -EINVAL for settings that do not fit,
 * -ECANCELED if @options->progress said so, -EEXIST for a folder that is there
 * already, -EBADMSG for a corrupt input, -ENOTSUP for a model that the format
 * cannot express, -ERANGE if @options->memory is too small, or what the system
 * said.
 */
int akida_converter_run(struct akida_converter *c, const char *in,
			const char *out, const char *format,
			const struct akida_convert_options *options,
			size_t options_size);

/**
 * akida_converter_report() - what the last run did
 * @c: a handle
 *
 * A JSON object: "format", "files" (path, bytes), "tensors", "weights",
 * "bytes", "seconds", and "details" if the format has some.
 *
 * Return: JSON text, valid until the next call on @c; NULL if nothing was
 * converted.
 */
const char *akida_converter_report(const struct akida_converter *c);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_CONVERT_H */
