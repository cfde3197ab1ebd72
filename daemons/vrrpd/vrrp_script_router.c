// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in vrrpd: type `router`, all of it read-only, and the list of them.
 *
 * A script reads a copy: an event that waits in a queue may outlive its router,
 * and a list must not change under the script that goes over it.
 */

#include <zebra.h>

#include "lib/command.h"
#include "lib/hash.h"
#include "lib/linklist.h"
#include "lib/memory.h"

#include "vrrpd/vrrp.h"

#include "frrscript/daemons/vrrpd/vrrp_script_types.h"

DEFINE_MTYPE_STATIC(VRRPD, VRRP_SCRIPT, "VRRP script");

struct vrrp_script_router *vrrp_script_router_get(struct vrrp_router *r)
{
	if (!r->script) {
		r->script = XCALLOC(MTYPE_VRRP_SCRIPT, sizeof(*r->script));
		r->script->r = r;
	}
	return r->script;
}

static void free_unused(struct vrrp_script_router *s)
{
	if (!s->r && !s->refs)
		XFREE(MTYPE_VRRP_SCRIPT, s);
}

void vrrp_script_router_hold(struct vrrp_script_router *s)
{
	s->refs++;
}

void vrrp_script_router_release(struct vrrp_script_router *s)
{
	s->refs--;
	free_unused(s);
}

static int router_deleted(struct vrrp_router *r)
{
	struct vrrp_script_router *s = r->script;

	if (!s)
		return 0;
	vrrp_script_drop(s);
	vrrp_script_router_read(s);
	r->script = NULL;
	s->r = NULL;
	free_unused(s);
	return 0;
}

/* The source address of advertisements, which vrrpd looks up when it sends
 * (vrrp.c:vrrp_bind_to_primary_connected) and forgets as Backup.
 */
static struct ipaddr primary_address(const struct vrrp_router *r)
{
	struct interface *ifp = r->family == AF_INET ? r->vr->ifp : r->mvl_ifp;
	struct ipaddr address = r->src;
	struct connected *c;

	if (!IS_IPADDR_NONE(&address) || !ifp)
		return address;
	frr_each (if_connected, ifp->connected, c) {
		if (c->address->family != r->family)
			continue;
		if (r->family == AF_INET) {
			SET_IPADDR_V4(&address);
			address.ipaddr_v4 = c->address->u.prefix4;
			break;
		}
		if (IN6_IS_ADDR_LINKLOCAL(&c->address->u.prefix6)) {
			SET_IPADDR_V6(&address);
			address.ipaddr_v6 = c->address->u.prefix6;
			break;
		}
	}
	return address;
}

void vrrp_script_router_read(struct vrrp_script_router *s)
{
	const struct vrrp_router *r = s->r;
	const struct vrrp_vrouter *vr;

	if (!r)
		return;
	vr = r->vr;
	strlcpy(s->view.interface, vr->ifp->name, sizeof(s->view.interface));
	strlcpy(s->view.vrrp_interface, r->mvl_ifp ? r->mvl_ifp->name : "",
		sizeof(s->view.vrrp_interface));
	strlcpy(s->view.vrf, vr->ifp->vrf ? vr->ifp->vrf->name : VRF_DEFAULT_NAME,
		sizeof(s->view.vrf));
	s->view.family = r->family == AF_INET ? "ipv4" : "ipv6";
	s->view.state = vrrp_state_names[r->fsm.state];
	s->view.origin = vrrp_script_origin_word(r);
	s->view.primary = primary_address(r);
	memset(&s->view.virtual, 0, sizeof(s->view.virtual));
	if (listhead(r->addrs))
		s->view.virtual = *(struct ipaddr *)listgetdata(listhead(r->addrs));
	s->view.vrid = vr->vrid;
	s->view.version = vr->version;
	s->view.configured_priority = vr->priority;
	s->view.priority = r->priority;
	s->view.is_owner = r->is_owner || vr->priority == VRRP_PRIO_MASTER;
	s->view.preempt = vr->preempt_mode;
	s->view.accept = vr->accept_mode;
	s->view.address_count = listcount(r->addrs);
	s->view.advertisement_interval = vr->advertisement_interval * CS2MS;
	s->view.master_advertisement_interval = r->master_adver_interval * CS2MS;
	s->view.skew_time = r->skew_time * CS2MS;
	s->view.master_down_interval = r->master_down_interval * CS2MS;
	s->view.transitions = r->stats.trans_cnt;
	s->view.advertisements_sent = r->stats.adver_tx_cnt;
	s->view.advertisements_received = r->stats.adver_rx_cnt;
	s->view.gratuitous_arps_sent = r->stats.garp_tx_cnt;
	s->view.neighbor_advertisements_sent = r->stats.una_tx_cnt;
}

