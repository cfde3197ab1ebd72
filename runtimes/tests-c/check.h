// SPDX-License-Identifier: GPL-2.0-or-later
/* What the cases have in common: one line each, "ok NAME" or "not ok NAME why". */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "host.h"

/* How long a thing may take that takes no time; only a failure needs it. */
#define PATIENCE 20

/* A language and how it is asked for what the cases need. */
struct language {
	const char *name;
	const char *library;
	/* What libffi_language() says; NULL: it is not there. */
	const char *language;
	/* Answers with the request. */
	const char *echo;
	/* Another configuration that does. */
	const char *echo2;
	/* "told to fail" is logged, init fails. */
	const char *fails;
	/* Does what it is told, with a cfg that has commas; NULL: none. */
	const char *probe;
	const char *probe_cfg;
	/* %s: a folder in which the test puts first one file, then another. */
	const char *reload;
	const char *reload_from[2];
	const char *reload_to;
	/* Something that does something, and what tries it. */
	const char *demo_cfg;
	void (*demo)(const struct language *lang);
	/* Configurations that do not load. */
	const char *bad[8];
};

extern const struct language languages[];
const struct language *find_language(const char *name);

/* The runtime folder, and the folder of the test's own modules. */
extern const char *runtime_dir;
extern const char *module_dir;

/* Begins a case of a language. */
void begin(const char *language, const char *name);
/* Ends it: it passed when nothing was wrong. */
void end(void);
/* Says what is wrong. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Did a case fail? */
bool failed(void);

#define EXPECT(what)                                                           \
	do {                                                                   \
		if (!(what))                                                   \
			wrong("line %d: %s", __LINE__, #what);                 \
	} while (0)

/* Loads or says what is wrong; "%s" in CFG is the test's own folder. */
struct runtime *must_load(const struct language *lang, const char *cfg);

/* Sends and waits for the answer; false, and said, when there is none. */
bool ask(struct runtime *rt, const char *req, int len, struct call *call);

/* Is the answer RC and BODY?  NULL: no body. */
bool answers(struct runtime *rt, const char *req, int rc, const char *body);

/* The handlers of a daemon: set them, and see that they are still there. */
void signals_set(void);
void signals_check(void);

void test_language(const struct language *lang);
void test_loader(const struct language *lang);
void demo_fetch(const struct language *lang);
void demo_python(const struct language *lang);
void test_bad(void);
void test_together(const char *const *names, int n);

#endif /* CHECK_H */
