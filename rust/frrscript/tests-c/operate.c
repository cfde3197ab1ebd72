/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an operator does: load, reload, show, configure.
 */
#include "route.h"

static struct route route;

#define VERSION_1 "function route_match() return true end\n"
#define VERSION_2 "function route_match() return false end\n"
#define OTHER_FUNCTION "function other() return true end\n"
#define BROKEN "function route_match() return true\n"
#define FAILS_TO_LOAD "error('while loading')\n"

static long long shown(const char *script, const char *key)
{
	char *json = frrscript_show(script, true);
	long long value;

	CHECK(json);
	value = json_number(json, key);
	frrscript_text_free(json);
	return value;
}

CASE(a_reload_takes_the_new_file_and_says_so)
{
	struct frrscript_rule *rule;
	long long generation;
	char *text = NULL;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	rule = rule_new("edge", "route_match");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	generation = shown("edge", "generation");
	host_changes = 0;
	host_write("edge.lua", VERSION_2);
	/* nothing happens by itself */
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	CHECK_INT(host_changes, 0);
	CHECK_INT(frrscript_script_reload("edge", &text), 0);
	CHECK_HAS(text, "edge");
	frrscript_text_free(text);
	CHECK_INT(host_changes, 1);
	CHECK(strcmp(host_changed, "edge") == 0);
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	CHECK_INT(shown("edge", "generation"), generation + 1);
	frrscript_rule_free(rule);
}

/* The old script stays in service, and the text says why. */
static void expect_old_kept(const char *source, const char *why)
{
	struct frrscript_rule *rule;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	rule = rule_new("edge", "route_match");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	host_changes = 0;
	if (source)
		host_write("edge.lua", source);
	else
		host_delete("edge.lua");
	CHECK_ERROR(frrscript_script_reload("edge", &text), why);
	CHECK_INT(host_changes, 0);
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	host_write("edge.lua", VERSION_2);
	CHECK_OK(frrscript_script_reload("edge", &text));
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	frrscript_rule_free(rule);
}

CASE(a_reload_with_a_syntax_error_keeps_the_old_script)
{
	expect_old_kept(BROKEN, "edge");
}

CASE(a_reload_that_fails_while_it_loads_keeps_the_old_script)
{
	expect_old_kept(FAILS_TO_LOAD, "while loading");
}

CASE(a_reload_without_a_function_in_use_keeps_the_old_script)
{
	expect_old_kept(OTHER_FUNCTION, "route_match");
}

CASE(a_reload_of_a_file_that_is_gone_keeps_the_old_script)
{
	expect_old_kept(NULL, "edge.lua");
}

CASE(a_reload_of_a_half_written_binary_keeps_the_old_script)
{
	expect_old_kept("\033LuaS\001\002", "edge");
}

CASE(a_rule_may_be_made_before_its_file_is_there)
{
	struct frrscript_rule *rule;
	char *text = NULL;

	host_start_empty();
	rule = frrscript_rule_new(&hook_match, "later", "route_match", &text);
	CHECK(rule);
	CHECK_HAS(text, "later");
	CHECK_HAS(text, host_directory);
	frrscript_text_free(text);
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	host_write("later.lua", VERSION_1);
	CHECK_OK(frrscript_script_reload("later", &text));
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
}

CASE(a_luau_file_is_a_script_too)
{
	struct frrscript_rule *rule;

	host_start_empty();
	host_write("typed.luau", "function route_match(prefix: any): boolean return true end\n");
	rule = rule_new("typed", "route_match");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
}

CASE(a_syntax_error_has_line_and_caret)
{
	host_start_empty();
	host_write("bad.lua", "local x = 1\nlocal y = = 2\n");
	CHECK_ERROR(frrscript_script_load("bad", &text), "2");
	char *text = NULL;
	CHECK(frrscript_script_load("bad", &text) != 0);
	CHECK_HAS(text, "local y = = 2");
	CHECK_HAS(text, "^");
	frrscript_text_free(text);
}

