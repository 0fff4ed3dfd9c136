// SPDX-License-Identifier: GPL-2.0
/*
 * rdm txqueue: see txqueue.h.
 *
 * A message joins at the tail without a sequence. When its first packet is
 * made it is bound: it takes the next sequence and its charge counts against
 * the peer's window, so sequences and charges rise in the order of the queue.
 * A packet record holds a run of neighbours (or one fragment); every record
 * counts in the messages it points at, and a message leaves the list only when
 * it is finished and no record points at it, so a run never has a hole. One
 * that was sent in part and given up stays until the peer knows (SKIP).
 */
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>

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
	m->laid = false;
	m->pads = false;
	m->more = false;
	m->doubt = false;
	m->fate = 0;
	m->error = 0;
	m->mode = RDM_EXACTLY_ONCE;
	m->skip = RDM_SKIP_NONE;
	m->wait = 0;
	m->deadline = 0;
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
	q->win_size = 0;
	q->bytes = 0;
	q->n = 0;
	q->nbound = 0;
	q->nskip = 0;
	q->ndue = 0;
	q->deadline = U64_MAX;
}

/**
 * rdm_txmsg_once() - is a message never to be sent again?
 * @m: the message
 *
 * Return: true for RDM_AT_MOST_ONCE.
 */
bool rdm_txmsg_once(const struct rdm_txmsg *m)
{
	return unlikely(m->mode == RDM_AT_MOST_ONCE);
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
	if (unlikely(m->deadline))
		q->deadline = min(q->deadline, m->deadline);
}

/**
 * rdm_txq_admits() - may this unbound or bound message be sent now?
 * @q: the queue
 * @m: a message of it
 *
 * What is sent once is no window probe, for the peer might refuse it. One that is longer
 * than the whole window goes when all before it was read.
 *
 * Return: true when the peer's window has room for @m, or @m has its room.
 */
