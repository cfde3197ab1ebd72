// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: type `peer`, all of it read-only.
 *
 * The field names are those of FRR's own table (bgp_script.c:lua_pushpeer).
 * Its `password` is left out: a policy has no use for it. The addresses of
 * the session are absent on the peer of locally originated routes
 * (bgp->peer_self) and before a session is up.
 */

#include <zebra.h>

#include "lib/log.h"
#include "lib/sockunion.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_debug.h"
#include "bgpd/bgp_fsm.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

static bool get_state(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	if (!peer->connection)
		return false;
	return script_text(out, lookup_msg(bgp_status_msg, peer->connection->status, NULL));
}

static bool get_description(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_text(out, peer->desc ? peer->desc : "");
}

static bool put_sockunion(const union sockunion *su, struct frrscript_value *out)
{
	if (!su)
		return false;
	switch (sockunion_family(su)) {
	case AF_INET:
		return script_ipv4(out, &su->sin.sin_addr);
	case AF_INET6:
		return script_ipv6(out, &su->sin6.sin6_addr);
	default:
		return false;
	}
}

static bool get_local_address(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return peer->connection && put_sockunion(peer->connection->su_local, out);
}

static bool get_remote_address(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return peer->connection && put_sockunion(peer->connection->su_remote, out);
}

static bool get_remote_id(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_ipv4(out, &peer->remote_id);
}

static bool get_local_id(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_ipv4(out, &peer->local_id);
}

static bool get_name(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_text(out, peer->conf_if ? peer->conf_if : peer->host);
}

static bool get_interface(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_text(out, peer->conf_if);
}

static bool get_group(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return peer->group && script_text(out, peer->group->name);
}

static bool get_hostname(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	return script_text(out, peer->hostname);
}

static bool get_prefixes(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;
	uint64_t count = 0;
	afi_t afi;
	safi_t safi;

	FOREACH_AFI_SAFI (afi, safi)
		count += peer->pcount[afi][safi];
	return script_uint(out, count);
}

static bool is_self(const struct peer *peer)
{
	return peer->bgp && peer == peer->bgp->peer_self;
}

static bool get_is_self(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, is_self(obj));
}

static bool get_sort(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	if (is_self(peer))
		return script_text(out, "self");
	switch (peer->sort) {
	case BGP_PEER_IBGP:
		return script_text(out, "internal");
	case BGP_PEER_EBGP:
		return script_text(out, "external");
	case BGP_PEER_CONFED:
		return script_text(out, "confederation");
	case BGP_PEER_INTERNAL:
	case BGP_PEER_UNSPECIFIED:
		break;
	}
	return false;
}

static bool get_role(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	switch (peer->local_role) {
	case ROLE_PROVIDER:
		return script_text(out, "provider");
	case ROLE_RS_SERVER:
		return script_text(out, "rs-server");
	case ROLE_RS_CLIENT:
		return script_text(out, "rs-client");
	case ROLE_CUSTOMER:
		return script_text(out, "customer");
	case ROLE_PEER:
		return script_text(out, "peer");
	default:
		return false;
	}
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	if (!peer->bgp)
		return false;
	return script_text(out, peer->bgp->name ? peer->bgp->name : VRF_DEFAULT_NAME);
}

/* Counters of the I/O pthread are 32-bit atomics; reading one in place is a
 * relaxed load, as in FRR's own table.
 */
#define PEER_NUM(name_, member_, doc_)                                                            \
	{                                                                                         \
		.name = name_, .doc = doc_, .kind = FRRSCRIPT_UINT,                               \
		.width = sizeof(((struct peer *)NULL)->member_),                                  \
		.offset = offsetof(struct peer, member_),                                         \
	}

static const struct frrscript_field configured_fields[] = {
	PEER_NUM("hold", holdtime, "hold time, s"),
	PEER_NUM("keepalive", keepalive, "keepalive interval, s"),
	PEER_NUM("connect", connect, "connect retry, s"),
	PEER_NUM("route_advertisement", routeadv, "advertisement interval, s"),
	{}
};

static const struct frrscript_type configured_type = {
	.name = "peer_timers_configured",
	.doc = "timers as configured; 0 = the default",
	.fields = configured_fields,
};

static const struct frrscript_field negotiated_fields[] = {
	PEER_NUM("hold", v_holdtime, "hold time, s"),
	PEER_NUM("keepalive", v_keepalive, "keepalive interval, s"),
	PEER_NUM("connect", v_connect, "connect retry, s"),
	PEER_NUM("route_advertisement", v_routeadv, "advertisement interval, s"),
	{}
};

static const struct frrscript_type negotiated_type = {
	.name = "peer_timers_negotiated",
	.doc = "timers in use",
	.fields = negotiated_fields,
};

static const struct frrscript_field timers_fields[] = {
	{ .name = "configured", .doc = "as configured", .kind = FRRSCRIPT_OBJECT,
	  .type = &configured_type },
	{ .name = "negotiated", .doc = "in use", .kind = FRRSCRIPT_OBJECT,
	  .type = &negotiated_type },
	{}
};

