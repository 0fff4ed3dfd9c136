/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/inet_sock.h for kernels before 6.6, which have no inet_test_bit(): the flags are
 * bit fields there. Nothing but the ones that are asked for is bridged here. And the list of
 * flow labels, which is the business of IPv6 sockets before 7.0 (Kbuild looks into the header).
 */
#ifndef _RDM_COMPAT_NET_INET_SOCK_H
#define _RDM_COMPAT_NET_INET_SOCK_H

#include_next <net/inet_sock.h>

#ifndef inet_test_bit
#define RDM_COMPAT_MC_LOOP(sk)	(inet_sk(sk)->mc_loop)
#define inet_test_bit(nr, sk)	RDM_COMPAT_##nr(sk)
#endif

#ifdef RDM_HAVE_INET_FL_LIST
#define rdm_fl_list(sk)		(inet_sk(sk)->ipv6_fl_list)
#else
#define rdm_fl_list(sk)		(inet6_sk(sk)->ipv6_fl_list)
#endif

#endif /* _RDM_COMPAT_NET_INET_SOCK_H */
