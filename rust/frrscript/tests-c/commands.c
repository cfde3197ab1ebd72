/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frr.show() and frr.configure(): what the host's answers may be.
 */
#include "event.h"

typedef void (*answer_fn)(void *ctx, const char *text, size_t len);

static int shown, configured;
static char lines_of[70000];
static size_t big_len;

static bool show(const char *command, size_t most, answer_fn answer, void *ctx)
{
	shown++;
	CHECK(most >= 65536);
	CHECK(strncmp(command, "show ", 5) == 0);
	if (strncmp(command, "show never", 10) == 0)
		return true;
	if (strcmp(command, "show twice") == 0) {
		answer(ctx, "one ", 4);
		answer(ctx, "two", 3);
		return true;
	}
	if (strcmp(command, "show null") == 0) {
		answer(ctx, NULL, 0);
		answer(ctx, NULL, 77);
		return true;
	}
	if (strcmp(command, "show octets") == 0) {
		answer(ctx, "a\0\xff", 3);
		return true;
	}
	if (strcmp(command, "show big") == 0 || strcmp(command, "show big json") == 0) {
		char *text = malloc(big_len);

		memset(text, '[', big_len);
		answer(ctx, text, big_len);
		free(text);
		return true;
	}
	if (strcmp(command, "show flat json") == 0) {
		char *text = malloc(big_len);

		for (size_t i = 0; i < big_len; i++)
			text[i] = i % 2 ? ',' : '1';
		text[0] = '[';
		text[1] = '1';
		text[big_len - 2] = '1';
		text[big_len - 1] = ']';
		for (size_t i = 2; i < big_len - 2; i++)
			text[i] = i % 2 ? '1' : ',';
		text[big_len - 2] = ' ';
		answer(ctx, text, big_len);
		free(text);
		return true;
	}
	if (strcmp(command, "show bad json") == 0) {
		answer(ctx, "{\"a\": \xff", 7);
		return true;
	}
	if (strcmp(command, "show fail") == 0) {
		answer(ctx, "% \xff no\n\n", 8);
		return false;
	}
	return false; /* without a word */
}

static bool configure(const char *lines, answer_fn answer, void *ctx)
{
	configured++;
	snprintf(lines_of, sizeof(lines_of), "%s", lines);
	if (strstr(lines, "unload")) {
		CHECK_OK(frrscript_script_unload("s", &text));
		return true;
	}
	if (strstr(lines, "reload")) {
		host_write("s.lua", "frr.spawn(function() log.info('new') end)");
		CHECK_OK(frrscript_script_reload("s", &text));
		return true;
	}
	if (strstr(lines, "fini")) {
		frrscript_library_fini();
		return true;
	}
	if (strstr(lines, "turn")) {
		frrscript_turn();
		return true;
	}
	if (strstr(lines, "bad")) {
		answer(ctx, "line 1: bad", 11);
		return false;
	}
	return strstr(lines, "silent") == NULL;
}

static void start(const char *source)
{
	uint32_t yes = 1, ms = 10000, mib = 256;

	host_more.show = show;
	host_more.configure = configure;
	event_start();
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_PERMIT_CONFIGURE, &yes, &text));
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_TIME, &ms, &text));
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_MEMORY, &mib, &text));
	host_load("s", source);
	host_turns();
	CHECK(!strstr(host_logged, "internal"));
}

CASE(answers_of_a_show_command)
{
	start("frr.spawn(function()\n"
	      "  log.info('never', #frr.show('show never'))\n"
	      "  log.info('twice', frr.show('show twice'))\n"
	      "  log.info('null', #frr.show('show null'))\n"
	      "  log.info('octets', string.byte(frr.show('show octets'), 1, -1))\n"
	      "  log.info('fail', frr.show('show fail'))\n"
	      "  log.info('silent', frr.show('show silent'))\n"
	      "  log.info('bad', frr.show('show bad json'))\n"
	      "  log.info('empty', frr.show('show never json')) end)");
	CHECK_INT(shown, 8);
	CHECK_HAS(host_logged, "never\t0\n");
	CHECK_HAS(host_logged, "twice\tone two\n");
	CHECK_HAS(host_logged, "null\t0\n");
	CHECK_HAS(host_logged, "octets\t97\t0\t255\n");
	CHECK_HAS(host_logged, "fail\tnil\t% ");
	CHECK_HAS(host_logged, "silent\tnil\tit failed and does not say why");
	CHECK_HAS(host_logged, "bad\tnil\tthe command's output is no JSON");
	CHECK_HAS(host_logged, "empty\tnil\tthe command's output is no JSON");
}

