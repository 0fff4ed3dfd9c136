// SPDX-License-Identifier: GPL-2.0
/*
 * rdm peer: associations in the kernel: finding, making, replacing and ending
 * them. What an association does is decided in assoc.c; this file holds tables,
 * references and locks.
 */
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/ip6_fib.h>

#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

#define PEER_POOL_MAX	128
/*
 * Send buffer of a peer before its first outcome, after which follow_window() knows better.
 * About what that says of the first window.
 */
#define SND_LIMIT_FIRST	(2 * RDM_CONG_BACKLOG)

static void peer_free_rcu(struct rcu_head *head)
{
	struct rdm_peer *peer = container_of(head, struct rdm_peer, rcu);

	if (peer->a.hot)
		kmem_cache_free(rdm_hot_cache, peer->a.hot);
	kmem_cache_free(rdm_peer_cache, peer);
}

static void pool_free(struct rdm_peer *peer)
{
	struct rdm_sent *s, *tmp;

	list_for_each_entry_safe(s, tmp, &peer->pool, node)
		kmem_cache_free(rdm_sent_cache, s);
}

/**
 * rdm_peer_heat() - give an association what it needs while packets move
 * @peer: the peer, locked, and cold
 *
 * Return: false without memory, and when it is CLOSED and needs nothing any more.
 */
bool rdm_peer_heat(struct rdm_peer *peer)
{
	struct rdm_assoc_hot *hot;

	lockdep_assert_held(&peer->lock);
	if (peer->a.state == RDM_ASSOC_CLOSED)
		return false;
	hot = kmem_cache_alloc(rdm_hot_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!hot)
		return false;
	rdm_assoc_heat(&peer->a, hot);
	return true;
}

/**
 * rdm_peer_cool() - free what an idle association does not need
 * @peer: the peer, locked
 * @now: ns
 */
void rdm_peer_cool(struct rdm_peer *peer, u64 now)
{
	struct rdm_assoc_hot *hot;

	lockdep_assert_held(&peer->lock);
	hot = rdm_assoc_cool(&peer->a, now);
	if (!hot)
		return;
	kmem_cache_free(rdm_hot_cache, hot);
	pool_free(peer);
	INIT_LIST_HEAD(&peer->pool);
	peer->npool = 0;
}

/**
 * rdm_peer_put() - drop a reference
 * @peer: the peer
 */
void rdm_peer_put(struct rdm_peer *peer)
{
	if (!refcount_dec_and_test(&peer->refs))
		return;
	/* a send that began before its end may have found no room after it */
	if (unlikely(!list_empty(&peer->waited)))
		rdm_snd_gone(peer);
	WARN_ON_ONCE(peer->hashed || peer->snd_used);
	pool_free(peer);
	dst_release(peer->dst);
	sock_put(peer->sk);
	call_rcu(&peer->rcu, peer_free_rcu);
}

static void rec_of_core_free(struct rdm_peer *peer, struct rdm_rxmsg *m)
{
	struct rdm_rec *rec = container_of(m, struct rdm_rec, m);

	rdm_rcv_unreserve(peer->sk, rec);
	rdm_rec_free(rec);
}

