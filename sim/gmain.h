/* SPDX-License-Identifier: GPL-2.0 */
/* rdmsim: what follows --group. */
#ifndef _RDM_SIM_GMAIN_H
#define _RDM_SIM_GMAIN_H

int gmain(int argc, char **argv);

#endif /* _RDM_SIM_GMAIN_H */
