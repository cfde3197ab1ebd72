/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events: their tables, their records, and what handlers find in them.
 */
#include <sys/socket.h>

#include "event.h"

int event_held;
bool event_listened;

static bool get_prefix(const void *record, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = ((const struct change *)record)->prefix;
	return true;
}

static bool get_peer(const void *record, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_OBJECT;
	out->u.ptr = ((const struct change *)record)->peer;
	return out->u.ptr != NULL;
}

static bool get_text(const void *record, struct frrscript_value *out)
{
	const struct change *change = record;

	out->kind = FRRSCRIPT_STRING;
	out->u.ptr = change->text;
	out->len = change->len;
	return true;
}

static bool get_number(const void *record, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_UINT;
	out->u.num = ((const struct change *)record)->number;
	return true;
}

static bool get_address(const void *record, struct frrscript_value *out)
{
	const struct address *a = &((const struct change *)record)->address;

	out->kind = FRRSCRIPT_ADDRESS;
	out->family = a->family;
	memcpy(out->u.addr, a->octets, sizeof(out->u.addr));
	return a->family != 0;
}

static void listen_changed(bool on)
{
	/* each is said once */
	CHECK(on != event_listened);
	event_listened = on;
}

static void hold(void *record)
{
	event_held++;
}

static void release(void *record)
{
	CHECK(event_held > 0);
	event_held--;
}

static const struct frrscript_arg changed_args[] = {
	{ "prefix", "the prefix", &prefix_type, .get = get_prefix },
	{ "peer", "who", &peer_type, .get = get_peer },
	{ "text", "a word", NULL, .kind = FRRSCRIPT_STRING, .get = get_text },
	{ "number", "counts", NULL, .kind = FRRSCRIPT_UINT, .get = get_number },
	{ "address", "from where", NULL, .kind = FRRSCRIPT_ADDRESS, .get = get_address },
	{ "FIVE", "a constant", NULL, 5 },
	{},
};

const struct frrscript_hook hook_changed = {
	"changed", "something changed", changed_args, FRRSCRIPT_HOOK_EVENT,
	.record = sizeof(struct change), .listen = listen_changed, .hold = hold,
	.release = release,
};

void event_start(void)
{
	static const struct frrscript_hook *const hooks[] = { &hook_changed, NULL };

	host_more.wake = host_wake;
	host_start_empty();
	CHECK_OK(frrscript_register_hooks(hooks, &text));
}

void event_tell_of(const struct change *change)
{
	frrscript_event(&hook_changed, change);
}

void event_tell(uint64_t number)
{
	static struct peer peer;
	static struct route_prefix prefix;
	static struct route route;
	struct change change = { .prefix = &prefix, .peer = &peer, .text = "ipv4", .len = 4,
				 .number = number };

	route_fill(&route, &peer, &prefix);
	event_tell_of(&change);
}

/* What a handler of everything says of one change. */
static void said(const struct change *change, const char *text)
{
	host_logged[0] = '\0';
	event_tell_of(change);
	host_turns();
	CHECK_HAS(host_logged, text);
	CHECK_INT(event_held, 0);
}

CASE(an_event_has_its_arguments)
{
	event_start();
	host_load("s", "frr.on('changed', function(prefix, peer, text, number, address, five, none)\n"
		       "  log.info(tostring(prefix), peer and peer.name, text and #text, number,\n"
		       "           tostring(address), five, none)\n"
		       "end)\n");
	event_tell(7);
	CHECK_INT(event_held, 1);
	CHECK(!strstr(host_logged, "192.0.2.0/24"));
	host_turns();
	CHECK_HAS(host_logged, "192.0.2.0/24\tr2\t4\t7\tnil\t5\tnil");
	CHECK_INT(event_held, 0);
	said(&(struct change){ .number = INT64_MAX }, "nil\tnil\t0\t9223372036854775807\tnil\t5");
	said(&(struct change){ .address = { AF_INET, { 192, 0, 2, 1 } } }, "\t192.0.2.1\t5");
	said(&(struct change){ .address = { AF_INET6, { 0x20, 1, 0xd, 0xb8 } } }, "\t2001:db8::\t5");
	/* a family that is none */
	said(&(struct change){ .address = { 77, { 1 } } }, "\tnil\t5");
}

