// SPDX-License-Identifier: GPL-2.0
/*
 * rdm peertab: the tables in which a namespace finds its associations: by the tag of
 * a packet, and by port, address and channel. They grow and shrink with what is in
 * them, so that one of ten thousand is found as soon as one of ten. Who is in them and for
 * how long is decided in peer.c.
 */
#include <linux/jhash.h>
#include <linux/rhashtable.h>

#include "peer.h"
#include "rdm.h"

/* What an association is found by, beside its tag. */
struct addr_key {
	const struct rdm_tunnel *t;
	const struct rdm_addr *remote;
	u8 channel;
};

/* Nobody chooses a tag: it is random, or a keyed hash. */
static u32 tag_hash(const void *data, u32 len, u32 seed)
{
	return (u32)*(const u64 *)data ^ seed;
}

static u32 addr_hash(const struct addr_key *key, u32 seed)
{
	return jhash2((const u32 *)key->remote, sizeof(*key->remote) / sizeof(u32),
		      seed ^ (u32)(unsigned long)key->t ^ key->channel);
}

static u32 addr_hash_key(const void *data, u32 len, u32 seed)
{
	return addr_hash(data, seed);
}

static u32 addr_hash_obj(const void *data, u32 len, u32 seed)
{
	const struct rdm_peer *peer = data;
	struct addr_key key = {
		.t = rdm_sk(peer->sk)->tunnel,
		.remote = &peer->remote,
		.channel = peer->channel,
	};

	return addr_hash(&key, seed);
}

static int addr_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct addr_key *key = arg->key;
	const struct rdm_peer *peer = obj;

	return rdm_sk(peer->sk)->tunnel != key->t || peer->channel != key->channel ||
	       !rdm_addr_eq(&peer->remote, key->remote);
}

static const struct rhashtable_params tag_params = {
	.head_offset = offsetof(struct rdm_tagnode, node),
	.key_offset = offsetof(struct rdm_tagnode, tag),
	.key_len = sizeof_field(struct rdm_tagnode, tag),
	.hashfn = tag_hash,
	.automatic_shrinking = true,
};

static const struct rhashtable_params addr_params = {
	.head_offset = offsetof(struct rdm_peer, addr_node),
	.key_len = sizeof(struct addr_key),
	.hashfn = addr_hash_key,
	.obj_hashfn = addr_hash_obj,
	.obj_cmpfn = addr_cmp,
	.automatic_shrinking = true,
};

/**
 * rdm_peertab_init() - empty tables for a namespace
 * @rn: the namespace
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rdm_peertab_init(struct rdm_net *rn)
{
	int err = rhashtable_init(&rn->by_tag, &tag_params);

	if (err)
		return err;
	err = rhashtable_init(&rn->by_addr, &addr_params);
	if (err)
		rhashtable_destroy(&rn->by_tag);
	return err;
}

/**
 * rdm_peertab_exit() - a namespace goes
 * @rn: the namespace; it has no associations any more
 *
 * Context: may sleep.
 */
void rdm_peertab_exit(struct rdm_net *rn)
{
	WARN_ON_ONCE(atomic_read(&rn->by_tag.nelems) || atomic_read(&rn->by_addr.nelems));
	rhashtable_destroy(&rn->by_addr);
	rhashtable_destroy(&rn->by_tag);
}

/**
 * __rdm_peertab_add() - let an association be found
 * @peer: the peer; not in the tables
 *
 * Context: rdm_net.hash_lock held.
 * Return: 0 or a negative errno, without memory.
 */
int __rdm_peertab_add(struct rdm_peer *peer)
{
	struct rdm_net *rn = peer->rn;
	int err;

	lockdep_assert_held(&rn->hash_lock);
	err = rhashtable_insert_fast(&rn->by_tag, &peer->tags[0].node, tag_params);
	if (err)
		return err;
	err = rhashtable_insert_fast(&rn->by_addr, &peer->addr_node, addr_params);
	if (err)
		rhashtable_remove_fast(&rn->by_tag, &peer->tags[0].node, tag_params);
	return err;
}

/**
 * __rdm_peertab_alias() - let it be found by its second tag, too
 * @peer: the peer, in the tables, with its second tag set
 *
 * Context: rdm_net.hash_lock held.
 * Return: 0 or a negative errno, without memory.
 */
