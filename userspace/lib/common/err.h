/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Error texts: a negative errno says what kind, a sentence says where and what
 * to do about it.
 */
#ifndef AK_ERR_H
#define AK_ERR_H

#define AK_ERR_TEXT 768

/**
 * struct ak_err - the last error's sentence
 * @text: NUL-terminated; "" when nothing has failed
 */
struct ak_err {
	char text[AK_ERR_TEXT];
};

/**
 * ak_errf() - note an error
 * @err: where to, or NULL
 * @code: negative errno
 * @fmt: printf format of the sentence; control characters that come out of a
 *	file are replaced by '?'
 *
 * Return: @code, so that a caller can "return ak_errf(...)".
 */
int ak_errf(struct ak_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * ak_err_prefix() - put a place in front of a sentence
 * @err: a noted error
 * @fmt: printf format of what goes before, "%s: " for a file name
 */
void ak_err_prefix(struct ak_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* AK_ERR_H */
