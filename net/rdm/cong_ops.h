/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: what an algorithm is to the common part (cong.c). Pure.
 */
#ifndef _RDM_CONG_OPS_H
#define _RDM_CONG_OPS_H

#include <linux/types.h>

struct rdm_cong;

/**
 * struct rdm_cong_snap - what was delivered when a packet was sent, for its rate sample
 * @delivered: bytes
 * @delivered_at: when the last of them were acked, in units of 2^10 ns
 * @first_sent: when the first packet of the flight was sent, in units of 2^10 ns
 * @limited: the application, or the peer's window, was the limit
 */
struct rdm_cong_snap {
	u32 delivered;
	u32 delivered_at;
	u32 first_sent;
	bool limited;
};

/**
 * struct rdm_cong_ack - what one ACK frame told, all packets of it together
 * @now: ns, when it came
 * @rtt: ns, the round trip that it measured; 0: none
 * @srtt: ns, the smoothed round trip, @rtt included; 0: none yet
 * @largest: largest packet number in it
 * @next_pn: number of the next packet that will be sent
 * @sent_time: when the newest packet that it newly acked was sent, ns
 * @snap: of that packet; NULL: it acked none that counts
 */
struct rdm_cong_ack {
	u64 now;
	u64 rtt;
	u64 srtt;
	u64 largest;
	u64 next_pn;
	u64 sent_time;
	const struct rdm_cong_snap *snap;
};

/**
 * struct rdm_cong_ops - a congestion control algorithm
 * @name: its name, as sockopt and proc show it
 * @paced: it sets the pacer itself, in @ack_end; else it follows from the window
 * @init: set the fields that are the algorithm's own; the common ones are set
 * @sent: a packet is about to leave and to count; fills its @snap. May be NULL
 * @acked: @bytes sent at @sent_time were acked at @now and have left in_flight;
 *	@app_limited: the window was not in use, so it must not grow for this
 * @ack_end: @acked has been called for each packet that an ACK frame newly acked,
 *	before the losses that it shows. May be NULL
 * @lost: @bytes sent at @sent_time were lost, whether or not that begins an episode. May be NULL
 * @marked: ECN-CE marks have increased; NULL: they are as a loss
 * @starved: there was nothing to send though the window had room. May be NULL
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
	bool paced;
	void (*init)(struct rdm_cong *c);
	void (*sent)(struct rdm_cong *c, struct rdm_cong_snap *snap, u64 now);
	void (*acked)(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited);
	void (*ack_end)(struct rdm_cong *c, const struct rdm_cong_ack *ack);
	void (*lost)(struct rdm_cong *c, u64 sent_time, u32 bytes);
	void (*marked)(struct rdm_cong *c);
	void (*starved)(struct rdm_cong *c);
	void (*congested)(struct rdm_cong *c, u64 now, u64 sent_time);
	void (*persistent)(struct rdm_cong *c);
	void (*undo)(struct rdm_cong *c);
	void (*resized)(struct rdm_cong *c);
};

#endif /* _RDM_CONG_OPS_H */
