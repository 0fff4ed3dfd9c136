// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the glue around struct rdm_assoc, as the kernel's output and input
 * files are: plans become packets, frames become messages in a bounded receive
 * buffer, outcomes go to the judge. Every byte passes through the real codec.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/rdm.h>

#include "sim.h"

/* Most records in the pool at once: small, so that plans are cut by it. */
#define POOL_MAX	12

struct peer *peer_find(struct node *n, u16 remote)
{
	struct peer *p;

	list_for_each_entry(p, &n->peers, node)
		if (p->remote == remote)
			return p;
	return NULL;
}

struct peer *peer_by_tag(struct node *n, u64 tag)
{
	struct peer *p;

	list_for_each_entry(p, &n->peers, node)
		if (p->a.local_tag == tag || p->a.alias_tag == tag)
			return p;
	return NULL;
}

struct peer *peer_new(struct node *n, u16 remote, u64 tag)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct rdm_assoc_cfg cfg = {
		.tag = tag,
		.terms = {
			.incarnation = n->incarnation,
			.rx_window = n->rx_window,
			.user_timeout = n->user_timeout,
			.idle_timeout = n->idle_timeout,
			.max_msg = n->max_msg,
			.hold = true,
			.ecn = n->ecn,
			.pmtud = mutation != MUT_NO_PMTUD,
			.cong = n->cong,
		},
		.first_seq = n->first_seq,
		.first_pn = n->first_pn,	/* of the first association only */
		.mtu = n->mtu,
		.fifo = n->fifo && mutation != MUT_NO_FIFO,
	};

	rdm_assoc_init(&p->a, &cfg);
	n->first_pn = 0;
	p->n = n;
	p->remote = remote;
	p->uid = n->s->next_uid++;
	p->timer_at = U64_MAX;
	list_add_tail(&p->node, &n->peers);
	n->s->count[C_ASSOC]++;
	trace(n->s, "node %u: association %u to node %u", n->id, p->uid, remote);
	return p;
}

/* Sending */

static u32 put_msg(struct peer *p, struct rdm_txmsg *t, u8 *to)
{
	struct msg *m = container_of(t, struct txrec, tx)->m;
	u32 len = rdm_wire_put_msg(to, t->seq, t->len);

	check_sent(p->n->s, p, m, 0, t->len);
	msg_fill(m, 0, t->len, to + len);
	return len + t->len;
}

static u32 put_frag(struct peer *p, struct rdm_txmsg *t, u16 frag, u8 *to)
{
	struct msg *m = container_of(t, struct txrec, tx)->m;
	u32 off = frag * t->stride, n = rdm_txmsg_frag_len(t, frag), len;

	if (frag >= t->nfrags || t->finished)
		fail(p->n->s, "message %u: plan of fragment %u of %u", m->id, frag, t->nfrags);
	check_sent(p->n->s, p, m, off, n);
	len = rdm_wire_put_frag(to, t->seq, t->len, off, n);
	if (mutation == MUT_SHORT_FRAG && n > 1)
		msg_fill(m, off + 1, n, to + len);
	else
		msg_fill(m, off, n, to + len);
	return len + n;
}

static void send_padded(struct peer *p, u8 *buf, u32 len, const struct rdm_plan *plan)
{
	struct sim *s = p->n->s;

	if (plan->kind == RDM_PLAN_PROBE) {
		s->count[C_MTU_PROBE]++;
		if (plan->size > p->n->mtu)
			fail(s, "a probe of %u bytes where %u fit", plan->size, p->n->mtu);
		memset(buf + len, 0, plan->size - len);
		net_send(s, p->n->id, p->remote, buf, plan->size, p->uid, RDM_ECN_NONE);
		return;
	}
	if (len > p->a.mtu)
		fail(s, "a packet of %u bytes where %u fit", len, p->a.mtu);
	if (plan->kind != RDM_PLAN_FRAGS && plan->kind != RDM_PLAN_WHOLES &&
	    max_t(u32, len, RDM_MIN_PACKET) != plan->size)
		fail(s, "a packet has %u bytes, the plan says %u", len, plan->size);
	if (len < RDM_MIN_PACKET) {
		memset(buf + len, 0, RDM_MIN_PACKET - len);
		len = RDM_MIN_PACKET;
	}
	net_send(s, p->n->id, p->remote, buf, len, p->uid,
		 plan->ect ? RDM_ECN_ECT0 : RDM_ECN_NONE);
}

