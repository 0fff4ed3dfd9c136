// SPDX-License-Identifier: GPL-2.0
/*
 * rdm sysctl: net.rdm.*, the tunables of each namespace. Their defaults are in
 * main.c. A change holds for what is made after it: sockets keep their buffers,
 * timeouts and congestion control, associations their idle timeout, longest message, ECN and
 * probing.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "rdm.h"

/**
 * struct tunable - a member of struct rdm_tunables
 * @name: file
 * @at: offset of the member
 * @min: least value
 * @max: largest value
 * @global: bounds memory that is charged to nobody, so root of a user namespace may
 *	read it only
 */
struct tunable {
	const char *name;
	size_t at;
	int min;
	int max;
	bool global;
};

/* net.rdm.congestion: the name of an algorithm; @ctl->extra1 is the namespace. */
static int congestion(rdm_ctl_ptr ctl, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	char name[RDM_CONGESTION_MAX];
	struct ctl_table as_string = { .data = name, .maxlen = sizeof(name) };
	const struct rdm_cong_ops *ops;
	struct rdm_net *rn = ctl->extra1;
	int err;

	strscpy(name, READ_ONCE(rn->tun.cong)->name, sizeof(name));
	err = proc_dostring(&as_string, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	ops = rdm_cong_find(name);
	if (!ops)
		return -ENOENT;
	WRITE_ONCE(rn->tun.cong, ops);
	return 0;
}

#define TUNABLE(name, min, max, global) \
	{ #name, offsetof(struct rdm_tunables, name), min, max, global }

static const struct tunable tunables[] = {
	TUNABLE(max_msg, 1 << 10, 16 << 20, false),
	TUNABLE(rmem, 64 << 10, 1 << 30, false),
	TUNABLE(wmem, 64 << 10, 1 << 30, false),
	TUNABLE(user_timeout_ms, 1000, 3600 * 1000, false),
	TUNABLE(idle_timeout_ms, 1000, 86400 * 1000, false),
	TUNABLE(max_peers, 1, 1 << 20, true),
	TUNABLE(max_peers_net, 1, 1 << 22, true),
	TUNABLE(max_tombstones, 16, 1 << 22, true),
	TUNABLE(ecn, 0, 1, false),
	TUNABLE(gso, 0, 1, false),
	TUNABLE(mtu_probing, 0, 1, false),
};

/**
 * rdm_sysctl_init() - make net.rdm.* in a namespace
 * @rn: the namespace, its tunables set
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rdm_sysctl_init(struct rdm_net *rn)
{
	struct ctl_table *table;
	int i;

	/* every int of the struct is a file */
	BUILD_BUG_ON(offsetofend(struct rdm_tunables, mtu_probing) !=
		     ARRAY_SIZE(tunables) * sizeof(int));

	if (!IS_ENABLED(CONFIG_SYSCTL))
		return 0;
	/* congestion; and an empty entry: see compat-include/net/net_namespace.h */
	table = kcalloc(ARRAY_SIZE(tunables) + 2, sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(tunables); i++) {
		const struct tunable *t = &tunables[i];

		table[i].procname = t->name;
		table[i].data = (void *)&rn->tun + t->at;
		table[i].maxlen = sizeof(int);
		table[i].mode = t->global && rn->net->user_ns != &init_user_ns ? 0444 : 0644;
		table[i].proc_handler = proc_dointvec_minmax;
		table[i].extra1 = (void *)&t->min;
		table[i].extra2 = (void *)&t->max;
	}
	table[i].procname = "congestion";
	table[i].mode = 0644;
	table[i].proc_handler = congestion;
	table[i].extra1 = rn;
	rn->sysctl = register_net_sysctl_sz(rn->net, "net/rdm", table,
					    ARRAY_SIZE(tunables) + 1);
	if (!rn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rdm_sysctl_exit() - take net.rdm.* away
 * @rn: the namespace
 *
 * Context: may sleep; waits for those who read or write a value.
 */
void rdm_sysctl_exit(struct rdm_net *rn)
{
	const struct ctl_table *table;

	if (!rn->sysctl)
		return;
	table = rn->sysctl->ctl_table_arg;
	unregister_net_sysctl_table(rn->sysctl);
	kfree(table);
}
