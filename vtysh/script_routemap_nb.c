// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "match script" and "set script" of a route-map: northbound callbacks, and
 * the lines of the running configuration.
 *
 * Compiled without scripting too: YANG nodes are the same in every build, and
 * a node without a callback keeps a daemon from starting.
 */

#include <zebra.h>

#include "lib/command.h"
#include "lib/log.h"
#include "lib/northbound.h"
#include "lib/routemap.h"
#include "lib/vty.h"
#include "lib/yang.h"

#include "frrscript/vtysh/script_routemap.h"

#define SCRIPT	 "./script"
#define FUNCTION "./script-function"

/* Script and function of a rule, whichever of the two leaves changed; they are
 * in one container.
 */
static void rule_arg(const struct lyd_node *leaf, const char *container, char *arg, size_t size)
{
	const struct lyd_node *rule = yang_dnode_get_parent(leaf, container);

	snprintf(arg, size, "%s %s", yang_dnode_get_string(rule, SCRIPT),
		 yang_dnode_get_string(rule, FUNCTION));
}

/* Other daemons that know the route-map get the line, too. What their entry
 * does without it is theirs to know, and somebody has to say so.
 */
static void tell_ignored(const struct lyd_node *leaf, const char *what)
{
	const struct routemap_hook_context *rhc;

	if (!strmatch(leaf->schema->name, "script"))
		return;
	rhc = nb_running_get_entry(leaf, NULL, true);
	zlog_warn("route-map %s entry %d: this daemon runs no scripts in route-maps, it takes the entry without \"%s script %s\"",
		  rhc->rhc_rmi->map->name, rhc->rhc_rmi->pref, what,
		  yang_dnode_get_string(leaf, NULL));
}

/*
 * XPath: /frr-route-map:lib/route-map/entry/match-condition/rmap-match-condition/script
 * XPath: /frr-route-map:lib/route-map/entry/match-condition/rmap-match-condition/script-function
 */
int script_routemap_match_modify(struct nb_cb_modify_args *args)
{
	struct routemap_hook_context *rhc;
	char arg[BUFSIZ];
	int rv;

	if (args->event != NB_EV_APPLY)
		return NB_OK;

	if (rmap_match_set_hook.match_script == NULL) {
		tell_ignored(args->dnode, "match");
		return NB_OK;
	}

	rhc = nb_running_get_entry(args->dnode, NULL, true);
	rule_arg(args->dnode, "rmap-match-condition", arg, sizeof(arg));

	rhc->rhc_mhook = rmap_match_set_hook.no_match_script;
	rhc->rhc_rule = "script";
	rhc->rhc_event = RMAP_EVENT_MATCH_DELETED;

	rv = rmap_match_set_hook.match_script(rhc->rhc_rmi, "script", arg, RMAP_EVENT_MATCH_ADDED,
					      args->errmsg, args->errmsg_len);
	if (rv != CMD_SUCCESS) {
		rhc->rhc_mhook = NULL;
		return NB_ERR_INCONSISTENCY;
	}
	return NB_OK;
}

int script_routemap_match_destroy(struct nb_cb_destroy_args *args)
{
	return lib_route_map_entry_match_destroy(args);
}

/*
 * XPath: /frr-route-map:lib/route-map/entry/set-action/rmap-set-action/script
 * XPath: /frr-route-map:lib/route-map/entry/set-action/rmap-set-action/script-function
 */
int script_routemap_set_modify(struct nb_cb_modify_args *args)
{
	struct routemap_hook_context *rhc;
	char arg[BUFSIZ];
	int rv;

	if (args->event != NB_EV_APPLY)
		return NB_OK;

	if (rmap_match_set_hook.set_script == NULL) {
		tell_ignored(args->dnode, "set");
		return NB_OK;
	}

	rhc = nb_running_get_entry(args->dnode, NULL, true);
	rule_arg(args->dnode, "rmap-set-action", arg, sizeof(arg));

	rhc->rhc_shook = rmap_match_set_hook.no_set_script;
	rhc->rhc_rule = "script";

	rv = rmap_match_set_hook.set_script(rhc->rhc_rmi, "script", arg, args->errmsg,
					    args->errmsg_len);
	if (rv != CMD_SUCCESS) {
		rhc->rhc_shook = NULL;
		return NB_ERR_INCONSISTENCY;
	}
	return NB_OK;
}

int script_routemap_set_destroy(struct nb_cb_destroy_args *args)
{
	return lib_route_map_entry_set_destroy(args);
}

/* The function has a default: it goes only with its rule, which then is the
 * one to be destroyed.
 */
int script_routemap_function_destroy(struct nb_cb_destroy_args *args)
{
	return NB_OK;
}

static void rule_show(struct vty *vty, const struct lyd_node *dnode, const char *what,
		      const char *container)
{
	const struct lyd_node *rule = yang_dnode_get(dnode, container);

	vty_out(vty, " %s script %s", what, yang_dnode_get_string(rule, SCRIPT));
	if (yang_dnode_exists(rule, FUNCTION) && !yang_dnode_is_default(rule, FUNCTION))
		vty_out(vty, " function %s", yang_dnode_get_string(rule, FUNCTION));
	vty_out(vty, "\n");
}

void script_routemap_match_show(struct vty *vty, const struct lyd_node *dnode)
{
	rule_show(vty, dnode, "match", "rmap-match-condition");
}

void script_routemap_set_show(struct vty *vty, const struct lyd_node *dnode)
{
	rule_show(vty, dnode, "set", "rmap-set-action");
}
