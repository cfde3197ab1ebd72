// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FRR's codecs between C types and script values, on the library's value stack.
 *
 * Names and signatures are those of FRR's own lib/frrlua.h, so that callers
 * compile as they are.  There is no Lua behind them: lua_State is the opaque
 * stack of frrscript.h, and the few raw names that codec files use are mapped
 * onto it below.
 *
 *   lua_push*    pushes one value; a NULL pointer pushes nil.
 *   lua_decode*  reads the value at idx into *out and pops the top value.
 *                A value of a wrong type or out of range is logged and counted
 *                (frrlua_decode_errors()); *out keeps what it had, as a whole.
 *                A field that is absent from a table keeps its old value.
 *   lua_to*      the same into memory of MTYPE_SCRIPT_RES, which the caller
 *                frees; NULL where lua_decode* would log an error.
 */
#ifndef __FRRLUA_H__
#define __FRRLUA_H__

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "prefix.h"
#include "memory.h"
#include "frrscript.h"

#ifdef __cplusplus
extern "C" {
#endif

DECLARE_MTYPE(SCRIPT_RES);

struct interface;
struct ipaddr;
struct ethaddr;
struct nexthop;
struct nexthop_group;
union sockunion;

/*
 * The raw names that FRR's codec files (zebra/zebra_script.c) use.  They are
 * object-like macros, so that they also work as function designators, and no
 * symbol of a Lua engine ever exists in libfrr.
 */
#define lua_newtable	frrscript_stack_newtable
#define lua_pushnil	frrscript_stack_pushnil
#define lua_pushinteger frrscript_stack_pushinteger
#define lua_pushnumber	frrscript_stack_pushnumber
#define lua_pushboolean frrscript_stack_pushboolean
#define lua_pushstring	frrscript_stack_pushstring
#define lua_pushlstring frrscript_stack_pushlstring
#define lua_setfield	frrscript_stack_setfield
#define lua_seti	frrscript_stack_seti
#define lua_getfield	frrscript_stack_getfield
#define lua_pop		frrscript_stack_pop
#define lua_gettop	frrscript_stack_gettop
#define lua_isnil	frrscript_stack_isnil
#define lua_istable	frrscript_stack_istable
#define lua_isstring	frrscript_stack_isstring
#define lua_tostring	frrscript_stack_tostring
#define lua_tointeger	frrlua_tointeger

/* The whole number at idx; 0, logged and counted, if it is none. */
long long frrlua_tointeger(lua_State *L, int idx);

/*
 * Reads the field `key` of the table at idx into *out.  True also when the
 * field is absent (*out keeps its value); false, logged and counted, when it is
 * no whole number from min to max.  Pops nothing of the caller's.
 */
bool frrlua_field_integer(lua_State *L, int idx, const char *key, int64_t min, int64_t max,
			  long long *out);

/* The integer field `key` of the table on top of the stack; 0 if it is none. */
int frrlua_table_get_integer(lua_State *L, const char *key);

/* How many values lua_decode* and lua_to* refused since the daemon started. */
unsigned int frrlua_decode_errors(void);

/* For decoders of other files: count and log a refusal, "must be ...". */
void frrlua_decode_error(const char *type, const char *why);

/*
 * For frrscript_call(): push the result named `name`, which the next decoder
 * error will mention; false, and nothing pushed, if the script returned none.
 */
bool frrlua_decode_arg(lua_State *L, const char *name);

/* Leave only the returned table on the stack, whatever the decoder did. */
void frrlua_decode_done(lua_State *L);

void lua_pushstring_wrapper(lua_State *L, const char *str);

/* { network = "192.0.2.0/24", length = 24, family = AF_INET } */
void lua_pushprefix(lua_State *L, const struct prefix *prefix);

/* Reads `network` only, as FRR always did. */
void lua_decode_prefix(lua_State *L, int idx, struct prefix *prefix);
void *lua_toprefix(lua_State *L, int idx);

/*
 * { name, ifindex, status, flags, metric, speed, mtu, mtu6, bandwidth,
 *   link_ifindex, linklayer_type }
 */
void lua_pushinterface(lua_State *L, const struct interface *ifp);
void lua_decode_interface(lua_State *L, int idx, struct interface *ifp);

/* The interface is not hooked to anything, nor inserted in a VRF's tree. */
void *lua_tointerface(lua_State *L, int idx);

/* { value = s_addr as an integer, string = "192.0.2.1" } */
void lua_pushinaddr(lua_State *L, const struct in_addr *addr);

/* Reads `value`, or `string` where there is no value. */
void lua_decode_inaddr(lua_State *L, int idx, struct in_addr *addr);
void *lua_toinaddr(lua_State *L, int idx);

/* { value = 16 octets, string = "2001:db8::1" } */
void lua_pushin6addr(lua_State *L, const struct in6_addr *addr);

/* Reads `string` only. */
void lua_decode_in6addr(lua_State *L, int idx, struct in6_addr *addr);
void *lua_toin6addr(lua_State *L, int idx);

/* As lua_pushinaddr or lua_pushin6addr; nil if it is neither. */
void lua_pushipaddr(lua_State *L, const struct ipaddr *addr);

/*
 * { value = 6 octets, string = "00:00:5e:00:53:01", octet = the first octet }
 * `octet` is what FRR 10.3 gave; the others are the whole address.
 */
void lua_pushethaddr(lua_State *L, const struct ethaddr *addr);

/* { value = 4 or 16 octets, string = text }; nil without an address */
void lua_pushsockunion(lua_State *L, const union sockunion *su);

/* Reads `string` only. */
void lua_decode_sockunion(lua_State *L, int idx, union sockunion *su);
void *lua_tosockunion(lua_State *L, int idx);

/* A list of nexthops, from 1. */
void lua_pushnexthop_group(lua_State *L, const struct nexthop_group *ng);

/*
 * { vrf_id, ifindex, type, flags, bh_type (blackhole only), gate (an address;
 *   every type that has one), nh_label_type, weight, backup_num, backup_idx (the
 *   first), backups (the list of all), vni (VXLAN only), nh_encap_type,
 *   srte_color }
 */
void lua_pushnexthop(lua_State *L, const struct nexthop *nexthop);

void lua_pushintegerp(lua_State *L, const int *num);
void lua_decode_integerp(lua_State *L, int idx, int *num);
void *lua_tointegerp(lua_State *L, int idx);

void lua_pushlonglongp(lua_State *L, const long long *num);
void lua_decode_longlongp(lua_State *L, int idx, long long *num);
void *lua_tolonglongp(lua_State *L, int idx);

/*
 * Writes into the caller's buffer.  Its size is unknown, so a text longer than
 * the one it holds is refused, not cut; lua_tostringp() takes any length.
 */
void lua_decode_stringp(lua_State *L, int idx, char *str);
void *lua_tostringp(lua_State *L, int idx);

#ifdef __cplusplus
}
#endif

#endif /* HAVE_SCRIPTING */

#endif /* __FRRLUA_H__ */