static bool put_text(struct frrscript_value *out, const char *text)
{
	if (!text || !*text)
		return false;
	out->u.ptr = text;
	out->len = strlen(text);
	return true;
}

static bool put_address(struct frrscript_value *out, const struct ipaddr *address)
{
	if (IS_IPADDR_NONE(address))
		return false;
	out->family = IS_IPADDR_V4(address) ? AF_INET : AF_INET6;
	memcpy(out->u.addr, &address->ip.addr, IPADDRSZ(address));
	return true;
}

#define TEXT(member_)                                                                             \
	static bool get_##member_(const void *obj, struct frrscript_value *out)                   \
	{                                                                                         \
		const struct vrrp_script_router *s = obj;                                         \
												  \
		return put_text(out, s->view.member_);                                            \
	}
TEXT(interface)
TEXT(vrrp_interface)
TEXT(vrf)
TEXT(family)
TEXT(state)
TEXT(origin)

static bool get_primary(const void *obj, struct frrscript_value *out)
{
	const struct vrrp_script_router *s = obj;

	return put_address(out, &s->view.primary);
}

static bool get_virtual(const void *obj, struct frrscript_value *out)
{
	const struct vrrp_script_router *s = obj;

	return put_address(out, &s->view.virtual);
}

#define PLAIN(kind_, member_, doc_)                                                               \
	{                                                                                         \
		.name = #member_, .doc = doc_, .kind = kind_,                                     \
		.width = sizeof(((struct vrrp_script_router *)NULL)->view.member_),               \
		.offset = offsetof(struct vrrp_script_router, view.member_),                      \
	}
#define NUM(member_, doc_)  PLAIN(FRRSCRIPT_UINT, member_, doc_)
#define FLAG(member_, doc_) PLAIN(FRRSCRIPT_BOOL, member_, doc_)

