// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: event `vrrp_changed`, the state of a router.
 */

#include <zebra.h>

#include "lib/hook.h"

#include "vrrpd/vrrp.h"

#include "frrscript/daemons/vrrpd/vrrp_script_types.h"

/* Queued: the router may be gone when the script hears of it. */
struct changed {
	struct vrrp_script_router *router;
	uint8_t from;
	uint8_t to;
};

static void hold(void *record)
{
	struct changed *changed = record;

	vrrp_script_router_hold(changed->router);
}

static void release(void *record)
{
	struct changed *changed = record;

	vrrp_script_router_release(changed->router);
}

static bool get_router(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	vrrp_script_router_read(changed->router);
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = changed->router;
	return true;
}

static bool put_state(struct frrscript_value *out, uint8_t state)
{
	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = vrrp_state_names[state];
	out->len = strlen(vrrp_state_names[state]);
	return true;
}

static bool get_old(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	return put_state(out, changed->from);
}

static bool get_new(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	return put_state(out, changed->to);
}

/* vrrp.c calls this before it sets the new state. */
static int tell(struct vrrp_router *r, int to)
{
	struct changed changed = {
		.router = vrrp_script_router_get(r),
		.from = r->fsm.state,
		.to = to,
	};

	frrscript_event(&vrrp_script_hook_changed, &changed);
	return 0;
}

static void listen_changed(bool on)
{
	if (on)
		hook_register(vrrp_change_state_hook, tell);
	else
		hook_unregister(vrrp_change_state_hook, tell);
}

static const struct frrscript_arg changed_args[] = {
	{ .name = "router", .doc = "as it is when the handler runs, or as it was when it was deleted",
	  .type = &vrrp_script_router_type, .get = get_router },
	{ .name = "old", .doc = "state before: \"Initialize\", \"Backup\" or \"Master\"",
	  .kind = FRRSCRIPT_STRING, .get = get_old },
	{ .name = "new", .doc = "state that it changed to", .kind = FRRSCRIPT_STRING,
	  .get = get_new },
	{}
};

const struct frrscript_hook vrrp_script_hook_changed = {
	.name = "vrrp_changed",
	.doc = "a VRRP router changed its state (RFC 5798 section 6.4)",
	.args = changed_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct changed),
	.listen = listen_changed,
	.hold = hold,
	.release = release,
};
