// SPDX-License-Identifier: GPL-2.0
/*
 * rdm group: the groups that sockets have joined, and what comes to them over the
 * associations of their members (RDM_CHANNEL_GROUP).
 */
#include "group.h"
#include "msg.h"

/* The group has it, or does not want it: the peer may send as much again. */
static void give_back(struct rdm_rec *rec)
{
	struct rdm_peer *peer = rec->peer;
	struct sk_buff_head xmitq;
	struct rdm_out out;

	__skb_queue_head_init(&xmitq);
	rdm_out_init(&out);
	spin_lock_bh(&peer->lock);
	rdm_rcv_unreserve(peer->sk, rec);
	rdm_assoc_rx_consumed(&peer->a, rec->charge, &out);
	if (out.acts & RDM_OUT_SEND) {
		rdm_output(peer, rdm_now(), &xmitq, &out);
		rdm_peer_unlock(peer, &out, &xmitq);
	} else {
		spin_unlock_bh(&peer->lock);
	}
	rdm_rec_free(rec);
}

/**
 * rdm_group_input() - messages from members
 * @sk: the socket
 * @recs: by rdm_rec.node; consumed
 *
 * Context: softirq, no lock held.
 */
void rdm_group_input(struct sock *sk, struct list_head *recs)
{
	struct rdm_rec *rec, *tmp;

	list_for_each_entry_safe(rec, tmp, recs, node) {
		list_del(&rec->node);
		give_back(rec);
	}
}

/**
 * rdm_group_peer_failed() - an association between members ended with an error
 * @peer: the peer; its a.error says which
 *
 * Context: any but hard interrupt, no lock held.
 */
void rdm_group_peer_failed(struct rdm_peer *peer)
{
}
