// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: a host with one socket: the stateless half of the handshake,
 * tombstones, resets, the application that reads and sends, restarts.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/rdm.h>

#include "sim.h"

static struct rdm_tuple tuple(const struct node *n, u16 remote)
{
	return (struct rdm_tuple){ .w = { n->id, remote, 7, 7, 1, 2 } };
}

static void new_keys(struct node *n)
{
	for (u32 i = 0; i < 2; i++) {
		n->key.mac.key[i] = rnd(n->s);
		n->key.tag.key[i] = rnd(n->s);
	}
}

void node_init(struct sim *s, u16 id)
{
	struct node *n = &s->nodes[id];

	n->s = s;
	n->id = id;
	INIT_LIST_HEAD(&n->peers);
	INIT_LIST_HEAD(&n->rxq);
	new_keys(n);
	n->rcvbuf = 4 << 20;
	n->rx_window = 4 << 20;
	n->reading = true;
	n->read_every = 1 * SIM_MS;
	n->read_batch = 100;
	n->max_msg = 1 << 20;
	n->user_timeout = 30 * SIM_SEC;
	n->idle_timeout = 300 * SIM_SEC;
	n->mtu = 1472;
	n->max_peers = 8;
	n->ecn = true;
	n->cong = s->seed % 3 == 1 ? &rdm_cong_newreno :
		  s->seed % 3 == 2 ? &rdm_cong_bbr : &rdm_cong_cubic;
	node_bind(n);
}

void node_bind(struct node *n)
{
	n->bound = true;
	n->incarnation = rnd(n->s) | 1;
	n->accepted = 0;
	memset(n->last_inc, 0, sizeof(n->last_inc));
}

static void drop_rxq(struct node *n)
{
	struct rxrec *r, *tmp;

	list_for_each_entry_safe(r, tmp, &n->rxq, node) {
		list_del(&r->node);
		peer_free_rx(r);
	}
	n->rxq_len = 0;
	n->rcvused = 0;
	n->token = NULL;
}

/* The socket goes; with @crash the host, and nobody hears of it. */
void node_close(struct node *n, bool crash)
{
	struct peer *p, *tmp;
	struct rdm_out out;

	trace(n->s, "node %u: %s", n->id, crash ? "crashes" : "closes its socket");
	n->crashing = crash;
	n->bound = false;
	list_for_each_entry_safe(p, tmp, &n->peers, node) {
		rdm_out_init(&out);
		rdm_assoc_flush(&p->a, &out);
		peer_finish(p, &out);
	}
	n->crashing = false;
	drop_rxq(n);
	if (crash) {
		n->ntombs = 0;
		memset(n->ended, 0, sizeof(n->ended));
		new_keys(n);
	} else {
		n->s->count[C_SOCK_CLOSE]++;
	}
}

void node_free(struct node *n)
{
	bool may_crash = n->s->may_crash;

	n->s->may_crash = true;
	node_close(n, true);
	n->s->may_crash = may_crash;
}

/* There may be room for what was refused. */
void node_room(struct node *n)
{
	struct peer *p, *tmp;
	struct rdm_out out;

	if (n->rcvused > n->rcvbuf / 2)
		return;
	list_for_each_entry_safe(p, tmp, &n->peers, node) {
		if (!p->a.refused)
			continue;
		rdm_out_init(&out);
		rdm_assoc_rx_reopened(&p->a, &out);
		peer_finish(p, &out);
		return;
	}
}

void node_read(struct node *n)
{
	u32 batch = n->read_batch;

	while (n->reading && batch-- && !list_empty(&n->rxq)) {
		struct rxrec *r = list_first_entry(&n->rxq, struct rxrec, node);
		struct peer *p = r->peer;
		u64 charge = r->charge;
		struct rdm_out out;

		list_del(&r->node);
		n->rxq_len--;
		n->rcvused -= charge;
		if (n->token == r)
			n->token = NULL;
		peer_free_rx(r);
		if (p && mutation != MUT_NO_WINDOW) {
			rdm_out_init(&out);
			rdm_assoc_rx_consumed(&p->a, charge, &out);
			peer_finish(p, &out);
		}
		node_room(n);
	}
}

static void read_event(struct sim *s, u64 arg)
{
	struct node *n = &s->nodes[arg];

	n->read_planned = false;
	node_read(n);
	node_read_later(n);
}

