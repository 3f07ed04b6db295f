/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts: the outputs of some jobs of a plan, in a file of its own, for array
 * jobs on several machines. Layout: Documentation/formats/part.rst.
 */
#ifndef AK_PARTS_H
#define AK_PARTS_H

#include "convert/pipeline.h"
#include "convert/plan.h"
#include "convert/writer.h"

/* Most parts of a conversion. */
#define AK_PARTS_MAX 65536u

/**
 * ak_part_name() - file name of a part
 * @out: name of the whole output, without '/' at its end
 * @part: number from 1
 * @parts: of how many
 *
 * Return: "OUT.part-I-of-N" for free(), NULL without memory.
 */
char *ak_part_name(const char *out, uint32_t part, uint32_t parts);

/**
 * ak_part_divide() - turn a plan into that of one part
 * @plan: a sealed plan; its files become one, and jobs of other parts are
 *	skipped
 * @part: number from 1
 * @parts: of how many
 * @digest: of the plan
 * @err: error text
 *
 * Jobs are dealt out by weight, the heaviest first, each to the part that has
 * least.
 *
 * Return: 0, -ENOMEM.
 */
int ak_part_divide(struct ak_plan *plan, uint32_t part, uint32_t parts,
		   uint64_t digest, struct ak_err *err);

/**
 * struct ak_parts - parts that were found; opaque
 */
struct ak_parts;

/**
 * ak_parts_open() - find and check parts
 * @plan: the sealed plan of the whole
 * @out: name of the whole output
 * @parts: how many, 0 for as many as there are
 * @digest: of the plan
 * @p: where to put them
 * @err: error text; names the part
 *
 * Fills the results of all jobs in. What the outputs hold is checked against
 * their hashes by ak_parts_write().
 *
 * Return: 0, -ENOENT for a part that is missing, -EBUSY for one of another
 * conversion, -EBADMSG for a damaged one.
 */
int ak_parts_open(struct ak_plan *plan, const char *out, uint32_t parts,
		  uint64_t digest, struct ak_parts **p, struct ak_err *err);

/**
 * ak_parts_close() - give them back
 * @p: parts or NULL
 */
void ak_parts_close(struct ak_parts *p);

/**
 * ak_parts_write() - write all outputs from the parts
 * @p: parts
 * @plan: the plan
 * @w: a writer of the plan
 * @watch: whom to tell
 * @err: error text
 *
 * Return: 0, -EBADMSG for a damaged part, or what the writer returned.
 */
int ak_parts_write(struct ak_parts *p, struct ak_plan *plan,
		   struct ak_writer *w, const struct ak_watch *watch,
		   struct ak_err *err);

/**
 * struct ak_part_output - what a part says of an output
 * @job: number of the job
 * @output: which of its outputs
 * @crc: CRC-32 of what it was before it was deflated
 * @offset: where it is in the part
 * @size: its bytes
 * @raw: before it was deflated
 * @hash: XXH64 of its bytes
 */
struct ak_part_output {
	uint64_t job;
	uint32_t output, crc;
	uint64_t offset, size, raw, hash;
};

/**
 * struct ak_part - a part as its file says
 * @part: number from 1
 * @parts: of how many
 * @digest: of the plan
 * @outputs: how many outputs
 * @index: they, as the file has them
 * @results: how many results
 * @result: they, as the file has them: u64 job, u64 size, bytes
 * @result_bytes: size of all that
 */
struct ak_part {
	uint32_t part, parts;
	uint64_t digest;
	uint64_t outputs;
	const uint8_t *index;
	uint64_t results;
	const uint8_t *result;
	uint64_t result_bytes;
};

/**
 * ak_part_parse() - read a part
 * @name: for messages
 * @data: the file
 * @size: its bytes
 * @part: what it says, pointing into @data
 * @err: error text
 *
 * Checks that all of it lies within the file.
 *
 * Return: 0, -EBADMSG.
 */
int ak_part_parse(const char *name, const uint8_t *data, size_t size,
		  struct ak_part *part, struct ak_err *err);

/**
 * ak_part_output() - one output
 * @part: of ak_part_parse()
 * @i: number, below @part->outputs
 *
 * Return: what the part says of it.
 */
struct ak_part_output ak_part_output(const struct ak_part *part, uint64_t i);

#endif /* AK_PARTS_H */
