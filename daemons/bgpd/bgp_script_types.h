/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BGP policy as scripts: the objects that a script sees, and helpers of the
 * getters and setters behind their fields.
 */

#ifndef _FRR_BGP_SCRIPT_TYPES_H
#define _FRR_BGP_SCRIPT_TYPES_H

#include "lib/frrscript.h"
#include "lib/prefix.h"

#include "frrscript/daemons/lib/script_value.h"

struct attr;
struct bgp_dest;
struct bgp_path_info;
struct peer;

/*
 * One route under evaluation. The script's `prefix`, `attributes` and `path`
 * are three views of this object: what a prefix is (its RD, its VNI) and what
 * may be assigned to an attribute (an IPv4 next hop on an IPv6 route) depends
 * on all three.
 *
 * `attr` is what the route-map works on: never an interned attr that others
 * share when setters run (the callers of route_map_apply() see to that), but
 * its members may be interned, so setters replace them and free the old one
 * only when nobody else holds it (bgp_routemap.c:route_set_community).
 */
struct bgp_script_route {
	const struct prefix *prefix;
	struct attr *attr;
	struct bgp_path_info *path;
};

/* Index of each argument of route_match and route_set that has a type. */
enum bgp_script_arg {
	BGP_SCRIPT_ARG_PREFIX = 0,
	BGP_SCRIPT_ARG_ATTRIBUTES,
	BGP_SCRIPT_ARG_PEER,
	BGP_SCRIPT_ARG_PATH,
	BGP_SCRIPT_ARG_MAX,
};

extern const struct frrscript_type bgp_script_prefix_type;
extern const struct frrscript_type bgp_script_attributes_type;
extern const struct frrscript_type bgp_script_nexthop_type;
extern const struct frrscript_type bgp_script_attr_evpn_type;
extern const struct frrscript_type bgp_script_peer_type;
extern const struct frrscript_type bgp_script_path_type;

extern const struct frrscript_as_path_ops bgp_script_as_path_ops;

extern const struct frrscript_hook bgp_script_hook_match;
extern const struct frrscript_hook bgp_script_hook_set;

/* bgp_script_events.c */
extern const struct frrscript_type bgp_script_route_type;
extern const struct frrscript_hook bgp_script_hook_route_changed;
extern const struct frrscript_hook bgp_script_hook_peer_changed;
extern const struct frrscript_list bgp_script_list_peers;

/* bgp_script_lists.c: AS path and communities of struct attr. */
extern bool bgp_script_get_aspath(const void *obj, struct frrscript_value *out);
extern void bgp_script_set_aspath(void *obj, const struct frrscript_value *v);
extern const char *bgp_script_check_aspath(const void *obj, const struct frrscript_value *v);
extern bool bgp_script_get_community(const void *obj, struct frrscript_value *out);
extern void bgp_script_set_community(void *obj, const struct frrscript_value *v);
extern bool bgp_script_get_lcommunity(const void *obj, struct frrscript_value *out);
extern void bgp_script_set_lcommunity(void *obj, const struct frrscript_value *v);
extern bool bgp_script_get_ecommunity(const void *obj, struct frrscript_value *out);
extern void bgp_script_set_ecommunity(void *obj, const struct frrscript_value *v);
extern bool bgp_script_get_ipv6_ecommunity(const void *obj, struct frrscript_value *out);
extern void bgp_script_set_ipv6_ecommunity(void *obj, const struct frrscript_value *v);
extern const char *bgp_script_check_community(const void *obj, const struct frrscript_value *v);
/* Octets by which setters made lists longer since this was asked last. */
extern long bgp_script_attr_growth(void);
/* Octets that the variable attributes of `attr` take in an UPDATE. */
extern size_t bgp_script_attr_size(const struct attr *attr);

/* bgp_script_reeval.c */
extern void bgp_script_reeval_init(void);
extern void bgp_script_changed(const char *script);

static inline struct attr *bgp_script_attr(const void *obj)
{
	const struct bgp_script_route *route = obj;

	return route->attr;
}

/* Addresses that older scripts know as text stay text. */
extern bool bgp_script_ipv4_text(struct frrscript_value *out, const struct in_addr *addr);
extern bool bgp_script_ipv6_text(struct frrscript_value *out, const struct in6_addr *addr);
/* The text of a STRING value as an address; false when it is none. */
extern bool bgp_script_to_ipv4(const struct frrscript_value *v, struct in_addr *addr);
extern bool bgp_script_to_ipv6(const struct frrscript_value *v, struct in6_addr *addr);
extern const char *bgp_script_check_ipv4(const void *obj, const struct frrscript_value *v);
extern const char *bgp_script_check_ipv6(const void *obj, const struct frrscript_value *v);

#endif /* _FRR_BGP_SCRIPT_TYPES_H */
