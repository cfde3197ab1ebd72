/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The types and hook points of the cases: a route with a field of every kind.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "check.h"

struct path {
	int count;
	struct frrscript_as_segment segments[8];
	uint32_t asns[8][256];
	char text[1024];
};

struct address {
	uint8_t family; /* 0: absent */
	uint8_t octets[16];
};

struct nexthop {
	struct address ipv4;
	uint32_t ifindex;
};

struct peer {
	const char *name; /* NULL: absent */
	uint32_t as;
	uint32_t weight;
};

/* The offset of a field that has no getter is where it lies here. */
struct route {
	uint8_t octet;
	uint16_t tag;
	uint32_t localpref;
	uint64_t counter;
	bool flag;
	bool has_med;
	uint32_t med;
	int32_t balance;
	char origin[16];
	char note[64];
	size_t note_len;
	struct address address;
	struct address network;
	uint16_t network_len;
	struct nexthop nexthop;
	struct peer *peer;
	struct path path;
	/* lists: octets and how many of them */
	uint8_t communities[4 * 32], large[12 * 32], ext[8 * 32], ext6[20 * 32];
	uint32_t communities_len, large_len, ext_len, ext6_len;
	int sets; /* how many setters ran */
};

struct route_prefix {
	struct address address;
	uint16_t len;
};

extern const struct frrscript_as_path_ops path_ops;
extern const struct frrscript_type prefix_type, route_type, peer_type, nexthop_type;
extern const struct frrscript_type *const route_types[];
extern const struct frrscript_hook hook_match, hook_set;
extern const struct frrscript_hook *const route_hooks[];

/* 192.0.2.0/24 with AS path "65001 65002", communities 65000:1 65000:2 and so on. */
void route_fill(struct route *route, struct peer *peer, struct route_prefix *prefix);

/* The object that the setter of a peer's weight got. */
struct peer *route_setter_got(void);

/* A rule of hook_match on SCRIPT.lua, which must load. */
struct frrscript_rule *rule_new(const char *script, const char *function);

/* Calls the rule with a filled route; the route stays in *route. */
enum frrscript_verdict rule_call(struct frrscript_rule *rule, struct route *route);

/* The arguments of hook_match, by place among the pointers. */
#define ARG_PREFIX 0
#define ARG_ATTRIBUTES 1
#define ARG_PEER 2

#endif
