/* SPDX-License-Identifier: GPL-2.0 */
/* rdmsim: what both commands take and print: rdmsim.c, and gmain.c for groups. */
#ifndef _RDM_SIM_SIMOPT_H
#define _RDM_SIM_SIMOPT_H

#include <getopt.h>

#include <linux/types.h>

/* For getopt_long(); the letters c, b, o and u are of groups only. */
extern const struct option simopt_table[];

struct simopts {
	const char *only;	/* scenario, or NULL */
	u32 seeds;
	u64 first;
	bool single;		/* one run: that of @first */
	bool trace;
};

/* Takes one option with its optarg; false: it is not one of these. */
bool simopt_take(struct simopts *o, int opt);
/* Which of @n names, but the first, optarg is; @n: none, and that was said. */
u32 simopt_mutation(const char *program, const char *const *names, u32 n);
/* What happened, as comments of TAP. */
void simopt_print_counts(const u64 *count, const char *const *names, u32 n);

#endif /* _RDM_SIM_SIMOPT_H */
