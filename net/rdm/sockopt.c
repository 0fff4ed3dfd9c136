// SPDX-License-Identifier: GPL-2.0
/*
 * rdm sockopt: setsockopt() and getsockopt() of level SOL_RDM. What the options
 * mean is in <linux/rdm.h>. Level SOL_SOCKET never comes here; SOL_IP and
 * SOL_IPV6 are for inetopt.c.
 */
#include <linux/sockptr.h>

#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

#define USER_TIMEOUT_MIN	1000
#define USER_TIMEOUT_MAX	3600000

/* For the associations that there are, and for those to come. */
static int set_user_timeout(struct sock *sk, u32 ms)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	u64 timeout = ms * (u64)NSEC_PER_MSEC;
	struct rdm_sock *rsk = rdm_sk(sk);
	struct rdm_peer *peer;

	if (ms < USER_TIMEOUT_MIN || ms > USER_TIMEOUT_MAX)
		return -EINVAL;

	lock_sock(sk);
	spin_lock_bh(&rn->hash_lock);
	WRITE_ONCE(rsk->user_timeout, timeout);
	list_for_each_entry(peer, &rsk->peers, node) {
		spin_lock(&peer->lock);
		rdm_assoc_set_user_timeout(&peer->a, timeout);
		/* it may have become shorter */
		rdm_timer_arm(peer, rdm_now());
		spin_unlock(&peer->lock);
	}
	spin_unlock_bh(&rn->hash_lock);
	release_sock(sk);
	return 0;
}

/* For the associations that there are, and for those to come. */
static int set_nodelay(struct sock *sk, bool on)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_peer *peer;

	spin_lock_bh(&rn->hash_lock);
	WRITE_ONCE(rdm_sk(sk)->nodelay, on);
	list_for_each_entry(peer, &rdm_sk(sk)->peers, node) {
		spin_lock(&peer->lock);
		rdm_assoc_set_hold(&peer->a, !on);
		spin_unlock(&peer->lock);
	}
	spin_unlock_bh(&rn->hash_lock);
	return 0;
}

/* For the associations to come. */
static int set_congestion(struct sock *sk, sockptr_t val, unsigned int len)
{
	char name[RDM_CONGESTION_MAX] = {};
	const struct rdm_cong_ops *ops;

	/* with a 0 at its end or without one */
	if (!len)
		return -EINVAL;
	if (copy_from_sockptr(name, val, min_t(unsigned int, len, sizeof(name) - 1)))
		return -EFAULT;
	ops = rdm_cong_find(name);
	if (!ops)
		return -ENOENT;
	WRITE_ONCE(rdm_sk(sk)->cong, ops);
	return 0;
}

static int set_rdm(struct sock *sk, int name, sockptr_t val, unsigned int len)
{
	struct rdm_sock *rsk = rdm_sk(sk);
	u32 v;

	switch (name) {
	case RDM_CONGESTION:
		return set_congestion(sk, val, len);
	case RDM_USER_TIMEOUT:
	case RDM_MODE:
	case RDM_DEADLINE:
	case RDM_NOTIFY:
	case RDM_NODELAY:
		break;
	default:
		/* options that can only be read, too */
		return rdm_group_setsockopt(sk, name, val, len);
	}
	if (len < sizeof(v))
		return -EINVAL;
	if (copy_from_sockptr(&v, val, sizeof(v)))
		return -EFAULT;
	switch (name) {
	case RDM_USER_TIMEOUT:
		return set_user_timeout(sk, v);
	case RDM_MODE:
		if (v > RDM_AT_MOST_ONCE)
			return -EINVAL;
		WRITE_ONCE(rsk->mode, v);
		return 0;
	case RDM_DEADLINE:
		if (v > RDM_DEADLINE_MAX)
			return -EINVAL;
		WRITE_ONCE(rsk->deadline_ms, v);
		return 0;
	case RDM_NODELAY:
		return set_nodelay(sk, v);
	default:
		if (v & ~(RDM_NOTIFY_FAILED | RDM_NOTIFY_WRITABLE))
			return -EINVAL;
		WRITE_ONCE(rsk->notify, v);
		return 0;
	}
}

