// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: what zebra tells the script library at start.
 *
 * Read next: zebra_script_types.h (the objects of a script), then
 * zebra_script_routemap.c (where they are used).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "frrscript/daemons/lib/script_daemon.h"
#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_hooks.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

/* zebra/main.c: its option -z. */
extern char *zserv_path;

void zebra_script_hooks_init(void)
{
	static const struct frrscript_type *const types[] = {
		&script_prefix_type,
		&zebra_script_nexthop_type,
		&zebra_script_attributes_type,
		&zebra_script_interface_type,
		&zebra_script_route_type,
		&zebra_script_tracked_type,
		NULL,
	};
	static const struct frrscript_hook *const hooks[] = {
		&zebra_script_hook_match,
		&zebra_script_hook_set,
		&zebra_script_hook_interface_changed,
		&zebra_script_hook_nexthop_changed,
		&zebra_script_hook_route_installed,
		NULL,
	};
	static const struct frrscript_list *const lists[] = {
		&zebra_script_list_interfaces,
		NULL,
	};
	static const struct script_daemon daemon = {
		.types = types,
		.hooks = hooks,
		.lists = lists,
		.changed = zebra_script_changed,
	};

	script_bus_path(zserv_path);
	script_daemon_init(&daemon);
	zebra_script_reeval_init();
}

#endif /* HAVE_SCRIPTING */
