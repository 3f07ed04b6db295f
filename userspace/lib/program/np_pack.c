// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Weights in an NP's memory: bits of two's complement, lowest first, each
 * filter on whole 64-bit entries.
 */
#include "program/np.h"

#include <string.h>

#include "common/le.h"

/* Words of one filter, even; UINT64_MAX if they cannot be counted. */
static uint64_t words_of(uint64_t per_filter, unsigned int bits)
{
	uint64_t all;

	if (__builtin_mul_overflow(per_filter, bits, &all) ||
	    __builtin_add_overflow(all, 63, &all))
		return UINT64_MAX;
	return all / 64 * 2;
}

uint64_t ak_np_filter_words(uint64_t filters, uint64_t per_filter,
			    unsigned int bits)
{
	uint64_t words = words_of(per_filter, bits);

	if (words == UINT64_MAX ||
	    __builtin_mul_overflow(words, filters, &words))
		return UINT64_MAX;
	return words;
}

void ak_np_pack(const int8_t *w, size_t filter_step, size_t step,
		size_t filters, size_t per_filter, unsigned int bits,
		uint32_t *out)
{
	size_t words = words_of(per_filter, bits), per_word = 32 / bits, n, k;
	uint32_t mask = (1u << bits) - 1;

	memset(out, 0, filters * words * sizeof(*out));
	for (n = 0; n < filters; n++) {
		uint32_t *o = out + n * words;

		for (k = 0; k < per_filter; k++) {
			int v = w[n * filter_step + k * step];
			uint32_t code = bits == 1 ? v > 0 : (uint32_t)v & mask;

			o[k / per_word] |= code << k % per_word * bits;
		}
	}
}

void ak_np_unpack(const uint8_t *in, bool bipolar, int8_t *w,
		  size_t filter_step, size_t step, size_t filters,
		  size_t per_filter, unsigned int bits)
{
	size_t words = words_of(per_filter, bits), per_word = 32 / bits, n, k;
	uint32_t mask = (1u << bits) - 1, sign = 1u << (bits - 1);

	for (n = 0; n < filters; n++) {
		const uint8_t *from = in + n * words * 4;

		for (k = 0; k < per_filter; k++) {
			uint32_t code = ak_get_le32(from + k / per_word * 4) >>
						k % per_word * bits &
					mask;
			int v;

			if (bits == 1)
				v = code ? 1 : bipolar ? -1 : 0;
			else
				v = (int)(code ^ sign) - (int)sign;
			w[n * filter_step + k * step] = (int8_t)v;
		}
	}
}
