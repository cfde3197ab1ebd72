// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: a script changed, so routes may be decided otherwise.
 *
 * Every route-map that uses the script is treated as a route-map that
 * changed, at once and without a session reset (bgp_routemap.c:
 * bgp_route_map_process_update). Part of that goes on in the background:
 * neighbors without stored routes are asked for a route refresh, large tables
 * are walked in slices, best paths are chosen by the work queue. A timer
 * follows it and tells the library what came of it.
 */

#include <zebra.h>

#include "lib/frrevent.h"
#include "lib/hook.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/routemap.h"
#include "lib/vty.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_memory.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_script.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/daemons/lib/script_routemap.h"
#include "frrscript/vtysh/script_vty.h"

DEFINE_MTYPE_STATIC(BGPD, BGP_SCRIPT_REEVAL, "BGP script re-evaluation");

PREDECL_DLIST(reevals);

#define TICK_MS 250
/* Ticks without anything new after which a re-evaluation is over: the
 * neighbor's answer to a route refresh takes a while to begin.
 */
#define QUIET_TICKS	    2
#define QUIET_TICKS_REFRESH 20

struct reeval {
	struct reevals_item item;

	/* owned */
	char *script;

	unsigned int maps;
	unsigned int stored;
	unsigned int refreshed;
	unsigned int deaf;

	/* counters when it began */
	uint64_t calls0;
	uint64_t changes0;
	uint64_t advertised0;

	uint64_t evaluated;
	uint64_t changed;
	unsigned int quiet;
	/* the operator was told that it goes on */
	bool reported;
	struct event *tick;
};

DECLARE_DLIST(reevals, struct reeval, item);

static struct reevals_head reevals = INIT_DLIST(reevals);

/* Changes of the Loc-RIB while a re-evaluation is going on. */
static uint64_t loc_rib_changes;

static int count_change(struct bgp *bgp, afi_t afi, safi_t safi, struct bgp_dest *dest,
			struct bgp_path_info *old_route, struct bgp_path_info *new_route)
{
	loc_rib_changes++;
	return 0;
}

static struct reeval *reeval_find(const char *script)
{
	struct reeval *reeval;

	frr_each (reevals, &reevals, reeval)
		if (strmatch(reeval->script, script))
			return reeval;
	return NULL;
}

static void reeval_free(struct reeval *reeval)
{
	event_cancel(&reeval->tick);
	reevals_del(&reevals, reeval);
	XFREE(MTYPE_BGP_SCRIPT_REEVAL, reeval->script);
	XFREE(MTYPE_BGP_SCRIPT_REEVAL, reeval);
	if (reevals_count(&reevals) == 0) {
		hook_unregister(bgp_route_update, count_change);
		bm->adj_out_watch = false;
	}
}

static struct reeval *reeval_new(const char *script)
{
	struct reeval *reeval = reeval_find(script);

	if (reeval)
		reeval_free(reeval);
	if (reevals_count(&reevals) == 0) {
		hook_register(bgp_route_update, count_change);
		bm->adj_out_watch = true;
	}
	reeval = XCALLOC(MTYPE_BGP_SCRIPT_REEVAL, sizeof(*reeval));
	reeval->script = XSTRDUP(MTYPE_BGP_SCRIPT_REEVAL, script);
	reeval->calls0 = frrscript_script_calls(script);
	reeval->changes0 = loc_rib_changes;
	reeval->advertised0 = bm->adj_out_changes;
	reevals_add_tail(&reevals, reeval);
	return reeval;
}

static bool reeval_count(struct reeval *reeval)
{
	uint64_t calls = frrscript_script_calls(reeval->script);
	/* "clear script counters" may have come between. */
	uint64_t evaluated = calls >= reeval->calls0 ? calls - reeval->calls0 : calls;
	uint64_t changed = loc_rib_changes - reeval->changes0;
	bool progress;

	/* Routes of the Loc-RIB, or where the script decides what is sent,
	 * routes that are advertised: a change of one is often both.
	 */
	changed = MAX(changed, bm->adj_out_changes - reeval->advertised0);
	progress = evaluated != reeval->evaluated || changed != reeval->changed;

	/* The library adds up. */
	if (evaluated >= reeval->evaluated)
		frrscript_script_reevaluated(reeval->script, evaluated - reeval->evaluated,
					     changed - reeval->changed);
	reeval->evaluated = evaluated;
	reeval->changed = changed;
	return progress;
}

