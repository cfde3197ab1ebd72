// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: hook point `vrrp_priority`, the effective priority.
 *
 * vrrpd asks where it determines the priority of a router that starts or runs
 * (vrrp.c:vrrp_effective_priority), and never for the address owner. Here is
 * when it does so again: every advertisement interval, as Backup too, since a
 * Backup's priority decides when it takes over; when a script says
 * router:recompute(); and when the script was loaded again.
 */

#include <zebra.h>

#include "lib/frrevent.h"
#include "lib/hash.h"
#include "lib/hook.h"
#include "lib/log.h"
#include "lib/monotime.h"

#include "vrrpd/vrrp.h"

#include "frrscript/daemons/vrrpd/vrrp_script.h"
#include "frrscript/daemons/vrrpd/vrrp_script_types.h"

static const struct frrscript_arg priority_args[] = {
	{ .name = "router", .doc = "the one whose priority is asked for",
	  .type = &vrrp_script_router_type },
	{}
};

const struct frrscript_hook vrrp_script_hook_priority = {
	.name = "vrrp_priority",
	.doc = "vrrp script: effective priority of a VRRP router; nil keeps the configured one",
	.args = priority_args,
	.flags = FRRSCRIPT_HOOK_NUMBER,
	.min = 1,
	.max = VRRP_PRIO_MASTER - 1,
};

const char *vrrp_script_origin_word(const struct vrrp_router *r)
{
	if (r->priority == VRRP_PRIO_MASTER)
		return "owner";
	switch (r->script ? r->script->origin : VRRP_SCRIPT_CONFIGURED) {
	case VRRP_SCRIPT_SCRIPT:
		return "script";
	case VRRP_SCRIPT_HELD:
		return "held";
	case VRRP_SCRIPT_CONFIGURED:
		break;
	}
	return "configured";
}

uint32_t vrrp_script_held(const struct vrrp_script_router *s)
{
	int64_t left = (int64_t)frrscript_rule_hold(s->rule) * 1000000;

	if (s->failing)
		left -= monotime_since(&s->since, NULL);
	/* Rounded up, so that a timer of it does not come too early. */
	return left > 0 ? (left + 999) / 1000 : 0;
}

static void became(struct vrrp_script_router *s, enum vrrp_script_origin origin)
{
	const struct vrrp_router *r = s->r;

	if (origin == s->origin)
		return;
	if (origin == VRRP_SCRIPT_HELD)
		zlog_warn("[VRID %u] [%s] script %s fails: its last priority %u holds for %u s",
			  r->vr->vrid, family2str(r->family), frrscript_rule_script(s->rule),
			  s->good, frrscript_rule_hold(s->rule));
	else if (s->origin == VRRP_SCRIPT_HELD && s->failing)
		zlog_warn("[VRID %u] [%s] script %s still fails: the configured priority %u is in use",
			  r->vr->vrid, family2str(r->family), frrscript_rule_script(s->rule),
			  r->vr->priority);
	s->origin = origin;
}

static int ask(struct vrrp_router *r, uint8_t *priority)
{
	struct vrrp_script_router *s = r->script;
	const void *objects[] = { s };
	uint32_t answer;

	if (!s || !s->rule)
		return 0;

	vrrp_script_router_read(s);
	switch (frrscript_rule_number(s->rule, objects, &answer)) {
	case FRRSCRIPT_NUMBER_VALUE:
		s->failing = false;
		s->good = answer;
		became(s, VRRP_SCRIPT_SCRIPT);
		break;
	case FRRSCRIPT_NUMBER_NIL:
		s->failing = false;
		s->good = 0;
		became(s, VRRP_SCRIPT_CONFIGURED);
		break;
	case FRRSCRIPT_NUMBER_FAILED:
		if (!s->failing)
			monotime(&s->since);
		s->failing = true;
		/* What was once given up does not come back. */
		if (!vrrp_script_held(s))
			s->good = 0;
		became(s, s->good ? VRRP_SCRIPT_HELD : VRRP_SCRIPT_CONFIGURED);
		break;
	}
	if (s->good)
		*priority = s->good;
	return 0;
}

