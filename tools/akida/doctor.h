/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida doctor: findings, and the checks that make them.
 *
 * Every check has a name that scripts may rely on. A check says something
 * even if all is well.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, but worse than it could */
	DOCTOR_FAIL, /* does not work, or is dangerous */
};

/**
 * struct doctor_finding - what a check found
 * @level: how bad
 * @check: name of the check
 * @board: PCI address of the board that it is about, "" for the machine
 * @text: what was found
 * @remedy: what to do, NULL if nothing
 */
struct doctor_finding {
	enum doctor_level level;
	const char *check;
	char board[24];
	char *text;
	char *remedy;
};

/**
 * struct doctor_caller - who asks
 * @uid: effective user
 * @name: of the user, "" if /etc/passwd does not have it
 * @groups: all groups, the effective one included
 * @num_groups: how many
 * @caps: effective capabilities
 */
struct doctor_caller {
	uid_t uid;
	char name[64];
	gid_t groups[256];
	size_t num_groups;
	uint64_t caps;
};

/**
 * struct doctor - an examination
 * @findings: so far
 * @count: how many
 * @board: PCI address that findings are about now, "" for the machine
 * @release: of the running kernel
 * @caller: who asks
 * @boards: functions that are examined
 * @num_boards: how many
 * @loaded: akida.ko is
 */
struct doctor {
	struct doctor_finding *findings;
	size_t count;
	char board[24];
	char release[128];
	struct doctor_caller caller;
	struct host_pci *boards;
	int num_boards;
	bool loaded;
};

/**
 * doctor_find() - note a finding
 * @d: examination
 * @level: how bad
 * @check: name of the check
 * @fmt: what was found, as printf
 */
void doctor_find(struct doctor *d, enum doctor_level level, const char *check,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * doctor_remedy() - say what to do about the last finding
 * @d: examination
 * @fmt: as printf
 */
void doctor_remedy(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * doctor_module() - akida.ko, the vendor's modules, what the kernel allows
 * @d: examination
 */
void doctor_module(struct doctor *d);

/**
 * doctor_pci() - a board as a PCI function
 * @d: examination
 * @f: board
 */
void doctor_pci(struct doctor *d, const struct host_pci *f);

/**
 * doctor_rules() - udev's rules, the group, locked memory
 * @d: examination
 */
void doctor_rules(struct doctor *d);

/**
 * doctor_node() - a board's node: who may open it, and does it open
 * @d: examination
 * @f: board
 */
void doctor_node(struct doctor *d, const struct host_pci *f);

#endif /* DOCTOR_H */
