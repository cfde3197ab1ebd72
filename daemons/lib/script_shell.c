// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frr.show() and frr.configure(): commands of this daemon, run for scripts on a
 * vty that nobody else sees, between two slices of a script.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/command.h"
#include "lib/libfrr.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/vector.h"
#include "lib/vty.h"

#include "frrscript/daemons/lib/script_daemon.h"

/* Octets of what a configuration line prints that are kept. */
#define MOST_SAID 4096

typedef void (*answer_fn)(void *ctx, const char *text, size_t len);

/* What a command prints, up to a limit: a router's table as text has no other. */
struct shell {
	struct vty *vty;
	FILE *of;
	char *text;
	size_t len, size, most;
	bool over;
};

static ssize_t keep(void *cookie, const char *data, size_t len)
{
	struct shell *shell = cookie;
	size_t fits = MIN(len, shell->most - shell->len);

	if (fits < len)
		shell->over = true;
	if (fits) {
		while (shell->size <= shell->len + fits)
			shell->size = shell->size ? shell->size * 2 : 4096;
		shell->text = XREALLOC(MTYPE_TMP, shell->text, shell->size);
		memcpy(shell->text + shell->len, data, fits);
		shell->len += fits;
	}
	/* All of it is taken, or stdio would try again. */
	return len;
}

static bool shell_open(struct shell *shell, size_t most)
{
	static const cookie_io_functions_t functions = { .write = keep };

	memset(shell, 0, sizeof(*shell));
	shell->most = most;
	shell->of = fopencookie(shell, "w", functions);
	if (!shell->of)
		return false;
	shell->vty = vty_new();
	/* The one type whose output goes to a stream. */
	shell->vty->type = VTY_SHELL;
	shell->vty->of = shell->of;
	shell->vty->node = ENABLE_NODE;
	return true;
}

static void shell_close(struct shell *shell)
{
	vty_close(shell->vty);
	fclose(shell->of);
	XFREE(MTYPE_TMP, shell->text);
}

static void PRINTFRR(3, 4) answer_text(answer_fn answer, void *ctx, const char *format, ...)
{
	char buf[512];
	va_list args;

	va_start(args, format);
	vsnprintfrr(buf, sizeof(buf), format, args);
	va_end(args);
	answer(ctx, buf, strlen(buf));
}

/* Why the command line took no command; NULL: the command has its own words. */
static const char *refusal(int result)
{
	switch (result) {
	case CMD_ERR_NO_MATCH:
		return "Unknown command";
	case CMD_ERR_AMBIGUOUS:
		return "Ambiguous command";
	case CMD_ERR_INCOMPLETE:
		return "Command incomplete";
	case CMD_ERR_EXEED_ARGC_MAX:
		return "Too many words";
	case CMD_NOT_MY_INSTANCE:
		return "It is for another instance of the daemon";
	default:
		return NULL;
	}
}

/* What was printed, without FRR's mark of an error and on one line. */
static const char *said(struct shell *shell)
{
	char *text = shell->text;
	size_t len = shell->len;

	if (!text || !len)
		return "it failed and does not say why";
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	while (*text == '%' || *text == ' ')
		text++;
	return text;
}

static bool is_show(const char *command)
{
	return strncmp(command, "show", 4) == 0 && isspace((unsigned char)command[4]);
}

bool script_shell_show(const char *command, size_t most, answer_fn answer, void *ctx)
{
	struct shell shell;
	const char *why;
	int result;

	if (!is_show(command)) {
		answer_text(answer, ctx, "only show commands can be run");
		return false;
	}
	if (!shell_open(&shell, most)) {
		answer_text(answer, ctx, "no memory for its output");
		return false;
	}
	result = cmd_execute(shell.vty, command, NULL, 0);
	if (result == CMD_SUSPEND) {
		/* It goes on later, with a vty that is to stay. */
		answer_text(answer, ctx, "the command does not answer at once");
		shell.vty->of = NULL;
		return false;
	}
	fflush(shell.of);
	why = refusal(result);
	if (why)
		answer_text(answer, ctx, "%s: %s", why, command);
	else if (result != CMD_SUCCESS)
		answer_text(answer, ctx, "%s", said(&shell));
	else if (shell.over)
		answer_text(answer, ctx, "its output has more than %zu octets: ask for less", most);
	else
		answer(ctx, shell.text, shell.len);
	shell_close(&shell);
	return !why && result == CMD_SUCCESS && !shell.over;
}

/* "end" and the top's "exit" are how a file ends, and leave nothing to do. */
static bool leaves(struct vty *vty, const char *line)
{
	if (strmatch(line, "end"))
		return true;
	return vty->node == CONFIG_NODE && (strmatch(line, "exit") || strmatch(line, "quit"));
}

/* NULL: applied. Else why not. */
static const char *apply(struct shell *shell, const char *line)
{
	const char *why;
	vector words;
	int result;

	/* Only configuration is permitted, not commands of another kind. */
	if (strncmp(line, "do ", 3) == 0)
		return "only lines of configuration can be applied";
	words = cmd_make_strvec(line);
	if (!words)
		return NULL; /* empty, or a comment */
	shell->len = 0;
	result = cmd_execute_command(words, shell->vty, NULL, 0);
	cmd_free_strvec(words);
	fflush(shell->of);
	switch (result) {
	case CMD_SUCCESS:
	case CMD_ERR_NOTHING_TODO:
		return NULL;
	case CMD_WARNING:
		/* As vtysh has it: applied, or there already. */
		if (shell->len)
			zlog_warn("scripts: configuration line \"%s\": %s", line, said(shell));
		return NULL;
	default:
		why = refusal(result);
		return why ? why : said(shell);
	}
}

bool script_shell_configure(const char *lines, answer_fn answer, void *ctx)
{
	struct shell shell;
	const char *why = NULL;
	char line[VTY_BUFSIZ];
	unsigned int number = 0;

	/* Its lines would wait for a commit that nobody makes. */
	if (frr_get_cli_mode() == FRR_CLI_TRANSACTIONAL) {
		answer_text(answer, ctx,
			    "the daemon was started with --tcli: its configuration is committed by hand");
		return false;
	}
	if (!shell_open(&shell, MOST_SAID)) {
		answer_text(answer, ctx, "no memory for it");
		return false;
	}
	/* With the lock: a session that has it would be surprised, and a
	 * northbound commit would fail half way.
	 */
	if (vty_config_enter(shell.vty, false, true, false) != CMD_SUCCESS) {
		fflush(shell.of);
		answer_text(answer, ctx, "%s: try again later", said(&shell));
		shell_close(&shell);
		return false;
	}
	while (*lines && !why) {
		size_t len = strcspn(lines, "\n");

		number++;
		while (len && isspace((unsigned char)*lines))
			lines++, len--;
		if (len >= sizeof(line)) {
			why = "the line is too long";
			snprintf(line, sizeof(line), "%.40s...", lines);
			break;
		}
		memcpy(line, lines, len);
		line[len] = '\0';
		while (len && isspace((unsigned char)line[len - 1]))
			line[--len] = '\0';
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
		if (!leaves(shell.vty, line))
			why = apply(&shell, line);
		/* What follows would be commands of another kind. */
		if (!why && !shell.vty->config)
			why = "it leaves the configuration";
	}
	if (why)
		answer_text(answer, ctx, "line %u, \"%s\": %s", number, line, why);
	shell_close(&shell);
	return !why;
}

#endif /* HAVE_SCRIPTING */
