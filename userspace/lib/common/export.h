/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks what the shared library exports; libakida.map lists it a second time,
 * with versions, and a test compares the two.
 */
#ifndef AK_EXPORT_H
#define AK_EXPORT_H

#define AK_EXPORT __attribute__((visibility("default")))

#endif /* AK_EXPORT_H */
