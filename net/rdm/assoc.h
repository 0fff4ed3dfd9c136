/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: one association, the state shared by a pair of sockets. It
 * decides everything that happens between them: handshake, what to send next,
 * what to ack, which messages are new, when a peer is gone. Pure: it takes
 * decoded frames and the time, and gives back packets to build and records.
 * The caller serialises all calls (in the module: rdm_peer.lock) and owns all
 * records; packets are looked up, built and sent outside.
 */
#ifndef _RDM_ASSOC_H
#define _RDM_ASSOC_H

#include <linux/types.h>

#include "assoc_cfg.h"
#include "assoc_hot.h"
#include "plan.h"
#include "reasm.h"
#include "recovery.h"
#include "rtt.h"
#include "txqueue.h"
#include "wire.h"

/*
 *            OPEN               INIT_ACK                 HEARD, COOKIE
 *   IDLE ----------> INIT_SENT ----------> COOKIE_SENT --------------+
 *     |                  |                                           v
 *     |                  +------------------ COOKIE ---------> ESTABLISHED
 *     +---------------------- COOKIE (accepts the peer's) -------^ |   ^
 *                                                             IDLE |   | BUSY
 *                                                                  v   |
 *   CLOSED <--- OVER (from every state) ----------------------- CLOSING
 */
enum rdm_assoc_state {
	RDM_ASSOC_IDLE,		/* made, nothing sent */
	RDM_ASSOC_INIT_SENT,	/* INIT sent, waits for INIT-ACK */
	RDM_ASSOC_COOKIE_SENT,	/* data may go, each flight with the cookie */
	RDM_ASSOC_ESTABLISHED,	/* both ends have state */
	RDM_ASSOC_CLOSING,	/* idle: CLOSE sent, waits for the peer's consent */
	RDM_ASSOC_CLOSED,	/* over; @error and @agreed say how */
	RDM_ASSOC__NR
};

enum rdm_assoc_ev {
	RDM_ASSOC_EV_OPEN,
	RDM_ASSOC_EV_INIT_ACK,
	RDM_ASSOC_EV_COOKIE,
	RDM_ASSOC_EV_HEARD,
	RDM_ASSOC_EV_IDLE,
	RDM_ASSOC_EV_BUSY,
	RDM_ASSOC_EV_OVER,
	RDM_ASSOC_EV__NR
};

extern const char *const rdm_assoc_states[RDM_ASSOC__NR];

#define RDM_INIT_RETRY		(1ULL * NSEC_PER_SEC)
#define RDM_PROBE_MAX		(5ULL * NSEC_PER_SEC)
/* Backoff ends at this share of the user timeout: what is over in time is noticed in time. */
#define RDM_BACKOFF_SHARE	16
/* About 17 s, so that an hour fits in a byte. */
#define RDM_PATIENCE_SHIFT	34
#define RDM_ACK_DELAY_MIN	(1ULL * NSEC_PER_MSEC)
/* With no more packet numbers left than this, a successor gets what comes. */
#define RDM_PN_RESERVE		BIT_ULL(24)
/*
 * Eliciting packets after which an ack goes at once (RFC 9000, section 13.2.2): in full flow, and
 * while the path is new or disturbed: for the next RDM_ACK_CAREFUL packets.
 */
#define RDM_ACK_EVERY		8
#define RDM_ACK_EVERY_CAREFUL	2
#define RDM_ACK_CAREFUL		100

/**
 * struct rdm_assoc - one association
 * @state: written by assoc_event() only
 * @agreed: the peer consented to the end, nothing is in doubt
 * @fifo: deliver in order
 * @ack_now: an ack must go without delay
 * @cookie_out: a packet with the cookie is on its way
 * @closed_out: CLOSE-ACK is due, then it is over
 * @refused: something was refused for want of memory
 * @want_probe: send one packet past the peer's window now
 * @disowned: a RESET says that the peer does not know us; nothing valid came since then
 * @doubt: probe timeouts that passed like that, without a valid packet between
 * @drain: nothing new is sent, for the peer wants to end the association
 * @ack_pending: eliciting packets that wait for an ack
 * @ack_careful: eliciting packets of which every second one is still acked at once
 * @probes: packets to send past the congestion window (PTO)
 * @need: RDM_CTL_* to put into the next packet
 * @peer_patience: how long the peer waits for us before it gives up, as it told us, rounded up to
 *	the next of units of 1 << RDM_PATIENCE_SHIFT ns
 * @error: errno once CLOSED, 0 when agreed
 * @soft_error: errno that explains silence, from ICMP
 * @mtu: longest UDP payload in use
 * @route_mtu: the same as the route says; never less than @mtu
 * @mtu_again: while cold: when to search for more than @mtu, about seconds since the pause began
 * @tries: INITs, CLOSEs or window probes sent in a row
 * @cfg: what it was made with
 * @hot: what it needs while packets move; NULL while it is cold
 * @rest: what is kept of @hot then
 * @local_tag: tag of packets to us
 * @alias_tag: another one under which the peer may know us (handshakes met), or 0
 * @told_tag: the peer's attempt that our INIT-ACK told to use @local_tag, or 0
 * @peer_tag: tag of packets to the peer; 0 until known
 * @peer_incarnation: 0 until known
 * @peer_max_msg: longest message that the peer takes, 0 until known
 * @ecn: enum rdm_ecn_state when @hot was taken back last
 * @ecn_seen: marks that packets of the peer ever had, ORed: it wants counts
 * @close_pn: number of the newest CLOSE plus 1; until the peer has acked it or a later
 *	packet it may consent, so nothing new is sent
 * @cookie_time: when its cookie was made, or we opened it, ns; an older cookie is void
 * @init_acked: when we took the INIT-ACK, ns
 * @wait_since: when something last began to wait for the peer, ns
 * @last_rx: when a valid packet came, ns
 * @last_active: when data last moved, ns
 * @last_acked: when an ack last told something new, ns
 * @retry_at: next INIT, CLOSE or window probe, ns; 0: none
 * @ack_at: when the delayed ack is due, ns; 0: none
 * @largest_at: when the packet with the largest number came, ns
 * @rx_consumed: cumulative charge of messages that left our buffer
 * @rx_charge: cumulative charge of messages that were accepted
 * @rx_adv_charge: limit told to the peer
 * @rx_adv_seq: limit told to the peer
 * @txq: messages to send
 * @rec: packets sent
 * @rtt: round trip
 * @seqs: messages finished
 * @reasm: messages held
 */
