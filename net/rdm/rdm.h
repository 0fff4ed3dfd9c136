/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm: structures and calls that the module's files share. The pure core (see
 * assoc.h) knows nothing of this file.
 *
 * Locking
 *
 *   rdm_net.socks_lock -> rdm_net.hash_lock -> rdm_peer.lock -> sk_receive_queue.lock
 *   rdm_net.socks_lock -> rdm_groups.lock -> sk_receive_queue.lock
 *
 * rdm_peer.lock (spinlock, BH off) serialises one association: everything in rdm_peer.a and the
 * members marked [lock]. Packets to be sent are collected under it in an xmitq and leave after it
 * is dropped, so a packet that comes back through the loopback finds no lock held. The receive path
 * takes it, and never the socket lock.
 *
 * rdm_groups.lock (spinlock, BH off): the groups of one socket; never held with a peer's lock.
 *
 * sk_receive_queue.lock (spinlock, BH off) protects the socket's own queue of
 * received messages, and all of its memory accounting: sk_forward_alloc, sk_wmem_queued and
 * rdm_peer.snd_used. A message is acked only after it was queued under it with SOCK_DEAD not set.
 *
 * rdm_net.hash_lock (spinlock, BH off) protects membership in the tables, in
 * rdm_sock.peers and at a port, and the tombstones. Readers of the tables use RCU.
 * Making and freeing ports has a mutex outside of it, see port.h.
 *
 * The socket lock (lock_sock) protects what only system calls touch: binding,
 * the connected peer, options. It is never taken inside the others.
 *
 * Lives: a peer is held by the tables, by its armed timer, and by every received
 * message that names it; it holds its socket, and the socket holds the namespace
 * and the module. So unsent data of a closed socket keeps all that it needs. A
 * socket is at its port until it is closed and its last peer is gone; the UDP
 * socket goes with the last one there.
 */
#ifndef _RDM_RDM_H
#define _RDM_RDM_H

#include <linux/hrtimer.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/rdm.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "addr.h"
#include "assoc.h"
#include "cookie.h"
#include "mib.h"
#include "port.h"

#define RDM_HASH_BITS		12
#define RDM_TOMB_BITS		10
struct rdm_groups;
struct rdm_peer;
struct rdm_xmitq;
/* Tunables of a namespace, net.rdm.*; written by sysctl.c, read with READ_ONCE. */
struct rdm_tunables {
	int max_msg;		/* bytes: largest message */
	int rmem;		/* bytes: default SO_RCVBUF */
	int wmem;		/* bytes: default SO_SNDBUF */
	int user_timeout_ms;	/* default of RDM_USER_TIMEOUT */
	int idle_timeout_ms;	/* an association without traffic is closed */
	int max_peers;		/* associations of one socket */
	int max_peers_net;	/* associations of the namespace */
	int max_tombstones;	/* associations that ended lately */
	int ecn;		/* 0: never mark what is sent */
	int gso;		/* 0: never build super-packets */
	int mtu_probing;	/* 0: the route alone tells how long packets may be. The last int */
	const struct rdm_cong_ops *cong;	/* congestion: default of RDM_CONGESTION */
};

/**
 * struct rdm_net - one network namespace
 * @net: it
 * @mib: counters
 * @tun: tunables
 * @key: secrets of the handshake
 * @by_tag: struct rdm_tagnode by tag; RCU, @hash_lock
 * @by_addr: struct rdm_peer by (tunnel, remote address, channel); RCU, @hash_lock
 * @ports: which sockets share which ports
 * @tombs: struct rdm_tomb by tag; @hash_lock
 * @tomb_list: the same by age
 * @ended: by address, when the newest cookie of what ended was made, ns [hash_lock]
 * @hash_lock: see above
 * @npeers: associations [hash_lock]
 * @ntombs: [hash_lock]
 * @tombs_blind: until when a tombstone may be missing, ns [hash_lock]
 * @hash_seed: for what is found by an address elsewhere
 * @reset_limit: RESETs sent
 * @socks: all sockets, for /proc/net/rdm [socks_lock]
 * @socks_lock: protects @socks
 * @sysctl: registered table
 */
struct rdm_net {
	struct net *net;
	struct rdm_mib_pcpu __percpu *mib;
	struct rdm_tunables tun;
	struct rdm_cookie_key key;
	struct rhashtable by_tag, by_addr;
	struct rdm_ports ports;
	struct hlist_head *tombs;
	struct list_head tomb_list;
	u64 *ended;
	spinlock_t hash_lock;	/* the tables; see Locking */
	u32 npeers, ntombs;
	u64 tombs_blind;
	u32 hash_seed;
	struct ratelimit_state reset_limit;
	struct list_head socks;
	spinlock_t socks_lock;	/* socks */
	struct ctl_table_header *sysctl;
};

