// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a runtime in C or C++ sees of its host.
 *
 * A runtime is a shared library that exports libffi_init().  A queue and a
 * task are numbers that only look like pointers: never look through them.
 *
 * The first three functions are those of lua-resty-ffi, every host has them.
 * The others are weak: their address is NULL where the host has them not.
 */
#ifndef FRR_FFI_H
#define FRR_FFI_H

#ifdef __cplusplus
extern "C" {
#endif

#define FRR_FFI_EXPORT __attribute__((visibility("default")))
#define FRR_FFI_OPTIONAL __attribute__((weak))

/*
 * The runtime's: starts what polls TQ and returns 0, or says in the log why
 * not and returns another number.  CFG belongs to the host and may be NULL.
 */
FRR_FFI_EXPORT int libffi_init(char *cfg, void *tq);

/* The runtime's, optional: the language, for "show script runtimes". */
FRR_FFI_EXPORT const char *libffi_language(void);

/* Waits for a task; NULL: the runtime is unloaded, stop polling. */
void *ngx_http_lua_ffi_task_poll(void *tq);

/*
 * The request, which is the host's until the answer.  NULL: there is none;
 * otherwise it ends with a NUL that LEN does not count.
 */
char *ngx_http_lua_ffi_get_req(void *tsk, int *len);

/* The answer, once for a task; RSP comes from malloc() or is NULL. */
void ngx_http_lua_ffi_respond(void *tsk, int rc, char *rsp, int rsp_len);

/*
 * Waits for at most MAX tasks, TIMEOUT_MS long (-1: for ever).  The number of
 * tasks, 0 when the time is over, -1 when the runtime is unloaded.
 */
int ngx_http_lua_ffi_task_poll_many(void *tq, void **tsks, int max,
				    int timeout_ms) FRR_FFI_OPTIONAL;

/* 1: nobody waits for the answer any more.  It has to be answered still. */
int ngx_http_lua_ffi_task_cancelled(void *tsk) FRR_FFI_OPTIONAL;

/* A line for the daemon's log, PRIORITY as in syslog.h, from any thread. */
void ngx_http_lua_ffi_log(int priority, const char *text,
			  int len) FRR_FFI_OPTIONAL;

/*
 * Stores that all scripts and runtimes of a daemon share.  0, or -1 for a bad
 * argument or no room, unless said otherwise.
 */
/* 1: *VALUE comes from malloc() and is the caller's; 0: no such key. */
int ngx_http_lua_ffi_dict_get(const char *dict, const char *key, int key_len,
			      char **value, int *len) FRR_FFI_OPTIONAL;
/* TTL_MS 0: for ever. */
int ngx_http_lua_ffi_dict_set(const char *dict, const char *key, int key_len,
			      const char *value, int len,
			      int ttl_ms) FRR_FFI_OPTIONAL;
/* -1 also when the key is there already. */
int ngx_http_lua_ffi_dict_add(const char *dict, const char *key, int key_len,
			      const char *value, int len,
			      int ttl_ms) FRR_FFI_OPTIONAL;
int ngx_http_lua_ffi_dict_incr(const char *dict, const char *key, int key_len,
			       double by, double init,
			       double *result) FRR_FFI_OPTIONAL;
/* 1: it was there. */
int ngx_http_lua_ffi_dict_delete(const char *dict, const char *key,
				 int key_len) FRR_FFI_OPTIONAL;

#ifdef __cplusplus
}
#endif

#endif /* FRR_FFI_H */
