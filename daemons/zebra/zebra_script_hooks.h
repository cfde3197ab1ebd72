/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in zebra: what zebra's own files call.
 */

#ifndef _FRR_ZEBRA_SCRIPT_HOOKS_H
#define _FRR_ZEBRA_SCRIPT_HOOKS_H

/* zebra_script.c:zebra_script_init(): registers zebra's types, hook points and
 * the "script ..." commands.
 */
extern void zebra_script_hooks_init(void);

/* zebra_routemap.c:zebra_route_map_init(): installs "match script" and "set
 * script".
 */
extern void zebra_script_route_map_init(void);

#endif /* _FRR_ZEBRA_SCRIPT_HOOKS_H */