/**
 * struct rdm_sock - an rdm socket; the system calls' view
 * @inet: must be first
 * @peers: its associations, by rdm_peer.node [hash_lock]
 * @npeers: how many [hash_lock]
 * @last: the one that messages go to lately, hashed, or NULL; RCU [hash_lock]
 * @recent: the one that the last message went to; to be compared only
 * @tunnel: the port, once bound; set once [socket lock]
 * @seat: the socket's place at the port, and its children
 * @incarnation: names this life of the socket
 * @rxq: received messages, by rdm_rec.node [queue lock]
 * @blocked: the peer for which the last send found no room, or NULL [queue lock]
 * @waited: peers for which a send found no room, by rdm_peer.waited [queue lock]
 * @note_used: of sk_wmem_queued, what outcomes that were asked for take [queue lock]
 * @err_used: truesize of other outcomes in the error queue [queue lock]
 * @lost_outcomes: RDM_LOST_OUTCOMES
 * @tx_bytes: length of messages without an outcome, for SIOCOUTQ [queue lock]
 * @token: the message that exceeds the receive buffer, or NULL [queue lock]
 * @token_at: when it was taken, ns [queue lock]
 * @refused: some peer was refused for want of room [queue lock]
 * @remote: connected to, valid when sk_state is TCP_ESTABLISHED [socket lock; read racily]
 * @user_timeout: ns
 * @cong: RDM_CONGESTION
 * @deadline_ms: RDM_DEADLINE
 * @mode: RDM_MODE
 * @notify: RDM_NOTIFY
 * @nodelay: RDM_NODELAY
 * @rx_cmsgs: RDM_RX_*, what recvmsg() adds [socket lock; read racily]
 * @routes: changes when associations must look up their routes anew
 * @fifo: SOCK_SEQPACKET
 * @closed: the user has closed it [hash_lock]
 * @groups: what it has to do with groups, or NULL; set once [socket lock]
 * @released: it leaves its port, or has left [hash_lock]
 * @net_node: in rdm_net.socks
 * @destruct: the family's own
 * @release: leaves the port when the last peer of a closed socket goes
 *
 * sk_wmem_queued counts what was accepted for sending, and outcomes that were asked for
 * until they are read; sk_rmem_alloc what waits to be read. Both are truesize.
 */
struct rdm_sock {
	struct inet_sock inet;
	struct list_head peers;
	u32 npeers;
	struct rdm_peer __rcu *last;
	const void *recent;
	struct rdm_tunnel *tunnel;
	struct rdm_seat seat;
	u64 incarnation;
	struct list_head rxq;
	struct rdm_peer *blocked;
	struct list_head waited;
	u32 note_used;
	u32 err_used;
	atomic64_t lost_outcomes;
	u64 tx_bytes;
	struct rdm_rec *token;
	u64 token_at;
	bool refused;
	struct rdm_addr remote;
	u64 user_timeout;
	const struct rdm_cong_ops *cong;
	u32 deadline_ms;
	u8 mode;
	u8 notify;
	bool nodelay;
	u16 rx_cmsgs;
	u32 routes;
	bool fifo;
	bool closed;
	bool released;
	struct rdm_groups *groups;
	struct list_head net_node;
	void (*destruct)(struct sock *sk);
	struct work_struct release;
};

struct rdm6_sock {
	struct rdm_sock rdm;
	struct ipv6_pinfo inet6;	/* last: kernels before 6.4 look for it there */
};

static inline struct rdm_sock *rdm_sk(const struct sock *sk)
{
	return (struct rdm_sock *)sk;
}

static inline u64 rdm_now(void)
{
	return ktime_get_ns();
}

/* main.c */
extern unsigned int rdm_net_id;
struct rdm_net *rdm_net_of(const struct net *net);
extern struct workqueue_struct *rdm_wq;
extern struct kmem_cache *rdm_peer_cache, *rdm_hot_cache, *rdm_sent_cache, *rdm_part_cache,
	*rdm_rec_cache, *rdm_msg_cache, *rdm_gbody_cache;

/* socket.c */
extern struct proto rdm_prot, rdm6_prot;
extern const struct proto_ops rdm_ops, rdm6_ops;
int rdm_addr_from_user(struct rdm_addr *to, const struct sock *sk, const struct sockaddr *from,
		       int len);
int rdm_addr_to_user(const struct sock *sk, const struct rdm_addr *from, void *to);
int rdm_addr_unicast(struct sock *sk, struct rdm_addr *to);
int rdm_autobind(struct sock *sk);
int __rdm_autobind(struct sock *sk);
void rdm_sock_reset(struct sock *sk);
void rdm_sock_list(struct sock *sk);
void rdm_sock_set_local(struct sock *sk, const struct rdm_addr *a);
void rdm_sock_set_remote(struct sock *sk, const struct rdm_addr *remote,
			 const struct in6_addr *saddr);
void rdm_close(struct sock *sk, long timeo);
void rdm_sock_peer_gone(struct sock *sk);
void rdm_memory_init(void);

/* input.c, icmp.c */
void rdm_input(struct rdm_tunnel *t, struct sk_buff *skb);
void rdm_icmp(struct rdm_tunnel *t, const struct rdm_addr *to, int err, bool hard,
	      const u8 *quote, u32 len);

/* udp.c */
struct dst_entry *rdm_udp_route(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr);
void rdm_udp_send(struct sock *sk, struct dst_entry *dst, const struct rdm_addr *local,
		  const struct rdm_addr *remote, struct sk_buff *skb);
void rdm_udp_send_peer(struct rdm_peer *peer, struct rdm_xmitq *xmitq);

#endif /* _RDM_RDM_H */
