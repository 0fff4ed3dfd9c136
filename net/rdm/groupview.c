// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupview: how one view follows another. For each view there is one
 * decision about the next: who goes on, who joins, and the cut, the last
 * broadcast of each origin that still belongs to the old view. It is agreed
 * on as in Paxos (Lamport, Paxos Made Simple): a ballot is promised, then
 * accepted, by quorums of the old view's members. What a view consists of once
 * the decision is known, groupinst.c has.
 *
 * A voter that promised or accepted is frozen until the decision: it delivers
 * and sends nothing, so what it has said of what it holds stays true.
 */
#include "group_int.h"

/* Steps (rdm_gstep()) that a ballot may take before somebody else begins one. */
#define STALL	6
/* Steps that a ballot waits for members that are heard, when it has a quorum. */
#define PATIENCE	3

static void freeze(struct rdm_gc *g, u64 now)
{
	if (!g->frozen)
		g->frozen_at = now;
	g->frozen = true;
}

/*
 * Members who can be expected to begin a ballot before us: those more senior; and, where only
 * our way to some member does not work, all: whom the proposer does not hear is left out.
 */
static u8 turn(const struct rdm_gc *g)
{
	u64 before = rdm_gtrusted(g) & (BIT_ULL(g->rank) - 1);
	u8 k;

	for (k = 0; k < g->rank; k++)
		if (g->mem[k].leaving)
			before &= ~BIT_ULL(k);
	return hweight64(before) + (g->leaving || (rdm_gcut_off(g) && !rdm_gmut(HASTY)) ? g->n : 0);
}

static void wait_turn(struct rdm_gc *g, u64 now, u32 stall)
{
	u64 step = rdm_gstep(g);

	g->change_at = now + (turn(g) + stall) * step + rdm_grand(g) % (step / 2);
	rdm_gwake(g, g->change_at);
}

static u64 leavers(const struct rdm_gc *g)
{
	u64 out = g->leaves ? BIT_ULL(g->rank) : 0;
	u8 k;

	for (k = 0; k < g->n; k++)
		if (g->mem[k].leaving)
			out |= BIT_ULL(k);
	return out;
}

static u32 joiners(const struct rdm_gc *g, u64 now)
{
	u32 i, n = 0;

	for (i = 0; i < RDM_GGUESTS; i++)
		if (g->guests[i].joins && g->guests[i].until > now)
			n++;
	return n;
}

/* Those who are to have a frame of our ballot and have not answered it. */
static void ask(struct rdm_gc *g, u64 now, u32 what)
{
	u8 k;

	for (k = 0; k < g->n; k++)
		if (!(g->p.yes & BIT_ULL(k)))
			rdm_gwant(g, k, what);
	g->p.retry_at = now + rdm_gretry(g);
	rdm_gwake(g, g->p.retry_at);
}

static void decide(struct rdm_gc *g, u64 now)
{
	u32 i;
	u8 k;

	g->next = g->p.value;
	g->p.phase = RDM_GPH_NONE;
	g->decided = true;
	g->holding = true;
	freeze(g, now);
	for (k = 0; k < g->n; k++)
		rdm_gwant(g, k, RDM_GWANT_DECIDE);
	for (i = 0; i < g->next.njoin; i++) {
		struct rdm_gguest *guest = rdm_gguest(g, now, &g->next.join[i]);

		if (guest)
			guest->want |= RDM_GWANT_DECIDE;
	}
	if (!(g->next.stay & BIT_ULL(g->rank)))
		g->ending = true;	/* over once all are told: rdm_gc_next() */
	rdm_gview_held(g, now);
}

static void accepted_by(struct rdm_gc *g, u64 now, u8 k)
{
	u64 all = rdm_gall(g->n);

	g->p.yes |= BIT_ULL(k);
	if (rdm_gquorum(g->p.yes, all) && rdm_gquorum(g->p.yes, g->p.value.stay))
		decide(g, now);
}

/* A value to hold and then to accept. */
static void accept(struct rdm_gc *g, u64 now, const struct rdm_gvalue *v)
{
	g->promised = v->ballot;
	freeze(g, now);
	g->next = *v;
	g->holding = true;
	rdm_gview_held(g, now);
}

