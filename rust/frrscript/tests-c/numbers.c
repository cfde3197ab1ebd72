/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hooks that take a number.
 */
#include "route.h"

static const struct frrscript_arg args[] = { { "peer", "the neighbor", &peer_type }, {} };
static const struct frrscript_hook hook_priority = {
	"priority", "a priority", args, FRRSCRIPT_HOOK_NUMBER, .min = 1, .max = 254,
};
static const struct frrscript_hook hook_whole = {
	"whole", "any number", args, FRRSCRIPT_HOOK_NUMBER, .min = 0, .max = UINT32_MAX,
};

static struct peer peer = { .name = "r2", .as = 65001 };
static const void *const objects[] = { &peer };

static void start(const char *source)
{
	static const struct frrscript_hook *const hooks[] = { &hook_priority, &hook_whole, NULL };

	host_start_empty();
	CHECK_OK(frrscript_register_hooks(hooks, &text));
	host_load("s", source);
}

static struct frrscript_rule *rule_of(const struct frrscript_hook *hook, const char *function)
{
	char *text = NULL;
	struct frrscript_rule *rule = frrscript_rule_new(hook, "s", function, &text);

	CHECK(rule);
	frrscript_text_free(text);
	return rule;
}

/* Asks; a number is written for VALUE only. */
static enum frrscript_number_answer ask(struct frrscript_rule *rule, uint32_t *number)
{
	enum frrscript_number_answer answer;

	*number = 4711;
	answer = frrscript_rule_number(rule, objects, number);
	if (answer != FRRSCRIPT_NUMBER_VALUE)
		CHECK_INT(*number, 4711);
	return answer;
}

/* What a function that returns the expression answers. */
static enum frrscript_number_answer answer(const struct frrscript_hook *hook, const char *expression,
					   uint32_t *number)
{
	char source[200];
	struct frrscript_rule *rule;
	enum frrscript_number_answer result;

	snprintf(source, sizeof(source), "function f(peer) return %s end", expression);
	host_write("s.lua", source);
	CHECK_OK(frrscript_script_reload("s", &text));
	rule = rule_of(hook, "f");
	result = ask(rule, number);
	frrscript_rule_free(rule);
	return result;
}

