// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc: life of an association: handshake, time, failure, end. What it
 * sends is decided in assoc_tx.c, what it takes in assoc_rx.c. Pure.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/rdm.h>
#include <linux/string.h>

#include "assoc_int.h"

/*
 * Probe timeouts after which a peer that keeps answering RESET(no association) is believed,
 * before the handshake is done: so often may the cookie be lost and data arrive.
 */
#define DOUBT_COOKIE	8

const char *const rdm_assoc_states[RDM_ASSOC__NR] = {
	[RDM_ASSOC_IDLE]	= "idle",
	[RDM_ASSOC_INIT_SENT]	= "init-sent",
	[RDM_ASSOC_COOKIE_SENT]	= "cookie-sent",
	[RDM_ASSOC_ESTABLISHED]	= "established",
	[RDM_ASSOC_CLOSING]	= "closing",
	[RDM_ASSOC_CLOSED]	= "closed",
};

/* The only place that writes ->state; a pair that is not listed changes nothing. */
void __rdm_assoc_event(struct rdm_assoc *a, enum rdm_assoc_ev ev)
{
#define TO(s)	(RDM_ASSOC_##s + 1)
	static const u8 next[RDM_ASSOC__NR][RDM_ASSOC_EV__NR] = {
		[RDM_ASSOC_IDLE] = {
			[RDM_ASSOC_EV_OPEN] = TO(INIT_SENT),
			[RDM_ASSOC_EV_COOKIE] = TO(ESTABLISHED),
			[RDM_ASSOC_EV_OVER] = TO(CLOSED),
		},
		[RDM_ASSOC_INIT_SENT] = {
			[RDM_ASSOC_EV_INIT_ACK] = TO(COOKIE_SENT),
			[RDM_ASSOC_EV_COOKIE] = TO(ESTABLISHED),
			[RDM_ASSOC_EV_OVER] = TO(CLOSED),
		},
		[RDM_ASSOC_COOKIE_SENT] = {
			[RDM_ASSOC_EV_COOKIE] = TO(ESTABLISHED),
			[RDM_ASSOC_EV_HEARD] = TO(ESTABLISHED),
			[RDM_ASSOC_EV_OVER] = TO(CLOSED),
		},
		[RDM_ASSOC_ESTABLISHED] = {
			[RDM_ASSOC_EV_IDLE] = TO(CLOSING),
			[RDM_ASSOC_EV_OVER] = TO(CLOSED),
		},
		[RDM_ASSOC_CLOSING] = {
			[RDM_ASSOC_EV_BUSY] = TO(ESTABLISHED),
			[RDM_ASSOC_EV_OVER] = TO(CLOSED),
		},
	};
#undef TO
	if (next[a->state][ev])
		a->state = next[a->state][ev] - 1;
}

/**
 * __rdm_assoc_backoff() - cap an interval that doubles while the peer is silent
 * @a: the association
 * @base: ns
 *
 * Return: ns.
 */
u64 __rdm_assoc_backoff(const struct rdm_assoc *a, u64 base)
{
	return min(base, clamp(div_u64(a->cfg.user_timeout, RDM_BACKOFF_SHARE),
			       NSEC_PER_SEC / 4ULL, RDM_PROBE_MAX));
}

/**
 * rdm_assoc_init() - make an association that nobody knows of yet
 * @a: the association
 * @cfg: see struct rdm_assoc_cfg
 */
void rdm_assoc_init(struct rdm_assoc *a, const struct rdm_assoc_cfg *cfg)
{
	memset(a, 0, sizeof(*a));
	a->cfg = cfg->terms;
	a->fifo = cfg->fifo;
	a->mtu = cfg->mtu;
	a->ecn = cfg->terms.ecn ? RDM_ECN_TESTING : RDM_ECN_OFF;
	a->route_mtu = cfg->mtu;
	a->ack_careful = RDM_ACK_CAREFUL;
	a->local_tag = cfg->tag;
	a->rx_adv_charge = cfg->terms.rx_window;
	a->rx_adv_seq = cfg->first_seq + RDM_SEQ_SPAN;
	if (a->rx_adv_seq < cfg->first_seq)
		a->rx_adv_seq = U64_MAX;
	rdm_txq_init(&a->txq, cfg->first_seq);
	rdm_recovery_init(&a->rec, cfg->first_pn);
	rdm_assoc_set_user_timeout(a, cfg->terms.user_timeout);
	rdm_rtt_init(&a->rtt);
	rdm_seqmap_init(&a->seqs, cfg->first_seq);
	rdm_reasm_init(&a->reasm);
}