/* Who joins: those who asked, but no more than go on. */
static void add_joiners(struct rdm_gc *g, u64 now, struct rdm_gvalue *v)
{
	u32 stay = hweight64(v->stay), room = stay < g->cfg.max ? g->cfg.max - stay : 0, i;

	room = min3(room, stay, (u32)RDM_GROUP_JOIN_MAX);
	for (i = 0; i < RDM_GGUESTS && v->njoin < room; i++) {
		const struct rdm_gguest *guest = &g->guests[i];
		u8 k;

		if (!guest->joins || guest->until <= now)
			continue;
		k = rdm_grank_at(g, &guest->who.at);
		if (k == RDM_GROUP_NONE || !(v->stay & BIT_ULL(k)))
			v->join[v->njoin++] = guest->who;
	}
}

/* Promises are in: what is to be proposed? */
static void propose_value(struct rdm_gc *g, u64 now)
{
	u64 all = rdm_gall(g->n), out = leavers(g);
	struct rdm_gvalue *v = &g->p.value;
	u8 o;

	if (!rdm_gquorum(g->p.yes, all))
		return;
	if (rdm_gtrusted(g) & ~g->p.yes && now < g->p.end_at)
		return;
	if (!g->p.best || rdm_gmut(ALTER_ADOPTED)) {
		v->stay = g->p.yes & ~g->p.expel & ~out;
		if (rdm_gmut(NON_RESPONDERS)) {
			v->stay = rdm_gtrusted(g) & ~g->p.expel & ~out;
			for (o = 0; o < g->n; o++)
				v->cut[o] = g->mem[o].held;
		}
		v->left = out;
		v->n = g->n;
		v->njoin = 0;
		if (!v->stay || !rdm_gquorum(v->stay | (out & g->p.yes), all))
			return;
		add_joiners(g, now, v);
		if (g->kept && hweight64(v->stay) + v->njoin < g->cfg.keep_min)
			return;
	}
	v->ballot = g->p.ballot;
	g->p.phase = RDM_GPH_ACCEPT;
	g->p.yes = 0;
	ask(g, now, RDM_GWANT_ACCEPT);
	accept(g, now, v);
}

/* Member @k has promised our ballot, ourselves included. */
static void promised_by(struct rdm_gc *g, u64 now, u8 k, const struct rdm_gframe *f)
{
	struct rdm_gvalue *v = &g->p.value;
	u64 accepted = f ? f->accepted : g->accepted.ballot;
	u8 o;

	if (g->p.yes & BIT_ULL(k))
		return;
	g->p.yes |= BIT_ULL(k);
	if (accepted > g->p.best) {
		g->p.best = accepted;
		if (!rdm_gmut(ALTER_ADOPTED)) {
			if (f)
				rdm_gw_value(v, f, g->cfg.self.scope);
			else
				*v = g->accepted;
		}
	}
	for (o = 0; o < g->n && (!g->p.best || rdm_gmut(ALTER_ADOPTED)); o++) {
		u64 held = f ? rdm_gw_u64(f->rows, o) : g->mem[o].held;

		if (!(g->p.expel & BIT_ULL(k)))
			v->cut[o] = max(v->cut[o], held);
	}
	propose_value(g, now);
}

/* Begins a ballot of our own. */
static void propose(struct rdm_gc *g, u64 now)
{
	g->round++;
	memset(&g->p, 0, sizeof(g->p));
	g->p.phase = RDM_GPH_PREPARE;
	g->p.ballot = g->round << 8 | g->rank;
	g->p.expel = rdm_gcondemned(g, now);
	g->p.end_at = now + PATIENCE * rdm_gstep(g);
	rdm_gwake(g, g->p.end_at);
	g->count[RDM_GCS_BALLOT]++;
	if (rdm_gmut(NO_BALLOTS)) {
		u8 o;

		for (o = 0; o < g->n; o++)
			g->p.value.cut[o] = g->mem[o].held;
		g->p.value.ballot = g->p.ballot;
		g->p.value.n = g->n;
		g->p.value.left = leavers(g);
		g->p.value.stay = rdm_gtrusted(g) & ~g->p.expel & ~leavers(g);
		add_joiners(g, now, &g->p.value);
		decide(g, now);
		return;
	}
	freeze(g, now);
	g->promised = g->p.ballot;
	if (g->holding && !g->decided)
		g->holding = false;
	ask(g, now, RDM_GWANT_PREPARE);
	promised_by(g, now, g->rank, NULL);
}

