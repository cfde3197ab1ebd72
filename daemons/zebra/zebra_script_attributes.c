// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: type `attributes`, a route of zebra under evaluation.
 *
 * Names are those that bgpd's `attributes` and `path` have for the same
 * things, so that one function may serve both.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/if.h"
#include "lib/nexthop.h"
#include "lib/vrf.h"
#include "lib/zclient.h"

#include "zebra/rib.h"
#include "zebra/zebra_routemap.h"

#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

static struct zebra_rmap_obj *eval_obj(const void *obj)
{
	const struct zebra_script_eval *eval = obj;

	return eval->obj;
}

static const struct route_entry *eval_re(const void *obj)
{
	return eval_obj(obj)->re;
}

/* What an earlier rule of the route-map assigned, or what the route has. */
static bool is_set(const void *obj, uint8_t field)
{
	return CHECK_FLAG(eval_obj(obj)->set.fields, field);
}

/* Next-hop tracking asks whether a route may resolve a next hop: the route is
 * not zebra's to change there.
 */
static const char *check_place(const void *obj, const struct frrscript_value *v)
{
	if (eval_obj(obj)->place == ZEBRA_RMAP_NHT)
		return "can't be set in a route-map of `ip nht`, which only permits or denies: use one of `ip protocol`";
	return NULL;
}

static bool get_metric(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, is_set(obj, ZEBRA_RMAP_SET_METRIC) ? eval_obj(obj)->set.metric
								   : eval_re(obj)->metric);
}

static void set_metric(void *obj, const struct frrscript_value *v)
{
	struct zebra_rmap_set *set = &eval_obj(obj)->set;

	set->metric = v->u.num;
	SET_FLAG(set->fields, ZEBRA_RMAP_SET_METRIC);
}

static bool get_distance(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, is_set(obj, ZEBRA_RMAP_SET_DISTANCE) ? eval_obj(obj)->set.distance
								     : eval_re(obj)->distance);
}

static const char *check_distance(const void *obj, const struct frrscript_value *v)
{
	if (v->u.num == 0)
		return "must not be 0: that is for connected routes (1 to 254; 255 = never selected)";
	return check_place(obj, v);
}

static void set_distance(void *obj, const struct frrscript_value *v)
{
	struct zebra_rmap_set *set = &eval_obj(obj)->set;

	set->distance = v->u.num;
	SET_FLAG(set->fields, ZEBRA_RMAP_SET_DISTANCE);
}

static bool get_tag(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, is_set(obj, ZEBRA_RMAP_SET_TAG) ? eval_obj(obj)->set.tag
								: eval_re(obj)->tag);
}

static void set_tag(void *obj, const struct frrscript_value *v)
{
	struct zebra_rmap_set *set = &eval_obj(obj)->set;

	set->tag = v->u.num;
	SET_FLAG(set->fields, ZEBRA_RMAP_SET_TAG);
}

static int eval_family(const void *obj)
{
	const struct zebra_script_eval *eval = obj;

	return eval->prefix->family;
}

static bool get_source(const void *obj, struct frrscript_value *out)
{
	const union g_addr *src = &eval_obj(obj)->nexthop->rmap_src;

	if (eval_family(obj) == AF_INET)
		return src->ipv4.s_addr != INADDR_ANY && script_ipv4(out, &src->ipv4);
	return !IN6_IS_ADDR_UNSPECIFIED(&src->ipv6) && script_ipv6(out, &src->ipv6);
}

/* The kernel refuses the whole route with a source that is not its own
 * (FRR's `set src` checks the same when it is configured).
 */
static const char *check_source(const void *obj, const struct frrscript_value *v)
{
	const struct zebra_rmap_obj *rm = eval_obj(obj);

	switch (rm->place) {
	case ZEBRA_RMAP_NHT:
		return check_place(obj, v);
	case ZEBRA_RMAP_IMPORT_TABLE:
		return "can't be set in a route-map of `ip import-table`: use one of `ip protocol table`, which the imported route goes through next";
	case ZEBRA_RMAP_PROTOCOL:
		break;
	}
	if (v->kind == FRRSCRIPT_NIL)
		return NULL;
	if (v->family != eval_family(obj))
		return "must be an address of the prefix's family";
	if (!if_address_is_local(v->u.addr, v->family, rm->re->vrf_id))
		return "must be an address of this router, in the route's VRF";
	return NULL;
}

static void set_source(void *obj, const struct frrscript_value *v)
{
	union g_addr *src = &eval_obj(obj)->nexthop->rmap_src;

	memset(src, 0, sizeof(*src));
	if (v->kind == FRRSCRIPT_ADDRESS && v->family == AF_INET)
		memcpy(&src->ipv4, v->u.addr, sizeof(src->ipv4));
	else if (v->kind == FRRSCRIPT_ADDRESS)
		memcpy(&src->ipv6, v->u.addr, sizeof(src->ipv6));
}

