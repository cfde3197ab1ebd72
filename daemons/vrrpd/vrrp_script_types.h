/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in vrrpd: the object that a script sees.
 */

#ifndef _FRR_VRRP_SCRIPT_TYPES_H
#define _FRR_VRRP_SCRIPT_TYPES_H

#include "lib/frrscript.h"
#include "lib/if.h"
#include "lib/ipaddr.h"
#include "lib/vrf.h"

struct vrrp_router;

/* Where the effective priority comes from. The address owner is no origin of
 * its own: it is never asked about.
 */
enum vrrp_script_origin {
	VRRP_SCRIPT_CONFIGURED = 0,
	VRRP_SCRIPT_SCRIPT,
	/* The script fails; its last good answer holds. */
	VRRP_SCRIPT_HELD,
};

/*
 * What scripts have to do with one router (IPv4 or IPv6) of a VRID: what they
 * see of it, and the script that decides on its priority.
 *
 * Made when it is needed first, so a vrrpd without scripts has none. Events
 * refer to it from their queues: it lives on without the router until the last
 * of them is done.
 */
struct vrrp_script_router {
	/* NULL: the router was deleted; `view` is how it ended. */
	struct vrrp_router *r;
	/* Queued events. */
	unsigned int refs;

	/* The fields of type `router`; see vrrp_script_router_read(). */
	struct {
		char interface[IFNAMSIZ];
		char vrrp_interface[IFNAMSIZ];
		char vrf[VRF_NAMSIZ];
		const char *family;
		const char *state;
		const char *origin;
		struct ipaddr primary;
		struct ipaddr virtual;
		uint8_t vrid;
		uint8_t version;
		uint8_t configured_priority;
		uint8_t priority;
		bool is_owner;
		bool preempt;
		bool accept;
		uint32_t address_count;
		/* ms */
		uint32_t advertisement_interval;
		uint32_t master_advertisement_interval;
		uint32_t skew_time;
		uint32_t master_down_interval;
		uint32_t transitions;
		uint32_t advertisements_sent;
		uint32_t advertisements_received;
		uint32_t gratuitous_arps_sent;
		uint32_t neighbor_advertisements_sent;
	} view;

	/* vrrp_script_priority.c; NULL: no script decides. Owned. */
	struct frrscript_rule *rule;
	enum vrrp_script_origin origin;
	/* The last good answer, 0 if there is none or it was nil. */
	uint8_t good;
	/* Calls fail, since that time of the monotonic clock. */
	bool failing;
	struct timeval since;
	/* The next question: of the advertisement interval, or at once. */
	struct event *t_interval;
	struct event *t_recompute;
};

/* vrrp_script_router.c */
extern const struct frrscript_type vrrp_script_router_type;
extern const struct frrscript_list vrrp_script_routers_list;
extern struct vrrp_script_router *vrrp_script_router_get(struct vrrp_router *r);
/* Brings the view up to date, if the router is there. */
extern void vrrp_script_router_read(struct vrrp_script_router *s);
extern void vrrp_script_router_hold(struct vrrp_script_router *s);
extern void vrrp_script_router_release(struct vrrp_script_router *s);
extern void vrrp_script_router_init(void);

/* vrrp_script_priority.c */
extern const struct frrscript_hook vrrp_script_hook_priority;
extern void vrrp_script_priority_init(void);
extern void vrrp_script_changed(const char *script);
/* Asks the script from the event loop, soon. */
extern void vrrp_script_recompute(struct vrrp_script_router *s);
/* Takes the script away; the caller brings the priority up to date. */
extern void vrrp_script_drop(struct vrrp_script_router *s);
/* "configured", "script", "held" or "owner". */
extern const char *vrrp_script_origin_word(const struct vrrp_router *r);
/* For how many ms more the last good answer would be held. */
extern uint32_t vrrp_script_held(const struct vrrp_script_router *s);

/* vrrp_script_event.c */
extern const struct frrscript_hook vrrp_script_hook_changed;

/* vrrp_script_vty.c */
extern void vrrp_script_vty_init(void);

#endif /* _FRR_VRRP_SCRIPT_TYPES_H */
