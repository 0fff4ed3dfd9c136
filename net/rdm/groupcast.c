// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupcast: best-effort broadcasts: one copy for each member that is heard,
 * over its channel, and no more: nobody holds, acks, relays or repairs them, and a
 * view change does not wait for them. They have sequences of their own, which serve
 * to take none twice. What became of the copies the channels say.
 */
#include "group_int.h"

/* Has the origin this sequence for the first time? One that is too old to tell counts as taken. */
static bool is_new(struct rdm_gmem *o, u64 seq)
{
	u64 s, bit = BIT_ULL(seq % 64), *word = &o->cast_bits[seq % RDM_GCAST_BITS / 64];

	if (seq > o->cast_top) {
		for (s = max(o->cast_top, seq - min_t(u64, seq, RDM_GCAST_BITS)) + 1; s < seq; s++)
			o->cast_bits[s % RDM_GCAST_BITS / 64] &= ~BIT_ULL(s % 64);
		*word &= ~bit;
		o->cast_top = seq;
	} else if (o->cast_top - seq >= RDM_GCAST_BITS) {
		return false;
	}
	if (*word & bit && !rdm_gmut(NO_CAST_CHECK))
		return false;
	*word |= bit;
	return true;
}

/* To the application, unless it has too much unread: nobody waits for who does not read. */
static bool deliver_msg(struct rdm_gc *g, struct rdm_gmem *o, struct rdm_gmsg *m)
{
	if (o->cast_unread + m->charge > g->cfg.window) {
		g->count[RDM_GCS_DISCARDED]++;
		return false;
	}
	o->cast_unread += m->charge;
	m->delivered = true;
	g->unread++;
	list_add_tail(&m->item.node, &g->ready);
	g->count[RDM_GCS_DELIVERED]++;
	return true;
}

static void init(struct rdm_gc *g, struct rdm_gmsg *m, u64 view, u64 seq, u64 cum)
{
	m->item.type = RDM_GI_DATA;
	INIT_LIST_HEAD(&m->item.node);
	INIT_LIST_HEAD(&m->node);
	INIT_LIST_HEAD(&m->tx);
	m->cast = true;
	m->lineage = g->lineage;
	m->view = view;
	m->seq = seq;
	m->cum = cum;
}

/* Every copy was carried, or was not. */
static void finish_msg(struct rdm_gc *g, struct rdm_gmsg *m)
{
	if (m->wait)
		return;
	m->fate = m->lack ? RDM_GFATE_PARTLY : RDM_GFATE_ARRIVED;
	list_add_tail(&m->done, &g->done);
	rdm_gdrop(g, m);
}

/*
 * Would a broadcast of @charge have to wait? What the channels have to carry bounds it; a
 * member that is not heard is passed over, and so holds nobody up for long.
 */
static bool full(const struct rdm_gc *g, u32 charge)
{
	u8 k;

	for (k = 0; k < g->n; k++) {
		const struct rdm_gmem *m = &g->mem[k];

		if (k != g->rank && !m->suspected && g->cast_cum > m->cast_cum &&
		    g->cast_cum - m->cast_cum + charge > g->cfg.window / 2)
			return true;
	}
	return false;
}

/* May one be sent that is as long as the last one that was refused? */
bool rdm_gcast_open(const struct rdm_gc *g)
{
	return !full(g, g->cast_refused);
}

/* rdm_gc_send() of a member whose broadcasts are of this kind. */
int rdm_gcast_send(struct rdm_gc *g, struct rdm_gmsg *m)
{
	u64 others = rdm_gall(g->n) & ~BIT_ULL(g->rank);

	g->cast_refused = 0;
	if (full(g, m->charge)) {
		g->cast_refused = m->charge;
		return -EAGAIN;
	}
	g->cast_cum += m->charge;
	init(g, m, g->view, ++g->cast_seq, g->cast_cum);
	m->origin = g->self;
	m->rank = g->rank;
	m->own = true;
	m->todo = others & rdm_gtrusted(g);
	m->lack = others & ~m->todo;
	m->wait = m->todo;
	list_add_tail(&m->node, &g->casts);
	if (m->todo)
		list_add_tail(&m->tx, &g->txq);
	deliver_msg(g, &g->mem[g->rank], m);
	finish_msg(g, m);
	return 0;
}

/**
 * rdm_gc_carried() - what became of copies of a best-effort broadcast
 * @g: the member
 * @m: own one, @cast; perhaps one that has its outcome
 * @ok: ranks in @m's view whose channel has brought it there
 * @failed: those whose channel will not
 */
void rdm_gc_carried(struct rdm_gc *g, struct rdm_gmsg *m, u64 ok, u64 failed)
{
	u8 k;

	if (m->fate)
		return;
	for (k = 0; m->view == g->view && k < g->n; k++)
		if ((ok | failed) & BIT_ULL(k))
			g->mem[k].cast_cum = max(g->mem[k].cast_cum, m->cum);
	m->lack |= failed & m->wait;
	m->wait &= ~(ok | failed);
	finish_msg(g, m);
}

/*
 * The view ends. Of the next one are those in @stay, by their ranks in this one; for the
 * channels of others nobody waits, nor for any over a second change, when ranks mean nothing.
 */
void rdm_gcast_view(struct rdm_gc *g, u64 stay)
{
	struct rdm_gmsg *m, *next;

	list_for_each_entry_safe(m, next, &g->casts, node) {
		u64 gone = m->view == g->view ? m->todo | (m->wait & ~stay) : m->wait;

		m->todo = 0;
		list_del_init(&m->tx);
		m->lack |= gone;
		m->wait &= ~gone;
		finish_msg(g, m);
	}
}

/* A best-effort broadcast came. */
enum rdm_grx rdm_gcast_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k,
			  struct rdm_gmsg *m)
{
	struct rdm_gmem *o = &g->mem[k];

	rdm_gheard(g, now, k);
	if (f->oinc != o->who.inc)
		return RDM_GRX_BAD;
	if (!is_new(o, f->seq)) {
		g->count[RDM_GCS_DUP]++;
		return RDM_GRX_DUP;
	}
	init(g, m, f->view, f->seq, f->cum);
	m->origin = o->who;
	m->rank = f->origin;
	if (!deliver_msg(g, o, m))
		return RDM_GRX_WINDOW;
	rdm_gdrop(g, m);
	return RDM_GRX_TAKEN;
}
