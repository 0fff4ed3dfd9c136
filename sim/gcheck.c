// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the judge of groups. It sees every broadcast, delivery, event, outcome
 * and release, and looks into the cores only to know who holds what:
 *
 *	validity, no creation, no duplication, FIFO per origin: gcheck_deliver()
 *	of best-effort ones no creation and no duplication: there as well
 *	view agreement, and the cut, which is agreement about each view that ended:
 *	gcheck_event()
 *	release of stable broadcasts only: gcheck_freed()
 *	one outcome, a true one: gcheck_done(), gcheck_end()
 *	bounded memory: gcheck_step()
 *	agreement at quiescence, and quiescence itself: gcheck_settled(), grun()
 */
#include <string.h>

#include "group.h"

static struct gseen *seen(struct gnode *n, u64 inc)
{
	u32 i;

	for (i = 0; i < n->nseen; i++)
		if (n->seen[i].inc == inc)
			return &n->seen[i];
	return NULL;
}

static struct gseen *seen_new(struct gnode *n, u64 inc, u64 last)
{
	struct gseen *s;

	if (n->nseen == ARRAY_SIZE(n->seen)) {
		memmove(n->seen, n->seen + 1, sizeof(n->seen) - sizeof(n->seen[0]));
		n->nseen--;
	}
	s = &n->seen[n->nseen++];
	*s = (struct gseen){ .inc = inc, .first = last + 1, .last = last };
	return s;
}

/* Best effort: at most once in each life. */
static void deliver_cast(struct gnode *n, struct gtruth *t, u32 id)
{
	u64 life = (u64)n->life << 32 | (n->entries + 1);

	if (t->got[n->id] == life)
		gfail(n->w, "duplicate: node %u delivers %u again", n->id, id);
	t->got[n->id] = life;
}

void gcheck_deliver(struct gnode *n, struct grec *r)
{
	struct world *w = n->w;
	struct gtruth *t = &w->msgs[r->id];
	struct gseen *s;

	w->count[GC_DELIVERED]++;
	if (r->id >= w->nmsgs || r->m.origin.inc != t->inc || r->m.seq != t->seq ||
	    r->m.lineage != t->lineage || r->m.view != t->view || r->m.cast != t->cast) {
		gfail(w, "creation: node %u delivers %u, which nobody sent", n->id, r->id);
		return;
	}
	gtrace(w, "node %u delivers %u: %llu of node %u", n->id, r->id, t->seq, t->node);
	if (t->cast) {
		deliver_cast(n, t, r->id);
		return;
	}
	if (t->view != n->view || t->lineage != n->lineage) {
		gfail(w, "node %u delivers %u of view %llu in view %llu", n->id, r->id, t->view,
		      n->view);
		return;
	}
	s = seen(n, t->inc);
	if (!s)
		s = seen_new(n, t->inc, 0);
	if (t->seq <= s->last)
		gfail(w, "duplicate: node %u delivers %u again", n->id, r->id);
	else if (t->seq != s->last + 1)
		gfail(w, "order: node %u delivers %llu of node %u after %llu", n->id, t->seq,
		      t->node, s->last);
	s->last = t->seq;
}

static struct gview *view_find(struct world *w, u64 lineage, u64 view)
{
	u32 i;

	for (i = w->nviews; i--;)
		if (w->views[i].lineage == lineage && w->views[i].view == view)
			return &w->views[i];
	return NULL;
}

static struct gview *view_new(struct world *w, u64 lineage, u64 view)
{
	struct gview *v;

	if (w->nviews == ARRAY_SIZE(w->views)) {
		memmove(w->views, w->views + 1, sizeof(w->views) - sizeof(w->views[0]));
		w->nviews--;
	}
	v = &w->views[w->nviews++];
	memset(v, 0, sizeof(*v));
	v->lineage = lineage;
	v->view = view;
	return v;
}