static void send_plan(struct peer *p, const struct rdm_plan *plan)
{
	u8 buf[66000];
	struct rdm_txmsg *t = plan->msg;
	u32 len = plan->head_len;

	if (plan->again)
		p->n->s->count[C_RETRANSMIT]++;
	trace(p->n->s, "node %u: sends %s %llu.%u pn %llu n %u%s head %u", p->n->id,
	      plan->kind == RDM_PLAN_RAW ? "control" :
	      plan->kind == RDM_PLAN_PROBE ? "probe" :
	      plan->kind == RDM_PLAN_FRAGS ? "fragments" : "messages", t ? t->seq : 0,
	      plan->frag, plan->pn, plan->n,
	      plan->again ? " again" : "", plan->head_len);
	memcpy(buf, plan->head, len);
	if (plan->kind == RDM_PLAN_FRAGS) {
		u16 frag = plan->frag;

		for (u16 i = 0; i < plan->n; i++) {
			if (i)
				len = rdm_wire_put_hdr(buf, RDM_PKT_DATA, plan->pn + i,
						       p->a.peer_tag);
			len += put_frag(p, t, frag, buf + len);
			if (i + 1 < plan->n && ++frag == t->nfrags) {
				if (list_is_last(&t->node, &p->a.txq.msgs)) {
					fail(p->n->s, "a run goes past the queue's end");
					return;
				}
				t = list_next_entry(t, node);
				frag = 0;
				p->n->s->count[C_JOINED]++;
				memset(buf + len, 0, plan->size - min(len, plan->size));
				len = max(len, plan->size);
			}
			if (len > plan->size || (len < plan->size && i + 1 < plan->n))
				fail(p->n->s, "packets of a run differ in size");
			send_padded(p, buf, len, plan);
		}
		return;
	}
	if (plan->kind == RDM_PLAN_WHOLES) {
		for (u16 i = 0; i < plan->n; i++, t = list_next_entry(t, node)) {
			if (list_entry_is_head(t, &p->a.txq.msgs, node) || t->nfrags > 1) {
				fail(p->n->s, "a run has other messages than whole ones");
				return;
			}
			if (i)
				len = rdm_wire_put_hdr(buf, RDM_PKT_DATA, plan->pn + i,
						       p->a.peer_tag);
			len += put_msg(p, t, buf + len);
			if (len > plan->size || (len < plan->size && i + 1 < plan->n))
				fail(p->n->s, "packets of a run differ in size");
			send_padded(p, buf, len, plan);
		}
		return;
	}
	if (plan->kind == RDM_PLAN_BUNDLE) {
		for (u16 i = 0; i < plan->n; i++, t = list_next_entry(t, node)) {
			if (list_entry_is_head(t, &p->a.txq.msgs, node)) {
				fail(p->n->s, "a bundle runs past the queue's end");
				return;
			}
			if (!t->finished || mutation == MUT_SEND_FINISHED)
				len += put_msg(p, t, buf + len);
		}
	}
	send_padded(p, buf, len, plan);
}

/* What MUT_OTHER_INCARNATION does with a message that failed. */
static void send_anew(struct sim *s, u64 id)
{
	struct msg *m = s->msgs[id];
	struct txrec *t = calloc(1, sizeof(*t));
	struct node *n = &s->nodes[m->src];
	struct peer *p = peer_find(n, m->dst);

	if (m->len > RDM_MIN_STRIDE)
		t->tx.acked = calloc(BITS_TO_LONGS(DIV_ROUND_UP(m->len, RDM_MIN_STRIDE)),
				     sizeof(long));
	rdm_txmsg_init(&t->tx, m->len, n->mtu - RDM_HDR_LEN - RDM_FRAG_LEN, t->tx.acked);
	t->m = m;
	m->tx = t;
	if (p && n->bound)
		peer_send(p, m);
}

