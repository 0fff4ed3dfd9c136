/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the launcher withrdm tells the library that it puts in front of a program: names
 * of environment variables, which children of that program inherit.
 */
#ifndef RDM_TOOLS_WITHRDM_H
#define RDM_TOOLS_WITHRDM_H

#define LIBRARY_NAME "libwithrdm.so"

/* "rdm" or "seqpacket" */
#define ENV_TYPE "WITHRDM_TYPE"
/* present: say on standard error what becomes of each socket */
#define ENV_VERBOSE "WITHRDM_VERBOSE"

#endif
