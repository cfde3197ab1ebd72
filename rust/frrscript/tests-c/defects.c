/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The defects of FRR 10.3's scripting that show at this interface, each by its
 * number.  The codecs' are in daemons/lib/test_frrlua_codecs.c, those that need
 * a live daemon in topotests/.
 */
#include "route.h"

static struct route route;

static enum frrscript_verdict call(const char *function)
{
	struct frrscript_rule *rule = rule_new("defects", function);
	enum frrscript_verdict verdict = rule_call(rule, &route);

	frrscript_rule_free(rule);
	return verdict;
}

/* bgpd crashed when a script read the peer of a locally originated route. */
CASE(D1_a_peer_without_addresses_is_nil)
{
	struct route local = { .peer = NULL };
	struct peer self = { .name = NULL };
	struct route_prefix prefix = { .len = 0 };
	const void *args[] = { &prefix, &local, &self };
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("defects", "local_route");
	if (frrscript_rule_call(rule, args) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	args[2] = NULL;
	CHECK_INT(frrscript_rule_call(rule, args), FRRSCRIPT_NOMATCH);
	frrscript_rule_free(rule);
}

/* The developer guide's own example aborted bgpd. */
CASE(D2_attributes_that_are_no_table_are_an_error)
{
	host_start();
	CHECK_INT(call("attributes_is_a_number"), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "attributes_is_a_number");
}

/* A table without action was a NULL pointer. */
CASE(D3_a_table_without_action_is_an_error)
{
	host_start();
	CHECK_INT(call("no_action"), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "action");
}

/* A key named like an argument without decoder aborted. */
CASE(D4_keys_named_like_any_argument_may_come_back)
{
	struct frrscript *fs;
	lua_State *L;

	host_start();
	if (call("other_keys") != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	/* "a complete example" of the developer guide */
	fs = frrscript_new("defects");
	CHECK_INT(frrscript_load(fs, "by_value", NULL), 0);
	L = frrscript_call_begin(fs, "by_value");
	CHECK(L);
	for (int i = 1; i <= 3; i++)
		frrscript_stack_pushinteger(L, i * 100);
	CHECK_INT(frrscript_call_run(fs, "by_value", 3), 0);
	frrscript_stack_getfield(L, 1, "c");
	CHECK(!frrscript_stack_isnil(L, -1));
	frrscript_stack_pop(L, 1);
	frrscript_stack_getfield(L, 1, "b");
	CHECK(frrscript_stack_isnil(L, -1));
	frrscript_delete(fs);
}

static lua_State *run(struct frrscript **fs, const char *function)
{
	lua_State *L;

	host_start();
	*fs = frrscript_new("defects");
	CHECK_INT(frrscript_load(*fs, function, NULL), 0);
	L = frrscript_call_begin(*fs, function);
	CHECK(L);
	return L;
}

/* A text where a number was expected aborted. */
CASE(D5_a_wrong_type_for_an_integer_is_an_error)
{
	static const char *const keys[] = { "text", "table", "yes", "fraction" };
	struct frrscript *fs;
	lua_State *L = run(&fs, "wrong_types");
	long long n = 5;

	CHECK_INT(frrscript_call_run(fs, "wrong_types", 0), 0);
	for (int i = 0; i < 4; i++) {
		frrscript_stack_getfield(L, 1, keys[i]);
		CHECK(!frrscript_stack_tointeger(L, -1, INT64_MIN, INT64_MAX, &n));
		CHECK_INT(n, 5);
		frrscript_stack_pop(L, 1);
	}
	frrscript_delete(fs);
}

/* log.info() and log.info("a", "b") aborted. */
CASE(D6_log_takes_any_number_of_arguments)
{
	host_start();
	if (call("logs") != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_HAS(host_logged, "w\n");
	CHECK_HAS(host_logged, "e\n");
	CHECK_HAS(host_logged, "100 %s %n percent");
}

/* Every evaluation made a Lua state and read the file. */
CASE(D7_the_file_is_read_once)
{
	struct frrscript_rule *rule;
	double start;

	host_start_empty();
	host_write("once.lua", "function route_match() return true end\n"
			       "function stock() return {} end\n");
	rule = rule_new("once", "route_match");
	host_write("once.lua", "function route_match() return false end\n");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	/* FRR's own callers make a new frrscript for every batch of routes */
	start = host_clock();
	for (int i = 0; i < 1000; i++) {
		struct frrscript *fs = frrscript_new("once");

		CHECK_INT(frrscript_load(fs, "stock", NULL), 0);
		CHECK(frrscript_call_begin(fs, "stock"));
		CHECK_INT(frrscript_call_run(fs, "stock", 0), 0);
		frrscript_delete(fs);
	}
	CHECK(host_clock() - start < 5000);
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
}

/* Every load error and every runtime error leaked the script. */
CASE(D8_errors_do_not_leak)
{
	size_t before = 0, after;

	host_start();
	for (int i = 0; i < 3000; i++) {
		struct frrscript *fs = frrscript_new("defects");

		if (i == 300)
			before = host_allocated();
		CHECK_INT(frrscript_load(fs, "no_such_function", NULL), 1);
		CHECK_INT(frrscript_load(fs, "raises", NULL), 0);
		if (frrscript_call_begin(fs, "raises"))
			CHECK_INT(frrscript_call_run(fs, "raises", 0), 1);
		frrscript_delete(fs);
		fs = frrscript_new("no_such_script");
		CHECK_INT(frrscript_load(fs, "f", NULL), 1);
		frrscript_delete(fs);
		host_logged[0] = '\0';
	}
	after = host_allocated();
	if (after > before + (256u << 10))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
}

/* Every decoded AS path leaked, and its change was dropped. */
CASE(D9_an_as_path_is_applied_and_freed)
{
	struct frrscript_rule *rule;
	size_t before = 0, after;

	host_start();
	rule = rule_new("defects", "long_path");
	for (int i = 0; i < 2000; i++) {
		if (i == 1000)
			before = host_allocated();
		if (rule_call(rule, &route) != FRRSCRIPT_MATCH)
			check_fail(__FILE__, __LINE__, "%s", host_logged);
		CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 1);
		CHECK_INT(route.path.segments[0].len, 202);
		CHECK_INT(route.path.segments[0].asns[0], 65000);
	}
	after = host_allocated();
	if (after > before + (512u << 10))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
	frrscript_rule_free(rule);
}

/* A long long went through a double and came back changed. */
CASE(D10_long_long_is_exact)
{
	static const long long numbers[] = {
		0, -1, (1LL << 53) - 1, (1LL << 53) + 1, -(1LL << 53) - 1, INT64_MAX, INT64_MIN,
	};
	struct frrscript *fs;

	run(&fs, "exact");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		lua_State *L = frrscript_call_begin(fs, "exact");
		long long n = 5;

		frrscript_stack_pushinteger(L, numbers[i]);
		if (frrscript_call_run(fs, "exact", 1) != 0)
			check_fail(__FILE__, __LINE__, "%s", host_logged);
		frrscript_stack_getfield(L, 1, "n");
		if (!frrscript_stack_tointeger(L, -1, INT64_MIN, INT64_MAX, &n))
			check_fail(__FILE__, __LINE__, "%s", host_logged);
		CHECK_INT(n, numbers[i]);
	}
	frrscript_delete(fs);
}

/* 2^32 became -2147483648, 1.7 became 1. */
CASE(D10_a_number_out_of_range_is_an_error)
{
	struct frrscript *fs;
	lua_State *L = run(&fs, "wrong_types");
	long long n = 5;

	CHECK_INT(frrscript_call_run(fs, "wrong_types", 0), 0);
	frrscript_stack_getfield(L, 1, "large");
	CHECK(!frrscript_stack_tointeger(L, -1, INT32_MIN, INT32_MAX, &n));
	frrscript_stack_getfield(L, 1, "fraction");
	CHECK(!frrscript_stack_tointeger(L, -1, INT32_MIN, INT32_MAX, &n));
	CHECK_INT(n, 5);
	frrscript_delete(fs);
}

/* A loop hung the daemon; 200 MB of text were accepted. */
CASE(D11_time_and_memory_have_limits_by_default)
{
	static const char *const functions[] = { "forever", "much_memory" };

	host_start();
	for (int i = 0; i < 2; i++) {
		struct frrscript_rule *rule = rule_new("limits", functions[i]);
		double start = host_clock();

		CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
		CHECK(host_clock() - start < 20000);
		frrscript_rule_free(rule);
	}
	CHECK(host_allocated() < 128u << 20);
}

/* os, io, package and debug were open to scripts. */
CASE(D12_nothing_leads_out_of_the_sandbox)
{
	host_start();
	if (call("closed") != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	if (call("tampers") != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
}