/* May the ballot of @f, from member @k, have our vote? */
static bool may_vote(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k)
{
	g->round = max(g->round, f->ballot >> 8);
	if ((f->ballot & 0xff) != k)
		return false;
	if (g->decided) {
		rdm_gwant(g, k, RDM_GWANT_DECIDE);
		return false;
	}
	if (f->ballot < g->promised) {
		rdm_gwant(g, k, RDM_GWANT_REFUSE);
		return false;
	}
	if (f->ballot > g->promised && g->p.phase)
		g->p.phase = RDM_GPH_NONE;
	wait_turn(g, now, STALL);
	return true;
}

/* A frame about our view's end, from member @k of it. */
void rdm_gview_frame(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k)
{
	switch (f->type) {
	case RDM_GF_PREPARE:
		if (!may_vote(g, now, f, k))
			return;
		if (f->ballot > g->promised && g->holding)
			g->holding = false;
		g->promised = f->ballot;
		freeze(g, now);
		rdm_gwant(g, k, RDM_GWANT_PROMISE);
		break;
	case RDM_GF_PROMISE:
		g->round = max(g->round, f->ballot >> 8);
		if (f->flags & RDM_GB_REFUSED) {
			if (g->p.phase && f->ballot > g->p.ballot) {
				g->p.phase = RDM_GPH_NONE;
				wait_turn(g, now, 1);
			}
		} else if (g->p.phase == RDM_GPH_PREPARE && f->ballot == g->p.ballot) {
			promised_by(g, now, k, f);
		}
		break;
	case RDM_GF_ACCEPT:
		if (!may_vote(g, now, f, k))
			return;
		if (g->accepted.ballot == f->ballot) {
			rdm_gwant(g, k, RDM_GWANT_ACCEPTED);
		} else if (!g->holding || g->next.ballot != f->ballot) {
			rdm_gw_value(&g->tmp, f, g->cfg.self.scope);
			g->tmp.ballot = f->ballot;
			accept(g, now, &g->tmp);
		}
		break;
	case RDM_GF_ACCEPTED:
		if (g->p.phase == RDM_GPH_ACCEPT && f->ballot == g->p.ballot)
			accepted_by(g, now, k);
		break;
	}
}

/* Is all up to the cut of @next here? Then it can be accepted, or installed. */
void rdm_gview_held(struct rdm_gc *g, u64 now)
{
	bool missing = false;
	u8 o, k;

	if (!g->holding)
		return;
	for (o = 0; o < g->n; o++) {
		struct rdm_gmem *m = &g->mem[o];

		if (m->held >= g->next.cut[o])
			continue;
		missing = true;
		m->top = max(m->top, g->next.cut[o]);
		rdm_gpull_want(g, now, o, true);
	}
	if (missing && !(rdm_gmut(ACCEPT_EARLY) && !g->decided))
		return;
	/* the events of the new view must have their place */
	if (g->nspare < g->n + g->next.njoin + 2)
		return;
	if (g->decided) {
		if (!g->ending)
			rdm_gview_install(g, now);
		return;
	}
	g->holding = false;
	g->accepted = g->next;
	k = g->next.ballot & 0xff;
	if (k != g->rank)
		rdm_gwant(g, k, RDM_GWANT_ACCEPTED);
	else if (g->p.phase == RDM_GPH_ACCEPT && g->p.ballot == g->next.ballot)
		accepted_by(g, now, k);
}

/* A decision, which may be about our view, or take us in. */
void rdm_gview_decide(struct rdm_gc *g, u64 now, const struct rdm_gframe *f)
{
	struct rdm_gvalue *v = &g->tmp;
	struct rdm_gmember who;
	bool in = false;
	u8 k;

	rdm_gw_value(v, f, g->cfg.self.scope);
	for (k = 0; k < v->njoin; k++)
		in |= rdm_gmember_eq(&v->join[k], &g->self);
	if (g->state == RDM_GC_SEEKING) {
		if (in)
			rdm_gview_enter(g, now, f, v);
		return;
	}
	if (f->lineage != g->lineage || f->view < g->view)
		return;
	if (f->view == g->view) {
		if (f->n != g->n || g->decided)
			return;
		if (v->stay & BIT_ULL(g->rank)) {
			g->next = *v;
			g->p.phase = RDM_GPH_NONE;
			g->decided = true;
			g->holding = true;
			freeze(g, now);
			rdm_gview_held(g, now);
			return;
		}
		rdm_gview_left_out(g, now, f->view + 1, true, v->cut[g->rank]);
		return;
	}
	/* of views later than ours: whoever goes on in them was in them */
	for (k = 0; k < f->n; k++) {
		rdm_gw_member(&who, f->ids, k, g->cfg.self.scope);
		in |= v->stay & BIT_ULL(k) && rdm_gmember_eq(&who, &g->self);
	}
	if (!in)
		rdm_gview_left_out(g, now, f->view + 1, false, 0);
}

