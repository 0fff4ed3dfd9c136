// SPDX-License-Identifier: GPL-2.0
/*
 * rdm inetopt: socket options of the levels SOL_IP and SOL_IPV6. Those of level
 * SOL_SOCKET never come to a protocol; what they set is read where it matters.
 *
 * The kernel's own handlers would take nearly all of them, and most would then
 * have no effect, for messages do not pass where these handlers' flags are
 * looked at. So each one that is met is named here; the others are refused with
 * EOPNOTSUPP, except for the value that says what is done anyway (off), and
 * those nobody has heard of with ENOPROTOOPT.
 */
#include <linux/sockptr.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "group.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

/* What is done about an option. */
enum how {
	UNKNOWN,	/* ENOPROTOOPT */
	REFUSED,	/* EOPNOTSUPP */
	OFF,		/* the same, unless it is 0 */
	MET,		/* by the kernel's handler, and by who reads what that one has set */
	ROUTE,		/* MET, and the way of packets is looked up again */
	DSCP,		/* ROUTE, without the two bits of ECN, which are rdm's */
	PMTU,		/* ROUTE, for some of the values */
	FLAG,		/* kept in rdm_sock.rx_cmsgs */
	MEMBER,		/* joins a group or leaves it */
};

static enum how how_ip(int name)
{
	switch (name) {
	case IP_MULTICAST_IF:
	case IP_MULTICAST_LOOP:
	case IP_MULTICAST_TTL:
	case IP_TTL:
		return MET;
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return MEMBER;
	case IP_UNICAST_IF:
		return ROUTE;
	case IP_TOS:
		return DSCP;
	case IP_MTU_DISCOVER:
		return PMTU;
	case IP_PKTINFO:
	case IP_RECVERR:
	case IP_RECVORIGDSTADDR:
	case IP_RECVTOS:
	case IP_RECVTTL:
		return FLAG;
	case IP_BIND_ADDRESS_NO_PORT:
	case IP_CHECKSUM:
	case IP_FREEBIND:
	case IP_MINTTL:
	case IP_PASSSEC:
	case IP_RECVERR_RFC4884:
	case IP_RECVFRAGSIZE:
	case IP_RECVOPTS:
	case IP_RETOPTS:
	case IP_TRANSPARENT:
		return OFF;
	case IP_ADD_SOURCE_MEMBERSHIP:
	case IP_BLOCK_SOURCE:
	case IP_DROP_SOURCE_MEMBERSHIP:
	case IP_IPSEC_POLICY:
	case IP_LOCAL_PORT_RANGE:
	case IP_MSFILTER:
	case IP_MULTICAST_ALL:
	case IP_OPTIONS:
	case IP_ROUTER_ALERT:
	case IP_UNBLOCK_SOURCE:
	case IP_XFRM_POLICY:
		return REFUSED;
	}
	return UNKNOWN;
}

