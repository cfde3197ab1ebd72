// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: what zebra tells the script library at start.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "frrscript/daemons/lib/script_daemon.h"
#include "frrscript/daemons/zebra/zebra_script_hooks.h"

void zebra_script_hooks_init(void)
{
	static const struct script_daemon daemon = {};

	script_daemon_init(&daemon);
}

#endif /* HAVE_SCRIPTING */