bool rdm_txq_admits(const struct rdm_txq *q, const struct rdm_txmsg *m)
{
	u64 charge = rdm_msg_charge(m->len);

	if (m == q->probing)
		return q->next_seq <= q->win_seq && q->charge <= q->win_charge;
	if (m->bound)
		return true;
	if (rdm_txmsg_once(m) && q->win_size)
		charge = min(charge, q->win_size - q->win_size / RDM_WINDOW_KEPT);
	return q->next_seq < q->win_seq && q->charge + charge <= q->win_charge;
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
 * Return: true when something that it carried has no ack yet, and may be sent again.
 */
bool rdm_txq_needed(const struct rdm_sent *s)
{
	struct rdm_txmsg *m = s->msg;
	u16 i;

	/* all messages of a packet are alike in this */
	if (m && rdm_txmsg_once(m))
		return false;
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

/* Nothing needs a finished message any more. */
static void bury(struct rdm_txmsg *m, struct rdm_txout *out)
{
	if (m->finished && !m->npkts && !m->skip)
		list_move_tail(&m->node, &out->dead);
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
		m->npkts--;
		bury(m, out);
	}
	s->msg = NULL;
	s->nmsgs = 0;
}

static void finish(struct rdm_txq *q, struct rdm_txmsg *m, int error, struct rdm_txout *out)
{
	if (q->unsent == m)
		advance_unsent(q);
	if (q->probing == m)
		q->probing = NULL;
	m->finished = true;
	m->error = error;
	if (!error)
		m->fate = RDM_FATE_QUEUED;
	else
		m->fate = m->bound || m->doubt ? RDM_FATE_UNKNOWN : RDM_FATE_NEVER_SENT;
	q->bytes -= m->len;
	q->n--;
	if (m->bound)
		q->nbound--;
	list_add_tail(&m->done, &out->done);
}

/**
 * rdm_txq_finish() - give a message its outcome
 * @q: the queue
 * @m: the message; nothing happens when it has one
 * @error: errno (positive) or 0 when it was acked
 * @out: receives it
 */
void rdm_txq_finish(struct rdm_txq *q, struct rdm_txmsg *m, int error, struct rdm_txout *out)
{
	if (m->finished)
		return;
	finish(q, m, error, out);
	bury(m, out);
}

/**
 * rdm_txq_give_up() - end a message whose association goes on
 * @q: the queue
 * @m: the message; nothing happens when it has its outcome
 * @error: errno (positive)
 * @out: receives it
 *
 * When something of it was sent, the peer must be told to wait for it no longer.
 */
void rdm_txq_give_up(struct rdm_txq *q, struct rdm_txmsg *m, int error, struct rdm_txout *out)
{
	if (m->finished)
		return;
	if (m->bound) {
		m->skip = RDM_SKIP_DUE;
		q->nskip++;
		q->ndue++;
	}
	finish(q, m, error, out);
	bury(m, out);
}

/**
 * rdm_txq_expire() - end messages whose deadline has passed
 * @q: the queue
 * @now: ns, not before @q->deadline
 * @out: receives them, with ETIME
 */
void rdm_txq_expire(struct rdm_txq *q, u64 now, struct rdm_txout *out)
{
	struct rdm_txmsg *m, *tmp;

	q->deadline = U64_MAX;
	list_for_each_entry_safe(m, tmp, &q->msgs, node) {
		if (m->finished || !m->deadline)
			continue;
		if (now >= m->deadline)
			rdm_txq_give_up(q, m, ETIME, out);
		else
			q->deadline = min(q->deadline, m->deadline);
	}
}

/**
 * rdm_txq_skip_run() - what to put into a SKIP frame
 * @q: the queue
 * @first: receives the first message of the run
 *
 * Not only those that hold others up: the receiver may keep parts of any of them, and the
 * room that these take may be what the messages before them wait for.
 *
 * Return: how many messages, 0 to RDM_SKIP_MAX.
 */
u16 rdm_txq_skip_run(const struct rdm_txq *q, struct rdm_txmsg **first)
{
	struct rdm_txmsg *m;
	u16 n = 0;

	if (likely(!q->ndue))
		return 0;
	list_for_each_entry(m, &q->msgs, node) {
		if (!m->bound)
			break;
		if (m->skip != RDM_SKIP_DUE) {
			if (n)
				break;
			continue;
		}
		if (!n)
			*first = m;
		else if (m->seq != (*first)->seq + n)
			break;
		if (++n == RDM_SKIP_MAX)
			break;
	}
	return n;
}

/**
 * rdm_txq_skip() - a SKIP was sent, is lost, or is acked
 * @q: the queue
 * @seq: first sequence of it
 * @n: how many
 * @state: RDM_SKIP_TOLD when it is sent, RDM_SKIP_DUE when it was lost, RDM_SKIP_NONE
 *	when the peer has it
 * @out: receives messages that nothing points at any more
 */
void rdm_txq_skip(struct rdm_txq *q, u64 seq, u16 n, u8 state, struct rdm_txout *out)
{
	struct rdm_txmsg *m, *tmp;

	list_for_each_entry_safe(m, tmp, &q->msgs, node) {
		if (!m->bound || m->seq >= seq + n)
			return;
		if (m->seq < seq || m->skip == RDM_SKIP_NONE)
			continue;
		q->ndue -= m->skip == RDM_SKIP_DUE;
		q->ndue += state == RDM_SKIP_DUE;
		q->nskip -= state == RDM_SKIP_NONE;
		m->skip = state;
		bury(m, out);
	}
}

/**
 * rdm_txq_skip_none() - the association is over: nobody needs to be told
 * @q: the queue
 * @out: receives messages that nothing points at any more
 */
void rdm_txq_skip_none(struct rdm_txq *q, struct rdm_txout *out)
{
	struct rdm_txmsg *m, *tmp;

	if (!q->nskip)
		return;
	list_for_each_entry_safe(m, tmp, &q->msgs, node) {
		m->skip = RDM_SKIP_NONE;
		bury(m, out);
	}
	q->nskip = 0;
	q->ndue = 0;
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
			rdm_txq_finish(q, m, 0, out);
	}
}

/**
 * rdm_txq_unbind() - take back that messages were sent
 * @q: the queue of an association that is over
 * @doubt: they may have arrived all the same
 *
 * For messages that may go to a successor: the peer has provably never had them, or they
 * may arrive more than once. Nothing points at messages of this queue any more.
 */
void rdm_txq_unbind(struct rdm_txq *q, bool doubt)
{
	struct rdm_txmsg *m;

	list_for_each_entry(m, &q->msgs, node) {
		WARN_ON_ONCE(m->npkts || m->finished);
		if (!m->bound)
			continue;
		if (m->nfrags > 1)
			bitmap_zero(m->acked, m->nfrags);
		/* packets with its bytes may still be on their way: see rdm_msg */
		m->gen++;
		m->bound = false;
		m->doubt |= doubt;
		m->next = 0;
		m->nacked = 0;
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
