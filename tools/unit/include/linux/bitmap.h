/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/bitmap.h>: what is used of it, plainly. */
#ifndef _SHIM_LINUX_BITMAP_H
#define _SHIM_LINUX_BITMAP_H

#include <string.h>
#include <linux/bitops.h>

static inline void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0xff, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits)
{
	memcpy(dst, src, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_set(unsigned long *dst, unsigned int start, unsigned int nbits)
{
	while (nbits) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int n = BITS_PER_LONG - bit;

		if (n > nbits)
			n = nbits;
		dst[BIT_WORD(start)] |= (~0UL >> (BITS_PER_LONG - n)) << bit;
		start += n;
		nbits -= n;
	}
}

static inline void bitmap_clear(unsigned long *dst, unsigned int start, unsigned int nbits)
{
	while (nbits) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int n = BITS_PER_LONG - bit;

		if (n > nbits)
			n = nbits;
		dst[BIT_WORD(start)] &= ~((~0UL >> (BITS_PER_LONG - n)) << bit);
		start += n;
		nbits -= n;
	}
}

static inline bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_first_bit(src, nbits) == nbits;
}

static inline bool bitmap_full(const unsigned long *src, unsigned int nbits)
{
	return find_first_zero_bit(src, nbits) == nbits;
}

static inline bool bitmap_equal(const unsigned long *a, const unsigned long *b,
				unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++)
		if (test_bit(i, a) != test_bit(i, b))
			return false;
	return true;
}

static inline bool bitmap_subset(const unsigned long *a, const unsigned long *b,
				 unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++)
		if (test_bit(i, a) && !test_bit(i, b))
			return false;
	return true;
}

static inline void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
			     unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] | b[i];
}

static inline bool bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
			      unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] & b[i];
	return !bitmap_empty(dst, nbits);
}

static inline bool bitmap_andnot(unsigned long *dst, const unsigned long *a,
				 const unsigned long *b, unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] & ~b[i];
	return !bitmap_empty(dst, nbits);
}

static inline unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nbits; i++)
		n += test_bit(i, src);
	return n;
}

/* Bit i of dst becomes bit i + shift of src; zeroes come in at the top. dst may be src. */
static inline void bitmap_shift_right(unsigned long *dst, const unsigned long *src,
				      unsigned int shift, unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++) {
		bool v = nbits - i > shift && test_bit(i + shift, src);

		__assign_bit(i, dst, v);
	}
}

/* Bit i + shift of dst becomes bit i of src; zeroes come in at the bottom. dst may be src. */
static inline void bitmap_shift_left(unsigned long *dst, const unsigned long *src,
				     unsigned int shift, unsigned int nbits)
{
	for (unsigned int i = nbits; i--; ) {
		bool v = i >= shift && test_bit(i - shift, src);

		__assign_bit(i, dst, v);
	}
}

#endif /* _SHIM_LINUX_BITMAP_H */
