/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm wire: the bytes of a packet. Encoders and validating decoders for the
 * header, the handshake bodies and the frames; Documentation/protocol.md has
 * the pictures. Pure: it knows no state, so it says whether bytes are well
 * formed, never whether they are welcome.
 */
#ifndef _RDM_WIRE_H
#define _RDM_WIRE_H

#include <linux/types.h>
#include <linux/bits.h>

#include "ecn.h"
#include "rcvmap.h"

#define RDM_WIRE_VERSION	1
#define RDM_HDR_LEN		16
#define RDM_PN_MAX		((1ULL << 48) - 1)

/*
 * Nothing shorter is sent, so that a RESET (32 bytes) is never larger than
 * the packet that it answers.
 */
#define RDM_MIN_PACKET		32
#define RDM_RESET_LEN		32
/* INIT is padded to the length of INIT-ACK: an answer is never larger. */
#define RDM_INIT_LEN		(RDM_HDR_LEN + 48 + RDM_COOKIE_LEN)
#define RDM_INIT_ACK_LEN	(RDM_HDR_LEN + 48 + RDM_COOKIE_LEN)
#define RDM_COOKIE_LEN		80

enum rdm_pkt_type {
	RDM_PKT_INIT = 1,	/* tag 0: open an association */
	RDM_PKT_INIT_ACK = 2,	/* initiator's tag: parameters and cookie */
	RDM_PKT_DATA = 3,	/* receiver's tag: frames */
	RDM_PKT_RESET = 4,	/* echoes the tag of the packet it answers */
};

enum rdm_frame_type {
	RDM_FRAME_PADDING = 0,	/* the rest of the packet is zero */
	RDM_FRAME_PING = 1,	/* asks for an ack */
	RDM_FRAME_ACK = 2,
	RDM_FRAME_WINDOW = 3,
	RDM_FRAME_SKIP = 4,
	RDM_FRAME_CLOSE = 5,
	RDM_FRAME_CLOSE_ACK = 6,
	RDM_FRAME_COOKIE = 7,
	RDM_FRAME_MSG = 8,	/* a whole message */
	RDM_FRAME_FRAG = 9,	/* a part of a message */
	RDM_FRAME_ACK_ECN = 10,	/* ACK, with counts of ECN marks; see struct rdm_frame */
	RDM_FRAME__NR
};

#define RDM_FRAME_BIT(t)	BIT(RDM_FRAME_##t)

enum rdm_reset_reason {
	RDM_RESET_NO_ASSOC = 1,	/* the tag is unknown here */
	RDM_RESET_CLOSED = 2,	/* the socket of this association was closed */
	RDM_RESET_STALE = 3,	/* the cookie is too old or was used */
	RDM_RESET_BUSY = 4,	/* no room for another association */
};

/* Lengths of the fixed part of each frame, bytes. */
#define RDM_PING_LEN		1
#define RDM_ACK_LEN		16
#define RDM_ACK_RANGE_LEN	8
#define RDM_ACK_ECN_LEN		20	/* what ACK_ECN has behind its ranges */
#define RDM_WINDOW_LEN		24
#define RDM_SKIP_LEN		16
#define RDM_SKIP_ONE_LEN	4
#define RDM_CLOSE_LEN		16
#define RDM_COOKIE_HDR_LEN	4
#define RDM_MSG_LEN		12
#define RDM_FRAG_LEN		20

/* The longest frame head (all but the payload): an ACK with all its ranges, and counts. */
#define RDM_FRAME_MAX_HEAD	(RDM_ACK_LEN + RDM_ACK_MAX_RANGES * RDM_ACK_RANGE_LEN + \
				 RDM_ACK_ECN_LEN)

/* The ack delay travels in units of 16 microseconds. */
#define RDM_ACK_DELAY_SHIFT	14
#define RDM_ACK_MAX_RANGES	32
/* messages that one SKIP frame speaks of */
#define RDM_SKIP_MAX		32

/* An association is one of these between its two sockets (struct rdm_params). */
enum rdm_channel {
	RDM_CHANNEL_USER = 0,	/* what users send to an address */
	RDM_CHANNEL_GROUP = 1,	/* what members of groups tell each other; never in order */
	RDM_CHANNEL__NR
};

/* rdm_frame.flags of a WINDOW: try again now what was refused before */
#define RDM_WINDOW_REOPENED	BIT(0)
/* rdm_frame.flags of an ACK: it came as ACK_ECN, and has counts */
#define RDM_ACK_ECN		BIT(0)

