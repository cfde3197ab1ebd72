// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FRR's codecs and frrscript_call() on a real script (test_frrlua_codecs.lua).
 *
 * Prints "ok NAME" for each case and stops at the first that fails.  Cases named
 * after a defect of FRR 10.3's lib/frrlua.c and lib/frrscript.[ch] say so above.
 *
 * usage: test_frrlua_codecs [SCRIPT-DIRECTORY]
 */

#include <zebra.h>

#include "buffer.h"
#include "if.h"
#include "ipaddr.h"
#include "memory.h"
#include "nexthop.h"
#include "nexthop_group.h"
#include "prefix.h"
#include "sockunion.h"
#include "vty.h"

#include "frrscript.h"

/* Makefile.am says where the script lies. */
#ifndef SCRIPTS
#define SCRIPTS "./lib"
#endif

/* A failed check names its line and ends the program. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("not ok %s:%d: %s\n", __func__, __LINE__, #condition);              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static struct frrscript *fs;

static const char *load(const char *function)
{
	CHECK(frrscript_load(fs, function, NULL) == 0);
	return function;
}

/* A result of a function as text; the caller frees it. */
static char *text(const char *function, const char *name)
{
	return frrscript_get_result(fs, function, name, lua_tostringp);
}

/* The result `name` of `function` is `expected`. */
#define CHECK_TEXT(function, name, expected)                                                       \
	do {                                                                                       \
		char *_text = text(function, name);                                                \
		if (!_text || strcmp(_text, expected) != 0) {                                      \
			printf("not ok %s:%d: %s is %s\n", __func__, __LINE__, name,               \
			       _text ? _text : "nil");                                             \
			exit(1);                                                                   \
		}                                                                                  \
		XFREE(MTYPE_SCRIPT_RES, _text);                                                    \
	} while (0)

static void test_integers(void)
{
	const char *f = load("increment");
	int i = 41;
	long long l = -2;

	CHECK(frrscript_call(fs, f, ("a", &i), ("b", &l)) == 0);
	CHECK(i == 42);
	CHECK(l == -1);
	CHECK(frrscript_call(fs, f, ("a", 7), ("b", 8LL)) == 0);
}

/* frrscript.h:174: returning what has no decoder aborted. */
static void test_D4_results_without_decoder_are_dropped(void)
{
	const char *f = load("give_back");
	struct prefix p;
	const struct prefix *cp = &p;
	struct in_addr addr = { .s_addr = htonl(0xc0000201) };

	CHECK(str2prefix("192.0.2.0/24", &p));
	CHECK(frrscript_call(fs, f, ("a", 7), ("b", cp), ("c", &addr)) == 0);
	CHECK(addr.s_addr == htonl(0xc0000201));
}

/* frrlua.c:267, 341: a wrong type aborted. */
static void test_D5_a_wrong_type_leaves_the_value(void)
{
	const char *f = load("wrong_types");
	int i = 5, j = 6;
	long long l = 7;
	struct prefix p;
	struct in_addr a4 = { .s_addr = 1 };
	struct in6_addr a6 = {};
	union sockunion su = {};

	CHECK(str2prefix("192.0.2.0/24", &p));
	CHECK(frrscript_call(fs, f, ("i", &i), ("j", &j), ("l", &l), ("p", &p), ("a4", &a4),
			     ("a6", &a6), ("su", &su)) == 1);
	CHECK(i == 5);
	CHECK(j == 6);
	CHECK(l == 7);
	CHECK(p.prefixlen == 24);
	CHECK(a4.s_addr == 1);
	CHECK(IN6_IS_ADDR_UNSPECIFIED(&a6));
	CHECK(sockunion_family(&su) == AF_UNSPEC);
	/* the same through the decoders that allocate */
	CHECK(!frrscript_get_result(fs, f, "i", lua_tointegerp));
	CHECK(!frrscript_get_result(fs, f, "l", lua_tolonglongp));
	CHECK(!frrscript_get_result(fs, f, "p", lua_toprefix));
	CHECK(!frrscript_get_result(fs, f, "a4", lua_toinaddr));
	CHECK(!frrscript_get_result(fs, f, "a6", lua_toin6addr));
	CHECK(!frrscript_get_result(fs, f, "su", lua_tosockunion));
	CHECK(!frrscript_get_result(fs, f, "p", lua_tointerface));
	CHECK(!frrscript_get_result(fs, f, "j", lua_tostringp));
	CHECK(!frrscript_get_result(fs, f, "none", lua_tointegerp));
}

