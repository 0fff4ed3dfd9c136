// SPDX-License-Identifier: GPL-2.0
/*
 * rdm wire: encoders and validating decoders for everything that travels.
 *
 * A decoder returns an error for anything that a correct sender never writes:
 * a length past the packet's end, a range that wraps, unknown flags, padding
 * that is not zero. Callers may rely on what a decoded struct says; what it
 * means for an association is decided in assoc. All fields are big-endian.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "wire.h"

static u64 get_be48(const u8 *p)
{
	return ((u64)get_unaligned_be16(p) << 32) | get_unaligned_be32(p + 2);
}

static void put_be48(u64 v, u8 *p)
{
	put_unaligned_be16(v >> 32, p);
	put_unaligned_be32((u32)v, p + 2);
}

/**
 * rdm_wire_zero() - are reserved bytes as they must be?
 * @p: the bytes
 * @n: how many
 *
 * Return: true when each is 0.
 */
bool rdm_wire_zero(const u8 *p, u32 n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/**
 * rdm_wire_hdr() - decode and check a packet's header
 * @h: where to
 * @p: the packet's first bytes, at least min(@len, RDM_HDR_LEN) of them
 * @len: length of the whole packet, bytes
 *
 * Return: 0, -EPROTO when this is no rdm packet, -EPROTONOSUPPORT when it is
 * of another version.
 */
int rdm_wire_hdr(struct rdm_hdr *h, const u8 *p, u32 len)
{
	if (unlikely(len < RDM_MIN_PACKET))
		return -EPROTO;
	if (unlikely(p[0] != RDM_WIRE_VERSION))
		return -EPROTONOSUPPORT;
	h->type = p[1];
	h->pn = get_be48(p + 2);
	h->tag = get_unaligned_be64(p + 8);
	switch (h->type) {
	case RDM_PKT_DATA:
		return h->tag ? 0 : -EPROTO;
	case RDM_PKT_INIT:
		return !h->tag && !h->pn && len >= RDM_INIT_LEN ? 0 : -EPROTO;
	case RDM_PKT_INIT_ACK:
		return h->tag && !h->pn && len >= RDM_INIT_ACK_LEN ? 0 : -EPROTO;
	case RDM_PKT_RESET:
		return h->tag && !h->pn && len >= RDM_RESET_LEN ? 0 : -EPROTO;
	}
	return -EPROTO;
}

/**
 * rdm_wire_params() - decode the parameters of an INIT or INIT-ACK
 * @pa: where to
 * @p: the bytes behind the header
 * @len: how many there are
 *
 * Return: 0 or -EPROTO.
 */
int rdm_wire_params(struct rdm_params *pa, const u8 *p, u32 len)
{
	if (len < 48)
		return -EPROTO;
	pa->tag = get_unaligned_be64(p);
	pa->incarnation = get_unaligned_be64(p + 8);
	pa->win_charge = get_unaligned_be64(p + 16);
	pa->win_seq = get_unaligned_be64(p + 24);
	pa->user_timeout = get_unaligned_be32(p + 32);
	pa->max_msg = get_unaligned_be32(p + 36);
	pa->flags = p[40];
	pa->channel = p[41];
	if (!pa->tag || !pa->incarnation || !pa->user_timeout || !pa->max_msg ||
	    (pa->flags & ~RDM_PARAM_FIFO) || pa->channel >= RDM_CHANNEL__NR ||
	    !rdm_wire_zero(p + 42, 6))
		return -EPROTO;
	return 0;
}

/**
 * rdm_wire_reset() - decode the body of a RESET
 * @reason: enum rdm_reset_reason
 * @incarnation: of the socket now at the port, 0 when there is none
 * @p: the bytes behind the header
 * @len: how many there are
 *
 * Return: 0 or -EPROTO.
 */
int rdm_wire_reset(u8 *reason, u64 *incarnation, const u8 *p, u32 len)
{
	if (len < RDM_RESET_LEN - RDM_HDR_LEN || !rdm_wire_zero(p + 1, 7) ||
	    p[0] < RDM_RESET_NO_ASSOC || p[0] > RDM_RESET_BUSY)
		return -EPROTO;
	*reason = p[0];
	*incarnation = get_unaligned_be64(p + 8);
	return 0;
}

static int get_ack(struct rdm_frame *f, const u8 *p, u32 avail, u32 left)
{
	u32 n = p[1], need = RDM_ACK_LEN + n * RDM_ACK_RANGE_LEN;
	u64 first, last;
	u32 i;

	if (f->type == RDM_FRAME_ACK_ECN)
		need += RDM_ACK_ECN_LEN;

	if (n > RDM_ACK_MAX_RANGES || left < need)
		return -EPROTO;
	if (avail < need)
		return -EMSGSIZE;
	f->delay = (u64)get_unaligned_be16(p + 2) << RDM_ACK_DELAY_SHIFT;
	last = get_unaligned_be64(p + 8);
	first = get_unaligned_be32(p + 4);
	if (last > RDM_PN_MAX || first > last)
		return -EPROTO;
	first = last - first;
	f->seq = last;
	f->ranges[0].first = first;
	f->ranges[0].last = last;
	f->nranges = n + 1;
	for (i = 1, p += RDM_ACK_LEN; i <= n; i++, p += RDM_ACK_RANGE_LEN) {
		u64 gap = get_unaligned_be32(p), more = get_unaligned_be32(p + 4);

		/* gap counts the missing numbers, at least one */
		if (!gap || gap + 1 > first || more > first - gap - 1)
			return -EPROTO;
		last = first - gap - 1;
		first = last - more;
		f->ranges[i].first = first;
		f->ranges[i].last = last;
	}
	if (f->type == RDM_FRAME_ACK_ECN) {
		f->type = RDM_FRAME_ACK;
		f->flags = RDM_ACK_ECN;
		f->ecn.from = get_unaligned_be64(p);
		f->ecn.n[RDM_ECN_ECT0] = get_unaligned_be32(p + 8);
		f->ecn.n[RDM_ECN_ECT1] = get_unaligned_be32(p + 12);
		f->ecn.n[RDM_ECN_CE] = get_unaligned_be32(p + 16);
		if (f->ecn.from > f->seq + 1)
			return -EPROTO;
	}
	return need;
}

static int get_skip(struct rdm_frame *f, const u8 *p, u32 avail, u32 left)
{
	u32 len = RDM_SKIP_LEN + p[1] * RDM_SKIP_ONE_LEN;
	u16 i;

	f->nlens = p[1];
	f->seq = get_unaligned_be64(p + 8);
	if (!f->nlens || f->nlens > RDM_SKIP_MAX || !rdm_wire_zero(p + 2, 6) || left < len ||
	    f->seq > U64_MAX - f->nlens)
		return -EPROTO;
	if (avail < len)
		return -EMSGSIZE;
	for (i = 0; i < f->nlens; i++)
		f->lens[i] = get_unaligned_be32(p + RDM_SKIP_LEN + i * RDM_SKIP_ONE_LEN);
	return len;
}

/**
 * rdm_wire_frame() - decode and check one frame of a DATA packet
 * @f: where to; only what belongs to the type is set
 * @p: the frame's first bytes
 * @avail: how many bytes can be read at @p
 * @at: offset of the frame in the packet
 * @end: length of the packet
 *
 * Return: the frame's length with its payload, -EPROTO when it is malformed,
 * -EMSGSIZE when it may be well formed but @avail is too short to tell (never
 * when @avail is @end - @at or RDM_FRAME_MAX_HEAD).
 */
int rdm_wire_frame(struct rdm_frame *f, const u8 *p, u32 avail, u32 at, u32 end)
{
	static const u16 heads[RDM_FRAME__NR] = {
		[RDM_FRAME_PADDING] = 1,
		[RDM_FRAME_PING] = RDM_PING_LEN,
		[RDM_FRAME_ACK] = RDM_ACK_LEN,
		[RDM_FRAME_WINDOW] = RDM_WINDOW_LEN,
		[RDM_FRAME_SKIP] = RDM_SKIP_LEN,
		[RDM_FRAME_CLOSE] = RDM_CLOSE_LEN,
		[RDM_FRAME_CLOSE_ACK] = RDM_CLOSE_LEN,
		[RDM_FRAME_COOKIE] = RDM_COOKIE_HDR_LEN,
		[RDM_FRAME_MSG] = RDM_MSG_LEN,
		[RDM_FRAME_FRAG] = RDM_FRAG_LEN,
		[RDM_FRAME_ACK_ECN] = RDM_ACK_LEN,
	};
	u32 left = end - at, head;

	if (unlikely(at >= end))
		return -EPROTO;
	if (unlikely(!avail))
		return -EMSGSIZE;
	if (unlikely(p[0] >= RDM_FRAME__NR))
		return -EPROTO;
	f->type = p[0];
	head = heads[f->type];
	if (unlikely(left < head))
		return -EPROTO;
	if (unlikely(avail < head))
		return -EMSGSIZE;
	f->flags = 0;
	f->payload = at + head;

	switch (f->type) {
	case RDM_FRAME_MSG:
		f->len = get_unaligned_be16(p + 2);
		f->seq = get_unaligned_be64(p + 4);
		f->total = f->len;
		f->off = 0;
		if (p[1] || f->len > left - head || f->seq == U64_MAX)
			return -EPROTO;
		return head + f->len;
	case RDM_FRAME_FRAG:
		f->len = get_unaligned_be16(p + 2);
		f->total = get_unaligned_be32(p + 4);
		f->seq = get_unaligned_be64(p + 8);
		f->off = get_unaligned_be32(p + 16);
		if (p[1] || f->len > left - head || !f->len || f->off >= f->total ||
		    f->len > f->total - f->off || f->seq == U64_MAX)
			return -EPROTO;
		return head + f->len;
	case RDM_FRAME_ACK:
	case RDM_FRAME_ACK_ECN:
		return get_ack(f, p, avail, left);
	case RDM_FRAME_WINDOW:
		f->flags = p[1];
		f->charge = get_unaligned_be64(p + 8);
		f->last = get_unaligned_be64(p + 16);
		if ((p[1] & ~RDM_WINDOW_REOPENED) || !rdm_wire_zero(p + 2, 6))
			return -EPROTO;
		return head;
	case RDM_FRAME_SKIP:
		return get_skip(f, p, avail, left);
	case RDM_FRAME_CLOSE:
	case RDM_FRAME_CLOSE_ACK:
		f->seq = get_unaligned_be64(p + 8);
		return rdm_wire_zero(p + 1, 7) ? (int)head : -EPROTO;
	case RDM_FRAME_COOKIE:
		f->len = get_unaligned_be16(p + 2);
		if (p[1] || f->len != RDM_COOKIE_LEN || f->len > left - head)
			return -EPROTO;
		return head + f->len;
	case RDM_FRAME_PADDING:
		return rdm_wire_zero(p, min(avail, left)) ? (int)left : -EPROTO;
	default:	/* RDM_FRAME_PING */
		return head;
	}
}

/**
 * rdm_wire_put_hdr() - encode a packet's header
 * @p: RDM_HDR_LEN bytes
 * @type: enum rdm_pkt_type
 * @pn: packet number, at most RDM_PN_MAX
 * @tag: connection tag
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_hdr(u8 *p, u8 type, u64 pn, u64 tag)
{
	p[0] = RDM_WIRE_VERSION;
	p[1] = type;
	put_be48(pn, p + 2);
	put_unaligned_be64(tag, p + 8);
	return RDM_HDR_LEN;
}

/**
 * rdm_wire_put_params() - encode the parameters of an INIT or INIT-ACK
 * @p: 48 bytes
 * @pa: the parameters
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_params(u8 *p, const struct rdm_params *pa)
{
	put_unaligned_be64(pa->tag, p);
	put_unaligned_be64(pa->incarnation, p + 8);
	put_unaligned_be64(pa->win_charge, p + 16);
	put_unaligned_be64(pa->win_seq, p + 24);
	put_unaligned_be32(pa->user_timeout, p + 32);
	put_unaligned_be32(pa->max_msg, p + 36);
	p[40] = pa->flags;
	p[41] = pa->channel;
	memset(p + 42, 0, 6);
	return 48;
}

/**
 * rdm_wire_put_reset() - encode a whole RESET packet
 * @p: RDM_RESET_LEN bytes
 * @tag: the tag of the packet that is answered
 * @reason: enum rdm_reset_reason
 * @incarnation: of the socket at the port, or 0
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_reset(u8 *p, u64 tag, u8 reason, u64 incarnation)
{
	rdm_wire_put_hdr(p, RDM_PKT_RESET, 0, tag);
	memset(p + RDM_HDR_LEN, 0, 8);
	p[RDM_HDR_LEN] = reason;
	put_unaligned_be64(incarnation, p + RDM_HDR_LEN + 8);
	return RDM_RESET_LEN;
}

/**
 * rdm_wire_put_ack() - encode an ACK frame
 * @p: RDM_ACK_LEN + (@n - 1) * RDM_ACK_RANGE_LEN bytes
 * @delay: time since the largest acked packet arrived, ns
 * @r: ranges, descending, disjoint and not adjacent
 * @n: how many, 1 to RDM_ACK_MAX_RANGES + 1
 *
 * A first range longer than 2^32 packets is cut at its low end: what it leaves
 * out was acked long ago. A range that does not fit behind its gap ends the frame.
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_ack(u8 *p, u64 delay, const struct rdm_pnrange *r, u16 n)
{
	u32 len = RDM_ACK_LEN;
	u16 i;

	p[0] = RDM_FRAME_ACK;
	put_unaligned_be16(min_t(u64, delay >> RDM_ACK_DELAY_SHIFT, U16_MAX), p + 2);
	put_unaligned_be32(min_t(u64, r[0].last - r[0].first, U32_MAX), p + 4);
	put_unaligned_be64(r[0].last, p + 8);
	for (i = 1; i < n; i++) {
		u64 gap = r[i - 1].first - r[i].last - 1;
		u64 more = r[i].last - r[i].first;

		if (gap > U32_MAX || more > U32_MAX ||
		    r[i - 1].last - r[i - 1].first > U32_MAX)
			break;
		put_unaligned_be32(gap, p + len);
		put_unaligned_be32(more, p + len + 4);
		len += RDM_ACK_RANGE_LEN;
	}
	p[1] = i - 1;
	return len;
}

/**
 * rdm_wire_put_ack_ecn() - encode an ACK frame with counts of ECN marks
 * @p: RDM_ACK_LEN + (@n - 1) * RDM_ACK_RANGE_LEN + RDM_ACK_ECN_LEN bytes
 * @delay: see rdm_wire_put_ack(), as are the next two
 * @r: ranges
 * @n: how many
 * @ecn: what was counted; its @from is at most one above the largest number in @r
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_ack_ecn(u8 *p, u64 delay, const struct rdm_pnrange *r, u16 n,
			 const struct rdm_ecn_counts *ecn)
{
	u32 len = rdm_wire_put_ack(p, delay, r, n);

	p[0] = RDM_FRAME_ACK_ECN;
	p += len;
	put_unaligned_be64(ecn->from, p);
	put_unaligned_be32(ecn->n[RDM_ECN_ECT0], p + 8);
	put_unaligned_be32(ecn->n[RDM_ECN_ECT1], p + 12);
	put_unaligned_be32(ecn->n[RDM_ECN_CE], p + 16);
	return len + RDM_ACK_ECN_LEN;
}

/**
 * rdm_wire_put_window() - encode a WINDOW frame
 * @p: RDM_WINDOW_LEN bytes
 * @flags: RDM_WINDOW_*
 * @charge: cumulative charge up to which messages are welcome
 * @seq: first message sequence that is not
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_window(u8 *p, u8 flags, u64 charge, u64 seq)
{
	memset(p, 0, 8);
	p[0] = RDM_FRAME_WINDOW;
	p[1] = flags;
	put_unaligned_be64(charge, p + 8);
	put_unaligned_be64(seq, p + 16);
	return RDM_WINDOW_LEN;
}

/**
 * rdm_wire_put_skip() - encode a SKIP frame, but for the lengths
 * @p: RDM_SKIP_LEN + @n * RDM_SKIP_ONE_LEN bytes
 * @seq: first message that will never be whole
 * @n: how many in a row, 1 to RDM_SKIP_MAX; rdm_wire_put_skip_len() for each must follow
 *
 * Return: length of the whole frame.
 */
u32 rdm_wire_put_skip(u8 *p, u64 seq, u16 n)
{
	memset(p, 0, 8);
	p[0] = RDM_FRAME_SKIP;
	p[1] = n;
	put_unaligned_be64(seq, p + 8);
	return RDM_SKIP_LEN + n * RDM_SKIP_ONE_LEN;
}

/**
 * rdm_wire_put_skip_len() - encode the length of a message in a SKIP frame
 * @p: the frame
 * @i: which one
 * @len: bytes
 */
void rdm_wire_put_skip_len(u8 *p, u16 i, u32 len)
{
	put_unaligned_be32(len, p + RDM_SKIP_LEN + i * RDM_SKIP_ONE_LEN);
}

/**
 * rdm_wire_put_close() - encode a CLOSE or CLOSE-ACK frame
 * @p: RDM_CLOSE_LEN bytes
 * @type: RDM_FRAME_CLOSE or RDM_FRAME_CLOSE_ACK
 * @next_seq: the sequence that the sender's next message would have
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_close(u8 *p, u8 type, u64 next_seq)
{
	memset(p, 0, 8);
	p[0] = type;
	put_unaligned_be64(next_seq, p + 8);
	return RDM_CLOSE_LEN;
}

/**
 * rdm_wire_put_cookie() - encode a COOKIE frame
 * @p: RDM_COOKIE_HDR_LEN + @len bytes
 * @cookie: what the INIT-ACK brought
 * @len: its length
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_cookie(u8 *p, const u8 *cookie, u16 len)
{
	p[0] = RDM_FRAME_COOKIE;
	p[1] = 0;
	put_unaligned_be16(len, p + 2);
	memcpy(p + RDM_COOKIE_HDR_LEN, cookie, len);
	return RDM_COOKIE_HDR_LEN + len;
}

/**
 * rdm_wire_put_msg() - encode the head of a MSG frame
 * @p: RDM_MSG_LEN bytes
 * @seq: message sequence
 * @len: length of the message, which follows
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_msg(u8 *p, u64 seq, u16 len)
{
	p[0] = RDM_FRAME_MSG;
	p[1] = 0;
	put_unaligned_be16(len, p + 2);
	put_unaligned_be64(seq, p + 4);
	return RDM_MSG_LEN;
}

/**
 * rdm_wire_put_frag() - encode the head of a FRAG frame
 * @p: RDM_FRAG_LEN bytes
 * @seq: message sequence
 * @total: length of the whole message
 * @off: where these bytes stand in it
 * @len: how many of them follow
 *
 * Return: bytes written.
 */
u32 rdm_wire_put_frag(u8 *p, u64 seq, u32 total, u32 off, u16 len)
{
	p[0] = RDM_FRAME_FRAG;
	p[1] = 0;
	put_unaligned_be16(len, p + 2);
	put_unaligned_be32(total, p + 4);
	put_unaligned_be64(seq, p + 8);
	put_unaligned_be32(off, p + 16);
	return RDM_FRAG_LEN;
}