/**
 * rdm_assoc_params() - what our INIT and INIT-ACK say
 * @a: the association
 * @pa: where to
 */
void rdm_assoc_params(const struct rdm_assoc *a, struct rdm_params *pa)
{
	pa->tag = a->local_tag;
	pa->incarnation = a->cfg.incarnation;
	pa->win_charge = a->rx_adv_charge;
	pa->win_seq = a->rx_adv_seq;
	pa->user_timeout = div_u64(a->cfg.user_timeout, NSEC_PER_MSEC);
	pa->max_msg = a->cfg.max_msg;
	pa->flags = a->fifo ? RDM_PARAM_FIFO : 0;
	pa->channel = a->cfg.channel;
}

static void learn_peer(struct rdm_assoc *a, const struct rdm_params *pa)
{
	a->peer_tag = pa->tag;
	a->peer_incarnation = pa->incarnation;
	a->peer_max_msg = pa->max_msg;
	a->peer_patience = min_t(u64, (pa->user_timeout * (u64)NSEC_PER_MSEC >>
				       RDM_PATIENCE_SHIFT) + 1, U8_MAX);
	if (pa->win_charge > a->txq.win_charge)
		a->txq.win_charge = pa->win_charge;
	if (pa->win_seq > a->txq.win_seq)
		a->txq.win_seq = pa->win_seq;
	/* nothing was sent yet when the peer said this: it is its whole window */
	a->txq.win_size = min_not_zero(a->txq.win_size, pa->win_charge);
}

/* Something valid came from the peer. */
static void heard(struct rdm_assoc *a, u64 now)
{
	a->last_rx = now;
	a->soft_error = 0;
}

/**
 * __rdm_assoc_waiting() - from now on something waits for the peer
 * @a: the association, before it does
 * @now: ns
 */
void __rdm_assoc_waiting(struct rdm_assoc *a, u64 now)
{
	if (!__rdm_assoc_waits(a))
		a->wait_since = now;
}

/**
 * __rdm_assoc_close() - offer the peer to end an association that has nothing in doubt
 * @a: an association in RDM_ASSOC_ESTABLISHED
 * @now: ns
 */
void __rdm_assoc_close(struct rdm_assoc *a, u64 now)
{
	__rdm_assoc_waiting(a, now);
	__rdm_assoc_event(a, RDM_ASSOC_EV_IDLE);
	a->tries = 0;
	a->need |= RDM_CTL_CLOSE;
}

/*
 * Only while something waits for the peer. Who offers the end has nothing in doubt, but the peer
 * may have: as long as it goes on to send it must find us.
 */
static u64 give_up_at(const struct rdm_assoc *a)
{
	u64 timeout = a->cfg.user_timeout;

	if (a->state == RDM_ASSOC_CLOSING)
		timeout = max(timeout, (u64)a->peer_patience << RDM_PATIENCE_SHIFT);
	return max(a->wait_since, a->last_rx) + timeout;
}

/*
 * When to offer the end of an association that is idle. A peer that is silent for longer than it
 * waits for us has given up what it had begun, which takes room from others here.
 */
static u64 idle_at(const struct rdm_assoc *a)
{
	u64 at = a->last_active + a->cfg.idle_timeout;

	if (unlikely(a->reasm.n))
		at = min(at, a->last_rx + ((u64)a->peer_patience << RDM_PATIENCE_SHIFT));
	return at;
}

/**
 * rdm_assoc_open() - begin the handshake
 * @a: an association in RDM_ASSOC_IDLE
 * @now: ns
 * @out: asks to send
 */
