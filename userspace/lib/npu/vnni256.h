/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 256-bit dot product of AVX-VNNI.
 *
 * {vex} tells it from AVX-512's form of the instruction. A build with EVEX=1
 * takes that form instead, so that a processor with AVX-512 but without
 * AVX-VNNI can test these kernels; it is for tests only.
 */
#ifndef AK_NPU_VNNI256_H
#define AK_NPU_VNNI256_H

#ifdef AKIDA_EVEX
#define VPDPBUSD "vpdpbusd"
#else
#define VPDPBUSD "%{vex%} vpdpbusd"
#endif

#endif /* AK_NPU_VNNI256_H */
