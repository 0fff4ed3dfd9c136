// SPDX-License-Identifier: GPL-2.0
/*
 * rdm txqueue: see txqueue.h.
 *
 * A message joins at the tail without a sequence. When its first packet is
 * made it is bound: it takes the next sequence and its charge counts against
 * the peer's window, so sequences and charges rise in the order of the queue.
 * A packet record holds a run of neighbours (or one fragment); every record
 * counts in the messages it points at, and a message leaves the list only when
 * it is finished and no record points at it, so a run never has a hole.
 */
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/kernel.h>

#include <linux/rdm.h>

#include "recovery.h"
#include "txqueue.h"

/**
 * rdm_txmsg_init() - a message that nobody knows yet
 * @m: the message
 * @len: bytes
 * @stride: bytes of each fragment; @len or more when it goes in one packet
 * @acked: see struct rdm_txmsg
 */
void rdm_txmsg_init(struct rdm_txmsg *m, u32 len, u32 stride, unsigned long *acked)
{
	INIT_LIST_HEAD(&m->node);
	INIT_LIST_HEAD(&m->done);
	m->seq = 0;
	m->len = len;
	m->stride = stride;
	m->gen = 0;
	m->nfrags = len > stride ? DIV_ROUND_UP(len, stride) : 1;
	m->next = 0;
	m->nacked = 0;
	m->npkts = 0;
	m->bound = false;
	m->finished = false;
	m->solo = false;
	m->fate = 0;
	m->error = 0;
	m->acked = acked;
}

/**
 * rdm_txq_init() - an empty queue whose peer takes nothing yet
 * @q: the queue
 * @first_seq: sequence of the first message
 */
void rdm_txq_init(struct rdm_txq *q, u64 first_seq)
{
	INIT_LIST_HEAD(&q->msgs);
	q->unsent = NULL;
	q->probing = NULL;
	q->next_seq = first_seq;
	q->charge = 0;
	q->win_charge = 0;
	q->win_seq = first_seq;
	q->bytes = 0;
	q->n = 0;
	q->nbound = 0;
}

/**
 * rdm_txq_push() - accept a message: this decides its place in the order
 * @q: the queue
 * @m: the message
 */
void rdm_txq_push(struct rdm_txq *q, struct rdm_txmsg *m)
{
	list_add_tail(&m->node, &q->msgs);
	if (!q->unsent)
		q->unsent = m;
	q->bytes += m->len;
	q->n++;
}

/**
 * rdm_txq_admits() - may this unbound or bound message be sent now?
 * @q: the queue
 * @m: a message of it
 *
 * Return: true when the peer's window has room for @m, or @m has its room.
 */
bool rdm_txq_admits(const struct rdm_txq *q, const struct rdm_txmsg *m)
{
	if (m == q->probing)
		return q->next_seq <= q->win_seq && q->charge <= q->win_charge;
	if (m->bound)
		return true;
	return q->next_seq < q->win_seq &&
	       q->charge + rdm_msg_charge(m->len) <= q->win_charge;
}

/**
 * rdm_txq_bind() - a message's first packet is being made
 * @q: the queue
 * @m: its first message that is not bound
 */
void rdm_txq_bind(struct rdm_txq *q, struct rdm_txmsg *m)
{
	WARN_ON_ONCE(m->bound);
	m->bound = true;
	m->seq = q->next_seq++;
	q->charge += rdm_msg_charge(m->len);
	q->nbound++;
}

/* Move on to the next message that has something never sent. */
static void advance_unsent(struct rdm_txq *q)
{
	struct rdm_txmsg *m = q->unsent;

	list_for_each_entry_continue(m, &q->msgs, node) {
		if (!m->finished && m->next < m->nfrags) {
			q->unsent = m;
			return;
		}
	}
	q->unsent = NULL;
}

/**
 * rdm_txq_sent() - the next fragments of a message were sent for the first time
 * @q: the queue
 * @m: q->unsent
 * @nfrags: how many
 */
void rdm_txq_sent(struct rdm_txq *q, struct rdm_txmsg *m, u16 nfrags)
{
	WARN_ON_ONCE(m != q->unsent || m->next + nfrags > m->nfrags);
	m->next += nfrags;
	if (m->next == m->nfrags)
		advance_unsent(q);
}

static bool frag_acked(const struct rdm_txmsg *m, u16 frag)
{
	return m->nfrags > 1 && test_bit(frag, m->acked);
}

/**
 * rdm_txq_needed() - would sending this packet's messages again help anyone?
 * @s: a packet record
 *
 * Return: true when something that it carried has no ack yet.
 */
bool rdm_txq_needed(const struct rdm_sent *s)
{
	struct rdm_txmsg *m = s->msg;
	u16 i;

	for (i = 0; i < s->nmsgs; i++, m = list_next_entry(m, node))
		if (!m->finished && s->gen == m->gen && !frag_acked(m, s->frag))
			return true;
	return false;
}

