// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupout: what becomes of broadcasts, told to those who sent them: of reliable ones
 * the core knows it, of the copies of best-effort ones the channels (see groupcore.h).
 */
#include <linux/slab.h>

#include "group.h"

/* Members that lack a broadcast, for who asks why it failed. */
static u8 lacking(struct rdm_group *g, const struct rdm_gmsg *m, struct rdm_addr *to)
{
	struct rdm_gmember who;
	u8 rank, n = 0;

	for (rank = 0; rank < RDM_GROUP_MAX; rank++) {
		if (!(m->lack & BIT_ULL(rank)) ||
		    !rdm_gc_member(g->gc, m->lineage, m->view, rank, &who))
			continue;
		rdm_gaddr_to(&to[n++], &who.at);
	}
	return n;
}

/* Broadcasts that have their outcome now. */
struct tally {
	u64 bytes;
	u32 n;
};

/* They count no more. Before anybody is told. */
static void settle(struct rdm_group *g, struct tally *t)
{
	if (!t->n)
		return;
	spin_lock_bh(&g->sk->sk_receive_queue.lock);
	rdm_sk(g->sk)->tx_bytes -= t->bytes;
	rdm_groups(g->sk)->unstable -= t->n;
	spin_unlock_bh(&g->sk->sk_receive_queue.lock);
	t->bytes = 0;
	t->n = 0;
}

/* To who asked for it, or of a failure. */
static void tell_one(struct rdm_group *g, struct rdm_gmsg *m, int error, u8 fate)
{
	struct rdm_gbody *b = rdm_gbody_of(m);
	struct rdm_addr *lack = NULL;
	u8 n = 0;

	if (error && m->lack) {
		lack = kmalloc_array(hweight64(m->lack), sizeof(*lack), GFP_ATOMIC | __GFP_NOWARN);
		if (lack)
			n = lacking(g, m, lack);
	}
	if (b->note) {
		rdm_note_lack(b->note, lack, n);
		rdm_note_tell(g->sk, b->note, error, fate, b->len);
		b->note = NULL;
		sk_error_report(g->sk);
	} else {
		struct rdm_outcome o = {
			.error = error, .fate = fate, .count = 1, .bytes = b->len,
		};

		if (error && !g->closed)
			rdm_report(g->sk, &g->name, &o);
		kfree(lack);
	}
}

/**
 * rdm_group_outcomes() - own broadcasts have their outcome
 * @g: the group
 *
 * Context: any but hard interrupt; the groups' lock held.
 */
void rdm_group_outcomes(struct rdm_group *g)
{
	struct tally t = {};
	struct rdm_gmsg *m;
	bool any = false;

	while ((m = rdm_gc_done(g->gc))) {
		/* what came by best effort, an application may have been too slow to get */
		int error = m->fate == RDM_GFATE_STABLE || m->fate == RDM_GFATE_ARRIVED ? 0 :
			    m->cast ? ECOMM : ENOTCONN;
		u8 fate = m->fate == RDM_GFATE_STABLE ? RDM_FATE_QUEUED :
			  m->fate == RDM_GFATE_NOBODY ? RDM_FATE_NEVER_SENT : RDM_FATE_UNKNOWN;

		any = true;
		t.bytes += rdm_gbody_of(m)->len;
		t.n++;
		if (error)
			rdm_inc(g->rn, GROUP_FAILED);
		else if (m->cast)
			rdm_inc(g->rn, GROUP_ARRIVED);
		else
			rdm_inc(g->rn, GROUP_STABLE);
		if (likely(!error && !rdm_gbody_of(m)->note))
			continue;
		settle(g, &t);
		tell_one(g, m, error, fate);
	}
	settle(g, &t);
	if (any && (sock_flag(g->sk, SOCK_DEAD) || !READ_ONCE(rdm_groups(g->sk)->unstable)))
		rdm_write_space(g->sk);
}

/**
 * rdm_group_told() - a channel says what became of a copy of a best-effort broadcast
 * @b: own one, held
 * @rank: of the receiver, when it was sent
 * @failed: the copy did not get there
 *
 * Context: any but hard interrupt; a peer's lock may be held.
 */
void rdm_group_told(struct rdm_gbody *b, u8 rank, bool failed)
{
	struct rdm_group *g = b->group;

	atomic64_or(BIT_ULL(rank), failed ? &b->failed : &b->ok);
	if (test_and_set_bit(0, &b->told))
		return;
	refcount_inc(&b->refs);
	llist_add(&b->node, &g->told);
	/* the broadcast, which is on the list, holds the group */
	if (queue_work(rdm_wq, &g->tell))
		refcount_inc(&g->refs);
}

/**
 * rdm_group_hear() - pass on what channels have said
 * @g: the group; when it has ended, nobody wants to know
 *
 * Context: any but hard interrupt; the groups' lock held.
 */
void rdm_group_hear(struct rdm_group *g)
{
	struct llist_node *list = llist_del_all(&g->told);
	struct rdm_gbody *b, *next;
	u64 ok, failed;

	llist_for_each_entry_safe(b, next, list, node) {
		clear_bit(0, &b->told);
		/* whoever says more from here on lists it again */
		smp_mb__after_atomic();
		ok = atomic64_xchg(&b->ok, 0);
		failed = atomic64_xchg(&b->failed, 0);
		if (!g->over)
			rdm_gc_carried(g->gc, &b->m, ok, failed);
		rdm_gbody_put(b);
	}
}
