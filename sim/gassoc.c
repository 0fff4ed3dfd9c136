// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: channels of group members that are real associations: the pure files of
 * an association at both ends, packets between them that are lost, late and cut
 * off, each frame of the group one message. The handshake is not played: it has
 * scenarios of its own.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/rdm.h>

#include "group.h"

/* A frame of the group, as a message of an association. */
struct amsg {
	struct rdm_txmsg tx;
	struct gpkt *p;
};

struct aend {
	struct rdm_assoc a;
	struct rdm_assoc_hot hot;
	struct list_head pool;
	u8 node;
	u32 life;
};

struct gchan {
	struct aend e[2];
	u32 num;
};

/* A packet under way. */
struct apkt {
	struct list_head all;
	struct world *w;
	u8 from, to;
	u32 num;
	struct rdm_plan plan;
	u32 n;
	struct {
		u64 seq;
		struct gpkt *p;
	} m[64];
};

static void settle(struct aend *e, struct rdm_out *out)
{
	struct amsg *m, *next;

	list_for_each_entry_safe(m, next, &out->tx.dead, tx.node) {
		free(m->p);
		free(m);
	}
	list_splice_tail_init(&out->recs, &e->pool);
}

static struct aend *end_of(struct world *w, u8 node, u8 peer)
{
	struct gchan *c = w->chans[min(node, peer)][max(node, peer)];

	return c ? &c->e[node > peer] : NULL;
}

static void destroy(struct world *w, u8 a, u8 b)
{
	struct gchan **at = &w->chans[min(a, b)][max(a, b)], *c = *at;
	u32 i;

	if (!c)
		return;
	*at = NULL;
	for (i = 0; i < 2; i++) {
		struct rdm_sent *r, *next;
		struct rdm_out out;

		rdm_out_init(&out);
		rdm_assoc_flush(&c->e[i].a, &out);
		settle(&c->e[i], &out);
		list_for_each_entry_safe(r, next, &c->e[i].pool, node)
			free(r);
	}
	free(c);
}

static void make_end(struct world *w, struct aend *e, u8 node)
{
	struct rdm_assoc_cfg cfg = {
		.tag = grnd(w) | 1,
		.terms = {
			.incarnation = grnd(w) | 1, .rx_window = 4 << 20,
			.user_timeout = 400 * GMS, .idle_timeout = 300 * GSEC,
			.max_msg = 65536, .cong = &rdm_cong_newreno,
		},
		.mtu = 60000,
	};

	rdm_assoc_init(&e->a, &cfg);
	rdm_assoc_heat(&e->a, &e->hot);
	INIT_LIST_HEAD(&e->pool);
	e->node = node;
	e->life = w->nodes[node].life;
}

static struct gchan *make(struct world *w, u8 a, u8 b)
{
	static u8 cookie[RDM_COOKIE_LEN];
	static struct rdm_plan plan;
	struct gchan *c = calloc(1, sizeof(*c));
	struct rdm_cookie ck = { .time = w->now };
	struct rdm_params pa;
	struct rdm_out out;

	make_end(w, &c->e[0], min(a, b));
	make_end(w, &c->e[1], max(a, b));
	c->num = ++w->nchans;
	w->chans[min(a, b)][max(a, b)] = c;
	w->count[GC_ASSOC]++;
	rdm_out_init(&out);
	rdm_assoc_open(&c->e[0].a, w->now, &out);
	rdm_assoc_next(&c->e[0].a, w->now, &c->e[0].pool, 1, &plan, &out);
	rdm_assoc_params(&c->e[0].a, &ck.peer);
	ck.tag = c->e[1].a.local_tag;
	rdm_assoc_params(&c->e[1].a, &pa);
	rdm_assoc_rx_init_ack(&c->e[0].a, w->now, &pa, cookie, &out);
	settle(&c->e[0], &out);
	rdm_out_init(&out);
	if (!rdm_assoc_rx_cookie(&c->e[1].a, w->now, &ck, &out))
		gfail(w, "no association");
	settle(&c->e[1], &out);
	return c;
}

static void failed(struct world *w, u8 a, u8 b)
{
	gtrace(w, "the association of %u and %u ends", a, b);
	destroy(w, a, b);
	gchanfail(w, a, b);
}

static void deliver(struct world *w, u64 arg);

static void send_plan(struct world *w, struct aend *e, u8 peer, const struct rdm_plan *plan)
{
	struct rdm_txmsg *t = plan->msg;
	struct apkt *k;
	u16 i;

	w->count[GC_PACKETS]++;
	if (plan->kind == RDM_PLAN_FRAGS)
		gfail(w, "a frame of the group is cut");
	if (w->links[e->node][peer].down || (!w->quiet && gchance(w, w->drop))) {
		w->count[w->links[e->node][peer].down ? GC_CUT : GC_DROP]++;
		return;
	}
	k = calloc(1, sizeof(*k));
	k->w = w;
	k->from = e->node;
	k->to = peer;
	k->num = w->chans[min(e->node, peer)][max(e->node, peer)]->num;
	k->plan = *plan;
	for (i = 0; plan->kind == RDM_PLAN_BUNDLE && i < plan->n && k->n < 64;
	     i++, t = list_next_entry(t, node)) {
		struct gpkt *p = container_of(t, struct amsg, tx)->p;

		if (t->finished)
			continue;
		k->m[k->n].seq = t->seq;
		k->m[k->n].p = malloc(sizeof(*p) + p->len);
		memcpy(k->m[k->n++].p, p, sizeof(*p) + p->len);
	}
	list_add_tail(&k->all, &w->apkts);
	gcall(w, w->now + w->delay + (w->jitter ? grnd(w) % w->jitter : 0), deliver,
	      (unsigned long)k);
}

