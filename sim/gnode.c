// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: a member and the glue around its core, virtual time, and the channels
 * between members. A channel is what an association is to the core: a frame
 * arrives whole, in any order, unless the channel fails; "lossy" worlds lose
 * single frames, too. A node may crash at each step: before and after each
 * frame that it sends, each that it takes, each broadcast that it delivers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

u64 grnd(struct world *w)
{
	return rdm_test_rand(&w->rng);
}

u32 gbelow(struct world *w, u32 n)
{
	return rdm_test_below(&w->rng, n);
}

bool gchance(struct world *w, u32 per_10000)
{
	return per_10000 && gbelow(w, 10000) < per_10000;
}

void gtrace(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->trace)
		return;
	printf("%10.6f  ", (w->now - 1000 * GSEC) / 1e9);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void gfail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failed)
		return;
	w->failed = true;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	gtrace(w, "FAILED: %s", w->why);
}

static bool earlier(const struct gevt *a, const struct gevt *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(struct world *w, struct gevt e)
{
	u32 i = w->nheap++;

	if (w->nheap > w->heap_size) {
		w->heap_size = w->heap_size * 2 + 256;
		w->heap = realloc(w->heap, w->heap_size * sizeof(*w->heap));
		if (!w->heap)
			abort();
	}
	e.order = w->order++;
	for (; i && earlier(&e, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = e;
}

static struct gevt pop(struct world *w)
{
	struct gevt top = w->heap[0], last = w->heap[--w->nheap];
	u32 i = 0, c;

	while ((c = 2 * i + 1) < w->nheap) {
		if (c + 1 < w->nheap && earlier(&w->heap[c + 1], &w->heap[c]))
			c++;
		if (!earlier(&w->heap[c], &last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	w->heap[i] = last;
	return top;
}

void gcall(struct world *w, u64 at, void (*call)(struct world *w, u64 arg), u64 arg)
{
	push(w, (struct gevt){ .at = at, .type = GEV_CALL, .call = call, .arg = arg });
}

static void push_pkt(struct world *w, u64 at, struct gpkt *p)
{
	push(w, (struct gevt){ .at = at, .type = GEV_PKT, .pkt = p });
}

static struct rdm_gaddr address(u8 id)
{
	return (struct rdm_gaddr){ .ip = { [10] = 0xff, 0xff, 10, 0, 0, id + 1 }, .port = 7 };
}

/* One step of a node; true: it crashes there. */
static bool step(struct gnode *n)
{
	if (!n->up)
		return true;
	if (++n->steps != n->crash_step)
		return false;
	gcrash(n);
	return true;
}

/* Channels */

static void carry(struct world *w, struct gpkt *p, u64 at)
{
	if (gchance(w, w->dup) && !w->quiet) {
		struct gpkt *c = malloc(sizeof(*c) + p->len);

		memcpy(c, p, sizeof(*c) + p->len);
		w->count[GC_DUP]++;
		push_pkt(w, at + grnd(w) % (20 * GMS), c);
	}
	push_pkt(w, at, p);
}

/* How long a channel tries; then it is known what became of the copies. */
#define CARRY	(150 * GMS)

static void carried_event(struct world *w, u64 arg)
{
	u32 id = arg >> 8;
	struct gtruth *t = &w->msgs[id];
	struct gnode *n = &w->nodes[t->node];
	u64 rank = BIT_ULL(arg & 0xff), came = t->arrived & rank;
	struct grec *r;

	if (!n->up || !n->g)
		return;
	list_for_each_entry(r, &n->recs, all) {
		if (r->id != id || !r->m.own || !r->in_core || r->m.origin.inc != t->inc)
			continue;
		rdm_gc_carried(n->g, &r->m, came, came ^ rank);
		gpump(n);
		return;
	}
}

static void transmit(struct gnode *n, u8 dst, const struct rdm_gplan *plan)
{
	struct world *w = n->w;
	struct glink *l = &w->links[n->id][dst];
	struct gnode *to = &w->nodes[dst];
	struct gpkt *p = malloc(sizeof(*p) + plan->len);
	u64 at = w->now + w->delay + (w->jitter ? grnd(w) % w->jitter : 0);

	if (!l->life && to->up)
		l->life = to->life;
	*p = (struct gpkt){
		.src = n->id, .dst = dst, .dst_life = l->life, .epoch = l->epoch,
		.dst_inc = plan->to.inc, .len = plan->len, .num = ++w->npkts, .born = w->now,
		.cast = plan->kind == RDM_GP_ANNOUNCE,
	};
	memcpy(p->bytes, plan->head, plan->len);
	w->count[GC_FRAMES]++;
	if (plan->msg) {
		p->id = container_of(plan->msg, struct grec, m)->id + 1;
		p->charge = plan->msg->charge;
		p->rank = plan->rank;
		at += p->charge * w->slow;
		if (plan->msg->cast)
			gcall(w, w->now + CARRY, carried_event, (p->id - 1) << 8 | plan->rank);
		w->count[GC_DATA]++;
		n->last_data = w->now;
	}
	gtrace(w, "node %u -> %u: frame %u #%u view %llu%s%s", n->id, dst, p->bytes[0], p->num,
	       rdm_gw_u64(p->bytes, 3), plan->msg ? " broadcast " : "",
	       plan->again ? "again" : "");
	if (p->num == w->omit) {
		w->count[GC_OMIT]++;
		gtrace(w, "#%u is lost", p->num);
		free(p);
		return;
	}
	if (w->assoc && !p->cast) {
		gassoc_send(w, p);
		return;
	}
	while (!w->quiet && gchance(w, w->drop)) {
		w->count[GC_DROP]++;
		if (!w->reliable || p->cast) {
			gtrace(w, "#%u is lost", p->num);
			free(p);
			return;
		}
		at += 10 * GMS;
	}
	carry(w, p, at);
}

/* All that is under way between two nodes is lost, and a new channel begins. */
void gchanfail(struct world *w, u8 a, u8 b)
{
	u8 i;

	w->count[GC_CHANFAIL]++;
	gtrace(w, "the channel of %u and %u fails", a, b);
	for (i = 0; i < 2; i++) {
		struct gnode *n = &w->nodes[i ? b : a];
		struct rdm_gaddr to = address(i ? a : b);

		w->links[n->id][i ? a : b].epoch++;
		if (n->up && n->started) {
			rdm_gc_channel(n->g, w->now, &to, false);
			rdm_gc_channel(n->g, w->now, &to, true);
			gpump(n);
		}
	}
}

static void tell_gone(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg & 0xff];
	struct rdm_gmember who = { .at = address(arg >> 8 & 0xff) };
	u8 k;

	if (!n->up || !n->started)
		return;
	k = rdm_grank_at(n->g, &who.at);
	/* the channel to that life is over; a new life has another incarnation */
	if (k == RDM_GROUP_NONE || (n->g->mem[k].who.inc & 0xffffffff) != (arg >> 16 & 0xffffffff))
		return;
	gtrace(w, "node %u hears that %u is gone", n->id, (u8)(arg >> 8));
	rdm_gc_gone(n->g, w->now, &n->g->mem[k].who);
	gpump(n);
}

static void put(struct gnode *n, struct grec *r)
{
	if (--r->refs)
		return;
	list_del(&r->all);
	free(r);
}

static void receive(struct gnode *n, struct gpkt *p)
{
	struct rdm_gaddr from = address(p->src);
	struct world *w = n->w;
	struct rdm_gframe f;
	struct grec *r;
	enum rdm_grx v;

	if (step(n))
		return;
	gtrace(w, "node %u takes #%u from %u", n->id, p->num, p->src);
	if (!p->id) {
		if (rdm_gc_rx(n->g, w->now, &from, !p->cast, p->bytes, p->len))
			gfail(w, "node %u sent a frame that is malformed", p->src);
	} else {
		if (rdm_gw_frame(&f, p->bytes, p->len)) {
			gfail(w, "node %u sent a broadcast that is malformed", p->src);
			return;
		}
		r = calloc(1, sizeof(*r));
		r->id = p->id - 1;
		r->m.charge = p->charge;
		r->refs = 1;
		list_add_tail(&r->all, &n->recs);
		w->msgs[r->id].arrived |= BIT_ULL(p->rank);
		v = rdm_gc_rx_data(n->g, w->now, &from, &f, &r->m);
		if (v == RDM_GRX_TAKEN) {
			r->in_core = true;
		} else {
			if (v == RDM_GRX_BAD || v == RDM_GRX_WINDOW)
				gtrace(w, "node %u refuses #%u: %u", n->id, p->num, v);
			put(n, r);
		}
	}
	if (!step(n))
		gpump(n);
}

void garrive(struct world *w, struct gpkt *p)
{
	struct glink *l = &w->links[p->src][p->dst];
	struct gnode *n = &w->nodes[p->dst];

	if (p->epoch != l->epoch && !p->cast) {
		free(p);
		return;
	}
	if (l->down) {
		w->count[GC_CUT]++;
		if (w->reliable && !p->cast && w->now < p->born + 150 * GMS && !w->quiet) {
			w->count[GC_DELAYED]++;
			push_pkt(w, w->now + 20 * GMS, p);
			return;
		}
		free(p);
		return;
	}
	if (!n->up || !n->started) {
		free(p);
		return;
	}
	if (n->paused_until > w->now) {
		push_pkt(w, n->paused_until, p);
		return;
	}
	if (p->dst_life != n->life && !p->cast) {
		/* the socket of that channel is gone: RESET, and a new channel */
		if (l->life != n->life)
			l->life = n->life;
		if (p->dst_inc && !w->links[p->dst][p->src].down)
			gcall(w, w->now + w->delay, tell_gone,
			      p->src | p->dst << 8 | (p->dst_inc & 0xffffffff) << 16);
		free(p);
		return;
	}
	receive(n, p);
	free(p);
}

/* Nodes */

#ifdef RDM_MUTATE
/* A mistake: a life that comes after another goes on in its name, and knows nothing. */
static struct {
	u64 lineage, view;
	u8 n, rank;
	struct rdm_gmember who[GNODES];
} former[GNODES];

static void remember(struct gnode *n)
{
	struct rdm_gc *g = n->g;
	u8 k;

	former[n->id].n = g->state == RDM_GC_MEMBER ? g->n : 0;
	former[n->id].rank = g->rank;
	former[n->id].lineage = g->lineage;
	former[n->id].view = g->view;
	for (k = 0; k < g->n; k++)
		former[n->id].who[k] = g->mem[k].who;
}

static void resume(struct gnode *n)
{
	struct rdm_gc *g = n->g;
	u8 k;

	if (!former[n->id].n || n->life == 1)
		return;
	g->state = RDM_GC_MEMBER;
	g->n = former[n->id].n;
	g->rank = former[n->id].rank;
	g->lineage = former[n->id].lineage;
	g->view = former[n->id].view;
	for (k = 0; k < g->n; k++) {
		rdm_gmem_init(g, n->w->now, k, &former[n->id].who[k]);
		g->mem[k].fresh = true;
	}
	g->self = g->mem[g->rank].who;
	n->lineage = g->lineage;
	n->view = g->view;
}
#endif

void gstart(struct gnode *n)
{
	struct world *w = n->w;
	struct rdm_gc_cfg cfg = w->cfg;

	n->life++;
	n->up = true;
	n->crashed = false;
	n->started = true;
	n->leaving = false;
	n->reading = true;
	n->nseen = 0;
	n->lineage = 0;
	n->view = 0;
	n->unread = 0;
	cfg.self = address(n->id);
	cfg.cast = w->casts >> n->id & 1;
	cfg.seed = grnd(w);
	n->g = calloc(1, rdm_gc_size(cfg.max));
	rdm_gc_init(n->g, &cfg);
	gtrace(w, "node %u starts, life %u", n->id, n->life);
	rdm_gc_join(n->g, w->now);
#ifdef RDM_MUTATE
	if (rdm_gmut(ANY_INCARNATION))
		resume(n);
#endif
	gpump(n);
}

static void collect(struct gnode *n)
{
	u32 i;

	for (i = 0; i < RDM_GCS__NR; i++)
		n->stat[i] += rdm_gc_count(n->g, i);
}

static void release(struct gnode *n)
{
	struct grec *r, *next;

	if (!n->g)
		return;
	collect(n);
	list_for_each_entry_safe(r, next, &n->recs, all) {
		list_del(&r->all);
		free(r);
	}
	INIT_LIST_HEAD(&n->app);
	free(n->g);
	n->g = NULL;
}

static void back_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (n->up || n->g)
		return;
	w->count[GC_RESTART]++;
	n->crash_step = 0;
	gstart(n);
}

void gcrash(struct gnode *n)
{
	if (!n->up)
		return;
	gtrace(n->w, "node %u crashes at step %u", n->id, n->steps);
	n->w->count[GC_CRASH]++;
	n->up = false;
	n->crashed = true;
#ifdef RDM_MUTATE
	if (rdm_gmut(ANY_INCARNATION))
		remember(n);
#endif
	if (n->back)
		gcall(n->w, n->w->now + 20 * GMS, back_event, n->id);
}

static void over(struct gnode *n)
{
	gtrace(n->w, "node %u has left", n->id);
	n->up = false;
	n->crashed = true;
}

/* The application reads. */
void gread(struct gnode *n, u32 max)
{
	struct grec *r;

	while (n->up && max-- && !list_empty(&n->app)) {
		r = list_first_entry(&n->app, struct grec, app);
		list_del(&r->app);
		r->unread = false;
		n->unread--;
		rdm_gc_consumed(n->g, n->w->now, &r->m);
		put(n, r);
	}
}

/* false: refused */
bool gsend(struct gnode *n, u32 charge)
{
	struct world *w = n->w;
	struct grec *r;
	int err;

	if (!n->up || !n->started || n->paused_until > w->now || step(n))
		return false;
	r = calloc(1, sizeof(*r));
	r->m.charge = charge;
	r->refs = 1;
	r->id = w->nmsgs;
	if (w->nmsgs == w->msgs_size) {
		w->msgs_size = w->msgs_size * 2 + 64;
		w->msgs = realloc(w->msgs, w->msgs_size * sizeof(*w->msgs));
	}
	list_add_tail(&r->all, &n->recs);
	err = rdm_gc_send(n->g, w->now, &r->m);
	if (err) {
		w->count[GC_REFUSED]++;
		put(n, r);
	} else {
		r->in_core = true;
		w->count[r->m.cast ? GC_CAST : GC_SENT]++;
		w->msgs[w->nmsgs++] = (struct gtruth){
			.node = n->id, .inc = r->m.origin.inc, .lineage = r->m.lineage,
			.view = r->m.view, .seq = r->m.seq, .charge = charge, .cast = r->m.cast,
			.others = rdm_gall(n->g->n) & ~BIT_ULL(n->g->rank),
		};
		gtrace(w, "node %u broadcasts %u: sequence %llu", n->id, r->id, r->m.seq);
	}
	gpump(n);
	return !err;
}

/* All that the core has to give. */
void gpump(struct gnode *n)
{
	static struct rdm_gplan plan;
	struct world *w = n->w;
	struct rdm_gitem *item;
	struct rdm_gmsg *m;
	u32 spins = 0;
	bool more, quiet, took;

	do {
		more = false;
		took = false;
		quiet = n->up && !rdm_gc_gives(n->g) && !rdm_gc_sends(n->g) &&
			list_empty(&n->app);
		while (n->up && (item = rdm_gc_ready(n->g))) {
			more = true;
			if (step(n))
				return;
			if (item->type != RDM_GI_DATA) {
				struct rdm_gevent *e = container_of(item, struct rdm_gevent, item);

				gcheck_event(n, e);
				if (e->item.type == RDM_GI_OVER && n->leaving) {
					while ((m = rdm_gc_done(n->g)))
						gcheck_done(n, container_of(m, struct grec, m));
					over(n);
					return;
				}
			} else {
				struct grec *r = container_of(item, struct grec, m.item);

				gcheck_deliver(n, r);
				r->refs++;
				r->unread = true;
				n->unread++;
				list_add_tail(&r->app, &n->app);
			}
		}
		if (n->reading)
			gread(n, U32_MAX);
		while (n->up && (m = rdm_gc_done(n->g))) {
			took = true;
			gcheck_done(n, container_of(m, struct grec, m));
		}
		while (n->up && (m = rdm_gc_freed(n->g))) {
			struct grec *r = container_of(m, struct grec, m);

			took = true;
			r->in_core = false;
			gcheck_freed(n, r);
			put(n, r);
		}
		while (n->up && rdm_gc_next(n->g, w->now, &plan)) {
			more = true;
			if (step(n))
				return;
			if (++spins > 20000) {
				gfail(w, "node %u sends without end", n->id);
				return;
			}
			if (plan.kind == RDM_GP_ANNOUNCE) {
				u8 k;

				for (k = 0; k < w->n; k++)
					if (k != n->id)
						transmit(n, k, &plan);
			} else {
				transmit(n, plan.to.at.ip[15] - 1, &plan);
			}
			if (step(n))
				return;
		}
		if (quiet && (more || took))
			gfail(w, "node %u says that it has nothing", n->id);
		if (n->up)
			gcheck_step(n);
	} while (n->up && more && !w->failed);
}

void gworld_init(struct world *w, u64 seed, u8 n)
{
	bool tracing = w->trace;
	const char *name = w->name;
	u8 i;

	memset(w, 0, sizeof(*w));
	w->trace = tracing;
	w->name = name;
	w->seed = seed;
	w->rng = seed * 0x9e3779b97f4a7c15ULL + 77;
	w->now = 1000 * GSEC;
	w->n = n;
	INIT_LIST_HEAD(&w->apkts);
	w->delay = 1 * GMS;
	w->deadline = w->now + 20 * GSEC;
	w->calm = w->now + 1500 * GMS;
	w->cfg = (struct rdm_gc_cfg){
		.group = 99, .suspect = 100 * GMS, .announce = 20 * GMS, .linger = 500 * GMS,
		.window = 64 * 1024, .window_msgs = 64, .max = GNODES, .form_min = 1,
		.rejoin = true,
	};
	for (i = 0; i < n; i++) {
		w->list[i] = address(i);
		w->nodes[i].w = w;
		w->nodes[i].id = i;
		INIT_LIST_HEAD(&w->nodes[i].recs);
		INIT_LIST_HEAD(&w->nodes[i].app);
	}
}

/* The next thing that happens; false: nothing is left, or time is over. */
bool gworld_step(struct world *w)
{
	u64 at = w->nheap ? w->heap[0].at : U64_MAX;
	struct gnode *due = NULL;
	u8 i, node = 0, peer = 0;
	struct gevt e;

	for (i = 0; i < w->n; i++) {
		struct gnode *n = &w->nodes[i];
		u64 t;

		if (!n->up && n->g) {
			release(n);
			continue;
		}
		if (!n->up || !n->started)
			continue;
		t = max(rdm_gc_deadline(n->g), n->paused_until);
		if (t < at) {
			at = t;
			due = n;
		}
	}
	if (w->assoc) {
		u64 t = gassoc_deadline(w, &node, &peer);

		if (t < at) {
			w->now = max(w->now, t);
			gassoc_timer(w, node, peer);
			return !w->failed && w->events++ < 2000000;
		}
	}
	if (at == U64_MAX || w->failed || at > w->deadline)
		return false;
	w->now = max(w->now, at);
	if (++w->events > 2000000) {
		gfail(w, "no end after %llu events", w->events);
		return false;
	}
	if (due) {
		if (!step(due)) {
			rdm_gc_timer(due->g, w->now);
			gpump(due);
		}
		return true;
	}
	e = pop(w);
	if (e.type == GEV_CALL)
		e.call(w, e.arg);
	else
		garrive(w, e.pkt);
	return true;
}

void gworld_free(struct world *w)
{
	static const u8 from[][2] = {
		{ GC_RELAY, RDM_GCS_RELAYED }, { GC_REPAIR, RDM_GCS_REPAIRED },
		{ GC_PULL, RDM_GCS_PULLED }, { GC_DUPDATA, RDM_GCS_DUP },
		{ GC_BALLOT, RDM_GCS_BALLOT }, { GC_VIEW, RDM_GCS_VIEW },
		{ GC_SUSPECT, RDM_GCS_SUSPECTED }, { GC_EXPELLED, RDM_GCS_EXPELLED },
		{ GC_BIRTH, RDM_GCS_BIRTH }, { GC_MERGE, RDM_GCS_MERGE },
		{ GC_DISCARD, RDM_GCS_DISCARDED },
	};
	u32 i, k;

	gassoc_free(w);
	for (i = 0; i < w->n; i++) {
		release(&w->nodes[i]);
		for (k = 0; k < ARRAY_SIZE(from); k++)
			w->count[from[k][0]] += w->nodes[i].stat[from[k][1]];
	}
	while (w->nheap) {
		struct gevt e = pop(w);

		if (e.type == GEV_PKT)
			free(e.pkt);
	}
	free(w->heap);
	free(w->msgs);
}
