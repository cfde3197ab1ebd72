/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in vrrpd: what vrrpd's own files call.
 */

#ifndef _FRR_VRRP_SCRIPT_H
#define _FRR_VRRP_SCRIPT_H

#ifdef HAVE_SCRIPTING

/* vrrp_main.c, before vrrp_init(): registers vrrpd's types, hook points and
 * the "script ..." commands.
 */
extern void vrrp_script_init(void);

#endif /* HAVE_SCRIPTING */

#endif /* _FRR_VRRP_SCRIPT_H */
