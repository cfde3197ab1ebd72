// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripts in zebra: event `interface_changed`, and the list of interfaces.
 *
 * An interface may be gone, or another one may have its index, when a script
 * hears of it. So scripts see copies: of the moment of the event, or of the
 * moment when the list was made.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/hook.h"
#include "lib/if.h"
#include "lib/memory.h"
#include "lib/vrf.h"

#include "zebra/interface.h"
#include "zebra/redistribute.h"

#include "frrscript/daemons/lib/script_value.h"
#include "frrscript/daemons/zebra/zebra_script_types.h"

DEFINE_MTYPE_STATIC(ZEBRA, SCRIPT_INTERFACES, "Script interfaces");

struct zebra_script_interface {
	char name[IFNAMSIZ];
	vrf_id_t vrf_id;
	ifindex_t ifindex;
	ifindex_t master;
	uint32_t mtu;
	uint32_t speed;
	uint8_t hw_addr[ETH_ALEN];
	bool has_hw_addr;
	bool admin_up;
	bool up;
	bool loopback;
	enum zebra_iftype type;
};

static void copy(struct zebra_script_interface *to, const struct interface *ifp)
{
	const struct zebra_if *zif = ifp->info;

	memset(to, 0, sizeof(*to));
	strlcpy(to->name, ifp->name, sizeof(to->name));
	to->vrf_id = ifp->vrf->vrf_id;
	to->ifindex = ifp->ifindex;
	to->mtu = ifp->mtu;
	to->speed = ifp->speed == UINT32_MAX ? 0 : ifp->speed;
	to->has_hw_addr = ifp->hw_addr_len == ETH_ALEN;
	if (to->has_hw_addr)
		memcpy(to->hw_addr, ifp->hw_addr, ETH_ALEN);
	to->admin_up = if_is_up(ifp);
	to->up = if_is_operative(ifp);
	to->loopback = if_is_loopback_exact(ifp);
	if (zif) {
		to->type = zif->zif_type;
		to->master = zif->zif_slave_type == ZEBRA_IF_SLAVE_BRIDGE ? zif->brslave_info.bridge_ifindex
			     : zif->zif_slave_type == ZEBRA_IF_SLAVE_BOND ? zif->bondslave_info.bond_ifindex
									  : IFINDEX_INTERNAL;
	}
}

static bool get_name(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_text(out, iface->name);
}

static bool get_ifindex(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return iface->ifindex != IFINDEX_INTERNAL && script_uint(out, iface->ifindex);
}

static bool get_vrf(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_text(out, vrf_id_to_name(iface->vrf_id));
}

static bool get_admin_up(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_bool(out, iface->admin_up);
}

static bool get_up(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_bool(out, iface->up);
}

static bool get_loopback(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_bool(out, iface->loopback);
}

static bool get_mtu(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return script_uint(out, iface->mtu);
}

static bool get_speed(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	return iface->speed && script_uint(out, iface->speed);
}

static bool get_mac(const void *obj, struct frrscript_value *out)
{
	static char buf[ETHER_ADDR_STRLEN];
	const struct zebra_script_interface *iface = obj;

	if (!iface->has_hw_addr)
		return false;
	return script_text(out, prefix_mac2str((const struct ethaddr *)iface->hw_addr, buf,
					       sizeof(buf)));
}

static bool get_type(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;

	switch (iface->type) {
	case ZEBRA_IF_VXLAN:
		return script_text(out, "vxlan");
	case ZEBRA_IF_VRF:
		return script_text(out, "vrf");
	case ZEBRA_IF_BRIDGE:
		return script_text(out, "bridge");
	case ZEBRA_IF_VLAN:
		return script_text(out, "vlan");
	case ZEBRA_IF_MACVLAN:
		return script_text(out, "macvlan");
	case ZEBRA_IF_VETH:
		return script_text(out, "veth");
	case ZEBRA_IF_BOND:
		return script_text(out, "bond");
	case ZEBRA_IF_GRE:
		return script_text(out, "gre");
	case ZEBRA_IF_OTHER:
		break;
	}
	return false;
}

static bool get_master(const void *obj, struct frrscript_value *out)
{
	const struct zebra_script_interface *iface = obj;
	const struct interface *master = NULL;

	if (iface->master != IFINDEX_INTERNAL)
		master = if_lookup_by_index(iface->master, iface->vrf_id);
	return script_text(out, master ? master->name : NULL);
}

