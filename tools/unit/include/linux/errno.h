/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/errno.h>, with the numbers that only the kernel has. */
#ifndef _SHIM_LINUX_ERRNO_H
#define _SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>
#include <errno.h>

#define ENOTSUPP		524

#endif /* _SHIM_LINUX_ERRNO_H */