void rdm_assoc_open(struct rdm_assoc *a, u64 now, struct rdm_out *out)
{
	/* messages of a predecessor may wait here already: their time begins anew */
	a->wait_since = now;
	__rdm_assoc_event(a, RDM_ASSOC_EV_OPEN);
	a->last_active = now;
	a->cookie_time = now;
	a->tries = 0;
	a->retry_at = now + RDM_INIT_RETRY;
	a->need |= RDM_CTL_INIT;
	out->acts |= RDM_OUT_SEND;
}

/**
 * rdm_assoc_meet() - an INIT came from the peer: may its attempt and ours become one?
 * @a: the association
 * @now: ns
 * @pa: what the INIT says
 *
 * Only one attempt of the peer is ever told our tag: packets do not say which of two sent
 * them. And only while its cookie would be accepted before the peer forgets that it has
 * ended an association with this attempt of ours (RDM_TOMBSTONE_LIFE).
 *
 * Return: our tag, for the INIT-ACK; 0 when the peer's attempt needs a tag of its own.
 */
u64 rdm_assoc_meet(struct rdm_assoc *a, u64 now, const struct rdm_params *pa)
{
	if (a->state != RDM_ASSOC_INIT_SENT &&
	    (a->state != RDM_ASSOC_COOKIE_SENT || a->peer_incarnation != pa->incarnation ||
	     now - a->init_acked > RDM_COOKIE_LIFE))
		return 0;
	if (!a->told_tag) {
		a->told_tag = pa->tag;
		a->peer_incarnation = pa->incarnation;
	}
	return a->told_tag == pa->tag ? a->local_tag : 0;
}

/* Our tag was told to another life of the peer, and packets to it would be taken for this one's. */
static bool told_another(const struct rdm_assoc *a, const struct rdm_params *pa)
{
	return a->told_tag && a->peer_incarnation != pa->incarnation;
}

/**
 * rdm_assoc_rx_init_ack() - an INIT-ACK with our tag arrived
 * @a: the association, hot
 * @now: ns
 * @pa: what the peer says of itself
 * @cookie: RDM_COOKIE_LEN bytes to give back
 * @out: asks to send
 *
 * The caller drops it when the tag that a cookie of ours to @pa->tag would have is that of an
 * association which has ended: that attempt of the peer may have delivered there.
 */
void rdm_assoc_rx_init_ack(struct rdm_assoc *a, u64 now, const struct rdm_params *pa,
			   const u8 *cookie, struct rdm_out *out)
{
	if (a->state != RDM_ASSOC_INIT_SENT || WARN_ON_ONCE(!a->hot))
		return;
	if (unlikely(told_another(a, pa))) {
		/* Of the two the late one is mostly this. If it goes on, by another tag. */
		if (a->tries > 1)
			rdm_assoc_fail(a, ECONNRESET, false, out);
		return;
	}
	learn_peer(a, pa);
	memcpy(a->hot->cookie, cookie, RDM_COOKIE_LEN);
	__rdm_assoc_event(a, RDM_ASSOC_EV_INIT_ACK);
	a->need &= ~RDM_CTL_INIT;
	/* RFC 9002, section 6.2.2: the handshake gives the first sample, unless INIT
	 * was repeated, for then the answer may be to either
	 */
	if (!a->tries)
		rdm_rtt_sample(&a->rtt, now + RDM_INIT_RETRY - a->retry_at, 0, 0);
	a->tries = 0;
	a->retry_at = 0;
	a->init_acked = now;
	heard(a, now);
	out->acts |= RDM_OUT_SEND;
}

/**
 * rdm_assoc_rx_cookie() - a cookie of ours came back: the peer's address is proven
 * @a: an association with this peer, or a new one
 * @now: ns
 * @ck: what the cookie says, already authenticated
 * @out: asks to send
 *
 * Two handshakes that crossed meet here in one association (RFC 9260, section 5.2).
 *
 * Return: false when the cookie speaks of another association with this peer: its end
 * of this one is gone.
 */
bool rdm_assoc_rx_cookie(struct rdm_assoc *a, u64 now, const struct rdm_cookie *ck,
			 struct rdm_out *out)
{
	bool ours = ck->tag == a->local_tag || ck->tag == a->alias_tag;

