// SPDX-License-Identifier: GPL-2.0
/*
 * rdm input: from a UDP packet to what it says. It finds the association, takes
 * the packet apart, and lets the core decide; the messages in it are for
 * intake.c. A super-packet is taken apart segment by segment under one lock and
 * answered once. No socket lock is taken.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/udp.h>

#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"
#include "rx.h"

/* What one frame's head needs at most in all common cases. */
#define FAST_HEAD	RDM_FRAG_LEN

static void rx_lock(struct rx *rx, struct rdm_peer *peer, u64 tag)
{
	rdm_out_init(&rx->out);
	spin_lock(&peer->lock);
	rx->peer = peer;
	rx->sk = peer->sk;
	rx->tag = tag;
	/* for sparse, which cannot follow a lock that rx holds */
	__release(&peer->lock);
}

/* Deliver first, then ack: an ack says that the message is in the buffer. */
static void __rx_unlock(struct rx *rx)
{
	struct rdm_peer *peer = rx->peer;
	struct rdm_rec *rec, *tmp;
	LIST_HEAD(told);

	if (unlikely(peer->channel == RDM_CHANNEL_GROUP))
		list_splice_init(&rx->ready, &told);
	if (unlikely(!list_empty(&rx->ready)) && !rdm_rcv_queue(rx->sk, &rx->ready)) {
		/* closed meanwhile: nobody will read them */
		list_for_each_entry_safe(rec, tmp, &rx->ready, node) {
			list_del(&rec->node);
			rdm_rcv_unreserve(rx->sk, rec);
			rdm_rec_free(rec);
		}
	}
	if (rx->wake)
		rx->sk->sk_data_ready(rx->sk);
	rx->wake = false;
	if (rx->out.acts & RDM_OUT_SEND)
		rdm_output(peer, rx->now, &rx->xmitq, &rx->out);
	rx->peer = NULL;
	rx->tag = 0;
	__acquire(&peer->lock);
	__rdm_peer_unlock(peer, rx->now, &rx->out, &rx->xmitq);
	/* each holds the peer */
	if (unlikely(!list_empty(&told)))
		rdm_group_input(peer->sk, &told);
}

static inline void rx_unlock(struct rx *rx)
{
	if (rx->peer)
		__rx_unlock(rx);
}

/* Answer without state. The answer is never longer than what it answers. */
static void answer(struct rx *rx, const u8 *packet, u32 len)
{
	struct in6_addr saddr;
	struct dst_entry *dst;
	struct sk_buff *skb;

	if (!rx->sk)
		rx->sk = rdm_port_any(rx->t);
	if (!rx->sk)
		return;
	dst = rdm_udp_route(rx->sk, &rx->to, &rx->from, &saddr);
	if (IS_ERR(dst))
		return;
	skb = alloc_skb(LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) + len,
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		dst_release(dst);
		return;
	}
	skb_reserve(skb, LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr));
	skb_put_data(skb, packet, len);
	rdm_inc(rx->rn, OUT_PKTS);
	rdm_udp_send(rx->sk, dst, &rx->to, &rx->from, skb);
}

static void answer_reset(struct rx *rx, u64 tag, u8 reason)
{
	u8 packet[RDM_RESET_LEN];

	rx_unlock(rx);
	if (!__ratelimit(&rx->rn->reset_limit))
		return;
	if (!rx->sk)
		rx->sk = rdm_port_any(rx->t);
	if (!rx->sk)
		return;
	rdm_wire_put_reset(packet, tag, reason, rdm_sk(rx->sk)->incarnation);
	rdm_inc(rx->rn, RESET_SENT);
	answer(rx, packet, sizeof(packet));
}

/* In which packet of the list is @at? Most are asked for in their order. */
static void find_part(struct rx *rx, u32 at)
{
	const struct sk_buff *next;
	u32 len;

	if (at < rx->part_at) {
		rx->part = rx->skb;
		rx->part_at = 0;
	}
	if (likely(!skb_has_frag_list(rx->skb)))
		return;
	for (;;) {
		len = rx->part == rx->skb ? skb_pagelen(rx->skb) : rx->part->len;
		if (at < rx->part_at + len)
			return;
		next = rx->part == rx->skb ? skb_shinfo(rx->skb)->frag_list : rx->part->next;
		if (!next)
			return;
		rx->part = next;
		rx->part_at += len;
	}
}

