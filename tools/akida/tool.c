// SPDX-License-Identifier: GPL-2.0
/*
 * Option parsing, opening of models and programs, memory.
 */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "format/program.h"
#include "term.h"

void tool_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	error_t err = argp_parse(argp, argc, argv, 0, NULL, input);

	if (err) {
		term_error("options could not be read: %s", strerror(err));
		exit(TOOL_FAILED);
	}
}

error_t tool_argument(struct argp_state *state, const char *arg, ...)
{
	const char **place;
	va_list ap;

	va_start(ap, arg);
	do {
		place = va_arg(ap, const char **);
	} while (place && *place);
	va_end(ap);
	if (place)
		*place = arg;
	else
		argp_error(state, "'%s' is one argument too many", arg);
	return 0;
}

uint32_t tool_number(struct argp_state *state, const char *option,
		     const char *arg, uint32_t min, uint32_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 10);
	/* strtoull() would take " 3" and turn "-3" into a huge number. */
	if (*arg < '0' || *arg > '9' || *end || errno || value < min ||
	    value > max)
		argp_error(state, "%s: '%s' is not a number from %u to %u",
			   option, arg, min, max);
	return (uint32_t)value;
}

double tool_fraction(struct argp_state *state, const char *option,
		     const char *arg, double min, double max)
{
	double value;
	char *end;

	errno = 0;
	value = strtod(arg, &end);
	/* Written so that NaN is refused. */
	if (end == arg || *end || !(value >= min && value <= max))
		argp_error(state, "%s: '%s' is not a number from %g to %g",
			   option, arg, min, max);
	return value;
}

enum akida_target tool_target(struct argp_state *state, const char *arg)
{
	enum akida_target target = AKIDA_TARGET_NONE;

	if (akida_target_parse(arg, &target))
		argp_error(state,
			   "--target: '%s' is neither akd1000 nor akd1500",
			   arg);
	return target;
}

/* From @data, or if that is NULL from the file. */
static struct akida_model *open_model(const char *path, const uint8_t *data,
				      size_t size)
{
	struct akida_model *m = akida_model_new();
	const char *warning;
	unsigned int i;

	if (!m)
		term_die_memory();
	if (data ? akida_model_load_memory(m, data, size) :
		   akida_model_load(m, path)) {
		term_file_error(path, akida_model_error(m));
		akida_model_free(m);
		return NULL;
	}
	for (i = 0; (warning = akida_model_warning(m, i)); i++)
		term_file_warning(path, warning);
	return m;
}

struct akida_model *tool_open_model(const char *path)
{
	return open_model(path, NULL, 0);
}

int tool_open_any(const char *path, struct akida_model **m, uint8_t **program,
		  size_t *size)
{
	uint8_t *data;

	*m = NULL;
	*program = NULL;
	/* Why it cannot be read, or is too large, is said below. */
	if (ak_file_read(path, AK_PROGRAM_MAX_FILE, &data, size, NULL))
		data = NULL;
	if (data && ak_program_file_is(data, *size)) {
		*program = data;
		return 0;
	}
	*m = open_model(path, data, *size);
	free(data);
	return *m ? 0 : -1;
}

struct akida_device *tool_open_device(const char *name)
{
	struct akida_device *d = akida_device_new();

	if (!d)
		term_die_memory();
	if (akida_device_open(d, name)) {
		term_error("%s", akida_device_error(d));
		akida_device_free(d);
		return NULL;
	}
	return d;
}

struct akida_program *
tool_open_program(struct akida_device *d, struct akida_model *m,
		  const char *path, const struct akida_load_options *options,
		  struct akida_program_info *info)
{
	struct akida_program *p;

	if (akida_model_check_runnable(m)) {
		term_file_error(path, akida_model_error(m));
		return NULL;
	}
	p = akida_program_new(d);
	if (!p)
		term_die_memory();
	if (akida_program_load(p, m, options) ||
	    akida_program_info(p, info, sizeof(*info))) {
		term_file_error(path, akida_program_error(p));
		akida_program_free(p);
		return NULL;
	}
	return p;
}

int tool_make_folder(const char *path)
{
	if (!mkdir(path, 0777) || errno == EEXIST)
		return 0;
	term_error("%s: the folder could not be made: %s", path,
		   strerror(errno));
	return -1;
}

void *tool_alloc(size_t count, size_t size)
{
	/* A pointer to nothing must still not be NULL. */
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		term_die_memory();
	return p;
}

void *tool_realloc(void *p, size_t count, size_t size)
{
	p = reallocarray(p, count ? count : 1, size ? size : 1);
	if (!p)
		term_die_memory();
	return p;
}

char *tool_text(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		term_die_memory();
	return s;
}

char *tool_human(uint64_t value, char *buf, size_t size)
{
	static const char units[] = "kMGTPE";
	double scaled = (double)value;
	int i = -1;

	if (value < 100000) {
		snprintf(buf, size, "%llu", (unsigned long long)value);
		return buf;
	}
	/* 999.95 would be rounded to four digits before the point. */
	while (scaled >= 999.95 && i < 5) {
		scaled /= 1000;
		i++;
	}
	snprintf(buf, size, "%.1f %c", scaled, units[i]);
	return buf;
}

char *tool_bytes(uint64_t bytes, char *buf, size_t size)
{
	size_t n;

	tool_human(bytes, buf, size);
	n = strlen(buf);
	snprintf(buf + n, size - n, "%sB", strchr(buf, ' ') ? "" : " ");
	return buf;
}
