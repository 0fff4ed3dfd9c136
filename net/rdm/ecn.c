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

/* What the peer got since it last told, or less than nothing when that cannot be. */
static s64 accounted(struct rdm_ecn *e, const struct rdm_ecn_counts *c, u32 newly, u32 *ce)
{
	u64 sum;

	if (e->told.from == RDM_ECN_FORGOTTEN) {
		e->told = *c;
		*ce = 0;
		return 0;
	}
	if (c->from != e->told.from) {
		if (c->from < e->told.from)
			return -1;
		/* it was cold, and began anew */
		memset(&e->told, 0, sizeof(e->told));
	}
	*ce = c->n[RDM_ECN_CE] - e->told.n[RDM_ECN_CE];
	sum = (u64)(c->n[RDM_ECN_ECT0] - e->told.n[RDM_ECN_ECT0]) + *ce;
	if (c->n[RDM_ECN_ECT1] != e->told.n[RDM_ECN_ECT1] || sum < newly || sum > e->out)
		return -1;
	e->told = *c;
	return sum;
}

/**
 * rdm_ecn_acked() - an ACK came that is newer than all before
 * @e: the state
 * @counts: that came with it, or NULL
 * @newly: packets sent with ECT(0) that it newly acks, none of them below @counts->from
 *
 * Return: how many packets were marked since the last call; -EBADMSG when the counts are
 * wrong: what they say means nothing then, and nothing is marked any more.
 */
int rdm_ecn_acked(struct rdm_ecn *e, const struct rdm_ecn_counts *counts, u32 newly)
{
	s64 sum = 0;
	u32 ce = 0;

	if (e->state == RDM_ECN_OFF || e->state == RDM_ECN_FAILED)
		return 0;
	if (counts)
		sum = accounted(e, counts, newly, &ce);
	else if (newly)
		sum = -1;
	if (sum < 0) {
		e->state = RDM_ECN_FAILED;
		return -EBADMSG;
	}
	e->out -= sum;
	if (newly)
		e->state = RDM_ECN_CAPABLE;
	return min_t(u32, ce, INT_MAX);
}
