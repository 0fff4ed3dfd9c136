// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces, links, recorded and forged packets for the selftests; see netlab.h.
 */
#include "netlab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PACKET 65536

void run(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(command, sizeof(command), fmt, args) >= (int)sizeof(command))
		fatal("a command is too long");
	va_end(args);
	if (system(command))
		fatal("%s", command);
}

/* Lines for "@tool -batch". One program for all of them, as starting one is what takes time. */
static int batch(const char *tool, const char *fmt, va_list args)
{
	int fd = memfd_create(tool, 0), status;
	pid_t pid;

	if (fd < 0 || vdprintf(fd, fmt, args) < 0 || lseek(fd, 0, SEEK_SET))
		fatal("%s -batch", tool);
	pid = vfork();
	if (!pid) {
		dup2(fd, 0);
		execlp(tool, tool, "-force", "-batch", "-", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fatal("%s -batch", tool);
	close(fd);
	return status;
}

void run_ip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (batch("ip", fmt, args))
		fatal("ip -batch failed: %s", fmt);
	va_end(args);
}

void run_tc(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (batch("tc", fmt, args))
		fatal("tc -batch failed: %s", fmt);
	va_end(args);
}

void set_net(const char *name, long value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%ld\n", value) < 0 || fclose(f))
		fatal("%s", path);
}

static int ns_here(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY);

	if (fd < 0)
		fatal("/proc/self/ns/net");
	return fd;
}

int ns_new(void)
{
	int back = ns_here(), fd;

	enter_netns(65536);
	/* Else link-local addresses, and so neighbours, are not ready for seconds */
	set_net("ipv6/conf/default/accept_dad", 0);
	fd = ns_here();
	ns_enter(back);
	close(back);
	return fd;
}

void ns_enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		fatal("setns");
}

uint64_t ns_counter(int ns, const char *name)
{
	int back = ns_here();
	uint64_t value;

	ns_enter(ns);
	value = counter(name);
	ns_enter(back);
	close(back);
	return value;
}

/* The value below @name: a line of names stands above a line of values. */
static bool snmp4(FILE *f, const char *proto, const char *name, unsigned long long *value)
{
	char names[2048], values[2048], *n, *v, *save_n, *save_v;
	size_t len = strlen(proto);

	while (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, proto, len) || names[len] != ':')
			continue;
		n = strtok_r(names, "\n ", &save_n);
		v = strtok_r(values, "\n ", &save_v);
		while (n && v && strcmp(n, name)) {
			n = strtok_r(NULL, "\n ", &save_n);
			v = strtok_r(NULL, "\n ", &save_v);
		}
		if (n && v)
			return sscanf(v, "%llu", value) == 1;
	}
	return false;
}

static bool snmp6(FILE *f, const char *proto, const char *name, unsigned long long *value)
{
	char found[128], want[128];

	snprintf(want, sizeof(want), "%s6%s", proto, name);
	while (fscanf(f, "%127s %llu", found, value) == 2) {
		if (!strcmp(found, want))
			return true;
	}
	return false;
}

uint64_t snmp(int family, const char *proto, const char *name)
{
	FILE *f = fopen(family == AF_INET ? "/proc/net/snmp" : "/proc/net/snmp6", "r");
	unsigned long long value = 0;
	bool found;

	if (!f)
		fatal("/proc/net/snmp");
	found = family == AF_INET ? snmp4(f, proto, name, &value) : snmp6(f, proto, name, &value);
	fclose(f);
	if (!found)
		fatal("/proc/net/snmp has no %s%s", proto, name);
	return value;
}

/* Lines for ip that bring up one end of a link. */
static void set_up(const char *before, const char *peer, unsigned int net, unsigned int me)
{
	unsigned int other = 3 - me;

	run_ip("%saddr add 10.%u.0.%u/24 dev to_%s\n"
	       "addr add fd00:%x::%u/64 dev to_%s nodad\n"
	       "link set to_%s up\n"
	       "neigh add 10.%u.0.%u lladdr 02:00:00:00:%02x:%02u dev to_%s nud permanent\n"
	       "neigh add fd00:%x::%u lladdr 02:00:00:00:%02x:%02u dev to_%s nud permanent\n",
	       before, net, me, peer, net, me, peer, peer, net, other, net, other, peer,
	       net, other, net, other, peer);
}

void ns_link(int a, const char *name_a, int b, const char *name_b, unsigned int net)
{
	int back = ns_here();
	char line[256];

	snprintf(line, sizeof(line),
		 "link add to_%s mtu 1500 address 02:00:00:00:%02x:01 type veth peer name "
		 "to_%s mtu 1500 address 02:00:00:00:%02x:02 netns /proc/%d/fd/%d\n",
		 name_b, net, name_a, net, getpid(), b);
	ns_enter(a);
	set_up(line, name_b, net, 1);
	ns_enter(b);
	set_up("", name_a, net, 2);
	ns_enter(back);
	close(back);
}

