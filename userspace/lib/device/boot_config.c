// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a board is given when it is found.
 */
#include "device/boot_config.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/file.h"
#include "common/sys.h"
#include "common/util.h"
#include "device/board.h"

#define FOLDER "/etc/akida/boards.d"
/* No board takes more: its comparator has 16 bits of 2.5 mW. */
#define MAX_MICROWATTS 1000000000u
#define MAX_NAME (AKIDA_NAME_SIZE - 1)

enum section {
	SECTION_NONE,
	SECTION_BOARD,
	SECTION_PROGRAM,
};

/**
 * struct parser - a file that is being read
 * @c: what becomes of it
 * @path: its name
 * @line: number of the line
 * @section: in which it is
 * @seen: keys that the section has had, bits by their place in the table
 * @boards: a section [board] was there
 * @err: error text
 */
struct parser {
	struct boot_config *c;
	const char *path;
	unsigned int line;
	enum section section;
	unsigned int seen;
	bool boards;
	struct ak_err *err;
};

#define wrong(p, ...) wrong_at(p, (p)->line, __VA_ARGS__)

static int wrong_at(struct parser *p, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong_at(struct parser *p, unsigned int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ak_errf(p->err, -EINVAL, "%s:%u: %s", p->path, line, text);
}

static struct boot_program *last(struct parser *p)
{
	return &p->c->program[p->c->num_programs - 1];
}

/* ----------------------------------------------------------------- values */

static int set_clock_mode(struct parser *p, char *value)
{
	size_t i;

	for (i = 0; i < AK_CLOCK_MODES; i++)
		if (!strcmp(value, ak_clock_modes[i])) {
			p->c->clock_mode = value;
			return 0;
		}
	return wrong(
		p,
		"clock_mode: there is no '%.60s', but performance, economy and lowpower",
		value);
}

/* Watts with at most six digits after the point. */
static int set_power_limit(struct parser *p, char *value)
{
	uint64_t microwatts = 0;
	unsigned int after = 0;
	const char *s = value;
	bool point = false;

	for (; *s; s++) {
		if (*s == '.' && !point && s != value && s[1]) {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9' || after == 6)
			break;
		microwatts = microwatts * 10 + (uint64_t)(*s - '0');
		after += point;
		if (microwatts > MAX_MICROWATTS)
			break;
	}
	while (!*s && after++ < 6 && microwatts <= MAX_MICROWATTS)
		microwatts *= 10;
	if (*s || !microwatts || microwatts > MAX_MICROWATTS)
		return wrong(
			p,
			"power_limit: '%.60s' is no number of watts from 0.000001 to 1000",
			value);
	p->c->power_limit = microwatts;
	return 0;
}

static int set_model(struct parser *p, char *value)
{
	if (*value != '/' || strlen(value) >= PATH_MAX)
		return wrong(p, "model: '%.200s' is no absolute path", value);
	last(p)->model = value;
	return 0;
}

static int set_name(struct parser *p, char *value)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@:");

	if (value[n] || n > MAX_NAME || *value == '.' || *value == '-')
		return wrong(
			p,
			"name: '%.80s' is no name for a program: 1 to %u letters, digits or . _ - + @ :, not . or - first",
			value, MAX_NAME);
	last(p)->name = value;
	return 0;
}

static int set_owner(struct parser *p, char *value)
{
	last(p)->owner = value;
	return 0;
}

static int set_group(struct parser *p, char *value)
{
	last(p)->group = value;
	return 0;
}

static int set_mode(struct parser *p, char *value)
{
	size_t n = strspn(value, "01234567");
	unsigned long mode = strtoul(value, NULL, 8);

	if (value[n] || n > 4 || !mode || mode > 0777)
		return wrong(
			p, "mode: '%.60s' is not an octal number from 1 to 777",
			value);
	last(p)->mode = (unsigned int)mode;
	return 0;
}

static const struct key {
	enum section section;
	const char *name;
	int (*set)(struct parser *p, char *value);
} keys[] = {
	{ SECTION_BOARD, "clock_mode", set_clock_mode },
	{ SECTION_BOARD, "power_limit", set_power_limit },
	{ SECTION_PROGRAM, "model", set_model },
	{ SECTION_PROGRAM, "name", set_name },
	{ SECTION_PROGRAM, "owner", set_owner },
	{ SECTION_PROGRAM, "group", set_group },
	{ SECTION_PROGRAM, "mode", set_mode },
};

/* ------------------------------------------------------------------ lines */

static int end_section(struct parser *p)
{
	const struct boot_program *b;

	if (p->section != SECTION_PROGRAM)
		return 0;
	b = last(p);
	if (!b->model)
		return wrong_at(p, b->line,
				"this [program] has no 'model = FILE'");
	return 0;
}

static int begin_section(struct parser *p, const char *text)
{
	struct boot_config *c = p->c;
	int rc = end_section(p);

	if (rc)
		return rc;
	p->seen = 0;
	if (!strcmp(text, "[board]")) {
		if (p->boards)
			return wrong(p, "there is a [board] already");
		p->boards = true;
		p->section = SECTION_BOARD;
		return 0;
	}
	if (strcmp(text, "[program]"))
		return wrong(
			p,
			"there is no section '%.60s', but [board] and [program]",
			text);
	if (c->num_programs == BOOT_CONFIG_PROGRAMS)
		return wrong(p, "a board keeps no more than %u programs",
			     BOOT_CONFIG_PROGRAMS);
	p->section = SECTION_PROGRAM;
	c->program[c->num_programs++] = (struct boot_program){
		.line = p->line,
		.mode = BOOT_CONFIG_MODE,
	};
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without blanks around it. */
static char *trim(char *s)
{
	size_t n;

	while (is_blank(*s))
		s++;
	n = strlen(s);
	while (n && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

static int parse_line(struct parser *p, char *text)
{
	const char *section = p->section == SECTION_BOARD ? "board" : "program";
	char *equals, *name;
	size_t i;

	if (!*text || *text == '#' || *text == ';')
		return 0;
	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t')
			return wrong(p, "there is a control character in it");
	if (*text == '[')
		return begin_section(p, text);
	equals = strchr(text, '=');
	if (!equals)
		return wrong(
			p,
			"'%.60s' is neither [SECTION] nor KEY = VALUE nor a # comment",
			text);
	*equals = '\0';
	name = trim(text);
	text = trim(equals + 1);
	if (p->section == SECTION_NONE)
		return wrong(
			p,
			"'%.60s' stands before the first [board] or [program]",
			name);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].section == p->section &&
		    !strcmp(keys[i].name, name))
			break;
	if (i == ARRAY_SIZE(keys))
		return wrong(p, "[%s] has no key '%.60s'", section, name);
	if (p->seen & 1u << i)
		return wrong(p, "this [%s] has '%s' already", section, name);
	p->seen |= 1u << i;
	if (!*text)
		return wrong(p, "'%s' has no value", name);
	return keys[i].set(p, text);
}

int ak_boot_config_parse(struct boot_config *c, const void *data, size_t size,
			 const char *path, struct ak_err *err)
{
	struct parser p = { .c = c, .path = path, .err = err };
	char *at, *next;
	int rc = 0;

	memset(c, 0, sizeof(*c));
	if (size > BOOT_CONFIG_MAX)
		return ak_errf(err, -EFBIG, "%s: it has more than %u bytes",
			       path, BOOT_CONFIG_MAX);
	c->text = malloc(size + 1);
	if (!c->text)
		return ak_errf(err, -ENOMEM, "%s: no memory", path);
	memcpy(c->text, data, size);
	c->text[size] = '\0';
	for (at = c->text; at && !rc; at = next) {
		p.line++;
		next = memchr(at, '\n', (size_t)(c->text + size - at));
		if (next)
			*next++ = '\0';
		/* A line that has a zero in it is longer than it seems. */
		if (at + strlen(at) != (next ? next - 1 : c->text + size))
			rc = wrong(&p, "there is a control character in it");
		else
			rc = parse_line(&p, trim(at));
	}
	return rc ? rc : end_section(&p);
}

void ak_boot_config_clear(struct boot_config *c)
{
	free(c->text);
	memset(c, 0, sizeof(*c));
}

/* ------------------------------------------------------------------ files */

int ak_boot_config_find(char *path, size_t path_size, const char *address,
			struct ak_err *err)
{
	const char *const names[] = { address, "default" };
	struct stat st;
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, path_size, FOLDER "/%s.conf", names[i]);
		rc = ak_sys_stat(&st, "%s", path);
		if (rc != -ENOENT)
			return rc ? ak_errf(err, rc, "%s: %s", path,
					    strerror(-rc)) :
				    0;
	}
	return ak_errf(err, -ENOENT,
		       "there is neither " FOLDER "/%s.conf nor default.conf",
		       address);
}

int ak_boot_config_read(struct boot_config *c, const char *path,
			struct ak_err *err)
{
	char real[PATH_MAX];
	uint8_t *data;
	size_t size;
	int rc;

	memset(c, 0, sizeof(*c));
	if (ak_sys_path(real, "%s", path))
		return ak_errf(err, -ENAMETOOLONG, "%s: too long a name", path);
	rc = ak_file_read(real, BOOT_CONFIG_MAX, &data, &size, err);
	if (rc)
		return rc;
	rc = ak_boot_config_parse(c, data, size, path, err);
	free(data);
	return rc;
}
