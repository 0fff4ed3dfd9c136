// SPDX-License-Identifier: GPL-2.0
/*
 * rdm ecn: see ecn.h. A peer tells with its acks how many packets of each mark have come.
 * What it tells must be possible: no fewer marked ones than are newly acked, no more than
 * were sent, none with ECT(1), which is never sent. Else the path changes marks that it must
 * not touch, or the peer lies, and nothing is marked any more; so a wrong count costs what
 * ECN would have brought, never anything else.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "ecn.h"

/* Of rdm_ecn.out: some from before may still be on their way. A count that shrinks is more. */
#define OUT_UNKNOWN	(U32_MAX / 2)

const char *const rdm_ecn_states[RDM_ECN_STATE__NR] = {
	[RDM_ECN_OFF]		= "off",
	[RDM_ECN_TESTING]	= "testing",
	[RDM_ECN_UNKNOWN]	= "unknown",
	[RDM_ECN_CAPABLE]	= "capable",
	[RDM_ECN_FAILED]	= "failed",
};

/**
 * rdm_ecn_init() - begin to count
 * @e: anything
 * @state: RDM_ECN_OFF; RDM_ECN_TESTING for a new association; or what rdm_ecn_rest() said
 * @from: lowest packet number that may come
 * @told_from: the same of the peer, for a new association; else RDM_ECN_FORGOTTEN
 */
void rdm_ecn_init(struct rdm_ecn *e, u8 state, u64 from, u64 told_from)
{
	memset(e, 0, sizeof(*e));
	e->state = state;
	e->in.from = from;
	e->told.from = told_from;
	if (told_from == RDM_ECN_FORGOTTEN)
		e->out = OUT_UNKNOWN;
}

/**
 * rdm_ecn_rest() - what is to be remembered of the path while nothing moves
 * @e: the state
 *
 * Return: a state for rdm_ecn_init().
 */
u8 rdm_ecn_rest(const struct rdm_ecn *e)
{
	return e->state == RDM_ECN_UNKNOWN ? RDM_ECN_TESTING : e->state;
}

static void test(struct rdm_ecn *e)
{
	e->state = RDM_ECN_TESTING;
	e->tested = 0;
	e->lost = 0;
}

/**
 * rdm_ecn_new_path() - packets take another way from now on
 * @e: the state
 */
void rdm_ecn_new_path(struct rdm_ecn *e)
{
	if (e->state == RDM_ECN_OFF)
		return;
	/* meanwhile nobody has listened */
	if (e->state == RDM_ECN_FAILED) {
		e->told.from = RDM_ECN_FORGOTTEN;
		e->out = OUT_UNKNOWN;
	}
	test(e);
}

/**
 * rdm_ecn_doubt() - nothing has come back for two probe timeouts
 * @e: the state
 *
 * The way may be another one, without our knowledge.
 */
void rdm_ecn_doubt(struct rdm_ecn *e)
{
	if (e->state == RDM_ECN_CAPABLE)
		test(e);
}

/* The slow part of rdm_ecn_sent(). */
void __rdm_ecn_tested(struct rdm_ecn *e, u32 n)
{
	e->tested = min_t(u32, e->tested + n, U8_MAX);
	if (e->tested >= RDM_ECN_TEST)
		e->state = RDM_ECN_UNKNOWN;
}

/**
 * rdm_ecn_lost() - a packet that was sent with ECT(0) counts as lost
 * @e: the state
 *
 * Return: true when this was one too many.
 */
bool rdm_ecn_lost(struct rdm_ecn *e)
{
	if (e->state != RDM_ECN_TESTING && e->state != RDM_ECN_UNKNOWN)
		return false;
	if (++e->lost < RDM_ECN_TEST_LOST)
		return false;
	e->state = RDM_ECN_FAILED;
	return true;
}

static u32 marked(const struct rdm_ecn_counts *c)
{
	return c->n[RDM_ECN_ECT0] + c->n[RDM_ECN_CE];
}

/* Packets newly acked whose counts are known already. */
static int old_news(struct rdm_ecn *e, u32 newly)
{
	e->spare -= min(e->spare, newly);
	return 0;
}

/* As rdm_ecn_acked(), with counts. */
static int account(struct rdm_ecn *e, const struct rdm_ecn_counts *c, u32 newly, int order)
{
	u32 since, ce;
	u64 sum;

	if (e->told.from == RDM_ECN_FORGOTTEN) {
		/* what was sent since then may be among them */
		since = e->out - OUT_UNKNOWN;
		e->spare = since - min(since, newly);
		e->told = *c;
		return 0;
	}
	if (order < 0 || (!order && (c->from < e->told.from ||
				     (c->from == e->told.from &&
				      (s32)(marked(c) - marked(&e->told)) <= 0))))
		return old_news(e, newly);
	if (c->from != e->told.from) {
		if (c->from < e->told.from)
			return -EBADMSG;
		/* it was cold, and began anew */
		memset(&e->told, 0, sizeof(e->told));
		e->spare = 0;
	}
	ce = c->n[RDM_ECN_CE] - e->told.n[RDM_ECN_CE];
	sum = (u64)(c->n[RDM_ECN_ECT0] - e->told.n[RDM_ECN_ECT0]) + ce;
	if (c->n[RDM_ECN_ECT1] != e->told.n[RDM_ECN_ECT1] || sum + e->spare < newly ||
	    sum > e->out)
		return -EBADMSG;
	e->out -= sum;
	e->spare = min_t(u64, sum + e->spare - newly, U32_MAX);
	e->told = *c;
	return min_t(u32, ce, INT_MAX);
}

/**
 * rdm_ecn_acked() - an ACK came
 * @e: the state
 * @counts: that came with it, or NULL
 * @newly: packets sent with ECT(0) that it newly acks, none of them below @counts->from
 * @order: the largest number that it acks against that of all ACKs before: 1 higher, 0 the
 *	same, -1 lower: then its counts are old (RFC 9000, section 13.4.2.1)
 *
 * Return: how many packets were marked since the last call; -EBADMSG when the counts are
 * wrong: what they say means nothing then, and nothing is marked any more.
 */
int rdm_ecn_acked(struct rdm_ecn *e, const struct rdm_ecn_counts *counts, u32 newly, int order)
{
	int ce = 0;

	if (e->state == RDM_ECN_OFF || e->state == RDM_ECN_FAILED)
		return 0;
	if (counts)
		ce = account(e, counts, newly, order);
	else if (newly)
		ce = -EBADMSG;
	if (ce < 0)
		e->state = RDM_ECN_FAILED;
	else if (newly)
		e->state = RDM_ECN_CAPABLE;
	return ce;
}
