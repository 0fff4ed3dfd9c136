// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: full queues: those that drop, those that mark packets instead (ECN), and networks
 * that do to marks what they must not: remove them, invent them, or drop what has one.
 */
#include <stdio.h>
#include <string.h>

#include <linux/rdm.h>

#include "scenario.h"

#define ECN_LEN		20000		/* bytes of a message */
#define ECN_QUEUED	20		/* messages that wait or are on their way */
#define ECN_TICK	(50 * SIM_MS)
#define ECN_TIME	(10 * SIM_SEC)
/* Per cent of the path that are used at least. BBR may be marked before it knows the path. */
#define ECN_USED	65
#define ECN_USED_BBR	25

void bottleneck(struct sim *s)
{
	ordinary(s);
	for (u16 i = 0; i < s->nnodes; i++)
		for (u16 j = 0; j < s->nnodes; j++) {
			s->links[i][j].rate = between(s, 20000, 2000000);
			s->links[i][j].queue_max = between(s, 5, 200) * SIM_MS;
		}
}

/* Keep the sender's queue filled. */
static void feed(struct sim *s, u64 until)
{
	struct peer *p = peer_find(&s->nodes[0], 1);

	for (u32 n = p ? p->a.txq.n : 0; n < ECN_QUEUED; n++)
		node_send(&s->nodes[0], 1, ECN_LEN, RDM_EXACTLY_ONCE, 0);
	if (s->now < until)
		sim_call(s, s->now + ECN_TICK, feed, until);
}

static void only_marks(struct sim *s)
{
	u32 least = s->nodes[0].cong == &rdm_cong_bbr ? ECN_USED_BBR : ECN_USED;
	u64 could = s->links[0][1].rate * (ECN_TIME / SIM_SEC), used = 0;

	for (u32 i = 0; i < s->nmsgs; i++)
		if (s->msgs[i]->done && !s->msgs[i]->error)
			used += s->msgs[i]->len;
	if (s->count[C_QUEUE_FULL])
		fail(s, "%s: %llu packets overflow a queue that marks", s->nodes[0].cong->name,
		     s->count[C_QUEUE_FULL]);
	if (s->count[C_RETRANSMIT])
		fail(s, "%s: %llu packets are sent again, and none was lost",
		     s->nodes[0].cong->name, s->count[C_RETRANSMIT]);
	if (used * 100 < could * least)
		fail(s, "%s: %llu of %llu bytes in time", s->nodes[0].cong->name, used, could);
	if (s->count[C_NO_ECN])
		fail(s, "a path that only marks is not trusted");
}

/* The queue would hold much more than what marks keep it at. */
void ecn_marks(struct sim *s)
{
	s->links[0][1].rate = between(s, 500, 2000) * 1000;
	s->links[0][1].queue_max = 400 * SIM_MS;
	s->links[0][1].mark_above = between(s, 5, 20) * SIM_MS;
	for (u16 i = 0; i < 2; i++) {
		s->links[i][!i].delay = between(s, 5, 20) * SIM_MS;
		s->nodes[i].rcvbuf = 64 << 20;
		s->nodes[i].rx_window = 64 << 20;
	}
	s->max_events = 2000000;
	s->verdict = only_marks;
	sim_call(s, s->now, feed, s->now + ECN_TIME);
}

static void bleach(struct sim *s, u64 on)
{
	s->marks_change = true;
	s->links[0][1].bleach = on;
	s->links[1][0].bleach = on && chance(s, 5000);
}

/* From the beginning, or from some moment on, or for a while. */
void ecn_bleached(struct sim *s)
{
	ordinary(s);
	if (chance(s, 5000))
		every_link(s, drop_a_little);
	if (chance(s, 5000))
		bleach(s, true);
	else
		sim_call(s, s->now + between(s, 10, 1000) * SIM_MS, bleach, true);
	if (chance(s, 3000))
		sim_call(s, s->now + between(s, 1000, 3000) * SIM_MS, bleach, false);
}

static void remark(struct sim *s, struct link *l)
{
	l->remark = between(s, 1, 3000);
}

/* Counts that shrink, exceed what was sent, or tell of congestion all the time. */
void ecn_remarked(struct sim *s)
{
	ordinary(s);
	s->marks_change = true;
	every_link(s, remark);
	if (chance(s, 5000))
		every_link(s, drop_a_little);
}

static void drop_marked(struct sim *s, u64 arg)
{
	s->links[0][1].drop_ect = true;
	s->links[1][0].drop_ect = arg & 1;
}

/* What may be marked never arrives, from the beginning or from some moment on. */
void ecn_dropped(struct sim *s)
{
	ordinary(s);
	s->patience = 10 * SIM_SEC;
	sim_call(s, s->now + (chance(s, 5000) ? 0 : between(s, 10, 1000) * SIM_MS), drop_marked,
		 below(s, 2));
}
