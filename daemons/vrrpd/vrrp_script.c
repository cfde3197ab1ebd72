// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: what vrrpd tells the script library at start.
 *
 * Read next: vrrp_script_types.h (the object of a script), then
 * vrrp_script_priority.c and vrrp_script_event.c (where scripts are called).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "frrscript/daemons/lib/script_daemon.h"
#include "frrscript/daemons/vrrpd/vrrp_script.h"
#include "frrscript/daemons/vrrpd/vrrp_script_types.h"

void vrrp_script_init(void)
{
	static const struct frrscript_type *const types[] = {
		&vrrp_script_router_type,
		NULL,
	};
	static const struct frrscript_hook *const hooks[] = {
		&vrrp_script_hook_priority,
		&vrrp_script_hook_changed,
		NULL,
	};
	static const struct frrscript_list *const lists[] = {
		&vrrp_script_routers_list,
		NULL,
	};
	static const struct script_daemon daemon = {
		.types = types,
		.hooks = hooks,
		.lists = lists,
		.changed = vrrp_script_changed,
	};

	script_daemon_init(&daemon);
	vrrp_script_router_init();
	vrrp_script_priority_init();
	vrrp_script_vty_init();
}

#endif /* HAVE_SCRIPTING */
