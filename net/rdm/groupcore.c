// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupcore: the life of a member, and that of broadcasts: sent or taken,
 * held, delivered in order for each origin, acked, stable, released. What is
 * missing is grouprepair's business, who is a member groupview's.
 *
 * What must stay true, for each origin o, as seen by one member:
 *
 *	floor <= acked <= delivered <= held <= top
 *
 * All but floor are this member's own doing and only grow. A broadcast is kept
 * while it is above min(floor, acked): so whoever lacks it can still get it.
 */
#include "group_int.h"
#include "txqueue.h"

/* SplitMix64, from the seed that the glue drew. */
u64 rdm_grand(struct rdm_gc *g)
{
	u64 z = g->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* The rank of a member, which is probably @hint, or RDM_GROUP_NONE. */
u8 rdm_grank(const struct rdm_gc *g, const struct rdm_gmember *who, u8 hint)
{
	u8 k;

	if (hint < g->n && rdm_gmember_eq(&g->mem[hint].who, who))
		return hint;
	for (k = 0; k < g->n; k++)
		if (rdm_gmember_eq(&g->mem[k].who, who))
			return k;
	return RDM_GROUP_NONE;
}

/* The rank of the member at an address, or RDM_GROUP_NONE. */
u8 rdm_grank_at(const struct rdm_gc *g, const struct rdm_gaddr *at)
{
	u8 k;

	for (k = 0; k < g->n; k++)
		if (rdm_gat_eq(&g->mem[k].who.at, at))
			return k;
	return RDM_GROUP_NONE;
}

/* Queues an event behind all that was delivered; NULL when none is left. */
struct rdm_gevent *rdm_gevent(struct rdm_gc *g, u8 type, const struct rdm_gmember *who)
{
	struct rdm_gevent *e = list_first_entry_or_null(&g->spare, struct rdm_gevent, item.node);

	if (!e)
		return NULL;
	g->nspare--;
	list_move_tail(&e->item.node, &g->ready);
	e->item.type = type;
	e->n = g->n;
	e->lineage = g->lineage;
	e->view = g->view;
	e->cut = 0;
	e->who = *who;
	return e;
}

/* The core needs @m no more. */
void rdm_gdrop(struct rdm_gc *g, struct rdm_gmsg *m)
{
	m->todo = 0;
	if (!list_empty(&m->tx))
		list_del_init(&m->tx);
	if (list_empty(&m->item.node)) {
		list_move_tail(&m->node, &g->freed);
	} else {
		/* not handed out yet: rdm_gc_ready() frees it */
		m->dropped = true;
		list_del_init(&m->node);
	}
}

/* The outcome of an own broadcast; the first one counts. */
void rdm_gfinish(struct rdm_gc *g, struct rdm_gmsg *m, u8 fate)
{
	u8 k;

	if (!m->own || m->fate)
		return;
	m->fate = fate;
	for (k = 0; k < g->n && fate != RDM_GFATE_STABLE; k++)
		if (k != g->rank && *rdm_gknown(g, k, g->rank) < m->seq)
			m->lack |= BIT_ULL(k);
	list_add_tail(&m->done, &g->done);
}

void rdm_gmem_init(struct rdm_gc *g, u64 now, u8 k, const struct rdm_gmember *who)
{
	struct rdm_gmem *o = &g->mem[k];

	memset(o, 0, sizeof(*o));
	INIT_LIST_HEAD(&o->msgs);
	o->who = *who;
	o->heard = now;
	o->pull_at = RDM_GNEVER;
	o->ack_at = RDM_GNEVER;
	o->cast_cum = g->cast_cum;
}

/**
 * rdm_gc_size() - memory that a member needs
 * @max: cfg.max
 *
 * Return: bytes, to be zeroed.
 */
size_t rdm_gc_size(u8 max)
{
	return sizeof(struct rdm_gc) + max * sizeof(struct rdm_gmem) + max * max * sizeof(u64);
}

/**
 * rdm_gc_init() - make a member; it does nothing before rdm_gc_join()
 * @g: rdm_gc_size() zeroed bytes
 * @cfg: what it is; @cfg->list must live as long as @g
 */
void rdm_gc_init(struct rdm_gc *g, const struct rdm_gc_cfg *cfg)
{
	u32 i;

	g->cfg = *cfg;
	g->rng = cfg->seed;
	g->known = (u64 *)&g->mem[cfg->max];
	g->timer_at = RDM_GNEVER;
	g->seek_at = RDM_GNEVER;
	g->join_at = RDM_GNEVER;
	g->change_at = RDM_GNEVER;
	g->linger_at = RDM_GNEVER;
	INIT_LIST_HEAD(&g->ready);
	INIT_LIST_HEAD(&g->freed);
	INIT_LIST_HEAD(&g->done);
	INIT_LIST_HEAD(&g->txq);
	INIT_LIST_HEAD(&g->old);
	INIT_LIST_HEAD(&g->casts);
	INIT_LIST_HEAD(&g->spare);
	for (i = 0; i < RDM_GEVENTS; i++)
		list_add_tail(&g->events[i].item.node, &g->spare);
	g->nspare = RDM_GEVENTS;
}

/**
 * rdm_gc_join() - look for the group, join it or give birth to it
 * @g: a member that is idle
 * @now: ns
 */
void rdm_gc_join(struct rdm_gc *g, u64 now)
{
	if (g->state != RDM_GC_IDLE)
		return;
	g->leaving = false;
	g->contact_set = false;
	rdm_gseek(g, now, 3);
}

/* Delivers what is held of @o up to @to. */
void rdm_gdeliver(struct rdm_gc *g, u64 now, u8 o, u64 to)
{
	struct rdm_gmem *org = &g->mem[o];
	struct rdm_gmsg *m;

	while (org->delivered < to) {
		m = org->cur ? list_next_entry(org->cur, node) :
			       list_first_entry(&org->msgs, struct rdm_gmsg, node);
		if (WARN_ON_ONCE(list_entry_is_head(m, &org->msgs, node) ||
				 m->seq != org->delivered + 1))
			return;
		org->cur = m;
		org->delivered = m->seq;
		if (!org->unacked)
			org->unacked = m;
		m->delivered = true;
		g->count[RDM_GCS_DELIVERED]++;
		if (m->silent) {
			org->read = m->seq;
			org->read_cum = m->cum;
			continue;
		}
		g->unread++;
		list_add_tail(&m->item.node, &g->ready);
	}
	rdm_gack(g, now, o);
}

/*
 * Acks what was delivered, while no more than half of the window is unread: the
 * other half is what an origin may have under way, so that a slow reader bounds
 * what it must hold by its acks alone.
 */
void rdm_gack(struct rdm_gc *g, u64 now, u8 o)
{
	struct rdm_gmem *org = &g->mem[o];
	struct rdm_gmsg *m;
	u64 before = org->acked;

	/* what the view began with was counted by the decision; only reading it counts here */
	if (org->acked < org->base && org->base_cum <= org->read_cum + g->cfg.window / 2 &&
	    org->base <= org->read + g->cfg.window_msgs / 2) {
		org->acked = org->base;
		org->acked_cum = org->base_cum;
	}
	while (org->acked >= org->base && (m = org->unacked)) {
		if (m->cum > org->read_cum + g->cfg.window / 2 ||
		    m->seq > org->read + g->cfg.window_msgs / 2)
			break;
		org->acked = m->seq;
		org->acked_cum = m->cum;
		org->unacked = m == org->cur ? NULL : list_next_entry(m, node);
	}
	if (org->acked == before)
		return;
	*rdm_gknown(g, g->rank, o) = org->acked;
	if (o == g->rank) {
		rdm_gstable(g);
		return;
	}
	if (org->acked - org->told >= max(g->cfg.window_msgs / 16, 1U) ||
	    org->acked_cum - org->told_cum >= g->cfg.window / 16) {
		rdm_gwant(g, o, RDM_GWANT_STATE);
	} else if (org->ack_at == RDM_GNEVER) {
		org->ack_at = now + RDM_GACK_DELAY;
		rdm_gwake(g, org->ack_at);
	}
	rdm_grelease(g, o);
}

/* What every member has need not be kept. */
void rdm_grelease(struct rdm_gc *g, u8 o)
{
	struct rdm_gmem *org = &g->mem[o];
	u64 limit = rdm_gmut(EARLY_RELEASE) ? org->acked : min(org->floor, org->acked);
	struct rdm_gmsg *m, *next;

	list_for_each_entry_safe(m, next, &org->msgs, node) {
		if (m->seq > limit)
			break;
		if (o == g->rank) {
			org->floor_cum = m->cum;
			rdm_gfinish(g, m, RDM_GFATE_STABLE);
		}
		if (org->cur == m)
			org->cur = NULL;
		rdm_gdrop(g, m);
	}
}

/* Something was heard of where own broadcasts are. */
void rdm_gstable(struct rdm_gc *g)
{
	struct rdm_gmem *me = &g->mem[g->rank];
	u64 low = me->acked;
	u8 k;

	for (k = 0; k < g->n; k++) {
		if (rdm_gmut(PRIVATE_DROP) && g->mem[k].suspected)
			continue;
		low = min(low, *rdm_gknown(g, k, g->rank));
	}
	if (low <= me->floor)
		return;
	me->floor = low;
	if (low >= me->base)
		me->floor_cum = max(me->floor_cum, me->base_cum);
	g->full = false;
	rdm_grelease(g, g->rank);
}

/**
 * rdm_gc_send() - broadcast
 * @g: the member
 * @now: ns
 * @m: zeroed but for @m->charge and @m->silent
 *
 * Return: 0: the record is the core's; -EAGAIN: not now (window full, view change, too
 * few members); -EMSGSIZE: more than half of the window; -ENOTCONN: no member (yet);
 * -EPIPE: leaving.
 */
int rdm_gc_send(struct rdm_gc *g, u64 now, struct rdm_gmsg *m)
{
	struct rdm_gmem *me = &g->mem[g->rank];
	u8 k;

	if (m->charge > g->cfg.window / 2)
		return -EMSGSIZE;
	if (g->leaving)
		return -EPIPE;
	if (g->state != RDM_GC_MEMBER)
		return -ENOTCONN;
	if (!g->formed)
		return -EAGAIN;
	if (g->cfg.cast)
		return rdm_gcast_send(g, m);
	if (g->merging || (g->frozen && !rdm_gmut(NO_FREEZE)))
		return -EAGAIN;
	if (g->seq - me->floor >= g->cfg.window_msgs / 2 ||
	    g->cum + m->charge - me->floor_cum > g->cfg.window / 2) {
		if (!g->full)
			rdm_gwake(g, now);
		g->full = true;
		return -EAGAIN;
	}
	g->cum += m->charge;
	m->item.type = RDM_GI_DATA;
	INIT_LIST_HEAD(&m->item.node);
	INIT_LIST_HEAD(&m->tx);
	m->origin = g->self;
	m->lineage = g->lineage;
	m->view = g->view;
	m->seq = ++g->seq;
	m->cum = g->cum;
	m->rank = g->rank;
	m->own = true;
	m->todo = 0;
	for (k = 0; k < g->n; k++)
		if (k != g->rank && !g->mem[k].suspected)
			m->todo |= BIT_ULL(k);
	if (m->todo)
		list_add_tail(&m->tx, &g->txq);
	list_add_tail(&m->node, &me->msgs);
	me->held = m->seq;
	me->top = m->seq;
	if (g->frozen)
		return 0;
	rdm_gdeliver(g, now, g->rank, m->seq);
	return 0;
}

/**
 * rdm_gc_consumed() - a broadcast has left the application's queue; once for each
 * @g: the member
 * @now: ns
 * @m: it, or a copy of its @origin, @rank, @seq, @cum, @charge and @cast
 */
void rdm_gc_consumed(struct rdm_gc *g, u64 now, const struct rdm_gmsg *m)
{
	u8 o = rdm_grank(g, &m->origin, m->rank);

	if (rdm_gc_just_consumed(g, m))
		return;
	if (g->unread && !--g->unread && g->starved) {
		g->starved = false;
		rdm_gwake(g, now);
	}
	if (o == RDM_GROUP_NONE)
		return;
	if (m->cast) {
		g->mem[o].cast_unread -= min(m->charge, g->mem[o].cast_unread);
		return;
	}
	if (m->seq <= g->mem[o].read)
		return;
	g->mem[o].read = m->seq;
	g->mem[o].read_cum = m->cum;
	rdm_gack(g, now, o);
}

/**
 * rdm_gc_just_consumed() - rdm_gc_consumed(), where nothing follows from it
 * @g: the member
 * @m: see there
 *
 * While all that was delivered is acked, reading it only makes room for acks to come. So who
 * reads need not know the time, nor look for what is to be done.
 *
 * Return: false when more may follow: nothing has happened then, call rdm_gc_consumed().
 */
bool rdm_gc_just_consumed(struct rdm_gc *g, const struct rdm_gmsg *m)
{
	u8 o = rdm_grank(g, &m->origin, m->rank);
	struct rdm_gmem *org = &g->mem[o];

	if (g->starved || m->cast || o == RDM_GROUP_NONE || org->unacked ||
	    org->acked < org->base)
		return false;
	g->unread -= !!g->unread;
	if (m->seq > org->read) {
		org->read = m->seq;
		org->read_cum = m->cum;
	}
	return true;
}

/* Of an origin whose charges before its first one here are not known: do all fit in its window? */
static bool spans(const struct rdm_gc *g, const struct rdm_gmem *org, const struct rdm_gmsg *m)
{
	const struct rdm_gmsg *first = m, *last = m;

	if (!list_empty(&org->msgs)) {
		first = list_first_entry(&org->msgs, struct rdm_gmsg, node);
		last = list_last_entry(&org->msgs, struct rdm_gmsg, node);
	}
	return max(last->cum, m->cum) - min(first->cum - first->charge, m->cum - m->charge) <=
	       g->cfg.window / 2;
}

/*
 * Takes a broadcast into its place. Charges count up from one to the next, so the window, which
 * bounds the count, bounds what is held, whatever the origin says.
 */
static enum rdm_grx insert(const struct rdm_gc *g, struct rdm_gmem *org, struct rdm_gmsg *m)
{
	struct rdm_gmsg *at, *prev = NULL, *next = NULL;
	u64 from = org->fresh ? 0 : org->acked_cum;

	list_for_each_entry_reverse(at, &org->msgs, node) {
		if (at->seq == m->seq)
			return RDM_GRX_DUP;
		if (at->seq < m->seq) {
			prev = at;
			from = at->cum;
			break;
		}
		next = at;
	}
	if (m->cum - m->charge < from || (next && next->cum - next->charge < m->cum) ||
	    (org->fresh && !spans(g, org, m)))
		return RDM_GRX_WINDOW;
	list_add(&m->node, prev ? &prev->node : &org->msgs);
	return RDM_GRX_TAKEN;
}

static void take_msg(struct rdm_gc *g, u64 now, struct rdm_gmem *org, struct rdm_gmsg *m)
{
	struct rdm_gmsg *next;
	u8 o = org - g->mem, k;

	if (org->fresh && m->seq == org->base + 1) {
		/* the first one since we joined tells where the origin's charges stood */
		org->fresh = false;
		org->base_cum = m->cum - m->charge;
		org->acked_cum = org->base_cum;
		org->told_cum = org->base_cum;
		org->read_cum = max(org->read_cum, org->base_cum);
	}
	for (next = m; next->seq == org->held + 1; next = list_next_entry(next, node)) {
		org->held++;
		if (list_is_last(&next->node, &org->msgs))
			break;
	}
	if (g->cfg.eager && !g->frozen) {
		for (k = 0; k < g->n; k++)
			if (k != g->rank && k != o && *rdm_gknown(g, k, o) < m->seq)
				m->todo |= BIT_ULL(k);
		m->again = m->todo;
		if (m->todo)
			list_move_tail(&m->tx, &g->txq);
	}
	/* from here on it may be freed */
	if (!g->frozen || rdm_gmut(NO_FREEZE))
		rdm_gdeliver(g, now, o, org->held);
	rdm_gpull_held(g, now, o);
	if (g->holding)
		rdm_gview_held(g, now);
}

/* A frame of our lineage and another view: whoever is behind hears of it. */
static void other_view(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		       const struct rdm_gaddr *from)
{
	struct rdm_gmember who = { .at = *from, .inc = f->inc };
	struct rdm_gguest *guest;
	u8 k;

	if (f->group != g->cfg.group || g->state != RDM_GC_MEMBER || f->lineage != g->lineage)
		return;
	k = rdm_grank(g, &who, RDM_GROUP_NONE);
	if (f->view < g->view && k != RDM_GROUP_NONE) {
		rdm_gwant(g, k, RDM_GWANT_DECIDE);
		return;
	}
	guest = rdm_gguest(g, now, &who);
	if (!guest || now < guest->answered + rdm_gretry(g))
		return;
	guest->answered = now;
	guest->want |= f->view < g->view ? RDM_GWANT_DECIDE : RDM_GWANT_HELLO;
}

/**
 * rdm_gc_rx_data() - a broadcast came
 * @g: the member
 * @now: ns
 * @from: whose channel
 * @f: decoded by rdm_gw_frame()
 * @m: zeroed but for @m->charge
 *
 * Return: enum rdm_grx.
 */
enum rdm_grx rdm_gc_rx_data(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from,
			    const struct rdm_gframe *f, struct rdm_gmsg *m)
{
	struct rdm_gmember who = { .at = *from, .inc = f->inc };
	u8 k = rdm_grank(g, &who, f->from);
	struct rdm_gmem *org;
	enum rdm_grx grx;

	if (f->group != g->cfg.group || g->state != RDM_GC_MEMBER || f->lineage != g->lineage ||
	    f->view != g->view) {
		other_view(g, now, f, from);
		/* best effort does without an agreement about members */
		if (f->flags & RDM_GD_CAST && k != RDM_GROUP_NONE &&
		    f->group == g->cfg.group && f->lineage == g->lineage)
			return rdm_gcast_rx(g, now, f, k, m);
		return RDM_GRX_VIEW;
	}
	if (k == RDM_GROUP_NONE || f->n != g->n || g->mem[f->origin].who.inc != f->oinc)
		return RDM_GRX_BAD;
	rdm_gheard(g, now, k);
	rdm_gview_there(g, k);
	if (f->flags & RDM_GD_CAST)
		return rdm_gcast_rx(g, now, f, k, m);
	org = &g->mem[f->origin];
	if (f->origin == g->rank)
		return RDM_GRX_DUP;
	if (f->floor > org->floor) {
		org->floor = f->floor;
		rdm_grelease(g, f->origin);
	}
	if (f->flags & RDM_GD_MORE)
		rdm_gpull_more(g, f->origin, f->seq);
	if (f->seq <= org->held && !rdm_gmut(NO_DUP_CHECK)) {
		if (f->flags & RDM_GD_MORE)
			rdm_gpull_held(g, now, f->origin);
		g->count[RDM_GCS_DUP]++;
		return RDM_GRX_DUP;
	}
	if (f->seq > org->acked + g->cfg.window_msgs / 2 || m->charge > f->cum ||
	    (!org->fresh && f->cum > org->acked_cum + g->cfg.window / 2))
		return RDM_GRX_WINDOW;
	m->item.type = RDM_GI_DATA;
	INIT_LIST_HEAD(&m->item.node);
	INIT_LIST_HEAD(&m->tx);
	INIT_LIST_HEAD(&m->node);
	m->origin = org->who;
	m->lineage = f->lineage;
	m->view = f->view;
	m->seq = f->seq;
	m->cum = f->cum;
	m->rank = f->origin;
	if (f->seq <= org->held) {
		list_add_tail(&m->item.node, &g->ready);
		rdm_gdrop(g, m);
		return RDM_GRX_TAKEN;
	}
	grx = insert(g, org, m);
	if (unlikely(grx != RDM_GRX_TAKEN)) {
		g->count[RDM_GCS_DUP] += grx == RDM_GRX_DUP;
		return grx;
	}
	org->top = max(org->top, f->seq);
	take_msg(g, now, org, m);
	return RDM_GRX_TAKEN;
}

/* To an origin that announces itself with frames of our view. */
static void rx_member(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k)
{
	rdm_gheard(g, now, k);
	rdm_gview_there(g, k);
	switch (f->type) {
	case RDM_GF_STATE:
		rdm_gstate_rx(g, now, f, k);
		break;
	case RDM_GF_PULL:
		rdm_gpull_rx(g, now, f, k, false);
		break;
	default:
		rdm_gview_frame(g, now, f, k);
	}
}

/**
 * rdm_gc_rx() - a frame came, of any type but DATA
 * @g: the member
 * @now: ns
 * @from: who sent it
 * @proven: it came through a channel; without that, only announcements are read
 * @p: the frame
 * @len: its length, bytes
 *
 * Return: 0, or -EPROTO when it is malformed.
 */
int rdm_gc_rx(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from, bool proven,
	      const u8 *p, u32 len)
{
	struct rdm_gmember who = { .at = *from };
	struct rdm_gframe f;
	u8 k;

	if (rdm_gw_frame(&f, p, len) || f.type == RDM_GF_DATA)
		return -EPROTO;
	if (f.group != g->cfg.group || g->state == RDM_GC_IDLE || rdm_gat_eq(from, &g->self.at))
		return 0;
	who.inc = f.inc;
	if (f.type == RDM_GF_ANNOUNCE) {
		rdm_gannounce_rx(g, now, &f, from, proven);
		return 0;
	}
	if (!proven)
		return 0;
	if (f.type == RDM_GF_JOIN) {
		rdm_gjoin_rx(g, now, &f, from);
		return 0;
	}
	if (f.type == RDM_GF_DECIDE) {
		rdm_gview_decide(g, now, &f);
		return 0;
	}
	if (g->state != RDM_GC_MEMBER || f.lineage != g->lineage)
		return 0;
	k = rdm_grank(g, &who, f.from);
	if (f.view != g->view) {
		if (f.type == RDM_GF_PULL && f.view == g->last_view && k != RDM_GROUP_NONE)
			rdm_gpull_rx(g, now, &f, k, true);
		if (rdm_gmut(OLD_FLOOR) && f.type == RDM_GF_STATE && k != RDM_GROUP_NONE &&
		    f.view < g->view && f.n == g->n)
			rdm_gstate_rx(g, now, &f, k);
		other_view(g, now, &f, from);
		return 0;
	}
	if (k == RDM_GROUP_NONE || f.n != g->n || (f.to != g->rank && f.to != RDM_GROUP_NONE))
		return 0;
	rx_member(g, now, &f, k);
	return 0;
}

/**
 * rdm_gc_leave() - leave, once own broadcasts are stable or cfg.linger is over
 * @g: the member
 * @now: ns
 *
 * RDM_GI_OVER tells when it is done. Until then the member votes and serves others, so
 * the glue goes on calling; what rdm_gc_ready() gives counts as read.
 */
void rdm_gc_leave(struct rdm_gc *g, u64 now)
{
	if (g->leaving)
		return;
	g->leaving = true;
	g->merging = false;
	if (g->state != RDM_GC_MEMBER) {
		if (g->state == RDM_GC_SEEKING)
			rdm_gc_abandon(g, now);
		return;
	}
	g->linger_at = now + g->cfg.linger;
	rdm_gwake(g, now);
}

/**
 * rdm_gc_abandon() - leave at once, without a word
 * @g: the member
 * @now: ns
 */
void rdm_gc_abandon(struct rdm_gc *g, u64 now)
{
	if (g->state == RDM_GC_IDLE)
		return;
	rdm_gevent(g, RDM_GI_OVER, &g->self);
	rdm_greset(g, false, 0);
}

/* All broadcasts of @head are given up; of own ones up to @cut the others have all. */
static void drop_all(struct rdm_gc *g, struct list_head *head, bool told, u64 cut)
{
	struct rdm_gmsg *m, *next;

	list_for_each_entry_safe(m, next, head, node) {
		rdm_gfinish(g, m, !told ? RDM_GFATE_UNKNOWN :
				  m->seq <= cut ? RDM_GFATE_STABLE : RDM_GFATE_NOBODY);
		if (!m->delivered)
			g->count[RDM_GCS_DISCARDED]++;
		rdm_gdrop(g, m);
	}
}

/* The end of this life; @told: a decision left us out, with @cut. */
void rdm_greset(struct rdm_gc *g, bool told, u64 cut)
{
	u8 k;

	for (k = 0; k < g->n; k++)
		drop_all(g, &g->mem[k].msgs, told, cut);
	drop_all(g, &g->old, told, U64_MAX);
	rdm_gcast_view(g, 0);
	memset(g->guests, 0, sizeof(g->guests));
	/* rdm_gc_member() still says who lacked what */
	for (k = 0; k < g->n; k++)
		g->last_who[k] = g->mem[k].who;
	g->last_view = g->view;
	g->last_n = g->n;
	/* what this life left unread has its place: the next one begins when it is read */
	g->starved = g->unread;
	g->state = RDM_GC_IDLE;
	g->n = 0;
	g->view = 0;
	g->want = 0;
	g->pulls = 0;
	g->seq = 0;
	g->cum = 0;
	g->cast_seq = 0;
	g->cast_cum = 0;
	g->cast_refused = 0;
	g->formed = false;
	g->kept = false;
	g->merging = false;
	g->ending = false;
	g->leaves = false;
	g->full = false;
	g->frozen = false;
	g->blocked = false;
	g->decided = false;
	g->holding = false;
	g->announce = false;
	g->greet = 0;
	g->round = 0;
	g->promised = 0;
	g->accepted.ballot = 0;
	g->p.phase = RDM_GPH_NONE;
	g->alone = false;
	g->change_at = RDM_GNEVER;
	g->linger_at = RDM_GNEVER;
	g->seek_at = RDM_GNEVER;
	g->join_at = RDM_GNEVER;
	g->timer_at = RDM_GNEVER;
}