static enum how how_ipv6(int name)
{
	switch (name) {
	case IPV6_DONTFRAG:
	case IPV6_MULTICAST_HOPS:
	case IPV6_MULTICAST_IF:
	case IPV6_MULTICAST_LOOP:
	case IPV6_UNICAST_HOPS:
	case IPV6_V6ONLY:
		return MET;
	case IPV6_ADD_MEMBERSHIP:
	case IPV6_DROP_MEMBERSHIP:
		return MEMBER;
	case IPV6_ADDR_PREFERENCES:
	case IPV6_UNICAST_IF:
		return ROUTE;
	case IPV6_TCLASS:
		return DSCP;
	case IPV6_MTU_DISCOVER:
		return PMTU;
	case IPV6_RECVERR:
	case IPV6_RECVHOPLIMIT:
	case IPV6_RECVORIGDSTADDR:
	case IPV6_RECVPKTINFO:
	case IPV6_RECVTCLASS:
		return FLAG;
	case IPV6_2292DSTOPTS:
	case IPV6_2292HOPLIMIT:
	case IPV6_2292HOPOPTS:
	case IPV6_2292PKTINFO:
	case IPV6_2292RTHDR:
	case IPV6_AUTOFLOWLABEL:
	case IPV6_FLOWINFO:
	case IPV6_FLOWINFO_SEND:
	case IPV6_FREEBIND:
	case IPV6_MINHOPCOUNT:
	case IPV6_MTU:
	case IPV6_RECVDSTOPTS:
	case IPV6_RECVERR_RFC4884:
	case IPV6_RECVFRAGSIZE:
	case IPV6_RECVHOPOPTS:
	case IPV6_RECVPATHMTU:
	case IPV6_RECVRTHDR:
	case IPV6_TRANSPARENT:
		return OFF;
	case IPV6_2292PKTOPTIONS:
	case IPV6_ADDRFORM:
	case IPV6_DSTOPTS:
	case IPV6_FLOWLABEL_MGR:
	case IPV6_HOPOPTS:
	case IPV6_IPSEC_POLICY:
	case IPV6_JOIN_ANYCAST:
	case IPV6_LEAVE_ANYCAST:
	case IPV6_MULTICAST_ALL:
	case IPV6_PKTINFO:
	case IPV6_ROUTER_ALERT:
	case IPV6_ROUTER_ALERT_ISOLATE:
	case IPV6_RTHDR:
	case IPV6_RTHDRDSTOPTS:
	case IPV6_XFRM_POLICY:
		return REFUSED;
	}
	return UNKNOWN;
}

static enum how how_of(int level, int name)
{
	/* the same in both levels */
	switch (name) {
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
		return MEMBER;
	case MCAST_BLOCK_SOURCE:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
	case MCAST_MSFILTER:
	case MCAST_UNBLOCK_SOURCE:
		return REFUSED;
	}
	return level == SOL_IP ? how_ip(name) : how_ipv6(name);
}

/* The bit of an option that is a FLAG; no two levels have one with the same number. */
static u16 flag_of(int name)
{
	switch (name) {
	case IP_PKTINFO:
		return RDM_RX_PKTINFO;
	case IP_RECVERR:
		return RDM_RX_ERR;
	case IP_RECVTTL:
		return RDM_RX_TTL;
	case IP_RECVTOS:
		return RDM_RX_TOS;
	case IP_RECVORIGDSTADDR:
		return RDM_RX_ORIGDST;
	case IPV6_RECVERR:
		return RDM_RX_ERR6;
	case IPV6_RECVPKTINFO:
		return RDM_RX_PKTINFO6;
	case IPV6_RECVHOPLIMIT:
		return RDM_RX_HOPLIMIT;
	case IPV6_RECVTCLASS:
		return RDM_RX_TCLASS;
	case IPV6_RECVORIGDSTADDR:
		return RDM_RX_ORIGDST6;
	}
	return 0;
}

/* Level SOL_IP takes a single byte for a number too. */
static int read_int(int level, sockptr_t from, unsigned int len, int *v)
{
	u8 byte;

	if (len >= sizeof(*v))
		return copy_from_sockptr(v, from, sizeof(*v)) ? -EFAULT : 0;
	if (level != SOL_IP || !len)
		return -EINVAL;
	if (copy_from_sockptr(&byte, from, sizeof(byte)))
		return -EFAULT;
	*v = byte;
	return 0;
}

static int set_kernel(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	if (level == SOL_IP)
		return ip_setsockopt(sk, level, name, val, len);
	return ipv6_setsockopt(sk, level, name, val, len);
}

static void set_flag(struct sock *sk, u16 flag, bool on)
{
	struct rdm_sock *rsk = rdm_sk(sk);

	lock_sock(sk);
	WRITE_ONCE(rsk->rx_cmsgs, on ? rsk->rx_cmsgs | flag : rsk->rx_cmsgs & ~flag);
	release_sock(sk);
}

static int set_route(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	int err;

	err = set_kernel(sk, level, name, val, len);
	if (err)
		return err;
	lock_sock(sk);
	WRITE_ONCE(rdm_sk(sk)->routes, rdm_sk(sk)->routes + 1);
	release_sock(sk);
	return 0;
}

