// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FRR's codecs between C types and script values; see frrlua.h.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "prefix.h"
#include "ipaddr.h"
#include "sockunion.h"
#include "nexthop.h"
#include "nexthop_group.h"
#include "if.h"
#include "log.h"

#include "frrlua.h"

DEFINE_MTYPE(LIB, SCRIPT_RES, "Scripting results");

/* ---- fields ---- */

long long frrlua_tointeger(lua_State *L, int idx)
{
	long long num = 0;

	if (!frrscript_stack_tointeger(L, idx, INT64_MIN, INT64_MAX, &num)) {
		frrlua_decode_error("integer", "must be a whole number");
		return 0;
	}
	return num;
}

bool frrlua_field_integer(lua_State *L, int idx, const char *key, int64_t min, int64_t max,
			  long long *out)
{
	bool ok = true;

	lua_getfield(L, idx, key);
	if (!lua_isnil(L, -1) && !frrscript_stack_tointeger(L, -1, min, max, out)) {
		char why[96];

		snprintf(why, sizeof(why), "must be a whole number from %" PRId64 " to %" PRId64,
			 min, max);
		frrlua_decode_error(key, why);
		ok = false;
	}
	lua_pop(L, 1);
	return ok;
}

int frrlua_table_get_integer(lua_State *L, const char *key)
{
	long long num = 0;

	if (!frrlua_field_integer(L, -1, key, INT_MIN, INT_MAX, &num))
		return 0;
	return num;
}

/* The text field `key` of the table at idx, pushed; NULL, logged, if it is none. */
static const char *push_text(lua_State *L, int idx, const char *key, const char *type)
{
	const char *text = NULL;

	if (lua_istable(L, idx)) {
		lua_getfield(L, idx, key);
		text = lua_tostring(L, -1);
	} else {
		lua_pushnil(L);
	}
	if (!text)
		frrlua_decode_error(type, "must be a table with its text");
	return text;
}

/* Pushes nil for a NULL pointer, and says so. */
static bool pushed_nil(lua_State *L, const void *ptr)
{
	if (!ptr)
		lua_pushnil(L);
	return !ptr;
}

static void set_integer(lua_State *L, const char *key, long long num)
{
	lua_pushinteger(L, num);
	lua_setfield(L, -2, key);
}

static void set_text(lua_State *L, const char *key, const char *text)
{
	lua_pushstring(L, text);
	lua_setfield(L, -2, key);
}

static void set_octets(lua_State *L, const char *key, const void *octets, size_t len)
{
	lua_pushlstring(L, octets, len);
	lua_setfield(L, -2, key);
}

/*
 * lua_to* for a type of fixed size: decode into fresh memory, and give it up if
 * the decoder refused.
 */
#define DEFINE_TO(name, type, decode)                                                              \
	void *name(lua_State *L, int idx)                                                          \
	{                                                                                          \
		unsigned int errors = frrlua_decode_errors();                                      \
		type *res = XCALLOC(MTYPE_SCRIPT_RES, sizeof(type));                               \
                                                                                                   \
		decode(L, idx, res);                                                               \
		if (frrlua_decode_errors() != errors)                                              \
			XFREE(MTYPE_SCRIPT_RES, res);                                              \
		return res;                                                                        \
	}                                                                                          \
	MACRO_REQUIRE_SEMICOLON() /* end */

/* ---- prefixes ---- */

void lua_pushprefix(lua_State *L, const struct prefix *prefix)
{
	char buf[PREFIX_STRLEN];

	if (pushed_nil(L, prefix))
		return;
	lua_newtable(L);
	set_text(L, "network", prefix2str(prefix, buf, sizeof(buf)));
	set_integer(L, "length", prefix->prefixlen);
	set_integer(L, "family", prefix->family);
}

void lua_decode_prefix(lua_State *L, int idx, struct prefix *prefix)
{
	const char *text = push_text(L, idx, "network", "prefix");
	char old[PREFIX_STRLEN];
	struct prefix p = {};

	if (text && str2prefix(text, &p))
		prefix_copy(prefix, &p);
	/* an EVPN or flowspec prefix has a text that nothing parses; a script
	 * that hands it back as it got it has done nothing wrong
	 */
	else if (text && strcmp(text, prefix2str(prefix, old, sizeof(old))))
		frrlua_decode_error("prefix", "must be ADDRESS/LENGTH");
	/* the text and the table */
	lua_pop(L, 2);
}

