// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: associations that are idle most of the time. Between their messages they give back
 * what moving packets need, and now and then there is no memory to get it again; packets from
 * before the pause come late, and again.
 */
#include "scenario.h"

void cold(struct sim *s)
{
	ordinary(s);
	s->keep = 64;
	s->deadline = s->now + 3600 * SIM_SEC;
	for (u16 i = 0; i < s->nnodes; i++)
		s->nodes[i].idle_timeout = 600 * SIM_SEC;
	for (u32 i = 0; i < s->ntraffic; i++) {
		s->traffic[i].left = min(s->traffic[i].left, 30U);
		s->traffic[i].burst = 1 + below(s, 3);
		s->traffic[i].every = between(s, 1000, 20000) * SIM_MS;
		s->traffic[i].max_len = min(s->traffic[i].max_len, 5000U);
	}
	every_link(s, drop_a_little);
	if (chance(s, 5000))
		every_link(s, disorder);
	if (chance(s, 5000))
		s->bad_pool = between(s, 100, 5000);
	for (u32 i = 0; i < 8; i++)
		sim_call(s, s->now + between(s, 0, 300) * SIM_SEC, net_replay, 0);
}