/* frrlua.c:270, 344: 2^32 became -2147483648, 1.7 became 1. */
static void test_D10_a_number_out_of_range_leaves_the_value(void)
{
	const char *f = load("out_of_range");
	int i = 5, j = 6, k = 7;
	long long l = 8;

	CHECK(frrscript_call(fs, f, ("i", &i), ("j", &j), ("k", &k), ("l", &l)) == 1);
	CHECK(i == 5);
	CHECK(j == 6);
	CHECK(k == 7);
	CHECK(l == 8);
}

/* frrlua.c:344: 2^53 + 1 became 2^53. */
static void test_D10_long_long_is_exact(void)
{
	const char *f = load("give_back");
	long long a = (1LL << 53) + 1, b = INT64_MAX, c = INT64_MIN, *res;

	CHECK(frrscript_call(fs, f, ("a", &a), ("b", &b), ("c", &c)) == 0);
	CHECK(a == (1LL << 53) + 1);
	CHECK(b == INT64_MAX);
	CHECK(c == INT64_MIN);
	res = frrscript_get_result(fs, f, "b", lua_tolonglongp);
	CHECK(res && *res == INT64_MAX);
	XFREE(MTYPE_SCRIPT_RES, res);
}

static void test_prefixes(void)
{
	const char *f = load("prefix");
	struct prefix p, *res;

	CHECK(str2prefix("192.0.2.0/24", &p));
	CHECK(frrscript_call(fs, f, ("p", &p)) == 0);
	CHECK_TEXT(f, "seen", "192.0.2.0/24 24 2");
	CHECK(p.family == AF_INET6);
	CHECK(p.prefixlen == 32);
	res = frrscript_get_result(fs, f, "p", lua_toprefix);
	CHECK(res && prefix_same(res, &p));
	XFREE(MTYPE_SCRIPT_RES, res);
}

/* A prefix whose text nothing parses may come back as it went. */
static void test_an_evpn_prefix_comes_back(void)
{
	const char *f = load("give_back");
	struct prefix p = { .family = AF_EVPN, .prefixlen = 224 };
	struct prefix old;

	p.u.prefix_evpn.route_type = 3;
	SET_IPADDR_V4(&p.u.prefix_evpn.imet_addr.ip);
	old = p;
	CHECK(frrscript_call(fs, f, ("a", &p)) == 0);
	CHECK(memcmp(&p, &old, sizeof(p)) == 0);
}

static void test_interfaces(void)
{
	const char *f = load("interface");
	struct interface ifp = { .name = "eth0", .ifindex = 3, .mtu = 1500, .bandwidth = 10 };
	struct interface *res;

	CHECK(frrscript_call(fs, f, ("i", &ifp)) == 0);
	CHECK(strcmp(ifp.name, "eth9") == 0);
	CHECK(ifp.mtu == 9000);
	CHECK(ifp.ifindex == 3);
	CHECK(ifp.bandwidth == 10);
	res = frrscript_get_result(fs, f, "i", lua_tointerface);
	CHECK(res && res->ifindex == 3 && strcmp(res->name, "eth9") == 0);
	XFREE(MTYPE_SCRIPT_RES, res);
}

/* frrlua.c:107: a table without name was a NULL pointer. */
static void test_an_interface_may_come_back_without_name(void)
{
	const char *f = load("interface_without_name");
	struct interface ifp = { .name = "eth0", .mtu = 1500 };

	CHECK(frrscript_call(fs, f, ("i", &ifp)) == 0);
	CHECK(strcmp(ifp.name, "eth0") == 0);
	CHECK(ifp.mtu == 1400);
}

static void test_an_interface_is_written_as_a_whole_or_not(void)
{
	const char *f = load("interface_wrong");
	struct interface ifp = { .name = "eth0", .mtu = 1500 };

	CHECK(frrscript_call(fs, f, ("i", &ifp)) == 1);
	CHECK(strcmp(ifp.name, "eth0") == 0);
	CHECK(ifp.mtu == 1500);
	f = load("interface_long_name");
	CHECK(frrscript_call(fs, f, ("i", &ifp)) == 1);
	CHECK(strcmp(ifp.name, "eth0") == 0);
}

