/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the getters behind fields of scripts: each writes a value and
 * says that there is one.
 */

#ifndef _FRR_SCRIPT_VALUE_H
#define _FRR_SCRIPT_VALUE_H

#include "lib/frrscript.h"
#include "lib/prefix.h"

static inline bool script_uint(struct frrscript_value *out, uint64_t num)
{
	out->kind = FRRSCRIPT_UINT;
	out->u.num = num;
	return true;
}

static inline bool script_bool(struct frrscript_value *out, bool yes)
{
	out->kind = FRRSCRIPT_BOOL;
	out->u.num = yes;
	return true;
}

/* Borrows `text` until the library has copied it, that is until the next
 * getter. NULL = absent.
 */
static inline bool script_text(struct frrscript_value *out, const char *text)
{
	if (!text)
		return false;
	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = text;
	out->len = strlen(text);
	return true;
}

/* NULL = absent. */
static inline bool script_object(struct frrscript_value *out, const void *obj)
{
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = obj;
	return obj != NULL;
}

static inline bool script_ipv4(struct frrscript_value *out, const struct in_addr *addr)
{
	out->kind = FRRSCRIPT_ADDRESS;
	out->family = AF_INET;
	memcpy(out->u.addr, addr, sizeof(*addr));
	return true;
}

static inline bool script_ipv6(struct frrscript_value *out, const struct in6_addr *addr)
{
	out->kind = FRRSCRIPT_ADDRESS;
	out->family = AF_INET6;
	memcpy(out->u.addr, addr, sizeof(*addr));
	return true;
}

/* script_prefix.c: a `struct prefix`, IPv4 or IPv6. */
extern const struct frrscript_type script_prefix_type;
/* Its address; false for another family. */
extern bool script_prefix_address(const struct prefix *p, struct frrscript_value *out);
/* As a PREFIX value. */
extern bool script_prefix_value(const struct prefix *p, struct frrscript_value *out);

#endif /* _FRR_SCRIPT_VALUE_H */