static void pump(struct world *w, u8 node, u8 peer)
{
	static struct rdm_plan plan;
	struct aend *e = end_of(w, node, peer);
	struct rdm_out out;
	u32 i, n = 0;
	bool more = true;

	while (e && more && n++ < 10000) {
		for (i = 0; i < 8; i++) {
			struct rdm_sent *r = calloc(1, sizeof(*r));

			list_add_tail(&r->node, &e->pool);
		}
		rdm_out_init(&out);
		more = rdm_assoc_next(&e->a, w->now, &e->pool, 1, &plan, &out);
		if (more)
			send_plan(w, e, peer, &plan);
		settle(e, &out);
		if (e->a.state == RDM_ASSOC_CLOSED) {
			failed(w, node, peer);
			return;
		}
	}
}

/* A frame of the group goes into the association, which is made if need be. */
void gassoc_send(struct world *w, struct gpkt *p)
{
	struct aend *e = end_of(w, p->src, p->dst);
	struct rdm_out out;
	struct amsg *m;

	if (e && (end_of(w, p->dst, p->src)->life != w->nodes[p->dst].life ||
		  e->life != w->nodes[p->src].life)) {
		destroy(w, p->src, p->dst);
		e = NULL;
	}
	if (!e && (!w->nodes[p->dst].up || w->links[p->src][p->dst].down ||
		   w->links[p->dst][p->src].down)) {
		free(p);
		return;
	}
	if (!e)
		make(w, p->src, p->dst);
	e = end_of(w, p->src, p->dst);
	m = calloc(1, sizeof(*m));
	m->p = p;
	rdm_txmsg_init(&m->tx, p->len, p->len, NULL);
	rdm_out_init(&out);
	rdm_assoc_push(&e->a, w->now, &m->tx, &out);
	settle(e, &out);
	pump(w, p->src, p->dst);
}

static void drop(struct apkt *k)
{
	u32 i;

	for (i = 0; i < k->n; i++)
		free(k->m[i].p);
	list_del(&k->all);
	free(k);
}

static void deliver(struct world *w, u64 arg)
{
	struct apkt *k = (struct apkt *)(unsigned long)arg;
	struct aend *e = end_of(w, k->to, k->from);
	bool eliciting = false;
	struct rdm_rxmsg *held;
	struct rdm_frame f;
	struct rdm_out out;
	u32 at = RDM_HDR_LEN, i;
	u64 charge = 0;

	if (!e || w->chans[min(k->from, k->to)][max(k->from, k->to)]->num != k->num ||
	    !w->nodes[k->to].up || w->nodes[k->to].life != e->life ||
	    w->links[k->from][k->to].down || !rdm_assoc_rx_begin(&e->a, w->now, k->plan.pn)) {
		drop(k);
		return;
	}
	rdm_out_init(&out);
	while (at < k->plan.head_len) {
		at += rdm_wire_frame(&f, k->plan.head + at, k->plan.head_len - at, at,
				     k->plan.head_len);
		eliciting |= f.type != RDM_FRAME_ACK;
		if (f.type != RDM_FRAME_COOKIE)
			rdm_assoc_rx_ctl(&e->a, w->now, k->plan.pn, &f, &out);
	}
	for (i = 0; i < k->n; i++) {
		f = (struct rdm_frame){
			.type = RDM_FRAME_MSG, .seq = k->m[i].seq, .len = k->m[i].p->len,
			.total = k->m[i].p->len,
		};
		eliciting = true;
		if (rdm_assoc_rx_check(&e->a, &f, &held) == RDM_RX_NEW) {
			e->a.rx_charge += rdm_msg_charge(f.total);
			charge += rdm_msg_charge(f.total);
			rdm_assoc_rx_whole(&e->a, f.seq);
		} else {
			free(k->m[i].p);
			k->m[i].p = NULL;
		}
	}
	rdm_assoc_rx_end(&e->a, w->now, k->plan.pn, RDM_ECN_NONE, eliciting, false, &out);
	if (charge)
		rdm_assoc_rx_consumed(&e->a, charge, &out);
	settle(e, &out);
	pump(w, k->to, k->from);
	for (i = 0; i < k->n; i++) {
		if (!k->m[i].p)
			continue;
		garrive(w, k->m[i].p);
		k->m[i].p = NULL;
	}
	drop(k);
}

/* The earliest timer of all associations between nodes that live. */
u64 gassoc_deadline(struct world *w, u8 *node, u8 *peer)
{
	u64 at = U64_MAX, t;
	u8 a, b;

	for (a = 0; a < w->n; a++)
		for (b = 0; b < w->n; b++) {
			struct aend *e = a == b ? NULL : end_of(w, a, b);

			if (!e || !w->nodes[a].up || w->nodes[a].life != e->life)
				continue;
			t = rdm_assoc_deadline(&e->a);
			if (t < at) {
				at = t;
				*node = a;
				*peer = b;
			}
		}
	return at;
}

void gassoc_timer(struct world *w, u8 node, u8 peer)
{
	struct aend *e = end_of(w, node, peer);
	struct rdm_out out;

	rdm_out_init(&out);
	rdm_assoc_timer(&e->a, w->now, &out);
	settle(e, &out);
	if (e->a.state == RDM_ASSOC_CLOSED)
		failed(w, node, peer);
	else
		pump(w, node, peer);
}

void gassoc_free(struct world *w)
{
	struct apkt *k, *next;
	u8 a, b;

	for (a = 0; a < w->n; a++)
		for (b = a + 1; b < w->n; b++)
			destroy(w, a, b);
	list_for_each_entry_safe(k, next, &w->apkts, all)
		drop(k);
}