	switch (a->state) {
	case RDM_ASSOC_IDLE:
		break;
	case RDM_ASSOC_INIT_SENT:
		if (told_another(a, &ck->peer))
			return false;
		break;
	case RDM_ASSOC_COOKIE_SENT:
		if (ck->peer.incarnation != a->peer_incarnation ||
		    (!ours && ck->peer.tag != a->peer_tag))
			return false;
		break;
	case RDM_ASSOC_ESTABLISHED:
	case RDM_ASSOC_CLOSING:
		if (ck->peer.incarnation != a->peer_incarnation)
			return false;
		if (ours) {
			/*
			 * Where handshakes cross, we may have heard data of the peer before
			 * this cookie, and never told it the tag that we send to.
			 */
			a->peer_tag = ck->peer.tag;
			return true;
		}
		if (ck->peer.tag != a->peer_tag || a->alias_tag)
			return false;
		a->alias_tag = ck->tag;
		return true;
	default:
		return false;
	}

	if (!ours)
		a->alias_tag = ck->tag;
	learn_peer(a, &ck->peer);
	a->cookie_time = ck->time;
	__rdm_assoc_event(a, RDM_ASSOC_EV_COOKIE);
	a->need &= ~RDM_CTL_INIT;
	a->tries = 0;
	a->retry_at = 0;
	a->last_active = now;
	heard(a, now);
	out->acts |= RDM_OUT_SEND;
	return true;
}

/* Give records back, with what they point at. */
void __rdm_assoc_recs(struct rdm_assoc *a, struct list_head *recs, struct rdm_out *out)
{
	struct rdm_sent *s;

	list_for_each_entry(s, recs, node) {
		out->nrecs++;
		if (s->msg)
			rdm_txq_unref(s, &out->tx);
	}
	list_splice_tail_init(recs, &out->recs);
}

/* The association ends; bound messages without outcome must be finished before. */
void __rdm_assoc_over(struct rdm_assoc *a, int error, struct rdm_out *out)
{
	LIST_HEAD(recs);

	if (a->state == RDM_ASSOC_CLOSED)
		return;
	/* a cold one has no records but of probes for the MTU */
	rdm_recovery_clear(&a->rec, a->hot ? &a->hot->cong : NULL, &recs);
	__rdm_assoc_recs(a, &recs, out);
	rdm_txq_skip_none(&a->txq, &out->tx);
	__rdm_assoc_event(a, RDM_ASSOC_EV_OVER);
	a->error = error;
	a->agreed = !error;
	a->retry_at = 0;
	a->ack_at = 0;
	out->acts |= RDM_OUT_CLOSED;
}

/**
 * rdm_assoc_fail() - end the association, and tell its messages so
 * @a: the association
 * @error: errno, positive
 * @all: false leaves messages in the queue, for rdm_assoc_splice() to a successor: those
 *	of which nothing was sent, and those that may arrive more than once
 * @out: receives the messages
 */
void rdm_assoc_fail(struct rdm_assoc *a, int error, bool all, struct rdm_out *out)
{
	struct rdm_txmsg *m, *tmp;

	list_for_each_entry_safe(m, tmp, &a->txq.msgs, node) {
		if (all || (m->bound && m->mode != RDM_AT_LEAST_ONCE))
			rdm_txq_finish(&a->txq, m, error, &out->tx);
	}
	__rdm_assoc_over(a, error, out);
	if (a->txq.nbound)
		rdm_txq_unbind(&a->txq, true);
}

/*
 * Nobody there takes messages now. Who sends at least once goes on to ask, until the user
 * timeout; for all others this is the end.
 */
static void refused(struct rdm_assoc *a, int error, struct rdm_out *out)
{
	struct rdm_txmsg *m, *tmp;

	list_for_each_entry_safe(m, tmp, &a->txq.msgs, node)
		if (m->mode != RDM_AT_LEAST_ONCE)
			rdm_txq_finish(&a->txq, m, error, &out->tx);
	if (a->txq.n)
		a->soft_error = error;
	else
		__rdm_assoc_over(a, error, out);
}

