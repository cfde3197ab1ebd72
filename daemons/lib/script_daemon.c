// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A daemon's types, hook points and lists, handed to the script library.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/log.h"

#include "frrscript/daemons/lib/script_daemon.h"
#include "frrscript/vtysh/script_vty.h"

static void must(int failed, char *text)
{
	/* The tables are the daemon's: one that is refused is a defect of this
	 * build.
	 */
	if (failed)
		zlog_err("scripts: %s", text ? text : "a table of this daemon was refused");
	frrscript_text_free(text);
}

void script_daemon_init(const struct script_daemon *daemon)
{
	char *text = NULL;
	int failed;

	must(frrscript_host_register(daemon->changed, daemon->as_path), NULL);
	if (daemon->types) {
		failed = frrscript_register_types(daemon->types, &text);
		must(failed, text);
	}
	text = NULL;
	if (daemon->hooks) {
		failed = frrscript_register_hooks(daemon->hooks, &text);
		must(failed, text);
	}
	text = NULL;
	if (daemon->lists) {
		failed = frrscript_register_lists(daemon->lists, &text);
		must(failed, text);
	}
	script_vty_init();
}

#endif /* HAVE_SCRIPTING */
