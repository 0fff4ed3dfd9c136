// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupopt: what users say of groups and hear of them: options, joining and
 * leaving in its three forms, sending, control messages. The numbers are in
 * <linux/rdm.h>.
 */
#include <linux/compat.h>
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/addrconf.h>
#include <net/compat.h>
#include <net/ip.h>

#include "group.h"
#include "option.h"

#define SUSPECT_MIN	50
#define SUSPECT_MAX	30000
#define SLOW_MIN	100
#define SLOW_MAX	3600000
#define WINDOW_MIN	65536
#define WINDOW_MAX	(64 << 20)

static struct rdm_groups *made(struct sock *sk)
{
	struct rdm_groups *gs;

	lock_sock(sk);
	gs = rdm_groups_make(sk);
	release_sock(sk);
	return gs;
}

static bool is_broadcast(struct net *net, const struct rdm_addr *a)
{
	__be32 ip = a->ip.s6_addr32[3];

	return rdm_addr_is4(a) &&
	       (ipv4_is_lbcast(ip) || inet_addr_type(net, ip) == RTN_BROADCAST);
}

static bool is_multicast(const struct rdm_addr *a)
{
	return rdm_addr_is4(a) ? ipv4_is_multicast(a->ip.s6_addr32[3]) :
				 ipv6_addr_is_multicast(&a->ip);
}

static bool is_own_addr(struct net *net, const struct rdm_addr *a)
{
	if (rdm_addr_is4(a))
		return inet_addr_type(net, a->ip.s6_addr32[3]) == RTN_LOCAL;
	return ipv6_chk_addr(net, &a->ip, NULL, 0);
}

/* The address and port that a group is known by; its scope is not part of it. */
static int group_name(struct sock *sk, struct rdm_addr *name)
{
	if (rdm_addr_is4(name) ? sk->sk_family != AF_INET : sk->sk_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (!is_multicast(name)) {
		if (!is_broadcast(sock_net(sk), name))
			return -EINVAL;
		if (!sock_flag(sk, SOCK_BROADCAST))
			return -EACCES;
	}
	if (!name->port)
		name->port = inet_sk(sk)->inet_sport;
	name->scope = 0;
	return 0;
}

/* Where the socket is bound to, unspecified for anywhere. */
static const struct in6_addr *bound(const struct sock *sk)
{
	return &rdm_sk(sk)->tunnel->local.ip;
}

static bool bound_to_any(const struct sock *sk)
{
	const struct in6_addr *ip = bound(sk);

	return ipv6_addr_any(ip) || (ipv6_addr_v4mapped(ip) && !ip->s6_addr32[3]);
}

/* Of the members that were listed, we are the one with our port and an address of ours. */
static int take_list(struct rdm_group *g, const struct rdm_addr *list, u32 n)
{
	struct rdm_addr me = {};
	bool found = false;
	u32 i;

	for (i = 0; i < n; i++) {
		if (!found && list[i].port == inet_sk(g->sk)->inet_sport &&
		    is_own_addr(g->rn->net, &list[i]) &&
		    (bound_to_any(g->sk) || ipv6_addr_equal(&list[i].ip, bound(g->sk)))) {
			me = list[i];
			found = true;
			continue;
		}
		rdm_gaddr_from(&g->list[g->nlist++], &list[i]);
	}
	g->self = me;
	return found ? 0 : -EADDRNOTAVAIL;
}

/* Join a group; with @n, that of the members in @list. */
static int join_group(struct sock *sk, struct rdm_addr *name, int ifindex,
		      const struct rdm_addr *list, u32 n)
{
	struct rdm_group *g;
	int err;

	/* it has one peer for life */
	if (rdm_sk(sk)->seat.child)
		return -EOPNOTSUPP;
	lock_sock(sk);
	err = -EINVAL;
	if (!rdm_sk(sk)->tunnel || sk->sk_state == TCP_LISTEN)
		goto out;
	err = group_name(sk, name);
	if (err)
		goto out;
	/* others are heard only by who listens to the group's address, and answer to its port */
	err = -EADDRNOTAVAIL;
	if (!n && (!bound_to_any(sk) || name->port != inet_sk(sk)->inet_sport))
		goto out;
	err = -ENOMEM;
	if (!rdm_groups_make(sk))
		goto out;
	if (!ifindex)
		ifindex = sk->sk_family == AF_INET6 ? inet6_sk(sk)->mcast_oif :
						     inet_sk(sk)->mc_index;
	g = rdm_group_alloc(sk, name, ifindex ?: READ_ONCE(sk->sk_bound_dev_if), n);
	if (!g)
		goto out;
	release_sock(sk);

	err = n ? take_list(g, list, n) : rdm_group_source(g);
	if (err) {
		rdm_group_put(g);
		return err;
	}
	return rdm_group_join(g);
out:
	release_sock(sk);
	return err;
}

static int leave(struct sock *sk, struct rdm_addr *name)
{
	int err = group_name(sk, name);

	return err == -EACCES ? 0 : err ?: rdm_group_leave(sk, name);
}

static int read_addr(struct sock *sk, const struct __kernel_sockaddr_storage *ss,
		     struct rdm_addr *to)
{
	struct sockaddr_in6 in6;
	int len = ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(in6);

	/* a group's interface is told apart */
	if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		if (ipv6_addr_is_multicast(&in6.sin6_addr)) {
			if (sk->sk_family != AF_INET6)
				return -EAFNOSUPPORT;
			memset(to, 0, sizeof(*to));
			to->ip = in6.sin6_addr;
			to->port = in6.sin6_port;
			return 0;
		}
	}
	return rdm_addr_from_user(to, sk, (const struct sockaddr *)ss, len);
}

