// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: events `route_installed` and `nexthop_changed`.
 *
 * Routes and tracked next hops come and go while a script's queue waits, so
 * records copy what they tell. VRFs are looked up by id when a script asks.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/hook.h"
#include "lib/if.h"
#include "lib/nexthop.h"
#include "lib/srcdest_table.h"
#include "lib/vrf.h"
#include "lib/zclient.h"

#include "zebra/rib.h"
#include "zebra/zebra_nhg.h"
#include "zebra/zebra_rnh.h"
#include "zebra/zebra_router.h"
#include "zebra/zebra_vrf.h"

#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

/* What an event tells of a route and of its first next hop. */
struct route {
	struct prefix prefix;
	union g_addr gate;
	ifindex_t ifindex;
	vrf_id_t nexthop_vrf_id;
	vrf_id_t vrf_id;
	uint32_t metric;
	uint32_t table;
	route_tag_t tag;
	uint16_t instance;
	uint16_t nexthops;
	uint8_t distance;
	uint8_t type;
	/* AF_UNSPEC without a gateway */
	uint8_t gate_family;
	uint8_t safi;
};

static void copy_nexthops_of(struct route *to, const struct nexthop *first)
{
	for (const struct nexthop *nexthop = first; nexthop; nexthop = nexthop->next) {
		if (!CHECK_FLAG(nexthop->flags, NEXTHOP_FLAG_ACTIVE))
			continue;
		if (to->nexthops++)
			continue;
		to->nexthop_vrf_id = nexthop->vrf_id;
		switch (nexthop->type) {
		case NEXTHOP_TYPE_IPV4:
		case NEXTHOP_TYPE_IPV4_IFINDEX:
			to->gate_family = AF_INET;
			break;
		case NEXTHOP_TYPE_IPV6:
		case NEXTHOP_TYPE_IPV6_IFINDEX:
			to->gate_family = AF_INET6;
			break;
		case NEXTHOP_TYPE_IFINDEX:
			break;
		case NEXTHOP_TYPE_BLACKHOLE:
			continue;
		}
		if (to->gate_family != AF_UNSPEC)
			to->gate = nexthop->gate;
		to->ifindex = nexthop->ifindex;
	}
}

static void copy_route(struct route *to, const struct prefix *prefix, const struct route_entry *re)
{
	prefix_copy(&to->prefix, prefix);
	to->vrf_id = re->vrf_id;
	to->metric = re->metric;
	to->table = re->table;
	to->tag = re->tag;
	to->instance = re->instance;
	to->distance = re->distance;
	to->type = re->type;
	if (re->nhe)
		copy_nexthops_of(to, re->nhe->nhg.nexthop);
}

static bool route_as_prefix(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_prefix_value(&route->prefix, out);
}

static bool get_prefix(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_object(out, &route->prefix);
}

static bool get_type(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_text(out, zebra_route_string(route->type));
}

static bool get_instance(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->instance);
}

static bool get_metric(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->metric);
}

static bool get_distance(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->distance);
}

static bool get_tag(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->tag);
}

static bool get_table(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->table);
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_text(out, vrf_id_to_name(route->vrf_id));
}

static bool get_nexthop(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	if (route->gate_family == AF_INET)
		return script_ipv4(out, &route->gate.ipv4);
	return route->gate_family == AF_INET6 && script_ipv6(out, &route->gate.ipv6);
}

static bool get_interface(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;
	const struct interface *ifp = NULL;

	if (route->ifindex != IFINDEX_INTERNAL)
		ifp = if_lookup_by_index(route->ifindex, route->nexthop_vrf_id);
	return script_text(out, ifp ? ifp->name : NULL);
}

static bool get_nexthops(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	return script_uint(out, route->nexthops);
}

