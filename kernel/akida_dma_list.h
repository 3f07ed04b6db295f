/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Elements of a DMA list, and what a channel's registers say of its progress:
 * arithmetic without hardware, so that tests can have it outside the kernel.
 */
#ifndef AKIDA_DMA_LIST_H
#define AKIDA_DMA_LIST_H

#ifdef __KERNEL__
#include <linux/types.h>
#endif

/* Both layouts: 24 bytes, little endian */
#define AKIDA_ELEMENT_SIZE 24
#define AKIDA_ELEMENT_WORDS 6

#define AKIDA_ELEMENT_CB 0x01 /* cycle bit: the element is the engine's */
#define AKIDA_ELEMENT_TCB 0x02 /* link: the engine turns its cycle state */
#define AKIDA_ELEMENT_LLP 0x04 /* a link */
#define AKIDA_ELEMENT_LIE 0x08 /* interrupt: status bit */
#define AKIDA_ELEMENT_RIE 0x10 /* interrupt: memory write to the host */

/**
 * struct akida_element - a piece of a transfer as the engine sees it
 * @size: bytes
 * @src: where from: host or device address, by direction
 * @dst: where to
 */
struct akida_element {
	u32 size;
	u64 src;
	u64 dst;
};

/**
 * akida_element_encode() - words of a data element
 * @e: element
 * @flags: AKIDA_ELEMENT_LIE and _RIE, or 0
 * @words: where to put them, in memory order
 */
static inline void akida_element_encode(const struct akida_element *e,
					u32 flags,
					u32 words[AKIDA_ELEMENT_WORDS])
{
	words[0] = AKIDA_ELEMENT_CB | flags;
	words[1] = e->size;
	words[2] = (u32)e->src;
	words[3] = (u32)(e->src >> 32);
	words[4] = (u32)e->dst;
	words[5] = (u32)(e->dst >> 32);
}

/**
 * akida_link_encode() - words of the link that ends a list
 * @list: device address that it leads to
 * @words: where to put them
 *
 * Its cycle bit is not the engine's: the engine stops there. This is the
 * vendor's driver's way to end a list.
 */
static inline void akida_link_encode(u32 list, u32 words[AKIDA_ELEMENT_WORDS])
{
	words[0] = AKIDA_ELEMENT_LLP | AKIDA_ELEMENT_TCB;
	words[1] = 0;
	words[2] = list;
	words[3] = 0;
	words[4] = 0;
	words[5] = 0;
}

/**
 * akida_list_capacity() - data elements that a list can hold
 * @bytes: its memory
 *
 * Return: how many, beside the link at the end.
 */
static inline u32 akida_list_capacity(u32 bytes)
{
	return bytes / AKIDA_ELEMENT_SIZE - 1;
}

/**
 * struct akida_dma_position - a channel's registers
 * @llp: list pointer
 * @src: source address
 * @dst: destination address
 * @size: bytes left of the current element
 */
struct akida_dma_position {
	u64 llp;
	u64 src;
	u64 dst;
	u32 size;
};

static inline bool akida_position_equal(const struct akida_dma_position *a,
					const struct akida_dma_position *b)
{
	return a->llp == b->llp && a->src == b->src && a->dst == b->dst &&
	       a->size == b->size;
}

/**
 * akida_position_index() - which element the list pointer means
 * @p: registers
 * @list: device address of the list
 * @count: its data elements
 *
 * Return: number of elements before the pointer, 0 to @count; -1 if it does
 * not point into the list.
 */
static inline s64 akida_position_index(const struct akida_dma_position *p,
				       u32 list, u32 count)
{
	u64 off = p->llp - list;

	if (p->llp < list || off > (u64)count * AKIDA_ELEMENT_SIZE)
		return -1;
	/* No 64-bit division: off fits after the test above. */
	if ((u32)off % AKIDA_ELEMENT_SIZE)
		return -1;
	return (u32)off / AKIDA_ELEMENT_SIZE;
}

/**
 * akida_element_moved() - bytes of an element that have been moved
 * @p: registers
 * @e: element that they may be about
 *
 * Size and both addresses are public as following the transfer, which nobody
 * has said of this silicon: they are believed where all three agree.
 *
 * Return: bytes, or -1 if the registers are not about this element.
 */
static inline s64 akida_element_moved(const struct akida_dma_position *p,
				      const struct akida_element *e)
{
	u64 moved = p->src - e->src;

	if (p->src < e->src || moved > e->size || p->dst - e->dst != moved ||
	    p->size != e->size - moved)
		return -1;
	return moved;
}

#endif /* AKIDA_DMA_LIST_H */
