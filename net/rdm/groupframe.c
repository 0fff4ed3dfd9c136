// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupframe: what comes to groups: frames from other members' sockets, datagrams
 * to a group's address, and news of associations. The core (groupcore.h) judges it.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "group.h"

/* Where a frame says who sends it. */
#define FRAME_INC	32

/* Whose socket says what: another one at its address proves that the former is dead. */
static void know(struct rdm_group *g, u64 now, struct rdm_peer *peer, u64 inc)
{
	struct rdm_gaddr at;
	u8 i;

	rdm_gaddr_from(&at, &peer->remote);
	for (i = 0; i < g->nknown; i++)
		if (!memcmp(&g->known[i].who.at, &at, sizeof(at)))
			break;
	if (i == ARRAY_SIZE(g->known))
		i = get_random_u32_below(ARRAY_SIZE(g->known));
	else if (i == g->nknown)
		g->nknown++;
	else if (g->known[i].socket != peer->a.peer_incarnation)
		rdm_gc_gone(g->gc, now, &g->known[i].who);
	g->known[i].who.at = at;
	g->known[i].who.inc = inc;
	g->known[i].socket = peer->a.peer_incarnation;
}

/* Broadcasts that came together are given to the core in one step. */
#define BATCH	8

struct batch {
	struct rdm_group *group;	/* held; NULL: it is empty */
	struct rdm_gaddr from;		/* all of one peer */
	struct rdm_rec *rec[BATCH];
	struct rdm_gbody *body[BATCH];
	u8 n;
};

/* The head of a broadcast's frame: @buf, or where it lies in the message; NULL without memory. */
static const u8 *head_of(const struct rdm_rec *rec, u8 *buf)
{
	BUILD_BUG_ON(RDM_REC_HEAD != RDM_GF_DATA_LEN);
	if (likely(rec->copied || rec->headed))
		return rec->data;
	return rdm_rec_bytes(rec, 0, buf, RDM_GF_DATA_LEN) ? NULL : buf;
}

/* Return: true when it is the core's now, with its reference. */
static bool batch_take(struct rdm_group *g, u64 now, const struct batch *batch, u8 i)
{
	struct rdm_gbody *b = batch->body[i];
	u8 buf[RDM_GF_DATA_LEN] __uninitialized;
	struct rdm_gframe f __uninitialized;
	enum rdm_grx grx;
	const u8 *head;

	head = head_of(batch->rec[i], buf);
	if (!head || rdm_gw_frame(&f, head, RDM_GF_DATA_LEN)) {
		rdm_inc(g->rn, DROP_MALFORMED);
		return false;
	}
	grx = rdm_gc_rx_data(g->gc, now, &batch->from, &f, &b->m);
	if (grx == RDM_GRX_TAKEN)
		return true;
	if (grx == RDM_GRX_WINDOW)
		rdm_inc(g->rn, GROUP_DROPPED);
	else
		rdm_inc(g->rn, GROUP_DUPS);
	return false;
}

