// SPDX-License-Identifier: GPL-2.0
/*
 * rdm socket: the socket calls but sending, receiving and options: birth, bind,
 * connect, names, poll, close. Addresses cross from sockaddr to struct rdm_addr
 * and back here only.
 */
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <net/inet_common.h>
#include <net/transp_v6.h>

#include <asm/ioctls.h>

#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

static DEFINE_PER_CPU(int, rdm_memory_per_cpu_fw_alloc);
static atomic_long_t rdm_memory_allocated;
static unsigned long rdm_memory_pressure;
static long rdm_sysctl_mem[3];
static int rdm_sysctl_rmem[3] = { 4096, 4 << 20, 1 << 30 };
static int rdm_sysctl_wmem[3] = { 4096, 4 << 20, 1 << 30 };

/**
 * rdm_addr_from_user() - read a sockaddr for a socket
 * @to: where to
 * @sk: the socket
 * @from: what the user gave, in kernel memory
 * @len: its length
 *
 * Return: 0 or the errno that UDP gives: -EINVAL, -EAFNOSUPPORT, -ENETUNREACH (an IPv4
 * address on a socket that is IPv6 only).
 */
int rdm_addr_from_user(struct rdm_addr *to, const struct sock *sk, const struct sockaddr *from,
		       int len)
{
	const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *s4 = (const struct sockaddr_in *)from;

	memset(to, 0, sizeof(*to));
	if (len < (int)offsetofend(struct sockaddr, sa_family))
		return -EINVAL;
	if (sk->sk_family == AF_INET6 && from->sa_family == AF_INET6) {
		if (len < SIN6_LEN_RFC2133)
			return -EINVAL;
		to->ip = s6->sin6_addr;
		to->port = s6->sin6_port;
		if (ipv6_addr_v4mapped(&to->ip))
			return sk->sk_ipv6only ? -ENETUNREACH : 0;
		if (ipv6_addr_type(&to->ip) & IPV6_ADDR_LINKLOCAL) {
			if (len >= sizeof(*s6))
				to->scope = s6->sin6_scope_id;
			if (!to->scope)
				to->scope = sk->sk_bound_dev_if;
			if (!to->scope ||
			    (sk->sk_bound_dev_if && sk->sk_bound_dev_if != to->scope))
				return -EINVAL;
		}
		return 0;
	}
	if (len < (int)sizeof(*s4))
		return -EINVAL;
	if (from->sa_family != AF_INET &&
	    (sk->sk_family != AF_INET || from->sa_family != AF_UNSPEC))
		return -EAFNOSUPPORT;
	if (sk->sk_family == AF_INET6 && sk->sk_ipv6only)
		return -ENETUNREACH;
	ipv6_addr_set_v4mapped(s4->sin_addr.s_addr, &to->ip);
	to->port = s4->sin_port;
	return 0;
}

/**
 * rdm_addr_to_user() - write a sockaddr as the socket's family has it
 * @sk: the socket
 * @from: the address
 * @to: a struct sockaddr_storage's room
 *
 * Return: its length.
 */
int rdm_addr_to_user(const struct sock *sk, const struct rdm_addr *from, void *to)
{
	struct sockaddr_in *s4 = to;

	if (sk->sk_family == AF_INET6) {
		struct sockaddr_in6 *s6 = to;

		memset(s6, 0, sizeof(*s6));
		s6->sin6_family = AF_INET6;
		s6->sin6_port = from->port;
		s6->sin6_addr = from->ip;
		s6->sin6_scope_id = from->scope;
		return sizeof(*s6);
	}
	memset(s4, 0, sizeof(*s4));
	s4->sin_family = AF_INET;
	s4->sin_port = from->port;
	s4->sin_addr.s_addr = from->ip.s6_addr32[3];
	return sizeof(*s4);
}

/**
 * rdm_addr_unicast() - can a message be sent there?
 * @sk: the socket
 * @to: a destination; the unspecified address becomes the loopback, as for UDP
 *
 * Return: 0, -EACCES for a broadcast without SO_BROADCAST, -EOPNOTSUPP for groups.
 */
int rdm_addr_unicast(struct sock *sk, struct rdm_addr *to)
{
	__be32 ip4 = to->ip.s6_addr32[3];

	if (!rdm_addr_is4(to)) {
		if (ipv6_addr_any(&to->ip))
			to->ip = in6addr_loopback;
		return ipv6_addr_is_multicast(&to->ip) ? -EOPNOTSUPP : 0;
	}
	if (!ip4)
		to->ip.s6_addr32[3] = htonl(INADDR_LOOPBACK);
	if (ipv4_is_lbcast(ip4))
		return sock_flag(sk, SOCK_BROADCAST) ? -EOPNOTSUPP : -EACCES;
	return ipv4_is_multicast(ip4) ? -EOPNOTSUPP : 0;
}