static void test_addresses(void)
{
	const char *f = load("addresses");
	struct in_addr a4;
	struct in6_addr a6;
	union sockunion su;
	char buf[SU_ADDRSTRLEN];

	inet_pton(AF_INET, "192.0.2.1", &a4);
	inet_pton(AF_INET6, "2001:db8::1", &a6);
	CHECK(str2sockunion("192.0.2.3", &su) == 0);
	CHECK(frrscript_call(fs, f, ("a4", &a4), ("a6", &a6), ("su", &su)) == 0);
	CHECK_TEXT(f, "seen", "192.0.2.1 2001:db8::1 16 192.0.2.3 4");
	CHECK(strcmp(inet_ntop(AF_INET, &a4, buf, sizeof(buf)), "198.51.100.1") == 0);
	CHECK(strcmp(inet_ntop(AF_INET6, &a6, buf, sizeof(buf)), "2001:db8::2") == 0);
	CHECK(strcmp(sockunion2str(&su, buf, sizeof(buf)), "2001:db8::3") == 0);
}

/* frrlua.c:228: a NULL sockunion was a crash (bgpd's peer_self). */
static void test_D1_a_missing_address_is_nil(void)
{
	const char *f = load("is_nil");
	union sockunion unspec = {}, *none = NULL;
	struct in_addr *no_addr = NULL;
	const struct prefix *no_prefix = NULL;
	struct ipaddr ip = { .ipa_type = IPADDR_NONE };
	const struct ipaddr *no_ip = &ip;

	CHECK(frrscript_call(fs, f, ("a", none), ("b", &unspec), ("c", no_addr), ("d", no_prefix),
			     ("e", no_ip)) == 0);
	CHECK_TEXT(f, "seen", "nil nil nil nil nil");
}

/* frrlua.c:221: only the first octet of a MAC address arrived. */
static void test_an_ethernet_address_is_whole(void)
{
	const char *f = load("ethernet");
	struct ethaddr mac = { .octet = { 0x00, 0x00, 0x5e, 0x00, 0x53, 0x01 } };
	const struct ethaddr *cmac = &mac;

	CHECK(frrscript_call(fs, f, ("mac", cmac)) == 0);
	CHECK_TEXT(f, "seen", "00:00:5e:00:53:01 6 0");
}

/* frrlua.c:297: a nexthop with a gate and an interface had no gate. */
static void test_every_nexthop_with_a_gate_has_one(void)
{
	const char *f = load("nexthop");
	struct nexthop nh = { .type = NEXTHOP_TYPE_IPV4_IFINDEX };
	const struct nexthop *cnh = &nh;

	inet_pton(AF_INET, "192.0.2.1", &nh.gate.ipv4);
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "gate", "192.0.2.1");
	nh.type = NEXTHOP_TYPE_IPV4;
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "gate", "192.0.2.1");
	inet_pton(AF_INET6, "2001:db8::1", &nh.gate.ipv6);
	nh.type = NEXTHOP_TYPE_IPV6_IFINDEX;
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "gate", "2001:db8::1");
	nh.type = NEXTHOP_TYPE_IPV6;
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "gate", "2001:db8::1");
	nh.type = NEXTHOP_TYPE_IFINDEX;
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "gate", "none");
}

/* frrlua.c:309: only the first backup of a nexthop arrived. */
static void test_every_backup_of_a_nexthop_arrives(void)
{
	const char *f = load("nexthop");
	struct nexthop nh = { .type = NEXTHOP_TYPE_IFINDEX, .backup_num = 3 };
	const struct nexthop *cnh = &nh;

	nh.backup_idx[0] = 4;
	nh.backup_idx[1] = 5;
	nh.backup_idx[2] = 6;
	CHECK(frrscript_call(fs, f, ("nh", cnh)) == 0);
	CHECK_TEXT(f, "backups", "4 5 6");
}

static void test_nexthop_groups(void)
{
	const char *f = load("group");
	struct nexthop second = { .type = NEXTHOP_TYPE_IFINDEX, .ifindex = 2 };
	struct nexthop first = { .type = NEXTHOP_TYPE_IFINDEX, .ifindex = 1, .next = &second };
	struct nexthop_group group = { .nexthop = &first };
	const struct nexthop_group *ng = &group;

	CHECK(frrscript_call(fs, f, ("ng", ng)) == 0);
	CHECK_TEXT(f, "seen", "1 2");
}

