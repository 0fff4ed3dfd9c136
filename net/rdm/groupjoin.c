// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupjoin: how members find each other: announcements, joining, birth,
 * and what happens when two births of one group meet. An announcement is a
 * hint: whoever acts on one proves the way by a channel first.
 */
#include "group_int.h"

/* How long somebody outside is remembered, in cfg.announce. */
#define REMEMBER	4
/* How long a contact may take to let us in, in cfg.announce. */
#define JOIN_PATIENCE	10

static void answer_guest(struct rdm_gc *g, struct rdm_gguest *guest, u32 what)
{
	guest->want |= what;
	g->answers = true;
}

/* The entry of somebody outside the view, a new one if need be; NULL without room. */
struct rdm_gguest *rdm_gguest(struct rdm_gc *g, u64 now, const struct rdm_gmember *who)
{
	struct rdm_gguest *room = NULL;
	u32 i;

	g->answers = true;
	for (i = 0; i < RDM_GGUESTS; i++) {
		struct rdm_gguest *guest = &g->guests[i];

		if (guest->until && rdm_gmember_eq(&guest->who, who)) {
			guest->until = now + REMEMBER * g->cfg.announce;
			return guest;
		}
		if (guest->until <= now && !guest->want)
			room = guest;
	}
	if (!room)
		return NULL;
	memset(room, 0, sizeof(*room));
	room->who = *who;
	room->until = now + REMEMBER * g->cfg.announce;
	return room;
}

/* The member that speaks for the view to those outside: the most senior one heard. */
static u8 speaker(const struct rdm_gc *g)
{
	u64 may = rdm_gtrusted(g);
	u8 k;

	for (k = 0; k < g->n; k++)
		if (g->mem[k].leaving && k != g->rank)
			may &= ~BIT_ULL(k);
	return __ffs64(may);
}

/* Looks for the group, listening for @listen announcements before a birth. */
void rdm_gseek(struct rdm_gc *g, u64 now, u32 listen)
{
	g->state = RDM_GC_SEEKING;
	g->self.at = g->cfg.self;
	g->self.inc = rdm_grand(g) | 1;
	g->seek_at = now;
	g->seek_end = now + listen * g->cfg.announce;
	g->seek_rounds = 0;
	g->ticket = 0;
	g->join_at = now;
	g->join_end = now + JOIN_PATIENCE * g->cfg.announce;
	rdm_gwake(g, now);
}

static void set_contact(struct rdm_gc *g, u64 now, const struct rdm_gaddr *at, u64 lineage)
{
	if (g->contact_set && lineage >= g->contact_lineage)
		return;
	g->contact_set = true;
	g->contact = *at;
	g->ticket = 0;
	g->contact_lineage = lineage;
	g->join_at = now;
	g->join_end = now + JOIN_PATIENCE * g->cfg.announce;
	rdm_gwake(g, now);
}

/*
 * May @who join? A JOIN can be older than what became of that life since: it may
 * have been a member, and have ended. So it must show a ticket, which only a life
 * that still seeks does; a life that seeks never was a member. An entry goes when
 * its life becomes a member (rdm_gview_install()), and its ticket with it; and what
 * another member of this very view forwards was true in this view. So nobody comes
 * into a lineage twice.
 */
static bool fresh(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		  const struct rdm_gmember *who)
{
	struct rdm_gguest *guest;

	if (f->flags & RDM_GJ_FORWARDED)
		return f->lineage == g->lineage && f->view == g->view;
	guest = rdm_gguest(g, now, who);
	if (!guest)
		return false;
	if (guest->ticket && f->ticket == guest->ticket)
		return true;
	if (!guest->ticket)
		guest->ticket = rdm_grand(g) | 1;
	answer_guest(g, guest, RDM_GWANT_TICKET);
	return false;
}

/* Somebody wants to join. */
void rdm_gjoin_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		  const struct rdm_gaddr *from)
{
	struct rdm_gmember who = f->who;
	struct rdm_gguest *guest;
	u32 i;
	u8 k;

	if (g->state != RDM_GC_MEMBER)
		return;
	if (f->flags & RDM_GJ_FORWARDED) {
		struct rdm_gmember by = { .at = *from, .inc = f->inc };

		if (rdm_grank(g, &by, f->from) == RDM_GROUP_NONE)
			return;
		who.at.scope = from->scope;
	} else {
		who.at = *from;
		if (who.inc != f->inc)
			return;
	}
	if (rdm_gat_eq(&who.at, &g->self.at))
		return;
	k = rdm_grank(g, &who, RDM_GROUP_NONE);
	if (k != RDM_GROUP_NONE) {
		if (g->last_view)
			rdm_gwant(g, k, RDM_GWANT_DECIDE);
		return;
	}
	if (!fresh(g, now, f, &who))
		return;
	/* whoever joins anew has given up the life before */
	k = rdm_grank_at(g, &who.at);
	if (k != RDM_GROUP_NONE)
		rdm_gdead(g, now, k);
	for (i = 0; i < RDM_GGUESTS; i++)
		if (rdm_gat_eq(&g->guests[i].who.at, &who.at))
			g->guests[i].joins = false;
	guest = rdm_gguest(g, now, &who);
	if (!guest)
		return;
	guest->joins = true;
	if (!(f->flags & RDM_GJ_FORWARDED) && (speaker(g) != g->rank || rdm_gcut_off(g)))
		guest->forward = true;
	rdm_gwake(g, now);
}

