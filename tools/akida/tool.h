/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the akida command share: the table of subcommands, option
 * parsing, and how models and programs are opened.
 */
#ifndef TOOL_H
#define TOOL_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit codes of every subcommand. */
#define TOOL_OK 0
#define TOOL_FAILED 1
#define TOOL_USAGE 2

/**
 * struct command - a subcommand
 * @name: what the user types after "akida"
 * @summary: one line for "akida --help"
 * @fn: runs it; argv[0] is "akida NAME"; returns an exit code
 */
struct command {
	const char *name;
	const char *summary;
	int (*fn)(int argc, char **argv);
};

/**
 * cmd_bench() - akida bench: how fast a model runs
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_bench(int argc, char **argv);

/**
 * cmd_build() - akida build: a model as a program for a virtual board
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_build(int argc, char **argv);

/**
 * cmd_cdi() - akida cdi: what container engines need to know of boards
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_cdi(int argc, char **argv);

/**
 * cmd_convert() - akida convert: float networks to .fbz, weights in other
 *	programs' formats
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_convert(int argc, char **argv);

/**
 * cmd_dma_test() - akida dma-test: does a board's memory keep what is copied there
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_dma_test(int argc, char **argv);

/**
 * cmd_doctor() - akida doctor: why a board does not work
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_doctor(int argc, char **argv);

/**
 * cmd_evaluate() - akida evaluate: how often a model is right
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_evaluate(int argc, char **argv);

/**
 * cmd_export() - akida export: metrics of boards for Prometheus
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_export(int argc, char **argv);

/**
 * cmd_fetch() - akida fetch: a model from the hub into its cache
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_fetch(int argc, char **argv);

/**
 * cmd_info() - akida info: what is in a model, what a board is
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_info(int argc, char **argv);

/**
 * cmd_inspect() - akida inspect: the tensors of a file of weights
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_inspect(int argc, char **argv);

/**
 * cmd_list() - akida list: what models can run on
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_list(int argc, char **argv);

/**
 * cmd_load() - akida load: a program that stays on a board
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_load(int argc, char **argv);

/**
 * cmd_matvec() - akida matvec: multiply by a quantised matrix
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_matvec(int argc, char **argv);

/**
 * cmd_merge() - akida merge: several quantised models in one archive
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_merge(int argc, char **argv);

/**
 * cmd_monitor() - akida monitor: what happens to boards
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_monitor(int argc, char **argv);

/**
 * cmd_power() - akida power: what boards' sensors tell
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_power(int argc, char **argv);

/**
 * cmd_report() - akida report: what a bug report needs
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_report(int argc, char **argv);

/**
 * cmd_run() - akida run: what a model predicts
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_run(int argc, char **argv);

/**
 * cmd_set_weights() - akida set-weights: other weights for a program on a board
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_set_weights(int argc, char **argv);

/**
 * cmd_top() - akida top: what boards do, live
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_top(int argc, char **argv);

/**
 * cmd_trace() - akida trace: where the time of jobs goes
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_trace(int argc, char **argv);

/**
 * cmd_unload() - akida unload: take a program off a board
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_unload(int argc, char **argv);

/**
 * cmd_verify() - akida verify: how far a converted model is from its source
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Return: an exit code.
 */
int cmd_verify(int argc, char **argv);

/* Keys of options that have no short form; every subcommand uses these. */
enum tool_option {
	OPT_JSON = 0x100,
	OPT_KEYS,
	OPT_STATS,
	OPT_WEIGHTS,
	OPT_TARGET,
	OPT_DEVICE,
	OPT_CROP,
	OPT_THRESHOLD,
	OPT_DRAW,
	OPT_DUMP,
	OPT_REFERENCE,
	OPT_COMPARE_REFERENCE,
	OPT_CPU,
	OPT_QUANT,
	OPT_TO,
	OPT_FORMATS,
	OPT_MEMORY,
	OPT_PACKED_SCALE,
	OPT_PART,
	OPT_JOIN,
	OPT_RESUME,
	OPT_FORCE,
	OPT_NO_SYNC,
	OPT_LOG,
	OPT_MAX_ERROR,
	OPT_REVISION,
	OPT_PASSES,
	OPT_PARTIAL,
	OPT_SPARSE_OUTPUT,
	OPT_REPORT,
	OPT_MESH,
	OPT_PCI,
	OPT_PATTERN,
	OPT_DIRECTION,
	OPT_KIND,
	OPT_SEED,
	OPT_ARCH,
	OPT_INPUT_SCALE,
	OPT_INPUT_OFFSET,
	OPT_INPUT_BITS,
	OPT_MEAN,
	OPT_STD,
	OPT_IGNORE_BETA,
	OPT_CALIB,
	OPT_HOLDOUT,
	OPT_WEIGHTS_BITS,
	OPT_INPUT_WEIGHTS_BITS,
	OPT_ACT_BITS,
	OPT_LAYER_BITS,
	OPT_RANGE,
	OPT_NO_EQUALISE,
	OPT_NO_BIAS,
	OPT_NO_ROUNDING,
	OPT_QUANTIZE,
	OPT_NAMES,
	OPT_PLOT,
	OPT_DATA,
	OPT_AGAINST,
	OPT_LAYOUT,
	OPT_DECODE,
	OPT_ANCHORS,
	OPT_NMS,
	OPT_EVENTS,
	OPT_WINDOW,
	OPT_SENSOR,
	OPT_EXEC,
	OPT_SLOWER_THAN,
	OPT_LOADED,
	OPT_NAME,
	OPT_REPLACE,
	OPT_MODE,
	OPT_SAMPLE,
	OPT_INTERVAL,
	OPT_BY,
	OPT_CONFIGURED,
	OPT_CDI_VERSION,
	OPT_LIST,
	OPT_SERIALS,
	OPT_LISTEN,
	OPT_TIMEOUT,
	OPT_TEXTFILE,
	OPT_PROCESSES,
	OPT_SETTING = 0x1000, /* and above: options of formats */
};

