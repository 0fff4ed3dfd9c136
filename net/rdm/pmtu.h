/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm pmtu: how long packets may be where nobody tells by ICMP: path MTU discovery by
 * probes (RFC 8899), and the detection of black holes, which swallow long packets and
 * let short ones through. Sizes are UDP payloads. Pure.
 *
 *             ENABLE            RAISE
 *   DISABLED --------> COMPLETE ---------> SEARCHING
 *                       |    ^ FOUND ------- |    ^
 *                       |                    |    | BASE_OK
 *                       +--- BLACK_HOLE -----+    |
 *                                v                |
 *                               BASE -------------+
 *                                | BASE_LOST      |
 *                                +----> ERROR ----+
 *
 * ROUTE, from everywhere but DISABLED: the route says that less fits, and is believed: COMPLETE.
 */
#ifndef _RDM_PMTU_H
#define _RDM_PMTU_H

#include <linux/time64.h>
#include <linux/types.h>

#include "txqueue.h"
#include "wire.h"

/* RFC 8899, section 5.1.2: BASE_PLPMTU; every path of IPv6 takes it. */
#define RDM_PMTU_BASE		1200
/* MIN_PLPMTU: no fragment is shorter, but the last. */
#define RDM_PMTU_MIN		(RDM_MIN_STRIDE + RDM_HDR_LEN + RDM_FRAG_LEN)
/* RFC 8899, section 5.1.2: MAX_PROBES, and PMTU_RAISE_TIMER */
#define RDM_PMTU_PROBES		3
#define RDM_PMTU_RAISE		(600ULL * NSEC_PER_SEC)
/* While not even RDM_PMTU_BASE gets through it is tried again after this time. */
#define RDM_PMTU_RETRY		(15ULL * NSEC_PER_SEC)
/* The search ends when no more than this can be gained. */
#define RDM_PMTU_STEP		8
/* Losses in a row of packets above RDM_PMTU_BASE, each a round trip after the other, after which
 * a black hole is suspected; and probe timeouts in a row.
 */
#define RDM_PMTU_LOSSES		3
#define RDM_PMTU_TIMEOUTS	2

enum rdm_pmtu_state {
	RDM_PMTU_DISABLED,	/* as long as the route allows, whatever happens */
	RDM_PMTU_COMPLETE,	/* @size is good, until its packets are lost */
	RDM_PMTU_SEARCHING,	/* @size is good; is more? */
	RDM_PMTU_ON_BASE,	/* a black hole: does RDM_PMTU_BASE get through? */
	RDM_PMTU_ERROR,		/* it does not */
	RDM_PMTU__NR
};

enum rdm_pmtu_ev {
	RDM_PMTU_EV_ENABLE,
	RDM_PMTU_EV_DISABLE,
	RDM_PMTU_EV_ROUTE,
	RDM_PMTU_EV_RAISE,
	RDM_PMTU_EV_FOUND,
	RDM_PMTU_EV_BLACK_HOLE,
	RDM_PMTU_EV_BASE_OK,
	RDM_PMTU_EV_BASE_LOST,
	RDM_PMTU_EV__NR
};

extern const char *const rdm_pmtu_states[RDM_PMTU__NR];

/* What a timer found. */
enum rdm_pmtu_verdict {
	RDM_PMTU_NOTHING,	/* to do, or a new search */
	RDM_PMTU_SILENCE,	/* nothing tells: the path may be down */
	RDM_PMTU_PROBE_LOST,
	RDM_PMTU_BLACK_HOLE,	/* packets of @size are lost and shorter ones are not */
};

/* What is to be sent (rdm_pmtu.due). */
enum rdm_pmtu_due {
	RDM_PMTU_DUE_NONE,
	RDM_PMTU_DUE_PROBE,	/* of size @probe */
	RDM_PMTU_DUE_SHORT,	/* a short one behind it, to tell a black hole from silence */
};

/**
 * struct rdm_pmtu - the state
 * @at: when the probe on its way counts as lost, ns
 * @sent_at: when it left, ns
 * @again_at: when to search again, ns; 0: never
 * @seen: when the last loss in @losses was noticed, ns
 * @heard: when the newest probe that arrived was sent, ns
 * @size: longest packet that may carry data
 * @max: what the route says
 * @failed: shortest packet of which all probes were lost; @max + 1: none
 * @probe: size of the probe that is due or on its way; 0: none. @size itself is probed when a
 *	black hole is suspected
 * @lost_size: shortest packet in @losses
 * @state: written by event() only
 * @tries: probes of size @probe that were lost
 * @losses: losses in a row of packets longer than RDM_PMTU_BASE
 * @silent: times in a row that nothing told whether a probe was lost
 * @due: enum rdm_pmtu_due
 * @out: a probe is on its way
 * @pair: a short one goes with each probe, for there may be nothing else to tell by
 */
struct rdm_pmtu {
	u64 at;
	u64 sent_at;
	u64 again_at;
	u64 seen;
	u64 heard;
	u16 size;
	u16 max;
	u16 failed;
	u16 probe;
	u16 lost_size;
	u8 state;
	u8 tries;
	u8 losses;
	u8 silent;
	u8 due;
	bool out;
	bool pair;
};

void rdm_pmtu_init(struct rdm_pmtu *p, bool on, u16 max, u16 size, u64 again_at);
void rdm_pmtu_enable(struct rdm_pmtu *p, bool on);
void rdm_pmtu_route(struct rdm_pmtu *p, u64 now, u16 max);
void rdm_pmtu_data_lost(struct rdm_pmtu *p, u64 now, u64 sent, u32 size);
void rdm_pmtu_stalled(struct rdm_pmtu *p, u32 size);
void rdm_pmtu_data_acked(struct rdm_pmtu *p, u64 now, u32 size);
void rdm_pmtu_sent(struct rdm_pmtu *p, u64 now, u64 timeout);
void rdm_pmtu_acked(struct rdm_pmtu *p, u64 now, u64 sent, u32 size);
u64 rdm_pmtu_deadline(const struct rdm_pmtu *p);
enum rdm_pmtu_verdict rdm_pmtu_timer(struct rdm_pmtu *p, u64 now, u64 acked);

#endif /* _RDM_PMTU_H */
