/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm recovery: which packets are on their way, which of them are acked,
 * which are lost, and when to probe (RFC 9002, section 6). It works on packet
 * records that the caller owns; what a lost packet carried, and what to send
 * instead, is assoc's business. Pure.
 */
#ifndef _RDM_RECOVERY_H
#define _RDM_RECOVERY_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "cong.h"
#include "rtt.h"
#include "wire.h"

struct rdm_txmsg;

/* RFC 9002, section 6.1.1; raised when reordering shows. */
#define RDM_PKT_THRESH		3
#define RDM_PKT_THRESH_MAX	1024
/* RFC 9002, section 6.1.2, in eighths of an RTT; raised when reordering shows. */
#define RDM_TIME_THRESH		9
#define RDM_TIME_THRESH_MAX	16
/* The longest that a receiver keeps an ack back. */
#define RDM_MAX_ACK_DELAY	(25 * (u64)NSEC_PER_MSEC)
/*
 * The least delay that a sender reckons with: that of a peer whose timers are as coarse as
 * 4 ms, or whose CPU is not its own all the time.
 */
#define RDM_ACK_DELAY_ASSUMED	(4 * (u64)NSEC_PER_MSEC)
/* Cap of the probe timeout with its backoff, unless the owner sets a lower one. */
#define RDM_PTO_MAX		(60ULL * NSEC_PER_SEC)

/*
 * Life of a packet record:
 *
 *   INFLIGHT --ack--> ACKED (given back)
 *      |                ^
 *      +--loss--> LOST -+--a late ack shows that the loss was spurious
 *                  |
 *                  +--after 3 PTO--> GONE (given back)
 */
enum rdm_sent_state {
	RDM_SENT_INFLIGHT,
	RDM_SENT_LOST,
	RDM_SENT_ACKED,
	RDM_SENT_GONE,
};

/*
 * Packets that are outside of congestion control and of probe timeouts, and whose loss says
 * nothing about others.
 */
enum rdm_sent_probe {
	RDM_PROBE_NONE,
	RDM_PROBE_WINDOW,	/* a message, sent past the peer's window */
	RDM_PROBE_PMTU,		/* RFC 8899, section 4.1: lost when its own timer says so */
};

/* Control frames that a packet carried and that must reach the peer. */
#define RDM_CTL_WINDOW		BIT(0)
#define RDM_CTL_CLOSE		BIT(1)
#define RDM_CTL_COOKIE		BIT(2)
#define RDM_CTL_PING		BIT(3)
#define RDM_CTL_CLOSE_ACK	BIT(4)
#define RDM_CTL_INIT		BIT(5)
#define RDM_CTL_REOPEN		BIT(6)	/* with WINDOW: RDM_WINDOW_REOPENED */
#define RDM_CTL_SKIP		BIT(7)

/**
 * struct rdm_sent - record of one ack-eliciting packet
 * @node: in rdm_recovery.sent or .past; in lists of records given back
 * @late: in rdm_recovery.late while RDM_SENT_LOST
 * @lost: in rdm_recovery.lost while its content waits to be sent again
 * @pn: packet number
 * @time: when it was sent, ns
 * @acks: largest packet number that its ACK frame acked, plus 1; 0: none
 * @skip_seq: first sequence of its SKIP
 * @msg: first message that it carries, or NULL
 * @size: UDP payload, bytes
 * @gen: rdm_txmsg.gen at that time
 * @snap: congestion control's
 * @frag: fragment of @msg
 * @nmsgs: whole messages from @msg on in the queue; 0 without @msg
 * @nskip: messages in its SKIP, with RDM_CTL_SKIP
 * @state: enum rdm_sent_state
 * @ctl: RDM_CTL_*
 * @waived: counted as lost without blame: its ack teaches nothing about losses
 * @probe: enum rdm_sent_probe
 * @copy: repeats what is in flight: when it is lost nothing is sent again for it
 * @once: its messages are never sent again: it is lost by evidence only
 * @ect: sent with ECT(0)
 */
struct rdm_sent {
	struct list_head node;
	struct rb_node late;
	struct list_head lost;
	u64 pn;
	u64 time;
	u64 acks;
	u64 skip_seq;
	struct rdm_txmsg *msg;
	u32 size;
	u32 gen;
	struct rdm_cong_snap snap;
	u16 frag;
	u16 nmsgs;
	u16 nskip;
	u8 state;
	u8 ctl;
	bool waived;
	u8 probe;
	bool copy;
	bool once;
	bool ect;
};

/**
 * struct rdm_recovery - packet-number space of one direction
 * @sent: records in flight, by rising packet number
 * @past: records lost, in the order in which they were given up
 * @late: the same by packet number: one loss of thousands must not slow each ack down
 * @lost: records whose content waits to be sent again, oldest first
 * @next_pn: number of the next packet
 * @largest: largest acked packet number plus 1; 0: none yet
 * @loss_time: when the next packet is to be declared lost, ns; 0: none waits
 * @last_sent: when the last ack-eliciting packet left, ns
 * @last_acked_time: when the newest of all acked packets had left, ns
 * @limited_pn: packets below were sent while the congestion window was full
 * @pto_max: cap of the probe timeout with its backoff, ns
 * @pto_count: probe timeouts since the last ack
 * @nflight: records in flight
 * @pkt_thresh: packet threshold now
 * @time_thresh: time threshold now, eighths of an RTT
 * @epoch_lost: packets declared lost since the window was last cut
 * @epoch_spurious: how many of these were acked after all
 * @new_lost: how many packets joined @lost; set to 0 by who has looked
 * @all_lost: packets ever declared lost
 * @all_spurious: how many of these were acked after all, while remembered
 */
struct rdm_recovery {
	struct list_head sent;
	struct list_head past;
	struct rb_root late;
	struct list_head lost;
	u64 next_pn;
	u64 largest;
	u64 loss_time;
	u64 last_sent;
	u64 last_acked_time;
	u64 limited_pn;
	u64 pto_max;
	u32 pto_count;
	u32 nflight;
	u16 pkt_thresh;
	u16 time_thresh;
	u32 epoch_lost;
	u32 epoch_spurious;
	u32 new_lost;
	u64 all_lost;
	u64 all_spurious;
};

void rdm_recovery_init(struct rdm_recovery *r, u64 first_pn);
void __rdm_recovery_sent(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s, u64 now);
void rdm_recovery_sent(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s, u64 now);
int rdm_recovery_ack(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
		     const struct rdm_frame *ack, u64 now, struct list_head *out);
u32 rdm_recovery_detect(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
			u64 now, u64 clean_pn, struct list_head *out);
u64 rdm_recovery_pto(const struct rdm_rtt *rtt);
u64 rdm_recovery_deadline(const struct rdm_recovery *r, const struct rdm_rtt *rtt);
void rdm_recovery_waive(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s);
void rdm_recovery_requeue(struct rdm_recovery *r, struct rdm_cong *c);
void rdm_recovery_clear(struct rdm_recovery *r, struct rdm_cong *c, struct list_head *out);

#endif /* _RDM_RECOVERY_H */