/**
 * rdm_put_option() - hand the value of an option to a program
 * @val: where it goes
 * @lenp: bytes that @val has room for; then, bytes that were written
 * @v: the value
 * @size: its size; of one that @val has no room for the beginning is written
 *
 * Context: process.
 * Return: 0, -EINVAL when there is less than no room, -EFAULT.
 */
int rdm_put_option(char __user *val, int __user *lenp, const void *v, int size)
{
	int len;

	if (get_user(len, lenp))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min(len, size);
	if (put_user(len, lenp) || copy_to_user(val, v, len))
		return -EFAULT;
	return 0;
}

static int get_rdm(struct sock *sk, int name, char __user *val, int __user *lenp)
{
	union {
		u32 v32;
		u64 v64;
		char str[RDM_CONGESTION_MAX];
	} v = {};
	int size = sizeof(v.v32);

	switch (name) {
	case RDM_USER_TIMEOUT:
		v.v32 = div_u64(READ_ONCE(rdm_sk(sk)->user_timeout), NSEC_PER_MSEC);
		break;
	case RDM_MAX_MSG:
		v.v32 = READ_ONCE(rdm_net_of(sock_net(sk))->tun.max_msg);
		break;
	case RDM_INCARNATION:
		v.v64 = rdm_sk(sk)->incarnation;
		size = sizeof(v.v64);
		break;
	case RDM_MODE:
		v.v32 = READ_ONCE(rdm_sk(sk)->mode);
		break;
	case RDM_DEADLINE:
		v.v32 = READ_ONCE(rdm_sk(sk)->deadline_ms);
		break;
	case RDM_NOTIFY:
		v.v32 = READ_ONCE(rdm_sk(sk)->notify);
		break;
	case RDM_NODELAY:
		v.v32 = READ_ONCE(rdm_sk(sk)->nodelay);
		break;
	case RDM_LOST_OUTCOMES:
		v.v64 = atomic64_read(&rdm_sk(sk)->lost_outcomes);
		size = sizeof(v.v64);
		break;
	case RDM_CONGESTION:
		strscpy(v.str, READ_ONCE(rdm_sk(sk)->cong)->name, sizeof(v.str));
		size = sizeof(v.str);
		break;
	case RDM_PEER_INFO:
		return rdm_info_get(sk, val, lenp);
	default:
		return rdm_group_getsockopt(sk, name, val, lenp);
	}
	return rdm_put_option(val, lenp, &v, size);
}

/**
 * rdm_setsockopt() - set an option
 * @sk: the socket
 * @level: SOL_RDM, SOL_IP, or SOL_IPV6 for an AF_INET6 socket
 * @name: the option
 * @val: its value
 * @len: bytes of @val
 *
 * Context: process, socket not locked.
 * Return: 0; -ENOPROTOOPT when there is no such option to set, also when it can only be
 * read; -EOPNOTSUPP when it would have no effect; -EINVAL when @len is too short or the
 * value out of range; -EFAULT.
 */
int rdm_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	if (level == SOL_RDM)
		return set_rdm(sk, name, val, len);
	if (level == SOL_IP || (level == SOL_IPV6 && sk->sk_family == AF_INET6))
		return rdm_inet_setsockopt(sk, level, name, val, len);
	return -ENOPROTOOPT;
}

/**
 * rdm_getsockopt() - read an option
 * @sk: the socket
 * @level: as in rdm_setsockopt()
 * @name: the option
 * @val: where its value goes
 * @len: bytes that @val has room for; then, bytes that were written
 *
 * A value is cut when there is no room for all of it.
 *
 * Context: process, socket not locked.
 * Return: 0, -ENOPROTOOPT, -EINVAL or -EFAULT.
 */
int rdm_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len)
{
	if (level == SOL_RDM)
		return get_rdm(sk, name, val, len);
	if (level == SOL_IP || (level == SOL_IPV6 && sk->sk_family == AF_INET6))
		return rdm_inet_getsockopt(sk, level, name, val, len);
	return -ENOPROTOOPT;
}
