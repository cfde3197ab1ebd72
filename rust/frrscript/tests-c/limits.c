/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Time, memory, and the life of what a script is given.
 */
#include "route.h"

static struct route route;

/* The errors of a kind, from show script json. */
static long long errors(const char *kind)
{
	char *json = frrscript_show("limits", true);
	long long count;

	if (!json || json_error(json))
		check_fail(__FILE__, __LINE__, "%s", json ? json_error(json) : "no such script");
	count = json_number(json, kind);
	frrscript_text_free(json);
	return count;
}

static enum frrscript_verdict call(const char *function)
{
	struct frrscript_rule *rule = rule_new("limits", function);
	enum frrscript_verdict verdict = rule_call(rule, &route);

	frrscript_rule_free(rule);
	return verdict;
}

/*
 * Sanitizers make everything slower, valgrind most, and the machine may have other work: only that it ends is checked here; how
 * soon is what the hostile cases check.
 */
static void expect_deadline(const char *function)
{
	uint32_t limit = 50;
	double start;

	host_start();
	/* configured: its counts outlive the rules */
	CHECK_OK(frrscript_script_load("limits", &text));
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &limit, &text));
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
	start = host_clock();
	CHECK_INT(call(function), FRRSCRIPT_NOMATCH);
	CHECK(host_clock() - start < 20000);
	CHECK_INT(errors("deadline"), 1);
	CHECK_HAS(host_logged, function);
	/* the script is in order afterwards */
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
	CHECK_INT(errors("deadline"), 1);
}

CASE(a_loop_without_end_is_stopped)
{
	expect_deadline("forever");
}

CASE(pcall_does_not_swallow_the_deadline)
{
	expect_deadline("forever_in_pcall");
}

CASE(a_coroutine_does_not_hide_from_the_deadline)
{
	expect_deadline("forever_in_coroutine");
}

CASE(a_pattern_that_backtracks_is_stopped)
{
	expect_deadline("forever_in_pattern");
}

CASE(plain_find_is_stopped_between_calls)
{
	expect_deadline("forever_in_plain_find");
}

CASE(an_error_handler_is_stopped)
{
	expect_deadline("forever_in_error_handler");
}

CASE(tostring_of_an_error_is_stopped)
{
	host_start();
	double start = host_clock();

	CHECK_INT(call("forever_in_tostring"), FRRSCRIPT_NOMATCH);
	CHECK(host_clock() - start < 20000);
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
}

CASE(the_deadline_holds_for_each_call_anew)
{
	uint32_t limit = 20;
	double start;

	host_start();
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &limit, &text));
	start = host_clock();
	for (int i = 0; i < 3; i++) {
		CHECK_INT(call("forever"), FRRSCRIPT_NOMATCH);
		CHECK_INT(errors("deadline"), i + 1);
	}
	CHECK(host_clock() - start >= 3 * 20);
	CHECK(host_clock() - start < 3000);
}

static void expect_memory(const char *function)
{
	uint32_t mib = 2, ms = 20000;

	host_start();
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_MEMORY, &mib, &text));
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &ms, &text));
	CHECK_INT(call(function), FRRSCRIPT_NOMATCH);
	CHECK_INT(errors("memory"), 1);
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
	CHECK(host_allocated() < 64u << 20);
}

CASE(memory_without_end_is_stopped)
{
	expect_memory("much_memory");
}

CASE(pcall_does_not_swallow_the_memory_limit)
{
	expect_memory("much_memory_in_pcall");
}

CASE(one_string_larger_than_the_limit_is_refused)
{
	expect_memory("one_large_string");
}

CASE(recursion_without_end_is_an_error)
{
	host_start();
	CHECK_INT(call("deep"), FRRSCRIPT_NOMATCH);
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
}

CASE(limits_have_bounds)
{
	uint32_t zero = 0, most_time = 60000, most_memory = 1024, value;

	host_start();
	CHECK_ERROR(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &zero, &text), "60000");
	value = most_time + 1;
	CHECK_ERROR(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &value, &text), "60000");
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &most_time, &text));
	CHECK_ERROR(frrscript_script_option("limits", FRRSCRIPT_LIMIT_MEMORY, &zero, &text), "1024");
	value = most_memory + 1;
	CHECK_ERROR(frrscript_script_option("limits", FRRSCRIPT_LIMIT_MEMORY, &value, &text), "1024");
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_MEMORY, &most_memory, &text));
	value = 3;
	CHECK_ERROR(frrscript_script_option("limits", FRRSCRIPT_ON_ERROR, &value, &text), "3");
}

