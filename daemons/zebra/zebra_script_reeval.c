// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: a script changed, so routes may be decided otherwise.
 *
 * Every route-map that uses the script is treated as one that changed
 * (zebra_routemap.c:zebra_route_map_process_update), without the delay that
 * waits for the next line of configuration. It is done from the event loop:
 * who tells of the change may be a script that is running, and next-hop
 * tracking evaluates at once. Routes are evaluated by the work queue after
 * that, and a timer tells the library what came of it.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/frrevent.h"
#include "lib/hook.h"
#include "lib/libfrr.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/routemap.h"
#include "lib/vty.h"

#include "zebra/rib.h"
#include "zebra/zebra_router.h"
#include "zebra/zebra_routemap.h"

#include "frrscript/daemons/lib/script_routemap.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"
#include "frrscript/vtysh/script_vty.h"

DEFINE_MTYPE_STATIC(ZEBRA, SCRIPT_REEVAL, "Script re-evaluation");

PREDECL_DLIST(reevals);

#define TICK_MS 250
/* Ticks without anything new after which a re-evaluation is over. */
#define QUIET_TICKS 2

struct reeval {
	struct reevals_item item;

	/* owned */
	char *script;

	/* counters when it began */
	uint64_t calls0;
	uint64_t changed0;

	uint64_t evaluated;
	uint64_t changed;
	unsigned int quiet;
	/* begins, then the ticks */
	struct event *event;
};

DECLARE_DLIST(reevals, struct reeval, item);

static struct reevals_head reevals = INIT_DLIST(reevals);

bool zebra_script_watch;
uint64_t zebra_script_routes_changed;

static void reeval_free(struct reeval *reeval)
{
	event_cancel(&reeval->event);
	reevals_del(&reevals, reeval);
	XFREE(MTYPE_SCRIPT_REEVAL, reeval->script);
	XFREE(MTYPE_SCRIPT_REEVAL, reeval);
	zebra_script_watch = reevals_count(&reevals) > 0;
}

static struct reeval *reeval_find(const char *script)
{
	struct reeval *reeval;

	frr_each (reevals, &reevals, reeval)
		if (strmatch(reeval->script, script))
			return reeval;
	return NULL;
}

static bool reeval_count(struct reeval *reeval)
{
	uint64_t calls = frrscript_script_calls(reeval->script);
	/* "clear script counters" may have come between. */
	uint64_t evaluated = calls >= reeval->calls0 ? calls - reeval->calls0 : calls;
	uint64_t changed = zebra_script_routes_changed - reeval->changed0;
	bool progress = evaluated != reeval->evaluated || changed != reeval->changed;

	/* The library adds up. */
	if (evaluated >= reeval->evaluated)
		frrscript_script_reevaluated(reeval->script, evaluated - reeval->evaluated,
					     changed - reeval->changed);
	reeval->evaluated = evaluated;
	reeval->changed = changed;
	return progress;
}

static void reeval_tick(struct event *event)
{
	struct reeval *reeval = EVENT_ARG(event);

	reeval->quiet = reeval_count(reeval) ? 0 : reeval->quiet + 1;
	if (reeval->quiet < QUIET_TICKS) {
		event_add_timer_msec(zrouter.master, reeval_tick, reeval, TICK_MS, &reeval->event);
		return;
	}
	zlog_notice("script %s: re-evaluated: %" PRIu64 " evaluations, %" PRIu64 " routes changed",
		    reeval->script, reeval->evaluated, reeval->changed);
	reeval_free(reeval);
}

static void reeval_begin(struct event *event)
{
	struct reeval *reeval = EVENT_ARG(event);

	reeval->calls0 = frrscript_script_calls(reeval->script);
	reeval->changed0 = zebra_script_routes_changed;
	zebra_script_watch = true;
	for (struct route_map *map = route_map_master.head; map; map = map->next)
		if (script_map_uses(map, reeval->script, NULL))
			zebra_route_map_process_update(map->name);
	reeval_count(reeval);
	event_add_timer_msec(zrouter.master, reeval_tick, reeval, TICK_MS, &reeval->event);
}

static bool used(const char *script)
{
	for (const struct route_map *map = route_map_master.head; map; map = map->next)
		if (script_map_uses(map, script, NULL))
			return true;
	return false;
}

void zebra_script_changed(const char *script)
{
	struct reeval *reeval;

	/* The route-map that is being configured announces its own change. */
	if (script_compiling || !script_rules_used || !used(script))
		return;

	reeval = reeval_find(script);
	if (reeval)
		reeval_free(reeval);
	reeval = XCALLOC(MTYPE_SCRIPT_REEVAL, sizeof(*reeval));
	reeval->script = XSTRDUP(MTYPE_SCRIPT_REEVAL, script);
	reevals_add_tail(&reevals, reeval);
	event_add_event(zrouter.master, reeval_begin, reeval, 0, &reeval->event);
}

static int report(struct vty *vty, const char *name)
{
	struct reeval *reeval;

	frr_each (reevals, &reevals, reeval)
		if (!name || strmatch(name, reeval->script))
			vty_out(vty,
				"Re-evaluation goes on in the background: see \"show script %s\"\n",
				reeval->script);
	return 0;
}

static int reeval_finish(void)
{
	struct reeval *reeval;

	frr_each_safe (reevals, &reevals, reeval)
		reeval_free(reeval);
	zebra_script_interface_fini();
	return 0;
}

void zebra_script_reeval_init(void)
{
	hook_register(script_reloaded, report);
	hook_register(frr_early_fini, reeval_finish);
	hook_register(frr_fini, reeval_finish);
}

#endif /* HAVE_SCRIPTING */
