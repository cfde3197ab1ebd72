// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: `attributes.evpn`, the EVPN part of the attributes.
 */

#include <zebra.h>

#include "lib/ipaddr.h"
#include "lib/memory.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_attr_evpn.h"
#include "bgpd/bgp_memory.h"
#include "bgpd/bgp_route.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

static bool get_flag(const void *obj, uint8_t flag, struct frrscript_value *out)
{
	return script_bool(out, CHECK_FLAG(bgp_script_attr(obj)->evpn_flags, flag));
}

static void set_flag(void *obj, uint8_t flag, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->u.num)
		SET_FLAG(attr->evpn_flags, flag);
	else
		UNSET_FLAG(attr->evpn_flags, flag);
}

static bool get_sticky(const void *obj, struct frrscript_value *out)
{
	return get_flag(obj, ATTR_EVPN_FLAG_STICKY, out);
}

static void set_sticky(void *obj, const struct frrscript_value *v)
{
	set_flag(obj, ATTR_EVPN_FLAG_STICKY, v);
}

static bool get_default_gw(const void *obj, struct frrscript_value *out)
{
	return get_flag(obj, ATTR_EVPN_FLAG_DEFAULT_GW, out);
}

static void set_default_gw(void *obj, const struct frrscript_value *v)
{
	set_flag(obj, ATTR_EVPN_FLAG_DEFAULT_GW, v);
}

static bool get_router(const void *obj, struct frrscript_value *out)
{
	return get_flag(obj, ATTR_EVPN_FLAG_ROUTER, out);
}

static void set_router(void *obj, const struct frrscript_value *v)
{
	set_flag(obj, ATTR_EVPN_FLAG_ROUTER, v);
}

static bool get_gateway_ip(const void *obj, struct frrscript_value *out)
{
	const struct bgp_route_evpn *bre = bgp_attr_get_evpn_overlay(bgp_script_attr(obj));
	static char buf[IPADDR_STRING_SIZE];

	if (!bre || bre->type != OVERLAY_INDEX_GATEWAY_IP)
		return false;
	return script_text(out, ipaddr2str(&bre->gw_ip, buf, sizeof(buf)));
}

static bool parse_ip(const struct frrscript_value *v, struct ipaddr *ip)
{
	memset(ip, 0, sizeof(*ip));
	if (bgp_script_to_ipv4(v, &ip->ipaddr_v4)) {
		SET_IPADDR_V4(ip);
		return true;
	}
	if (bgp_script_to_ipv6(v, &ip->ipaddr_v6)) {
		SET_IPADDR_V6(ip);
		return true;
	}
	return false;
}

/* As route_set_evpn_gateway_ip: IP prefix routes, of the same family. */
static const char *check_gateway_ip(const void *obj, const struct frrscript_value *v)
{
	const struct bgp_script_route *route = obj;
	const struct prefix_evpn *evp = (const struct prefix_evpn *)route->prefix;
	struct ipaddr ip;

	if (!evp || evp->family != AF_EVPN || evp->prefix.route_type != BGP_EVPN_IP_PREFIX_ROUTE)
		return "must be set on an EVPN IP prefix route (type 5)";
	if (v->kind == FRRSCRIPT_NIL)
		return NULL;
	if (!parse_ip(v, &ip))
		return "must be an IPv4 or IPv6 address";
	if ((is_evpn_prefix_ipaddr_v4(evp) && !IS_IPADDR_V4(&ip)) ||
	    (is_evpn_prefix_ipaddr_v6(evp) && !IS_IPADDR_V6(&ip)))
		return "must be of the family of the route's prefix";
	return NULL;
}

static void set_gateway_ip(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct bgp_route_evpn *old = bgp_attr_get_evpn_overlay(attr);
	struct bgp_route_evpn *new = NULL;
	struct ipaddr ip;

	if (v->kind == FRRSCRIPT_NIL) {
		/* No gateway is not: no ESI overlay. */
		if (!old || old->type != OVERLAY_INDEX_GATEWAY_IP)
			return;
	} else {
		if (!parse_ip(v, &ip))
			return;
		new = XCALLOC(MTYPE_BGP_EVPN_OVERLAY, sizeof(*new));
		new->type = OVERLAY_INDEX_GATEWAY_IP;
		new->gw_ip = ip;
	}
	if (old && !old->refcnt)
		evpn_overlay_free(old);
	bgp_attr_set_evpn_overlay(attr, new);
}

static bool get_mobility_sequence(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, mac_mobility_seqnum(bgp_script_attr(obj)));
}

static bool get_router_mac(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);
	static char buf[ETHER_ADDR_STRLEN];

	if (is_zero_mac(&attr->rmac))
		return false;
	return script_text(out, prefix_mac2str(&attr->rmac, buf, sizeof(buf)));
}

static bool get_esi(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);
	static const esi_t none;
	static char buf[ESI_STR_LEN];

	if (memcmp(&attr->esi, &none, sizeof(none)) == 0)
		return false;
	return script_text(out, esi_to_str(&attr->esi, buf, sizeof(buf)));
}

static bool get_df_preference(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->df_pref);
}

static bool get_encapsulation(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->encap_tunneltype);
}

static const struct frrscript_field flags_fields[] = {
	{ .name = "sticky", .doc = "MAC that must not move (RFC 7432 section 15.2)",
	  .kind = FRRSCRIPT_BOOL, .get = get_sticky, .set = set_sticky },
	{ .name = "default_gw", .doc = "default gateway (RFC 7432 section 10.1)",
	  .kind = FRRSCRIPT_BOOL, .get = get_default_gw, .set = set_default_gw },
	{ .name = "router", .doc = "IPv6 router flag (RFC 9047)", .kind = FRRSCRIPT_BOOL,
	  .get = get_router, .set = set_router },
	{}
};

static const struct frrscript_type flags_type = {
	.name = "evpn_flags",
	.doc = "flags of an EVPN route",
	.fields = flags_fields,
};

static const struct frrscript_field evpn_fields[] = {
	{ .name = "gateway_ip", .doc = "gateway of an IP prefix route (text)",
	  .kind = FRRSCRIPT_STRING, .flags = FRRSCRIPT_CLEAR, .get = get_gateway_ip,
	  .set = set_gateway_ip, .check = check_gateway_ip },
	{ .name = "flags", .doc = "flags", .kind = FRRSCRIPT_OBJECT, .type = &flags_type },
	{ .name = "mobility_sequence", .doc = "sequence number of MAC mobility",
	  .kind = FRRSCRIPT_UINT, .get = get_mobility_sequence },
	{ .name = "router_mac", .doc = "router's MAC address (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_router_mac },
	{ .name = "esi", .doc = "Ethernet segment (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_esi },
	{ .name = "df_preference", .doc = "preference in the DF election",
	  .kind = FRRSCRIPT_UINT, .get = get_df_preference },
	{ .name = "encapsulation", .doc = "BGP tunnel type; 8 = VXLAN", .kind = FRRSCRIPT_UINT,
	  .get = get_encapsulation },
	{}
};

const struct frrscript_type bgp_script_attr_evpn_type = {
	.name = "attributes_evpn",
	.doc = "EVPN attributes of a BGP route",
	.fields = evpn_fields,
};