/**
 * rdm_rx_map() - look for the piece of the packet that has these bytes
 * @rx: the packet
 * @at: offset of the first byte
 * @len: how many
 * @buf: room for them
 *
 * Return: where they are: in the packet, or copied to @buf.
 */
const u8 *rdm_rx_map(struct rx *rx, u32 at, u32 len, u8 *buf)
{
	const struct skb_shared_info *si;
	u32 from, to;
	u8 i;

	find_part(rx, at);
	si = skb_shinfo(rx->part);
	from = rx->part_at + skb_headlen(rx->part);
	for (i = 0; i < si->nr_frags && at >= from; i++, from = to) {
		const skb_frag_t *frag = &si->frags[i];

		to = from + skb_frag_size(frag);
		if (at >= to)
			continue;
		if (at + len > to || PageHighMem(skb_frag_page(frag)))
			break;
		rx->map = skb_frag_address(frag);
		rx->map_at = from;
		rx->map_end = to;
		return rx->map + (at - from);
	}
	return skb_header_pointer(rx->skb, at, len, buf);
}

static void tuple_of(const struct rx *rx, struct rdm_tuple *t)
{
	memcpy(&t->w[0], &rx->to.ip, 16);
	memcpy(&t->w[2], &rx->from.ip, 16);
	t->w[4] = (u64)ntohs(rx->to.port) << 16 | ntohs(rx->from.port);
	t->w[5] = (u32)rx->from.scope;
}

/* A tag is known in the whole namespace, but good for one way to us only. */
static bool belongs(const struct rx *rx, const struct rdm_peer *peer)
{
	return rdm_sk(peer->sk)->tunnel == rx->t && rdm_addr_eq(&peer->remote, &rx->from);
}

static void rx_init(struct rx *rx, u32 at, u32 len)
{
	u8 buf[RDM_INIT_ACK_LEN];
	struct rdm_cookie ck = {};
	struct rdm_params mine;
	struct rdm_peer *peer;
	struct rdm_tuple t;
	const u8 *p;

	rdm_inc(rx->rn, IN_INIT);
	p = rdm_rx_bytes(rx, at + RDM_HDR_LEN, 48, buf);
	if (!p || rdm_wire_params(&ck.peer, p, 48)) {
		rdm_inc(rx->rn, DROP_MALFORMED);
		return;
	}
	if (ck.peer.channel == RDM_CHANNEL_GROUP)
		rx->sk = rdm_port_member(rx->t);
	else
		rx->sk = rdm_port_for_init(rx->t, &rx->from, ck.peer.incarnation);
	if (!rx->sk) {
		rdm_inc(rx->rn, DROP_NO_SOCKET);
		answer_reset(rx, ck.peer.tag, RDM_RESET_CLOSED);
		return;
	}
	tuple_of(rx, &t);
	ck.time = rx->now;
	ck.tag = rdm_cookie_tag(&rx->rn->key, &t, ck.peer.incarnation, ck.peer.tag);
	/* an attempt of ours is on its way too: the two shall meet (RFC 9260, section 5.2) */
	peer = rdm_peer_on(rx->t, &rx->from, ck.peer.channel);
	if (peer && peer->sk == rx->sk) {
		spin_lock(&peer->lock);
		ck.tag = rdm_assoc_meet(&peer->a, rx->now, &ck.peer) ?: ck.tag;
		spin_unlock(&peer->lock);
	}

	mine.tag = ck.tag;
	mine.incarnation = rdm_sk(rx->sk)->incarnation;
	mine.win_charge = READ_ONCE(rx->sk->sk_rcvbuf) / 2;
	mine.win_seq = RDM_SEQ_SPAN;
	mine.user_timeout = div_u64(READ_ONCE(rdm_sk(rx->sk)->user_timeout), NSEC_PER_MSEC);
	mine.max_msg = READ_ONCE(rx->rn->tun.max_msg);
	mine.flags = rdm_sk(rx->sk)->fifo ? RDM_PARAM_FIFO : 0;
	mine.channel = ck.peer.channel;
	if (mine.channel == RDM_CHANNEL_GROUP) {
		mine.win_charge = rdm_group_rx_window(rx->sk);
		mine.max_msg = RDM_GROUP_FRAME_MAX;
		mine.flags = 0;
	}

	rdm_wire_put_hdr(buf, RDM_PKT_INIT_ACK, 0, ck.peer.tag);
	rdm_wire_put_params(buf + RDM_HDR_LEN, &mine);
	rdm_cookie_seal(buf + RDM_HDR_LEN + 48, &rx->rn->key, &t, mine.incarnation, &ck);
	rdm_inc(rx->rn, INIT_ACK_SENT);
	answer(rx, buf, RDM_INIT_ACK_LEN);
}

