/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Round-trip time of one association, as RFC 9002 section 5 estimates it, and
 * the two delays that follow from it: the probe timeout (section 6.2.1) and
 * the time threshold of loss detection (section 6.1.2).
 *
 * Pure: all times are u64 nanoseconds handed in by the caller, which also
 * picks the samples (the largest newly acked packet of an ACK that
 * acknowledges something ack-eliciting, section 5.1), backs the probe timeout
 * off, and caps it.
 */
#ifndef _RDM_RTT_H
#define _RDM_RTT_H

#include <linux/types.h>
#include <linux/time64.h>

/* The round trip assumed before the first sample. RFC 9002 section 6.2.2 says
 * 333 ms and TCP and SCTP wait 1 s because they cannot tell a slow path from a
 * lost packet. Here the handshake packets that leave before any sample are a
 * few hundred bytes, have a retry timer of their own (1 s, doubling), and a
 * sample usually exists once data travels, so a spurious probe costs one small
 * packet while a lost first packet would cost a message all of that wait.
 * 100 ms gives a first probe timeout of 300 ms, above most round trips that
 * terrestrial paths have.
 */
#define RDM_RTT_INITIAL		(100 * (u64)NSEC_PER_MSEC)

/* Timer granularity, RFC 9002 section 6.1.2. */
#define RDM_RTT_GRANULARITY	((u64)NSEC_PER_MSEC)

/* No sample counts for more, so nothing here can overflow. */
#define RDM_RTT_SAMPLE_MAX	(60 * (u64)NSEC_PER_SEC)

/* kTimeThreshold of RFC 9002 section 6.1.2, in eighths of a round trip. */
#define RDM_RTT_LOSS_EIGHTHS	9u

/**
 * struct rdm_rtt - round-trip estimate, all in ns
 * @latest: the last sample, not corrected for ack delay
 * @min: lowest sample; 0 while the next sample is to start it afresh
 * @srtt: smoothed round trip; 0 until there is a sample
 * @rttvar: mean deviation of the samples from @srtt
 */
struct rdm_rtt {
	u64 latest;
	u64 min;
	u64 srtt;
	u64 rttvar;
};

/**
 * rdm_rtt_init() - forget everything
 * @r: the estimate
 */
void rdm_rtt_init(struct rdm_rtt *r);

/**
 * rdm_rtt_sample() - take one sample in (RFC 9002 section 5.3)
 * @r: the estimate
 * @sample: ns from sending the largest newly acked packet to its ack; 0 counts
 *	as 1, and more than RDM_RTT_SAMPLE_MAX as that
 * @ack_delay: ns by which the peer says that it delayed the ack; any value
 * @max_ack_delay: ns, the longest delay that the peer promised; @ack_delay
 *	above it is not believed
 */
void rdm_rtt_sample(struct rdm_rtt *r, u64 sample, u64 ack_delay, u64 max_ack_delay);

/**
 * rdm_rtt_restart_min() - let the next sample start the minimum afresh
 * @r: the estimate
 *
 * For persistent congestion, after which the path may be another one
 * (RFC 9002 section 5.2).
 */
void rdm_rtt_restart_min(struct rdm_rtt *r);

/**
 * rdm_rtt_pto() - probe timeout without backoff (RFC 9002 section 6.2.1)
 * @r: the estimate
 * @max_ack_delay: ns, the longest delay that the peer promised, as checked
 *	when the promise was read
 *
 * Return: srtt + max(4 * rttvar, 1 ms) + @max_ack_delay in ns, with
 * RDM_RTT_INITIAL as the round trip before the first sample.
 */
u64 rdm_rtt_pto(const struct rdm_rtt *r, u64 max_ack_delay);

/**
 * rdm_rtt_ack_delay() - how long the peer is likely to keep an ack back
 * @r: the estimate
 * @least: ns, the least that it may
 * @most: ns, the most
 *
 * A receiver waits a quarter of its round trip (RFC 9000 section 13.2.1 leaves it the
 * choice), and the round trip is the same at both ends.
 *
 * Return: ns, @most before the first sample.
 */
u64 rdm_rtt_ack_delay(const struct rdm_rtt *r, u64 least, u64 most);

/**
 * rdm_rtt_loss_delay() - how long an overtaken packet is waited for
 * @r: the estimate
 * @eighths: multiplier in eighths of a round trip; RDM_RTT_LOSS_EIGHTHS unless
 *	the caller has learnt that the path reorders more
 *
 * RFC 9002 section 6.1.2.
 *
 * Return: max(@eighths / 8 * max(srtt, latest), 1 ms) in ns.
 */
u64 rdm_rtt_loss_delay(const struct rdm_rtt *r, u32 eighths);

#endif /* _RDM_RTT_H */
