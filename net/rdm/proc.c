// SPDX-License-Identifier: GPL-2.0
/*
 * rdm proc: /proc/net/rdm, the sockets of a namespace and their associations,
 * for people and scripts. /proc/net/rdm_stat is in mib.c.
 *
 * A line for each socket, in the columns that the first line names; below it an
 * indented line for each association: the peer, and then pairs of name=value.
 * Sockets may have many associations, so each line is an item of its own and
 * the locks are held for a page of text at a time. What changes in between may
 * be shown twice or not at all, as in other files of this directory.
 *
 * rdm_net.socks_lock -> rdm_net.hash_lock -> rdm_peer.lock
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

#include "group.h"
#include "peer.h"
#include "rdm.h"

/* [IPv6%scope]:port */
#define ADDR_STR	(1 + 45 + 1 + 10 + 2 + 5 + 1)

/* The line to be shown: of an association, or of the socket when @peer is NULL. */
struct rdm_iter {
	struct seq_net_private p;	/* first, for proc_create_net() */
	struct rdm_sock *rsk;
	struct rdm_peer *peer;
};

static struct rdm_net *rn_of(struct seq_file *m)
{
	return rdm_net_of(seq_file_net(m));
}

static char *addr_str(char *s, const struct sock *sk, const struct rdm_addr *a)
{
	u16 port = ntohs(a->port);

	if (sk->sk_family == AF_INET)
		snprintf(s, ADDR_STR, "%pI4:%u", &a->ip.s6_addr32[3], port);
	else if (a->scope)
		snprintf(s, ADDR_STR, "[%pI6c%%%d]:%u", &a->ip, a->scope, port);
	else
		snprintf(s, ADDR_STR, "[%pI6c]:%u", &a->ip, port);
	return s;
}

static void bound_addr(struct rdm_addr *a, const struct sock *sk)
{
	memset(a, 0, sizeof(*a));
	a->port = READ_ONCE(inet_sk(sk)->inet_sport);
	if (sk->sk_family == AF_INET6)
		a->ip = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &a->ip);
	if (ipv6_addr_type(&a->ip) & IPV6_ADDR_LINKLOCAL)
		a->scope = READ_ONCE(sk->sk_bound_dev_if);
}

/* Sockets are passed over whole, so that a walk costs one socket's associations at most. */
static struct rdm_iter *seek(struct seq_file *m, loff_t line)
{
	struct rdm_iter *it = m->private;
	struct rdm_net *rn = rn_of(m);

	list_for_each_entry(it->rsk, &rn->socks, net_node) {
		if (line > it->rsk->npeers) {
			line -= 1 + it->rsk->npeers;
			continue;
		}
		it->peer = NULL;
		if (!line)
			return it;
		list_for_each_entry(it->peer, &it->rsk->peers, node)
			if (!--line)
				return it;
	}
	return NULL;
}

static void *rdm_seq_start(struct seq_file *m, loff_t *pos)
	__acquires(&rn_of(m)->socks_lock)
	__acquires(&rn_of(m)->hash_lock)
{
	struct rdm_net *rn = rn_of(m);

	spin_lock_bh(&rn->socks_lock);
	spin_lock_bh(&rn->hash_lock);
	return *pos ? seek(m, *pos - 1) : SEQ_START_TOKEN;
}

static void *rdm_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct rdm_iter *it = m->private;
	struct rdm_net *rn = rn_of(m);

	++*pos;
	if (v == SEQ_START_TOKEN)
		return seek(m, 0);
	if (!it->peer)
		it->peer = list_first_entry_or_null(&it->rsk->peers, struct rdm_peer, node);
	else if (list_is_last(&it->peer->node, &it->rsk->peers))
		it->peer = NULL;
	else
		it->peer = list_next_entry(it->peer, node);
	if (it->peer)
		return it;
	if (list_is_last(&it->rsk->net_node, &rn->socks))
		return NULL;
	it->rsk = list_next_entry(it->rsk, net_node);
	return it;
}

static void rdm_seq_stop(struct seq_file *m, void *v)
	__releases(&rn_of(m)->hash_lock)
	__releases(&rn_of(m)->socks_lock)
{
	struct rdm_net *rn = rn_of(m);

	spin_unlock_bh(&rn->hash_lock);
	spin_unlock_bh(&rn->socks_lock);
}

static void show_state(struct seq_file *m, const struct rdm_sock *rsk)
{
	const struct sock *sk = (const struct sock *)rsk;
	u8 state = READ_ONCE(sk->sk_state);

	if (rsk->closed)
		seq_puts(m, "closed\n");
	else if (state == TCP_LISTEN)
		seq_printf(m, "listen:%u/%u\n", READ_ONCE(sk->sk_ack_backlog),
			   READ_ONCE(sk->sk_max_ack_backlog));
	else if (rsk->seat.child)
		seq_puts(m, READ_ONCE(rsk->seat.over) ? "over\n" : "child\n");
	else
		seq_puts(m, state == TCP_ESTABLISHED ? "connected\n" : "open\n");
}