static struct rdm_peer *peer_new(struct sock *sk, const struct rdm_addr *remote,
				 const struct rdm_addr *local, u64 tag, u8 channel, gfp_t gfp)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_assoc_cfg cfg = {
		.terms = {
			.incarnation = rdm_sk(sk)->incarnation,
			.rx_window = READ_ONCE(sk->sk_rcvbuf) / 2,
			.user_timeout = READ_ONCE(rdm_sk(sk)->user_timeout),
			.idle_timeout = READ_ONCE(rn->tun.idle_timeout_ms) * (u64)NSEC_PER_MSEC,
			.cong = READ_ONCE(rdm_sk(sk)->cong),
			.max_msg = READ_ONCE(rn->tun.max_msg),
			.channel = channel,
			.hold = !READ_ONCE(rdm_sk(sk)->nodelay),
			.ecn = READ_ONCE(rn->tun.ecn),
		},
		.tag = tag,
		.fifo = rdm_sk(sk)->fifo && channel == RDM_CHANNEL_USER,
	};
	struct rdm_peer *peer;

	if (channel == RDM_CHANNEL_GROUP) {
		cfg.terms.rx_window = rdm_group_rx_window(sk);
		cfg.terms.max_msg = RDM_GROUP_FRAME_MAX;
	}
	while (!cfg.tag)
		cfg.tag = get_random_u64();
	/*
	 * An idle association costs less than 1 KiB with its share of a slab: what only moving
	 * packets need is in hot. Eight of them leave so much of 8 KiB that a kernel for one CPU
	 * takes slabs of 16 KiB, too, as others do, and 17 fit there. Locks that are watched are
	 * larger, and so are the timers of newer kernels.
	 */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_DEBUG_SPINLOCK) &&
		     8 * (sizeof(*peer) - sizeof(peer->timer) + 64) >= SZ_8K / 16 * 15);
	peer = kmem_cache_zalloc(rdm_peer_cache, gfp);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&peer->lock);
	refcount_set(&peer->refs, 1);
	INIT_LIST_HEAD(&peer->node);
	INIT_LIST_HEAD(&peer->pool);
	INIT_LIST_HEAD(&peer->waited);
	peer->sk = sk;
	peer->rn = rn;
	peer->channel = channel;
	peer->snd_limit = SND_LIMIT_FIRST;
	peer->remote = *remote;
	peer->local = *local;
	peer->tags[0].tag = cfg.tag;
	peer->tags[0].peer = peer;
	peer->tags[1].peer = peer;
	rdm_timer_init(peer);

	peer->routes = READ_ONCE(rdm_sk(sk)->routes);
	peer->way = rdm_way(sk);
	peer->dst = rdm_udp_route(sk, local, remote, &peer->local.ip);
	if (IS_ERR(peer->dst)) {
		int err = PTR_ERR(peer->dst);

		kmem_cache_free(rdm_peer_cache, peer);
		return ERR_PTR(err);
	}
	if (peer->dst->ops->family == AF_INET6)
		peer->dst_cookie = rt6_get_cookie((struct rt6_info *)peer->dst);
	cfg.mtu = rdm_peer_mtu(peer);
	cfg.terms.pmtud = rdm_peer_pmtud(peer);
	rdm_assoc_init(&peer->a, &cfg);
	sock_hold(sk);
	return peer;
}

static int peer_hash(struct rdm_peer *peer)
{
	struct rdm_sock *rsk = rdm_sk(peer->sk);
	struct rdm_net *rn = peer->rn;
	int err;

	lockdep_assert_held(&rn->hash_lock);
	/* a member of groups that was closed still serves the others */
	if (rsk->closed && !peer->orphan &&
	    !(peer->channel == RDM_CHANNEL_GROUP && rdm_is_member(peer->sk)))
		return -ESHUTDOWN;
	if (rsk->seat.over)
		return -EPIPE;
	if (rsk->npeers >= READ_ONCE(rn->tun.max_peers) ||
	    rn->npeers >= READ_ONCE(rn->tun.max_peers_net))
		return -ENOBUFS;
	/* handshakes wait until those that ended are forgotten; nothing is evicted */
	if (rn->ntombs >= READ_ONCE(rn->tun.max_tombstones)) {
		rdm_inc(rn, DROP_TOMBSTONES);
		return -ENOBUFS;
	}
	/* it may have been set since the peer was made, and seen only hashed ones */
	rdm_assoc_set_user_timeout(&peer->a, READ_ONCE(rsk->user_timeout));
	rdm_assoc_set_hold(&peer->a, !READ_ONCE(rsk->nodelay));
	err = __rdm_peertab_add(peer);
	if (err)
		return err;
	rsk->npeers++;
	rn->npeers++;
	peer->hashed = true;
	list_add_tail(&peer->node, &rsk->peers);
	return 0;
}

static void peer_unhash(struct rdm_peer *peer)
{
	struct rdm_net *rn = peer->rn;

	lockdep_assert_held(&rn->hash_lock);
	peer->hashed = false;
	if (rcu_access_pointer(rdm_sk(peer->sk)->last) == peer)
		RCU_INIT_POINTER(rdm_sk(peer->sk)->last, NULL);
	__rdm_peertab_del(peer);
	list_del_init(&peer->node);
	rdm_sk(peer->sk)->npeers--;
	rn->npeers--;
	__rdm_tomb_peer(peer);
}

