// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wall clock that jumps: what a program reads of it is off by as many seconds
 * as the file $CLOCK_OFF says. Preloaded, so that the machine's own clock is left
 * alone; CLOCK_MONOTONIC is the real one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long *off;

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("CLOCK_OFF");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		off = page;
}

static long seconds(void)
{
	return off ? *off : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	static int (*next)(clockid_t, struct timespec *);
	int result;

	if (!next)
		next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	result = next(id, now);
	if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += seconds();
	return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
	struct timespec at;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &at) != 0)
		return -1;
	now->tv_sec = at.tv_sec;
	now->tv_usec = at.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec at;

	if (clock_gettime(CLOCK_REALTIME, &at) != 0)
		return -1;
	if (out)
		*out = at.tv_sec;
	return at.tv_sec;
}
