/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: Events over generic netlink
 *
 * The family "akida" tells what happens to boards. Its specification is
 * Documentation/netlink/akida.yaml, and the numbers below are those of it:
 * commands, attributes and values are only ever added at the end, and a message
 * may have attributes that its reader does not know.
 *
 * AKIDA_NL_CMD_DEVICE_GET answers for the board of AKIDA_NL_A_INDEX, or as a
 * dump for all. All other commands are events, sent to one multicast group.
 *
 * Every event has AKIDA_NL_A_INDEX, AKIDA_NL_A_PCI, AKIDA_NL_A_SEQ and
 * AKIDA_NL_A_TIME. SEQ counts the events of a board from 1 on, also those that
 * were held back or found no memory, so that a gap shows what was missed. Of an
 * event that comes too often only some are sent; the next that is has
 * AKIDA_NL_A_MISSED.
 */
#ifndef _UAPI_AKIDA_NETLINK_H
#define _UAPI_AKIDA_NETLINK_H

#define AKIDA_NL_FAMILY_NAME "akida"
#define AKIDA_NL_FAMILY_VERSION 1

/* Multicast groups */
#define AKIDA_NL_MCGRP_DEVICE "device"
#define AKIDA_NL_MCGRP_PROGRAM "program"
#define AKIDA_NL_MCGRP_JOB "job"
#define AKIDA_NL_MCGRP_RESET "reset"
#define AKIDA_NL_MCGRP_SENSOR "sensor"
#define AKIDA_NL_MCGRP_LINK "link"

/**
 * enum akida_nl_state - what a board can do
 * @AKIDA_NL_STATE_LIVE: works
 * @AKIDA_NL_STATE_BLOCKED: is being reset, sleeps, or is in error recovery
 * @AKIDA_NL_STATE_GONE: was given up or is being removed
 */
enum akida_nl_state {
	AKIDA_NL_STATE_LIVE,
	AKIDA_NL_STATE_BLOCKED,
	AKIDA_NL_STATE_GONE,
};

/**
 * enum akida_nl_reset - what was reset
 * @AKIDA_NL_RESET_CORE: the core alone, after a job that hung it
 * @AKIDA_NL_RESET_BOARD: the board by its registers, since somebody asked
 * @AKIDA_NL_RESET_RECOVERY: the board, as it did not do as told
 * @AKIDA_NL_RESET_BUS: the function or its slot by the PCI core, or sleep;
 *	the driver has set the board up again
 * @AKIDA_NL_RESET_GIVEN_UP: nothing helped: the board is not used any more
 */
enum akida_nl_reset {
	AKIDA_NL_RESET_CORE,
	AKIDA_NL_RESET_BOARD,
	AKIDA_NL_RESET_RECOVERY,
	AKIDA_NL_RESET_BUS,
	AKIDA_NL_RESET_GIVEN_UP,
};

/**
 * enum akida_nl_sensor - sensor of a board, and the unit of its values
 * @AKIDA_NL_SENSOR_POWER: microwatts
 * @AKIDA_NL_SENSOR_VOLTAGE: millivolts
 * @AKIDA_NL_SENSOR_CURRENT: milliamperes
 * @AKIDA_NL_SENSOR_TEMPERATURE: thousandths of a degree Celsius
 */
enum akida_nl_sensor {
	AKIDA_NL_SENSOR_POWER,
	AKIDA_NL_SENSOR_VOLTAGE,
	AKIDA_NL_SENSOR_CURRENT,
	AKIDA_NL_SENSOR_TEMPERATURE,
};

/**
 * enum akida_nl_limit - which limit of a sensor was crossed
 * @AKIDA_NL_LIMIT_MIN: the value is too low
 * @AKIDA_NL_LIMIT_MAX: the value is too high
 * @AKIDA_NL_LIMIT_NONE: the board's alert has ended; the driver looks for that
 *	twice a second, and not while the board is suspended or being reset
 */
enum akida_nl_limit {
	AKIDA_NL_LIMIT_MIN,
	AKIDA_NL_LIMIT_MAX,
	AKIDA_NL_LIMIT_NONE,
};

