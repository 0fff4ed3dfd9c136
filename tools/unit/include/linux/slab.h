/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/slab.h>; for tests, pure files allocate nothing. */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <stdlib.h>
#include <linux/types.h>

typedef unsigned int gfp_t;

#define GFP_KERNEL		0u
#define GFP_ATOMIC		0u
#define kmalloc(size, gfp)	((void)(gfp), malloc(size))
#define kzalloc(size, gfp)	((void)(gfp), calloc(1, size))
#define kcalloc(n, size, gfp)	((void)(gfp), calloc(n, size))
#define kfree(p)		free((void *)(p))

#endif /* _SHIM_LINUX_SLAB_H */
