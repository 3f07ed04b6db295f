// SPDX-License-Identifier: GPL-2.0
/*
 * The monitor block. Power is a floor plus what the core's clocks cost; times
 * and powers of the three clock modes keep the ratios that were measured on
 * silicon (909 us and 901 mW, 1080 us and 739 mW, 8472 us and 658 mW).
 */
#include <errno.h>
#include <string.h>

#include "board.h"
#include "util.h"

/* Registers */
#define ID 0x00
#define SOURCES 0x04
#define STATUS 0x08
#define CONTROL 0x0c
#define SAMPLES 0x10
#define CURRENT_LSB 0x14
#define SHUNT 0x20
#define BUS 0x24
#define POWER 0x28
#define CURRENT 0x2c
#define LIMIT 0x30
#define TEMPERATURE 0x34
#define CLOCK_MODE 0x40
#define CLOCK_HZ 0x44
#define BUSY_LOW 0x48
#define BUSY_HIGH 0x4c

#define ID_VALUE 0x4d504b41 /* "AKPM" */
#define VERSION 1
#define STATUS_LATCHED BIT(0)
#define STATUS_OVER BIT(1)
#define CONTROL_INTERRUPTS BIT(0)
#define VALID BIT(31)
#define LIMIT_NEVER 0xffff
#define LSB_UA 100

/* INA226 with configuration 0x4527: 16 averages of 1.1 ms for bus and shunt */
#define CONVERSION_NS 35200000ull
#define REMIND_NS (100 * NSEC_PER_MSEC)

#define FLOOR_MW 600 /* ours: no published floor */
#define SUPPLY_MV 3300 /* of an M.2 socket */
/* Temperature of an idle board, and what each further watt adds: ours */
#define IDLE_CELSIUS 40
#define CELSIUS_PER_WATT 25

static const struct {
	const char *name;
	uint32_t us, mw; /* of the same inference, measured on silicon */
} modes[NUM_CLOCK_MODES] = {
	[CLOCK_PERFORMANCE] = { "performance", 909, 901 },
	[CLOCK_ECONOMY] = { "economy", 1080, 739 },
	[CLOCK_LOW_POWER] = { "lowpower", 8472, 658 },
};

static const char *const sources[NUM_SOURCES] = {
	[SOURCE_POWER] = "power",	  [SOURCE_VOLTAGE] = "voltage",
	[SOURCE_CURRENT] = "current",	  [SOURCE_TEMPERATURE] = "temperature",
	[SOURCE_FREQUENCY] = "frequency", [SOURCE_MODES] = "modes",
	[SOURCE_ALERT] = "alert",
};

static int without(struct monitor *m, const char *name, size_t len)
{
	unsigned int i;

	if (len == strlen("monitor") && !memcmp(name, "monitor", len)) {
		m->absent = true;
		return 0;
	}
	for (i = 0; i < NUM_SOURCES; i++)
		if (strlen(sources[i]) == len &&
		    !memcmp(name, sources[i], len)) {
			m->missing |= BIT(i);
			return 0;
		}
	return -EINVAL;
}

int monitor_without(struct monitor *m, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ",");

		if (without(m, list, len))
			return -EINVAL;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

static bool has(const struct monitor *m, enum monitor_source s)
{
	return !m->absent && !(m->missing & BIT(s));
}

static uint32_t clock_hz(const struct board *b)
{
	return (uint64_t)b->chip->clock_hz * modes[CLOCK_PERFORMANCE].us /
	       modes[b->monitor.mode].us;
}

uint64_t monitor_clocks_ns(const struct board *b, uint64_t clocks)
{
	return clocks * NSEC_PER_SEC / clock_hz(b);
}

/* -1 to 1 times @amplitude, the same for each run with the same seed */
static int32_t noise(const struct monitor *m, unsigned int what,
		     int32_t amplitude)
{
	uint64_t x = m->seed + (m->slot * 4 + what) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	x ^= x >> 31;
	return (int32_t)(x % (2 * amplitude + 1)) - amplitude;
}

static void raise_alert(struct board *b)
{
	struct monitor *m = &b->monitor;

	if (!has(m, SOURCE_ALERT))
		return;
	m->latched = true;
	m->remind = now_ns();
}

