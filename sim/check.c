// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the judge. It knows every message that was accepted and checks what
 * becomes of it: delivered once, whole, in order where that was promised, to
 * the incarnation it was bound to, with one outcome that is true.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/rdm.h>

#include "sim.h"

/* Byte @i of message @id. */
static u8 content(u32 id, u32 i)
{
	return (id * 2654435761U >> 8) + i * 31 + (i >> 8) * 7;
}

void msg_fill(const struct msg *m, u32 off, u32 len, u8 *to)
{
	for (u32 i = 0; i < len; i++)
		to[i] = content(m->id, off + i);
}

/* A timer may be this late, and an outcome with it. */
#define SLACK	(5 * SIM_MS)

struct msg *check_accept(struct sim *s, u16 src, u16 dst, u32 len, u8 mode, u64 deadline)
{
	struct msg *m = calloc(1, sizeof(*m));
	struct txrec *t = calloc(1, sizeof(*t));
	u32 bits = DIV_ROUND_UP(len, RDM_MIN_STRIDE);

	if (s->nmsgs == s->msgs_size) {
		s->msgs_size = s->msgs_size * 2 + 64;
		s->msgs = realloc(s->msgs, s->msgs_size * sizeof(*s->msgs));
	}
	m->id = s->nmsgs;
	s->msgs[s->nmsgs++] = m;
	m->tx = t;
	t->m = m;
	m->src = src;
	m->dst = dst;
	m->len = len;
	m->src_inc = s->nodes[src].incarnation;
	m->order = s->nodes[src].accepted++;
	m->accepted_at = s->now;
	m->mode = mode;
	m->deadline = deadline;
	if (len > RDM_MIN_STRIDE)
		t->tx.acked = calloc(BITS_TO_LONGS(bits), sizeof(long));
	rdm_txmsg_init(&t->tx, len, s->nodes[src].mtu - RDM_HDR_LEN - RDM_FRAG_LEN, t->tx.acked);
	s->open++;
	return m;
}

static u32 bucket(u32 uid, u64 seq)
{
	return (uid * 7919 + seq) % 1024;
}

static void bind(struct sim *s, struct peer *p, struct msg *m)
{
	struct binding *b = m->bound;
	u64 seq = m->tx->tx.seq;

	if (!m->tx->tx.bound)
		fail(s, "message %u is sent, but bound to no association", m->id);
	if (b && b->uid == p->uid) {
		if (b->seq != seq)
			fail(s, "message %u changes its sequence", m->id);
		return;
	}
	if (b && !m->unbound)
		fail(s, "message %u moves from association %u to %u", m->id, b->uid, p->uid);
	m->unbound = false;
	b = calloc(1, sizeof(*b));
	b->m = m;
	b->uid = p->uid;
	b->seq = seq;
	b->dst_inc = p->a.peer_incarnation;
	b->before = m->bound;
	m->bound = b;
	b->hash = s->by_seq[bucket(b->uid, seq)];
	s->by_seq[bucket(b->uid, seq)] = b;
}

/* A packet with these bytes of the message is being sent. */
void check_sent(struct sim *s, struct peer *p, struct msg *m, u32 off, u32 len)
{
	bind(s, p, m);
	if (m->done)
		fail(s, "message %u is sent after its outcome", m->id);
	if (m->deadline && s->now >= m->deadline)
		fail(s, "message %u is sent after its deadline", m->id);
	if (m->mode == RDM_AT_MOST_ONCE && m->sent && (off < m->sent_to || !len))
		fail(s, "byte %u of message %u is sent twice, not at most once", off, m->id);
	m->sent = true;
	m->sent_to = max(m->sent_to, off + len);
}

/* The association of the message is over, and the message goes to the next one. */
void check_moves(struct sim *s, struct msg *m)
{
	if (m->mode == RDM_AT_LEAST_ONCE)
		s->count[C_MOVED] += m->sent && !m->unbound;
	else if (m->delivered || m->queued)
		fail(s, "message %u goes on, but it was delivered", m->id);
	else if (m->mode == RDM_AT_MOST_ONCE && m->sent)
		fail(s, "message %u goes on, but it was sent once", m->id);
	m->unbound = true;
}

