/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the safetensors reader and writer share.
 */
#ifndef AK_SAFETENSORS_FORMAT_H
#define AK_SAFETENSORS_FORMAT_H

/* Bytes of the header, at most; the limit of the reference implementation. */
#define ST_MAX_HEADER 100000000u

#define ST_PREFIX 8u /* bytes of the header's length */
#define ST_METADATA "__metadata__"

#endif /* AK_SAFETENSORS_FORMAT_H */
