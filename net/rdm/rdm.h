/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm: structures and calls that the module's files share. The pure core (see
 * assoc.h) knows nothing of this file.
 *
 * Locking
 *
 *   rdm_net.socks_lock -> rdm_net.hash_lock -> rdm_peer.lock -> sk_receive_queue.lock
 *
 * rdm_peer.lock (spinlock, BH off) serialises one association: everything in
 * rdm_peer.a and the members marked [lock]. Packets to be sent are collected
 * under it in an xmitq and leave after it is dropped, so a packet that comes
 * back through the loopback finds no lock held. The receive path takes it, and
 * never the socket lock.
 *
 * sk_receive_queue.lock (spinlock, BH off) protects the socket's own queue of
 * received messages, and all of its memory accounting: sk_forward_alloc,
 * sk_wmem_queued, rdm_sock.rx_used and rdm_peer.snd_used. A message is acked
 * only after it was queued under this lock with SOCK_DEAD not set.
 *
 * rdm_net.hash_lock (spinlock, BH off) protects membership in the tables, in
 * rdm_sock.peers, and the tombstones. Readers of the tables use RCU.
 *
 * The socket lock (lock_sock) protects what only system calls touch: binding,
 * the connected peer, options. It is never taken inside the others.
 *
 * Lives: a peer is held by the tables, by its armed timer, and by every received
 * message that names it; it holds its socket, and the socket holds the namespace
 * and the module. So unsent data of a closed socket keeps all that it needs. The
 * UDP socket goes when the rdm socket is closed and its last peer is gone.
 */
#ifndef _RDM_RDM_H
#define _RDM_RDM_H

#include <linux/in6.h>
#include <linux/net.h>
#include <linux/rdm.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "assoc.h"
#include "cookie.h"
#include "mib.h"

#define RDM_HASH_BITS		12
#define RDM_TOMB_BITS		10
#define RDM_INLINE_MAX		256	/* messages up to here are copied, not referenced */
#define RDM_GAP			(RDM_HDR_LEN + RDM_FRAG_LEN)
#define RDM_MAX_SEGS		64

/* An address with its port; IPv4 as v4-mapped. Compared and hashed as bytes. */
struct rdm_addr {
	struct in6_addr ip;
	__be16 port;
	__be16 pad;
	s32 scope;		/* interface of a link-local address, else 0 */
};

struct rdm_tunnel;
struct rdm_peer;

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
	int gso;		/* 0: never build super-packets */
};

/**
 * struct rdm_net - one network namespace
 * @net: it
 * @mib: counters
 * @tun: tunables
 * @key: secrets of the handshake
 * @by_tag: struct rdm_tagnode by tag; RCU, @hash_lock
 * @by_addr: struct rdm_peer by (socket, remote address); RCU, @hash_lock
 * @tombs: struct rdm_tomb by tag; @hash_lock
 * @tomb_list: the same by age
 * @hash_lock: see above
 * @npeers: associations [hash_lock]
 * @ntombs: [hash_lock]
 * @tombs_blind: until when a tombstone may be missing, ns [hash_lock]
 * @hash_seed: for @by_addr
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
	struct hlist_head *by_tag;
	struct hlist_head *by_addr;
	struct hlist_head *tombs;
	struct list_head tomb_list;
	spinlock_t hash_lock;
	u32 npeers;
	u32 ntombs;
	u64 tombs_blind;
	u32 hash_seed;
	struct ratelimit_state reset_limit;
	struct list_head socks;
	spinlock_t socks_lock;
	struct ctl_table_header *sysctl;
};

/**
 * struct rdm_sock - an rdm socket; the system calls' view
 * @inet: must be first
 * @peers: its associations, by rdm_peer.node [hash_lock]
 * @npeers: how many [hash_lock]
 * @tunnel: the UDP socket, once bound; set once [socket lock]
 * @incarnation: names this life of the socket
 * @rxq: received messages, by rdm_rec.node [queue lock]
 * @rx_used: charges of messages received and being received [queue lock]
 * @tx_bytes: length of messages without an outcome, for SIOCOUTQ [queue lock]
 * @token: the message that exceeds the receive buffer, or NULL [queue lock]
 * @token_at: when it was taken, ns [queue lock]
 * @refused: some peer was refused for want of room [queue lock]
 * @remote: connected to, valid when sk_state is TCP_ESTABLISHED [socket lock; read racily]
 * @user_timeout: ns
 * @fifo: SOCK_SEQPACKET
 * @closed: the user has closed it [hash_lock]
 * @released: the UDP socket goes, or is gone [hash_lock]
 * @net_node: in rdm_net.socks
 * @destruct: the family's own
 * @release: drops the tunnel when the last peer of a closed socket goes
 *
 * sk_wmem_queued counts what was accepted for sending, sk_rmem_alloc what waits to be
 * read, both in truesize.
 */
