// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "../unit/mesh_program.h"
#include "mesh.h"
#include "program/program.h"
#include "timing.h"

#define BASE 0x24000000

static unsigned int count_tracks(const struct ak_program_file *p)
{
	unsigned int n = 0;
	uint32_t i, j;

	for (i = 0; i < p->num_passes; i++)
		for (j = 0; j < p->pass[i].num_records; j++)
			n += p->pass[i].record[j].num_tracks;
	return n;
}

/* All passes of a program, each configured anew if there are several. */
static int run(struct ak_vmesh *v, const struct ak_mesh *mesh,
	       struct mesh_external *x, const uint8_t *in, uint8_t *map[2],
	       bool configure, struct ak_err *err)
{
	struct ak_vmesh_io io;
	uint32_t fnp2[4] = { 0 }, i;
	uint64_t cycles;
	int rc = 0;

	for (i = 0; i < x->p->num_passes && !rc; i++) {
		if (configure || x->p->num_passes > 1)
			rc = mesh_configure(v, mesh, x, i, fnp2, err);
		if (!rc)
			rc = ak_vmesh_prepare(v, mesh_read, x, fnp2, &io, err);
		if (!rc)
			ak_vmesh_run(v, i ? map[~i & 1] : in, map[i & 1],
				     &cycles);
	}
	return rc;
}

/* Median milliseconds of an inference, or less than 0. */
static double time_program(const struct ak_mesh *mesh,
			   const struct ak_program_file *p, const uint8_t *in,
			   size_t most, unsigned int runs, struct ak_err *err)
{
	struct ak_vmesh *v = must(ak_vmesh_new(mesh, 1));
	struct mesh_external x = { p, BASE };
	uint8_t *map[2] = { must(malloc(most)), must(malloc(most)) };
	double *ms = must(malloc(runs * sizeof(*ms))), rc = -1;
	unsigned int i;

	if (!run(v, mesh, &x, in, map, true, err)) {
		for (i = 0; i < runs; i++) {
			double t = now();

			run(v, mesh, &x, in, map, false, err);
			ms[i] = now() - t;
		}
		rc = median(ms, runs);
	}
	free(ms);
	free(map[0]);
	free(map[1]);
	ak_vmesh_free(v);
	return rc;
}

static size_t largest_map(const struct ak_model *m)
{
	size_t most = 0, n;
	uint32_t i;

	for (i = 0; i < m->num_layers; i++) {
		n = ak_shape_elements(&m->layers[i].out) * sizeof(int32_t);
		most = n > most ? n : most;
	}
	return most;
}

void bench_mesh(const struct ak_model *m, const uint8_t *in, unsigned int runs,
		double soft)
{
	static const enum akida_target targets[] = { AKIDA_TARGET_AKD1000,
						     AKIDA_TARGET_AKD1500 };
	static const char *const names[] = { "AKD1000", "AKD1500" };
	struct ak_err err = { "" };
	struct ak_program_file p;
	struct ak_built b;
	double ms = -1;
	int i;

	for (i = 0; i < 2; i++) {
		const struct ak_mesh *mesh = ak_mesh_of(targets[i]);

		if (ak_build(m, mesh, 0, &b, &err)) {
			printf("  virtual %s: %s\n", names[i], err.text);
			continue;
		}
		if (!ak_program_file_parse(&p, b.file, b.size, &err)) {
			ms = time_program(mesh, &p, in, largest_map(m), runs,
					  &err);
			printf("  virtual %s: %zu bytes of data in %u tracks, %u pass%s",
			       names[i], p.data_size, count_tracks(&p),
			       p.num_passes, p.num_passes == 1 ? "" : "es");
			if (ms >= 0)
				printf("; its core %.3f ms, %.0f %% of the software backend's speed, 1 thread\n",
				       ms, 100 * soft / ms);
			ak_program_file_clear(&p);
		}
		if (ms < 0)
			printf("; %s\n", err.text);
		ak_built_free(&b);
	}
}