static void members_agree(struct gnode *n, u64 lineage, u64 view, const struct rdm_gmember *who,
			  u8 count)
{
	struct world *w = n->w;
	struct gview *v = view_find(w, lineage, view);
	u8 k;

	if (!v) {
		v = view_new(w, lineage, view);
		v->n = count;
		memcpy(v->who, who, count * sizeof(*who));
		return;
	}
	if (v->n != count || memcmp(v->who, who, count * sizeof(*who))) {
		gfail(w, "view agreement: node %u has another view %llu, of %u members, not %u",
		      n->id, view, count, v->n);
		for (k = 0; k < count; k++)
			gtrace(w, "  %u here", who[k].at.ip[15] - 1);
		for (k = 0; k < v->n; k++)
			gtrace(w, "  %u there", v->who[k].at.ip[15] - 1);
	}
}

/* What node @n delivered of @inc when view @v began there. */
static void cut_agrees(struct gnode *n, struct gview *v, u64 inc, u64 last)
{
	u8 i;

	for (i = 0; i < v->ncut; i++)
		if (v->cut_inc[i] == inc)
			break;
	if (i == v->ncut) {
		if (i == GNODES)
			return;
		v->cut_inc[v->ncut] = inc;
		v->cut[v->ncut++] = last;
	} else if (v->cut[i] != last) {
		gfail(n->w, "agreement: node %u enters view %llu with %llu, others with %llu",
		      n->id, v->view, last, v->cut[i]);
	}
}

static void view_begins(struct gnode *n, const struct rdm_gevent *e)
{
	struct rdm_gc *g = n->g;
	struct rdm_gmember who[GNODES];
	struct world *w = n->w;
	struct gview *v;
	struct gseen *s;
	bool entered = n->lineage != e->lineage;
	u8 k;

	if (e->view != g->view || e->lineage != g->lineage)
		return;		/* it ended at once */
	if (!entered && e->view != n->view + 1)
		gfail(w, "node %u goes from view %llu to %llu", n->id, n->view, e->view);
	for (k = 0; k < g->n; k++)
		who[k] = g->mem[k].who;
	members_agree(n, g->lineage, g->view, who, g->n);
	v = view_find(w, g->lineage, g->view);
	n->lineage = e->lineage;
	n->view = e->view;
	if (entered) {
		n->entries++;
		n->entered = e->view;
		w->count[GC_JOIN] += g->n > 1;
		for (k = 0; k < g->n; k++)
			if (g->mem[k].base || g->mem[k].fresh)
				seen_new(n, g->mem[k].who.inc, g->mem[k].base);
		for (k = 0; k < g->n; k++)
			if (g->mem[k].fresh)
				cut_agrees(n, v, g->mem[k].who.inc, g->mem[k].base);
		return;
	}
	for (k = 0; k < g->last_n; k++) {
		s = seen(n, g->last_who[k].inc);
		cut_agrees(n, v, g->last_who[k].inc, s ? s->last : 0);
	}
}

void gcheck_event(struct gnode *n, const struct rdm_gevent *e)
{
	static const char *const names[RDM_GI__NR] = {
		[RDM_GI_LEFT] = "left", [RDM_GI_EXPELLED] = "expelled",
		[RDM_GI_JOINED] = "joined", [RDM_GI_VIEW] = "view",
		[RDM_GI_SUSPECTED] = "suspected", [RDM_GI_TRUSTED] = "trusted",
		[RDM_GI_BLOCKED] = "blocked", [RDM_GI_UNBLOCKED] = "unblocked",
		[RDM_GI_OVER] = "over",
	};

	gtrace(n->w, "node %u: %s, node %u, view %llu of %u in %llx", n->id, names[e->item.type],
	       e->who.at.ip[15] - 1, e->view, e->n, e->lineage);
	if (e->item.type == RDM_GI_BLOCKED)
		n->w->count[GC_BLOCKED]++;
	if (e->item.type == RDM_GI_VIEW)
		view_begins(n, e);
	if (e->item.type == RDM_GI_OVER ||
	    (e->item.type == RDM_GI_EXPELLED && e->who.at.ip[15] - 1 == n->id)) {
		n->lineage = 0;
		n->view = 0;
		n->nseen = 0;
	}
}

