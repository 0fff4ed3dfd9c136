// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the wire decoders as input does: a header, then what its type says,
 * then frames to the packet's end. What they accept must lie within the packet
 * and be what an encoder could have written.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/limits.h>

#include "wire.h"

/* Ends the run: libFuzzer keeps the input that led here. */
#define wrong_if(cond) do {	\
	if (cond)		\
		abort();	\
} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check_ack(const struct rdm_frame *f)
{
	bool ecn = f->flags & RDM_ACK_ECN;
	u8 p[RDM_FRAME_MAX_HEAD];
	struct rdm_frame back;
	u32 len;

	wrong_if(!f->nranges || f->nranges > RDM_ACK_MAX_RANGES + 1);
	wrong_if(f->seq != f->ranges[0].last || f->seq > RDM_PN_MAX);
	for (u16 i = 0; i < f->nranges; i++) {
		wrong_if(f->ranges[i].first > f->ranges[i].last);
		/* descending, disjoint, and not adjacent */
		wrong_if(i && f->ranges[i].last + 1 >= f->ranges[i - 1].first);
	}
	wrong_if(ecn && f->ecn.from > f->seq + 1);
	len = ecn ? rdm_wire_put_ack_ecn(p, f->delay, f->ranges, f->nranges, &f->ecn) :
		    rdm_wire_put_ack(p, f->delay, f->ranges, f->nranges);
	wrong_if(rdm_wire_frame(&back, p, len, 100, 100 + len) != (int)len);
	wrong_if(back.nranges != f->nranges || back.delay != f->delay);
	wrong_if(memcmp(back.ranges, f->ranges, f->nranges * sizeof(f->ranges[0])));
	wrong_if(back.type != RDM_FRAME_ACK || back.flags != f->flags);
	wrong_if(ecn && (back.ecn.from != f->ecn.from ||
			 memcmp(back.ecn.n + 1, f->ecn.n + 1, 3 * sizeof(u32))));
}

/* Encode @f again: the same bytes must come out. */
static void check_bytes(const struct rdm_frame *f, const u8 *p, int n)
{
	u8 q[RDM_FRAME_MAX_HEAD];
	u32 len;

	switch (f->type) {
	case RDM_FRAME_MSG:
		len = rdm_wire_put_msg(q, f->seq, f->len);
		break;
	case RDM_FRAME_FRAG:
		wrong_if(!f->len || f->off > f->total || f->len > f->total - f->off);
		len = rdm_wire_put_frag(q, f->seq, f->total, f->off, f->len);
		break;
	case RDM_FRAME_WINDOW:
		len = rdm_wire_put_window(q, f->flags, f->charge, f->last);
		break;
	case RDM_FRAME_SKIP:
		wrong_if(!f->nlens || f->nlens > RDM_SKIP_MAX || f->seq + f->nlens < f->seq);
		len = rdm_wire_put_skip(q, f->seq, f->nlens);
		for (u16 i = 0; i < f->nlens; i++)
			rdm_wire_put_skip_len(q, i, f->lens[i]);
		break;
	case RDM_FRAME_CLOSE:
	case RDM_FRAME_CLOSE_ACK:
		len = rdm_wire_put_close(q, f->type, f->seq);
		break;
	case RDM_FRAME_COOKIE:
		len = rdm_wire_put_cookie(q, p + RDM_COOKIE_HDR_LEN, f->len);
		break;
	case RDM_FRAME_ACK:
		check_ack(f);
		return;
	default:
		return;
	}
	wrong_if((int)len > n || memcmp(p, q, len));
}

static void frames(const u8 *p, u32 len)
{
	struct rdm_frame f;
	u32 at = RDM_HDR_LEN;
	int n;

	while (at < len) {
		u32 left = len - at, start = left < RDM_FRAME_MAX_HEAD ? left : RDM_FRAME_MAX_HEAD;
		u8 *head = malloc(start);

		/* only so many bytes can be read: the sanitizer watches */
		memcpy(head, p + at, start);
		n = rdm_wire_frame(&f, head, start, at, len);
		wrong_if(n == -EMSGSIZE);
		wrong_if(n < 0 && n != -EPROTO);
		wrong_if(!n || n > (int)left);
		if (n > 0 && (f.type == RDM_FRAME_MSG || f.type == RDM_FRAME_FRAG ||
			      f.type == RDM_FRAME_COOKIE))
			wrong_if(f.payload < at || f.payload + f.len != at + n);
		if (n > 0)
			check_bytes(&f, p + at, n);
		free(head);
		if (n < 0)
			return;
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 buf[RDM_INIT_LEN] = {};
	struct rdm_params pa;
	struct rdm_hdr h;
	u64 incarnation;
	u8 reason;

	if (size > 65507)
		return 0;
	if (rdm_wire_hdr(&h, data, size)) {
		/* most inputs are no packet: they may still be frames */
		if (size >= RDM_MIN_PACKET)
			frames(data, size);
		return 0;
	}
	wrong_if(size < RDM_MIN_PACKET);
	rdm_wire_put_hdr(buf, h.type, h.pn, h.tag);
	wrong_if(memcmp(buf, data, RDM_HDR_LEN));
	data += RDM_HDR_LEN;
	size -= RDM_HDR_LEN;
	switch (h.type) {
	case RDM_PKT_DATA:
		frames(data - RDM_HDR_LEN, size + RDM_HDR_LEN);
		break;
	case RDM_PKT_INIT:
	case RDM_PKT_INIT_ACK:
		if (rdm_wire_params(&pa, data, size))
			break;
		wrong_if(!pa.tag || !pa.incarnation);
		rdm_wire_put_params(buf, &pa);
		wrong_if(memcmp(buf, data, 48));
		break;
	case RDM_PKT_RESET:
		if (rdm_wire_reset(&reason, &incarnation, data, size))
			break;
		wrong_if(rdm_wire_put_reset(buf, h.tag, reason, incarnation) >
		       size + RDM_HDR_LEN);
		wrong_if(memcmp(buf, data - RDM_HDR_LEN, RDM_RESET_LEN));
		break;
	}
	return 0;
}