DEFINE_TO(lua_toprefix, struct prefix, lua_decode_prefix);

/* ---- interfaces ---- */

void lua_pushinterface(lua_State *L, const struct interface *ifp)
{
	if (pushed_nil(L, ifp))
		return;
	lua_newtable(L);
	set_text(L, "name", ifp->name);
	set_integer(L, "ifindex", ifp->ifindex);
	set_integer(L, "status", ifp->status);
	set_integer(L, "flags", ifp->flags);
	set_integer(L, "metric", ifp->metric);
	set_integer(L, "speed", ifp->speed);
	set_integer(L, "mtu", ifp->mtu);
	set_integer(L, "mtu6", ifp->mtu6);
	set_integer(L, "bandwidth", ifp->bandwidth);
	set_integer(L, "link_ifindex", ifp->link_ifindex);
	set_integer(L, "linklayer_type", ifp->ll_type);
}

/* The `name` field into name[]; true also when it is absent. */
static bool interface_name(lua_State *L, int idx, char *name, size_t size)
{
	const char *text;
	bool ok = true;

	lua_getfield(L, idx, "name");
	if (!lua_isnil(L, -1)) {
		text = lua_tostring(L, -1);
		if (!text || strlen(text) >= size) {
			frrlua_decode_error("name", "must be an interface name");
			ok = false;
		} else {
			strlcpy(name, text, size);
		}
	}
	lua_pop(L, 1);
	return ok;
}

/* Every field is read and checked before the first one is written. */
void lua_decode_interface(lua_State *L, int idx, struct interface *ifp)
{
	char name[sizeof(ifp->name)];
	long long ifindex = ifp->ifindex, status = ifp->status, flags = ifp->flags;
	long long metric = ifp->metric, speed = ifp->speed;
	long long mtu = ifp->mtu, mtu6 = ifp->mtu6, bandwidth = ifp->bandwidth;
	long long link_ifindex = ifp->link_ifindex, ll_type = ifp->ll_type;

	if (!lua_istable(L, idx)) {
		frrlua_decode_error("interface", "must be a table");
		lua_pop(L, 1);
		return;
	}

	strlcpy(name, ifp->name, sizeof(name));
	if (interface_name(L, idx, name, sizeof(name)) &&
	    frrlua_field_integer(L, idx, "ifindex", 0, INT32_MAX, &ifindex) &&
	    frrlua_field_integer(L, idx, "status", 0, UINT8_MAX, &status) &&
	    frrlua_field_integer(L, idx, "flags", 0, INT64_MAX, &flags) &&
	    frrlua_field_integer(L, idx, "metric", 0, UINT32_MAX, &metric) &&
	    frrlua_field_integer(L, idx, "speed", 0, UINT32_MAX, &speed) &&
	    frrlua_field_integer(L, idx, "mtu", 0, UINT32_MAX, &mtu) &&
	    frrlua_field_integer(L, idx, "mtu6", 0, UINT32_MAX, &mtu6) &&
	    frrlua_field_integer(L, idx, "bandwidth", 0, UINT32_MAX, &bandwidth) &&
	    frrlua_field_integer(L, idx, "link_ifindex", 0, INT32_MAX, &link_ifindex) &&
	    frrlua_field_integer(L, idx, "linklayer_type", 0, ZEBRA_LLT_IEEE802154_PHY,
				 &ll_type)) {
		strlcpy(ifp->name, name, sizeof(ifp->name));
		ifp->ifindex = ifindex;
		ifp->status = status;
		ifp->flags = flags;
		ifp->metric = metric;
		ifp->speed = speed;
		ifp->mtu = mtu;
		ifp->mtu6 = mtu6;
		ifp->bandwidth = bandwidth;
		ifp->link_ifindex = link_ifindex;
		ifp->ll_type = ll_type;
	}
	lua_pop(L, 1);
}

DEFINE_TO(lua_tointerface, struct interface, lua_decode_interface);

/* ---- addresses ---- */

void lua_pushinaddr(lua_State *L, const struct in_addr *addr)
{
	char buf[INET_ADDRSTRLEN];

	if (pushed_nil(L, addr))
		return;
	lua_newtable(L);
	set_integer(L, "value", addr->s_addr);
	set_text(L, "string", inet_ntop(AF_INET, addr, buf, sizeof(buf)));
}

