// SPDX-License-Identifier: GPL-2.0
/*
 * rdm port: which rdm sockets may share a port, and for which of them a new
 * association is. Packets of an association that lives never ask here: their tag
 * says whose they are. What goes through the UDP socket is for udp.c, what a
 * listening socket does for accept.c. The rules, with reasons, are in
 * Documentation/ports.md.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ip.h>

#include "group.h"
#include "peer.h"
#include "port.h"
#include "rdm.h"

static struct sock *sock_of(const struct rdm_seat *seat)
{
	return (struct sock *)container_of(seat, struct rdm_sock, seat);
}

/**
 * rdm_ports_init() - a namespace begins
 * @rn: it
 *
 * Return: 0 or -ENOMEM.
 */
int rdm_ports_init(struct rdm_net *rn)
{
	mutex_init(&rn->ports.lock);
	rn->ports.conns = kvcalloc(1U << RDM_HASH_BITS, sizeof(struct hlist_head),
				   GFP_KERNEL_ACCOUNT);
	return rn->ports.conns ? 0 : -ENOMEM;
}

/**
 * rdm_ports_exit() - a namespace ends
 * @rn: it; no socket is left
 */
void rdm_ports_exit(struct rdm_net *rn)
{
	unsigned int i;

	for (i = 0; i < 1U << RDM_PORT_BITS; i++)
		WARN_ON_ONCE(!hlist_empty(&rn->ports.tunnels[i]));
	for (i = 0; i < 1U << RDM_HASH_BITS; i++)
		WARN_ON_ONCE(!hlist_empty(&rn->ports.conns[i]));
	kvfree(rn->ports.conns);
}

/**
 * rdm_port_init_sock() - a socket is at no port yet
 * @sk: the socket
 */
void rdm_port_init_sock(struct sock *sk)
{
	struct rdm_seat *seat = &rdm_sk(sk)->seat;

	memset(seat, 0, sizeof(*seat));
	INIT_LIST_HEAD(&seat->node);
	INIT_HLIST_NODE(&seat->conn);
	INIT_LIST_HEAD(&seat->queue);
	INIT_LIST_HEAD(&seat->waiting);
}

/* May a socket take a port that this one has? */
static bool shares(const struct sock *sk, const struct sock *other)
{
	if (sk->sk_reuseport && other->sk_reuseport &&
	    uid_eq(READ_ONCE(sk->sk_uid), READ_ONCE(other->sk_uid)))
		return true;
	/* of a closed one only what it still sends is left, as of TCP's in TIME_WAIT */
	return sk->sk_reuse && (other->sk_reuse || sock_flag(other, SOCK_DEAD));
}

static bool shares_with_all(const struct sock *sk, const struct list_head *seats)
{
	const struct rdm_seat *seat;

	list_for_each_entry(seat, seats, node)
		if (!shares(sk, sock_of(seat)))
			return false;
	return true;
}

static void __add(struct rdm_tunnel *t, struct sock *sk, struct list_head *seats)
{
	lockdep_assert_held(&t->rn->hash_lock);
	t->users++;
	/* first of all, for those who find the socket by the list */
	WRITE_ONCE(rdm_sk(sk)->tunnel, t);
	list_add_rcu(&rdm_sk(sk)->seat.node, seats);
}

/**
 * __rdm_port_add_child() - a listening socket's child shares its tunnel
 * @t: the tunnel; another socket is on it
 * @sk: the child
 *
 * Context: rdm_net.hash_lock held.
 */
void __rdm_port_add_child(struct rdm_tunnel *t, struct sock *sk)
{
	__add(t, sk, &t->children);
}

static int join(struct rdm_tunnel *t, struct sock *sk)
{
	int err = -EADDRINUSE;

	/* UDP has asked this only of the first */
	if (inet_port_requires_bind_service(sock_net(sk), ntohs(t->local.port)) &&
	    !ns_capable(sock_net(sk)->user_ns, CAP_NET_BIND_SERVICE))
		return -EACCES;
	spin_lock_bh(&t->rn->hash_lock);
	if (shares_with_all(sk, &t->socks) && shares_with_all(sk, &t->children)) {
		__add(t, sk, &t->socks);
		err = 0;
	}
	spin_unlock_bh(&t->rn->hash_lock);
	return err;
}

static struct hlist_head *port_bucket(struct rdm_net *rn, __be16 port)
{
	return &rn->ports.tunnels[hash_32(ntohs(port), RDM_PORT_BITS)];
}

