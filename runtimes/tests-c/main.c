// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check RUNTIMEDIR MODULEDIR LANGUAGE...
 *
 * One language: all its cases.  More: all of them in this one process.  "bad":
 * what a host has to stand.
 */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>
#include <stdarg.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *runtime_dir;
const char *module_dir;

static char case_name[256];
static char why[2048];
static bool any_failed;

void begin(const char *language, const char *name)
{
	snprintf(case_name, sizeof(case_name), "%s: %s%s", language, name,
		 host_is_small	   ? ", on a host of three functions"
		 : host_drops_late ? ", on the daemon's host"
				   : "");
	why[0] = '\0';
}

void wrong(const char *format, ...)
{
	size_t at = strlen(why);
	va_list args;

	va_start(args, format);
	if (at && at + 2 < sizeof(why)) {
		strcpy(why + at, "; ");
		at += 2;
	}
	vsnprintf(why + at, sizeof(why) - at, format, args);
	va_end(args);
}

void end(void)
{
	if (why[0])
		printf("not ok %s: %s\n", case_name, why);
	else
		printf("ok %s\n", case_name);
	fflush(stdout);
	any_failed |= why[0];
}

bool failed(void)
{
	return any_failed;
}

struct runtime *must_load(const struct language *lang, const char *cfg)
{
	char own[4096];
	struct runtime *rt;
	int rc;

	if (cfg) {
		const char *at = strstr(cfg, "%s");

		if (at) {
			snprintf(own, sizeof(own), "%.*s%s%s", (int)(at - cfg),
				 cfg, module_dir, at + 2);
			cfg = own;
		}
	}
	rt = host_load(runtime_dir, lang->library, cfg, &rc);
	if (!rt)
		wrong("it does not load: rc %d", rc);
	return rt;
}

bool ask(struct runtime *rt, const char *req, int len, struct call *call)
{
	host_post(rt, call, req, len);
	if (host_wait(call, PATIENCE))
		return true;
	wrong("no answer");
	/* The answer may still come, so the call can't go. */
	printf("not ok %s: %s\n", case_name, why);
	exit(1);
}

bool answers(struct runtime *rt, const char *req, int rc, const char *body)
{
	struct call call;
	bool good;

	ask(rt, req, (int)strlen(req), &call);
	good = call.rc == rc && !call.rsp == !body &&
	       (!body || (call.len == (int)strlen(body) &&
			  !memcmp(call.rsp, body, call.len)));
	if (!good)
		wrong("\"%s\" is answered with %d \"%.*s\"", req, call.rc,
		      call.rsp ? call.len : 4, call.rsp ? call.rsp : "NULL");
	host_done(&call);
	return good;
}

/* FRR's: rotate the log, end, end, read the configuration again. */
static const int signals[] = { SIGUSR1, SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t seen[NSIG];
static pthread_t main_thread;
static volatile sig_atomic_t elsewhere;

static void on_signal(int number)
{
	seen[number]++;
	if (!pthread_equal(pthread_self(), main_thread))
		elsewhere = number;
}

void signals_set(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	main_thread = pthread_self();
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

void signals_check(void)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		int number = signals[i], before = seen[number];
		struct sigaction action;

		sigaction(number, NULL, &action);
		if (action.sa_handler != on_signal) {
			wrong("signal %d has another handler", number);
			continue;
		}
		/*
		 * To the process, as an operator sends it; the only thread that
		 * does not block it is this one, so it is here at once.
		 */
		kill(getpid(), number);
		if (seen[number] != before + 1 || elsewhere)
			wrong("signal %d came to another thread", number);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: %s RUNTIMEDIR MODULEDIR LANGUAGE...\n",
			argv[0]);
		return 2;
	}
	runtime_dir = argv[1];
	module_dir = argv[2];
	signals_set();
	if (argc > 4) {
		test_together((const char *const *)argv + 3, argc - 3);
	} else if (!strcmp(argv[3], "bad")) {
		test_bad();
	} else {
		const struct language *lang = find_language(argv[3]);

		if (!lang) {
			fprintf(stderr, "no language %s\n", argv[3]);
			return 2;
		}
		test_language(lang);
		if (lang->probe && !host_is_small)
			test_loader(lang);
	}
	/* As a daemon ends: with the runtimes loaded, or what is left of them. */
	exit(failed());
}