/*
 * What was received and not delivered. Whole messages waited for an earlier one, which never
 * comes now: they were acked, so the user gets them, in their order.
 */
static void deliver_rest(struct rdm_peer *peer)
{
	struct rdm_rec *rec, *tmp;
	struct rdm_rxmsg *m;
	LIST_HEAD(whole);

	lockdep_assert_held(&peer->lock);
	while ((m = rdm_reasm_first(&peer->a.reasm))) {
		rdm_reasm_remove(&peer->a.reasm, m);
		rec = container_of(m, struct rdm_rec, m);
		if (m->complete) {
			list_add_tail(&rec->node, &whole);
			rdm_inc(peer->rn, IN_MSGS);
		} else {
			rec_of_core_free(peer, m);
		}
	}
	if (list_empty(&whole) || rdm_rcv_queue(peer->sk, &whole))
		return;
	list_for_each_entry_safe(rec, tmp, &whole, node)
		rec_of_core_free(peer, &rec->m);
}

/* What an unhashed peer still holds. */
static void peer_gone(struct rdm_peer *peer)
{
	rdm_timer_stop(peer);
	spin_lock_bh(&peer->lock);
	deliver_rest(peer);
	spin_unlock_bh(&peer->lock);
	rdm_snd_gone(peer);
	rdm_sock_peer_gone(peer->sk);
	rdm_peer_put(peer);
}

/**
 * peer_succeed() - put an association in the place of one that is over
 * @old: in RDM_ASSOC_CLOSED
 * @tag: of the new one, or 0 for a fresh one
 * @local: our address, from the packet that opens it, or NULL
 * @force: also when @old has nothing left to send
 *
 * Messages of which nothing was sent move over, in their order, before anyone can queue
 * behind them. Without a successor they fail.
 *
 * Context: process or softirq, no lock held.
 * Return: the successor, held, or NULL.
 */
static struct rdm_peer *peer_succeed(struct rdm_peer *old, u64 tag, const struct rdm_addr *local,
				     bool force)
{
	struct rdm_net *rn = old->rn;
	struct rdm_peer *new = NULL;
	struct rdm_xmitq none;
	struct rdm_txmsg *m;
	struct rdm_out out;
	u32 moved = 0;
	bool mine;

	if (force || READ_ONCE(old->a.txq.n)) {
		new = peer_new(old->sk, &old->remote, local ?: &old->local, tag,
			       old->channel, GFP_ATOMIC);
		if (IS_ERR(new))
			new = NULL;
	}

	rdm_xmitq_init(&none);
	rdm_out_init(&out);
	spin_lock_bh(&rn->hash_lock);
	mine = old->hashed;
	if (mine)
		peer_unhash(old);
	spin_lock(&old->lock);
	if (new && mine) {
		new->orphan = old->orphan;
		new->orphan_since = old->orphan_since;
		/* a closed socket may go on with what it had, but opens nothing new */
		if (peer_hash(new)) {
			rdm_peer_put(new);
			new = NULL;
		} else {
			refcount_inc(&new->refs);
			spin_lock_nested(&new->lock, 1);
			rdm_assoc_splice(&new->a, &old->a);
			/* room that senders have reserved and not used yet stays with old */
			list_for_each_entry(m, &new->a.txq.msgs, node)
				moved += container_of(m, struct rdm_msg, t)->truesize;
			spin_lock(&old->sk->sk_receive_queue.lock);
			new->snd_used += moved;
			old->snd_used -= moved;
			rdm_snd_move(old, new);
			spin_unlock(&old->sk->sk_receive_queue.lock);
			if (!tag && new->a.txq.n)
				rdm_assoc_open(&new->a, rdm_now(), &out);
			spin_unlock(&new->lock);
		}
	} else if (new) {
		rdm_peer_put(new);
		new = NULL;
	}
	spin_unlock(&rn->hash_lock);
	/* nobody took them over */
	rdm_assoc_fail(&old->a, old->a.error ?: ECONNRESET, true, &out);
	rdm_peer_unlock(old, &out, &none);
	if (mine)
		peer_gone(old);
	return new;
}