/* The application reads now and then, while there is something. */
void node_read_later(struct node *n)
{
	if (n->read_planned || !n->reading || list_empty(&n->rxq))
		return;
	n->read_planned = true;
	sim_call(n->s, n->s->now + rnd(n->s) % (2 * n->read_every + 1), read_event, n->id);
}

void node_send(struct node *n, u16 dst, u32 len, u8 mode, u64 deadline)
{
	struct sim *s = n->s;
	struct peer *p = peer_find(n, dst);
	struct msg *m = check_accept(s, n->id, dst, len, mode, deadline);
	struct rdm_txmsg *t = &m->tx->tx;
	struct rdm_out out;

	t->mode = mode;
	t->deadline = deadline;
	if (mutation == MUT_NO_DEADLINE)
		t->deadline = 0;
	if (mutation == MUT_ONCE_MOVED && mode == RDM_AT_MOST_ONCE)
		t->mode = RDM_AT_LEAST_ONCE;
	if (mutation == MUT_LEAST_STAYS)
		t->mode = RDM_EXACTLY_ONCE;

	trace(s, "node %u: accepts message %u, %u bytes for node %u, mode %u%s", n->id, m->id,
	      len, dst, mode, deadline ? " with a deadline" : "");
	if (!p) {
		p = peer_new(n, dst, rnd(s) | 1);
		s->count[C_INITIATED]++;
		rdm_out_init(&out);
		rdm_assoc_open(&p->a, s->now, &out);
		if (!peer_finish(p, &out)) {
			fail(s, "an association ends while it is opened");
			return;
		}
	}
	peer_send(p, m);
}

void node_set_mtu(struct node *n, u32 mtu)
{
	struct peer *p, *tmp;
	struct rdm_out out;

	n->mtu = mtu;
	list_for_each_entry_safe(p, tmp, &n->peers, node) {
		struct rdm_txmsg *t;

		list_for_each_entry(t, &p->a.txq.msgs, node)
			if (t->bound && !t->finished) {
				n->s->count[C_RECUT]++;
				break;
			}
		rdm_out_init(&out);
		rdm_assoc_set_mtu(&p->a, n->s->now, mtu);
		peer_finish(p, &out);
	}
}

u64 node_deadline(const struct node *n)
{
	u64 at = U64_MAX;
	struct peer *p;

	list_for_each_entry(p, &n->peers, node)
		at = min(at, p->timer_at);
	return at;
}

void node_timer(struct node *n)
{
	struct peer *p;

	list_for_each_entry(p, &n->peers, node)
		if (p->timer_at <= n->s->now) {
			peer_timer(p);
			return;
		}
}

/* Packets in */

static void send_reset(struct node *n, const struct pkt *k, u64 tag, u8 reason)
{
	u8 buf[RDM_RESET_LEN];
	u32 len = rdm_wire_put_reset(buf, tag, reason, n->bound ? n->incarnation : 0);

	n->s->count[C_RESET_SENT]++;
	if (len > k->len)
		fail(n->s, "a reset of %u bytes answers %u", len, k->len);
	trace(n->s, "node %u: sends reset %u", n->id, reason);
	net_send(n->s, n->id, k->src, buf, len, 0, RDM_ECN_NONE);
}

static bool buried(struct node *n, u64 tag)
{
	for (u32 i = 0; i < n->ntombs; i++) {
		if (n->tombs[i].until <= n->s->now)
			n->tombs[i--] = n->tombs[--n->ntombs];
		else if (n->tombs[i].tag == tag)
			return true;
	}
	return false;
}

