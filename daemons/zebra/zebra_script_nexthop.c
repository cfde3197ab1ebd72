// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: type `nexthop`.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/if.h"
#include "lib/mpls.h"
#include "lib/nexthop.h"
#include "lib/vrf.h"

#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

static bool get_type(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	switch (nexthop->type) {
	case NEXTHOP_TYPE_IFINDEX:
		return script_text(out, "interface");
	case NEXTHOP_TYPE_IPV4:
	case NEXTHOP_TYPE_IPV4_IFINDEX:
		return script_text(out, "ipv4");
	case NEXTHOP_TYPE_IPV6:
	case NEXTHOP_TYPE_IPV6_IFINDEX:
		return script_text(out, "ipv6");
	case NEXTHOP_TYPE_BLACKHOLE:
		return script_text(out, "blackhole");
	}
	return false;
}

static bool get_address(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	switch (nexthop->type) {
	case NEXTHOP_TYPE_IPV4:
	case NEXTHOP_TYPE_IPV4_IFINDEX:
		return script_ipv4(out, &nexthop->gate.ipv4);
	case NEXTHOP_TYPE_IPV6:
	case NEXTHOP_TYPE_IPV6_IFINDEX:
		return script_ipv6(out, &nexthop->gate.ipv6);
	case NEXTHOP_TYPE_IFINDEX:
	case NEXTHOP_TYPE_BLACKHOLE:
		break;
	}
	return false;
}

static bool get_blackhole(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	if (nexthop->type != NEXTHOP_TYPE_BLACKHOLE)
		return false;
	switch (nexthop->bh_type) {
	case BLACKHOLE_REJECT:
		return script_text(out, "reject");
	case BLACKHOLE_ADMINPROHIB:
		return script_text(out, "prohibit");
	case BLACKHOLE_UNSPEC:
	case BLACKHOLE_NULL:
		break;
	}
	return script_text(out, "null");
}

/* ifindex is no member of a blackhole. */
static ifindex_t nexthop_ifindex(const struct nexthop *nexthop)
{
	return nexthop->type == NEXTHOP_TYPE_BLACKHOLE ? IFINDEX_INTERNAL : nexthop->ifindex;
}

static bool get_ifindex(const void *obj, struct frrscript_value *out)
{
	ifindex_t ifindex = nexthop_ifindex(obj);

	return ifindex != IFINDEX_INTERNAL && script_uint(out, ifindex);
}

static bool get_interface(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;
	const struct interface *ifp = NULL;

	if (nexthop_ifindex(nexthop) != IFINDEX_INTERNAL)
		ifp = if_lookup_by_index(nexthop->ifindex, nexthop->vrf_id);
	return script_text(out, ifp ? ifp->name : NULL);
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	return script_text(out, vrf_id_to_name(nexthop->vrf_id));
}

static bool get_weight(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	return script_uint(out, nexthop->weight);
}

static bool get_onlink(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	return script_bool(out, CHECK_FLAG(nexthop->flags, NEXTHOP_FLAG_ONLINK));
}

static bool get_recursive(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = obj;

	return script_bool(out, CHECK_FLAG(nexthop->flags, NEXTHOP_FLAG_RECURSIVE));
}

static bool get_labels(const void *obj, struct frrscript_value *out)
{
	static char buf[BUFSIZ];
	const struct nexthop *nexthop = obj;

	if (!nexthop->nh_label || !nexthop->nh_label->num_labels)
		return false;
	return script_text(out, mpls_label2str(nexthop->nh_label->num_labels,
					       nexthop->nh_label->label, buf, sizeof(buf),
					       nexthop->nh_label_type, 0));
}

static const struct frrscript_field nexthop_fields[] = {
	{ .name = "type", .doc = "\"ipv4\", \"ipv6\", \"interface\" or \"blackhole\"",
	  .kind = FRRSCRIPT_STRING, .get = get_type },
	{ .name = "address", .doc = "gateway; nil without one", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_address },
	{ .name = "interface", .doc = "name of the interface, once it is resolved",
	  .kind = FRRSCRIPT_STRING, .get = get_interface },
	{ .name = "ifindex", .doc = "its index", .kind = FRRSCRIPT_UINT, .get = get_ifindex },
	{ .name = "vrf", .doc = "VRF of the next hop", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{ .name = "blackhole", .doc = "\"null\", \"reject\" or \"prohibit\"; nil if it is none",
	  .kind = FRRSCRIPT_STRING, .get = get_blackhole },
	{ .name = "weight", .doc = "share of the traffic; 0 = equal", .kind = FRRSCRIPT_UINT,
	  .get = get_weight },
	{ .name = "labels", .doc = "MPLS labels (text, \"16/17\")", .kind = FRRSCRIPT_STRING,
	  .get = get_labels },
	{ .name = "onlink", .doc = "the gateway counts as on the link", .kind = FRRSCRIPT_BOOL,
	  .get = get_onlink },
	{ .name = "recursive", .doc = "resolved through another route", .kind = FRRSCRIPT_BOOL,
	  .get = get_recursive },
	{}
};

const struct frrscript_type zebra_script_nexthop_type = {
	.name = "nexthop",
	.doc = "one next hop of a route",
	.fields = nexthop_fields,
};

#endif /* HAVE_SCRIPTING */
