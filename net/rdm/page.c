// SPDX-License-Identifier: GPL-2.0
/*
 * rdm page: pages for the bytes of messages to be sent, and of broadcasts that came. A
 * process fills the page that it has at hand, as for TCP, and what comes in fills one of its
 * CPU; this file gives them a page that was filled before, by whomever, when nobody refers to
 * that one any more. A new page is cleared first (init_on_alloc), and clearing costs as much
 * as copying the bytes. And a CPU keeps objects of some caches, see spare.h. Which
 * bytes stand where is for sendmsg.c and groupbody.c.
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "msg.h"
#include "spare.h"

/* What skb_page_frag_refill() takes when memory is not short. */
#define PAGE_ROOM	max_t(u32, 32768, PAGE_SIZE)
/* Bytes that a CPU keeps at most are eight times that. */
#define RING_PAGES	8

/*
 * Full pages, in the order in which they were left. Most are referred to by messages without
 * an outcome, or packets on their way; when a page is the oldest, that is mostly over. Used
 * with BH off.
 */
struct ring {
	struct page *page[RING_PAGES];
	u32 oldest;
	struct page_frag in;	/* being filled with what comes in */
};

static DEFINE_PER_CPU(struct ring, rings);
DEFINE_PER_CPU(void *, rdm_spares[RDM_SPARE__NR]);
DEFINE_PER_CPU(struct rdm_stock, rdm_stocks);

/* Leave a full page, and take the oldest one if it is free again. */
static void exchange(struct page_frag *pf)
{
	struct page *page;
	struct ring *r;

	local_bh_disable();
	r = this_cpu_ptr(&rings);
	page = r->page[r->oldest];
	r->page[r->oldest] = pf->page;
	r->oldest = (r->oldest + 1) % RING_PAGES;
	local_bh_enable();
	pf->page = NULL;
	if (!page)
		return;
	if (page_ref_count(page) != 1) {
		put_page(page);
		return;
	}
	pf->page = page;
	pf->offset = 0;
}

static bool refill(struct page_frag *pf, u32 len, gfp_t gfp)
{
	if (pf->page && pf->size == PAGE_ROOM && pf->offset + len > pf->size &&
	    page_ref_count(pf->page) != 1 && !page_is_pfmemalloc(pf->page))
		exchange(pf);
	return skb_page_frag_refill(len, pf, gfp) && pf->size - pf->offset >= len;
}

/* Memory is short, and the page at hand a small one. */
static struct page_frag *own_page(struct page_frag *own, u32 len, gfp_t gfp)
{
	own->page = alloc_pages(gfp | __GFP_COMP, get_order(len));
	if (!own->page)
		return NULL;
	own->offset = 0;
	own->size = PAGE_SIZE << get_order(len);
	return own;
}

/**
 * rdm_page_room() - room for bytes in one piece
 * @own: filled with a page of its own for them when that at hand is too small
 * @len: how many, at most 32 KiB
 *
 * Context: process; may sleep.
 * Return: the page to fill from its offset on, that of the process or @own; NULL without memory.
 */
struct page_frag *rdm_page_room(struct page_frag *own, u32 len)
{
	struct page_frag *pf = &current->task_frag;

	return refill(pf, len, GFP_KERNEL) ? pf : own_page(own, len, GFP_KERNEL);
}

/**
 * rdm_page_room_in() - the same for what comes in
 * @own: filled with a page of its own when that at hand is too small
 * @len: how many bytes, at most 32 KiB
 *
 * Context: BH off, until the page is filled.
 * Return: the page to fill from its offset on, that of the CPU or @own; NULL without memory.
 */
struct page_frag *rdm_page_room_in(struct page_frag *own, u32 len)
{
	struct page_frag *pf = this_cpu_ptr(&rings.in);
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

	return refill(pf, len, gfp) ? pf : own_page(own, len, gfp);
}

/**
 * rdm_page_exit() - the module goes
 *
 * Context: nobody sends any more.
 */
void rdm_page_exit(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);
		struct rdm_stock *s;

		for (i = 0; i < RING_PAGES; i++)
			if (r->page[i])
				put_page(r->page[i]);
		if (r->in.page)
			put_page(r->in.page);
		if (per_cpu(rdm_spares[RDM_SPARE_MSG], cpu))
			kmem_cache_free(rdm_msg_cache, per_cpu(rdm_spares[RDM_SPARE_MSG], cpu));
		if (per_cpu(rdm_spares[RDM_SPARE_REC], cpu))
			kmem_cache_free(rdm_rec_cache, per_cpu(rdm_spares[RDM_SPARE_REC], cpu));
		s = per_cpu_ptr(&rdm_stocks, cpu);
		while (s->n)
			kmem_cache_free(rdm_gbody_cache, s->p[--s->n]);
	}
}