/**
 * rdm_inet_setsockopt() - set an option of IP or IPv6
 * @sk: the socket
 * @level: SOL_IP, or SOL_IPV6 for an AF_INET6 socket
 * @name: the option
 * @val: its value
 * @len: bytes of @val
 *
 * Context: process, socket not locked.
 * Return: 0; -ENOPROTOOPT when there is no such option to set; -EOPNOTSUPP when it would
 * have no effect; else what the kernel's handler says.
 */
int rdm_inet_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	enum how how = how_of(level, name);
	int v = 0, err;

	switch (how) {
	case UNKNOWN:
		return -ENOPROTOOPT;
	case REFUSED:
		return -EOPNOTSUPP;
	case MET:
		return set_kernel(sk, level, name, val, len);
	case ROUTE:
		return set_route(sk, level, name, val, len);
	case MEMBER:
		return rdm_group_membership(sk, level, name, val, len);
	default:
		break;
	}

	err = read_int(level, val, len, &v);
	if (err)
		return err;
	switch (how) {
	case DSCP:
		if (v > 0)
			v &= ~INET_ECN_MASK;
		return set_route(sk, level, name, KERNEL_SOCKPTR(&v), sizeof(v));
	case PMTU:
		if (v == IP_PMTUDISC_PROBE || v == IP_PMTUDISC_INTERFACE || v == IP_PMTUDISC_OMIT)
			return -EOPNOTSUPP;
		return set_route(sk, level, name, val, len);
	case FLAG:
		set_flag(sk, flag_of(name), v);
		return 0;
	default:
		return v ? -EOPNOTSUPP : set_kernel(sk, level, name, val, len);
	}
}

/* The MTU of the way to the connected peer: what the route says, or probes have found. */
static int path_mtu(struct sock *sk)
{
	struct rdm_addr local = {}, remote;
	struct in6_addr saddr;
	struct rdm_peer *peer;
	struct dst_entry *dst;
	u32 mtu;

	lock_sock(sk);
	remote = rdm_sk(sk)->remote;
	if (sk->sk_state != TCP_ESTABLISHED) {
		release_sock(sk);
		return -ENOTCONN;
	}
	local.port = inet_sk(sk)->inet_sport;
	if (sk->sk_family == AF_INET6)
		local.ip = inet6_sk(sk)->saddr;
	else
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &local.ip);
	release_sock(sk);

	dst = rdm_udp_route(sk, &local, &remote, &saddr);
	if (IS_ERR(dst))
		return -ENOTCONN;
	mtu = dst_mtu(dst);
	dst_release(dst);
	rcu_read_lock();
	peer = rdm_peer_find(sk, &remote);
	if (peer && READ_ONCE(peer->a.mtu) < READ_ONCE(peer->a.route_mtu))
		mtu = min(mtu, READ_ONCE(peer->a.mtu) + rdm_peer_headers(peer));
	rcu_read_unlock();
	return mtu;
}

static int put_int(int v, char __user *val, int __user *lenp)
{
	return rdm_put_option(val, lenp, &v, sizeof(v));
}

/**
 * rdm_inet_getsockopt() - read an option of IP or IPv6
 * @sk: the socket
 * @level: as in rdm_inet_setsockopt()
 * @name: the option
 * @val: where its value goes
 * @len: bytes that @val has room for; then, bytes that were written
 *
 * Context: process, socket not locked.
 * Return: 0 or a negative errno.
 */
int rdm_inet_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len)
{
	int v;

	if (how_of(level, name) == FLAG)
		return put_int(rdm_rx_wants(sk, flag_of(name)), val, len);
	if (level == SOL_IP ? name == IP_MTU : name == IPV6_MTU) {
		v = path_mtu(sk);
		return v < 0 ? v : put_int(v, val, len);
	}
	if (level == SOL_IPV6 && name == IPV6_PATHMTU)
		return -EOPNOTSUPP;
	if (level == SOL_IP)
		return ip_getsockopt(sk, level, name, val, len);
	return ipv6_getsockopt(sk, level, name, val, len);
}