static void rx_init_ack(struct rx *rx, const struct rdm_hdr *h, u32 at)
{
	u8 buf[48 + RDM_COOKIE_LEN];
	struct rdm_seat *seat;
	struct rdm_params pa;
	struct rdm_peer *peer;
	struct rdm_tuple t;
	const u8 *p;

	p = rdm_rx_bytes(rx, at + RDM_HDR_LEN, sizeof(buf), buf);
	if (!p || rdm_wire_params(&pa, p, 48)) {
		rdm_inc(rx->rn, DROP_MALFORMED);
		return;
	}
	peer = rdm_peer_by_tag(rx->rn, h->tag);
	if (!peer || !belongs(rx, peer)) {
		rdm_inc(rx->rn, DROP_TAG);
		return;
	}
	tuple_of(rx, &t);
	if (rdm_tomb_find(rx->rn, rdm_cookie_tag(&rx->rn->key, &t, pa.incarnation, pa.tag))) {
		rdm_inc(rx->rn, DROP_STALE);
		return;
	}
	rx_lock(rx, peer, h->tag);
	seat = &rdm_sk(rx->sk)->seat;
	/* a child does not begin with another life of its peer */
	if (seat->child && seat->incarnation != pa.incarnation)
		rdm_assoc_fail(&peer->a, ECONNRESET, true, &rx->out);
	else if (!peer->a.hot && !rdm_peer_heat(peer))
		rdm_inc(rx->rn, DROP_NO_MEM);
	else
		rdm_assoc_rx_init_ack(&peer->a, rx->now, &pa, p + 48, &rx->out);
	rx_unlock(rx);
}

static void rx_reset(struct rx *rx, const struct rdm_hdr *h, u32 at)
{
	u8 buf[RDM_RESET_LEN - RDM_HDR_LEN], reason, channel;
	struct rdm_peer *peer;
	u64 incarnation;
	const u8 *p;
	bool over;

	p = rdm_rx_bytes(rx, at + RDM_HDR_LEN, sizeof(buf), buf);
	if (!p || rdm_wire_reset(&reason, &incarnation, p, sizeof(buf))) {
		rdm_inc(rx->rn, DROP_MALFORMED);
		return;
	}
	for (channel = 0; channel < RDM_CHANNEL__NR; channel++) {
		peer = rdm_peer_on(rx->t, &rx->from, channel);
		if (!peer)
			continue;
		rx_lock(rx, peer, 0);
		rdm_assoc_rx_reset(&peer->a, h->tag, reason, &rx->out);
		over = rx->out.acts & RDM_OUT_CLOSED;
		rx_unlock(rx);
		if (over && channel == RDM_CHANNEL_GROUP && reason == RDM_RESET_CLOSED)
			rdm_group_gone(peer);
		if (over) {
			rdm_inc(rx->rn, IN_RESET);
			return;
		}
	}
	rdm_inc(rx->rn, DROP_RESET);
}

/*
 * What to say of a cookie that is too old. STALE tells the peer that it never was, so that
 * it may send everything again: only while a tombstone would still prove the contrary.
 */
static u8 too_old(struct rx *rx, const struct rdm_cookie *ck)
{
	if (rx->now - ck->time > RDM_TOMBSTONE_LIFE || rdm_tomb_find(rx->rn, ck->tag))
		return RDM_RESET_CLOSED;
	return RDM_RESET_STALE;
}

