// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupnext: what a member has to send, one frame at a time, made when it is
 * asked for, so that it says what is true now; what it has for the application;
 * and what others may know of it. Decisions are made elsewhere.
 */
#include "group_int.h"

static struct rdm_gframe head(const struct rdm_gc *g, u8 type, u8 to)
{
	struct rdm_gframe f = {
		.type = type, .from = RDM_GROUP_NONE, .to = to, .group = g->cfg.group,
		.inc = g->self.inc,
	};

	if (g->state == RDM_GC_MEMBER) {
		f.from = g->rank;
		f.n = g->n;
		f.lineage = g->lineage;
		f.view = g->view;
	}
	return f;
}

static void put_state(struct rdm_gc *g, u64 now, struct rdm_gplan *plan, u8 k, u8 flags)
{
	struct rdm_gframe f = head(g, RDM_GF_STATE, k);
	u8 o;

	f.flags = flags | (g->leaves ? RDM_GS_LEAVING : 0);
	f.suspects = rdm_gsuspects(g);
	f.floor = g->mem[g->rank].floor;
	f.top = g->seq;
	f.there = g->there;
	if (k != RDM_GROUP_NONE) {
		struct rdm_gmem *m = &g->mem[k];

		f.ack = m->acked;
		m->told = m->acked;
		m->told_cum = m->acked_cum;
		m->ack_at = RDM_GNEVER;
		m->said = now;
	}
	plan->len = rdm_gw_put_frame(plan->head, &f);
	for (o = 0; flags & RDM_GS_FULL && o < g->n; o++) {
		rdm_gw_put_u64(plan->head + plan->len, 0, *rdm_gknown(g, g->rank, o));
		rdm_gw_put_u64(plan->head + plan->len, 1, *rdm_gknown(g, o, k));
		plan->len += RDM_GF_STATE_ROW;
	}
}

/* The decision that ends a view: ours, or that before it. */
static bool put_decide(struct rdm_gc *g, struct rdm_gplan *plan, u8 to)
{
	const struct rdm_gvalue *v = g->decided ? &g->next : &g->last;
	struct rdm_gframe f = head(g, RDM_GF_DECIDE, RDM_GROUP_NONE);
	u8 k;

	if (!g->decided && !g->last_view)
		return false;
	f.from = RDM_GROUP_NONE;
	f.ballot = v->ballot;
	if (!g->decided) {
		f.view = g->last_view;
		f.n = g->last_n;
	}
	plan->len = rdm_gw_put_frame(plan->head, &f);
	plan->len += rdm_gw_put_value(plan->head + plan->len, v);
	for (k = 0; k < f.n; k++)
		plan->len += rdm_gw_put_member(plan->head + plan->len,
					       g->decided ? &g->mem[k].who : &g->last_who[k]);
	return true;
}

static void put_promise(struct rdm_gc *g, struct rdm_gplan *plan, u8 k, bool refuse)
{
	struct rdm_gframe f = head(g, RDM_GF_PROMISE, k);
	u8 o;

	f.ballot = g->promised;
	if (refuse)
		f.flags = RDM_GB_REFUSED;
	else
		f.accepted = g->accepted.ballot;
	plan->len = rdm_gw_put_frame(plan->head, &f);
	for (o = 0; o < g->n; o++)
		rdm_gw_put_u64(plan->head + plan->len, o, g->mem[o].held);
	plan->len += 8 * g->n;
	if (f.accepted)
		plan->len += rdm_gw_put_value(plan->head + plan->len, &g->accepted);
}