static bool get_type(const void *obj, struct frrscript_value *out)
{
	return script_text(out, zebra_route_string(eval_re(obj)->type));
}

static bool get_type_id(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, eval_re(obj)->type);
}

static bool get_instance(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, eval_re(obj)->instance);
}

static bool get_table(const void *obj, struct frrscript_value *out)
{
	return script_uint(out, eval_re(obj)->table);
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	return script_text(out, vrf_id_to_name(eval_re(obj)->vrf_id));
}

static bool get_mtu(const void *obj, struct frrscript_value *out)
{
	return eval_re(obj)->mtu && script_uint(out, eval_re(obj)->mtu);
}

static bool get_nexthop(const void *obj, struct frrscript_value *out)
{
	return script_object(out, eval_obj(obj)->nexthop);
}

static bool get_interface(const void *obj, struct frrscript_value *out)
{
	const struct nexthop *nexthop = eval_obj(obj)->nexthop;
	const struct interface *ifp;

	if (!nexthop || nexthop->type == NEXTHOP_TYPE_BLACKHOLE)
		return false;
	ifp = if_lookup_by_index(nexthop->ifindex, nexthop->vrf_id);
	return script_text(out, ifp ? ifp->name : NULL);
}

static bool get_policy(const void *obj, struct frrscript_value *out)
{
	switch (eval_obj(obj)->place) {
	case ZEBRA_RMAP_PROTOCOL:
		return script_text(out, "protocol");
	case ZEBRA_RMAP_IMPORT_TABLE:
		return script_text(out, "import-table");
	case ZEBRA_RMAP_NHT:
		return script_text(out, "nht");
	}
	return false;
}

static bool get_client(const void *obj, struct frrscript_value *out)
{
	const struct zebra_rmap_obj *rm = eval_obj(obj);

	return rm->place == ZEBRA_RMAP_NHT &&
	       script_text(out, zebra_route_string(rm->client_proto));
}

static const struct frrscript_field attributes_fields[] = {
	{ .name = "metric", .doc = "metric, as redistribution and next-hop tracking tell it",
	  .kind = FRRSCRIPT_UINT, .max = UINT32_MAX, .get = get_metric, .set = set_metric,
	  .check = check_place },
	{ .name = "distance",
	  .doc = "administrative distance: the smallest one is selected; 255 = never",
	  .kind = FRRSCRIPT_UINT, .max = UINT8_MAX, .get = get_distance, .set = set_distance,
	  .check = check_distance },
	{ .name = "tag", .doc = "route tag; 0 = none", .kind = FRRSCRIPT_UINT, .max = UINT32_MAX,
	  .get = get_tag, .set = set_tag, .check = check_place },
	{ .name = "source", .doc = "source address of the router's own packets over this route",
	  .kind = FRRSCRIPT_ADDRESS, .flags = FRRSCRIPT_CLEAR, .get = get_source,
	  .set = set_source, .check = check_source },
	{ .name = "type", .doc = "protocol, \"static\", \"ospf\"", .kind = FRRSCRIPT_STRING,
	  .get = get_type },
	{ .name = "type_id", .doc = "protocol (ZEBRA_ROUTE_*)", .kind = FRRSCRIPT_UINT,
	  .get = get_type_id },
	{ .name = "instance", .doc = "instance of the protocol; of an imported route the table that it comes from",
	  .kind = FRRSCRIPT_UINT, .get = get_instance },
	{ .name = "table", .doc = "kernel table of the route", .kind = FRRSCRIPT_UINT,
	  .get = get_table },
	{ .name = "vrf", .doc = "VRF of the route", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{ .name = "mtu", .doc = "MTU that the protocol sent; nil without one",
	  .kind = FRRSCRIPT_UINT, .get = get_mtu },
	{ .name = "interface", .doc = "name of the next hop's interface", .kind = FRRSCRIPT_STRING,
	  .get = get_interface },
	{ .name = "nexthop", .doc = "the next hop under evaluation", .kind = FRRSCRIPT_OBJECT,
	  .type = &zebra_script_nexthop_type, .get = get_nexthop },
	{ .name = "policy", .doc = "\"protocol\", \"import-table\" or \"nht\"",
	  .kind = FRRSCRIPT_STRING, .get = get_policy },
	{ .name = "client", .doc = "in \"nht\": the protocol that tracks the next hop",
	  .kind = FRRSCRIPT_STRING, .get = get_client },
	{}
};

const struct frrscript_type zebra_script_attributes_type = {
	.name = "attributes",
	.doc = "a route of zebra, with one of its next hops",
	.fields = attributes_fields,
};

#endif /* HAVE_SCRIPTING */
