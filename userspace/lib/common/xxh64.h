/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XXH64: a fast hash that tells damaged or mistaken files from right ones. Not
 * for files of an adversary.
 */
#ifndef AK_XXH64_H
#define AK_XXH64_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct ak_xxh64 - a hash that is being made
 * @v: four lanes
 * @total: bytes so far
 * @rest: bytes that do not fill a stripe yet
 * @seed: of the hash
 */
struct ak_xxh64 {
	uint64_t v[4];
	uint64_t total;
	uint8_t rest[32];
	uint64_t seed;
};

/**
 * ak_xxh64_init() - begin
 * @h: hash
 * @seed: any number
 */
void ak_xxh64_init(struct ak_xxh64 *h, uint64_t seed);

/**
 * ak_xxh64_add() - more bytes
 * @h: hash
 * @data: bytes
 * @size: how many
 */
void ak_xxh64_add(struct ak_xxh64 *h, const void *data, size_t size);

/**
 * ak_xxh64_end() - the hash of all bytes so far
 * @h: hash; may go on afterwards
 *
 * Return: the XXH64 of the specification, the same on every machine.
 */
uint64_t ak_xxh64_end(const struct ak_xxh64 *h);

/**
 * ak_xxh64() - the hash of some bytes
 * @data: bytes
 * @size: how many
 * @seed: any number
 *
 * Return: as ak_xxh64_end().
 */
uint64_t ak_xxh64(const void *data, size_t size, uint64_t seed);

#endif /* AK_XXH64_H */