static void decode_inaddr_text(lua_State *L, int idx, struct in_addr *addr)
{
	const char *text = push_text(L, idx, "string", "IPv4 address");
	struct in_addr parsed;

	if (text && inet_pton(AF_INET, text, &parsed) == 1)
		*addr = parsed;
	else if (text)
		frrlua_decode_error("IPv4 address", "must be a dotted quad");
	lua_pop(L, 1);
}

void lua_decode_inaddr(lua_State *L, int idx, struct in_addr *addr)
{
	long long value = -1;

	/* s_addr is in network order: its number means nothing, but FRR's
	 * scripts have always seen it, and it is what they copy.
	 */
	if (frrlua_field_integer(L, idx, "value", 0, UINT32_MAX, &value)) {
		if (value >= 0)
			addr->s_addr = value;
		else
			decode_inaddr_text(L, idx, addr);
	}
	lua_pop(L, 1);
}

DEFINE_TO(lua_toinaddr, struct in_addr, lua_decode_inaddr);

void lua_pushin6addr(lua_State *L, const struct in6_addr *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (pushed_nil(L, addr))
		return;
	lua_newtable(L);
	set_octets(L, "value", addr->s6_addr, sizeof(addr->s6_addr));
	set_text(L, "string", inet_ntop(AF_INET6, addr, buf, sizeof(buf)));
}

void lua_decode_in6addr(lua_State *L, int idx, struct in6_addr *addr)
{
	const char *text = push_text(L, idx, "string", "IPv6 address");
	struct in6_addr parsed;

	if (text && inet_pton(AF_INET6, text, &parsed) == 1)
		*addr = parsed;
	else if (text)
		frrlua_decode_error("IPv6 address", "must be an IPv6 address");
	/* the text and the table */
	lua_pop(L, 2);
}

DEFINE_TO(lua_toin6addr, struct in6_addr, lua_decode_in6addr);

void lua_pushipaddr(lua_State *L, const struct ipaddr *addr)
{
	if (addr && IS_IPADDR_V4(addr))
		lua_pushinaddr(L, &addr->ipaddr_v4);
	else if (addr && IS_IPADDR_V6(addr))
		lua_pushin6addr(L, &addr->ipaddr_v6);
	else
		lua_pushnil(L);
}

void lua_pushethaddr(lua_State *L, const struct ethaddr *addr)
{
	char buf[ETHER_ADDR_STRLEN];

	if (pushed_nil(L, addr))
		return;
	lua_newtable(L);
	set_integer(L, "octet", addr->octet[0]);
	set_octets(L, "value", addr->octet, sizeof(addr->octet));
	set_text(L, "string", prefix_mac2str(addr, buf, sizeof(buf)));
}

/* A peer of locally originated routes has no addresses at all. */
void lua_pushsockunion(lua_State *L, const union sockunion *su)
{
	char buf[SU_ADDRSTRLEN];

	if (!su || !sockunion_get_addr(su)) {
		lua_pushnil(L);
		return;
	}
	lua_newtable(L);
	set_octets(L, "value", sockunion_get_addr(su), sockunion_get_addrlen(su));
	set_text(L, "string", sockunion2str(su, buf, sizeof(buf)));
}

void lua_decode_sockunion(lua_State *L, int idx, union sockunion *su)
{
	const char *text = push_text(L, idx, "string", "address");
	union sockunion parsed;

	if (text && str2sockunion(text, &parsed) == 0)
		*su = parsed;
	else if (text)
		frrlua_decode_error("address", "must be an IPv4 or IPv6 address");
	/* the text and the table */
	lua_pop(L, 2);
}

DEFINE_TO(lua_tosockunion, union sockunion, lua_decode_sockunion);

/* ---- nexthops ---- */

static void push_gate(lua_State *L, const struct nexthop *nexthop)
{
	switch (nexthop->type) {
	case NEXTHOP_TYPE_IPV4:
	case NEXTHOP_TYPE_IPV4_IFINDEX:
		lua_pushinaddr(L, &nexthop->gate.ipv4);
		return;
	case NEXTHOP_TYPE_IPV6:
	case NEXTHOP_TYPE_IPV6_IFINDEX:
		lua_pushin6addr(L, &nexthop->gate.ipv6);
		return;
	case NEXTHOP_TYPE_IFINDEX:
	case NEXTHOP_TYPE_BLACKHOLE:
		break;
	}
	lua_pushnil(L);
}