/* The path may have shrunk since a message was cut: cut it anew. */
static void fit(struct rdm_assoc *a, struct rdm_txmsg *m)
{
	u32 most = m->nfrags > 1 ? m->stride + RDM_FRAG_LEN : m->len + RDM_MSG_LEN;

	/* cut anew is sent anew */
	if (m->bound && rdm_txmsg_once(m))
		return;
	if (!m->finished && RDM_HDR_LEN + most > a->mtu)
		rdm_txq_recut(&a->txq, m, a->mtu - RDM_HDR_LEN - RDM_FRAG_LEN);
}

/**
 * rdm_assoc_splice() - move messages to the association that follows this one
 * @to: the successor, before or after its handshake
 * @from: RDM_ASSOC_CLOSED; only messages of which nothing was sent are left in it
 */
void rdm_assoc_splice(struct rdm_assoc *to, struct rdm_assoc *from)
{
	struct rdm_txmsg *m, *tmp;

	WARN_ON_ONCE(from->state != RDM_ASSOC_CLOSED);
	list_for_each_entry_safe(m, tmp, &from->txq.msgs, node) {
		list_del(&m->node);
		from->txq.n--;
		from->txq.bytes -= m->len;
		rdm_txq_push(&to->txq, m);
		fit(to, m);
	}
	from->txq.unsent = NULL;
}

/* The peer has provably had nothing; what is sent at most once was sent all the same. */
static void stale(struct rdm_assoc *a, struct rdm_out *out)
{
	struct rdm_txmsg *m, *tmp;

	list_for_each_entry_safe(m, tmp, &a->txq.msgs, node)
		if (m->bound && rdm_txmsg_once(m))
			rdm_txq_finish(&a->txq, m, ECOMM, &out->tx);
	__rdm_assoc_over(a, ECONNRESET, out);
	rdm_txq_unbind(&a->txq, false);
}

/**
 * rdm_assoc_rx_reset() - a RESET arrived from the peer's address
 * @a: the association
 * @tag: that it echoes
 * @reason: enum rdm_reset_reason
 * @out: see rdm_assoc_fail(); messages of which nothing was sent stay queued unless the
 *	peer refuses the handshake, and then those to be sent at least once
 */
void rdm_assoc_rx_reset(struct rdm_assoc *a, u64 tag, u8 reason, struct rdm_out *out)
{
	switch (a->state) {
	case RDM_ASSOC_INIT_SENT:
		if (tag != a->local_tag || reason == RDM_RESET_BUSY)
			return;
		refused(a, ECONNREFUSED, out);
		return;
	case RDM_ASSOC_COOKIE_SENT:
		/*
		 * Data may have overtaken the cookie, or the peer has no room yet:
		 * the cookie is repeated until it is too old.
		 */
		if (tag != a->peer_tag || reason == RDM_RESET_BUSY)
			return;
		if (reason == RDM_RESET_NO_ASSOC && a->doubt < DOUBT_COOKIE) {
			a->disowned = true;
			return;
		}
		if (reason == RDM_RESET_STALE) {
			/*
			 * The peer says so only while it would remember, had it ever taken the
			 * cookie: nothing has arrived, and all of it may go to a successor.
			 */
			stale(a, out);
			return;
		}
		break;
	case RDM_ASSOC_ESTABLISHED:
	case RDM_ASSOC_CLOSING:
		if (tag != a->peer_tag || reason == RDM_RESET_BUSY)
			return;
		/*
		 * This one may be late: the answer to data that overtook the cookie. Ask, and
		 * believe it when the peer says it again after a probe timeout without a word.
		 */
		if (reason != RDM_RESET_CLOSED && !a->doubt) {
			if (!a->disowned) {
				a->disowned = true;
				a->need |= RDM_CTL_PING;
				out->acts |= RDM_OUT_SEND;
			}
			return;
		}
		if (a->state == RDM_ASSOC_ESTABLISHED)
			break;
		/* CLOSED: the peer had consented, and its CLOSE-ACK was lost, or it gave us up */
		__rdm_assoc_over(a, reason == RDM_RESET_CLOSED && !a->reasm.n ? 0 : ECONNRESET,
				 out);
		return;
	default:
		return;
	}
	rdm_assoc_fail(a, ECONNRESET, false, out);
}

