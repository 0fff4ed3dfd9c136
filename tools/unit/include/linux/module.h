/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/module.h>: the declarations that a test file has. */
#ifndef _SHIM_LINUX_MODULE_H
#define _SHIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/kernel.h>

#define MODULE_LICENSE(s)	_Static_assert(1, s)
#define MODULE_AUTHOR(s)	_Static_assert(1, s)
#define MODULE_DESCRIPTION(s)	_Static_assert(1, s)

#endif /* _SHIM_LINUX_MODULE_H */
