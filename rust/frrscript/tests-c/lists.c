/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lists of the daemon's objects, and methods of them.
 */
#include "event.h"

struct thing {
	uint32_t number;
};

static struct thing **things;
static int count;
static uint32_t cleared; /* the thing whose method was called last */
static int asked;	 /* how many the list was asked for */

static void clear_thing(const void *obj)
{
	cleared = ((const struct thing *)obj)->number;
}

static const struct frrscript_field thing_fields[] = {
	{ "number", "its number", FRRSCRIPT_UINT, .width = 4 },
	{},
};
static const struct frrscript_method thing_methods[] = { { "clear", "clears it", clear_thing }, {} };
static const struct frrscript_type thing_type = { "thing", "a thing", thing_fields,
						  .methods = thing_methods };

static void each_thing(bool (*add)(void *ctx, const void *obj), void *ctx)
{
	asked = 0;
	for (int i = 0; i < count; i++) {
		asked++;
		if (!add(ctx, things[i]))
			return;
	}
}

/* One that is not at its end when it ends. */
static void each_some(bool (*add)(void *ctx, const void *obj), void *ctx)
{
	for (int i = 0; i < 3 && i < count; i++)
		add(ctx, i == 1 ? NULL : things[i]);
}

static const struct frrscript_list list = { "things", "all things", &thing_type, each_thing };
static const struct frrscript_list some = { "some", "some things", &thing_type, each_some };

static void start(int number)
{
	static const struct frrscript_list *const lists[] = { &list, &some, NULL };

	event_start();
	CHECK_OK(frrscript_register_lists(lists, &text));
	/* twice is fine */
	CHECK_OK(frrscript_register_lists(lists, &text));
	count = number;
	things = calloc(number ? number : 1, sizeof(*things));
	for (int i = 0; i < number; i++) {
		things[i] = malloc(sizeof(struct thing));
		things[i]->number = i + 1;
	}
}

/* Things are freed: who reads one now is found out. */
static void end(void)
{
	for (int i = 0; i < count; i++)
		free(things[i]);
	free(things);
	things = NULL;
	count = 0;
}

static void limit(enum frrscript_option option, uint32_t value)
{
	CHECK_OK(frrscript_script_option("s", option, &value, &text));
}

CASE(an_empty_list_and_a_short_one)
{
	start(0);
	host_load("s", "frr.spawn(function() log.info('none', #frr.things(), #frr.some()) end)");
	host_turns();
	CHECK_HAS(host_logged, "none\t0\t0");
	end();
	start(3);
	host_load("t", "frr.spawn(function() local t = frr.some() log.info('some', #t, t[1].number, t[2].number) end)");
	host_turns();
	CHECK_HAS(host_logged, "some\t2\t1\t3");
	end();
}

CASE(a_list_of_many_objects)
{
	start(100000);
	limit(FRRSCRIPT_LIMIT_TIME, 10000);
	limit(FRRSCRIPT_LIMIT_MEMORY, 64);
	host_load("s", "frr.spawn(function()\n"
		       "  local n = 0 for _, thing in frr.things() do n += 1 end\n"
		       "  log.info('n', n) end)");
	host_turns();
	if (!strstr(host_logged, "n\t100000"))
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	end();
}

CASE(a_list_that_takes_more_memory_than_there_is)
{
	start(100000);
	limit(FRRSCRIPT_LIMIT_TIME, 10000);
	limit(FRRSCRIPT_LIMIT_MEMORY, 1);
	host_load("s", "frr.spawn(function() pcall(frr.things) log.info('not reached') end)\n"
		       "frr.after(0.001, function() log.info('goes on') end)");
	host_turns();
	CHECK_HAS(host_logged, "memory");
	CHECK_HAS(host_logged, "goes on");
	CHECK(!strstr(host_logged, "not reached"));
	end();
}

/* The daemon frees its objects between two slices. */
CASE(an_object_that_is_gone_after_a_wait_is_not_read)
{
	start(3);
	host_load("s", "frr.spawn(function()\n"
		       "  kept = frr.things() log.info('number', kept[2].number)\n"
		       "  frr.sleep(0.005)\n"
		       "  log.info('field', pcall(function() return kept[2].number end))\n"
		       "  log.info('method', pcall(function() return kept[2]:clear() end))\n"
		       "  log.info('text', pcall(tostring, kept[2]))\n"
		       "  log.info('same', pcall(function() return kept[2] == kept[3] end))\n"
		       "  log.info('pairs', pcall(function() for k, v in pairs(kept[2]) do end end))\n"
		       "  log.info('publish', pcall(frr.publish, 'a', kept[2]))\n"
		       "  log.info('set', pcall(function() kept[2].number = 1 end))\n"
		       "end)\n"
		       "function f() log.info('rule', pcall(function() return kept[1].number end)) return true end");
	frrscript_turn();
	CHECK_HAS(host_logged, "number\t2");
	end();
	host_turns();
	CHECK_HAS(host_logged, "field\tfalse");
	CHECK_HAS(host_logged, "method\tfalse");
	CHECK_HAS(host_logged, "set\tfalse");
	CHECK_INT(cleared, 0);
	{
		static struct route route;
		struct frrscript_rule *rule = rule_new("s", "f");

		rule_call(rule, &route);
		CHECK_HAS(host_logged, "rule\tfalse");
		frrscript_rule_free(rule);
	}
}

