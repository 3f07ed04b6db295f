/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of a board, for whoever listens: generic netlink family "akida"
 * (uapi/akida_netlink.h, akida_netlink.c).
 *
 * All hooks want process context and may sleep. They take a lock of the
 * board's events, inside which nothing of the driver is taken, so that they
 * can be called under any of its mutexes; not under spinlocks. They cannot fail:
 * what could not be sent leaves a gap in the events' numbers. Before
 * akida_event_device_add() and after akida_event_device_del() they do nothing.
 */
#ifndef AKIDA_EVENT_H
#define AKIDA_EVENT_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <akida_netlink.h>

struct akida_device;

/**
 * struct akida_event_limit - how often an event was sent lately
 * @begin: jiffies of the first in this interval
 * @sent: since then
 * @missed: held back since the last one that was sent
 */
struct akida_event_limit {
	unsigned long begin;
	unsigned int sent;
	u32 missed;
};

/**
 * struct akida_link - speed and width of a PCI Express link
 * @speed: megatransfers per second, 0 unknown
 * @width: lanes, 0 unknown
 */
struct akida_link {
	u32 speed;
	u32 width;
};

/**
 * struct akida_events - what a board keeps of its events
 * @lock: for all of it; innermost of the driver's mutexes
 * @live: the board was announced and not taken back
 * @seq: of the last event
 * @limit: of each command
 * @link: as it was last seen
 * @link_max: what both ends of the link can do
 * @link_work: looks at it
 */
struct akida_events {
	struct mutex lock;
	bool live;
	u64 seq;
	struct akida_event_limit limit[AKIDA_NL_CMD_MAX + 1];
	struct akida_link link;
	struct akida_link link_max;
	struct delayed_work link_work;
};

int akida_event_module_init(void);
void akida_event_module_exit(void);

/**
 * akida_event_init() - a board that nobody knows of
 * @adev: board
 */
void akida_event_init(struct akida_device *adev);

/**
 * akida_event_exit() - end of akida_event_init()
 * @adev: board that is not used any more
 */
void akida_event_exit(struct akida_device *adev);

/**
 * akida_event_device_add() - a board can be used
 * @adev: board with its node
 */
void akida_event_device_add(struct akida_device *adev);

/**
 * akida_event_device_del() - a board goes
 * @adev: board; without effect if it was never added
 */
void akida_event_device_del(struct akida_device *adev);

/**
 * akida_event_program() - a program was loaded or unloaded
 * @adev: board
 * @loaded: it was loaded
 * @file: number of the open file that it belongs to (akida_queue.id)
 * @program: number (akida_program.id)
 * @size: bytes
 */
void akida_event_program(struct akida_device *adev, bool loaded, u64 file,
			 u64 program, u32 size);

/**
 * akida_event_job_failed() - a job ended with an error
 * @adev: board
 * @file: number of the open file
 * @program: number
 * @job: number in its file
 * @status: negative errno
 */
void akida_event_job_failed(struct akida_device *adev, u64 file, u64 program,
			    u64 job, int status);

/**
 * akida_event_hang() - the core does not get on
 * @adev: board
 * @file: number of the open file
 * @program: number
 */
void akida_event_hang(struct akida_device *adev, u64 file, u64 program);

/**
 * akida_event_reset() - core or board were reset, or could not be
 * @adev: board
 * @what: how much of it
 * @status: 0, or a negative errno if it does not work after that
 *
 * Looks at the link, too: that is when it may have been trained anew.
 */
void akida_event_reset(struct akida_device *adev, enum akida_nl_reset what,
		       int status);

/**
 * akida_event_sensor() - a sensor of the board raised its alert, or ended it
 * @adev: board
 * @sensor: which
 * @limit: which limit was crossed
 * @value: in the unit of @sensor, NULL if it could not be read
 *
 * The board's own alert, not a comparison of the driver's.
 */
void akida_event_sensor(struct akida_device *adev, enum akida_nl_sensor sensor,
			enum akida_nl_limit limit, const s64 *value);

#endif /* AKIDA_EVENT_H */