static void take_out(struct peer *p, struct rdm_out *out)
{
	struct rdm_txmsg *t, *tmp;
	struct rdm_sent *r, *rtmp;

	list_for_each_entry_safe(t, tmp, &out->tx.done, done) {
		list_del_init(&t->done);
		if (mutation == MUT_NO_OUTCOME && t->error)
			continue;
		if (p->n->crashing)
			check_forgotten(p->n->s, container_of(t, struct txrec, tx)->m);
		else if (mutation == MUT_OTHER_INCARNATION && t->error == ECONNRESET)
			sim_call(p->n->s, p->n->s->now + SIM_MS, send_anew,
				 container_of(t, struct txrec, tx)->m->id);
		else
			check_done(p->n->s, container_of(t, struct txrec, tx)->m);
	}
	list_for_each_entry_safe(t, tmp, &out->tx.dead, node) {
		struct txrec *rec = container_of(t, struct txrec, tx);

		list_del(&t->node);
		if (!rec->m->done && mutation != MUT_OTHER_INCARNATION)
			fail(p->n->s, "message %u is given back without outcome", rec->m->id);
		rec->m->tx = NULL;
		free(t->acked);
		free(rec);
	}
	list_for_each_entry_safe(r, rtmp, &out->recs, node) {
		if (r->msg)
			fail(p->n->s, "a record is given back that points at a message");
		list_del(&r->node);
		if (mutation != MUT_KEEP_RECORDS)
			free(r);
	}
}

static void fill_pool(struct sim *s, struct list_head *pool)
{
	u32 n = chance(s, s->bad_pool) ? 0 : below(s, POOL_MAX) + 1;

	if (!n)
		s->count[C_NO_RECORD]++;
	while (n--) {
		struct rdm_sent *r = malloc(sizeof(*r));

		memset(r, 0xa5, sizeof(*r));
		list_add_tail(&r->node, pool);
	}
}

static void empty_pool(struct list_head *pool)
{
	struct rdm_sent *r, *tmp;

	list_for_each_entry_safe(r, tmp, pool, node) {
		list_del(&r->node);
		free(r);
	}
}

/* What moving packets need; false when there is no memory for it. */
bool peer_heat(struct peer *p)
{
	struct rdm_assoc_hot *h;

	if (p->a.hot)
		return true;
	if (chance(p->n->s, p->n->s->bad_pool)) {
		p->n->s->count[C_NOT_HEATED]++;
		return false;
	}
	h = malloc(sizeof(*h));
	memset(h, 0xa5, sizeof(*h));
	rdm_assoc_heat(&p->a, h);
	return true;
}

static void peer_cool(struct peer *p)
{
	struct rdm_assoc_hot *h = rdm_assoc_cool(&p->a, p->n->s->now);

	if (!h)
		return;
	free(h);
	p->n->s->count[C_COOLED]++;
	trace(p->n->s, "node %u: association %u is cold", p->n->id, p->uid);
}

/*
 * Sends what there is, until nothing is left; false when a record was missing. Without @due
 * nothing should be there; one that could leave alone may wait for a pair.
 */
static bool send_all(struct peer *p, struct rdm_out *out, bool due)
{
	struct sim *s = p->n->s;
	struct rdm_plan plan;
	bool more, last = false;
	LIST_HEAD(pool);
	u32 n = 0;

	do {
		fill_pool(s, &pool);
		more = !list_empty(&pool);
		if (!more)
			return false;
		if (mutation == MUT_NO_SKIP)
			p->a.txq.ndue = 0;
		more = rdm_assoc_next(&p->a, s->now, &pool, due ? below(s, 64) + 1 : 64, &plan,
				      out);
		empty_pool(&pool);
		/* the module takes its word and does not ask again */
		if (more && last)
			fail(s, "node %u: association %u has more to send", p->n->id, p->uid);
		last = more && !rdm_assoc_more(&p->a, &plan);
		if (more && !(mutation == MUT_LOSE_RETRANSMIT && plan.again &&
			      plan.kind != RDM_PLAN_RAW))
			send_plan(p, &plan);
		if (mutation == MUT_FINISH_EARLY && more && plan.kind == RDM_PLAN_BUNDLE)
			rdm_txq_finish(&p->a.txq, plan.msg, 0, &out->tx);
		take_out(p, out);
		if (out->acts & RDM_OUT_HEAT) {
			out->acts &= ~RDM_OUT_HEAT;
			if (!peer_heat(p))
				return false;
			more = true;
		}
		if (++n > 100000)
			fail(s, "node %u: association %u has no end of packets", p->n->id, p->uid);
	} while (more && !s->failed);
	return true;
}

