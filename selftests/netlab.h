/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For selftests that need more than one host, or an attacker: network namespaces with
 * links between them, all driven by one process; the UDP packets that a device sends,
 * recorded; and packets with any source, put on the wire by a raw socket.
 *
 * A socket stays in the namespace that it was made in, so a test makes its sockets once
 * and then needs to be nowhere. As in rdmtest.h, what cannot work here ends the test.
 */
#ifndef RDM_SELFTESTS_NETLAB_H
#define RDM_SELFTESTS_NETLAB_H

#include "rdmtest.h"

/* Two of the four of RDM_VARIANTS, for what takes long: both families, both types. */
#define LAB_VARIANTS(name)							\
	FIXTURE_VARIANT(name) { int family; int type; };			\
	FIXTURE_VARIANT_ADD(name, ipv4_rdm) { AF_INET, SOCK_RDM };		\
	FIXTURE_VARIANT_ADD(name, ipv6_seqpacket) { AF_INET6, SOCK_SEQPACKET }

/* A shell command in the namespace we are in. */
void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lines for ip -batch and tc -batch, in the namespace we are in. */
void run_ip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void run_tc(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Writes to a file below /proc/sys/net of the namespace we are in. */
void set_net(const char *name, long value);

/* A new namespace with loopback up; we stay where we are. */
int ns_new(void);
/* We go there; sockets, commands, counters and sysctls are that namespace's from now on. */
void ns_enter(int ns);
uint64_t ns_counter(int ns, const char *name);
/* A counter of /proc/net/snmp or snmp6 of this namespace: "Icmp", "InMsgs". */
uint64_t snmp(int family, const char *proto, const char *name);

/*
 * A link between two namespaces, devices "to_<name of the other end>": 10.@net.0.1 and
 * fd00:@net::1 in @a, 10.@net.0.2 and fd00:@net::2 in @b. Neighbours are known.
 */
void ns_link(int a, const char *name_a, int b, const char *name_b, unsigned int net);
/*
 * Three namespaces: a --- net 1 --- r --- net 2 --- b, where r forwards and a and b know the
 * way. We are in a then.
 */
void ns_behind_router(int *a, int *r, int *b);
/* 10.@net.0.@host or fd00:@net::@host */
struct addr lab_addr(int family, unsigned int net, unsigned int host, unsigned int port);

/* The payload of a UDP packet, and between whom it went. */
struct packet {
	struct addr from, to;
	size_t len;
	uint8_t data[];
};

/* What a device of this namespace sends, in the order it was sent. */
struct tap {
	int fd;
	struct packet **packets;
	size_t n, room;
	uint64_t out_bytes;	/* UDP payload */
};

void tap_open(struct tap *t, const char *dev);
/* Adds what was sent since the last call. */
void tap_read(struct tap *t);
/* Stops recording; the packets stay. */
void tap_stop(struct tap *t);
void tap_free(struct tap *t);

/* Sends packets from this namespace. */
struct forge {
	int raw4, raw6;
};

void forge_open(struct forge *f);
void forge_close(struct forge *f);
/* A UDP packet from @from to @to. @damaged: its checksum is wrong. */
void forge_udp(const struct forge *f, const struct addr *from, const struct addr *to,
	       const void *data, size_t len, bool damaged);
/*
 * An ICMP error from @from to @to: it quotes a UDP packet from @to to @about with the
 * payload @quote. @info: the last two bytes of the header in IPv4, all four in IPv6.
 */
void forge_icmp(const struct forge *f, const struct addr *from, const struct addr *to,
		const struct addr *about, int type, int code, uint32_t info,
		const void *quote, size_t len);

#endif
