// SPDX-License-Identifier: GPL-2.0
/*
 * rdm tomb: tombstones remember associations that ended, so that a cookie which
 * is still on its way opens none of them a second time.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/slab.h>

#include "peer.h"
#include "rdm.h"

/* An association that ended: its cookie may still be on its way to us. */
struct rdm_tomb {
	struct hlist_node node;
	struct list_head age;
	u64 tag;
	u64 until;
};

static void tomb_expire(struct rdm_net *rn, u64 now)
{
	struct rdm_tomb *t, *tmp;

	list_for_each_entry_safe(t, tmp, &rn->tomb_list, age) {
		if (t->until > now)
			break;
		hlist_del(&t->node);
		list_del(&t->age);
		kfree(t);
		rn->ntombs--;
	}
}

static void tomb_add(struct rdm_net *rn, u64 tag, u64 now)
{
	struct rdm_tomb *t;

	if (!tag)
		return;
	/*
	 * Without memory, new handshakes are refused for as long as a cookie lives:
	 * see rdm_tomb_find().
	 */
	t = kmalloc(sizeof(*t), GFP_ATOMIC);
	if (!t) {
		rn->tombs_blind = now + RDM_TOMBSTONE_LIFE;
		return;
	}
	t->tag = tag;
	t->until = now + RDM_TOMBSTONE_LIFE;
	hlist_add_head(&t->node, &rn->tombs[hash_64(tag, RDM_TOMB_BITS)]);
	list_add_tail(&t->age, &rn->tomb_list);
	rn->ntombs++;
}

/**
 * rdm_tomb_find() - did an association with this tag end lately?
 * @rn: the namespace
 * @tag: our tag
 *
 * Return: true also when that cannot be told for want of memory.
 */
bool rdm_tomb_find(struct rdm_net *rn, u64 tag)
{
	u64 now = rdm_now();
	struct rdm_tomb *t;
	bool found;

	spin_lock_bh(&rn->hash_lock);
	tomb_expire(rn, now);
	found = now < rn->tombs_blind;
	hlist_for_each_entry(t, &rn->tombs[hash_64(tag, RDM_TOMB_BITS)], node)
		if (t->tag == tag)
			found = true;
	spin_unlock_bh(&rn->hash_lock);
	return found;
}

/* Who shares a slot with another is told to begin anew at worst. */
static u64 *ended_slot(const struct rdm_tunnel *t, const struct rdm_addr *remote, u8 channel)
{
	u32 h = jhash2((const u32 *)remote, sizeof(*remote) / sizeof(u32),
		       t->rn->hash_seed ^ channel);

	return &t->rn->ended[hash_64((u64)(unsigned long)t ^ h, RDM_TOMB_BITS)];
}

/**
 * __rdm_tomb_peer() - an association ends: remember its tags, and how new its cookie was
 * @peer: the peer, not in the tables any more; rdm_net.hash_lock held
 */
void __rdm_tomb_peer(const struct rdm_peer *peer)
{
	u64 *ended = ended_slot(rdm_sk(peer->sk)->tunnel, &peer->remote, peer->channel);
	u64 now = rdm_now();

	lockdep_assert_held(&peer->rn->hash_lock);
	*ended = max(*ended, READ_ONCE(peer->a.cookie_time));
	tomb_expire(peer->rn, now);
	tomb_add(peer->rn, peer->tags[0].tag, now);
	tomb_add(peer->rn, peer->tags[1].tag, now);
}

/**
 * rdm_peer_overtaken() - has an association ended whose cookie was newer?
 * @t: the port
 * @remote: the peer's address
 * @channel: RDM_CHANNEL_*
 * @time: when this cookie was made, ns
 *
 * What comes with the older one was given up by its sender, or its sender goes on otherwise:
 * later messages may have been delivered, and this one would come behind them.
 *
 * Return: also true, seldom, for one of another peer.
 */
bool rdm_peer_overtaken(const struct rdm_tunnel *t, const struct rdm_addr *remote, u8 channel,
			u64 time)
{
	bool late;

	spin_lock_bh(&t->rn->hash_lock);
	late = time < *ended_slot(t, remote, channel);
	spin_unlock_bh(&t->rn->hash_lock);
	return late;
}

/**
 * rdm_tombs_free() - a namespace goes
 * @rn: it; nobody uses it any more
 */
void rdm_tombs_free(struct rdm_net *rn)
{
	tomb_expire(rn, U64_MAX);
}
