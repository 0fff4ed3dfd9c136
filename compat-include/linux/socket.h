/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/socket.h: an address whose length only the caller knows is a struct sockaddr in kernels
 * before 6.19, and stamps for SCM_TIMESTAMPING are a timespec before 7.0. No macro tells it, so
 * Kbuild looks into the kernel's header.
 */
#ifndef _RDM_COMPAT_LINUX_SOCKET_H
#define _RDM_COMPAT_LINUX_SOCKET_H

#include_next <linux/socket.h>

#ifndef RDM_HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized	sockaddr
#endif

#ifdef RDM_HAVE_SCM_KTIME
#define rdm_scm_stamp(t)	(t)
#else
#define rdm_scm_stamp(t)	ktime_to_timespec64(t)
#endif

#endif /* _RDM_COMPAT_LINUX_SOCKET_H */
