/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm txqueue: the messages that one association has accepted and not yet
 * finished, in the order in which they were accepted. It knows which parts
 * were sent and acked; when and how fast to send is recovery's and cong's
 * business. Pure: records belong to the caller and are embedded there.
 */
#ifndef _RDM_TXQUEUE_H
#define _RDM_TXQUEUE_H

#include <linux/list.h>
#include <linux/types.h>

struct rdm_sent;

/*
 * What a message costs in a window beside its bytes, at both ends: so that
 * messages of no length cost too. It covers a record and its bookkeeping.
 */
#define RDM_MSG_OVERHEAD	256

/* A receiver that has read all may keep less than this share of its window untold. */
#define RDM_WINDOW_KEPT		64

/* Shortest fragment but the last, bytes: bounds the acked bitmap. */
#define RDM_MIN_STRIDE		1024

/* A message that was sent in part, and given up: its sequence must be closed by SKIP. */
enum rdm_skip_state {
	RDM_SKIP_NONE,		/* nothing to close, or closed */
	RDM_SKIP_DUE,		/* the peer must be told */
	RDM_SKIP_TOLD,		/* a packet that tells it is on its way */
};

/**
 * struct rdm_txmsg - a message on its way out
 * @node: in rdm_txq.msgs, in order of @seq
 * @done: for the caller's lists of finished messages
 * @seq: message sequence, valid once @bound
 * @len: bytes
 * @stride: bytes of each fragment but the last
 * @gen: counts the cuttings; acks of an earlier cutting give no credit
 * @nfrags: fragments, at least 1
 * @next: first fragment that was never sent
 * @nacked: fragments known to be at the receiver
 * @npkts: packet records that point here; the record must live until 0
 * @bound: a packet of it was sent: it belongs to this association
 * @finished: it has its outcome
 * @solo: its bytes cannot share a packet with other messages
 * @laid: its headers can stand before its bytes, in a gap or apart, so it can be a segment
 * @pads: zeroes can follow its last fragment, up to the length of the others, so that in a
 *	super-packet another message can follow
 * @more: the user says that more comes, and that it may wait for that
 * @doubt: an earlier association sent it, and it may have arrived
 * @mode: RDM_EXACTLY_ONCE and so on
 * @skip: enum rdm_skip_state; @finished, but stays in the queue until RDM_SKIP_NONE
 * @wait: one of a burst, although the queue does not show it: it may wait so long for others,
 *	ns; 0: the queue shows what there is to know
 * @deadline: when it is given up, ns; 0 for never
 * @fate: RDM_FATE_*, valid once @finished
 * @error: errno or 0, valid once @finished
 * @acked: zeroed bitmap with one bit per RDM_MIN_STRIDE bytes; NULL when @len is
 *	RDM_MIN_STRIDE or less
 */
struct rdm_txmsg {
	struct list_head node;
	struct list_head done;
	u64 seq;
	u32 len;
	u32 stride;
	u32 gen;
	u16 nfrags;
	u16 next;
	u16 nacked;
	u16 npkts;
	bool bound;
	bool finished;
	bool solo;
	bool laid;
	bool pads;
	bool more;
	bool doubt;
	u8 fate;
	u8 mode;
	u8 skip;
	int error;
	u32 wait;
	u64 deadline;
	unsigned long *acked;
};

/**
 * struct rdm_txq - the queue of one association
 * @msgs: every message that has no outcome or is still pointed at
 * @unsent: the first one of which a fragment was never sent, or NULL
 * @probing: bound by a window probe, not admitted yet, or NULL
 * @next_seq: sequence of the next message to bind
 * @charge: cumulative charge of all messages bound so far
 * @win_charge: limit of @charge, from the peer
 * @win_seq: first sequence that the peer does not take
 * @win_size: charge that the peer takes when all is read; 0 until known
 * @bytes: length of all messages without an outcome
 * @n: how many these are
 * @nbound: how many of these were sent at least in part
 * @nskip: messages with a @skip state
 * @ndue: those of them that the peer must be told of
 * @deadline: no message's deadline is earlier, ns; U64_MAX without any
 */
struct rdm_txq {
	struct list_head msgs;
	struct rdm_txmsg *unsent;
	struct rdm_txmsg *probing;
	u64 next_seq;
	u64 charge;
	u64 win_charge;
	u64 win_seq;
	u64 win_size;
	u64 bytes;
	u32 n;
	u32 nbound;
	u32 nskip;
	u32 ndue;
	u64 deadline;
};

/**
 * struct rdm_txout - messages that an event gave back
 * @done: messages that got their outcome, by rdm_txmsg.done; what they hold can go
 * @dead: by rdm_txmsg.node: finished messages that nothing points at; a message is
 *	on @done first, perhaps in the same event
 */
struct rdm_txout {
	struct list_head done;
	struct list_head dead;
};

static inline void rdm_txout_init(struct rdm_txout *out)
{
	INIT_LIST_HEAD(&out->done);
	INIT_LIST_HEAD(&out->dead);
}

static inline u32 rdm_msg_charge(u32 len)
{
	return len + RDM_MSG_OVERHEAD;
}

void rdm_txmsg_init(struct rdm_txmsg *m, u32 len, u32 stride, unsigned long *acked);
void rdm_txq_init(struct rdm_txq *q, u64 first_seq);
void rdm_txq_push(struct rdm_txq *q, struct rdm_txmsg *m);
bool rdm_txq_admits(const struct rdm_txq *q, const struct rdm_txmsg *m);
void rdm_txq_bind(struct rdm_txq *q, struct rdm_txmsg *m);
void rdm_txq_sent(struct rdm_txq *q, struct rdm_txmsg *m, u16 nfrags);
bool rdm_txq_needed(const struct rdm_sent *s);
void rdm_txq_ref(struct rdm_sent *s);
void rdm_txq_unref(struct rdm_sent *s, struct rdm_txout *out);
void rdm_txq_credit(struct rdm_txq *q, const struct rdm_sent *s, struct rdm_txout *out);
void rdm_txq_finish(struct rdm_txq *q, struct rdm_txmsg *m, int error, struct rdm_txout *out);
void rdm_txq_give_up(struct rdm_txq *q, struct rdm_txmsg *m, int error, struct rdm_txout *out);
void rdm_txq_expire(struct rdm_txq *q, u64 now, struct rdm_txout *out);
u16 rdm_txq_skip_run(const struct rdm_txq *q, struct rdm_txmsg **first);
void rdm_txq_skip(struct rdm_txq *q, u64 seq, u16 n, u8 state, struct rdm_txout *out);
void rdm_txq_skip_none(struct rdm_txq *q, struct rdm_txout *out);
void rdm_txq_unbind(struct rdm_txq *q, bool doubt);
void rdm_txq_recut(struct rdm_txq *q, struct rdm_txmsg *m, u32 stride);
bool rdm_txmsg_once(const struct rdm_txmsg *m);
u32 rdm_txmsg_frag_len(const struct rdm_txmsg *m, u16 frag);

#endif /* _RDM_TXQUEUE_H */
