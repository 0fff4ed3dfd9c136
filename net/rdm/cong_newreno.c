// SPDX-License-Identifier: GPL-2.0
/*
 * NewReno, the congestion control that RFC 9002 section 7 gives: the window
 * doubles in a round trip of slow start, grows by a packet in one of congestion
 * avoidance, and is halved once in each recovery episode. What begins an episode
 * and what is undone is not here but in cong.
 */
#include "cong.h"

/* priv[0] counts the bytes acked towards the next packet of window. */

static void newreno_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
	if (app_limited || rdm_cong_in_recovery(c, sent_time))
		return;

	/* Slow start, RFC 9002 section 7.3.1. */
	if (c->cwnd < c->ssthresh) {
		c->cwnd += bytes;
		return;
	}

	/* Congestion avoidance: one packet for each window acked, section 7.3.3. */
	c->priv[0] += bytes;
	if (c->priv[0] >= c->cwnd) {
		c->priv[0] -= c->cwnd;
		c->cwnd += c->mss;
	}
}

static void newreno_congested(struct rdm_cong *c, u64 now, u64 sent_time)
{
	/* kLossReductionFactor, RFC 9002 appendix B.1. */
	c->ssthresh = c->cwnd / 2;
	c->cwnd = c->ssthresh;
	c->priv[0] = 0;
}

static void newreno_persistent(struct rdm_cong *c)
{
	c->priv[0] = 0;
}

const struct rdm_cong_ops rdm_cong_newreno = {
	.name = "newreno",
	.acked = newreno_acked,
	.congested = newreno_congested,
	.persistent = newreno_persistent,
};
