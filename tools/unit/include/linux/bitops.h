/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/bitops.h>; nothing is atomic here. */
#ifndef _SHIM_LINUX_BITOPS_H
#define _SHIM_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

static inline void __set_bit(unsigned long nr, unsigned long *p)
{
	p[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *p)
{
	p[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline void __change_bit(unsigned long nr, unsigned long *p)
{
	p[BIT_WORD(nr)] ^= BIT_MASK(nr);
}

static inline bool test_bit(unsigned long nr, const unsigned long *p)
{
	return p[BIT_WORD(nr)] & BIT_MASK(nr);
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *p)
{
	bool old = test_bit(nr, p);

	__set_bit(nr, p);
	return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *p)
{
	bool old = test_bit(nr, p);

	__clear_bit(nr, p);
	return old;
}

#define set_bit			__set_bit
#define clear_bit		__clear_bit
#define test_and_set_bit	__test_and_set_bit
#define test_and_clear_bit	__test_and_clear_bit
#define __assign_bit(nr, p, v)	((v) ? __set_bit(nr, p) : __clear_bit(nr, p))

#define hweight8(x)		((unsigned int)__builtin_popcount((u8)(x)))
#define hweight16(x)		((unsigned int)__builtin_popcount((u16)(x)))
#define hweight32(x)		((unsigned int)__builtin_popcount((u32)(x)))
#define hweight64(x)		((unsigned int)__builtin_popcountll(x))
#define hweight_long(x)		((unsigned int)__builtin_popcountl(x))
#define __ffs(x)		((unsigned long)__builtin_ctzl(x))
#define __fls(x)		((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(x)))
#define __ffs64(x)		((unsigned int)__builtin_ctzll(x))

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* The first bit in [start, size) that, xor-ed with those of flip, is set; or size. */
static inline unsigned long shim_find_bit(const unsigned long *p, unsigned long size,
					  unsigned long start, unsigned long flip)
{
	unsigned long i = BIT_WORD(start);
	unsigned long word;

	if (start >= size)
		return size;
	word = (p[i] ^ flip) & (~0UL << (start % BITS_PER_LONG));
	while (!word) {
		if (++i * BITS_PER_LONG >= size)
			return size;
		word = p[i] ^ flip;
	}
	start = i * BITS_PER_LONG + __ffs(word);
	return start < size ? start : size;
}

static inline unsigned long find_next_bit(const unsigned long *p, unsigned long size,
					  unsigned long start)
{
	return shim_find_bit(p, size, start, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *p, unsigned long size,
					       unsigned long start)
{
	return shim_find_bit(p, size, start, ~0UL);
}

#define find_first_bit(p, size)		find_next_bit(p, size, 0)
#define find_first_zero_bit(p, size)	find_next_zero_bit(p, size, 0)

static inline unsigned long find_last_bit(const unsigned long *p, unsigned long size)
{
	unsigned long i = size;

	while (i)
		if (test_bit(--i, p))
			return i;
	return size;
}

#define for_each_set_bit(bit, p, size)					\
	for ((bit) = find_first_bit(p, size); (bit) < (size);		\
	     (bit) = find_next_bit(p, size, (bit) + 1))
#define for_each_clear_bit(bit, p, size)				\
	for ((bit) = find_first_zero_bit(p, size); (bit) < (size);	\
	     (bit) = find_next_zero_bit(p, size, (bit) + 1))

#endif /* _SHIM_LINUX_BITOPS_H */
