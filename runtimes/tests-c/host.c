// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host, see host.h.  With -DSMALL it exports the three functions of
 * lua-resty-ffi and nothing else.
 */
#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* How many tasks may be open at once. */
#define SLOTS 4096

struct task {
	uint32_t generation;
	bool open;
	bool cancelled;
	bool answered;
	char *req;
	int req_len;
	struct call *call;
	struct task *next;
};

struct runtime {
	uintptr_t number;
	bool finished;
	int polling;
	bool ended;
	struct task *first, **last;
	const char *(*language)(void);
	struct runtime *next;
};

/* One lock and one condition for everything: simple, and fast enough. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tasks_changed = PTHREAD_COND_INITIALIZER;
static pthread_cond_t answers_changed = PTHREAD_COND_INITIALIZER;

static struct task slots[SLOTS];
static int slot_hint;
static struct runtime *runtimes;
static uintptr_t numbers;
static int wrong_answers;

/* All that was logged. */
static struct {
	char *text;
	size_t len;
} logged;

/*
 * No handle is an address: the top bit is set, which faults when a runtime
 * looks through it, and is above all that Go's collector takes for its heap.
 */
#define HANDLE (UINT64_C(1) << 63)

static void *task_handle(const struct task *task)
{
	uint64_t slot = task - slots;

	return (void *)(HANDLE | (uint64_t)task->generation << 16 | slot);
}

static struct task *find_task(void *handle)
{
	uint64_t number = (uint64_t)handle;
	struct task *task = &slots[number & (SLOTS - 1)];

	if (!(number & HANDLE) || !task->open ||
	    (number & ~HANDLE) >> 16 != task->generation)
		return NULL;
	return task;
}

static struct runtime *find_runtime(void *tq)
{
	struct runtime *rt = runtimes;

	while (rt && (HANDLE | rt->number) != (uint64_t)tq)
		rt = rt->next;
	return rt;
}

static struct timespec after(int ms)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += (long)(ms % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

static int poll_tasks(void *tq, void **tsks, int max, int timeout_ms)
{
	struct timespec end = after(timeout_ms < 0 ? 0 : timeout_ms);
	struct runtime *rt;
	int n = 0;

	pthread_mutex_lock(&lock);
	rt = find_runtime(tq);
	if (!rt) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	rt->polling++;
	while (!rt->first && !rt->finished) {
		if (timeout_ms < 0)
			pthread_cond_wait(&tasks_changed, &lock);
		else if (pthread_cond_timedwait(&tasks_changed, &lock, &end))
			break;
	}
	while (rt->first && n < max) {
		tsks[n++] = task_handle(rt->first);
		rt->first = rt->first->next;
		if (!rt->first)
			rt->last = &rt->first;
	}
	rt->polling--;
	if (!n && rt->finished) {
		rt->ended = true;
		n = -1;
		pthread_cond_broadcast(&answers_changed);
	}
	pthread_mutex_unlock(&lock);
	return n;
}

EXPORT void *ngx_http_lua_ffi_task_poll(void *tq)
{
	void *task;

	return poll_tasks(tq, &task, 1, -1) == 1 ? task : NULL;
}

EXPORT char *ngx_http_lua_ffi_get_req(void *tsk, int *len)
{
	struct task *task;
	char *req = NULL;

	pthread_mutex_lock(&lock);
	task = find_task(tsk);
	if (task) {
		req = task->req;
		if (len)
			*len = task->req_len;
	}
	pthread_mutex_unlock(&lock);
	return req;
}

EXPORT void ngx_http_lua_ffi_respond(void *tsk, int rc, char *rsp, int rsp_len)
{
	struct task *task;
	struct call *call;

	pthread_mutex_lock(&lock);
	task = find_task(tsk);
	if (!task || task->answered) {
		wrong_answers++;
		pthread_mutex_unlock(&lock);
		free(rsp);
		return;
	}
	call = task->call;
	call->rc = rc;
	call->rsp = rsp;
	call->len = rsp_len;
	free(task->req);
	task->req = NULL;
	task->answered = true;
	task->open = false;
	pthread_cond_broadcast(&answers_changed);
	pthread_mutex_unlock(&lock);
}

#ifdef SMALL
const bool host_is_small = true;
#else
const bool host_is_small = false;

EXPORT int ngx_http_lua_ffi_task_poll_many(void *tq, void **tsks, int max,
					   int timeout_ms)
{
	return poll_tasks(tq, tsks, max, timeout_ms);
}

EXPORT int ngx_http_lua_ffi_task_cancelled(void *tsk)
{
	struct task *task;
	int cancelled;

	pthread_mutex_lock(&lock);
	task = find_task(tsk);
	cancelled = !task || task->cancelled;
	pthread_mutex_unlock(&lock);
	return cancelled;
}

EXPORT void ngx_http_lua_ffi_log(int priority, const char *text, int len)
{
	char *more;

	pthread_mutex_lock(&lock);
	more = realloc(logged.text, logged.len + len + 16);
	if (more) {
		logged.text = more;
		logged.len += sprintf(logged.text + logged.len, "<%d>", priority);
		memcpy(logged.text + logged.len, text, len);
		logged.len += len;
		logged.text[logged.len++] = '\n';
		logged.text[logged.len] = '\0';
	}
	if (getenv("SHOW_LOG"))
		fprintf(stderr, "<%d>%.*s\n", priority, len, text);
	pthread_cond_broadcast(&answers_changed);
	pthread_mutex_unlock(&lock);
}

/* Shared dicts: a list of entries, for a handful of them. */
struct entry {
	char *dict, *key, *value;
	int key_len, len;
	struct entry *next;
};

static struct entry *entries;

static struct entry **find_entry(const char *dict, const char *key, int key_len)
{
	struct entry **at = &entries;

	while (*at && (strcmp((*at)->dict, dict) || (*at)->key_len != key_len ||
		       memcmp((*at)->key, key, key_len)))
		at = &(*at)->next;
	return at;
}

static char *copy(const char *from, int len)
{
	char *to = calloc(1, len + 1);

	if (to)
		memcpy(to, from, len);
	return to;
}

EXPORT int ngx_http_lua_ffi_dict_get(const char *dict, const char *key,
				     int key_len, char **value, int *len)
{
	struct entry *entry;

	pthread_mutex_lock(&lock);
	entry = *find_entry(dict, key, key_len);
	if (entry) {
		*value = copy(entry->value, entry->len);
		*len = entry->len;
	}
	pthread_mutex_unlock(&lock);
	return entry != NULL;
}

static int store(const char *dict, const char *key, int key_len,
		 const char *value, int len, bool replace)
{
	struct entry **at, *entry;

	pthread_mutex_lock(&lock);
	at = find_entry(dict, key, key_len);
	entry = *at;
	if (entry && !replace) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		entry->dict = strdup(dict);
		entry->key = copy(key, key_len);
		entry->key_len = key_len;
		*at = entry;
	}
	free(entry->value);
	entry->value = copy(value, len);
	entry->len = len;
	pthread_mutex_unlock(&lock);
	return 0;
}