/**
 * rdm_sock_set_local() - the socket has an address, where IP's code looks for it
 * @sk: the socket
 * @a: address and port
 */
void rdm_sock_set_local(struct sock *sk, const struct rdm_addr *a)
{
	struct inet_sock *inet = inet_sk(sk);

	inet->inet_num = ntohs(a->port);
	inet->inet_sport = a->port;
	if (sk->sk_family == AF_INET6) {
		sk->sk_v6_rcv_saddr = a->ip;
		inet6_sk(sk)->saddr = a->ip;
	}
	if (rdm_addr_is4(a)) {
		inet->inet_rcv_saddr = a->ip.s6_addr32[3];
		inet->inet_saddr = inet->inet_rcv_saddr;
	}
}

/**
 * rdm_sock_set_remote() - the socket is connected, where IP's code looks for it
 * @sk: the socket, with a local port
 * @remote: the peer
 * @saddr: our address towards it
 */
void rdm_sock_set_remote(struct sock *sk, const struct rdm_addr *remote,
			 const struct in6_addr *saddr)
{
	inet_sk(sk)->inet_dport = remote->port;
	if (sk->sk_family == AF_INET6)
		inet6_sk(sk)->saddr = *saddr;
	if (rdm_addr_is4(remote)) {
		inet_sk(sk)->inet_daddr = remote->ip.s6_addr32[3];
		inet_sk(sk)->inet_saddr = saddr->s6_addr32[3];
	}
}

static int bind_to(struct sock *sk, const struct rdm_addr *a)
{
	struct rdm_addr bound;
	int err;

	err = rdm_port_bind(sk, a, &bound);
	if (err)
		return err;
	rdm_sock_set_local(sk, &bound);
	if (bound.scope)
		sk->sk_bound_dev_if = bound.scope;
	return 0;
}

static void any_addr(const struct sock *sk, struct rdm_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (sk->sk_family == AF_INET)
		ipv6_addr_set_v4mapped(0, &a->ip);
}

/**
 * __rdm_autobind() - give a socket a port if it has none
 * @sk: the socket, locked
 *
 * Context: process; may sleep.
 * Return: 0 or a negative errno.
 */
int __rdm_autobind(struct sock *sk)
{
	struct rdm_addr a;

	if (rdm_sk(sk)->tunnel)
		return 0;
	any_addr(sk, &a);
	return bind_to(sk, &a);
}

/**
 * rdm_autobind() - give a socket a port before its first message
 * @sk: the socket, not locked
 *
 * Context: process; may sleep.
 * Return: 0 or a negative errno.
 */
int rdm_autobind(struct sock *sk)
{
	int err;

	lock_sock(sk);
	err = __rdm_autobind(sk);
	release_sock(sk);
	return err;
}

static int rdm_bind(struct socket *sock, struct sockaddr_unsized *uaddr, int len)
{
	struct sock *sk = sock->sk;
	struct rdm_addr a;
	int err;

	/* inet_bind() takes AF_UNSPEC for the unspecified address only */
	if (sk->sk_family == AF_INET && len >= (int)sizeof(struct sockaddr_in) &&
	    uaddr->sa_family == AF_UNSPEC &&
	    ((struct sockaddr_in *)uaddr)->sin_addr.s_addr != htonl(INADDR_ANY))
		return -EAFNOSUPPORT;
	if (sk->sk_family == AF_INET6 && len >= (int)sizeof(sa_family_t) &&
	    uaddr->sa_family != AF_INET6)
		return len < SIN6_LEN_RFC2133 ? -EINVAL : -EAFNOSUPPORT;
	err = rdm_addr_from_user(&a, sk, (struct sockaddr *)uaddr, len);
	if (err == -ENETUNREACH)
		return -EINVAL;
	if (err)
		return err;
	if (rdm_addr_is4(&a) ? ipv4_is_multicast(a.ip.s6_addr32[3]) :
			       ipv6_addr_is_multicast(&a.ip))
		return -EOPNOTSUPP;
	lock_sock(sk);
	err = rdm_sk(sk)->tunnel ? -EINVAL : bind_to(sk, &a);
	release_sock(sk);
	return err;
}

