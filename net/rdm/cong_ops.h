/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: what an algorithm is to the common part (cong.c). Pure.
 */
#ifndef _RDM_CONG_OPS_H
#define _RDM_CONG_OPS_H

#include <linux/types.h>

struct rdm_cong;

/**
 * struct rdm_cong_ack - what one ACK frame told, all packets of it together
 * @now: ns, when it came
 * @rtt: ns, the round trip that it measured; 0: none
 * @srtt: ns, the smoothed round trip, @rtt included; 0: none yet
 * @largest: largest packet number in it
 * @next_pn: number of the next packet that will be sent
 */
struct rdm_cong_ack {
	u64 now;
	u64 rtt;
	u64 srtt;
	u64 largest;
	u64 next_pn;
};

/**
 * struct rdm_cong_ops - a congestion control algorithm
 * @name: its name, as sockopt and proc show it
 * @init: set the fields that are the algorithm's own; the common ones are set
 * @acked: @bytes sent at @sent_time were acked at @now and have left in_flight;
 *	@app_limited: the window was not in use, so it must not grow for this
 * @ack_end: @acked has been called for each packet that an ACK frame newly acked,
 *	before the losses that it shows. May be NULL
 * @congested: a recovery episode begins, because a packet sent at @sent_time
 *	was lost or arrived with ECN-CE: set ssthresh and cwnd. The common part
 *	calls it once per episode, and keeps the window at its minimum or above
 * @persistent: persistent congestion was established (RFC 9002 section 7.6)
 *	and cwnd is the minimum window already. May be NULL
 * @undo: cwnd and ssthresh are again what they were before the last episode;
 *	take back what @congested did to the algorithm's own. May be NULL
 * @resized: @mss of the state is another one now. May be NULL
 */
struct rdm_cong_ops {
	const char *name;
	void (*init)(struct rdm_cong *c);
	void (*acked)(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited);
	void (*ack_end)(struct rdm_cong *c, const struct rdm_cong_ack *ack);
	void (*congested)(struct rdm_cong *c, u64 now, u64 sent_time);
	void (*persistent)(struct rdm_cong *c);
	void (*undo)(struct rdm_cong *c);
	void (*resized)(struct rdm_cong *c);
};

#endif /* _RDM_CONG_OPS_H */