/* RDM_GROUP_JOIN and RDM_GROUP_LEAVE. */
static int request(struct sock *sk, bool on, sockptr_t val, unsigned int len)
{
	struct __kernel_sockaddr_storage *ss = NULL;
	struct rdm_addr name, *list = NULL;
	struct rdm_group_req req;
	int err;
	u32 i;

	if (len < sizeof(req))
		return -EINVAL;
	if (copy_from_sockptr(&req, val, sizeof(req)))
		return -EFAULT;
	if (req.n > RDM_GROUP_MEMBERS || req.ifindex > INT_MAX || (req.n && !on) ||
	    len < sizeof(req) + req.n * sizeof(*ss))
		return -EINVAL;
	err = read_addr(sk, &req.group, &name);
	if (err)
		return err;
	if (!on)
		return leave(sk, &name);
	if (req.n) {
		ss = kmalloc_array(req.n, sizeof(*ss), GFP_KERNEL);
		list = kcalloc(req.n, sizeof(*list), GFP_KERNEL);
		err = -ENOMEM;
		if (!ss || !list)
			goto out;
		err = -EFAULT;
		if (copy_from_sockptr_offset(ss, val, sizeof(req), req.n * sizeof(*ss)))
			goto out;
		for (i = 0; i < req.n; i++) {
			err = read_addr(sk, &ss[i], &list[i]);
			if (!err && (!list[i].port || is_multicast(&list[i])))
				err = -EINVAL;
			if (err)
				goto out;
		}
	}
	err = join_group(sk, &name, req.ifindex, list, req.n);
out:
	kfree(ss);
	kfree(list);
	return err;
}

/* IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP. */
static int mreq4(struct sock *sk, sockptr_t val, unsigned int len, struct rdm_addr *name,
		 int *ifindex)
{
	struct ip_mreqn mreq = {};
	struct net_device *dev;

	if (len < sizeof(struct ip_mreq))
		return -EINVAL;
	if (copy_from_sockptr(&mreq, val, len >= sizeof(mreq) ? sizeof(mreq) :
							       sizeof(struct ip_mreq)))
		return -EFAULT;
	if (sk->sk_family != AF_INET)
		return -EAFNOSUPPORT;
	ipv6_addr_set_v4mapped(mreq.imr_multiaddr.s_addr, &name->ip);
	*ifindex = mreq.imr_ifindex;
	if (!*ifindex && mreq.imr_address.s_addr) {
		dev = ip_dev_find(sock_net(sk), mreq.imr_address.s_addr);
		if (!dev)
			return -ENODEV;
		*ifindex = dev->ifindex;
		dev_put(dev);
	}
	return 0;
}

static int mreq6(struct sock *sk, sockptr_t val, unsigned int len, struct rdm_addr *name,
		 int *ifindex)
{
	struct ipv6_mreq mreq;

	if (len < sizeof(mreq))
		return -EINVAL;
	if (copy_from_sockptr(&mreq, val, sizeof(mreq)))
		return -EFAULT;
	name->ip = mreq.ipv6mr_multiaddr;
	*ifindex = mreq.ipv6mr_ifindex;
	return 0;
}