/* The names that the socket had before it was connected. */
static void forget_remote(struct sock *sk)
{
	struct rdm_addr a = { .port = inet_sk(sk)->inet_sport };

	if (sk->sk_family == AF_INET6)
		a.ip = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &a.ip);
	rdm_sock_set_local(sk, &a);
	inet_sk(sk)->inet_dport = 0;
}

static void disconnect(struct sock *sk)
{
	if (sk->sk_state != TCP_ESTABLISHED)
		return;
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	rdm_port_disconnect(sk);
	forget_remote(sk);
}

static int rdm_connect(struct socket *sock, struct sockaddr_unsized *uaddr, int len, int flags)
{
	struct sock *sk = sock->sk;
	struct rdm_peer *peer;
	struct rdm_addr to;
	int err;

	if (len < (int)sizeof(uaddr->sa_family))
		return -EINVAL;
	if (uaddr->sa_family == AF_UNSPEC) {
		err = -EOPNOTSUPP;
		lock_sock(sk);
		if (sk->sk_state != TCP_LISTEN && !rdm_sk(sk)->seat.child) {
			disconnect(sk);
			err = 0;
		}
		release_sock(sk);
		return err;
	}
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN || rdm_sk(sk)->seat.child)
		return -EISCONN;
	err = rdm_addr_from_user(&to, sk, (struct sockaddr *)uaddr, len);
	if (err)
		return err;
	err = rdm_addr_unicast(sk, &to);
	if (err)
		return err;
	if (!to.port)
		return -EINVAL;
	if (!rdm_sk(sk)->tunnel) {
		err = rdm_autobind(sk);
		if (err)
			return err;
	}
	/* the route decides our address, and whether there is a way at all */
	peer = rdm_peer_get(sk, &to, NULL, GFP_KERNEL);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	lock_sock(sk);
	err = -EISCONN;
	if (sk->sk_state == TCP_LISTEN)
		goto out;
	err = rdm_port_connect(sk, &to);
	if (err)
		goto out;
	sk->sk_err = 0;
	forget_remote(sk);
	rdm_sock_set_remote(sk, &to, &peer->local.ip);
	WRITE_ONCE(sk->sk_state, TCP_ESTABLISHED);
out:
	release_sock(sk);
	rdm_peer_put(peer);
	return err;
}

static int rdm_getname(struct socket *sock, struct sockaddr *uaddr, int want_peer)
{
	struct sock *sk = sock->sk;
	struct rdm_addr a = {};
	int len;

	lock_sock(sk);
	if (want_peer) {
		a = rdm_sk(sk)->remote;
		if (sk->sk_state != TCP_ESTABLISHED) {
			release_sock(sk);
			return -ENOTCONN;
		}
	} else {
		a.port = inet_sk(sk)->inet_sport;
		if (sk->sk_family == AF_INET6)
			a.ip = inet6_sk(sk)->saddr;
		else
			ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &a.ip);
		if (ipv6_addr_type(&a.ip) & IPV6_ADDR_LINKLOCAL)
			a.scope = sk->sk_bound_dev_if;
	}
	len = rdm_addr_to_user(sk, &a, uaddr);
	release_sock(sk);
	return len;
}

static __poll_t rdm_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;

	sock_poll_wait(file, sock, wait);
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN &&
	    !list_empty_careful(&rdm_sk(sk)->seat.queue))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR |
			(sock_flag(sk, SOCK_SELECT_ERR_QUEUE) ? EPOLLPRI : 0);
	if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(sk->sk_shutdown) == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (!list_empty_careful(&rdm_sk(sk)->rxq))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return mask;
	if (rdm_snd_writable(sk))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	else
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	return mask;
}

static int rdm_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = sock->sk;
	struct rdm_rec *rec;
	u64 n = 0;

	switch (cmd) {
	case SIOCOUTQ:
	case SIOCINQ:
		spin_lock_bh(&sk->sk_receive_queue.lock);
		rec = list_first_entry_or_null(&rdm_sk(sk)->rxq, struct rdm_rec, node);
		if (cmd == SIOCOUTQ)
			n = rdm_sk(sk)->tx_bytes;
		else if (rec)
			n = rec->m.total;
		spin_unlock_bh(&sk->sk_receive_queue.lock);
		return put_user((int)min_t(u64, n, INT_MAX), (int __user *)arg);
	}
	if (sk->sk_family == AF_INET6)
		return inet6_ioctl(sock, cmd, arg);
	return inet_ioctl(sock, cmd, arg);
}