/* One frame that member @k is to get; false if it is pointless by now. */
static bool for_member(struct rdm_gc *g, u64 now, struct rdm_gplan *plan, u8 k)
{
	struct rdm_gmem *m = &g->mem[k];
	u32 what = m->want & -m->want;
	struct rdm_gframe f;

	m->want &= ~what;
	switch (what) {
	case RDM_GWANT_DECIDE:
		return put_decide(g, plan, k);
	case RDM_GWANT_PROMISE:
		if (g->decided || (g->promised & 0xff) != k)
			return false;
		put_promise(g, plan, k, false);
		return true;
	case RDM_GWANT_REFUSE:
		if (g->decided || !g->promised)
			return false;
		put_promise(g, plan, k, true);
		return true;
	case RDM_GWANT_PREPARE:
	case RDM_GWANT_ACCEPT:
		if (g->p.phase != (what == RDM_GWANT_PREPARE ? RDM_GPH_PREPARE : RDM_GPH_ACCEPT))
			return false;
		f = head(g, what == RDM_GWANT_PREPARE ? RDM_GF_PREPARE : RDM_GF_ACCEPT, k);
		f.ballot = g->p.ballot;
		plan->len = rdm_gw_put_frame(plan->head, &f);
		if (what == RDM_GWANT_ACCEPT)
			plan->len += rdm_gw_put_value(plan->head + plan->len, &g->p.value);
		return true;
	case RDM_GWANT_ACCEPTED:
		if (g->decided || (g->accepted.ballot & 0xff) != k)
			return false;
		f = head(g, RDM_GF_ACCEPTED, k);
		f.ballot = g->accepted.ballot;
		plan->len = rdm_gw_put_frame(plan->head, &f);
		return true;
	case RDM_GWANT_FULL:
		put_state(g, now, plan, k, RDM_GS_FULL |
			  (m->want & RDM_GWANT_ASK ? RDM_GS_ASK : 0));
		m->want &= ~(RDM_GWANT_STATE | RDM_GWANT_ASK);
		return true;
	case RDM_GWANT_STATE:
		put_state(g, now, plan, k, 0);
		return true;
	}
	return false;
}

static bool for_guest(struct rdm_gc *g, u64 now, struct rdm_gplan *plan,
		      struct rdm_gguest *guest)
{
	u32 what = guest->want & -guest->want;
	struct rdm_gframe f;

	guest->want &= ~what;
	plan->to = guest->who;
	switch (what) {
	case RDM_GWANT_DECIDE:
		return g->state == RDM_GC_MEMBER && put_decide(g, plan, RDM_GROUP_NONE);
	case RDM_GWANT_HELLO:
		if (g->state != RDM_GC_MEMBER)
			return false;
		put_state(g, now, plan, RDM_GROUP_NONE, 0);
		return true;
	case RDM_GWANT_ANNOUNCE:
	case RDM_GWANT_GREET:
	case RDM_GWANT_TICKET:
		f = head(g, RDM_GF_ANNOUNCE, RDM_GROUP_NONE);
		f.flags = (g->state == RDM_GC_MEMBER ? RDM_GA_MEMBER : 0) |
			  (what == RDM_GWANT_GREET ? RDM_GA_ASK : 0);
		f.ticket = what == RDM_GWANT_TICKET ? guest->ticket : 0;
		plan->len = rdm_gw_put_frame(plan->head, &f);
		return true;
	}
	return false;
}

static void put_join(struct rdm_gc *g, struct rdm_gplan *plan, const struct rdm_gmember *who,
		     u8 flags)
{
	struct rdm_gframe f = head(g, RDM_GF_JOIN, RDM_GROUP_NONE);

	f.flags = flags;
	f.who = *who;
	f.ticket = g->state == RDM_GC_SEEKING ? g->ticket : 0;
	plan->len = rdm_gw_put_frame(plan->head, &f);
}

/* Is there something for those outside? */
static bool calls(const struct rdm_gc *g)
{
	return g->answers || g->join_due || g->announce || g->greet;
}

