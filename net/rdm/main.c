// SPDX-License-Identifier: GPL-2.0
/*
 * rdm main: what exists once, and once for each network namespace. It comes in
 * one order and goes in the reverse one:
 *
 *   caches, workqueue, namespaces, protocols, UDP's keys, socket types
 *
 * Sockets can be made as soon as a type is registered, so that comes last and
 * cannot fail. A socket keeps the module and its namespace, so when they go,
 * neither sockets nor associations are left; only RCU callbacks may be.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <net/inet_common.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/protocol.h>
#include <net/udp.h>

#include "group.h"
#include "msg.h"
#include "peer.h"
#include "rdm.h"

/* RESETs that a namespace sends, per second: each answers a packet that anyone may send. */
#define RESETS_PER_SEC	1000

unsigned int rdm_net_id __read_mostly;
struct workqueue_struct *rdm_wq;
struct kmem_cache *rdm_peer_cache;
struct kmem_cache *rdm_hot_cache;
struct kmem_cache *rdm_sent_cache;
struct kmem_cache *rdm_part_cache;
struct kmem_cache *rdm_rec_cache;
struct kmem_cache *rdm_msg_cache;
struct kmem_cache *rdm_gbody_cache;

static const struct rdm_tunables tun_default = {
	.max_msg		= 1 << 20,
	.rmem			= 4 << 20,
	.wmem			= 4 << 20,
	.user_timeout_ms	= 30 * MSEC_PER_SEC,
	.idle_timeout_ms	= 300 * MSEC_PER_SEC,
	.max_peers		= 65536,
	.max_peers_net		= 262144,
	.max_tombstones		= 65536,
	.ecn			= 1,
	.gso			= 1,
	.mtu_probing		= 1,
	.cong			= &rdm_cong_cubic,
};

/**
 * rdm_net_of() - rdm's part of a network namespace
 * @net: the namespace
 *
 * Return: it; lives as long as the namespace and the module.
 */
struct rdm_net *rdm_net_of(const struct net *net)
{
	return net_generic(net, rdm_net_id);
}

static struct hlist_head *table_alloc(unsigned int bits)
{
	return kvcalloc(1U << bits, sizeof(struct hlist_head), GFP_KERNEL_ACCOUNT);
}

static void table_free(struct hlist_head *table, unsigned int bits)
{
	unsigned int i;

	for (i = 0; table && i < 1U << bits; i++)
		WARN_ON_ONCE(!hlist_empty(&table[i]));
	kvfree(table);
}

static int __net_init rdm_net_init(struct net *net)
{
	struct rdm_net *rn = rdm_net_of(net);
	int err = -ENOMEM;

	rn->net = net;
	rn->tun = tun_default;
	spin_lock_init(&rn->hash_lock);
	spin_lock_init(&rn->socks_lock);
	INIT_LIST_HEAD(&rn->tomb_list);
	INIT_LIST_HEAD(&rn->socks);
	get_random_bytes(&rn->key, sizeof(rn->key));
	get_random_bytes(&rn->hash_seed, sizeof(rn->hash_seed));
	/* the flag: what it suppresses is counted in the mib, and not printed */
	ratelimit_state_init(&rn->reset_limit, HZ, RESETS_PER_SEC);
	ratelimit_set_flags(&rn->reset_limit, RATELIMIT_MSG_ON_RELEASE);

	rn->mib = alloc_percpu(struct rdm_mib_pcpu);
	if (!rn->mib)
		return err;
	err = rdm_peertab_init(rn);
	if (err)
		goto err_peertab;
	err = -ENOMEM;
	rn->tombs = table_alloc(RDM_TOMB_BITS);
	rn->ended = kvcalloc(1U << RDM_TOMB_BITS, sizeof(*rn->ended), GFP_KERNEL_ACCOUNT);
	if (!rn->tombs || !rn->ended)
		goto err_tombs;
	err = rdm_ports_init(rn);
	if (err)
		goto err_ports;
	err = rdm_sysctl_init(rn);
	if (err)
		goto err_sysctl;
	err = rdm_proc_init(rn);
	if (err)
		goto err_proc;
	return 0;

err_proc:
	rdm_sysctl_exit(rn);
err_sysctl:
	rdm_ports_exit(rn);
err_ports:
err_tombs:
	kvfree(rn->ended);
	table_free(rn->tombs, RDM_TOMB_BITS);
	rdm_peertab_exit(rn);
err_peertab:
	free_percpu(rn->mib);
	return err;
}

