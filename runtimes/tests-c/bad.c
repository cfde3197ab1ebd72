// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A runtime that does what none should; the configuration says what.  Its
 * host has to stay as it is.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frr_ffi.h"

static void answer(void *task, int rc, const char *text)
{
	ngx_http_lua_ffi_respond(task, rc, strdup(text), (int)strlen(text));
}

/* What stands for a runtime's queue and what it was told to do. */
struct job {
	void *queue;
	char mode[16];
	void *task;
};

static void detach(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg) == 0)
		pthread_detach(thread);
}

static void *later(void *arg)
{
	/* In another order than the tasks came. */
	usleep((uintptr_t)arg * 2654435761u % 5000);
	answer(arg, 0, "from another thread");
	return NULL;
}

/* Handles that nobody gave out. */
static void make_up(void *task, void *queue)
{
	uintptr_t number = (uintptr_t)task;
	void *handles[] = {
		NULL,		    (void *)1,		  (void *)-1,
		(void *)(number + 1), (void *)(number ^ (uintptr_t)1 << 40), queue,
		(void *)&number,    (void *)(number >> 1),
	};

	for (size_t i = 0; i < sizeof(handles) / sizeof(*handles); i++) {
		int len = 7;

		if (ngx_http_lua_ffi_get_req(handles[i], &len) || len != 0) {
			answer(task, 1, "a request of nobody");
			return;
		}
		if (ngx_http_lua_ffi_task_poll(i < 4 ? handles[i] : task)) {
			answer(task, 1, "a task of nobody");
			return;
		}
		ngx_http_lua_ffi_task_cancelled(handles[i]);
		answer(handles[i], 0, "to nobody");
	}
	answer(task, 0, "made up");
}

static void *serve(void *arg)
{
	struct job *job = arg;
	void *task;

	while ((task = ngx_http_lua_ffi_task_poll(job->queue)) != NULL) {
		if (!strcmp(job->mode, "never"))
			continue;
		if (!strcmp(job->mode, "dies"))
			break;
		if (!strcmp(job->mode, "twice")) {
			answer(task, 0, "once");
			answer(task, 0, "again");
		} else if (!strcmp(job->mode, "threads")) {
			detach(later, task);
		} else if (!strcmp(job->mode, "made-up")) {
			make_up(task, job->queue);
		} else if (!strcmp(job->mode, "gone")) {
			int len = 7;

			answer(task, 0, "gone");
			if (ngx_http_lua_ffi_get_req(task, &len) || len != 0)
				abort();
		} else if (!strcmp(job->mode, "floods")) {
			for (int i = 0; i < 100000; i++)
				ngx_http_lua_ffi_log(7, "a flood of lines", 16);
			ngx_http_lua_ffi_log(99, "\xff\xfe no text", -1);
			ngx_http_lua_ffi_log(-1, NULL, 5);
			answer(task, 0, "flooded");
		} else if (!strcmp(job->mode, "negative")) {
			ngx_http_lua_ffi_respond(task, 0, strdup("negative"),
						 -5);
		} else {
			answer(task, 0, job->mode);
		}
	}
	/* Once more: a poller that did not listen gets its NULL again. */
	if (strcmp(job->mode, "dies") != 0 &&
	    ngx_http_lua_ffi_task_poll(job->queue))
		abort();
	return NULL;
}

int libffi_init(char *cfg, void *queue)
{
	struct job *job = calloc(1, sizeof(*job));

	job->queue = queue;
	snprintf(job->mode, sizeof(job->mode), "%s", cfg ? cfg : "");
	/* What it was given is its own to change. */
	if (cfg)
		memset(cfg, 'y', strlen(cfg));
	detach(serve, job);
	if (!strcmp(job->mode, "pollers")) {
		detach(serve, job);
		detach(serve, job);
	}
	return 0;
}
