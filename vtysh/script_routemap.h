/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "match script" and "set script" of a route-map: what lib/routemap_cli.c and
 * lib/routemap_northbound.c call.
 */

#ifndef _FRR_SCRIPT_ROUTEMAP_CLI_H
#define _FRR_SCRIPT_ROUTEMAP_CLI_H

struct lyd_node;
struct nb_cb_destroy_args;
struct nb_cb_modify_args;
struct vty;

/* script_routemap_cli.c, only with scripting. RMAP_NODE exists. */
extern void script_routemap_cli_init(void);

/* script_routemap_nb.c, always: the leaves are there in every build. */
extern int script_routemap_match_modify(struct nb_cb_modify_args *args);
extern int script_routemap_match_destroy(struct nb_cb_destroy_args *args);
extern int script_routemap_set_modify(struct nb_cb_modify_args *args);
extern int script_routemap_set_destroy(struct nb_cb_destroy_args *args);
extern int script_routemap_function_destroy(struct nb_cb_destroy_args *args);
extern void script_routemap_match_show(struct vty *vty, const struct lyd_node *dnode);
extern void script_routemap_set_show(struct vty *vty, const struct lyd_node *dnode);

#endif /* _FRR_SCRIPT_ROUTEMAP_CLI_H */
