// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frrscript interface's C half in libfrr: the host that the library logs
 * through, the names of hooks that are called by function name, and codecs by
 * type name.  Scripts themselves are the Rust library's (frrscript.h).
 *
 * Thread model: everything here runs on the daemon's main pthread.
 * frrscript_init() is called by frr_init(), that is before the daemon forks
 * (lib/libfrr.c:frr_config_fork()).  It starts no thread: the library starts its
 * watchdog at the first call of a script, and configuration, the first that can
 * cause one, is read by the event loop after the fork.
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/config_paths.h"
#include "libfrr.h"
#include "log.h"
#include "memory.h"
#include "typesafe.h"
#include "vty.h"

#include "frrscript.h"

#include "frrscript/daemons/lib/script_daemon.h"

DEFINE_MTYPE_STATIC(LIB, SCRIPT, "Scripting");

/* ---- the host ---- */

static char script_dir[MAXPATHLEN];
static const char *runtime_dir;

static void host_log(int priority, const char *message)
{
	zlog(priority, "%s", message);
}

int frrscript_host_register(void (*changed)(const char *script),
			    const struct frrscript_as_path_ops *as_path)
{
	const char *daemon = frr_get_progname();
	struct frrscript_host host = {
		/* unit tests call frrscript_init() without frr_init() */
		.daemon = daemon ? daemon : "frr",
		.scriptdir = script_dir,
		.log = host_log,
		.changed = changed,
		.as_path = as_path,
		.wake = script_loop_wake,
		.send = script_bus_send,
		.show = script_shell_show,
		.configure = script_shell_configure,
		.runtimedir = runtime_dir,
		.runner = RUNTIME_RUNNER,
		.watch = script_loop_watch,
	};

	return frrscript_host_set(&host);
}

/* ---- what frrscript_call() expands to ---- */

static unsigned int decode_errors;

/* The result that frrscript_call() is writing back, for messages. */
static const char *decoding;

unsigned int frrlua_decode_errors(void)
{
	return decode_errors;
}

void frrlua_decode_error(const char *type, const char *why)
{
	decode_errors++;
	if (decoding)
		zlog_err("frrscript: returned value '%s' is ignored: %s %s", decoding, type, why);
	else
		zlog_err("frrscript: a returned value is ignored: %s %s", type, why);
}

bool frrlua_decode_arg(lua_State *L, const char *name)
{
	lua_getfield(L, 1, name);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		return false;
	}
	decoding = name;
	return true;
}

void frrlua_decode_done(lua_State *L)
{
	int extra = lua_gettop(L) - 1;

	if (extra > 0)
		lua_pop(L, extra);
	decoding = NULL;
}

void _lua_decode_noop(lua_State *L, ...)
{
	lua_pop(L, 1);
}

/* ---- names ---- */

PREDECL_RBTREE_UNIQ(script_names);

struct script_name {
	struct script_names_item item;

	/* name of the script's function, owned */
	char *function;

	/* configuration line without the script's name, static, or NULL */
	const char *command;

	/* script that serves it, owned, or NULL */
	char *script;
};

static int script_name_cmp(const struct script_name *a, const struct script_name *b)
{
	return strcmp(a->function, b->function);
}

DECLARE_RBTREE_UNIQ(script_names, struct script_name, item, script_name_cmp);

static struct script_names_head script_names = INIT_RBTREE_UNIQ(script_names);

static struct script_name *script_name_find(const char *function)
{
	struct script_name lookup = { .function = (char *)function };

	return script_names_find(&script_names, &lookup);
}

int frrscript_names_add_function(const char *function_name, const char *command)
{
	struct script_name *name = script_name_find(function_name);

	if (name) {
		zlog_warn("frrscript: the hook %s is registered twice", function_name);
		return 1;
	}
	name = XCALLOC(MTYPE_SCRIPT, sizeof(*name));
	name->function = XSTRDUP(MTYPE_SCRIPT, function_name);
	name->command = command;
	script_names_add(&script_names, name);
	return 0;
}

int frrscript_names_add_function_name(const char *function_name)
{
	return frrscript_names_add_function(function_name, NULL);
}

/* A script is a file of the script directory itself. */
static bool script_name_valid(const char *script)
{
	return !strchr(script, '/') && !strstr(script, "..");
}

