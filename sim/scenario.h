/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: what the files with scenarios share: traffic and faults as building blocks
 * (scenario.c), and the scenarios that have files of their own.
 */
#ifndef _RDM_SIM_SCENARIO_H
#define _RDM_SIM_SCENARIO_H

#include "sim.h"

struct traffic *add_traffic(struct sim *s, u16 src, u16 dst, u32 messages);
void ordinary(struct sim *s);
void every_link(struct sim *s, void (*f)(struct sim *s, struct link *l));
void drop_a_little(struct sim *s, struct link *l);
void disorder(struct sim *s, struct link *l);

/* fatpath.c: how much of a long fat path each congestion control uses */
void fat_path(struct sim *s);

/* queue.c: full queues, and what networks do to ECN's marks */
void bottleneck(struct sim *s);
void ecn_marks(struct sim *s);
void ecn_bleached(struct sim *s);
void ecn_remarked(struct sim *s);
void ecn_dropped(struct sim *s);

/* cold.c: associations that are idle most of the time */
void cold(struct sim *s);

/* blackhole.c: paths that swallow long packets, and tell late or never */
void mtu_shrinks(struct sim *s);
void black_hole(struct sim *s);
void black_hole_opens(struct sim *s);
void black_hole_deep(struct sim *s);
void loss_no_black_hole(struct sim *s);

#endif /* _RDM_SIM_SCENARIO_H */
