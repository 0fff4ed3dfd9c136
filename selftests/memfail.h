/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For selftests: allocations that fail, by the kernel's fault injection (CONFIG_FAILSLAB).
 * All of the machine suffers from those that fail at random, so such tests run alone.
 */
#ifndef RDM_SELFTESTS_MEMFAIL_H
#define RDM_SELFTESTS_MEMFAIL_H

void memfail_open(void);
void memfail_close(void);
/* The @n-th allocation of this thread from now on fails. */
void nth_begin(int n);
/* How many more it would have taken; 0: it happened. */
int nth_end(void);
/* Of those that cannot wait (of interrupts, and below locks) so many percent fail; 0: none. */
void memfail_at_random(unsigned int percent);
/*
 * The same, of those only that come from kmalloc-1k. The kernel must have been told by its command
 * line (slub_debug=A,kmalloc-1k) to look at it.
 */
void memfail_1k(unsigned int percent);

#endif