/* frrlua.c:357: a longer text was cut to the length of the old one. */
static void test_a_longer_text_is_refused_not_cut(void)
{
	const char *f = load("text");
	char shorter[32] = "four", longer[32] = "long enough";

	CHECK(frrscript_call(fs, f, ("s", &shorter[0])) == 1);
	CHECK(strcmp(shorter, "four") == 0);
	CHECK(frrscript_call(fs, f, ("s", &longer[0])) == 0);
	CHECK(strcmp(longer, "a text") == 0);
	CHECK_TEXT(f, "s", "a text");
}

static void test_names(void)
{
	struct vty *vty = vty_new();
	char *out;

	/* nothing is flushed: this vty has no socket */
	vty->type = VTY_SHELL_SERV;
	vty->buf_size_intermediate = 4096;
	CHECK(frrscript_names_add_function("hook_one", "first command script") == 0);
	CHECK(frrscript_names_add_function("hook_one", "again") == 1);
	CHECK(frrscript_names_add_function("hook_two", "second command script") == 0);
	CHECK(frrscript_names_add_function_name("hook_three") == 0);
	CHECK(!frrscript_names_get_script_name("hook_one"));
	CHECK(!frrscript_names_get_script_name("no hook"));
	CHECK(frrscript_names_set_script_name("no hook", "edge") == 1);
	CHECK(frrscript_names_set_script_name("hook_one", "../edge") == 1);
	CHECK(frrscript_names_set_script_name("hook_one", "/etc/edge") == 1);
	CHECK(frrscript_names_set_script_name("hook_one", "edge") == 0);
	CHECK(frrscript_names_set_script_name("hook_two", "core") == 0);
	CHECK(frrscript_names_set_script_name("hook_three", "other") == 0);
	CHECK(strcmp(frrscript_names_get_script_name("hook_one"), "edge") == 0);
	/* frrscript.c:30: every hook was written as zebra's command */
	frrscript_names_config_write(vty);
	out = buffer_getstr(vty->obuf);
	CHECK(strcmp(out, "first command script edge\nsecond command script core\n") == 0);
	XFREE(MTYPE_TMP, out);
	CHECK(frrscript_names_set_script_name("hook_one", NULL) == 0);
	CHECK(!frrscript_names_get_script_name("hook_one"));
	frrscript_names_destroy();
	CHECK(!frrscript_names_get_script_name("hook_two"));
	frrscript_names_destroy();
}

static void push_twice(lua_State *L, const void *val)
{
	lua_pushinteger(L, 2 * *(const int *)val);
}

static void test_codecs_by_name(void)
{
	struct frrscript_codec mine[] = { { "twice", push_twice, NULL }, {} };

	frrscript_register_type_codecs(mine);
	CHECK(frrscript_codec_find("twice")->encoder == push_twice);
	CHECK(frrscript_codec_find("prefix")->decoder == lua_toprefix);
	CHECK(!frrscript_codec_find("no type"));
	/* a second one is logged, and no assertion */
	mine[0].encoder = NULL;
	frrscript_register_type_codecs(mine);
	CHECK(frrscript_codec_find("twice")->encoder == push_twice);
}

#define RUN(test)                                                                                  \
	do {                                                                                       \
		test_##test();                                                                     \
		printf("ok %s\n", #test);                                                          \
	} while (0)

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	frrscript_init(argc > 1 ? argv[1] : SCRIPTS);
	fs = frrscript_new("test_frrlua_codecs");
	CHECK(fs);

	RUN(integers);
	RUN(D4_results_without_decoder_are_dropped);
	RUN(D5_a_wrong_type_leaves_the_value);
	RUN(D10_a_number_out_of_range_leaves_the_value);
	RUN(D10_long_long_is_exact);
	RUN(prefixes);
	RUN(an_evpn_prefix_comes_back);
	RUN(interfaces);
	RUN(an_interface_may_come_back_without_name);
	RUN(an_interface_is_written_as_a_whole_or_not);
	RUN(addresses);
	RUN(D1_a_missing_address_is_nil);
	RUN(an_ethernet_address_is_whole);
	RUN(every_nexthop_with_a_gate_has_one);
	RUN(every_backup_of_a_nexthop_arrives);
	RUN(nexthop_groups);
	RUN(a_longer_text_is_refused_not_cut);
	RUN(names);
	RUN(codecs_by_name);

	frrscript_delete(fs);
	frrscript_fini();
	return 0;
}
