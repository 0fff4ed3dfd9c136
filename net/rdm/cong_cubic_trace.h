/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows that RFC 9438 gives, for cong_cubic_test.c. Made by
 * tools/unit/cubic_oracle.py in decimal numbers; not to be edited.
 */
#ifndef _RDM_CONG_CUBIC_TRACE_H
#define _RDM_CONG_CUBIC_TRACE_H

#include <linux/types.h>

/* What happens, and the window after it: @rounds round trips, or a loss if 0. */
struct cubic_step {
	unsigned int rounds;
	u64 cwnd;
};

/* K is 7.66 s: concave up to W_max, convex to 2 K; then losses above W_max and below it. */
#define CUBIC_FAR_MSS	1200
#define CUBIC_FAR_RTT_MS	100
#define CUBIC_FAR_PACKETS	600
static const struct cubic_step cubic_far[] = {
	{ 0, 504000 },
	{ 19, 628010 },
	{ 19, 692264 },
	{ 19, 716338 },
	{ 19, 719998 },
	{ 19, 722999 },
	{ 19, 745095 },
	{ 19, 806030 },
	{ 19, 925557 },
	{ 0, 647890 },
	{ 20, 803557 },
	{ 0, 562490 },
	{ 40, 677079 },
	{ 0, 473955 },
	{ 20, 545667 },
	{ 20, 571879 },
	{ 20, 575517 },
	{ 20, 579626 },
	{ 20, 607245 },
};

/* Reno is faster all the way, first with alpha, then with 1. */
#define CUBIC_NEAR_MSS	1200
#define CUBIC_NEAR_RTT_MS	10
#define CUBIC_NEAR_PACKETS	40
static const struct cubic_step cubic_near[] = {
	{ 0, 33600 },
	{ 10, 39830 },
	{ 10, 46046 },
	{ 10, 55986 },
	{ 20, 79572 },
	{ 50, 139073 },
	{ 0, 97351 },
	{ 20, 109944 },
	{ 40, 135168 },
	{ 100, 251000 },
};

/* Reno is faster at first, then the cubic function. */
#define CUBIC_BETWEEN_MSS	8972
#define CUBIC_BETWEEN_RTT_MS	40
#define CUBIC_BETWEEN_PACKETS	250
static const struct cubic_step cubic_between[] = {
	{ 0, 1570100 },
	{ 10, 1701373 },
	{ 20, 1910652 },
	{ 40, 2153253 },
	{ 40, 2234651 },
	{ 40, 2312456 },
	{ 40, 2669842 },
	{ 40, 3027580 },
	{ 0, 2119306 },
	{ 50, 2737054 },
	{ 100, 3027451 },
};

#endif /* _RDM_CONG_CUBIC_TRACE_H */
