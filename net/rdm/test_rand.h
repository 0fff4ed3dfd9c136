/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers for tests: the same for the same seed on every machine, so
 * that a failure repeats. Never for anything that a peer must not guess.
 */
#ifndef _RDM_TEST_RAND_H
#define _RDM_TEST_RAND_H

#include <linux/types.h>

/* SplitMix64 (Steele, Lea, Flood 2014); any seed will do. */
static inline u64 rdm_test_rand(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* A number in [0, n), n not 0. */
static inline u32 rdm_test_below(u64 *state, u32 n)
{
	return ((rdm_test_rand(state) >> 32) * n) >> 32;
}

#endif /* _RDM_TEST_RAND_H */