static void rx_init(struct node *n, const struct pkt *k)
{
	struct rdm_tuple t = tuple(n, k->src);
	struct peer *p = peer_find(n, k->src);
	struct rdm_assoc_cfg cfg = {
		.terms = {
			.incarnation = n->incarnation,
			.rx_window = n->rx_window,
			.user_timeout = n->user_timeout,
			.max_msg = n->max_msg,
			.cong = n->cong,
		},
		.first_seq = n->first_seq,
		.mtu = n->mtu,
		.fifo = n->fifo,
	};
	struct rdm_cookie ck = { .time = n->s->now };
	u8 buf[RDM_INIT_ACK_LEN];
	struct rdm_params pa;
	struct rdm_assoc *a;
	u32 len;

	if (rdm_wire_params(&ck.peer, k->bytes + RDM_HDR_LEN, k->len - RDM_HDR_LEN))
		return;
	ck.tag = p ? rdm_assoc_meet(&p->a, n->s->now, &ck.peer) : 0;
	if (!ck.tag)
		ck.tag = rdm_cookie_tag(&n->key, &t, ck.peer.incarnation, ck.peer.tag);
	/* what an association made from the cookie will say of itself */
	a = malloc(sizeof(*a));
	cfg.tag = ck.tag;
	rdm_assoc_init(a, &cfg);
	rdm_assoc_params(a, &pa);
	free(a);
	len = rdm_wire_put_hdr(buf, RDM_PKT_INIT_ACK, 0, ck.peer.tag);
	len += rdm_wire_put_params(buf + len, &pa);
	rdm_cookie_seal(buf + len, &n->key, &t, n->incarnation, &ck);
	len += RDM_COOKIE_LEN;
	if (len != RDM_INIT_ACK_LEN || len > k->len)
		fail(n->s, "an INIT-ACK of %u bytes answers %u", len, k->len);
	net_send(n->s, n->id, k->src, buf, len, 0, RDM_ECN_NONE);
}

static void rx_init_ack(struct node *n, const struct rdm_hdr *h, const struct pkt *k)
{
	struct rdm_tuple t = tuple(n, k->src);
	struct peer *p = peer_by_tag(n, h->tag);
	struct rdm_params pa;
	struct rdm_out out;

	if (!p || p->remote != k->src ||
	    rdm_wire_params(&pa, k->bytes + RDM_HDR_LEN, k->len - RDM_HDR_LEN))
		return;
	/* the peer's attempt may have delivered to an association that has ended here */
	if (buried(n, rdm_cookie_tag(&n->key, &t, pa.incarnation, pa.tag)))
		return;
	if (!peer_heat(p))
		return;
	rdm_out_init(&out);
	rdm_assoc_rx_init_ack(&p->a, n->s->now, &pa, k->bytes + RDM_HDR_LEN + 48, &out);
	peer_finish(p, &out);
}

static void rx_reset(struct node *n, const struct rdm_hdr *h, const struct pkt *k)
{
	struct peer *p = peer_find(n, k->src);
	struct rdm_out out;
	u64 incarnation;
	u8 reason;

	if (!p || rdm_wire_reset(&reason, &incarnation, k->bytes + RDM_HDR_LEN,
				 k->len - RDM_HDR_LEN))
		return;
	trace(n->s, "node %u: takes reset %u", n->id, reason);
	rdm_out_init(&out);
	if (mutation == MUT_TRUST_RESET && p->a.state == RDM_ASSOC_ESTABLISHED)
		p->a.doubt = 1;
	if (mutation == MUT_ANY_RESET && p->a.state == RDM_ASSOC_ESTABLISHED)
		reason = RDM_RESET_CLOSED;
	rdm_assoc_rx_reset(&p->a, mutation == MUT_ANY_RESET ? p->a.peer_tag : h->tag, reason,
			   &out);
	if (p->a.state == RDM_ASSOC_CLOSED)
		n->s->count[C_RESET_TAKEN]++;
	peer_finish(p, &out);
}

static void rx_icmp(struct node *n, const struct pkt *k)
{
	struct peer *p = peer_find(n, k->src);
	struct rdm_params pa;
	struct rdm_out out;
	struct rdm_hdr h;
	bool tag_ok;

	if (!p || rdm_wire_hdr(&h, k->bytes, k->len))
		return;
	tag_ok = h.type == RDM_PKT_DATA && h.tag == p->a.peer_tag;
	if (h.type == RDM_PKT_INIT &&
	    !rdm_wire_params(&pa, k->bytes + RDM_HDR_LEN, k->len - RDM_HDR_LEN))
		tag_ok = pa.tag == p->a.local_tag;
	rdm_out_init(&out);
	rdm_assoc_rx_icmp(&p->a, n->s->now, ECONNREFUSED, true, tag_ok, &out);
	peer_finish(p, &out);
}

/*
 * A packet for a tag that nobody has: it may bring its cookie, which makes or
 * meets an association. The cookie stands first in a packet.
 */
