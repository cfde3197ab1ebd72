// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: type `attributes`, the path attributes of a route.
 *
 * A getter returns false for an attribute that the route does not carry, so
 * the script reads nil; presence is attr->flag where the attribute has a bit
 * there. A setter does what the `set ...` command of a route-map does for the
 * same attribute (bgp_routemap.c:route_set_*), and clears it when the script
 * assigned nil. Values that struct attr has no "absent" for (weight, distance,
 * tag, table) are 0 when they were never set, as in FRR's own output.
 *
 * Next hops are in bgp_script_nexthop.c, lists (AS path, communities) in
 * bgp_script_lists.c, EVPN in bgp_script_evpn.c.
 */

#include <zebra.h>

#include "lib/mpls.h"
#include "lib/printfrr.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_aspath.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_label.h"
#include "bgpd/bgp_mplsvpn.h"
#include "bgpd/bgp_route.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

#define HAS(attr, bit) CHECK_FLAG((attr)->flag, ATTR_FLAG_BIT(bit))

/* RFC 4271 section 4.3: 4 octets; nil removes the attribute. */
static bool get_metric(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_MULTI_EXIT_DISC) && script_uint(out, attr->med);
}

static void set_metric(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL) {
		bgp_attr_set_med(attr, v->u.num);
		return;
	}
	attr->med = 0;
	UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_MULTI_EXIT_DISC));
}

static bool get_localpref(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_LOCAL_PREF) && script_uint(out, attr->local_pref);
}

static void set_localpref(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL) {
		attr->local_pref = v->u.num;
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_LOCAL_PREF));
		return;
	}
	attr->local_pref = 0;
	UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_LOCAL_PREF));
}

/* Index = code point (RFC 4271 section 4.3, ORIGIN). */
static const char *const origins[] = { "igp", "egp", "incomplete", NULL };

static bool get_origin(const void *obj, struct frrscript_value *out)
{
	uint8_t origin = bgp_script_attr(obj)->origin;

	return script_text(out, origins[MIN(origin, BGP_ORIGIN_INCOMPLETE)]);
}

static void set_origin(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	for (uint8_t i = 0; origins[i]; i++) {
		if (v->len != strlen(origins[i]) || memcmp(v->u.ptr, origins[i], v->len) != 0)
			continue;
		attr->origin = i;
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_ORIGIN));
	}
}

static bool get_weight(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->weight);
}

static void set_weight(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->weight = v->u.num;
}

static bool get_distance(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->distance);
}

static void set_distance(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->distance = v->u.num;
}

static bool get_tag(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->tag);
}

static void set_tag(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->tag = v->u.num;
}

static bool get_table(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->rmap_table_id);
}

static void set_table(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->rmap_table_id = v->u.num;
}

static bool get_label_index(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_PREFIX_SID) && attr->label_index != BGP_INVALID_LABEL_INDEX &&
	       script_uint(out, attr->label_index);
}

/* As route_set_label_index: 0 is no label index. */
static void set_label_index(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL && v->u.num) {
		attr->label_index = v->u.num;
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_PREFIX_SID));
		return;
	}
	attr->label_index = BGP_INVALID_LABEL_INDEX;
	/* The same attribute carries an SRv6 SID (RFC 9252). */
	if (!attr->srv6_l3vpn && !attr->srv6_vpn)
		UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_PREFIX_SID));
}

static bool get_aigp_metric(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_AIGP) && script_uint(out, bgp_attr_get_aigp_metric(attr));
}

static void set_aigp_metric(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL) {
		bgp_attr_set_aigp_metric(attr, v->u.num);
		return;
	}
	attr->aigp_metric = 0;
	UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_AIGP));
}

static bool get_atomic_aggregate(const void *obj, struct frrscript_value *out)
{
	return script_bool(out, HAS(bgp_script_attr(obj), BGP_ATTR_ATOMIC_AGGREGATE));
}

static void set_atomic_aggregate(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL && v->u.num)
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_ATOMIC_AGGREGATE));
	else
		UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_ATOMIC_AGGREGATE));
}

static bool get_ifindex(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->nh_ifindex);
}

static void set_ifindex(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->nh_ifindex = v->u.num;
}

