/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: how much of a long fat path each congestion control uses. The scenario
 * for scenario.c; what it promises is in fatpath.c.
 */
#ifndef _RDM_SIM_FATPATH_H
#define _RDM_SIM_FATPATH_H

struct sim;

void fat_path(struct sim *s);

#endif /* _RDM_SIM_FATPATH_H */
