// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: "match script" and "set script" of a route-map.
 */

#include <zebra.h>

#include "lib/command.h"
#include "lib/northbound_cli.h"
#include "lib/routemap.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_script.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/daemons/bgpd/bgp_script_vty.h"

#include "frrscript/daemons/bgpd/bgp_script_vty_clippy.c"

#define SCRIPT_NAME_STR "Script, without the ending of its file\n"
#define SCRIPT_FUNCTION_STR                                                                       \
	"Function of the script to call\n"                                                        \
	"Name of the function\n"

/* A script that is not there yet is no reason to refuse the configuration
 * (the file may come later, and until then `on-error` decides), but whoever
 * types it should know.
 */
static int script_check(struct vty *vty, const struct frrscript_hook *hook, const char *name,
			const char *function)
{
	struct frrscript_rule *rule;
	char *text = NULL;

	bgp_script_compiling = true;
	rule = frrscript_rule_new(hook, name, function, &text);
	bgp_script_compiling = false;
	if (text)
		vty_out(vty, "%% %s\n", text);
	frrscript_text_free(text);
	if (!rule)
		return CMD_WARNING_CONFIG_FAILED;
	frrscript_rule_free(rule);
	return CMD_SUCCESS;
}

DEFPY_YANG (match_script,
	    match_script_cmd,
	    "match script SCRIPT$name [function FUNCTION$function]",
	    MATCH_STR
	    "Ask a script whether the route matches\n"
	    SCRIPT_NAME_STR
	    SCRIPT_FUNCTION_STR)
{
	const char *xpath = "./match-condition[condition='frr-bgp-route-map:match-script']";
	const char *value = "./match-condition[condition='frr-bgp-route-map:match-script']/rmap-match-condition/frr-bgp-route-map:script";
	const char *value_function = "./match-condition[condition='frr-bgp-route-map:match-script']/rmap-match-condition/frr-bgp-route-map:script-function";
	int ret = script_check(vty, &bgp_script_hook_match, name, function);

	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, xpath, NB_OP_CREATE, NULL);
	nb_cli_enqueue_change(vty, value, NB_OP_MODIFY, name);
	nb_cli_enqueue_change(vty, value_function, NB_OP_MODIFY,
			      function ? function : bgp_script_hook_match.name);
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
	nb_cli_enqueue_change(vty,
			      "./match-condition[condition='frr-bgp-route-map:match-script']",
			      NB_OP_DESTROY, NULL);
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
	const char *xpath = "./set-action[action='frr-bgp-route-map:set-script']";
	const char *value = "./set-action[action='frr-bgp-route-map:set-script']/rmap-set-action/frr-bgp-route-map:set-script";
	const char *value_function = "./set-action[action='frr-bgp-route-map:set-script']/rmap-set-action/frr-bgp-route-map:set-script-function";
	int ret = script_check(vty, &bgp_script_hook_set, name, function);

	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, xpath, NB_OP_CREATE, NULL);
	nb_cli_enqueue_change(vty, value, NB_OP_MODIFY, name);
	nb_cli_enqueue_change(vty, value_function, NB_OP_MODIFY,
			      function ? function : bgp_script_hook_set.name);
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
	nb_cli_enqueue_change(vty, "./set-action[action='frr-bgp-route-map:set-script']",
			      NB_OP_DESTROY, NULL);
	return nb_cli_apply_changes(vty, NULL);
}

void bgp_script_vty_init(void)
{
	install_element(RMAP_NODE, &match_script_cmd);
	install_element(RMAP_NODE, &no_match_script_cmd);
	install_element(RMAP_NODE, &set_script_cmd);
	install_element(RMAP_NODE, &no_set_script_cmd);
}
