// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: "vrrp VRID script" of an interface, and what "show vrrp"
 * says of it.
 */

#include <zebra.h>

#include "lib/command.h"
#include "lib/json.h"
#include "lib/northbound_cli.h"
#include "lib/termtable.h"
#include "lib/vty.h"

#include "vrrpd/vrrp.h"

#include "frrscript/daemons/vrrpd/vrrp_script.h"
#include "frrscript/daemons/vrrpd/vrrp_script_types.h"

#include "frrscript/daemons/vrrpd/vrrp_script_vty_clippy.c"

#define VRRP_SCRIPT_STR                                                                           \
	"Virtual Router Redundancy Protocol\n"                                                    \
	"Virtual Router ID\n"                                                                     \
	"Let a script decide on the effective priority\n"                                         \
	"Script, without the ending of its file\n"                                                \
	"Function of the script to call\n"                                                        \
	"Name of the function\n"

/* A script that is not there yet is no reason to refuse the configuration
 * (the file may come later, and until then the configured priority counts), but
 * whoever types it should know.
 */
static int script_check(struct vty *vty, const char *name, const char *function)
{
	struct frrscript_rule *rule;
	char *text = NULL;

	rule = frrscript_rule_new(&vrrp_script_hook_priority, name, function, &text);
	if (text)
		vty_out(vty, "%% %s\n", text);
	frrscript_text_free(text);
	if (!rule)
		return CMD_WARNING_CONFIG_FAILED;
	frrscript_rule_free(rule);
	return CMD_SUCCESS;
}

DEFPY_YANG (vrrp_script,
	    vrrp_script_cmd,
	    "vrrp (1-255)$vrid script SCRIPT$name [function FUNCTION$function]",
	    VRRP_SCRIPT_STR)
{
	int ret = script_check(vty, name, function);

	if (ret != CMD_SUCCESS)
		return ret;
	nb_cli_enqueue_change(vty, "./script", NB_OP_CREATE, NULL);
	nb_cli_enqueue_change(vty, "./script/name", NB_OP_MODIFY, name);
	nb_cli_enqueue_change(vty, "./script/function", NB_OP_MODIFY,
			      function ? function : vrrp_script_hook_priority.name);
	return nb_cli_apply_changes(vty, VRRP_XPATH "[virtual-router-id='%ld']", vrid);
}

DEFPY_YANG (no_vrrp_script,
	    no_vrrp_script_cmd,
	    "no vrrp (1-255)$vrid script [SCRIPT [function FUNCTION]]",
	    NO_STR
	    VRRP_SCRIPT_STR)
{
	nb_cli_enqueue_change(vty, "./script", NB_OP_DESTROY, NULL);
	return nb_cli_apply_changes(vty, VRRP_XPATH "[virtual-router-id='%ld']", vrid);
}

static void show_origin(const struct vrrp_router *r, struct ttable *tt)
{
	const char *family = r->family == AF_INET ? "v4" : "v6";
	const struct vrrp_script_router *s = r->script;
	const char *word = vrrp_script_origin_word(r);

	if (strmatch(word, "script"))
		ttable_add_row(tt, "Priority Origin (%s)|script %s", family,
			       frrscript_rule_script(s->rule));
	else if (strmatch(word, "held"))
		ttable_add_row(tt, "Priority Origin (%s)|held for %u ms: script %s fails", family,
			       vrrp_script_held(s), frrscript_rule_script(s->rule));
	else
		ttable_add_row(tt, "Priority Origin (%s)|%s", family, word);
}

void vrrp_script_show(struct vrrp_vrouter *vr, struct ttable *tt)
{
	const struct vrrp_script_router *s = vr->v4->script;

	show_origin(vr->v4, tt);
	show_origin(vr->v6, tt);
	if (!s || !s->rule)
		return;
	ttable_add_row(tt, "Priority Script|%s", frrscript_rule_script(s->rule));
	ttable_add_row(tt, "Priority Script Function|%s", frrscript_rule_function(s->rule));
}

void vrrp_script_json(struct vrrp_router *r, struct json_object *json)
{
	const struct vrrp_script_router *s = r->script;

	json_object_string_add(json, "effectivePriorityOrigin", vrrp_script_origin_word(r));
	if (!s || !s->rule)
		return;
	json_object_string_add(json, "script", frrscript_rule_script(s->rule));
	json_object_string_add(json, "scriptFunction", frrscript_rule_function(s->rule));
	if (s->origin == VRRP_SCRIPT_HELD)
		json_object_int_add(json, "heldMsecs", vrrp_script_held(s));
}

void vrrp_script_vty_init(void)
{
	install_element(INTERFACE_NODE, &vrrp_script_cmd);
	install_element(INTERFACE_NODE, &no_vrrp_script_cmd);
}
