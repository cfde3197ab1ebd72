// SPDX-License-Identifier: GPL-2.0-or-later
/* A runtime in C that knows the three functions of lua-resty-ffi and no more. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern void *ngx_http_lua_ffi_task_poll(void *queue);
extern char *ngx_http_lua_ffi_get_req(void *task, int *length);
extern void ngx_http_lua_ffi_respond(void *task, int rc, char *body, int length);

static void *serve(void *queue)
{
	void *task;

	while ((task = ngx_http_lua_ffi_task_poll(queue)) != NULL) {
		int length = 0;
		char *request = ngx_http_lua_ffi_get_req(task, &length);
		char *body = NULL;

		if (request) {
			body = malloc(length ? length : 1);
			memcpy(body, request, length ? length : 1);
		}
		ngx_http_lua_ffi_respond(task, 0, body, length);
	}
	return NULL;
}

int libffi_init(char *cfg, void *queue)
{
	pthread_t thread;

	if (cfg && !strcmp(cfg, "fail"))
		return 7;
	return pthread_create(&thread, NULL, serve, queue) ||
	       pthread_detach(thread);
}