/* Data for an association that is not there: is there anyone who could have known it? */
static u8 no_assoc(struct rx *rx)
{
	rx->sk = rdm_port_any(rx->t);
	return rx->sk && sock_flag(rx->sk, SOCK_DEAD) ? RDM_RESET_CLOSED : RDM_RESET_NO_ASSOC;
}

/* The socket that a cookie is for, or NULL: then its messages are for nobody else either. */
static struct sock *cookie_sock(struct rx *rx, const struct rdm_cookie *ck, u64 incarnation)
{
	struct sock *sk;

	if (ck->peer.channel == RDM_CHANNEL_GROUP) {
		sk = rdm_port_member(rx->t);
		if (sk && rdm_sk(sk)->incarnation != incarnation)
			sk = NULL;
	} else {
		sk = rdm_port_for_cookie(rx->t, &rx->from, ck->peer.incarnation, incarnation);
	}
	rx->sk = sk;
	if (!sk) {
		rdm_inc(rx->rn, DROP_COOKIE);
		answer_reset(rx, ck->tag, RDM_RESET_CLOSED);
	}
	return sk;
}

enum meeting { SAME, STALE, SUCCEEDS, REPLACED };

/* The cookie comes to an association with the same address: what becomes of that one? */
static enum meeting meet_old(struct rx *rx, struct rdm_peer *old, const struct rdm_cookie *ck,
			     const struct sock *sk)
{
	enum meeting what;

	rx_lock(rx, old, 0);
	if (old->sk == sk && rdm_assoc_rx_cookie(&old->a, rx->now, ck, &rx->out)) {
		what = SAME;
	} else if (ck->time < old->a.cookie_time) {
		what = STALE;
	} else if (old->sk == sk && !rdm_sk(sk)->seat.child &&
		   READ_ONCE(sk->sk_state) != TCP_LISTEN) {
		what = SUCCEEDS;
		rdm_assoc_fail(&old->a, ECONNRESET, false, &rx->out);
		/* its successor is the one that the cookie asks for */
		rx->out.acts &= ~RDM_OUT_CLOSED;
	} else {
		what = REPLACED;
		rdm_assoc_fail(&old->a, ECONNRESET, true, &rx->out);
	}
	rx_unlock(rx);
	return what;
}

/*
 * A cookie with a tag that is not known yet: a new association, or a handshake of the
 * peer that crossed ours. Return: the association, or NULL.
 */
static struct rdm_peer *meet(struct rx *rx, const struct rdm_cookie *ck, u64 incarnation)
{
	struct rdm_peer *old, *new = NULL;
	struct sock *sk;

	if (rdm_tomb_find(rx->rn, ck->tag)) {
		/* it was taken: what came with it may have been delivered */
		rdm_inc(rx->rn, DROP_STALE);
		answer_reset(rx, ck->tag, RDM_RESET_CLOSED);
		return NULL;
	}
	if (rdm_peer_overtaken(rx->t, &rx->from, ck->peer.channel, ck->time)) {
		rdm_inc(rx->rn, DROP_STALE);
		answer_reset(rx, ck->tag, RDM_RESET_STALE);
		return NULL;
	}
	sk = cookie_sock(rx, ck, incarnation);
	if (!sk)
		return NULL;
	old = rdm_peer_on(rx->t, &rx->from, ck->peer.channel);
	if (old && !refcount_inc_not_zero(&old->refs))
		old = NULL;
	/* nothing may change before there is room */
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN && rdm_listen_full(sk) &&
	    !(old && old->sk == sk)) {
		rdm_inc(rx->rn, DROP_PEERS);
		goto busy;
	}
	if (old) {
		switch (meet_old(rx, old, ck, sk)) {
		case SAME:
			rdm_peer_alias(old, ck->tag);
			/* the table holds it while we are under RCU */
			rdm_peer_put(old);
			return old;
		case STALE:
			rdm_inc(rx->rn, DROP_STALE);
			rdm_peer_put(old);
			return NULL;
		case SUCCEEDS:
			break;
		case REPLACED:
			rdm_peer_put(old);
			old = NULL;
			/* a child that has lost its peer just now takes it no more */
			sk = cookie_sock(rx, ck, incarnation);
			if (!sk)
				return NULL;
			break;
		}
	}
	if (!old && ck->peer.channel == RDM_CHANNEL_USER)
		rdm_port_supersede(rx->t, &rx->from, ck->peer.incarnation);
	new = rdm_peer_accept(sk, &rx->from, &rx->to, ck, old);
	if (!new)
		goto busy;
	rdm_inc(rx->rn, ASSOC_ACCEPTED);
	rx_lock(rx, new, 0);
	rdm_assoc_rx_cookie(&new->a, rx->now, ck, &rx->out);
	rx_unlock(rx);
	if (new->sk != sk)
		sk->sk_data_ready(sk);
	rdm_peer_put(new);
	if (old)
		rdm_peer_put(old);
	return new;

