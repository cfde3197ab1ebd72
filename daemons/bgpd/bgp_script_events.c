// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP events for scripts: `route_changed` and `peer_changed`, and the list of
 * neighbors.
 *
 * An event is handled after bgpd went on, so its record keeps what it points
 * to alive: the node, both paths (and with them their peers) and both sets of
 * attributes. Nothing is registered with bgpd while no script listens.
 */

#include <zebra.h>

#include "lib/hook.h"
#include "lib/log.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_debug.h"
#include "bgpd/bgp_fsm.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_table.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

/* ---- type `route`: what a path of the Loc-RIB is, in one object ---- */

static bool get_self(const void *obj, struct frrscript_value *out)
{
	return script_object(out, obj);
}

static bool get_route_peer(const void *obj, struct frrscript_value *out)
{
	const struct bgp_script_route *route = obj;

	return script_object(out, route->path->peer);
}

static const struct frrscript_field route_fields[] = {
	{ .name = "prefix", .doc = "what it is a route to", .kind = FRRSCRIPT_OBJECT,
	  .type = &bgp_script_prefix_type, .get = get_self },
	{ .name = "attributes", .doc = "its path attributes", .kind = FRRSCRIPT_OBJECT,
	  .type = &bgp_script_attributes_type, .get = get_self },
	{ .name = "peer", .doc = "the neighbor that it came from", .kind = FRRSCRIPT_OBJECT,
	  .type = &bgp_script_peer_type, .get = get_route_peer },
	{ .name = "path", .doc = "what is known of it beside its attributes",
	  .kind = FRRSCRIPT_OBJECT, .type = &bgp_script_path_type, .get = get_self },
	{}
};

const struct frrscript_type bgp_script_route_type = {
	.name = "route",
	.doc = "a route of the BGP table (Loc-RIB)",
	.fields = route_fields,
};

/* ---- route_changed ---- */

struct route_event {
	struct bgp_dest *dest;
	struct bgp_script_route old, new;
	afi_t afi;
	safi_t safi;
};

static bool get_prefix(const void *record, struct frrscript_value *out)
{
	const struct route_event *event = record;

	return get_self(event->new.path ? &event->new : &event->old, out);
}

static bool get_old(const void *record, struct frrscript_value *out)
{
	const struct route_event *event = record;

	return event->old.path && get_self(&event->old, out);
}

static bool get_new(const void *record, struct frrscript_value *out)
{
	const struct route_event *event = record;

	return event->new.path && get_self(&event->new, out);
}

static bool get_family(const void *record, struct frrscript_value *out)
{
	/* made once for each family: this runs for every change of a table */
	static char names[AFI_MAX][SAFI_MAX][24];
	const struct route_event *event = record;
	char *name = names[event->afi][event->safi];

	if (!*name)
		snprintf(name, sizeof(names[0][0]), "%s %s", afi2str_lower(event->afi),
			 safi2str(event->safi));
	return script_text(out, name);
}

static void route_hold(struct bgp_script_route *route)
{
	if (!route->path)
		return;
	bgp_path_info_lock(route->path);
	/* The path may get other attributes meanwhile. */
	route->attr = bgp_attr_ref(route->path->attr);
}

static void route_release(struct bgp_script_route *route)
{
	if (!route->path)
		return;
	bgp_attr_unintern(&route->attr);
	bgp_path_info_unlock(route->path);
}

static void hold(void *record)
{
	struct route_event *event = record;

	bgp_dest_lock_node(event->dest);
	route_hold(&event->old);
	route_hold(&event->new);
}

static void release(void *record)
{
	struct route_event *event = record;

	route_release(&event->old);
	route_release(&event->new);
	bgp_dest_unlock_node(event->dest);
}

static int route_update(struct bgp *bgp, afi_t afi, safi_t safi, struct bgp_dest *dest,
			struct bgp_path_info *old_route, struct bgp_path_info *new_route)
{
	const struct prefix *prefix = bgp_dest_get_prefix(dest);
	struct route_event event = {
		.dest = dest,
		.old = { .prefix = prefix, .path = old_route },
		.new = { .prefix = prefix, .path = new_route },
		.afi = afi,
		.safi = safi,
	};

	if (old_route)
		event.old.attr = old_route->attr;
	if (new_route)
		event.new.attr = new_route->attr;
	frrscript_event(&bgp_script_hook_route_changed, &event);
	return 0;
}

