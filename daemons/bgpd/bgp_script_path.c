// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: type `path`, what bgpd knows about a route beside
 * its attributes.
 *
 * bgpd evaluates route-maps on temporary path objects too, of which only some
 * members are set (bgp_route.c:bgp_static_update has peer and attr alone), so
 * every pointer here may be NULL.
 */

#include <zebra.h>

#include "lib/vrf.h"
#include "lib/zclient.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_rpki.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

static struct bgp_path_info *route_path(const void *obj)
{
	const struct bgp_script_route *route = obj;

	return route->path;
}

/* Only where bgpd copies a stored path or redistributes is the protocol set;
 * everywhere else the route is BGP's own.
 */
static uint8_t route_type(const void *obj)
{
	uint8_t type = route_path(obj)->type;

	return type == ZEBRA_ROUTE_SYSTEM ? ZEBRA_ROUTE_BGP : type;
}

static bool get_type(const void *obj, struct frrscript_value *out)
{
	return script_text(out, zebra_route_string(route_type(obj)));
}

static bool get_type_id(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, route_type(obj));
}

/* A route that is being made has no sub type yet. */
static uint8_t route_sub_type(const struct bgp_path_info *path)
{
	uint8_t rmap_type = path->peer ? path->peer->rmap_type : 0;

	if (CHECK_FLAG(rmap_type, PEER_RMAP_TYPE_NETWORK))
		return BGP_ROUTE_STATIC;
	if (CHECK_FLAG(rmap_type, PEER_RMAP_TYPE_AGGREGATE))
		return BGP_ROUTE_AGGREGATE;
	if (CHECK_FLAG(rmap_type, PEER_RMAP_TYPE_REDISTRIBUTE))
		return BGP_ROUTE_REDISTRIBUTE;
	return path->sub_type;
}

static bool get_sub_type(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, route_sub_type(route_path(obj)));
}

static bool get_origin(const void *obj, struct frrscript_value *out)
{
	switch (route_sub_type(route_path(obj))) {
	case BGP_ROUTE_NORMAL:
		return script_text(out, "neighbor");
	case BGP_ROUTE_STATIC:
		return script_text(out, "network");
	case BGP_ROUTE_AGGREGATE:
		return script_text(out, "aggregate");
	case BGP_ROUTE_REDISTRIBUTE:
		return script_text(out, "redistribute");
	case BGP_ROUTE_IMPORTED:
		return script_text(out, "imported");
	default:
		return false;
	}
}

static bool get_srte_color(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_attr_get_color(bgp_script_attr(obj)));
}

static void set_srte_color(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->srte_color = v->u.num;
}

static bool get_instance(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, route_path(obj)->instance);
}

static bool get_best(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, CHECK_FLAG(route_path(obj)->flags, BGP_PATH_SELECTED));
}

/* An old route of `route_changed` tells so whether its neighbor took it back or
 * another one is better now. Policy that refuses it takes it back too.
 */
static bool get_withdrawn(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, CHECK_FLAG(route_path(obj)->flags, BGP_PATH_REMOVED));
}

static const struct bgp *route_bgp(const void *obj)
{
	const struct bgp_path_info *path = route_path(obj);

	return path->peer ? path->peer->bgp : NULL;
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	const struct bgp *bgp = route_bgp(obj);

	return bgp && script_text(out, bgp->name ? bgp->name : VRF_DEFAULT_NAME);
}

/* A leaked route remembers the instance it comes from
 * (bgp_routemap.c:route_match_vrl_source_vrf).
 */
static bool get_source_vrf(const void *obj, struct frrscript_value *out)
{
	const struct bgp_path_info *path = route_path(obj);

	if (!path->extra || !path->extra->vrfleak || !path->extra->vrfleak->bgp_orig)
		return false;
	return script_text(out, vrf_id_to_name(path->extra->vrfleak->bgp_orig->vrf_id));
}

static bool get_rpki(const void *obj, struct frrscript_value *out)
{
	const struct bgp_script_route *route = obj;
	const struct bgp_path_info *path = route->path;

	if (!path->peer || !route->attr || !route->attr->aspath)
		return false;
	if (route->prefix->family != AF_INET && route->prefix->family != AF_INET6)
		return false;
	switch (bgp_rpki_status(path->peer, route->attr, route->prefix)) {
	case RPKI_VALID:
		return script_text(out, "valid");
	case RPKI_NOTFOUND:
		return script_text(out, "notfound");
	case RPKI_INVALID:
		return script_text(out, "invalid");
	default:
		return false;
	}
}