/* Leaving, merging, and what comes of being blocked; false when this life is over. */
static bool going(struct rdm_gc *g, u64 now)
{
	struct rdm_gmem *me = &g->mem[g->rank];
	bool flushed = me->floor >= g->seq && (list_empty(&g->old) || g->n == 1) &&
		       list_empty(&g->casts);

	if (!g->leaving && !g->merging)
		return true;
	rdm_gwake(g, g->linger_at);
	if (g->merging && (flushed || now >= g->linger_at)) {
		g->count[RDM_GCS_MERGE]++;
		rdm_gc_abandon(g, now);
		rdm_gseek(g, now, 3);
		return false;
	}
	if (g->leaving && (now >= g->linger_at || (flushed && g->n == 1))) {
		rdm_gc_abandon(g, now);
		return false;
	}
	if (g->leaving && flushed && !g->leaves) {
		u8 k;

		g->leaves = true;
		for (k = 0; k < g->n; k++)
			rdm_gwant(g, k, RDM_GWANT_STATE);
	}
	return true;
}

static void blocked(struct rdm_gc *g, u64 now, bool quorum)
{
	bool is = !quorum || (g->frozen && now >= g->frozen_at + 4 * g->cfg.suspect);

	if (g->frozen && !is)
		rdm_gwake(g, g->frozen_at + 4 * g->cfg.suspect);
	if (is == g->blocked)
		return;
	g->blocked = is;
	rdm_gevent(g, is ? RDM_GI_BLOCKED : RDM_GI_UNBLOCKED, &g->self);
}

void rdm_gview_timer(struct rdm_gc *g, u64 now)
{
	u64 missing = rdm_gsuspects(g), all = rdm_gall(g->n), needed = all;
	bool quorum = rdm_gquorum(all & ~missing, all), stuck = !quorum, join;
	u8 k;

	if (!going(g, now))
		return;
	/* what was accepted may have been decided, so it is waited for */
	if (g->accepted.ballot && !g->decided &&
	    !rdm_gquorum(g->accepted.stay & ~missing, g->accepted.stay)) {
		needed = g->accepted.stay;
		stuck = true;
	}
	g->alone = stuck;
	blocked(g, now, !stuck);
	if (stuck && g->cfg.rejoin && !g->leaving) {
		/* nobody who is missing will ever vote again */
		for (k = 0; k < g->n; k++)
			if (g->mem[k].gone)
				needed &= ~BIT_ULL(k);
		if (!(needed & missing)) {
			rdm_gc_abandon(g, now);
			rdm_gseek(g, now, 3);
			return;
		}
	}
	if (g->decided) {
		g->change_at = RDM_GNEVER;
		rdm_gview_held(g, now);
		return;
	}
	/* whoever has just joined must have a chance to answer before others do */
	join = g->n < g->cfg.max && !(all & ~missing & ~g->there) && joiners(g, now);
	if (!quorum || !(g->frozen || join || rdm_gcondemned(g, now) || leavers(g))) {
		g->change_at = RDM_GNEVER;
	} else if (g->change_at == RDM_GNEVER) {
		wait_turn(g, now, 0);
	} else if (now >= g->change_at) {
		wait_turn(g, now, 2 * STALL);
		propose(g, now);
	}
	if (g->change_at != RDM_GNEVER)
		rdm_gwake(g, g->change_at);
	if (g->state != RDM_GC_MEMBER || g->decided || !g->p.phase)
		return;
	if (g->p.phase == RDM_GPH_PREPARE) {
		propose_value(g, now);
		if (now < g->p.end_at)
			rdm_gwake(g, g->p.end_at);
	}
	if (g->p.phase && now >= g->p.retry_at)
		ask(g, now, g->p.phase == RDM_GPH_PREPARE ? RDM_GWANT_PREPARE :
							     RDM_GWANT_ACCEPT);
	if (g->p.phase)
		rdm_gwake(g, g->p.retry_at);
}
