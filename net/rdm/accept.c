// SPDX-License-Identifier: GPL-2.0
/*
 * rdm accept: listen(), accept(), and the sockets in between. A new association
 * that comes to a listening socket gets a socket of its own at once, a child,
 * which waits with the messages that it receives until somebody accepts it. So
 * nothing ever moves from one socket to another. Which associations are new is
 * decided in port.c and input.c.
 *
 * A child is connected for life, and to one life of its peer: when its
 * association ends in any way but by agreement, the child is over.
 */
#include <linux/memcontrol.h>
#include <linux/sched/signal.h>
#include <net/inet_common.h>

#include "group.h"
#include "msg.h"
#include "peer.h"
#include "port.h"
#include "rdm.h"

/**
 * rdm_listen() - the system call
 * @sock: the socket
 * @backlog: how many children may wait
 *
 * Context: process; may sleep.
 * Return: 0; -EOPNOTSUPP for SOCK_RDM; -EINVAL when connected, or a member of a group; or as
 * bind().
 */
int rdm_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	if (sk->sk_type != SOCK_SEQPACKET)
		return -EOPNOTSUPP;
	lock_sock(sk);
	/* and a member must be able to send and receive */
	if (sk->sk_state == TCP_ESTABLISHED || rdm_is_member(sk))
		goto out;
	err = __rdm_autobind(sk);
	if (err)
		goto out;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	if (sk->sk_state != TCP_LISTEN) {
		WRITE_ONCE(sk->sk_state, TCP_LISTEN);
		/* who reads here waits in vain now */
		sk->sk_state_change(sk);
	}
out:
	release_sock(sk);
	return err;
}

/**
 * rdm_listen_stop() - nobody will accept the children that wait
 * @sk: a socket that is closed, or does not listen any more
 *
 * Their peers learn that they are closed.
 *
 * Context: process; may sleep.
 */
void rdm_listen_stop(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_seat *seat, *tmp;
	LIST_HEAD(children);

	spin_lock_bh(&rn->hash_lock);
	list_splice_init(&rdm_sk(sk)->seat.queue, &children);
	WRITE_ONCE(sk->sk_ack_backlog, 0);
	spin_unlock_bh(&rn->hash_lock);
	list_for_each_entry_safe(seat, tmp, &children, waiting) {
		list_del_init(&seat->waiting);
		rdm_close((struct sock *)container_of(seat, struct rdm_sock, seat), 0);
	}
}

/**
 * rdm_shutdown() - the system call
 * @sock: the socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * A listening socket stops to listen with SHUT_RD, as one of TCP does; what is shut of a
 * child stays so.
 *
 * Context: process; may sleep.
 * Return: 0, -EINVAL or -ENOTCONN.
 */
int rdm_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	lock_sock(sk);
	if (sk->sk_state != TCP_LISTEN) {
		release_sock(sk);
		return inet_shutdown(sock, how);
	}
	if (how != SHUT_WR)
		WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	release_sock(sk);
	if (how != SHUT_WR) {
		rdm_listen_stop(sk);
		sk->sk_state_change(sk);
	}
	return 0;
}

static struct sock *dequeue(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_seat *seat;

	spin_lock_bh(&rn->hash_lock);
	seat = list_first_entry_or_null(&rdm_sk(sk)->seat.queue, struct rdm_seat, waiting);
	if (seat) {
		list_del_init(&seat->waiting);
		sk_acceptq_removed(sk);
	}
	spin_unlock_bh(&rn->hash_lock);
	return seat ? (struct sock *)container_of(seat, struct rdm_sock, seat) : NULL;
}

static bool acceptable(const struct sock *sk)
{
	return !list_empty_careful(&rdm_sk(sk)->seat.queue) ||
	       READ_ONCE(sk->sk_state) != TCP_LISTEN;
}

/**
 * rdm_accept() - the system call
 * @sock: the listening socket
 * @newsock: receives the oldest child
 * @flags: O_NONBLOCK
 *
 * Context: process; may sleep.
 * Return: 0; -EOPNOTSUPP for SOCK_RDM; -EINVAL when it does not listen; -EAGAIN; or what a
 * signal asks for.
 */
int rdm_accept(struct socket *sock, struct socket *newsock, int flags)
{
	struct sock *sk = sock->sk, *child;
	long timeo;
	int err;

	if (sk->sk_type != SOCK_SEQPACKET)
		return -EOPNOTSUPP;
	timeo = sock_rcvtimeo(sk, flags & O_NONBLOCK);
	for (;;) {
		if (READ_ONCE(sk->sk_state) != TCP_LISTEN)
			return -EINVAL;
		child = dequeue(sk);
		if (child)
			break;
		err = rdm_rcv_wait(sk, &timeo, acceptable);
		if (err)
			return err;
	}
	lock_sock(child);
	sock_graft(child, newsock);
	newsock->state = SS_CONNECTED;
	release_sock(child);
	return 0;
}