CASE(a_text_of_an_event_needs_no_NUL)
{
	char *text = malloc(3);
	struct change change = { .text = text, .len = 3 };

	event_start();
	host_load("s", "frr.on('changed', function(_, _, text) log.info(#text, string.byte(text, 1, -1)) end)\n"
		       "frr.on('changed', function() log.info('filtered') end, { text = 'ipv4' })\n");
	memcpy(text, "a\0b", 3);
	event_tell_of(&change);
	/* the filter looks at once, the handler later */
	host_turns();
	CHECK_HAS(host_logged, "3\t97\t0\t98");
	CHECK(!strstr(host_logged, "filtered"));
	memcpy(text, "ipv", 3);
	said(&change, "3\t105\t112\t118");
	free(text);
	said(&(struct change){ .text = NULL }, "0");
	CHECK(!strstr(host_logged, "filtered"));
	said(&(struct change){ .text = "ipv4 unicast", .len = 12 }, "filtered");
	said(&(struct change){ .text = "ipv4", .len = 4 }, "filtered");
}

CASE(a_prefix_filter_takes_an_event_without_a_prefix_for_none)
{
	event_start();
	host_load("s", "frr.on('changed', function(p) log.info('got', tostring(p)) end,\n"
		       "       { prefixes = frr.prefix_set{ '0.0.0.0/0 le 32' } })\n");
	event_tell_of(&(struct change){ .number = 1 });
	CHECK_INT(event_held, 0);
	host_turns();
	CHECK(!strstr(host_logged, "got"));
	event_tell(2);
	host_turns();
	CHECK_HAS(host_logged, "got\t192.0.2.0/24");
}

#define SIZES 257

static bool get_size(const void *record, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_UINT;
	out->u.num = *(const uint8_t *)record;
	return true;
}

/* Of a record of at least two octets, whose first is its size less one. */
static bool get_last(const void *record, struct frrscript_value *out)
{
	const uint8_t *octets = record;

	out->kind = FRRSCRIPT_UINT;
	out->u.num = octets[octets[0]];
	return true;
}

CASE(a_record_has_any_size_up_to_256)
{
	static const struct frrscript_arg none[] = { {} };
	static const struct frrscript_arg args[] = {
		{ "size", "", NULL, .kind = FRRSCRIPT_UINT, .get = get_size },
		{ "last", "", NULL, .kind = FRRSCRIPT_UINT, .get = get_last },
		{},
	};
	static char names[SIZES][16];
	static struct frrscript_hook hooks[SIZES];
	static const struct frrscript_hook *array[SIZES + 1];

	event_start();
	for (int size = 0; size < SIZES; size++) {
		snprintf(names[size], sizeof(names[size]), "e%d", size);
		hooks[size] = (struct frrscript_hook){ names[size], "", size ? args : none,
						       FRRSCRIPT_HOOK_EVENT, .record = size };
		array[size] = &hooks[size];
	}
	CHECK_OK(frrscript_register_hooks(array, &text));
	/* a hundred listeners are allowed */
	host_load("a", "n = 0 for i = 0, 99 do frr.on('e' .. i, function(s, l)\n"
		       "  assert(i == 0 and s == nil or s == i - 1, i) assert(i < 2 or l == 255 - i % 100, i)\n"
		       "  n += 1 if n == 100 then log.info('all of a') end end) end\n");
	host_load("b", "n = 0 for i = 100, 199 do frr.on('e' .. i, function(s, l)\n"
		       "  assert(s == i - 1, i) assert(l == 255 - i % 100, i)\n"
		       "  n += 1 if n == 100 then log.info('all of b') end end) end\n");
	host_load("c", "n = 0 for i = 200, 256 do frr.on('e' .. i, function(s, l)\n"
		       "  assert(s == i - 1, i) assert(l == 255 - i % 100, i)\n"
		       "  n += 1 if n == 57 then log.info('all of c') end end) end\n");
	for (int size = 0; size < SIZES; size++) {
		/* not one octet more: the sanitizer sees it if more are read */
		uint8_t *record = malloc(size ? size : 1);

		if (size)
			memset(record, 0xaa, size);
		if (size > 1)
			record[size - 1] = 255 - size % 100;
		if (size)
			record[0] = size - 1;
		frrscript_event(&hooks[size], size ? record : NULL);
		free(record);
	}
	host_turns();
	CHECK_HAS(host_logged, "all of a");
	CHECK_HAS(host_logged, "all of b");
	CHECK_HAS(host_logged, "all of c");
	CHECK_INT(host_worst, 6);
}

