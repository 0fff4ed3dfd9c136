// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: virtual time. A heap of events beside the timers of the nodes, and
 * the only source of randomness. What happens at an event is elsewhere.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

const char *const count_names[C__NR] = {
	[C_SENT] = "sent", [C_DROP] = "dropped", [C_BURST] = "lost in bursts",
	[C_BLACKOUT] = "lost in blackouts", [C_TOO_BIG] = "too big",
	[C_QUEUE_FULL] = "queue full", [C_DUP] = "duplicated", [C_REORDER] = "reordered",
	[C_REPLAY] = "replayed", [C_GARBAGE] = "garbage", [C_DELIVERED] = "delivered",
	[C_ACKED] = "acked", [C_FAILED] = "failed", [C_REFUSED] = "refused",
	[C_OVERCOMMIT] = "overcommitted", [C_DUP_MSG] = "duplicate messages",
	[C_FRAGMENT] = "fragments", [C_JOINED] = "joined runs", [C_RETRANSMIT] = "retransmissions",
	[C_SPURIOUS] = "spurious losses", [C_WINDOW_PROBE] = "window probes",
	[C_PTO] = "probe timeouts", [C_ASSOC] = "associations", [C_INITIATED] = "initiated",
	[C_MET] = "handshakes met", [C_RESET_SENT] = "resets sent",
	[C_RESET_TAKEN] = "resets taken", [C_STALE_COOKIE] = "stale cookies",
	[C_OLD_COOKIE] = "overtaken cookies", [C_TOMB_HIT] = "tombstone hits",
	[C_ICMP] = "ICMP", [C_RESTART] = "restarts", [C_SOCK_CLOSE] = "closed sockets",
	[C_IDLE_CLOSE] = "agreed closes", [C_RENEWED] = "renewals", [C_TIMEOUT] = "timeouts",
	[C_RECUT] = "MTU cuts", [C_MTU_PROBE] = "MTU probes",
	[C_MTU_PROBE_LOST] = "MTU probes lost", [C_BLACK_HOLE] = "black holes",
	[C_NO_RECORD] = "no record",
	[C_NOT_HEATED] = "not heated", [C_COOLED] = "cooled", [C_TOO_LONG] = "too long",
	[C_SKIP] = "skips", [C_EXPIRED] = "expired", [C_ONCE_LOST] = "lost, and sent once",
	[C_MOVED] = "moved", [C_AGAIN] = "delivered again", [C_BALANCED] = "balanced books",
	[C_CE] = "marked", [C_CE_TOLD] = "marks told", [C_REMARKED] = "remarked",
	[C_ECT_DROP] = "dropped for ECT", [C_NO_ECN] = "gave ECN up",
};

u64 rnd(struct sim *s)
{
	return rdm_test_rand(&s->rng);
}

u32 below(struct sim *s, u32 n)
{
	return rdm_test_below(&s->rng, n);
}

/* Both ends included. */
u64 between(struct sim *s, u64 lo, u64 hi)
{
	return lo + rnd(s) % (hi - lo + 1);
}

bool chance(struct sim *s, u32 per_10000)
{
	return per_10000 && below(s, 10000) < per_10000;
}

void trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->trace)
		return;
	printf("%12.6f  ", (s->now - 1000 * SIM_SEC) / 1e9);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void dump(struct sim *s)
{
	for (u32 i = 0; i < s->nnodes; i++) {
		const struct node *n = &s->nodes[i];
		const struct peer *p;

		trace(s, "node %u: %u to read, %llu of %llu bytes used%s", i, n->rxq_len,
		      n->rcvused, n->rcvbuf, n->reading ? "" : ", does not read");
		if (n->token)
			trace(s, "  token out for sequence %llu, %u of %u bytes", n->token->seq,
			      n->token->m.have, n->token->m.total);
		list_for_each_entry(p, &n->peers, node) {
			const struct rdm_assoc *a = &p->a;

			trace(s, "  association %u to node %u: %s", p->uid, p->remote,
			      rdm_assoc_states[a->state]);
			trace(s, "    messages %u (%u bound), sequence %llu, charge %llu of %llu",
			      a->txq.n, a->txq.nbound, a->txq.next_seq, a->txq.charge,
			      a->txq.win_charge);
			trace(s, "    in flight %u (%llu bytes), window %llu", a->rec.nflight,
			      a->hot ? a->hot->cong.in_flight : 0,
			      a->hot ? a->hot->cong.cwnd : 0);
			trace(s, "    floor %llu, held %u, taken %llu, read %llu, told %llu%s",
			      a->seqs.floor, a->reasm.n, a->rx_charge, a->rx_consumed,
			      a->rx_adv_charge, a->refused ? ", refused" : "");
		}
	}
}