/* Does node @k, in this life, have @seq of @inc, or need it no more? */
static bool has(struct gnode *k, const struct rdm_gmsg *m)
{
	u64 inc = m->origin.inc, seq = m->seq;
	struct gseen *s = seen(k, inc);
	struct rdm_gc *g = k->g;
	u8 o;

	if (s && s->last >= seq)
		return true;
	for (o = 0; o < g->n; o++)
		if (g->mem[o].who.inc == inc && g->mem[o].held >= seq)
			return true;
	return g->state != RDM_GC_MEMBER || g->lineage != m->lineage || m->view < k->entered;
}

static void all_have(struct gnode *n, const struct grec *r, const char *what)
{
	struct rdm_gc *g = n->g;
	struct world *w = n->w;
	u8 k;

	if (g->state != RDM_GC_MEMBER || r->m.lineage != g->lineage)
		return;
	for (k = 0; k < g->n; k++) {
		struct gnode *m = &w->nodes[g->mem[k].who.at.ip[15] - 1];

		if (m->up && m->started && m->g->self.inc == g->mem[k].who.inc &&
		    !has(m, &r->m)) {
			gfail(w, "node %u %s %u, which node %u lacks", n->id, what, r->id, m->id);
			return;
		}
	}
}

void gcheck_freed(struct gnode *n, struct grec *r)
{
	if (r->m.delivered && !r->m.cast)
		all_have(n, r, "releases");
}

/* Which of the others have a best-effort broadcast must be told as it is. */
static void cast_done(struct gnode *n, struct grec *r, struct gtruth *t)
{
	bool arrived = t->fate == RDM_GFATE_ARRIVED;
	u64 missing = t->others & ~t->arrived;

	if (missing & ~r->m.lack || arrived != !r->m.lack)
		gfail(n->w, "node %u says that %u has outcome %u, and lacks %llx: %llx lack it",
		      n->id, r->id, t->fate, r->m.lack, missing);
	n->w->count[arrived ? GC_ARRIVED : GC_PARTLY]++;
}

void gcheck_done(struct gnode *n, struct grec *r)
{
	struct world *w = n->w;
	struct gtruth *t = &w->msgs[r->id];

	gtrace(w, "node %u: outcome %u of %u", n->id, r->m.fate, r->id);
	if (t->fate || !r->m.fate)
		gfail(w, "node %u: %u has outcome %u, then %u", n->id, r->id, t->fate, r->m.fate);
	t->fate = r->m.fate;
	if (t->cast) {
		cast_done(n, r, t);
		return;
	}
	if (t->fate == RDM_GFATE_STABLE)
		all_have(n, r, "calls stable");
	w->count[t->fate == RDM_GFATE_STABLE ? GC_STABLE :
		 t->fate == RDM_GFATE_NOBODY ? GC_NOBODY : GC_UNKNOWN]++;
}

void gcheck_step(struct gnode *n)
{
	struct rdm_gc *g = n->g;
	struct world *w = n->w;
	struct grec *r;
	u8 k;

	if (g->state != RDM_GC_MEMBER)
		return;
	if (g->decided) {
		struct rdm_gmember who[GNODES];
		u8 count = 0;

		for (k = 0; k < g->n; k++)
			if (g->next.stay & BIT_ULL(k))
				who[count++] = g->mem[k].who;
		for (k = 0; k < g->next.njoin && count < GNODES; k++)
			who[count++] = g->next.join[k];
		members_agree(n, g->lineage, g->view + 1, who, count);
	}
	if (w->events % 32)
		return;
	for (k = 0; k < g->n; k++) {
		u64 sum = 0;

		list_for_each_entry(r, &n->recs, all)
			if (r->m.origin.inc == g->mem[k].who.inc && !(r->m.cast && r->m.own))
				sum += r->m.charge;
		if (sum > w->cfg.window)
			gfail(w, "memory: node %u keeps %llu bytes of node %u", n->id, sum,
			      g->mem[k].who.at.ip[15] - 1);
	}
}

