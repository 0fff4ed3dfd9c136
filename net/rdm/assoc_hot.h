/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: what an association needs only while packets move. An idle one, and
 * most are, lives without it: associations are many, and struct rdm_assoc is small.
 * The caller allocates the block when the core asks for it (RDM_OUT_HEAT, or before
 * it hands over a packet), and gets it back some time after the last packet. Pure.
 */
#ifndef _RDM_ASSOC_HOT_H
#define _RDM_ASSOC_HOT_H

#include <linux/bitmap.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "cong.h"
#include "cookie.h"
#include "ecn.h"
#include "pmtu.h"
#include "rcvmap.h"

struct rdm_assoc;

/*
 * Time without a packet after which an association is cold. No interval of who waits for
 * us to answer is longer (RDM_PROBE_MAX), so nobody needs the acks that are forgotten then.
 */
#define RDM_COOL_AFTER		(5ULL * NSEC_PER_SEC)

/*
 * While something is in flight, a message that comes soon after another waits for so long, or
 * until so many bytes wait, so that several go at once.
 */
#define RDM_HOLD		(50ULL * NSEC_PER_USEC)
#define RDM_HOLD_BYTES		32768
/* The same when the user says that more comes. */
#define RDM_HOLD_MORE		(1ULL * NSEC_PER_MSEC)
/*
 * Messages that are cut are a stream when so many follow each other within this time each, with
 * nothing coming back. Those that follow wait for so long, or until so many bytes wait, so that a
 * super-packet carries several; when one waited in vain it must be shown again that it is a
 * stream. Of a burst that others see (rdm_txmsg.wait) two show it.
 */
#define RDM_HOLD_STREAM		8
#define RDM_HOLD_STREAM_GAP	(500ULL * NSEC_PER_USEC)
#define RDM_HOLD_LONG		(100ULL * NSEC_PER_USEC)
#define RDM_HOLD_LONG_BYTES	64500

/**
 * struct rdm_hold - messages that could go and wait for others
 * @pushed_at: when the newest message was accepted, ns
 * @until: messages never sent wait until then, ns; 0: they do not
 * @bytes: that wait since @until is set
 * @rx_charge: what had come from the peer at @pushed_at, as rdm_assoc.rx_charge
 * @stream: messages so far that make a stream, at most RDM_HOLD_STREAM
 * @more: they wait because the user says that more comes
 * @idle: they wait with nothing in flight, too
 */
struct rdm_hold {
	u64 pushed_at;
	u64 until;
	u64 rx_charge;
	u32 bytes;
	u8 stream;
	bool more;
	bool idle;
};

/**
 * struct rdm_assoc_hot - what is needed only while packets move
 * @cong: how fast to send
 * @rxpn: packet numbers received
 * @ecn: marks that came, and those that are sent
 * @hold: messages that wait for others
 * @pmtu: how long packets may be
 * @seqs: bits of rdm_assoc.seqs
 * @cookie: to be given back, in RDM_ASSOC_COOKIE_SENT
 */
struct rdm_assoc_hot {
	struct rdm_cong cong;
	struct rdm_pnset rxpn;
	struct rdm_ecn ecn;
	struct rdm_hold hold;
	struct rdm_pmtu pmtu;
	DECLARE_BITMAP(seqs, RDM_SEQ_SPAN);
	u8 cookie[RDM_COOKIE_LEN];
};

/**
 * struct rdm_assoc_rest - what is kept of it meanwhile
 * @rx_first: packet numbers received: all below, and
 * @rx_end: from @rx_first up to before this one
 * @cwnd: bytes; 0: there never was a window
 * @ssthresh: bytes; U32_MAX: no congestion yet
 */
struct rdm_assoc_rest {
	u64 rx_first;
	u64 rx_end;
	u32 cwnd;
	u32 ssthresh;
};

void rdm_assoc_heat(struct rdm_assoc *a, struct rdm_assoc_hot *h);
u64 rdm_assoc_cool_at(const struct rdm_assoc *a);
struct rdm_assoc_hot *rdm_assoc_cool(struct rdm_assoc *a, u64 now);

#endif /* _RDM_ASSOC_HOT_H */
