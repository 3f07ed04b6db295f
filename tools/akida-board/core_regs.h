/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the core.
 */
#ifndef BOARD_CORE_REGS_H
#define BOARD_CORE_REGS_H

#define IP_VERSION 0x00
#define GENERAL_CONTROL 0x04
#define FNP2_ADDR 0x10
#define MESH_INFO1 0x50
#define MESH_INFO2 0x54
#define MESH_INFO3 0x58
#define DMA_EVENT 0x20000
#define DMA_HRC 0x28000
#define DMA_CONFIG 0x30000
#define EPG 0x40000
#define INTERRUPTS 0x70000

#define GC_MULTIPASS BIT(1)
#define GC_LOGIC_RESET BIT(8)
#define GC_CORE_RESET BIT(9)
#define GC_MESH_RESET BIT(10)
#define GC_SCC_RESET BIT(12)
#define GC_BITS 0x00171703u

/* Registers of a DMA block, as indices. */
#define R_CTRL (0x00 / 4)
#define R_DESC (0x04 / 4)
#define R_CONTAINER (0x08 / 4)
#define R_CONTAINER_SIZE (0x0c / 4)
#define R_DESC_STATUS (0x10 / 4)
#define R_IN_ADDR (0x14 / 4)
#define R_OUT_ADDR (0x18 / 4)
#define R_OUT_WORDS (0x1c / 4)
#define R_IN_WORDS (0x20 / 4)
#define R_MON_CTRL (0x24 / 4)
#define R_MON_STATUS (0x28 / 4)
#define R_MON_COUNTER (0x2c / 4)
#define R_TIMER (0x30 / 4)
#define R_BURST (0x74 / 4)
#define R_DEBUG (0xb0 / 4)

#define CTRL_RUN BIT(8)
#define CTRL_RESET BIT(9)
#define CTRL_INFO_ENABLE BIT(24)
#define CTRL_HEADER_SIZE(v) ((v) >> 26)
#define NO_DESC 0xff
#define DESC_BYTES(v) (((v)&0x1f) * 32)
#define DESC_MAX(v) ((v) >> 16 & 0xff)
#define BURST_PASSES(v) ((v) >> 24)
#define MON_STATUS_CLEAR BIT(0)
#define MON_COUNTER_CLEAR BIT(1)
#define MON_DONE 3u
/* Ours: a descriptor that cannot be run; the block runs no further one. */
#define MON_ERROR 4u
#define MON_INT_OB BIT(16)
#define MON_INT_IB BIT(17)
#define MON_INT_EXT BIT(18)
#define MON_INTS (15u << 16)
#define DEBUG_LOOPBACK BIT(0)
#define FORMAT_SHIFT 28
#define FORMAT_LOOPBACK 0xfu
#define OUTPUT_WORDS 0x0fffffffu

/* Interrupt controller: a set bit of the mask holds an interrupt back. */
#define INT_MASK_BITS 0x2fu

#endif
