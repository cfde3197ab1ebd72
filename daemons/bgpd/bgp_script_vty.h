/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BGP policy as scripts: commands and northbound callbacks of the route-map
 * rules.
 */

#ifndef _FRR_BGP_SCRIPT_VTY_H
#define _FRR_BGP_SCRIPT_VTY_H

/* A file name without its ending. */
#define BGP_SCRIPT_NAME_MAX 128

/* RMAP_NODE exists. */
extern void bgp_script_vty_init(void);

#endif /* _FRR_BGP_SCRIPT_VTY_H */
