/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the program akida-hdf5 says of an HDF5 file, on its standard output.
 * All numbers are little endian, nothing is aligned:
 *
 *	"AKH5", u32 AK_H5_VERSION
 *	records: u32 kind, u32 bytes of the name with its NUL, u64 bytes of the
 *		data; the name; the data
 *	the last record is AK_H5_END
 *
 * AK_H5_TENSOR	name: path in the file without the first '/'; data: 16 bytes
 *		name of the stored type, padded with NUL; u32 dimensions; u64
 *		sizes; float32 elements, the last index the fastest, or nothing
 *		for a type that has no such values
 * AK_H5_ATTR	name: of an attribute of the root; data: text, ends with NUL
 * AK_H5_ERROR	name: "": data: a sentence, ends with NUL; nothing follows
 * AK_H5_END	name: ""; data: u64 number of records before it
 */
#ifndef AK_H5_STREAM_H
#define AK_H5_STREAM_H

#define AK_H5_MAGIC "AKH5"
#define AK_H5_VERSION 1u
#define AK_H5_HEAD 8u
#define AK_H5_RECORD 16u
#define AK_H5_DTYPE 16u
#define AK_H5_MAX_NAME 4096u
#define AK_H5_MAX_ATTR (16u << 20)
#define AK_H5_MAX_RECORDS 65536u
#define AK_H5_MAX_DIMS 8u

enum ak_h5_kind {
	AK_H5_END,
	AK_H5_TENSOR,
	AK_H5_ATTR,
	AK_H5_ERROR,
};

/* Ends of akida-hdf5 beside 0; both after a record AK_H5_ERROR. */
#define AK_H5_EXIT_FILE 1
#define AK_H5_EXIT_SANDBOX 2

#endif /* AK_H5_STREAM_H */
