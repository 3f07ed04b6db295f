/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constants of ZIP archives that reader and writer share; PKWARE's APPNOTE
 * 6.3, sections 4.3 to 4.5.
 */
#ifndef AK_ZIP_FORMAT_H
#define AK_ZIP_FORMAT_H

#define ZIP_LOCAL_MAGIC 0x04034b50u
#define ZIP_LOCAL_SIZE 30u
#define ZIP_CENTRAL_MAGIC 0x02014b50u
#define ZIP_CENTRAL_SIZE 46u
#define ZIP_END_MAGIC 0x06054b50u
#define ZIP_END_SIZE 22u
#define ZIP_END64_MAGIC 0x06064b50u
#define ZIP_END64_SIZE 56u
#define ZIP_LOCATOR64_MAGIC 0x07064b50u
#define ZIP_LOCATOR64_SIZE 20u

/* Of an extra field with sizes of 64 bits, without its head of 4 bytes. */
#define ZIP_EXTRA64 1u

#define ZIP_FLAG_ENCRYPTED (1u << 0)
#define ZIP_FLAG_DESCRIPTOR (1u << 3) /* sizes and CRC follow the data */
#define ZIP_FLAG_PATCH (1u << 5)
#define ZIP_FLAG_STRONG (1u << 6)
#define ZIP_FLAG_UTF8 (1u << 11)
#define ZIP_FLAG_MASKED (1u << 13)

#define ZIP_STORED 0u
#define ZIP_DEFLATED 8u

#define ZIP_MAX32 0xffffffffu
#define ZIP_MAX16 0xffffu

#endif /* AK_ZIP_FORMAT_H */
