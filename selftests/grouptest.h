/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the programs that test groups, included by each of them once.
 */
#ifndef RDM_SELFTESTS_GROUPTEST_H
#define RDM_SELFTESTS_GROUPTEST_H

#include "grouplab.h"

FIXTURE(group) {
	struct grouplab lab;
	struct seen seen[LAB_MAX];
};

/* Each file is two programs, so that they run side by side: for IPv4, and for IPv6 */
FIXTURE_VARIANT(group) { int family; int type; };
#ifdef GROUP_IPV6
FIXTURE_VARIANT_ADD(group, ipv6_seqpacket) { AF_INET6, SOCK_SEQPACKET };
#else
FIXTURE_VARIANT_ADD(group, ipv4_rdm) { AF_INET, SOCK_RDM };
#endif

/* Where the machine is slow, noticing a silence and agreeing on what follows takes a minute */
#define GROUP_TEST(name) TEST_F_TIMEOUT(group, name, 600)

FIXTURE_SETUP(group)
{
	memset(self->seen, 0, sizeof(self->seen));
	enter_netns(65536);
	self->lab.n = 0;
}

FIXTURE_TEARDOWN(group)
{
	if (self->lab.n)
		lab_close(&self->lab);
}

#endif