static void rdm_sock_destruct(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));

	spin_lock_bh(&rn->socks_lock);
	list_del(&rdm_sk(sk)->net_node);
	spin_unlock_bh(&rn->socks_lock);
	/* frees outcomes that nobody has read, and these look at the groups */
	rdm_sk(sk)->destruct(sk);
	rdm_groups_free(sk);
}

/* A message is never waited for in parts. */
static int rdm_set_rcvlowat(struct sock *sk, int val)
{
	return val == 0 || val == 1 ? 0 : -EOPNOTSUPP;
}

/* Called for a socket whose birth is refused after rdm_init_sock(): it is in no table. */
static void rdm_unhash(struct sock *sk)
{
}

/**
 * rdm_sock_reset() - a socket has no port, no peers and no messages yet
 * @sk: the socket, new, or the copy of another one
 */
void rdm_sock_reset(struct sock *sk)
{
	struct rdm_sock *rsk = rdm_sk(sk);

	rdm_port_init_sock(sk);
	INIT_LIST_HEAD(&rsk->peers);
	INIT_LIST_HEAD(&rsk->rxq);
	INIT_LIST_HEAD(&rsk->waited);
	rsk->npeers = 0;
	RCU_INIT_POINTER(rsk->last, NULL);
	rsk->recent = NULL;
	rsk->tunnel = NULL;
	rsk->blocked = NULL;
	rsk->note_used = 0;
	rsk->err_used = 0;
	atomic64_set(&rsk->lost_outcomes, 0);
	rsk->tx_bytes = 0;
	rsk->token = NULL;
	rsk->refused = false;
	rsk->closed = false;
	rsk->released = false;
	rsk->groups = NULL;
}

/**
 * rdm_sock_list() - from now on /proc/net/rdm shows the socket
 * @sk: the socket
 */
void rdm_sock_list(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));

	spin_lock_bh(&rn->socks_lock);
	list_add_tail(&rdm_sk(sk)->net_node, &rn->socks);
	spin_unlock_bh(&rn->socks_lock);
}

static int rdm_init_sock(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_sock *rsk = rdm_sk(sk);

	rdm_sock_reset(sk);
	do {
		rsk->incarnation = get_random_u64();
	} while (!rsk->incarnation);
	rsk->user_timeout = READ_ONCE(rn->tun.user_timeout_ms) * (u64)NSEC_PER_MSEC;
	rsk->cong = READ_ONCE(rn->tun.cong);
	rsk->notify = RDM_NOTIFY_FAILED;
	rsk->fifo = sk->sk_type == SOCK_SEQPACKET;
	sk->sk_rcvbuf = READ_ONCE(rn->tun.rmem);
	sk->sk_sndbuf = READ_ONCE(rn->tun.wmem);
	sk->sk_write_space = rdm_snd_resized;
	rsk->destruct = sk->sk_destruct;
	sk->sk_destruct = rdm_sock_destruct;
	/* packets that are being received look at it without a reference */
	sock_set_flag(sk, SOCK_RCU_FREE);

	/* no filter would see a message: to attach one gives EPERM */
	sock_set_flag(sk, SOCK_FILTER_LOCKED);

	rdm_sock_list(sk);
	return 0;
}

/* The last of a closed socket: no peer is left, nobody else has a reference for long. */
static void finish_release(struct sock *sk)
{
	rdm_port_leave(sk);
	sock_put(sk);
}

static void release_work(struct work_struct *work)
{
	struct rdm_sock *rsk = container_of(work, struct rdm_sock, release);

	finish_release(&rsk->inet.sk);
}

/**
 * rdm_sock_peer_gone() - an association of the socket ended
 * @sk: the socket, held by the caller
 *
 * Context: process or softirq, no lock held.
 */
void rdm_sock_peer_gone(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_sock *rsk = rdm_sk(sk);
	bool last;

	spin_lock_bh(&rn->hash_lock);
	last = rsk->closed && !rsk->npeers && !rsk->released && !rdm_is_member(sk);
	if (last)
		rsk->released = true;
	spin_unlock_bh(&rn->hash_lock);
	/* closing the UDP socket may sleep */
	if (last)
		queue_work(rdm_wq, &rsk->release);
}

