// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: paths whose MTU shrinks, and the ends learn it late; paths that take shorter packets
 * than the ends' routes say, and tell nobody; and paths that lose packets of any length, which
 * must not be taken for such.
 */
#include <linux/rdm.h>

#include "scenario.h"

#define BH_LEN		60000
#define BH_TIME		(30 * SIM_SEC)
/* After a change: to suspect, to be sure, and to find what fits. */
#define BH_SEARCH	(20 * SIM_SEC)

static void send_large(struct sim *s, u64 left)
{
	if (!left)
		return;
	node_send(&s->nodes[0], 1, chance(s, 7000) ? BH_LEN : below(s, 3000), RDM_EXACTLY_ONCE, 0);
	sim_call(s, s->now + between(s, 1, 2 * BH_TIME / SIM_MS / 100) * SIM_MS, send_large,
		 left - 1);
}

/* What the sender has found, when it had the time to. */
static void look(struct sim *s, u64 arg)
{
	struct peer *p = peer_find(&s->nodes[0], 1);
	u32 path = min(s->links[0][1].mtu, s->nodes[0].mtu);

	if (!p)
		fail(s, "there is no association when it is looked at");
	else if (p->a.mtu > path || p->a.mtu + RDM_PMTU_STEP < path)
		fail(s, "packets of %u bytes where the path takes %u", p->a.mtu, path);
}

static void narrow(struct sim *s, u64 mtu)
{
	s->links[0][1].mtu = mtu;
	if (chance(s, 5000))
		s->links[1][0].mtu = mtu;
}

static void large_messages(struct sim *s)
{
	u64 delay = between(s, 20, 60000) * SIM_US;
	bool fifo = chance(s, 5000);

	for (u16 i = 0; i < s->nnodes; i++) {
		s->nodes[i].fifo = fifo;
		s->nodes[i].mtu = chance(s, 3000) ? 8952 : 1472;
		s->links[i][i ^ 1].delay = delay;
		s->links[i][i ^ 1].jitter = chance(s, 5000) ? delay / 10 : 0;
	}
	s->max_events = 4000000;
	sim_call(s, s->now, send_large, 100);
}

void black_hole(struct sim *s)
{
	large_messages(s);
	if (chance(s, 3000))
		every_link(s, drop_a_little);
	narrow(s, between(s, RDM_PMTU_BASE, s->nodes[0].mtu - 1));
	sim_call(s, s->now + BH_SEARCH, look, 0);
}

void black_hole_opens(struct sim *s)
{
	large_messages(s);
	sim_call(s, s->now + between(s, 0, 5000) * SIM_MS, narrow,
		 between(s, RDM_PMTU_BASE, s->nodes[0].mtu - 1));
	sim_call(s, s->now + 5 * SIM_SEC + BH_SEARCH, look, 0);
}

/* Not even the base size gets through; IPv4 has such links. */
void black_hole_deep(struct sim *s)
{
	large_messages(s);
	narrow(s, between(s, RDM_PMTU_MIN, RDM_PMTU_BASE - 1));
}

static void no_black_hole(struct sim *s)
{
	if (s->count[C_BLACK_HOLE])
		fail(s, "%llu black holes where there is none", s->count[C_BLACK_HOLE]);
}

void loss_no_black_hole(struct sim *s)
{
	large_messages(s);
	for (u16 i = 0; i < s->nnodes; i++)
		s->links[i][i ^ 1].drop = 500;
	s->verdict = no_black_hole;
	sim_call(s, s->now + BH_SEARCH, look, 0);
}

static void path_mtu(struct sim *s, u64 mtu)
{
	s->links[0][1].mtu = mtu;
	s->links[1][0].mtu = mtu;
}

static void learn_mtu(struct sim *s, u64 mtu)
{
	node_set_mtu(&s->nodes[0], mtu);
	node_set_mtu(&s->nodes[1], mtu);
}

void mtu_shrinks(struct sim *s)
{
	u32 n = 1 + below(s, 3), mtu = 0;
	u64 at = s->now;

	ordinary(s);
	every_link(s, drop_a_little);
	while (n--) {
		at += between(s, 1, 300) * SIM_MS;
		mtu = between(s, RDM_MIN_STRIDE + RDM_HDR_LEN + RDM_FRAG_LEN, 1472);
		if (chance(s, 2000))
			mtu = 8972;
		sim_call(s, at, path_mtu, mtu);
		sim_call(s, at + between(s, 0, 500) * SIM_MS, learn_mtu, mtu);
		at += SIM_SEC;
	}
}