void ns_behind_router(int *a, int *r, int *b)
{
	*a = ns_new();
	*r = ns_new();
	*b = ns_new();
	ns_link(*a, "a", *r, "r", 1);
	ns_link(*r, "r", *b, "b", 2);
	ns_enter(*b);
	run_ip("route add 10.1.0.0/24 via 10.2.0.1\nroute add fd00:1::/64 via fd00:2::1\n");
	ns_enter(*r);
	set_net("ipv4/ip_forward", 1);
	set_net("ipv6/conf/all/forwarding", 1);
	ns_enter(*a);
	run_ip("route add 10.2.0.0/24 via 10.1.0.2\nroute add fd00:2::/64 via fd00:1::2\n");
}

struct addr lab_addr(int family, unsigned int net, unsigned int host, unsigned int port)
{
	char text[64];

	snprintf(text, sizeof(text), family == AF_INET ? "10.%u.0.%u" : "fd00:%x::%u", net, host);
	return address(text, port);
}

void tap_open(struct tap *t, const char *dev)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(dev),
	};
	int room = 32 << 20;

	memset(t, 0, sizeof(*t));
	t->fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (t->fd < 0 || setsockopt(t->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(t->fd, (struct sockaddr *)&at, sizeof(at)))
		fatal("a packet socket on %s", dev);
}

/* Takes an IP packet apart; false when it is not UDP. */
static bool parse(struct packet *p, const uint8_t **data, const uint8_t *buf, size_t len)
{
	const struct udphdr *uh;

	memset(p, 0, sizeof(*p));
	if (len >= sizeof(struct iphdr) && buf[0] >> 4 == 4) {
		const struct iphdr *ip = (const void *)buf;

		if (ip->protocol != IPPROTO_UDP || ip->frag_off & htons(0x1fff))
			return false;
		p->from.in.sin_addr.s_addr = ip->saddr;
		p->to.in.sin_addr.s_addr = ip->daddr;
		p->from.sa.sa_family = AF_INET;
		p->from.len = sizeof(p->from.in);
		*data = buf + ip->ihl * 4u;
	} else if (len >= sizeof(struct ip6_hdr) && buf[0] >> 4 == 6) {
		const struct ip6_hdr *ip6 = (const void *)buf;

		if (ip6->ip6_nxt != IPPROTO_UDP)
			return false;
		p->from.in6.sin6_addr = ip6->ip6_src;
		p->to.in6.sin6_addr = ip6->ip6_dst;
		p->from.sa.sa_family = AF_INET6;
		p->from.len = sizeof(p->from.in6);
		*data = buf + sizeof(*ip6);
	} else {
		return false;
	}
	uh = (const void *)*data;
	*data += sizeof(*uh);
	if (*data > buf + len || ntohs(uh->len) < sizeof(*uh))
		return false;
	p->to.sa.sa_family = p->from.sa.sa_family;
	p->to.len = p->from.len;
	/* sin_port and sin6_port are at the same place */
	p->from.in.sin_port = uh->source;
	p->to.in.sin_port = uh->dest;
	p->len = ntohs(uh->len) - sizeof(*uh);
	return *data + p->len <= buf + len;
}

void tap_read(struct tap *t)
{
	static uint8_t buf[MAX_PACKET];
	struct sockaddr_ll from;
	const uint8_t *data;
	struct packet p;

	for (;;) {
		socklen_t fromlen = sizeof(from);
		ssize_t n = recvfrom(t->fd, buf, sizeof(buf), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &fromlen);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			fatal("packet socket");
		/* On loopback each packet is seen twice */
		if (from.sll_pkttype != PACKET_OUTGOING || !parse(&p, &data, buf, (size_t)n))
			continue;
		if (t->n == t->room) {
			t->room = 2 * t->room + 64;
			t->packets = realloc(t->packets, t->room * sizeof(*t->packets));
		}
		t->packets[t->n] = malloc(sizeof(p) + p.len);
		if (!t->packets[t->n])
			fatal("no memory");
		*t->packets[t->n] = p;
		memcpy(t->packets[t->n]->data, data, p.len);
		t->out_bytes += p.len;
		t->n++;
	}
}

void tap_stop(struct tap *t)
{
	tap_read(t);
	close(t->fd);
	t->fd = -1;
}

void tap_free(struct tap *t)
{
	if (t->fd >= 0)
		close(t->fd);
	while (t->n)
		free(t->packets[--t->n]);
	free(t->packets);
}

void forge_open(struct forge *f)
{
	f->raw4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	f->raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	if (f->raw4 < 0 || f->raw6 < 0)
		fatal("raw sockets");
}

void forge_close(struct forge *f)
{
	close(f->raw4);
	close(f->raw6);
}

