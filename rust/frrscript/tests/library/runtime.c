// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A runtime for tests, with upstream's three functions and nothing else. Its
 * configuration says how it behaves:
 *
 *   echo     answers with the request; "!N" with rc N, "!N body" with a body
 *   never    takes requests and does not answer
 *   twice    answers each request two times
 *   threads  answers from a thread of its own for each request, last one first
 *   dies     its poller ends at the first request
 *   slow     answers after 50 ms
 *   large    answers with so many MiB as the request says
 *   fail     init gives 7
 *   other    starts no poller
 *   late     its poller comes to its first poll after 100 ms
 *   early    its poller ends at the first request, and then its init ends
 *   noise    logs so many lines as the request says
 *   crash    init crashes
 *   command  does what the request says, see command()
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

extern void *ngx_http_lua_ffi_task_poll(void *tq);
extern char *ngx_http_lua_ffi_get_req(void *tsk, int *len);
extern void ngx_http_lua_ffi_respond(void *tsk, int rc, char *rsp, int rsp_len);

struct runtime {
	void *tq;
	char mode[16];
};

static void echo(void *task)
{
	int len = 0;
	char *request = ngx_http_lua_ffi_get_req(task, &len);
	char *copy;

	if (!request) {
		ngx_http_lua_ffi_respond(task, 0, NULL, 0);
		return;
	}
	if (request[0] == '!') {
		char *body = strchr(request, ' ');

		copy = body ? strdup(body + 1) : NULL;
		ngx_http_lua_ffi_respond(task, atoi(request + 1), copy,
					 copy ? (int)strlen(copy) : 0);
		return;
	}
	copy = malloc(len + 1);
	memcpy(copy, request, len + 1);
	ngx_http_lua_ffi_respond(task, 0, copy, len);
}

/* A crash that is wanted, and of which nobody wants a core. */
static void crash(int signal)
{
	struct rlimit none = {};

	setrlimit(RLIMIT_CORE, &none);
	if (signal == SIGSEGV)
		*(volatile int *)8 = 0;
	abort();
}

static void answer(void *task, const char *format, long number)
{
	char *text = malloc(64);

	snprintf(text, 64, format, number);
	ngx_http_lua_ffi_respond(task, 0, text, strlen(text));
}

static int wait_for_cancel(void *task)
{
	int (*cancelled)(void *tsk) =
		(int (*)(void *))dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_task_cancelled");

	for (int i = 0; i < 5000; i++) {
		if (cancelled(task))
			return 1;
		usleep(2000);
	}
	return 0;
}

/* What a shared dict says, from whichever process. */
static void use_dict(void *task)
{
	int (*set)(const char *, const char *, int, const char *, int, int);
	int (*get)(const char *, const char *, int, char **, int *);
	int (*incr)(const char *, const char *, int, double, double, double *);
	int (*delete)(const char *, const char *, int);
	char *value = NULL;
	char *text = malloc(128);
	double sum = 0;
	int len = 0, was, is;

	*(void **)&set = dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_dict_set");
	*(void **)&get = dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_dict_get");
	*(void **)&incr = dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_dict_incr");
	*(void **)&delete = dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_dict_delete");
	was = get("of_tests", "script", 6, &value, &len);
	set("of_tests", "runtime", 7, "a\0b", 3, 0);
	incr("of_tests", "sum", 3, 1.5, 40, &sum);
	is = delete("of_tests", "gone", 4);
	snprintf(text, 128, "%d %.*s %g %d", was, len, value ? value : "", sum, is);
	free(value);
	ngx_http_lua_ffi_respond(task, 0, text, strlen(text));
}

