/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in zebra: the objects that a script sees.
 */

#ifndef _FRR_ZEBRA_SCRIPT_TYPES_H
#define _FRR_ZEBRA_SCRIPT_TYPES_H

#include "lib/frrscript.h"

struct prefix;
struct zebra_rmap_obj;

/* One next hop of a route under evaluation by a route-map: the script's
 * `attributes`.
 */
struct zebra_script_eval {
	const struct prefix *prefix;
	struct zebra_rmap_obj *obj;
};

/* Index of each argument of route_match and route_set that has a type; what is
 * applied has the same place.
 */
enum zebra_script_arg {
	ZEBRA_SCRIPT_ARG_PREFIX = 0,
	ZEBRA_SCRIPT_ARG_ATTRIBUTES,
	ZEBRA_SCRIPT_ARG_NEXTHOP,
	ZEBRA_SCRIPT_ARG_MAX,
};

extern const struct frrscript_type zebra_script_attributes_type;
extern const struct frrscript_type zebra_script_nexthop_type;
extern const struct frrscript_type zebra_script_interface_type;
extern const struct frrscript_type zebra_script_route_type;
extern const struct frrscript_type zebra_script_tracked_type;

extern const struct frrscript_hook zebra_script_hook_match;
extern const struct frrscript_hook zebra_script_hook_set;
extern const struct frrscript_hook zebra_script_hook_interface_changed;
extern const struct frrscript_hook zebra_script_hook_nexthop_changed;
extern const struct frrscript_hook zebra_script_hook_route_installed;

extern const struct frrscript_list zebra_script_list_interfaces;

/* zebra_script_interface.c */
extern void zebra_script_interface_fini(void);

/* zebra_script_reeval.c */
extern void zebra_script_reeval_init(void);
extern void zebra_script_changed(const char *script);
/* While `watch`: routes that came out differently when they were evaluated. */
extern bool zebra_script_watch;
extern uint64_t zebra_script_routes_changed;

#endif /* _FRR_ZEBRA_SCRIPT_TYPES_H */
