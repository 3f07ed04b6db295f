/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine with two boards, as sysfs and /dev show it.
 */
#ifndef BOARD_MACHINE_H
#define BOARD_MACHINE_H

/* Its boards: akida0, an AKD1000, and akida12, an AKD1500 */
#define PCI_A "/sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0"
#define PCI_B "/sys/devices/pci0000:00/0000:00:03.0/0000:a2:1f.7"

/* The folder that it is in. */
extern char board_root[64];

/**
 * board_file() - make a file of the machine
 * @path: from its root
 * @text: what it says
 */
void board_file(const char *path, const char *text);

/**
 * board_link() - make a symbolic link
 * @path: from the machine's root
 * @target: where it leads
 */
void board_link(const char *path, const char *target);

/**
 * board_machine_up() - make the machine and have the library look at it
 * @state: cmocka's, not used
 *
 * Return: 0 or -1; a set-up function of a group.
 */
int board_machine_up(void **state);

/**
 * board_machine_down() - undo it
 * @state: cmocka's, not used
 *
 * Return: 0 or -1.
 */
int board_machine_down(void **state);

#endif
