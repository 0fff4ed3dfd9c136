/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/flow.h: what an IPv4 flow has of the type of service is a DSCP since 6.18, and its three
 * bits of RFC 1349 before.
 */
#ifndef _RDM_COMPAT_NET_FLOW_H
#define _RDM_COMPAT_NET_FLOW_H

#include_next <net/flow.h>

#ifdef flowi4_dscp
#define RDM_FLOWI4_TOS(tos)	.flowi4_dscp = inet_dsfield_to_dscp(tos)
#else
#define RDM_FLOWI4_TOS(tos)	.flowi4_tos = RT_TOS(tos)
#endif

#endif /* _RDM_COMPAT_NET_FLOW_H */
