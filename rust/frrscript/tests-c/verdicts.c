/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Verdicts, the contract of FRR's scripts, and what happens when one fails.
 */
#include "route.h"

static struct route route;

static void expect(const char *function, enum frrscript_verdict verdict, const char *logged)
{
	struct frrscript_rule *rule = rule_new("verdicts", function);
	enum frrscript_verdict got;

	host_logged[0] = '\0';
	got = rule_call(rule, &route);
	if (got != verdict)
		check_fail(__FILE__, __LINE__, "%s gives %d: %s", function, got, host_logged);
	if (logged)
		CHECK_HAS(host_logged, logged);
	else if (host_logged[0])
		check_fail(__FILE__, __LINE__, "%s logs %s", function, host_logged);
	frrscript_rule_free(rule);
}

CASE(verdicts_are_booleans_numbers_and_tables)
{
	host_start();
	expect("yes", FRRSCRIPT_MATCH, NULL);
	expect("no", FRRSCRIPT_NOMATCH, NULL);
	expect("match", FRRSCRIPT_MATCH, NULL);
	expect("no_match", FRRSCRIPT_NOMATCH, NULL);
	expect("table_match", FRRSCRIPT_MATCH, NULL);
	expect("globals", FRRSCRIPT_MATCH, NULL);
}

CASE(a_returned_attributes_table_stages_its_changes)
{
	static const char *const functions[] = { "table_change", "own_table" };

	host_start();
	for (int i = 0; i < 2; i++) {
		struct frrscript_rule *rule = rule_new("verdicts", functions[i]);

		if (rule_call(rule, &route) != FRRSCRIPT_MATCH)
			check_fail(__FILE__, __LINE__, "%s: %s", functions[i], host_logged);
		CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 1);
		CHECK_INT(route.localpref, 150);
		frrscript_rule_free(rule);
	}
}

CASE(RM_FAILURE_is_the_on_error_action)
{
	host_start();
	expect("failure", FRRSCRIPT_NOMATCH, "verdicts");
}

CASE(an_error_is_logged_with_script_line_and_function)
{
	host_start();
	expect("raises", FRRSCRIPT_NOMATCH, "no reason");
	CHECK_HAS(host_logged, "verdicts");
	CHECK_HAS(host_logged, ":34");
	CHECK_HAS(host_logged, "raises");
}

CASE(an_error_that_is_no_text_is_an_error_too)
{
	host_start();
	expect("raises_table", FRRSCRIPT_NOMATCH, "verdicts");
	expect("raises_nil", FRRSCRIPT_NOMATCH, "verdicts");
}

CASE(a_result_that_is_no_verdict_is_an_error)
{
	static const char *const functions[] = {
		"number", "fraction", "text", "unknown_action", "wrong_action",
		"wrong_attributes", "a_function", "nothing",
	};

	host_start();
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		expect(functions[i], FRRSCRIPT_NOMATCH, "verdicts");
}

CASE(on_error_decides_what_a_failed_script_gives)
{
	static const enum frrscript_verdict actions[] = { FRRSCRIPT_DENY, FRRSCRIPT_MATCH,
							  FRRSCRIPT_NOMATCH };
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("verdicts", "raises");
	for (int i = 0; i < 3; i++) {
		uint32_t action = actions[i];

		CHECK_OK(frrscript_script_option("verdicts", FRRSCRIPT_ON_ERROR, &action, &text));
		CHECK_INT(rule_call(rule, &route), actions[i]);
	}
	CHECK_OK(frrscript_script_option("verdicts", FRRSCRIPT_ON_ERROR, NULL, &text));
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	frrscript_rule_free(rule);
}

CASE(a_missing_function_says_which_there_are)
{
	char *text = NULL;
	struct frrscript_rule *rule;

	host_start();
	rule = frrscript_rule_new(&hook_match, "verdicts", "mtach", &text);
	CHECK(rule);
	CHECK_HAS(text, "mtach");
	CHECK_HAS(text, "match");
	frrscript_text_free(text);
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	frrscript_rule_free(rule);

	text = NULL;
	rule = frrscript_rule_new(&hook_match, "verdicts", "not_a_function", &text);
	CHECK(rule);
	CHECK_HAS(text, "not_a_function");
	frrscript_text_free(text);
	frrscript_rule_free(rule);
}

CASE(a_rule_knows_its_names_and_the_arguments_its_function_takes)
{
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("verdicts", "no_match");
	CHECK(strcmp(frrscript_rule_script(rule), "verdicts") == 0);
	CHECK(strcmp(frrscript_rule_function(rule), "no_match") == 0);
	CHECK(frrscript_rule_takes(rule, "peer"));
	CHECK(!frrscript_rule_takes(rule, "RM_MATCH_AND_CHANGE"));
	CHECK(!frrscript_rule_takes(rule, "no such argument"));
	frrscript_rule_free(rule);
	rule = rule_new("verdicts", "yes");
	CHECK(!frrscript_rule_takes(rule, "peer"));
	frrscript_rule_free(rule);
}
