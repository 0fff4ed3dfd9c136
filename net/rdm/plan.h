/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm plan: what the core asks of those who call it: packets to build (struct
 * rdm_plan), and what an event gave back (struct rdm_out). Pure.
 */
#ifndef _RDM_PLAN_H
#define _RDM_PLAN_H

#include <linux/list.h>
#include <linux/types.h>

#include "txqueue.h"
#include "wire.h"

/* Ranges told in one ACK frame; older ones were told before. */
#define RDM_ACK_TELL		16

/* What an event asks of the caller (rdm_out.acts). */
#define RDM_OUT_SEND	BIT(0)	/* rdm_assoc_next() may have packets */
#define RDM_OUT_CLOSED	BIT(1)	/* the association is over: look at error */
#define RDM_OUT_HEAT	BIT(2)	/* it is cold, and has something to send */
#define RDM_OUT_CE	BIT(3)	/* told only: the peer got packets with ECN's mark */
#define RDM_OUT_NO_ECN	BIT(4)	/* told only: the path is not trusted with marks any more */
#define RDM_OUT_MTU_PROBE_LOST	BIT(5)	/* told only */
#define RDM_OUT_MTU_BLACK_HOLE	BIT(6)	/* told only: long packets are lost, short ones not */
#define RDM_OUT_TOLD	(RDM_OUT_CE | RDM_OUT_NO_ECN | RDM_OUT_MTU_PROBE_LOST | \
			 RDM_OUT_MTU_BLACK_HOLE)

/**
 * struct rdm_out - what events give back
 * @acts: RDM_OUT_*; no member of 16 bytes comes first, see struct rdm_addr
 * @nrecs: how many @recs
 * @tx: messages with an outcome, messages to free
 * @recs: packet records to free, by rdm_sent.node
 */
struct rdm_out {
	u32 acts;
	u32 nrecs;
	struct rdm_txout tx;
	struct list_head recs;
};

static inline void rdm_out_init(struct rdm_out *out)
{
	rdm_txout_init(&out->tx);
	INIT_LIST_HEAD(&out->recs);
	out->nrecs = 0;
	out->acts = 0;
}

enum rdm_plan_kind {
	RDM_PLAN_RAW,		/* @head is the whole packet */
	RDM_PLAN_PROBE,		/* @head, and zeroes up to @size, which may exceed the MTU */
	RDM_PLAN_BUNDLE,	/* @head, then @n whole messages from @msg on */
	RDM_PLAN_WHOLES,	/* @n packets, each one whole message; @head before the first */
	RDM_PLAN_FRAGS,		/* @n packets, each one fragment; @head before the first. Behind a
				 * message's last one the next message begins, and zeroes fill the
				 * packet up to @size
				 */
};

#define RDM_PLAN_HEAD	(RDM_HDR_LEN + RDM_COOKIE_HDR_LEN + RDM_COOKIE_LEN + \
			 RDM_ACK_LEN + RDM_ACK_TELL * RDM_ACK_RANGE_LEN + \
			 RDM_ACK_ECN_LEN + \
			 RDM_WINDOW_LEN + 2 * RDM_CLOSE_LEN + RDM_PING_LEN + \
			 RDM_SKIP_LEN + RDM_SKIP_MAX * RDM_SKIP_ONE_LEN)

/**
 * struct rdm_plan - packets to build
 * @kind: enum rdm_plan_kind
 * @again: the messages were sent before
 * @ect: to be sent with ECT(0)
 * @last: nothing is left to be sent behind it; false when that is not known
 * @n: messages (BUNDLE, finished ones among them are left out) or packets (WHOLES, FRAGS)
 * @frag: first fragment (FRAGS)
 * @nrecs: packet records that were taken from the pool
 * @head_len: bytes of @head: header and control frames. Only FRAGS with @n == 1
 *	have control frames; packets after the first need a header of their own with
 *	the number @pn + i
 * @size: UDP payload of the packet, with padding; of each packet but the last, which may
 *	be shorter, for FRAGS and WHOLES
 * @pn: number of the (first) packet
 * @msg: first message, or NULL
 * @head: encoded
 */
struct rdm_plan {
	u8 kind;
	bool again;
	bool ect;
	bool last;
	u16 n;
	u16 frag;
	u16 nrecs;
	u16 head_len;
	u32 size;
	u64 pn;
	struct rdm_txmsg *msg;
	u8 head[RDM_PLAN_HEAD];
};

#endif /* _RDM_PLAN_H */
