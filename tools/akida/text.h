/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text from outside: names in models, labels, file names. None of it may
 * reach a terminal or a path as it is.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * text_next() - take one character of UTF-8 text
 * @s: text; moved past the character
 *
 * Return: the code point, 0 at the end, 0xfffd for a byte that is not UTF-8
 * and for code points that steer a terminal or the direction of text.
 */
uint32_t text_next(const char **s);

/**
 * text_clean() - a copy that is valid UTF-8 and harmless on a terminal
 * @s: text
 *
 * Return: a string for free(); what was refused is '?'.
 */
char *text_clean(const char *s);

/**
 * text_width() - columns that clean text takes
 * @s: text
 *
 * Return: number of characters.
 */
size_t text_width(const char *s);

/**
 * text_file_name() - a file name's part from an untrusted name
 * @s: name
 * @taken: parts that were made before; NULL where there is none
 * @count: how many
 *
 * Return: a string for free(): letters, digits, '.', '_' and '-' stay, others
 * become '_', as does a leading dot; at most 100 bytes, never empty. If it is
 * taken, ".COUNT" is appended.
 */
char *text_file_name(const char *s, char *const *taken, size_t count);

/**
 * text_load() - read a file of at most 1 MiB, say what is wrong
 * @path: file name
 * @remedy: what to do about a longer one
 * @size: where to put its bytes
 *
 * Return: its bytes with a zero behind them, for free(); NULL after an error
 * was printed.
 */
char *text_load(const char *path, const char *remedy, size_t *size);

/**
 * text_distance() - how many edits lie between two words
 * @a: word
 * @b: word
 *
 * Return: insertions, deletions, replacements and swaps of neighbours; words
 * above 31 bytes are as far apart as can be.
 */
size_t text_distance(const char *a, const char *b);

#endif /* TEXT_H */
