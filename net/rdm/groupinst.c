// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupinst: a view begins: by decision, by joining, by birth; and what of
 * the one before it is kept, until all who went on have it. Which view that is
 * was decided in groupview.c.
 */
#include "group_int.h"

/* The decision that made this view was installed by rank @k, too. */
void rdm_gview_there(struct rdm_gc *g, u8 k)
{
	struct rdm_gmsg *m, *next;

	g->there |= BIT_ULL(k);
	if (list_empty(&g->old) || g->stayed & ~g->there)
		return;
	list_for_each_entry_safe(m, next, &g->old, node) {
		rdm_gfinish(g, m, RDM_GFATE_STABLE);
		rdm_gdrop(g, m);
	}
}

static void view_event(struct rdm_gc *g)
{
	rdm_gevent(g, RDM_GI_VIEW, &g->self);
	g->count[RDM_GCS_VIEW]++;
	g->formed |= g->n >= g->cfg.form_min;
	g->kept |= g->n >= g->cfg.keep_min;
}

/* The voter's and the proposer's state, as each view begins with it. */
static void new_ballots(struct rdm_gc *g, u64 now)
{
	g->frozen = false;
	g->decided = false;
	g->holding = false;
	g->promised = 0;
	g->round = 0;
	g->accepted.ballot = 0;
	g->p.phase = RDM_GPH_NONE;
	g->change_at = RDM_GNEVER;
	g->pulls = 0;
	rdm_gwake(g, now);
}

/* What is held of @o goes: up to the cut to those who may lack it, the rest away. */
static void keep_old(struct rdm_gc *g, u8 o, u64 cut)
{
	struct rdm_gmsg *m, *next;

	list_for_each_entry_safe(m, next, &g->mem[o].msgs, node) {
		m->todo = 0;
		m->again = 0;
		m->more = 0;
		list_del_init(&m->tx);
		if (m->seq <= cut) {
			list_move_tail(&m->node, &g->old);
			continue;
		}
		g->count[RDM_GCS_DISCARDED]++;
		rdm_gfinish(g, m, RDM_GFATE_NOBODY);
		rdm_gdrop(g, m);
	}
}

/* Member @from of the old view is @to in the new one. */
static void move_member(struct rdm_gc *g, u8 from, u8 to, u64 cut)
{
	struct rdm_gmem *m = &g->mem[to];
	u64 cum = g->mem[from].cur ? g->mem[from].cur->cum : 0;

	/* charges up to the cut: own ones are known, others' by the last one delivered */
	if (from == g->rank)
		cum = g->cum;
	if (cum < g->mem[from].acked_cum)
		cum = g->mem[from].acked_cum;
	if (to != from)
		*m = g->mem[from];
	INIT_LIST_HEAD(&m->msgs);
	m->cur = NULL;
	m->unacked = NULL;
	m->base = cut;
	m->base_cum = max(cum, m->base_cum);
	m->top = cut;
	m->held = cut;
	m->delivered = cut;
	m->pull_at = RDM_GNEVER;
	m->pull_try = 0;
	m->pulled = 0;
	m->ack_at = RDM_GNEVER;
	m->said = 0;
	m->suspects = 0;
	m->want &= RDM_GWANT_DECIDE;
	m->lag_at = 0;
	m->cast_cum = g->cast_cum;
}

/*
 * The decision @next is installed: all of the old view is delivered up to the
 * cut, then come the events, then the new view's broadcasts.
 */
