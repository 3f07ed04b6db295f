// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: a short list, asked at the places where each kind can strike.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "util.h"

static const char *const kinds[NUM_FAULT_KINDS] = {
	[FAULT_STALL] = "stall",
	[FAULT_ABORT] = "abort",
	[FAULT_BAD_COMPLETION] = "bad-completion",
	[FAULT_LINK_DOWN] = "link-down",
	[FAULT_LOST_IRQ] = "lost-irq",
	[FAULT_SPURIOUS_IRQ] = "spurious-irq",
	[FAULT_SLOW_LINK] = "slow-link",
	[FAULT_SURPRISE_REMOVAL] = "surprise-removal",
	[FAULT_SENSOR_ALERT] = "sensor-alert",
	[FAULT_SENSOR_ABSENT] = "sensor-absent",
	[FAULT_DEGRADED_LINK] = "degraded-link",
};

static const struct {
	const char *name;
	enum dma_error error;
} completions[] = {
	{ "ur", DMA_ERROR_UNSUPPORTED },
	{ "ca", DMA_ERROR_COMPLETER },
	{ "timeout", DMA_ERROR_TIMEOUT },
	{ "poisoned", DMA_ERROR_POISONED },
};

/* Which keys each kind understands. */
#define KEY_CHAN BIT(0)
#define KEY_AFTER BIT(1)
#define KEY_COUNT BIT(2)
#define KEY_BYTES BIT(3)
#define KEY_STATUS BIT(4)
#define KEY_RATE BIT(5)
#define KEY_PERIOD BIT(6)

static const uint8_t keys_of[NUM_FAULT_KINDS] = {
	[FAULT_STALL] = KEY_CHAN | KEY_AFTER | KEY_COUNT,
	[FAULT_ABORT] = KEY_CHAN | KEY_AFTER | KEY_COUNT | KEY_BYTES,
	[FAULT_BAD_COMPLETION] = KEY_CHAN | KEY_AFTER | KEY_COUNT | KEY_STATUS,
	[FAULT_LINK_DOWN] = KEY_CHAN | KEY_AFTER,
	[FAULT_LOST_IRQ] = KEY_CHAN | KEY_AFTER | KEY_COUNT,
	[FAULT_SPURIOUS_IRQ] = KEY_COUNT | KEY_PERIOD,
	[FAULT_SLOW_LINK] = KEY_RATE,
	[FAULT_SURPRISE_REMOVAL] = KEY_CHAN | KEY_AFTER,
	/* These last until they are cleared. */
	[FAULT_SENSOR_ALERT] = 0,
	[FAULT_SENSOR_ABSENT] = 0,
	[FAULT_DEGRADED_LINK] = 0,
};

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind];
}

static int find_kind(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < NUM_FAULT_KINDS; i++)
		if (strlen(kinds[i]) == len && !memcmp(kinds[i], name, len))
			return i;
	return -1;
}

static int parse_number(const char *s, uint64_t *v)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, 0);
	return errno || *end ? -EINVAL : 0;
}

/* Who a fault applies to: a channel of the DMA engine, or the core. */
static const char *who(unsigned int ch)
{
	return ch == FAULT_CORE ? "core" : channel_name(ch);
}

static int parse_channel(const char *s, uint32_t *channels)
{
	unsigned int i;

	if (!strcmp(s, "any")) {
		*channels = BIT(NUM_CHANNELS) - 1;
		return 0;
	}
	for (i = 0; i <= FAULT_CORE; i++)
		if (!strcmp(s, who(i))) {
			*channels = BIT(i);
			return 0;
		}
	return -EINVAL;
}

static int parse_status(const char *s, enum dma_error *error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(completions); i++)
		if (!strcmp(s, completions[i].name)) {
			*error = completions[i].error;
			return 0;
		}
	return -EINVAL;
}

