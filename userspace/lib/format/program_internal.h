/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slots of the program container; facts and their standing:
 * Documentation/formats/program.rst
 */
#ifndef AK_PROGRAM_INTERNAL_H
#define AK_PROGRAM_INTERNAL_H

enum info_slot {
	INFO_VERSION = 0,
	INFO_CHIP = 1,
	INFO_IN_DIMS = 2,
	INFO_OUT_DIMS = 3,
	INFO_IN_TYPE = 4,
	INFO_OUT_TYPE = 5,
	INFO_ACTIVATION = 6,
	INFO_WINDOW_W = 7,
	INFO_WINDOW_H = 8,
	INFO_SHIFTS = 9,
	INFO_SCALES = 10,
	INFO_MAX_DESC = 11,
	INFO_EPG = 12,
	INFO_PASSES = 13,
	INFO_LEARNING = 14, /* slot number inferred */
	INFO_SLOTS = 15,
};

/* A table with one vector in it: a pass of the info part, and of the data. */
enum list_slot {
	LIST_ITEMS = 0,
	LIST_SLOTS = 1,
};

enum record_slot {
	RECORD_TRACKS = 0,
	RECORD_FNP2 = 1,
	RECORD_SLOTS = 2,
};

enum data_slot {
	DATA_PASSES = 0,
	DATA_LEARNING = 1,
	DATA_DUMMY_HEADER = 2,
	DATA_SLOTS = 3,
};

#define CHIP_BYTES 4
#define SPAN_BYTES 8
#define EPG_BYTES 8
#define DUMMY_HEADER_BYTES 8

#endif /* AK_PROGRAM_INTERNAL_H */