void rdm_gview_install(struct rdm_gc *g, u64 now)
{
	const struct rdm_gvalue *v = &g->last;
	u8 n = 0, o, k, rank = 0;
	u64 all = rdm_gall(g->n);

	g->last = g->next;
	for (o = 0; o < g->n; o++)
		rdm_gdeliver(g, now, o, min(v->cut[o], g->mem[o].held));
	/* whoever promised for this view has installed it, so nobody needs its forerunner */
	g->there = all;
	g->stayed = 0;
	rdm_gview_there(g, g->rank);
	for (o = 0; o < g->n; o++)
		keep_old(g, o, v->cut[o]);
	rdm_gcast_view(g, v->stay);

	g->last_view = g->view;
	g->last_n = g->n;
	for (o = 0; o < g->n; o++)
		g->last_who[o] = g->mem[o].who;
	g->view++;
	for (o = 0; o < g->last_n; o++) {
		struct rdm_gevent *e;

		if (v->stay & BIT_ULL(o))
			continue;
		if (g->mem[o].want & RDM_GWANT_DECIDE) {
			struct rdm_gguest *guest = rdm_gguest(g, now, &g->mem[o].who);

			if (guest)
				guest->want |= RDM_GWANT_DECIDE;
		}
		e = rdm_gevent(g, v->left & BIT_ULL(o) ? RDM_GI_LEFT : RDM_GI_EXPELLED,
			       &g->mem[o].who);
		if (e)
			e->cut = v->cut[o];
	}
	for (k = 0; k < g->last_n; k++) {
		u8 to = 0;

		if (!(v->stay & BIT_ULL(k)))
			continue;
		for (o = 0; o < g->last_n; o++)
			if (v->stay & BIT_ULL(o))
				*rdm_gknown(g, n, to++) = *rdm_gknown(g, k, o);
		n++;
	}
	n = 0;
	for (o = 0; o < g->last_n; o++) {
		if (!(v->stay & BIT_ULL(o)))
			continue;
		if (o == g->rank)
			rank = n;
		move_member(g, o, n, v->cut[o]);
		n++;
	}
	g->rank = rank;
	g->stayed = rdm_gall(n);
	g->there = BIT_ULL(rank);
	for (k = 0; k < v->njoin; k++) {
		struct rdm_gguest *guest = rdm_gguest(g, now, &v->join[k]);

		rdm_gmem_init(g, now, n, &v->join[k]);
		if (guest) {
			g->mem[n].want = guest->want & RDM_GWANT_DECIDE;
			memset(guest, 0, sizeof(*guest));
		}
		for (o = 0; o <= n; o++) {
			/* it starts behind the cut, and has sent nothing */
			*rdm_gknown(g, n, o) = g->mem[o].base;
			*rdm_gknown(g, o, n) = 0;
		}
		n++;
	}
	g->n = n;
	g->want = 0;
	new_ballots(g, now);
	for (k = 0; k < v->njoin; k++)
		rdm_gevent(g, RDM_GI_JOINED, &v->join[k]);
	view_event(g);
	for (k = 0; k < n; k++)
		rdm_gwant(g, k, RDM_GWANT_FULL | (g->mem[k].want & RDM_GWANT_DECIDE));
	for (o = 0; o < n; o++)
		rdm_gack(g, now, o);
	rdm_gstable(g);
	rdm_gview_there(g, g->rank);
}

/* A decision takes us in: @v stands in @f. */
void rdm_gview_enter(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		     const struct rdm_gvalue *v)
{
	struct rdm_gmember who;
	u8 n = 0, k, o;

	if (hweight64(v->stay) + v->njoin > g->cfg.max)
		return;
	g->state = RDM_GC_MEMBER;
	g->lineage = f->lineage;
	g->view = f->view + 1;
	g->last_view = f->view;
	g->last = *v;
	g->last_n = f->n;
	for (k = 0; k < f->n; k++) {
		rdm_gw_member(&who, f->ids, k, g->cfg.self.scope);
		g->last_who[k] = who;
		if (!(v->stay & BIT_ULL(k)))
			continue;
		rdm_gmem_init(g, now, n, &who);
		g->mem[n].base = v->cut[k];
		g->mem[n].fresh = true;
		g->mem[n].top = v->cut[k];
		g->mem[n].held = v->cut[k];
		g->mem[n].delivered = v->cut[k];
		g->mem[n].acked = v->cut[k];
		g->mem[n].told = v->cut[k];
		g->mem[n].floor = v->cut[k];
		g->mem[n].read = v->cut[k];
		n++;
	}
	for (k = 0; k < v->njoin; k++) {
		if (rdm_gmember_eq(&v->join[k], &g->self))
			g->rank = n;
		rdm_gmem_init(g, now, n++, &v->join[k]);
	}
	for (k = 0; k < n; k++)
		for (o = 0; o < n; o++)
			*rdm_gknown(g, k, o) = g->mem[o].base;
	g->n = n;
	g->stayed = 0;
	g->there = BIT_ULL(g->rank);
	g->want = 0;
	g->contact_set = false;
	g->join_due = false;
	g->seek_at = now + g->cfg.announce;
	memset(g->guests, 0, sizeof(g->guests));
	new_ballots(g, now);
	view_event(g);
	for (k = 0; k < n; k++)
		rdm_gwant(g, k, RDM_GWANT_FULL);
}

/* Nobody is there: the group begins with us. */
void rdm_gview_birth(struct rdm_gc *g, u64 now)
{
	g->state = RDM_GC_MEMBER;
	g->lineage = rdm_grand(g) | 1;
	g->view = 1;
	g->last_view = 0;
	g->n = 1;
	g->rank = 0;
	rdm_gmem_init(g, now, 0, &g->self);
	*rdm_gknown(g, 0, 0) = 0;
	g->stayed = 0;
	g->there = 1;
	g->want = 0;
	g->seek_at = now;
	g->count[RDM_GCS_BIRTH]++;
	new_ballots(g, now);
	view_event(g);
}

/*
 * A decision, or a later one, goes on without us. @told: it ended our view, so
 * @cut says what of ours belongs to the group.
 */
void rdm_gview_left_out(struct rdm_gc *g, u64 now, u64 view, bool told, u64 cut)
{
	bool left = g->leaving || g->merging;
	struct rdm_gevent *e;

	e = rdm_gevent(g, left ? RDM_GI_OVER : RDM_GI_EXPELLED, &g->self);
	if (e) {
		e->cut = cut;
		e->view = view;
	}
	if (!left)
		g->count[RDM_GCS_EXPELLED]++;
	left = g->leaving;
	rdm_greset(g, told, cut);
	if (!left && g->cfg.rejoin)
		rdm_gseek(g, now, 1);
}