/**
 * enum akida_nl_a - attributes
 * @AKIDA_NL_A_UNSPEC: none
 * @AKIDA_NL_A_PAD: aligns 64-bit attributes
 * @AKIDA_NL_A_INDEX: u32: N of /dev/akidaN
 * @AKIDA_NL_A_PCI: string: address of the PCI function
 * @AKIDA_NL_A_SEQ: u64: number of the event among its board's
 * @AKIDA_NL_A_TIME: u64: nanoseconds of CLOCK_MONOTONIC
 * @AKIDA_NL_A_MISSED: u32: such events of this board that were held back since
 *	the last one; absent if none
 * @AKIDA_NL_A_CHIP: u32: AKIDA_CHIP_AKD1000 or AKIDA_CHIP_AKD1500
 * @AKIDA_NL_A_VIRTUAL: flag: a virtual board, not silicon
 * @AKIDA_NL_A_STATE: u32: enum akida_nl_state
 * @AKIDA_NL_A_FILE: u64: number of the open file, never used again
 * @AKIDA_NL_A_PROGRAM: u64: number of the program, never used again
 * @AKIDA_NL_A_SIZE: u32: bytes of the program
 * @AKIDA_NL_A_JOB: u64: number of the job in its file
 * @AKIDA_NL_A_STATUS: s32: 0 or a negative errno
 * @AKIDA_NL_A_RESET: u32: enum akida_nl_reset
 * @AKIDA_NL_A_SENSOR: u32: enum akida_nl_sensor
 * @AKIDA_NL_A_LIMIT: u32: enum akida_nl_limit
 * @AKIDA_NL_A_VALUE: s64: of the sensor, in its unit; absent if it could not be
 *	read
 * @AKIDA_NL_A_LINK_SPEED: u32: megatransfers per second
 * @AKIDA_NL_A_LINK_WIDTH: u32: lanes
 * @AKIDA_NL_A_LINK_SPEED_MAX: u32: what both ends of the link can do
 * @AKIDA_NL_A_LINK_WIDTH_MAX: u32: what both ends of the link can do
 */
enum akida_nl_a {
	AKIDA_NL_A_UNSPEC,
	AKIDA_NL_A_PAD,
	AKIDA_NL_A_INDEX,
	AKIDA_NL_A_PCI,
	AKIDA_NL_A_SEQ,
	AKIDA_NL_A_TIME,
	AKIDA_NL_A_MISSED,
	AKIDA_NL_A_CHIP,
	AKIDA_NL_A_VIRTUAL,
	AKIDA_NL_A_STATE,
	AKIDA_NL_A_FILE,
	AKIDA_NL_A_PROGRAM,
	AKIDA_NL_A_SIZE,
	AKIDA_NL_A_JOB,
	AKIDA_NL_A_STATUS,
	AKIDA_NL_A_RESET,
	AKIDA_NL_A_SENSOR,
	AKIDA_NL_A_LIMIT,
	AKIDA_NL_A_VALUE,
	AKIDA_NL_A_LINK_SPEED,
	AKIDA_NL_A_LINK_WIDTH,
	AKIDA_NL_A_LINK_SPEED_MAX,
	AKIDA_NL_A_LINK_WIDTH_MAX,
	__AKIDA_NL_A_MAX,
};

#define AKIDA_NL_A_MAX (__AKIDA_NL_A_MAX - 1)

/**
 * enum akida_nl_cmd - commands and events
 * @AKIDA_NL_CMD_UNSPEC: none
 * @AKIDA_NL_CMD_DEVICE_GET: INDEX, PCI, CHIP, VIRTUAL, STATE, LINK_* of a
 *	board, and SEQ of its last event (0 without one)
 * @AKIDA_NL_CMD_DEVICE_ADD_NTF: group device: CHIP, VIRTUAL, LINK_*
 * @AKIDA_NL_CMD_DEVICE_DEL_NTF: group device: CHIP, VIRTUAL
 * @AKIDA_NL_CMD_PROGRAM_ADD_NTF: group program: FILE, PROGRAM, SIZE
 * @AKIDA_NL_CMD_PROGRAM_DEL_NTF: group program: FILE, PROGRAM, SIZE
 * @AKIDA_NL_CMD_JOB_FAIL_NTF: group job: FILE, PROGRAM, JOB, STATUS; not for
 *	jobs that ended because their file was closed
 * @AKIDA_NL_CMD_HANG_NTF: group reset: FILE, PROGRAM: the core could not run a
 *	job or did not end it, or could not be given the program
 * @AKIDA_NL_CMD_RESET_NTF: group reset: RESET, STATUS
 * @AKIDA_NL_CMD_SENSOR_NTF: group sensor: SENSOR, LIMIT, VALUE
 * @AKIDA_NL_CMD_LINK_NTF: group link: LINK_*: the link became worse than both
 *	ends can do, or changed after that
 */
enum akida_nl_cmd {
	AKIDA_NL_CMD_UNSPEC,
	AKIDA_NL_CMD_DEVICE_GET,
	AKIDA_NL_CMD_DEVICE_ADD_NTF,
	AKIDA_NL_CMD_DEVICE_DEL_NTF,
	AKIDA_NL_CMD_PROGRAM_ADD_NTF,
	AKIDA_NL_CMD_PROGRAM_DEL_NTF,
	AKIDA_NL_CMD_JOB_FAIL_NTF,
	AKIDA_NL_CMD_HANG_NTF,
	AKIDA_NL_CMD_RESET_NTF,
	AKIDA_NL_CMD_SENSOR_NTF,
	AKIDA_NL_CMD_LINK_NTF,
	__AKIDA_NL_CMD_MAX,
};

#define AKIDA_NL_CMD_MAX (__AKIDA_NL_CMD_MAX - 1)

#endif