EXPORT int ngx_http_lua_ffi_dict_set(const char *dict, const char *key,
				     int key_len, const char *value, int len,
				     int ttl_ms)
{
	(void)ttl_ms;
	return store(dict, key, key_len, value, len, true);
}

EXPORT int ngx_http_lua_ffi_dict_add(const char *dict, const char *key,
				     int key_len, const char *value, int len,
				     int ttl_ms)
{
	(void)ttl_ms;
	return store(dict, key, key_len, value, len, false);
}

EXPORT int ngx_http_lua_ffi_dict_incr(const char *dict, const char *key,
				      int key_len, double by, double init,
				      double *result)
{
	char *value = NULL, text[64];
	int len;

	*result = init;
	if (ngx_http_lua_ffi_dict_get(dict, key, key_len, &value, &len) == 1)
		*result = atof(value);
	free(value);
	*result += by;
	len = snprintf(text, sizeof(text), "%.17g", *result);
	return store(dict, key, key_len, text, len, true);
}

EXPORT int ngx_http_lua_ffi_dict_delete(const char *dict, const char *key,
					int key_len)
{
	struct entry **at, *entry;

	pthread_mutex_lock(&lock);
	at = find_entry(dict, key, key_len);
	entry = *at;
	if (entry) {
		*at = entry->next;
		free(entry->dict);
		free(entry->key);
		free(entry->value);
		free(entry);
	}
	pthread_mutex_unlock(&lock);
	return entry != NULL;
}
#endif

/* What the loader thread is to do; one thing at a time. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started, busy;
	const char *path, *cfg;
	struct runtime *rt;
	int rc;
} job = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int load(struct runtime *rt, const char *path, const char *cfg)
{
	int (*init)(char *cfg, void *tq);
	char *own = cfg ? strdup(cfg) : NULL;
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	int rc = -1;

	if (library)
		init = (int (*)(char *, void *))dlsym(library, "libffi_init");
	if (!library || !init) {
		fprintf(stderr, "%s\n", dlerror());
	} else {
		rt->language = (const char *(*)(void))dlsym(library,
							    "libffi_language");
		rc = init(own, (void *)(HANDLE | rt->number));
	}
	/* As any host may: what is read after the return is not there. */
	if (own)
		memset(own, 'X', strlen(own));
	free(own);
	return rc;
}

