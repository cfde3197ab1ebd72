/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When scripts have their turns, and what asks for one.
 */
#include <unistd.h>

#include "event.h"

CASE(a_turn_without_scripts_is_nothing)
{
	/* before anything else */
	frrscript_turn();
	frrscript_shutdown();
	event_start();
	frrscript_turn();
	host_load("s", "function f() return true end");
	host_turns();
	CHECK_OK(frrscript_script_unload("s", &text));
	frrscript_turn();
	frrscript_library_fini();
	frrscript_turn();
}

CASE(a_host_that_can_not_be_woken)
{
	host_start_empty();
	CHECK(!host_more.wake);
	host_load("s", "frr.after(0, function() log.info('late') end) frr.publish('a', 1)\n"
		       "frr.subscribe('a', function(v) log.info('heard', v) end)\n"
		       "frr.spawn(function() log.info(frr.show('show version')) end)");
	/* it may give turns all the same */
	for (int i = 0; i < 5; i++)
		frrscript_turn();
	CHECK_HAS(host_logged, "late");
	CHECK_HAS(host_logged, "heard\t1");
	CHECK_HAS(host_logged, "nil\tthis daemon runs no commands for scripts");
}

CASE(a_turn_is_wanted_when_there_is_work)
{
	event_start();
	host_load("s", "frr.on('changed', function() end)");
	host_turns();
	CHECK(host_wanted == HOST_NO_WAKE);
	event_tell(1);
	CHECK_INT(host_wanted, 0);
	host_turns();
	CHECK(host_wanted == HOST_NO_WAKE);
	/* turns that nobody asked for lead to none */
	frrscript_turn();
	CHECK(host_wanted == HOST_NO_WAKE);
	/* an event that nobody wants */
	host_load("s2", "frr.on('changed', function() end, { text = 'ipv6' })");
	CHECK_OK(frrscript_script_unload("s", &text));
	host_turns();
	event_tell(2);
	CHECK(host_wanted == HOST_NO_WAKE);
	/* a timer is waited for, not looked for */
	host_load("t", "frr.after(30, function() end)");
	host_turns();
	CHECK(host_wanted > 29000 && host_wanted <= 30000);
	host_wanted = HOST_NO_WAKE;
	CHECK_OK(frrscript_script_unload("t", &text));
	host_turns();
	CHECK(host_wanted == HOST_NO_WAKE);
	/* who is suspended wants none */
	host_load("u", "frr.on('changed', function() error('no') end)");
	for (int i = 0; i < 30; i++) {
		event_tell(i);
		host_turns();
	}
	event_tell(1);
	CHECK(host_wanted == HOST_NO_WAKE);
	CHECK_INT(event_held, 0);
}

CASE(a_turn_from_inside_of_a_handler)
{
	event_start();
	host_load("s", "frr.on('changed', function(p, _, _, n)\n"
		       "  log.info('begin', n) log.info('end', n, tostring(p)) end)");
	host_turns();
	event_tell(1);
	event_tell(2);
	host_on_log = frrscript_turn;
	host_turns();
	CHECK_HAS(host_logged, "begin\t1\nend\t1\t192.0.2.0/24\nbegin\t2\nend\t2");
	CHECK_INT(event_held, 0);
}

CASE(a_turn_from_inside_of_a_rule)
{
	static struct route route;
	struct frrscript_rule *rule;

	event_start();
	host_load("s", "frr.on('changed', function() log.info('event') end)\n"
		       "function f(prefix, attributes)\n"
		       "  log.info('rule') log.info('still', attributes.localpref)\n"
		       "  return attributes.localpref == 100 end");
	rule = rule_new("s", "f");
	host_turns();
	event_tell(1);
	host_on_log = frrscript_turn;
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	CHECK_HAS(host_logged, "still\t100");
	CHECK(!strstr(host_logged, "event"));
	host_turns();
	CHECK_HAS(host_logged, "event");
	frrscript_rule_free(rule);
}

/* Another script has its turn meanwhile. */
CASE(a_turn_of_another_script_from_inside_of_a_rule)
{
	static struct route route;
	struct frrscript_rule *rule;

	event_start();
	host_load("s", "function f(prefix, attributes)\n"
		       "  log.info('rule') log.info('still', attributes.localpref)\n"
		       "  return attributes.localpref == 100 end");
	host_load("t", "frr.on('changed', function(p) for n = 1, 3e5 do end log.info('event', tostring(p)) end)");
	rule = rule_new("s", "f");
	host_turns();
	event_tell(1);
	host_on_log = frrscript_turn;
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	CHECK_HAS(host_logged, "still\t100");
	host_turns();
	CHECK_HAS(host_logged, "event\t192.0.2.0/24");
	CHECK_INT(event_held, 0);
	frrscript_rule_free(rule);
}

static struct frrscript_rule *inner;

static void call_inner(void)
{
	static struct route route;

	CHECK_INT(rule_call(inner, &route), FRRSCRIPT_NOMATCH);
}

