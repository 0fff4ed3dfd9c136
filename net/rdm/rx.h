/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm rx: a packet while it is taken apart: what input.c, which does that, and
 * intake.c, which takes the messages, share with each other and with nobody else.
 */
#ifndef _RDM_RX_H
#define _RDM_RX_H

#include <linux/skbuff.h>

#include "peer.h"
#include "rdm.h"

struct rdm_part;
struct rdm_rec;

/**
 * struct rx - a packet, or a super-packet, being taken apart
 * @t: the tunnel that it came by
 * @sk: the socket that it is for, as far as that is known; that of @peer
 * @rn: the namespace
 * @skb: UDP payload
 * @from: source
 * @to: destination
 * @now: ns
 * @ecn: enum rdm_ecn_bits: UDP merges none that differ
 * @peer: association of the segments so far, locked, or NULL
 * @tag: that of these segments
 * @map: bytes of @skb that lie in one piece
 * @map_at: offset of the first of them
 * @map_end: offset behind the last
 * @part: @skb, or the packet of its list, that @map is of
 * @part_at: offset of the first byte of that
 * @run: message that the last segment had a part of, and that may go on in the next, or NULL
 * @run_part: that part
 * @unwelcome: messages from someone else than the connected peer
 * @wake: messages were queued for the user
 * @out: what the core gave back
 * @xmitq: packets to send
 * @ready: messages to deliver, by rdm_rec.node
 */
struct rx {
	struct rdm_tunnel *t;
	struct sock *sk;
	struct rdm_net *rn;
	struct sk_buff *skb;
	struct rdm_addr from;
	struct rdm_addr to;
	u64 now;
	struct rdm_peer *peer;
	u64 tag;
	const u8 *map;
	u32 map_at;
	u32 map_end;
	u32 part_at;
	const struct sk_buff *part;
	struct rdm_rec *run;
	struct rdm_part *run_part;
	u8 ecn;
	bool unwelcome;
	bool wake;
	struct rdm_out out;
	struct rdm_xmitq xmitq;
	struct list_head ready;
};

/* input.c */
const u8 *rdm_rx_map(struct rx *rx, u32 at, u32 len, u8 *buf);

/**
 * rdm_rx_bytes() - bytes of the packet
 * @rx: the packet
 * @at: offset of the first one
 * @len: how many, all within the packet
 * @buf: room for them
 *
 * Return: where they lie, if they lie in one piece, else @buf, to which they were copied.
 */
static inline const u8 *rdm_rx_bytes(struct rx *rx, u32 at, u32 len, u8 *buf)
{
	if (likely(at >= rx->map_at && at + len <= rx->map_end))
		return rx->map + (at - rx->map_at);
	return rdm_rx_map(rx, at, len, buf);
}

/* intake.c */
bool rdm_rx_message(struct rx *rx, const struct rdm_frame *f);
u32 rdm_rx_run(struct rx *rx, u32 at, u32 seg);
bool rdm_rx_skip(struct rx *rx, const struct rdm_frame *f);

#endif /* _RDM_RX_H */