int __rdm_peertab_alias(struct rdm_peer *peer)
{
	lockdep_assert_held(&peer->rn->hash_lock);
	return rhashtable_insert_fast(&peer->rn->by_tag, &peer->tags[1].node, tag_params);
}

/**
 * __rdm_peertab_del() - let an association not be found any more
 * @peer: the peer, in the tables
 *
 * Context: rdm_net.hash_lock held. Who looks under RCU may find it until a grace period
 * has passed.
 */
void __rdm_peertab_del(struct rdm_peer *peer)
{
	struct rdm_net *rn = peer->rn;

	lockdep_assert_held(&rn->hash_lock);
	rhashtable_remove_fast(&rn->by_tag, &peer->tags[0].node, tag_params);
	if (peer->tags[1].tag)
		rhashtable_remove_fast(&rn->by_tag, &peer->tags[1].node, tag_params);
	rhashtable_remove_fast(&rn->by_addr, &peer->addr_node, addr_params);
}

/**
 * rdm_peer_on() - the association of a port with an address
 * @t: the tunnel
 * @remote: the peer's address
 * @channel: enum rdm_channel
 *
 * There is one at most of each channel, whichever socket has it.
 *
 * Context: under rcu_read_lock() or rdm_net.hash_lock.
 * Return: the peer, not held, or NULL.
 */
struct rdm_peer *rdm_peer_on(struct rdm_tunnel *t, const struct rdm_addr *remote, u8 channel)
{
	struct addr_key key = { .t = t, .remote = remote, .channel = channel };

	return rhashtable_lookup_fast(&t->rn->by_addr, &key, addr_params);
}

/*
 * With the second message in a row to the same peer it becomes the one that is found without
 * the tables. One that is hashed can be: until peer_unhash() readers find it there as well.
 */
static void remember(struct rdm_sock *rsk, struct rdm_peer *peer)
{
	if (READ_ONCE(rsk->recent) != peer) {
		WRITE_ONCE(rsk->recent, peer);
		return;
	}
	spin_lock_bh(&peer->rn->hash_lock);
	if (peer->hashed)
		rcu_assign_pointer(rsk->last, peer);
	spin_unlock_bh(&peer->rn->hash_lock);
}

/**
 * rdm_peer_hold() - the association of a socket's port with an address, for a message
 * @rsk: the socket, bound
 * @remote: the peer's address
 * @channel: enum rdm_channel
 *
 * Context: process or softirq, no lock held.
 * Return: the peer, held, or NULL; it may be that of another socket of the port.
 */
struct rdm_peer *rdm_peer_hold(struct rdm_sock *rsk, const struct rdm_addr *remote, u8 channel)
{
	struct rdm_peer *peer;
	bool last;

	rcu_read_lock();
	peer = rcu_dereference(rsk->last);
	last = likely(peer) && peer->channel == channel && rdm_addr_eq(&peer->remote, remote);
	if (!last)
		peer = rdm_peer_on(rsk->tunnel, remote, channel);
	if (peer && !refcount_inc_not_zero(&peer->refs))
		peer = NULL;
	rcu_read_unlock();
	if (unlikely(!last) && peer && &rsk->inet.sk == peer->sk)
		remember(rsk, peer);
	else if (unlikely(last && READ_ONCE(rsk->recent) != peer))
		WRITE_ONCE(rsk->recent, peer);
	return peer;
}

/**
 * rdm_peer_find() - the association of a socket with an address, for users' messages
 * @sk: the socket
 * @remote: the peer's address
 *
 * Context: under rcu_read_lock() or rdm_net.hash_lock.
 * Return: the peer, not held, or NULL.
 */
struct rdm_peer *rdm_peer_find(struct sock *sk, const struct rdm_addr *remote)
{
	struct rdm_tunnel *t = READ_ONCE(rdm_sk(sk)->tunnel);
	struct rdm_peer *peer = t ? rdm_peer_on(t, remote, RDM_CHANNEL_USER) : NULL;

	return peer && peer->sk == sk ? peer : NULL;
}

/**
 * rdm_peer_by_tag() - the association that a packet belongs to
 * @rn: the namespace
 * @tag: from the packet's header
 *
 * Context: under rcu_read_lock().
 * Return: the peer, not held, or NULL.
 */
struct rdm_peer *rdm_peer_by_tag(struct rdm_net *rn, u64 tag)
{
	struct rdm_tagnode *t = rhashtable_lookup(&rn->by_tag, &tag, tag_params);

	return t ? t->peer : NULL;
}