/**
 * rdm_assoc_rx_icmp() - an ICMP error quotes a packet to this peer
 * @a: the association
 * @now: ns
 * @err: errno that it stands for, positive
 * @hard: the port is unreachable
 * @tag_ok: the quote holds the tag that this association uses: whoever sent it has seen
 *	our packet (RFC 5927, section 4)
 * @out: see rdm_assoc_fail()
 */
void rdm_assoc_rx_icmp(struct rdm_assoc *a, u64 now, int err, bool hard, bool tag_ok,
		       struct rdm_out *out)
{
	a->soft_error = err;
	if (!hard || !tag_ok)
		return;
	if (a->state == RDM_ASSOC_INIT_SENT) {
		refused(a, err, out);
	} else if (a->state != RDM_ASSOC_IDLE && a->state != RDM_ASSOC_CLOSED &&
		   now - a->last_rx > 3 * rdm_rtt_pto(&a->rtt, RDM_MAX_ACK_DELAY)) {
		if (a->state == RDM_ASSOC_CLOSING)
			__rdm_assoc_over(a, 0, out);
		else
			rdm_assoc_fail(a, err, false, out);
	}
}

/* Is a message that is cut one of a stream, and short enough to share a super-packet? */
static bool streams(struct rdm_assoc *a, u64 now, const struct rdm_txmsg *m)
{
	struct rdm_hold *h = &a->hot->hold;

	if (likely(!m->pads) || m->len > RDM_HOLD_BYTES || !a->cfg.hold ||
	    (!m->wait && (h->rx_charge != a->rx_charge ||
			  now - h->pushed_at >= RDM_HOLD_STREAM_GAP)))
		h->stream = 0;
	else
		h->stream = min(h->stream + (m->wait ? RDM_HOLD_STREAM / 2 : 1), RDM_HOLD_STREAM);
	h->rx_charge = a->rx_charge;
	return h->stream == RDM_HOLD_STREAM;
}

/**
 * __rdm_assoc_hold_over() - messages have waited for others as long as they may
 * @a: the association
 */
void __rdm_assoc_hold_over(struct rdm_assoc *a)
{
	struct rdm_hold *h = &a->hot->hold;

	h->until = 0;
	if (h->stream && (!a->txq.unsent || list_is_last(&a->txq.unsent->node, &a->txq.msgs)))
		h->stream = 0;
}

static bool held_enough(const struct rdm_assoc *a, const struct rdm_txmsg *m, bool stream)
{
	const struct rdm_hold *h = &a->hot->hold;
	u32 more;

	if (m->nfrags > 1) {
		more = m->nfrags * (RDM_HDR_LEN + RDM_FRAG_LEN + m->stride);
		return !stream || h->bytes + more > RDM_HOLD_LONG_BYTES;
	}
	return h->bytes >= RDM_HOLD_BYTES;
}

/*
 * Shall a new message wait for others? Not with nothing in flight, so that a round trip
 * is as short as it can be, but in a stream; nor for others that come seldom, nor once there is
 * enough.
 */
static void hold(struct rdm_assoc *a, u64 now, const struct rdm_txmsg *m)
{
	bool burst, stream;
	struct rdm_hold *h;

	if (unlikely(!a->hot))
		return;
	h = &a->hot->hold;
	burst = m->wait || now - h->pushed_at < RDM_HOLD;
	stream = streams(a, now, m);
	h->pushed_at = now;
	if (m->more != h->more) {
		h->more = m->more;
		h->until = 0;
		if (!m->more)
			return;
	}
	/* behind one that waits for the peer or for the network it waits anyway */
	if (!h->until && a->txq.unsent == m) {
		if (m->more)
			h->until = now + RDM_HOLD_MORE;
		else if (unlikely(stream))
			h->until = now + max_t(u64, RDM_HOLD_LONG, m->wait);
		else if (burst && a->rec.nflight && a->cfg.hold)
			h->until = now + max_t(u64, RDM_HOLD, m->wait);
		h->idle = m->more || stream;
		h->bytes = 0;
	}
	if (!h->until)
		return;
	h->bytes += m->nfrags * (RDM_HDR_LEN + RDM_FRAG_LEN) + m->len;
	if (held_enough(a, m, stream) || !rdm_cong_can_send(&a->hot->cong, h->bytes))
		h->until = 0;
}