static const struct frrscript_field route_fields[] = {
	{ .name = "prefix", .doc = "what it is a route to", .kind = FRRSCRIPT_OBJECT,
	  .type = &script_prefix_type, .get = get_prefix },
	{ .name = "type", .doc = "protocol, \"static\", \"bgp\"", .kind = FRRSCRIPT_STRING,
	  .get = get_type },
	{ .name = "instance", .doc = "instance of the protocol", .kind = FRRSCRIPT_UINT,
	  .get = get_instance },
	{ .name = "metric", .doc = "metric", .kind = FRRSCRIPT_UINT, .get = get_metric },
	{ .name = "distance", .doc = "administrative distance", .kind = FRRSCRIPT_UINT,
	  .get = get_distance },
	{ .name = "tag", .doc = "route tag; 0 = none", .kind = FRRSCRIPT_UINT, .get = get_tag },
	{ .name = "table", .doc = "kernel table", .kind = FRRSCRIPT_UINT, .get = get_table },
	{ .name = "vrf", .doc = "VRF", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{ .name = "nexthop", .doc = "gateway of the first usable next hop; nil without one",
	  .kind = FRRSCRIPT_ADDRESS, .get = get_nexthop },
	{ .name = "interface", .doc = "its interface", .kind = FRRSCRIPT_STRING,
	  .get = get_interface },
	{ .name = "nexthop_count", .doc = "usable next hops", .kind = FRRSCRIPT_UINT,
	  .get = get_nexthops },
	{}
};

const struct frrscript_type zebra_script_route_type = {
	.name = "route",
	.doc = "a route of zebra, as it was",
	.fields = route_fields,
	.as_prefix = route_as_prefix,
};

/* ---- route_installed ---- */

struct installed {
	struct route route;
	const char *reason;
};

static bool get_route(const void *record, struct frrscript_value *out)
{
	const struct installed *installed = record;

	return script_object(out, &installed->route);
}

static bool get_reason(const void *record, struct frrscript_value *out)
{
	const struct installed *installed = record;

	return script_text(out, installed->reason);
}

static bool get_family(const void *record, struct frrscript_value *out)
{
	/* made once for each family: this runs for every change of a table */
	static char names[AFI_MAX][SAFI_MAX][24];
	const struct installed *installed = record;
	afi_t afi = family2afi(installed->route.prefix.family);
	char *name = names[afi][installed->route.safi];

	if (!*name)
		snprintf(name, sizeof(names[0][0]), "%s %s", afi2str_lower(afi),
			 safi2str(installed->route.safi));
	return script_text(out, name);
}

/* zebra_rib.c tells of a decision ("new route selected") and of what is done
 * about it ("installing in kernel"). The second is said in each case, after
 * dest->selected_fib has the route, so it is the one that scripts hear of.
 */
static int rib_updated(struct route_node *rn, const char *reason)
{
	const struct rib_table_info *info = srcdest_rnode_table_info(rn);
	const rib_dest_t *dest = rib_dest_from_rnode(rn);
	struct installed installed = {};
	const struct prefix *prefix;

	if (strmatch(reason, "installing in kernel"))
		installed.reason = "install";
	else if (strmatch(reason, "uninstalling from kernel"))
		installed.reason = "uninstall";
	else
		return 0;
	if (!dest || !dest->selected_fib)
		return 0;
	srcdest_rnode_prefixes(rn, &prefix, NULL);
	copy_route(&installed.route, prefix, dest->selected_fib);
	installed.route.safi = info->safi;
	frrscript_event(&zebra_script_hook_route_installed, &installed);
	return 0;
}

static void listen_installed(bool on)
{
	if (on)
		hook_register(rib_update, rib_updated);
	else
		hook_unregister(rib_update, rib_updated);
}

static const struct frrscript_arg installed_args[] = {
	{ .name = "route", .doc = "the route that is selected", .type = &zebra_script_route_type,
	  .get = get_route },
	{ .name = "reason", .doc = "\"install\": zebra gives it to the kernel, for the first time or again as it changed; \"uninstall\": it takes it out",
	  .kind = FRRSCRIPT_STRING, .get = get_reason },
	{ .name = "family", .doc = "\"ipv4 unicast\", \"ipv6 unicast\", ...",
	  .kind = FRRSCRIPT_STRING, .get = get_family },
	{}
};

const struct frrscript_hook zebra_script_hook_route_installed = {
	.name = "route_installed",
	.doc = "zebra installs a route or takes it out (zebra_rib.c: rib_update)",
	.args = installed_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct installed),
	.listen = listen_installed,
};