/* The run is wrong; the first reason counts. */
void fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;
	s->failed = true;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	trace(s, "FAILED: %s", s->why);
	dump(s);
}

void sim_init(struct sim *s, u64 seed, u32 nnodes)
{
	bool traced = s->trace;
	const char *name = s->name;

	memset(s, 0, sizeof(*s));
	s->trace = traced;
	s->name = name;
	s->seed = seed;
	s->rng = seed * 0x9e3779b97f4a7c15ULL + 1;
	s->now = 1000 * SIM_SEC;
	s->nnodes = nnodes;
	s->max_events = 200000;
	s->next_uid = 1;
	s->all_acked = true;
	s->deadline = s->now + 600 * SIM_SEC;
	for (u16 i = 0; i < nnodes; i++) {
		node_init(s, i);
		for (u16 j = 0; j < nnodes; j++) {
			s->links[i][j].delay = 5 * SIM_MS;
			s->links[i][j].mtu = 65507;
		}
	}
}

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_push(struct sim *s, struct event e)
{
	u32 i = s->nheap++;

	if (s->nheap > s->heap_size) {
		s->heap_size = s->heap_size * 2 + 64;
		s->heap = realloc(s->heap, s->heap_size * sizeof(*s->heap));
		if (!s->heap)
			abort();
	}
	e.order = s->order++;
	for (; i && earlier(&e, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct event heap_pop(struct sim *s)
{
	struct event top = s->heap[0], last = s->heap[--s->nheap];
	u32 i = 0, c;

	while ((c = 2 * i + 1) < s->nheap) {
		if (c + 1 < s->nheap && earlier(&s->heap[c + 1], &s->heap[c]))
			c++;
		if (!earlier(&s->heap[c], &last))
			break;
		s->heap[i] = s->heap[c];
		i = c;
	}
	s->heap[i] = last;
	return top;
}

void sim_call(struct sim *s, u64 at, void (*call)(struct sim *s, u64 arg), u64 arg)
{
	heap_push(s, (struct event){ .at = at, .type = EV_CALL, .call = call, .arg = arg });
}

void sim_packet(struct sim *s, u64 at, struct pkt *p)
{
	heap_push(s, (struct event){ .at = at, .type = EV_PACKET, .pkt = p });
}

/* Runs until nothing is left to happen: a correct association falls silent by itself. */
void sim_run(struct sim *s)
{
	while (!s->failed) {
		u64 at = s->nheap ? s->heap[0].at : U64_MAX;
		struct node *due = NULL;

		for (u32 i = 0; i < s->nnodes; i++) {
			u64 t = node_deadline(&s->nodes[i]);

			if (t < at) {
				at = t;
				due = &s->nodes[i];
			}
		}
		if (at == U64_MAX)
			break;
		s->now = max(s->now, at);
		if (++s->events > s->max_events) {
			fail(s, "no end after %llu events: a loop", s->max_events);
		} else if (due) {
			node_timer(due);
		} else {
			struct event e = heap_pop(s);

			if (e.type == EV_CALL) {
				e.call(s, e.arg);
			} else {
				node_rx(&s->nodes[e.pkt->dst], e.pkt);
				free(e.pkt);
			}
		}
	}
	if (!s->failed)
		check_end(s);
	if (!s->failed && s->verdict)
		s->verdict(s);
}

void sim_free(struct sim *s)
{
	for (u32 i = 0; i < s->nnodes; i++)
		node_free(&s->nodes[i]);
	while (s->nheap) {
		struct event e = heap_pop(s);

		free(e.pkt);
	}
	while (s->nkept)
		free(s->kept[--s->nkept]);
	for (u32 i = 0; i < s->nmsgs; i++) {
		if (s->msgs[i]->tx && !s->failed)
			fail(s, "message %u is never given back", i);
		free(s->msgs[i]->tx ? s->msgs[i]->tx->tx.acked : NULL);
		free(s->msgs[i]->tx);
		while (s->msgs[i]->bound) {
			struct binding *b = s->msgs[i]->bound;

			s->msgs[i]->bound = b->before;
			free(b);
		}
		free(s->msgs[i]);
	}
	free(s->msgs);
	free(s->heap);
}