static const struct frrscript_field interface_fields[] = {
	{ .name = "name", .doc = "name", .kind = FRRSCRIPT_STRING, .get = get_name },
	{ .name = "ifindex", .doc = "index; nil while the kernel does not have it",
	  .kind = FRRSCRIPT_UINT, .get = get_ifindex },
	{ .name = "vrf", .doc = "VRF", .kind = FRRSCRIPT_STRING, .get = get_vrf },
	{ .name = "admin_up", .doc = "switched on", .kind = FRRSCRIPT_BOOL, .get = get_admin_up },
	{ .name = "up", .doc = "switched on, and with a link", .kind = FRRSCRIPT_BOOL,
	  .get = get_up },
	{ .name = "loopback", .doc = "the loopback interface", .kind = FRRSCRIPT_BOOL,
	  .get = get_loopback },
	{ .name = "mtu", .doc = "MTU in octets", .kind = FRRSCRIPT_UINT, .get = get_mtu },
	{ .name = "speed", .doc = "Mbit/s; nil when it is not known", .kind = FRRSCRIPT_UINT,
	  .get = get_speed },
	{ .name = "mac", .doc = "MAC address (text)", .kind = FRRSCRIPT_STRING, .get = get_mac },
	{ .name = "type", .doc = "\"bridge\", \"vxlan\", \"vlan\", \"macvlan\", \"veth\", \"bond\", \"gre\" or \"vrf\"; nil for others",
	  .kind = FRRSCRIPT_STRING, .get = get_type },
	{ .name = "master", .doc = "name of the bridge or bond that it is a member of",
	  .kind = FRRSCRIPT_STRING, .get = get_master },
	{}
};

const struct frrscript_type zebra_script_interface_type = {
	.name = "interface",
	.doc = "an interface of the router, as it was",
	.fields = interface_fields,
};

/* ---- interface_changed ---- */

struct changed {
	struct zebra_script_interface iface;
	/* of the event of an address */
	struct prefix address;
	const char *what;
};

static bool get_interface(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	return script_object(out, &changed->iface);
}

static bool get_what(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	return script_text(out, changed->what);
}

static bool get_address(const void *record, struct frrscript_value *out)
{
	const struct changed *changed = record;

	return script_prefix_value(&changed->address, out);
}

static int tell(struct interface *ifp, const struct connected *ifc, const char *what)
{
	struct changed changed = { .what = what };

	copy(&changed.iface, ifp);
	if (ifc)
		prefix_copy(&changed.address, ifc->address);
	frrscript_event(&zebra_script_hook_interface_changed, &changed);
	return 0;
}

static void listen_changed(bool on)
{
	if (on)
		hook_register(zebra_interface_changed, tell);
	else
		hook_unregister(zebra_interface_changed, tell);
}

static const struct frrscript_arg changed_args[] = {
	{ .name = "interface", .doc = "as it was when it changed",
	  .type = &zebra_script_interface_type, .get = get_interface },
	{ .name = "what", .doc = "\"add\", \"delete\", \"up\", \"down\", \"address-add\" or \"address-delete\"",
	  .kind = FRRSCRIPT_STRING, .get = get_what },
	{ .name = "address", .doc = "of the last two: the address, with its prefix length",
	  .kind = FRRSCRIPT_PREFIX, .get = get_address },
	{}
};

const struct frrscript_hook zebra_script_hook_interface_changed = {
	.name = "interface_changed",
	.doc = "an interface came or went, or its state or an address did",
	.args = changed_args,
	.flags = FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct changed),
	.listen = listen_changed,
};

/* ---- frr.interfaces() ---- */

/* The copies that scripts got last. A turn that asks twice gets the same. */
static struct zebra_script_interface *copies;

static void each_interface(bool (*add)(void *ctx, const void *obj), void *ctx)
{
	struct interface *ifp;
	struct vrf *vrf;
	size_t count = 0, at = 0;

	RB_FOREACH (vrf, vrf_name_head, &vrfs_by_name)
		FOR_ALL_INTERFACES (vrf, ifp)
			count++;
	if (!count)
		return;
	copies = XREALLOC(MTYPE_SCRIPT_INTERFACES, copies, count * sizeof(*copies));
	RB_FOREACH (vrf, vrf_name_head, &vrfs_by_name) {
		FOR_ALL_INTERFACES (vrf, ifp) {
			copy(&copies[at], ifp);
			if (!add(ctx, &copies[at++]))
				return;
		}
	}
}

void zebra_script_interface_fini(void)
{
	XFREE(MTYPE_SCRIPT_INTERFACES, copies);
}

const struct frrscript_list zebra_script_list_interfaces = {
	.name = "interfaces",
	.doc = "all interfaces of all VRFs",
	.type = &zebra_script_interface_type,
	.each = each_interface,
};

#endif /* HAVE_SCRIPTING */
