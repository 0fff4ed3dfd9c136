// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupfd: who is alive. All of this is a heuristic that keeps the group
 * quiet; nothing that must be true depends on it (groupview.c decides by quorum).
 */
#include "group_int.h"

/* Packets without frames of the group count as life for this many cfg.suspect. */
#define PACKETS_COUNT	4

/* A frame of member @k came. */
void rdm_gheard(struct rdm_gc *g, u64 now, u8 k)
{
	struct rdm_gmem *m = &g->mem[k];

	m->heard = now;
	m->frame = now;
	if (!m->suspected)
		return;
	/* what was taken for a proof may have been a late word of a life before */
	m->gone = false;
	m->suspected = false;
	rdm_gevent(g, RDM_GI_TRUSTED, &m->who);
	rdm_gwant(g, k, RDM_GWANT_FULL | RDM_GWANT_ASK);
	rdm_gwake(g, now);
}

/**
 * rdm_gc_heard() - a valid packet came
 * @g: the member
 * @now: ns
 * @from: whose address
 *
 * A busy channel may delay frames. A socket that has left the group acks as well as
 * ever, so packets alone count for a while only.
 */
void rdm_gc_heard(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from)
{
	u8 k = rdm_grank_at(g, from);

	if (k != RDM_GROUP_NONE && now - g->mem[k].frame < PACKETS_COUNT * g->cfg.suspect)
		g->mem[k].heard = now;
}

static void suspect(struct rdm_gc *g, u64 now, u8 k)
{
	u8 j;

	if (g->mem[k].suspected)
		return;
	g->mem[k].suspected = true;
	g->count[RDM_GCS_SUSPECTED]++;
	rdm_gevent(g, RDM_GI_SUSPECTED, &g->mem[k].who);
	/* what it left unfinished shows when all compare what they have */
	for (j = 0; j < g->n; j++)
		if (j != g->rank && !g->mem[j].suspected)
			rdm_gwant(g, j, RDM_GWANT_FULL);
	rdm_gpull_want(g, now, k, true);
}

/* Member @k is no more. */
void rdm_gdead(struct rdm_gc *g, u64 now, u8 k)
{
	if (k == g->rank || g->mem[k].gone)
		return;
	g->mem[k].gone = true;
	suspect(g, now, k);
	rdm_gwake(g, now);
}

/**
 * rdm_gc_gone() - a socket was proven dead
 * @g: the member
 * @now: ns
 * @who: its member, as its frames named it
 */
void rdm_gc_gone(struct rdm_gc *g, u64 now, const struct rdm_gmember *who)
{
	u8 k = rdm_grank(g, who, RDM_GROUP_NONE);

	if (k != RDM_GROUP_NONE)
		rdm_gdead(g, now, k);
}

/**
 * rdm_gc_channel() - a channel was opened, or has failed
 * @g: the member
 * @now: ns
 * @to: where it leads
 * @up: opened
 *
 * What a failed channel had not brought is asked for when the member compares what it
 * has with a STATE, so a new channel begins with one.
 */
void rdm_gc_channel(struct rdm_gc *g, u64 now, const struct rdm_gaddr *to, bool up)
{
	u8 k = rdm_grank_at(g, to);

	if (k == RDM_GROUP_NONE || k == g->rank)
		return;
	g->mem[k].backlog = 0;
	if (up)
		rdm_gwant(g, k, RDM_GWANT_FULL);
}

/**
 * rdm_gc_backlog() - how much a channel has to send and to see acked
 * @g: the member
 * @to: where it leads
 * @bytes: so much; repairs fill it up to a bound. To be told before each PULL that came by it
 */
void rdm_gc_backlog(struct rdm_gc *g, const struct rdm_gaddr *to, u32 bytes)
{
	u8 k = rdm_grank_at(g, to);

	if (k != RDM_GROUP_NONE)
		g->mem[k].backlog = bytes;
}

/* Ranks that are heard, ours included. */
u64 rdm_gtrusted(const struct rdm_gc *g)
{
	return rdm_gall(g->n) & ~rdm_gsuspects(g);
}

u64 rdm_gsuspects(const struct rdm_gc *g)
{
	u64 s = 0;
	u8 k;

	for (k = 0; k < g->n; k++)
		if (g->mem[k].suspected)
			s |= BIT_ULL(k);
	return s;
}

/* What the others suspect, as far as we hear them. */
static u64 told(const struct rdm_gc *g)
{
	u64 told = 0, trusted = rdm_gtrusted(g);
	u8 k;

	for (k = 0; k < g->n; k++)
		if (k != g->rank && trusted & BIT_ULL(k))
			told |= g->mem[k].suspects;
	return told;
}

/* Is there a member that nobody but we misses? Then others reach more than we do. */
bool rdm_gcut_off(const struct rdm_gc *g)
{
	u64 missing = rdm_gsuspects(g) & ~told(g);
	u8 k;

	for (k = 0; k < g->n; k++)
		if (missing & BIT_ULL(k) && !g->mem[k].gone)
			return g->n > 2;
	return false;
}

/*
 * Ranks to expel: those proven dead; those that we and one other suspect, where
 * there is another; and those that hold us up for too long.
 */
u64 rdm_gcondemned(const struct rdm_gc *g, u64 now)
{
	u64 out = 0, others = told(g);
	u8 k;

	for (k = 0; k < g->n; k++) {
		const struct rdm_gmem *m = &g->mem[k];

		if (k == g->rank)
			continue;
		if (m->gone || (m->suspected && (g->n == 2 || others & BIT_ULL(k))) ||
		    (m->lag_at && now >= m->lag_at + g->cfg.lag))
			out |= BIT_ULL(k);
	}
	return out;
}

/* A window that is full: since when is each member the reason? */
static void lag(struct rdm_gc *g, u64 now, u8 k)
{
	struct rdm_gmem *m = &g->mem[k], *me = &g->mem[g->rank];
	u64 has = *rdm_gknown(g, k, g->rank);

	if (m->lag_at && has >= m->lag_seq)
		m->lag_at = 0;
	if (!m->lag_at && g->full && has <= me->floor && me->acked > me->floor) {
		m->lag_at = now;
		m->lag_seq = me->acked;
	}
	if (m->lag_at && m->lag_at + g->cfg.lag > now)
		rdm_gwake(g, m->lag_at + g->cfg.lag);
}

void rdm_gfd_timer(struct rdm_gc *g, u64 now)
{
	u8 k;

	for (k = 0; k < g->n; k++) {
		struct rdm_gmem *m = &g->mem[k];

		if (k == g->rank)
			continue;
		if (now >= m->heard + g->cfg.suspect)
			suspect(g, now, k);
		else
			rdm_gwake(g, m->heard + g->cfg.suspect);
		if (g->cfg.lag)
			lag(g, now, k);
	}
}
