// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: what vrrpd tells the script library at start.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "frrscript/daemons/lib/script_daemon.h"
#include "frrscript/daemons/vrrpd/vrrp_script.h"

void vrrp_script_init(void)
{
	static const struct script_daemon daemon = {};

	script_daemon_init(&daemon);
}

#endif /* HAVE_SCRIPTING */
