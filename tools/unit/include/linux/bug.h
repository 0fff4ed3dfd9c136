/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/bug.h>: what would warn in the kernel ends the test. */
#ifndef _SHIM_LINUX_BUG_H
#define _SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* Says where and what, and aborts. */
void shim_bug(const char *file, int line, const char *what) __attribute__((__noreturn__));

#define BUG()			shim_bug(__FILE__, __LINE__, "BUG")
#define BUG_ON(cond)		((void)WARN_ON(cond))
#define WARN_ON(cond)		({					\
	bool __warn = !!(cond);						\
									\
	if (unlikely(__warn))						\
		shim_bug(__FILE__, __LINE__, #cond);			\
	__warn;								\
})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN(cond, fmt, ...)	WARN_ON(cond)
#define WARN_ONCE(cond, fmt, ...) WARN_ON(cond)

#endif /* _SHIM_LINUX_BUG_H */
