/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs the cases, one process each, and prints a line for each.
 */
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define SECONDS_PER_CASE 60

/*
 * Of the leak checker; its header is not installed everywhere, and without
 * sanitizers, under valgrind, there is none: that looks when a process ends.
 */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

const char *check_scripts;

static struct check_case *cases;
static int reason_fd;

void check_add(struct check_case *c)
{
	struct check_case **end = &cases;

	while (*end)
		end = &(*end)->next;
	*end = c;
}

void check_fail(const char *file, int line, const char *format, ...)
{
	char why[2048];
	va_list args;
	int len;

	len = snprintf(why, sizeof(why), "%s:%d: ", file, line);
	va_start(args, format);
	vsnprintf(why + len, sizeof(why) - len, format, args);
	va_end(args);
	for (char *c = why; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (write(reason_fd, why, strlen(why)) < 0)
		perror("write");
	host_end();
	_exit(1);
}

/*
 * Leaks are looked for while the thread-local tables of the library are there:
 * what they hold for the life of the process is no leak.
 */
__attribute__((noreturn)) static void child(struct check_case *c)
{
	alarm(SECONDS_PER_CASE);
	c->run();
	host_end();
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
		_exit(1);
	_exit(0);
}

static bool run(struct check_case *c)
{
	char why[2100] = "";
	ssize_t len, got = 0;
	int status, ends[2];
	pid_t pid;

	if (pipe(ends) != 0) {
		perror("pipe");
		exit(2);
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		reason_fd = ends[1];
		child(c);
	}
	close(ends[1]);
	while ((len = read(ends[0], why + got, sizeof(why) - 1 - got)) > 0)
		got += len;
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror(c->name);
		exit(2);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %s\n", c->name);
		return true;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(why, sizeof(why), "took more than %d s", SECONDS_PER_CASE);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "%s", strsignal(WTERMSIG(status)));
	else if (!why[0])
		snprintf(why, sizeof(why), "a sanitizer's report, see above");
	printf("not ok %s %s\n", c->name, why);
	return false;
}

static bool wanted(const char *name, int argc, char **argv)
{
	if (argc < 3)
		return true;
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int ran = 0, failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s SCRIPT-DIRECTORY [CASE...]\n", argv[0]);
		return 2;
	}
	check_scripts = argv[1];
	for (struct check_case *c = cases; c; c = c->next) {
		if (!wanted(c->name, argc, argv))
			continue;
		ran++;
		failed += !run(c);
	}
	if (ran == 0) {
		fprintf(stderr, "no such case\n");
		return 2;
	}
	return failed ? 1 : 0;
}
