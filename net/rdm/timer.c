// SPDX-License-Identifier: GPL-2.0
/*
 * rdm timer: the one timer of an association. What is due when is decided by
 * rdm_assoc_deadline(); the timer is armed for the earliest of it and, when a
 * deadline moves away, left alone: it fires early, finds nothing to do, and is
 * armed again. So packets that move deadlines all the time cost nothing here.
 *
 * It is an hrtimer: a delayed ack, a probe and the pacer count in a fraction of a jiffy,
 * and a sender relies on how soon its peer acks.
 */
#include "peer.h"
#include "rdm.h"

/* However late something is, the CPU has something else to do before it. */
#define TIMER_FLOOR	(50 * NSEC_PER_USEC)
/* Timers that are due about the same time may fire together: 1/32 of the time, and at most: */
#define TIMER_SLACK_SHIFT	5
#define TIMER_SLACK_MAX	(4 * NSEC_PER_MSEC)

/* Memory that could not be had at once may be there after this time. */
#define STARVED_RETRY	(10 * (u64)NSEC_PER_MSEC)

static enum hrtimer_restart expired(struct hrtimer *t)
{
	struct rdm_peer *peer = container_of(t, struct rdm_peer, timer);
	struct rdm_xmitq xmitq;
	struct rdm_out out;
	u64 now;
	u32 pto;

	rdm_xmitq_init(&xmitq);
	rdm_out_init(&out);
	spin_lock_bh(&peer->lock);
	now = rdm_now();
	/* armed anew while this waited for the lock: that one has the reference */
	if (hrtimer_is_queued(t))
		refcount_inc(&peer->refs);
	else
		peer->timer_at = 0;
	pto = peer->a.rec.pto_count;
	rdm_assoc_timer(&peer->a, now, &out);
	if (peer->a.rec.pto_count != pto)
		rdm_inc(peer->rn, PTO);
	if (peer->a.tries || (peer->a.rec.pto_count != pto && pto))
		rdm_route_again(peer);
	if (peer->orphan && peer->a.state != RDM_ASSOC_CLOSED &&
	    now - max(peer->orphan_since, peer->a.last_acked) > peer->a.cfg.user_timeout) {
		/* nobody is left to wait for it */
		rdm_output_reset(peer, &xmitq);
		rdm_assoc_flush(&peer->a, &out);
	}
	/* most come too early, see above */
	if (out.acts & RDM_OUT_SEND || peer->starved)
		rdm_output(peer, now, &xmitq, &out);
	rdm_peer_cool(peer, now);
	rdm_peer_unlock(peer, &out, &xmitq);
	rdm_peer_put(peer);
	return HRTIMER_NORESTART;
}

/**
 * rdm_timer_init() - a new peer
 * @peer: the peer
 */
void rdm_timer_init(struct rdm_peer *peer)
{
	hrtimer_setup(&peer->timer, expired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
}

/*
 * Will it fire so soon that no deadline set just now can be nearer, or not by enough to matter?
 * But for the pacer, the shortest delay that the core counts with is that of an ack.
 */
static bool soon(const struct rdm_peer *peer, u64 now)
{
	const struct rdm_assoc_hot *hot = peer->a.hot;

	return peer->timer_at && peer->timer_at <= now + RDM_ACK_DELAY_MIN &&
	       !(hot && hot->cong.pace.wait);
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
	u64 at, slack;

	lockdep_assert_held(&peer->lock);
	if (likely(soon(peer, now)) || peer->a.state == RDM_ASSOC_CLOSED)
		return;
	at = rdm_assoc_deadline(&peer->a);
	if (peer->orphan)
		at = min(at, max(peer->orphan_since, peer->a.last_acked) +
			     peer->a.cfg.user_timeout);
	if (unlikely(peer->starved))
		at = min(at, now + STARVED_RETRY);
	if (at == U64_MAX || (peer->timer_at && peer->timer_at <= at))
		return;
	if (!peer->timer_at)
		refcount_inc(&peer->refs);
	at = max(at, now + TIMER_FLOOR);
	peer->timer_at = at;
	slack = min_t(u64, (at - now) >> TIMER_SLACK_SHIFT, TIMER_SLACK_MAX);
	hrtimer_start_range_ns(&peer->timer, ns_to_ktime(at), slack, HRTIMER_MODE_ABS_SOFT);
}

/**
 * rdm_timer_stop() - the association is over: it is not armed any more
 * @peer: the peer, CLOSED, not locked
 */
void rdm_timer_stop(struct rdm_peer *peer)
{
	if (hrtimer_try_to_cancel(&peer->timer) == 1)
		rdm_peer_put(peer);
}