static struct rdm_tunnel *find_same(struct rdm_net *rn, const struct rdm_tunnel *key)
{
	struct rdm_tunnel *t;

	lockdep_assert_held(&rn->ports.lock);
	hlist_for_each_entry(t, port_bucket(rn, key->local.port), node)
		if (rdm_addr_eq(&t->local, &key->local) && t->ifindex == key->ifindex &&
		    t->v6 == key->v6 && t->v6only == key->v6only)
			return t;
	return NULL;
}

static int make(struct rdm_tunnel *t, struct sock *sk)
{
	int err = rdm_udp_open(t);

	if (err)
		return err;
	hlist_add_head(&t->node, port_bucket(t->rn, t->local.port));
	spin_lock_bh(&t->rn->hash_lock);
	__add(t, sk, &t->socks);
	spin_unlock_bh(&t->rn->hash_lock);
	return 0;
}

/**
 * rdm_port_bind() - give a socket its port
 * @sk: the socket, locked
 * @local: address and port; port 0 takes a free one
 * @bound: receives what was bound
 *
 * Context: process; may sleep.
 * Return: 0, -EADDRINUSE, -EACCES, or what binding a UDP socket says.
 */
int rdm_port_bind(struct sock *sk, const struct rdm_addr *local, struct rdm_addr *bound)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_tunnel *t, *new;
	int err;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->rn = rn;
	new->local = *local;
	new->ifindex = local->scope ?: sk->sk_bound_dev_if;
	new->v6 = sk->sk_family == AF_INET6 && !rdm_addr_is4(local);
	new->v6only = new->v6 && sk->sk_ipv6only;
	INIT_LIST_HEAD(&new->socks);
	INIT_LIST_HEAD(&new->children);

	mutex_lock(&rn->ports.lock);
	t = local->port ? find_same(rn, new) : NULL;
	if (t) {
		err = join(t, sk);
	} else {
		t = new;
		err = make(t, sk);
	}
	mutex_unlock(&rn->ports.lock);
	if (err || t != new)
		kfree(new);
	if (err)
		return err;
	*bound = t->local;
	/* what came between bind and now: a queue that is full is never heard of again */
	rdm_udp_drain(t);
	return 0;
}

/**
 * rdm_port_leave() - a socket that was closed, and its associations, are gone
 * @sk: the socket
 *
 * The last one closes the UDP socket. Packets that are being received may use both until
 * an RCU grace period has passed.
 *
 * Context: process; may sleep.
 */
void rdm_port_leave(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_tunnel *t = rdm_sk(sk)->tunnel;
	bool last;

	if (!t)
		return;
	mutex_lock(&rn->ports.lock);
	spin_lock_bh(&rn->hash_lock);
	list_del_rcu(&rdm_sk(sk)->seat.node);
	last = !--t->users;
	spin_unlock_bh(&rn->hash_lock);
	if (last) {
		hlist_del(&t->node);
		/* before anyone else may ask UDP for the port */
		rdm_udp_close(t);
		kfree_rcu(t, rcu);
	}
	mutex_unlock(&rn->ports.lock);
}

/**
 * rdm_port_rehash() - a socket was bound to another device, or to none
 * @sk: the socket, locked
 *
 * The UDP socket takes packets of the same device only. It was allowed for the one socket,
 * and both have the same device, so it is for the other. Where others share the port it
 * cannot be, and the socket keeps the device that it had.
 *
 * Context: process; may sleep.
 */
void rdm_port_rehash(struct sock *sk)
{
	struct rdm_tunnel *t = rdm_sk(sk)->tunnel;
	int dev = READ_ONCE(sk->sk_bound_dev_if);

	if (!t || t->ifindex == dev)
		return;
	mutex_lock(&t->rn->ports.lock);
	/* nobody joins without the mutex but a child, and its listening socket is this one */
	if (READ_ONCE(t->users) == 1 && sk->sk_state != TCP_LISTEN) {
		if (!WARN_ON_ONCE(sock_bindtoindex(t->usk, dev, true)))
			t->ifindex = dev;
	} else {
		WRITE_ONCE(sk->sk_bound_dev_if, t->ifindex);
	}
	mutex_unlock(&t->rn->ports.lock);
}

static struct hlist_head *conn_bucket(struct rdm_net *rn, const struct rdm_tunnel *t,
				      const struct rdm_addr *remote)
{
	u32 h = jhash2((const u32 *)remote, sizeof(*remote) / sizeof(u32), rn->hash_seed);

	return &rn->ports.conns[hash_64((unsigned long)t ^ h, RDM_HASH_BITS)];
}

