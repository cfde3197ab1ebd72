/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Messages of other daemons, and the line to them: any octets, at any time.
 */
#include <unistd.h>

#include "event.h"

static int sends;
static bool refuses;
static uint8_t last[16384];
static size_t last_len;

static bool host_send(const void *data, size_t len)
{
	CHECK(len <= sizeof(last));
	if (!len)
		return false;
	sends++;
	if (refuses)
		return false;
	memcpy(last, data, len);
	last_len = len;
	return true;
}

static void start(const char *source)
{
	host_more.send = host_send;
	event_start();
	host_load("s", source);
	for (int i = 0; i < 10; i++)
		frrscript_turn();
}

#define LISTENER                                                               \
	"frr.subscribe('t', function(v, topic, daemon)\n"                      \
	"  log.info('got', type(v) == 'table' and #v or v, topic, daemon) end,\n" \
	"  { on_lost = function(topic, daemon) log.info('lost', topic, daemon) end })\n"

/* A message in a buffer of its size, so that a read beyond it is seen. */
static void receive(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, octets, len);
	frrscript_bus_received(copy, len);
	free(copy);
}

static long long counter(const char *key)
{
	char *text = frrscript_show_topics(true);
	long long n;

	CHECK(!json_error(text));
	n = json_number(text, key);
	frrscript_text_free(text);
	return n;
}

/* Written by hand, as docs/wire.md has it. */
struct message {
	uint8_t octets[10000];
	size_t len;
};

static void put(struct message *m, const void *octets, size_t len)
{
	CHECK(m->len + len <= sizeof(m->octets));
	memcpy(m->octets + m->len, octets, len);
	m->len += len;
}

static void put_octet(struct message *m, uint8_t octet)
{
	put(m, &octet, 1);
}

static void put_head(struct message *m, uint8_t major, uint32_t n)
{
	uint8_t head[] = { major << 5 | 26, n >> 24, n >> 16, n >> 8, n };

	put(m, head, sizeof(head));
}

static void put_text(struct message *m, const char *text)
{
	put_head(m, 3, strlen(text));
	put(m, text, strlen(text));
}

static void put_begin(struct message *m, uint8_t fields, uint8_t kind, uint32_t sequence)
{
	m->len = 0;
	put_octet(m, 0x80 | fields);
	put_octet(m, 1); /* version */
	put_octet(m, kind);
	put_text(m, "zebra");
	put_head(m, 0, 99); /* instance */
	put_head(m, 0, sequence);
}

/* Up to the value. */
static void put_value(struct message *m, uint32_t sequence)
{
	put_begin(m, 9, 3, sequence);
	put_text(m, "t");
	put_text(m, "them");
	put_head(m, 0, 1);
}

CASE(a_message_that_is_cut_off_anywhere)
{
	struct message m;

	start(LISTENER);
	frrscript_bus_connected(true);
	put_value(&m, 1);
	put(&m, "\x83\x01\x63" "abc" "\xa1\x61" "k" "\xfb\x3f\xf8\0\0\0\0\0\0", 18);
	for (size_t len = 0; len < m.len; len++)
		receive(m.octets, len);
	CHECK_INT(counter("malformed"), m.len);
	/* and one octet too many */
	put_octet(&m, 0);
	receive(m.octets, m.len);
	CHECK_INT(counter("malformed"), m.len);
	host_turns();
	CHECK(!strstr(host_logged, "got"));
	receive(m.octets, m.len - 1);
	host_turns();
	CHECK_HAS(host_logged, "got\t3\tt\tzebra");
}

CASE(a_message_with_any_octet_changed)
{
	struct message m, bad;

	start(LISTENER);
	frrscript_bus_connected(true);
	put_value(&m, 1);
	put(&m, "\x82\x01\x61z", 4);
	for (size_t at = 0; at < m.len; at++) {
		for (int octet = 0; octet < 256; octet++) {
			bad = m;
			bad.octets[at] = octet;
			receive(bad.octets, bad.len);
		}
	}
	host_logged[0] = '\0';
	host_turns();
	CHECK(!strstr(host_logged, "internal"));
	frrscript_bus_tick();
}

CASE(a_message_of_random_octets)
{
	uint8_t octets[300];
	uint32_t seed = 1;

	start(LISTENER);
	for (int i = 0; i < 100000; i++) {
		size_t len = i % sizeof(octets);

		for (size_t at = 0; at < len; at++)
			octets[at] = (seed = seed * 1664525 + 1013904223) >> 24;
		if (len > 2 && i % 2)
			octets[0] = 0x85 + i % 5, octets[1] = 1, octets[2] = i % 6;
		receive(octets, len);
	}
	host_turns();
	CHECK(!strstr(host_logged, "internal"));
}

