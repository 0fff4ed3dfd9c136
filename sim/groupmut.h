/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: mistakes planted into the group's core; only the program that shows
 * that each is caught is built with them.
 */
#ifndef _RDM_SIM_GROUPMUT_H
#define _RDM_SIM_GROUPMUT_H

enum rdm_gmutation {
	RDM_GMUT_NONE,
	RDM_GMUT_NO_DUP_CHECK,		/* take what was taken */
	RDM_GMUT_NO_CAST_CHECK,		/* take what was taken of best effort */
	RDM_GMUT_NO_RELAY,		/* serve nothing for others */
	RDM_GMUT_EARLY_RELEASE,		/* keep nothing that is not stable */
	RDM_GMUT_PRIVATE_DROP,		/* stable does not wait for whom we suspect */
	RDM_GMUT_NO_BALLOTS,		/* each decides by itself */
	RDM_GMUT_ALTER_ADOPTED,		/* propose another value than the accepted one */
	RDM_GMUT_NO_FREEZE,		/* go on after a promise */
	RDM_GMUT_NON_RESPONDERS,	/* keep members that did not promise */
	RDM_GMUT_ACCEPT_EARLY,		/* accept what is not held yet */
	RDM_GMUT_OLD_FLOOR,		/* believe floors and acks of former views */
	RDM_GMUT_ANY_INCARNATION,	/* a new life votes for the one before */
	RDM_GMUT_HALF_GOES_ON,		/* two members are a quorum, whoever is missing */
	RDM_GMUT_HASTY,			/* whoever reaches fewer does not let others go first */
	RDM_GMUT__NR
};

extern enum rdm_gmutation rdm_gmutation;
#define rdm_gmut(name)	(rdm_gmutation == RDM_GMUT_##name)

#endif /* _RDM_SIM_GROUPMUT_H */