static void refused(const struct frrscript_hook *hook, const char *why)
{
	const struct frrscript_hook *hooks[] = { hook, NULL };
	char *shown;

	CHECK_ERROR(frrscript_register_hooks(hooks, &text), why);
	/* nothing of it is there */
	shown = frrscript_show_hooks(false);
	CHECK(!strstr(shown, hook->name));
	frrscript_text_free(shown);
	frrscript_event(hook, NULL);
}

CASE(an_event_with_a_bad_table_is_refused)
{
	static const struct frrscript_arg no_getter[] = { { "peer", "", &peer_type }, {} };
	static const struct frrscript_arg getter[] = {
		{ "number", "", NULL, .kind = FRRSCRIPT_UINT, .get = get_number },
		{},
	};
	static const struct frrscript_arg lists[] = {
		{ "list", "", NULL, .kind = FRRSCRIPT_COMMUNITY, .get = get_number },
		{},
	};
	static const struct frrscript_arg no_kind[] = { { "x", "", NULL, .get = get_number }, {} };
	static const struct frrscript_arg bad_kind[] = {
		{ "x", "", NULL, .kind = 99, .get = get_number },
		{},
	};
	static struct frrscript_arg many[18];
	static struct frrscript_hook bad = { "bad_event", "", NULL, FRRSCRIPT_HOOK_EVENT };

	event_start();
	bad.record = 257;
	refused(&bad, "257");
	bad.record = UINT32_MAX;
	refused(&bad, "4294967295");
	bad.record = 8;
	bad.args = no_getter;
	refused(&bad, "peer");
	bad.args = lists;
	refused(&bad, "list");
	bad.args = no_kind;
	refused(&bad, "x");
	bad.args = bad_kind;
	refused(&bad, "x");
	for (int i = 0; i < 17; i++)
		many[i] = getter[0];
	bad.args = many;
	refused(&bad, "16");
	bad.args = getter;
	bad.flags = 0;
	refused(&bad, "number");
}

CASE(an_event_that_nobody_registered_is_nothing)
{
	static const struct frrscript_hook stranger = { "stranger", "", NULL, FRRSCRIPT_HOOK_EVENT,
							.record = 8 };

	/* before anything else */
	frrscript_event(NULL, NULL);
	frrscript_event(&stranger, NULL);
	event_start();
	host_load("s", "frr.on('changed', function(p, _, t, n) log.info('got', p, #t, n) end)");
	frrscript_event(NULL, "x");
	frrscript_event(&stranger, "12345678");
	/* a hook that is no event */
	frrscript_event(&hook_match, "12345678");
	CHECK_INT(event_held, 0);
	/* no record is one of zeros */
	event_tell_of(NULL);
	CHECK_INT(event_held, 1);
	host_turns();
	CHECK_HAS(host_logged, "got\tnil\t0\t0");
	CHECK_INT(event_held, 0);
}
