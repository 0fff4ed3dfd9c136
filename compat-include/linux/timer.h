/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/timer.h for kernels before 6.2, where timer_delete_sync() is del_timer_sync(). Newer
 * ones do not have the old name. No macro tells it, so Kbuild looks into the kernel's header.
 */
#ifndef _RDM_COMPAT_LINUX_TIMER_H
#define _RDM_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>

#ifndef RDM_HAVE_TIMER_DELETE_SYNC
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

#endif /* _RDM_COMPAT_LINUX_TIMER_H */
