/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/minmax.h>, with the same checks of operand types. */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

#include <linux/compiler.h>

/* Comparing the pointers makes the compiler reject operands of unlike types. */
#define __shim_cmp(op, a, b) ({				\
	__typeof__(a) __a = (a);			\
	__typeof__(b) __b = (b);			\
							\
	(void)(&__a == &__b);				\
	__a op __b ? __a : __b;				\
})
#define __shim_cmp_t(op, type, a, b) ({			\
	type __a = (a);					\
	type __b = (b);					\
							\
	__a op __b ? __a : __b;				\
})

#define min(a, b)		__shim_cmp(<, a, b)
#define max(a, b)		__shim_cmp(>, a, b)
#define min3(a, b, c)		min((__typeof__(a))min(a, b), c)
#define max3(a, b, c)		max((__typeof__(a))max(a, b), c)
#define min_t(type, a, b)	__shim_cmp_t(<, type, a, b)
#define max_t(type, a, b)	__shim_cmp_t(>, type, a, b)
#define clamp(v, lo, hi)	min((__typeof__(v))max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi)	clamp_t(__typeof__(v), v, lo, hi)
#define min_not_zero(a, b) ({				\
	__typeof__(a) __na = (a);			\
	__typeof__(b) __nb = (b);			\
							\
	!__na ? __nb : !__nb ? __na : min(__na, __nb);	\
})
#define swap(a, b) do {					\
	__typeof__(a) __tmp = (a);			\
							\
	(a) = (b);					\
	(b) = __tmp;					\
} while (0)

#endif /* _SHIM_LINUX_MINMAX_H */
