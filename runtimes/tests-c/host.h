// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small host for runtimes: as little as the ABI asks for, and a handle table
 * that catches what a runtime must not do.  It is a shared library that the
 * program links, as libfrr is.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>

/* A loaded runtime. */
struct runtime;

/* One call: what the runtime answered. */
struct call {
	int rc;
	/* NULL: no body. */
	char *rsp;
	int len;
	/* For the host only. */
	union {
		struct task *task;
		unsigned long long handle;
	};
};

/*
 * Loads "DIR/libNAME.so" on the loader thread, all signals blocked.  NULL: RC
 * is what libffi_init() returned, or -1 when the library can't be opened.
 */
struct runtime *host_load(const char *dir, const char *name, const char *cfg,
			  int *rc);

/* The language that a runtime names, or "". */
const char *host_language(const struct runtime *rt);

/* Queues a request; LEN -1: none. */
void host_post(struct runtime *rt, struct call *call, const char *req, int len);

/* Waits for the answer; false: there is none within SECONDS. */
bool host_wait(struct call *call, int seconds);

/* Nobody waits any more: the runtime can see that. */
void host_cancel(struct call *call);

/* Frees the answer. */
void host_done(struct call *call);

/* Finishes the queue; false: a poller did not end within SECONDS. */
bool host_unload(struct runtime *rt, int seconds);

/* Was a line with TEXT logged?  Waits SECONDS for it. */
bool host_logged(const char *text, int seconds);

/* Answers to what is no open task, since the start. */
int host_wrong_answers(void);

/* A call that was cancelled is answered to nobody; that it was is seen here. */
extern const bool host_drops_late;
bool host_late(const struct runtime *rt, int seconds);

/* Does this host have only the three functions of lua-resty-ffi? */
extern const bool host_is_small;

#endif /* HOST_H */