/* Leave a tombstone: packets for these tags are known to come late. */
static void bury(struct peer *p)
{
	struct node *n = p->n;
	u64 tags[2] = { p->a.local_tag, p->a.alias_tag };

	n->ended[p->remote] = max(n->ended[p->remote], p->a.cookie_time);
	if (mutation == MUT_NO_TOMBSTONE)
		return;
	for (u32 i = 0; i < 2; i++) {
		if (!tags[i])
			continue;
		if (n->ntombs == MAX_TOMBS) {
			fail(n->s, "too many tombstones");
			return;
		}
		n->tombs[n->ntombs++] = (struct tomb){
			.tag = tags[i],
			.until = n->s->now + RDM_TOMBSTONE_LIFE,
		};
	}
}

void peer_free_rx(struct rxrec *r)
{
	struct rdm_rxfrag *f, *tmp;

	list_for_each_entry_safe(f, tmp, &r->m.frags, node) {
		struct frag *fr = container_of(f, struct frag, f);

		list_del(&f->node);
		free(fr->data);
		free(fr);
	}
	free(r->data);
	free(r);
}

static void uncharge(struct node *n, struct rxrec *r)
{
	n->rcvused -= r->charge;
	if (n->token == r)
		n->token = NULL;
}

/* What is left when an association is over; messages never sent go to a successor. */
static void peer_over(struct peer *p)
{
	struct node *n = p->n;
	struct sim *s = n->s;
	struct rdm_rxmsg *m;
	struct rxrec *r;

	trace(s, "node %u: association %u is over (%d%s), %u messages left", n->id, p->uid,
	      p->a.error, p->a.agreed ? ", agreed" : "", p->a.txq.n);
	if (p->a.agreed)
		s->count[p->a.txq.n ? C_RENEWED : C_IDLE_CLOSE]++;
	if ((p->a.hot && p->a.hot->cong.in_flight) || p->a.rec.nflight ||
	    !list_empty(&p->a.rec.sent) || !list_empty(&p->a.rec.past))
		fail(s, "association %u ends with packets in flight", p->uid);
	if (p->a.agreed && (p->a.reasm.n || p->a.txq.nbound))
		fail(s, "association %u is closed by agreement with messages in doubt", p->uid);
	if (p->a.agreed)
		check_books(p);
	list_del(&p->node);
	bury(p);
	while ((m = rdm_reasm_first(&p->a.reasm))) {
		rdm_reasm_remove(&p->a.reasm, m);
		r = container_of(m, struct rxrec, m);
		uncharge(n, r);
		peer_free_rx(r);
	}
	list_for_each_entry(r, &n->rxq, node)
		if (r->peer == p)
			r->peer = NULL;
	if (p->a.txq.n) {
		struct peer *next = peer_find(n, p->remote);
		struct rdm_txmsg *t;
		struct rdm_out out;
		bool fresh;

		list_for_each_entry(t, &p->a.txq.msgs, node) {
			struct msg *m = container_of(t, struct txrec, tx)->m;

			if (t->bound)
				fail(s, "message %u goes on, but it is bound", m->id);
			if (mutation == MUT_NO_DOUBT)
				t->doubt = false;
			check_moves(s, m);
		}
		rdm_out_init(&out);
		fresh = !next;
		if (fresh)
			next = peer_new(n, p->remote, rnd(s) | 1);
		/* in this order, as the module does */
		rdm_assoc_splice(&next->a, &p->a);
		if (fresh) {
			s->count[C_INITIATED]++;
			rdm_assoc_open(&next->a, s->now, &out);
		}
		out.acts |= RDM_OUT_SEND;
		peer_finish(next, &out);
	}
	if (!list_empty(&p->a.txq.msgs))
		fail(s, "association %u is freed with messages", p->uid);
	free(p->a.hot);
	free(p);
	node_room(n);
}