/* A node that is up in the life that @who names. */
static bool alive(struct world *w, const struct rdm_gmember *who)
{
	struct gnode *n = &w->nodes[who->at.ip[15] - 1];

	return n->up && n->started && n->g->self.inc == who->inc &&
	       n->g->state == RDM_GC_MEMBER;
}

/* A quorum of @who lives in this lineage, or has still to enter it. */
static bool quorum_lives(struct world *w, u64 lineage, const struct rdm_gmember *who, u8 n)
{
	u64 up = 0;
	u8 k;

	for (k = 0; k < n; k++) {
		struct gnode *m = &w->nodes[who[k].at.ip[15] - 1];

		if (m->up && m->started && m->g->self.inc == who[k].inc &&
		    (m->g->state != RDM_GC_MEMBER || m->g->lineage == lineage))
			up |= BIT_ULL(k);
	}
	return rdm_gquorum(up, rdm_gall(n));
}

/*
 * A quorum lives of the last view of this lineage that anybody knows who lives,
 * and of each that was decided after it, and of each that may have been: a value
 * that somebody has accepted is not given up.
 */
static bool lives(struct world *w, u64 lineage)
{
	u32 i, k, there = 0;
	u64 top = 0;

	for (i = 0; i < w->n; i++) {
		struct gnode *n = &w->nodes[i];

		if (!n->up || !n->started)
			continue;
		there += !n->leaving;
		if (n->g->state == RDM_GC_MEMBER && n->g->lineage == lineage)
			top = max(top, n->g->view + n->g->decided);
	}
	if (there < w->cfg.keep_min || there < w->cfg.form_min)
		return false;
	for (i = 0; i < w->nviews; i++)
		if (w->views[i].lineage == lineage && w->views[i].view >= top &&
		    !quorum_lives(w, lineage, w->views[i].who, w->views[i].n))
			return false;
	for (i = 0; i < w->n; i++) {
		struct rdm_gc *g = w->nodes[i].g;
		struct rdm_gmember who[GNODES];
		u8 n = 0;

		if (!w->nodes[i].up || !w->nodes[i].started || g->state != RDM_GC_MEMBER ||
		    g->lineage != lineage || g->view != top || !g->accepted.ballot)
			continue;
		for (k = 0; k < g->n; k++)
			if (g->accepted.stay & BIT_ULL(k))
				who[n++] = g->mem[k].who;
		if (!quorum_lives(w, lineage, who, n))
			return false;
	}
	return top;
}

static bool counts(struct world *w, struct gnode *n)
{
	u32 others = 0;
	u8 i;

	if (!n->up || !n->started || n->leaving)
		return false;
	if (n->g->state == RDM_GC_MEMBER)
		return lives(w, n->g->lineage);
	/* whoever seeks needs enough others */
	for (i = 0; i < w->n; i++) {
		struct gnode *m = &w->nodes[i];

		others += m->up && m->started && !m->leaving &&
			  (m->g->state != RDM_GC_MEMBER || lives(w, m->g->lineage));
	}
	return others >= w->cfg.form_min;
}

/* Once all is stable, there is nothing to send but signs of life. */
void gcheck_silent(struct world *w, u64 since)
{
	u8 i;

	for (i = 0; i < w->n; i++)
		if (counts(w, &w->nodes[i]) && w->nodes[i].last_data > since)
			gfail(w, "node %u sends broadcasts when all are stable", i);
}

/* Must anybody get anywhere? */
bool gcheck_can(struct world *w)
{
	u8 i;

	for (i = 0; i < w->n; i++)
		if (counts(w, &w->nodes[i]))
			return true;
	return false;
}