struct rdm_assoc {
	u8 state;
	bool agreed;
	bool fifo;
	bool ack_now;
	bool cookie_out;
	bool closed_out;
	bool refused;
	bool want_probe;
	bool drain;
	bool disowned;
	u8 doubt;
	u8 ack_pending;
	u8 ack_careful;
	u8 probes;
	u8 need;
	u8 peer_patience;
	int error;
	int soft_error;
	u16 mtu;
	u16 route_mtu;
	u32 tries;
	struct rdm_assoc_terms cfg;
	struct rdm_assoc_hot *hot;
	struct rdm_assoc_rest rest;
	u64 local_tag;
	u64 alias_tag;
	u64 told_tag;
	u64 peer_tag;
	u64 peer_incarnation;
	u32 peer_max_msg;
	u8 ecn;
	u8 ecn_seen;
	u16 mtu_again;
	u64 close_pn;
	u64 cookie_time;
	u64 init_acked;
	u64 wait_since;
	u64 last_rx;
	u64 last_active;
	u64 last_acked;
	u64 retry_at;
	u64 ack_at;
	u64 largest_at;
	u64 rx_consumed;
	u64 rx_charge;
	u64 rx_adv_charge;
	u64 rx_adv_seq;
	struct rdm_txq txq;
	struct rdm_recovery rec;
	struct rdm_rtt rtt;
	struct rdm_seqmap seqs;
	struct rdm_reasm reasm;
};

/* assoc.c: life */
void rdm_assoc_init(struct rdm_assoc *a, const struct rdm_assoc_cfg *cfg);
void rdm_assoc_params(const struct rdm_assoc *a, struct rdm_params *pa);
void rdm_assoc_open(struct rdm_assoc *a, u64 now, struct rdm_out *out);
u64 rdm_assoc_meet(struct rdm_assoc *a, u64 now, const struct rdm_params *pa);
void rdm_assoc_rx_init_ack(struct rdm_assoc *a, u64 now, const struct rdm_params *pa,
			   const u8 *cookie, struct rdm_out *out);
bool rdm_assoc_rx_cookie(struct rdm_assoc *a, u64 now, const struct rdm_cookie *ck,
			 struct rdm_out *out);
void rdm_assoc_rx_reset(struct rdm_assoc *a, u64 tag, u8 reason, struct rdm_out *out);
void rdm_assoc_rx_icmp(struct rdm_assoc *a, u64 now, int err, bool hard, bool tag_ok,
		       struct rdm_out *out);
void rdm_assoc_fail(struct rdm_assoc *a, int error, bool all, struct rdm_out *out);
void rdm_assoc_splice(struct rdm_assoc *to, struct rdm_assoc *from);
u64 rdm_assoc_deadline(const struct rdm_assoc *a);
void rdm_assoc_timer(struct rdm_assoc *a, u64 now, struct rdm_out *out);
void rdm_assoc_push(struct rdm_assoc *a, u64 now, struct rdm_txmsg *m, struct rdm_out *out);
void rdm_assoc_set_mtu(struct rdm_assoc *a, u64 now, u32 mtu);
void rdm_assoc_set_pmtud(struct rdm_assoc *a, bool on);
void rdm_assoc_new_path(struct rdm_assoc *a);
void rdm_assoc_set_user_timeout(struct rdm_assoc *a, u64 timeout);
void rdm_assoc_set_hold(struct rdm_assoc *a, bool hold);
void rdm_assoc_flush(struct rdm_assoc *a, struct rdm_out *out);

/* assoc_tx.c: what to send next */
bool rdm_assoc_next(struct rdm_assoc *a, u64 now, struct list_head *pool, u16 max_pkts,
		    struct rdm_plan *plan, struct rdm_out *out);
bool rdm_assoc_more(struct rdm_assoc *a, const struct rdm_plan *plan);

#include "assoc_rx.h"

#endif /* _RDM_ASSOC_H */
