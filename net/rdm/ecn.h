/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm ecn: Explicit Congestion Notification (RFC 3168) of one association: what is counted
 * of the marks that come, and whether the path may be trusted with marks on what is sent
 * (RFC 9000, section 13.4 and appendix A.4). How fast to send then is for congestion
 * control, where the two bits are in a packet for the glue. Pure.
 */
#ifndef _RDM_ECN_H
#define _RDM_ECN_H

#include <linux/types.h>

/* The two bits of the IP header (RFC 3168, section 5). */
enum rdm_ecn_bits {
	RDM_ECN_NONE,		/* Not-ECT: full queues drop it */
	RDM_ECN_ECT1,		/* ECT(1): never sent by rdm */
	RDM_ECN_ECT0,		/* ECT(0): full queues may mark it instead */
	RDM_ECN_CE,		/* it was marked */
	RDM_ECN__NR
};

/**
 * struct rdm_ecn_counts - packets received, by their marks
 * @from: no packet with a lower number is counted
 * @n: by enum rdm_ecn_bits, each modulo 2^32; RDM_ECN_NONE does not travel
 *
 * The receiver begins anew, with another @from, when it has forgotten them: it is cold in
 * between.
 */
struct rdm_ecn_counts {
	u64 from;
	u32 n[RDM_ECN__NR];
};

/*
 *             10 were sent             an ack counts them
 *  TESTING ------------------> UNKNOWN ------------------> CAPABLE
 *     ^ |  |                      |    |                    |   |
 *     | |  +-------- an ack counts them ----------------->--+   |
 *     | +---- 3 lost, or an ack counts wrong ---> FAILED <------+ an ack counts wrong
 *     |                                             |           |
 *     +------- another route -----------------------+-----------+ or two probe timeouts
 */
enum rdm_ecn_state {
	RDM_ECN_OFF,		/* not wanted */
	RDM_ECN_TESTING,	/* the first packets are sent with ECT(0) */
	RDM_ECN_UNKNOWN,	/* enough were, none is acked yet */
	RDM_ECN_CAPABLE,	/* the peer has counted some */
	RDM_ECN_FAILED,		/* the path, or the peer, does not do its part: no marks */
	RDM_ECN_STATE__NR
};

extern const char *const rdm_ecn_states[RDM_ECN_STATE__NR];

/* Packets that are marked before any is acked (RFC 9000, section 13.4.2). */
#define RDM_ECN_TEST		10
/* With so many of them lost and none acked, the path drops what is marked. */
#define RDM_ECN_TEST_LOST	3
/* rdm_ecn_counts.from of what the peer last told, when that is not known. */
#define RDM_ECN_FORGOTTEN	U64_MAX

/**
 * struct rdm_ecn - marks of one association
 * @in: what came
 * @told: what the peer last told that it got; @from is RDM_ECN_FORGOTTEN when that is not known
 * @out: packets sent with ECT(0) that it has not told of; at most so many
 * @spare: those that it has told of and not acked: it tells of the newest ranges only
 * @state: enum rdm_ecn_state
 * @tested: packets sent with ECT(0) in RDM_ECN_TESTING
 * @lost: packets lost before any was acked
 */
struct rdm_ecn {
	struct rdm_ecn_counts in;
	struct rdm_ecn_counts told;
	u32 out;
	u32 spare;
	u8 state;
	u8 tested;
	u8 lost;
};

void rdm_ecn_init(struct rdm_ecn *e, u8 state, u64 from, u64 told_from);
u8 rdm_ecn_rest(const struct rdm_ecn *e);
void rdm_ecn_new_path(struct rdm_ecn *e);
void rdm_ecn_doubt(struct rdm_ecn *e);
void __rdm_ecn_tested(struct rdm_ecn *e, u32 n);
bool rdm_ecn_lost(struct rdm_ecn *e);
int rdm_ecn_acked(struct rdm_ecn *e, const struct rdm_ecn_counts *counts, u32 newly, int order);

/**
 * rdm_ecn_marks() - is what is sent now to be marked?
 * @e: the state
 * @ptos: probe timeouts since the last ack
 *
 * A probe goes without a mark before any was acked, and always when one with a mark has
 * brought nothing: the path may drop such packets.
 *
 * Return: true for ECT(0).
 */
static inline bool rdm_ecn_marks(const struct rdm_ecn *e, u32 ptos)
{
	return e->state == RDM_ECN_CAPABLE ? ptos < 2 : e->state == RDM_ECN_TESTING && !ptos;
}

/**
 * rdm_ecn_sent() - packets leave with ECT(0)
 * @e: the state
 * @n: how many
 */
static inline void rdm_ecn_sent(struct rdm_ecn *e, u32 n)
{
	e->out += n;
	if (e->state != RDM_ECN_CAPABLE)
		__rdm_ecn_tested(e, n);
}

/**
 * rdm_ecn_got() - new packets came
 * @e: the state
 * @bits: enum rdm_ecn_bits, of each of them
 * @n: how many
 */
static inline void rdm_ecn_got(struct rdm_ecn *e, u8 bits, u32 n)
{
	e->in.n[bits] += n;
}

#endif /* _RDM_ECN_H */
