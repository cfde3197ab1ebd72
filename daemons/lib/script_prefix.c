// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Type `prefix` for daemons whose prefixes are IPv4 and IPv6 alone.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/prefix.h"

#include "frrscript/daemons/lib/script_value.h"

bool script_prefix_address(const struct prefix *p, struct frrscript_value *out)
{
	switch (p->family) {
	case AF_INET:
		return script_ipv4(out, &p->u.prefix4);
	case AF_INET6:
		return script_ipv6(out, &p->u.prefix6);
	default:
		return false;
	}
}

bool script_prefix_value(const struct prefix *p, struct frrscript_value *out)
{
	if (!script_prefix_address(p, out))
		return false;
	out->kind = FRRSCRIPT_PREFIX;
	out->prefixlen = p->prefixlen;
	return true;
}

static bool as_prefix(const void *obj, struct frrscript_value *out)
{
	return script_prefix_value(obj, out);
}

static bool get_network(const void *obj, struct frrscript_value *out)
{
	static char buf[PREFIX_STRLEN];

	return script_text(out, prefix2str((const struct prefix *)obj, buf, sizeof(buf)));
}

static bool get_length(const void *obj, struct frrscript_value *out)
{
	const struct prefix *p = obj;

	return script_uint(out, p->prefixlen);
}

static bool get_family(const void *obj, struct frrscript_value *out)
{
	const struct prefix *p = obj;

	return script_uint(out, p->family);
}

static bool get_address(const void *obj, struct frrscript_value *out)
{
	return script_prefix_address(obj, out);
}

static const struct frrscript_field prefix_fields[] = {
	{ .name = "network", .doc = "the prefix as FRR writes it, \"192.0.2.0/24\"",
	  .kind = FRRSCRIPT_STRING, .get = get_network },
	{ .name = "length", .doc = "prefix length", .kind = FRRSCRIPT_UINT, .get = get_length },
	{ .name = "family", .doc = "address family of the system: 2 IPv4, 10 IPv6 on Linux",
	  .kind = FRRSCRIPT_UINT, .get = get_family },
	{ .name = "address", .doc = "network address", .kind = FRRSCRIPT_ADDRESS,
	  .get = get_address },
	{}
};

const struct frrscript_type script_prefix_type = {
	.name = "prefix",
	.doc = "an IPv4 or IPv6 prefix",
	.fields = prefix_fields,
	.as_prefix = as_prefix,
};

#endif /* HAVE_SCRIPTING */
