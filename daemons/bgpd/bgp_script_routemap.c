// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: the route-map rules "match script" and "set script".
 *
 * A match calls the script while the entry is still being decided, and more
 * than once per route when lib/routemap.c:route_map_get_index tries several
 * entries. So it changes nothing: what the script assigned stays staged in
 * the rule, and func_commit applies it when the entry has matched as a whole
 * and permits. A set calls and applies at once.
 */

#include <zebra.h>

#include "lib/log.h"
#include "lib/memory.h"
#include "lib/monotime.h"
#include "lib/routemap.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_route.h"
#include "bgpd/bgp_script.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/daemons/lib/script_routemap.h"

/* A message of 4096 octets must carry the attributes, or the route can't be
 * announced: bgpd's encoder has room for 1024 octets more and asserts.
 */
#define BGP_SCRIPT_ATTR_SIZE_MAX BGP_STANDARD_MESSAGE_MAX_PACKET_SIZE
/* What a route that was larger already (extended messages) may grow. */
#define BGP_SCRIPT_ATTR_GROWTH_MAX 256

#define OVERSIZED_LOG_INTERVAL 60

static const struct frrscript_arg route_match_args[] = {
	{ .name = "prefix", .doc = "what the route is a route to",
	  .type = &bgp_script_prefix_type },
	{ .name = "attributes", .doc = "path attributes; what the script assigns is applied when the entry permits the route",
	  .type = &bgp_script_attributes_type },
	{ .name = "peer", .doc = "neighbor; on output the one that the route goes to",
	  .type = &bgp_script_peer_type },
	{ .name = "RM_FAILURE", .doc = "the script failed", .constant = 0 },
	{ .name = "RM_NOMATCH", .doc = "no match", .constant = 1 },
	{ .name = "RM_MATCH", .doc = "match, change nothing", .constant = 2 },
	{ .name = "RM_MATCH_AND_CHANGE", .doc = "match, and apply what was assigned",
	  .constant = 3 },
	{ .name = "path", .doc = "what is known of the route beside its attributes",
	  .type = &bgp_script_path_type },
	{}
};

/* The place of `path` above. Calls count objects alone (BGP_SCRIPT_ARG_*),
 * what is applied counts the constants too.
 */
#define ROUTE_MATCH_PATH 7

const struct frrscript_hook bgp_script_hook_match = {
	.name = "route_match",
	.doc = "match script: does the route match this route-map entry?",
	.args = route_match_args,
	.flags = FRRSCRIPT_HOOK_VERDICT,
};

const struct frrscript_hook bgp_script_hook_set = {
	.name = "route_set",
	.doc = "set script: change a route that this route-map entry permits",
	.args = route_match_args,
	.flags = FRRSCRIPT_HOOK_SET,
};

static enum frrscript_verdict rule_call(struct script_rule *rule,
					struct bgp_script_route *route)
{
	const void *args[BGP_SCRIPT_ARG_MAX] = {
		[BGP_SCRIPT_ARG_PREFIX] = route,
		[BGP_SCRIPT_ARG_ATTRIBUTES] = route,
		[BGP_SCRIPT_ARG_PEER] = route->path->peer,
		[BGP_SCRIPT_ARG_PATH] = route,
	};

	/* On output a copy of the configuration stands for the update group,
	 * which a script that takes `peer` has for one neighbor alone.
	 */
	if (bgp_script_is_copy(route->path->peer) && frrscript_rule_takes(rule->rule, "peer"))
		args[BGP_SCRIPT_ARG_PEER] = bgp_script_neighbor(route->path->peer);

	return script_rule_call(rule, args);
}

/* false: the route has grown too large to be announced; it is denied. */
static bool rule_apply(struct script_rule *rule, struct bgp_script_route *route)
{
	long growth;
	size_t size;

	if (!frrscript_rule_staged(rule->rule))
		return true;

	frrscript_rule_apply(rule->rule, ROUTE_MATCH_PATH, route);
	frrscript_rule_apply(rule->rule, BGP_SCRIPT_ARG_ATTRIBUTES, route);

	growth = bgp_script_attr_growth();
	if (growth <= 0)
		return true;
	size = bgp_script_attr_size(route->attr);
	if (size <= BGP_SCRIPT_ATTR_SIZE_MAX ||
	    (size - growth > BGP_SCRIPT_ATTR_SIZE_MAX && growth <= BGP_SCRIPT_ATTR_GROWTH_MAX))
		return true;

	rule->refused++;
	if (!rule->warned || monotime(NULL) - rule->warned >= OVERSIZED_LOG_INTERVAL) {
		rule->warned = monotime(NULL);
		zlog_warn("script %s: %s: %pFX denied: its attributes would take %zu octets of a message of %d (%" PRIu64
			  " routes so far)",
			  frrscript_rule_script(rule->rule), frrscript_rule_function(rule->rule),
			  route->prefix, size, BGP_SCRIPT_ATTR_SIZE_MAX, rule->refused);
	}
	return false;
}

static enum route_map_cmd_result_t route_match_script(void *arg, const struct prefix *prefix,
						      void *object)
{
	struct script_rule *rule = arg;
	struct bgp_path_info *path = object;
	struct bgp_script_route route = { .prefix = prefix, .attr = path->attr, .path = path };

	/* A denial matches too: it is the entry that then denies. */
	if (rule_call(rule, &route) == FRRSCRIPT_NOMATCH)
		return RMAP_NOMATCH;
	return RMAP_MATCH;
}

static bool route_match_script_commit(void *arg, const struct prefix *prefix, void *object)
{
	struct script_rule *rule = arg;
	struct bgp_path_info *path = object;
	struct bgp_script_route route = { .prefix = prefix, .attr = path->attr, .path = path };

	return !rule->denied && rule_apply(rule, &route);
}

static enum route_map_cmd_result_t route_set_script(void *arg, const struct prefix *prefix,
						    void *object)
{
	struct script_rule *rule = arg;
	struct bgp_path_info *path = object;
	struct bgp_script_route route = { .prefix = prefix, .attr = path->attr, .path = path };

	if (rule_call(rule, &route) == FRRSCRIPT_MATCH && !rule_apply(rule, &route))
		rule->denied = true;
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

void bgp_script_route_map_init(void)
{
	static const struct script_routemap rules = {
		.match_hook = &bgp_script_hook_match,
		.set_hook = &bgp_script_hook_set,
		.match_cmd = &route_match_script_cmd,
		.set_cmd = &route_set_script_cmd,
	};

	route_map_install_match(&route_match_script_cmd);
	route_map_install_set(&route_set_script_cmd);
	script_routemap_init(&rules);
}
