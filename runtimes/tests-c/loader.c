// SPDX-License-Identifier: GPL-2.0-or-later
/* The cases of the loaders: modules of a language, found by name. */
#define _GNU_SOURCE
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frr_ffi.h"

static void results(struct runtime *rt)
{
	struct call call;

	answers(rt, "rc 3 a body", 3, "a body");
	answers(rt, "rc 4", 4, NULL);
	answers(rt, "rc -5 x", -5, "x");
	answers(rt, "nothing", 0, NULL);
	answers(rt, "empty", 0, "");
	ask(rt, "fail because", 12, &call);
	EXPECT(call.rc == 1 && call.rsp && memmem(call.rsp, call.len, "because", 7));
	host_done(&call);
	ask(rt, "big 5000000", 11, &call);
	EXPECT(call.rc == 0 && call.len == 5000000);
	host_done(&call);
	/* An error that can't even be printed. */
	for (int i = 0; i < 8; i++) {
		ask(rt, "worse", 5, &call);
		EXPECT(call.rc == 1);
		host_done(&call);
	}
	/* What it does not know is an error of its own and not the end. */
	ask(rt, "unknown", 7, &call);
	EXPECT(call.rc == 1);
	host_done(&call);
	ask(rt, NULL, -1, &call);
	EXPECT(call.rc == 1);
	host_done(&call);
	answers(rt, "rc 3 a body", 3, "a body");
}

/* Code that ends its process does not end a daemon. */
static void leaves(struct runtime *rt)
{
	struct call call;

	for (int i = 0; i < 3; i++) {
		ask(rt, "exit", 4, &call);
		EXPECT(call.rc == 1 && call.len > 0);
		host_done(&call);
	}
	answers(rt, "nothing", 0, NULL);
}

static void logs(struct runtime *rt)
{
	answers(rt, "log a line of its own", 0, "ok");
	EXPECT(host_logged("<4>a line of its own\n", PATIENCE));
	answers(rt, "say something", 0, "ok");
	EXPECT(host_logged("<6>something\n", PATIENCE));
	EXPECT(host_logged(">something twice\n", PATIENCE));
	answers(rt, "say gr\xc3\xbc\xc3\x9f", 0, "ok");
	EXPECT(host_logged("<6>gr\xc3\xbc\xc3\x9f\n", PATIENCE));
	EXPECT(host_logged("because", PATIENCE));
}

static void cancels(struct runtime *rt)
{
	struct call call;

	host_post(rt, &call, "cancelled", 9);
	/* Others are answered meanwhile. */
	answers(rt, "empty", 0, "");
	host_cancel(&call);
	if (host_drops_late) {
		EXPECT(host_late(rt, PATIENCE));
		return;
	}
	if (!host_wait(&call, PATIENCE)) {
		wrong("no answer after it was cancelled");
		end();
		exit(1);
	}
	EXPECT(call.rc == 0 && call.len == 4 && !memcmp(call.rsp, "seen", 4));
	host_done(&call);
}

static void bad_configurations(const struct language *lang)
{
	const char *cfg = NULL;
	int rc, i = 0;

	do {
		if (host_load(runtime_dir, lang->library, cfg, &rc))
			wrong("\"%s\" loads", cfg ? cfg : "NULL");
		cfg = lang->bad[i++];
	} while (cfg);
	EXPECT(host_logged("it has the form", 0));
	EXPECT(host_logged("colour=red", 0));
}

/* A configuration may be as long as it likes. */
static void long_configuration(const struct language *lang)
{
	enum { LENGTH = 100000 };
	char *cfg = malloc(LENGTH + 4096);
	struct runtime *rt;
	const char *at = strstr(lang->probe, "%s");
	int len = sprintf(cfg, "%.*s%s%s", (int)(at - lang->probe), lang->probe,
			  module_dir, at + 2);
	int rest = len - (int)strlen(lang->probe_cfg), rc;

	memset(cfg + rest, ',', LENGTH);
	cfg[rest + LENGTH] = '\0';
	rt = host_load(runtime_dir, lang->library, cfg, &rc);
	if (rt) {
		answers(rt, "cfg", 0, cfg + rest);
		EXPECT(host_unload(rt, PATIENCE));
	} else {
		wrong("it does not load: rc %d", rc);
	}
	free(cfg);
}

static bool copy(const char *from, const char *to)
{
	char path[4096], other[4096], buffer[65536];
	FILE *in, *out;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", module_dir, from);
	snprintf(other, sizeof(other), "%s/%s", module_dir, to);
	in = fopen(path, "r");
	out = fopen(other, "w");
	n = in ? fread(buffer, 1, sizeof(buffer), in) : 0;
	if (out && n)
		n = fwrite(buffer, 1, n, out);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return n;
}

/* The new code answers to whoever loads it, while the old one still runs. */
static void reload(const struct language *lang)
{
	struct runtime *old, *new;
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s/again", module_dir);
	mkdir(folder, 0755);
	EXPECT(copy(lang->reload_from[0], lang->reload_to));
	old = must_load(lang, lang->reload);
	if (!old)
		return;
	answers(old, "version", 0, "1");
	EXPECT(copy(lang->reload_from[1], lang->reload_to));
	new = must_load(lang, lang->reload);
	if (!new)
		return;
	answers(new, "version", 0, "2");
	answers(old, "version", 0, "1");
	EXPECT(host_unload(old, PATIENCE));
	answers(new, "version", 0, "2");
	EXPECT(host_unload(new, PATIENCE));
}

void test_loader(const struct language *lang)
{
	struct runtime *rt;
	int before;

	begin(lang->name, "a configuration with commas");
	rt = must_load(lang, lang->probe);
	if (rt)
		answers(rt, "cfg", 0, lang->probe_cfg);
	end();
	if (!rt)
		return;

	begin(lang->name, "codes and bodies of answers");
	results(rt);
	end();

	begin(lang->name, "exit()");
	leaves(rt);
	end();

	begin(lang->name, "what it writes is in the log");
	logs(rt);
	end();

	if (ngx_http_lua_ffi_dict_get) {
		begin(lang->name, "shared dicts");
		answers(rt, "shared", 0, "ok");
		end();
	}

	begin(lang->name, "a call that is cancelled");
	cancels(rt);
	end();

	begin(lang->name, "a second answer stays where it is");
	before = host_wrong_answers();
	answers(rt, "twice", 0, "once");
	answers(rt, "empty", 0, "");
	EXPECT(host_wrong_answers() == before);
	end();

	begin(lang->name, "configurations that are wrong");
	bad_configurations(lang);
	EXPECT(host_logged("told to fail", 0));
	answers(rt, "empty", 0, "");
	end();

	begin(lang->name, "a long configuration");
	long_configuration(lang);
	end();

	begin(lang->name, "new code with ?");
	reload(lang);
	end();

	begin(lang->name, "the demo");
	lang->demo(lang);
	end();

	begin(lang->name, "unload at the end");
	EXPECT(host_unload(rt, PATIENCE));
	end();

	begin(lang->name, "the daemon's signals after all that");
	signals_check();
	end();
}
