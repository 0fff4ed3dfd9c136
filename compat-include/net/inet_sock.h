/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/inet_sock.h for kernels before 6.6, which have no inet_test_bit(): the flags are
 * bit fields there. Nothing but the ones that are asked for is bridged here.
 */
#ifndef _RDM_COMPAT_NET_INET_SOCK_H
#define _RDM_COMPAT_NET_INET_SOCK_H

#include_next <net/inet_sock.h>

#ifndef inet_test_bit
#define RDM_COMPAT_MC_LOOP(sk)	(inet_sk(sk)->mc_loop)
#define inet_test_bit(nr, sk)	RDM_COMPAT_##nr(sk)
#endif

#endif /* _RDM_COMPAT_NET_INET_SOCK_H */
