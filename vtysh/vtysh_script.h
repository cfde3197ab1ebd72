/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In vtysh: commands of scripts go to each daemon that takes them.
 */

#ifndef _FRR_VTYSH_SCRIPT_H
#define _FRR_VTYSH_SCRIPT_H

/*
 * Gives a command of script_vty.c to every connected daemon that takes scripts,
 * and prints what each of them says. Unlike vtysh's own way it does not stop at
 * the first that refuses: each daemon has its own copy of a script, and not all
 * of them know the same scripts.
 *
 * With "json" the answers are members of one object, by daemon. vtysh -d prints
 * the answer of its daemon as it is.
 *
 * Returns as vtysh's commands do: the first failure, or success.
 */
extern int vtysh_script_ask(const char *line);

#endif /* _FRR_VTYSH_SCRIPT_H */