static const struct frrscript_type timers_type = {
	.name = "peer_timers",
	.doc = "timers of a session",
	.fields = timers_fields,
};

static const struct frrscript_field stats_fields[] = {
	PEER_NUM("open_in", open_in, "OPEN messages received"),
	PEER_NUM("open_out", open_out, "OPEN messages sent"),
	PEER_NUM("update_in", update_in, "UPDATE messages received"),
	PEER_NUM("update_out", update_out, "UPDATE messages sent"),
	PEER_NUM("update_time", update_time, "when the last UPDATE came, s of the monotonic clock"),
	PEER_NUM("keepalive_in", keepalive_in, "KEEPALIVE messages received"),
	PEER_NUM("keepalive_out", keepalive_out, "KEEPALIVE messages sent"),
	PEER_NUM("notify_in", notify_in, "NOTIFICATION messages received"),
	PEER_NUM("notify_out", notify_out, "NOTIFICATION messages sent"),
	PEER_NUM("refresh_in", refresh_in, "ROUTE-REFRESH messages received"),
	PEER_NUM("refresh_out", refresh_out, "ROUTE-REFRESH messages sent"),
	PEER_NUM("dynamic_cap_in", dynamic_cap_in, "dynamic CAPABILITY messages received"),
	PEER_NUM("dynamic_cap_out", dynamic_cap_out, "dynamic CAPABILITY messages sent"),
	PEER_NUM("times_established", established, "times the session came up"),
	PEER_NUM("times_dropped", dropped, "times the session went down"),
	{}
};

static const struct frrscript_type stats_type = {
	.name = "peer_stats",
	.doc = "counters of a session",
	.fields = stats_fields,
};

static const struct frrscript_field peer_fields[] = {
	PEER_NUM("remote_as", as, "AS of the neighbor"),
	PEER_NUM("local_as", local_as, "AS of this router on the session"),
	{ .name = "remote_id", .doc = "router id of the neighbor", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_remote_id },
	{ .name = "local_id", .doc = "router id of this router", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_local_id },
	{ .name = "state", .doc = "state of the session, \"Established\"",
	  .kind = FRRSCRIPT_STRING, .get = get_state },
	{ .name = "description", .doc = "configured description; \"\" without one",
	  .kind = FRRSCRIPT_STRING, .get = get_description },
	PEER_NUM("uptime", uptime, "when the session went up or down, s of the monotonic clock"),
	PEER_NUM("last_readtime", readtime, "when the last message came, s of the monotonic clock"),
	PEER_NUM("last_resettime", resettime, "when the session was reset, s of the monotonic clock"),
	{ .name = "local_address", .doc = "address of this router; nil for local routes",
	  .kind = FRRSCRIPT_ADDRESS, .get = get_local_address },
	{ .name = "remote_address", .doc = "address of the neighbor; nil for local routes",
	  .kind = FRRSCRIPT_ADDRESS, .get = get_remote_address },
	PEER_NUM("capabilities", cap, "capabilities (PEER_CAP_*)"),
	PEER_NUM("flags", flags, "configuration (PEER_FLAG_*)"),
	{ .name = "timers", .doc = "timers", .kind = FRRSCRIPT_OBJECT, .type = &timers_type },
	{ .name = "stats", .doc = "counters", .kind = FRRSCRIPT_OBJECT, .type = &stats_type },
	{ .name = "name", .doc = "what the configuration calls it: address or interface",
	  .kind = FRRSCRIPT_STRING, .get = get_name },
	{ .name = "interface", .doc = "interface of an unnumbered neighbor",
	  .kind = FRRSCRIPT_STRING, .get = get_interface },
	{ .name = "group", .doc = "peer-group", .kind = FRRSCRIPT_STRING, .get = get_group },
	{ .name = "hostname", .doc = "host name that the neighbor told", .kind = FRRSCRIPT_STRING,
	  .get = get_hostname },
	{ .name = "sort", .doc = "\"internal\", \"external\", \"confederation\" or \"self\"",
	  .kind = FRRSCRIPT_STRING, .get = get_sort },
	{ .name = "is_self", .doc = "this router, for locally originated routes",
	  .kind = FRRSCRIPT_BOOL, .get = get_is_self },
	{ .name = "prefixes", .doc = "prefixes accepted from the neighbor, of all families",
	  .kind = FRRSCRIPT_UINT, .get = get_prefixes },
	{ .name = "role", .doc = "local role (RFC 9234)", .kind = FRRSCRIPT_STRING,
	  .get = get_role },
	{ .name = "vrf", .doc = "VRF of the session", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{}
};

const struct frrscript_type bgp_script_peer_type = {
	.name = "peer",
	.doc = "BGP neighbor: where the route came from or goes to",
	.fields = peer_fields,
};