CASE(two_rules_share_a_script_and_its_globals)
{
	struct frrscript_rule *a, *b;

	host_start_empty();
	host_write("shared.lua", "local n = 0\n"
				 "function count() n = n + 1 return true end\n"
				 "function three() return n == 3 end\n");
	a = rule_new("shared", "count");
	b = rule_new("shared", "three");
	for (int i = 0; i < 3; i++)
		CHECK_INT(rule_call(a, &route), FRRSCRIPT_MATCH);
	CHECK_INT(rule_call(b, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(a);
	CHECK_INT(rule_call(b, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(b);
}

CASE(the_configuration_is_what_was_configured)
{
	uint32_t value = 75, deny = FRRSCRIPT_DENY;
	char *config;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	config = frrscript_config();
	CHECK(!config || !config[0]);
	frrscript_text_free(config);
	CHECK_OK(frrscript_script_load("edge", &text));
	CHECK_OK(frrscript_script_option("edge", FRRSCRIPT_LIMIT_TIME, &value, &text));
	CHECK_OK(frrscript_script_option("edge", FRRSCRIPT_ON_ERROR, &deny, &text));
	config = frrscript_config();
	CHECK_HAS(config, "script load edge\n");
	CHECK_HAS(config, "script edge limit time 75\n");
	CHECK_HAS(config, "script edge on-error deny\n");
	CHECK(!strstr(config, "limit memory"));
	frrscript_text_free(config);
	CHECK_OK(frrscript_script_option("edge", FRRSCRIPT_LIMIT_TIME, NULL, &text));
	CHECK_OK(frrscript_script_option("edge", FRRSCRIPT_ON_ERROR, NULL, &text));
	CHECK_OK(frrscript_script_unload("edge", &text));
	config = frrscript_config();
	CHECK(!config || !config[0]);
	frrscript_text_free(config);
}

CASE(a_broken_script_stays_in_the_configuration)
{
	char *config;

	host_start_empty();
	host_write("edge.lua", BROKEN);
	CHECK_ERROR(frrscript_script_load("edge", &text), "edge");
	config = frrscript_config();
	CHECK_HAS(config, "script load edge\n");
	frrscript_text_free(config);
}

CASE(show_script_is_JSON_in_every_state)
{
	struct frrscript_rule *rule;
	char *json, *text = NULL;

	host_start_empty();
	host_write("edge.lua", "function route_match() error('\"quoted\" \\\\ \\n\\1 \\255 text') end\n");
	host_write("bad.lua", BROKEN);
	rule = rule_new("edge", "route_match");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	CHECK(frrscript_script_load("bad", &text) != 0);
	frrscript_text_free(text);
	json = frrscript_show(NULL, true);
	CHECK(json);
	if (json_error(json))
		check_fail(__FILE__, __LINE__, "at %.40s", json_error(json));
	CHECK_HAS(json, "edge");
	CHECK_HAS(json, "bad");
	frrscript_text_free(json);
	json = frrscript_show("edge", true);
	CHECK(json && !json_error(json));
	CHECK_INT(json_number(json, "calls"), 1);
	CHECK_INT(json_number(json, "runtime"), 1);
	frrscript_text_free(json);
	json = frrscript_show_hooks(true);
	CHECK(json && !json_error(json));
	CHECK_HAS(json, "route_match");
	frrscript_text_free(json);
	CHECK(!frrscript_show("no such script", true));
	frrscript_rule_free(rule);
}

CASE(show_script_tells_a_person_too)
{
	struct frrscript_rule *rule;
	char *shown;

	host_start_empty();
	host_write("edge.lua", "function route_match() error('no reason') end\n");
	rule = rule_new("edge", "route_match");
	rule_call(rule, &route);
	shown = frrscript_show("edge", false);
	CHECK_HAS(shown, "edge");
	CHECK_HAS(shown, "no reason");
	CHECK_HAS(shown, "route_match");
	frrscript_text_free(shown);
	frrscript_rule_free(rule);
}

CASE(counters_are_cleared)
{
	struct frrscript_rule *rule;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	rule = rule_new("edge", "route_match");
	for (int i = 0; i < 5; i++)
		rule_call(rule, &route);
	CHECK_INT(frrscript_script_calls("edge"), 5);
	CHECK_OK(frrscript_script_clear("edge", &text));
	CHECK_INT(frrscript_script_calls("edge"), 0);
	CHECK_OK(frrscript_script_clear(NULL, &text));
	CHECK_ERROR(frrscript_script_clear("other", &text), "other");
	frrscript_rule_free(rule);
}

CASE(script_names_are_for_completion)
{
	char *names;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	host_write("core.luau", VERSION_1);
	host_write("README.txt", "no script\n");
	names = frrscript_script_names();
	CHECK(strcmp(names, "core\nedge") == 0 || strcmp(names, "core\nedge\n") == 0);
	frrscript_text_free(names);
}

CASE(a_re_evaluation_is_shown)
{
	struct frrscript_rule *rule;
	char *shown_text;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	rule = rule_new("edge", "route_match");
	frrscript_script_reevaluated("edge", 123456, 789);
	shown_text = frrscript_show("edge", false);
	CHECK_HAS(shown_text, "123456");
	CHECK_HAS(shown_text, "789");
	frrscript_text_free(shown_text);
	frrscript_rule_free(rule);
}

CASE(reloads_do_not_grow)
{
	struct frrscript_rule *rule;
	size_t before = 0, after;

	host_start_empty();
	host_write("edge.lua", VERSION_1);
	rule = rule_new("edge", "route_match");
	for (int i = 0; i < 300; i++) {
		if (i == 100)
			before = host_allocated();
		CHECK_OK(frrscript_script_reload("edge", &text));
		CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	}
	after = host_allocated();
	if (after > before + (256u << 10))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
	frrscript_rule_free(rule);
}

CASE(a_large_source_is_refused)
{
	char *source = malloc(32u << 20);

	host_start_empty();
	memset(source, ' ', (32u << 20) - 1);
	source[(32u << 20) - 1] = '\0';
	host_write("large.lua", source);
	CHECK_ERROR(frrscript_script_load("large", &text), "large");
	free(source);
}