/**
 * __rdm_port_connected() - the socket of a port that is connected to an address
 * @t: the tunnel
 * @remote: the address
 *
 * Context: rdm_net.hash_lock held.
 * Return: the socket, not held, or NULL.
 */
struct sock *__rdm_port_connected(struct rdm_tunnel *t, const struct rdm_addr *remote)
{
	struct rdm_seat *seat;
	struct rdm_sock *rsk;

	lockdep_assert_held(&t->rn->hash_lock);
	hlist_for_each_entry(seat, conn_bucket(t->rn, t, remote), conn) {
		rsk = container_of(seat, struct rdm_sock, seat);
		if (rsk->tunnel == t && rdm_addr_eq(&rsk->remote, remote))
			return sock_of(seat);
	}
	return NULL;
}

/* The same under RCU, but not one that is being closed. */
static struct sock *connected(struct rdm_tunnel *t, const struct rdm_addr *remote)
{
	struct sock *sk;

	if (!READ_ONCE(t->nconns))
		return NULL;
	spin_lock_bh(&t->rn->hash_lock);
	sk = __rdm_port_connected(t, remote);
	spin_unlock_bh(&t->rn->hash_lock);
	return sk && !sock_flag(sk, SOCK_DEAD) ? sk : NULL;
}

/**
 * __rdm_port_disconnect() - a socket is connected no more
 * @sk: the socket, which may not be connected
 *
 * Context: rdm_net.hash_lock held.
 */
void __rdm_port_disconnect(struct sock *sk)
{
	if (hlist_unhashed(&rdm_sk(sk)->seat.conn))
		return;
	hlist_del_init(&rdm_sk(sk)->seat.conn);
	WRITE_ONCE(rdm_sk(sk)->tunnel->nconns, rdm_sk(sk)->tunnel->nconns - 1);
}

/**
 * rdm_port_disconnect() - a socket is connected no more
 * @sk: the socket
 */
void rdm_port_disconnect(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));

	spin_lock_bh(&rn->hash_lock);
	__rdm_port_disconnect(sk);
	spin_unlock_bh(&rn->hash_lock);
}

/**
 * __rdm_port_add_conn() - a socket is connected to rdm_sock.remote
 * @sk: the socket, at a tunnel where no other one is
 *
 * Context: rdm_net.hash_lock held.
 */
void __rdm_port_add_conn(struct sock *sk)
{
	struct rdm_tunnel *t = rdm_sk(sk)->tunnel;

	lockdep_assert_held(&t->rn->hash_lock);
	hlist_add_head(&rdm_sk(sk)->seat.conn, conn_bucket(t->rn, t, &rdm_sk(sk)->remote));
	WRITE_ONCE(t->nconns, t->nconns + 1);
}

/**
 * rdm_port_connect() - a socket is connected to an address, and to no other one any more
 * @sk: the socket, bound
 * @remote: the address; becomes rdm_sock.remote
 *
 * Return: 0, or -EADDRINUSE when another socket of the port is connected to it.
 */
int rdm_port_connect(struct sock *sk, const struct rdm_addr *remote)
{
	struct rdm_tunnel *t = rdm_sk(sk)->tunnel;
	struct rdm_net *rn = t->rn;
	struct sock *other;

	spin_lock_bh(&rn->hash_lock);
	other = __rdm_port_connected(t, remote);
	if (!other || other == sk) {
		__rdm_port_disconnect(sk);
		rdm_sk(sk)->remote = *remote;
		__rdm_port_add_conn(sk);
		other = NULL;
	}
	spin_unlock_bh(&rn->hash_lock);
	return other ? -EADDRINUSE : 0;
}

/**
 * rdm_port_any() - some socket of a tunnel
 * @t: the tunnel
 *
 * Context: under rcu_read_lock().
 * Return: a socket, for its options, also one that is closed; NULL when the last one leaves.
 */
struct sock *rdm_port_any(struct rdm_tunnel *t)
{
	struct rdm_seat *seat;

	seat = list_first_or_null_rcu(&t->socks, struct rdm_seat, node) ?:
	       list_first_or_null_rcu(&t->children, struct rdm_seat, node);
	return seat ? sock_of(seat) : NULL;
}