/* To those outside: answers, our own JOIN, announcements. */
static bool outside(struct rdm_gc *g, u64 now, struct rdm_gplan *plan)
{
	struct rdm_gframe f;
	u32 i;

	for (i = 0; g->answers && i < RDM_GGUESTS; i++) {
		struct rdm_gguest *guest = &g->guests[i];

		if (guest->forward && g->state == RDM_GC_MEMBER) {
			u64 to = rdm_gtrusted(g);
			u8 k;

			/* of whom it is expected to change the view; not of us, who reach fewer */
			if (rdm_gcut_off(g))
				to &= ~BIT_ULL(g->rank);
			k = to ? __ffs64(to) : g->rank;
			guest->forward = false;
			if (k == g->rank)
				continue;
			plan->rank = k;
			plan->to = g->mem[k].who;
			put_join(g, plan, &guest->who, RDM_GJ_FORWARDED);
			return true;
		}
		while (guest->want)
			if (for_guest(g, now, plan, guest))
				return true;
	}
	g->answers = false;
	if (g->join_due) {
		g->join_due = false;
		if (g->state == RDM_GC_SEEKING && g->contact_set) {
			plan->to.at = g->contact;
			plan->to.inc = 0;
			put_join(g, plan, &g->self, 0);
			return true;
		}
	}
	if (!g->announce && !g->greet)
		return false;
	f = head(g, RDM_GF_ANNOUNCE, RDM_GROUP_NONE);
	f.flags = RDM_GA_ASK | (g->state == RDM_GC_MEMBER ? RDM_GA_MEMBER : 0);
	plan->len = rdm_gw_put_frame(plan->head, &f);
	if (g->announce) {
		g->announce = false;
		plan->kind = RDM_GP_ANNOUNCE;
		return true;
	}
	while (g->greet) {
		const struct rdm_gaddr *at = &g->cfg.list[--g->greet];

		if (rdm_gat_eq(at, &g->self.at) || rdm_grank_at(g, at) != RDM_GROUP_NONE)
			continue;
		plan->to.at = *at;
		plan->to.inc = 0;
		return true;
	}
	return false;
}

static bool pulls(struct rdm_gc *g, struct rdm_gplan *plan)
{
	while (g->pulls) {
		u8 o = __ffs64(g->pulls);
		struct rdm_gmem *org = &g->mem[o];
		struct rdm_gframe f = head(g, RDM_GF_PULL, org->pull_to);
		const struct rdm_gmsg *m;

		g->pulls &= g->pulls - 1;
		if (o >= g->n || org->pull_to >= g->n || org->top <= org->held)
			continue;
		f.origin = o;
		f.seq = org->held + 1;
		f.last = min(org->top, org->held + 64);
		list_for_each_entry_reverse(m, &org->msgs, node) {
			if (m->seq <= f.seq)
				break;
			if (m->seq <= f.last)
				f.bits |= BIT_ULL(m->seq - f.seq - 1);
		}
		plan->rank = org->pull_to;
		plan->to = g->mem[org->pull_to].who;
		plan->len = rdm_gw_put_frame(plan->head, &f);
		g->count[RDM_GCS_PULLED]++;
		return true;
	}
	return false;
}

static bool data(struct rdm_gc *g, struct rdm_gplan *plan)
{
	struct rdm_gmsg *m;

	while ((m = list_first_entry_or_null(&g->txq, struct rdm_gmsg, tx))) {
		struct rdm_gframe f = head(g, RDM_GF_DATA, RDM_GROUP_NONE);
		u8 k;

		m->todo &= rdm_gall(g->n) & ~BIT_ULL(g->rank);
		if (!m->todo) {
			list_del_init(&m->tx);
			continue;
		}
		k = __ffs64(m->todo);
		m->todo &= ~BIT_ULL(k);
		plan->again = m->again & BIT_ULL(k);
		m->again &= ~BIT_ULL(k);
		if (!m->todo)
			list_del_init(&m->tx);
		g->count[!plan->again ? RDM_GCS_SENT : m->own ? RDM_GCS_REPAIRED :
			 RDM_GCS_RELAYED]++;
		f.view = m->view;
		if (m->more & BIT_ULL(k))
			f.flags = RDM_GD_MORE;
		m->more &= ~BIT_ULL(k);
		if (m->cast) {
			f.flags = RDM_GD_CAST;
		} else if (m->view != g->view) {
			/* of the view before; its ranks are meant */
			f.from = RDM_GROUP_NONE;
			f.n = g->last_n;
			f.floor = 0;
		} else {
			f.floor = min(g->mem[m->rank].floor, m->seq - 1);
		}
		f.origin = m->rank;
		f.oinc = m->origin.inc;
		f.seq = m->seq;
		f.cum = m->cum;
		plan->kind = RDM_GP_DATA;
		plan->rank = k;
		plan->to = g->mem[k].who;
		plan->msg = m;
		plan->len = rdm_gw_put_frame(plan->head, &f);
		return true;
	}
	return false;
}

