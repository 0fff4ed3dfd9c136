// SPDX-License-Identifier: GPL-2.0
/*
 * rdm info: RDM_PEER_INFO, what a program can learn of one association of its
 * socket. All of a namespace's associations, for people, are in /proc/net/rdm
 * (proc.c).
 */
#include <linux/limits.h>
#include <linux/uaccess.h>

#include "option.h"
#include "peer.h"
#include "rdm.h"

static const u32 states[] = {
	[RDM_ASSOC_IDLE] = RDM_PEER_IDLE,
	[RDM_ASSOC_INIT_SENT] = RDM_PEER_OPENING,
	[RDM_ASSOC_COOKIE_SENT] = RDM_PEER_OPENING,
	[RDM_ASSOC_ESTABLISHED] = RDM_PEER_ESTABLISHED,
	[RDM_ASSOC_CLOSING] = RDM_PEER_CLOSING,
	[RDM_ASSOC_CLOSED] = RDM_PEER_CLOSED,
};

static const u32 ecn_states[] = {
	[RDM_ECN_OFF] = RDM_PEER_ECN_OFF,
	[RDM_ECN_TESTING] = RDM_PEER_ECN_TESTING,
	[RDM_ECN_UNKNOWN] = RDM_PEER_ECN_TESTING,
	[RDM_ECN_CAPABLE] = RDM_PEER_ECN_ON,
	[RDM_ECN_FAILED] = RDM_PEER_ECN_FAILED,
};

static_assert(ARRAY_SIZE(states) == RDM_ASSOC__NR);
static_assert(ARRAY_SIZE(ecn_states) == RDM_ECN_STATE__NR);
/* the same for 32-bit programs */
static_assert(sizeof(struct rdm_peer_info) == 440);

static u32 us(u64 ns)
{
	return min_t(u64, div_u64(ns, NSEC_PER_USEC), U32_MAX);
}

static u64 left(u64 limit, u64 used)
{
	/* a message may be let in past what was promised */
	return limit > used ? limit - used : 0;
}

static void fill(struct rdm_peer_info *info, const struct rdm_peer *peer)
{
	const struct rdm_assoc *a = &peer->a;

	lockdep_assert_held(&peer->lock);
	info->state = states[a->state];
	info->flags = (peer->outbound ? RDM_PEER_OUTBOUND : 0) |
		      (a->fifo ? RDM_PEER_FIFO : 0) |
		      (a->refused ? RDM_PEER_REFUSED : 0);
	info->incarnation = a->cfg.incarnation;
	info->peer_incarnation = a->peer_incarnation;
	info->srtt_us = us(a->rtt.srtt);
	info->rttvar_us = us(a->rtt.rttvar);
	info->min_rtt_us = us(a->rtt.min);
	info->pto_us = us(rdm_recovery_pto(&a->rtt));
	info->ptos = a->rec.pto_count;
	info->mtu = a->mtu;
	info->route_mtu = a->route_mtu;
	info->cwnd = a->rest.cwnd;
	info->ssthresh = a->rest.ssthresh == U32_MAX ? U64_MAX : a->rest.ssthresh;
	if (a->hot) {
		info->cwnd = a->hot->cong.cwnd;
		info->ssthresh = a->hot->cong.ssthresh;
		info->in_flight = a->hot->cong.in_flight;
	}
	info->unacked_msgs = a->txq.n;
	info->sent_msgs = a->txq.nbound;
	info->unacked_bytes = a->txq.bytes;
	info->acked_msgs = peer->acked_msgs;
	info->failed_msgs = peer->failed_msgs;
	info->received_msgs = peer->received_msgs;
	info->window = left(a->txq.win_charge, a->txq.charge);
	info->rx_window = left(a->rx_adv_charge, a->rx_charge);
	info->sent_pkts = a->rec.next_pn;
	info->retrans_pkts = peer->retrans_pkts;
	info->lost_pkts = a->rec.all_lost;
	info->spurious_pkts = a->rec.all_spurious;
	info->since_rx_ms = U32_MAX;
	if (a->last_rx)
		info->since_rx_ms = div_u64(rdm_now() - a->last_rx, NSEC_PER_MSEC);
	info->peer_max_msg = a->peer_max_msg;
	info->soft_error = a->soft_error;
	info->ecn = ecn_states[a->hot ? a->hot->ecn.state : a->ecn];
}

/* Whose association? */
static int named(struct sock *sk, const struct __kernel_sockaddr_storage *ss, int len,
		 struct rdm_addr *to)
{
	int err;

	if (ss->ss_family != AF_UNSPEC) {
		err = rdm_addr_from_user(to, sk, (const struct sockaddr *)ss, len);
		return err ?: rdm_addr_unicast(sk, to);
	}
	lock_sock(sk);
	err = sk->sk_state == TCP_ESTABLISHED ? 0 : -ENOTCONN;
	*to = rdm_sk(sk)->remote;
	release_sock(sk);
	return err;
}

/**
 * rdm_info_get() - getsockopt(RDM_PEER_INFO)
 * @sk: the socket
 * @val: a sockaddr; then, struct rdm_peer_info or as much of it as there is room for
 * @lenp: bytes at @val
 *
 * Context: process, socket not locked.
 * Return: 0; -ENOENT when there is no such association; -ENOTCONN when AF_UNSPEC was asked
 * for and the socket is not connected; -EINVAL, -EAFNOSUPPORT, -EFAULT.
 */
int rdm_info_get(struct sock *sk, char __user *val, int __user *lenp)
{
	struct rdm_peer_info info = {};
	struct rdm_addr to, local;
	struct rdm_peer *peer;
	int len, err;

	if (get_user(len, lenp))
		return -EFAULT;
	if (len < (int)sizeof(info.peer.ss_family))
		return -EINVAL;
	if (copy_from_user(&info.peer, val, min_t(int, len, sizeof(info.peer))))
		return -EFAULT;
	err = named(sk, &info.peer, min_t(int, len, sizeof(info.peer)), &to);
	if (err)
		return err;

	memset(&info, 0, sizeof(info));
	rcu_read_lock();
	peer = rdm_peer_find(sk, &to);
	if (peer) {
		spin_lock_bh(&peer->lock);
		fill(&info, peer);
		local = peer->local;
		spin_unlock_bh(&peer->lock);
	}
	rcu_read_unlock();
	if (!peer)
		return -ENOENT;
	local.scope = to.scope;
	rdm_addr_to_user(sk, &to, &info.peer);
	rdm_addr_to_user(sk, &local, &info.local);
	len = min_t(int, len, sizeof(info));
	if (put_user(len, lenp) || copy_to_user(val, &info, len))
		return -EFAULT;
	return 0;
}
