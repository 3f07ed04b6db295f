/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short floats one at a time, and little-endian bytes.
 */
#ifndef AK_QUANT_HALF_H
#define AK_QUANT_HALF_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define AK_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline uint32_t ak_float_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline float ak_bits_float(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline void ak_put16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t ak_get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline void ak_put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t ak_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/**
 * ak_to_f16() - round to nearest even
 * @x: a float
 *
 * Return: bits of binary16; NaN is quiet and keeps the upper ten bits of its
 * payload, as VCVTPS2PH and FCVTN have it.
 */
static inline uint16_t ak_to_f16(float x)
{
	const uint32_t infinity = 0x7f800000, smallest_normal = 0x38800000;
	uint32_t bits = ak_float_bits(x), sign = bits >> 16 & 0x8000;
	uint32_t a = bits & 0x7fffffff;

	if (a > infinity)
		return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x3ff));
	if (a < smallest_normal) {
		/* The sum's last place is the result's: the adder rounds. */
		float sum = ak_bits_float(a) + 0.5f;

		return (uint16_t)(sign | (ak_float_bits(sum) - 0x3f000000));
	}
	/* Carries go up into the exponent, and so to infinity. */
	a += 0xfff + (a >> 13 & 1);
	a = (a - smallest_normal) >> 13;
	a += 1u << 10;
	return (uint16_t)(sign | (a > 0x7c00 ? 0x7c00 : a));
}

/**
 * ak_of_f16() - exact
 * @h: bits of binary16
 *
 * Return: its value; NaN is quiet and keeps its payload.
 */
static inline float ak_of_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, a = h & 0x7fff;
	float x;

	if (a >= 0x7c00)
		return ak_bits_float(sign | 0x7f800000 | (a & 0x3ff) << 13 |
				     (a > 0x7c00 ? 0x400000 : 0));
	if (a >= 0x400)
		return ak_bits_float(sign | ((a << 13) + 0x38000000));
	x = (float)a * 0x1p-24f;
	return sign ? -x : x;
}

/**
 * ak_to_bf16() - round to nearest even
 * @x: a float
 *
 * Return: bits of bfloat16; NaN is quiet and keeps the upper seven bits of its
 * payload.
 */
static inline uint16_t ak_to_bf16(float x)
{
	uint32_t bits = ak_float_bits(x);

	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(bits >> 16 | 0x40);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/**
 * ak_of_bf16() - exact
 * @b: bits of bfloat16
 *
 * Return: its value.
 */
static inline float ak_of_bf16(uint16_t b)
{
	return ak_bits_float((uint32_t)b << 16);
}

#endif /* AK_QUANT_HALF_H */