static void __net_exit rdm_net_exit(struct net *net)
{
	struct rdm_net *rn = rdm_net_of(net);

	rdm_proc_exit(rn);
	rdm_sysctl_exit(rn);
	WARN_ON_ONCE(rn->npeers || !list_empty(&rn->socks));
	rdm_tombs_free(rn);
	WARN_ON_ONCE(rn->ntombs);
	rdm_ports_exit(rn);
	kvfree(rn->ended);
	table_free(rn->tombs, RDM_TOMB_BITS);
	rdm_peertab_exit(rn);
	free_percpu(rn->mib);
}

static struct pernet_operations rdm_net_ops = {
	.init	= rdm_net_init,
	.exit	= rdm_net_exit,
	.id	= &rdm_net_id,
	.size	= sizeof(struct rdm_net),
};

static struct inet_protosw rdm_sw[] = {
	{
		.type		= SOCK_RDM,
		.protocol	= IPPROTO_RDM,
		.prot		= &rdm_prot,
		.ops		= &rdm_ops,
	}, {
		.type		= SOCK_SEQPACKET,
		.protocol	= IPPROTO_RDM,
		.prot		= &rdm_prot,
		.ops		= &rdm_ops,
	},
};

static struct inet_protosw rdm6_sw[] = {
	{
		.type		= SOCK_RDM,
		.protocol	= IPPROTO_RDM,
		.prot		= &rdm6_prot,
		.ops		= &rdm6_ops,
	}, {
		.type		= SOCK_SEQPACKET,
		.protocol	= IPPROTO_RDM,
		.prot		= &rdm6_prot,
		.ops		= &rdm6_ops,
	},
};

static void protosw_register(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(rdm_sw); i++)
		inet_register_protosw(&rdm_sw[i]);
	/* fails for a type that is none, and for a number that the kernel has taken for ever */
	for (i = 0; i < ARRAY_SIZE(rdm6_sw); i++)
		WARN_ON_ONCE(inet6_register_protosw(&rdm6_sw[i]));
}

static void protosw_unregister(void)
{
	int i;

	for (i = ARRAY_SIZE(rdm6_sw) - 1; i >= 0; i--)
		inet6_unregister_protosw(&rdm6_sw[i]);
	for (i = ARRAY_SIZE(rdm_sw) - 1; i >= 0; i--)
		inet_unregister_protosw(&rdm_sw[i]);
}

/*
 * With a constructor an object is not cleared when it is taken (init_on_alloc). All of ours are
 * written in full, as far as anyone reads them, and clearing costs more than taking.
 */
static void as_it_is(void *object)
{
}