static int group_req(struct sock *sk, sockptr_t val, unsigned int len, struct rdm_addr *name,
		     int *ifindex)
{
	struct __kernel_sockaddr_storage ss;
	unsigned int at = offsetof(struct group_req, gr_group);
	u32 dev;

#ifdef CONFIG_COMPAT
	if (in_compat_syscall())
		at = offsetof(struct compat_group_req, gr_group);
#endif
	if (len < at + sizeof(ss))
		return -EINVAL;
	if (copy_from_sockptr(&dev, val, sizeof(dev)) ||
	    copy_from_sockptr_offset(&ss, val, at, sizeof(ss)))
		return -EFAULT;
	*ifindex = dev;
	return read_addr(sk, &ss, name);
}

/**
 * rdm_group_membership() - join or leave by the options of IP and IPv6
 * @sk: the socket
 * @level: SOL_IP or SOL_IPV6
 * @name: the option
 * @val: its value
 * @len: bytes of @val
 *
 * Context: process, socket not locked; may sleep.
 * Return: 0 or a negative errno, where there is one that of UDP.
 */
int rdm_group_membership(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	struct rdm_addr group = {};
	int ifindex = 0, err;
	bool on;

	if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP) {
		on = name == MCAST_JOIN_GROUP;
		err = group_req(sk, val, len, &group, &ifindex);
	} else if (level == SOL_IP) {
		on = name == IP_ADD_MEMBERSHIP;
		err = mreq4(sk, val, len, &group, &ifindex);
	} else {
		on = name == IPV6_ADD_MEMBERSHIP;
		err = mreq6(sk, val, len, &group, &ifindex);
	}
	if (err)
		return err;
	/* the port of a group is that of the socket */
	group.port = 0;
	return on ? join_group(sk, &group, ifindex, NULL, 0) : leave(sk, &group);
}

/**
 * rdm_group_setsockopt() - set an option of groups
 * @sk: the socket
 * @name: RDM_GROUP_* or RDM_RX_GROUP
 * @val: its value
 * @len: bytes of @val
 *
 * Context: process, socket not locked; may sleep.
 * Return: 0 or a negative errno; -ENOPROTOOPT when there is no such option to set.
 */
int rdm_group_setsockopt(struct sock *sk, int name, sockptr_t val, unsigned int len)
{
	struct rdm_groups *gs;
	u32 v;

	switch (name) {
	case RDM_GROUP_JOIN:
	case RDM_GROUP_LEAVE:
		return request(sk, name == RDM_GROUP_JOIN, val, len);
	case RDM_GROUP_MODE:
	case RDM_GROUP_SLOW:
	case RDM_GROUP_SUSPECT_MS:
	case RDM_GROUP_MIN:
	case RDM_GROUP_WINDOW:
	case RDM_RX_GROUP:
		break;
	default:
		return -ENOPROTOOPT;
	}
	if (len < sizeof(v))
		return -EINVAL;
	if (copy_from_sockptr(&v, val, sizeof(v)))
		return -EFAULT;
	if ((name == RDM_GROUP_MODE && v > RDM_GROUP_BEST_EFFORT) ||
	    (name == RDM_GROUP_SLOW && v && (v < SLOW_MIN || v > SLOW_MAX)) ||
	    (name == RDM_GROUP_SUSPECT_MS && (v < SUSPECT_MIN || v > SUSPECT_MAX)) ||
	    (name == RDM_GROUP_MIN && (v < 1 || v > RDM_GROUP_MEMBERS)) ||
	    (name == RDM_GROUP_WINDOW && (v < WINDOW_MIN || v > WINDOW_MAX)) ||
	    (name == RDM_RX_GROUP && v & ~(RDM_RX_GROUP_INFO | RDM_RX_GROUP_EVENTS)))
		return -EINVAL;
	gs = made(sk);
	if (!gs)
		return -ENOMEM;
	switch (name) {
	case RDM_GROUP_MODE:
		WRITE_ONCE(gs->mode, v);
		break;
	case RDM_GROUP_SLOW:
		WRITE_ONCE(gs->slow_ms, v);
		break;
	case RDM_GROUP_SUSPECT_MS:
		WRITE_ONCE(gs->suspect_ms, v);
		break;
	case RDM_GROUP_MIN:
		WRITE_ONCE(gs->min, v);
		break;
	case RDM_GROUP_WINDOW:
		WRITE_ONCE(gs->window, v);
		break;
	default:
		WRITE_ONCE(gs->rx, v);
	}
	return 0;
}

