/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: what arrives (assoc_rx.c). A part of assoc.h, which includes it. Pure.
 */
#ifndef _RDM_ASSOC_RX_H
#define _RDM_ASSOC_RX_H

#include <linux/types.h>

#include "plan.h"
#include "reasm.h"

struct rdm_assoc;

enum rdm_rx_verdict {
	RDM_RX_NEW,	/* a message not seen before: needs a place */
	RDM_RX_MORE,	/* belongs to a message that is held */
	RDM_RX_DUP,	/* had it */
	RDM_RX_REFUSE,	/* no room for it: the packet must not be acked */
	RDM_RX_BAD,	/* contradicts what came before, or our limits */
};

bool rdm_assoc_rx_begin(struct rdm_assoc *a, u64 now, u64 pn);
void rdm_assoc_rx_end(struct rdm_assoc *a, u64 now, u64 pn, u8 ecn, bool eliciting, bool refused,
		      struct rdm_out *out);
int rdm_assoc_rx_ctl(struct rdm_assoc *a, u64 now, u64 pn, const struct rdm_frame *f,
		     struct rdm_out *out);
enum rdm_rx_verdict rdm_assoc_rx_check(struct rdm_assoc *a, const struct rdm_frame *f,
				       struct rdm_rxmsg **held);
bool rdm_assoc_rx_whole(struct rdm_assoc *a, u64 seq);
void rdm_assoc_rx_hold(struct rdm_assoc *a, struct rdm_rxmsg *m);
enum rdm_reasm_verdict rdm_assoc_rx_frag(struct rdm_assoc *a, struct rdm_rxmsg *m,
					 struct rdm_rxfrag *f, struct list_head *freed);
enum rdm_reasm_verdict rdm_assoc_rx_run(struct rdm_assoc *a, u64 now, struct rdm_rxmsg *m,
					struct rdm_rxfrag *f, u32 len, u32 n, u8 ecn,
					struct rdm_out *out);
struct rdm_rxmsg *rdm_assoc_rx_next(struct rdm_assoc *a);
int rdm_assoc_rx_skip(struct rdm_assoc *a, const struct rdm_frame *f, struct rdm_rxmsg **part,
		      struct rdm_out *out);
void rdm_assoc_rx_consumed(struct rdm_assoc *a, u64 charge, struct rdm_out *out);
void rdm_assoc_rx_reopened(struct rdm_assoc *a, struct rdm_out *out);

#endif /* _RDM_ASSOC_RX_H */
