// SPDX-License-Identifier: GPL-2.0
/*
 * Fragments to messages. A tree of messages by sequence number, a sorted list
 * of disjoint fragments for each. Fragments mostly come in order and for the
 * message seen last, so both have a short way for that. Admission, charging
 * and freeing are the callers'.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>

#include "reasm.h"

void rdm_reasm_init(struct rdm_reasm *r)
{
	r->root = RB_ROOT;
	r->n = 0;
	r->last = NULL;
}

static struct rdm_rxmsg *rxmsg_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct rdm_rxmsg, node) : NULL;
}

struct rdm_rxmsg *rdm_reasm_ceil(const struct rdm_reasm *r, u64 seq)
{
	struct rb_node *p = r->root.rb_node;
	struct rb_node *best = NULL;

	while (p) {
		u64 at = rxmsg_of(p)->seq;

		if (at == seq)
			return rxmsg_of(p);
		if (at > seq) {
			best = p;
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	return rxmsg_of(best);
}

struct rdm_rxmsg *rdm_reasm_find(struct rdm_reasm *r, u64 seq)
{
	struct rdm_rxmsg *m = r->last;

	if (likely(m && m->seq == seq))
		return m;

	m = rdm_reasm_ceil(r, seq);
	if (!m || m->seq != seq)
		return NULL;
	r->last = m;
	return m;
}

struct rdm_rxmsg *rdm_reasm_first(const struct rdm_reasm *r)
{
	return rxmsg_of(rb_first(&r->root));
}

void rdm_reasm_insert(struct rdm_reasm *r, struct rdm_rxmsg *msg)
{
	struct rb_node **link = &r->root.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = msg->seq < rxmsg_of(parent)->seq ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&msg->node, parent, link);
	rb_insert_color(&msg->node, &r->root);
	r->n++;
	r->last = msg;
}

void rdm_reasm_remove(struct rdm_reasm *r, struct rdm_rxmsg *msg)
{
	if (WARN_ON_ONCE(!r->n))
		return;

	rb_erase(&msg->node, &r->root);
	RB_CLEAR_NODE(&msg->node);
	r->n--;
	if (r->last == msg)
		r->last = NULL;
}

void rdm_rxmsg_init(struct rdm_rxmsg *msg, u64 seq, u32 total)
{
	RB_CLEAR_NODE(&msg->node);
	INIT_LIST_HEAD(&msg->frags);
	msg->seq = seq;
	msg->total = total;
	msg->have = 0;
	msg->complete = false;
}

static u32 frag_end(const struct rdm_rxfrag *f)
{
	return f->off + f->len;
}

/* Bytes of f that g, which ends above f->off and begins below its end, has as well. */
static u32 frag_overlap(const struct rdm_rxfrag *f, const struct rdm_rxfrag *g)
{
	return min(frag_end(f), frag_end(g)) - max(f->off, g->off);
}

/* Fit f in among the fragments of m from g on, the first that ends above
 * f->off. Returns where f goes: the list entry that is to follow it. NULL if f
 * brings nothing new.
 */
static struct list_head *rxmsg_fit(struct rdm_rxmsg *m, struct rdm_rxfrag *f,
				   struct rdm_rxfrag *g, struct list_head *freed)
{
	struct rdm_rxfrag *next, *first = g;
	u32 end = frag_end(f);
	u32 known = 0;

	list_for_each_entry_from(g, &m->frags, node) {
		if (g->off >= end)
			break;
		known += frag_overlap(f, g);
	}
	if (known == f->len)
		return NULL;

	/* One neighbour may reach into f from the left; those within f go. */
	g = first;
	if (g->off < f->off) {
		u32 cut = frag_end(g) - f->off;

		f->off += cut;
		f->len -= cut;
		f->trim += cut;
		g = list_next_entry(g, node);
	}
	list_for_each_entry_safe_from(g, next, &m->frags, node) {
		if (frag_end(g) > end)
			break;
		m->have -= g->len;
		list_move_tail(&g->node, freed);
	}
	/* One may reach into it from the right. */
	if (!list_entry_is_head(g, &m->frags, node) && g->off < end)
		f->len = g->off - f->off;
	return &g->node;
}

static enum rdm_reasm_verdict rxmsg_have(struct rdm_rxmsg *m, u32 len)
{
	m->have += len;
	if (m->have != m->total)
		return RDM_REASM_ADDED;
	m->complete = true;
	return RDM_REASM_COMPLETE;
}

enum rdm_reasm_verdict rdm_rxmsg_add(struct rdm_rxmsg *m, struct rdm_rxfrag *f,
				     struct list_head *freed)
{
	struct list_head *next = &m->frags;
	struct rdm_rxfrag *g;

	if (f->off > m->total || f->len > m->total - f->off || (!f->len && m->total))
		return RDM_REASM_BAD;
	if (m->complete)
		return RDM_REASM_DUP;

	/* Find the first fragment that ends above f->off: mostly there is none. */
	list_for_each_entry_reverse(g, &m->frags, node) {
		if (frag_end(g) <= f->off)
			break;
		next = &g->node;
	}
	if (next != &m->frags) {
		next = rxmsg_fit(m, f, list_entry(next, struct rdm_rxfrag, node), freed);
		if (!next)
			return RDM_REASM_DUP;
	}

	list_add_tail(&f->node, next);
	return rxmsg_have(m, f->len);
}

enum rdm_reasm_verdict rdm_rxmsg_grow(struct rdm_rxmsg *m, struct rdm_rxfrag *f, u32 len)
{
	f->len += len;
	return rxmsg_have(m, len);
}