/* A task that looks at a list is not cut: nothing is freed meanwhile. */
CASE(an_object_of_a_list_is_good_until_the_next_wait)
{
	start(3);
	limit(FRRSCRIPT_LIMIT_TIME, 20000);
	host_load("s", "frr.spawn(function()\n"
		       "  local kept = frr.things()[2]\n"
		       "  for n = 1, 3e7 do end\n"
		       "  log.info('number', kept.number) kept:clear()\n"
		       "  frr.sleep(0)\n"
		       "  for n = 1, 3e7 do end\n"
		       "  log.info('field', pcall(function() return kept.number end))\n"
		       "  log.info('now', #frr.things())\n"
		       "end)");
	frrscript_turn();
	CHECK_HAS(host_logged, "number\t2");
	CHECK_INT(cleared, 2);
	end();
	/* without a list it is cut as any other */
	frrscript_turn();
	CHECK(!strstr(host_logged, "field"));
	host_turns();
	CHECK_HAS(host_logged, "field\tfalse");
	CHECK_HAS(host_logged, "now\t0");
}

/* An object of an event, after the record was released. */
CASE(an_object_of_an_event_is_not_read_after_its_handler)
{
	struct peer *peer = malloc(sizeof(*peer));
	struct change change = { .peer = peer };

	*peer = (struct peer){ .name = "r9", .as = 9 };
	start(0);
	host_load("s", "frr.on('changed', function(_, p) kept = p log.info('as', p.remote_as)\n"
		       "  inner = coroutine.create(function() coroutine.yield() return p.remote_as end)\n"
		       "  coroutine.resume(inner) end)\n"
		       "frr.after(0.02, function()\n"
		       "  log.info('field', pcall(function() return kept.remote_as end))\n"
		       "  log.info('inner', coroutine.resume(inner)) end)");
	event_tell_of(&change);
	frrscript_turn();
	CHECK_HAS(host_logged, "as\t9");
	CHECK_INT(event_held, 0);
	free(peer);
	host_turns();
	CHECK_HAS(host_logged, "field\tfalse");
	CHECK_HAS(host_logged, "inner\tfalse");
	end();
}

CASE(a_method_is_called_on_its_object)
{
	start(3);
	host_load("s", "frr.spawn(function()\n"
		       "  local t = frr.things()[2]\n"
		       "  log.info('gives', t:clear())\n"
		       "  log.info('other', pcall(function() t:remove() end)) end)");
	host_turns();
	CHECK_INT(cleared, 2);
	CHECK_HAS(host_logged, "other\tfalse");
	end();
}

CASE(a_list_in_a_rule_and_at_load_time)
{
	static struct route route;
	struct frrscript_rule *rule;

	start(2);
	host_load("s", "early = frr.things()\n"
		       "function f() local t = frr.things()\n"
		       "  log.info('early', pcall(function() return early[1].number end))\n"
		       "  log.info('rule', #t, t[2].number) kept = t return true end\n"
		       "function g() log.info('kept', pcall(function() return kept[1].number end)) return true end");
	rule = rule_new("s", "f");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	CHECK_HAS(host_logged, "early\tfalse");
	CHECK_HAS(host_logged, "rule\t2\t2");
	frrscript_rule_free(rule);
	end();
	rule = rule_new("s", "g");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	CHECK_HAS(host_logged, "kept\tfalse");
	frrscript_rule_free(rule);
}

static void refused(const struct frrscript_list *bad, const char *why)
{
	const struct frrscript_list *lists[] = { bad, NULL };

	CHECK_ERROR(frrscript_register_lists(lists, &text), why);
}

CASE(a_list_with_a_bad_table_is_refused)
{
	static struct frrscript_list bad;
	static const struct frrscript_method no_call[] = { { "clear", "" }, {} };
	static const struct frrscript_type no_method = { "odd", "", thing_fields, .methods = no_call };

	start(0);
	CHECK_INT(frrscript_register_lists(NULL, NULL), 0);
	refused(&bad, "name");
	bad.name = "bad";
	refused(&bad, "type");
	bad.type = &thing_type;
	refused(&bad, "bad");
	bad.each = each_thing;
	bad.type = &no_method;
	refused(&bad, "clear");
	end();
}