static void interval_expired(struct event *event);

/* The next question, in an interval at most: a hold may end before. */
static void schedule(struct vrrp_script_router *s)
{
	uint32_t msec = s->r->vr->advertisement_interval * CS2MS;

	if (s->origin == VRRP_SCRIPT_HELD)
		msec = MIN(msec, vrrp_script_held(s));
	event_cancel(&s->t_interval);
	event_add_timer_msec(master, interval_expired, s, msec, &s->t_interval);
}

static void interval_expired(struct event *event)
{
	struct vrrp_script_router *s = EVENT_ARG(event);

	vrrp_update_priority(s->r);
	schedule(s);
}

static void recompute(struct event *event)
{
	struct vrrp_script_router *s = EVENT_ARG(event);

	vrrp_update_priority(s->r);
	if (s->t_interval)
		schedule(s);
}

void vrrp_script_recompute(struct vrrp_script_router *s)
{
	if (s->rule && s->r->fsm.state != VRRP_STATE_INITIALIZE)
		event_add_event(master, recompute, s, 0, &s->t_recompute);
}

static void router_changed(struct vrrp_router *r, const char *script)
{
	struct vrrp_script_router *s = r->script;

	if (s && s->rule && strmatch(frrscript_rule_script(s->rule), script))
		vrrp_script_recompute(s);
}

static void vrouter_changed(struct hash_bucket *bucket, void *script)
{
	struct vrrp_vrouter *vr = bucket->data;

	router_changed(vr->v4, script);
	router_changed(vr->v6, script);
}

/* A script may be running, or a rule be in the making: not now but soon. */
void vrrp_script_changed(const char *script)
{
	if (vrrp_vrouters_hash)
		hash_iterate(vrrp_vrouters_hash, vrouter_changed, (void *)script);
}

static void stop(struct vrrp_script_router *s)
{
	event_cancel(&s->t_interval);
	event_cancel(&s->t_recompute);
	s->origin = VRRP_SCRIPT_CONFIGURED;
	s->good = 0;
	s->failing = false;
}

void vrrp_script_drop(struct vrrp_script_router *s)
{
	stop(s);
	frrscript_rule_free(s->rule);
	s->rule = NULL;
}

static int state_changed(struct vrrp_router *r, int to)
{
	struct vrrp_script_router *s = r->script;

	if (!s || !s->rule)
		return 0;
	if (to == VRRP_STATE_INITIALIZE) {
		stop(s);
		/* Until it starts, and the script is asked again. */
		r->priority = r->vr->priority;
	} else if (!s->t_interval)
		schedule(s);
	return 0;
}

static void router_set(struct vrrp_router *r, const char *script, const char *function)
{
	struct vrrp_script_router *s = vrrp_script_router_get(r);
	char *text = NULL;

	vrrp_script_drop(s);
	s->rule = frrscript_rule_new(&vrrp_script_hook_priority, script, function, &text);
	if (text)
		zlog_warn("[VRID %u] [%s] %s", r->vr->vrid, family2str(r->family), text);
	frrscript_text_free(text);
	vrrp_update_priority(r);
	if (s->rule && r->fsm.state != VRRP_STATE_INITIALIZE)
		schedule(s);
}

void vrrp_script_set(struct vrrp_vrouter *vr, const char *script, const char *function)
{
	router_set(vr->v4, script, function);
	router_set(vr->v6, script, function);
}

static void router_unset(struct vrrp_router *r)
{
	if (!r->script)
		return;
	vrrp_script_drop(r->script);
	vrrp_update_priority(r);
}

void vrrp_script_unset(struct vrrp_vrouter *vr)
{
	router_unset(vr->v4);
	router_unset(vr->v6);
}

void vrrp_script_priority_init(void)
{
	hook_register(vrrp_priority_hook, ask);
	hook_register(vrrp_change_state_hook, state_changed);
}
