// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of FRR's frrscript interface that only C can be: the names
 * functions, the codec registry, and the macro frrscript_call().
 *
 * Included by frrscript.h inside FRR (HAVE_SCRIPTING); include that one.
 */
#ifndef __FRRSCRIPT_CALL_H__
#define __FRRSCRIPT_CALL_H__

#include <zebra.h>

#include "compiler.h"
#include "nexthop.h"
#include "nexthop_group.h"
#include "frrlua.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vty;

/* ---- start and end: lib/libfrr.c calls these ---- */

/* Where runtimes are; before frrscript_init(), kept. */
void frrscript_runtimedir_set(const char *directory);
/* Registers the default host and the directory; starts no thread, since the
 * daemon has not forked yet.
 */
void frrscript_init(const char *scriptdir);
void frrscript_fini(void);

/*
 * A daemon that re-evaluates or has AS paths says so here, after frr_init().
 * The rest of struct frrscript_host (name, directory, log) is FRR's own.
 * Either may be NULL.  Returns as frrscript_host_set().
 */
int frrscript_host_register(void (*changed)(const char *script),
			    const struct frrscript_as_path_ops *as_path);

/* ---- which script serves a hook that is called by its function's name ---- */

/*
 * Registers a hook.  `command` is the configuration line that sets its script,
 * without the script's name ("zebra on-rib-process script"); NULL if the daemon
 * writes that line by itself.  Static text.  Nonzero if it was there already.
 */
int frrscript_names_add_function(const char *function_name, const char *command);

/* The same without a command. */
int frrscript_names_add_function_name(const char *function_name);

/*
 * Sets the hook's script (file name without extension); NULL or "" unsets it.
 * Nonzero: no such hook, or a name that is none ('/', "..").
 */
int frrscript_names_set_script_name(const char *function_name, const char *script_name);

/* The hook's script, borrowed until it is set again; NULL if none is set. */
char *frrscript_names_get_script_name(const char *function_name);

/* One line per hook that has a script and a command. */
void frrscript_names_config_write(struct vty *vty);
void frrscript_names_destroy(void);

/* ---- codecs by the name of their type ---- */

typedef void (*encoder_func)(lua_State *, const void *);
typedef void *(*decoder_func)(lua_State *, int);

struct frrscript_codec {
	const char *typename;
	encoder_func encoder;
	decoder_func decoder;
};

/* The codec is copied.  A name that is taken keeps its codec, and is logged. */
void frrscript_register_type_codec(struct frrscript_codec *codec);

/* The same for a list that ends with typename == NULL. */
void frrscript_register_type_codecs(struct frrscript_codec *codecs);

/* NULL if there is none; borrowed until frrscript_fini(). */
const struct frrscript_codec *frrscript_codec_find(const char *typename);

/* ---- frrscript_call() ---- */

/*
 * A daemon's own types: its header redefines these two (each entry ends with a
 * comma) and the lists below take them up, since macros are expanded where
 * frrscript_call() is written.  libfrr names no daemon's symbol.
 */
#ifndef FRRSCRIPT_DAEMON_ENCODERS
#define FRRSCRIPT_DAEMON_ENCODERS
#endif
#ifndef FRRSCRIPT_DAEMON_DECODERS
#define FRRSCRIPT_DAEMON_DECODERS
#endif

/* The type of an argument chooses its encoder; no match is a compile error. */
/* clang-format off */
#define ENCODE_ARGS_WITH_STATE(L, value)                                       \
	_Generic((value),                                                      \
		FRRSCRIPT_DAEMON_ENCODERS                                      \
		int : lua_pushinteger,                                         \
		int * : lua_pushintegerp,                                      \
		long long : lua_pushinteger,                                   \
		long long * : lua_pushlonglongp,                               \
		struct prefix * : lua_pushprefix,                              \
		struct interface * : lua_pushinterface,                        \
		struct in_addr * : lua_pushinaddr,                             \
		struct in6_addr * : lua_pushin6addr,                           \
		union sockunion * : lua_pushsockunion,                         \
		char * : lua_pushstring_wrapper,                               \
		const struct prefix * : lua_pushprefix,                        \
		const struct ipaddr * : lua_pushipaddr,                        \
		const struct ethaddr * : lua_pushethaddr,                      \
		const struct nexthop_group * : lua_pushnexthop_group,          \
		const struct nexthop * : lua_pushnexthop                       \
	)((L), (value))

/* Values and const pointers cannot be written: what came back is dropped. */
#define DECODE_ARGS_WITH_STATE(L, value)                                       \
	_Generic((value),                                                      \
		FRRSCRIPT_DAEMON_DECODERS                                      \
		int * : lua_decode_integerp,                                   \
		long long * : lua_decode_longlongp,                            \
		struct prefix * : lua_decode_prefix,                           \
		struct interface * : lua_decode_interface,                     \
		struct in_addr * : lua_decode_inaddr,                          \
		struct in6_addr * : lua_decode_in6addr,                        \
		union sockunion * : lua_decode_sockunion,                      \
		char * : lua_decode_stringp,                                   \
		default : _lua_decode_noop                                     \
	)((L), -1, (value))
/* clang-format on */

/* Pops the value, whatever the argument's type. */
void _lua_decode_noop(lua_State *L, ...);

#define ENCODE_ARGS(name, value) ENCODE_ARGS_WITH_STATE(_frrscript_L, (value))

#define DECODE_ARGS(name, value)                                               \
	do {                                                                   \
		if (frrlua_decode_arg(_frrscript_L, (name)))                   \
			DECODE_ARGS_WITH_STATE(_frrscript_L, (value));         \
		frrlua_decode_done(_frrscript_L);                              \
	} while (0)

/*
 * frrscript_call(fs, f, ("name", value), ...)
 *
 * Calls the function f of the script fs, which frrscript_load() has loaded, with
 * the values as its arguments in this order.  For each name that is a key of
 * the table it returns, the value is written through the pointer that was given.
 * May be called any number of times after one load.
 *
 * Returns 0 if the script ran and everything it returned could be written;
 * 1 otherwise, logged: not loaded, an error or a stop (nothing is written), or a
 * returned value of a wrong type or range (that one is not written).
 */
#define frrscript_call(fs, f, ...)                                             \
	({                                                                     \
		struct frrscript *_frrscript_fs = (fs);                        \
		const char *_frrscript_f = (f);                                \
		int _frrscript_ret = 1;                                        \
		lua_State *_frrscript_L =                                      \
			frrscript_call_begin(_frrscript_fs, _frrscript_f);     \
                                                                               \
		if (_frrscript_L) {                                            \
			MAP_LISTS(ENCODE_ARGS, ##__VA_ARGS__);                 \
			_frrscript_ret = !!frrscript_call_run(                 \
				_frrscript_fs, _frrscript_f,                   \
				PP_NARG(__VA_ARGS__));                         \
		}                                                              \
		if (_frrscript_ret == 0) {                                     \
			unsigned int _frrscript_errors =                       \
				frrlua_decode_errors();                        \
                                                                               \
			MAP_LISTS(DECODE_ARGS, ##__VA_ARGS__);                 \
			_frrscript_ret =                                       \
				frrlua_decode_errors() != _frrscript_errors;   \
		}                                                              \
		_frrscript_ret;                                                \
	})

#ifdef __cplusplus
}
#endif

#endif /* __FRRSCRIPT_CALL_H__ */
