/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BGP policy as scripts: what bgpd's own files call.
 *
 * Replaces FRR's bgpd/bgp_script.h. The types and hook points themselves are
 * in bgp_script_types.h, which only the bgp_script_*.c files need.
 */

#ifndef _FRR_BGP_SCRIPT_H
#define _FRR_BGP_SCRIPT_H

#ifdef HAVE_SCRIPTING

struct bgp;
struct peer;

/* bgp_main.c, before bgp_init(): tells the library who its host is and
 * registers bgpd's types, hook points and the "script ..." commands.
 */
extern void bgp_script_init(void);

/* bgp_routemap.c:bgp_route_map_init(), when RMAP_NODE exists: installs
 * "match script" and "set script".
 */
extern void bgp_script_route_map_init(void);

/* bgp_updgrp.c: must this peer have an update group of its own, because a
 * script in its outbound policy looks at the peer? The answer changes with
 * the script and with the route-map; bgp_script_updgrp_refresh() moves peers.
 */
extern bool bgp_script_peer_own_updgrp(const struct peer *peer, afi_t afi, safi_t safi);

/* Whether `peer` is the copy of a neighbor's configuration that stands for its
 * update group (bgp_updgrp.c:conf_copy), which has no addresses, no state and
 * no counters; and the neighbor itself, or any other peer as it is.
 */
extern bool bgp_script_is_copy(const struct peer *peer);
extern const struct peer *bgp_script_neighbor(const struct peer *peer);

/* bgp_routemap.c, when route-map `rmap_name` changed: put peers into the
 * update groups that their policy now asks for. No session is reset.
 */
extern void bgp_script_updgrp_refresh(struct bgp *bgp, const char *rmap_name);

#endif /* HAVE_SCRIPTING */

#endif /* _FRR_BGP_SCRIPT_H */