static void reeval_tick(struct event *event)
{
	struct reeval *reeval = EVENT_ARG(event);

	reeval->quiet = reeval_count(reeval) ? 0 : reeval->quiet + 1;
	if (reeval->quiet < (reeval->refreshed ? QUIET_TICKS_REFRESH : QUIET_TICKS)) {
		event_add_timer_msec(bm->master, reeval_tick, reeval, TICK_MS, &reeval->tick);
		return;
	}
	zlog_notice("script %s: re-evaluated: %" PRIu64 " evaluations, %" PRIu64 " routes changed",
		    reeval->script, reeval->evaluated, reeval->changed);
	reeval_free(reeval);
}

/* How the neighbor's routes get evaluated anew, as
 * bgp_routemap.c:bgp_route_map_process_peer decides it.
 */
static void count_peer(struct reeval *reeval, const struct peer *peer)
{
	bool stored = false, refreshed = false, deaf = false;
	afi_t afi;
	safi_t safi;

	if (CHECK_FLAG(peer->sflags, PEER_STATUS_GROUP) || !peer_established(peer->connection))
		return;

	FOREACH_AFI_SAFI (afi, safi) {
		const char *name = peer->filter[afi][safi].map[RMAP_IN].name;

		if (!name || !script_map_uses(route_map_lookup_by_name(name), reeval->script,
						  NULL))
			continue;
		if (CHECK_FLAG(peer->af_flags[afi][safi], PEER_FLAG_SOFT_RECONFIG))
			stored = true;
		else if (CHECK_FLAG(peer->cap, PEER_CAP_REFRESH_RCV))
			refreshed = true;
		else
			deaf = true;
	}
	reeval->stored += stored;
	reeval->refreshed += refreshed;
	reeval->deaf += deaf;
}

void bgp_script_changed(const char *script)
{
	struct reeval *reeval;
	struct route_map *map;
	struct listnode *node, *peernode;
	struct bgp *bgp;
	struct peer *peer;

	/* The route-map that is being configured announces its own change. */
	if (script_compiling || !bm || !bm->bgp)
		return;

	reeval = reeval_new(script);
	for (ALL_LIST_ELEMENTS_RO(bm->bgp, node, bgp))
		for (ALL_LIST_ELEMENTS_RO(bgp->peer, peernode, peer))
			count_peer(reeval, peer);

	for (map = route_map_master.head; map; map = map->next) {
		if (!script_map_uses(map, script, NULL))
			continue;
		reeval->maps++;
		if (bm->rmap_update_timer) {
			bgp_route_map_process_update_cb(map->name);
			continue;
		}
		for (ALL_LIST_ELEMENTS_RO(bm->bgp, node, bgp))
			bgp_script_updgrp_refresh(bgp, map->name);
	}

	if (!reeval->maps) {
		reeval_free(reeval);
		return;
	}
	reeval_count(reeval);
	event_add_timer_msec(bm->master, reeval_tick, reeval, TICK_MS, &reeval->tick);
}

static int report(struct vty *vty, const char *name)
{
	struct reeval *reeval;

	frr_each (reevals, &reevals, reeval) {
		if (reeval->reported || (name && !strmatch(name, reeval->script)))
			continue;
		reeval->reported = true;
		if (!bm->rmap_update_timer) {
			vty_out(vty,
				"Script %s: no routes re-evaluated, as \"bgp route-map delay-timer 0\" says\n",
				reeval->script);
			continue;
		}
		if (reeval->refreshed)
			vty_out(vty, "Route refresh asked from %u neighbor%s\n", reeval->refreshed,
				reeval->refreshed == 1 ? "" : "s");
		if (reeval->deaf)
			vty_out(vty,
				"%u neighbor%s can't refresh: \"clear bgp NEIGHBOR\" evaluates those routes\n",
				reeval->deaf, reeval->deaf == 1 ? "" : "s");
		vty_out(vty,
			"Re-evaluation goes on in the background: see \"show script %s\"\n",
			reeval->script);
	}
	return 0;
}

static int reeval_finish(void)
{
	struct reeval *reeval;

	frr_each_safe (reevals, &reevals, reeval)
		reeval_free(reeval);
	return 0;
}

void bgp_script_reeval_init(void)
{
	hook_register(script_reloaded, report);
	hook_register(frr_early_fini, reeval_finish);
}
