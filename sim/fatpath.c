// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: two flows over two long fat paths that are alike, one with NewReno, the
 * other with CUBIC, each with more to send than the path takes; and the judgement
 * of how much of its path each has used. Not a test of single messages: what is
 * true of them check.c sees to, here as elsewhere.
 */
#include <stdio.h>
#include <string.h>

#include <linux/rdm.h>

#include "check.h"
#include "scenario.h"
#include "sim.h"

#define FAT_LEN		100000		/* bytes of a message */
#define FAT_QUEUED	30		/* messages that wait or are on their way */
#define FAT_TICK	(50 * SIM_MS)
#define FAT_TIME	(50 * SIM_SEC)
#define FAT_WARM_UP	(10 * SIM_SEC)
/* Per cent of the path: what CUBIC must use, and by how much it must be ahead of NewReno. */
#define FAT_CUBIC	80
#define FAT_AHEAD	6

/* What the present run measures; a run is at an end before the next begins. Times are ns. */
static struct {
	u64 start;
	u64 from[2], to[2];	/* bytes acked when the measurement began and ended */
	u64 rate;
} fat;

static u64 acked(struct sim *s, u16 node)
{
	u64 n = 0;

	for (u32 i = 0; i < s->nmsgs; i++)
		if (s->msgs[i]->src == node && s->msgs[i]->done && !s->msgs[i]->error)
			n += s->msgs[i]->len;
	return n;
}

/* Keep the queue of both senders filled. */
static void feed(struct sim *s, u64 arg)
{
	for (u16 i = 0; i < 2; i++) {
		u16 from = 2 * i;
		struct peer *p = peer_find(&s->nodes[from], from + 1);

		for (u32 n = p ? p->a.txq.n : 0; n < FAT_QUEUED; n++)
			node_send(&s->nodes[from], from + 1, FAT_LEN, RDM_EXACTLY_ONCE, 0);
	}
	if (s->now < fat.start + FAT_TIME)
		sim_call(s, s->now + FAT_TICK, feed, 0);
}

static void measure(struct sim *s, u64 end)
{
	for (u16 i = 0; i < 2; i++)
		*(end ? &fat.to[i] : &fat.from[i]) = acked(s, 2 * i);
}

static void verdict(struct sim *s)
{
	u64 could = fat.rate * ((FAT_TIME - FAT_WARM_UP) / SIM_SEC);
	u32 used[2];

	for (u16 i = 0; i < 2; i++)
		used[i] = (fat.to[i] - fat.from[i]) * 100 / could;
	printf("#   %llu KB/s, round trip %llu ms, queue %llu ms: newreno %u %%, cubic %u %%\n",
	       fat.rate / 1000, 2 * s->links[0][1].delay / SIM_MS,
	       s->links[0][1].queue_max / SIM_MS, used[0], used[1]);
	if (used[1] < FAT_CUBIC)
		fail(s, "CUBIC uses %u %% of the path, less than %u %%", used[1], FAT_CUBIC);
	if (used[1] < used[0] + FAT_AHEAD)
		fail(s, "CUBIC uses %u %% of the path, NewReno %u %%", used[1], used[0]);
}

/* The queue is a fraction of what is on its way: each loss empties the path for long. */
void fat_path(struct sim *s)
{
	u64 delay = between(s, 60, 100) * SIM_MS, queue = between(s, 10, 20) * SIM_MS;

	memset(&fat, 0, sizeof(fat));
	fat.start = s->now;
	fat.rate = between(s, 1500, 2500) * 1000;
	s->nodes[0].cong = &rdm_cong_newreno;
	s->nodes[2].cong = &rdm_cong_cubic;
	s->max_events = 4000000;
	s->verdict = verdict;
	for (u16 i = 0; i < s->nnodes; i++) {
		struct link *l = &s->links[i][i ^ 1];

		s->nodes[i].rcvbuf = 64 << 20;
		s->nodes[i].rx_window = 64 << 20;
		l->delay = delay;
		if (i & 1)
			continue;
		l->rate = fat.rate;
		l->queue_max = queue;
	}
	sim_call(s, s->now, feed, 0);
	sim_call(s, s->now + FAT_WARM_UP, measure, 0);
	sim_call(s, s->now + FAT_TIME, measure, 1);
}
