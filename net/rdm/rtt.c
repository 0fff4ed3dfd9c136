// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time: the estimator of RFC 9002 section 5 and the delays that
 * follow from it. Which packets give a sample, and what happens when a delay
 * has passed, is not decided here but in recovery.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "rtt.h"

void rdm_rtt_init(struct rdm_rtt *r)
{
	*r = (struct rdm_rtt){};
}

void rdm_rtt_sample(struct rdm_rtt *r, u64 sample, u64 ack_delay, u64 max_ack_delay)
{
	u64 adjusted, deviation;

	/* srtt 0 says that there is no sample, so a sample is never 0. */
	sample = clamp_t(u64, sample, 1, RDM_RTT_SAMPLE_MAX);
	r->latest = sample;

	if (unlikely(!r->srtt)) {
		r->min = sample;
		r->srtt = sample;
		r->rttvar = sample / 2;
		return;
	}

	if (!r->min || sample < r->min)
		r->min = sample;

	/* The peer's word never pushes an adjusted sample below the minimum. */
	ack_delay = min(ack_delay, max_ack_delay);
	adjusted = sample;
	if (sample - r->min >= ack_delay)
		adjusted -= ack_delay;

	deviation = r->srtt > adjusted ? r->srtt - adjusted : adjusted - r->srtt;
	r->rttvar = (3 * r->rttvar + deviation) / 4;
	r->srtt = (7 * r->srtt + adjusted) / 8;
}

void rdm_rtt_restart_min(struct rdm_rtt *r)
{
	r->min = 0;
}

u64 rdm_rtt_pto(const struct rdm_rtt *r, u64 max_ack_delay)
{
	u64 srtt = r->srtt, rttvar = r->rttvar;

	if (unlikely(!srtt)) {
		srtt = RDM_RTT_INITIAL;
		rttvar = RDM_RTT_INITIAL / 2;
	}

	return srtt + max(4 * rttvar, RDM_RTT_GRANULARITY) + max_ack_delay;
}

u64 rdm_rtt_ack_delay(const struct rdm_rtt *r, u64 least, u64 most)
{
	return r->srtt ? clamp(r->srtt / 4, least, most) : most;
}

u64 rdm_rtt_loss_delay(const struct rdm_rtt *r, u32 eighths)
{
	u64 rtt = r->srtt ? max(r->srtt, r->latest) : RDM_RTT_INITIAL;

	return max(rtt * eighths / 8, RDM_RTT_GRANULARITY);
}
