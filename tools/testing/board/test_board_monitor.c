// SPDX-License-Identifier: GPL-2.0
/*
 * The monitor block: what sensors tell, alerts, clock modes. Times and powers
 * are compared with those that were published of silicon: the same inference
 * took 909, 1080 and 8472 us at 901, 739 and 658 mW.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define MONITOR 0x100000 /* behind the core's BAR */
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
#define VALID 0x80000000u

#define EVENT 0x20000
#define TIMER 0x30
#define FLOOR_UW 600000

static const uint32_t published_us[] = { 909, 1080, 8472 };
static const uint32_t published_mw[] = { 901, 739, 658 };

static uint32_t bar(const struct vm *vm)
{
	return vm->chip1500 ? 2 : 0;
}

static uint32_t get(struct vm *vm, uint32_t off)
{
	return vm_read32(vm, bar(vm), MONITOR + off);
}

static void put(struct vm *vm, uint32_t off, uint32_t v)
{
	vm_write32(vm, bar(vm), MONITOR + off, v);
}

/* Until the sensor has made so many conversions more. */
static void conversions(struct vm *vm, uint32_t n)
{
	uint32_t end = get(vm, SAMPLES) + n;

	while ((int32_t)(get(vm, SAMPLES) - end) < 0)
		usleep(5000);
}

/* The core copies so many words, a clock for each; returns ns that it took. */
static uint64_t loopback(struct vm *vm, uint32_t words)
{
	uint32_t b = bar(vm), desc[8] = { 1, 0x20001000, words, 0x20081000 };
	/* of memory that only an AKD1000 has, if it has to be much */
	uint32_t far = words > 0x20000 ? 0x8000000 : 0;
	struct timespec from, to;

	desc[3] += far;
	vm_poke(vm, 0x20000200, desc, sizeof(desc));
	vm_write32(vm, b, EVENT, 0x83000200);
	vm_write32(vm, b, EVENT, 0x83000502);
	vm_write32(vm, b, EVENT + 0xb0, 1);
	vm_write32(vm, b, EVENT + 8, 0x20000200);
	clock_gettime(CLOCK_MONOTONIC, &from);
	vm_write32(vm, b, EVENT + 4, 0);
	while (!(vm_read32(vm, b, EVENT + 0x28) & 3))
		usleep(100);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(vm_read32(vm, b, EVENT + TIMER), words);
	return (to.tv_sec - from.tv_sec) * 1000000000ll + to.tv_nsec -
	       from.tv_nsec;
}

static uint64_t told(struct vm *vm, const char *key)
{
	json_t *o = vm_ctl(vm, "power");
	uint64_t v = json_integer_value(
		json_object_get(json_object_get(o, "power"), key));

	json_decref(o);
	return v;
}

static void test_idle(void **state)
{
	static const char *const chips[] = { "akd1000", "akd1500" };
	struct vm vm;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(chips); i++) {
		vm_start(&vm, chips[i], "--seed", "1", NULL);
		assert_int_equal(get(&vm, ID), 0x4d504b41);
		assert_int_equal(get(&vm, SOURCES), 0x7f01);
		assert_int_equal(get(&vm, CURRENT_LSB), 100);
		conversions(&vm, 2);
		/* 3.3 V by 1.25 mV and an LSB of noise */
		assert_in_range(get(&vm, BUS), VALID | 2639, VALID | 2641);
		/* 600 mW of 3.3 V by 1.25 mA and two */
		assert_in_range(get(&vm, SHUNT), VALID | 143, VALID | 147);
		/* what an INA226 computes of these, by 100 uA and 2.5 mW */
		assert_in_range(get(&vm, CURRENT), VALID | 1787, VALID | 1838);
		assert_in_range(get(&vm, POWER), VALID | 235, VALID | 243);
		assert_in_range(get(&vm, TEMPERATURE), VALID | 639,
				VALID | 641);
		/* Read only, and not there */
		put(&vm, POWER, 0);
		assert_true(get(&vm, POWER) & VALID);
		assert_int_equal(get(&vm, 0x50), 0);
		assert_int_equal(vm_stat(&vm, "reserved_registers"), 1);
		assert_int_equal(vm_stat(&vm, "illegal.mmio"), 0);
		vm_end(&vm);
	}
}

