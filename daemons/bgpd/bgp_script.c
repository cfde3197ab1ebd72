// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: what bgpd tells the script library at start.
 *
 * Read next: bgp_script_types.h (the objects of a script), then
 * bgp_script_routemap.c (where they are used).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/log.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_script.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"
#include "frrscript/vtysh/script_vty.h"

static void must(int failed, char *text)
{
	/* The tables are ours: one that is refused is a defect of this build. */
	if (failed)
		zlog_err("scripts: %s", text ? text : "a table of bgpd was refused");
	frrscript_text_free(text);
}

void bgp_script_init(void)
{
	static const struct frrscript_type *const types[] = {
		&bgp_script_prefix_type,
		&bgp_script_attributes_type,
		&bgp_script_peer_type,
		&bgp_script_path_type,
		NULL,
	};
	static const struct frrscript_hook *const hooks[] = {
		&bgp_script_hook_match,
		&bgp_script_hook_set,
		NULL,
	};
	char *text = NULL;
	int failed;

	must(frrscript_host_register(bgp_script_changed, &bgp_script_as_path_ops), NULL);

	failed = frrscript_register_types(types, &text);
	must(failed, text);

	text = NULL;
	failed = frrscript_register_hooks(hooks, &text);
	must(failed, text);

	script_vty_init();
	bgp_script_reeval_init();
}

#endif /* HAVE_SCRIPTING */
