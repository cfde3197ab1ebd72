/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A route with a field of every kind, as a daemon describes it.
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "route.h"

/* ---- getters and setters ---- */

static bool get_address(const struct address *a, struct frrscript_value *out)
{
	if (!a->family)
		return false;
	out->kind = FRRSCRIPT_ADDRESS;
	out->family = a->family;
	memcpy(out->u.addr, a->octets, sizeof(out->u.addr));
	return true;
}

static bool get_route_address(const void *obj, struct frrscript_value *out)
{
	return get_address(&((const struct route *)obj)->address, out);
}

static void set_route_address(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	memset(&route->address, 0, sizeof(route->address));
	if (v->kind == FRRSCRIPT_NIL)
		return;
	route->address.family = v->family;
	memcpy(route->address.octets, v->u.addr, v->family == AF_INET ? 4 : 16);
}

static bool get_network(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	if (!get_address(&route->network, out))
		return false;
	out->kind = FRRSCRIPT_PREFIX;
	out->prefixlen = route->network_len;
	return true;
}

static bool get_med(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	out->kind = FRRSCRIPT_UINT;
	out->u.num = route->med;
	return route->has_med;
}

static void set_med(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	route->has_med = v->kind != FRRSCRIPT_NIL;
	route->med = route->has_med ? v->u.num : 0;
}

/* A setter of a number that has no getter. */
#define SET_NUMBER(field)                                                      \
	static void set_##field(void *obj, const struct frrscript_value *v)    \
	{                                                                      \
		struct route *route = obj;                                     \
                                                                               \
		route->sets++;                                                 \
		route->field = v->u.num;                                       \
	}

SET_NUMBER(octet)
SET_NUMBER(tag)
SET_NUMBER(localpref)
SET_NUMBER(counter)
SET_NUMBER(flag)

static const char *check_tag(const void *obj, const struct frrscript_value *v)
{
	return v->u.num % 2 ? "must be even" : NULL;
}

static bool get_balance(const void *obj, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_INT;
	out->u.inum = ((const struct route *)obj)->balance;
	return true;
}

static void set_balance(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	route->balance = v->u.inum;
}

static bool get_origin(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = route->origin;
	out->len = strlen(route->origin);
	return out->len > 0;
}

static void set_origin(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	snprintf(route->origin, sizeof(route->origin), "%.*s", (int)v->len,
		 (const char *)v->u.ptr);
}

/* Octets without a NUL at the end, perhaps with some inside. */
static bool get_note(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = route->note;
	out->len = route->note_len;
	return true;
}

static void set_note(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	CHECK(v->len <= sizeof(route->note));
	route->note_len = v->len;
	memcpy(route->note, v->u.ptr, v->len);
}

static const char *check_note(const void *obj, const struct frrscript_value *v)
{
	return v->len > sizeof(((struct route *)0)->note) ? "must be at most 64 octets" : NULL;
}

static bool get_peer(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = route->peer;
	return route->peer != NULL;
}

static bool get_path(const void *obj, struct frrscript_value *out)
{
	const struct route *route = obj;

	out->kind = FRRSCRIPT_AS_PATH;
	out->u.ptr = &route->path;
	return route->path.count > 0;
}

static void path_text(struct path *path)
{
	size_t used = 0;

	path->text[0] = '\0';
	for (int i = 0; i < path->count; i++)
		for (int j = 0; j < path->segments[i].len; j++)
			used += snprintf(path->text + used, sizeof(path->text) - used, "%s%u",
					 used ? " " : "", path->segments[i].asns[j]);
}

static void set_path(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;
	const struct frrscript_as_segment *staged = v->u.ptr;

	route->sets++;
	memset(&route->path, 0, sizeof(route->path));
	if (v->kind == FRRSCRIPT_NIL)
		return;
	CHECK(v->len <= 8);
	route->path.count = v->len;
	for (uint32_t i = 0; i < v->len; i++) {
		CHECK(staged[i].len <= 256);
		memcpy(route->path.asns[i], staged[i].asns, staged[i].len * sizeof(uint32_t));
		route->path.segments[i] = staged[i];
		route->path.segments[i].asns = route->path.asns[i];
	}
	path_text(&route->path);
}

