// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the runs. Each scenario sets a network, sockets, traffic and faults
 * up by the seed, and promises what must come of it; check.c holds it to that.
 */
#include "sim.h"

static u32 pick_len(struct sim *s, const struct traffic *t)
{
	u32 mtu = s->nodes[t->src].mtu;
	u32 len;

	switch (below(s, 10)) {
	case 0:
		return below(s, 2);
	case 1:
	case 2:
	case 3:
		len = below(s, 100);
		break;
	case 4:
	case 5:
		/* where one packet is just enough, or just not */
		len = mtu - RDM_HDR_LEN - RDM_FRAG_LEN - 2 + below(s, 16);
		break;
	case 6:
		len = 2 * (mtu - RDM_HDR_LEN - RDM_FRAG_LEN) - 2 + below(s, 5);
		break;
	case 7:
		len = t->max_len - min(below(s, 2), t->max_len);
		break;
	default:
		len = below(s, t->max_len + 1);
	}
	return min(len, t->max_len);
}

static void traffic_tick(struct sim *s, u64 arg)
{
	struct traffic *t = &s->traffic[arg];
	struct node *n = &s->nodes[t->src];
	u32 burst = below(s, t->burst) + 1;

	while (t->left && burst-- && n->bound) {
		struct peer *p = peer_find(n, t->dst);

		if (p && p->a.txq.n >= t->outstanding)
			break;
		t->left--;
		node_send(n, t->dst, pick_len(s, t));
	}
	if (t->left)
		sim_call(s, s->now + 100 * SIM_US + rnd(s) % (2 * t->every + 1), traffic_tick, arg);
}

static struct traffic *add_traffic(struct sim *s, u16 src, u16 dst, u32 messages)
{
	struct traffic *t = &s->traffic[s->ntraffic];

	*t = (struct traffic){
		.src = src,
		.dst = dst,
		.left = messages,
		.max_len = chance(s, 7000) ? 3000 : chance(s, 9000) ? 40000 : 300000,
		.burst = 1 + below(s, 20),
		.every = between(s, 0, 20) * SIM_MS,
		.outstanding = chance(s, 5000) ? 1000 : 1 + below(s, 20),
	};
	if (t->max_len > 10000)
		t->left = t->left / 8 + 1;
	if (t->max_len > 100000)
		t->left = min(t->left, 6U);
	sim_call(s, s->now + rnd(s) % (10 * SIM_MS), traffic_tick, s->ntraffic++);
	return t;
}

/* Two sockets, traffic one way or both, a path that some of the world has. */
static void ordinary(struct sim *s)
{
	u64 delay = between(s, 20, 60000) * SIM_US;
	bool fifo = chance(s, 5000);

	for (u16 i = 0; i < s->nnodes; i++) {
		s->nodes[i].fifo = fifo;
		if (chance(s, 1000))
			s->nodes[i].mtu = 8972;
		for (u16 j = 0; j < s->nnodes; j++) {
			s->links[i][j].delay = delay;
			s->links[i][j].jitter = chance(s, 5000) ? delay / 10 : 0;
		}
	}
	add_traffic(s, 0, 1, 20 + below(s, 100));
	if (chance(s, 5000))
		add_traffic(s, 1, 0, 20 + below(s, 100));
}

static void every_link(struct sim *s, void (*f)(struct sim *s, struct link *l))
{
	for (u16 i = 0; i < s->nnodes; i++)
		for (u16 j = 0; j < s->nnodes; j++)
			f(s, &s->links[i][j]);
}

static void perfect(struct sim *s)
{
	ordinary(s);
}

static void drop_some(struct sim *s, struct link *l)
{
	static const u32 rates[] = { 100, 500, 2000, 3000 };

	l->drop = rates[below(s, 4)];
}

static void loss(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_some);
}

static void drop_30(struct sim *s, struct link *l)
{
	l->drop = 3000;
}

static void loss_30(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_30);
}

static void bursts(struct sim *s, struct link *l)
{
	l->burst = between(s, 50, 500);
	l->burst_len = between(s, 5, 1000) * SIM_MS;
}

static void loss_bursts(struct sim *s)
{
	ordinary(s);
	every_link(s, bursts);
}

static void acks_lost(struct sim *s)
{
	ordinary(s);
	s->links[1][0].drop = between(s, 3000, 6000);
}

static void dup(struct sim *s, struct link *l)
{
	l->dup = between(s, 500, 5000);
	l->drop = below(s, 1000);
}

static void duplicates(struct sim *s)
{
	ordinary(s);
	every_link(s, dup);
}

static void disorder(struct sim *s, struct link *l)
{
	l->reorder = between(s, 500, 7000);
	l->reorder_delay = l->delay * between(s, 1, 6);
	l->drop = below(s, 500);
}

static void reorder(struct sim *s)
{
	ordinary(s);
	every_link(s, disorder);
}

static void reorder_fifo(struct sim *s)
{
	ordinary(s);
	for (u16 i = 0; i < s->nnodes; i++)
		s->nodes[i].fifo = true;
	every_link(s, disorder);
}

const struct scenario scenarios[] = {
	{ "perfect", "U1 every message is delivered once on a path without faults", perfect, 100,
	  { C_ACKED, C_FRAGMENT } },
	{ "loss", "U1 every message is delivered once under loss of 1 to 30 %", loss, 100,
	  { C_DROP, C_RETRANSMIT, C_PTO } },
	{ "loss-30", "U1 every message is delivered once under 30 % loss", loss_30, 100,
	  { C_DROP, C_RETRANSMIT, C_PTO } },
	{ "bursts", "U1 every message is delivered once when loss comes in bursts", loss_bursts,
	  100, { C_BURST, C_PTO } },
	{ "acks-lost", "U1 every message is delivered once when most acks are lost", acks_lost,
	  100, { C_DROP, C_DUP_MSG } },
	{ "duplicates", "U2 duplicated packets deliver nothing twice", duplicates, 100,
	  { C_DUP, C_DUP_MSG } },
	{ "reorder", "U2 reordering delivers nothing twice, and shows as spurious loss", reorder,
	  100, { C_REORDER, C_SPURIOUS, C_DUP_MSG } },
	{ "fifo", "U3 FIFO order holds under reordering and across fragments", reorder_fifo, 100,
	  { C_REORDER, C_FRAGMENT } },
};

const u32 nscenarios = ARRAY_SIZE(scenarios);