static bool get_rmap_change_flags(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, bgp_script_attr(obj)->rmap_change_flags);
}

/* "The next hop was changed" without one that was makes bgpd send none, and
 * the neighbor reset the session.
 */
static const char *check_rmap_change_flags(const void *obj, const struct frrscript_value *v)
{
	const uint64_t hops = BATTR_RMAP_IPV4_NHOP_CHANGED | BATTR_RMAP_IPV6_GLOBAL_NHOP_CHANGED |
			      BATTR_RMAP_IPV6_LL_NHOP_CHANGED | BATTR_RMAP_VPNV4_NHOP_CHANGED |
			      BATTR_RMAP_VPNV6_GLOBAL_NHOP_CHANGED |
			      BATTR_RMAP_NEXTHOP_PEER_ADDRESS;

	if (v->u.num & hops & ~(uint64_t)bgp_script_attr(obj)->rmap_change_flags)
		return "must not add that the next hop changed: assign nexthop.address";
	return NULL;
}

static void set_rmap_change_flags(void *obj, const struct frrscript_value *v)
{
	bgp_script_attr(obj)->rmap_change_flags = v->u.num;
}

static bool get_aggregator_as(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_AGGREGATOR) && script_uint(out, attr->aggregator_as);
}

static bool get_aggregator_address(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_AGGREGATOR) && bgp_script_ipv4_text(out, &attr->aggregator_addr);
}

/* RFC 7607 section 2: an AGGREGATOR with AS 0 is malformed, so the attribute
 * exists from the moment that it has an AS.
 */
static void set_aggregator_as(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL) {
		attr->aggregator_as = v->u.num;
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_AGGREGATOR));
		return;
	}
	attr->aggregator_as = 0;
	attr->aggregator_addr.s_addr = INADDR_ANY;
	UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_AGGREGATOR));
}

static const char *check_aggregator_as(const void *obj, const struct frrscript_value *v)
{
	if (v->kind == FRRSCRIPT_UINT && v->u.num == BGP_AS_ZERO)
		return "must not be 0 (RFC 7607)";
	return NULL;
}

static void set_aggregator_address(void *obj, const struct frrscript_value *v)
{
	bgp_script_to_ipv4(v, &bgp_script_attr(obj)->aggregator_addr);
}

static bool get_aggregator(const void *obj, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = obj;
	return HAS(bgp_script_attr(obj), BGP_ATTR_AGGREGATOR);
}

static bool get_originator_id(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_ORIGINATOR_ID) && bgp_script_ipv4_text(out, &attr->originator_id);
}

static void set_originator_id(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);

	if (v->kind != FRRSCRIPT_NIL) {
		bgp_script_to_ipv4(v, &attr->originator_id);
		SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_ORIGINATOR_ID));
		return;
	}
	attr->originator_id.s_addr = INADDR_ANY;
	UNSET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_ORIGINATOR_ID));
}

static bool get_cluster_list(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);
	const struct cluster_list *list = bgp_attr_get_cluster(attr);
	/* A cluster list is at most as long as the attribute: 255 ids fit. */
	static char buf[256 * INET_ADDRSTRLEN];
	size_t used = 0;

	if (!HAS(attr, BGP_ATTR_CLUSTER_LIST) || !list)
		return false;
	for (int i = 0; i < list->length / IPV4_MAX_BYTELEN; i++) {
		if (used + INET_ADDRSTRLEN + 1 > sizeof(buf))
			break;
		used += snprintfrr(buf + used, sizeof(buf) - used, "%s%pI4", i ? " " : "",
				   &list->list[i]);
	}
	return script_text(out, used ? buf : "");
}

static bool get_otc(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return HAS(attr, BGP_ATTR_OTC) && script_uint(out, attr->otc);
}

/* Octets per second, as in the extended community. */
static bool get_link_bandwidth(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	return attr->link_bw && script_uint(out, attr->link_bw);
}

static bool get_label(const void *obj, struct frrscript_value *out)
{
	const struct bgp_script_route *route = obj;
	const struct bgp_path_info *path = route->path;

	if (!path || !path->extra || !path->extra->labels || !path->extra->labels->num_labels)
		return false;
	if (!bgp_is_valid_label(&path->extra->labels->label[0]))
		return false;
	return script_uint(out, decode_label(&path->extra->labels->label[0]));
}