/* A list of items: absent when it is empty. */
#define LIST(field, list_kind)                                                 \
	static bool get_##field(const void *obj, struct frrscript_value *out)  \
	{                                                                      \
		const struct route *route = obj;                               \
                                                                               \
		out->kind = list_kind;                                         \
		out->u.ptr = route->field;                                     \
		out->len = route->field##_len;                                 \
		return out->len > 0;                                           \
	}                                                                      \
	static void set_##field(void *obj, const struct frrscript_value *v)    \
	{                                                                      \
		struct route *route = obj;                                     \
		size_t item = sizeof(route->field) / 32;                       \
                                                                               \
		route->sets++;                                                 \
		route->field##_len = v->kind == FRRSCRIPT_NIL ? 0 : v->len;    \
		CHECK(route->field##_len <= 32);                               \
		if (route->field##_len)                                        \
			memcpy(route->field, v->u.ptr, v->len * item);         \
	}

LIST(communities, FRRSCRIPT_COMMUNITY)
LIST(large, FRRSCRIPT_LARGE_COMMUNITY)
LIST(ext, FRRSCRIPT_EXT_COMMUNITY)
LIST(ext6, FRRSCRIPT_IPV6_EXT_COMMUNITY)

static bool get_hop(const void *obj, struct frrscript_value *out)
{
	return get_address(&((const struct route *)obj)->nexthop.ipv4, out);
}

static void set_hop(void *obj, const struct frrscript_value *v)
{
	struct route *route = obj;

	route->sets++;
	route->nexthop.ipv4.family = v->family;
	memcpy(route->nexthop.ipv4.octets, v->u.addr, 4);
}

static const char *check_hop(const void *obj, const struct frrscript_value *v)
{
	return v->family == AF_INET ? NULL : "must be an IPv4 address";
}

static bool get_name(const void *obj, struct frrscript_value *out)
{
	const struct peer *peer = obj;

	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = peer->name;
	out->len = peer->name ? strlen(peer->name) : 0;
	return peer->name != NULL;
}

static struct peer *setter_got;

struct peer *route_setter_got(void)
{
	return setter_got;
}

static void set_weight(void *obj, const struct frrscript_value *v)
{
	setter_got = obj;
}

static bool prefix_of(const void *obj, struct frrscript_value *out)
{
	const struct route_prefix *prefix = obj;

	if (!get_address(&prefix->address, out))
		return false;
	out->kind = FRRSCRIPT_PREFIX;
	out->prefixlen = prefix->len;
	return true;
}

/* ---- tables ---- */

#define AT(type, field) .width = sizeof(((struct type *)0)->field), .offset = offsetof(struct type, field)

static const char *const origins[] = { "igp", "egp", "incomplete", NULL };

static const struct frrscript_field nexthop_fields[] = {
	{ "ipv4", "IPv4 next hop", FRRSCRIPT_ADDRESS, .get = get_hop, .set = set_hop, .check = check_hop },
	{ "ifindex", "interface", FRRSCRIPT_UINT, AT(route, nexthop.ifindex) },
	{},
};

const struct frrscript_type nexthop_type = { "nexthop", "a next hop", nexthop_fields, NULL };

static const struct frrscript_field peer_fields[] = {
	{ "name", "host name", FRRSCRIPT_STRING, .get = get_name },
	{ "remote_as", "AS number", FRRSCRIPT_UINT, AT(peer, as) },
	{ "weight", "weight", FRRSCRIPT_UINT, AT(peer, weight), .set = set_weight },
	{},
};

const struct frrscript_type peer_type = { "peer", "a neighbor", peer_fields, NULL };

static const struct frrscript_field route_fields[] = {
	{ "octet", "one octet", FRRSCRIPT_UINT, AT(route, octet), .set = set_octet },
	{ "tag", "two octets, even", FRRSCRIPT_UINT, AT(route, tag), .set = set_tag, .check = check_tag },
	{ "localpref", "local preference", FRRSCRIPT_UINT, AT(route, localpref), .set = set_localpref },
	{ "counter", "eight octets, at most 1000000", FRRSCRIPT_UINT, AT(route, counter), .max = 1000000,
	  .set = set_counter },
	{ "flag", "yes or no", FRRSCRIPT_BOOL, AT(route, flag), .set = set_flag },
	{ "metric", "MED", FRRSCRIPT_UINT, FRRSCRIPT_CLEAR, .get = get_med, .set = set_med },
	{ "balance", "signed", FRRSCRIPT_INT, .get = get_balance, .set = set_balance },
	{ "origin", "origin", FRRSCRIPT_STRING, .choices = origins, .get = get_origin, .set = set_origin },
	{ "note", "octets", FRRSCRIPT_STRING, .get = get_note, .set = set_note, .check = check_note },
	{ "address", "an address", FRRSCRIPT_ADDRESS, FRRSCRIPT_CLEAR, .get = get_route_address,
	  .set = set_route_address },
	{ "network", "a prefix", FRRSCRIPT_PREFIX, .get = get_network },
	{ "nexthop", "the next hop", FRRSCRIPT_OBJECT, .type = &nexthop_type },
	{ "from", "who sent it", FRRSCRIPT_OBJECT, .type = &peer_type, .get = get_peer },
	{ "as_path", "AS path", FRRSCRIPT_AS_PATH, .get = get_path, .set = set_path },
	{ "aspath", "AS path as text", FRRSCRIPT_AS_PATH, FRRSCRIPT_TEXT, .get = get_path, .set = set_path },
	{ "communities", "communities", FRRSCRIPT_COMMUNITY, FRRSCRIPT_CLEAR, .get = get_communities,
	  .set = set_communities },
	{ "community", "communities as text", FRRSCRIPT_COMMUNITY, FRRSCRIPT_CLEAR | FRRSCRIPT_TEXT,
	  .get = get_communities, .set = set_communities },
	{ "large_communities", "large communities", FRRSCRIPT_LARGE_COMMUNITY, FRRSCRIPT_CLEAR,
	  .get = get_large, .set = set_large },
	{ "ext_communities", "extended communities", FRRSCRIPT_EXT_COMMUNITY, FRRSCRIPT_CLEAR,
	  .get = get_ext, .set = set_ext },
	{ "ipv6_ext_communities", "IPv6 extended communities", FRRSCRIPT_IPV6_EXT_COMMUNITY,
	  FRRSCRIPT_CLEAR, .get = get_ext6, .set = set_ext6 },
	{},
};

const struct frrscript_type route_type = { "attributes", "a route's attributes", route_fields, NULL };

static const struct frrscript_field prefix_fields[] = {
	{ "length", "bits", FRRSCRIPT_UINT, AT(route_prefix, len) },
	{},
};

const struct frrscript_type prefix_type = { "prefix", "a prefix", prefix_fields, prefix_of };

const struct frrscript_type *const route_types[] = {
	&nexthop_type, &peer_type, &route_type, &prefix_type, NULL,
};

static const struct frrscript_arg match_args[] = {
	{ "prefix", "the prefix", &prefix_type },
	{ "attributes", "the route", &route_type },
	{ "peer", "the neighbor", &peer_type },
	{ "RM_FAILURE", "failed", NULL, 0 },
	{ "RM_NOMATCH", "does not match", NULL, 1 },
	{ "RM_MATCH", "matches", NULL, 2 },
	{ "RM_MATCH_AND_CHANGE", "matches, with changes", NULL, 3 },
	{},
};

const struct frrscript_hook hook_match = { "route_match", "decides on a route", match_args,
					   FRRSCRIPT_HOOK_VERDICT };
const struct frrscript_hook hook_set = { "route_set", "changes a route", match_args,
					 FRRSCRIPT_HOOK_VERDICT | FRRSCRIPT_HOOK_SET };
const struct frrscript_hook *const route_hooks[] = { &hook_match, &hook_set, NULL };

/* ---- AS paths ---- */

static bool path_segment(const void *aspath, const void **cursor, struct frrscript_as_segment *seg)
{
	const struct path *path = aspath;
	const struct frrscript_as_segment *next = *cursor ? *cursor : path->segments;

	if (next == path->segments + path->count)
		return false;
	*seg = *next;
	*cursor = next + 1;
	return true;
}

static const char *path_get_text(const void *aspath)
{
	return ((const struct path *)aspath)->text;
}

const struct frrscript_as_path_ops path_ops = { path_segment, path_get_text };

/* ---- a route and its rule ---- */

static void address(struct address *a, int family, const char *text)
{
	a->family = family;
	CHECK_INT(inet_pton(family, text, a->octets), 1);
}

void route_fill(struct route *route, struct peer *peer, struct route_prefix *prefix)
{
	static const uint8_t communities[] = { 0xfd, 0xe8, 0, 1, 0xfd, 0xe8, 0, 2 };
	static const uint8_t large[] = { 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 2 };
	static const uint8_t ext[] = { 0, 2, 0xfd, 0xe8, 0, 0, 0, 7 };

	memset(route, 0, sizeof(*route));
	memset(peer, 0, sizeof(*peer));
	memset(prefix, 0, sizeof(*prefix));
	peer->name = "r2";
	peer->as = 65001;
	address(&prefix->address, AF_INET, "192.0.2.0");
	prefix->len = 24;
	route->octet = 255;
	route->tag = 1000;
	route->localpref = 100;
	route->counter = 5;
	route->has_med = true;
	route->med = 4294967295u;
	route->balance = -5;
	snprintf(route->origin, sizeof(route->origin), "igp");
	memcpy(route->note, "a\0b", 3);
	route->note_len = 3;
	address(&route->address, AF_INET6, "2001:db8::1");
	address(&route->network, AF_INET, "198.51.100.0");
	route->network_len = 22;
	address(&route->nexthop.ipv4, AF_INET, "203.0.113.1");
	route->nexthop.ifindex = 3;
	route->peer = peer;
	route->path.count = 1;
	route->path.asns[0][0] = 65001;
	route->path.asns[0][1] = 65002;
	route->path.segments[0] =
		(struct frrscript_as_segment){ .type = 2, .len = 2, .asns = route->path.asns[0] };
	path_text(&route->path);
	memcpy(route->communities, communities, sizeof(communities));
	route->communities_len = 2;
	memcpy(route->large, large, sizeof(large));
	route->large_len = 1;
	memcpy(route->ext, ext, sizeof(ext));
	route->ext_len = 1;
}

struct frrscript_rule *rule_new(const char *script, const char *function)
{
	char *text = NULL;
	struct frrscript_rule *rule = frrscript_rule_new(&hook_match, script, function, &text);

	if (!rule || text)
		check_fail(__FILE__, __LINE__, "rule %s %s: %s", script, function,
			   text ? text : "NULL");
	return rule;
}

enum frrscript_verdict rule_call(struct frrscript_rule *rule, struct route *route)
{
	static struct peer peer;
	static struct route_prefix prefix;
	const void *args[] = { &prefix, route, &peer };

	route_fill(route, &peer, &prefix);
	return frrscript_rule_call(rule, args);
}
