/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/hrtimer.h for kernels before 6.13, which have no hrtimer_setup(): a timer
 * is made by hrtimer_init() there, and its function set by hand. Neither is a
 * macro, so Kbuild looks into the kernel's header and says which.
 */
#ifndef _RDM_COMPAT_LINUX_HRTIMER_H
#define _RDM_COMPAT_LINUX_HRTIMER_H

#include_next <linux/hrtimer.h>

#ifndef RDM_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#endif /* _RDM_COMPAT_LINUX_HRTIMER_H */
