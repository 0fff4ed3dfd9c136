// SPDX-License-Identifier: GPL-2.0
/*
 * rdm grouprepair: who has what, told by STATE frames, and what follows: a
 * member asks one holder after the other for what it lacks. Nothing is counted
 * in acks, all numbers are maxima, so a STATE that is late, lost or repeated
 * does no harm. What is stable is decided in groupcore.
 */
#include "group_int.h"

/* Broadcasts that one PULL asks for at most; the next one follows when they are here. */
#define PULL_MAX	64
/* Bytes that a channel may have to carry with repairs; what is more is asked for again. */
#define CARRY_MAX	65536

static void note_known(struct rdm_gc *g, u8 k, u8 o, u64 seq)
{
	u64 *known = rdm_gknown(g, k, o);

	/* nobody has of ours what we never sent */
	if (k != g->rank && (o != g->rank || seq <= g->seq))
		*known = max(*known, seq);
}

/* What all rows say together; an origin's own word may be older. */
static void floors(struct rdm_gc *g)
{
	u8 k, o;

	for (o = 0; o < g->n; o++) {
		u64 low = g->mem[o].acked;

		if (o == g->rank)
			continue;
		/* an origin has its own; over a way that never works we might not hear it */
		for (k = 0; k < g->n && low > g->mem[o].floor; k++)
			if (k != o)
				low = min(low, *rdm_gknown(g, k, o));
		if (low > g->mem[o].floor) {
			g->mem[o].floor = low;
			rdm_grelease(g, o);
		}
	}
}

/* A STATE of member @k, of our view. */
void rdm_gstate_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k)
{
	struct rdm_gmem *from = &g->mem[k];
	u8 o;

	if (from->suspects != f->suspects || (f->flags & RDM_GS_LEAVING && !from->leaving))
		rdm_gwake(g, now);
	from->suspects = f->suspects;
	/* also of those whom we do not hear */
	for (o = 0; f->there & ~g->there && o < g->n; o++)
		if (f->there & BIT_ULL(o))
			rdm_gview_there(g, o);
	if (f->flags & RDM_GS_LEAVING)
		from->leaving = true;
	from->top = max(from->top, f->top);
	if (f->floor > from->floor) {
		from->floor = f->floor;
		rdm_grelease(g, k);
	}
	note_known(g, k, g->rank, f->ack);
	for (o = 0; f->rows && o < g->n; o++) {
		u64 has = rdm_gw_u64(f->rows, 2 * o);

		note_known(g, k, o, has);
		note_known(g, o, g->rank, rdm_gw_u64(f->rows, 2 * o + 1));
		if (o != g->rank)
			g->mem[o].top = max(g->mem[o].top, has);
	}
	if (f->rows)
		floors(g);
	rdm_gstable(g);
	for (o = 0; o < g->n; o++)
		if (o != g->rank)
			rdm_gpull_want(g, now, o, g->mem[o].suspected || g->frozen);
	if (f->flags & RDM_GS_ASK)
		rdm_gwant(g, k, RDM_GWANT_FULL);
}

/*
 * Something of @o may be missing. What is under way comes by itself, so there
 * is a pause first, unless it is @urgent.
 */
void rdm_gpull_want(struct rdm_gc *g, u64 now, u8 o, bool urgent)
{
	struct rdm_gmem *org = &g->mem[o];
	u64 at = now + (urgent ? 0 : 2 * rdm_gretry(g));

	if (org->top <= org->held)
		return;
	if (org->pull_at == RDM_GNEVER || (urgent && !org->pull_try && org->pull_at > now))
		org->pull_at = at;
	rdm_gwake(g, org->pull_at);
}

/* Of what was asked for of @o no more than @seq is under way. */
void rdm_gpull_more(struct rdm_gc *g, u8 o, u64 seq)
{
	g->mem[o].pulled = min(g->mem[o].pulled, seq);
}

/* Some more of @o is held. */
void rdm_gpull_held(struct rdm_gc *g, u64 now, u8 o)
{
	struct rdm_gmem *org = &g->mem[o];

	if (org->top <= org->held) {
		org->pull_at = RDM_GNEVER;
		org->pull_try = 0;
		org->pulled = 0;
	} else if (org->pulled && org->held >= org->pulled) {
		org->pull_at = now;
		/* of the one that answered */
		org->pull_try -= !!org->pull_try;
		org->pulled = 0;
		rdm_gwake(g, now);
	} else if (!org->pull_try) {
		org->pull_at = RDM_GNEVER;
		rdm_gpull_want(g, now, o, g->mem[o].suspected || g->frozen);
	}
}