/* A conversion has ended in which work took so much energy. */
static void convert(struct board *b, uint64_t energy)
{
	struct monitor *m = &b->monitor;
	uint64_t uw = FLOOR_MW * 1000ull + energy * 1000000 / CONVERSION_NS;
	bool was_over = m->over;
	int32_t v;

	m->bus = SUPPLY_MV * 4 / 5 + noise(m, 0, 1);
	/* uW by mV is mA; of 2 milliohms 1.25 mA are 2.5 uV. */
	v = uw * 4 / (SUPPLY_MV * 5) + noise(m, 1, 2);
	m->shunt = v > INT16_MAX ? INT16_MAX : v;
	/* Calibrated as its data sheet has it. */
	v = m->shunt * 25 / 2;
	m->current = v > INT16_MAX ? INT16_MAX : v;
	m->power = (uint32_t)m->current * m->bus / 20000;
	m->temperature = 16 * IDLE_CELSIUS +
			 (int32_t)((uw - FLOOR_MW * 1000) * 16 *
				   CELSIUS_PER_WATT / 1000000) +
			 noise(m, 2, 1);
	m->over = m->power > m->limit;
	if (m->over && !was_over)
		raise_alert(b);
}

/* All conversions that have ended by @now; only the last can be read. */
static void advance(struct board *b, uint64_t now)
{
	struct monitor *m = &b->monitor;
	uint64_t slot = (now - m->start) / CONVERSION_NS;

	if (slot <= m->slot)
		return;
	m->last_energy = slot == m->slot + 1 ? m->energy : 0;
	m->energy = 0;
	m->slot = slot;
	convert(b, m->last_energy);
}

/* The part of @energy that was spent in @slot */
static uint64_t share(const struct monitor *m, uint64_t begin, uint64_t end,
		      uint64_t energy, uint64_t slot)
{
	uint64_t from = m->start + slot * CONVERSION_NS;
	uint64_t to = from + CONVERSION_NS;

	if (from < begin)
		from = begin;
	if (to > end)
		to = end;
	if (begin == end)
		return energy;
	return to > from ? (uint64_t)((double)energy * (double)(to - from) /
				      (double)(end - begin)) :
			   0;
}

void monitor_work(struct board *b, uint64_t begin, uint64_t end,
		  uint64_t clocks)
{
	struct monitor *m = &b->monitor;
	uint32_t mw = modes[m->mode].mw - FLOOR_MW;
	uint64_t ns = monitor_clocks_ns(b, clocks), energy = ns * mw / 1000;

	m->busy_ns += ns;
	m->total_energy += energy;
	advance(b, end);
	m->energy += share(m, begin, end, energy, m->slot);
	/* The conversion before has ended, and nobody may have read it yet. */
	if (m->slot && begin < m->start + m->slot * CONVERSION_NS) {
		m->last_energy += share(m, begin, end, energy, m->slot - 1);
		convert(b, m->last_energy);
	}
}

void monitor_alert(struct board *b)
{
	raise_alert(b);
	monitor_tick(b);
}

void monitor_power_on(struct board *b)
{
	struct monitor *m = &b->monitor;

	m->start = now_ns();
	m->slot = 0;
	m->energy = 0;
	m->last_energy = 0;
	m->total_energy = 0;
	m->busy_ns = 0;
}

void monitor_reset(struct board *b)
{
	struct monitor *m = &b->monitor;

	m->limit = LIMIT_NEVER;
	m->mode = CLOCK_PERFORMANCE;
	m->interrupts = false;
	m->over = false;
	m->latched = false;
}

void monitor_tick(struct board *b)
{
	struct monitor *m = &b->monitor;
	uint64_t now = now_ns();

	if (!m->interrupts || !irq_possible(b))
		return;
	advance(b, now);
	if (m->latched && now >= m->remind) {
		trace(b, "monitor: alert");
		if (irq_signal(b, IRQ_MSI))
			b->stats.irq_delivered++;
		/* A message may be one with another: say it again. */
		m->remind = now + REMIND_NS;
	}
}

uint64_t monitor_deadline(const struct board *b)
{
	const struct monitor *m = &b->monitor;
	uint64_t end = m->start + (m->slot + 1) * CONVERSION_NS;

	if (!m->interrupts || !irq_possible(b))
		return TIME_NEVER;
	if (m->latched && (m->limit == LIMIT_NEVER || m->remind < end))
		return m->remind;
	return m->limit == LIMIT_NEVER ? TIME_NEVER : end;
}