int frrscript_names_set_script_name(const char *function_name, const char *script_name)
{
	struct script_name *name = script_name_find(function_name);
	bool unset = !script_name || script_name[0] == '\0';

	if (!name || (!unset && !script_name_valid(script_name)))
		return 1;
	XFREE(MTYPE_SCRIPT, name->script);
	if (!unset)
		name->script = XSTRDUP(MTYPE_SCRIPT, script_name);
	return 0;
}

char *frrscript_names_get_script_name(const char *function_name)
{
	struct script_name *name = script_name_find(function_name);

	return name ? name->script : NULL;
}

void frrscript_names_config_write(struct vty *vty)
{
	struct script_name *name;

	frr_each (script_names, &script_names, name)
		if (name->script && name->command)
			vty_out(vty, "%s %s\n", name->command, name->script);
}

void frrscript_names_destroy(void)
{
	struct script_name *name;

	while ((name = script_names_pop(&script_names))) {
		XFREE(MTYPE_SCRIPT, name->function);
		XFREE(MTYPE_SCRIPT, name->script);
		XFREE(MTYPE_SCRIPT, name);
	}
}

/* ---- codecs ---- */

PREDECL_RBTREE_UNIQ(codecs);

struct codec {
	struct codecs_item item;
	struct frrscript_codec codec;
	char *typename;
};

static int codec_cmp(const struct codec *a, const struct codec *b)
{
	return strcmp(a->codec.typename, b->codec.typename);
}

DECLARE_RBTREE_UNIQ(codecs, struct codec, item, codec_cmp);

static struct codecs_head codecs = INIT_RBTREE_UNIQ(codecs);

const struct frrscript_codec *frrscript_codec_find(const char *typename)
{
	struct codec lookup = { .codec.typename = typename };
	struct codec *codec = codecs_find(&codecs, &lookup);

	return codec ? &codec->codec : NULL;
}

void frrscript_register_type_codec(struct frrscript_codec *codec)
{
	struct codec *add;

	if (frrscript_codec_find(codec->typename)) {
		zlog_err("frrscript: the type %s has a codec already", codec->typename);
		return;
	}
	add = XCALLOC(MTYPE_SCRIPT, sizeof(*add));
	add->typename = XSTRDUP(MTYPE_SCRIPT, codec->typename);
	add->codec = *codec;
	add->codec.typename = add->typename;
	codecs_add(&codecs, add);
}

void frrscript_register_type_codecs(struct frrscript_codec *list)
{
	for (; list->typename; list++)
		frrscript_register_type_codec(list);
}

static void codecs_destroy(void)
{
	struct codec *codec;

	while ((codec = codecs_pop(&codecs))) {
		XFREE(MTYPE_SCRIPT, codec->typename);
		XFREE(MTYPE_SCRIPT, codec);
	}
}

static struct frrscript_codec lib_codecs[] = {
	{ "integer", (encoder_func)lua_pushintegerp, lua_tointegerp },
	{ "long long", (encoder_func)lua_pushlonglongp, lua_tolonglongp },
	{ "string", (encoder_func)lua_pushstring_wrapper, lua_tostringp },
	{ "prefix", (encoder_func)lua_pushprefix, lua_toprefix },
	{ "interface", (encoder_func)lua_pushinterface, lua_tointerface },
	{ "in_addr", (encoder_func)lua_pushinaddr, lua_toinaddr },
	{ "in6_addr", (encoder_func)lua_pushin6addr, lua_toin6addr },
	{ "sockunion", (encoder_func)lua_pushsockunion, lua_tosockunion },
	{},
};

/* ---- start and end ---- */

void frrscript_runtimedir_set(const char *directory)
{
	runtime_dir = directory;
}

void frrscript_init(const char *scriptdir)
{
	strlcpy(script_dir, scriptdir, sizeof(script_dir));
	frrscript_library_init(script_dir);
	if (frrscript_host_register(NULL, NULL))
		zlog_err("frrscript: the library refused its host");
	frrscript_register_type_codecs(lib_codecs);
	script_loop_init();
	script_bus_init();
}

void frrscript_fini(void)
{
	frrscript_library_fini();
	codecs_destroy();
	frrscript_names_destroy();
}

#endif /* HAVE_SCRIPTING */
