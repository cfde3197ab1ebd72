// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of scripts in general: which are loaded, their limits, what they
 * did. The library keeps the configuration and renders what is shown; here is
 * only the command line.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/command.h"
#include "lib/frrscript.h"
#include "lib/memory.h"
#include "lib/vty.h"

#include "frrscript/vtysh/script_vty.h"

#include "frrscript/vtysh/script_vty_clippy.c"

#define SCRIPT_STR "Scripts\n"
#define SCRIPT_NAME_STR "Script, without the ending of its file\n"

DEFINE_HOOK(script_reloaded, (struct vty * vty, const char *name), (vty, name));

/* "debug script" of the configuration, as against that of a session. */
static bool debug_configured;

/* Prints what the library has to say, and frees it. */
static void say(struct vty *vty, char *text)
{
	if (!text)
		return;
	if (*text)
		vty_out(vty, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
	frrscript_text_free(text);
}

static int complain(struct vty *vty, char *text, int result)
{
	if (text)
		vty_out(vty, "%% ");
	say(vty, text);
	return result;
}

/* The same, told apart for vtysh: other daemons may know the script. */
static int refuse(struct vty *vty, int failed, char *text, int result)
{
	return complain(vty, text, failed == FRRSCRIPT_ERROR_NO_SCRIPT ? SCRIPT_UNKNOWN : result);
}

DEFPY (script_load,
       script_load_cmd,
       "script load SCRIPT$name",
       SCRIPT_STR
       "Load a script and keep it loaded\n"
       SCRIPT_NAME_STR)
{
	char *text = NULL;
	int failed = frrscript_script_load(name, &text);

	/* The line stays in the configuration whether the file is good or not
	 * (it may be repaired and reloaded), unless it can be no file.
	 */
	if (failed)
		return complain(vty, text,
				failed == FRRSCRIPT_ERROR_BAD_NAME ? CMD_WARNING_CONFIG_FAILED
								   : CMD_SUCCESS);
	frrscript_text_free(text);
	return CMD_SUCCESS;
}

DEFPY (no_script_load,
       no_script_load_cmd,
       "no script load SCRIPT$name",
       NO_STR
       SCRIPT_STR
       "Load a script and keep it loaded\n"
       SCRIPT_NAME_STR)
{
	char *text = NULL;
	int failed = frrscript_script_unload(name, &text);

	if (failed)
		return refuse(vty, failed, text, CMD_WARNING_CONFIG_FAILED);
	say(vty, text);
	return CMD_SUCCESS;
}

static int set_option(struct vty *vty, const char *name, enum frrscript_option option,
		      const uint32_t *value)
{
	char *text = NULL;

	if (frrscript_script_option(name, option, value, &text))
		return complain(vty, text, CMD_WARNING_CONFIG_FAILED);
	say(vty, text);
	return CMD_SUCCESS;
}

DEFPY (script_limit_time,
       script_limit_time_cmd,
       "[no] script SCRIPT$name limit time ![(1-60000)]$limit",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "Limit what one call may take\n"
       "Time, 50 ms by default\n"
       "Milliseconds\n")
{
	uint32_t value = limit;

	return set_option(vty, name, FRRSCRIPT_LIMIT_TIME, no ? NULL : &value);
}

DEFPY (script_limit_memory,
       script_limit_memory_cmd,
       "[no] script SCRIPT$name limit memory ![(1-1024)]$limit",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "Limit what one call may take\n"
       "Memory of the script, 16 MiB by default\n"
       "MiB\n")
{
	uint32_t value = limit;

	return set_option(vty, name, FRRSCRIPT_LIMIT_MEMORY, no ? NULL : &value);
}

DEFPY (script_on_error,
       script_on_error_cmd,
       "[no] script SCRIPT$name on-error ![<no-match|deny|match>]$action",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "What a failed call stands for\n"
       "The rule does not match (default)\n"
       "The route is denied\n"
       "The rule matches and changes nothing\n")
{
	uint32_t value = FRRSCRIPT_NOMATCH;

	if (action && strmatch(action, "deny"))
		value = FRRSCRIPT_DENY;
	else if (action && strmatch(action, "match"))
		value = FRRSCRIPT_MATCH;
	return set_option(vty, name, FRRSCRIPT_ON_ERROR, no ? NULL : &value);
}

DEFPY (script_on_error_hold,
       script_on_error_hold_cmd,
       "[no] script SCRIPT$name on-error hold ![(0-3600)]$seconds",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "What a failed call stands for\n"
       "The last good number of the script holds for a while, 60 s by default\n"
       "Seconds from the first failure; afterwards the configured value is used\n")
{
	uint32_t value = seconds;

	return set_option(vty, name, FRRSCRIPT_ON_ERROR_HOLD, no ? NULL : &value);
}

DEFPY (script_permit_configure,
       script_permit_configure_cmd,
       "[no] script SCRIPT$name permit configure",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "What the script may do besides its own business\n"
       "Apply lines of configuration, in each daemon that has the script\n")
{
	uint32_t value = 1;

	return set_option(vty, name, FRRSCRIPT_PERMIT_CONFIGURE, no ? NULL : &value);
}

DEFPY (script_permit_runtime,
       script_permit_runtime_cmd,
       "[no] script SCRIPT$name permit runtime RUNTIME$runtime",
       NO_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "What the script may do besides its own business\n"
       "Load a runtime: code in another language, in this daemon's process\n"
       "Its library in the runtime directory, without lib and .so\n")
{
	char *text = NULL;

	if (frrscript_script_permit_runtime(name, runtime, !no, &text))
		return complain(vty, text, CMD_WARNING_CONFIG_FAILED);
	say(vty, text);
	return CMD_SUCCESS;
}

DEFPY (script_reload,
       script_reload_cmd,
       "script reload [SCRIPT$name]",
       SCRIPT_STR
       "Load the file again and re-evaluate what the script decided\n"
       SCRIPT_NAME_STR)
{
	char *text = NULL;
	int failed = frrscript_script_reload(name, &text);

	if (failed == FRRSCRIPT_ERROR_NO_SCRIPT)
		return refuse(vty, failed, text, CMD_WARNING);
	/* Of several, some may have been reloaded. */
	if (failed)
		complain(vty, text, CMD_WARNING);
	else
		say(vty, text);
	hook_call(script_reloaded, vty, name);
	return failed ? CMD_WARNING : CMD_SUCCESS;
}

DEFPY (script_resume,
       script_resume_cmd,
       "script resume SCRIPT$name",
       SCRIPT_STR
       "Use a script again that was suspended for its failures\n"
       SCRIPT_NAME_STR)
{
	char *text = NULL;
	int failed = frrscript_script_resume(name, &text);

	if (failed)
		return refuse(vty, failed, text, CMD_WARNING);
	say(vty, text);
	return CMD_SUCCESS;
}

DEFPY (clear_script,
       clear_script_cmd,
       "clear script [SCRIPT$name] counters",
       CLEAR_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       "Calls, errors and times\n")
{
	char *text = NULL;
	int failed = frrscript_script_clear(name, &text);

	if (failed)
		return refuse(vty, failed, text, CMD_WARNING);
	say(vty, text);
	return CMD_SUCCESS;
}

DEFPY (show_script,
       show_script_cmd,
       "show script [SCRIPT$name] [json]$json",
       SHOW_STR
       SCRIPT_STR
       SCRIPT_NAME_STR
       JSON_STR)
{
	char *text = frrscript_show(name, !!json);

	if (!text) {
		vty_out(vty, "%% No script %s\n", name ? name : "");
		return SCRIPT_UNKNOWN;
	}
	say(vty, text);
	return CMD_SUCCESS;
}

DEFPY (show_script_hooks,
       show_script_hooks_cmd,
       "show script hooks [json]$json",
       SHOW_STR
       SCRIPT_STR
       "Hook points of this daemon: functions, arguments and their fields\n"
       JSON_STR)
{
	say(vty, frrscript_show_hooks(!!json));
	return CMD_SUCCESS;
}

DEFPY (show_script_topics,
       show_script_topics_cmd,
       "show script topics [json]$json",
       SHOW_STR
       SCRIPT_STR
       "What scripts publish and subscribe to, here and in the other daemons\n"
       JSON_STR)
{
	say(vty, frrscript_show_topics(!!json));
	return CMD_SUCCESS;
}

DEFPY (show_script_runtimes,
       show_script_runtimes_cmd,
       "show script runtimes [json]$json",
       SHOW_STR
       SCRIPT_STR
       "Code in other languages that scripts call: states, calls, errors and times\n"
       JSON_STR)
{
	say(vty, frrscript_show_runtimes(!!json));
	return CMD_SUCCESS;
}

DEFPY (show_script_dicts,
       show_script_dicts_cmd,
       "show script dicts [json]$json",
       SHOW_STR
       SCRIPT_STR
       "Stores that scripts and runtimes of this daemon share\n"
       JSON_STR)
{
	say(vty, frrscript_show_dicts(!!json));
	return CMD_SUCCESS;
}

DEFPY (debug_script,
       debug_script_cmd,
       "[no] debug script",
       NO_STR
       DEBUG_STR
       SCRIPT_STR)
{
	if (vty->node == CONFIG_NODE)
		debug_configured = !no;
	frrscript_debug(!no);
	return CMD_SUCCESS;
}

static int config_write_script(struct vty *vty)
{
	char *text = frrscript_config();
	int written = 0;

	if (text && *text) {
		vty_out(vty, "%s", text);
		written = 1;
	}
	frrscript_text_free(text);
	if (debug_configured) {
		vty_out(vty, "debug script\n");
		written = 1;
	}
	if (written)
		vty_out(vty, "!\n");
	return written;
}

static struct cmd_node script_node = {
	.name = "script",
	.node = SCRIPT_NODE,
	.prompt = "",
	.config_write = config_write_script,
};

/* One completion for each line of a text of the library. */
static void complete(vector comps, char *names)
{
	const char *line = names;

	if (!names)
		return;
	while (*line) {
		size_t len = strcspn(line, "\n");
		char *name = XCALLOC(MTYPE_COMPLETION, len + 1);

		memcpy(name, line, len);
		vector_set(comps, name);
		line += len + (line[len] == '\n');
	}
	frrscript_text_free(names);
}

static void complete_script(vector comps, struct cmd_token *token)
{
	complete(comps, frrscript_script_names());
}

static void complete_runtime(vector comps, struct cmd_token *token)
{
	complete(comps, frrscript_runtime_names());
}

static const struct cmd_variable_handler script_handlers[] = {
	{ .tokenname = "SCRIPT", .completions = complete_script },
	{ .tokenname = "RUNTIME", .completions = complete_runtime },
	{ .completions = NULL },
};

void script_vty_init(void)
{
	install_node(&script_node);
	cmd_variable_handler_register(script_handlers);

	install_element(CONFIG_NODE, &script_load_cmd);
	install_element(CONFIG_NODE, &no_script_load_cmd);
	install_element(CONFIG_NODE, &script_limit_time_cmd);
	install_element(CONFIG_NODE, &script_limit_memory_cmd);
	install_element(CONFIG_NODE, &script_on_error_cmd);
	install_element(CONFIG_NODE, &script_on_error_hold_cmd);
	install_element(CONFIG_NODE, &script_permit_configure_cmd);
	install_element(CONFIG_NODE, &script_permit_runtime_cmd);
	install_element(CONFIG_NODE, &debug_script_cmd);

	install_element(ENABLE_NODE, &script_reload_cmd);
	install_element(ENABLE_NODE, &script_resume_cmd);
	install_element(ENABLE_NODE, &clear_script_cmd);
	install_element(ENABLE_NODE, &debug_script_cmd);

	install_element(VIEW_NODE, &show_script_cmd);
	install_element(VIEW_NODE, &show_script_hooks_cmd);
	install_element(VIEW_NODE, &show_script_topics_cmd);
	install_element(VIEW_NODE, &show_script_runtimes_cmd);
	install_element(VIEW_NODE, &show_script_dicts_cmd);
}

#endif /* HAVE_SCRIPTING */
