/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/sysctl.h, and the type of the table that a handler gets: a pointer to
 * const since 6.11. It is told from the type of handlers; nothing else is
 * bridged here.
 */
#ifndef _RDM_COMPAT_LINUX_SYSCTL_H
#define _RDM_COMPAT_LINUX_SYSCTL_H

#include_next <linux/sysctl.h>

#define rdm_ctl_ptr __typeof__(__builtin_choose_expr(				\
	__builtin_types_compatible_p(proc_handler, int (struct ctl_table *, int, void *,	\
						       size_t *, loff_t *)),	\
	(struct ctl_table *)NULL, (const struct ctl_table *)NULL))

#endif /* _RDM_COMPAT_LINUX_SYSCTL_H */