static const struct frrscript_field router_fields[] = {
	NUM(vrid, "virtual router identifier, 1-255 (RFC 5798 section 5.2.3)"),
	NUM(version, "VRRP version, 2 or 3 (RFC 5798 section 5.2.1)"),
	{ .name = "interface", .doc = "interface on which the VRID is configured",
	  .kind = FRRSCRIPT_STRING, .get = get_interface },
	{ .name = "vrf", .doc = "VRF of the interface", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{ .name = "vrrp_interface",
	  .doc = "macvlan device with the virtual MAC address (RFC 5798 section 7.3); nil without one",
	  .kind = FRRSCRIPT_STRING, .get = get_vrrp_interface },
	{ .name = "family",
	  .doc = "\"ipv4\" or \"ipv6\": both run apart under one VRID (RFC 5798 section 1)",
	  .kind = FRRSCRIPT_STRING, .get = get_family },
	{ .name = "state", .doc = "\"Initialize\", \"Backup\" or \"Master\" (RFC 5798 section 6.4)",
	  .kind = FRRSCRIPT_STRING, .get = get_state },
	NUM(configured_priority, "priority of the configuration, 1-255 (RFC 5798 section 6.1)"),
	NUM(priority, "priority in use and in advertisements, 1-255 (RFC 5798 section 5.2.4)"),
	{ .name = "origin",
	  .doc = "what decided on `priority`: \"configured\", \"script\", \"held\" or \"owner\"",
	  .kind = FRRSCRIPT_STRING, .get = get_origin },
	FLAG(is_owner, "the address owner, priority 255 (RFC 5798 section 5.2.4); never asked about"),
	FLAG(preempt, "takes over from a Master of lower priority (Preempt_Mode, RFC 5798 section 6.1)"),
	FLAG(accept, "as Master accepts packets to the virtual addresses (Accept_Mode, RFC 5798 section 6.1)"),
	NUM(advertisement_interval,
	    "own interval, ms (Advertisement_Interval, RFC 5798 section 6.1)"),
	NUM(master_advertisement_interval,
	    "the Master's interval as received, ms (Master_Adver_Interval, RFC 5798 section 6.1)"),
	NUM(skew_time, "ms, shorter with a higher priority (Skew_Time, RFC 5798 section 6.1)"),
	NUM(master_down_interval,
	    "silence after which the Master counts as down, ms (Master_Down_Interval, RFC 5798 section 6.1)"),
	{ .name = "primary_address",
	  .doc = "source of advertisements; nil without one (RFC 5798 section 1.6)",
	  .kind = FRRSCRIPT_ADDRESS, .get = get_primary },
	{ .name = "virtual_address", .doc = "first virtual address; nil without one (RFC 5798 section 5.2.9)",
	  .kind = FRRSCRIPT_ADDRESS, .get = get_virtual },
	NUM(address_count, "virtual addresses (Count IPvX Addr, RFC 5798 section 5.2.5)"),
	NUM(transitions, "changes of the state since the router was configured"),
	NUM(advertisements_sent, "advertisements sent (RFC 5798 section 7.2)"),
	NUM(advertisements_received, "advertisements received and valid (RFC 5798 section 7.1)"),
	NUM(gratuitous_arps_sent, "gratuitous ARP requests sent, IPv4 (RFC 5798 section 6.4.2)"),
	NUM(neighbor_advertisements_sent,
	    "unsolicited neighbor advertisements sent, IPv6 (RFC 5798 section 6.4.2)"),
	{}
};

static void call_recompute(const void *obj)
{
	const struct vrrp_script_router *s = obj;

	if (s->r)
		vrrp_script_recompute(s->r->script);
}

static const struct frrscript_method router_methods[] = {
	{ .name = "recompute",
	  .doc = "asks the router's script for its priority again, as soon as the caller is done; nothing without one",
	  .call = call_recompute },
	{}
};

const struct frrscript_type vrrp_script_router_type = {
	.name = "router",
	.doc = "VRRP router: one address family of a VRID on an interface",
	.fields = router_fields,
	.methods = router_methods,
};

static int compare(const void **a, const void **b)
{
	const struct vrrp_vrouter *vr1 = *a;
	const struct vrrp_vrouter *vr2 = *b;
	int result = strcmp(vr1->ifp->name, vr2->ifp->name);

	return result ? result : (int)vr1->vrid - (int)vr2->vrid;
}

/* Of a VRID without addresses of a family there is no router in that family. */
static bool add_router(struct vrrp_router *r, bool (*add)(void *ctx, const void *obj), void *ctx)
{
	struct vrrp_script_router *s;

	if (listcount(r->addrs) == 0)
		return true;
	s = vrrp_script_router_get(r);
	vrrp_script_router_read(s);
	return add(ctx, s);
}

static void each_router(bool (*add)(void *ctx, const void *obj), void *ctx)
{
	struct vrrp_vrouter *vr;
	struct listnode *node;
	struct list *vrs;

	/* vrrp_fini() is before the library's end. */
	if (!vrrp_vrouters_hash)
		return;
	vrs = hash_to_list(vrrp_vrouters_hash);
	list_sort(vrs, compare);
	for (ALL_LIST_ELEMENTS_RO(vrs, node, vr))
		if (!add_router(vr->v4, add, ctx) || !add_router(vr->v6, add, ctx))
			break;
	list_delete(&vrs);
}

const struct frrscript_list vrrp_script_routers_list = {
	.name = "vrrp_routers",
	.doc = "VRRP routers with virtual addresses, by interface, VRID and family",
	.type = &vrrp_script_router_type,
	.each = each_router,
};

void vrrp_script_router_init(void)
{
	hook_register(vrrp_router_delete_hook, router_deleted);
}