/* SO_LINGER: wait until all is acked, or for so long. */
static void linger(struct sock *sk, long timeo)
{
	DEFINE_WAIT(wait);

	while (timeo && rdm_snd_pending(sk) && !signal_pending(current)) {
		prepare_to_wait(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		if (rdm_snd_pending(sk))
			timeo = schedule_timeout(timeo);
		finish_wait(sk_sleep(sk), &wait);
	}
}

/**
 * rdm_close() - a socket is not used any more
 * @sk: the socket; the reference of the user is consumed
 * @timeo: how long to wait for acks; inet_release() computes it from SO_LINGER
 *
 * Context: process; may sleep.
 */
void rdm_close(struct sock *sk, long timeo)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_sock *rsk = rdm_sk(sk);
	bool abort, last;

	INIT_WORK(&rsk->release, release_work);
	spin_lock_bh(&sk->sk_receive_queue.lock);
	sock_set_flag(sk, SOCK_DEAD);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	abort = sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime;
	linger(sk, timeo);

	spin_lock_bh(&rn->hash_lock);
	rsk->closed = true;
	__rdm_port_disconnect(sk);
	rsk->npeers++;		/* stands for us until the peers know */
	spin_unlock_bh(&rn->hash_lock);
	rdm_listen_stop(sk);
	sock_orphan(sk);
	rdm_rcv_purge(sk);
	rdm_group_close(sk, abort);
	rdm_peer_orphan_all(sk, abort);

	spin_lock_bh(&rn->hash_lock);
	rsk->npeers--;
	last = !rsk->npeers && !rsk->released && !rdm_is_member(sk);
	if (last)
		rsk->released = true;
	spin_unlock_bh(&rn->hash_lock);
	if (last)
		finish_release(sk);
}

#define RDM_PROTO(text, type)						\
	.name			= text,					\
	.owner			= THIS_MODULE,				\
	.init			= rdm_init_sock,			\
	.close			= rdm_close,				\
	.unhash			= rdm_unhash,				\
	.rehash			= rdm_port_rehash,			\
	.setsockopt		= rdm_setsockopt,			\
	.getsockopt		= rdm_getsockopt,			\
	.memory_allocated	= &rdm_memory_allocated,		\
	.per_cpu_fw_alloc	= &rdm_memory_per_cpu_fw_alloc,		\
	.memory_pressure	= &rdm_memory_pressure,			\
	.sysctl_mem		= rdm_sysctl_mem,			\
	.sysctl_rmem		= rdm_sysctl_rmem,			\
	.sysctl_wmem		= rdm_sysctl_wmem,			\
	.obj_size		= sizeof(type)

struct proto rdm_prot = { RDM_PROTO("RDM", struct rdm_sock) };

struct proto rdm6_prot = {
	RDM_PINFO_AT(struct rdm6_sock, inet6)
	RDM_PROTO("RDMv6", struct rdm6_sock)
};

static int accept_op(struct socket *sock, struct socket *newsock, RDM_ACCEPT_ARGS)
{
	return rdm_accept(sock, newsock, RDM_ACCEPT_FLAGS);
}

#define RDM_OPS(af, rel)					\
	.family		= af,					\
	.owner		= THIS_MODULE,				\
	.release	= rel,					\
	.bind		= rdm_bind,				\
	.connect	= rdm_connect,				\
	.socketpair	= sock_no_socketpair,			\
	.accept		= accept_op,				\
	.getname	= rdm_getname,				\
	.poll		= rdm_poll,				\
	.ioctl		= rdm_ioctl,				\
	.gettstamp	= sock_gettstamp,			\
	.listen		= rdm_listen,				\
	.shutdown	= rdm_shutdown,				\
	.setsockopt	= sock_common_setsockopt,		\
	.getsockopt	= sock_common_getsockopt,		\
	.set_rcvlowat	= rdm_set_rcvlowat,			\
	.sendmsg	= rdm_sendmsg,				\
	.recvmsg	= rdm_recvmsg,				\
	.mmap		= sock_no_mmap

const struct proto_ops rdm_ops = { RDM_OPS(PF_INET, inet_release) };
const struct proto_ops rdm6_ops = { RDM_OPS(PF_INET6, inet6_release) };

/**
 * rdm_memory_init() - limits of what all rdm sockets may use together
 *
 * As UDP's: in pages, an eighth of the memory, with pressure at three quarters of it.
 */
void __init rdm_memory_init(void)
{
	long limit = max(nr_free_buffer_pages() / 8, 128UL);

	rdm_sysctl_mem[0] = limit / 4 * 3;
	rdm_sysctl_mem[1] = limit;
	rdm_sysctl_mem[2] = limit / 2 * 3;
}
