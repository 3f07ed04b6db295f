// SPDX-License-Identifier: GPL-2.0
/*
 * akida convert: the command line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "fbz_options.h"
#include "term.h"
#include "tool.h"

#define MIN_MEMORY (1ull << 20)

/*
 * From OPT_SETTING on: options of formats, which the library knows by the same
 * names and checks; those without an argument are switches.
 */
static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Output:", 1 },
	{ "to", OPT_TO, "FORMAT", 0,
	  "Format of OUT: fbz (preset if OUT ends in .fbz), or what --formats lists",
	  1 },
	{ "output", 'o', "OUT", 0, "The same as a second argument", 1 },
	{ "formats", OPT_FORMATS, NULL, 0,
	  "List the formats and their options, and convert nothing", 1 },
	{ "force", OPT_FORCE, NULL, 0,
	  "Replace files in a folder OUT that is there already", 1 },
	{ "json", OPT_JSON, NULL, 0, "Write a report as JSON", 1 },
	{ "log", OPT_LOG, "FILE", 0, "Write what is done to FILE", 1 },
	{ NULL, 0, NULL, 0, "Options of formats:", 2 },
	{ "quant-type", OPT_SETTING, "TYPE", 0,
	  "nntr: format of matrices: q4_0 (preset), q6_k, q8_0, f32; gguf: "
	  "f32, f16 (preset), bf16, q8_0, q4_0, q6_k, tq1_0, tq2_0, i2_s "
	  "(bitnet.cpp only). There are no mixes of K-quants (q4_k_m) and no "
	  "importance matrices",
	  2 },
	{ "repack-format", OPT_SETTING + 1, "HOW", 0,
	  "nntr: interleave rows of Q4_0: q4_0_4 (ARM), q4_0_8 (x86)", 2 },
	{ "pad", OPT_SETTING + 2, NULL, 0,
	  "nntr: pad columns with zeros to whole blocks; such tensors are "
	  "stored in another type otherwise",
	  2 },
	{ "compat", OPT_SETTING + 3, "PEER", 0,
	  "nntr: script: the very bytes of weight_converter.py, which no other "
	  "program reads; apl: exporter: what that project's exporter writes: "
	  "12 blocks, transposed",
	  2 },
	{ "fc-dtype", OPT_SETTING + 4, "TYPE", 0,
	  "nntr-bin, nntr-safetensors: type of fully connected layers: q4_0 "
	  "(preset), q6_k, fp16, fp32",
	  2 },
	{ "embd-dtype", OPT_SETTING + 5, "TYPE", 0,
	  "nntr-bin, nntr-safetensors: type of the embedding: fp32 (preset), "
	  "q4_0, q6_k",
	  2 },
	{ "lmhead-dtype", OPT_SETTING + 6, "TYPE", 0,
	  "nntr-bin, nntr-safetensors: type of a head that is not the "
	  "embedding: q4_0, q6_k, fp16, fp32 (preset: that of the embedding)",
	  2 },
	{ "isa", OPT_SETTING + 7, "ISA", 0,
	  "nntr-bin, nntr-safetensors: machine that Q4_0 is interleaved for: "
	  "x86 (preset), arm",
	  2 },
	{ "layout", OPT_SETTING + 8, "LAYOUT", 0,
	  "bitnet: bin (preset): a file per block for bitnet.rs; safetensors: "
	  "one file for bitnet.rs; hf: packed for transformers; fbz: order of "
	  "data: nhwc, nchw (what the network says)",
	  2 },
	{ "generation", OPT_SETTING + 9, "N", 0,
	  "bitnet: generation of bitnet.rs that reads --layout bin: 1, 2 or 3 "
	  "(preset)",
	  2 },
	{ "scale", OPT_SETTING + 10, "WHAT", 0,
	  "bitnet: one scale per row (preset) or per tensor", 2 },
	{ "ternary-layout", OPT_SETTING + 11, "ISA", 0,
	  "gguf: machine that will read I2_S: x86 (preset), arm", 2 },
	{ "bits", OPT_SETTING + 12, "N", 0,
	  "apl: bits of a weight: 1, 2, 4 (preset), 8", 2 },
	{ "granularity", OPT_SETTING + 13, "WHAT", 0,
	  "apl: what shares a scale: row (preset; an output feature), channel "
	  "(an input feature), group",
	  2 },
	{ "group-size", OPT_SETTING + 14, "N", 0,
	  "apl: weights of a group (64)", 2 },
	{ "scheme", OPT_SETTING + 15, "SCHEME", 0,
	  "apl: asymmetric (preset) or symmetric", 2 },
	{ "calibrate", OPT_SETTING + 16, "HOW", 0,
	  "apl: range of integers: range (preset; all of it), mse (the part "
	  "with the least squared error)",
	  2 },
	{ "strict", OPT_SETTING + 17, NULL, 0,
	  "apl: fail if W x misses the tolerance (50, 20, 10, 2 % at 1, 2, 4, "
	  "8 bits)",
	  2 },
	{ "name", OPT_SETTING + 18, "NAME", 0,
	  "apl: what to call the model (else by its folder)", 2 },
	{ NULL, 0, NULL, 0, "How to convert:", 3 },
	{ "threads", 't', "N", 0, "Threads (all cores)", 3 },
	{ "memory", OPT_MEMORY, "SIZE", 0,
	  "Memory for buffers beside the mapped input: 64M, 2G (256M)", 3 },
	{ "packed-scale", OPT_PACKED_SCALE, "USE", 0,
	  "What the scales of a packed BitNet model are for, if config.json "
	  "does not say it: multiply or divide",
	  3 },
	{ "part", OPT_PART, "I/N", 0,
	  "Convert the Ith of N shares into OUT.part-I-of-N", 3 },
	{ "join", OPT_JOIN, NULL, 0,
	  "Put OUT.part-*-of-N together to the OUT that one run would have made",
	  3 },
	{ "resume", OPT_RESUME, NULL, 0,
	  "Keep finished files of a folder after an interruption, and go on "
	  "with the others",
	  3 },
	{ "no-sync", OPT_NO_SYNC, NULL, 0,
	  "Do not wait until everything is on the disk", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char *option_name(int key)
{
	const struct argp_option *o;

	for (o = options; o->name || o->doc; o++)
		if (o->name && o->key == key)
			return o->name;
	return NULL;
}

static void set(struct convert *c, struct argp_state *state, int key,
		const char *arg)
{
	const char *name = option_name(key);

	if (!strcmp(name, "layout") && fbz_layout(arg, &c->fbz.input.layout))
		return;
	if (akida_converter_set(c->converter, name, arg ? arg : "on"))
		argp_error(state, "%s", akida_converter_error(c->converter));
}

static uint64_t size(struct argp_state *state, const char *arg)
{
	static const char units[] = "KMGT";
	unsigned long long value;
	const char *unit;
	char *end;
	int shift = 0;

	errno = 0;
	value = strtoull(arg, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		end++;
	}
	if (*arg < '0' || *arg > '9' || *end || errno ||
	    value > UINT64_MAX >> shift || value << shift < MIN_MEMORY)
		argp_error(
			state,
			"--memory: '%s' is not a size of at least 1M; write 64M or 2G",
			arg);
	return (uint64_t)value << shift;
}

static void part(struct convert *c, struct argp_state *state, char *arg)
{
	char *slash = strchr(arg, '/');

	if (!slash)
		argp_error(state, "--part: '%s' is not I/N, such as 2/8", arg);
	*slash = '\0';
	c->options.parts = tool_number(state, "--part", slash + 1, 1, 65536);
	c->options.part =
		tool_number(state, "--part", arg, 1, c->options.parts);
}

static void packed_scale(struct convert *c, struct argp_state *state,
			 const char *arg)
{
	if (!strcmp(arg, "multiply"))
		c->options.flags |= AKIDA_CONVERT_SCALE_MULTIPLIES;
	else if (!strcmp(arg, "divide"))
		c->options.flags |= AKIDA_CONVERT_SCALE_DIVIDES;
	else
		argp_error(
			state,
			"--packed-scale: '%s' is neither multiply nor divide",
			arg);
}

static void operand(struct convert *c, struct argp_state *state, char *arg)
{
	if (!c->in)
		c->in = arg;
	else if (!c->out)
		c->out = arg;
	else
		argp_error(state, "'%s' is one argument too many", arg);
}

static void end(struct convert *c, struct argp_state *state)
{
	const char *dot;

	if (c->formats)
		return;
	if (!c->in)
		argp_error(state, "IN is missing");
	if (!c->out)
		argp_error(state, "OUT is missing");
	dot = strrchr(c->out, '.');
	if (!c->format && dot && !strcmp(dot, ".fbz"))
		c->format = "fbz";
	if (!c->format)
		argp_error(state,
			   "--to FORMAT is missing; --formats lists them");
	if (c->options.part && c->options.flags & AKIDA_CONVERT_JOIN)
		argp_error(
			state,
			"--part converts a share, --join puts all of them together; use one of them");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct convert *c = state->input;

	if (key >= OPT_SETTING && option_name(key)) {
		set(c, state, key, arg);
		return 0;
	}
	switch (key) {
	case OPT_TO:
		c->format = arg;
		return 0;
	case 'o':
		if (c->out)
			argp_error(state, "OUT is there twice");
		c->out = arg;
		return 0;
	case OPT_FORMATS:
		c->formats = true;
		return 0;
	case OPT_FORCE:
		c->options.flags |= AKIDA_CONVERT_FORCE;
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	case OPT_LOG:
		c->log_path = arg;
		return 0;
	case 't':
		c->options.threads =
			tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_MEMORY:
		c->options.memory = size(state, arg);
		return 0;
	case OPT_PACKED_SCALE:
		packed_scale(c, state, arg);
		return 0;
	case OPT_PART:
		part(c, state, arg);
		return 0;
	case OPT_JOIN:
		c->options.flags |= AKIDA_CONVERT_JOIN;
		return 0;
	case OPT_RESUME:
		c->options.flags |= AKIDA_CONVERT_RESUME;
		return 0;
	case OPT_NO_SYNC:
		c->options.flags |= AKIDA_CONVERT_NO_SYNC;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &c->fbz.input;
		state->child_inputs[1] = &c->fbz;
		return 0;
	case ARGP_KEY_ARG:
		operand(c, state, arg);
		return 0;
	case ARGP_KEY_END:
		end(c, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {
	{ &fbz_input_argp, 0, NULL, 0 },
	{ &fbz_quant_argp, 0, NULL, 0 },
	{ NULL, 0, NULL, 0 },
};

static const struct argp argp = {
	options,
	parse,
	"IN OUT [--to FORMAT]",
	"Convert a trained float network into an Akida 1.0 model (.fbz), or the "
	"weights of a large model into another program's format. For the latter IN "
	"is a Hugging Face folder, or a file of weights (safetensors, PyTorch, "
	"GGUF) with config.json beside it. OUT appears when it is complete."
	"\v"
	"Examples:\n"
	"  akida convert Qwen3-4B model.nntr --to nntr --repack-format q4_0_8\n"
	"  akida convert Qwen3-4B weights.bin --to nntr-bin --embd-dtype q6_k\n"
	"  akida convert bitnet-bf16 blocks --to bitnet --resume\n"
	"  akida convert tinyllama tinyllama-q4_0.gguf --to gguf --quant-type q4_0\n"
	"  akida convert tinyllama tinyllama-apl --to apl --granularity group\n"
	"  akida convert Llama-70B out.nntr --to nntr --part 3/16\n"
	"  akida convert Llama-70B out.nntr --to nntr --join\n"
	"  akida convert --formats\n"
	"  akida convert digits.npz --arch digits.json --calib train.npy -o digits.fbz\n"
	"  akida convert digits.npz --arch digits.json --calib train.npy --holdout test.npy --target akd1000 -o digits.fbz\n",
	children,
	NULL,
	NULL,
};

void convert_parse(struct convert *c, int argc, char **argv)
{
	memset(c, 0, sizeof(*c));
	c->converter = akida_converter_new();
	if (!c->converter)
		term_die_memory();
	tool_parse(&argp, argc, argv, c);
}