/* ---- nexthop_changed ---- */

struct tracked {
	struct route route;
	struct prefix address;
	vrf_id_t vrf_id;
	bool reachable;
};

static bool get_tracked(const void *record, struct frrscript_value *out)
{
	return script_object(out, record);
}

static bool get_tracked_address(const void *obj, struct frrscript_value *out)
{
	const struct tracked *tracked = obj;

	return script_prefix_address(&tracked->address, out);
}

static bool get_tracked_length(const void *obj, struct frrscript_value *out)
{
	const struct tracked *tracked = obj;

	return script_uint(out, tracked->address.prefixlen);
}

static bool get_tracked_vrf(const void *obj, struct frrscript_value *out)
{
	const struct tracked *tracked = obj;

	return script_text(out, vrf_id_to_name(tracked->vrf_id));
}

static bool get_reachable(const void *obj, struct frrscript_value *out)
{
	const struct tracked *tracked = obj;

	return script_bool(out, tracked->reachable);
}

static bool get_resolving(const void *obj, struct frrscript_value *out)
{
	const struct tracked *tracked = obj;

	return tracked->reachable && script_object(out, &tracked->route);
}

static const struct frrscript_field tracked_fields[] = {
	{ .name = "address", .doc = "what a protocol has tracked", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_tracked_address },
	{ .name = "length", .doc = "its prefix length: that of an address, or of a route to import",
	  .kind = FRRSCRIPT_UINT, .get = get_tracked_length },
	{ .name = "vrf", .doc = "VRF in which it is tracked", .kind = FRRSCRIPT_STRING,
	  .get = get_tracked_vrf },
	{ .name = "reachable", .doc = "a route resolves it", .kind = FRRSCRIPT_BOOL,
	  .get = get_reachable },
	{ .name = "route", .doc = "that route; nil without one", .kind = FRRSCRIPT_OBJECT,
	  .type = &zebra_script_route_type, .get = get_resolving },
	{}
};

const struct frrscript_type zebra_script_tracked_type = {
	.name = "tracked_nexthop",
	.doc = "a next hop that protocols have tracked, as it was",
	.fields = tracked_fields,
};

static int rnh_changed(const struct zebra_vrf *zvrf, const struct rnh *rnh)
{
	struct tracked tracked = { .vrf_id = zvrf_id(zvrf), .reachable = rnh->state != NULL };

	prefix_copy(&tracked.address, &rnh->node->p);
	if (rnh->state)
		copy_route(&tracked.route, &rnh->resolved_route, rnh->state);
	frrscript_event(&zebra_script_hook_nexthop_changed, &tracked);
	return 0;
}

static void listen_tracked(bool on)
{
	if (on)
		hook_register(zebra_rnh_changed, rnh_changed);
	else
		hook_unregister(zebra_rnh_changed, rnh_changed);
}

static const struct frrscript_arg tracked_args[] = {
	{ .name = "nexthop", .doc = "as it resolved when it changed",
	  .type = &zebra_script_tracked_type, .get = get_tracked },
	{}
};

const struct frrscript_hook zebra_script_hook_nexthop_changed = {
	.name = "nexthop_changed",
	.doc = "a tracked next hop resolves otherwise, no longer, or again (zebra_rnh.c)",
	.args = tracked_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct tracked),
	.listen = listen_tracked,
};

#endif /* HAVE_SCRIPTING */