static void route_listen(bool on)
{
	if (on)
		hook_register(bgp_route_update, route_update);
	else
		hook_unregister(bgp_route_update, route_update);
}

static const struct frrscript_arg route_args[] = {
	{ .name = "prefix", .doc = "whose best route changed", .type = &bgp_script_prefix_type,
	  .get = get_prefix },
	{ .name = "old", .doc = "the best route before; nil if there was none. A route that changed in place is the same as new",
	  .type = &bgp_script_route_type, .get = get_old },
	{ .name = "new", .doc = "the best route now; nil after a withdrawal",
	  .type = &bgp_script_route_type, .get = get_new },
	{ .name = "family", .doc = "\"ipv4 unicast\", \"l2vpn evpn\", ...",
	  .kind = FRRSCRIPT_STRING, .get = get_family },
	{}
};

const struct frrscript_hook bgp_script_hook_route_changed = {
	.name = "route_changed",
	.doc = "the best route of a prefix changed, came or went (bgp_route.c:bgp_process_main_one)",
	.args = route_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct route_event),
	.listen = route_listen,
	.hold = hold,
	.release = release,
};

/* ---- peer_changed ---- */

struct peer_event {
	struct peer *peer;
	enum bgp_fsm_status old, new;
};

static bool get_peer(const void *record, struct frrscript_value *out)
{
	const struct peer_event *event = record;

	return get_self(event->peer, out);
}

static bool get_old_state(const void *record, struct frrscript_value *out)
{
	const struct peer_event *event = record;

	return script_text(out, lookup_msg(bgp_status_msg, event->old, NULL));
}

static bool get_new_state(const void *record, struct frrscript_value *out)
{
	const struct peer_event *event = record;

	return script_text(out, lookup_msg(bgp_status_msg, event->new, NULL));
}

static void peer_hold(void *record)
{
	struct peer_event *event = record;

	peer_lock(event->peer);
}

static void peer_release(void *record)
{
	struct peer_event *event = record;

	peer_unlock(event->peer);
}

/* A connection that came in has a peer of its own until it takes the place of
 * the configured one (bgp_fsm.c:peer_xfer_conn); operators know the latter.
 */
static bool peer_is_shown(const struct peer *peer)
{
	return CHECK_FLAG(peer->flags, PEER_FLAG_CONFIG_NODE) || peer_dynamic_neighbor(peer);
}

static int peer_status(struct peer *peer)
{
	struct peer_event event = {
		.peer = peer,
		.old = peer->connection->ostatus,
		.new = peer->connection->status,
	};

	if (event.old != event.new && peer_is_shown(peer))
		frrscript_event(&bgp_script_hook_peer_changed, &event);
	return 0;
}

static void peer_listen(bool on)
{
	if (on)
		hook_register(peer_status_changed, peer_status);
	else
		hook_unregister(peer_status_changed, peer_status);
}

static const struct frrscript_arg peer_args[] = {
	{ .name = "peer", .doc = "the neighbor", .type = &bgp_script_peer_type, .get = get_peer },
	{ .name = "old", .doc = "state before: \"Established\", \"Idle\" ... (RFC 4271 section 8.2.2)",
	  .kind = FRRSCRIPT_STRING, .get = get_old_state },
	{ .name = "new", .doc = "state now", .kind = FRRSCRIPT_STRING, .get = get_new_state },
	{}
};

const struct frrscript_hook bgp_script_hook_peer_changed = {
	.name = "peer_changed",
	.doc = "a session changed its state (bgp_fsm.c:bgp_fsm_change_status)",
	.args = peer_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct peer_event),
	.listen = peer_listen,
	.hold = peer_hold,
	.release = peer_release,
};

/* ---- frr.peers() ---- */

static void each_peer(bool (*add)(void *ctx, const void *obj), void *ctx)
{
	struct listnode *node, *peernode;
	struct bgp *bgp;
	struct peer *peer;

	for (ALL_LIST_ELEMENTS_RO(bm->bgp, node, bgp))
		for (ALL_LIST_ELEMENTS_RO(bgp->peer, peernode, peer))
			if (peer_is_shown(peer) && !add(ctx, peer))
				return;
}

const struct frrscript_list bgp_script_list_peers = {
	.name = "peers",
	.doc = "all neighbors of all BGP instances",
	.type = &bgp_script_peer_type,
	.each = each_peer,
};
