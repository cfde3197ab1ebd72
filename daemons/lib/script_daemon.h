/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon with scripts tells the script library at start.
 */

#ifndef _FRR_SCRIPT_DAEMON_H
#define _FRR_SCRIPT_DAEMON_H

#include "lib/frrscript.h"

/* All of it static; arrays end with NULL, each may be NULL. */
struct script_daemon {
	const struct frrscript_type *const *types;
	const struct frrscript_hook *const *hooks;
	const struct frrscript_list *const *lists;
	/* A script answers differently now: re-evaluate what it decided. */
	void (*changed)(const char *script);
	const struct frrscript_as_path_ops *as_path;
};

/* After frr_init(): registers all of it, and the "script ..." commands. */
extern void script_daemon_init(const struct script_daemon *daemon);

/* script_loop.c: the library's turns on the daemon's event loop. */
extern void script_loop_init(void);
/* Has frrscript_turn() called in `msec`; see struct frrscript_host. */
extern void script_loop_wake(uint32_t msec);

/* Gives the library a turn whenever the descriptor is readable. */
extern void script_loop_watch(int fd);

/* script_bus.c: the session over which scripts of several daemons talk. It is
 * made when the library sends for the first time.
 */
extern void script_bus_init(void);
/* zebra's own socket, if it was named at start; kept. */
extern void script_bus_path(const char *path);
/* See struct frrscript_host. */
extern bool script_bus_send(const void *data, size_t len);

/* script_shell.c: commands of this daemon, for scripts; see struct
 * frrscript_host.
 */
extern bool script_shell_show(const char *command, size_t most,
			      void (*answer)(void *ctx, const char *text, size_t len), void *ctx);
extern bool script_shell_configure(const char *lines,
				   void (*answer)(void *ctx, const char *text, size_t len),
				   void *ctx);

#endif /* _FRR_SCRIPT_DAEMON_H */