/**
 * rdm_txq_ref() - a packet record points at its messages from now on
 * @s: the record, filled
 */
void rdm_txq_ref(struct rdm_sent *s)
{
	struct rdm_txmsg *m = s->msg;
	u16 i;

	for (i = 0; i < s->nmsgs; i++, m = list_next_entry(m, node))
		m->npkts++;
}

/**
 * rdm_txq_unref() - a packet record goes
 * @s: the record; it points at nothing afterwards
 * @out: receives finished messages that nothing points at any more
 */
void rdm_txq_unref(struct rdm_sent *s, struct rdm_txout *out)
{
	struct rdm_txmsg *m = s->msg, *next;
	u16 i;

	for (i = 0; i < s->nmsgs; i++, m = next) {
		next = list_next_entry(m, node);
		WARN_ON_ONCE(!m->npkts);
		if (!--m->npkts && m->finished)
			list_move_tail(&m->node, &out->dead);
	}
	s->msg = NULL;
	s->nmsgs = 0;
}

/**
 * rdm_txq_finish() - give a message its outcome
 * @q: the queue
 * @m: the message; nothing happens when it has one
 * @error: errno (positive) or 0 when it was acked
 * @fate: RDM_FATE_*
 * @out: receives it
 */
void rdm_txq_finish(struct rdm_txq *q, struct rdm_txmsg *m, int error, u8 fate,
		    struct rdm_txout *out)
{
	if (m->finished)
		return;
	if (q->unsent == m)
		advance_unsent(q);
	if (q->probing == m)
		q->probing = NULL;
	m->finished = true;
	m->error = error;
	m->fate = fate;
	q->bytes -= m->len;
	q->n--;
	if (m->bound)
		q->nbound--;
	list_add_tail(&m->done, &out->done);
	if (!m->npkts)
		list_move_tail(&m->node, &out->dead);
}

/**
 * rdm_txq_credit() - a packet is known to have arrived
 * @q: the queue
 * @s: its record
 * @out: receives messages that are now whole at the receiver
 */
void rdm_txq_credit(struct rdm_txq *q, const struct rdm_sent *s, struct rdm_txout *out)
{
	struct rdm_txmsg *m = s->msg;
	u16 i;

	for (i = 0; i < s->nmsgs; i++, m = list_next_entry(m, node)) {
		if (m->finished || s->gen != m->gen)
			continue;
		if (m->nfrags > 1) {
			if (test_bit(s->frag, m->acked))
				continue;
			__set_bit(s->frag, m->acked);
		}
		if (++m->nacked == m->nfrags)
			rdm_txq_finish(q, m, 0, RDM_FATE_QUEUED, out);
	}
}

/**
 * rdm_txq_unbind() - take back that messages were sent
 * @q: the queue of an association that its peer has provably never known
 *
 * Nothing may point at its messages any more, and no message may be acked.
 */
void rdm_txq_unbind(struct rdm_txq *q)
{
	struct rdm_txmsg *m;

	list_for_each_entry(m, &q->msgs, node) {
		WARN_ON_ONCE(m->npkts || m->nacked);
		m->bound = false;
		m->next = 0;
	}
	q->unsent = list_first_entry_or_null(&q->msgs, struct rdm_txmsg, node);
	q->probing = NULL;
	q->nbound = 0;
}

/**
 * rdm_txq_recut() - cut a message anew, because the path takes less now
 * @q: the queue
 * @m: a message of it without an outcome
 * @stride: bytes of each fragment, at least RDM_MIN_STRIDE
 *
 * Everything of it is sent again; the receiver sorts out what it had. Acks of
 * the former cutting give no credit any more.
 */
void rdm_txq_recut(struct rdm_txq *q, struct rdm_txmsg *m, u32 stride)
{
	struct rdm_txmsg *p;

	if (m->nfrags > 1)
		bitmap_zero(m->acked, m->nfrags);
	m->gen++;
	m->stride = stride;
	m->nfrags = m->len > stride ? DIV_ROUND_UP(m->len, stride) : 1;
	m->next = 0;
	m->nacked = 0;
	/* the first message with something unsent may be an earlier one now */
	list_for_each_entry(p, &q->msgs, node) {
		if (!p->finished && p->next < p->nfrags) {
			q->unsent = p;
			return;
		}
	}
}

/**
 * rdm_txmsg_frag_len() - length of one fragment
 * @m: the message
 * @frag: which
 *
 * Return: bytes.
 */
u32 rdm_txmsg_frag_len(const struct rdm_txmsg *m, u16 frag)
{
	return frag + 1 < m->nfrags ? m->stride : m->len - (u32)frag * m->stride;
}
