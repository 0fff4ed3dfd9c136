/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HyStart++ (RFC 9406): a slow start that ends when the round trip begins to
 * rise, before the queue at the bottleneck overflows. A rise that was only
 * jitter is taken back: conservative slow start (CSS) grows slowly for some
 * rounds and looks again. For the first slow start of an association only
 * (section 4.3); what comes after it is the congestion control's business.
 *
 * Pure. A round is a round trip, told by packet numbers.
 */
#ifndef _RDM_HYSTART_H
#define _RDM_HYSTART_H

#include <linux/types.h>

struct rdm_cong_ack;

/**
 * struct rdm_hystart - state, named as in RFC 9406 section 4.2
 * @window_end: the round ends when the packet before this one is acked
 * @last_min: ns, lastRoundMinRTT; U64_MAX: none
 * @min: ns, currentRoundMinRTT; U64_MAX: none
 * @css_base: ns, cssBaselineMinRtt, in CSS
 * @samples: rttSampleCount, not counted beyond what is asked for
 * @css_rounds: rounds of CSS that have ended
 * @css: in CSS
 * @started: the first round has begun
 */
struct rdm_hystart {
	u64 window_end;
	u64 last_min;
	u64 min;
	u64 css_base;
	u8 samples;
	u8 css_rounds;
	bool css;
	bool started;
};

/**
 * rdm_hystart_init() - slow start begins
 * @h: the state
 */
void rdm_hystart_init(struct rdm_hystart *h);

/**
 * rdm_hystart_ack() - an ACK frame acked packets that may open the window
 * @h: the state
 * @ack: what it told
 * @bytes: of these packets
 * @grow: bytes by which the window is to grow
 *
 * Call it only for acks of packets that were sent while the window was in use:
 * when the application sends less, a round trip says nothing about the queue that
 * slow start builds (RFC 9406 section 4.3).
 *
 * Return: whether slow start ends with this ack (set ssthresh to the window).
 */
bool rdm_hystart_ack(struct rdm_hystart *h, const struct rdm_cong_ack *ack, u32 bytes, u32 *grow);

#endif /* _RDM_HYSTART_H */