busy:
	if (old)
		rdm_peer_put(old);
	answer_reset(rx, ck->tag, RDM_RESET_BUSY);
	return NULL;
}

/*
 * The association of a DATA packet that begins with a cookie, locked in rx->peer; @peer: the one
 * that has the tag already. Return: as find_assoc().
 */
static noinline bool find_by_cookie(struct rx *rx, const struct rdm_hdr *h, u32 at, u32 end,
				    struct rdm_peer *peer)
{
	u8 buf[RDM_COOKIE_HDR_LEN + RDM_COOKIE_LEN] __uninitialized;
	struct rdm_cookie ck __uninitialized;
	struct rdm_tuple t __uninitialized;
	u64 incarnation;
	const u8 *p;
	int err;

	if (end - at < RDM_HDR_LEN + sizeof(buf)) {
		rdm_inc(rx->rn, DROP_MALFORMED);
		return false;
	}
	p = rdm_rx_bytes(rx, at + RDM_HDR_LEN, sizeof(buf), buf);
	tuple_of(rx, &t);
	p += RDM_COOKIE_HDR_LEN;
	incarnation = rdm_cookie_incarnation(p);
	err = rdm_cookie_open(&ck, p, &rx->rn->key, &t, incarnation, rx->now);
	/* whoever is known needs no fresh cookie */
	if (err == -EBADMSG || (!err && ck.tag != h->tag) ||
	    (peer && rdm_sk(peer->sk)->incarnation != incarnation)) {
		rdm_inc(rx->rn, DROP_COOKIE);
		/* sealed by who had the address before, most likely: no need to wait */
		if (!peer)
			answer_reset(rx, h->tag, RDM_RESET_CLOSED);
		return false;
	}
	if (!peer) {
		if (err) {
			rdm_inc(rx->rn, DROP_STALE);
			answer_reset(rx, h->tag, too_old(rx, &ck));
			return false;
		}
		peer = meet(rx, &ck, incarnation);
		if (!peer)
			return false;
		err = -EALREADY;
	}
	rx_lock(rx, peer, h->tag);
	if (!err)
		rdm_assoc_rx_cookie(&peer->a, rx->now, &ck, &rx->out);
	return true;
}

/*
 * The association of a DATA packet, locked in rx->peer. Return: false when there is none;
 * the packet is counted and answered then.
 */
static bool find_assoc(struct rx *rx, const struct rdm_hdr *h, u32 at, u32 end)
{
	struct rdm_peer *peer;
	bool cookie;
	u8 type;

	cookie = *rdm_rx_bytes(rx, at + RDM_HDR_LEN, 1, &type) == RDM_FRAME_COOKIE;
	if (likely(rx->peer && rx->tag == h->tag && !cookie))
		return true;
	rx_unlock(rx);

	peer = rdm_peer_by_tag(rx->rn, h->tag);
	if (peer && !belongs(rx, peer)) {
		rdm_inc(rx->rn, DROP_ADDRESS);
		return false;
	}
	if (unlikely(cookie))
		return find_by_cookie(rx, h, at, end, peer);
	if (unlikely(!peer)) {
		rdm_inc(rx->rn, DROP_TAG);
		answer_reset(rx, h->tag, no_assoc(rx));
		return false;
	}
	rx_lock(rx, peer, h->tag);
	return true;
}

