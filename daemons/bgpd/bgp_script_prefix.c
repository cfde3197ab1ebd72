// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: type `prefix`, what a route is a route to.
 *
 * `network`, `length` and `family` are those of lib's own prefix table
 * (frrlua.c:lua_pushprefix); the rest is structured, so that a script need
 * not parse FRR's text of an EVPN route.
 */

#include <zebra.h>

#include "lib/ipaddr.h"
#include "lib/mpls.h"
#include "lib/prefix.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_label.h"
#include "bgpd/bgp_rd.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_table.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

static const struct prefix *route_prefix(const void *obj)
{
	const struct bgp_script_route *route = obj;

	return route->prefix;
}

/* NULL unless the route is an EVPN route. */
static const struct prefix_evpn *route_evpn(const void *obj)
{
	const struct prefix *p = route_prefix(obj);

	return p->family == AF_EVPN ? (const struct prefix_evpn *)p : NULL;
}

static bool get_network(const void *obj, struct frrscript_value *out)
{
	static char buf[PREFIX_STRLEN];

	return script_text(out, prefix2str(route_prefix(obj), buf, sizeof(buf)));
}

static bool get_length(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, route_prefix(obj)->prefixlen);
}

static bool get_family(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, route_prefix(obj)->family);
}

static bool put_ipaddr(const struct ipaddr *ip, struct frrscript_value *out)
{
	if (IS_IPADDR_V4(ip))
		return script_ipv4(out, &ip->ipaddr_v4);
	return IS_IPADDR_V6(ip) && script_ipv6(out, &ip->ipaddr_v6);
}

static const struct ipaddr *evpn_ip(const struct prefix_evpn *evp)
{
	switch (evp->prefix.route_type) {
	case BGP_EVPN_AD_ROUTE:
		return &evp->prefix.ead_addr.ip;
	case BGP_EVPN_MAC_IP_ROUTE:
		return &evp->prefix.macip_addr.ip;
	case BGP_EVPN_IMET_ROUTE:
		return &evp->prefix.imet_addr.ip;
	case BGP_EVPN_ES_ROUTE:
		return &evp->prefix.es_addr.ip;
	case BGP_EVPN_IP_PREFIX_ROUTE:
		return &evp->prefix.prefix_addr.ip;
	default:
		return NULL;
	}
}

static bool get_ip(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);
	const struct ipaddr *ip = evp ? evpn_ip(evp) : NULL;

	return ip && put_ipaddr(ip, out);
}

static bool get_address(const void *obj, struct frrscript_value *out)
{
	const struct prefix *p = route_prefix(obj);

	switch (p->family) {
	case AF_INET:
		return script_ipv4(out, &p->u.prefix4);
	case AF_INET6:
		return script_ipv6(out, &p->u.prefix6);
	default:
		return get_ip(obj, out);
	}
}

/* An IP prefix route (type 5) is in a prefix set when its IP prefix is. */
static bool as_prefix(const void *obj, struct frrscript_value *out)
{
	const struct prefix *p = route_prefix(obj);
	const struct prefix_evpn *evp;

	switch (p->family) {
	case AF_INET:
		script_ipv4(out, &p->u.prefix4);
		out->prefixlen = p->prefixlen;
		break;
	case AF_INET6:
		script_ipv6(out, &p->u.prefix6);
		out->prefixlen = p->prefixlen;
		break;
	case AF_EVPN:
		evp = (const struct prefix_evpn *)p;
		if (evp->prefix.route_type != BGP_EVPN_IP_PREFIX_ROUTE ||
		    !put_ipaddr(&evp->prefix.prefix_addr.ip, out))
			return false;
		out->prefixlen = evp->prefix.prefix_addr.ip_prefix_length;
		break;
	default:
		return false;
	}
	out->kind = FRRSCRIPT_PREFIX;
	return true;
}

/* VPN and EVPN tables are two deep; the upper one is by RD
 * (bgp_routemap.c:route_match_rd).
 */
static bool get_rd(const void *obj, struct frrscript_value *out)
{
	const struct bgp_script_route *route = obj;
	const struct prefix_rd *rd;
	static char buf[RD_ADDRSTRLEN];

	if (!route->path || !route->path->net || !route->path->net->pdest)
		return false;
	rd = (const struct prefix_rd *)bgp_dest_get_prefix(route->path->net->pdest);
	return script_text(out, prefix_rd2str(rd, buf, sizeof(buf), ASNOTATION_PLAIN));
}

static bool get_route_type(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);

	return evp && script_uint(out, evp->prefix.route_type);
}

static bool get_evpn(const void *obj, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = obj;
	return route_evpn(obj) != NULL;
}

static bool get_mac(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);
	static char buf[ETHER_ADDR_STRLEN];

	if (!evp || evp->prefix.route_type != BGP_EVPN_MAC_IP_ROUTE)
		return false;
	return script_text(out, prefix_mac2str(&evp->prefix.macip_addr.mac, buf, sizeof(buf)));
}

static bool get_ip_length(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);

	return evp && evp->prefix.route_type == BGP_EVPN_IP_PREFIX_ROUTE &&
	       script_uint(out, evp->prefix.prefix_addr.ip_prefix_length);
}

