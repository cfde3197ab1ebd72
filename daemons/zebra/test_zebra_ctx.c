// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zebra's encoder of the argument of on_rib_process_dplane_results
 * (zebra/zebra_script.c: lua_pushzebra_dplane_ctx) on a real script
 * (test_zebra_ctx.lua), for operations that a topotest has no daemon for.
 *
 * The encoder asks a context through functions; those that it needs for these
 * operations are here, on a context of our own. The linker leaves the others
 * open (Makefile.am): none of them is called.
 *
 * Prints "ok NAME" for each case and stops at the first that fails. Cases are
 * named after defects of FRR 10.3's encoder.
 */

#include <zebra.h>

#include "lib/ipaddr.h"
#include "lib/memory.h"
#include "lib/prefix.h"
#include "lib/zclient.h"

#include "zebra/zebra_dplane.h"
#include "zebra/zebra_script.h"

#include "frrscript.h"

/* Makefile.am says where the script lies. */
#ifndef SCRIPTS
#define SCRIPTS "."
#endif

/* A failed check names its line and ends the program. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("not ok %s:%d: %s\n", __func__, __LINE__, #condition);              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

struct zebra_dplane_ctx {
	enum dplane_op_e op;
	struct ethaddr mac;
	struct ipaddr ip;
	struct ipaddr link_ip;
	struct in_addr vtep;
};

#define GETTER(type, name, value)                                                                  \
	type name(const struct zebra_dplane_ctx *ctx)                                              \
	{                                                                                          \
		return value;                                                                      \
	}

GETTER(enum dplane_op_e, dplane_ctx_get_op, ctx->op)
GETTER(enum zebra_dplane_result, dplane_ctx_get_status, ZEBRA_DPLANE_REQUEST_SUCCESS)
GETTER(uint32_t, dplane_ctx_get_provider, 1)
GETTER(vrf_id_t, dplane_ctx_get_vrf, 0)
GETTER(uint32_t, dplane_ctx_get_table, 254)
GETTER(const char *, dplane_ctx_get_ifname, "eth0")
GETTER(ifindex_t, dplane_ctx_get_ifindex, 3)

GETTER(uint8_t, dplane_ctx_neightable_get_family, AF_INET)
GETTER(uint32_t, dplane_ctx_neightable_get_app_probes, 1)
GETTER(uint32_t, dplane_ctx_neightable_get_ucast_probes, 2)
GETTER(uint32_t, dplane_ctx_neightable_get_mcast_probes, 3)

GETTER(vlanid_t, dplane_ctx_mac_get_vlan, 10)
GETTER(ifindex_t, dplane_ctx_mac_get_br_ifindex, 4)
GETTER(const struct ethaddr *, dplane_ctx_mac_get_addr, &ctx->mac)
GETTER(const struct in_addr *, dplane_ctx_mac_get_vtep_ip, &ctx->vtep)
GETTER(bool, dplane_ctx_mac_is_sticky, true)
GETTER(uint32_t, dplane_ctx_mac_get_nhg_id, 5)
GETTER(uint32_t, dplane_ctx_mac_get_update_flags, 6)

GETTER(const struct ipaddr *, dplane_ctx_neigh_get_ipaddr, &ctx->ip)
GETTER(const struct ethaddr *, dplane_ctx_neigh_get_mac, &ctx->mac)
GETTER(const struct ipaddr *, dplane_ctx_neigh_get_link_ip, &ctx->link_ip)
GETTER(uint32_t, dplane_ctx_neigh_get_flags, 7)
GETTER(uint16_t, dplane_ctx_neigh_get_state, 8)
GETTER(uint32_t, dplane_ctx_neigh_get_update_flags, 9)

static struct frrscript *fs;

/* What the script says of the context; it is the only result. */
static void check(struct zebra_dplane_ctx *ctx, const char *expected)
{
	static const char function[] = "on_rib_process_dplane_results";
	char *text;

	CHECK(frrscript_call(fs, function, ("ctx", ctx)) == 0);
	text = frrscript_get_result(fs, function, "seen", lua_tostringp);
	if (!text || strcmp(text, expected) != 0) {
		printf("not ok: %s, wanted %s\n", text ? text : "nil", expected);
		exit(1);
	}
	XFREE(MTYPE_SCRIPT_RES, text);
}

static struct zebra_dplane_ctx context(enum dplane_op_e op)
{
	struct zebra_dplane_ctx ctx = {
		.op = op,
		.mac = { .octet = { 0x00, 0x00, 0x5e, 0x00, 0x53, 0x01 } },
		.ip = { .ipa_type = IPADDR_V4 },
		.link_ip = { .ipa_type = IPADDR_V4 },
	};

	inet_pton(AF_INET, "192.0.2.1", &ctx.ip.ipaddr_v4);
	inet_pton(AF_INET, "198.51.100.1", &ctx.link_ip.ipaddr_v4);
	inet_pton(AF_INET, "203.0.113.1", &ctx.vtep);
	return ctx;
}

/* zebra_script.c:379: each was the other's number. */
static void test_probes_of_a_neighbor_table_are_not_swapped(void)
{
	struct zebra_dplane_ctx ctx = context(DPLANE_OP_NEIGH_TABLE_UPDATE);

	check(&ctx, "app 1 ucast 2 mcast 3 family 2");
}

/* frrlua.c:221: only its first octet arrived. */
static void test_a_mac_address_has_all_octets(void)
{
	struct zebra_dplane_ctx ctx = context(DPLANE_OP_MAC_INSTALL);

	check(&ctx, "mac 00:00:5e:00:53:01 vid 10 vtep 203.0.113.1 sticky 1 nhg 5");
}

/* zebra_script.c:331: the union was read as both, so one of them was garbage. */
static void test_the_link_of_a_neighbor_is_what_the_operation_says(void)
{
	struct zebra_dplane_ctx ctx = context(DPLANE_OP_NEIGH_INSTALL);

	check(&ctx, "neigh 192.0.2.1 mac 00:00:5e:00:53:01 link none");
	ctx.op = DPLANE_OP_NEIGH_IP_INSTALL;
	check(&ctx, "neigh 192.0.2.1 mac none link 198.51.100.1");
}

/* An operation without fields of its own still says what it is. */
static void test_an_operation_without_fields(void)
{
	struct zebra_dplane_ctx ctx = context(DPLANE_OP_VTEP_ADD);

	check(&ctx, "only eth0 3 254");
}

#define RUN(name)                                                                                  \
	do {                                                                                       \
		test_##name();                                                                     \
		printf("ok %s\n", #name);                                                          \
	} while (0)

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	frrscript_init(argc > 1 ? argv[1] : SCRIPTS);
	fs = frrscript_new("test_zebra_ctx");
	CHECK(fs);
	CHECK(frrscript_load(fs, "on_rib_process_dplane_results", NULL) == 0);

	RUN(probes_of_a_neighbor_table_are_not_swapped);
	RUN(a_mac_address_has_all_octets);
	RUN(the_link_of_a_neighbor_is_what_the_operation_says);
	RUN(an_operation_without_fields);

	frrscript_delete(fs);
	frrscript_fini();
	return 0;
}
