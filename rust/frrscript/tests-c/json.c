/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Is a text JSON (RFC 8259)?
 */
#include <ctype.h>

#include "check.h"

static const char *value(const char **at);

static void space(const char **at)
{
	while (**at && strchr(" \t\r\n", **at))
		(*at)++;
}

static bool word(const char **at, const char *w)
{
	if (strncmp(*at, w, strlen(w)) != 0)
		return false;
	*at += strlen(w);
	return true;
}

static const char *string(const char **at)
{
	if (*(*at)++ != '"')
		return *at - 1;
	while (**at != '"') {
		if ((unsigned char)**at < 0x20)
			return *at;
		if (*(*at)++ == '\\') {
			if (!**at || !strchr("\"\\/bfnrtu", **at))
				return *at;
			if (*(*at)++ == 'u')
				for (int i = 0; i < 4; i++, (*at)++)
					if (!isxdigit((unsigned char)**at))
						return *at;
		}
	}
	(*at)++;
	return NULL;
}

static const char *number(const char **at)
{
	char *end;
	const char *digits = *at + (**at == '-');

	if (!isdigit((unsigned char)*digits))
		return *at;
	strtod(*at, &end);
	if (end == *at)
		return *at;
	*at = end;
	return NULL;
}

static const char *members(const char **at, char close, bool keys)
{
	const char *error;

	(*at)++;
	space(at);
	if (**at == close) {
		(*at)++;
		return NULL;
	}
	for (;;) {
		if (keys) {
			space(at);
			error = string(at);
			if (error)
				return error;
			space(at);
			if (*(*at)++ != ':')
				return *at - 1;
		}
		error = value(at);
		if (error)
			return error;
		if (**at == close) {
			(*at)++;
			return NULL;
		}
		if (*(*at)++ != ',')
			return *at - 1;
	}
}

static const char *value(const char **at)
{
	const char *error = NULL;

	space(at);
	if (**at == '{')
		error = members(at, '}', true);
	else if (**at == '[')
		error = members(at, ']', false);
	else if (**at == '"')
		error = string(at);
	else if (!word(at, "true") && !word(at, "false") && !word(at, "null"))
		error = number(at);
	space(at);
	return error;
}

const char *json_error(const char *text)
{
	const char *error = value(&text);

	return error ? error : *text ? text : NULL;
}

long long json_number(const char *json, const char *key)
{
	char quoted[96];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	CHECK_HAS(json, quoted);
	at = strstr(json, quoted) + strlen(quoted);
	while (*at == ':' || *at == ' ')
		at++;
	return strtoll(at, NULL, 10);
}