/**
 * struct rdm_hdr - a packet's header, decoded
 * @tag: connection tag, see enum rdm_pkt_type
 * @pn: packet number, 48 bits; 0 unless the type is RDM_PKT_DATA
 * @type: enum rdm_pkt_type
 */
struct rdm_hdr {
	u64 tag;
	u64 pn;
	u8 type;
};

/**
 * struct rdm_params - what one end tells the other in the handshake
 * @tag: the tag that packets to this end must carry, not 0
 * @incarnation: names the life of the sending socket, not 0
 * @win_charge: initial flow-control limit, see struct rdm_frame
 * @win_seq: initial limit on message sequences (first one not allowed)
 * @user_timeout: milliseconds after which this end gives a silent peer up
 * @max_msg: the longest message that this end takes, bytes
 * @flags: RDM_PARAM_*
 * @channel: enum rdm_channel
 */
struct rdm_params {
	u64 tag;
	u64 incarnation;
	u64 win_charge;
	u64 win_seq;
	u32 user_timeout;
	u32 max_msg;
	u8 flags;
	u8 channel;
};

#define RDM_PARAM_FIFO		BIT(0)	/* the socket delivers in order */

/**
 * struct rdm_frame - one frame, decoded
 * @type: enum rdm_frame_type; ACK for ACK_ECN, too
 * @flags: of the frame; unknown bits make it malformed
 * @seq: MSG, FRAG: message sequence; SKIP: first; CLOSE, CLOSE_ACK: the next
 *	sequence that would be sent; ACK: largest packet number
 * @last: WINDOW: first sequence not allowed
 * @charge: WINDOW: cumulative limit of message charges
 * @off: FRAG: offset of these bytes in the message
 * @total: MSG, FRAG: length of the whole message
 * @len: MSG, FRAG, COOKIE: bytes of payload
 * @payload: MSG, FRAG, COOKIE: where the payload begins, from the packet's start
 * @delay: ACK: how long the receiver waited, ns
 * @nranges: ACK: ranges in @ranges, descending and disjoint
 * @nlens: SKIP: messages from @seq on
 * @ecn: ACK with RDM_ACK_ECN: which ECN marks the peer has received
 * @ranges: ACK
 * @lens: SKIP: their lengths, bytes
 */
struct rdm_frame {
	u8 type;
	u8 flags;
	u16 nranges;
	u16 nlens;
	u32 off;
	u32 total;
	u32 len;
	u32 payload;
	u64 seq;
	u64 last;
	u64 charge;
	u64 delay;
	struct rdm_ecn_counts ecn;
	union {
		struct rdm_pnrange ranges[RDM_ACK_MAX_RANGES + 1];
		u32 lens[RDM_SKIP_MAX];
	};
};

bool rdm_wire_zero(const u8 *p, u32 n);
int rdm_wire_hdr(struct rdm_hdr *h, const u8 *p, u32 len);
int rdm_wire_params(struct rdm_params *pa, const u8 *p, u32 len);
int rdm_wire_reset(u8 *reason, u64 *incarnation, const u8 *p, u32 len);
int rdm_wire_frame(struct rdm_frame *f, const u8 *p, u32 avail, u32 at, u32 end);

u32 rdm_wire_put_hdr(u8 *p, u8 type, u64 pn, u64 tag);
u32 rdm_wire_put_params(u8 *p, const struct rdm_params *pa);
u32 rdm_wire_put_reset(u8 *p, u64 tag, u8 reason, u64 incarnation);
u32 rdm_wire_put_window(u8 *p, u8 flags, u64 charge, u64 seq);
u32 rdm_wire_put_skip(u8 *p, u64 seq, u16 n);
void rdm_wire_put_skip_len(u8 *p, u16 i, u32 len);
u32 rdm_wire_put_close(u8 *p, u8 type, u64 next_seq);
u32 rdm_wire_put_cookie(u8 *p, const u8 *cookie, u16 len);
u32 rdm_wire_put_ack(u8 *p, u64 delay, const struct rdm_pnrange *r, u16 n);
u32 rdm_wire_put_ack_ecn(u8 *p, u64 delay, const struct rdm_pnrange *r, u16 n,
			 const struct rdm_ecn_counts *ecn);
u32 rdm_wire_put_msg(u8 *p, u64 seq, u16 len);
u32 rdm_wire_put_frag(u8 *p, u64 seq, u32 total, u32 off, u16 len);

#endif /* _RDM_WIRE_H */
