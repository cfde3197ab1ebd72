// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "match script" and "set script" of a route-map: the commands.
 *
 * They go where lib/routemap_cli.c's go: to the daemons that keep their
 * route-maps themselves, and to mgmtd for those that don't (zebra).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/command.h"
#include "lib/northbound_cli.h"
#include "lib/routemap.h"
#include "lib/yang.h"

#include "frrscript/daemons/lib/script_routemap.h"
#include "frrscript/vtysh/script_routemap.h"

#include "frrscript/vtysh/script_routemap_cli_clippy.c"

#define SCRIPT_NAME_STR "Script, without the ending of its file\n"
#define SCRIPT_FUNCTION_STR                                                                       \
	"Function of the script to call\n"                                                        \
	"Name of the function\n"

#define MATCH_XPATH "./match-condition[condition='frr-route-map:match-script']"
#define SET_XPATH   "./set-action[action='frr-route-map:set-script']"

/* The leaves' defaults, which are the hook points' names. */
#define MATCH_FUNCTION "route_match"
#define SET_FUNCTION   "route_set"

/* What FRR had, and what tools may have written (bgpd alone knows it). */
#define OLD_MODULE	"frr-bgp-route-map"
#define OLD_MATCH_XPATH "/match-condition[condition='frr-bgp-route-map:match-script']"

/* A script that is not there yet is no reason to refuse the configuration
 * (the file may come later, and until then `on-error` decides), but whoever
 * types it should know.
 */
static int script_check(struct vty *vty, const struct frrscript_hook *hook, const char *name,
			const char *function)
{
	struct frrscript_rule *rule;
	char *text = NULL;

	/* mgmtd runs no scripts, but knows a name when it sees one. */
	if (!hook) {
		int ret = CMD_SUCCESS;

		if (frrscript_rule_check(name, function, &text)) {
			vty_out(vty, "%% %s\n", text);
			ret = CMD_WARNING_CONFIG_FAILED;
		}
		frrscript_text_free(text);
		return ret;
	}

	script_compiling = true;
	rule = frrscript_rule_new(hook, name, function, &text);
	script_compiling = false;
	if (text)
		vty_out(vty, "%% %s\n", text);
	frrscript_text_free(text);
	if (!rule)
		return CMD_WARNING_CONFIG_FAILED;
	frrscript_rule_free(rule);
	return CMD_SUCCESS;
}

/* Both forms are one rule, so there must not be two of them. Gone before the
 * new one comes: one transaction would not say in which order.
 */
static int old_match_destroy(struct vty *vty)
{
	char xpath[XPATH_MAXLEN + sizeof(OLD_MATCH_XPATH)];
	int ret;

	if (!yang_module_find(OLD_MODULE))
		return CMD_SUCCESS;
	snprintf(xpath, sizeof(xpath), "%s" OLD_MATCH_XPATH, VTY_CURR_XPATH);
	if (!yang_dnode_exists(vty->candidate_config->dnode, xpath))
		return CMD_SUCCESS;
	nb_cli_enqueue_change(vty, "." OLD_MATCH_XPATH, NB_OP_DESTROY, NULL);
	ret = nb_cli_apply_changes(vty, NULL);
	vty->num_cfg_changes = 0;
	return ret;
}

DEFPY_YANG (match_script,
	    match_script_cmd,
	    "match script SCRIPT$name [function FUNCTION$function]",
	    MATCH_STR
	    "Ask a script whether the route matches\n"
	    SCRIPT_NAME_STR
	    SCRIPT_FUNCTION_STR)
{
	int ret = script_check(vty, script_routemap ? script_routemap->match_hook : NULL, name,
			       function);

	if (ret == CMD_SUCCESS)
		ret = old_match_destroy(vty);
	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, MATCH_XPATH, NB_OP_CREATE, NULL);
	nb_cli_enqueue_change(vty, MATCH_XPATH "/rmap-match-condition/script", NB_OP_MODIFY, name);
	nb_cli_enqueue_change(vty, MATCH_XPATH "/rmap-match-condition/script-function", NB_OP_MODIFY,
			      function ? function : MATCH_FUNCTION);
	return nb_cli_apply_changes(vty, NULL);
}

DEFPY_YANG (no_match_script,
	    no_match_script_cmd,
	    "no match script [SCRIPT [function FUNCTION]]",
	    NO_STR
	    MATCH_STR
	    "Ask a script whether the route matches\n"
	    SCRIPT_NAME_STR
	    SCRIPT_FUNCTION_STR)
{
	int ret = old_match_destroy(vty);

	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, MATCH_XPATH, NB_OP_DESTROY, NULL);
	return nb_cli_apply_changes(vty, NULL);
}

DEFPY_YANG (set_script,
	    set_script_cmd,
	    "set script SCRIPT$name [function FUNCTION$function]",
	    SET_STR
	    "Let a script change the route\n"
	    SCRIPT_NAME_STR
	    SCRIPT_FUNCTION_STR)
{
	int ret = script_check(vty, script_routemap ? script_routemap->set_hook : NULL, name,
			       function);

	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, SET_XPATH, NB_OP_CREATE, NULL);
	nb_cli_enqueue_change(vty, SET_XPATH "/rmap-set-action/script", NB_OP_MODIFY, name);
	nb_cli_enqueue_change(vty, SET_XPATH "/rmap-set-action/script-function", NB_OP_MODIFY,
			      function ? function : SET_FUNCTION);
	return nb_cli_apply_changes(vty, NULL);
}

DEFPY_YANG (no_set_script,
	    no_set_script_cmd,
	    "no set script [SCRIPT [function FUNCTION]]",
	    NO_STR
	    SET_STR
	    "Let a script change the route\n"
	    SCRIPT_NAME_STR
	    SCRIPT_FUNCTION_STR)
{
	nb_cli_enqueue_change(vty, SET_XPATH, NB_OP_DESTROY, NULL);
	return nb_cli_apply_changes(vty, NULL);
}

void script_routemap_cli_init(void)
{
	install_element(RMAP_NODE, &match_script_cmd);
	install_element(RMAP_NODE, &no_match_script_cmd);
	install_element(RMAP_NODE, &set_script_cmd);
	install_element(RMAP_NODE, &no_set_script_cmd);
}

#endif /* HAVE_SCRIPTING */
