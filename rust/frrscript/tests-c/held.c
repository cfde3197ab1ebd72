/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a record holds is given back once, however its event ends.
 */
#include "event.h"

/* Busy for some slices, then done. */
#define BUSY "for n = 1, 3e7 do end "

static void start(const char *source)
{
	uint32_t limit = 10000;

	event_start();
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_TIME, &limit, &text));
	host_load("s", source);
	CHECK(event_listened);
	host_turns();
}

static void unload(void)
{
	CHECK_OK(frrscript_script_unload("s", &text));
}

/* Loads another source in place of it. */
static void reload(const char *source)
{
	host_write("s.lua", source);
	CHECK_OK(frrscript_script_reload("s", &text));
}

/* A handler of one event has been cut. */
static void cut(void)
{
	event_tell(1);
	frrscript_turn();
	CHECK_INT(event_held, 1);
}

CASE(a_handled_event_is_released)
{
	start("frr.on('changed', function() end)");
	for (int i = 0; i < 1000; i++)
		event_tell(i);
	CHECK_INT(event_held, 1000);
	host_turns();
	CHECK_INT(event_held, 0);
}

CASE(an_event_of_a_handler_that_fails_or_waits_is_released)
{
	start("frr.on('changed', function(_, _, _, n) if n == 1 then error('no') end frr.sleep(1e6) end)");
	event_tell(1);
	event_tell(2);
	host_turns();
	CHECK_INT(event_held, 0);
	unload();
}

CASE(an_event_that_is_filtered_is_released)
{
	start("frr.on('changed', function() end, { text = 'ipv6' })");
	for (int i = 0; i < 1000; i++)
		event_tell(i);
	CHECK_INT(event_held, 0);
}

CASE(events_that_do_not_fit_are_released)
{
	start("frr.on('changed', function() end)");
	for (int i = 0; i < 40000; i++)
		event_tell(i);
	CHECK(event_held > 1000 && event_held < 40000);
	host_turns();
	CHECK_INT(event_held, 0);
}

CASE(events_for_two_scripts_are_held_twice)
{
	start("frr.on('changed', function() end)");
	host_load("t", "frr.on('changed', function() end, { text = 'ipv4' })");
	host_load("u", "frr.on('changed', function() end, { text = 'ipv6' })");
	event_tell(1);
	CHECK_INT(event_held, 2);
	host_turns();
	CHECK_INT(event_held, 0);
}

CASE(an_unload_releases_what_is_queued)
{
	start("frr.on('changed', function() end)");
	for (int i = 0; i < 100; i++)
		event_tell(i);
	unload();
	CHECK_INT(event_held, 0);
	CHECK(!event_listened);
	event_tell(1);
	CHECK_INT(event_held, 0);
	host_turns();
}

CASE(a_reload_hands_what_is_queued_on)
{
	start("frr.on('changed', function() end)");
	event_tell(1);
	reload("frr.on('changed', function(_, _, _, n) log.info('new', n) end)");
	CHECK_INT(event_held, 1);
	host_turns();
	CHECK_HAS(host_logged, "new\t1");
	CHECK_INT(event_held, 0);
	/* and to one that listens no more */
	event_tell(2);
	reload("-- nothing");
	CHECK(!event_listened);
	host_turns();
	frrscript_turn();
	CHECK_INT(event_held, 0);
}

CASE(an_unload_while_a_handler_is_cut)
{
	start("frr.on('changed', function(p) " BUSY "log.info('done', tostring(p)) end)");
	cut();
	event_tell(2);
	unload();
	/* it goes on to its end, and looks at its record */
	CHECK_INT(event_held, 1);
	host_turns();
	CHECK_HAS(host_logged, "done\t192.0.2.0/24");
	CHECK_INT(event_held, 0);
}

CASE(a_reload_while_a_handler_is_cut)
{
	start("frr.on('changed', function(p) " BUSY "log.info('done', tostring(p)) end)");
	cut();
	event_tell(2);
	reload("frr.on('changed', function(_, _, _, n) log.info('new', n) end)");
	host_turns();
	CHECK_HAS(host_logged, "done\t192.0.2.0/24");
	CHECK_HAS(host_logged, "new\t2");
	CHECK(!strstr(host_logged, "new\t1"));
	CHECK_INT(event_held, 0);
}

CASE(an_unload_between_two_handlers_of_an_event)
{
	/* the first takes the turn's time in one piece that can't be cut */
	start("frr.on('changed', function() coroutine.wrap(function() " BUSY "end)() end)\n"
	      "frr.on('changed', function() log.info('second') end)");
	cut();
	CHECK(!strstr(host_logged, "second"));
	unload();
	host_turns();
	CHECK(!strstr(host_logged, "second"));
	CHECK_INT(event_held, 0);
}

CASE(a_shutdown_releases_what_is_queued)
{
	start("frr.on('changed', function() end)");
	event_tell(1);
	event_tell(2);
	frrscript_shutdown();
	CHECK_INT(event_held, 0);
	CHECK(!event_listened);
}