static struct peer *rx_cookie(struct node *n, const struct rdm_hdr *h, const struct pkt *k,
			      struct peer *p, struct rdm_out *out)
{
	struct rdm_tuple t = tuple(n, k->src);
	struct sim *s = n->s;
	struct rdm_cookie ck;
	struct rdm_frame f;
	struct rdm_out fresh;
	struct peer *next;
	int err;

	rdm_out_init(&fresh);
	if (rdm_wire_frame(&f, k->bytes + RDM_HDR_LEN, k->len - RDM_HDR_LEN, RDM_HDR_LEN,
			   k->len) < 0 || f.type != RDM_FRAME_COOKIE) {
		if (!p)
			send_reset(n, k, h->tag, RDM_RESET_NO_ASSOC);
		return p;
	}
	err = rdm_cookie_open(&ck, k->bytes + f.payload, &n->key, &t, n->incarnation, s->now);
	if (!err && ck.tag != h->tag)
		err = -EBADMSG;
	if (err == -ESTALE)
		s->count[C_STALE_COOKIE]++;
	if (err == -ESTALE && !p)
		/* STALE says that it was never taken: true while a tombstone would deny it */
		send_reset(n, k, h->tag, s->now - ck.time < RDM_TOMBSTONE_LIFE ?
			   RDM_RESET_STALE : RDM_RESET_CLOSED);
	else if (err && !p)
		send_reset(n, k, h->tag, RDM_RESET_NO_ASSOC);
	if (err)
		return p;
	if (!p && ck.time < n->ended[k->src]) {
		s->count[C_OLD_COOKIE]++;
		send_reset(n, k, h->tag, RDM_RESET_STALE);
		return NULL;
	}
	if (!p)
		p = peer_find(n, k->src);
	if (p) {
		bool known = p->a.local_tag == ck.tag || p->a.alias_tag == ck.tag;
		u8 state = p->a.state;

		if (rdm_assoc_rx_cookie(&p->a, s->now, &ck, out)) {
			if ((state == RDM_ASSOC_INIT_SENT || state == RDM_ASSOC_COOKIE_SENT ||
			     !known))
				s->count[C_MET]++;
			return p;
		}
		if (ck.time < p->a.cookie_time) {
			/* not STALE: when this association ends, the cookie may still be taken */
			s->count[C_OLD_COOKIE]++;
			return NULL;
		}
		/* the peer has begun anew, so its end of this association is gone */
		rdm_assoc_fail(&p->a, ECONNRESET, false, out);
	}
	next = peer_new(n, k->src, ck.tag);
	list_move(&next->node, &n->peers);
	if (!rdm_assoc_rx_cookie(&next->a, s->now, &ck, p ? &fresh : out))
		fail(s, "a new association does not take its cookie");
	if (p) {
		peer_finish(p, out);
		rdm_out_init(out);
		out->acts = fresh.acts;
	}
	return next;
}

static void rx_data(struct node *n, const struct rdm_hdr *h, const struct pkt *k)
{
	struct peer *p = peer_by_tag(n, h->tag);
	struct rdm_out out;

	rdm_out_init(&out);
	if (!p && buried(n, h->tag)) {
		n->s->count[C_TOMB_HIT]++;
		send_reset(n, k, h->tag, RDM_RESET_CLOSED);
		return;
	}
	if (p && p->remote != k->src)
		return;
	p = rx_cookie(n, h, k, p, &out);
	if (p && peer_finish(p, &out))
		peer_frames(p, h, k);
}

void node_rx(struct node *n, struct pkt *k)
{
	struct rdm_hdr h;

	if (k->icmp) {
		if (n->bound)
			rx_icmp(n, k);
		return;
	}
	if (rdm_wire_hdr(&h, k->bytes, k->len))
		return;
	if (!n->bound) {
		/* a port without a socket can only answer by ICMP */
		if (!n->down && h.type != RDM_PKT_RESET)
			net_icmp(n->s, k);
		return;
	}
	switch (h.type) {
	case RDM_PKT_INIT:
		rx_init(n, k);
		break;
	case RDM_PKT_INIT_ACK:
		rx_init_ack(n, &h, k);
		break;
	case RDM_PKT_RESET:
		rx_reset(n, &h, k);
		break;
	case RDM_PKT_DATA:
		rx_data(n, &h, k);
		break;
	}
	node_read_later(n);
}
