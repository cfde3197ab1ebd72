// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LLVM's names of what GCC's thread sanitizer sees as the plain functions.
 * Built with -fno-builtin, so that they are calls of these.
 */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t len);
void *__tsan_memmove(void *to, const void *from, size_t len);
void *__tsan_memset(void *to, int octet, size_t len);

void *__tsan_memcpy(void *to, const void *from, size_t len)
{
	return memcpy(to, from, len);
}

void *__tsan_memmove(void *to, const void *from, size_t len)
{
	return memmove(to, from, len);
}

void *__tsan_memset(void *to, int octet, size_t len)
{
	return memset(to, octet, len);
}