struct rdm_sock {
	struct inet_sock inet;
	struct list_head peers;
	u32 npeers;
	struct rdm_tunnel *tunnel;
	u64 incarnation;
	struct list_head rxq;
	u64 rx_used;
	u64 tx_bytes;
	struct rdm_rec *token;
	u64 token_at;
	bool refused;
	struct rdm_addr remote;
	u64 user_timeout;
	bool fifo;
	bool closed;
	bool released;
	struct list_head net_node;
	void (*destruct)(struct sock *sk);
	struct work_struct release;
};

struct rdm6_sock {
	struct rdm_sock rdm;
	struct ipv6_pinfo inet6;	/* last: inet6_sk_generic() finds it there */
};

static inline struct rdm_sock *rdm_sk(const struct sock *sk)
{
	return (struct rdm_sock *)sk;
}

struct rdm_tagnode {
	struct hlist_node node;
	u64 tag;
	struct rdm_peer *peer;
};

/**
 * struct rdm_peer - an association in the kernel: identity, references, lock
 * @a: the association itself [lock]
 * @lock: see above
 * @refs: references
 * @rcu: frees it
 * @sk: the socket, held
 * @rn: the namespace
 * @remote: the peer's address
 * @local: our address, pinned when the association is made
 * @tags: in rdm_net.by_tag; the second one for the alias
 * @addr_node: in rdm_net.by_addr
 * @node: in rdm_sock.peers
 * @hashed: in the tables [hash_lock]
 * @dst: cached route [lock]
 * @dst_cookie: for its check [lock]
 * @timer: one for all deadlines
 * @timer_at: when it fires, ns [lock]
 * @pool: free packet records [lock]
 * @npool: how many [lock]
 * @orphan: the socket is closed; ends when all is sent [lock]
 * @orphan_since: last progress of an orphan, ns [lock]
 * @snd_used: truesize of messages accepted for it [queue lock]
 * @rx_tag: the tag by which the peer called us last [lock]
 * @outbound: opened from here
 */
struct rdm_peer {
	struct rdm_assoc a;
	spinlock_t lock;
	refcount_t refs;
	struct rcu_head rcu;
	struct sock *sk;
	struct rdm_net *rn;
	struct rdm_addr remote;
	struct rdm_addr local;
	struct rdm_tagnode tags[2];
	struct hlist_node addr_node;
	struct list_head node;
	bool hashed;
	struct dst_entry *dst;
	u32 dst_cookie;
	struct timer_list timer;
	u64 timer_at;
	struct list_head pool;
	u16 npool;
	bool orphan;
	u64 orphan_since;
	u32 snd_used;
	u64 rx_tag;
	bool outbound;
};

/* A run of equal fragments in one page: [gap | data] times n. */
struct rdm_block {
	struct page *page;
	u32 off;
	u16 first;
	u16 n;
};

/**
 * struct rdm_msg - a message to be sent, in the kernel
 * @t: what the core knows of it
 * @truesize: charged to the socket
 * @nblocks: pages in use
 * @data: its bytes, when it is short (@nblocks is 0)
 * @blocks: where its bytes lie else
 *
 * The layout in pages is made for one pass through the stack: a gap for the headers
 * before each fragment's bytes, so that a run of fragments is a run of segments. A
 * gap is written once, at the first transmission; anything sent again gets fresh
 * headers, for the first copy may still be on its way.
 */
struct rdm_msg {
	struct rdm_txmsg t;
	u32 truesize;
	u16 nblocks;
	u16 layout_stride;
	u8 *data;
	struct rdm_block *blocks;
};

/* A part of a received message, in the packet that brought it. */
struct rdm_part {
	struct rdm_rxfrag f;
	struct sk_buff *skb;	/* held */
	u32 at;			/* where its bytes began in the packet, before any trim */
};

/**
 * struct rdm_rec - a received message
 * @m: what the core knows of it
 * @node: in rdm_sock.rxq
 * @refs: readers that copy from it without the queue lock
 * @peer: who sent it, held
 * @charge: against the window
 * @truesize: charged to the socket
 * @stamp: when it was complete, since the epoch; 0 if nobody asks
 * @one: the only part of most messages
 * @copied: its bytes are in @data
 * @data: short messages
 */
struct rdm_rec {
	struct rdm_rxmsg m;
	struct list_head node;
	refcount_t refs;
	struct rdm_peer *peer;
	u32 charge;
	u32 truesize;
	ktime_t stamp;
	struct rdm_part one;
	bool copied;
	u8 data[];
};

static inline u64 rdm_now(void)
{
	return ktime_get_ns();
}

static inline bool rdm_addr_is4(const struct rdm_addr *a)
{
	return ipv6_addr_v4mapped(&a->ip);
}