/**
 * rdm_gc_next() - the next frame to send
 * @g: the member
 * @now: ns
 * @plan: where to
 *
 * Return: false if there is none.
 */
bool rdm_gc_next(struct rdm_gc *g, u64 now, struct rdm_gplan *plan)
{
	if (g->state == RDM_GC_IDLE)
		return false;
	plan->kind = RDM_GP_CTRL;
	plan->rank = RDM_GROUP_NONE;
	plan->again = false;
	plan->msg = NULL;
	if (calls(g) && outside(g, now, plan))
		return true;
	if (g->state != RDM_GC_MEMBER)
		return false;
	if (g->pulls && pulls(g, plan))
		return true;
	while (g->want) {
		u8 k = __ffs64(g->want);

		if (k < g->n && g->mem[k].want) {
			plan->rank = k;
			plan->to = g->mem[k].who;
			if (for_member(g, now, plan, k))
				return true;
			continue;
		}
		g->want &= ~BIT_ULL(k);
	}
	if (g->ending) {
		rdm_gview_left_out(g, now, g->view + 1, true, g->next.cut[g->rank]);
		return false;
	}
	return !list_empty(&g->txq) && data(g, plan);
}

/**
 * rdm_gc_gives() - is there something for the glue to take?
 * @g: the member
 *
 * Return: false when rdm_gc_ready(), rdm_gc_done() and rdm_gc_freed() have nothing.
 */
bool rdm_gc_gives(const struct rdm_gc *g)
{
	return !list_empty(&g->ready) || !list_empty(&g->done) || !list_empty(&g->freed);
}

/**
 * rdm_gc_sends() - is there something to send?
 * @g: the member
 *
 * Return: false when rdm_gc_next() has nothing.
 */
bool rdm_gc_sends(const struct rdm_gc *g)
{
	return !list_empty(&g->txq) || g->want || g->pulls || g->ending || calls(g);
}

/**
 * rdm_gc_ready() - what the application is to get next
 * @g: the member
 *
 * Return: a broadcast, an event that is good until the next call, or NULL.
 */
struct rdm_gitem *rdm_gc_ready(struct rdm_gc *g)
{
	struct rdm_gitem *item = list_first_entry_or_null(&g->ready, struct rdm_gitem, node);
	struct rdm_gmsg *m;

	if (g->lent) {
		list_add_tail(&g->lent->item.node, &g->spare);
		g->nspare++;
		g->lent = NULL;
	}
	if (!item)
		return NULL;
	list_del_init(&item->node);
	if (item->type != RDM_GI_DATA) {
		g->lent = container_of(item, struct rdm_gevent, item);
		return item;
	}
	m = container_of(item, struct rdm_gmsg, item);
	if (m->dropped)
		list_add_tail(&m->node, &g->freed);
	return item;
}

/**
 * rdm_gc_done() - an own broadcast that has its outcome
 * @g: the member
 *
 * Return: it, see @fate and @lack there; or NULL.
 */
struct rdm_gmsg *rdm_gc_done(struct rdm_gc *g)
{
	struct rdm_gmsg *m = list_first_entry_or_null(&g->done, struct rdm_gmsg, done);

	if (m)
		list_del_init(&m->done);
	return m;
}

/**
 * rdm_gc_freed() - a record that the core has no more use for
 * @g: the member
 *
 * Return: it, or NULL.
 */
struct rdm_gmsg *rdm_gc_freed(struct rdm_gc *g)
{
	struct rdm_gmsg *m = list_first_entry_or_null(&g->freed, struct rdm_gmsg, node);

	if (m)
		list_del_init(&m->node);
	return m;
}

/**
 * rdm_gc_timer() - time has passed
 * @g: the member
 * @now: ns
 */