/* Has it called for long, so that the speaker does not seem to hear it? */
static bool called(struct rdm_gc *g, u64 now, const struct rdm_gmember *who)
{
	struct rdm_gguest *guest = rdm_gguest(g, now, who);

	return guest && (guest->calls > 4 || ++guest->calls > 4);
}

/* What a member makes of an announcement. */
static void meet_guest(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		       const struct rdm_gaddr *from, bool proven)
{
	struct rdm_gmember who = { .at = *from, .inc = f->inc };
	struct rdm_gguest *guest;
	u8 k = rdm_grank(g, &who, RDM_GROUP_NONE);
	u32 what = 0;

	if (k != RDM_GROUP_NONE) {
		/* it was taken in, and does not know, or is a view behind */
		if (f->view < g->view && g->last_view)
			rdm_gwant(g, k, RDM_GWANT_DECIDE);
		return;
	}
	if (!(f->flags & RDM_GA_MEMBER)) {
		k = rdm_grank_at(g, from);
		if (proven && k != RDM_GROUP_NONE)
			rdm_gdead(g, now, k);
		if (!g->alone && (proven || speaker(g) == g->rank || called(g, now, &who)))
			what = RDM_GWANT_ANNOUNCE;
	} else if (f->lineage == g->lineage) {
		if (f->view != g->view)
			what = f->view < g->view ? RDM_GWANT_DECIDE : RDM_GWANT_HELLO;
	} else if (f->lineage > g->lineage) {
		/* nobody is called to a view that cannot take him in */
		what = g->alone ? 0 : RDM_GWANT_ANNOUNCE;
	} else if (!proven) {
		what = RDM_GWANT_GREET;
	} else if (!g->leaving && !g->merging) {
		/* the lower lineage wins: ours ends when what it has under way is done */
		g->merging = true;
		g->linger_at = now + g->cfg.linger;
		g->contact_set = false;
		set_contact(g, now, from, f->lineage);
	}
	if (!what)
		return;
	guest = rdm_gguest(g, now, &who);
	if (!guest || now < guest->answered + rdm_gretry(g))
		return;
	guest->answered = now;
	answer_guest(g, guest, what);
}

/* An announcement; @proven: it came through a channel. */
void rdm_gannounce_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		      const struct rdm_gaddr *from, bool proven)
{
	struct rdm_gmember who = { .at = *from, .inc = f->inc };
	struct rdm_gguest *guest;

	if (g->state == RDM_GC_MEMBER) {
		meet_guest(g, now, f, from, proven);
	} else if (f->flags & RDM_GA_MEMBER) {
		set_contact(g, now, from, f->lineage);
		if (proven && f->ticket && rdm_gat_eq(from, &g->contact) &&
		    f->lineage == g->contact_lineage && f->ticket != g->ticket) {
			g->ticket = f->ticket;
			g->join_due = true;
		}
	} else {
		guest = rdm_gguest(g, now, &who);
		if (guest)
			guest->seeks = true;
	}
}

static void announce(struct rdm_gc *g, u64 now)
{
	if (now < g->seek_at)
		return;
	g->seek_at = now + g->cfg.announce;
	if (g->state == RDM_GC_MEMBER && (speaker(g) != g->rank || g->alone || g->leaving ||
					  g->merging))
		return;
	if (g->cfg.list)
		g->greet = g->cfg.nlist;
	else
		g->announce = true;
}

/* How many seek as we do, ourselves included; is none of them before us? */
static u32 seekers(const struct rdm_gc *g, u64 now, bool *first)
{
	u32 i, n = 1;

	*first = true;
	for (i = 0; i < RDM_GGUESTS; i++) {
		const struct rdm_gguest *guest = &g->guests[i];

		if (!guest->seeks || guest->until <= now)
			continue;
		n++;
		if (guest->who.inc < g->self.inc)
			*first = false;
	}
	return n;
}

void rdm_gjoin_timer(struct rdm_gc *g, u64 now)
{
	bool first;
	u32 n;

	if (g->state == RDM_GC_IDLE)
		return;
	if (g->state == RDM_GC_SEEKING && g->starved)
		return;
	announce(g, now);
	rdm_gwake(g, g->seek_at);
	if (g->state == RDM_GC_MEMBER)
		return;
	if (g->contact_set && now >= g->join_end) {
		g->contact_set = false;
		g->seek_end = now + 3 * g->cfg.announce;
	}
	if (g->contact_set) {
		if (now >= g->join_at) {
			g->join_due = true;
			g->join_at = now + max(g->cfg.announce / 2, rdm_gretry(g));
		}
		rdm_gwake(g, min(g->join_at, g->join_end));
		return;
	}
	if (now >= g->seek_end) {
		n = seekers(g, now, &first);
		if (n >= g->cfg.form_min && (first || g->seek_rounds >= 5)) {
			rdm_gview_birth(g, now);
			return;
		}
		g->seek_rounds++;
		g->seek_end = now + g->cfg.announce;
	}
	rdm_gwake(g, g->seek_end);
}
