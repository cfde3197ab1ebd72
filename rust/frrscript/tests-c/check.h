/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the cases share.  Each case runs in a process of its own, forked before
 * the library was entered, so a crash or a leak is the case's own.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frrscript.h"

struct check_case {
	const char *name;
	void (*run)(void);
	struct check_case *next;
};

void check_add(struct check_case *c);

#define CASE(name)                                                             \
	static void case_##name(void);                                         \
	static struct check_case check_##name = { #name, case_##name, NULL };  \
	__attribute__((constructor)) static void add_##name(void)              \
	{                                                                      \
		check_add(&check_##name);                                      \
	}                                                                      \
	static void case_##name(void)

/* Ends the case; the text is its reason. */
__attribute__((noreturn, format(printf, 3, 4))) void check_fail(const char *file, int line,
								const char *format, ...);

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			check_fail(__FILE__, __LINE__, "%s", #condition);      \
	} while (0)

#define CHECK_INT(a, b)                                                        \
	do {                                                                   \
		long long _a = (a), _b = (b);                                  \
		if (_a != _b)                                                  \
			check_fail(__FILE__, __LINE__, "%s is %lld, not %lld", \
				   #a, _a, _b);                                \
	} while (0)

/* `text` contains `part`. */
#define CHECK_HAS(text, part)                                                  \
	do {                                                                   \
		const char *_t = (text), *_p = (part);                         \
		if (!_t || !strstr(_t, _p))                                    \
			check_fail(__FILE__, __LINE__, "\"%s\" is not in: %s", \
				   _p, _t ? _t : "NULL");                      \
	} while (0)

/* ---- host.c: the daemon that these cases play ---- */

/* Lines that the library logged, newest last, each ended by a newline. */
extern char host_logged[65536];
extern int host_worst; /* lowest syslog priority seen, 7 at first */
extern int host_changes;
extern char host_changed[64]; /* script of the last change */

/* Sets the host with tests-c/scripts, and registers route.c's tables. */
void host_start(void);

/* The same in a directory of its own, which the case fills. */
void host_start_empty(void);
void host_end(void);
void host_write(const char *file, const char *source);
void host_delete(const char *file);
extern char host_directory[256];

/*
 * What the host that starts next can do beside logging and changes; zero at
 * first.  Turns are counted if `wake` is host_wake.
 */
extern struct frrscript_host host_more;

/* A turn that the library has asked for: milliseconds, or none. */
#define HOST_NO_WAKE UINT32_MAX
extern uint32_t host_wanted;
void host_wake(uint32_t msec);

/* Gives turns as an event loop would, until none is wanted within 50 ms. */
void host_turns(void);

/* Runs once, when the next line is logged. */
extern void (*host_on_log)(void);

/* Writes SCRIPT.lua and loads it; the host was started empty. */
void host_load(const char *script, const char *source);

/* Octets allocated now, by C and Rust together. */
size_t host_allocated(void);

/* Milliseconds of a clock that only goes forward. */
double host_clock(void);

/* Calls that return 0 and no text; free a text and say whether there was one. */
#define CHECK_OK(call)                                                         \
	do {                                                                   \
		char *text = NULL;                                             \
		int _e = (call);                                               \
		if (_e)                                                        \
			check_fail(__FILE__, __LINE__, "%s gives %d: %s",      \
				   #call, _e, text ? text : "");               \
		frrscript_text_free(text);                                     \
	} while (0)

/* The call fails and its text contains `part`. */
#define CHECK_ERROR(call, part)                                                \
	do {                                                                   \
		char *text = NULL;                                             \
		int _e = (call);                                               \
		CHECK(_e != 0);                                                \
		CHECK_HAS(text, part);                                         \
		frrscript_text_free(text);                                     \
	} while (0)

/* ---- json.c ---- */

/* NULL if the text is one JSON value, else where it stops being one. */
const char *json_error(const char *text);

/* The number or text of "key" at its first place in the JSON; checks it is there. */
long long json_number(const char *json, const char *key);

#endif
