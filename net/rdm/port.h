/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm port: the rdm sockets that share a UDP socket, which of them a new
 * association is for, and listening sockets with their children. Rules are in
 * Documentation/ports.md.
 *
 *   rdm_ports.lock (mutex) -> rdm_net.hash_lock
 *
 * rdm_ports.lock serialises making and freeing of tunnels, both of which sleep.
 * Who is at a tunnel is protected by rdm_net.hash_lock, and read under RCU.
 */
#ifndef _RDM_PORT_H
#define _RDM_PORT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/rculist.h>
#include <net/sock.h>

#include "addr.h"

#define RDM_PORT_BITS	8

struct rdm_net;
struct rdm_cookie;

/**
 * struct rdm_tunnel - a UDP socket and the rdm sockets on it
 * @node: in rdm_ports.tunnels [rdm_ports.lock]
 * @rn: the namespace
 * @local: address and port; with @ifindex, @v6 and @v6only what makes it another one
 * @ifindex: the device that it is bound to, or 0
 * @v6: the UDP socket is of AF_INET6
 * @v6only: it takes no IPv4
 * @socks: sockets that were bound, by rdm_seat.node, the latest first; RCU, hash_lock
 * @children: sockets that listening ones made, by rdm_seat.node; RCU, hash_lock
 * @users: how many are in these lists [hash_lock]
 * @nconns: how many of them are in rdm_ports.conns [hash_lock; read racily]
 * @sock: the UDP socket; its sk_user_data is this
 * @usk: its sock, which lives an RCU grace period longer
 * @alone: packets that came by its queue in a row and were no super-packets, see udp.c; racy
 * @rcu: frees this
 */
struct rdm_tunnel {
	struct hlist_node node;
	struct rdm_net *rn;
	struct rdm_addr local;
	int ifindex;
	bool v6;
	bool v6only;
	struct list_head socks;
	struct list_head children;
	u32 users;
	u32 nconns;
	struct socket *sock;
	struct sock *usk;
	u32 alone;
	struct rcu_head rcu;
};

/**
 * struct rdm_ports - the tunnels of a namespace
 * @lock: see above
 * @tunnels: by port [lock]
 * @conns: connected sockets, by tunnel and remote address [hash_lock]
 */
struct rdm_ports {
	struct mutex lock;	/* making and freeing tunnels */
	struct hlist_head tunnels[1 << RDM_PORT_BITS];
	struct hlist_head *conns;
};

/**
 * struct rdm_seat - a socket's place at its tunnel
 * @node: in rdm_tunnel.socks or .children
 * @conn: in rdm_ports.conns while it is connected
 * @queue: of a listening socket: children to be accepted, by rdm_seat.waiting [hash_lock]
 * @waiting: of a child that nobody has accepted [hash_lock]
 * @child: a listening socket made it; it is connected for life
 * @over: of a child: it has lost its peer
 * @incarnation: of a child: the one of the peer that it talks to
 */
struct rdm_seat {
	struct list_head node;
	struct hlist_node conn;
	struct list_head queue;
	struct list_head waiting;
	bool child;
	u32 over;
	u64 incarnation;
};

/* port.c */
int rdm_ports_init(struct rdm_net *rn);
void rdm_ports_exit(struct rdm_net *rn);
void rdm_port_init_sock(struct sock *sk);
int rdm_port_bind(struct sock *sk, const struct rdm_addr *local, struct rdm_addr *bound);
void __rdm_port_add_child(struct rdm_tunnel *t, struct sock *sk);
void __rdm_port_add_conn(struct sock *sk);
void rdm_port_leave(struct sock *sk);
void rdm_port_rehash(struct sock *sk);
int rdm_port_connect(struct sock *sk, const struct rdm_addr *remote);
void rdm_port_disconnect(struct sock *sk);
void __rdm_port_disconnect(struct sock *sk);
struct sock *__rdm_port_connected(struct rdm_tunnel *t, const struct rdm_addr *remote);
struct sock *rdm_port_member(struct rdm_tunnel *t);
struct sock *rdm_port_any(struct rdm_tunnel *t);
struct sock *rdm_port_for_init(struct rdm_tunnel *t, const struct rdm_addr *from,
			       u64 peer_incarnation);
struct sock *rdm_port_for_cookie(struct rdm_tunnel *t, const struct rdm_addr *from,
				 u64 peer_incarnation, u64 incarnation);
void rdm_port_supersede(struct rdm_tunnel *t, const struct rdm_addr *from, u64 peer_incarnation);

/* udp.c */
int rdm_udp_open(struct rdm_tunnel *t);
void rdm_udp_drain(struct rdm_tunnel *t);
void rdm_udp_close(struct rdm_tunnel *t);

/* accept.c */
int rdm_listen(struct socket *sock, int backlog);
int rdm_accept(struct socket *sock, struct socket *newsock, int flags);
int rdm_shutdown(struct socket *sock, int how);
void rdm_listen_stop(struct sock *sk);
bool rdm_listen_full(const struct sock *sk);
struct sock *rdm_child_new(struct sock *sk, const struct rdm_addr *remote,
			   const struct rdm_addr *local, u64 peer_incarnation);
void __rdm_child_enqueue(struct sock *sk, struct sock *child);
void rdm_child_free(struct sock *child);
void rdm_child_over(struct sock *child, int err);
void rdm_child_gone(struct sock *child);

#endif /* _RDM_PORT_H */
