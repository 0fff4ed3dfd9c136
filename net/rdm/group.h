/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm group: reliable broadcast in the kernel: which groups a socket has joined, and
 * what passes between them and the associations of their members.
 */
#ifndef _RDM_GROUP_H
#define _RDM_GROUP_H

#include "peer.h"
#include "rdm.h"

/* What one member may have on its way to another, as charges (see txqueue.h). */
#define RDM_GROUP_RX_WINDOW	(512 << 10)

/* group.c */
void rdm_group_input(struct sock *sk, struct list_head *recs);
void rdm_group_peer_failed(struct rdm_peer *peer);

#endif /* _RDM_GROUP_H */