static void test_missing(void **state)
{
	static const struct {
		const char *name;
		uint32_t bit;
		uint32_t reg[2];
	} s[] = {
		{ "power", 8, { POWER, 0 } },
		{ "voltage", 9, { BUS, 0 } },
		{ "current", 10, { CURRENT, SHUNT } },
		{ "temperature", 11, { TEMPERATURE, 0 } },
		{ "frequency", 12, { CLOCK_HZ, 0 } },
		{ "modes", 13, { CLOCK_MODE, 0 } },
		{ "alert", 14, { STATUS, CONTROL } },
	};
	struct vm vm;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		vm_start(&vm, "akd1000", "--without", s[i].name, NULL);
		assert_int_equal(get(&vm, SOURCES), 0x7f01 & ~(1u << s[i].bit));
		conversions(&vm, 1);
		put(&vm, CONTROL, 1);
		for (k = 0; k < ARRAY_SIZE(s); k++) {
			if (k == 6 && i != k)
				continue;
			assert_int_equal(!get(&vm, s[k].reg[0]), k == i);
			if (s[k].reg[1])
				assert_int_equal(!get(&vm, s[k].reg[1]),
						 k == i);
		}
		vm_end(&vm);
	}
	vm_start(&vm, "akd1500", "--without", "monitor", NULL);
	for (i = 0; i <= BUSY_HIGH; i += 4) {
		put(&vm, i, UINT32_MAX);
		assert_int_equal(get(&vm, i), 0);
	}
	vm_end(&vm);
	vm_start(&vm, "akd1500", "--without", "power,modes", NULL);
	assert_int_equal(get(&vm, SOURCES), 0x5e01);
	vm_end(&vm);
}

static void test_modes(void **state)
{
	static const uint32_t hz[] = { 300000000, 400000000 };
	struct vm vm;
	uint64_t busy, energy, ns, mw;
	unsigned int chip, mode;

	(void)state;
	for (chip = 0; chip < 2; chip++) {
		vm_start(&vm, chip ? "akd1500" : "akd1000", NULL);
		assert_int_equal(get(&vm, CLOCK_MODE), VALID);
		for (mode = 0; mode < 3; mode++) {
			put(&vm, CLOCK_MODE, mode);
			assert_int_equal(get(&vm, CLOCK_MODE), VALID | mode);
			assert_int_equal(get(&vm, CLOCK_HZ),
					 (uint64_t)hz[chip] * 909 /
						 published_us[mode]);
			busy = get(&vm, BUSY_LOW);
			busy |= (uint64_t)get(&vm, BUSY_HIGH) << 32;
			energy = told(&vm, "energy_nj");
			/* by the test's clock: not sooner */
			ns = (uint64_t)100000 * 1000000000 / hz[chip] *
			     published_us[mode] / 909;
			assert_true(loopback(&vm, 100000) >= ns);
			/* by the board's: exactly */
			assert_in_range(told(&vm, "busy_ns") - busy, ns - 10,
					ns + 10);
			mw = (told(&vm, "energy_nj") - energy) * 1000 / ns;
			assert_in_range(mw + 600, published_mw[mode] - 1,
					published_mw[mode] + 1);
		}
		/* No such mode */
		put(&vm, CLOCK_MODE, 3);
		assert_int_equal(get(&vm, CLOCK_MODE), VALID | 2);
		/* What a reset of the function leaves */
		vm_write16(&vm, CONFIG, 0x78, 0x8000);
		vm_setup(&vm);
		assert_int_equal(get(&vm, CLOCK_MODE), VALID);
		vm_end(&vm);
	}
}

/* The sensor sees work of a conversion's length as what it costs. */
static void test_load(void **state)
{
	struct vm vm;
	uint32_t power, high = 0, i;
	int16_t idle;

	(void)state;
	vm_start(&vm, "akd1000", "--seed", "7", NULL);
	conversions(&vm, 2);
	idle = get(&vm, TEMPERATURE);
	put(&vm, CLOCK_MODE, 2);
	/*
	 * 32 MHz: this takes 124 ms, so that the last conversion had nothing
	 * else; once more if this process was not there to see it.
	 */
	for (i = 0; i < 10 && high < 650000; i++) {
		loopback(&vm, 4000000);
		power = (get(&vm, POWER) & 0xffff) * 2500;
		if (power > high)
			high = power;
	}
	assert_in_range(high, 650000, 658000 + 4 * 2500);
	put(&vm, CLOCK_MODE, 0);
	conversions(&vm, 3);
	assert_in_range(get(&vm, POWER) & 0xffff, 235, 243);
	assert_in_range((int16_t)get(&vm, TEMPERATURE), idle - 2, idle + 2);
	vm_end(&vm);
}

