/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hashes that published vectors are given as.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

/**
 * fnv1a() - FNV-1a of 32 bits
 * @data: bytes
 * @size: how many
 *
 * Return: the hash.
 */
uint32_t fnv1a(const void *data, size_t size);

/**
 * sha256_hex() - SHA-256
 * @data: bytes
 * @size: how many
 * @hex: where to put 64 digits and a NUL
 */
void sha256_hex(const void *data, size_t size, char hex[65]);

#endif /* DIGEST_H */
