// SPDX-License-Identifier: GPL-2.0
/*
 * rdm gso: does the kernel take super-packets with a list of packets apart in the right way? For
 * a device that takes super-packets but no lists it makes one super-packet of each packet of the
 * list. 7.3 gives it the length of a single segment in its UDP header. That is what
 * a device shall write into each segment; but a receiver that gets it uncut, or another kernel
 * that cuts it, believes the length, and all but the first segment are lost. The device
 * may be far below the one that we send to. No header of the kernel tells it, so
 * a small super-packet is taken apart when the module is loaded. Building them is for output.c.
 */
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/gso.h>

#include "peer.h"

#define SEG	8
#define PART	(2 * SEG)

bool rdm_gso_lists __ro_after_init;

/* A packet for nobody, and one with as many bytes in its list */
static struct sk_buff *packet_with_list(void)
{
	const u32 headers = sizeof(struct iphdr) + sizeof(struct udphdr);
	struct sk_buff *skb = alloc_skb(MAX_HEADER + headers + PART, GFP_KERNEL);
	struct sk_buff *part = alloc_skb(0, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct iphdr *iph;

	if (!skb || !part || !page) {
		kfree_skb(skb);
		kfree_skb(part);
		if (page)
			put_page(page);
		return NULL;
	}
	skb_add_rx_frag(part, 0, page, 0, PART, PAGE_SIZE);

	skb_reserve(skb, MAX_HEADER);
	skb_reset_network_header(skb);
	iph = skb_put_zero(skb, headers + PART);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->protocol = IPPROTO_UDP;
	iph->tot_len = htons(headers + 2 * PART);
	skb_set_transport_header(skb, sizeof(*iph));
	udp_hdr(skb)->len = htons(sizeof(struct udphdr) + 2 * PART);
	skb->protocol = htons(ETH_P_IP);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);

	skb_shinfo(skb)->frag_list = part;
	skb->len += part->len;
	skb->data_len += part->len;
	skb->truesize += part->truesize;
	skb_shinfo(skb)->gso_size = SEG;
	skb_shinfo(skb)->gso_segs = 2 * PART / SEG;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	return skb;
}

/**
 * rdm_gso_init() - find out about lists, before the first packet: rdm_gso_lists
 *
 * Without memory it says that they are not taken apart right, which costs speed only.
 *
 * Context: process; may sleep.
 */
void __init rdm_gso_init(void)
{
	struct sk_buff *skb = packet_with_list(), *segs, *seg, *next;

	if (!skb)
		return;
	segs = __skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_GSO_UDP_L4, true);
	if (!IS_ERR_OR_NULL(segs)) {
		rdm_gso_lists = true;
		skb_list_walk_safe(segs, seg, next) {
			if (ntohs(udp_hdr(seg)->len) != seg->len - skb_transport_offset(seg))
				rdm_gso_lists = false;
			consume_skb(seg);
		}
	}
	consume_skb(skb);
}
