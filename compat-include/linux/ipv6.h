/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ipv6.h for kernels before 6.7, which have no inet6_test_bit(): the flags are bit
 * fields there. Nothing but the ones that are asked for is bridged here.
 */
#ifndef _RDM_COMPAT_LINUX_IPV6_H
#define _RDM_COMPAT_LINUX_IPV6_H

#include_next <linux/ipv6.h>

#ifndef inet6_test_bit
#define RDM_COMPAT_MC6_LOOP(sk)	(inet6_sk(sk)->mc_loop)
#define RDM_COMPAT_DONTFRAG(sk)	(inet6_sk(sk)->dontfrag)
#define inet6_test_bit(nr, sk)	RDM_COMPAT_##nr(sk)
#endif

#endif /* _RDM_COMPAT_LINUX_IPV6_H */
