// SPDX-License-Identifier: GPL-2.0
/*
 * rdm icmp: ICMP errors about packets of ours, as udp.c has taken them off the UDP
 * socket: which association they are about, and whether they quote what only the way to
 * the peer can know. What they mean is decided in assoc.c.
 */
#include <linux/unaligned.h>

#include "peer.h"
#include "rdm.h"

static void peer_icmp(struct rdm_peer *peer, int err, bool hard, const u8 *quote, u32 len)
{
	struct rdm_xmitq xmitq;
	struct rdm_out out;
	bool ok = false;

	rdm_xmitq_init(&xmitq);
	rdm_out_init(&out);
	spin_lock_bh(&peer->lock);
	if (len >= RDM_HDR_LEN && quote[0] == RDM_WIRE_VERSION && quote[1] == RDM_PKT_DATA)
		ok = get_unaligned_be64(quote + 8) == peer->a.peer_tag;
	else if (len >= RDM_HDR_LEN + 8 && quote[0] == RDM_WIRE_VERSION &&
		 quote[1] == RDM_PKT_INIT)
		ok = get_unaligned_be64(quote + RDM_HDR_LEN) == peer->a.local_tag;
	rdm_assoc_rx_icmp(&peer->a, rdm_now(), err, hard, ok, &out);
	rdm_peer_unlock(peer, &out, &xmitq);
}

/**
 * rdm_icmp() - an ICMP error about a packet of ours
 * @t: the tunnel that the packet left by
 * @to: where it went
 * @err: errno that the error stands for, positive
 * @hard: port unreachable
 * @quote: what the error quotes of the UDP payload
 * @len: how much of it
 *
 * Context: softirq, under rcu_read_lock(), no lock held.
 */
void rdm_icmp(struct rdm_tunnel *t, const struct rdm_addr *to, int err, bool hard,
	      const u8 *quote, u32 len)
{
	struct rdm_peer *peer;
	u8 channel;

	rdm_inc(t->rn, IN_ICMP);
	for (channel = 0; channel < RDM_CHANNEL__NR; channel++) {
		peer = rdm_peer_on(t, to, channel);
		if (peer)
			peer_icmp(peer, err, hard, quote, len);
	}
}