/* Both ends agree that nothing is in doubt: they must have counted the same. */
static void compare(struct sim *s, struct peer *from, struct peer *to)
{
	u64 unread = 0;
	struct rxrec *r;

	list_for_each_entry(r, &to->n->rxq, node)
		if (r->peer == to)
			unread += r->charge;
	if (to->a.seqs.floor != from->a.txq.next_seq)
		fail(s, "association %u sent %llu messages, %u finished %llu", from->uid,
		     from->a.txq.next_seq, to->uid, to->a.seqs.floor);
	if (to->a.rx_charge != from->a.txq.charge)
		fail(s, "association %u charged %llu, %u %llu", from->uid, from->a.txq.charge,
		     to->uid, to->a.rx_charge);
	if (to->a.rx_consumed + unread != to->a.rx_charge && mutation != MUT_NO_WINDOW)
		fail(s, "association %u took %llu, gave %llu back, and holds %llu", to->uid,
		     to->a.rx_charge, to->a.rx_consumed, unread);
}

void check_books(struct peer *p)
{
	struct sim *s = p->n->s;
	struct peer *q;

	list_for_each_entry(q, &s->nodes[p->remote].peers, node) {
		if (q->remote != p->n->id || q->a.peer_tag != p->a.local_tag ||
		    q->a.state != RDM_ASSOC_CLOSING)
			continue;
		s->count[C_BALANCED]++;
		compare(s, p, q);
		compare(s, q, p);
	}
}

/* The association gives a message its outcome. */
void check_done(struct sim *s, struct msg *m)
{
	const struct rdm_txmsg *t = &m->tx->tx;

	if (m->done)
		fail(s, "message %u has two outcomes", m->id);
	m->done = true;
	m->error = t->error;
	m->fate = t->fate;
	s->open--;
	s->last_outcome = s->now;
	if (s->patience && s->now - m->accepted_at > s->patience)
		fail(s, "message %u has its outcome only after %llu ms", m->id,
		     (s->now - m->accepted_at) / SIM_MS);
	if (m->deadline && s->now > m->deadline + SLACK)
		fail(s, "message %u has its outcome %llu ms after its deadline", m->id,
		     (s->now - m->deadline) / SIM_MS);
	trace(s, "node %u: message %u is %s (%d, fate %u)", m->src, m->id,
	      t->error ? "failed" : "acked", t->error, t->fate);
	if (!t->error) {
		s->count[C_ACKED]++;
		if (t->fate != RDM_FATE_QUEUED)
			fail(s, "message %u is acked with fate %u", m->id, t->fate);
		if (!m->bound || (!m->bound->delivered && !m->bound->queued))
			fail(s, "message %u is acked, but not with the receiver", m->id);
		return;
	}
	s->count[C_FAILED]++;
	s->count[C_EXPIRED] += t->error == ETIME;
	s->count[C_ONCE_LOST] += t->error == ECOMM;
	if (t->error == ETIME && (!m->deadline || s->now < m->deadline))
		fail(s, "message %u fails with ETIME before its deadline", m->id);
	if (t->error == ECOMM && m->mode != RDM_AT_MOST_ONCE)
		fail(s, "message %u fails with ECOMM, but it may be sent again", m->id);
	if (t->fate == RDM_FATE_NEVER_SENT && m->mode == RDM_AT_MOST_ONCE && m->sent)
		fail(s, "message %u was sent, but is said not to have been", m->id);
	if (t->error == ETIMEDOUT)
		s->count[C_TIMEOUT]++;
	if (t->fate == RDM_FATE_QUEUED)
		fail(s, "message %u failed with fate queued", m->id);
	if (t->fate == RDM_FATE_NEVER_SENT && m->arrived)
		fail(s, "message %u is said never to have been sent, but it arrived", m->id);
	if (t->error == EMSGSIZE) {
		s->count[C_TOO_LONG]++;
		if (m->len <= s->nodes[m->dst].max_msg)
			fail(s, "message %u is said to be too long", m->id);
	}
	/* these two are what the sender asked for */
	if (t->error == ETIME || t->error == ECOMM)
		return;
	if (s->all_acked || (s->all_fit && t->error != EMSGSIZE) ||
	    (s->least_acked && m->mode == RDM_AT_LEAST_ONCE) ||
	    (s->all_but && m->src != s->all_but && m->dst != s->all_but))
		fail(s, "message %u to node %u fails with errno %d (fate %u)", m->id, m->dst,
		     t->error, t->fate);
}

static struct binding *find(struct sim *s, u32 uid, u64 seq)
{
	struct binding *b = s->by_seq[bucket(uid, seq)];