/**
 * rdm_assoc_push() - accept a message
 * @a: an association that is not CLOSED
 * @now: ns
 * @m: initialised
 * @out: asks to send
 */
void rdm_assoc_push(struct rdm_assoc *a, u64 now, struct rdm_txmsg *m, struct rdm_out *out)
{
	__rdm_assoc_waiting(a, now);
	rdm_txq_push(&a->txq, m);
	fit(a, m);
	hold(a, now, m);
	out->acts |= RDM_OUT_SEND;
}

/**
 * rdm_assoc_deadline() - when does rdm_assoc_timer() have something to do?
 * @a: the association
 *
 * Return: ns, or U64_MAX for never.
 */
u64 rdm_assoc_deadline(const struct rdm_assoc *a)
{
	u64 t = U64_MAX;

	if (a->state == RDM_ASSOC_CLOSED || a->state == RDM_ASSOC_IDLE)
		return t;
	if (__rdm_assoc_waits(a))
		t = give_up_at(a);
	else if (a->state == RDM_ASSOC_ESTABLISHED)
		t = min(idle_at(a), rdm_assoc_cool_at(a));
	if (a->retry_at)
		t = min(t, a->retry_at);
	if (a->ack_at)
		t = min(t, a->ack_at);
	t = min(t, a->txq.deadline);
	if (a->hot && a->hot->cong.pace.wait && (a->txq.unsent || !list_empty(&a->rec.lost)))
		t = min(t, a->hot->cong.pace.next);
	if (a->hot && a->hot->hold.until)
		t = min(t, a->hot->hold.until);
	if (a->hot && a->state == RDM_ASSOC_ESTABLISHED)
		t = min(t, rdm_pmtu_deadline(&a->hot->pmtu));
	return min(t, rdm_recovery_deadline(&a->rec, &a->rtt));
}

/**
 * rdm_assoc_timer() - time has passed
 * @a: the association
 * @now: ns; being early is harmless
 * @out: asks to send, or tells the end
 */
void rdm_assoc_timer(struct rdm_assoc *a, u64 now, struct rdm_out *out)
{
	LIST_HEAD(recs);

	if (a->state == RDM_ASSOC_CLOSED || a->state == RDM_ASSOC_IDLE)
		return;
	if (unlikely(now >= a->txq.deadline)) {
		rdm_txq_expire(&a->txq, now, &out->tx);
		out->acts |= RDM_OUT_SEND;
	}
	if (__rdm_assoc_waits(a) && now >= give_up_at(a)) {
		if (a->state == RDM_ASSOC_CLOSING)
			__rdm_assoc_over(a, ETIMEDOUT, out);
		else
			rdm_assoc_fail(a, a->soft_error ?: ETIMEDOUT, true, out);
		return;
	}
	if (a->retry_at && now >= a->retry_at) {
		a->tries++;
		if (a->state == RDM_ASSOC_INIT_SENT) {
			a->need |= RDM_CTL_INIT;
			a->retry_at = now + __rdm_assoc_backoff(a, RDM_INIT_RETRY <<
								   min(a->tries, 16U));
		} else if (a->state == RDM_ASSOC_CLOSING) {
			/* what the peer has seen newer packets overtake, it does not answer */
			a->need |= RDM_CTL_CLOSE;
			a->retry_at = 0;
		} else {
			a->want_probe = true;
			a->retry_at = 0;
		}
		out->acts |= RDM_OUT_SEND;
	}
	if (a->hot && a->hot->cong.pace.wait && now >= a->hot->cong.pace.next) {
		a->hot->cong.pace.wait = false;
		out->acts |= RDM_OUT_SEND;
	}
	if (a->hot && a->hot->hold.until && now >= a->hot->hold.until) {
		__rdm_assoc_hold_over(a);
		out->acts |= RDM_OUT_SEND;
	}
	if (a->ack_at && now >= a->ack_at) {
		a->ack_at = 0;
		a->ack_now = true;
		/* the sender may have been waiting for it */
		a->ack_careful = RDM_ACK_CAREFUL;
		out->acts |= RDM_OUT_SEND;
	}
	if (now >= rdm_recovery_deadline(&a->rec, &a->rtt)) {
		if (a->rec.loss_time || !a->rec.nflight) {
			rdm_recovery_detect(&a->rec, &a->rtt, &a->hot->cong, now, U64_MAX, &recs);
			__rdm_assoc_recs(a, &recs, out);
		} else {
			/* RFC 9002, section 6.2.4 */
			a->rec.pto_count++;
			if (a->rec.pto_count == 2)
				rdm_ecn_doubt(&a->hot->ecn);
			if (a->disowned && a->doubt < U8_MAX)
				a->doubt++;
			a->disowned = false;
			a->probes = 2;
			a->cookie_out = false;
			if (a->rec.pto_count >= RDM_PMTU_TIMEOUTS)
				__rdm_assoc_pmtu_stalled(a);
		}
		out->acts |= RDM_OUT_SEND;
	}
	if (a->hot && a->state == RDM_ASSOC_ESTABLISHED)
		__rdm_assoc_pmtu_timer(a, now, out);
	if (a->state == RDM_ASSOC_ESTABLISHED && !__rdm_assoc_waits(a) && now >= idle_at(a)) {
		__rdm_assoc_close(a, now);
		out->acts |= RDM_OUT_SEND;
	}
}