/**
 * tool_parse() - argp_parse() with the conventions of this command
 * @argp: options of a subcommand
 * @argc: of it
 * @argv: of it
 * @input: handed to the parser
 *
 * A wrong option ends the program with TOOL_USAGE.
 */
void tool_parse(const struct argp *argp, int argc, char **argv, void *input);

/**
 * tool_argument() - put an argument where the next one belongs
 * @state: for the error, which ends the program
 * @arg: text
 *
 * The places follow, each a const char **, and NULL after the last: the first
 * that is NULL takes @arg. It is an error if none is.
 *
 * Return: 0, for the parser.
 */
error_t tool_argument(struct argp_state *state, const char *arg, ...)
	__attribute__((sentinel));

/**
 * tool_number() - a whole number from the command line
 * @state: for the error, which ends the program
 * @option: name of the option, for the error
 * @arg: text
 * @min: smallest allowed
 * @max: largest allowed
 *
 * Return: the number.
 */
uint32_t tool_number(struct argp_state *state, const char *option,
		     const char *arg, uint32_t min, uint32_t max);

/**
 * tool_fraction() - a number with a point from the command line
 * @state: for the error, which ends the program
 * @option: name of the option, for the error
 * @arg: text
 * @min: smallest allowed
 * @max: largest allowed
 *
 * Return: the number.
 */
double tool_fraction(struct argp_state *state, const char *option,
		     const char *arg, double min, double max);

/**
 * tool_target() - a chip's name from the command line
 * @state: for the error, which ends the program
 * @arg: text
 *
 * Return: the target.
 */
enum akida_target tool_target(struct argp_state *state, const char *arg);

/**
 * tool_open_model() - read a model, say what is wrong with it
 * @path: file name
 *
 * Warnings of the model go to stderr.
 *
 * Return: a model, NULL after an error was printed.
 */
struct akida_model *tool_open_model(const char *path);

/**
 * tool_open_any() - read a model or a compiled program, say what is wrong
 * @path: file name; also of a pipe, which is read once
 * @m: where to put a model
 * @program: where to put the bytes of a program, for free()
 * @size: where to put how many
 *
 * One of @m and @program is NULL. Warnings of the model go to stderr.
 *
 * Return: 0, -1 after an error was printed.
 */
int tool_open_any(const char *path, struct akida_model **m, uint8_t **program,
		  size_t *size);

/**
 * tool_open_device() - open a device, say what is wrong
 * @name: of the device
 *
 * Return: a device, NULL after an error was printed.
 */
struct akida_device *tool_open_device(const char *name);

/**
 * tool_open_program() - load a model on a device, say what is wrong
 * @d: device
 * @m: model
 * @path: file name of the model, for errors
 * @options: how
 * @info: filled in
 *
 * Return: a program, NULL after an error was printed.
 */
struct akida_program *
tool_open_program(struct akida_device *d, struct akida_model *m,
		  const char *path, const struct akida_load_options *options,
		  struct akida_program_info *info);

/**
 * tool_make_folder() - make a folder unless it is there, say what is wrong
 * @path: its name
 *
 * Return: 0, -1 after an error was printed.
 */
int tool_make_folder(const char *path);

/**
 * tool_values() - elements of a feature map
 * @s: its shape
 *
 * Return: height * width * channels.
 */
static inline size_t tool_values(const struct akida_shape *s)
{
	return (size_t)s->height * s->width * s->channels;
}

/**
 * tool_alloc() - zeroed memory, or the end of the program
 * @count: elements
 * @size: bytes of each
 *
 * Return: memory that is never NULL.
 */
void *tool_alloc(size_t count, size_t size);

/**
 * tool_realloc() - realloc for arrays, or the end of the program
 * @p: memory or NULL
 * @count: elements
 * @size: bytes of each
 *
 * Return: memory that is never NULL.
 */
void *tool_realloc(void *p, size_t count, size_t size);

/**
 * tool_text() - a formatted string on the heap, or the end of the program
 * @fmt: as printf
 *
 * Return: a string for free().
 */
char *tool_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * tool_human() - a count with a unit prefix
 * @value: 1234567
 * @buf: where to put "1.23 M"
 * @size: of it
 *
 * Return: @buf.
 */
char *tool_human(uint64_t value, char *buf, size_t size);

/**
 * tool_bytes() - the same for bytes: "3772 B", "1.2 MB"
 * @bytes: how many
 * @buf: where to put it
 * @size: of it
 *
 * Return: @buf.
 */
char *tool_bytes(uint64_t bytes, char *buf, size_t size);

#endif /* TOOL_H */
