/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon that the cases play: log, script directory, memory, clock.
 */
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "route.h"

extern const char *check_scripts;

/* of the address sanitizer; its header is not installed everywhere */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

char host_logged[65536];
int host_worst = 7;
int host_changes;
char host_changed[64];
char host_directory[256];
struct frrscript_host host_more;
uint32_t host_wanted = HOST_NO_WAKE;
void (*host_on_log)(void);

static bool own_directory;

static void host_log(int priority, const char *message)
{
	size_t used = strlen(host_logged);

	/* what does not fit is of no use to a case, but must not be lost quietly */
	if (used + strlen(message) + 2 > sizeof(host_logged))
		check_fail(__FILE__, __LINE__, "the log is flooded");
	snprintf(host_logged + used, sizeof(host_logged) - used, "%s\n", message);
	if (priority < host_worst)
		host_worst = priority;
	if (host_on_log) {
		void (*run)(void) = host_on_log;

		host_on_log = NULL;
		run();
	}
}

void host_wake(uint32_t msec)
{
	if (msec < host_wanted)
		host_wanted = msec;
}

void host_turns(void)
{
	double until = host_clock() + 20e3;

	while (host_wanted <= 50) {
		CHECK(host_clock() < until);
		usleep(host_wanted * 1000);
		host_wanted = HOST_NO_WAKE;
		frrscript_turn();
	}
}

static void host_change(const char *script)
{
	host_changes++;
	snprintf(host_changed, sizeof(host_changed), "%s", script);
}

static void start(const char *directory)
{
	struct frrscript_host host = host_more;

	host.daemon = "checkd";
	host.scriptdir = directory;
	host.log = host_log;
	host.changed = host_change;
	host.as_path = &path_ops;

	snprintf(host_directory, sizeof(host_directory), "%s", directory);
	frrscript_library_init(directory);
	CHECK_INT(frrscript_host_set(&host), 0);
	CHECK_OK(frrscript_register_types(route_types, &text));
	CHECK_OK(frrscript_register_hooks(route_hooks, &text));
}

void host_start(void)
{
	start(check_scripts);
}

void host_start_empty(void)
{
	char directory[] = "/tmp/frrscript-check-XXXXXX";

	CHECK(mkdtemp(directory));
	own_directory = true;
	start(directory);
}

void host_end(void)
{
	char command[PATH_MAX];

	if (!own_directory)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", host_directory);
	if (system(command) != 0)
		perror(host_directory);
}

static void path_of(char *path, size_t size, const char *file)
{
	snprintf(path, size, "%s/%s", host_directory, file);
}

void host_write(const char *file, const char *source)
{
	char path[PATH_MAX];
	FILE *out;

	path_of(path, sizeof(path), file);
	out = fopen(path, "w");
	CHECK(out);
	CHECK(fputs(source, out) >= 0);
	CHECK_INT(fclose(out), 0);
}

void host_load(const char *script, const char *source)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.lua", script);
	host_write(file, source);
	CHECK_OK(frrscript_script_load(script, &text));
}

void host_delete(const char *file)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), file);
	CHECK_INT(unlink(path), 0);
}

size_t host_allocated(void)
{
	/* 0 where there is no such allocator, so that every bound holds */
	if (!__sanitizer_get_current_allocated_bytes)
		return 0;
	return __sanitizer_get_current_allocated_bytes();
}

double host_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}
