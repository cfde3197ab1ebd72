// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: update groups.
 *
 * bgpd evaluates outbound policy once per update subgroup, with one of its
 * peers standing for all (bgp_route.c:subgroup_announce_check). That is right
 * as long as policy does not depend on the peer. A script that takes `peer`
 * may, so each such neighbor gets an update group of its own; all others keep
 * sharing theirs.
 */

#include <zebra.h>

#include "lib/routemap.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_script.h"
#include "bgpd/bgp_updgrp.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/daemons/lib/script_routemap.h"

static bool name_takes_peer(const char *rmap_name)
{
	return rmap_name && script_rules_used &&
	       script_map_uses(route_map_lookup_by_name(rmap_name), NULL, "peer");
}

/* `default-originate` is not asked: its scripts see this router as the peer. */
bool bgp_script_peer_own_updgrp(const struct peer *peer, afi_t afi, safi_t safi)
{
	const struct bgp_filter *filter = &peer->filter[afi][safi];

	return name_takes_peer(ROUTE_MAP_OUT_NAME(filter)) ||
	       name_takes_peer(UNSUPPRESS_MAP_NAME(filter)) ||
	       name_takes_peer(ADVERTISE_MAP_NAME(filter));
}

bool bgp_script_is_copy(const struct peer *peer)
{
	/* Neighbors have addresses, and this router itself is no copy. */
	return peer && !peer->connection->su_remote && peer->bgp && peer->host &&
	       peer != peer->bgp->peer_self;
}

const struct peer *bgp_script_neighbor(const struct peer *peer)
{
	const struct peer *neighbor;
	union sockunion su;

	if (!bgp_script_is_copy(peer))
		return peer;

	if (str2sockunion(peer->host, &su) == 0)
		neighbor = peer_lookup(peer->bgp, &su);
	else
		neighbor = peer_lookup_by_conf_if(peer->bgp, peer->host);
	return neighbor ? neighbor : peer;
}

void bgp_script_updgrp_refresh(struct bgp *bgp, const char *rmap_name)
{
	struct listnode *node;
	struct peer *peer;

	if (!script_rules_used)
		return;

	for (ALL_LIST_ELEMENTS_RO(bgp->peer, node, peer)) {
		struct peer_af *paf;
		int afidx;

		if (CHECK_FLAG(peer->sflags, PEER_STATUS_GROUP) ||
		    !peer_established(peer->connection))
			continue;
		for (afidx = BGP_AF_START; afidx < BGP_AF_MAX; afidx++) {
			paf = peer->peer_af_array[afidx];
			if (!paf || !PAF_SUBGRP(paf))
				continue;
			if (PAF_SUBGRP(paf)->update_group->script_peer ==
			    bgp_script_peer_own_updgrp(peer, paf->afi, paf->safi))
				continue;
			update_group_adjust_peer(paf);
		}
	}
}