static int __init rdm_init(void)
{
	int err = -ENOMEM;

	rdm_memory_init();
	rdm_gso_init();
	rdm_peer_cache = KMEM_CACHE(rdm_peer, 0);
	if (!rdm_peer_cache)
		return err;
	rdm_hot_cache = KMEM_CACHE(rdm_assoc_hot, 0);
	if (!rdm_hot_cache)
		goto err_hot;
	rdm_sent_cache = kmem_cache_create("rdm_sent", sizeof(struct rdm_sent), 0, 0, as_it_is);
	if (!rdm_sent_cache)
		goto err_sent;
	rdm_part_cache = kmem_cache_create("rdm_part", sizeof(struct rdm_part), 0, 0, as_it_is);
	if (!rdm_part_cache)
		goto err_part;
	rdm_rec_cache = kmem_cache_create_usercopy("rdm_rec", RDM_REC_SIZE, 0, SLAB_HWCACHE_ALIGN,
						   offsetof(struct rdm_rec, data), RDM_REC_ROOM,
						   as_it_is);
	if (!rdm_rec_cache)
		goto err_rec;
	rdm_msg_cache = kmem_cache_create_usercopy("rdm_msg", RDM_MSG_SIZE, 0, SLAB_HWCACHE_ALIGN,
						   sizeof(struct rdm_msg), RDM_INLINE_MAX,
						   as_it_is);
	if (!rdm_msg_cache)
		goto err_msg;
	rdm_gbody_cache = kmem_cache_create_usercopy("rdm_gbody", RDM_GBODY_SIZE, 0,
						     SLAB_HWCACHE_ALIGN, RDM_GBODY_BYTES,
						     RDM_GBODY_INLINE, as_it_is);
	if (!rdm_gbody_cache)
		goto err_gbody;
	rdm_wq = alloc_workqueue("rdm", WQ_UNBOUND, 0);
	if (!rdm_wq)
		goto err_wq;
	err = register_pernet_subsys(&rdm_net_ops);
	if (err)
		goto err_net;
	err = proto_register(&rdm_prot, 1);
	if (err)
		goto err_prot;
	err = proto_register(&rdm6_prot, 1);
	if (err)
		goto err_prot6;
	/*
	 * Each UDP socket of ours counts in these keys. Held from here on, they are not
	 * switched, which patches the kernel's code, with the first socket and the last.
	 */
	udp_encap_enable();
	rdm_udpv6_encap_hold();
	protosw_register();
	return 0;

err_prot6:
	proto_unregister(&rdm_prot);
err_prot:
	unregister_pernet_subsys(&rdm_net_ops);
err_net:
	destroy_workqueue(rdm_wq);
err_wq:
	kmem_cache_destroy(rdm_gbody_cache);
err_gbody:
	kmem_cache_destroy(rdm_msg_cache);
err_msg:
	kmem_cache_destroy(rdm_rec_cache);
err_rec:
	kmem_cache_destroy(rdm_part_cache);
err_part:
	kmem_cache_destroy(rdm_sent_cache);
err_sent:
	kmem_cache_destroy(rdm_hot_cache);
err_hot:
	kmem_cache_destroy(rdm_peer_cache);
	return err;
}

static void __exit rdm_exit(void)
{
	protosw_unregister();
	rdm_udpv6_encap_release();
	udp_encap_disable();
	proto_unregister(&rdm6_prot);
	proto_unregister(&rdm_prot);
	unregister_pernet_subsys(&rdm_net_ops);
	/* waits for work that has dropped its socket, and with it the module, but still runs */
	destroy_workqueue(rdm_wq);
	/* peers are freed by callbacks in this module */
	rcu_barrier();
	rdm_page_exit();
	kmem_cache_destroy(rdm_gbody_cache);
	kmem_cache_destroy(rdm_msg_cache);
	kmem_cache_destroy(rdm_rec_cache);
	kmem_cache_destroy(rdm_part_cache);
	kmem_cache_destroy(rdm_sent_cache);
	kmem_cache_destroy(rdm_hot_cache);
	kmem_cache_destroy(rdm_peer_cache);
}

module_init(rdm_init);
module_exit(rdm_exit);

MODULE_DESCRIPTION("Reliably delivered messages over UDP (SOCK_RDM, SOCK_SEQPACKET)");
MODULE_LICENSE("GPL");

/* An alias is text, so the types stand in it as numbers; other names are macros. */
static_assert(SOCK_RDM == 4 && SOCK_SEQPACKET == 5);
MODULE_ALIAS_NET_PF_PROTO(PF_INET, IPPROTO_RDM);
MODULE_ALIAS_NET_PF_PROTO(PF_INET6, IPPROTO_RDM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_RDM, 4);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_RDM, 5);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_RDM, 4);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_RDM, 5);
/* socket(AF_INET, SOCK_RDM, 0) */
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 0, 4);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 0, 4);
