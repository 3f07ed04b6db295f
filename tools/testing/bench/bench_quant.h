/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Speed of number formats.
 */
#ifndef BENCH_QUANT_H
#define BENCH_QUANT_H

/**
 * bench_quant() - measure and print
 *
 * Return: 0, 1 after an error was printed.
 */
int bench_quant(void);

#endif /* BENCH_QUANT_H */