/* Descriptors of this process from 3 on. */
static long descriptors(void)
{
	long count = 0;

	for (int fd = 3; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The socket of a process of its own, which is none of a runtime's business. */
#define SOCKET 3

/* Asks for a value of a shared dict again and again, and reads none. */
static void ask(void)
{
	static const char dict[] = "of_tests", key[] = "large";
	char octets[256] = {};
	uint32_t kind = 12; /* runtime-host/src/process/frame.rs, Kind::Dict */
	uint64_t len;
	size_t at = 24 + 4 + 8 + 8;

	memcpy(octets, &kind, sizeof(kind));
	len = strlen(dict);
	memcpy(octets + at, &len, 8);
	memcpy(octets + at + 8, dict, len);
	at += 8 + len;
	len = strlen(key);
	memcpy(octets + at, &len, 8);
	memcpy(octets + at + 8, key, len);
	at += 8 + len + 8;
	len = at - 24;
	memcpy(octets + 16, &len, 8);
	for (int i = 0; i < 500; i++)
		if (write(SOCKET, octets, at) != (ssize_t)at)
			break;
	kill(getpid(), SIGSTOP);
}

/* Returns false when the poller is to end. */
static bool command(void *task)
{
	const char *what = ngx_http_lua_ffi_get_req(task, NULL);

	if (!strcmp(what, "segv"))
		crash(SIGSEGV);
	else if (!strcmp(what, "abort"))
		crash(SIGABRT);
	else if (!strcmp(what, "exit"))
		_exit(3);
	else if (!strcmp(what, "close"))
		close(SOCKET);
	else if (!strcmp(what, "garbage")) {
		static const char noise[] = "this is not what it should be, at all.";

		if (write(SOCKET, noise, sizeof(noise)) < 0)
			close(SOCKET);
	} else if (!strcmp(what, "hang")) {
		/* all threads of the process, so that nobody reads */
		answer(task, "stops", 0);
		kill(getpid(), SIGSTOP);
	} else if (!strcmp(what, "ask"))
		ask();
	else if (!strcmp(what, "pid"))
		answer(task, "%ld", getpid());
	else if (!strcmp(what, "fds"))
		answer(task, "%ld", descriptors());
	else if (!strcmp(what, "child")) {
		pid_t child = fork();

		if (!child) {
			pause();
			_exit(0);
		}
		answer(task, "%ld", child);
	} else if (!strcmp(what, "print")) {
		printf("one line\nanother\n");
		fflush(stdout);
		fprintf(stderr, "and one to stderr\n");
		answer(task, "printed", 0);
	} else if (!strcmp(what, "cancel")) {
		fprintf(stderr, "waits for its cancellation\n");
		fprintf(stderr, "cancelled: %d\n", wait_for_cancel(task));
		answer(task, "late", 0);
	} else if (!strcmp(what, "dict"))
		use_dict(task);
	else if (!strcmp(what, "end"))
		return false;
	else if (strcmp(what, "hold"))
		echo(task);
	return true;
}

static void noise(int lines)
{
	void (*say)(int priority, const char *text, int len);

	*(void **)&say = dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_log");
	for (int i = 0; i < lines; i++)
		say(6, "noise", -1);
}

static void *later(void *task)
{
	usleep(1000 + 1000 * (random() % 5));
	echo(task);
	return NULL;
}

static void *poll(void *arg)
{
	struct runtime *runtime = arg;
	void *task;

	if (!strncmp(runtime->mode, "late", 4))
		usleep(100000);
	while ((task = ngx_http_lua_ffi_task_poll(runtime->tq))) {
		if (!strncmp(runtime->mode, "never", 5))
			continue;
		if (!strcmp(runtime->mode, "dies") ||
		    !strcmp(runtime->mode, "early"))
			break;
		if (!strcmp(runtime->mode, "noise"))
			noise(atoi(ngx_http_lua_ffi_get_req(task, NULL)));
		if (!strcmp(runtime->mode, "threads")) {
			pthread_t thread;

			pthread_create(&thread, NULL, later, task);
			pthread_detach(thread);
			continue;
		}
		if (!strcmp(runtime->mode, "large")) {
			int len = atoi(ngx_http_lua_ffi_get_req(task, NULL)) << 20;

			ngx_http_lua_ffi_respond(task, 0, calloc(len, 1), len);
			continue;
		}
		if (!strncmp(runtime->mode, "command", 7)) {
			if (!command(task))
				break;
			continue;
		}
		if (!strcmp(runtime->mode, "slow"))
			usleep(50000);
		echo(task);
		if (!strcmp(runtime->mode, "twice"))
			ngx_http_lua_ffi_respond(task, 0, strdup("again"), 5);
	}
	free(runtime);
	return NULL;
}

int libffi_init(char *cfg, void *tq)
{
	struct runtime *runtime;
	pthread_t thread;

	if (cfg && !strcmp(cfg, "fail"))
		return 7;
	if (cfg && !strcmp(cfg, "other"))
		return 0;
	if (cfg && !strcmp(cfg, "crash"))
		crash(SIGSEGV);
	runtime = calloc(1, sizeof(*runtime));
	runtime->tq = tq;
	snprintf(runtime->mode, sizeof(runtime->mode), "%s", cfg ? cfg : "echo");
	if (cfg && !strcmp(cfg, "early")) {
		if (pthread_create(&thread, NULL, poll, runtime))
			return 1;
		pthread_join(thread, NULL);
		return 0;
	}
	if (pthread_create(&thread, NULL, poll, runtime))
		return 1;
	pthread_detach(thread);
	return 0;
}
