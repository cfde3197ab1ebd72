// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts on the daemon's event loop: when their events, timers and tasks run.
 *
 * The library says when it wants to run next; here it gets one event or timer
 * for it. A turn that leaves work behind comes again as an event, and the loop
 * takes in ready input and timers between two events (lib/event.c:
 * event_fetch), so hellos and keepalives wait for one turn at most.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/frrevent.h"
#include "lib/hook.h"
#include "lib/libfrr.h"
#include "lib/monotime.h"

#include "frrscript/daemons/lib/script_daemon.h"

static struct event_loop *loop;
static struct event *turn;
/* Answers of runtimes. */
static struct event *answers;
static int answers_fd = -1;
/* When `turn` comes, monotonic us; what was wished for before the loop was
 * there, if `wished`.
 */
static int64_t due;
static bool wished;

static void run(struct event *event)
{
	frrscript_turn();
}

void script_loop_wake(uint32_t msec)
{
	struct timeval now;
	int64_t when;

	monotime(&now);
	when = (int64_t)now.tv_sec * 1000000 + now.tv_usec + (int64_t)msec * 1000;

	if (!loop) {
		wished = true;
		return;
	}
	if (turn && due <= when)
		return;
	event_cancel(&turn);
	due = when;
	if (msec)
		event_add_timer_msec(loop, run, NULL, msec, &turn);
	else
		event_add_event(loop, run, NULL, 0, &turn);
}

static void run_answers(struct event *event)
{
	event_add_read(loop, run_answers, NULL, answers_fd, &answers);
	frrscript_turn();
}

void script_loop_watch(int fd)
{
	answers_fd = fd;
	if (loop)
		event_add_read(loop, run_answers, NULL, fd, &answers);
}

static int start(struct event_loop *master)
{
	loop = master;
	if (answers_fd >= 0)
		script_loop_watch(answers_fd);
	if (wished)
		script_loop_wake(0);
	return 0;
}

/* A daemon's exit calls frr_early_fini(), frr_fini() or both: the library
 * listens to the first.
 */
static int stop(void)
{
	event_cancel(&turn);
	frrscript_shutdown();
	event_cancel(&turn);
	event_cancel(&answers);
	loop = NULL;
	wished = false;
	return 0;
}

void script_loop_init(void)
{
	hook_register(frr_late_init, start);
	hook_register(frr_early_fini, stop);
	hook_register(frr_fini, stop);
}

#endif /* HAVE_SCRIPTING */