static void show_sock(struct seq_file *m, struct rdm_sock *rsk)
{
	struct sock *sk = (struct sock *)rsk;
	char local[ADDR_STR], remote[ADDR_STR] = "-";
	struct rdm_addr addr;

	bound_addr(&addr, sk);
	addr_str(local, sk, &addr);
	if (READ_ONCE(sk->sk_state) == TCP_ESTABLISHED) {
		/* without the socket lock: a connect() at this moment may show half of each */
		addr = rsk->remote;
		addr_str(remote, sk, &addr);
	}
	seq_printf(m, "%-9s %-24s %-24s %10d %10d %10d %10d %6u %10llu %5u ",
		   rsk->fifo ? "seqpacket" : "rdm", local, remote,
		   atomic_read(&sk->sk_rmem_alloc), READ_ONCE(sk->sk_wmem_queued),
		   READ_ONCE(sk->sk_rcvbuf), READ_ONCE(sk->sk_sndbuf), rsk->npeers,
		   (u64)sock_i_ino(sk),
		   from_kuid_munged(seq_user_ns(m), READ_ONCE(sk->sk_uid)));
	show_state(m, rsk);
}

static void show_peer(struct seq_file *m, struct rdm_peer *peer)
{
	u64 incarnation, srtt, cwnd, in_flight, bytes, window = 0;
	const struct rdm_assoc *a = &peer->a;
	char remote[ADDR_STR], local[ADDR_STR];
	unsigned int state;
	u32 msgs, mtu;
	u8 ecn;

	spin_lock(&peer->lock);
	state = a->state;
	incarnation = a->peer_incarnation;
	srtt = div_u64(a->rtt.srtt, NSEC_PER_USEC);
	cwnd = a->hot ? a->hot->cong.cwnd : a->rest.cwnd;
	in_flight = a->hot ? a->hot->cong.in_flight : 0;
	msgs = a->txq.n;
	mtu = a->mtu;
	ecn = a->hot ? a->hot->ecn.state : a->ecn;
	bytes = a->txq.bytes;
	/* a message may be let in past what was promised */
	if (a->rx_adv_charge > a->rx_charge)
		window = a->rx_adv_charge - a->rx_charge;
	spin_unlock(&peer->lock);

	seq_printf(m, "  %s local=%s state=%s%s incarnation=%016llx srtt_us=%llu cwnd=%llu",
		   addr_str(remote, peer->sk, &peer->remote),
		   addr_str(local, peer->sk, &peer->local), rdm_assoc_states[state],
		   READ_ONCE(peer->orphan) ? ",orphan" : "", incarnation, srtt, cwnd);
	seq_printf(m, " in_flight=%llu msgs=%u bytes=%llu rx_window=%llu mtu=%u ecn=%s%s\n",
		   in_flight, msgs, bytes, window, mtu, rdm_ecn_states[ecn],
		   peer->channel == RDM_CHANNEL_GROUP ? " channel=group" : "");
}

static int rdm_seq_show(struct seq_file *m, void *v)
{
	struct rdm_iter *it = v;

	if (v == SEQ_START_TOKEN)
		seq_printf(m, "%-9s %-24s %-24s %10s %10s %10s %10s %6s %10s %5s %s\n", "type",
			   "local", "peer", "rx_bytes", "tx_bytes", "rcvbuf", "sndbuf", "assocs",
			   "inode", "uid", "state");
	else if (it->peer)
		show_peer(m, it->peer);
	else
		show_sock(m, it->rsk);
	return 0;
}

static const struct seq_operations rdm_seq_ops = {
	.start	= rdm_seq_start,
	.next	= rdm_seq_next,
	.stop	= rdm_seq_stop,
	.show	= rdm_seq_show,
};

/* /proc/net/rdm_group: a line for each group, below it one for each member. */
static int group_show(struct seq_file *m, void *v)
{
	struct rdm_net *rn = rdm_net_of(seq_file_single_net(m));
	struct rdm_sock *rsk;

	spin_lock_bh(&rn->socks_lock);
	list_for_each_entry(rsk, &rn->socks, net_node)
		rdm_group_show(m, &rsk->inet.sk);
	spin_unlock_bh(&rn->socks_lock);
	return 0;
}

/**
 * rdm_proc_init() - make the files of a namespace
 * @rn: the namespace
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rdm_proc_init(struct rdm_net *rn)
{
	struct proc_dir_entry *dir = rn->net->proc_net;

	if (!IS_ENABLED(CONFIG_PROC_FS))
		return 0;
	if (!proc_create_net("rdm", 0444, dir, &rdm_seq_ops, sizeof(struct rdm_iter)))
		return -ENOMEM;
	if (!proc_create_net_single("rdm_stat", 0444, dir, rdm_mib_show, NULL)) {
		remove_proc_entry("rdm", dir);
		return -ENOMEM;
	}
	if (!proc_create_net_single("rdm_group", 0444, dir, group_show, NULL)) {
		remove_proc_entry("rdm_stat", dir);
		remove_proc_entry("rdm", dir);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rdm_proc_exit() - remove the files of a namespace
 * @rn: the namespace
 *
 * Context: may sleep; waits for those who read them.
 */
void rdm_proc_exit(struct rdm_net *rn)
{
	remove_proc_entry("rdm_group", rn->net->proc_net);
	remove_proc_entry("rdm_stat", rn->net->proc_net);
	remove_proc_entry("rdm", rn->net->proc_net);
}
