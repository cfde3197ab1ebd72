// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A daemon's main thread, and runtimes with many threads.  Whether there was a
 * race is what the thread sanitizer says at the end.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 60, FLIGHT = 64, CALLS = 4000 };

static const char *dir;
static int failed;

static void result(const char *name, bool good, const char *why)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	failed += !good;
}

static struct runtime *load(const char *cfg)
{
	int rc = 0;
	struct runtime *rt = host_load(dir, "threads", cfg, &rc);

	if (!rt) {
		printf("not ok load: %d\n", rc);
		exit(1);
	}
	return rt;
}

/* The answer is the request's. */
static bool right(struct call *call, int n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "request %d", n);
	bool good = host_wait(call, PATIENCE) && call->rc == 0 &&
		    call->len == len && !memcmp(call->rsp, text, len);

	host_done(call);
	return good;
}

static void post(struct runtime *rt, struct call *call, int n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "request %d", n);

	host_post(rt, call, text, len);
}

static void many_in_flight(void)
{
	struct runtime *rt = load(NULL);
	struct call calls[FLIGHT];
	int wrong = 0;

	for (int n = 0; n < CALLS + FLIGHT; n++) {
		struct call *call = &calls[n % FLIGHT];

		if (n >= FLIGHT)
			wrong += !right(call, n - FLIGHT);
		if (n < CALLS)
			post(rt, call, n);
	}
	result("many_in_flight", !wrong, "an answer is another");
	result("double_answers_are_counted", host_wrong_answers() > 0, "none");
	result("unload_idle", host_unload(rt, PATIENCE), "a poller was not told");
}

static void cancelled(void)
{
	struct runtime *rt = load("200");
	struct call calls[FLIGHT];
	int wrong = 0;

	for (int round = 0; round < 10; round++) {
		for (int n = 0; n < FLIGHT; n++)
			post(rt, &calls[n], n);
		for (int n = 0; n < FLIGHT; n += 2)
			host_cancel(&calls[n]);
		for (int n = 1; n < FLIGHT; n += 2)
			wrong += !right(&calls[n], n);
	}
	result("cancelled", !wrong, "an answer is another");
	result("late_answers_are_counted", host_late(rt, PATIENCE), "none");
	result("unload_after_that", host_unload(rt, PATIENCE),
	       "a poller was not told");
}

static void unload_while_polling(void)
{
	int wrong = 0;

	for (int round = 0; round < 20; round++) {
		struct runtime *rt = load("50");
		struct call calls[FLIGHT];

		for (int n = 0; n < FLIGHT; n++)
			post(rt, &calls[n], n);
		wrong += !host_unload(rt, PATIENCE);
		for (int n = 0; n < FLIGHT; n++)
			wrong += !right(&calls[n], n);
	}
	result("unload_while_polling", !wrong, "no end, or an answer is another");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	dir = argv[1];
	many_in_flight();
	cancelled();
	unload_while_polling();
	return failed ? 1 : 0;
}
