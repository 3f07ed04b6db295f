// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The meshes. Nodes and numbers of each kind of NP: BrainChip's virtual
 * devices (official). They say AKD1000: 78 NPs, CNP1 on all, CNP2 on 54, FNP3
 * on 18, FNP2 on the 4 of node (4,1); AKD1500: 32 NPs, FNP2 at (1,2,0). The
 * one way to divide this evenly, used here, is one FNP3 and three CNP2 in each
 * ordinary node (inferred); that the FNP3 is number 0 is how a public program
 * has it at (1,3,0) of an AKD1500 (measured).
 */
#include "program/np.h"

#include <stddef.h>

#define CNP (AK_NP_CNP1 | AK_NP_CNP2)
#define FNP3 (AK_NP_CNP1 | AK_NP_FNP3)
#define FNP2 (AK_NP_CNP1 | AK_NP_FNP2)

/* An ordinary node. */
#define NODE(c, r)                                                         \
	{ c, r, 0, FNP3, -1 }, { c, r, 1, CNP, -1 }, { c, r, 2, CNP, -1 }, \
	{                                                                  \
		c, r, 3, CNP, -1                                           \
	}

static const struct ak_mesh akd1000 = {
	.name = "akd1000",
	.target = AKIDA_TARGET_AKD1000,
	.chip = { AK_CHIP_VENDOR_VIRTUAL, AK_CHIP_PRODUCT_AKD1000, 0, 1 },
	.np = {
		NODE(1, 1), NODE(1, 2), NODE(1, 3), NODE(1, 4),
		NODE(2, 1), NODE(2, 2), NODE(2, 3), NODE(2, 4),
		/* 0 and 1 of (3,1) are the DMAs. */
		{ 3, 1, 2, AK_NP_CNP1, -1 }, { 3, 1, 3, AK_NP_CNP1, -1 },
		NODE(3, 2), NODE(3, 3), NODE(3, 4),
		{ 4, 1, 0, FNP2, 0 }, { 4, 1, 1, FNP2, 1 },
		{ 4, 1, 2, FNP2, 2 }, { 4, 1, 3, FNP2, 3 },
		NODE(4, 2), NODE(4, 3), NODE(4, 4),
		NODE(5, 1), NODE(5, 2), NODE(5, 3), NODE(5, 4),
	},
	.num_nps = 78,
};

static const struct ak_mesh akd1500 = {
	.name = "akd1500",
	.target = AKIDA_TARGET_AKD1500,
	.chip = { AK_CHIP_VENDOR_VIRTUAL, AK_CHIP_PRODUCT_AKD1500, 0, 1 },
	.np = {
		/* (1,1) holds the DMAs. */
		{ 1, 2, 0, FNP2, 0 }, { 1, 2, 1, CNP, -1 },
		{ 1, 2, 2, CNP, -1 }, { 1, 2, 3, CNP, -1 },
		NODE(1, 3),
		NODE(2, 1), NODE(2, 2), NODE(2, 3),
		NODE(3, 1), NODE(3, 2), NODE(3, 3),
	},
	.num_nps = 32,
};

const struct ak_mesh *ak_mesh_of(enum akida_target target)
{
	switch (target) {
	case AKIDA_TARGET_AKD1000:
		return &akd1000;
	case AKIDA_TARGET_AKD1500:
		return &akd1500;
	default:
		return NULL;
	}
}