CASE(a_number_in_its_range)
{
	uint32_t number;

	start("function f() end");
	CHECK_INT(answer(&hook_priority, "1", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 1);
	CHECK_INT(answer(&hook_priority, "254", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 254);
	CHECK_INT(answer(&hook_priority, "peer.remote_as - 64901", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 100);
	CHECK_INT(answer(&hook_whole, "0", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 0);
	CHECK_INT(answer(&hook_whole, "-0.0", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 0);
	CHECK_INT(answer(&hook_whole, "4294967295", &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, UINT32_MAX);
}

CASE(nil_is_no_opinion)
{
	uint32_t number;

	start("function f() end");
	CHECK_INT(answer(&hook_priority, "nil", &number), FRRSCRIPT_NUMBER_NIL);
	CHECK_INT(answer(&hook_priority, "", &number), FRRSCRIPT_NUMBER_NIL);
	CHECK_INT(host_worst, 7);
}

CASE(what_is_no_number_of_the_range_fails)
{
	static const char *const bad[] = {
		"0",  "255", "-1", "1.5", "2^32 + 1", "2^53", "1e300", "0/0", "1/0", "-1/0",
		"'7'", "true", "{}", "{ 7 }", "peer", "function() end", "coroutine.create(print)",
	};
	uint32_t number;

	start("function f() end");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		host_logged[0] = '\0';
		CHECK_OK(frrscript_script_clear("s", &text));
		if (answer(&hook_priority, bad[i], &number) != FRRSCRIPT_NUMBER_FAILED)
			check_fail(__FILE__, __LINE__, "%s is taken", bad[i]);
		CHECK_HAS(host_logged, "contract");
	}
	CHECK_INT(answer(&hook_whole, "4294967296", &number), FRRSCRIPT_NUMBER_FAILED);
	CHECK_INT(answer(&hook_whole, "-1", &number), FRRSCRIPT_NUMBER_FAILED);
}

CASE(a_number_of_a_script_that_fails_is_suspended_or_not_there)
{
	struct frrscript_rule *rule;
	uint32_t number;

	start("function f() if bad then error('no') end return 7 end function g() bad = true return 1 end");
	rule = rule_of(&hook_priority, "g");
	CHECK_INT(ask(rule, &number), FRRSCRIPT_NUMBER_VALUE);
	frrscript_rule_free(rule);
	rule = rule_of(&hook_priority, "f");
	for (int i = 0; i < 30; i++)
		CHECK_INT(ask(rule, &number), FRRSCRIPT_NUMBER_FAILED);
	CHECK_HAS(host_logged, "suspended");
	CHECK_OK(frrscript_script_reload("s", &text));
	CHECK_INT(ask(rule, &number), FRRSCRIPT_NUMBER_VALUE);
	CHECK_INT(number, 7);
	frrscript_library_fini();
	CHECK_INT(ask(rule, &number), FRRSCRIPT_NUMBER_FAILED);
	frrscript_rule_free(rule);

	rule = frrscript_rule_new(&hook_priority, "nowhere", NULL, NULL);
	CHECK(rule);
	CHECK_INT(ask(rule, &number), FRRSCRIPT_NUMBER_FAILED);
	frrscript_rule_free(rule);
}

CASE(a_number_runs_out_of_time_and_memory)
{
	uint32_t number, milliseconds = 5;

	start("function f() end");
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_TIME, &milliseconds, &text));
	CHECK_INT(answer(&hook_priority, "(function() while true do end end)()", &number),
		  FRRSCRIPT_NUMBER_FAILED);
	CHECK_INT(answer(&hook_priority, "#string.rep('x', 1e9)", &number), FRRSCRIPT_NUMBER_FAILED);
	CHECK_HAS(host_logged, "deadline");
	CHECK_HAS(host_logged, "memory");
}

CASE(numbers_and_verdicts_are_not_mixed_up)
{
	struct frrscript_rule *rule;
	uint32_t number = 4711;

	start("function f() return 2 end function t() return true end");
	/* a verdict asked of a hook that takes a number, and the other way round */
	rule = rule_of(&hook_priority, "t");
	frrscript_rule_call(rule, objects);
	CHECK_INT(frrscript_rule_number(rule, objects, &number), FRRSCRIPT_NUMBER_FAILED);
	frrscript_rule_free(rule);
	rule = rule_of(&hook_priority, "f");
	CHECK_INT(frrscript_rule_number(rule, NULL, &number), FRRSCRIPT_NUMBER_FAILED);
	CHECK_INT(frrscript_rule_number(rule, objects, NULL), FRRSCRIPT_NUMBER_FAILED);
	CHECK_INT(frrscript_rule_number(NULL, objects, &number), FRRSCRIPT_NUMBER_FAILED);
	CHECK_INT(number, 4711);
	frrscript_rule_free(rule);
}

CASE(how_long_a_number_holds)
{
	struct frrscript_rule *rule;
	uint32_t seconds = 5, most = 3600, over = 3601;

	start("function f() return 2 end");
	rule = rule_of(&hook_priority, "f");
	CHECK_INT(frrscript_rule_hold(rule), 60);
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_ON_ERROR_HOLD, &seconds, &text));
	CHECK_INT(frrscript_rule_hold(rule), 5);
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_ON_ERROR_HOLD, &most, &text));
	CHECK_INT(frrscript_rule_hold(rule), 3600);
	CHECK_ERROR(frrscript_script_option("s", FRRSCRIPT_ON_ERROR_HOLD, &over, &text), "3600");
	CHECK_INT(frrscript_rule_hold(rule), 3600);
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_ON_ERROR_HOLD, NULL, &text));
	CHECK_INT(frrscript_rule_hold(rule), 60);
	frrscript_rule_hold(NULL);
	frrscript_rule_free(rule);
}
