// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In vtysh: commands of scripts go to each daemon that takes them.
 *
 * The commands themselves are those of script_vty.c, which vtysh learns as it
 * learns all others; only the way they are carried out is another one.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/command.h"
#include "lib/vty.h"
#include "vtysh/vtysh.h"

#include "frrscript/vtysh/script_vty.h"
#include "frrscript/vtysh/vtysh_script.h"

/* What a daemon said. */
struct answer {
	const char *daemon;
	char *text;
	size_t len;
	int result;
	bool told;
};

/* vtysh -d: a client has its path once vtysh has tried to connect to it. */
static bool one_daemon(void)
{
	unsigned int tried = 0;

	for (unsigned int i = 0; i < array_size(vtysh_client); i++)
		tried += vtysh_client[i].path[0] != '\0';
	return tried == 1;
}

/* False: the daemon does not run. */
static bool ask(struct vtysh_client *client, const char *line, struct answer *answer)
{
	FILE *shown = vty->of;
	FILE *into;

	if (client->fd == -1)
		return false;
	into = open_memstream(&answer->text, &answer->len);
	if (!into)
		return false;
	vty->of = into;
	answer->daemon = client->name;
	answer->result = vtysh_client_execute(client, line);
	vty->of = shown;
	fclose(into);
	/* It has gone meanwhile and vtysh said so, or it ended while it was
	 * asked, which is an answer worth to be shown.
	 */
	if (client->fd < 0 && !answer->len) {
		free(answer->text);
		return false;
	}
	return true;
}

static bool wants_json(const char *line)
{
	size_t len = strlen(line);

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	return len > 5 && strncmp(line + len - 5, " json", 5) == 0;
}

static void print_json(const struct answer *answers, size_t count)
{
	const char *separator = "";

	vty_out(vty, "{");
	for (size_t i = 0; i < count; i++) {
		const char *text = answers[i].text;

		if (text[0] != '{') {
			if (answers[i].result != SCRIPT_UNKNOWN)
				fprintf(stderr, "%s: %s\n", answers[i].daemon, text);
			continue;
		}
		vty_out(vty, "%s\"%s\":%s", separator, answers[i].daemon, text);
		separator = ",";
	}
	vty_out(vty, "}\n");
}

/* Daemons that say the same are named together. */
static void print_text(struct answer *answers, size_t count, bool unknown, bool apart)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		const char *text = answers[i].text;

		if (answers[i].told || !answers[i].len ||
		    (answers[i].result == SCRIPT_UNKNOWN && !unknown))
			continue;
		vty_out(vty, "%s%s", apart && !first ? "\n" : "", answers[i].daemon);
		for (size_t j = i + 1; j < count; j++) {
			if (strcmp(text, answers[j].text))
				continue;
			vty_out(vty, ", %s", answers[j].daemon);
			answers[j].told = true;
		}
		vty_out(vty, ":\n%s%s", text, text[answers[i].len - 1] == '\n' ? "" : "\n");
		first = false;
	}
}

static int ask_each(const char *line)
{
	struct answer answers[array_size(vtysh_client)] = {};
	size_t count = 0, unknown = 0;
	int result = CMD_SUCCESS;

	for (unsigned int i = 0; i < array_size(vtysh_client); i++) {
		struct answer *answer = &answers[count];

		if (!CHECK_FLAG(VTYSH_SCRIPT, vtysh_client[i].flag) ||
		    !ask(&vtysh_client[i], line, answer))
			continue;
		count++;
		if (answer->result == SCRIPT_UNKNOWN)
			unknown++;
		else if (result == CMD_SUCCESS)
			result = answer->result;
	}

	if (wants_json(line))
		print_json(answers, count);
	else
		print_text(answers, count, unknown == count, strncmp(line, "sh", 2) == 0);
	if (count && unknown == count)
		result = CMD_WARNING;

	for (size_t i = 0; i < count; i++)
		free(answers[i].text);
	return result;
}

int vtysh_script_ask(const char *line)
{
	if (!one_daemon())
		return ask_each(line);
	for (unsigned int i = 0; i < array_size(vtysh_client); i++) {
		if (CHECK_FLAG(VTYSH_SCRIPT, vtysh_client[i].flag) && vtysh_client[i].fd != -1)
			return vtysh_client_execute(&vtysh_client[i], line);
	}
	return CMD_SUCCESS;
}

#endif /* HAVE_SCRIPTING */