static bool get_srv6_sid(const void *obj, struct frrscript_value *out)
{
	const struct attr *attr = bgp_script_attr(obj);

	if (attr->srv6_l3vpn)
		return bgp_script_ipv6_text(out, &attr->srv6_l3vpn->sid);
	return attr->srv6_vpn && bgp_script_ipv6_text(out, &attr->srv6_vpn->sid);
}

static const struct frrscript_field aggregator_fields[] = {
	{ .name = "as", .doc = "AS that aggregated the route", .kind = FRRSCRIPT_UINT,
	  .max = UINT32_MAX, .get = get_aggregator_as, .set = set_aggregator_as,
	  .check = check_aggregator_as },
	{ .name = "address", .doc = "router that aggregated the route (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_aggregator_address, .set = set_aggregator_address,
	  .check = bgp_script_check_ipv4 },
	{}
};

static const struct frrscript_type aggregator_type = {
	.name = "aggregator",
	.doc = "AGGREGATOR of a route (RFC 4271 section 5.1.7)",
	.fields = aggregator_fields,
};

#define UINT_FIELD(name_, max_, flags_, doc_)                                                     \
	{                                                                                         \
		.name = #name_, .doc = doc_, .kind = FRRSCRIPT_UINT, .flags = flags_,             \
		.max = max_, .get = get_##name_, .set = set_##name_,                              \
	}

#define LIST_FIELD(name_, kind_, flags_, member_, fn_, check_, doc_)                              \
	{                                                                                         \
		.name = name_, .doc = doc_, .kind = kind_, .flags = (flags_) | FRRSCRIPT_CLEAR,   \
		.offset = offsetof(struct attr, member_), .get = bgp_script_get_##fn_,            \
		.set = bgp_script_set_##fn_, .check = bgp_script_check_##check_,                  \
	}

/* Two fields of the same kind and offset are two views of one attribute: the
 * text and the typed one.
 */