/*
 * Whom to ask for broadcasts of @o: its origin, then each that is known to have
 * more than we, the most senior first, then anybody.
 */
static u8 holder(const struct rdm_gc *g, u8 o, u8 try)
{
	u64 may = rdm_gall(g->n) & ~BIT_ULL(g->rank), from = 0;
	u8 k;

	for (k = 0; k < g->n; k++) {
		if (g->mem[k].gone)
			may &= ~BIT_ULL(k);
		else if (k != g->rank && !g->mem[k].suspected &&
			 (k == o || g->known[k * g->cfg.max + o] > g->mem[o].held))
			from |= BIT_ULL(k);
	}
	if (g->holding && (g->next.ballot & 0xff) < g->n)
		from |= may & BIT_ULL(g->next.ballot & 0xff);
	if (!from || try > 3)
		from = may;
	if (!from)
		return RDM_GROUP_NONE;
	try %= hweight64(from);
	if (from & BIT_ULL(o)) {
		if (!try)
			return o;
		from &= ~BIT_ULL(o);
		try--;
	}
	for (; try; try--)
		from &= from - 1;
	return __ffs64(from);
}

static void pull(struct rdm_gc *g, u64 now, u8 o)
{
	struct rdm_gmem *org = &g->mem[o];
	u8 k = holder(g, o, org->pull_try);

	org->pull_at = now + (rdm_gretry(g) << min_t(u8, org->pull_try, 4));
	if (org->pull_try < 200)
		org->pull_try++;
	else
		org->pull_try = 5;
	if (k == RDM_GROUP_NONE)
		return;
	org->pull_to = k;
	org->pulled = min(org->top, org->held + PULL_MAX);
	g->pulls |= BIT_ULL(o);
}

/* Member @k asks; @old: it is a view behind, and all ranks of the frame are of that. */
void rdm_gpull_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k, bool old)
{
	struct list_head *list = old ? &g->old : &g->mem[f->origin].msgs;
	u32 room = CARRY_MAX - min_t(u32, g->mem[k].backlog, CARRY_MAX);
	struct rdm_gmsg *m, *last = NULL;

	if (!room || (rdm_gmut(NO_RELAY) && (old || f->origin != g->rank)))
		return;
	list_for_each_entry(m, list, node) {
		if (m->rank != f->origin || m->seq < f->seq || m->seq > f->last)
			continue;
		if (m->seq > f->seq && f->bits & BIT_ULL(m->seq - f->seq - 1))
			continue;
		/* the first one goes however long it is */
		if (last && m->charge > room) {
			last->more |= BIT_ULL(k);
			return;
		}
		room -= min(room, m->charge);
		last = m;
		m->todo |= BIT_ULL(k);
		m->again |= BIT_ULL(k);
		if (list_empty(&m->tx))
			list_add_tail(&m->tx, &g->txq);
	}
	if (!last)
		rdm_gwant(g, k, RDM_GWANT_FULL);
}

/* Pulls, acks and heartbeats that are due. */
void rdm_grepair_timer(struct rdm_gc *g, u64 now)
{
	bool busy = g->frozen;
	u8 k;

	for (k = 0; k < g->n; k++) {
		struct rdm_gmem *m = &g->mem[k];

		busy |= m->top > m->floor || m->suspected;
		if (m->top <= m->held || k == g->rank)
			continue;
		if (m->pull_at <= now)
			pull(g, now, k);
		rdm_gwake(g, m->pull_at);
	}
	for (k = 0; k < g->n; k++) {
		struct rdm_gmem *m = &g->mem[k];

		if (k == g->rank)
			continue;
		if (m->ack_at <= now) {
			m->ack_at = RDM_GNEVER;
			rdm_gwant(g, k, RDM_GWANT_STATE);
		}
		if (now >= m->said + rdm_gbeat(g)) {
			m->said = now;
			/* whoever knows enough does not tell unasked */
			rdm_gwant(g, k, busy ? RDM_GWANT_FULL | RDM_GWANT_ASK : RDM_GWANT_STATE);
		}
		rdm_gwake(g, min(m->ack_at, m->said + rdm_gbeat(g)));
	}
}
