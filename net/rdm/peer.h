/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm peer: an association in the kernel: identity, references, lock, timer,
 * and the way in which every section under its lock ends. What it does is decided
 * in the core (assoc.h). The locks are explained in rdm.h.
 */
#ifndef _RDM_PEER_H
#define _RDM_PEER_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "rdm.h"

/*
 * For large locals of the path of a packet, which are written before they are read: kernels clear
 * all others at the start of a function (CONFIG_INIT_STACK_ALL_ZERO).
 */
#ifndef __uninitialized
#define __uninitialized
#endif

/* The bits of ECN that a packet on its way to rdm_udp_send() is sent with. */
static inline u8 *rdm_skb_ecn(struct sk_buff *skb)
{
	return (u8 *)skb->cb;
}

/**
 * struct rdm_xmitq - packets to send, in order, collected under a peer's lock
 * @first: linked by next
 * @last: where the next one is linked
 */
struct rdm_xmitq {
	struct sk_buff *first;
	struct sk_buff **last;
};

static inline void rdm_xmitq_init(struct rdm_xmitq *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static inline void rdm_xmitq_add(struct rdm_xmitq *q, struct sk_buff *skb)
{
	*q->last = skb;
	q->last = &skb->next;
}

struct rdm_tagnode {
	struct rhash_head node;
	u64 tag;
	struct rdm_peer *peer;
};

/**
 * struct rdm_peer - an association in the kernel: identity, references, lock
 * @a: the association itself [lock]
 * @lock: see above
 * @refs: references
 * @rcu: frees it, when nobody holds it
 * @pool: free packet records [lock]
 * @sk: the socket, held
 * @rn: the namespace
 * @remote: the peer's address
 * @local: our address, pinned when the association is made; scope: the device that the
 *	user chose for it, or 0 [lock]
 * @tags: in rdm_net.by_tag; the second one for the alias
 * @addr_node: in rdm_net.by_addr
 * @node: in rdm_sock.peers
 * @dst: cached route [lock]
 * @dst_cookie: for its check [lock]
 * @routes: rdm_sock.routes when it was looked up [lock]
 * @way: rdm_way() at that time [lock]
 * @timer: one for all deadlines
 * @timer_at: when it fires, ns [lock]
 * @npool: how many are in @pool [lock]
 * @hashed: in the tables [hash_lock]
 * @outbound: opened from here
 * @told: a note that it takes messages again waits to be read [queue lock]
 * @orphan: the socket is closed; ends when all is sent [lock]
 * @starved: no memory for what is to be sent: try again soon [lock]
 * @orphan_since: last progress of an orphan, ns [lock]
 * @snd_used: truesize of messages accepted for it [queue lock]
 * @waited: in rdm_sock.waited while a sender waits for room [queue lock]
 * @wanted: how much a send asked for last, truesize [queue lock]
 * @rx_read: charges of messages that were read, and that the core does not know of yet
 * @rx_tight: little is left of the window that the peer was told of: all that is read must
 *	be told. Set under @lock before a message is queued
 * @snd_limit: of @snd_used, unless the user has set SO_SNDBUF
 * @rx_tag: the tag by which the peer called us last [lock]
 * @channel: enum rdm_channel
 * @acked_msgs: for RDM_PEER_INFO, as are the next three [lock]
 * @failed_msgs: messages sent that failed
 * @received_msgs: messages received
 * @retrans_pkts: packets that carried something again
 */
struct rdm_peer {
	struct rdm_assoc a;
	spinlock_t lock;	/* the association; see rdm.h */
	refcount_t refs;
	union {
		struct rcu_head rcu;
		struct list_head pool;
	};
	struct sock *sk;
	struct rdm_net *rn;
	struct rdm_addr remote;
	struct rdm_addr local;
	struct rdm_tagnode tags[2];
	struct rhash_head addr_node;
	struct list_head node;
	struct dst_entry *dst;
	u32 dst_cookie;
	u32 routes;
	u64 way;
	struct hrtimer timer;
	u64 timer_at;
	u8 npool;
	bool hashed;
	bool outbound;
	bool told;
	bool orphan;
	bool starved;
	bool rx_tight;
	u8 channel;
	u64 orphan_since;
	u32 snd_used;
	u32 wanted;
	struct list_head waited;
	atomic_t rx_read;
	u32 snd_limit;
	u64 rx_tag;
	u64 acked_msgs;
	u64 failed_msgs;
	u64 received_msgs;
	u64 retrans_pkts;
};

/* Bytes before the UDP payload of packets to a peer. */
static inline u32 rdm_peer_headers(const struct rdm_peer *peer)
{
	return sizeof(struct udphdr) + (rdm_addr_is4(&peer->remote) ? sizeof(struct iphdr) :
								       sizeof(struct ipv6hdr));
}

/* peertab.c */
int rdm_peertab_init(struct rdm_net *rn);
void rdm_peertab_exit(struct rdm_net *rn);
int __rdm_peertab_add(struct rdm_peer *peer);
int __rdm_peertab_alias(struct rdm_peer *peer);
void __rdm_peertab_del(struct rdm_peer *peer);
struct rdm_peer *rdm_peer_on(struct rdm_tunnel *t, const struct rdm_addr *remote, u8 channel);
struct rdm_peer *rdm_peer_hold(struct rdm_sock *rsk, const struct rdm_addr *remote, u8 channel);
struct rdm_peer *rdm_peer_find(struct sock *sk, const struct rdm_addr *remote);
struct rdm_peer *rdm_peer_by_tag(struct rdm_net *rn, u64 tag);

/* peer.c */
struct rdm_peer *rdm_peer_get(struct sock *sk, const struct rdm_addr *remote,
			      const struct rdm_addr *from, gfp_t gfp);
struct rdm_peer *rdm_peer_get_channel(struct sock *sk, const struct rdm_addr *remote,
				      const struct rdm_addr *from, u8 channel, gfp_t gfp);
struct rdm_peer *rdm_peer_accept(struct sock *sk, const struct rdm_addr *remote,
				 const struct rdm_addr *local, const struct rdm_cookie *ck,
				 struct rdm_peer *old);
void rdm_peer_alias(struct rdm_peer *peer, u64 tag);
void rdm_peer_put(struct rdm_peer *peer);
bool rdm_peer_heat(struct rdm_peer *peer);
void rdm_peer_cool(struct rdm_peer *peer, u64 now);
void __rdm_peer_unlock(struct rdm_peer *peer, u64 now, struct rdm_out *out,
		       struct rdm_xmitq *xmitq)
	__releases(&peer->lock);
void rdm_peer_unlock(struct rdm_peer *peer, struct rdm_out *out, struct rdm_xmitq *xmitq)
	__releases(&peer->lock);
void rdm_peer_orphan_all(struct sock *sk, bool abort);

/* tomb.c */
void __rdm_tomb_peer(const struct rdm_peer *peer);
bool rdm_tomb_find(struct rdm_net *rn, u64 tag);
bool rdm_peer_overtaken(const struct rdm_tunnel *t, const struct rdm_addr *remote, u8 channel,
			u64 time);
void rdm_tombs_free(struct rdm_net *rn);

/* output.c */
void rdm_output(struct rdm_peer *peer, u64 now, struct rdm_xmitq *xmitq, struct rdm_out *out);
void rdm_output_reset(struct rdm_peer *peer, struct rdm_xmitq *xmitq);
void rdm_route_again(struct rdm_peer *peer);
int rdm_route_by(struct rdm_peer *peer, const struct rdm_addr *from);
void rdm_route_confirm(struct rdm_peer *peer);
u32 rdm_peer_mtu(const struct rdm_peer *peer);
bool rdm_peer_pmtud(const struct rdm_peer *peer);

/* gso.c */
extern bool rdm_gso_lists;
void rdm_gso_init(void);

/* timer.c */
void rdm_timer_init(struct rdm_peer *peer);
void rdm_timer_arm(struct rdm_peer *peer, u64 now);
void rdm_timer_stop(struct rdm_peer *peer);

#endif /* _RDM_PEER_H */