static void rx_data(struct rx *rx, const struct rdm_hdr *h, u32 at, u32 end)
{
	bool eliciting = false, refused = false;
	u8 buf[RDM_FRAME_MAX_HEAD] __uninitialized;
	struct rdm_frame f __uninitialized;
	const u8 *p;
	u32 left;
	int n;

	if (!find_assoc(rx, h, at, end))
		return;
	if (unlikely(!rx->peer->a.hot && !rdm_peer_heat(rx->peer))) {
		rdm_inc(rx->rn, DROP_NO_MEM);
		return;
	}
	if (!rdm_assoc_rx_begin(&rx->peer->a, rx->now, h->pn)) {
		if (rx->peer->a.hot && rdm_pnset_test(&rx->peer->a.hot->rxpn, h->pn))
			rdm_inc(rx->rn, DROP_DUP);
		else
			rdm_inc(rx->rn, DROP_STATE);
		rx->out.acts |= RDM_OUT_SEND;
		return;
	}
	rx->peer->rx_tag = h->tag;
	if (unlikely(rx->ecn == RDM_ECN_CE))
		rdm_inc(rx->rn, IN_CE);

	for (at += RDM_HDR_LEN; at < end; at += n) {
		left = min_t(u32, end - at, FAST_HEAD);
		p = rdm_rx_bytes(rx, at, left, buf);
		/* a longer head, of an ACK, mostly lies there as well */
		if (likely(at >= rx->map_at && at + left <= rx->map_end))
			left = min(end, rx->map_end) - at;
		n = rdm_wire_frame(&f, p, left, at, end);
		if (n == -EMSGSIZE) {
			left = min_t(u32, end - at, RDM_FRAME_MAX_HEAD);
			p = rdm_rx_bytes(rx, at, left, buf);
			n = rdm_wire_frame(&f, p, left, at, end);
		}
		if (unlikely(n < 0)) {
			rdm_inc(rx->rn, DROP_MALFORMED);
			refused = true;
			break;
		}
		if (f.type == RDM_FRAME_MSG || f.type == RDM_FRAME_FRAG) {
			eliciting = true;
			refused |= !rdm_rx_message(rx, &f);
		} else if (f.type != RDM_FRAME_COOKIE) {
			if (f.type != RDM_FRAME_ACK && f.type != RDM_FRAME_PADDING)
				eliciting = true;
			if (f.type == RDM_FRAME_SKIP ? !rdm_rx_skip(rx, &f) :
			    rdm_assoc_rx_ctl(&rx->peer->a, rx->now, h->pn, &f, &rx->out)) {
				rdm_inc(rx->rn, DROP_MALFORMED);
				refused = true;
				break;
			}
		}
	}
	rdm_assoc_rx_end(&rx->peer->a, rx->now, h->pn, rx->ecn, eliciting, refused, &rx->out);
	if (unlikely(rx->unwelcome) && !rx->peer->a.txq.n) {
		/* nothing of ours depends on it: the peer need not wait to learn it */
		rx->unwelcome = false;
		answer_reset(rx, h->tag, RDM_RESET_CLOSED);
	}
}

static void rx_segment(struct rx *rx, u32 at, u32 end)
{
	u8 buf[RDM_HDR_LEN] __uninitialized;
	struct rdm_hdr h __uninitialized;
	const u8 *p;
	int err;

	rdm_inc(rx->rn, IN_PKTS);
	if (!rx->peer)
		rx->sk = NULL;
	p = rdm_rx_bytes(rx, at, min_t(u32, end - at, sizeof(buf)), buf);
	err = p ? rdm_wire_hdr(&h, p, end - at) : -EPROTO;
	if (err) {
		if (err == -EPROTONOSUPPORT)
			rdm_inc(rx->rn, DROP_VERSION);
		else
			rdm_inc(rx->rn, DROP_MALFORMED);
		return;
	}
	switch (h.type) {
	case RDM_PKT_DATA:
		rx_data(rx, &h, at, end);
		return;
	case RDM_PKT_INIT:
		rx_unlock(rx);
		rx_init(rx, at, end - at);
		return;
	case RDM_PKT_INIT_ACK:
		rx_unlock(rx);
		rx_init_ack(rx, &h, at);
		return;
	case RDM_PKT_RESET:
		rx_unlock(rx);
		rx_reset(rx, &h, at);
		return;
	}
}