/* The same seed and the same conversion tell the same. */
static void test_noise(void **state)
{
	uint32_t first[64] = { 0 }, bus[8] = { 0 }, differ = 0, same = 0, n;
	struct vm vm;
	unsigned int run, i;

	(void)state;
	for (run = 0; run < 3; run++) {
		vm_start(&vm, "akd1000", "--seed", run == 2 ? "6" : "5", NULL);
		for (i = 0; i < 60; i++) {
			uint32_t v = 0;

			/* Of one conversion, even if the next one ends */
			do {
				n = get(&vm, SAMPLES);
				v = get(&vm, SHUNT) << 16 |
				    (get(&vm, BUS) & 0xffff);
			} while (get(&vm, SAMPLES) != n);
			if (n && n < ARRAY_SIZE(first)) {
				if (run == 0)
					first[n] = v;
				else if (run == 1 && first[n])
					assert_int_equal(v, first[n]);
				else if (first[n])
					*(v == first[n] ? &same : &differ) += 1;
				bus[(v & 0xffff) - 2639]++;
			}
			usleep(10000);
		}
		vm_end(&vm);
	}
	assert_true(differ > same);
	assert_true(bus[0] && bus[1] && bus[2]);
}

static void test_alert(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	assert_int_equal(get(&vm, LIMIT), 0xffff);
	vm_ctl_ok(&vm, "fault sensor-alert");
	/* Nobody wants to know. */
	vm_no_irq(&vm);
	assert_int_equal(get(&vm, STATUS), 3);
	put(&vm, CONTROL, 1);
	assert_int_equal(vm_irqs(&vm, 10000), 1);
	/* Again until it is acknowledged, as messages may become one. */
	assert_int_equal(vm_irqs(&vm, 10000), 1);
	put(&vm, STATUS, 1);
	assert_int_equal(get(&vm, STATUS), 2);
	vm_irqs(&vm, 1);
	assert_int_equal(vm_irqs(&vm, 300), 0);
	vm_ctl_ok(&vm, "clear sensor-alert");
	assert_int_equal(get(&vm, STATUS), 0);
	assert_int_equal(vm_stat(&vm, "faults.sensor-alert"), 1);

	/* A limit below the floor, one alert for the time that it is over */
	put(&vm, LIMIT, 200);
	assert_int_equal(vm_irqs(&vm, 10000), 1);
	assert_int_equal(get(&vm, STATUS), 3);
	put(&vm, STATUS, 1);
	vm_irqs(&vm, 1);
	assert_int_equal(vm_irqs(&vm, 300), 0);
	assert_int_equal(get(&vm, STATUS), 2);
	put(&vm, LIMIT, 0xffff);
	conversions(&vm, 2);
	assert_int_equal(get(&vm, STATUS), 0);
	vm_end(&vm);
}

static void test_absent(void **state)
{
	static const uint32_t regs[] = { SHUNT, BUS, POWER, CURRENT,
					 TEMPERATURE };
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	conversions(&vm, 1);
	vm_ctl_ok(&vm, "fault sensor-absent");
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		assert_int_equal(get(&vm, regs[i]), 0);
	/* It is the sensor's, not the clock's. */
	assert_int_equal(get(&vm, CLOCK_HZ), 300000000);
	vm_ctl_ok(&vm, "clear sensor-absent");
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		assert_true(get(&vm, regs[i]) & VALID);
	vm_end(&vm);
}

/* Work of a quarter of a second, and a reset; false if it had ended before. */
static bool reset_under_way(struct vm *vm)
{
	uint32_t desc[8] = { 1, 0x20001000, 8000000, 0x20801000 };

	vm_start(vm, "akd1000", NULL);
	put(vm, CLOCK_MODE, 2);
	vm_poke(vm, 0x20000200, desc, sizeof(desc));
	vm_write32(vm, 0, EVENT, 0x83000502);
	vm_write32(vm, 0, EVENT + 0xb0, 1);
	vm_write32(vm, 0, EVENT + 8, 0x20000200);
	vm_write32(vm, 0, EVENT + 4, 0);
	vm_write32(vm, 0, 4, 1 << 9 | 1 << 12);
	vm_write32(vm, 0, 4, 0);
	return !vm_stat(vm, "core.jobs");
}

/* A reset of the core ends work that takes its time. */
static void test_reset(void **state)
{
	struct vm vm;
	int tries = 1;

	(void)state;
	/* A busy machine may let this process wait for so long. */
	while (!reset_under_way(&vm)) {
		vm_end(&vm);
		assert_true(tries++ < 20);
	}
	assert_int_equal(vm_read32(&vm, 0, EVENT + TIMER), 0);
	/* What comes next does not wait for it: 3 ms, not 250. */
	loopback(&vm, 100000);
	assert_int_equal(vm_stat(&vm, "core.jobs"), 1);
	assert_true(told(&vm, "busy_ns") < 4000000);
	vm_end(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle),   cmocka_unit_test(test_missing),
		cmocka_unit_test(test_modes),  cmocka_unit_test(test_load),
		cmocka_unit_test(test_noise),  cmocka_unit_test(test_alert),
		cmocka_unit_test(test_absent), cmocka_unit_test(test_reset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
