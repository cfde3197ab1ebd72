// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A runtime with as many threads as a host has to stand: four that poll, two
 * of them for one request and two for many, and four that answer.  Answers
 * come in any order, one in 16 twice, some after a look at the cancellation.
 * Its threads end when all pollers were told.
 *
 * The number in its configuration is how many microseconds an answer takes.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *ngx_http_lua_ffi_task_poll(void *tq);
extern char *ngx_http_lua_ffi_get_req(void *tsk, int *len);
extern void ngx_http_lua_ffi_respond(void *tsk, int rc, char *rsp, int rsp_len);
extern int ngx_http_lua_ffi_task_poll_many(void *tq, void **tsks, int max,
					   int timeout_ms);
extern int ngx_http_lua_ffi_task_cancelled(void *tsk);
extern void ngx_http_lua_ffi_log(int priority, const char *text, int len);

enum { POLLERS = 4, WORKERS = 4, BATCH = 16, ROOM = 4096 };

struct runtime {
	void *tq;
	int delay;
	pthread_mutex_t lock;
	pthread_cond_t came;
	/* The last one that came is answered first. */
	void *tasks[ROOM];
	int count;
	int pollers;
	int threads;
};

static void hand_out(struct runtime *rt, void *task)
{
	pthread_mutex_lock(&rt->lock);
	if (rt->count == ROOM) {
		pthread_mutex_unlock(&rt->lock);
		ngx_http_lua_ffi_respond(task, 1, NULL, 0);
		return;
	}
	rt->tasks[rt->count++] = task;
	pthread_cond_signal(&rt->came);
	pthread_mutex_unlock(&rt->lock);
}

/* The last thread frees what they share. */
static void leave(struct runtime *rt, bool poller)
{
	bool last;

	pthread_mutex_lock(&rt->lock);
	if (poller)
		rt->pollers--;
	last = --rt->threads == 0;
	pthread_cond_broadcast(&rt->came);
	pthread_mutex_unlock(&rt->lock);
	if (last) {
		pthread_cond_destroy(&rt->came);
		pthread_mutex_destroy(&rt->lock);
		free(rt);
	}
}

static void *poll_one(void *arg)
{
	struct runtime *rt = arg;
	void *task;

	while ((task = ngx_http_lua_ffi_task_poll(rt->tq)))
		hand_out(rt, task);
	leave(rt, true);
	return NULL;
}

static void *poll_many(void *arg)
{
	struct runtime *rt = arg;
	void *tasks[BATCH];
	int count;

	while ((count = ngx_http_lua_ffi_task_poll_many(rt->tq, tasks, BATCH,
							5)) >= 0) {
		for (int i = 0; i < count; i++)
			hand_out(rt, tasks[i]);
	}
	leave(rt, true);
	return NULL;
}

static void answer(struct runtime *rt, void *task, unsigned int n)
{
	int len = 0;
	char *req = ngx_http_lua_ffi_get_req(task, &len);
	char *rsp = NULL;

	if (rt->delay)
		usleep(rt->delay);
	if (n % 4 == 0 && ngx_http_lua_ffi_task_cancelled(task))
		ngx_http_lua_ffi_log(7, "cancelled", -1);
	if (req) {
		rsp = malloc(len + 1);
		memcpy(rsp, req, len + 1);
	}
	ngx_http_lua_ffi_respond(task, 0, rsp, len);
	if (n % 16 == 0)
		ngx_http_lua_ffi_respond(task, 0, strdup("again"), 5);
}

static void *work(void *arg)
{
	struct runtime *rt = arg;
	unsigned int n = 0;

	for (;;) {
		void *task = NULL;

		pthread_mutex_lock(&rt->lock);
		while (!rt->count && rt->pollers)
			pthread_cond_wait(&rt->came, &rt->lock);
		if (rt->count)
			task = rt->tasks[--rt->count];
		pthread_mutex_unlock(&rt->lock);
		if (!task)
			break;
		answer(rt, task, n++);
	}
	leave(rt, false);
	return NULL;
}

static void start(struct runtime *rt, void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, rt))
		abort();
	pthread_detach(thread);
}

int libffi_init(char *cfg, void *tq)
{
	struct runtime *rt = calloc(1, sizeof(*rt));

	rt->tq = tq;
	rt->delay = cfg ? atoi(cfg) : 0;
	pthread_mutex_init(&rt->lock, NULL);
	pthread_cond_init(&rt->came, NULL);
	rt->pollers = POLLERS;
	rt->threads = POLLERS + WORKERS;
	for (int i = 0; i < POLLERS; i++)
		start(rt, i % 2 ? poll_many : poll_one);
	for (int i = 0; i < WORKERS; i++)
		start(rt, work);
	return 0;
}