static bool addresses(struct rx *rx)
{
	const struct udphdr *uh = udp_hdr(rx->skb);

	rx->from.port = uh->source;
	rx->from.pad = 0;
	rx->from.scope = 0;
	rx->to.port = uh->dest;
	rx->to.pad = 0;
	rx->to.scope = 0;
	if (rx->skb->protocol == htons(ETH_P_IP)) {
		const struct iphdr *ip = ip_hdr(rx->skb);

		ipv6_addr_set_v4mapped(ip->saddr, &rx->from.ip);
		ipv6_addr_set_v4mapped(ip->daddr, &rx->to.ip);
		rx->ecn = ip->tos & INET_ECN_MASK;
		return uh->source && !ipv4_is_multicast(ip->daddr) &&
		       !ipv4_is_lbcast(ip->daddr) && !ipv4_is_zeronet(ip->saddr);
	}
	rx->from.ip = ipv6_hdr(rx->skb)->saddr;
	rx->to.ip = ipv6_hdr(rx->skb)->daddr;
	rx->ecn = ipv6_get_dsfield(ipv6_hdr(rx->skb)) & INET_ECN_MASK;
	if (ipv6_addr_type(&rx->from.ip) & IPV6_ADDR_LINKLOCAL)
		rx->from.scope = inet6_iif(rx->skb);
	return uh->source && !ipv6_addr_is_multicast(&rx->to.ip) &&
	       !ipv6_addr_any(&rx->from.ip) && !ipv6_addr_v4mapped(&rx->from.ip);
}

/* Is it for the address of a group? */
static bool to_all(struct rx *rx)
{
	const struct sk_buff *skb = rx->skb;

	if (likely(skb->pkt_type != PACKET_MULTICAST && skb->pkt_type != PACKET_BROADCAST))
		return false;
	return !addresses(rx) || (skb->pkt_type == PACKET_BROADCAST && rdm_addr_is4(&rx->to));
}

/**
 * rdm_input() - take a packet out of a UDP socket
 * @t: the tunnel that it came by
 * @skb: the packet, from its UDP payload on, with a right checksum; consumed
 *
 * Context: softirq, under rcu_read_lock(), no lock held.
 */
void rdm_input(struct rdm_tunnel *t, struct sk_buff *skb)
{
	struct rdm_net *rn = t->rn;
	struct rx rx __uninitialized;
	u32 at, seg;

	/* not cleared as a whole: that would cost more than a packet's decoding */
	rx.t = t;
	rx.rn = rn;
	rx.skb = skb;
	rx.sk = NULL;
	rx.now = rdm_now();
	rx.peer = NULL;
	rx.tag = 0;
	rx.map = skb->data;
	rx.map_at = 0;
	rx.map_end = skb_headlen(skb);
	rx.part = skb;
	rx.part_at = 0;
	rx.unwelcome = false;
	rx.wake = false;
	rdm_xmitq_init(&rx.xmitq);
	INIT_LIST_HEAD(&rx.ready);
	if (unlikely(skb->len && to_all(&rx))) {
		rdm_group_datagram(t, &rx.from, &rx.to, skb);
		goto drop;
	}
	if (unlikely(!skb->len || !addresses(&rx))) {
		rdm_inc(rn, DROP_MALFORMED);
		goto drop;
	}
	seg = skb->len;
	if (skb_is_gso(skb)) {
		seg = skb_shinfo(skb)->gso_size;
		rdm_inc(rn, IN_GSO);
	}
	for (at = 0; at < skb->len; at += seg) {
		rx.run = NULL;
		rx_segment(&rx, at, min(at + seg, skb->len));
		if (rx.run && rx.peer)
			at += seg * rdm_rx_run(&rx, at, seg);
	}
	rx_unlock(&rx);
	/* keeps it for the next packet that this CPU makes; the budget says that this is softirq */
	napi_consume_skb(skb, 1);
	return;
drop:
	kfree_skb(skb);
}
