/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The route-map rules "match script" and "set script", as far as they are the
 * same in every daemon that runs scripts in its route-maps.
 *
 * The commands, the YANG leaves and their callbacks are libfrr's
 * (vtysh/script_routemap_cli.c, script_routemap_nb.c). A daemon adds two hook
 * points and two rules; one that adds none ignores the commands.
 */

#ifndef _FRR_SCRIPT_ROUTEMAP_H
#define _FRR_SCRIPT_ROUTEMAP_H

#include "lib/frrscript.h"
#include "lib/routemap.h"

/* What a daemon adds; static. The rules' func_compile and func_free are
 * script_match_compile or script_set_compile, and script_rule_free; a set
 * has script_set_commit.
 */
struct script_routemap {
	const struct frrscript_hook *match_hook;
	const struct frrscript_hook *set_hook;
	const struct route_map_rule_cmd *match_cmd;
	const struct route_map_rule_cmd *set_cmd;
};

/* A compiled rule. */
struct script_rule {
	struct frrscript_rule *rule;
	/* What the last call said, for func_commit. */
	bool denied;
	/* Of routes that the daemon could not take as the script made them:
	 * told once a minute (monotonic s).
	 */
	time_t warned;
	uint64_t refused;
};

/* Takes the configuration's rules. The daemon installs the two commands, with
 * macros that want constants. After route_map_init().
 */
extern void script_routemap_init(const struct script_routemap *daemon);

/* NULL: this daemon runs no scripts in its route-maps. */
extern const struct script_routemap *script_routemap;

/* While a rule is compiled, a loaded script is no reason to re-evaluate: the
 * route-map's own event does it.
 */
extern bool script_compiling;
/* There has been a rule with a script. */
extern bool script_rules_used;

extern void *script_match_compile(const char *arg);
extern void *script_set_compile(const char *arg);
extern void script_rule_free(void *rule);
/* func_commit of a "set": called after all set rules of the entry have run. */
extern bool script_set_commit(void *rule, const struct prefix *prefix, void *object);

/* Calls the function; `objects` as for frrscript_rule_call(). */
extern enum frrscript_verdict script_rule_call(struct script_rule *rule,
					       const void *const *objects);

/* Does `map`, or a route-map that it calls, use `script` (NULL = any) in a
 * function that takes the argument `takes` (NULL = any function)?
 */
extern bool script_map_uses(const struct route_map *map, const char *script, const char *takes);

#endif /* _FRR_SCRIPT_ROUTEMAP_H */
