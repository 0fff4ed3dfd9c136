// SPDX-License-Identifier: GPL-2.0
/*
 * Members of groups in namespaces, for selftests; see grouplab.h.
 */
#include "grouplab.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct addr group_addr(int family)
{
	return address(family == AF_INET ? "239.7.5.1" : "ff05::751", GROUP_PORT);
}

void lab_open(struct grouplab *g, int family, int type, unsigned int n)
{
	memset(g, 0, sizeof(*g));
	g->family = family;
	g->type = type;
	g->n = n;
	g->suspect_ms = slowness() > 1 ? 3000 : 2000;
	g->group = group_addr(family);
	g->hub = ns_new();
	ns_enter(g->hub);
	run_ip("link add br0 type bridge mcast_snooping 0\nlink set br0 up\n");
	for (unsigned int i = 0; i < n; i++) {
		g->fd[i] = -1;
		g->ns[i] = ns_new();
		ns_enter(g->hub);
		run_ip("link add p%u type veth peer name eth0 netns /proc/%d/fd/%d\n"
		       "link set p%u master br0 up\n", i, getpid(), g->ns[i], i);
		ns_enter(g->ns[i]);
		run_ip("addr add 10.75.0.%u/24 dev eth0\naddr add fd00:75::%u/64 dev eth0 nodad\n"
		       "link set eth0 up\n", i + 1, i + 1);
		run_tc("qdisc add dev eth0 clsact\n");
		g->at[i] = lab_addr(family, 75, i + 1, GROUP_PORT);
		if (family == AF_INET6) {
			char text[64];

			snprintf(text, sizeof(text), "fd00:75::%u", i + 1);
			g->at[i] = address(text, GROUP_PORT);
		}
	}
}

