/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes and layouts of blocks: what the C and the vector code of a format
 * share. Weights of a block, its bytes, and where its parts begin.
 */
#ifndef AK_QUANT_BLOCKS_H
#define AK_QUANT_BLOCKS_H

/* f16 d, then nibbles: byte j holds weights j (low) and j + 16. */
#define Q4_0_BLOCK 32u
#define Q4_0_BYTES 18u

/* f16 d, then signed bytes. */
#define Q8_0_BLOCK 32u
#define Q8_0_BYTES 34u

/* Low nibbles, upper pairs of bits, a signed scale per 16 weights, f16 d. */
#define Q6_K_BLOCK 256u
#define Q6_K_SUB 16u
#define Q6_K_SUBS 16u
#define Q6_K_BYTES 210u
#define Q6_K_QH 128u
#define Q6_K_SCALES 192u
#define Q6_K_D 208u

/* Five base-3 digits in a byte, 48 and 4 bytes of them, f16 d. */
#define TQ1_0_BLOCK 256u
#define TQ1_0_BYTES 54u
#define TQ1_0_QH 48u
#define TQ1_0_D 52u

/* Pairs of bits: byte m of 32 holds weights m, m + 32, m + 64, m + 96; f16 d. */
#define TQ2_0_BLOCK 256u
#define TQ2_0_BYTES 66u
#define TQ2_0_D 64u

#endif /* AK_QUANT_BLOCKS_H */
