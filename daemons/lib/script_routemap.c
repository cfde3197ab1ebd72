// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The route-map rules "match script" and "set script": compiled rules, and
 * which route-maps use them.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/log.h"
#include "lib/memory.h"
#include "lib/routemap.h"

#include "frrscript/daemons/lib/script_routemap.h"

/* A file name without its ending (yang/frr-route-map.yang: script-name). */
#define SCRIPT_NAME_MAX 128

const struct script_routemap *script_routemap;
bool script_compiling;
bool script_rules_used;

static void *rule_compile(const struct frrscript_hook *hook, const char *arg)
{
	struct script_rule *rule;
	struct frrscript_rule *script;
	char name[SCRIPT_NAME_MAX + 1];
	const char *function = NULL;
	char *text = NULL;
	size_t len = strcspn(arg, " ");

	/* "NAME" or "NAME FUNCTION" (vtysh/script_routemap_nb.c) */
	if (len >= sizeof(name))
		return NULL;
	memcpy(name, arg, len);
	name[len] = '\0';
	if (arg[len])
		function = arg + len + 1;

	script_compiling = true;
	script = frrscript_rule_new(hook, name, function, &text);
	script_compiling = false;
	if (text)
		zlog_warn("%s: %s", hook->name, text);
	frrscript_text_free(text);
	if (!script)
		return NULL;

	rule = XCALLOC(MTYPE_ROUTE_MAP_COMPILED, sizeof(*rule));
	rule->rule = script;
	script_rules_used = true;
	return rule;
}

void *script_match_compile(const char *arg)
{
	return rule_compile(script_routemap->match_hook, arg);
}

void *script_set_compile(const char *arg)
{
	return rule_compile(script_routemap->set_hook, arg);
}

void script_rule_free(void *arg)
{
	struct script_rule *rule = arg;

	frrscript_rule_free(rule->rule);
	XFREE(MTYPE_ROUTE_MAP_COMPILED, rule);
}

bool script_set_commit(void *arg, const struct prefix *prefix, void *object)
{
	const struct script_rule *rule = arg;

	return !rule->denied;
}

enum frrscript_verdict script_rule_call(struct script_rule *rule, const void *const *objects)
{
	enum frrscript_verdict verdict = frrscript_rule_call(rule->rule, objects);

	rule->denied = verdict == FRRSCRIPT_DENY;
	return verdict;
}

static bool rules_use(const struct route_map_rule *head, const char *script, const char *takes)
{
	for (const struct route_map_rule *item = head; item; item = item->next) {
		const struct script_rule *rule = item->value;

		if (item->cmd != script_routemap->match_cmd &&
		    item->cmd != script_routemap->set_cmd)
			continue;
		if (script && !strmatch(frrscript_rule_script(rule->rule), script))
			continue;
		if (!takes || frrscript_rule_takes(rule->rule, takes))
			return true;
	}
	return false;
}

static bool map_uses(const struct route_map *map, const char *script, const char *takes, int depth)
{
	/* Deeper calls deny the route (lib/routemap.c:route_map_apply_ext). */
	if (!map || depth > RMAP_RECURSION_LIMIT)
		return false;
	for (const struct route_map_index *index = map->head; index; index = index->next) {
		if (rules_use(index->match_list.head, script, takes) ||
		    rules_use(index->set_list.head, script, takes))
			return true;
		if (index->nextrm && map_uses(route_map_lookup_by_name(index->nextrm), script,
					      takes, depth + 1))
			return true;
	}
	return false;
}

bool script_map_uses(const struct route_map *map, const char *script, const char *takes)
{
	return map_uses(map, script, takes, 0);
}

void script_routemap_init(const struct script_routemap *daemon)
{
	script_routemap = daemon;

	route_map_match_script_hook(generic_match_add);
	route_map_no_match_script_hook(generic_match_delete);
	route_map_set_script_hook(generic_set_add);
	route_map_no_set_script_hook(generic_set_delete);
}

#endif /* HAVE_SCRIPTING */