CASE(lengths_that_are_not_there)
{
	static const uint8_t majors[] = { 2, 3, 4, 5 };
	struct message m;
	size_t before;
	int n = 0;

	start(LISTENER);
	before = host_allocated();
	for (size_t i = 0; i < sizeof(majors); i++) {
		/* 2^32 - 1, 2^64 - 1, without end */
		put_value(&m, ++n);
		put_head(&m, majors[i], UINT32_MAX);
		receive(m.octets, m.len);
		put_value(&m, ++n);
		put_octet(&m, majors[i] << 5 | 27);
		put(&m, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
		receive(m.octets, m.len);
		put_value(&m, ++n);
		put_octet(&m, majors[i] << 5 | 31);
		put_octet(&m, 0xff);
		receive(m.octets, m.len);
	}
	CHECK_INT(counter("malformed"), n);
	CHECK(host_allocated() < before + 100000);
	/* arrays of so many fields */
	receive((const uint8_t *)"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	receive((const uint8_t *)"\x9f\x01\xff", 3);
	CHECK_INT(counter("malformed"), n + 2);
}

CASE(tables_in_tables_without_end)
{
	struct message m;

	start(LISTENER);
	/* 8,000 of them, and as many tags, which are not of the form */
	put_value(&m, 1);
	while (m.len < 8000)
		put_octet(&m, 0x81);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	put_value(&m, 2);
	while (m.len < 8000)
		put_octet(&m, 0xc1);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	put_value(&m, 3);
	while (m.len < 8000)
		put(&m, "\xa1\x01", 2);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	CHECK_INT(counter("malformed"), 3);
	/* sixteen are fine, seventeen not */
	put_value(&m, 4);
	for (int i = 0; i < 17; i++)
		put_octet(&m, 0x81);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	CHECK_INT(counter("malformed"), 4);
	put_value(&m, 5);
	for (int i = 0; i < 16; i++)
		put_octet(&m, 0x81);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	CHECK_INT(counter("malformed"), 4);
	host_turns();
	CHECK_HAS(host_logged, "got\t1");
}

CASE(values_that_are_no_plain_data)
{
	static const struct {
		const char *octets;
		size_t len;
	} bad[] = {
		{ "\xf7", 1 },		      /* undefined */
		{ "\xe0", 1 },		      /* a simple value */
		{ "\xf9\x3c\x00", 3 },	      /* half a float */
		{ "\x62\xff\xff", 3 },	      /* text that is none */
		{ "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9 }, /* beyond 63 bits */
		{ "\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ "\xa1\xf6\x01", 3 },	      /* keys: null, a table, NaN */
		{ "\xa1\x80\x01", 3 },
		{ "\xa1\xfb\x7f\xf8\0\0\0\0\0\0\x01", 11 },
		{ "\xa1\xf5\x01", 3 },
		{ "\x1c", 1 },		      /* reserved */
		{ "\xff", 1 },		      /* a break */
	};
	struct message m;
	int n = 0;

	start(LISTENER);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put_value(&m, i + 1);
		put(&m, bad[i].octets, bad[i].len);
		receive(m.octets, m.len);
		if (counter("malformed") != ++n)
			check_fail(__FILE__, __LINE__, "value %zu is taken", i);
	}
	/* keys that are there twice are the last's, NaN is a value */
	put_value(&m, 100);
	put(&m, "\xa2\x61k\x01\x61k\x02", 7);
	receive(m.octets, m.len);
	put_value(&m, 101);
	put(&m, "\xfb\x7f\xf8\0\0\0\0\0\0", 9);
	receive(m.octets, m.len);
	CHECK_INT(counter("malformed"), n);
	host_turns();
	CHECK_HAS(host_logged, "got\t");
	CHECK(!strstr(host_logged, "internal"));
}

CASE(names_and_topics_that_are_none)
{
	static const char *const bad[] = { "", "a b", "a\nb", "\x1b[31m", "\xc3\xa4",
					   "0123456789012345678901234567890123456789012345678901234567890123x" };
	struct message m;

	start(LISTENER);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put_begin(&m, 9, 3, i + 1);
		put_text(&m, bad[i]);
		put_text(&m, "them");
		put_head(&m, 0, 1);
		put_octet(&m, 1);
		receive(m.octets, m.len);
		put_begin(&m, 6, 5, i + 1);
		put_text(&m, bad[i]);
		receive(m.octets, m.len);
	}
	CHECK_INT(counter("malformed"), 12);
	/* another version is not looked at */
	receive((const uint8_t *)"\x81\x02", 2);
	CHECK_INT(counter("otherVersion"), 1);
}

CASE(a_message_that_is_nothing_or_too_long)
{
	static uint8_t zeros[1 << 20];
	struct message m;

	/* before anything else */
	frrscript_bus_received(NULL, 0);
	frrscript_bus_received("", 0);
	frrscript_bus_connected(false);
	frrscript_bus_gone(NULL);
	frrscript_bus_gone("zebra");
	frrscript_bus_bye();
	CHECK_INT(frrscript_bus_tick(), 0);
	start(LISTENER);
	frrscript_bus_received(NULL, 7);
	frrscript_bus_received("", 0);
	frrscript_bus_received(zeros, sizeof(zeros));
	put_value(&m, 1);
	put_head(&m, 2, 9000);
	m.len += 9000;
	receive(m.octets, m.len);
	frrscript_bus_gone("\xff\xfe");
	frrscript_bus_gone("");
	host_turns();
	CHECK(!strstr(host_logged, "got"));
}

CASE(more_daemons_and_topics_than_fit)
{
	struct message m;
	char name[20];
	size_t before = 0;

	start(LISTENER);
	for (int i = 0; i < 1000; i++) {
		m.len = 0;
		put(&m, "\x85\x01\x00", 3);
		snprintf(name, sizeof(name), "daemon%d", i);
		put_text(&m, name);
		put_head(&m, 0, 1);
		put_head(&m, 0, UINT32_MAX);
		receive(m.octets, m.len);
	}
	CHECK(counter("beyondLimits") > 900);
	for (int i = 0; i < 20000; i++) {
		m.len = 0;
		put(&m, "\x89\x01\x03", 3);
		put_text(&m, "daemon1");
		put_head(&m, 0, 1);
		put_head(&m, 0, i);
		snprintf(name, sizeof(name), "t%d", i);
		put_text(&m, name);
		put_text(&m, "them");
		put_head(&m, 0, 1);
		put_octet(&m, 1);
		receive(m.octets, m.len);
		if (i == 2000)
			before = host_allocated();
	}
	CHECK(host_allocated() < before + 100000);
	frrscript_bus_gone("daemon1");
	host_turns();
}

CASE(the_line_comes_and_goes)
{
	start(LISTENER "frr.publish('own', { 1, 2, 3 })\n"
	      "frr.every(0.001, function() frr.publish('own', frr.monotonic()) end)");
	for (int i = 0; i < 300; i++) {
		frrscript_bus_connected(i % 2 == 0);
		if (i % 3 == 0)
			frrscript_bus_connected(true);
		refuses = i % 5 == 0;
		frrscript_turn();
		frrscript_bus_tick();
	}
	CHECK(sends > 100);
	frrscript_bus_bye();
	frrscript_bus_bye();
	frrscript_bus_connected(false);
	CHECK_OK(frrscript_script_unload("s", &text));
	/* goes quiet when nobody is left */
	CHECK_INT(frrscript_bus_tick(), 0);
}

CASE(a_line_that_takes_nothing)
{
	size_t before = 0;

	start(LISTENER "local n = 0\n"
	      "frr.every(0.001, function() n += 1 for i = 1, 5 do\n"
	      "  frr.publish('x' .. n * 10 + i, n) frr.retract('x' .. n * 10 + i) end end)");
	frrscript_bus_connected(true);
	refuses = true;
	host_wanted = 0;
	for (int i = 0; i < 3000; i++) {
		usleep(500);
		frrscript_turn();
		if (i % 20 == 0)
			frrscript_bus_tick();
		if (i == 500)
			before = host_allocated();
	}
	CHECK(host_allocated() < before + 300000);
	refuses = false;
	frrscript_bus_tick();
	CHECK(last_len > 0);
	CHECK_OK(frrscript_script_unload("s", &text));
}

/* What one daemon says, another one understands. */
CASE(its_own_messages_are_not_listened_to)
{
	start("frr.publish('t', { a = 1 }) " LISTENER);
	frrscript_bus_connected(true);
	frrscript_bus_tick();
	CHECK(last_len > 0);
	host_logged[0] = '\0';
	receive(last, last_len);
	host_turns();
	CHECK(!strstr(host_logged, "got"));
	CHECK_INT(counter("malformed"), 0);
}

CASE(a_message_after_the_end)
{
	struct message m;

	start(LISTENER);
	put_value(&m, 1);
	put_octet(&m, 1);
	receive(m.octets, m.len);
	frrscript_shutdown();
	put_value(&m, 2);
	put_octet(&m, 2);
	receive(m.octets, m.len);
	frrscript_bus_connected(true);
	frrscript_bus_tick();
	frrscript_library_fini();
	put_value(&m, 3);
	put_octet(&m, 3);
	receive(m.octets, m.len);
	frrscript_bus_connected(false);
	frrscript_bus_gone("zebra");
	frrscript_bus_tick();
	frrscript_turn();
	host_turns();
	CHECK(!strstr(host_logged, "got"));
}