/* An object kept in one call and used in the next. */
static void expect_dead(const char *keep, const char *use)
{
	struct frrscript_rule *keeps, *uses;

	host_start();
	keeps = rule_new("limits", keep);
	uses = rule_new("limits", use);
	if (rule_call(keeps, &route) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(rule_call(uses, &route), FRRSCRIPT_NOMATCH);
	CHECK_INT(errors("runtime"), 1);
	CHECK_HAS(host_logged, use);
	CHECK_INT(frrscript_rule_apply(uses, ARG_ATTRIBUTES, &route), 0);
	frrscript_rule_free(uses);
	frrscript_rule_free(keeps);
}

CASE(an_object_used_after_its_call_is_an_error)
{
	expect_dead("keep", "use_kept");
}

CASE(a_method_of_an_object_after_its_call_is_an_error)
{
	expect_dead("keep", "use_kept_method");
}

CASE(a_list_used_after_its_call_is_an_error)
{
	expect_dead("keep_list", "use_kept_list");
}

CASE(an_as_path_used_after_its_call_is_an_error)
{
	expect_dead("keep_path", "use_kept_path");
}

CASE(an_assignment_after_the_call_is_an_error)
{
	expect_dead("keep", "assign_kept");
}

CASE(a_synchronous_hook_cannot_wait)
{
	host_start();
	CHECK_INT(call("yields"), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "yields");
	CHECK_INT(call("fine"), FRRSCRIPT_MATCH);
}

CASE(a_hundred_thousand_calls_do_not_grow)
{
	struct frrscript_rule *rule;
	uint32_t ms = 60000;
	size_t before = 0, after;

	host_start();
	CHECK_OK(frrscript_script_option("limits", FRRSCRIPT_LIMIT_TIME, &ms, &text));
	rule = rule_new("limits", "busy");
	for (int i = 0; i < 100000; i++) {
		if (i == 10000)
			before = host_allocated();
		CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
		if (i % 2)
			CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 3);
	}
	after = host_allocated();
	/* garbage that waits for its collector comes and goes */
	if (after > before + (1u << 20))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
	frrscript_rule_free(rule);
}

CASE(failing_calls_do_not_grow)
{
	struct frrscript_rule *rule;
	size_t before = 0, after;

	host_start();
	rule = rule_new("limits", "use_kept");
	for (int i = 0; i < 20000; i++) {
		if (i == 2000)
			before = host_allocated();
		rule_call(rule, &route);
		CHECK_OK(frrscript_script_resume("limits", &text));
	}
	after = host_allocated();
	if (after > before + (1u << 20))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
	frrscript_rule_free(rule);
}

CASE(a_script_that_always_fails_is_suspended_until_it_is_resumed)
{
	struct frrscript_rule *rule;
	uint64_t calls;

	host_start();
	rule = rule_new("limits", "use_kept");
	for (int i = 0; i < 1000; i++)
		CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	calls = frrscript_script_calls("limits");
	CHECK(calls < 1000);
	CHECK_HAS(host_logged, "suspended");
	CHECK_OK(frrscript_script_resume("limits", &text));
	rule_call(rule, &route);
	CHECK(frrscript_script_calls("limits") > calls);
	frrscript_rule_free(rule);
}

CASE(the_log_is_not_flooded)
{
	struct frrscript_rule *rule;
	int lines = 0;

	host_start();
	rule = rule_new("limits", "use_kept");
	for (int i = 0; i < 200; i++) {
		rule_call(rule, &route);
		CHECK_OK(frrscript_script_resume("limits", &text));
	}
	for (char *at = host_logged; (at = strstr(at, "use_kept")); at++)
		lines++;
	CHECK(lines >= 1);
	CHECK(lines <= 5);
	frrscript_rule_free(rule);
}