static inline bool rdm_addr_eq(const struct rdm_addr *a, const struct rdm_addr *b)
{
	return a->port == b->port && a->scope == b->scope && ipv6_addr_equal(&a->ip, &b->ip);
}

/* main.c */
extern unsigned int rdm_net_id;
struct rdm_net *rdm_net_of(const struct net *net);
extern struct workqueue_struct *rdm_wq;
extern struct kmem_cache *rdm_sent_cache, *rdm_part_cache;

/* socket.c */
extern struct proto rdm_prot, rdm6_prot;
extern const struct proto_ops rdm_ops, rdm6_ops;
int rdm_addr_from_user(struct rdm_addr *to, const struct sock *sk, const struct sockaddr *from,
		       int len);
int rdm_addr_to_user(const struct sock *sk, const struct rdm_addr *from, void *to);
int rdm_addr_unicast(struct sock *sk, struct rdm_addr *to);
int rdm_autobind(struct sock *sk);
void rdm_sock_peer_gone(struct sock *sk);
void rdm_memory_init(void);

/* sockopt.c */
int rdm_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int rdm_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len);

/* sendmsg.c */
int rdm_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
void rdm_msg_release(struct rdm_peer *peer, struct rdm_msg *m);
void rdm_msg_free(struct rdm_msg *m);
void rdm_write_space(struct sock *sk);
bool rdm_snd_writable(const struct sock *sk);

/* recvmsg.c */
int rdm_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags);
bool rdm_rcv_reserve(struct sock *sk, struct rdm_rec *rec, bool next, u64 now);
void rdm_rcv_recharge(struct sock *sk, struct rdm_rec *rec, u32 extra);
void rdm_rcv_unreserve(struct sock *sk, struct rdm_rec *rec);
bool rdm_rcv_queue(struct sock *sk, struct list_head *recs);
void rdm_rec_free(struct rdm_rec *rec);
void rdm_rcv_purge(struct sock *sk);
void rdm_report(struct sock *sk, const struct rdm_addr *to, const struct rdm_outcome *o);

/* peer.c */
struct rdm_peer *rdm_peer_find(struct sock *sk, const struct rdm_addr *remote);
struct rdm_peer *rdm_peer_by_tag(struct rdm_net *rn, u64 tag);
struct rdm_peer *rdm_peer_get(struct sock *sk, const struct rdm_addr *remote, gfp_t gfp);
struct rdm_peer *rdm_peer_accept(struct sock *sk, const struct rdm_addr *remote,
				 const struct rdm_addr *local, u64 tag, struct rdm_peer *old);
void rdm_peer_alias(struct rdm_peer *peer, u64 tag);
void rdm_peer_put(struct rdm_peer *peer);
void rdm_peer_unlock(struct rdm_peer *peer, struct rdm_out *out, struct sk_buff_head *xmitq);
void rdm_peer_orphan_all(struct sock *sk, bool abort);
bool rdm_tomb_find(struct rdm_net *rn, u64 tag);
void rdm_tombs_free(struct rdm_net *rn);

/* output.c */
void rdm_output(struct rdm_peer *peer, u64 now, struct sk_buff_head *xmitq, struct rdm_out *out);
void rdm_output_reset(struct rdm_peer *peer, struct sk_buff_head *xmitq);
bool rdm_route(struct rdm_peer *peer);
u32 rdm_peer_mtu(const struct rdm_peer *peer);

/* input.c */
void rdm_input(struct sock *sk, struct sk_buff *skb);
void rdm_input_icmp(struct sock *sk, const struct rdm_addr *to, int err, bool hard,
		    const u8 *quote, u32 len);

/* udp.c */
int rdm_tunnel_open(struct sock *sk, const struct rdm_addr *local, struct rdm_addr *bound);
void rdm_tunnel_close(struct rdm_tunnel *t);
struct sock *rdm_tunnel_sk(const struct rdm_tunnel *t);
struct dst_entry *rdm_udp_route(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr);
void rdm_udp_send(struct sock *sk, struct dst_entry *dst, const struct rdm_addr *local,
		  const struct rdm_addr *remote, struct sk_buff *skb);
void rdm_udp_send_peer(struct rdm_peer *peer, struct sk_buff_head *xmitq);

/* timer.c */
void rdm_timer_init(struct rdm_peer *peer);
void rdm_timer_arm(struct rdm_peer *peer, u64 now);
void rdm_timer_stop(struct rdm_peer *peer);

/* sysctl.c, proc.c */
int rdm_sysctl_init(struct rdm_net *rn);
void rdm_sysctl_exit(struct rdm_net *rn);
int rdm_proc_init(struct rdm_net *rn);
void rdm_proc_exit(struct rdm_net *rn);

#endif /* _RDM_RDM_H */
