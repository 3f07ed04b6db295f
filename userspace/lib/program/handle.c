// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building programs, as the library's users see it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "akida/build.h"
#include "common/export.h"
#include "common/file.h"
#include "common/util.h"
#include "program/program.h"

struct akida_build {
	struct ak_err err;
	struct ak_built built;
	uint32_t model_layers;
};

_Static_assert(AKIDA_BUILD_PASSES_MAX == AK_BUILD_PASSES_MAX &&
		       AKIDA_BUILD_PARTIAL == AK_BUILD_PARTIAL &&
		       AKIDA_BUILD_SPARSE_OUTPUT == AK_BUILD_SPARSE_OUTPUT,
	       "public and internal flags are the same");

#define ALL_FLAGS                                       \
	(AKIDA_BUILD_PASSES_MAX | AKIDA_BUILD_PARTIAL | \
	 AKIDA_BUILD_SPARSE_OUTPUT)

AK_EXPORT struct akida_build *akida_build_new(void)
{
	return calloc(1, sizeof(struct akida_build));
}

AK_EXPORT void akida_build_free(struct akida_build *b)
{
	if (!b)
		return;
	ak_built_free(&b->built);
	free(b);
}

AK_EXPORT const char *akida_build_error(const struct akida_build *b)
{
	return b->err.text;
}

AK_EXPORT int akida_build_model(struct akida_build *b, struct akida_model *m,
				enum akida_target target, unsigned int flags)
{
	const struct ak_mesh *mesh = ak_mesh_of(target);
	int rc;

	ak_built_free(&b->built);
	if (!mesh || (flags & ~ALL_FLAGS))
		return ak_errf(
			&b->err, -EINVAL, "%s",
			mesh ? "unknown flags" :
			       "programs are built for akd1000 or akd1500");
	rc = akida_model_check_runnable(m);
	if (rc)
		return ak_errf(&b->err, rc, "%s", akida_model_error(m));
	b->model_layers = m->model.num_layers;
	return ak_build(&m->model, mesh, flags, &b->built, &b->err);
}

AK_EXPORT const void *akida_build_data(const struct akida_build *b,
				       size_t *size)
{
	*size = b->built.size;
	return b->built.file;
}

AK_EXPORT int akida_build_save(struct akida_build *b, const char *path)
{
	if (!b->built.file)
		return ak_errf(&b->err, -EINVAL, "nothing is built");
	return ak_file_write(path, b->built.file, b->built.size, &b->err);
}

AK_EXPORT int akida_build_info(const struct akida_build *b,
			       struct akida_build_info *info, size_t info_size)
{
	const struct ak_built *p = &b->built;
	struct akida_build_info i = {
		.num_passes = p->num_passes,
		.num_layers = p->num_layers,
		.num_placements = (uint32_t)p->num_placements,
		.rest_reason = p->rest_reason,
		.first_layer = p->first_layer,
	};
	unsigned int k;

	if (!p->file)
		return -EINVAL;
	i.num_nps = p->mesh->num_nps;
	for (k = 0; k < p->mesh->num_nps; k++) {
		const struct ak_np_place *np = &p->mesh->np[k];

		i.columns = np->col > i.columns ? np->col : i.columns;
		i.rows = np->row > i.rows ? np->row : i.rows;
	}
	return ak_copy_out(info, info_size, &i, sizeof(i));
}

AK_EXPORT int akida_build_placement(const struct akida_build *b, unsigned int i,
				    struct akida_placement_info *info,
				    size_t info_size)
{
	struct akida_placement_info o = { .pass = 0 };
	const struct ak_placement *p;

	if (i >= b->built.num_placements)
		return -ENOENT;
	p = &b->built.placement[i];
	o.pass = p->pass;
	o.layer = p->layer;
	if (p->np >= 0) {
		o.column = b->built.mesh->np[p->np].col;
		o.row = b->built.mesh->np[p->np].row;
		o.np = b->built.mesh->np[p->np].id;
	}
	o.first_filter = p->first;
	o.num_filters = p->count;
	o.filter_bytes = p->external ? p->fnp2.words * 4 : p->filter_bytes;
	o.fire_bytes = p->fire_bytes;
	o.external = p->external;
	if (!p->external)
		o.filter_capacity =
			p->np < 0 ? AK_HRC_FILTER_BYTES : AK_NP_FILTER_BYTES;
	o.fire_capacity = p->np < 0 ? AK_HRC_FIRE_BYTES : AK_NP_FIRE_BYTES;
	o.words = p->track.words;
	return ak_copy_out(info, info_size, &o, sizeof(o));
}

AK_EXPORT int akida_build_np(const struct akida_build *b, unsigned int i,
			     uint32_t *column, uint32_t *row, uint32_t *np)
{
	if (!b->built.mesh || i >= b->built.mesh->num_nps)
		return -ENOENT;
	*column = b->built.mesh->np[i].col;
	*row = b->built.mesh->np[i].row;
	*np = b->built.mesh->np[i].id;
	return 0;
}

AK_EXPORT uint64_t akida_build_cycles(const struct akida_build *b,
				      unsigned int layer)
{
	if (!b->built.cycles || layer >= b->model_layers)
		return 0;
	return b->built.cycles[layer];
}
