// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: the route-map rules "match script" and "set script".
 *
 * zebra applies a route-map to each next hop of a route. A match stages what
 * the script assigned until its entry permits, as in bgpd; a set assigns at
 * once. Both write into the evaluation's own zebra_rmap_set, not into the
 * route: what comes of it is for the place that applies the route-map to say
 * (zebra_script_route.h, redistribute.c:zebra_add_import_table_entry).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/routemap.h"

#include "zebra/rib.h"
#include "zebra/zebra_routemap.h"

#include "frrscript/daemons/lib/script_routemap.h"
#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_hooks.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

/* The places of bgpd's arguments, so that a function may serve both. */
static const struct frrscript_arg route_match_args[] = {
	{ .name = "prefix", .doc = "what the route is a route to", .type = &script_prefix_type },
	{ .name = "attributes", .doc = "the route; what the script assigns is applied when the entry permits",
	  .type = &zebra_script_attributes_type },
	{ .name = "nexthop", .doc = "the next hop under evaluation: zebra asks for each one",
	  .type = &zebra_script_nexthop_type },
	{ .name = "RM_FAILURE", .doc = "the script failed", .constant = 0 },
	{ .name = "RM_NOMATCH", .doc = "no match", .constant = 1 },
	{ .name = "RM_MATCH", .doc = "match, change nothing", .constant = 2 },
	{ .name = "RM_MATCH_AND_CHANGE", .doc = "match, and apply what was assigned",
	  .constant = 3 },
	{}
};

const struct frrscript_hook zebra_script_hook_match = {
	.name = "route_match",
	.doc = "match script: does the route match this route-map entry?",
	.args = route_match_args,
	.flags = FRRSCRIPT_HOOK_VERDICT,
};

const struct frrscript_hook zebra_script_hook_set = {
	.name = "route_set",
	.doc = "set script: change a route that this route-map entry permits",
	.args = route_match_args,
	.flags = FRRSCRIPT_HOOK_SET,
};

static enum frrscript_verdict rule_call(struct script_rule *rule, struct zebra_script_eval *eval)
{
	const void *const args[ZEBRA_SCRIPT_ARG_MAX] = {
		[ZEBRA_SCRIPT_ARG_PREFIX] = eval->prefix,
		[ZEBRA_SCRIPT_ARG_ATTRIBUTES] = eval,
		[ZEBRA_SCRIPT_ARG_NEXTHOP] = eval->obj->nexthop,
	};

	return script_rule_call(rule, args);
}

static enum route_map_cmd_result_t route_match_script(void *arg, const struct prefix *prefix,
						      void *object)
{
	struct zebra_script_eval eval = { .prefix = prefix, .obj = object };

	/* A denial matches too: it is the entry that then denies. */
	if (rule_call(arg, &eval) == FRRSCRIPT_NOMATCH)
		return RMAP_NOMATCH;
	return RMAP_MATCH;
}

static bool route_match_script_commit(void *arg, const struct prefix *prefix, void *object)
{
	struct zebra_script_eval eval = { .prefix = prefix, .obj = object };
	struct script_rule *rule = arg;

	if (rule->denied)
		return false;
	frrscript_rule_apply(rule->rule, ZEBRA_SCRIPT_ARG_ATTRIBUTES, &eval);
	return true;
}

static enum route_map_cmd_result_t route_set_script(void *arg, const struct prefix *prefix,
						    void *object)
{
	struct zebra_script_eval eval = { .prefix = prefix, .obj = object };
	struct script_rule *rule = arg;

	if (rule_call(rule, &eval) == FRRSCRIPT_MATCH)
		frrscript_rule_apply(rule->rule, ZEBRA_SCRIPT_ARG_ATTRIBUTES, &eval);
	return rule->denied ? RMAP_ERROR : RMAP_OKAY;
}

static const struct route_map_rule_cmd route_match_script_cmd = {
	.str = "script",
	.func_apply = route_match_script,
	.func_compile = script_match_compile,
	.func_free = script_rule_free,
	.func_commit = route_match_script_commit,
};

static const struct route_map_rule_cmd route_set_script_cmd = {
	.str = "script",
	.func_apply = route_set_script,
	.func_compile = script_set_compile,
	.func_free = script_rule_free,
	.func_commit = script_set_commit,
};

void zebra_script_route_map_init(void)
{
	static const struct script_routemap rules = {
		.match_hook = &zebra_script_hook_match,
		.set_hook = &zebra_script_hook_set,
		.match_cmd = &route_match_script_cmd,
		.set_cmd = &route_set_script_cmd,
	};

	route_map_install_match(&route_match_script_cmd);
	route_map_install_set(&route_set_script_cmd);
	script_routemap_init(&rules);
}

#endif /* HAVE_SCRIPTING */
