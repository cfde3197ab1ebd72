/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values that a script reads.
 */
#include "route.h"

static void expect_match(const char *function)
{
	static struct route route;
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("fields", function);
	if (rule_call(rule, &route) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s: %s", function, host_logged);
	frrscript_rule_free(rule);
}

CASE(types_and_hooks_are_registered_from_static_tables)
{
	char *shown;

	host_start();
	shown = frrscript_show_hooks(false);
	CHECK_HAS(shown, "route_match");
	CHECK_HAS(shown, "route_set");
	CHECK_HAS(shown, "local preference");
	frrscript_text_free(shown);
	/* again: nothing is there twice */
	CHECK_OK(frrscript_register_types(route_types, &text));
	CHECK_OK(frrscript_register_hooks(route_hooks, &text));
}

CASE(a_type_table_with_a_mistake_is_refused)
{
	static const struct frrscript_field twice[] = {
		{ "same", "", FRRSCRIPT_UINT, .width = 4 },
		{ "same", "", FRRSCRIPT_UINT, .width = 4 },
		{},
	};
	static const struct frrscript_field wide[] = {
		{ "wide", "", FRRSCRIPT_UINT, .width = 3 },
		{},
	};
	static const struct frrscript_field kind[] = {
		{ "kind", "", 200, .width = 4 },
		{},
	};
	static const struct frrscript_type twice_type = { "twice", "", twice };
	static const struct frrscript_type wide_type = { "wide", "", wide };
	static const struct frrscript_type kind_type = { "kind", "", kind };
	static const struct frrscript_type *const twice_list[] = { &twice_type, NULL };
	static const struct frrscript_type *const wide_list[] = { &wide_type, NULL };
	static const struct frrscript_type *const kind_list[] = { &kind_type, NULL };

	host_start();
	CHECK_ERROR(frrscript_register_types(twice_list, &text), "same");
	CHECK_ERROR(frrscript_register_types(wide_list, &text), "wide");
	CHECK_ERROR(frrscript_register_types(kind_list, &text), "kind");
}

CASE(numbers_reach_the_script)
{
	expect_match("numbers");
}

CASE(texts_reach_the_script_with_all_their_octets)
{
	expect_match("texts");
}

CASE(addresses_and_objects_reach_the_script)
{
	expect_match("addresses");
}

CASE(as_paths_reach_the_script)
{
	expect_match("as_paths");
}

CASE(community_lists_reach_the_script)
{
	expect_match("lists");
}

CASE(an_object_with_a_prefix_is_taken_by_a_set)
{
	expect_match("in_prefix_set");
}

CASE(absent_values_are_nil)
{
	struct route route = { .peer = NULL };
	struct peer peer = { .name = NULL };
	struct route_prefix prefix = { .len = 0 };
	const void *args[] = { &prefix, &route, &peer };
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("fields", "absent");
	if (frrscript_rule_call(rule, args) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	frrscript_rule_free(rule);
}

CASE(an_argument_that_is_NULL_is_nil)
{
	struct route route = { .peer = NULL };
	const void *args[] = { NULL, &route, NULL };
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("fields", "no_peer");
	if (frrscript_rule_call(rule, args) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	frrscript_rule_free(rule);
}

CASE(a_field_that_is_not_there_is_named)
{
	static struct route route;
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("fields", "unknown");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "localpreff");
	CHECK_HAS(host_logged, "did you mean 'localpref'");
	frrscript_rule_free(rule);
}