static uint32_t sum16(const void *buf, size_t len, uint32_t sum)
{
	const uint8_t *p = buf;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (len)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint32_t pseudo_header(const struct addr *from, const struct addr *to, int protocol,
			      size_t len)
{
	uint32_t sum = (uint32_t)protocol + (uint32_t)len;

	if (from->sa.sa_family == AF_INET) {
		sum = sum16(&from->in.sin_addr, 4, sum);
		return sum16(&to->in.sin_addr, 4, sum);
	}
	sum = sum16(&from->in6.sin6_addr, 16, sum);
	return sum16(&to->in6.sin6_addr, 16, sum);
}

static size_t put_ip6(uint8_t *p, const struct addr *from, const struct addr *to, int protocol,
		      size_t len)
{
	struct ip6_hdr ip6 = {
		.ip6_src = from->in6.sin6_addr,
		.ip6_dst = to->in6.sin6_addr,
	};

	ip6.ip6_vfc = 0x60;
	ip6.ip6_plen = htons((uint16_t)len);
	ip6.ip6_nxt = (uint8_t)protocol;
	ip6.ip6_hlim = 64;
	memcpy(p, &ip6, sizeof(ip6));
	return sizeof(ip6);
}

/* The IP header for @len bytes; its length. */
static size_t put_ip(uint8_t *p, const struct addr *from, const struct addr *to, int protocol,
		     size_t len)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof(ip) + len)),
		.ttl = 64,
		.protocol = (uint8_t)protocol,
		.saddr = from->in.sin_addr.s_addr,
		.daddr = to->in.sin_addr.s_addr,
	};

	if (from->sa.sa_family == AF_INET6)
		return put_ip6(p, from, to, protocol, len);
	ip.check = fold(sum16(&ip, sizeof(ip), 0));
	memcpy(p, &ip, sizeof(ip));
	return sizeof(ip);
}

static void put_udp(uint8_t *p, const struct addr *from, const struct addr *to,
		    const void *data, size_t len)
{
	struct udphdr uh = {
		.source = from->in.sin_port,
		.dest = to->in.sin_port,
		.len = htons((uint16_t)(sizeof(uh) + len)),
	};
	uint32_t sum = pseudo_header(from, to, IPPROTO_UDP, sizeof(uh) + len);

	uh.check = fold(sum16(data, len, sum16(&uh, sizeof(uh), sum)));
	if (!uh.check)
		uh.check = 0xffff;
	memcpy(p, &uh, sizeof(uh));
	memcpy(p + sizeof(uh), data, len);
}

static void put_on_wire(const struct forge *f, const struct addr *to, const uint8_t *p, size_t len)
{
	bool ip4 = to->sa.sa_family == AF_INET;
	struct addr dest = *to;

	/* For a raw socket it would be the protocol */
	dest.in.sin_port = 0;
	if (sendto(ip4 ? f->raw4 : f->raw6, p, len, 0, &dest.sa, dest.len) != (ssize_t)len)
		fatal("a raw packet of %zu bytes", len);
}

void forge_udp(const struct forge *f, const struct addr *from, const struct addr *to,
	       const void *data, size_t len, bool damaged)
{
	uint8_t p[2048];
	size_t at;

	if (len > sizeof(p) - 48)
		fatal("%zu bytes are too long to forge", len);
	at = put_ip(p, from, to, IPPROTO_UDP, sizeof(struct udphdr) + len);
	put_udp(p + at, from, to, data, len);
	if (damaged)
		p[at + 6] ^= 0x55;
	put_on_wire(f, to, p, at + sizeof(struct udphdr) + len);
}

void forge_icmp(const struct forge *f, const struct addr *from, const struct addr *to,
		const struct addr *about, int type, int code, uint32_t info,
		const void *quote, size_t len)
{
	bool ip4 = to->sa.sa_family == AF_INET;
	struct icmphdr h = { .type = (uint8_t)type, .code = (uint8_t)code };
	size_t inner = ip4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	size_t total = sizeof(h) + inner + sizeof(struct udphdr) + len, at;
	int protocol = ip4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	uint8_t p[1280];
	uint32_t sum;

	if (total > sizeof(p) - 40)
		fatal("a quote of %zu bytes is too long", len);
	h.un.gateway = htonl(info);
	at = put_ip(p, from, to, protocol, total);
	memcpy(p + at, &h, sizeof(h));
	put_ip(p + at + sizeof(h), to, about, IPPROTO_UDP, sizeof(struct udphdr) + len);
	put_udp(p + at + sizeof(h) + inner, to, about, quote, len);
	sum = ip4 ? 0 : pseudo_header(from, to, protocol, total);
	h.checksum = fold(sum16(p + at, total, sum));
	memcpy(p + at, &h, sizeof(h));
	put_on_wire(f, to, p, at + total);
}