/* What shared a packet may not fit one any more. */
static void take_apart(struct rdm_assoc *a, struct rdm_sent *s, u32 mtu)
{
	struct rdm_txmsg *m = s->msg;
	u16 n;

	if (s->nmsgs < 2 || s->size <= mtu || s->gen != m->gen || rdm_txmsg_once(m))
		return;
	for (n = s->nmsgs; n--; m = list_next_entry(m, node))
		if (!m->finished)
			rdm_txq_recut(&a->txq, m, m->stride);
}

/**
 * __rdm_assoc_resize() - packets have another length from now on
 * @a: the association
 * @mtu: longest UDP payload
 *
 * Messages that were cut too long are cut anew and sent again.
 */
void __rdm_assoc_resize(struct rdm_assoc *a, u32 mtu)
{
	bool shrinks = mtu < a->mtu;
	struct rdm_txmsg *m;
	struct rdm_sent *s;

	a->mtu = mtu;
	if (a->hot)
		rdm_cong_set_mss(&a->hot->cong, mtu);
	if (!shrinks)
		return;
	list_for_each_entry(s, &a->rec.lost, lost)
		take_apart(a, s, mtu);
	list_for_each_entry(s, &a->rec.sent, node)
		take_apart(a, s, mtu);
	list_for_each_entry(m, &a->txq.msgs, node)
		fit(a, m);
}

/**
 * rdm_assoc_new_path() - packets may take another way from now on
 * @a: the association
 */
void rdm_assoc_new_path(struct rdm_assoc *a)
{
	if (a->hot)
		rdm_ecn_new_path(&a->hot->ecn);
	else if (a->ecn != RDM_ECN_OFF)
		a->ecn = RDM_ECN_TESTING;
}

/**
 * rdm_assoc_set_user_timeout() - the user's patience has changed
 * @a: the association
 * @timeout: ns; arm the timer anew, for it may be shorter
 */
void rdm_assoc_set_user_timeout(struct rdm_assoc *a, u64 timeout)
{
	a->cfg.user_timeout = timeout;
	a->rec.pto_max = __rdm_assoc_backoff(a, U64_MAX);
}

/**
 * rdm_assoc_set_hold() - may messages wait for others, from now on?
 * @a: the association
 * @hold: true when they may
 */
void rdm_assoc_set_hold(struct rdm_assoc *a, bool hold)
{
	a->cfg.hold = hold;
}

/**
 * rdm_assoc_flush() - end without a word; for a socket that goes
 * @a: the association
 * @out: receives everything that it held but the messages being received
 */
void rdm_assoc_flush(struct rdm_assoc *a, struct rdm_out *out)
{
	rdm_assoc_fail(a, ECANCELED, true, out);
}