/* A successor has messages to send, and nobody else does it. */
static void set_off(struct rdm_peer *peer)
{
	struct rdm_xmitq xmitq;
	struct rdm_out out;

	rdm_out_init(&out);
	rdm_xmitq_init(&xmitq);
	spin_lock_bh(&peer->lock);
	rdm_output(peer, rdm_now(), &xmitq, &out);
	rdm_peer_unlock(peer, &out, &xmitq);
	rdm_peer_put(peer);
}

/*
 * The association that an address has already, held; @peer: what was found, held, or NULL. One
 * that is over makes way, for a successor if the socket is the same. Return: NULL when there is
 * none, or -EADDRINUSE.
 */
static struct rdm_peer *present(struct sock *sk, const struct rdm_addr *remote, u8 channel,
				struct rdm_peer *peer)
{
	struct rdm_peer *next;

	for (; peer; peer = rdm_peer_hold(rdm_sk(sk), remote, channel)) {
		if (READ_ONCE(peer->a.state) != RDM_ASSOC_CLOSED) {
			if (peer->sk == sk)
				return peer;
			rdm_peer_put(peer);
			return ERR_PTR(-EADDRINUSE);
		}
		next = peer_succeed(peer, 0, NULL, peer->sk == sk);
		rdm_peer_put(peer);
		if (!next)
			return NULL;
		if (next->sk == sk)
			return next;
		set_off(next);
	}
	return NULL;
}

/* There is none: make it, unless another one does at the same time. */
static struct rdm_peer *peer_make(struct sock *sk, const struct rdm_addr *remote,
				  const struct rdm_addr *from, u8 channel, gfp_t gfp)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_peer *peer, *other;
	struct rdm_addr local = {};
	int err = 0;

	local.port = inet_sk(sk)->inet_sport;
	if (sk->sk_family == AF_INET6)
		local.ip = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &local.ip);
	if (rdm_addr_is4(remote) && ipv6_addr_any(&local.ip))
		ipv6_addr_set_v4mapped(0, &local.ip);
	if (from) {
		local.scope = from->scope;
		if (!ipv6_addr_any(&from->ip))
			local.ip = from->ip;
	}
	peer = peer_new(sk, remote, &local, 0, channel, gfp);
	if (IS_ERR(peer))
		return peer;
	peer->outbound = true;

	spin_lock_bh(&rn->hash_lock);
	other = rdm_peer_on(rdm_sk(sk)->tunnel, remote, channel);
	if (other && (other->sk != sk || !refcount_inc_not_zero(&other->refs))) {
		other = NULL;
		err = -EADDRINUSE;
	} else if (!other) {
		err = peer_hash(peer);
		if (!err)
			refcount_inc(&peer->refs);
	}
	spin_unlock_bh(&rn->hash_lock);
	if (!err && !other)
		return peer;
	rdm_peer_put(peer);
	return other ?: ERR_PTR(err);
}

static noinline struct rdm_peer *present_or_new(struct sock *sk, const struct rdm_addr *remote,
						const struct rdm_addr *from, u8 channel,
						gfp_t gfp, struct rdm_peer *peer)
{
	peer = present(sk, remote, channel, peer);
	return peer ?: peer_make(sk, remote, from, channel, gfp);
}

/**
 * rdm_peer_get_channel() - the association for a message, made if there is none
 * @sk: the socket, bound
 * @remote: the destination
 * @from: address (zeroes: any) and device (scope) for a new one, or NULL
 * @channel: enum rdm_channel
 * @gfp: for a new one
 *
 * Context: process; with GFP_ATOMIC softirq too, no lock held.
 * Return: the peer, held, or an error pointer: no route, no room, no memory, another
 * socket of the port has one.
 */
struct rdm_peer *rdm_peer_get_channel(struct sock *sk, const struct rdm_addr *remote,
				      const struct rdm_addr *from, u8 channel, gfp_t gfp)
{
	struct rdm_peer *peer = rdm_peer_hold(rdm_sk(sk), remote, channel);

	if (likely(peer && peer->sk == sk && READ_ONCE(peer->a.state) != RDM_ASSOC_CLOSED))
		return peer;
	return present_or_new(sk, remote, from, channel, gfp, peer);
}

