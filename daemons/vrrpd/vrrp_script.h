/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in vrrpd: what vrrpd's own files call.
 *
 * What the vrrp_script_*.c files share is in vrrp_script_types.h.
 */

#ifndef _FRR_VRRP_SCRIPT_H
#define _FRR_VRRP_SCRIPT_H

#ifdef HAVE_SCRIPTING

struct json_object;
struct ttable;
struct vrrp_router;
struct vrrp_vrouter;

/* vrrp_main.c, before vrrp_init(): registers vrrpd's types, hook points and
 * the "script ..." commands.
 */
extern void vrrp_script_init(void);

/* vrrp_northbound.c: which script decides on the effective priority of both
 * routers of a VRID. In service at once.
 */
extern void vrrp_script_set(struct vrrp_vrouter *vr, const char *script, const char *function);
extern void vrrp_script_unset(struct vrrp_vrouter *vr);

/* vrrp_vty.c: where the effective priority comes from. */
extern void vrrp_script_show(struct vrrp_vrouter *vr, struct ttable *tt);
extern void vrrp_script_json(struct vrrp_router *r, struct json_object *json);

#endif /* HAVE_SCRIPTING */

#endif /* _FRR_VRRP_SCRIPT_H */