static void push_backups(lua_State *L, const struct nexthop *nexthop)
{
	lua_newtable(L);
	for (int i = 0; i < MIN(nexthop->backup_num, NEXTHOP_MAX_BACKUPS); i++) {
		lua_pushinteger(L, nexthop->backup_idx[i]);
		lua_seti(L, -2, i + 1);
	}
}

void lua_pushnexthop(lua_State *L, const struct nexthop *nexthop)
{
	if (pushed_nil(L, nexthop))
		return;
	lua_newtable(L);
	set_integer(L, "vrf_id", nexthop->vrf_id);
	set_integer(L, "ifindex", nexthop->ifindex);
	set_integer(L, "type", nexthop->type);
	set_integer(L, "flags", nexthop->flags);
	if (nexthop->type == NEXTHOP_TYPE_BLACKHOLE)
		set_integer(L, "bh_type", nexthop->bh_type);
	push_gate(L, nexthop);
	lua_setfield(L, -2, "gate");
	set_integer(L, "nh_label_type", nexthop->nh_label_type);
	set_integer(L, "weight", nexthop->weight);
	set_integer(L, "backup_num", nexthop->backup_num);
	set_integer(L, "backup_idx", nexthop->backup_idx[0]);
	push_backups(L, nexthop);
	lua_setfield(L, -2, "backups");
	if (nexthop->nh_encap_type == NET_VXLAN)
		set_integer(L, "vni", nexthop->nh_encap.vni);
	set_integer(L, "nh_encap_type", nexthop->nh_encap_type);
	set_integer(L, "srte_color", nexthop->srte_color);
}

void lua_pushnexthop_group(lua_State *L, const struct nexthop_group *ng)
{
	struct nexthop *nexthop;
	int i = 1;

	if (pushed_nil(L, ng))
		return;
	lua_newtable(L);
	for (ALL_NEXTHOPS_PTR(ng, nexthop)) {
		lua_pushnexthop(L, nexthop);
		lua_seti(L, -2, i++);
	}
}

/* ---- integers and text ---- */

void lua_pushintegerp(lua_State *L, const int *num)
{
	if (!pushed_nil(L, num))
		lua_pushinteger(L, *num);
}

void lua_decode_integerp(lua_State *L, int idx, int *num)
{
	long long value;

	if (frrscript_stack_tointeger(L, idx, INT_MIN, INT_MAX, &value))
		*num = value;
	else
		frrlua_decode_error("integer", "must be a whole number of 32 bits");
	lua_pop(L, 1);
}

DEFINE_TO(lua_tointegerp, int, lua_decode_integerp);

void lua_pushlonglongp(lua_State *L, const long long *num)
{
	if (!pushed_nil(L, num))
		lua_pushinteger(L, *num);
}

void lua_decode_longlongp(lua_State *L, int idx, long long *num)
{
	long long value;

	if (frrscript_stack_tointeger(L, idx, INT64_MIN, INT64_MAX, &value))
		*num = value;
	else
		frrlua_decode_error("integer", "must be a whole number of 64 bits");
	lua_pop(L, 1);
}

DEFINE_TO(lua_tolonglongp, long long, lua_decode_longlongp);

void lua_pushstring_wrapper(lua_State *L, const char *str)
{
	lua_pushstring(L, str);
}

void lua_decode_stringp(lua_State *L, int idx, char *str)
{
	const char *text = lua_tostring(L, idx);
	size_t room = strlen(str);

	if (!text)
		frrlua_decode_error("string", "must be a text");
	else if (strlen(text) > room)
		frrlua_decode_error("string", "must not be longer than the text it replaces");
	else
		strlcpy(str, text, room + 1);
	lua_pop(L, 1);
}

void *lua_tostringp(lua_State *L, int idx)
{
	const char *text = lua_tostring(L, idx);
	char *res = NULL;

	if (text)
		res = XSTRDUP(MTYPE_SCRIPT_RES, text);
	else
		frrlua_decode_error("string", "must be a text");
	lua_pop(L, 1);
	return res;
}

#endif /* HAVE_SCRIPTING */
