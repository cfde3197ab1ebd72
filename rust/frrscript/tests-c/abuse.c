/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every entry is a wall: NULL, names, re-entry, forks.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "route.h"

static struct route route;

/* Fails with a text, whatever it says. */
#define REFUSED(call)                                                          \
	do {                                                                   \
		char *text = NULL;                                             \
		CHECK((call) != 0);                                            \
		CHECK(text && text[0]);                                        \
		frrscript_text_free(text);                                     \
	} while (0)

CASE(NULL_is_no_crash_anywhere)
{
	struct frrscript_rule *rule;
	char *text = NULL;

	/* before anything else */
	frrscript_text_free(NULL);
	frrscript_rule_free(NULL);
	frrscript_delete(NULL);
	CHECK(frrscript_host_set(NULL) != 0);

	host_start();
	REFUSED(frrscript_register_types(NULL, &text));
	REFUSED(frrscript_register_hooks(NULL, &text));
	CHECK(frrscript_register_types(NULL, NULL) != 0);

	CHECK(!frrscript_rule_new(NULL, "verdicts", "yes", &text));
	CHECK(text);
	frrscript_text_free(text);
	text = NULL;
	CHECK(!frrscript_rule_new(&hook_match, NULL, "yes", &text));
	CHECK(text);
	frrscript_text_free(text);
	text = NULL;
	CHECK(!frrscript_rule_new(NULL, NULL, NULL, NULL));

	CHECK_INT(frrscript_rule_call(NULL, NULL), FRRSCRIPT_NOMATCH);
	CHECK_INT(frrscript_rule_apply(NULL, 0, &route), 0);
	CHECK(!frrscript_rule_takes(NULL, "peer"));
	CHECK(!frrscript_rule_script(NULL));
	CHECK(!frrscript_rule_function(NULL));
	rule = rule_new("verdicts", "yes");
	CHECK_INT(frrscript_rule_call(rule, NULL), FRRSCRIPT_NOMATCH);
	CHECK_INT(frrscript_rule_apply(rule, 0, NULL), 0);
	CHECK(!frrscript_rule_takes(rule, NULL));
	frrscript_rule_free(rule);

	REFUSED(frrscript_script_load(NULL, &text));
	CHECK(frrscript_script_load(NULL, NULL) != 0);
	REFUSED(frrscript_script_unload(NULL, &text));
	REFUSED(frrscript_script_option(NULL, FRRSCRIPT_LIMIT_TIME, NULL, &text));
	REFUSED(frrscript_script_resume(NULL, &text));
	CHECK_INT(frrscript_script_calls(NULL), 0);
	frrscript_script_reevaluated(NULL, 1, 1);

	frrscript_delete(frrscript_new(NULL));
	CHECK(frrscript_load(NULL, "f", NULL) != 0);
	CHECK(!frrscript_call_begin(NULL, "f"));
	CHECK(frrscript_call_run(NULL, "f", 0) != 0);
	CHECK(!frrscript_get_result(NULL, "f", "r", NULL));
}

CASE(NULL_is_no_crash_on_the_value_stack)
{
	long long n;

	host_start();
	frrscript_stack_newtable(NULL);
	frrscript_stack_pushnil(NULL);
	frrscript_stack_pushinteger(NULL, 1);
	frrscript_stack_pushnumber(NULL, 1);
	frrscript_stack_pushboolean(NULL, 1);
	frrscript_stack_pushstring(NULL, "x");
	frrscript_stack_pushlstring(NULL, "x", 1);
	frrscript_stack_setfield(NULL, -2, "x");
	frrscript_stack_seti(NULL, -2, 1);
	frrscript_stack_getfield(NULL, -1, "x");
	frrscript_stack_pop(NULL, 1);
	CHECK_INT(frrscript_stack_gettop(NULL), 0);
	CHECK(frrscript_stack_isnil(NULL, 1));
	CHECK(!frrscript_stack_istable(NULL, 1));
	CHECK(!frrscript_stack_isstring(NULL, 1));
	CHECK(!frrscript_stack_tointeger(NULL, 1, 0, 1, &n));
	CHECK(!frrscript_stack_tostring(NULL, 1));
}

CASE(names_stay_in_the_script_directory)
{
	static const char *const names[] = {
		"../verdicts", "..", ".", "/etc/passwd", "a/b", "", "a\nb", "x..y/z", "./verdicts",
	};

	host_start();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text = NULL;
		struct frrscript_rule *rule;
		struct frrscript *fs;

		rule = frrscript_rule_new(&hook_match, names[i], "yes", &text);
		if (rule || !text)
			check_fail(__FILE__, __LINE__, "rule of \"%s\"", names[i]);
		frrscript_text_free(text);
		REFUSED(frrscript_script_load(names[i], &text));
		fs = frrscript_new(names[i]);
		if (fs && frrscript_load(fs, "yes", NULL) == 0)
			check_fail(__FILE__, __LINE__, "script \"%s\" loads", names[i]);
		frrscript_delete(fs);
	}
}

