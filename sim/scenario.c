// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the runs. Each scenario sets a network, sockets, traffic and faults
 * up by the seed, and promises what must come of it; check.c holds it to that.
 */
#include <linux/rdm.h>

#include "scenario.h"
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

static void send_one(struct sim *s, struct node *n, const struct traffic *t)
{
	u32 len = pick_len(s, t);
	u8 mode = RDM_EXACTLY_ONCE;
	u64 deadline = 0;

	while (t->modes && !(t->modes & BIT(mode = below(s, 3))))
		;
	if (chance(s, t->deadlines))
		deadline = s->now + 1 + rnd(s) % (chance(s, 5000) ? t->deadline :
								    t->deadline / 50 + 1);
	node_send(n, t->dst, len, mode, deadline);
}

static void traffic_tick(struct sim *s, u64 arg)
{
	struct traffic *t = &s->traffic[arg];
	struct node *n = &s->nodes[t->src];
	u32 burst = below(s, t->burst) + 1;
	u64 every = t->every;

	if (n->down)
		t->left = 0;
	while (t->left && burst-- && n->bound) {
		struct peer *p = peer_find(n, t->dst);

		if (p && p->a.txq.n >= t->outstanding) {
			every += 100 * SIM_MS;
			break;
		}
		t->left--;
		send_one(s, n, t);
	}
	if (t->left)
		sim_call(s, s->now + 100 * SIM_US + rnd(s) % (2 * every + 1), traffic_tick, arg);
}

struct traffic *add_traffic(struct sim *s, u16 src, u16 dst, u32 messages)
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
void ordinary(struct sim *s)
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

void every_link(struct sim *s, void (*f)(struct sim *s, struct link *l))
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

