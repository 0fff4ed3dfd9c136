// SPDX-License-Identifier: GPL-2.0
/*
 * rdm timer: the one timer of an association. What is due when is decided by
 * rdm_assoc_deadline(); the timer is armed for the earliest of it and, when a
 * deadline moves away, left alone: it fires early, finds nothing to do, and is
 * armed again. So packets that move deadlines all the time cost nothing here.
 */
#include "peer.h"
#include "rdm.h"

static void expired(struct timer_list *t)
{
	struct rdm_peer *peer = container_of(t, struct rdm_peer, timer);
	struct sk_buff_head xmitq;
	struct rdm_out out;
	u64 now;
	u32 pto;

	__skb_queue_head_init(&xmitq);
	rdm_out_init(&out);
	spin_lock_bh(&peer->lock);
	now = rdm_now();
	peer->timer_at = 0;
	pto = peer->a.rec.pto_count;
	rdm_assoc_timer(&peer->a, now, &out);
	if (peer->a.rec.pto_count != pto)
		rdm_inc(peer->rn, PTO);
	if (peer->orphan && peer->a.state != RDM_ASSOC_CLOSED &&
	    now - max(peer->orphan_since, peer->a.last_acked) > peer->a.cfg.user_timeout) {
		/* nobody is left to wait for it */
		rdm_output_reset(peer, &xmitq);
		rdm_assoc_flush(&peer->a, &out);
	}
	rdm_output(peer, now, &xmitq, &out);
	rdm_peer_unlock(peer, &out, &xmitq);
	rdm_peer_put(peer);
}

/**
 * rdm_timer_init() - a new peer
 * @peer: the peer
 */
void rdm_timer_init(struct rdm_peer *peer)
{
	timer_setup(&peer->timer, expired, 0);
}

/**
 * rdm_timer_arm() - something may have changed the next deadline
 * @peer: the peer, locked
 * @now: ns
 *
 * An armed timer holds a reference.
 */
void rdm_timer_arm(struct rdm_peer *peer, u64 now)
{
	u64 at = rdm_assoc_deadline(&peer->a);

	lockdep_assert_held(&peer->lock);
	if (peer->a.state == RDM_ASSOC_CLOSED)
		return;
	if (peer->orphan)
		at = min(at, max(peer->orphan_since, peer->a.last_acked) +
			     peer->a.cfg.user_timeout);
	if (at == U64_MAX || (peer->timer_at && peer->timer_at <= at))
		return;
	peer->timer_at = at;
	at = at > now ? at - now : 0;
	/* one more: the current tick has begun already */
	if (!mod_timer(&peer->timer, jiffies + nsecs_to_jiffies(at) + 1))
		refcount_inc(&peer->refs);
}

/**
 * rdm_timer_stop() - the association is over: it is not armed any more
 * @peer: the peer, CLOSED, not locked
 */
void rdm_timer_stop(struct rdm_peer *peer)
{
	if (del_timer(&peer->timer))
		rdm_peer_put(peer);
}
