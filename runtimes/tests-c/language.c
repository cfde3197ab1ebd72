// SPDX-License-Identifier: GPL-2.0-or-later
/* The cases that every runtime has to pass. */
#define _GNU_SOURCE
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* The answer is the request, to the last byte. */
static void echoes(struct runtime *rt, const char *req, int len)
{
	struct call call;

	ask(rt, req, len, &call);
	if (call.rc != 0)
		wrong("%d bytes: rc %d", len, call.rc);
	else if (len < 0 ? call.len != 0
			 : (call.len != len ||
			    (len > 0 && memcmp(call.rsp, req, len))))
		wrong("%d bytes: the answer has %d and is another", len,
		      call.len);
	host_done(&call);
}

static void requests(struct runtime *rt)
{
	int million = 1 << 20;
	char *big = malloc(million);
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (int i = 0; i < million; i++)
		big[i] = (char)(i * 2654435761u >> 24);
	echoes(rt, NULL, -1);
	echoes(rt, "", 0);
	echoes(rt, "x", 1);
	echoes(rt, bytes, sizeof(bytes));
	echoes(rt, big, million);
	free(big);
}

/* COUNT calls, FLIGHT of them open at a time. */
static void many(struct runtime *rt, int count, int flight)
{
	struct call *calls = calloc(flight, sizeof(*calls));
	int *numbers = calloc(flight, sizeof(*numbers));
	char text[32];
	int bad = 0;

	for (int i = 0; i < count + flight; i++) {
		struct call *call = &calls[i % flight];

		if (i >= flight) {
			if (!host_wait(call, PATIENCE)) {
				wrong("no answer to call %d", i - flight);
				end();
				exit(1);
			}
			int len = sprintf(text, "call %d", i - flight);

			if (call->rc || call->len != len ||
			    memcmp(call->rsp, text, len))
				bad++;
			host_done(call);
		}
		if (i < count)
			host_post(rt, call, text, sprintf(text, "call %d", i));
	}
	if (bad)
		wrong("%d of %d answers are wrong", bad, count);
	free(numbers);
	free(calls);
}

/* All that was sent before is answered; then the pollers end. */
static void unload_pending(struct runtime *rt)
{
	enum { PENDING = 1000 };
	struct call *calls = calloc(PENDING, sizeof(*calls));
	int answered = 0;

	for (int i = 0; i < PENDING; i++)
		host_post(rt, &calls[i], "pending", 7);
	EXPECT(host_unload(rt, PATIENCE));
	for (int i = 0; i < PENDING; i++) {
		if (!host_wait(&calls[i], PATIENCE)) {
			wrong("no answer to pending call %d", i);
			end();
			exit(1);
		}
		answered += calls[i].rc == 0 && calls[i].len == 7;
		host_done(&calls[i]);
	}
	/* What can wait may be told that the runtime is gone. */
	if (!answered)
		wrong("no pending call was answered");
	free(calls);
}

static int threads(void)
{
	char line[256];
	int n = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %d", &n);
	fclose(file);
	return n;
}

/* A runtime that is loaded and unloaded leaves no thread behind. */
static void again(const struct language *lang)
{
	enum { ROUNDS = 30 };
	int before = 0, now;

	for (int i = 0; i < ROUNDS; i++) {
		struct runtime *rt = must_load(lang, lang->echo);

		if (!rt)
			return;
		echoes(rt, "again", 5);
		EXPECT(host_unload(rt, PATIENCE));
		/* Pools fill in the first rounds. */
		if (i == ROUNDS / 2)
			before = threads();
	}
	now = threads();
	if (now > before + 3)
		wrong("%d threads, and %d before", now, before);
}

static long resident(void)
{
	char line[256];
	long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %ld", &kib);
	fclose(file);
	return kib >> 10;
}

/* Nothing of a call stays: 500 MiB each way, and far less room for it. */
static void leaves_nothing(struct runtime *rt)
{
	enum { SIZE = 1 << 20, CALLS = 500, MOST_MIB = 200 };
	char *big = calloc(1, SIZE);
	long before = resident(), now;

	for (int i = 0; i < CALLS; i++)
		echoes(rt, big, SIZE);
	now = resident();
	if (now > before + MOST_MIB)
		wrong("%ld MiB, and %ld before", now, before);
	free(big);
}

static void init_fails(const struct language *lang)
{
	struct runtime *rt;
	char cfg[4096];
	int rc;

	snprintf(cfg, sizeof(cfg), "%s", lang->fails);
	if (strstr(lang->fails, "%s"))
		snprintf(cfg, sizeof(cfg), "%s%s", module_dir,
			 lang->fails + 2);
	rt = host_load(runtime_dir, lang->library, cfg, &rc);
	EXPECT(!rt && rc != 0);
}

void test_language(const struct language *lang)
{
	struct runtime *one, *two;

	begin(lang->name, "load");
	one = must_load(lang, lang->echo);
	/* A host may guess the language of one that does not say. */
	if (one && lang->language && strcmp(host_language(one), lang->language))
		wrong("it is called \"%s\"", host_language(one));
	end();
	if (!one)
		return;

	begin(lang->name, "the daemon's signals");
	signals_check();
	end();

	begin(lang->name, "no, empty, binary and large requests");
	requests(one);
	end();

	begin(lang->name, "100,000 calls, 64 at a time");
	many(one, 100000, 64);
	end();

	begin(lang->name, "calls leave nothing behind");
	leaves_nothing(one);
	end();

	begin(lang->name, "one call at a time");
	many(one, 1000, 1);
	end();

	begin(lang->name, "a second one with another configuration");
	two = must_load(lang, lang->echo2);
	if (two) {
		many(two, 1000, 8);
		many(one, 1000, 8);
		EXPECT(host_unload(two, PATIENCE));
		many(one, 1000, 8);
	}
	end();

	if (lang->fails) {
		begin(lang->name, "an init that fails");
		init_fails(lang);
		many(one, 100, 8);
		end();
	}

	begin(lang->name, "unload with pending calls");
	unload_pending(one);
	end();

	begin(lang->name, "load and unload, again and again");
	again(lang);
	end();

	begin(lang->name, "nothing is answered twice");
	EXPECT(host_wrong_answers() == 0);
	end();

	begin(lang->name, "the daemon's signals at the end");
	signals_check();
	end();
}

void test_together(const char *const *names, int n)
{
	struct runtime *rts[16] = { 0 };
	char all[256] = "";

	for (int i = 0; i < n; i++) {
		strcat(all, i ? " " : "");
		strcat(all, names[i]);
	}
	begin(all, "in one process");
	for (int i = 0; i < n; i++) {
		const struct language *lang = find_language(names[i]);

		rts[i] = lang ? must_load(lang, lang->echo) : NULL;
		if (!rts[i]) {
			wrong("no %s", names[i]);
			end();
			return;
		}
		signals_check();
		for (int j = 0; j <= i; j++)
			requests(rts[j]);
	}
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < n; i++)
			many(rts[i], 2000, 16);
	}
	signals_check();
	/* Every other one goes, the others stay. */
	for (int i = 0; i < n; i += 2)
		EXPECT(host_unload(rts[i], PATIENCE));
	for (int i = 1; i < n; i += 2)
		many(rts[i], 100, 4);
	end();
}