static const struct frrscript_field attributes_fields[] = {
	UINT_FIELD(metric, UINT32_MAX, FRRSCRIPT_CLEAR, "MED; nil without one"),
	UINT_FIELD(localpref, UINT32_MAX, FRRSCRIPT_CLEAR, "local preference; nil without one"),
	{ .name = "origin", .doc = "\"igp\", \"egp\" or \"incomplete\"", .kind = FRRSCRIPT_STRING,
	  .choices = origins, .get = get_origin, .set = set_origin },
	UINT_FIELD(weight, UINT32_MAX, 0, "weight, local to this router"),
	UINT_FIELD(distance, UINT8_MAX, 0, "administrative distance; 0 = the default"),
	UINT_FIELD(tag, UINT32_MAX, 0, "route tag; 0 = none"),
	UINT_FIELD(table, UINT32_MAX, 0, "kernel table to install into; 0 = the VRF's"),
	UINT_FIELD(label_index, UINT32_MAX - 1, FRRSCRIPT_CLEAR, "label index of Prefix-SID"),
	UINT_FIELD(aigp_metric, UINT64_MAX, FRRSCRIPT_CLEAR, "AIGP metric (RFC 7311)"),
	{ .name = "atomic_aggregate", .doc = "ATOMIC_AGGREGATE is present",
	  .kind = FRRSCRIPT_BOOL, .get = get_atomic_aggregate, .set = set_atomic_aggregate },
	LIST_FIELD("aspath", FRRSCRIPT_AS_PATH, FRRSCRIPT_TEXT, aspath, aspath, aspath,
		   "AS path as text, \"65001 65002 {65003,65004}\""),
	LIST_FIELD("as_path", FRRSCRIPT_AS_PATH, 0, aspath, aspath, aspath, "AS path"),
	LIST_FIELD("community", FRRSCRIPT_COMMUNITY, FRRSCRIPT_TEXT, community, community,
		   community, "communities as text, \"65001:100 no-export\""),
	LIST_FIELD("communities", FRRSCRIPT_COMMUNITY, 0, community, community, community,
		   "communities (RFC 1997)"),
	LIST_FIELD("large_community", FRRSCRIPT_LARGE_COMMUNITY, FRRSCRIPT_TEXT, lcommunity,
		   lcommunity, community, "large communities as text, \"65001:1:2\""),
	LIST_FIELD("large_communities", FRRSCRIPT_LARGE_COMMUNITY, 0, lcommunity, lcommunity,
		   community, "large communities (RFC 8092)"),
	LIST_FIELD("extcommunity", FRRSCRIPT_EXT_COMMUNITY, FRRSCRIPT_TEXT, ecommunity,
		   ecommunity, community, "extended communities as text, \"rt 65001:100\""),
	LIST_FIELD("ext_communities", FRRSCRIPT_EXT_COMMUNITY, 0, ecommunity, ecommunity,
		   community, "extended communities (RFC 4360)"),
	LIST_FIELD("ipv6_extcommunity", FRRSCRIPT_IPV6_EXT_COMMUNITY, FRRSCRIPT_TEXT,
		   ipv6_ecommunity, ipv6_ecommunity, community,
		   "IPv6 extended communities as text"),
	LIST_FIELD("ipv6_ext_communities", FRRSCRIPT_IPV6_EXT_COMMUNITY, 0, ipv6_ecommunity,
		   ipv6_ecommunity, community, "IPv6 extended communities (RFC 5701)"),
	{ .name = "nexthop", .doc = "next hop", .kind = FRRSCRIPT_OBJECT,
	  .type = &bgp_script_nexthop_type },
	UINT_FIELD(ifindex, INT32_MAX, 0, "interface of the next hop; 0 = none"),
	{ .name = "rmap_change_flags", .doc = "what route-maps changed (BATTR_RMAP_*)",
	  .kind = FRRSCRIPT_UINT, .max = UINT16_MAX, .get = get_rmap_change_flags,
	  .set = set_rmap_change_flags, .check = check_rmap_change_flags },
	{ .name = "aggregator", .doc = "AGGREGATOR; nil without one", .kind = FRRSCRIPT_OBJECT,
	  .type = &aggregator_type, .get = get_aggregator },
	{ .name = "aggregator_as", .doc = "AS of AGGREGATOR; assigning one adds the attribute",
	  .kind = FRRSCRIPT_UINT, .flags = FRRSCRIPT_CLEAR, .max = UINT32_MAX,
	  .get = get_aggregator_as, .set = set_aggregator_as, .check = check_aggregator_as },
	{ .name = "aggregator_address", .doc = "router of AGGREGATOR (text)",
	  .kind = FRRSCRIPT_STRING, .get = get_aggregator_address, .set = set_aggregator_address,
	  .check = bgp_script_check_ipv4 },
	{ .name = "originator_id", .doc = "ORIGINATOR_ID (text); nil without one",
	  .kind = FRRSCRIPT_STRING, .flags = FRRSCRIPT_CLEAR, .get = get_originator_id,
	  .set = set_originator_id, .check = bgp_script_check_ipv4 },
	{ .name = "cluster_list", .doc = "CLUSTER_LIST, ids with spaces between",
	  .kind = FRRSCRIPT_STRING, .get = get_cluster_list },
	{ .name = "otc", .doc = "Only-To-Customer AS (RFC 9234)", .kind = FRRSCRIPT_UINT,
	  .get = get_otc },
	{ .name = "link_bandwidth", .doc = "link bandwidth, octets per second",
	  .kind = FRRSCRIPT_UINT, .get = get_link_bandwidth },
	{ .name = "label", .doc = "MPLS label or VNI that came with the route",
	  .kind = FRRSCRIPT_UINT, .get = get_label },
	{ .name = "srv6_sid", .doc = "SRv6 service SID (text)", .kind = FRRSCRIPT_STRING,
	  .get = get_srv6_sid },
	{ .name = "evpn", .doc = "EVPN attributes", .kind = FRRSCRIPT_OBJECT,
	  .type = &bgp_script_attr_evpn_type },
	{}
};

const struct frrscript_type bgp_script_attributes_type = {
	.name = "attributes",
	.doc = "path attributes of a BGP route",
	.fields = attributes_fields,
};