CASE(a_show_command_of_five_megabytes)
{
	big_len = 5 << 20;
	start("frr.spawn(function()\n"
	      "  local text = frr.show('show big') log.info('text', text and #text) text = nil\n"
	      "  log.info('deep', frr.show('show big json'))\n"
	      "  local flat, why = frr.show('show flat json') log.info('flat', flat and #flat, why) end)");
	CHECK_HAS(host_logged, "text\t");
	CHECK_HAS(host_logged, "deep\tnil\tthe command's output is no JSON");
	CHECK_HAS(host_logged, "flat\t");
	CHECK_INT(shown, 3);
}

/* The limit of a script's memory counts for what it is told, too. */
CASE(a_show_command_that_takes_more_memory_than_there_is)
{
	uint32_t mib = 1;

	big_len = 3 << 20;
	start("");
	CHECK_OK(frrscript_script_option("s", FRRSCRIPT_LIMIT_MEMORY, &mib, &text));
	host_write("s.lua", "frr.after(0.04, function() log.info('goes on') end)\n"
			    "frr.spawn(function()\n"
			    "  local flat = frr.show('show flat json')\n"
			    "  local t = {} for i = 1, 1e5 do t[i] = {} end log.info('not reached', #flat) end)");
	CHECK_OK(frrscript_script_reload("s", &text));
	host_turns();
	CHECK_HAS(host_logged, "memory");
	CHECK_HAS(host_logged, "goes on");
	CHECK(!strstr(host_logged, "not reached"));
}

CASE(answers_of_a_configuration)
{
	start("frr.spawn(function()\n"
	      "  log.info('fine', frr.configure{ 'a', 'b' })\n"
	      "  log.info('none', frr.configure{})\n"
	      "  log.info('bad', frr.configure{ 'bad' })\n"
	      "  log.info('silent', frr.configure{ 'silent' })\n"
	      "  log.info('two', pcall(frr.configure, { 'a\\nb' }))\n"
	      "  log.info('NUL', pcall(frr.configure, { 'a\\0b' }))\n"
	      "  log.info('octets', pcall(frr.configure, { 'a\\255b' }))\n"
	      "  log.info('number', pcall(frr.configure, { 5 }))\n"
	      "  log.info('long', pcall(frr.configure, { string.rep('x', 70000) }))\n"
	      "  log.info('turn', frr.configure{ 'turn' }) end)");
	CHECK_HAS(host_logged, "fine\ttrue\n");
	CHECK_HAS(host_logged, "none\ttrue\n");
	CHECK_HAS(host_logged, "bad\tfalse\tline 1: bad");
	CHECK_HAS(host_logged, "silent\tfalse\tit failed and does not say why");
	CHECK_HAS(host_logged, "two\tfalse");
	CHECK_HAS(host_logged, "NUL\tfalse");
	CHECK_HAS(host_logged, "octets\tfalse");
	CHECK_HAS(host_logged, "number\tfalse");
	CHECK_HAS(host_logged, "long\tfalse");
	CHECK_HAS(host_logged, "turn\ttrue\n");
}

/* A script that takes itself out of service. */
CASE(a_configuration_that_unloads_its_script)
{
	start("frr.on('changed', function() end)\n"
	      "frr.spawn(function() frr.configure{ 'unload' } log.info('never') end)");
	CHECK_INT(configured, 1);
	CHECK(!event_listened);
	CHECK(!strstr(host_logged, "never"));
	frrscript_turn();
}

CASE(a_configuration_that_reloads_its_script)
{
	start("frr.on('changed', function() end)\n"
	      "frr.spawn(function() frr.configure{ 'reload' } log.info('never') end)");
	CHECK_INT(configured, 1);
	CHECK(!event_listened);
	CHECK(!strstr(host_logged, "never"));
	CHECK_HAS(host_logged, "new");
}

CASE(a_configuration_that_ends_the_library)
{
	start("frr.on('changed', function() end)\n"
	      "frr.spawn(function() frr.configure{ 'fini' } log.info('never') end)");
	CHECK_INT(configured, 1);
	CHECK(!event_listened);
	CHECK(!strstr(host_logged, "never"));
}

CASE(an_unload_while_a_command_waits)
{
	start("");
	host_write("s.lua", "frr.spawn(function() frr.show('show never') log.info('never') end)");
	CHECK_OK(frrscript_script_reload("s", &text));
	frrscript_turn();
	CHECK_INT(shown, 0);
	CHECK_OK(frrscript_script_unload("s", &text));
	host_turns();
	CHECK_INT(shown, 0);
}
