/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An event of the daemon that the cases play, `changed`: its record holds a
 * reference, as a route's does.
 */
#ifndef EVENT_H
#define EVENT_H

#include "route.h"

struct change {
	const struct route_prefix *prefix; /* NULL: nil */
	const struct peer *peer;
	const char *text;
	uint32_t len;
	uint64_t number;
	struct address address;
};

extern const struct frrscript_hook hook_changed;

/* References that records hold, and whether FRR's hook would be registered. */
extern int event_held;
extern bool event_listened;

/* Starts an empty host that has the event, and counts turns. */
void event_start(void);

/* Tells the event, with 192.0.2.0/24, peer r2 and "ipv4". */
void event_tell(uint64_t number);
void event_tell_of(const struct change *change);

#endif