	while (b && (b->uid != uid || b->seq != seq))
		b = b->hash;
	return b;
}

/* A packet with a part of the message is with its receiver, wanted or not. */
void check_arrived(struct sim *s, u32 uid, u64 seq)
{
	struct binding *b = find(s, uid, seq);

	if (b)
		b->m->arrived = true;
}

/* A message is whole in a receive buffer; in FIFO mode it may have to wait there. */
void check_queued(struct sim *s, struct rxrec *r)
{
	struct binding *b = find(s, r->src_uid, r->seq);

	if (b) {
		b->queued = true;
		b->m->queued = true;
	}
}

/* A message is in a receive buffer, for the application to read. */
void check_delivered(struct sim *s, struct node *n, struct rxrec *r)
{
	struct binding *b = find(s, r->src_uid, r->seq);
	struct msg *m;
	u32 i;

	s->count[C_DELIVERED]++;
	if (!b) {
		fail(s, "node %u delivers a message that nobody sent (association %u, %llu)",
		     n->id, r->src_uid, r->seq);
		return;
	}
	m = b->m;
	trace(s, "node %u: delivers message %u, %u bytes", n->id, m->id, r->m.total);
	/* what is sent at least once may come again, but not on the same association */
	if (b->delivered || (m->delivered && m->mode != RDM_AT_LEAST_ONCE))
		fail(s, "message %u is delivered twice", m->id);
	b->delivered = true;
	s->count[C_AGAIN] += m->delivered++ > 0;
	if (m->dst != n->id)
		fail(s, "message %u for node %u is delivered at node %u", m->id, m->dst, n->id);
	if (b->dst_inc != n->incarnation)
		fail(s, "message %u is delivered in another incarnation", m->id);
	if (m->len != r->m.total) {
		fail(s, "message %u of %u bytes is delivered with %u", m->id, m->len, r->m.total);
		return;
	}
	for (i = 0; i < m->len && r->data[i] == content(m->id, i); i++)
		;
	if (i < m->len)
		fail(s, "message %u differs at byte %u of %u", m->id, i, m->len);
	if (m->done && m->error && m->fate == RDM_FATE_NEVER_SENT)
		fail(s, "message %u was said never to have been sent, but it arrives", m->id);

	if (m->delivered > 1)
		return;
	if (n->last_inc[m->src] != m->src_inc) {
		n->last_inc[m->src] = m->src_inc;
		n->last_order[m->src] = 0;
	}
	if (n->fifo && m->order + 1 <= n->last_order[m->src])
		fail(s, "message %u (number %u) is delivered after number %u", m->id, m->order,
		     n->last_order[m->src] - 1);
	n->last_order[m->src] = m->order + 1;
}

/* The sender and its messages are gone: they need no outcome any more. */
void check_forgotten(struct sim *s, struct msg *m)
{
	if (m->done)
		return;
	m->done = true;
	m->error = ECANCELED;
	m->fate = RDM_FATE_UNKNOWN;
	s->open--;
	if (!s->may_crash)
		fail(s, "message %u is forgotten", m->id);
}

/* Nothing is left to happen. */
void check_end(struct sim *s)
{
	u32 n = 0;

	for (u32 i = 0; i < s->nmsgs; i++) {
		struct msg *m = s->msgs[i];

		if (!m->done) {
			fail(s, "message %u has no outcome", m->id);
			return;
		}
		if (m->tx)
			fail(s, "message %u is never given back", m->id);
		n += m->delivered;
		if (s->all_acked && !m->error && !m->delivered)
			fail(s, "message %u is acked, but never delivered", m->id);
	}
	for (u32 i = 0; i < s->ntraffic; i++)
		if (s->traffic[i].left && s->all_acked)
			fail(s, "%u messages were never accepted", s->traffic[i].left);
	if (s->last_outcome > s->deadline)
		fail(s, "the last outcome comes after %llu ms, which is too late",
		     (s->last_outcome - 1000 * SIM_SEC) / SIM_MS);
	if (!n && s->all_acked && !s->count[C_FAILED])
		fail(s, "nothing was delivered at all");
	for (u32 i = 0; i < s->nnodes; i++) {
		struct node *nd = &s->nodes[i];

		if (!list_empty(&nd->peers))
			fail(s, "node %u still has associations", i);
		if (nd->rcvused && nd->bound)
			fail(s, "node %u has %llu bytes charged for nothing", i, nd->rcvused);
	}
}