/**
 * rdm_listen_full() - is there no room for another child?
 * @sk: a listening socket
 *
 * Return: true when no child may be made now.
 */
bool rdm_listen_full(const struct sock *sk)
{
	return sk_acceptq_is_full(sk);
}

/* What a clone must not share with the socket that it is made of. */
static void unshare_inet(struct sock *child)
{
	struct inet_sock *inet = inet_sk(child);
	struct ipv6_pinfo *np;

	RCU_INIT_POINTER(inet->inet_opt, NULL);
	RCU_INIT_POINTER(inet->mc_list, NULL);
	if (child->sk_family != AF_INET6)
		return;
	np = &((struct rdm6_sock *)child)->inet6;
	inet->pinet6 = np;
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	RCU_INIT_POINTER(rdm_fl_list(child), NULL);
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	RCU_INIT_POINTER(np->opt, NULL);
}

/* What waits in the child before it is accepted counts for who listens. */
static void same_memcg(struct sock *child, const struct sock *sk)
{
#ifdef CONFIG_MEMCG
	if (mem_cgroup_sockets_enabled && sk->sk_memcg && css_tryget(&sk->sk_memcg->css))
		child->sk_memcg = sk->sk_memcg;
#endif
}

/**
 * rdm_child_new() - a socket for one peer of a listening socket
 * @sk: the listening socket
 * @remote: the peer
 * @local: where its packet went
 * @peer_incarnation: of the peer
 *
 * It has the options of @sk, and its incarnation: who asked the one gets the other.
 *
 * Context: softirq, under rcu_read_lock().
 * Return: the child, with one reference that close() or rdm_child_free() drops, at no
 * tunnel yet; or NULL.
 */
struct sock *rdm_child_new(struct sock *sk, const struct rdm_addr *remote,
			   const struct rdm_addr *local, u64 peer_incarnation)
{
	struct sock *child = sk_clone_lock(sk, GFP_ATOMIC);
	struct rdm_sock *rsk = rdm_sk(child);

	if (!child)
		return NULL;
	unshare_inet(child);
	same_memcg(child, sk);
	rdm_sock_reset(child);
	rsk->seat.child = true;
	rsk->seat.incarnation = peer_incarnation;
	/* meanwhile @sk may have been closed, or shut down */
	sock_reset_flag(child, SOCK_DEAD);
	child->sk_shutdown = 0;
	child->sk_ack_backlog = 0;
	child->sk_max_ack_backlog = 0;
	child->sk_priority = READ_ONCE(sk->sk_priority);
	if (remote->scope)
		child->sk_bound_dev_if = remote->scope;
	rdm_sock_set_local(child, local);
	rdm_sock_set_remote(child, remote, &local->ip);
	rsk->remote = *remote;
	/* it is not there yet, but routes ask what is */
	rsk->tunnel = rdm_sk(sk)->tunnel;
	WRITE_ONCE(child->sk_state, TCP_ESTABLISHED);
	rdm_sock_list(child);
	/* for sparse, which does not know that sk_clone_lock() took it */
	__acquire(&child->sk_lock.slock);
	bh_unlock_sock(child);
	/* sk_clone_lock() takes one for a table of sockets, which we have not */
	__sock_put(child);
	return child;
}

/**
 * __rdm_child_enqueue() - a child waits for accept()
 * @sk: the listening socket, not closed
 * @child: made for it, with its association
 *
 * The caller wakes who waits on @sk.
 *
 * Context: rdm_net.hash_lock held.
 */
void __rdm_child_enqueue(struct sock *sk, struct sock *child)
{
	struct rdm_tunnel *t = rdm_sk(sk)->tunnel;

	__rdm_port_add_child(t, child);
	__rdm_port_add_conn(child);
	list_add_tail(&rdm_sk(child)->seat.waiting, &rdm_sk(sk)->seat.queue);
	sk_acceptq_added(sk);
}

/**
 * rdm_child_free() - a child that was not enqueued
 * @child: it
 */
void rdm_child_free(struct sock *child)
{
	sock_set_flag(child, SOCK_DEAD);
	sock_put(child);
}

/**
 * rdm_child_over() - a child has lost its peer
 * @child: the child
 * @err: errno for the next call, positive; then, it is as if the peer had shut down
 *
 * Messages that it has received can still be read.
 *
 * Context: any but hard interrupt; rdm_child_gone() must follow when no lock is held.
 */
void rdm_child_over(struct sock *child, int err)
{
	if (xchg(&rdm_sk(child)->seat.over, 1))
		return;
	WRITE_ONCE(child->sk_shutdown, SHUTDOWN_MASK);
	WRITE_ONCE(child->sk_err, err);
}

/**
 * rdm_child_gone() - who is connected to its peer's address is free to be decided anew
 * @child: a child that is over
 *
 * Context: process or softirq, no lock held.
 */
void rdm_child_gone(struct sock *child)
{
	rdm_port_disconnect(child);
	child->sk_state_change(child);
	sk_error_report(child);
}
