/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/container_of.h>. */
#ifndef _SHIM_LINUX_CONTAINER_OF_H
#define _SHIM_LINUX_CONTAINER_OF_H

#include <stddef.h>
#include <linux/build_bug.h>

#define container_of(ptr, type, member) ({					\
	void *__mptr = (void *)(ptr);						\
										\
	_Static_assert(__builtin_types_compatible_p(__typeof__(*(ptr)),		\
						    __typeof__(((type *)0)->member)) || \
		       __builtin_types_compatible_p(__typeof__(*(ptr)), void),	\
		       "pointer type mismatch in container_of()");		\
	(type *)(__mptr - offsetof(type, member));				\
})

#endif /* _SHIM_LINUX_CONTAINER_OF_H */
