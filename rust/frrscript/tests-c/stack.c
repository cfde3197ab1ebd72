/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * FRR's own interface: frrscript_new, load, call, get_result on the value stack.
 */
#include "route.h"

static struct frrscript *loaded(const char *function)
{
	struct frrscript *fs;

	host_start();
	fs = frrscript_new("stack");
	CHECK(fs);
	if (frrscript_load(fs, function, NULL) != 0)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	return fs;
}

static lua_State *begin(struct frrscript *fs, const char *function)
{
	lua_State *L = frrscript_call_begin(fs, function);

	CHECK(L);
	CHECK_INT(frrscript_stack_gettop(L), 0);
	return L;
}

static void run(struct frrscript *fs, const char *function, int nargs)
{
	if (frrscript_call_run(fs, function, nargs) != 0)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
}

static long long integer(lua_State *L, const char *key)
{
	long long n = -77;

	frrscript_stack_getfield(L, 1, key);
	if (!frrscript_stack_tointeger(L, -1, INT64_MIN, INT64_MAX, &n))
		check_fail(__FILE__, __LINE__, "%s: %s", key, host_logged);
	frrscript_stack_pop(L, 1);
	return n;
}

CASE(a_function_takes_values_and_gives_a_table)
{
	struct frrscript *fs = loaded("sum");
	lua_State *L = begin(fs, "sum");

	frrscript_stack_pushinteger(L, 40);
	frrscript_stack_pushinteger(L, 2);
	run(fs, "sum", 2);
	CHECK_INT(frrscript_stack_gettop(L), 1);
	CHECK(frrscript_stack_istable(L, 1));
	CHECK_INT(integer(L, "sum"), 42);
	CHECK_INT(frrscript_stack_gettop(L), 1);
	/* again, without a load */
	L = begin(fs, "sum");
	frrscript_stack_pushinteger(L, -1);
	frrscript_stack_pushinteger(L, 1);
	run(fs, "sum", 2);
	CHECK_INT(integer(L, "sum"), 0);
	frrscript_delete(fs);
}

CASE(tables_nest)
{
	struct frrscript *fs = loaded("describe");
	lua_State *L = begin(fs, "describe");

	frrscript_stack_newtable(L);
	frrscript_stack_pushstring(L, "r1");
	frrscript_stack_setfield(L, -2, "name");
	frrscript_stack_newtable(L);
	for (int i = 1; i <= 3; i++) {
		frrscript_stack_pushinteger(L, i * 10);
		frrscript_stack_seti(L, -2, i);
	}
	frrscript_stack_setfield(L, -2, "list");
	frrscript_stack_newtable(L);
	frrscript_stack_newtable(L);
	frrscript_stack_pushnumber(L, 0.5);
	frrscript_stack_setfield(L, -2, "value");
	frrscript_stack_setfield(L, -2, "deep");
	frrscript_stack_setfield(L, -2, "inner");
	frrscript_stack_pushboolean(L, 1);
	frrscript_stack_setfield(L, -2, "flag");
	frrscript_stack_pushlstring(L, "a\0b", 3);
	frrscript_stack_setfield(L, -2, "octets");
	frrscript_stack_pushstring(L, NULL);
	frrscript_stack_setfield(L, -2, "missing");
	CHECK_INT(frrscript_stack_gettop(L), 1);
	run(fs, "describe", 1);
	CHECK_INT(integer(L, "count"), 3);
	CHECK_INT(integer(L, "second"), 20);
	CHECK_INT(integer(L, "octets"), 3);
	frrscript_stack_getfield(L, 1, "name");
	CHECK(frrscript_stack_isstring(L, -1));
	CHECK(strcmp(frrscript_stack_tostring(L, -1), "r1") == 0);
	frrscript_stack_getfield(L, 1, "inner");
	CHECK_HAS(frrscript_stack_tostring(L, -1), "0.5");
	frrscript_stack_pop(L, 2);
	frrscript_delete(fs);
}

CASE(a_field_of_what_is_no_table_is_nil)
{
	struct frrscript *fs = loaded("values");
	lua_State *L = begin(fs, "values");

	run(fs, "values", 0);
	frrscript_stack_getfield(L, 1, "whole");
	frrscript_stack_getfield(L, -1, "x");
	CHECK(frrscript_stack_isnil(L, -1));
	frrscript_stack_pop(L, 1);
	CHECK_INT(frrscript_stack_gettop(L), 2);
	frrscript_stack_getfield(L, 99, "x");
	CHECK(frrscript_stack_isnil(L, -1));
	frrscript_stack_pop(L, 99);
	CHECK_INT(frrscript_stack_gettop(L), 0);
	frrscript_stack_setfield(L, -2, "x");
	frrscript_stack_seti(L, -2, 1);
	CHECK(!frrscript_stack_istable(L, -1));
	frrscript_delete(fs);
}

CASE(integers_are_read_within_their_range_or_not_at_all)
{
	static const char *const refused[] = { "fraction", "nan", "yes", "text", "missing" };
	struct frrscript *fs = loaded("values");
	lua_State *L = begin(fs, "values");
	long long n = 5;

	run(fs, "values", 0);
	CHECK_INT(integer(L, "whole"), 42);
	CHECK_INT(integer(L, "negative"), -1);
	CHECK_INT(integer(L, "large"), 4294967296LL);
	for (int i = 0; i < 5; i++) {
		frrscript_stack_getfield(L, 1, refused[i]);
		CHECK(!frrscript_stack_tointeger(L, -1, INT64_MIN, INT64_MAX, &n));
		CHECK_INT(n, 5);
		frrscript_stack_pop(L, 1);
	}
	frrscript_stack_getfield(L, 1, "large");
	CHECK(!frrscript_stack_tointeger(L, -1, INT32_MIN, INT32_MAX, &n));
	CHECK_INT(n, 5);
	frrscript_stack_getfield(L, 1, "negative");
	CHECK(!frrscript_stack_tointeger(L, -1, 0, 10, &n));
	CHECK_INT(n, 5);
	frrscript_delete(fs);
}

