// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "akida/akida.h"
#include "common/xxh64.h"

static const struct ak_output_option *
option_of(const struct ak_output_format *f, const char *name)
{
	const struct ak_output_option *o;

	for (o = f->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

/* The first format that has an option. */
static const struct ak_output_format *owner(const char *name)
{
	const struct ak_output_format *f;
	size_t i;

	for (i = 0; (f = ak_format_at(i)); i++)
		if (option_of(f, name))
			return f;
	return NULL;
}

int ak_settings_add(struct ak_settings *s, const char *name, const char *value,
		    struct ak_err *err)
{
	struct ak_settings_item *item;

	if (!owner(name))
		return ak_errf(err, -EINVAL, "no format has an option '%s'",
			       name);
	item = reallocarray(s->item, s->count + 1, sizeof(*item));
	if (!item)
		return ak_errf(err, -ENOMEM, "no memory for an option");
	s->item = item;
	item += s->count;
	item->name = strdup(name);
	item->value = strdup(value);
	if (!item->name || !item->value) {
		free(item->name);
		free(item->value);
		return ak_errf(err, -ENOMEM, "no memory for an option");
	}
	s->count++;
	return 0;
}

/* Is @value one of "a|b|c"? */
static bool is_value(const char *values, const char *value)
{
	size_t n = strlen(value);

	for (;;) {
		const char *end = strchr(values, '|');
		size_t m = end ? (size_t)(end - values) : strlen(values);

		if (m == n && !strncmp(values, value, n))
			return true;
		if (!end)
			return false;
		values = end + 1;
	}
}

int ak_settings_check(struct ak_settings *s,
		      const struct ak_output_format *format, struct ak_err *err)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct ak_settings_item *item = &s->item[i];
		const struct ak_output_option *o =
			option_of(format, item->name);

		if (!o)
			return ak_errf(err, -EINVAL,
				       "--%s is an option of %s, not of %s",
				       item->name, owner(item->name)->name,
				       format->name);
		if (o->values && !is_value(o->values, item->value))
			return ak_errf(err, -EINVAL,
				       "--%s: '%s' is not one of %s for %s",
				       item->name, item->value, o->values,
				       format->name);
	}
	s->format = format;
	return 0;
}

static const char *given(const struct ak_settings *s, const char *name)
{
	size_t i;

	for (i = s->count; i--;)
		if (!strcmp(s->item[i].name, name))
			return s->item[i].value;
	return NULL;
}

const char *ak_setting(const struct ak_settings *s, const char *name)
{
	const struct ak_output_option *o = option_of(s->format, name);
	const char *value = given(s, name);

	return value ? value : o ? o->preset : NULL;
}

bool ak_setting_is(const struct ak_settings *s, const char *name,
		   const char *value)
{
	const char *is = ak_setting(s, name);

	return is && !strcmp(is, value);
}

bool ak_setting_given(const struct ak_settings *s, const char *name)
{
	return given(s, name);
}

int ak_setting_number(const struct ak_settings *s, const char *name,
		      uint64_t min, uint64_t max, uint64_t *out,
		      struct ak_err *err)
{
	const char *text = ak_setting(s, name);
	unsigned long long value;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	/* strtoull() would take " 3" and turn "-3" into a huge number. */
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		return ak_errf(err, -EINVAL,
			       "--%s: '%s' is not a number from %llu to %llu",
			       name, text, (unsigned long long)min,
			       (unsigned long long)max);
	*out = value;
	return 0;
}

uint64_t ak_settings_digest(const struct ak_settings *s)
{
	const struct ak_output_option *o;
	const char *name = s->format->name;
	struct ak_xxh64 h;

	ak_xxh64_init(&h, sizeof(void *));
	ak_xxh64_add(&h, AKIDA_VERSION, sizeof(AKIDA_VERSION));
	ak_xxh64_add(&h, name, strlen(name) + 1);
	for (o = s->format->options; o && o->name; o++) {
		const char *value = ak_setting(s, o->name);

		ak_xxh64_add(&h, o->name, strlen(o->name) + 1);
		if (value)
			ak_xxh64_add(&h, value, strlen(value) + 1);
	}
	return ak_xxh64_end(&h);
}

void ak_settings_clear(struct ak_settings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		free(s->item[i].name);
		free(s->item[i].value);
	}
	free(s->item);
	memset(s, 0, sizeof(*s));
}
