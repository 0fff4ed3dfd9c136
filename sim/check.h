/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: the judge (check.c): what it knows of each message, and what it is
 * to be told: acceptance, each packet with bytes of it, delivery, outcome, the
 * move to another association, the end of the run.
 */
#ifndef _RDM_SIM_CHECK_H
#define _RDM_SIM_CHECK_H

#include <linux/types.h>

#include "node.h"

/* The sender's record of a message; freed when the association gives it back. */
struct txrec {
	struct rdm_txmsg tx;
	struct msg *m;
};

/* A message on one association. */
struct binding {
	struct binding *hash, *before;
	struct msg *m;
	u32 uid;		/* of the association */
	u64 seq;
	u64 dst_inc;		/* the incarnation that it is for */
	bool queued, delivered;
};

/* One message, for its whole life, as the judge knows it. */
struct msg {
	struct txrec *tx;	/* NULL once it was given back */
	struct binding *bound;	/* the newest one, or NULL */
	u32 id;
	u32 order;		/* place in its sender's accepted messages */
	u32 len;
	u16 src, dst;
	u64 src_inc;
	u64 accepted_at;
	u64 deadline;		/* 0: none */
	u32 sent_to;		/* bytes below were sent */
	u8 mode;
	bool sent;
	bool done;
	bool unbound;		/* may be bound anew */
	bool arrived;		/* a part of it, at least */
	bool queued;
	u16 delivered;
	u8 fate;
	int error;
};

struct msg *check_accept(struct sim *s, u16 src, u16 dst, u32 len, u8 mode, u64 deadline);
void check_sent(struct sim *s, struct peer *p, struct msg *m, u32 off, u32 len);
void check_moves(struct sim *s, struct msg *m);
void check_books(struct peer *p);
void check_done(struct sim *s, struct msg *m);
void check_delivered(struct sim *s, struct node *n, struct rxrec *r);
void check_arrived(struct sim *s, u32 uid, u64 seq);
void check_queued(struct sim *s, struct rxrec *r);
void check_forgotten(struct sim *s, struct msg *m);
void check_end(struct sim *s);
void msg_fill(const struct msg *m, u32 off, u32 len, u8 *to);

#endif /* _RDM_SIM_CHECK_H */