static void batch_end(struct batch *batch)
{
	struct rdm_group *g = batch->group;
	u64 now;
	u8 i;

	if (!g)
		return;
	now = rdm_now();
	rdm_gbody_charge(g, batch->body, batch->n);
	if (rdm_group_enter(g)) {
		rdm_gc_heard(g->gc, now, &batch->from);
		for (i = 0; i < batch->n; i++)
			if (batch_take(g, now, batch, i))
				batch->body[i] = NULL;
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
	for (i = 0; i < batch->n; i++)
		if (batch->body[i])
			rdm_gbody_put(batch->body[i]);
	rdm_group_put(g);
	batch->group = NULL;
	batch->n = 0;
}

/* A broadcast: its bytes are looked after before the lock is taken. */
static void take_data(struct batch *batch, struct rdm_group *g, struct rdm_rec *rec)
{
	struct rdm_gbody *b;

	if (rec->m.total < RDM_GF_DATA_LEN) {
		rdm_inc(g->rn, DROP_MALFORMED);
		return;
	}
	if (rec->m.total - RDM_GF_DATA_LEN > rdm_group_max_len(g)) {
		rdm_inc(g->rn, GROUP_DROPPED);
		return;
	}
	if (batch->n == BATCH || (batch->group && batch->group != g))
		batch_end(batch);
	b = rdm_gbody_from_rec(g, rec, RDM_GF_DATA_LEN);
	if (!b) {
		rdm_inc(g->rn, GROUP_LOST);
		return;
	}
	if (!batch->group) {
		batch->group = g;
		refcount_inc(&g->refs);
	}
	batch->rec[batch->n] = rec;
	batch->body[batch->n++] = b;
}

static void take_ctrl(struct rdm_group *g, u64 now, const struct rdm_gaddr *from,
		      struct rdm_peer *peer, struct rdm_rec *rec)
{
	u32 len = rec->m.total;
	u8 *p, *copy = NULL;

	if (len > RDM_GF_MAX)
		return;
	if (rec->copied) {
		p = rec->data;
	} else {
		copy = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);
		if (!copy || rdm_rec_bytes(rec, 0, copy, len)) {
			rdm_inc(g->rn, GROUP_LOST);
			kfree(copy);
			return;
		}
		p = copy;
	}
	if (rdm_group_enter(g)) {
		rdm_gc_heard(g->gc, now, from);
		/* a hint, so the lock of the association is not needed */
		if (p[0] == RDM_GF_PULL)
			rdm_gc_backlog(g->gc, from,
				       min_t(u64, READ_ONCE(peer->a.txq.bytes), U32_MAX));
		if (p[0] == RDM_GF_STATE)
			know(g, now, peer, get_unaligned_be64(p + FRAME_INC));
		if (rdm_gc_rx(g->gc, now, from, true, p, len))
			rdm_inc(g->rn, DROP_MALFORMED);
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
	kfree(copy);
}

/* A frame; it stays the caller's. */
static void take_rec(struct batch *batch, struct sock *sk, struct rdm_peer *peer,
		     struct rdm_rec *rec)
{
	struct rdm_group *g;
	u8 buf[16] __uninitialized;
	const u8 *head = buf;
	u64 id;

	if (likely(rec->copied || rec->headed))
		head = rec->data;
	if (rec->m.total < RDM_GH_LEN ||
	    (head == buf && rdm_rec_bytes(rec, 0, buf, sizeof(buf)))) {
		rdm_inc(peer->rn, DROP_MALFORMED);
		return;
	}
	id = get_unaligned_be64(head + 8);
	g = batch->group;
	if (g && g->id == id)
		refcount_inc(&g->refs);
	else
		g = rdm_group_by_id(sk, id);
	if (!g)
		return;
	if (head[0] == RDM_GF_DATA) {
		take_data(batch, g, rec);
	} else {
		/* in the order in which they came */
		batch_end(batch);
		take_ctrl(g, rdm_now(), &batch->from, peer, rec);
	}
	rdm_group_put(g);
}

/**
 * rdm_group_datagram() - a packet came to a group's address
 * @t: the tunnel that it came by
 * @from: its source
 * @to: the group's address
 * @skb: its UDP payload
 *
 * Anyone may send it, so the core believes nothing of it.
 *
 * Context: softirq, under rcu_read_lock(), no lock held.
 */
noinline void rdm_group_datagram(struct rdm_tunnel *t, const struct rdm_addr *from,
				 const struct rdm_addr *to, struct sk_buff *skb)
{
	struct sock *sk = rdm_port_member(t);
	struct rdm_addr name = *to;
	u64 now = rdm_now();
	struct rdm_gaddr at;
	struct rdm_group *g;
	u8 p[RDM_GF_ANNOUNCE_LEN];

	name.scope = 0;
	g = sk ? rdm_group_by_id(sk, rdm_group_id(&name)) : NULL;
	if (!g || skb->len != sizeof(p) || skb_copy_bits(skb, 0, p, sizeof(p)) ||
	    p[0] != RDM_GF_ANNOUNCE) {
		rdm_inc(t->rn, DROP_MALFORMED);
		if (g)
			rdm_group_put(g);
		return;
	}
	rdm_gaddr_from(&at, from);
	if (rdm_group_enter(g)) {
		rdm_gc_rx(g->gc, now, &at, false, p, sizeof(p));
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
	rdm_group_put(g);
}

/* Tells the cores of all groups of a socket something of one of its associations. */
static void tell_all(struct rdm_peer *peer,
		     void (*tell)(struct rdm_group *g, u64 now, struct rdm_peer *peer,
				  const struct rdm_gaddr *at))
{
	u64 now = rdm_now();
	struct rdm_group *g;
	struct rdm_gaddr at;
	u32 n;

	rdm_gaddr_from(&at, &peer->remote);
	for (n = 0; (g = rdm_group_nth(peer->sk, n)); n++) {
		if (rdm_group_enter(g)) {
			tell(g, now, peer, &at);
			rdm_group_done(g, now);
		} else {
			rdm_group_skip(g);
		}
		rdm_group_put(g);
	}
}

static void gone(struct rdm_group *g, u64 now, struct rdm_peer *peer, const struct rdm_gaddr *at)
{
	u8 i;

	for (i = 0; i < g->nknown; i++)
		if (g->known[i].socket == peer->a.peer_incarnation &&
		    !memcmp(&g->known[i].who.at, at, sizeof(*at)))
			rdm_gc_gone(g->gc, now, &g->known[i].who);
}

/**
 * rdm_group_gone() - a socket that we had an association with was closed
 * @peer: the association; a RESET proved it
 *
 * Context: softirq, no lock held.
 */
void rdm_group_gone(struct rdm_peer *peer)
{
	tell_all(peer, gone);
}

static void failed(struct rdm_group *g, u64 now, struct rdm_peer *peer,
		   const struct rdm_gaddr *at)
{
	rdm_gc_channel(g->gc, now, at, false);
	/* who refuses would refuse again */
	if (peer->a.error != ECONNREFUSED)
		rdm_gc_channel(g->gc, now, at, true);
}

/**
 * rdm_group_peer_failed() - an association between members ended with an error
 * @peer: the association
 *
 * Context: any but hard interrupt, no lock held.
 */
noinline void rdm_group_peer_failed(struct rdm_peer *peer)
{
	tell_all(peer, failed);
}

/**
 * rdm_group_input() - messages from members
 * @sk: the socket
 * @recs: of one peer, by rdm_rec.node; consumed
 *
 * What stays, because a broadcast has its bytes there, is the group's. In any case the peer may
 * send as much again.
 *
 * Context: softirq, no lock held.
 */
noinline void rdm_group_input(struct sock *sk, struct list_head *recs)
{
	struct rdm_peer *peer = list_first_entry(recs, struct rdm_rec, node)->peer;
	struct batch batch __uninitialized;
	struct rdm_rec *rec, *tmp;
	u32 charge = 0;

	batch.group = NULL;
	batch.n = 0;
	rdm_gaddr_from(&batch.from, &peer->remote);
	list_for_each_entry_safe(rec, tmp, recs, node) {
		charge += rec->charge;
		take_rec(&batch, sk, peer, rec);
	}
	batch_end(&batch);
	rdm_rcv_unreserve_all(sk, recs);
	rdm_rcv_read(peer, charge);
	list_for_each_entry_safe(rec, tmp, recs, node)
		rdm_rec_free(rec);
}