CASE(a_name_may_be_long_but_not_endless)
{
	char *name = malloc(100001), *text = NULL;
	struct frrscript_rule *rule;

	memset(name, 'n', 100000);
	name[100000] = '\0';
	host_start();
	rule = frrscript_rule_new(&hook_match, name, "yes", &text);
	CHECK(!rule);
	CHECK(text);
	frrscript_text_free(text);
	free(name);
}

/* ---- a getter that goes back into the library ---- */

static struct frrscript_rule *again;
static int depth;

static bool get_again(const void *obj, struct frrscript_value *out)
{
	struct route inner;

	depth++;
	out->kind = FRRSCRIPT_UINT;
	out->u.num = depth < 3 ? rule_call(again, &inner) : 7;
	if (depth == 1) {
		char *text = NULL;

		/* what an operator might do in the middle of a call */
		frrscript_script_reload(NULL, &text);
		frrscript_text_free(text);
		frrscript_text_free(frrscript_show(NULL, true));
	}
	depth--;
	return true;
}

static const struct frrscript_field again_fields[] = {
	{ "again", "calls a script", FRRSCRIPT_UINT, .get = get_again },
	{},
};
static const struct frrscript_type again_type = { "again", "", again_fields };
static const struct frrscript_type *const again_types[] = { &again_type, NULL };
static const struct frrscript_arg again_args[] = { { "object", "", &again_type }, {} };
static const struct frrscript_hook again_hook = { "again", "", again_args, FRRSCRIPT_HOOK_VERDICT };
static const struct frrscript_hook *const again_hooks[] = { &again_hook, NULL };

CASE(a_call_within_a_call_is_no_crash)
{
	struct frrscript_rule *rule;
	const void *args[] = { &route };
	char *text = NULL;

	host_start();
	CHECK_OK(frrscript_register_types(again_types, &text));
	CHECK_OK(frrscript_register_hooks(again_hooks, &text));
	again = rule_new("verdicts", "yes");
	rule = frrscript_rule_new(&again_hook, "again", "again", &text);
	CHECK(rule && !text);
	/* refused or answered, but in order afterwards */
	frrscript_rule_call(rule, args);
	CHECK_INT(rule_call(again, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
	frrscript_rule_free(again);

	again = frrscript_rule_new(&again_hook, "again", "again", &text);
	rule = frrscript_rule_new(&again_hook, "again", "again", &text);
	frrscript_rule_call(rule, args);
	frrscript_rule_free(again);
	frrscript_rule_free(rule);
}

/* ---- forks ---- */

/* Whether a thread of that name waits for something. */
static bool thread_sleeps(const char *name)
{
	bool found = false;
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	while (tasks && !found && (task = readdir(tasks))) {
		char path[300], line[80] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", task->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		found = fgets(line, sizeof(line), file) && strstr(line, name) && strstr(line, ") S ");
		fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return found;
}

static void expect_deadline_in_child(void)
{
	bool sleeps = false;
	int status;
	pid_t pid;

	/*
	 * Not while the watchdog's thread starts: malloc's locks are free in a child, those of AddressSanitizer's are not,
	 * which then waits for a thread that is gone.
	 */
	for (int i = 0; i < 2000 && !(sleeps = thread_sleeps("frr-script-dog")); i++)
		usleep(5000);
	CHECK(sleeps);
	pid = fork();
	if (pid == 0) {
		struct frrscript_rule *rule = rule_new("limits", "forever");
		double start = host_clock();

		alarm(10);
		rule_call(rule, &route);
		_exit(host_clock() - start < 5000 ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

CASE(a_daemon_that_forks_before_its_first_call_has_deadlines)
{
	host_start();
	frrscript_rule_free(rule_new("limits", "fine"));
	expect_deadline_in_child();
}

CASE(a_daemon_that_forks_after_a_call_has_deadlines)
{
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("limits", "fine");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	expect_deadline_in_child();
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
}

CASE(the_library_ends_and_begins_anew)
{
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("limits", "fine");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
	frrscript_library_fini();
	frrscript_library_fini();
	host_start();
	rule = rule_new("limits", "fine");
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_MATCH);
	frrscript_rule_free(rule);
	frrscript_library_fini();
}

CASE(a_rule_freed_after_the_end_is_no_crash)
{
	struct frrscript_rule *rule;

	host_start();
	rule = rule_new("limits", "fine");
	frrscript_library_fini();
	CHECK_INT(rule_call(rule, &route), FRRSCRIPT_NOMATCH);
	frrscript_rule_free(rule);
}
