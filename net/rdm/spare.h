/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm spare: records of messages and broadcasts that a CPU keeps at hand, so that a
 * message which goes or comes alone does without the slab, and a broadcast, too. What
 * they are for is in msg.h and groupbody.h; they are freed with the module in page.c.
 */
#ifndef _RDM_SPARE_H
#define _RDM_SPARE_H

#include <linux/percpu.h>
#include <linux/slab.h>

#include "rdm.h"

/* What a CPU keeps one object of. */
enum rdm_spare { RDM_SPARE_MSG, RDM_SPARE_REC, RDM_SPARE__NR };
DECLARE_PER_CPU(void *, rdm_spares[RDM_SPARE__NR]);

/**
 * rdm_spare_alloc() - kmem_cache_alloc(), or the object that this CPU freed last
 * @cache: of these objects, with no constructor that matters, not accounted to a memcg
 * @spare: which they are
 * @gfp: how
 *
 * A message that goes alone, and one that comes alone, need no look at the slab. Not with KASAN,
 * which would not see who uses what is free.
 *
 * Return: the object, uninitialised, or NULL.
 */
static inline void *rdm_spare_alloc(struct kmem_cache *cache, enum rdm_spare spare, gfp_t gfp)
{
	void *p = IS_ENABLED(CONFIG_KASAN) ? NULL : this_cpu_xchg(rdm_spares[spare], NULL);

	return p ?: kmem_cache_alloc(cache, gfp);
}

/**
 * rdm_spare_free() - the counterpart
 * @cache: of these objects
 * @spare: which they are
 * @p: the object
 */
static inline void rdm_spare_free(struct kmem_cache *cache, enum rdm_spare spare, void *p)
{
	if (IS_ENABLED(CONFIG_KASAN) || this_cpu_cmpxchg(rdm_spares[spare], NULL, p))
		kmem_cache_free(cache, p);
}

/* Broadcasts are held until all members have them, and then are freed many at a time. */
#define RDM_STOCK_MAX	256

/* Objects of rdm_gbody_cache that a CPU keeps at hand; used with BH off. */
struct rdm_stock {
	u32 n;
	void *p[RDM_STOCK_MAX];
};

DECLARE_PER_CPU(struct rdm_stock, rdm_stocks);

/**
 * rdm_stock_alloc() - an object of rdm_gbody_cache, mostly one that this CPU has freed
 * @gfp: how
 *
 * A slab gives pages back when so many are freed at once, and clears those that it gets in their
 * place.
 *
 * Context: any but hard interrupt.
 * Return: the object, uninitialised, or NULL.
 */
static inline void *rdm_stock_alloc(gfp_t gfp)
{
	struct rdm_stock *s;
	void *p = NULL;

	if (!IS_ENABLED(CONFIG_KASAN)) {
		local_bh_disable();
		s = this_cpu_ptr(&rdm_stocks);
		if (likely(s->n))
			p = s->p[--s->n];
		local_bh_enable();
	}
	return p ?: kmem_cache_alloc(rdm_gbody_cache, gfp);
}

/**
 * rdm_stock_free() - the counterpart
 * @p: the object
 *
 * Context: any but hard interrupt.
 */
static inline void rdm_stock_free(void *p)
{
	struct rdm_stock *s;

	if (!IS_ENABLED(CONFIG_KASAN)) {
		local_bh_disable();
		s = this_cpu_ptr(&rdm_stocks);
		if (likely(s->n < RDM_STOCK_MAX)) {
			s->p[s->n++] = p;
			p = NULL;
		}
		local_bh_enable();
	}
	if (unlikely(p))
		kmem_cache_free(rdm_gbody_cache, p);
}

#endif /* _RDM_SPARE_H */