static void fill_info(struct rdm_group *g, struct rdm_group_info *info,
		      struct rdm_group_member *members, u32 room)
{
	struct rdm_gc_info i;
	struct rdm_gc_peer p;
	struct rdm_addr at;
	u64 now = rdm_now();
	u8 rank;

	spin_lock_bh(&rdm_groups(g->sk)->lock);
	rdm_gc_info(g->gc, &i);
	info->lineage = i.lineage;
	info->view = i.view;
	info->incarnation = i.self.inc;
	info->top = i.top;
	info->stable = i.stable;
	info->flags = (i.formed ? RDM_GROUP_FORMED : 0) | (i.frozen ? RDM_GROUP_FROZEN : 0) |
		      (i.blocked ? RDM_GROUP_BLOCKED : 0) | (i.leaving ? RDM_GROUP_LEAVING : 0);
	info->n = i.n;
	info->self = i.rank;
	info->max_msg = min_t(u32, rdm_group_max_len(g), READ_ONCE(g->rn->tun.max_msg));
	for (rank = 0; rank < i.n && rank < room; rank++) {
		struct rdm_group_member *m = &members[rank];

		if (!rdm_gc_peer(g->gc, rank, &p))
			continue;
		rdm_gaddr_to(&at, &p.who.at);
		rdm_addr_to_user(g->sk, &at, &m->addr);
		m->incarnation = p.who.inc;
		m->acked = p.acked;
		m->held = p.held;
		m->lag = rank != i.rank && i.top > p.acked ? i.top - p.acked : 0;
		if (rank != i.rank)
			m->heard_ms = min_t(u64, div_u64(now - min(now, p.heard), NSEC_PER_MSEC),
					    U32_MAX);
		m->flags = (p.suspected ? RDM_MEMBER_SUSPECTED : 0) |
			   (p.leaving ? RDM_MEMBER_LEAVING : 0);
	}
	spin_unlock_bh(&rdm_groups(g->sk)->lock);
}

static int get_info(struct sock *sk, char __user *val, int __user *lenp)
{
	struct rdm_group_member *members;
	struct rdm_group_info info = {};
	struct rdm_group *g;
	struct rdm_addr name;
	int len, err;
	u32 room;

	if (get_user(len, lenp))
		return -EFAULT;
	if (len < (int)sizeof(info))
		return -EINVAL;
	if (copy_from_user(&info.group, val, sizeof(info.group)))
		return -EFAULT;
	err = read_addr(sk, &info.group, &name);
	if (!err)
		err = group_name(sk, &name);
	if (err)
		return err;
	g = rdm_group_get(sk, &name);
	if (!g)
		return -ENOENT;
	room = min_t(u32, (len - sizeof(info)) / sizeof(*members), RDM_GROUP_MEMBERS);
	members = kcalloc(RDM_GROUP_MEMBERS, sizeof(*members), GFP_KERNEL);
	err = -ENOMEM;
	if (!members)
		goto out;
	memset(&info, 0, sizeof(info));
	rdm_addr_to_user(sk, &name, &info.group);
	fill_info(g, &info, members, room);
	room = min(room, info.n);
	len = sizeof(info) + room * sizeof(*members);
	err = -EFAULT;
	if (put_user(len, lenp) || copy_to_user(val, &info, sizeof(info)) ||
	    copy_to_user(val + sizeof(info), members, room * sizeof(*members)))
		goto out;
	err = 0;
out:
	kfree(members);
	rdm_group_put(g);
	return err;
}

/**
 * rdm_group_getsockopt() - read an option of groups
 * @sk: the socket
 * @name: RDM_GROUP_* or RDM_RX_GROUP
 * @val: where its value goes
 * @lenp: bytes that @val has room for; then, bytes that were written
 *
 * Context: process, socket not locked; may sleep.
 * Return: 0 or a negative errno; -ENOPROTOOPT when there is no such option to read.
 */