/* For a trace: what each core thinks. */
static void dump(struct world *w)
{
	u8 i, k;

	for (i = 0; i < w->n; i++) {
		struct rdm_gc *g = w->nodes[i].g;

		if (!w->nodes[i].up || !w->nodes[i].started)
			continue;
		gtrace(w, "node %u: state %u view %llu of %llx, rank %u, frozen %u decided %u "
		       "holding %u promised %llx accepted %llx (%llx + %u) phase %u "
		       "ballot %llx yes %llx best %llx alone %u kept %u sequence %llu",
		       i, g->state, g->view, g->lineage, g->rank, g->frozen,
		       g->decided, g->holding, g->promised, g->accepted.ballot,
		       g->accepted.stay,
		       g->accepted.njoin, g->p.phase,
		       g->p.ballot, g->p.yes, g->p.best, g->alone, g->kept, g->seq);
		for (k = 0; k < g->n; k++) {
			const struct rdm_gmem *m = &g->mem[k];

			gtrace(w, "  %u = node %u: suspected %u gone %u leaving %u floor %llu "
			       "acked %llu delivered %llu held %llu top %llu base %llu "
			       "cut %llu pull %lld", k,
			       m->who.at.ip[15] - 1, m->suspected, m->gone, m->leaving, m->floor,
			       m->acked, m->delivered, m->held, m->top, m->base, g->next.cut[k],
			       (s64)(m->pull_at - w->now));
		}
	}
}

/* All who live are in one view, have the same, and all of it is stable. */
bool gcheck_settled(struct world *w, bool say)
{
	struct rdm_gc *first = NULL;
	u8 i, k;

	if (say)
		dump(w);

	for (i = 0; i < w->n; i++) {
		struct gnode *n = &w->nodes[i];
		struct rdm_gc *g = n->g;

		if (!counts(w, n))
			continue;
		if (g->state != RDM_GC_MEMBER || g->frozen || n->unread) {
			if (say)
				gfail(w, "no progress: node %u is %s at the end", i,
				      g->state != RDM_GC_MEMBER ? "no member" :
				      g->frozen ? "frozen" : "not read");
			return false;
		}
		if (!first)
			first = g;
		if (g->lineage != first->lineage || g->view != first->view) {
			if (say)
				gfail(w, "no progress: node %u is in view %llu/%llx, not %llu/%llx",
				      i, g->view, g->lineage, first->view, first->lineage);
			return false;
		}
		for (k = 0; k < g->n; k++) {
			struct gnode *m = &w->nodes[g->mem[k].who.at.ip[15] - 1];
			const char *lacks = NULL;
			struct gseen *s = seen(n, g->mem[k].who.inc);
			u64 last = s ? s->last : 0;

			if (!alive(w, &g->mem[k].who))
				lacks = "a dead member";
			else if (m->g->seq != last)
				lacks = "too little delivered";
			else if (g->mem[k].floor != last || !list_empty(&g->mem[k].msgs))
				lacks = "unstable broadcasts";
			if (!lacks)
				continue;
			if (say)
				gfail(w, "no progress: node %u has %s of node %u (%llu of %llu)", i,
				      lacks, m->id, last, alive(w, &g->mem[k].who) ? m->g->seq : 0);
			return false;
		}
		if (!list_empty(&g->old)) {
			if (say)
				gfail(w, "no progress: node %u keeps what a former view left", i);
			return false;
		}
	}
	return true;
}

void gcheck_end(struct world *w)
{
	u32 i;
	u8 k;

	for (i = 0; i < w->nmsgs; i++) {
		const struct gtruth *t = &w->msgs[i];
		struct gnode *n = &w->nodes[t->node];

		if (!t->fate && n->up && n->g->self.inc != t->inc && n->life == 1)
			gfail(w, "broadcast %u of node %u never had an outcome", i, t->node);
		for (k = 0; k < w->n && t->fate == RDM_GFATE_NOBODY; k++) {
			struct gnode *m = &w->nodes[k];
			struct gseen *s = seen(m, t->inc);

			if (m->up && m->lineage == t->lineage && m->view > t->view && s &&
			    s->last >= t->seq)
				gfail(w, "node %u delivered %u, which nobody was to", k, i);
		}
	}
}
