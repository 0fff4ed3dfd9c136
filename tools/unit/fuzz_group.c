// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the group's core: any bytes arrive as frames at a member of a view,
 * from its fellow member or a stranger. Nothing may be read outside a frame, no
 * record lost or given back twice, and what the core sends must be well formed.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/time64.h>

#include "group_int.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define NOW	(1000ULL * NSEC_PER_SEC)

static struct rdm_gaddr address(u8 id)
{
	return (struct rdm_gaddr){ .ip = { [15] = id }, .port = 7 };
}

static void drain(struct rdm_gc *g, u64 now, int *records)
{
	static struct rdm_gplan plan;
	struct rdm_gframe f;
	struct rdm_gmsg *m;
	int n = 0;

	while (rdm_gc_ready(g))
		;
	while (rdm_gc_done(g))
		;
	while (rdm_gc_next(g, now, &plan)) {
		if (rdm_gw_frame(&f, plan.head, plan.len) || n++ > 10000)
			abort();
	}
	while ((m = rdm_gc_freed(g))) {
		free(m);
		--*records;
	}
}

/* A view of three, in which others have sent nothing yet. */
static struct rdm_gc *member(void)
{
	struct rdm_gc_cfg cfg = {
		.self = address(1), .group = 9, .seed = 1, .suspect = 100 * NSEC_PER_MSEC,
		.announce = 20 * NSEC_PER_MSEC, .linger = NSEC_PER_SEC, .window = 65536,
		.window_msgs = 64, .max = 8, .form_min = 1, .rejoin = true,
	};
	struct rdm_gc *g = calloc(1, rdm_gc_size(cfg.max));
	struct rdm_gmember who;
	u8 k;

	rdm_gc_init(g, &cfg);
	rdm_gc_join(g, NOW);
	rdm_gview_birth(g, NOW);
	for (k = 1; k < 3; k++) {
		who = (struct rdm_gmember){ .at = address(k + 1), .inc = k };
		rdm_gmem_init(g, NOW, k, &who);
	}
	g->n = 3;
	g->lineage = 5;
	return g;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct rdm_gc *g = member();
	struct rdm_gaddr from;
	struct rdm_gframe f;
	struct rdm_gmsg *m;
	int records = 0;
	u64 now = NOW;

	drain(g, now, &records);
	while (size > 4) {
		u32 len = (data[0] | data[1] << 8) % 3500;
		u8 who = data[2] % 4 + 2, flags = data[3];
		u8 *p;

		data += 4;
		size -= 4;
		len = min_t(u32, len, size);
		p = malloc(len + !len);
		memcpy(p, data, len);
		data += len;
		size -= len;
		/* mostly of this view, so that more than the head is looked at */
		if (len >= RDM_GH_LEN && flags & 1) {
			rdm_gw_put_u64(p, 1, 9);
			rdm_gw_put_u64(p, 2, g->lineage);
			rdm_gw_put_u64(p, 3, flags & 2 ? g->view : g->view + 1);
			rdm_gw_put_u64(p, 4, who - 1);
		}
		from = address(who);
		now += (flags >> 3) * NSEC_PER_MSEC;
		if (len >= RDM_GF_DATA_LEN && p[0] == RDM_GF_DATA) {
			if (!rdm_gw_frame(&f, p, len)) {
				m = calloc(1, sizeof(*m));
				m->charge = 256;
				if (rdm_gc_rx_data(g, now, &from, &f, m) == RDM_GRX_TAKEN)
					records++;
				else
					free(m);
			}
		} else {
			rdm_gc_rx(g, now, &from, !(flags & 4), p, len);
		}
		free(p);
		drain(g, now, &records);
		if (rdm_gc_deadline(g) <= now)
			rdm_gc_timer(g, now);
		drain(g, now, &records);
	}
	rdm_gc_abandon(g, now);
	drain(g, now, &records);
	if (records)
		abort();
	free(g);
	return 0;
}
