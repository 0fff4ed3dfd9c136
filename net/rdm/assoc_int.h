/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: what assoc.c (life), assoc_tx.c (sending) and assoc_rx.c
 * (receiving) share with each other and with nobody else. What others call is
 * in assoc.h. Pure.
 */
#ifndef _RDM_ASSOC_INT_H
#define _RDM_ASSOC_INT_H

#include "assoc.h"

void __rdm_assoc_event(struct rdm_assoc *a, enum rdm_assoc_ev ev);
void __rdm_assoc_over(struct rdm_assoc *a, int error, struct rdm_out *out);
void __rdm_assoc_recs(struct rdm_assoc *a, struct list_head *recs, struct rdm_out *out);
void __rdm_assoc_close(struct rdm_assoc *a, u64 now);
bool __rdm_assoc_waits(const struct rdm_assoc *a);
void __rdm_assoc_waiting(struct rdm_assoc *a, u64 now);
u64 __rdm_assoc_backoff(const struct rdm_assoc *a, u64 base);
bool __rdm_assoc_window_due(const struct rdm_assoc *a, u32 share);

#endif /* _RDM_ASSOC_INT_H */