static void set_timer(struct peer *p, bool no_record)
{
	struct sim *s = p->n->s;
	u64 at = rdm_assoc_deadline(&p->a);

	if (at != U64_MAX) {
		at = max(at, s->now);
		/* timers are coarse, and may also come early */
		if (chance(s, 500))
			at = s->now + (at - s->now) / 2;
		else if (chance(s, 5000))
			at += rnd(s) % (2 * SIM_MS);
	}
	if (no_record)
		at = min(at, s->now + 10 * SIM_MS);
	p->timer_at = at;
}

/* Counts must be right where nobody touches marks, whatever else the network does. */
static void note_ecn(struct peer *p, const struct rdm_out *out)
{
	struct sim *s = p->n->s;

	if (out->acts & RDM_OUT_CE)
		s->count[C_CE_TOLD]++;
	if (!(out->acts & RDM_OUT_NO_ECN))
		return;
	s->count[C_NO_ECN]++;
	trace(s, "node %u: association %u stops to use ECN", p->n->id, p->uid);
	if (!s->marks_change && p->a.hot && p->a.hot->ecn.lost < RDM_ECN_TEST_LOST)
		fail(s, "node %u: a correct peer counts marks wrong", p->n->id);
}

/* After every event: outcomes, packets, the end, the timer. False when @p is gone. */
static bool finish(struct peer *p, struct rdm_out *out, bool send)
{
	u64 pn = p->a.rec.next_pn;

	take_out(p, out);
	p->n->s->count[C_MTU_PROBE_LOST] += !!(out->acts & RDM_OUT_MTU_PROBE_LOST);
	p->n->s->count[C_BLACK_HOLE] += !!(out->acts & RDM_OUT_MTU_BLACK_HOLE);
	if (p->a.state != RDM_ASSOC_CLOSED) {
		send |= p->starved;
		p->starved = !send_all(p, out, send);
		/* the module takes the timer's word, too */
		if (!send && p->a.rec.next_pn != pn)
			fail(p->n->s, "node %u: association %u sends before its timer says so",
			     p->n->id, p->uid);
	}
	note_ecn(p, out);
	if (p->a.state == RDM_ASSOC_CLOSED) {
		if (!(out->acts & RDM_OUT_CLOSED))
			fail(p->n->s, "association %u ends without saying so", p->uid);
		peer_over(p);
		return false;
	}
	set_timer(p, p->starved);
	return true;
}

bool peer_finish(struct peer *p, struct rdm_out *out)
{
	return finish(p, out, true);
}

void peer_send(struct peer *p, struct msg *m)
{
	struct rdm_out out;

	rdm_out_init(&out);
	/* the last one of a burst may promise more, too: then the time ends the wait */
	/* as in the module, but shorter ones too */
	m->tx->tx.solo = m->len > 100;
	m->tx->tx.laid = m->tx->tx.solo && m->id % 8;
	m->tx->tx.pads = m->tx->tx.laid && m->tx->tx.nfrags > 1;
	m->tx->tx.more = m->id % 64 == 63;
	rdm_assoc_push(&p->a, p->n->s->now, &m->tx->tx, &out);
	peer_finish(p, &out);
}

void peer_timer(struct peer *p)
{
	struct sim *s = p->n->s;
	u32 ptos = p->a.rec.pto_count;
	bool probe = p->a.want_probe, late = s->now >= rdm_assoc_deadline(&p->a);
	struct rdm_out out;

	rdm_out_init(&out);
	p->timer_at = U64_MAX;
	rdm_assoc_timer(&p->a, s->now, &out);
	if (p->a.rec.pto_count > ptos) {
		struct rdm_txmsg *t;

		s->count[C_PTO]++;
		list_for_each_entry(t, &p->a.txq.msgs, node)
			if (mutation == MUT_ONCE_AGAIN && t->bound)
				t->mode = RDM_EXACTLY_ONCE;
	}
	if (p->a.want_probe && !probe)
		s->count[C_WINDOW_PROBE]++;
	if (!finish(p, &out, out.acts & RDM_OUT_SEND))
		return;
	peer_cool(p);
	if (!late || rdm_assoc_deadline(&p->a) > s->now)
		p->spins = 0;
	else if (++p->spins > 20)
		fail(s, "node %u: the timer of association %u (%s) spins", p->n->id, p->uid,
		     rdm_assoc_states[p->a.state]);
}

