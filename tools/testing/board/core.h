/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Driving the core of a board as the vendor's engine does: a program is put into
 * the board's memory, configuration descriptors load it, jobs run it. What comes
 * out must be the software backend's bytes.
 */
#ifndef TEST_CORE_H
#define TEST_CORE_H

#include "client.h"
#include "model/model.h"
#include "program/program.h"

struct npu;

/* Registers of the core (official names and offsets) */
#define GENERAL_CONTROL 0x4
#define FNP2_ADDR 0x10
#define EVENT 0x20000
#define HRC 0x28000
#define CONFIG_DMA 0x30000
#define INTERRUPTS 0x70000
#define CTRL_RUN 0x83000502u /* as the vendor's script has it */
#define CTRL_RESET 0x83000200u
#define ERROR_STATUS (4u | 1u << 18)

/**
 * struct core_layout - where things lie in device memory
 * @config: configuration descriptors
 * @job: jobs' descriptors
 * @program: data of a program
 * @in: an input
 * @out: an output
 * @end: end of what outputs may take
 */
struct core_layout {
	uint32_t config, job, program, in, out, end;
};

/**
 * struct core - a board with a program in its memory
 * @vm: machine
 * @bar: BAR of the core
 * @at: where things lie
 * @m: the model
 * @n: the same on the software backend, prepared for the chip
 * @b: the program
 * @p: the same, parsed
 * @jobs: descriptors rung since the core was reset
 */
struct core {
	struct vm vm;
	uint32_t bar;
	const struct core_layout *at;
	const struct ak_model *m;
	struct npu *n;
	struct ak_built b;
	struct ak_program_file p;
	uint32_t jobs;
};

/** core_start() - a board whose core is reset */
void core_start(struct core *c, const char *chip);
/** core_end() - end it */
void core_end(struct core *c);

/**
 * core_build() - build a model for the board
 * @c: board
 * @m: model; it must stay
 * @flags: AK_BUILD_*
 *
 * Return: true; false if it takes more memory than the layout has, if a layer
 * does not fit into the mesh, or a potential into an event. All else fails the
 * test.
 */
bool core_build(struct core *c, const struct ak_model *m, unsigned int flags);
/** core_forget() - undo core_build() */
void core_forget(struct core *c);

/** core_set() - write a register of the core */
void core_set(struct core *c, uint32_t off, uint32_t v);
/** core_get() - read one */
uint32_t core_get(struct core *c, uint32_t off);
/** core_put() - move bytes into the board's memory, by its DMA engine */
void core_put(struct core *c, uint32_t to, const void *data, size_t size);
/** core_put_words() - the same for 32-bit words */
void core_put_words(struct core *c, uint32_t to, const uint32_t *w, size_t n);
/** core_take() - move bytes from it */
void core_take(struct core *c, uint32_t from, void *data, size_t size);
/** core_reset() - what the engine does before anything */
void core_reset(struct core *c);
/** core_wait() - wait until a DMA block ends, and check its status */
void core_wait(struct core *c, uint32_t block, uint32_t status);
/** core_load() - the program into memory and, of one pass, into the mesh */
void core_load(struct core *c);
/** core_block() - the DMA block that takes the model's inputs */
uint32_t core_block(const struct core *c);
/** core_enable() - make that block ready for jobs */
void core_enable(struct core *c);
/** core_put_job() - an input, and the descriptor of a job */
void core_put_job(struct core *c, const uint8_t *in);
/** core_ring() - tell the core of one more job */
void core_ring(struct core *c);
/**
 * core_check() - compare the output with the software backend's
 * @c: board
 * @in: the input
 *
 * Format, length and, after the header, every byte; of sparse outputs every
 * event.
 */
void core_check(struct core *c, const uint8_t *in);
/**
 * core_draw() - an input that follows from a seed
 * @c: board
 * @seed: 0 for an empty one
 *
 * Return: values, to be freed.
 */
uint8_t *core_draw(const struct core *c, unsigned int seed);

#endif
