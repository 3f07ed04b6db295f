// SPDX-License-Identifier: GPL-2.0
/*
 * akida convert: weights of large models in other programs' formats.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "convert.h"
#include "hub.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* The first signal ends the conversion in order; a second one the program. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)SA_RESETHAND };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction was;

		/* nohup(1) wants SIGHUP to be ignored. */
		if (!sigaction(numbers[i], NULL, &was) &&
		    was.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	/* A file that may not grow is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
}

/**
 * struct watch - what progress and messages need
 * @log: --log, or NULL
 * @unit: what progress counts
 */
struct watch {
	FILE *log;
	const char *unit;
};

static void log_line(FILE *log, const char *kind, const char *text)
{
	struct timespec now;
	struct tm tm;
	char at[32];

	if (!log)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(log, "%s %s%s\n", at, kind, text);
}

static int on_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct watch *w = arg;

	term_bar(w->unit, done, total);
	return caught;
}

static void on_message(void *arg, int level, const char *text)
{
	const struct watch *w = arg;

	if (level == AKIDA_CONVERT_WARNING)
		term_warning("%s", text);
	log_line(w->log, level == AKIDA_CONVERT_WARNING ? "warning: " : "",
		 text);
}

static void list_formats(void)
{
	static const char *const heads[] = { "Format", "Option",      "Values",
					     "Preset", "Description", NULL };
	struct table *t = table_new(heads);
	struct akida_convert_format f;
	struct akida_convert_setting s;
	unsigned int i, k;

	for (i = 0; !akida_convert_format(i, &f, sizeof(f)); i++) {
		table_cell(t, "%s", f.name);
		table_cell(t, "-");
		table_cell(t, "-");
		table_cell(t, "-");
		table_cell(t, "%s", f.summary);
		for (k = 0; !akida_convert_setting(f.name, k, &s, sizeof(s));
		     k++) {
			table_cell(t, "%s", f.name);
			table_cell(t, "--%s", s.name);
			table_cell(t, "%s", s.values ? s.values : "-");
			table_cell(t, "%s", s.preset ? s.preset : "-");
			table_cell(t, "%s", s.summary);
		}
	}
	table_print(t, 0);
}

static void list_formats_json(void)
{
	json_t *root = json_object(), *formats = json_array(), *format;
	json_t *list, *option;
	struct akida_convert_format f;
	struct akida_convert_setting s;
	unsigned int i, k;

	for (i = 0; !akida_convert_format(i, &f, sizeof(f)); i++) {
		format = json_object();
		list = json_array();
		json_put(format, "name", json_text(f.name));
		json_put(format, "summary", json_text(f.summary));
		for (k = 0; !akida_convert_setting(f.name, k, &s, sizeof(s));
		     k++) {
			option = json_object();
			json_put(option, "name", json_text(s.name));
			json_put(option, "values", json_text(s.values));
			json_put(option, "preset", json_text(s.preset));
			json_put(option, "summary", json_text(s.summary));
			json_add(list, option);
		}
		json_put(format, "options", list);
		json_add(formats, format);
	}
	json_put(root, "formats", formats);
	json_print(root);
}

/* "Wrote OUT: 3 files, 1.2 GB; 311 tensors, 1.1 G weights in 3.2 s" */
static void print_summary(const struct convert *c, const json_t *report)
{
	json_t *files = json_object_get(report, "files");
	uint64_t weights = (uint64_t)json_integer_value(
		json_object_get(report, "weights"));
	uint64_t bytes =
		(uint64_t)json_integer_value(json_object_get(report, "bytes"));
	char size[16], count[16];
	const char *path = c->out;

	if (json_array_size(files) == 1 && !c->options.part)
		path = c->out;
	else if (json_array_size(files) == 1)
		path = json_string_value(
			json_object_get(json_array_get(files, 0), "path"));
	printf("Wrote %s: %zu file%s, %s; %lld tensors, %s weights in %.1f s\n",
	       path, json_array_size(files),
	       json_array_size(files) == 1 ? "" : "s",
	       tool_bytes(bytes, size, sizeof(size)),
	       (long long)json_integer_value(
		       json_object_get(report, "tensors")),
	       tool_human(weights, count, sizeof(count)),
	       json_number_value(json_object_get(report, "seconds")));
}

static void print_report(const struct convert *c, bool done)
{
	const char *text = akida_converter_report(c->converter);
	json_t *report = text ? json_loads(text, 0, NULL) : NULL;

	if (!report)
		return;
	if (c->json) {
		puts(text);
	} else {
		convert_print_accuracy(json_object_get(report, "details"));
		if (done)
			print_summary(c, report);
	}
	json_decref(report);
}

/* 2 for what the user has said wrongly, 1 for what could not be done. */
static int run(struct convert *c, struct watch *w)
{
	bool join = c->options.flags & AKIDA_CONVERT_JOIN;
	char *in = join ? NULL : hub_input(c->in);
	int rc;

	if (!join && !in)
		return TOOL_FAILED;

	c->options.progress = on_progress;
	c->options.message = on_message;
	c->options.arg = w;
	w->unit = c->options.flags & AKIDA_CONVERT_JOIN ? "B" : " weights";
	log_line(w->log, "convert ", c->in);
	log_line(w->log, "to ", c->format);
	catch_signals();
	rc = akida_converter_run(c->converter, join ? c->in : in, c->out,
				 c->format, &c->options, sizeof(c->options));
	free(in);
	term_bar(w->unit, 1, 1);
	if (rc) {
		const char *text = akida_converter_error(c->converter);

		log_line(w->log, "failed: ", text);
		print_report(c, false);
		term_error("%s", text);
		if (rc != -EINVAL)
			return TOOL_FAILED;
		fputs("Try 'akida convert --help'.\n", stderr);
		return TOOL_USAGE;
	}
	log_line(w->log, "wrote ", c->out);
	if (w->log && akida_converter_report(c->converter))
		fprintf(w->log, "%s\n", akida_converter_report(c->converter));
	print_report(c, true);
	return TOOL_OK;
}

int cmd_convert(int argc, char **argv)
{
	struct watch w = { 0 };
	struct convert c;
	int ret = TOOL_OK;

	convert_parse(&c, argc, argv);
	if (c.formats) {
		if (c.json)
			list_formats_json();
		else
			list_formats();
		akida_converter_free(c.converter);
		return TOOL_OK;
	}
	if (!strcmp(c.format, "fbz")) {
		c.fbz.quant.threads = c.options.threads;
		akida_converter_free(c.converter);
		return fbz_convert(&c.fbz, c.in, c.out, c.json);
	}
	if (c.log_path) {
		w.log = fopen(c.log_path, "we");
		if (!w.log) {
			term_error("%s: cannot write: %s", c.log_path,
				   strerror(errno));
			akida_converter_free(c.converter);
			return TOOL_FAILED;
		}
		/* What was done must be there even after a crash. */
		setvbuf(w.log, NULL, _IOLBF, 0);
	}
	ret = run(&c, &w);
	if (w.log) {
		bool lost = ferror(w.log);

		if (fclose(w.log) || lost) {
			term_error("%s: the log could not be written",
				   c.log_path);
			ret = TOOL_FAILED;
		}
	}
	akida_converter_free(c.converter);
	if (caught) {
		/* A shell wants to know that a signal was the reason. */
		signal(caught, SIG_DFL);
		raise(caught);
	}
	return ret;
}
