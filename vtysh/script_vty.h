/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of scripts in general, for every daemon that has hook points.
 */

#ifndef _FRR_SCRIPT_VTY_H
#define _FRR_SCRIPT_VTY_H

#include "lib/hook.h"

struct vty;

/* What a command returns for a script that this daemon does not know: nothing
 * that lib/vty.c would print a text of its own for.
 */
#define SCRIPT_UNKNOWN CMD_ERR_NOTHING_TODO

/* A script was reloaded by command: a daemon that re-evaluates in the
 * background says to `vty` what is going on. `name` NULL = all scripts.
 */
DECLARE_HOOK(script_reloaded, (struct vty * vty, const char *name), (vty, name));

/* After cmd_init(), that is any time after frr_init(). */
extern void script_vty_init(void);

#endif /* _FRR_SCRIPT_VTY_H */