/* Does it take associations with anyone? */
static bool open_to_all(const struct sock *sk)
{
	return !sock_flag(sk, SOCK_DEAD) && READ_ONCE(sk->sk_state) != TCP_ESTABLISHED;
}

/* A child knows one life of its peer only. */
static bool knows(const struct sock *sk, u64 peer_incarnation)
{
	const struct rdm_seat *seat = &rdm_sk(sk)->seat;

	return !seat->child || (!READ_ONCE(seat->over) && seat->incarnation == peer_incarnation);
}

/* The latest; but of those with SO_REUSEPORT the one that the address falls to. */
static struct sock *spread(struct rdm_tunnel *t, const struct rdm_addr *from)
{
	struct sock *sk, *first = NULL;
	struct rdm_seat *seat;
	u32 n = 0, which;

	list_for_each_entry_rcu(seat, &t->socks, node) {
		sk = sock_of(seat);
		if (!open_to_all(sk))
			continue;
		if (!first)
			first = sk;
		n += sk->sk_reuseport;
	}
	if (n < 2 || !first->sk_reuseport)
		return first;
	which = reciprocal_scale(jhash2((const u32 *)from, sizeof(*from) / sizeof(u32),
					t->rn->hash_seed), n);
	list_for_each_entry_rcu(seat, &t->socks, node) {
		sk = sock_of(seat);
		if (open_to_all(sk) && sk->sk_reuseport && !which--)
			return sk;
	}
	return first;
}

/**
 * rdm_port_for_init() - the socket that an INIT is for
 * @t: the tunnel that it came by
 * @from: its source
 * @peer_incarnation: that it names
 *
 * Context: under rcu_read_lock(), no lock held.
 * Return: the socket, not held, or NULL when nobody takes it.
 */
struct sock *rdm_port_for_init(struct rdm_tunnel *t, const struct rdm_addr *from,
			       u64 peer_incarnation)
{
	struct sock *sk = connected(t, from);
	struct rdm_peer *peer;

	if (sk && knows(sk, peer_incarnation))
		return sk;
	/* an address stays where it is; and handshakes that cross must meet */
	peer = rdm_peer_on(t, from, RDM_CHANNEL_USER);
	if (peer && open_to_all(peer->sk))
		return peer->sk;
	return spread(t, from);
}

/**
 * rdm_port_for_cookie() - the socket that gave a cookie
 * @t: the tunnel that it came back by
 * @from: its source
 * @peer_incarnation: that it names
 * @incarnation: of the socket that gave it
 *
 * Who has joined since the INIT changes nothing.
 *
 * Context: under rcu_read_lock(), no lock held.
 * Return: the socket, not held, or NULL when it does not take it any more.
 */
struct sock *rdm_port_for_cookie(struct rdm_tunnel *t, const struct rdm_addr *from,
				 u64 peer_incarnation, u64 incarnation)
{
	struct sock *sk = connected(t, from);
	struct rdm_seat *seat;

	if (sk && knows(sk, peer_incarnation))
		return rdm_sk(sk)->incarnation == incarnation ? sk : NULL;
	list_for_each_entry_rcu(seat, &t->socks, node) {
		sk = sock_of(seat);
		if (rdm_sk(sk)->incarnation == incarnation && open_to_all(sk))
			return sk;
	}
	return NULL;
}

/**
 * rdm_port_member() - the socket of a port that has joined groups
 * @t: the tunnel
 *
 * There is one at most, and it may be closed: then others may still need what it has.
 *
 * Context: under rcu_read_lock() or rdm_net.hash_lock.
 * Return: the socket, not held, or NULL.
 */
struct sock *rdm_port_member(struct rdm_tunnel *t)
{
	struct rdm_seat *seat;

	list_for_each_entry_rcu(seat, &t->socks, node, lockdep_is_held(&t->rn->hash_lock))
		if (rdm_is_member(sock_of(seat)))
			return sock_of(seat);
	return NULL;
}

/**
 * rdm_port_supersede() - a peer has proven that it lives another life
 * @t: the tunnel
 * @from: its address
 * @peer_incarnation: its present one
 *
 * Context: softirq, under rcu_read_lock(), no lock held.
 */
void rdm_port_supersede(struct rdm_tunnel *t, const struct rdm_addr *from, u64 peer_incarnation)
{
	struct sock *sk = connected(t, from);

	if (!sk || knows(sk, peer_incarnation))
		return;
	rdm_child_over(sk, ECONNRESET);
	rdm_child_gone(sk);
}
