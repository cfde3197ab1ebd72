// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metric, distance and tag that a route-map assigned to a route of zebra.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/json.h"
#include "lib/memory.h"
#include "lib/vty.h"

#include "zebra/zebra_nhg.h"
#include "zebra/zebra_router.h"

#include "frrscript/daemons/zebra/zebra_script_route.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

DEFINE_MTYPE_STATIC(ZEBRA, SCRIPT_RECEIVED, "Route values before a script");

struct values {
	uint32_t metric;
	route_tag_t tag;
	uint8_t distance;
};

struct zebra_script_received {
	/* what the protocol sent */
	struct values values;
	/* what was in force when the evaluation began */
	struct values before;
	/* what it assigned so far */
	struct zebra_rmap_set set;
};

static struct values get(const struct route_entry *re)
{
	return (struct values){ re->metric, re->tag, re->distance };
}

static void put(struct route_entry *re, const struct values *values)
{
	re->metric = values->metric;
	re->tag = values->tag;
	re->distance = values->distance;
}

static struct zebra_script_received *received_new(struct route_entry *re)
{
	struct zebra_script_received *received;

	received = XCALLOC(MTYPE_SCRIPT_RECEIVED, sizeof(*received));
	received->values = get(re);
	received->before = received->values;
	re->received = received;
	return received;
}

void zebra_script_route_free(struct route_entry *re)
{
	XFREE(MTYPE_SCRIPT_RECEIVED, re->received);
}

void zebra_script_route_begin(struct route_entry *re)
{
	struct zebra_script_received *received = re->received;

	if (!received)
		return;
	received->before = get(re);
	memset(&received->set, 0, sizeof(received->set));
	put(re, &received->values);
}

void zebra_script_route_assign(struct route_entry *re, const struct zebra_rmap_set *set)
{
	struct zebra_rmap_set *all;
	uint8_t news;

	if (!set->fields)
		return;
	if (!re->received)
		received_new(re);
	all = &re->received->set;
	news = set->fields & ~all->fields;
	if (CHECK_FLAG(news, ZEBRA_RMAP_SET_METRIC))
		all->metric = set->metric;
	if (CHECK_FLAG(news, ZEBRA_RMAP_SET_DISTANCE))
		all->distance = set->distance;
	if (CHECK_FLAG(news, ZEBRA_RMAP_SET_TAG))
		all->tag = set->tag;
	all->fields |= news;
}

/* The route's own group still has the flags of the evaluation before. */
static bool active_changed(const struct route_entry *re, uint32_t active)
{
	uint32_t before = 0;

	if (!re->nhe)
		return false;
	for (const struct nexthop *nexthop = re->nhe->nhg.nexthop; nexthop; nexthop = nexthop->next)
		before += !!CHECK_FLAG(nexthop->flags, NEXTHOP_FLAG_ACTIVE);
	return before != active;
}

static bool settle(struct route_entry *re)
{
	struct zebra_script_received *received = re->received;
	bool changed;

	if (!received)
		return false;
	if (CHECK_FLAG(received->set.fields, ZEBRA_RMAP_SET_METRIC))
		re->metric = received->set.metric;
	if (CHECK_FLAG(received->set.fields, ZEBRA_RMAP_SET_DISTANCE))
		re->distance = received->set.distance;
	if (CHECK_FLAG(received->set.fields, ZEBRA_RMAP_SET_TAG))
		re->tag = received->set.tag;

	changed = re->metric != received->before.metric || re->tag != received->before.tag ||
		  re->distance != received->before.distance;
	if (!received->set.fields)
		zebra_script_route_free(re);
	return changed;
}

bool zebra_script_route_end(struct route_entry *re, uint32_t active)
{
	bool changed = settle(re);

	if (zebra_script_watch && (changed || active_changed(re, active)))
		zebra_script_routes_changed++;
	return changed;
}

uint8_t zebra_script_received_distance(const struct route_entry *re)
{
	return re->received ? re->received->values.distance : re->distance;
}

uint32_t zebra_script_received_metric(const struct route_entry *re)
{
	return re->received ? re->received->values.metric : re->metric;
}

void zebra_script_route_show(struct vty *vty, const struct route_entry *re)
{
	const struct values *values;

	if (!re->received)
		return;
	values = &re->received->values;
	vty_out(vty, "  Changed by a script: came with distance %u, metric %u, tag %u\n",
		values->distance, values->metric, values->tag);
}

void zebra_script_route_json(struct json_object *json, const struct route_entry *re)
{
	const struct values *values;
	json_object *came;

	if (!re->received)
		return;
	values = &re->received->values;
	came = json_object_new_object();
	json_object_int_add(came, "distance", values->distance);
	json_object_int_add(came, "metric", values->metric);
	json_object_int_add(came, "tag", values->tag);
	json_object_object_add(json, "beforeScript", came);
}

#endif /* HAVE_SCRIPTING */
