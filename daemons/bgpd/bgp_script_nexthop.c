// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: `attributes.nexthop`, and addresses as text.
 *
 * Setters follow bgp_routemap.c:route_set_ip_nexthop and its IPv6 and VPN
 * siblings: what they set beside the address (presence bit, length of the
 * MP_REACH next hop, BATTR_RMAP_* that keep bgpd from rewriting it on output)
 * decides whether the next hop reaches the neighbor.
 */

#include <zebra.h>

#include "lib/sockunion.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_table.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

bool bgp_script_ipv4_text(struct frrscript_value *out, const struct in_addr *addr)
{
	static char buf[INET_ADDRSTRLEN];

	return script_text(out, inet_ntop(AF_INET, addr, buf, sizeof(buf)));
}

bool bgp_script_ipv6_text(struct frrscript_value *out, const struct in6_addr *addr)
{
	static char buf[INET6_ADDRSTRLEN];

	return script_text(out, inet_ntop(AF_INET6, addr, buf, sizeof(buf)));
}

static bool to_address(int family, const struct frrscript_value *v, void *addr)
{
	char buf[INET6_ADDRSTRLEN];

	/* The script's string ends by length; one with a NUL is no address. */
	if (v->kind != FRRSCRIPT_STRING || v->len >= sizeof(buf) || memchr(v->u.ptr, 0, v->len))
		return false;
	memcpy(buf, v->u.ptr, v->len);
	buf[v->len] = '\0';
	return inet_pton(family, buf, addr) == 1;
}

bool bgp_script_to_ipv4(const struct frrscript_value *v, struct in_addr *addr)
{
	return to_address(AF_INET, v, addr);
}

bool bgp_script_to_ipv6(const struct frrscript_value *v, struct in6_addr *addr)
{
	return to_address(AF_INET6, v, addr);
}

const char *bgp_script_check_ipv4(const void *obj, const struct frrscript_value *v)
{
	struct in_addr addr;

	if (v->kind == FRRSCRIPT_NIL || bgp_script_to_ipv4(v, &addr))
		return NULL;
	return "must be an IPv4 address, such as \"192.0.2.1\"";
}

const char *bgp_script_check_ipv6(const void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr;

	if (v->kind == FRRSCRIPT_NIL || bgp_script_to_ipv6(v, &addr))
		return NULL;
	return "must be an IPv6 address, such as \"2001:db8::1\"";
}

static bool has_mp_ipv4(const struct attr *attr)
{
	return attr->mp_nexthop_len == BGP_ATTR_NHLEN_IPV4 ||
	       attr->mp_nexthop_len == BGP_ATTR_NHLEN_VPNV4;
}

static bool has_ipv6_local(const struct attr *attr)
{
	return attr->mp_nexthop_len == BGP_ATTR_NHLEN_IPV6_GLOBAL_AND_LL ||
	       attr->mp_nexthop_len == BGP_ATTR_NHLEN_VPNV6_GLOBAL_AND_LL;
}

static bool has_ipv6(const struct attr *attr)
{
	return BGP_ATTR_MP_NEXTHOP_LEN_IP6(attr);
}

/* SAFI of the table that the route is in; SAFI_UNSPEC when nobody said. */
static safi_t route_safi(const struct bgp_script_route *route)
{
	const struct bgp_table *table;

	if (!route->path || !route->path->net)
		return SAFI_UNSPEC;
	table = bgp_dest_table(route->path->net);
	return table ? table->safi : SAFI_UNSPEC;
}

static bool route_is_vpn(const struct bgp_script_route *route)
{
	safi_t safi = route_safi(route);

	return safi == SAFI_MPLS_VPN || safi == SAFI_ENCAP || safi == SAFI_EVPN;
}

static bool get_ipv4(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return CHECK_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_NEXT_HOP)) &&
	       bgp_script_ipv4_text(out, &attr->nexthop);
}

static const char *family_check_ipv4(const void *obj)
{
	const struct bgp_script_route *route = obj;

	if (route->prefix && route->prefix->family == AF_INET6)
		return "must not be set on an IPv6 route: use nexthop.ipv6_global";
	return NULL;
}

/* A neighbor resets the session over a martian next hop
 * (bgp_attr.c:bgp_attr_nexthop_valid), so a script must not set one.
 */
static const char *unicast_ipv4(struct in_addr addr)
{
	return ipv4_martian(&addr) ? "must be a unicast address" : NULL;
}

static const char *unicast_ipv6(const struct in6_addr *addr)
{
	if (IN6_IS_ADDR_UNSPECIFIED(addr) || IN6_IS_ADDR_LOOPBACK(addr) ||
	    IN6_IS_ADDR_MULTICAST(addr))
		return "must be a unicast address";
	return NULL;
}

