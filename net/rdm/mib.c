// SPDX-License-Identifier: GPL-2.0
/*
 * rdm mib: sums the counters of a namespace and shows them. Who counts what is
 * said in mib.h; nothing is counted here. The sums are not a snapshot: while
 * packets flow, one counter may already know what another does not.
 */
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

#include "rdm.h"

static const char *const names[] = {
#define X(name, text)	\
	[RDM_MIB_##name] = #name,
	RDM_MIB_LIST(X)
#undef X
};

/**
 * rdm_mib_sum() - a counter of a namespace
 * @rn: the namespace
 * @which: the counter
 *
 * Return: its value on all CPUs together, also those that are offline.
 */
u64 rdm_mib_sum(const struct rdm_net *rn, enum rdm_mib which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(rn->mib, cpu)->n[which]);
	return sum;
}

/**
 * rdm_mib_show() - content of /proc/net/rdm_stat: a name and a value on each line
 * @m: the file, from proc_create_net_single()
 * @v: not used
 *
 * Return: 0.
 */
int rdm_mib_show(struct seq_file *m, void *v)
{
	const struct rdm_net *rn = rdm_net_of(seq_file_single_net(m));
	int i;

	for (i = 0; i < RDM_MIB__NR; i++)
		seq_printf(m, "%s %llu\n", names[i], rdm_mib_sum(rn, i));
	return 0;
}