static bool get_ethernet_tag(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);

	if (!evp)
		return false;
	switch (evp->prefix.route_type) {
	case BGP_EVPN_AD_ROUTE:
		return script_uint(out, evp->prefix.ead_addr.eth_tag);
	case BGP_EVPN_MAC_IP_ROUTE:
		return script_uint(out, evp->prefix.macip_addr.eth_tag);
	case BGP_EVPN_IMET_ROUTE:
		return script_uint(out, evp->prefix.imet_addr.eth_tag);
	case BGP_EVPN_IP_PREFIX_ROUTE:
		return script_uint(out, evp->prefix.prefix_addr.eth_tag);
	default:
		return false;
	}
}

static bool get_esi(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);
	static char buf[ESI_STR_LEN];
	const esi_t *esi = NULL;

	if (evp && evp->prefix.route_type == BGP_EVPN_AD_ROUTE)
		esi = &evp->prefix.ead_addr.esi;
	else if (evp && evp->prefix.route_type == BGP_EVPN_ES_ROUTE)
		esi = &evp->prefix.es_addr.esi;
	return esi && script_text(out, esi_to_str(esi, buf, sizeof(buf)));
}

/* The label field of types 1, 2 and 5 is the VNI (bgp_routemap.c:
 * route_match_vni); a MAC/IP route may have a second, of the VRF.
 */
static bool get_label_vni(const void *obj, unsigned int index, struct frrscript_value *out)
{
	const struct bgp_script_route *route = obj;
	const struct bgp_path_info *path = route->path;

	if (!route_evpn(obj) || !path || !path->extra || !path->extra->labels)
		return false;
	if (index >= path->extra->labels->num_labels)
		return false;
	return script_uint(out, label2vni(&path->extra->labels->label[index]));
}

static bool get_vni(const void *obj, struct frrscript_value *out)
{
	const struct prefix_evpn *evp = route_evpn(obj);
	const struct attr *attr = bgp_script_attr(obj);

	/* An inclusive multicast route has its VNI in the PMSI attribute
	 * (RFC 8365 section 5.1.3).
	 */
	if (evp && evp->prefix.route_type == BGP_EVPN_IMET_ROUTE) {
		if (!CHECK_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_PMSI_TUNNEL)))
			return false;
		return script_uint(out, label2vni(&attr->label));
	}
	return get_label_vni(obj, 0, out);
}

static bool get_l3vni(const void *obj, struct frrscript_value *out)
{
	return get_label_vni(obj, 1, out);
}

static const struct frrscript_field evpn_fields[] = {
	{ .name = "route_type", .doc = "1 EAD, 2 MAC/IP, 3 multicast, 4 ES, 5 IP prefix",
	  .kind = FRRSCRIPT_UINT, .get = get_route_type },
	{ .name = "rd", .doc = "route distinguisher (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_rd },
	{ .name = "mac", .doc = "MAC address of type 2 (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_mac },
	{ .name = "ip", .doc = "IP address; nil for a MAC alone", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_ip },
	{ .name = "ip_length", .doc = "prefix length of type 5", .kind = FRRSCRIPT_UINT,
	  .get = get_ip_length },
	{ .name = "ethernet_tag", .doc = "Ethernet tag of types 1, 2, 3 and 5",
	  .kind = FRRSCRIPT_UINT, .get = get_ethernet_tag },
	{ .name = "esi", .doc = "Ethernet segment of types 1 and 4 (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_esi },
	{ .name = "vni", .doc = "VNI", .kind = FRRSCRIPT_UINT, .get = get_vni },
	{ .name = "l3vni", .doc = "VNI of the VRF, of a type 2 with two labels",
	  .kind = FRRSCRIPT_UINT, .get = get_l3vni },
	{}
};

static const struct frrscript_type evpn_type = {
	.name = "prefix_evpn",
	.doc = "parts of an EVPN route's prefix (RFC 7432 section 7, RFC 9136)",
	.fields = evpn_fields,
	.as_prefix = as_prefix,
};

static const struct frrscript_field prefix_fields[] = {
	{ .name = "network", .doc = "the prefix as FRR writes it, \"192.0.2.0/24\"",
	  .kind = FRRSCRIPT_STRING, .get = get_network },
	{ .name = "length", .doc = "prefix length", .kind = FRRSCRIPT_UINT, .get = get_length },
	{ .name = "family", .doc = "address family of the system: 2 IPv4, 10 IPv6 on Linux",
	  .kind = FRRSCRIPT_UINT, .get = get_family },
	{ .name = "address", .doc = "network address", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_address },
	{ .name = "rd", .doc = "route distinguisher of a VPN or EVPN route (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_rd },
	{ .name = "route_type", .doc = "EVPN route type; nil for others",
	  .kind = FRRSCRIPT_UINT, .get = get_route_type },
	{ .name = "evpn", .doc = "parts of an EVPN prefix; nil for others",
	  .kind = FRRSCRIPT_OBJECT, .type = &evpn_type, .get = get_evpn },
	{}
};

const struct frrscript_type bgp_script_prefix_type = {
	.name = "prefix",
	.doc = "prefix of a BGP route",
	.fields = prefix_fields,
	.as_prefix = as_prefix,
};