void lab_close(struct grouplab *g)
{
	struct linger at_once = { .l_onoff = 1 };

	for (unsigned int i = 0; i < g->n; i++) {
		if (g->fd[i] >= 0) {
			setsockopt(g->fd[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
			close(g->fd[i]);
		}
		close(g->ns[i]);
	}
	close(g->hub);
}

int lab_socket(struct grouplab *g, unsigned int i)
{
	struct addr any = address(g->family == AF_INET ? "0.0.0.0" : "::", GROUP_PORT);
	int fd;

	ns_enter(g->ns[i]);
	fd = rdm_socket(g->family, g->type);
	/* one that was closed has the port until it has left its groups */
	if (!EVENTUALLY(3 * PATIENCE, !bind(fd, &any.sa, any.len)))
		fatal("bind: %s", strerror(errno));
	set_int(fd, SOL_RDM, RDM_GROUP_SUSPECT_MS, (int)g->suspect_ms);
	set_int(fd, SOL_RDM, RDM_RX_GROUP, RDM_RX_GROUP_INFO | RDM_RX_GROUP_EVENTS);
	g->fd[i] = fd;
	return fd;
}

void lab_join(struct grouplab *g, unsigned int i)
{
	int err;

	ns_enter(g->ns[i]);
	if (g->family == AF_INET) {
		struct ip_mreqn mreq = {
			.imr_multiaddr = g->group.in.sin_addr,
			.imr_ifindex = (int)if_nametoindex("eth0"),
		};

		err = setsockopt(g->fd[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
	} else {
		struct ipv6_mreq mreq = {
			.ipv6mr_multiaddr = g->group.in6.sin6_addr,
			.ipv6mr_interface = if_nametoindex("eth0"),
		};

		err = setsockopt(g->fd[i], IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq, sizeof(mreq));
	}
	if (err)
		fatal("join: %s", strerror(errno));
}

void lab_join_list(struct grouplab *g, unsigned int i)
{
	struct {
		struct rdm_group_req req;
		struct sockaddr_storage members[LAB_MAX];
	} r = { .req.n = g->n };

	memcpy(&r.req.group, &g->group.ss, sizeof(r.req.group));
	for (unsigned int k = 0; k < g->n; k++)
		memcpy(&r.members[k], &g->at[k].ss, sizeof(r.members[k]));
	if (setsockopt(g->fd[i], SOL_RDM, RDM_GROUP_JOIN, &r, sizeof(r)))
		fatal("RDM_GROUP_JOIN: %s", strerror(errno));
}

int lab_info(struct grouplab *g, unsigned int i, struct rdm_group_info *info,
	     struct rdm_group_member *members, unsigned int room)
{
	struct {
		struct rdm_group_info info;
		struct rdm_group_member members[RDM_GROUP_MEMBERS];
	} r;
	socklen_t len = (socklen_t)(sizeof(r.info) + room * sizeof(r.members[0]));

	memset(&r, 0, sizeof(r));
	memcpy(&r.info.group, &g->group.ss, sizeof(r.info.group));
	if (getsockopt(g->fd[i], SOL_RDM, RDM_GROUP_INFO, &r, &len))
		return -1;
	*info = r.info;
	if (members)
		memcpy(members, r.members, room * sizeof(*members));
	return 0;
}

bool lab_sees(struct grouplab *g, unsigned int who, unsigned int n)
{
	struct rdm_group_info info;
	uint64_t lineage = 0, view = 0;

	for (unsigned int i = 0; i < g->n; i++) {
		if (!(who & 1u << i))
			continue;
		if (lab_info(g, i, &info, NULL, 0) || info.n != n ||
		    !(info.flags & RDM_GROUP_FORMED) || info.flags & RDM_GROUP_FROZEN ||
		    (lineage && (info.lineage != lineage || info.view != view)))
			return false;
		lineage = info.lineage;
		view = info.view;
	}
	return true;
}

bool lab_all_join(struct grouplab *g)
{
	for (unsigned int i = 0; i < g->n; i++) {
		if (g->fd[i] < 0)
			lab_socket(g, i);
		lab_join(g, i);
	}
	return EVENTUALLY(4 * PATIENCE, lab_sees(g, (1u << g->n) - 1, g->n));
}

void lab_cut(struct grouplab *g, unsigned int i)
{
	ns_enter(g->ns[i]);
	run_tc("filter add dev eth0 egress matchall action drop\n"
	       "filter add dev eth0 ingress matchall action drop\n");
}

void lab_cut_out(struct grouplab *g, unsigned int i)
{
	ns_enter(g->ns[i]);
	run_tc("filter add dev eth0 egress matchall action drop\n");
}

void lab_netem(struct grouplab *g, unsigned int i, const char *how)
{
	ns_enter(g->ns[i]);
	run_tc("qdisc replace dev eth0 root netem limit 10000 %s\n", how);
}

void lab_heal(struct grouplab *g, unsigned int i)
{
	ns_enter(g->ns[i]);
	run_tc("filter del dev eth0 egress\nfilter del dev eth0 ingress\n");
}

void lab_cut_to(struct grouplab *g, unsigned int i, unsigned int j)
{
	ns_enter(g->ns[i]);
	if (g->family == AF_INET)
		run_tc("filter add dev eth0 egress protocol ip u32 match ip dst 10.75.0.%u/32 "
		       "action drop\n", j + 1);
	else
		run_tc("filter add dev eth0 egress protocol ipv6 u32 match ip6 dst fd00:75::%u/128 "
		       "action drop\n", j + 1);
}

uint64_t lab_counter(struct grouplab *g, unsigned int i, const char *name)
{
	return ns_counter(g->ns[i], name);
}

uint64_t lab_counters(struct grouplab *g, const char *name)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < g->n; i++)
		sum += lab_counter(g, i, name);
	return sum;
}

ssize_t lab_send(struct grouplab *g, unsigned int i, uint32_t seq, size_t len, int flags)
{
	static uint8_t buf[LAB_LONGEST];

	if (len < 8)
		len = 8;
	memcpy(buf, &i, 4);
	memcpy(buf + 4, &seq, 4);
	fill(buf + 8, len - 8, i << 24 ^ seq);
	return send_to(g->fd[i], buf, len, flags, &g->group);
}

ssize_t lab_ask(struct grouplab *g, unsigned int i, uint64_t cookie, size_t len)
{
	static uint8_t buf[65536];
	union {
		struct cmsghdr c;
		uint8_t room[CMSG_SPACE(sizeof(cookie))];
	} control = { .c = { .cmsg_len = CMSG_LEN(sizeof(cookie)), .cmsg_level = SOL_RDM,
			     .cmsg_type = RDM_COOKIE } };
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_name = &g->group.ss, .msg_namelen = g->group.len,
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.c), &cookie, sizeof(cookie));
	return sendmsg(g->fd[i], &msg, 0);
}