/* key=value into f; says which key it was. */
static int parse_key(struct fault *f, const char *key, const char *value,
		     uint32_t *seen)
{
	const struct {
		const char *name;
		uint32_t bit;
		uint64_t *number;
	} keys[] = {
		{ "chan", KEY_CHAN, NULL },
		{ "after", KEY_AFTER, &f->after },
		{ "count", KEY_COUNT, &f->count },
		{ "bytes", KEY_BYTES, &f->bytes },
		{ "status", KEY_STATUS, NULL },
		{ "rate", KEY_RATE, &f->rate },
		{ "period", KEY_PERIOD, &f->period },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].name))
			continue;
		if (!(keys_of[f->kind] & keys[i].bit))
			return -EINVAL;
		*seen |= keys[i].bit;
		if (keys[i].number)
			return parse_number(value, keys[i].number);
		if (keys[i].bit == KEY_CHAN)
			return parse_channel(value, &f->channels);
		return parse_status(value, &f->status);
	}
	return -EINVAL;
}

static int parse(struct fault *f, const char *spec, char *why, size_t size)
{
	size_t len = strcspn(spec, ":");
	uint32_t seen = 0;
	char text[256], *save, *part;
	int kind = find_kind(spec, len);

	if (kind < 0) {
		snprintf(why, size, "there is no fault '%.*s'", (int)len, spec);
		return -EINVAL;
	}
	*f = (struct fault){
		.armed = true,
		.kind = kind,
		.channels = BIT(NUM_CHANNELS) - 1,
		.count = 1,
		.status = DMA_ERROR_UNSUPPORTED,
	};
	if (spec[len])
		len++;
	if (strlen(spec + len) >= sizeof(text)) {
		snprintf(why, size, "fault is too long");
		return -EINVAL;
	}
	strcpy(text, spec + len);
	for (part = strtok_r(text, ",", &save); part;
	     part = strtok_r(NULL, ",", &save)) {
		char *value = strchr(part, '=');

		if (value)
			*value++ = 0;
		if (!value || parse_key(f, part, value, &seen)) {
			snprintf(why, size, "fault '%s' does not take '%s%s%s'",
				 kinds[kind], part, value ? "=" : "",
				 value ? value : "");
			return -EINVAL;
		}
	}
	if (kind == FAULT_SLOW_LINK && !f->rate) {
		snprintf(why, size, "slow-link needs rate=BYTES_PER_SECOND");
		return -EINVAL;
	}
	if (f->bytes > INT64_MAX || f->period > UINT32_MAX) {
		snprintf(why, size, "number is too large");
		return -EINVAL;
	}
	return 0;
}

static void strike(struct board *b, struct fault *f)
{
	b->stats.faults[f->kind]++;
	trace(b, "fault: %s", kinds[f->kind]);
	if (f->kind == FAULT_LINK_DOWN)
		board_link(b, true);
	else if (f->kind == FAULT_SURPRISE_REMOVAL)
		board_remove(b, true);
	else if (f->kind == FAULT_SENSOR_ALERT)
		monitor_alert(b);
}

int fault_add(struct board *b, const char *spec, char *why, size_t size)
{
	struct fault f, *slot = NULL;
	unsigned int i;

	if (parse(&f, spec, why, size))
		return -EINVAL;
	for (i = 0; i < FAULTS_MAX && !slot; i++)
		if (!b->faults.slot[i].armed)
			slot = &b->faults.slot[i];
	if (!slot) {
		snprintf(why, size, "there are %d faults already", FAULTS_MAX);
		return -EINVAL;
	}
	f.period *= NSEC_PER_MSEC;
	if (f.kind == FAULT_SPURIOUS_IRQ)
		f.next = now_ns() + f.period;
	*slot = f;
	if ((f.kind == FAULT_LINK_DOWN || f.kind == FAULT_SURPRISE_REMOVAL ||
	     f.kind == FAULT_SENSOR_ALERT || f.kind == FAULT_SENSOR_ABSENT ||
	     f.kind == FAULT_DEGRADED_LINK) &&
	    !f.after)
		strike(b, slot);
	return 0;
}

static void clear_kind(struct board *b, enum fault_kind kind)
{
	unsigned int i;

	for (i = 0; i < FAULTS_MAX; i++)
		if (b->faults.slot[i].kind == kind)
			b->faults.slot[i].armed = false;
	switch (kind) {
	case FAULT_STALL:
		dma_unstall(b);
		b->core.stalled = false;
		break;
	case FAULT_LINK_DOWN:
		board_link(b, false);
		break;
	case FAULT_SURPRISE_REMOVAL:
		board_remove(b, false);
		break;
	default:
		break;
	}
}

