// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: what bgpd tells the script library at start.
 *
 * Read next: bgp_script_types.h (the objects of a script), then
 * bgp_script_routemap.c (where they are used).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "bgpd/bgpd.h"
#include "bgpd/bgp_script.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/daemons/lib/script_daemon.h"

void bgp_script_init(void)
{
	static const struct frrscript_type *const types[] = {
		&bgp_script_prefix_type,
		&bgp_script_attributes_type,
		&bgp_script_peer_type,
		&bgp_script_path_type,
		&bgp_script_route_type,
		NULL,
	};
	static const struct frrscript_hook *const hooks[] = {
		&bgp_script_hook_match,
		&bgp_script_hook_set,
		&bgp_script_hook_route_changed,
		&bgp_script_hook_peer_changed,
		NULL,
	};
	static const struct frrscript_list *const lists[] = {
		&bgp_script_list_peers,
		NULL,
	};
	static const struct script_daemon daemon = {
		.types = types,
		.hooks = hooks,
		.lists = lists,
		.changed = bgp_script_changed,
		.as_path = &bgp_script_as_path_ops,
	};

	script_daemon_init(&daemon);
	bgp_script_reeval_init();
}

#endif /* HAVE_SCRIPTING */