static const char *check_vpnv4(const void *obj, const struct frrscript_value *v)
{
	struct in_addr addr;

	if (!bgp_script_to_ipv4(v, &addr))
		return bgp_script_check_ipv4(obj, v);
	return unicast_ipv4(addr);
}

static const char *check_ipv4(const void *obj, const struct frrscript_value *v)
{
	const char *why = family_check_ipv4(obj);

	return why ? why : check_vpnv4(obj, v);
}

static const char *check_ipv6_global(const void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr;

	if (!bgp_script_to_ipv6(v, &addr))
		return bgp_script_check_ipv6(obj, v);
	return unicast_ipv6(&addr);
}

static const char *check_ipv6_local(const void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr;

	if (!bgp_script_to_ipv6(v, &addr))
		return bgp_script_check_ipv6(obj, v);
	return IN6_IS_ADDR_LINKLOCAL(&addr) ? NULL : "must be a link-local address";
}

static void assign_ipv4(struct attr *attr, struct in_addr addr)
{
	attr->nexthop = addr;
	SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_NEXT_HOP));
	SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_IPV4_NHOP_CHANGED);
	/* The next hop of an MPLS VPN route is in MP_REACH. */
	attr->mp_nexthop_global_in = addr;
	attr->mp_nexthop_len = BGP_ATTR_NHLEN_IPV4;
}

static void set_ipv4(void *obj, const struct frrscript_value *v)
{
	struct in_addr addr;

	if (bgp_script_to_ipv4(v, &addr))
		assign_ipv4(bgp_script_attr(obj), addr);
}

static bool get_vpnv4(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return has_mp_ipv4(attr) && bgp_script_ipv4_text(out, &attr->mp_nexthop_global_in);
}

static void set_vpnv4(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (!bgp_script_to_ipv4(v, &attr->mp_nexthop_global_in))
		return;
	attr->mp_nexthop_len = BGP_ATTR_NHLEN_IPV4;
	SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_VPNV4_NHOP_CHANGED);
}

static bool get_ipv6_global(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return has_ipv6(attr) && bgp_script_ipv6_text(out, &attr->mp_nexthop_global);
}

static void assign_ipv6_global(struct bgp_script_route *route, const struct in6_addr *addr)
{
	struct attr *attr = route->attr;

	attr->mp_nexthop_global = *addr;
	if (route_safi(route) == SAFI_MPLS_VPN) {
		attr->mp_nexthop_len = BGP_ATTR_NHLEN_VPNV6_GLOBAL;
		SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_VPNV6_GLOBAL_NHOP_CHANGED);
		return;
	}
	if (attr->mp_nexthop_len == 0)
		attr->mp_nexthop_len = BGP_ATTR_NHLEN_IPV6_GLOBAL;
	SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_IPV6_GLOBAL_NHOP_CHANGED);
}

static void set_ipv6_global(void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr;

	if (bgp_script_to_ipv6(v, &addr))
		assign_ipv6_global(obj, &addr);
}

static bool get_ipv6_local(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return has_ipv6_local(attr) && bgp_script_ipv6_text(out, &attr->mp_nexthop_local);
}

static void set_ipv6_local(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (!bgp_script_to_ipv6(v, &attr->mp_nexthop_local))
		return;
	attr->mp_nexthop_len = route_is_vpn(obj) ? BGP_ATTR_NHLEN_VPNV6_GLOBAL_AND_LL
						 : BGP_ATTR_NHLEN_IPV6_GLOBAL_AND_LL;
	SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_IPV6_LL_NHOP_CHANGED);
}

static bool get_mp_len(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->mp_nexthop_len);
}

/* bgp_attr.c writes as many octets as this says. */
static const char *check_mp_len(const void *obj, const struct frrscript_value *v)
{
	const struct bgp_script_route *route = obj;
	const struct attr *attr = route->attr;
	bool local = !IN6_IS_ADDR_UNSPECIFIED(&attr->mp_nexthop_local);
	bool ipv6 = route->prefix && route->prefix->family == AF_INET6;

	if (v->u.num == attr->mp_nexthop_len)
		return NULL;
	switch (v->u.num) {
	case BGP_ATTR_NHLEN_IPV4:
	case BGP_ATTR_NHLEN_VPNV4:
		return ipv6 ? "must be 16, 24, 32 or 48 on an IPv6 route" : NULL;
	case BGP_ATTR_NHLEN_IPV6_GLOBAL:
	case BGP_ATTR_NHLEN_VPNV6_GLOBAL:
		return NULL;
	case BGP_ATTR_NHLEN_IPV6_GLOBAL_AND_LL:
	case BGP_ATTR_NHLEN_VPNV6_GLOBAL_AND_LL:
		return local ? NULL : "must not be 32 or 48 without a link-local next hop";
	default:
		return "must be 4, 12, 16, 24, 32 or 48";
	}
}

static void set_mp_len(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->mp_nexthop_len = v->u.num;
}

