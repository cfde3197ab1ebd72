// SPDX-License-Identifier: GPL-2.0-or-later
/* The languages, and where each has what the cases need. */
#include "check.h"

#include <string.h>

/* With commas, as JSON has them. */
#define JSON "{\"a\":1,\"b\":[2,3],\"c\":\"x,y;z?=\"}"

const struct language languages[] = {
	{
		.name = "rust",
		.library = "echo",
		.language = "rust",
	},
	{
		.name = "go",
		.library = "go_echo",
		.language = "go",
		.echo2 = "another",
		.fails = "fail",
	},
	{
		.name = "python",
		.library = "python",
		.language = "python",
		.echo = "demo.echo,init",
		.echo2 = "demo.echo?,init,another",
		.fails = "demo.echo,init,fail",
		.probe = "%s/python/probe,init," JSON,
		.probe_cfg = JSON,
		.reload = "%s/again?,init",
		.reload_from = { "python/again1.py", "python/again2.py" },
		.reload_to = "again.py",
		.demo_cfg = "demo.jsonpath,init",
		.demo = demo_python,
		.bad = { "", ",", ",init", "no_such_module,init",
			 "demo.echo,no_such_function",
			 "venv=/nonexistent;demo.echo,init",
			 "colour=red;demo.echo,init" },
	},
	{
		.name = "java",
		.library = "java",
		.language = "java",
		.echo = "demo.Echo,init",
		.echo2 = "demo.Echo?,init,another",
		.fails = "demo.Echo,init,fail",
		.probe = "classpath=%s/java;probe.Probe,init," JSON,
		.probe_cfg = JSON,
		.reload = "classpath=%s;again.Again?,start",
		.reload_from = { "java1/again/Again.class",
				 "java2/again/Again.class" },
		.reload_to = "again/Again.class",
		.demo_cfg = "demo.Fetch,init",
		.demo = demo_fetch,
		.bad = { "", ",", ",init", "no.such.Type,init",
			 "demo.Echo,noSuchMethod",
			 "classpath=/nonexistent;demo.Echo,init",
			 "colour=red;demo.Echo,init" },
	},
	{
		.name = "nodejs",
		.library = "nodejs",
		.language = "nodejs",
		.echo = "demo/echo,init",
		.echo2 = "demo/echo?,init,another",
		.fails = "demo/echo,init,fail",
		.probe = "%s/nodejs/probe,init," JSON,
		.probe_cfg = JSON,
		.reload = "%s/again?,init",
		.reload_from = { "nodejs/again1.js", "nodejs/again2.js" },
		.reload_to = "again.js",
		.demo_cfg = "demo/fetch,init",
		.demo = demo_fetch,
		.bad = { "", ",", ",init", "no-such-module,init",
			 "demo/echo,noSuchFunction",
			 "colour=red;demo/echo,init" },
	},
	/* These know nothing of us: the ABI of lua-resty-ffi and no more. */
	{
		.name = "upstream-c",
		.library = "upstream_c",
		.fails = "fail",
	},
	{
		.name = "upstream-go",
		.library = "upstream_go",
		.fails = "fail",
	},
	{
		.name = "upstream-python",
		.library = "python",
		.language = "python",
		.echo = "%s/python/upstream,init,",
		.echo2 = "%s/python/upstream?,init,",
		.fails = "%s/python/upstream,no_such_function,",
	},
	{
		.name = "upstream-java",
		.library = "java",
		.language = "java",
		.echo = "classpath=%s/java;upstream.Echo,init,",
		.echo2 = "classpath=%s/java;upstream.Echo?,init,",
	},
	{ 0 },
};

const struct language *find_language(const char *name)
{
	for (const struct language *lang = languages; lang->name; lang++) {
		if (!strcmp(lang->name, name))
			return lang;
	}
	return NULL;
}