/**
 * rdm_peer_get() - the same for what a user sends
 * @sk: the socket, bound
 * @remote: the destination
 * @from: address (zeroes: any) and device (scope) for a new one, or NULL
 * @gfp: for a new one
 *
 * Context and return: as of rdm_peer_get_channel().
 */
struct rdm_peer *rdm_peer_get(struct sock *sk, const struct rdm_addr *remote,
			      const struct rdm_addr *from, gfp_t gfp)
{
	return rdm_peer_get_channel(sk, remote, from, RDM_CHANNEL_USER, gfp);
}

/* In the tables, and with it the child for which it was made, or neither. */
static int accept_hash(struct rdm_peer *peer, struct sock *listener)
{
	struct sock *sk = peer->sk;
	int err;

	lockdep_assert_held(&peer->rn->hash_lock);
	if (!listener)
		return rdm_peer_on(rdm_sk(sk)->tunnel, &peer->remote, peer->channel) ?
		       -EEXIST : peer_hash(peer);
	if (rdm_sk(listener)->closed || READ_ONCE(listener->sk_state) != TCP_LISTEN)
		return -ESHUTDOWN;
	if (rdm_listen_full(listener))
		return -ENOBUFS;
	if (rdm_peer_on(rdm_sk(sk)->tunnel, &peer->remote, RDM_CHANNEL_USER) ||
	    __rdm_port_connected(rdm_sk(sk)->tunnel, &peer->remote))
		return -EEXIST;
	err = peer_hash(peer);
	if (!err)
		__rdm_child_enqueue(listener, sk);
	return err;
}

/**
 * rdm_peer_accept() - make the association that a cookie asks for
 * @sk: the socket; if it listens, a child of it gets the association
 * @remote: where the cookie came from
 * @local: where it was sent to
 * @ck: what it says
 * @old: the association of @sk with @remote that this one replaces, CLOSED, or NULL
 *
 * Context: softirq, under rcu_read_lock(), no lock held.
 * Return: the peer, held and still RDM_ASSOC_IDLE, or NULL.
 */
struct rdm_peer *rdm_peer_accept(struct sock *sk, const struct rdm_addr *remote,
				 const struct rdm_addr *local, const struct rdm_cookie *ck,
				 struct rdm_peer *old)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct sock *listener = NULL;
	struct rdm_peer *peer;
	int err;

	if (old) {
		peer = peer_succeed(old, ck->tag, local, true);
		if (!peer)
			rdm_inc(rn, DROP_PEERS);
		return peer;
	}
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN && ck->peer.channel == RDM_CHANNEL_USER) {
		listener = sk;
		sk = rdm_child_new(listener, remote, local, ck->peer.incarnation);
		if (!sk) {
			rdm_inc(rn, DROP_NO_MEM);
			return NULL;
		}
	} else if (!refcount_inc_not_zero(&sk->sk_refcnt)) {
		return NULL;
	}
	peer = peer_new(sk, remote, local, ck->tag, ck->peer.channel, GFP_ATOMIC);
	if (IS_ERR(peer)) {
		rdm_inc(rn, DROP_NO_MEM);
		peer = NULL;
		err = -ENOMEM;
	} else {
		spin_lock_bh(&rn->hash_lock);
		err = accept_hash(peer, listener);
		if (!err)
			refcount_inc(&peer->refs);
		spin_unlock_bh(&rn->hash_lock);
		if (err) {
			rdm_inc(rn, DROP_PEERS);
			rdm_peer_put(peer);
			peer = NULL;
		}
	}
	if (!listener)
		sock_put(sk);
	else if (err)
		rdm_child_free(sk);
	return peer;
}

/**
 * rdm_peer_alias() - packets with this tag too belong to the association
 * @peer: the peer, not locked
 * @tag: a tag that one of our INIT-ACKs gave
 */
