/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metric, distance and tag that a route-map assigned to a route of zebra: what
 * zebra's own files call.
 *
 * The route entry's members are what is in force: selection, the kernel, FPM,
 * redistribution, next-hop tracking and "show" read them. What the protocol
 * sent is kept beside them, for three reasons. It comes back when the
 * route-map or the script no longer assigns. Every evaluation begins with it,
 * so that `metric = metric + 10` adds 10 once. And it is what a static route is
 * known by: staticd tells its routes to one prefix apart by distance, and
 * withdraws what it sent.
 */

#ifndef _FRR_ZEBRA_SCRIPT_ROUTE_H
#define _FRR_ZEBRA_SCRIPT_ROUTE_H

#include "zebra/rib.h"
#include "zebra/zebra_routemap.h"

struct json_object;
struct vty;

#ifdef HAVE_SCRIPTING

/* zebra_nhg.c:nexthop_active_update(), around the evaluation of all next hops
 * of a route, of which `active` are usable now. end: did a value that is in
 * force change?
 */
extern void zebra_script_route_begin(struct route_entry *re);
extern bool zebra_script_route_end(struct route_entry *re, uint32_t active);
/* Between them, when the route-map permitted a next hop. Of next hops that
 * disagree the first one counts.
 */
extern void zebra_script_route_assign(struct route_entry *re, const struct zebra_rmap_set *set);
extern void zebra_script_route_free(struct route_entry *re);

/* What the protocol sent. */
extern uint8_t zebra_script_received_distance(const struct route_entry *re);
extern uint32_t zebra_script_received_metric(const struct route_entry *re);

/* In "show ip route PREFIX" and its JSON, for a route with assigned values. */
extern void zebra_script_route_show(struct vty *vty, const struct route_entry *re);
extern void zebra_script_route_json(struct json_object *json, const struct route_entry *re);

#else /* !HAVE_SCRIPTING: no rule assigns */

static inline void zebra_script_route_begin(struct route_entry *re)
{
}

static inline bool zebra_script_route_end(struct route_entry *re, uint32_t active)
{
	return false;
}

static inline void zebra_script_route_assign(struct route_entry *re,
					     const struct zebra_rmap_set *set)
{
}

static inline void zebra_script_route_free(struct route_entry *re)
{
}

static inline uint8_t zebra_script_received_distance(const struct route_entry *re)
{
	return re->distance;
}

static inline uint32_t zebra_script_received_metric(const struct route_entry *re)
{
	return re->metric;
}

static inline void zebra_script_route_show(struct vty *vty, const struct route_entry *re)
{
}

static inline void zebra_script_route_json(struct json_object *json, const struct route_entry *re)
{
}

#endif /* HAVE_SCRIPTING */

#endif /* _FRR_ZEBRA_SCRIPT_ROUTE_H */