static unsigned int member_at(const struct grouplab *g, const struct addr *a)
{
	for (unsigned int i = 0; i < g->n; i++)
		if (same_addr(&g->at[i], a))
			return i;
	return LAB_MAX;
}

bool lab_outcome(struct grouplab *g, unsigned int i, int ms, struct rdm_outcome *o,
		 unsigned int *lack)
{
	union {
		struct cmsghdr align;
		uint8_t room[4096];
	} control;
	struct msghdr msg = { .msg_control = &control, .msg_controllen = sizeof(control) };
	struct sockaddr_storage ss;

	*lack = 0;
	memset(o, 0xff, sizeof(*o));
	if (!EVENTUALLY(ms, recvmsg(g->fd[i], &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0))
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		size_t n = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_RDM)
			continue;
		if (c->cmsg_type == RDM_OUTCOME && n == sizeof(*o))
			memcpy(o, CMSG_DATA(c), n);
		for (size_t k = 0; c->cmsg_type == RDM_GROUP_LACK && k < n / sizeof(ss); k++) {
			struct addr a = { .len = g->group.len };

			memcpy(&ss, CMSG_DATA(c) + k * sizeof(ss), sizeof(ss));
			memcpy(&a.ss, &ss, sizeof(ss));
			*lack |= 1u << member_at(g, &a);
		}
	}
	return true;
}

static void judge(struct grouplab *g, struct seen *s, const uint8_t *buf, size_t len,
		  const struct addr *from)
{
	uint32_t origin, seq;

	s->count++;
	if (len < 8) {
		s->wrong++;
		return;
	}
	memcpy(&origin, buf, 4);
	memcpy(&seq, buf + 4, 4);
	if (origin >= g->n || member_at(g, from) != origin ||
	    !intact(buf + 8, len - 8, origin << 24 ^ seq)) {
		s->wrong++;
		return;
	}
	if (s->unordered ? seq > 255 || s->had[origin][seq] : seq != s->next[origin])
		s->wrong++;
	s->had[origin][seq & 255] = true;
	s->next[origin] = seq + 1;
}

bool lab_read(struct grouplab *g, unsigned int i, struct seen *s)
{
	static uint8_t buf[LAB_LONGEST];
	union {
		struct cmsghdr align;
		uint8_t room[1024];
	} control;
	struct iovec iov = { buf, sizeof(buf) };
	struct addr from = {};
	struct msghdr msg = {
		.msg_name = &from.ss,
		.msg_namelen = sizeof(from.ss),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct rdm_group_msg info = {};
	ssize_t n = recvmsg(g->fd[i], &msg, MSG_DONTWAIT);

	if (n < 0)
		return false;
	from.len = msg.msg_namelen;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_RDM && c->cmsg_type == RDM_GROUP_MSG)
			memcpy(&info, CMSG_DATA(c), sizeof(info));
	if (info.event == RDM_GROUP_DATA) {
		judge(g, s, buf, (size_t)n, &from);
	} else {
		s->events[info.event & 15]++;
		s->last_name = from;
	}
	s->last = info;
	return true;
}

bool lab_read_until(struct grouplab *g, unsigned int i, struct seen *s, unsigned int count,
		    int ms)
{
	while (s->count < count) {
		if (lab_read(g, i, s))
			continue;
		if (!(wait_for(g->fd[i], POLLIN, ms) & POLLIN))
			return false;
	}
	return true;
}
