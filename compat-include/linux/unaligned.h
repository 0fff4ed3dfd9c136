/* SPDX-License-Identifier: GPL-2.0 */
/*
 * <linux/unaligned.h>: kernels before 6.12 have the helpers in
 * <asm/unaligned.h> only. Works both before and behind the kernel's own
 * include directories. Sparse does not know __has_include_next; where it reads
 * this file at all, the kernel has no such header.
 */
#ifndef _RDM_COMPAT_LINUX_UNALIGNED_H
#define _RDM_COMPAT_LINUX_UNALIGNED_H

#ifdef __has_include_next
#if __has_include_next("linux/unaligned.h")
#define RDM_HAVE_LINUX_UNALIGNED_H
#endif
#endif

#ifdef RDM_HAVE_LINUX_UNALIGNED_H
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _RDM_COMPAT_LINUX_UNALIGNED_H */
