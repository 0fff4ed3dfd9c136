/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/time64.h>: units of time. */
#ifndef _SHIM_LINUX_TIME64_H
#define _SHIM_LINUX_TIME64_H

#include <linux/limits.h>
#include <linux/types.h>

#define MSEC_PER_SEC		1000L
#define USEC_PER_MSEC		1000L
#define NSEC_PER_USEC		1000L
#define NSEC_PER_MSEC		1000000L
#define USEC_PER_SEC		1000000L
#define NSEC_PER_SEC		1000000000L

#endif /* _SHIM_LINUX_TIME64_H */
