// SPDX-License-Identifier: GPL-2.0-or-later
/* The cases of a runtime that does what none should: bad.c. */
#define _GNU_SOURCE
#include "check.h"

#include <stdlib.h>
#include <string.h>

static const struct language bad = { .name = "bad", .library = "bad" };

static struct runtime *load_bad(const char *mode)
{
	begin("bad", mode);
	return must_load(&bad, mode);
}

/* MANY calls at once that are all answered with TEXT. */
static void all(struct runtime *rt, const char *text)
{
	enum { MANY = 200 };
	struct call calls[MANY];
	int good = 0;

	for (int i = 0; i < MANY; i++)
		host_post(rt, &calls[i], "x", 1);
	for (int i = 0; i < MANY; i++) {
		if (!host_wait(&calls[i], PATIENCE)) {
			wrong("no answer");
			end();
			exit(1);
		}
		good += calls[i].rc == 0 && calls[i].len == (int)strlen(text) &&
			!memcmp(calls[i].rsp, text, calls[i].len);
		host_done(&calls[i]);
	}
	EXPECT(good == MANY);
}

void test_bad(void)
{
	struct call calls[3];
	struct runtime *rt;
	int before = host_wrong_answers();

	rt = load_bad("twice");
	all(rt, "once");
	EXPECT(host_unload(rt, PATIENCE));
	EXPECT(host_wrong_answers() == before + 200);
	end();

	rt = load_bad("made-up");
	answers(rt, "x", 0, "made up");
	answers(rt, "x", 0, "made up");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	rt = load_bad("threads");
	all(rt, "from another thread");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	rt = load_bad("pollers");
	all(rt, "pollers");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	rt = load_bad("gone");
	all(rt, "gone");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	rt = load_bad("negative");
	answers(rt, "x", 0, "negative");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	rt = load_bad("floods");
	for (int i = 0; i < 5; i++)
		answers(rt, "x", 0, "flooded");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	/* Who waits for it can stop to, and it can be unloaded all the same. */
	rt = load_bad("never");
	for (int i = 0; i < 3; i++)
		host_post(rt, &calls[i], "x", 1);
	EXPECT(!host_wait(&calls[0], 0));
	EXPECT(host_unload(rt, PATIENCE));
	for (int i = 0; i < 3; i++)
		host_cancel(&calls[i]);
	end();

	/* Its calls fail, those too that no poller has seen. */
	rt = load_bad("dies");
	for (int i = 0; i < 3; i++)
		host_post(rt, &calls[i], "x", 1);
	for (int i = 0; i < 3; i++)
		EXPECT(host_wait(&calls[i], PATIENCE) && calls[i].rc < 0);
	end();

	rt = load_bad("well");
	all(rt, "well");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	begin("bad", "the daemon's signals");
	signals_check();
	end();
}
