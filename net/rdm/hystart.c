// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++, see hystart.h. It says how much the window grows and when slow
 * start is over; the window itself belongs to the congestion control.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "cong.h"
#include "hystart.h"

/* RFC 9406 section 4.2; L, the most by which one ack opens the window, is for who does not pace. */
#define MIN_RTT_THRESH		(4 * (u64)NSEC_PER_MSEC)
#define MAX_RTT_THRESH		(16 * (u64)NSEC_PER_MSEC)
#define MIN_RTT_SHIFT		3	/* MIN_RTT_DIVISOR 8 */
#define N_RTT_SAMPLE		8
#define CSS_GROWTH_DIVISOR	4
#define CSS_ROUNDS		5

void rdm_hystart_init(struct rdm_hystart *h)
{
	*h = (struct rdm_hystart){
		.last_min = U64_MAX,
		.min = U64_MAX,
	};
}

static void rtt_sample(struct rdm_hystart *h, u64 rtt)
{
	u64 thresh;

	h->min = min(h->min, rtt);
	if (h->samples < N_RTT_SAMPLE)
		h->samples++;
	if (h->samples < N_RTT_SAMPLE)
		return;

	if (h->css) {
		/* Not a queue but jitter: back to slow start. */
		if (h->min < h->css_base)
			h->css = false;
		return;
	}
	if (h->last_min == U64_MAX)
		return;
	thresh = clamp(h->last_min >> MIN_RTT_SHIFT, MIN_RTT_THRESH, MAX_RTT_THRESH);
	if (h->min >= h->last_min + thresh) {
		h->css = true;
		h->css_base = h->min;
		h->css_rounds = 0;
	}
}

bool rdm_hystart_ack(struct rdm_hystart *h, const struct rdm_cong_ack *ack, u32 bytes, u32 *grow)
{
	*grow = h->css ? bytes / CSS_GROWTH_DIVISOR : bytes;

	if (!h->started) {
		h->started = true;
		h->window_end = ack->next_pn;
	}
	if (ack->rtt)
		rtt_sample(h, ack->rtt);
	if (ack->largest + 1 < h->window_end)
		return false;

	/* A round ends; one that CSS began in counts as one of CSS (section 4.2). */
	h->window_end = ack->next_pn;
	h->last_min = h->min;
	h->min = U64_MAX;
	h->samples = 0;
	return h->css && ++h->css_rounds >= CSS_ROUNDS;
}
