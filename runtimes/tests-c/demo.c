// SPDX-License-Identifier: GPL-2.0-or-later
/* The demos that do something, with what they need of the world. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A server that ends with this program, whatever ends that. */
struct server {
	pid_t pid;
	int input;
	int port;
};

static bool start(struct server *server)
{
	char script[4096], line[64] = "";
	char *argv[] = { "python3", script, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int in[2], out[2];
	int n;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return false;
	snprintf(script, sizeof(script), "%s/server.py", module_dir);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	n = posix_spawnp(&server->pid, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	close(in[0]);
	close(out[1]);
	server->input = in[1];
	/* The port may come in pieces; the newline ends it. */
	for (size_t at = 0; n == 0 && at + 1 < sizeof(line); at++) {
		if (read(out[0], line + at, 1) != 1 || line[at] == '\n')
			break;
	}
	close(out[0]);
	server->port = atoi(line);
	return server->port > 0;
}

static void stop(struct server *server)
{
	close(server->input);
	waitpid(server->pid, NULL, 0);
}

static void address(char *to, size_t size, int port, const char *path)
{
	snprintf(to, size, "http://127.0.0.1:%d/%s", port, path);
}

/* An HTTP client in Java or JavaScript. */
void demo_fetch(const struct language *lang)
{
	enum { MANY = 64 };
	struct server server;
	struct runtime *rt;
	struct call call, calls[MANY], *bad = NULL;
	char url[128];

	if (!start(&server)) {
		wrong("there is no server");
		return;
	}
	rt = must_load(lang, lang->demo_cfg);
	if (rt) {
		address(url, sizeof(url), server.port, "hello");
		answers(rt, url, 0, "hello");
		for (int i = 0; i < MANY; i++)
			host_post(rt, &calls[i], url, (int)strlen(url));
		for (int i = 0; i < MANY; i++) {
			if (!host_wait(&calls[i], PATIENCE)) {
				wrong("no answer");
				end();
				exit(1);
			}
			if (calls[i].rc != 0 || calls[i].len != 5)
				bad = &calls[i];
			else
				host_done(&calls[i]);
		}
		if (bad) {
			wrong("rc %d \"%.*s\"", bad->rc, bad->len, bad->rsp);
			host_done(bad);
		}
		address(url, sizeof(url), server.port, "nothing");
		answers(rt, url, 404, "not here");
		stop(&server);
		/* Nobody is there any more: an answer, and not the end. */
		ask(rt, url, (int)strlen(url), &call);
		EXPECT(call.rc == 1 && call.len > 0);
		host_done(&call);
		ask(rt, "no address", 10, &call);
		EXPECT(call.rc == 1 && call.len > 0);
		host_done(&call);
		EXPECT(host_unload(rt, PATIENCE));
	} else {
		stop(&server);
	}
}

/* JSON in Python, with a module of a venv. */
void demo_python(const struct language *lang)
{
	struct runtime *rt = must_load(lang, lang->probe);
	char own[4096];

	/* Not that of the venv that is first in PATH (see the Makefile). */
	snprintf(own, sizeof(own), "%s/venv", module_dir);
	if (rt) {
		struct call call;

		ask(rt, "prefix", 6, &call);
		EXPECT(call.len > 0 &&
		       !memmem(call.rsp, call.len, own, strlen(own)));
		host_done(&call);
		EXPECT(host_unload(rt, PATIENCE));
	}
	rt = must_load(lang, lang->demo_cfg);

	if (rt) {
		answers(rt, "a.1.b\n{\"a\":[0,{\"b\":\"x\"}]}", 0, "x");
		answers(rt, "a\n{\"a\":[1,2]}", 0, "[1, 2]");
		answers(rt, "c\n{}", 3, "nothing at \"c\"");
		answers(rt, "\n{} x", 2,
			"no JSON: Extra data: line 1 column 4 (char 3)");
		EXPECT(host_unload(rt, PATIENCE));
	}
	rt = must_load(lang, "venv=%s/venv;of_the_venv,init");
	if (rt) {
		answers(rt, "", 0, "of the venv");
		EXPECT(host_unload(rt, PATIENCE));
	}
}