static void *loader(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&job.lock);
	for (;;) {
		while (!job.busy)
			pthread_cond_wait(&job.changed, &job.lock);
		job.rc = load(job.rt, job.path, job.cfg);
		job.busy = false;
		pthread_cond_broadcast(&job.changed);
	}
	return NULL;
}

EXPORT struct runtime *host_load(const char *dir, const char *name,
				 const char *cfg, int *rc)
{
	struct runtime *rt = calloc(1, sizeof(*rt));
	sigset_t all, before;
	pthread_t thread;
	char path[4096];

	snprintf(path, sizeof(path), "%s/lib%s.so", dir, name);
	rt->last = &rt->first;
	pthread_mutex_lock(&lock);
	/* Far above the numbers that a runtime might take for a small one. */
	rt->number = (UINT64_C(1) << 40) + ++numbers;
	rt->next = runtimes;
	runtimes = rt;
	pthread_mutex_unlock(&lock);

	pthread_mutex_lock(&job.lock);
	if (!job.started) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		pthread_create(&thread, NULL, loader, NULL);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		job.started = true;
	}
	job.rt = rt;
	job.path = path;
	job.cfg = cfg;
	job.busy = true;
	pthread_cond_broadcast(&job.changed);
	while (job.busy)
		pthread_cond_wait(&job.changed, &job.lock);
	*rc = job.rc;
	pthread_mutex_unlock(&job.lock);
	return *rc == 0 ? rt : NULL;
}

EXPORT const char *host_language(const struct runtime *rt)
{
	return rt->language ? rt->language() : "";
}

EXPORT void host_post(struct runtime *rt, struct call *call, const char *req,
		      int len)
{
	struct task *task = NULL;

	memset(call, 0, sizeof(*call));
	pthread_mutex_lock(&lock);
	for (int i = 0; i < SLOTS && !task; i++) {
		slot_hint = (slot_hint + 1) % SLOTS;
		if (!slots[slot_hint].open)
			task = &slots[slot_hint];
	}
	if (!task)
		abort();
	task->generation++;
	task->open = true;
	task->answered = task->cancelled = false;
	task->call = call;
	task->next = NULL;
	task->req = NULL;
	task->req_len = 0;
	if (len >= 0) {
		task->req = malloc(len + 1);
		memcpy(task->req, req, len);
		task->req[len] = '\0';
		task->req_len = len;
	}
	call->task = task;
	call->rc = -2;
	*rt->last = task;
	rt->last = &task->next;
	pthread_cond_broadcast(&tasks_changed);
	pthread_mutex_unlock(&lock);
}

EXPORT bool host_wait(struct call *call, int seconds)
{
	struct timespec end = after(seconds * 1000);
	int error = 0;

	pthread_mutex_lock(&lock);
	while (call->rc == -2 && !error)
		error = pthread_cond_timedwait(&answers_changed, &lock, &end);
	pthread_mutex_unlock(&lock);
	return call->rc != -2;
}

EXPORT void host_cancel(struct call *call)
{
	pthread_mutex_lock(&lock);
	call->task->cancelled = true;
	pthread_mutex_unlock(&lock);
}

EXPORT void host_done(struct call *call)
{
	free(call->rsp);
	call->rsp = NULL;
}

const bool host_drops_late = false;

EXPORT bool host_late(const struct runtime *rt, int seconds)
{
	(void)rt;
	(void)seconds;
	return false;
}

EXPORT bool host_unload(struct runtime *rt, int seconds)
{
	struct timespec end = after(seconds * 1000);
	int error = 0;
	bool ended;

	pthread_mutex_lock(&lock);
	rt->finished = true;
	pthread_cond_broadcast(&tasks_changed);
	while ((!rt->ended || rt->polling) && !error)
		error = pthread_cond_timedwait(&answers_changed, &lock, &end);
	ended = rt->ended && !rt->polling;
	pthread_mutex_unlock(&lock);
	return ended;
}

EXPORT bool host_logged(const char *text, int seconds)
{
	struct timespec end = after(seconds * 1000);
	int error = 0;
	bool found;

	pthread_mutex_lock(&lock);
	for (;;) {
		found = logged.text && strstr(logged.text, text);
		if (found || error)
			break;
		error = pthread_cond_timedwait(&answers_changed, &lock, &end);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

EXPORT int host_wrong_answers(void)
{
	int wrong;

	pthread_mutex_lock(&lock);
	wrong = wrong_answers;
	pthread_mutex_unlock(&lock);
	return wrong;
}
