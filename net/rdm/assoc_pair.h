/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests of assoc: two ends wired to each other packet by packet, with
 * messages of one packet each and no network between. Not for the module.
 */
#ifndef _RDM_ASSOC_PAIR_H
#define _RDM_ASSOC_PAIR_H

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/rdm.h>

#include "assoc.h"

#define MS	((u64)NSEC_PER_MSEC)
#define SEC	((u64)NSEC_PER_SEC)
#define WINDOW	10000
#define MSGS	16

/* One end: an association, its messages, and what became of them. */
struct end {
	struct rdm_assoc a;
	struct rdm_assoc_hot hot;
	struct rdm_out out;
	struct rdm_txmsg msg[MSGS];
	struct rdm_sent rec[64];
	struct list_head pool;
	struct rdm_plan plan;
	u32 nmsgs;
	u32 done, failed;
	int error;
	u8 fate;
	u32 got;
	u64 charge;
	bool full;
};

struct pair {
	struct end a, b;
	struct rdm_cookie ck;
	u8 cookie[RDM_COOKIE_LEN];
	u64 now;
	u8 ecn;		/* what the network makes of ECT(0) */
};

static inline void end_init(struct end *e, u64 tag, u64 first_pn, u64 first_seq)
{
	struct rdm_assoc_cfg cfg = {
		.tag = tag,
		.terms = {
			.incarnation = tag + 1000,
			.rx_window = WINDOW,
			.user_timeout = 30 * SEC,
			.idle_timeout = 300 * SEC,
			.max_msg = 5000,
			.cong = &rdm_cong_newreno,
			.ecn = true,
		},
		.first_seq = first_seq,
		.first_pn = first_pn,
		.mtu = 1472,
	};
	u32 i;

	rdm_assoc_init(&e->a, &cfg);
	rdm_assoc_heat(&e->a, &e->hot);
	rdm_out_init(&e->out);
	INIT_LIST_HEAD(&e->pool);
	for (i = 0; i < ARRAY_SIZE(e->rec); i++)
		list_add_tail(&e->rec[i].node, &e->pool);
}

static inline struct pair *pair_at(struct kunit *test, u64 first_pn, u64 first_seq)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	end_init(&p->a, 1, first_pn, first_seq);
	end_init(&p->b, 2, first_pn, first_seq);
	p->now = 1000 * SEC;
	p->ecn = RDM_ECN_ECT0;
	return p;
}

static inline struct pair *pair(struct kunit *test)
{
	return pair_at(test, 0, 0);
}

/* Take what an event gave back. */
static inline void settle(struct end *e)
{
	struct rdm_txmsg *m;

	list_for_each_entry(m, &e->out.tx.done, done) {
		e->done++;
		if (m->error)
			e->failed++;
		e->error = m->error;
		e->fate = m->fate;
	}
	INIT_LIST_HEAD(&e->out.tx.done);
	INIT_LIST_HEAD(&e->out.tx.dead);
	list_splice_tail_init(&e->out.recs, &e->pool);
}

static inline struct rdm_txmsg *push_mode(struct pair *p, struct end *e, u32 len, u8 mode,
					  u64 deadline)
{
	struct rdm_txmsg *m = &e->msg[e->nmsgs++];

	rdm_txmsg_init(m, len, len > 1400 ? len : 1400, NULL);
	m->mode = mode;
	m->deadline = deadline;
	rdm_assoc_push(&e->a, p->now, m, &e->out);
	return m;
}

static inline void push(struct pair *p, struct end *e, u32 len)
{
	push_mode(p, e, len, RDM_EXACTLY_ONCE, 0);
}

/* A message that is cut into fragments of 1400 bytes, and can share a super-packet. */
static inline struct rdm_txmsg *cut(struct pair *p, u32 len, unsigned long *bits)
{
	struct rdm_txmsg *m = &p->a.msg[p->a.nmsgs++];

	rdm_txmsg_init(m, len, 1400, bits);
	m->solo = true;
	m->laid = true;
	m->pads = true;
	return m;
}

static inline struct rdm_txmsg *push_cut(struct pair *p, u32 len, unsigned long *bits)
{
	struct rdm_txmsg *m = cut(p, len, bits);

	rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
	return m;
}

static inline bool next(struct pair *p, struct end *e)
{
	bool more = rdm_assoc_next(&e->a, p->now, &e->pool, 8, &e->plan, &e->out);

	settle(e);
	return more;
}

/* Is this control frame in the head of the plan? */
static inline bool has(struct end *e, u8 type, struct rdm_frame *f)
{
	u32 at = RDM_HDR_LEN;

	while (at < e->plan.head_len) {
		int n = rdm_wire_frame(f, e->plan.head + at, e->plan.head_len - at, at,
				       e->plan.head_len);

		if (n <= 0)
			return false;
		if (f->type == type)
			return true;
		at += n;
	}
	return false;
}

#endif /* _RDM_ASSOC_PAIR_H */