int fault_clear(struct board *b, const char *name)
{
	int kind = find_kind(name, strlen(name));
	unsigned int i;

	if (kind >= 0) {
		clear_kind(b, kind);
		return 0;
	}
	if (strcmp(name, "all"))
		return -EINVAL;
	for (i = 0; i < NUM_FAULT_KINDS; i++)
		clear_kind(b, i);
	return 0;
}

json_t *fault_json(const struct board *b)
{
	json_t *list = json_array();
	unsigned int i, ch;

	for (i = 0; i < FAULTS_MAX && list; i++) {
		const struct fault *f = &b->faults.slot[i];
		json_t *o, *chans;

		if (!f->armed)
			continue;
		chans = json_array();
		for (ch = 0; ch <= FAULT_CORE; ch++)
			if (f->channels & BIT(ch))
				json_array_append_new(chans,
						      json_string(who(ch)));
		o = json_pack("{s:s, s:I, s:I, s:o}", "kind", kinds[f->kind],
			      "after", (json_int_t)f->after, "count",
			      (json_int_t)f->count, "channels", chans);
		json_array_append_new(list, o);
	}
	return list;
}

static void used(struct fault *f)
{
	if (f->count && !--f->count)
		f->armed = false;
}

bool fault_take(struct board *b, enum fault_kind kind, unsigned int ch,
		struct fault *f)
{
	unsigned int i;

	for (i = 0; i < FAULTS_MAX; i++) {
		struct fault *s = &b->faults.slot[i];

		if (!s->armed || s->kind != kind || !(s->channels & BIT(ch)))
			continue;
		if (s->after) {
			s->after--;
			continue;
		}
		*f = *s;
		used(s);
		b->stats.faults[kind]++;
		trace(b, "fault: %s on %s", kinds[kind], who(ch));
		return true;
	}
	return false;
}

bool fault_armed(const struct board *b, enum fault_kind kind)
{
	unsigned int i;

	for (i = 0; i < FAULTS_MAX; i++)
		if (b->faults.slot[i].armed && b->faults.slot[i].kind == kind)
			return true;
	return false;
}

void fault_doorbell(struct board *b, unsigned int ch)
{
	unsigned int i;

	for (i = 0; i < FAULTS_MAX; i++) {
		struct fault *s = &b->faults.slot[i];

		if (!s->armed || !s->after || !(s->channels & BIT(ch)))
			continue;
		if (s->kind != FAULT_LINK_DOWN &&
		    s->kind != FAULT_SURPRISE_REMOVAL)
			continue;
		if (!--s->after)
			strike(b, s);
	}
}

uint64_t fault_link_rate(const struct board *b)
{
	unsigned int i;

	for (i = 0; i < FAULTS_MAX; i++)
		if (b->faults.slot[i].armed &&
		    b->faults.slot[i].kind == FAULT_SLOW_LINK)
			return b->faults.slot[i].rate;
	return 0;
}

void fault_tick(struct board *b)
{
	uint64_t now = now_ns();
	unsigned int i;

	/* One asked for too early waits until interrupts are possible. */
	if (!irq_possible(b))
		return;
	for (i = 0; i < FAULTS_MAX; i++) {
		struct fault *s = &b->faults.slot[i];

		if (!s->armed || s->kind != FAULT_SPURIOUS_IRQ || s->next > now)
			continue;
		if (!irq_signal(b, IRQ_MSI))
			continue;
		b->stats.irq_spurious++;
		b->stats.faults[FAULT_SPURIOUS_IRQ]++;
		trace(b, "fault: spurious interrupt");
		/* Without a period an endless number would be a busy loop. */
		s->next = now + (s->period ? s->period : NSEC_PER_MSEC);
		used(s);
	}
}

uint64_t fault_deadline(const struct board *b)
{
	uint64_t t = TIME_NEVER;
	unsigned int i;

	if (!irq_possible(b))
		return t;
	for (i = 0; i < FAULTS_MAX; i++) {
		const struct fault *s = &b->faults.slot[i];

		if (s->armed && s->kind == FAULT_SPURIOUS_IRQ && s->next < t)
			t = s->next;
	}
	return t;
}