void rdm_gc_timer(struct rdm_gc *g, u64 now)
{
	g->timer_at = RDM_GNEVER;
	if (g->state == RDM_GC_MEMBER) {
		rdm_gfd_timer(g, now);
		rdm_grepair_timer(g, now);
		rdm_gview_timer(g, now);
	}
	rdm_gjoin_timer(g, now);
}

/**
 * rdm_gc_deadline() - when rdm_gc_timer() is to be called
 * @g: the member
 *
 * Return: ns; U64_MAX: never.
 */
u64 rdm_gc_deadline(const struct rdm_gc *g)
{
	return g->timer_at;
}

static bool takes(const struct rdm_gc *g)
{
	if (!g->formed || g->leaving)
		return false;
	return g->cfg.cast ? rdm_gcast_open(g) : !g->frozen && !g->merging;
}

/**
 * rdm_gc_open() - are broadcasts taken?
 * @g: the member
 *
 * Return: false when they are not, for another reason than a window that is full.
 */
bool rdm_gc_open(const struct rdm_gc *g)
{
	return takes(g);
}

/**
 * rdm_gc_stable() - up to where every member has our broadcasts
 * @g: the member
 *
 * Return: a sequence, 0 where there is no view.
 */
u64 rdm_gc_stable(const struct rdm_gc *g)
{
	return g->n ? g->mem[g->rank].floor : 0;
}

/**
 * rdm_gc_info() - how it stands
 * @g: the member
 * @info: where to
 */
void rdm_gc_info(const struct rdm_gc *g, struct rdm_gc_info *info)
{
	*info = (struct rdm_gc_info){
		.state = g->state, .n = g->n, .rank = g->rank, .frozen = g->frozen,
		.blocked = g->blocked, .leaving = g->leaving || g->merging,
		.formed = g->formed, .lineage = g->lineage, .view = g->view, .self = g->self,
		.top = g->seq, .stable = rdm_gc_stable(g),
	};
}

/**
 * rdm_gc_peer() - how it stands with one member
 * @g: the member
 * @rank: of the other one, or our own
 * @peer: where to
 *
 * Return: false if there is no such rank.
 */
bool rdm_gc_peer(const struct rdm_gc *g, u8 rank, struct rdm_gc_peer *peer)
{
	const struct rdm_gmem *m = &g->mem[rank];

	if (rank >= g->n)
		return false;
	*peer = (struct rdm_gc_peer){
		.who = m->who, .suspected = m->suspected, .leaving = m->leaving,
		.acked = rdm_gc_acked(g, rank), .held = m->held, .heard = m->heard,
	};
	return true;
}

/**
 * rdm_gc_member() - who has this rank?
 * @g: the member
 * @lineage: which birth
 * @view: this view, or the one before it
 * @rank: in that view
 * @who: where to
 *
 * Return: false if that is not known any more.
 */
bool rdm_gc_member(const struct rdm_gc *g, u64 lineage, u64 view, u8 rank,
		   struct rdm_gmember *who)
{
	if (!lineage || lineage != g->lineage)
		return false;
	if (view == g->view && rank < g->n) {
		*who = g->mem[rank].who;
		return true;
	}
	if (view && view == g->last_view && rank < g->last_n) {
		*who = g->last_who[rank];
		return true;
	}
	return false;
}

/**
 * rdm_gc_acked() - up to where a member has our broadcasts
 * @g: the member
 * @rank: of the other one
 *
 * Return: a sequence.
 */
u64 rdm_gc_acked(const struct rdm_gc *g, u8 rank)
{
	if (rank >= g->n)
		return 0;
	/* what a view began with, all who go on have or are about to get */
	return max(g->known[rank * g->cfg.max + g->rank], g->mem[g->rank].base);
}

/**
 * rdm_gc_top() - our last broadcast
 * @g: the member
 *
 * Return: its sequence, 0: none in this life.
 */
u64 rdm_gc_top(const struct rdm_gc *g)
{
	return g->seq;
}

/**
 * rdm_gc_count() - what happened so far
 * @g: the member
 * @what: what to count
 *
 * Return: how often.
 */
u64 rdm_gc_count(const struct rdm_gc *g, enum rdm_gc_stat what)
{
	return g->count[what];
}