CASE(a_rule_from_inside_of_a_handler_of_the_same_script)
{
	static struct route route;

	event_start();
	host_load("s", "function f() return true end\n"
		       "frr.on('changed', function(p) log.info('begin') log.info('end', tostring(p)) end)");
	inner = rule_new("s", "f");
	host_turns();
	event_tell(1);
	host_on_log = call_inner;
	host_turns();
	CHECK_HAS(host_logged, "end\t192.0.2.0/24");
	CHECK_INT(rule_call(inner, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(inner);
}

static void look_at_everything(void)
{
	uint32_t limit = 100;
	char *texts[] = {
		frrscript_show("s", false), frrscript_show("s", true),	    frrscript_show(NULL, false),
		frrscript_show_hooks(true), frrscript_show_topics(false), frrscript_show_topics(true),
		frrscript_config(),	    frrscript_script_names(),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CHECK(texts[i]);
		frrscript_text_free(texts[i]);
	}
	for (int i = 0; i < 2; i++) {
		frrscript_rule_free(frrscript_rule_new(&hook_match, "s", "f", NULL));
		CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_TIME, i ? &limit : NULL, &text));
		CHECK_OK(frrscript_script_option("s", FRRSCRIPT_PERMIT_CONFIGURE, i ? &limit : NULL, &text));
		CHECK_OK(frrscript_script_resume("s", &text));
		CHECK_OK(frrscript_script_clear("s", &text));
		CHECK_OK(frrscript_script_clear(NULL, &text));
	}
	frrscript_bus_connected(true);
	frrscript_bus_received("\x81\x01", 2);
	frrscript_bus_tick();
	frrscript_bus_gone("zebra");
	frrscript_bus_connected(false);
	event_tell(2);
}

CASE(an_operator_who_looks_while_a_handler_runs)
{
	event_start();
	host_load("s", "function f() return true end\n"
		       "frr.on('changed', function(p, _, _, n) log.info('begin', n) log.info('end', n, tostring(p)) end)\n"
		       "frr.every(30, function() end) frr.spawn(function() frr.sleep(1e6) end)\n"
		       "frr.subscribe('a', function(v) log.info('heard', v) end) frr.publish('a', 7)");
	host_turns();
	CHECK_HAS(host_logged, "heard\t7");
	event_tell(1);
	host_on_log = look_at_everything;
	host_turns();
	CHECK_HAS(host_logged, "end\t1\t192.0.2.0/24");
	CHECK_HAS(host_logged, "end\t2\t192.0.2.0/24");
	CHECK(!strstr(host_logged, "internal"));
	CHECK_INT(event_held, 0);
}

CASE(nothing_runs_after_a_shutdown)
{
	static struct route route;
	struct frrscript_rule *rule;
	char *text;

	event_start();
	host_load("s", "function f() return true end\n"
		       "frr.every(0.001, function() log.info('tick') end)\n"
		       "frr.subscribe('a', function() log.info('heard') end)\n"
		       "frr.on('changed', function() log.info('event') end)\n"
		       "frr.on('shutdown', function()\n"
		       "  log.info('bye') frr.spawn(function() log.info('task') end)\n"
		       "  frr.publish('a', 1) frr.on('changed', function() log.info('event') end)\n"
		       "  frr.after(0, function() log.info('timer') end) frr.sleep(0) log.info('waited') end)");
	rule = rule_new("s", "f");
	event_tell(1);
	frrscript_shutdown();
	CHECK_HAS(host_logged, "bye");
	host_logged[0] = '\0';
	frrscript_shutdown();
	usleep(3000);
	event_tell(2);
	frrscript_turn();
	frrscript_bus_tick();
	frrscript_bus_bye();
	host_turns();
	CHECK_HAS("", host_logged);
	CHECK_INT(event_held, 0);
	CHECK(!event_listened);
	/* the rest goes on as it was */
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	text = frrscript_show("s", true);
	CHECK(!json_error(text));
	frrscript_text_free(text);
	text = frrscript_show_topics(true);
	CHECK(!json_error(text));
	frrscript_text_free(text);
	CHECK_OK(frrscript_script_unload("s", &text));
	frrscript_rule_free(rule);
	frrscript_library_fini();
	frrscript_shutdown();
	frrscript_turn();
}

/* Timers come faster than their functions are done. */
CASE(timers_that_are_late_do_not_pile_up)
{
	size_t before = 0;

	event_start();
	host_load("s", "for i = 1, 1000 do frr.every(0.001, function() for n = 1, 1e4 do end end) end");
	for (int i = 0; i < 600; i++) {
		if (i == 100)
			before = host_allocated();
		frrscript_turn();
	}
	CHECK(host_allocated() < before + 200000);
	CHECK_OK(frrscript_script_unload("s", &text));
}

CASE(timers_that_make_timers_do_not_pile_up)
{
	size_t before = 0;

	event_start();
	host_load("s", "local function f()\n"
		       "  for n = 1, 1e4 do end for n = 1, 50 do pcall(frr.after, 0, f) end end\n"
		       "f()");
	for (int i = 0; i < 600; i++) {
		if (i == 100)
			before = host_allocated();
		frrscript_turn();
	}
	CHECK(host_allocated() < before + 1000000);
	CHECK_OK(frrscript_script_unload("s", &text));
}