int rdm_group_getsockopt(struct sock *sk, int name, char __user *val, int __user *lenp)
{
	struct rdm_groups *gs;
	u32 v;

	if (name == RDM_GROUP_INFO)
		return get_info(sk, val, lenp);
	gs = made(sk);
	if (!gs)
		return -ENOMEM;
	switch (name) {
	case RDM_GROUP_MODE:
		v = READ_ONCE(gs->mode);
		break;
	case RDM_GROUP_SLOW:
		v = READ_ONCE(gs->slow_ms);
		break;
	case RDM_GROUP_SUSPECT_MS:
		v = READ_ONCE(gs->suspect_ms);
		break;
	case RDM_GROUP_MIN:
		v = READ_ONCE(gs->min);
		break;
	case RDM_GROUP_WINDOW:
		v = READ_ONCE(gs->window);
		break;
	case RDM_RX_GROUP:
		v = READ_ONCE(gs->rx);
		break;
	default:
		return -ENOPROTOOPT;
	}
	return rdm_put_option(val, lenp, &v, sizeof(v));
}

/**
 * rdm_group_sendmsg() - broadcast, if the destination is a group that was joined
 * @sk: the socket
 * @msg: bytes and flags
 * @len: how many bytes
 * @to: the destination
 * @opts: how it is to be sent
 *
 * Context: process; may sleep.
 * Return: @len; -ENOENT when it is no such group; or another negative errno: then nothing
 * was accepted.
 */
noinline int rdm_group_sendmsg(struct sock *sk, struct msghdr *msg, size_t len,
			       const struct rdm_addr *to, const struct rdm_sendopts *opts)
{
	struct rdm_group *g = rdm_group_get(sk, to);
	struct rdm_gbody *b;
	long timeo;
	int err;

	if (!g)
		return -ENOENT;
	err = -EACCES;
	if (!is_multicast(to) && !sock_flag(sk, SOCK_BROADCAST))
		goto out;
	err = -EOPNOTSUPP;
	if (opts->named || (!g->cast && (opts->mode == RDM_AT_MOST_ONCE || opts->deadline_ms)))
		goto out;
	err = -EMSGSIZE;
	if (len > rdm_group_max_len(g))
		goto out;
	b = rdm_gbody_from_user(g, &msg->msg_iter, len);
	err = PTR_ERR_OR_ZERO(b);
	if (err)
		goto out;
	b->mode = opts->mode == RDM_AT_MOST_ONCE ? RDM_AT_MOST_ONCE : RDM_EXACTLY_ONCE;
	if (opts->deadline_ms)
		b->deadline = rdm_now() + opts->deadline_ms * (u64)NSEC_PER_MSEC;
	if (opts->ask)
		b->note = rdm_note_new(to, opts->cookie);
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	if (opts->ask)
		err = b->note ? rdm_note_take(sk, b->note, &timeo) : -ENOMEM;
	if (!err)
		err = rdm_group_send(g, b, timeo);
	if (err)
		rdm_gbody_put(b);
out:
	rdm_group_put(g);
	return err ?: len;
}

/**
 * rdm_group_cmsg() - say what a message from a group is, and whose
 * @sk: the socket
 * @msg: where to
 * @rec: the message
 *
 * Context: process.
 */
noinline void rdm_group_cmsg(struct sock *sk, struct msghdr *msg, const struct rdm_rec *rec)
{
	const struct rdm_gbody *b = rdm_grec_body(rec);
	const struct rdm_gread *r = rdm_gread(rec);
	struct rdm_group_msg info __uninitialized;
	struct rdm_addr name;

	if (msg->msg_name) {
		if (b)
			rdm_gaddr_to(&name, &b->m.origin.at);
		else
			name = r->name;
		msg->msg_namelen = rdm_addr_to_user(sk, &name, msg->msg_name);
	}
	if (!READ_ONCE(rdm_groups(sk)->rx))
		return;
	memset(&info, 0, sizeof(info));
	info.lineage = b ? b->m.lineage : r->lineage;
	info.view = b ? b->m.view : r->view;
	info.incarnation = b ? b->m.origin.inc : r->incarnation;
	info.seq = b ? b->m.seq : r->seq;
	info.event = b ? RDM_GROUP_DATA : r->event;
	info.members = b ? 0 : r->members;
	rdm_addr_to_user(sk, b ? &b->group->name : &r->group->name, &info.group);
	put_cmsg(msg, SOL_RDM, RDM_GROUP_MSG, sizeof(info), &info);
}