/* Receiving */

static bool admit(struct peer *p, struct rxrec *r)
{
	struct node *n = p->n;
	struct rxrec *t = n->token;

	if (n->rcvused + r->charge <= n->rcvbuf)
		return true;
	/*
	 * In FIFO mode only the next message may: another one would take the token and wait
	 * for the next one, which has none.
	 */
	if (p->a.fifo ? r->seq != p->a.seqs.floor : n->rxq_len)
		return false;
	/* one message may overcommit; its right passes on when its sender is silent */
	if (t && t->peer && n->s->now - t->peer->a.last_rx <
	    3 * rdm_rtt_pto(&t->peer->a.rtt, RDM_MAX_ACK_DELAY))
		return false;
	n->token = r;
	n->s->count[C_OVERCOMMIT]++;
	return true;
}

static void deliver(struct peer *p, struct rxrec *r)
{
	struct rdm_rxfrag *f, *tmp;

	if (!r->data) {
		r->data = malloc(r->m.total);
		list_for_each_entry_safe(f, tmp, &r->m.frags, node) {
			struct frag *fr = container_of(f, struct frag, f);

			memcpy(r->data + f->off, fr->data + f->trim, f->len);
			list_del(&f->node);
			free(fr->data);
			free(fr);
		}
	}
	check_queued(p->n->s, r);
	check_delivered(p->n->s, p->n, r);
	list_add_tail(&r->node, &p->n->rxq);
	p->n->rxq_len++;
}

static struct rxrec *rx_new(struct peer *p, const struct rdm_frame *f, u32 uid)
{
	struct rxrec *r = calloc(1, sizeof(*r));

	rdm_rxmsg_init(&r->m, f->seq, f->total);
	r->peer = p;
	r->src_uid = uid;
	r->seq = f->seq;
	r->charge = rdm_msg_charge(f->total);
	if (!admit(p, r)) {
		p->n->s->count[C_REFUSED]++;
		p->a.refused = true;
		free(r);
		return NULL;
	}
	p->n->rcvused += r->charge;
	p->a.rx_charge += r->charge;
	return r;
}

/* A part of a message that is held; false when it does not fit. */
static bool rx_part(struct peer *p, struct rxrec *r, const struct rdm_frame *f, const u8 *bytes)
{
	struct frag *fr = calloc(1, sizeof(*fr));
	struct rdm_rxfrag *g, *tmp;
	LIST_HEAD(freed);
	enum rdm_reasm_verdict v;

	p->n->s->count[C_FRAGMENT]++;
	fr->f.off = f->off;
	fr->f.len = f->len;
	fr->data = malloc(f->len);
	memcpy(fr->data, bytes + f->payload, f->len);
	v = rdm_assoc_rx_frag(&p->a, &r->m, &fr->f, &freed);
	list_for_each_entry_safe(g, tmp, &freed, node) {
		struct frag *old = container_of(g, struct frag, f);

		list_del(&g->node);
		free(old->data);
		free(old);
	}
	if (v == RDM_REASM_DUP || v == RDM_REASM_BAD) {
		free(fr->data);
		free(fr);
	}
	if (v == RDM_REASM_COMPLETE)
		deliver(p, r);
	else if (r->m.complete)
		check_queued(p->n->s, r);
	return v != RDM_REASM_BAD;
}