void drop_a_little(struct sim *s, struct link *l)
{
	l->drop = below(s, 300);
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

void disorder(struct sim *s, struct link *l)
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

/* Receivers: slow, small, or stopped for a while */

static void small_buffers(struct sim *s)
{
	for (u16 i = 0; i < s->nnodes; i++) {
		struct node *n = &s->nodes[i];

		n->rcvbuf = between(s, 2000, 200000);
		n->read_every = between(s, 0, 300) * SIM_MS;
		n->read_batch = 1 + below(s, 20);
	}
}

static void slow_reader(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	small_buffers(s);
}

/* The window is what stops the sender: the buffer would take more. */
static void window(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	for (u16 i = 0; i < s->nnodes; i++) {
		struct node *n = &s->nodes[i];

		n->max_msg = 3000 + below(s, 20000);
		/* it may be smaller than a message, too */
		n->rx_window = chance(s, 5000) ? 300 + below(s, 20000) :
						 rdm_msg_charge(n->max_msg) + below(s, 20000);
		n->read_every = between(s, 0, 100) * SIM_MS;
		n->read_batch = 1 + below(s, 20);
	}
	s->deadline = s->now + 60 * SIM_SEC;
	for (u32 i = 0; i < s->ntraffic; i++)
		s->traffic[i].max_len = min(s->traffic[i].max_len, s->nodes[0].max_msg);
	for (u32 i = 0; i < s->ntraffic; i++)
		s->traffic[i].max_len = min(s->traffic[i].max_len, s->nodes[1].max_msg);
}

static void start_reading(struct sim *s, u64 arg)
{
	s->nodes[arg].reading = true;
	node_read_later(&s->nodes[arg]);
}

static void stop_reading(struct sim *s, u64 arg)
{
	s->nodes[arg].reading = false;
}

/* For longer than the user timeout: a live peer is not given up. */
static void stopped_reader(struct sim *s)
{
	u64 at = s->now + between(s, 0, 300) * SIM_MS;

	ordinary(s);
	every_link(s, drop_a_little);
	if (chance(s, 5000))
		small_buffers(s);
	for (u16 i = 0; i < s->nnodes; i++) {
		if (chance(s, 5000))
			s->nodes[i].rx_window = 1100000;
		s->nodes[i].rcvbuf = min(s->nodes[i].rcvbuf, 30000ULL);
	}
	sim_call(s, at, stop_reading, 1);
	sim_call(s, at + between(s, 1, 120) * SIM_SEC, start_reading, 1);
}

/* Messages of up to 1 MiB, also towards buffers that are smaller than one of them. */
static void large(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	for (u16 i = 0; i < s->nnodes; i++)
		if (chance(s, 5000))
			s->nodes[i].rcvbuf = between(s, 10000, 400000);
	for (u32 i = 0; i < s->ntraffic; i++) {
		s->traffic[i].max_len = 1 << 20;
		s->traffic[i].left = 2 + below(s, 3);
	}
}

/* Several senders share one receiver, whose buffer is smaller than what they send. */
static void shared_receiver(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	small_buffers(s);
	for (u16 i = 1; i < s->nnodes; i++) {
		add_traffic(s, i, 0, 20);
		s->traffic[s->ntraffic - 1].max_len = 20000;
	}
}

/* The path */

static void link_state(struct sim *s, u64 arg)
{
	s->links[arg & 15][arg >> 4 & 15].down = arg >> 8;
	trace(s, "link %llu to %llu is %s", arg & 15, arg >> 4 & 15, arg >> 8 ? "down" : "up");
}

static void take_down(struct sim *s, u16 from, u16 to, u64 at, u64 len)
{
	u64 arg = from | to << 4;

	sim_call(s, at, link_state, arg | 1 << 8);
	sim_call(s, at + len, link_state, arg);
}

/* Outages that end before the user timeout does, at any moment of the association's life. */
static void blackout(struct sim *s)
{
	u64 at = s->now + between(s, 0, 200) * SIM_MS, len = between(s, 1, 25000) * SIM_MS;
	u32 which = below(s, 3);

	ordinary(s);
	if (chance(s, 5000))
		every_link(s, drop_a_little);
	if (which != 0)
		take_down(s, 0, 1, at, len);
	if (which != 1)
		take_down(s, 1, 0, at, len);
}

/* One that does not end: messages fail with ETIMEDOUT, and soon enough. */
static void silence(struct sim *s)
{
	u64 at = s->now + between(s, 0, 300) * SIM_MS;
	u32 which = below(s, 3);

	ordinary(s);
	s->all_acked = false;
	if (which != 0)
		take_down(s, 0, 1, at, 100000 * SIM_SEC);
	if (which != 1)
		take_down(s, 1, 0, at, 100000 * SIM_SEC);
	s->deadline = U64_MAX;
	s->patience = 65 * SIM_SEC;
}

/* Ends that go */

static void restart(struct sim *s, u64 arg)
{
	struct node *n = &s->nodes[arg];

	if (n->bound)
		node_close(n, true);
	s->count[C_RESTART]++;
	node_bind(n);
}

static void crash(struct sim *s, u64 arg)
{
	if (s->nodes[arg].bound)
		node_close(&s->nodes[arg], true);
	s->nodes[arg].down = true;
}

static void host_back(struct sim *s, u64 arg)
{
	s->nodes[arg].down = false;
	restart(s, arg);
}

static void sock_close(struct sim *s, u64 arg)
{
	if (s->nodes[arg].bound)
		node_close(&s->nodes[arg], false);
}

static void sock_open(struct sim *s, u64 arg)
{
	if (!s->nodes[arg].bound)
		node_bind(&s->nodes[arg]);
}

/* The application sends on whatever happens. */
static void patient(struct sim *s)
{
	s->all_acked = false;
	s->may_crash = true;
	s->deadline = U64_MAX;
	s->patience = 100 * SIM_SEC;
	for (u32 i = 0; i < s->ntraffic; i++) {
		s->traffic[i].left *= 2;
		s->traffic[i].every = between(s, 1, 50) * SIM_MS;
		s->traffic[i].max_len = min(s->traffic[i].max_len, 20000U);
	}
}

static void restarts(struct sim *s)
{
	u32 n = 1 + below(s, 4);
	u64 at = s->now;

	ordinary(s);
	patient(s);
	s->keep = 64;
	if (chance(s, 5000))
		every_link(s, disorder);
	while (n--) {
		u16 who = below(s, 2);

		at += between(s, 1, 400) * SIM_MS;
		if (chance(s, 5000)) {
			sim_call(s, at, restart, who);
		} else {
			sim_call(s, at, crash, who);
			at += between(s, 1, 3000) * SIM_MS;
			sim_call(s, at, host_back, who);
		}
		sim_call(s, at + between(s, 0, 2000) * SIM_MS, net_replay, 0);
		sim_call(s, at + between(s, 0, 20) * SIM_SEC, net_replay, 0);
	}
}

static void closes(struct sim *s)
{
	u32 n = 1 + below(s, 3);
	u64 at = s->now;

	ordinary(s);
	patient(s);
	s->keep = 64;
	if (chance(s, 5000))
		every_link(s, disorder);
	while (n--) {
		u16 who = below(s, 2);

		at += between(s, 1, 400) * SIM_MS;
		sim_call(s, at, sock_close, who);
		at += chance(s, 5000) ? 0 : between(s, 1, 3000) * SIM_MS;
		sim_call(s, at, sock_open, who);
		sim_call(s, at + between(s, 0, 2000) * SIM_MS, net_replay, 0);
		sim_call(s, at + between(s, 0, 20) * SIM_SEC, net_replay, 0);
	}
}

static void gone_for_good(struct sim *s)
{
	ordinary(s);
	patient(s);
	sim_call(s, s->now + between(s, 0, 600) * SIM_MS, crash, 1);
}

/* One of several peers dies, or never reads: the others notice nothing. */
static void one_of_many(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	s->all_acked = false;
	s->all_but = 3;
	s->deadline = U64_MAX;
	s->patience = 100 * SIM_SEC;
	for (u16 i = 1; i < s->nnodes; i++) {
		add_traffic(s, 0, i, 20);
		add_traffic(s, i, 0, 20);
	}
	s->may_crash = true;
	sim_call(s, s->now + between(s, 0, 200) * SIM_MS, crash, 3);
}

static void nobody_there(struct sim *s)
{
	ordinary(s);
	s->all_acked = false;
	s->traffic[1].left = 0;
	sock_close(s, 1);
	s->patience = 40 * SIM_SEC;
}

/* Packets from long ago, and packets from nobody */

static void replays(struct sim *s)
{
	ordinary(s);
	s->keep = 64;
	every_link(s, drop_a_little);
	for (u32 i = 0; i < 10; i++) {
		sim_call(s, s->now + between(s, 0, 2000) * SIM_MS, net_replay, 0);
		sim_call(s, s->now + between(s, 2, 400) * SIM_SEC, net_replay, 0);
		sim_call(s, s->now + between(s, 0, 2000) * SIM_MS, net_garbage, 0);
	}
}

/* Life */

static void both_open(struct sim *s)
{
	ordinary(s);
	while (s->ntraffic < 2)
		add_traffic(s, 1, 0, 10);
	/* both within a round trip, and the network as disorderly as it gets */
	s->nodes[0].idle_timeout = between(s, 1, 40) * SIM_SEC;
	s->nodes[1].idle_timeout = between(s, 1, 40) * SIM_SEC;
	if (chance(s, 7000))
		every_link(s, disorder);
	if (chance(s, 3000))
		every_link(s, dup);
	if (chance(s, 3000))
		every_link(s, drop_30);
}

static void idle(struct sim *s)
{
	ordinary(s);
	s->keep = 64;
	for (u16 i = 0; i < s->nnodes; i++)
		s->nodes[i].idle_timeout = between(s, 5, 2000) * SIM_MS;
	for (u32 i = 0; i < s->ntraffic; i++) {
		s->traffic[i].every = between(s, 100, 2000) * SIM_MS;
		s->traffic[i].max_len = 5000;
	}
	every_link(s, drop_a_little);
	if (chance(s, 5000))
		every_link(s, disorder);
	for (u32 i = 0; i < 4; i++)
		sim_call(s, s->now + between(s, 0, 60) * SIM_SEC, net_replay, 0);
}

/* The packet number at which an association takes nothing new. */
#define PN_SOFT	(RDM_PN_MAX - RDM_PN_RESERVE)

static void limits(struct sim *s)
{
	static const u64 seqs[] = { U64_MAX, U64_MAX, 1ULL << 32, 1ULL << 63 };
	static const u64 pns[] = { PN_SOFT, PN_SOFT, 1ULL << 32, 1ULL << 47 };
	u64 seq = seqs[below(s, 4)] - 1 - below(s, 100);

	ordinary(s);
	every_link(s, drop_a_little);
	if (chance(s, 5000))
		every_link(s, disorder);
	for (u16 i = 0; i < s->nnodes; i++) {
		s->nodes[i].first_seq = seq;
		if (chance(s, 7000))
			s->nodes[i].first_pn = pns[below(s, 4)] - below(s, 300);
	}
}

/* Where no peer helps to end in time: the end is an error, and clean. */
static void pn_runs_out(struct sim *s)
{
	ordinary(s);
	s->all_acked = false;
	s->nodes[below(s, 2)].first_pn = RDM_PN_MAX - U16_MAX - below(s, 60);
}

static void too_long(struct sim *s)
{
	ordinary(s);
	s->all_acked = false;
	s->all_fit = true;
	s->nodes[1].max_msg = 1 + below(s, 3000);
	s->nodes[0].max_msg = 1 + below(s, 3000);
}

static void no_memory(struct sim *s)
{
	ordinary(s);
	every_link(s, drop_a_little);
	s->bad_pool = between(s, 100, 5000);
}

/* Modes and deadlines */

#define ONLY_LEAST	BIT(RDM_AT_LEAST_ONCE)
#define ALL_MODES	(BIT(RDM_EXACTLY_ONCE) | BIT(RDM_AT_LEAST_ONCE) | BIT(RDM_AT_MOST_ONCE))

/* All messages of a run, so call it last. */
static void mix(struct sim *s, u8 modes)
{
	for (u32 i = 0; i < s->ntraffic; i++) {
		struct traffic *t = &s->traffic[i];

		t->modes = modes;
		t->deadlines = chance(s, 7000) ? below(s, 6000) : 0;
		t->deadline = between(s, 1, chance(s, 5000) ? 200 : 5000) * SIM_MS;
	}
}

static void modes(struct sim *s)
{
	ordinary(s);
	every_link(s, chance(s, 5000) ? drop_some : drop_a_little);
	if (chance(s, 5000))
		every_link(s, disorder);
	if (chance(s, 2000))
		every_link(s, dup);
	if (chance(s, 2000))
		s->bad_pool = between(s, 100, 5000);
	mix(s, ALL_MODES);
}

static void modes_full(struct sim *s)
{
	switch (below(s, 4)) {
	case 0:
		slow_reader(s);
		break;
	case 1:
		window(s);
		break;
	case 2:
		stopped_reader(s);
		break;
	default:
		large(s);
	}
	s->deadline = s->now + 600 * SIM_SEC;
	mix(s, ALL_MODES);
}

static void modes_shared(struct sim *s)
{
	shared_receiver(s);
	mix(s, ALL_MODES);
}

static void modes_mtu(struct sim *s)
{
	mtu_shrinks(s);
	mix(s, ALL_MODES);
}

static void modes_limits(struct sim *s)
{
	limits(s);
	mix(s, ALL_MODES);
}

static void modes_idle(struct sim *s)
{
	idle(s);
	mix(s, ALL_MODES);
}

static void modes_open(struct sim *s)
{
	both_open(s);
	mix(s, ALL_MODES);
}

static void modes_restart(struct sim *s)
{
	if (chance(s, 5000))
		restarts(s);
	else
		closes(s);
	/* delivered, and the sender does not know it; and then nobody is there any more */
	if (chance(s, 5000))
		s->links[1][0].drop = between(s, 3000, 7000);
	if (chance(s, 5000))
		sim_call(s, s->now + between(s, 0, 1000) * SIM_MS, crash, 1);
	mix(s, ALL_MODES);
}

/* The receiver comes back, each time before anybody's patience ends. */
static void comes_back(struct sim *s)
{
	u32 n = 1 + below(s, 4);
	u64 at = s->now;

	ordinary(s);
	s->traffic[1].left = 0;
	patient(s);
	s->may_crash = false;
	s->least_acked = true;
	s->keep = 64;
	every_link(s, chance(s, 5000) ? disorder : drop_a_little);
	/* delivered, and the sender does not know it */
	if (chance(s, 3000))
		s->links[1][0].drop = between(s, 3000, 6000);
	while (n--) {
		at += between(s, 1, 400) * SIM_MS;
		switch (below(s, 3)) {
		case 0:
			sim_call(s, at, restart, 1);
			break;
		case 1:
			sim_call(s, at, crash, 1);
			at += between(s, 1, 3000) * SIM_MS;
			sim_call(s, at, host_back, 1);
			break;
		default:
			sim_call(s, at, sock_close, 1);
			at += between(s, 1, 3000) * SIM_MS;
			sim_call(s, at, sock_open, 1);
		}
		sim_call(s, at + between(s, 0, 20) * SIM_SEC, net_replay, 0);
	}
	mix(s, chance(s, 5000) ? ONLY_LEAST : ALL_MODES);
}

/* Whatever holds a message up, its deadline is kept. */
static void deadlines(struct sim *s)
{
	switch (below(s, 4)) {
	case 0:
		silence(s);
		break;
	case 1:
		blackout(s);
		break;
	case 2:
		stopped_reader(s);
		break;
	default:
		gone_for_good(s);
	}
	mix(s, ALL_MODES);
	for (u32 i = 0; i < s->ntraffic; i++)
		s->traffic[i].deadlines = 9000;
}

/*
 * One end gives up while the other one lives, then both meet again; and every packet that
 * there was comes again, at every age: before and after cookies are too old, and tombstones.
 */
static void one_sided(struct sim *s)
{
	u32 n = 1 + below(s, 3);
	u64 at = s->now;

	ordinary(s);
	patient(s);
	s->patience = 200 * SIM_SEC;
	s->keep = ARRAY_SIZE(s->kept);
	every_link(s, chance(s, 5000) ? disorder : drop_a_little);
	for (u16 i = 0; i < s->nnodes; i++) {
		s->nodes[i].user_timeout = between(s, 1, chance(s, 5000) ? 5 : 60) * SIM_SEC;
		s->nodes[i].idle_timeout = between(s, 1, chance(s, 5000) ? 20 : 400) * SIM_SEC;
	}
	for (u32 i = 0; i < s->ntraffic; i++) {
		s->traffic[i].left = min(s->traffic[i].left, 60U);
		s->traffic[i].max_len = min(s->traffic[i].max_len, 5000U);
		s->traffic[i].every = between(s, 50, 3000) * SIM_MS;
	}
	while (n--) {
		u16 from = below(s, 2);

		at += between(s, 0, 10000) * SIM_MS;
		take_down(s, from, !from, at, between(s, 1, 90) * SIM_SEC);
		if (chance(s, 3000))
			sim_call(s, at + between(s, 0, 20) * SIM_SEC, restart, below(s, 2));
	}
	for (n = 0; n < 14; n++)
		sim_call(s, s->now + between(s, 0, chance(s, 5000) ? 30000 : 200000) * SIM_MS,
			 net_replay_all, 0);
	mix(s, ALL_MODES);
}

const struct scenario scenarios[] = {
	{ "perfect", "U1 every message is delivered once on a path without faults", perfect, 100, 2,
	  { C_ACKED, C_FRAGMENT, C_JOINED } },
	{ "loss", "U1 every message is delivered once under loss of 1 to 30 %", loss, 100, 2,
	  { C_DROP, C_RETRANSMIT, C_PTO } },
	{ "loss-30", "U1 every message is delivered once under 30 % loss", loss_30, 100, 2,
	  { C_DROP, C_RETRANSMIT, C_PTO } },
	{ "bursts", "U1 every message is delivered once when loss comes in bursts", loss_bursts,
	  100, 2, { C_BURST, C_PTO } },
	{ "acks-lost", "U1 every message is delivered once when most acks are lost", acks_lost,
	  100, 2, { C_DROP, C_DUP_MSG } },
	{ "duplicates", "U2 duplicated packets deliver nothing twice", duplicates, 100, 2,
	  { C_DUP, C_DUP_MSG } },
	{ "reorder", "U2 reordering delivers nothing twice, and shows as spurious loss", reorder,
	  100, 2, { C_REORDER, C_SPURIOUS, C_DUP_MSG } },
	{ "fifo", "U3 FIFO order holds under reordering and across fragments", reorder_fifo, 100, 2,
	  { C_REORDER, C_FRAGMENT } },
	{ "slow-reader", "U9 a full receive buffer refuses, and loses nothing it acked",
	  slow_reader, 100, 2, { C_REFUSED, C_OVERCOMMIT } },
	{ "window", "U9 a closed window stops the sender and opens again", window, 100, 2,
	  { C_WINDOW_PROBE } },
	{ "stopped-reader", "U9 a receiver that does not read for minutes is not given up",
	  stopped_reader, 100, 2, { C_REFUSED } },
	{ "large", "U9 messages of 1 MiB pass, also into buffers that are smaller", large, 30, 2,
	  { C_FRAGMENT, C_OVERCOMMIT } },
	{ "shared", "U9 senders that share a full receiver all get through",
	  shared_receiver, 100, 4, { C_REFUSED, C_OVERCOMMIT } },
	{ "one-of-many", "U8 a peer that dies takes nothing from the others", one_of_many, 100, 4,
	  { C_TIMEOUT, C_ACKED } },
	{ "blackout", "U7 an outage shorter than the user timeout costs no message",
	  blackout, 100, 2, { C_BLACKOUT, C_PTO } },
	{ "silence", "U7 a silent peer is given up: one outcome for each message", silence, 100, 2,
	  { C_BLACKOUT, C_TIMEOUT } },
	{ "bottleneck", "U1 every message crosses a bottleneck with a short queue",
	  bottleneck, 100, 2, { C_QUEUE_FULL } },
	{ "ecn", "U1 a full queue that marks packets drops none, and is used", ecn_marks, 20, 2,
	  { C_CE, C_CE_TOLD } },
	{ "ecn-bleached", "U1 a path that removes marks is found out, and costs no message",
	  ecn_bleached, 100, 2, { C_REMARKED, C_NO_ECN, C_ACKED } },
	{ "ecn-remarked", "U1 counts of marks that cannot be true cost no message", ecn_remarked,
	  100, 2, { C_REMARKED, C_CE_TOLD, C_NO_ECN, C_ACKED } },
	{ "ecn-dropped", "U1 a path that drops what is marked is found out soon", ecn_dropped,
	  100, 2, { C_ECT_DROP, C_NO_ECN, C_ACKED } },
	{ "fat-path", "CUBIC uses a long fat path with a short queue better than NewReno",
	  fat_path, 1, 4, { C_QUEUE_FULL, C_FRAGMENT } },
	{ "mtu", "U13 the path's MTU shrinks in mid-flow", mtu_shrinks, 100, 2,
	  { C_TOO_BIG, C_RECUT } },
	{ "black-hole", "U13 a path that swallows long packets: their size becomes what it takes",
	  black_hole, 30, 2, { C_TOO_BIG, C_BLACK_HOLE, C_MTU_PROBE_LOST } },
	{ "black-hole-opens", "U13 the same in mid-flow", black_hole_opens, 30, 2,
	  { C_TOO_BIG, C_BLACK_HOLE, C_MTU_PROBE_LOST } },
	{ "black-hole-deep", "U13 not even packets of 1200 bytes get through, and messages do",
	  black_hole_deep, 20, 2, { C_TOO_BIG, C_BLACK_HOLE, C_MTU_PROBE_LOST } },
	{ "loss-no-black-hole", "U13 5 % loss makes no packet shorter", loss_no_black_hole, 30, 2,
	  { C_DROP, C_RETRANSMIT } },
	{ "restart", "U6 nothing bound to an incarnation reaches another", restarts, 100, 2,
	  { C_RESTART, C_RESET_TAKEN, C_REPLAY, C_FAILED, C_ACKED } },
	{ "close", "U6 a closed socket ends its associations, and its successor gets nothing old",
	  closes, 100, 2, { C_SOCK_CLOSE, C_RESET_TAKEN, C_REPLAY, C_TOMB_HIT, C_ICMP } },
	{ "crash", "U7 each message to a host that is gone has one outcome", gone_for_good, 100, 2,
	  { C_TIMEOUT } },
	{ "refused", "U7 a port without a socket refuses", nobody_there, 100, 2,
	  { C_ICMP, C_FAILED } },
	{ "replay", "U2 packets that come again after minutes change nothing", replays, 100, 2,
	  { C_REPLAY, C_GARBAGE, C_DUP_MSG, C_TOMB_HIT } },
	{ "both-open", "U1 two handshakes that cross make one association", both_open, 100, 2,
	  { C_MET } },
	{ "idle", "U2 idle associations close by agreement and open again", idle, 100, 2,
	  { C_IDLE_CLOSE, C_RENEWED } },
	{ "cold", "U1 associations that are idle most of the time forget nothing that counts",
	  cold, 100, 2, { C_COOLED, C_NOT_HEATED, C_DUP_MSG, C_REPLAY, C_RETRANSMIT } },
	{ "limits", "U4 packet number and sequence reach their limits", limits, 100, 2,
	  { C_RENEWED } },
	{ "pn-runs-out", "U4 an association out of packet numbers ends, and a new one goes on",
	  pn_runs_out, 100, 2, { C_ACKED, C_FAILED } },
	{ "too-long", "U5 a message that the peer does not take fails alone", too_long, 100, 2,
	  { C_TOO_LONG, C_ACKED } },
	{ "modes", "U1 modes and deadlines mix on one association, and each holds", modes, 100, 2,
	  { C_ACKED, C_ONCE_LOST, C_EXPIRED, C_SKIP, C_BALANCED } },
	{ "modes-full", "U9 what is given up gives its room to those that wait", modes_full, 100, 2,
	  { C_REFUSED, C_WINDOW_PROBE, C_ONCE_LOST, C_EXPIRED, C_SKIP, C_OVERCOMMIT } },
	{ "modes-shared", "U9 what is given up gives its room to other senders", modes_shared,
	  100, 4, { C_REFUSED, C_ONCE_LOST, C_EXPIRED, C_SKIP } },
	{ "modes-mtu", "U13 the path's MTU shrinks under messages of every mode", modes_mtu, 100, 2,
	  { C_TOO_BIG, C_RECUT, C_ONCE_LOST, C_SKIP } },
	{ "modes-limits", "U4 what is given up at the last sequence holds nobody up",
	  modes_limits, 100, 2, { C_RENEWED, C_ONCE_LOST, C_EXPIRED, C_SKIP } },
	{ "modes-idle", "U2 associations close when what was given up is told", modes_idle, 100, 2,
	  { C_IDLE_CLOSE, C_RENEWED, C_SKIP, C_BALANCED } },
	{ "modes-open", "U1 handshakes cross with messages of every mode", modes_open, 100, 2,
	  { C_MET, C_SKIP, C_EXPIRED, C_ONCE_LOST } },
	{ "modes-restart", "U6 only what may arrive twice reaches another incarnation",
	  modes_restart, 100, 2,
	  { C_RESTART, C_SOCK_CLOSE, C_RESET_TAKEN, C_MOVED, C_ONCE_LOST, C_SKIP } },
	{ "comes-back", "U6 what is sent at least once reaches a receiver that comes back",
	  comes_back, 100, 2, { C_RESTART, C_SOCK_CLOSE, C_MOVED, C_AGAIN, C_ICMP, C_ACKED } },
	{ "deadline", "U7 each deadline is kept, whatever is wrong", deadlines, 100, 2,
	  { C_EXPIRED, C_BLACKOUT, C_REFUSED, C_TIMEOUT, C_SKIP } },
	{ "one-sided", "U2 packets of every age change nothing when one end has given up",
	  one_sided, 50, 2,
	  { C_REPLAY, C_TIMEOUT, C_TOMB_HIT, C_STALE_COOKIE, C_DUP_MSG, C_RESET_TAKEN, C_MOVED,
	    C_SKIP } },
	{ "no-memory", "U1 a sender that lacks memory goes on when it is back", no_memory, 100, 2,
	  { C_NO_RECORD } },
};

const u32 nscenarios = ARRAY_SIZE(scenarios);