static bool get_ifindex(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->nh_ifindex);
}

static void set_ifindex(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->nh_ifindex = v->u.num;
}

static bool get_lla_ifindex(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->nh_lla_ifindex);
}

static void set_lla_ifindex(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->nh_lla_ifindex = v->u.num;
}

static bool get_prefer_global(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, CHECK_FLAG(bgp_script_attr(obj)->nh_flags,
					       BGP_ATTR_NH_MP_PREFER_GLOBAL));
}

static void set_prefer_global(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->u.num)
		SET_FLAG(attr->nh_flags, BGP_ATTR_NH_MP_PREFER_GLOBAL);
	else
		UNSET_FLAG(attr->nh_flags, BGP_ATTR_NH_MP_PREFER_GLOBAL);
	SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_IPV6_PREFER_GLOBAL_CHANGED);
}

static bool get_unchanged(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, CHECK_FLAG(bgp_script_attr(obj)->rmap_change_flags,
					       BATTR_RMAP_NEXTHOP_UNCHANGED));
}

static void set_unchanged(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->u.num)
		SET_FLAG(attr->rmap_change_flags, BATTR_RMAP_NEXTHOP_UNCHANGED);
	else
		UNSET_FLAG(attr->rmap_change_flags, BATTR_RMAP_NEXTHOP_UNCHANGED);
}

/* The next hop whatever its kind, as an address object. */
static bool get_address(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	if (has_ipv6(attr))
		return script_ipv6(out, &attr->mp_nexthop_global);
	if (CHECK_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_NEXT_HOP)))
		return script_ipv4(out, &attr->nexthop);
	return has_mp_ipv4(attr) && script_ipv4(out, &attr->mp_nexthop_global_in);
}

static const char *check_address(const void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr6;
	struct in_addr addr;
	const char *why;

	if (v->family == AF_INET) {
		memcpy(&addr, v->u.addr, sizeof(addr));
		why = family_check_ipv4(obj);
		return why ? why : unicast_ipv4(addr);
	}
	memcpy(&addr6, v->u.addr, sizeof(addr6));
	return unicast_ipv6(&addr6);
}

static void set_address(void *obj, const struct frrscript_value *v)
{
	struct in6_addr addr6;
	struct in_addr addr;

	if (v->family == AF_INET) {
		memcpy(&addr, v->u.addr, sizeof(addr));
		assign_ipv4(bgp_script_attr(obj), addr);
	} else {
		memcpy(&addr6, v->u.addr, sizeof(addr6));
		assign_ipv6_global(obj, &addr6);
	}
}

static const struct frrscript_field nexthop_fields[] = {
	{ .name = "address", .doc = "the next hop, IPv4 or IPv6", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_address, .set = set_address, .check = check_address },
	{ .name = "ipv4", .doc = "NEXT_HOP (text)", .kind = FRRSCRIPT_STRING, .get = get_ipv4,
	  .set = set_ipv4, .check = check_ipv4 },
	{ .name = "ipv6_global", .doc = "global IPv6 next hop (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_ipv6_global, .set = set_ipv6_global, .check = check_ipv6_global },
	{ .name = "ipv6_local", .doc = "link-local IPv6 next hop (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_ipv6_local, .set = set_ipv6_local,
	  .check = check_ipv6_local },
	{ .name = "vpnv4", .doc = "IPv4 next hop of MP_REACH_NLRI (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_vpnv4, .set = set_vpnv4,
	  .check = check_vpnv4 },
	{ .name = "mp_len", .doc = "octets of the next hop in MP_REACH_NLRI",
	  .kind = FRRSCRIPT_UINT, .max = BGP_ATTR_NHLEN_VPNV6_GLOBAL_AND_LL, .get = get_mp_len,
	  .set = set_mp_len, .check = check_mp_len },
	{ .name = "ifindex", .doc = "interface of the next hop; 0 = none",
	  .kind = FRRSCRIPT_UINT, .max = INT32_MAX, .get = get_ifindex, .set = set_ifindex },
	{ .name = "lla_ifindex", .doc = "interface of the link-local next hop; 0 = none",
	  .kind = FRRSCRIPT_UINT, .max = INT32_MAX, .get = get_lla_ifindex,
	  .set = set_lla_ifindex },
	{ .name = "prefer_global", .doc = "prefer the global over the link-local next hop",
	  .kind = FRRSCRIPT_BOOL, .get = get_prefer_global, .set = set_prefer_global },
	{ .name = "unchanged", .doc = "send the next hop on as it is", .kind = FRRSCRIPT_BOOL,
	  .get = get_unchanged, .set = set_unchanged },
	{}
};

const struct frrscript_type bgp_script_nexthop_type = {
	.name = "nexthop",
	.doc = "next hop of a BGP route",
	.fields = nexthop_fields,
};
