/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: a host with one socket (node.c) and the glue around its associations
 * (peer.c): what the kernel's side of the module is elsewhere. Messages with a
 * judge's eyes are in sim.h.
 */
#ifndef _RDM_SIM_NODE_H
#define _RDM_SIM_NODE_H

#include <linux/list.h>
#include <linux/types.h>

#include "assoc.h"

#define MAX_NODES	4
#define MAX_TOMBS	4096

struct sim;
struct msg;
struct pkt;
struct node;
struct peer;

/* A message in the receive buffer. */
struct rxrec {
	struct list_head node;
	struct rdm_rxmsg m;
	struct peer *peer;	/* NULL when its association is over */
	u32 src_uid;
	u64 seq;
	u64 charge;
	u8 *data;
};

struct frag {
	struct rdm_rxfrag f;
	u8 *data;		/* of the first byte that arrived */
};

/* The glue's part of an association. */
struct peer {
	struct rdm_assoc a;
	struct list_head node;
	struct node *n;
	u16 remote;
	u32 uid;
	u64 timer_at;		/* when the timer really fires */
	u32 spins;
	bool starved;		/* a record was missing */
};

struct tomb {
	u64 tag, until;
};

/* A host with one socket. */
struct node {
	struct sim *s;
	u16 id;
	bool bound;		/* is there a socket? */
	bool down;		/* is the host gone? */
	bool crashing;
	u64 incarnation;
	struct rdm_cookie_key key;
	struct list_head peers;
	struct tomb tombs[MAX_TOMBS];
	u32 ntombs;
	u64 ended[MAX_NODES];	/* when the newest cookie of what ended was made */

	/* the socket */
	bool fifo;
	struct list_head rxq;	/* complete, not read */
	u64 rcvbuf, rcvused;
	u32 rxq_len;
	struct rxrec *token;	/* the message that overcommits */
	bool reading;
	u64 read_every;
	u32 read_batch;
	bool read_planned;
	u32 accepted;
	u32 max_msg;
	u64 rx_window;
	u64 user_timeout, idle_timeout;
	u64 first_seq, first_pn;
	u32 mtu;		/* of the route: what may be wrong */
	u32 max_peers;
	const struct rdm_cong_ops *cong;
	bool ecn;
	u32 last_order[MAX_NODES];	/* FIFO: order + 1 of the last one delivered */
	u64 last_inc[MAX_NODES];
};

/* node.c: a socket and its life */
void node_init(struct sim *s, u16 id);
void node_bind(struct node *n);
void node_close(struct node *n, bool crash);
void node_read(struct node *n);
void node_read_later(struct node *n);
void node_room(struct node *n);
void node_rx(struct node *n, struct pkt *p);
u64 node_deadline(const struct node *n);
void node_timer(struct node *n);
void node_send(struct node *n, u16 dst, u32 len, u8 mode, u64 deadline);
void node_set_mtu(struct node *n, u32 mtu);
void node_free(struct node *n);

/* peer.c: the glue around struct rdm_assoc */
struct peer *peer_find(struct node *n, u16 remote);
struct peer *peer_by_tag(struct node *n, u64 tag);
struct peer *peer_new(struct node *n, u16 remote, u64 tag);
void peer_send(struct peer *p, struct msg *m);
bool peer_frames(struct peer *p, const struct rdm_hdr *h, const struct pkt *k);
bool peer_finish(struct peer *p, struct rdm_out *out);
void peer_timer(struct peer *p);
bool peer_heat(struct peer *p);
void peer_free_rx(struct rxrec *r);

#endif /* _RDM_SIM_NODE_H */