void rdm_peer_alias(struct rdm_peer *peer, u64 tag)
{
	spin_lock_bh(&peer->rn->hash_lock);
	if (peer->hashed && !peer->tags[1].tag) {
		peer->tags[1].tag = tag;
		/* without memory the peer learns from a RESET that the tag is not known */
		if (__rdm_peertab_alias(peer))
			peer->tags[1].tag = 0;
	}
	spin_unlock_bh(&peer->rn->hash_lock);
}

/* One entry of the error queue for all messages of an event with one errno and fate. */
static void report(struct rdm_peer *peer, struct rdm_outcome *o)
{
	if (likely(!o->count))
		return;
	if (!peer->orphan)
		rdm_report(peer->sk, &peer->remote, o);
	memset(o, 0, sizeof(*o));
}

/*
 * Under the lock: a message that is done here may be pointed at still, and be free the moment
 * that another event drops the last packet record.
 */
static void give_back(struct rdm_peer *peer, struct rdm_out *out)
{
	struct rdm_outcome o = {};
	struct rdm_txmsg *m;
	u32 acked = 0, failed = 0;
	bool notes = false;

	/* a user who sees the send buffer empty must find every outcome told */
	list_for_each_entry(m, &out->tx.done, done) {
		struct rdm_msg *msg = container_of(m, struct rdm_msg, t);

		if (m->error)
			failed++;
		else
			acked++;
		/* what became of a broadcast is not decided by one association */
		if (peer->channel == RDM_CHANNEL_GROUP)
			continue;
		if (msg->note) {
			rdm_note_tell(peer->sk, msg->note, m->error, m->fate, m->len);
			msg->note = NULL;
			notes = true;
			continue;
		}
		if (!m->error)
			continue;
		if (o.error != m->error || o.fate != m->fate)
			report(peer, &o);
		o.error = m->error;
		o.fate = m->fate;
		o.count++;
		o.bytes += m->len;
	}
	report(peer, &o);
	if (notes)
		sk_error_report(peer->sk);
	peer->acked_msgs += acked;
	peer->failed_msgs += failed;
	if (acked)
		rdm_add(peer->rn, OUT_ACKED, acked);
	if (failed && !peer->orphan)
		rdm_add(peer->rn, OUT_FAILED, failed);
	rdm_msgs_release(peer, &out->tx.done);
	rdm_write_space(peer->sk);
}

/* Packet records for the next packets; few enough of them. */
static void recycle(struct rdm_peer *peer, struct rdm_out *out)
{
	struct rdm_sent *s, *tmp;

	if (likely(peer->npool + out->nrecs <= PEER_POOL_MAX)) {
		list_splice_init(&out->recs, &peer->pool);
		peer->npool += out->nrecs;
		out->nrecs = 0;
		return;
	}
	list_for_each_entry_safe(s, tmp, &out->recs, node) {
		if (peer->npool < PEER_POOL_MAX) {
			list_move(&s->node, &peer->pool);
			peer->npool++;
		} else {
			list_del(&s->node);
			kmem_cache_free(rdm_sent_cache, s);
		}
	}
	out->nrecs = 0;
}

static void count_told(struct rdm_net *rn, u32 acts)
{
	if (acts & RDM_OUT_CE)
		rdm_inc(rn, OUT_CE);
	if (acts & RDM_OUT_NO_ECN)
		rdm_inc(rn, ECN_FAILED);
	if (acts & RDM_OUT_MTU_PROBE_LOST)
		rdm_inc(rn, MTU_PROBES_LOST);
	if (acts & RDM_OUT_MTU_BLACK_HOLE)
		rdm_inc(rn, MTU_BLACK_HOLES);
}

/* The last section under the lock of an association is done: it makes way. */
static noinline void peer_over(struct rdm_peer *peer, bool done, bool ended)
{
	struct rdm_peer *next;

	if (peer->a.error && !done)
		rdm_inc(peer->rn, ASSOC_FAILED);
	else
		rdm_inc(peer->rn, ASSOC_CLOSED);
	next = peer_succeed(peer, 0, NULL, false);
	if (next)
		set_off(next);
	if (peer->channel == RDM_CHANNEL_GROUP && peer->a.error)
		rdm_group_peer_failed(peer);
	if (ended)
		rdm_child_gone(peer->sk);
	rdm_peer_put(peer);
}