/* Where bgpd runs the route-map. It tells in peer->rmap_type where that
 * makes a difference to a rule of its own.
 */
static bool get_policy(const void *obj, struct frrscript_value *out)
{
	const struct bgp_path_info *path = route_path(obj);
	const struct bgp *bgp = route_bgp(obj);
	uint8_t type = path->peer ? path->peer->rmap_type : 0;

	/* default-originate matches paths of the RIB, with their own peers. */
	if (!type && bgp && bgp->peer_self)
		type = bgp->peer_self->rmap_type & PEER_RMAP_TYPE_DEFAULT;

	if (CHECK_FLAG(type, PEER_RMAP_TYPE_IN))
		return script_text(out, "in");
	if (CHECK_FLAG(type, PEER_RMAP_TYPE_OUT))
		return script_text(out, "out");
	if (CHECK_FLAG(type, PEER_RMAP_TYPE_NETWORK))
		return script_text(out, "network");
	if (CHECK_FLAG(type, PEER_RMAP_TYPE_REDISTRIBUTE))
		return script_text(out, "redistribute");
	if (CHECK_FLAG(type, PEER_RMAP_TYPE_DEFAULT))
		return script_text(out, "default-originate");
	if (CHECK_FLAG(type, PEER_RMAP_TYPE_AGGREGATE))
		return script_text(out, "aggregate");
	return false;
}

/* On output `peer` is the neighbor that the route goes to; this is the one
 * that it came from (bgp_route.c:subgroup_announce_check).
 */
static bool get_from(const void *obj, struct frrscript_value *out)
{
	const struct bgp_path_info *path = route_path(obj);

	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = path->from;
	return path->from != NULL;
}

static const struct frrscript_field path_fields[] = {
	{ .name = "type", .doc = "protocol, \"bgp\", \"connected\"", .kind = FRRSCRIPT_STRING,
	  .get = get_type },
	{ .name = "type_id", .doc = "protocol (ZEBRA_ROUTE_*)", .kind = FRRSCRIPT_UINT,
	  .get = get_type_id },
	{ .name = "sub_type", .doc = "0 neighbor, 1 network, 2 aggregate, 3 redistribute, 5 imported",
	  .kind = FRRSCRIPT_UINT, .get = get_sub_type },
	{ .name = "origin", .doc = "sub_type in words", .kind = FRRSCRIPT_STRING,
	  .get = get_origin },
	{ .name = "source_protocol", .doc = "protocol, as in \"match source-protocol\"",
	  .kind = FRRSCRIPT_STRING, .get = get_type },
	{ .name = "srte_color", .doc = "SR-TE colour; 0 = none", .kind = FRRSCRIPT_UINT,
	  .max = UINT32_MAX, .get = get_srte_color, .set = set_srte_color },
	{ .name = "rpki", .doc = "\"valid\", \"invalid\" or \"notfound\"; nil without RPKI",
	  .kind = FRRSCRIPT_STRING, .get = get_rpki },
	{ .name = "instance", .doc = "instance of the protocol", .kind = FRRSCRIPT_UINT,
	  .get = get_instance },
	{ .name = "vrf", .doc = "VRF that evaluates the route", .kind = FRRSCRIPT_STRING,
	  .get = get_vrf },
	{ .name = "source_vrf", .doc = "VRF that a leaked route comes from",
	  .kind = FRRSCRIPT_STRING, .get = get_source_vrf },
	{ .name = "best", .doc = "the best path now", .kind = FRRSCRIPT_BOOL, .get = get_best },
	{ .name = "withdrawn", .doc = "the neighbor, or our policy, has taken it back",
	  .kind = FRRSCRIPT_BOOL, .get = get_withdrawn },
	{ .name = "policy",
	  .doc = "\"in\", \"out\", \"network\", \"redistribute\", \"default-originate\" or \"aggregate\"",
	  .kind = FRRSCRIPT_STRING, .get = get_policy },
	{ .name = "from", .doc = "on output: the neighbor that the route came from",
	  .kind = FRRSCRIPT_OBJECT, .type = &bgp_script_peer_type, .get = get_from },
	{}
};

const struct frrscript_type bgp_script_path_type = {
	.name = "path",
	.doc = "a BGP path, beside its attributes",
	.fields = path_fields,
};