CASE(a_shutdown_while_a_handler_is_cut)
{
	start("frr.on('changed', function() " BUSY "log.info('went on') end)");
	cut();
	event_tell(2);
	frrscript_shutdown();
	/* what the daemon held is freed after this */
	CHECK_INT(event_held, 0);
	frrscript_turn();
	CHECK(!strstr(host_logged, "went on"));
}

CASE(a_shutdown_between_two_handlers_of_an_event)
{
	start("frr.on('changed', function() coroutine.wrap(function() " BUSY "end)() end)\n"
	      "frr.on('changed', function() log.info('second') end)");
	cut();
	frrscript_shutdown();
	CHECK_INT(event_held, 0);
	frrscript_turn();
	CHECK(!strstr(host_logged, "second"));
}

CASE(the_end_of_the_library_releases_what_is_queued)
{
	start("frr.on('changed', function() end)");
	event_tell(1);
	event_tell(2);
	frrscript_library_fini();
	CHECK_INT(event_held, 0);
	CHECK(!event_listened);
}

CASE(the_end_of_the_library_while_a_handler_is_cut)
{
	struct frrscript_rule *rule;

	start("function f() return true end frr.on('changed', function() " BUSY "log.info('went on') end)");
	rule = rule_new("s", "f");
	cut();
	frrscript_library_fini();
	CHECK_INT(event_held, 0);
	frrscript_turn();
	CHECK(!strstr(host_logged, "went on"));
	frrscript_rule_free(rule);
}

CASE(an_event_is_listened_to_while_somebody_wants_it)
{
	event_start();
	/* a load that fails has not listened */
	host_write("bad.lua", "frr.on('changed', function() end) error('no')");
	CHECK_ERROR(frrscript_script_load("bad", &text), "no");
	CHECK(!event_listened);
	host_load("s", "local a = frr.on('changed', function() end)\n"
		       "local b = frr.on('changed', function() end)\n"
		       "frr.after(0, function() a:cancel() log.info('one', a:cancel()) end)\n"
		       "frr.after(0.01, function() b:cancel() log.info('none') end)\n");
	CHECK(event_listened);
	host_load("t", "frr.on('changed', function() end)");
	CHECK_OK(frrscript_script_unload("t", &text));
	CHECK(event_listened);
	host_turns();
	CHECK_HAS(host_logged, "one\tfalse");
	CHECK_HAS(host_logged, "none");
	CHECK(!event_listened);
	/* a reload that is refused changes nothing */
	reload("frr.on('changed', function() end)");
	CHECK(event_listened);
	host_write("s.lua", "frr.on('changed', function() end) error('no')");
	CHECK_ERROR(frrscript_script_reload("s", &text), "no");
	CHECK(event_listened);
	reload("-- nothing");
	CHECK(!event_listened);
}

static void reload_now(void)
{
	reload("frr.on('changed', function(_, _, _, n) log.info('new', n) end)");
}

static void logs_from_the_inside(void (*run)(void))
{
	start("frr.on('changed', function(p, _, _, n)\n"
	      "  log.info('before', n) pcall(log.info, 'after', tostring(p)) end)\n"
	      "frr.on('changed', function() log.info('second') end)");
	event_tell(1);
	event_tell(2);
	host_on_log = run;
	host_turns();
	CHECK_HAS(host_logged, "before\t1");
	CHECK(!strstr(host_logged, "internal"));
	CHECK_INT(event_held, 0);
}

CASE(a_reload_from_inside_of_a_handler)
{
	logs_from_the_inside(reload_now);
	CHECK_HAS(host_logged, "after\t192.0.2.0/24");
	CHECK(!strstr(host_logged, "second"));
	/* the event that was being handled is not for the new one */
	CHECK(!strstr(host_logged, "new\t1"));
	CHECK_HAS(host_logged, "new\t2");
}

CASE(an_unload_from_inside_of_a_handler)
{
	logs_from_the_inside(unload);
	CHECK_HAS(host_logged, "after\t192.0.2.0/24");
	CHECK(!strstr(host_logged, "second"));
	CHECK(!strstr(host_logged, "before\t2"));
	CHECK(!event_listened);
}

CASE(a_shutdown_from_inside_of_a_handler)
{
	logs_from_the_inside(frrscript_shutdown);
	CHECK(!strstr(host_logged, "second"));
	CHECK(!event_listened);
}

CASE(the_end_of_the_library_from_inside_of_a_handler)
{
	logs_from_the_inside(frrscript_library_fini);
	CHECK(!strstr(host_logged, "second"));
	CHECK(!event_listened);
}

static void tell_more(void)
{
	event_tell(8);
	event_tell(9);
}

CASE(an_event_from_inside_of_a_handler)
{
	logs_from_the_inside(tell_more);
	CHECK_HAS(host_logged, "before\t9");
}