/**
 * __rdm_peer_unlock() - rdm_peer_unlock(), but BH stays off
 * @peer: the peer, locked
 * @now: ns
 * @out: what the core gave back; consumed
 * @xmitq: packets to send; emptied
 */
void __rdm_peer_unlock(struct rdm_peer *peer, u64 now, struct rdm_out *out,
		       struct rdm_xmitq *xmitq)
	__releases(&peer->lock)
{
	bool done, over, ended;
	struct rdm_txmsg *m, *tmp;

	done = peer->orphan && !peer->a.txq.n && peer->a.state != RDM_ASSOC_CLOSED;
	if (done) {
		/* what it has received is in no doubt */
		if (peer->a.ack_pending) {
			peer->a.ack_now = true;
			rdm_output(peer, rdm_now(), xmitq, out);
		}
		rdm_output_reset(peer, xmitq);
		rdm_assoc_flush(&peer->a, out);
	}
	over = out->acts & RDM_OUT_CLOSED;
	if (unlikely(out->acts & RDM_OUT_TOLD))
		count_told(peer->rn, out->acts);
	/* an accepted socket has one peer in one life, as one of TCP has */
	ended = over && peer->a.error && !peer->orphan && rdm_sk(peer->sk)->seat.child;
	if (unlikely(ended)) {
		rdm_assoc_fail(&peer->a, peer->a.error, true, out);
		rdm_child_over(peer->sk, peer->a.error);
	}
	recycle(peer, out);
	if (unlikely(over))
		refcount_inc(&peer->refs);
	else
		rdm_timer_arm(peer, now);
	if (!list_empty(&out->tx.done))
		give_back(peer, out);
	list_for_each_entry_safe(m, tmp, &out->tx.dead, node)
		rdm_msg_free(container_of(m, struct rdm_msg, t));
	spin_unlock(&peer->lock);

	rdm_udp_send_peer(peer, xmitq);

	if (unlikely(over))
		peer_over(peer, done, ended);
}

/**
 * rdm_peer_unlock() - end a section under the peer's lock
 * @peer: the peer, locked with BH off
 * @out: what the core gave back; consumed
 * @xmitq: packets to send; emptied
 *
 * Reports, frees, arms the timer, unlocks, sends, and when the association is over, ends
 * it. The caller holds a reference or RCU.
 */
void rdm_peer_unlock(struct rdm_peer *peer, struct rdm_out *out, struct rdm_xmitq *xmitq)
	__releases(&peer->lock)
{
	__rdm_peer_unlock(peer, rdm_now(), out, xmitq);
	local_bh_enable();
}

/**
 * rdm_peer_orphan_all() - the user has closed the socket
 * @sk: the socket; @closed is set
 * @abort: drop what is not sent yet
 *
 * Associations with something to send stay until it is acked, the others end. Those that a
 * group still needs are left alone.
 */
void rdm_peer_orphan_all(struct sock *sk, bool abort)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_xmitq xmitq;
	struct rdm_peer *peer;
	struct rdm_out out;

	rdm_xmitq_init(&xmitq);
	for (;;) {
		bool found = false;

		spin_lock_bh(&rn->hash_lock);
		list_for_each_entry(peer, &rdm_sk(sk)->peers, node) {
			if (READ_ONCE(peer->orphan) ||
			    (peer->channel == RDM_CHANNEL_GROUP && rdm_is_member(sk)))
				continue;
			found = refcount_inc_not_zero(&peer->refs);
			if (found) {
				/* so that the next round need not pass it again */
				list_move_tail(&peer->node, &rdm_sk(sk)->peers);
				break;
			}
		}
		spin_unlock_bh(&rn->hash_lock);
		if (!found)
			return;

		rdm_out_init(&out);
		spin_lock_bh(&peer->lock);
		WRITE_ONCE(peer->orphan, true);
		peer->orphan_since = rdm_now();
		if (abort && peer->a.state != RDM_ASSOC_CLOSED) {
			rdm_output_reset(peer, &xmitq);
			rdm_assoc_flush(&peer->a, &out);
		}
		rdm_peer_unlock(peer, &out, &xmitq);
		rdm_peer_put(peer);
	}
}
