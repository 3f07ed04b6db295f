// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small integers in bytes, the first in the lowest bits.
 */
#include <errno.h>
#include <string.h>

#include "quant/kernels.h"

static void pack4(const uint8_t *q, size_t n, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n / 2; i++)
		out[i] = (uint8_t)((q[2 * i] & 15) | q[2 * i + 1] << 4);
}

static void pack2(const uint8_t *q, size_t n, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n / 4; i++, q += 4)
		out[i] = (uint8_t)((q[0] & 3) | (q[1] & 3) << 2 |
				   (q[2] & 3) << 4 | q[3] << 6);
}

static void pack1(const uint8_t *q, size_t n, uint8_t *out)
{
	unsigned int j;
	size_t i;

	for (i = 0; i < n / 8; i++, q += 8)
		for (j = 0, out[i] = 0; j < 8; j++)
			out[i] |= (uint8_t)((q[j] & 1) << j);
}

static void unpack4(const uint8_t *in, size_t n, uint8_t *q)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		q[2 * i] = in[i] & 15;
		q[2 * i + 1] = in[i] >> 4;
	}
}

static void unpack2(const uint8_t *in, size_t n, uint8_t *q)
{
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = in[i / 4] >> (i % 4 * 2) & 3;
}

static void unpack1(const uint8_t *in, size_t n, uint8_t *q)
{
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = in[i / 8] >> i % 8 & 1;
}

void ak_pack_init_c(struct ak_quant *k)
{
	k->pack[AK_PACK_4] = pack4;
	k->pack[AK_PACK_2] = pack2;
	k->pack[AK_PACK_1] = pack1;
	k->unpack[AK_PACK_4] = unpack4;
	k->unpack[AK_PACK_2] = unpack2;
	k->unpack[AK_PACK_1] = unpack1;
}

static int which(unsigned int bits)
{
	switch (bits) {
	case 4:
		return AK_PACK_4;
	case 2:
		return AK_PACK_2;
	case 1:
		return AK_PACK_1;
	}
	return -EINVAL;
}

int ak_pack(const struct ak_quant *k, const void *q, size_t n,
	    unsigned int bits, uint8_t *out)
{
	size_t per_byte, whole, rest;
	int w = which(bits);
	uint8_t last[8] = { 0 };

	if (bits == 8) {
		memcpy(out, q, n);
		return 0;
	}
	if (w < 0)
		return w;
	per_byte = 8 / bits;
	rest = n % per_byte;
	whole = n - rest;
	k->pack[w](q, whole, out);
	if (rest) {
		memcpy(last, (const uint8_t *)q + whole, rest);
		k->pack[w](last, per_byte, out + whole / per_byte);
	}
	return 0;
}

int ak_unpack_unsigned(const struct ak_quant *k, const uint8_t *in, size_t n,
		       unsigned int bits, uint8_t *q)
{
	size_t per_byte, whole;
	int w = which(bits);
	uint8_t last[8];

	if (bits == 8) {
		memcpy(q, in, n);
		return 0;
	}
	if (w < 0)
		return w;
	per_byte = 8 / bits;
	whole = n - n % per_byte;
	k->unpack[w](in, whole, q);
	if (n > whole) {
		k->unpack[w](in + whole / per_byte, per_byte, last);
		memcpy(q + whole, last, n - whole);
	}
	return 0;
}

int ak_unpack_signed(const struct ak_quant *k, const uint8_t *in, size_t n,
		     unsigned int bits, int8_t *q)
{
	int ret = ak_unpack_unsigned(k, in, n, bits, (uint8_t *)q);
	uint8_t sign;
	size_t i;

	if (ret || bits == 8)
		return ret;
	sign = (uint8_t)(1u << (bits - 1));
	for (i = 0; i < n; i++)
		q[i] = (int8_t)((q[i] ^ sign) - sign);
	return 0;
}