/* A register of the sensor: not before its first conversion */
static uint32_t sensor(struct board *b, enum monitor_source s, uint16_t value)
{
	struct monitor *m = &b->monitor;

	if (!has(m, s) || !m->slot || fault_armed(b, FAULT_SENSOR_ABSENT))
		return 0;
	return VALID | value;
}

static uint32_t known_sources(const struct monitor *m)
{
	uint32_t present = 0;
	unsigned int i;

	for (i = 0; i < NUM_SOURCES; i++)
		if (has(m, i))
			present |= BIT(i);
	return VERSION | present << 8;
}

static uint32_t status(struct board *b)
{
	const struct monitor *m = &b->monitor;
	uint32_t val = 0;

	if (m->latched)
		val |= STATUS_LATCHED;
	if (m->over || fault_armed(b, FAULT_SENSOR_ALERT))
		val |= STATUS_OVER;
	return has(m, SOURCE_ALERT) ? val : 0;
}

uint32_t monitor_read32(struct board *b, uint32_t off)
{
	struct monitor *m = &b->monitor;

	if (m->absent)
		return 0;
	advance(b, now_ns());
	switch (off) {
	case ID:
		return ID_VALUE;
	case SOURCES:
		return known_sources(m);
	case STATUS:
		return status(b);
	case CONTROL:
		return m->interrupts ? CONTROL_INTERRUPTS : 0;
	case SAMPLES:
		return m->slot;
	case CURRENT_LSB:
		return LSB_UA;
	case SHUNT:
		return sensor(b, SOURCE_CURRENT, m->shunt);
	case BUS:
		return sensor(b, SOURCE_VOLTAGE, m->bus);
	case POWER:
		return sensor(b, SOURCE_POWER, m->power);
	case CURRENT:
		return sensor(b, SOURCE_CURRENT, m->current);
	case LIMIT:
		return m->limit;
	case TEMPERATURE:
		return sensor(b, SOURCE_TEMPERATURE, m->temperature);
	case CLOCK_MODE:
		return has(m, SOURCE_MODES) ? VALID | m->mode : 0;
	case CLOCK_HZ:
		return has(m, SOURCE_FREQUENCY) ? clock_hz(b) : 0;
	case BUSY_LOW:
		m->busy_high = m->busy_ns >> 32;
		return m->busy_ns;
	case BUSY_HIGH:
		return m->busy_high;
	default:
		b->stats.reserved_regs++;
		return 0;
	}
}

void monitor_write32(struct board *b, uint32_t off, uint32_t val)
{
	struct monitor *m = &b->monitor;

	if (m->absent)
		return;
	advance(b, now_ns());
	switch (off) {
	case STATUS:
		if (val & STATUS_LATCHED)
			m->latched = false;
		break;
	case CONTROL:
		m->interrupts =
			has(m, SOURCE_ALERT) && (val & CONTROL_INTERRUPTS);
		break;
	case LIMIT:
		if (has(m, SOURCE_ALERT))
			m->limit = val;
		break;
	case CLOCK_MODE:
		if (has(m, SOURCE_MODES) && val < NUM_CLOCK_MODES)
			m->mode = val;
		break;
	case ID:
	case SOURCES:
	case SAMPLES ... CURRENT_LSB:
	case SHUNT ... CURRENT:
	case TEMPERATURE:
	case CLOCK_HZ ... BUSY_HIGH:
		break;
	default:
		b->stats.reserved_regs++;
	}
}

json_t *monitor_json(struct board *b)
{
	struct monitor *m = &b->monitor;

	advance(b, now_ns());
	return json_pack(
		"{s:s, s:i, s:i, s:i, s:I, s:I, s:I}", "mode",
		modes[m->mode].name, "clock_hz", (int)clock_hz(b), "floor_mw",
		FLOOR_MW, "full_mw", (int)modes[m->mode].mw, "energy_nj",
		(json_int_t)m->total_energy, "busy_ns", (json_int_t)m->busy_ns,
		"samples", (json_int_t)m->slot);
}