static void *to_integer(lua_State *L, int idx)
{
	long long *n = malloc(sizeof(*n));

	if (!frrscript_stack_tointeger(L, idx, INT64_MIN, INT64_MAX, n)) {
		free(n);
		return NULL;
	}
	/* FRR's decoders pop, or do not, or leave something: all is fine */
	frrscript_stack_pushnil(L);
	return n;
}

CASE(get_result_gives_what_the_decoder_made_or_NULL)
{
	struct frrscript *fs = loaded("values");
	long long *n;

	begin(fs, "values");
	run(fs, "values", 0);
	n = frrscript_get_result(fs, "values", "whole", to_integer);
	CHECK(n);
	CHECK_INT(*n, 42);
	free(n);
	n = frrscript_get_result(fs, "values", "large", to_integer);
	CHECK(n);
	free(n);
	CHECK(!frrscript_get_result(fs, "values", "text", to_integer));
	CHECK(!frrscript_get_result(fs, "values", "missing", to_integer));
	CHECK(!frrscript_get_result(fs, "values", NULL, to_integer));
	CHECK(!frrscript_get_result(fs, "values", "whole", NULL));
	CHECK(!frrscript_get_result(fs, "never loaded", "whole", to_integer));
	frrscript_delete(fs);
}

CASE(a_result_that_is_no_table_is_an_error)
{
	static const char *const functions[] = { "returns_nothing", "returns_number", "raises" };
	struct frrscript *fs = loaded("same");

	for (int i = 0; i < 3; i++) {
		CHECK_INT(frrscript_load(fs, functions[i], NULL), 0);
		begin(fs, functions[i]);
		host_logged[0] = '\0';
		CHECK_INT(frrscript_call_run(fs, functions[i], 0), 1);
		/* the second of a kind is counted, not logged */
		if (i != 1)
			CHECK_HAS(host_logged, functions[i]);
		CHECK(!frrscript_get_result(fs, functions[i], "x", to_integer));
	}
	CHECK_INT(frrscript_load(fs, "returns_empty", NULL), 0);
	begin(fs, "returns_empty");
	run(fs, "returns_empty", 0);
	CHECK(!frrscript_get_result(fs, "returns_empty", "x", to_integer));
	frrscript_delete(fs);
}

static int refuse(struct frrscript *fs)
{
	return 1;
}

static int accept(struct frrscript *fs)
{
	return 0;
}

CASE(load_says_what_is_missing)
{
	struct frrscript *fs = loaded("same"), *none;

	CHECK_INT(frrscript_load(fs, "no_such_function", NULL), 1);
	CHECK_HAS(host_logged, "no_such_function");
	CHECK(!frrscript_call_begin(fs, "no_such_function"));
	CHECK(!frrscript_call_begin(fs, "sum"));
	CHECK_INT(frrscript_load(fs, "sum", refuse), 1);
	CHECK(!frrscript_call_begin(fs, "sum"));
	CHECK_INT(frrscript_load(fs, "sum", accept), 0);
	CHECK(frrscript_call_begin(fs, "sum"));
	/* twice is once */
	CHECK_INT(frrscript_load(fs, "sum", NULL), 0);
	CHECK_INT(frrscript_load(fs, NULL, NULL), 1);
	none = frrscript_new("no_such_script");
	CHECK(none);
	CHECK_INT(frrscript_load(none, "f", NULL), 1);
	CHECK_HAS(host_logged, "no_such_script");
	frrscript_delete(none);
	frrscript_delete(fs);
}

CASE(a_table_in_itself_is_no_endless_loop)
{
	struct frrscript *fs = loaded("cycle");

	begin(fs, "cycle");
	/* refused, or cut somewhere */
	frrscript_call_run(fs, "cycle", 0);
	frrscript_delete(fs);
}

CASE(a_large_result_is_read_or_refused)
{
	struct frrscript *fs = loaded("many");
	lua_State *L = begin(fs, "many");

	frrscript_stack_pushinteger(L, 1000);
	run(fs, "many", 1);
	L = begin(fs, "many");
	frrscript_stack_pushinteger(L, 2000000000);
	CHECK_INT(frrscript_call_run(fs, "many", 1), 1);
	frrscript_delete(fs);
}

CASE(the_wrong_number_of_arguments_is_an_error)
{
	struct frrscript *fs = loaded("sum");
	lua_State *L = begin(fs, "sum");

	frrscript_stack_pushinteger(L, 1);
	CHECK_INT(frrscript_call_run(fs, "sum", 2), 1);
	begin(fs, "sum");
	CHECK_INT(frrscript_call_run(fs, "sum", -1), 1);
	frrscript_delete(fs);
}

CASE(calls_on_the_value_stack_do_not_grow)
{
	struct frrscript *fs = loaded("same");
	size_t before = 0, after;

	for (int i = 0; i < 20000; i++) {
		lua_State *L = begin(fs, "same");

		if (i == 2000)
			before = host_allocated();
		frrscript_stack_newtable(L);
		frrscript_stack_pushstring(L, "text");
		frrscript_stack_setfield(L, -2, "key");
		run(fs, "same", 1);
	}
	after = host_allocated();
	if (after > before + (512u << 10))
		check_fail(__FILE__, __LINE__, "%zu octets became %zu", before, after);
	frrscript_delete(fs);
}