/* Returns false when the packet must not be acked. */
static bool rx_message(struct peer *p, const struct rdm_frame *f, const struct pkt *k)
{
	struct rdm_rxmsg *held = NULL;
	struct rxrec *r;
	bool ok = true;

	check_arrived(p->n->s, k->uid, f->seq);
	switch (rdm_assoc_rx_check(&p->a, f, &held)) {
	case RDM_RX_DUP:
		p->n->s->count[C_DUP_MSG]++;
		if (mutation != MUT_NO_DUP_CHECK || f->type != RDM_FRAME_MSG)
			return true;
		r = rx_new(p, f, k->uid);
		if (!r)
			return true;
		r->data = malloc(f->len);
		memcpy(r->data, k->bytes + f->payload, f->len);
		deliver(p, r);
		return true;
	case RDM_RX_NEW:
		r = rx_new(p, f, k->uid);
		if (!r)
			return mutation == MUT_ACK_REFUSED;
		if (f->type == RDM_FRAME_FRAG) {
			rdm_assoc_rx_hold(&p->a, &r->m);
			ok = rx_part(p, r, f, k->bytes);
			break;
		}
		r->data = malloc(f->len);
		memcpy(r->data, k->bytes + f->payload, f->len);
		if (rdm_assoc_rx_whole(&p->a, f->seq)) {
			deliver(p, r);
		} else {
			r->m.complete = true;
			rdm_assoc_rx_hold(&p->a, &r->m);
			check_queued(p->n->s, r);
		}
		break;
	case RDM_RX_MORE:
		r = container_of(held, struct rxrec, m);
		if (r->src_uid != k->uid)
			fail(p->n->s, "fragments of two associations meet in one message");
		ok = rx_part(p, r, f, k->bytes);
		break;
	default:
		fail(p->n->s, "node %u: a correct peer sends a bad frame (sequence %llu)",
		     p->n->id, f->seq);
		return false;
	}
	while ((held = rdm_assoc_rx_next(&p->a)))
		deliver(p, container_of(held, struct rxrec, m));
	return ok;
}

/* Messages that the sender has given up; returns false when the frame is bad. */
static bool rx_skip(struct peer *p, const struct rdm_frame *f, struct rdm_out *out)
{
	u64 consumed = p->a.rx_consumed;
	struct rdm_rxmsg *m;
	struct rxrec *r;
	int err;

	p->n->s->count[C_SKIP]++;
	while (!(err = rdm_assoc_rx_skip(&p->a, f, &m, out)) && m) {
		r = container_of(m, struct rxrec, m);
		uncharge(p->n, r);
		peer_free_rx(r);
	}
	if (mutation == MUT_SKIP_NO_CREDIT)
		p->a.rx_consumed = consumed;
	while ((m = rdm_assoc_rx_next(&p->a)))
		deliver(p, container_of(m, struct rxrec, m));
	return !err;
}

/* A DATA packet for an association that exists. False when it is gone afterwards. */
bool peer_frames(struct peer *p, const struct rdm_hdr *h, const struct pkt *k)
{
	bool eliciting = false, refused = false;
	u32 at = RDM_HDR_LEN, pkt_thresh;
	struct sim *s = p->n->s;
	struct rdm_frame f;
	struct rdm_out out;
	int n;

	rdm_out_init(&out);
	if (!peer_heat(p))
		return true;
	if (!rdm_assoc_rx_begin(&p->a, s->now, h->pn))
		return true;
	while (at < k->len && p->a.state != RDM_ASSOC_CLOSED) {
		n = rdm_wire_frame(&f, k->bytes + at, k->len - at, at, k->len);
		if (n < 0) {
			fail(s, "node %u: a malformed frame at %u of %u", p->n->id, at, k->len);
			refused = true;
			break;
		}
		at += n;
		eliciting |= f.type != RDM_FRAME_ACK && f.type != RDM_FRAME_PADDING;
		switch (f.type) {
		case RDM_FRAME_MSG:
		case RDM_FRAME_FRAG:
			refused |= !rx_message(p, &f, k);
			break;
		case RDM_FRAME_COOKIE:
			break;
		case RDM_FRAME_SKIP:
			if (!rx_skip(p, &f, &out))
				fail(s, "node %u: a correct peer sends a bad SKIP", p->n->id);
			break;
		default:
			pkt_thresh = p->a.rec.pkt_thresh;
			if (rdm_assoc_rx_ctl(&p->a, s->now, h->pn, &f, &out))
				fail(s, "node %u: a correct peer sends a bad frame %u", p->n->id,
				     f.type);
			if (p->a.rec.pkt_thresh > pkt_thresh)
				s->count[C_SPURIOUS]++;
		}
	}
	trace(s, "node %u: takes pn %llu%s", p->n->id, h->pn, refused ? ", refused" : "");
	rdm_assoc_rx_end(&p->a, s->now, h->pn, k->ecn, eliciting, refused, &out);
	return peer_finish(p, &out);
}
