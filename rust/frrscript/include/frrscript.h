// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frrscript: Lua scripts inside FRRouting's daemons.
 *
 * Generated from rust/frrscript/src/ffi by `cargo xtask header`: edit there.
 *
 * Conventions, for all functions:
 * - Call them from the daemon's main pthread only.
 * - A NULL that is not allowed gives FRRSCRIPT_ERROR_BAD_ARGUMENT, NULL, or nothing done; freeing NULL is fine.
 * - `char **out` may be NULL. On return *out is NULL or a text to free with frrscript_text_free(): the reason of a
 *   failure, or something to tell the operator. Other outputs are written on success only.
 * - Strings that are passed in are copied. Tables that are registered are kept: they are static.
 * - A panic of the library stops at its entry, is logged, and gives FRRSCRIPT_ERROR_INTERNAL or the safest answer.
 *
 * Two interfaces: hooks (register types and hook points, make a rule, call it), and FRR's own frrscript_new(),
 * frrscript_load(), frrscript_call() (its macros are in frrscript_call.h, included at the end inside FRR).
 */

#ifndef FRRSCRIPT_H
#define FRRSCRIPT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frrscript;
struct frrscript_rule;
typedef struct lua_State lua_State;

/*
 Lists and AS paths as FRR's text, read and written.
 */
#define FRRSCRIPT_TEXT 1

/*
 The field may be set to nil: `set` gets NIL and removes the attribute.
 */
#define FRRSCRIPT_CLEAR 2

/*
 The hook takes a verdict (`RM_*`) from the function.
 */
#define FRRSCRIPT_HOOK_VERDICT 1

/*
 Staged changes hold unless the function returns RM_FAILURE.
 */
#define FRRSCRIPT_HOOK_SET 2

/*
 The hook takes a whole number from `min` to `max`, or nil, from the function; see `frrscript_rule_number`.
 */
#define FRRSCRIPT_HOOK_NUMBER 4

/*
 An event: scripts listen with `frr.on`, the daemon tells with `frrscript_event`.
 */
#define FRRSCRIPT_HOOK_EVENT 8

/*
 What a rule says of an object, with `on-error` applied.

 */
enum frrscript_verdict {
        /*
         The rule does not match.
         */
        FRRSCRIPT_NOMATCH = 0,
        /*
         The rule matches.
         */
        FRRSCRIPT_MATCH = 1,
        /*
         The script failed and `on-error deny` is set: deny the route if the entry matches otherwise.
         */
        FRRSCRIPT_DENY = 2,
};

/*
 What a rule of a NUMBER hook says.

 */
enum frrscript_number_answer {
        /*
         The function returned nil: it has no opinion.
         */
        FRRSCRIPT_NUMBER_NIL = 0,
        /*
         It returned a number, which was written.
         */
        FRRSCRIPT_NUMBER_VALUE = 1,
        /*
         It failed, was suspended, or is not there.
         */
        FRRSCRIPT_NUMBER_FAILED = 2,
};

/*
 What `frrscript_script_option` sets.

 */
enum frrscript_option {
        /*
         Milliseconds for one call.
         */
        FRRSCRIPT_LIMIT_TIME = 0,
        /*
         MiB for the script's VM.
         */
        FRRSCRIPT_LIMIT_MEMORY = 1,
        /*
         A verdict, `enum frrscript_verdict`.
         */
        FRRSCRIPT_ON_ERROR = 2,
        /*
         0 or 1: the script may call `frr.configure`.
         */
        FRRSCRIPT_PERMIT_CONFIGURE = 3,
        /*
         Seconds for which the last good answer of a NUMBER hook holds when calls fail.
         */
        FRRSCRIPT_ON_ERROR_HOLD = 4,
};

/*
 What a value is. In C: `enum frrscript_kind`, stored as `uint8_t`.

 */
enum frrscript_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
        /*
         No value.
         */
        FRRSCRIPT_NIL = 0,
        /*
         `u.num` is 0 or 1.
         */
        FRRSCRIPT_BOOL = 1,
        /*
         `u.num`.
         */
        FRRSCRIPT_UINT = 2,
        /*
         `u.inum`.
         */
        FRRSCRIPT_INT = 3,
        /*
         `len` octets at `u.ptr`; no NUL needed.
         */
        FRRSCRIPT_STRING = 4,
        /*
         `family` (AF_INET, AF_INET6) and `u.addr` in network order.
         */
        FRRSCRIPT_ADDRESS = 5,
        /*
         An address and `prefixlen`.
         */
        FRRSCRIPT_PREFIX = 6,
        /*
         `u.ptr`: an object of the field's type.
         */
        FRRSCRIPT_OBJECT = 7,
        /*
         Read: `u.ptr` is what the host's AS path operations understand. Staged: `len` segments at `u.ptr`.
         */
        FRRSCRIPT_AS_PATH = 8,
        /*
         `len` items of 4 octets, network order (RFC 1997).
         */
        FRRSCRIPT_COMMUNITY = 9,
        /*
         `len` items of 12 octets (RFC 8092).
         */
        FRRSCRIPT_LARGE_COMMUNITY = 10,
        /*
         `len` items of 8 octets (RFC 4360).
         */
        FRRSCRIPT_EXT_COMMUNITY = 11,
        /*
         `len` items of 20 octets (RFC 5701).
         */
        FRRSCRIPT_IPV6_EXT_COMMUNITY = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum frrscript_kind frrscript_kind;
#else
typedef uint8_t frrscript_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 Results of functions that return `int`.

 */
enum frrscript_error {
        /*
         Fine.
         */
        FRRSCRIPT_ERROR_OK = 0,
        /*
         An argument is NULL or not text.
         */
        FRRSCRIPT_ERROR_BAD_ARGUMENT = 1,
        /*
         The name may not be used.
         */
        FRRSCRIPT_ERROR_BAD_NAME = 2,
        /*
         There is no such script.
         */
        FRRSCRIPT_ERROR_NO_SCRIPT = 3,
        /*
         The file can't be read.
         */
        FRRSCRIPT_ERROR_FILE = 4,
        /*
         The source does not compile.
         */
        FRRSCRIPT_ERROR_SYNTAX = 5,
        /*
         The script failed while it was loaded.
         */
        FRRSCRIPT_ERROR_LOAD = 6,
        /*
         A function in use is missing.
         */
        FRRSCRIPT_ERROR_NO_FUNCTION = 7,
        /*
         A value is out of range.
         */
        FRRSCRIPT_ERROR_RANGE = 8,
        /*
         A panic was stopped at the boundary: a defect of the library.
         */
        FRRSCRIPT_ERROR_INTERNAL = 9,
};

/*
 A segment of an AS path (RFC 4271 section 4.3, RFC 5065).

 */
struct frrscript_as_segment {
        /*
         1 AS_SET, 2 AS_SEQUENCE, 3 AS_CONFED_SEQUENCE, 4 AS_CONFED_SET.
         */
        uint8_t type;
        /*
         How many AS numbers.
         */
        uint16_t len;
        /*
         Borrowed AS numbers, host order.
         */
        const uint32_t *asns;
};

/*
 How the host walks its AS paths.
 */
struct frrscript_as_path_ops {
        /*
         `*cursor` is NULL at first; false at the end; the AS numbers are borrowed.
         */
        bool (*segment)(const void *aspath,
                        const void **cursor,
                        struct frrscript_as_segment *segment);
        /*
         FRR's text of the path, borrowed.
         */
        const char *(*text)(const void *aspath);
};

/*
 What the library needs of the daemon. Copied. Callbacks run on the main pthread.
 */
struct frrscript_host {
        /*
         `"bgpd"`.
         */
        const char *daemon;
        /*
         The script directory; NULL: keep the one of `frrscript_library_init`.
         */
        const char *scriptdir;
        /*
         Writes a line to the log; `priority` is syslog's.
         */
        void (*log)(int priority, const char *message);
        /*
         A script now answers differently (loaded, reloaded, unloaded, resumed): re-evaluate what it decided.
         */
        void (*changed)(const char *script);
        /*
         May be NULL.
         */
        const struct frrscript_as_path_ops *as_path;
        /*
         Calls `frrscript_turn` from the event loop in so many milliseconds (0: as soon as other events had their turn);
         takes the place of an earlier wish that was later. NULL: scripts have no events and timers.
         */
        void (*wake)(uint32_t msec);
        /*
         Runs a show command of this daemon and gives its output to `answer`, once; false: the text says why not. `most`
         octets are enough. Runs outside of any script.
         */
        bool (*show)(const char *command, size_t most, void (*answer)(void *ctx,
                                                                      const char *text,
                                                                      size_t len), void *ctx);
        /*
         Applies configuration lines (each ends with a newline) as vtysh would; false: the text names the line and says
         why, and lines before it are applied. Runs outside of any script.
         */
        bool (*configure)(const char *lines,
                          void (*answer)(void *ctx, const char *text, size_t len),
                          void *ctx);
        /*
         Sends a message to the other daemons of this router, over zebra; false: not now. The first call makes the session:
         `frrscript_bus_connected` tells when it is there. `len` 0 sends nothing and has `frrscript_bus_tick` called soon.
         Called from inside of scripts.
         */
        bool (*send)(const void *data, size_t len);
        /*
         The directory of runtimes and their modules; NULL: the default.
         */
        const char *runtimedir;
        /*
         The program that runs runtimes in processes of their own; it is first looked for beside the daemon's own program.
         NULL: the default.
         */
        const char *runner;
        /*
         Calls `frrscript_turn` from the event loop whenever the descriptor is readable. Called once. NULL: scripts have no
         runtimes.
         */
        void (*watch)(int fd);
};

/*
 The body of a [`Value`].
 */
union frrscript_value_body {
        /*
         Unsigned number or boolean.
         */
        uint64_t num;
        /*
         Signed number.
         */
        int64_t inum;
        /*
         Borrowed octets or object.
         */
        const void *ptr;
        /*
         Address, network order; IPv4 in the first four.
         */
        uint8_t addr[16];
};

/*
 A value that crosses the boundary: 24 octets, nothing owned.
 */
struct frrscript_value {
        /*
         `enum frrscript_kind`.
         */
        uint8_t kind;
        /*
         AF_INET or AF_INET6, for addresses and prefixes.
         */
        uint8_t family;
        /*
         For prefixes.
         */
        uint16_t prefixlen;
        /*
         Octets of a string, items of a list, segments of an AS path.
         */
        uint32_t len;
        /*
         What it is.
         */
        union frrscript_value_body u;
};

/*
 A field of a type.

 */
struct frrscript_field {
        /*
         As scripts write it; NULL ends the table.
         */
        const char *name;
        /*
         One line for `show script hooks` and the reference.
         */
        const char *doc;
        /*
         `enum frrscript_kind`.
         */
        uint8_t kind;
        /*
         `FRRSCRIPT_TEXT`, `FRRSCRIPT_CLEAR`.
         */
        uint8_t flags;
        /*
         Without `get`: octets at `offset` (1, 2, 4, 8).
         */
        uint8_t width;
        /*
         Without `get`: where in the object.
         */
        uint32_t offset;
        /*
         Largest UINT that an assignment accepts; 0: what `width` holds, or 2^32-1.
         */
        uint64_t max;
        /*
         STRING: the accepted words, NULL-terminated; NULL: any.
         */
        const char *const *choices;
        /*
         OBJECT: its type.
         */
        const struct frrscript_type *type;
        /*
         Reads the field; false means absent. NULL: read `width` octets at `offset` (an OBJECT: the same pointer).
         */
        bool (*get)(const void *obj, struct frrscript_value *out);
        /*
         Writes a checked value by FRR's ownership rules; NULL: read-only. Called by `frrscript_rule_apply` only.
         */
        void (*set)(void *obj, const struct frrscript_value *value);
        /*
         A further check at assignment: NULL, or why not, as static text that goes on after the field's name.
         */
        const char *(*check)(const void *obj, const struct frrscript_value *value);
};

/*
 A method of a type, without arguments and results: `router:recompute()`.
 */
struct frrscript_method {
        /*
         As scripts write it; NULL ends the table.
         */
        const char *name;
        /*
         One line.
         */
        const char *doc;
        /*
         Does it. A script is running: note what is to be done and do it from the event loop.
         */
        void (*call)(const void *obj);
};

/*
 A C struct that scripts may see.
 */
struct frrscript_type {
        /*
         Name for messages and documentation.
         */
        const char *name;
        /*
         One line.
         */
        const char *doc;
        /*
         Ends with a field whose name is NULL.
         */
        const struct frrscript_field *fields;
        /*
         The object's prefix, so that sets take the object itself; may be NULL.
         */
        bool (*as_prefix)(const void *obj, struct frrscript_value *out);
        /*
         NULL, or ends with a method whose name is NULL.
         */
        const struct frrscript_method *methods;
};

/*
 An argument of a hook point.

 */
struct frrscript_arg {
        /*
         NULL ends the table.
         */
        const char *name;
        /*
         One line.
         */
        const char *doc;
        /*
         An object of this type; NULL: a constant or, with `get`, a value.
         */
        const struct frrscript_type *type;
        /*
         The constant.
         */
        int64_t constant;
        /*
         Of an event, with `get` and without `type`: BOOL, UINT, INT, STRING, ADDRESS or PREFIX, `enum frrscript_kind`.
         */
        uint8_t kind;
        /*
         Of an event: finds the argument in its record (of an object, `out->u.ptr`); false: nil. An object's pointer stays
         good as long as the record is held.
         */
        bool (*get)(const void *record, struct frrscript_value *out);
};

/*
 A place where a daemon calls a script.
 */
struct frrscript_hook {
        /*
         Its name, which is also the function's default name.
         */
        const char *name;
        /*
         One line.
         */
        const char *doc;
        /*
         Ends with an argument whose name is NULL.
         */
        const struct frrscript_arg *args;
        /*
         `FRRSCRIPT_HOOK_*`.
         */
        uint32_t flags;
        /*
         NUMBER: the smallest answer.
         */
        uint32_t min;
        /*
         NUMBER: the largest answer.
         */
        uint32_t max;
        /*
         EVENT: octets of the record that stands for a queued event, at most 256.
         */
        uint32_t record;
        /*
         EVENT: the first script listens (true), the last one has stopped (false). May be NULL. Here FRR's own hook is
         registered, so that an event without a listener costs nothing.
         */
        void (*listen)(bool on);
        /*
         EVENT: a copy of the record was queued: takes references to what it points to. May be NULL.
         */
        void (*hold)(void *record);
        /*
         EVENT: the copy is no longer needed: gives the references back. May be NULL.
         */
        void (*release)(void *record);
};

/*
 Objects of the daemon that tasks of a script can go over: `for _, peer in frr.peers() do`.

 */
struct frrscript_list {
        /*
         The function's name under `frr`.
         */
        const char *name;
        /*
         One line.
         */
        const char *doc;
        /*
         What they are.
         */
        const struct frrscript_type *type;
        /*
         Calls `add` for each; stops when it gives false.
         */
        void (*each)(bool (*add)(void *ctx, const void *obj), void *ctx);
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Tells the library about its host: where to log, whom to tell of changes, where scripts are. The struct is copied.
 */
int frrscript_host_set(const struct frrscript_host *host);

/*
 Registers types: a NULL-terminated array of pointers to static tables. Types that a field names must be in the same
 array or registered before; registering a table twice is fine.
 */
int frrscript_register_types(const struct frrscript_type *const *types,
                             char **out);

/*
 Registers hook points: a NULL-terminated array of pointers to static tables.
 */
int frrscript_register_hooks(const struct frrscript_hook *const *hooks, char **out);

/*
 A rule that calls `function` (NULL: the hook's name) of `script` in `hook`, which is registered. A script that can't be
 loaded gives a rule too, one that answers `on-error` until the script is there; `*out` then tells why. NULL only for a
 name that may not be used. Free it with `frrscript_rule_free`.
 */
struct frrscript_rule *frrscript_rule_new(const struct frrscript_hook *hook,
                                          const char *script,
                                          const char *function,
                                          char **out);

/*
 Whether a script and a function (may be NULL) may have these names; nothing is loaded. For a process that keeps the
 configuration of others.
 */
int frrscript_rule_check(const char *script,
                         const char *function,
                         char **out);

/*
 Frees a rule; NULL is fine.
 */
void frrscript_rule_free(struct frrscript_rule *rule);

/*
 Calls the rule's function. `objects` has a pointer for each of the hook's objects, in the hook's order, NULL for nil.
 They are borrowed for the call; afterwards the script can't reach them. The verdict has `on-error` applied. What the
 script assigned stays in the rule until its next call.
 */
enum frrscript_verdict frrscript_rule_call(struct frrscript_rule *rule,
                                           const void *const *objects);

/*
 Calls the function of a rule whose hook is a NUMBER one. The number is written for VALUE only.
 */
enum frrscript_number_answer frrscript_rule_number(struct frrscript_rule *rule,
                                                   const void *const *objects,
                                                   uint32_t *number);

/*
 For how many seconds the last good answer of a NUMBER hook holds when calls fail: `script NAME on-error hold`.
 */
uint32_t frrscript_rule_hold(const struct frrscript_rule *rule);

/*
 Applies what the last call assigned on the hook's argument number `arg` (from 0) to `object` of that argument's type,
 through the type's setters, and forgets it. Returns how many assignments there were.
 */
uint32_t frrscript_rule_apply(struct frrscript_rule *rule,
                              uint32_t arg,
                              void *object);

/*
 How many assignments of the last call wait to be applied.
 */
uint32_t frrscript_rule_staged(const struct frrscript_rule *rule);

/*
 Does the function, as it is loaded now, declare the hook's argument of that name? For an outbound route-map this tells
 whether neighbors may share its results.
 */
bool frrscript_rule_takes(const struct frrscript_rule *rule,
                          const char *arg);

/*
 The name of the rule's script; borrowed from the rule.
 */
const char *frrscript_rule_script(const struct frrscript_rule *rule);

/*
 The name of the rule's function; borrowed from the rule.
 */
const char *frrscript_rule_function(const struct frrscript_rule *rule);

/*
 Registers lists: a NULL-terminated array of pointers to static tables. Their types are registered with them.
 */
int frrscript_register_lists(const struct frrscript_list *const *lists,
                             char **out);

/*
 An event happened: queues it for every script that listens. `record` is copied, `record` octets of the hook's table;
 scripts run later, from `frrscript_turn`. Nothing happens when nobody listens.
 */
void frrscript_event(const struct frrscript_hook *hook,
                     const void *record);

/*
 Runs what waits: events, timers, tasks, for a few milliseconds at most. Called by the host as `wake` asked.
 */
void frrscript_turn(void);

/*
 The daemon is about to end: scripts hear of it (`shutdown`), within their time limits, and no task runs afterwards.
 */
void frrscript_shutdown(void);

/*
 Messages pass between this daemon and the others (true), or not any more. Not from inside of `send`.
 */
void frrscript_bus_connected(bool on);

/*
 A message of another daemon; borrowed. Any octets are fine.
 */
void frrscript_bus_received(const void *data, size_t len);

/*
 A daemon has lost its session with zebra: what it published counts no more.
 */
void frrscript_bus_gone(const char *daemon);

/*
 Looks after what has to be sent, and who has gone silent. Returns in how many milliseconds it wants to be called again;
 0: no script needs the other daemons any more.
 */
uint32_t frrscript_bus_tick(void);

/*
 This daemon ends: the others are told.
 */
void frrscript_bus_bye(void);

/*
 `show script dicts [json]`.
 */
char *frrscript_show_dicts(bool json);

/*
 `show script topics [json]`.
 */
char *frrscript_show_topics(bool json);

/*
 `script load NAME`. The name is remembered even if the file is bad; the number and the text then say why it is not in
 service.
 */
int frrscript_script_load(const char *name,
                          char **out);

/*
 `no script load NAME`. Rules that use the script keep it.
 */
int frrscript_script_unload(const char *name, char **out);

/*
 Sets an option of a script to `*value`, or with NULL to its default.
 */
int frrscript_script_option(const char *name,
                            enum frrscript_option option,
                            const uint32_t *value,
                            char **out);

/*
 `[no] script NAME permit runtime LIB`.
 */
int frrscript_script_permit_runtime(const char *name, const char *runtime, bool on, char **out);

/*
 `script reload [NAME]`: NULL for all. A script whose new file is bad keeps the generation that is in service. The text
 says what was done, one line for each script.
 */
int frrscript_script_reload(const char *name,
                            char **out);

/*
 `script resume NAME`: its suspended functions are called again.
 */
int frrscript_script_resume(const char *name, char **out);

/*
 `clear script [NAME] counters`: NULL for all.
 */
int frrscript_script_clear(const char *name, char **out);

/*
 The daemon's account of a reload: how many routes were evaluated again, and how many of them came out differently.
 Adds to what was told since the reload, up to the largest number there is.
 */
void frrscript_script_reevaluated(const char *name,
                                  uint64_t evaluated,
                                  uint64_t changed);

/*
 Calls that a script's functions have had; 0 when it is not known.
 */
uint64_t frrscript_script_calls(const char *name);

/*
 `[no] debug script`: whether `log.debug` and the library's debug lines are logged.
 */
void frrscript_debug(bool on);

/*
 `show script [NAME] [json]`: NULL for all. NULL when there is no such script.
 */
char *frrscript_show(const char *name, bool json);

/*
 `show script hooks [json]`.
 */
char *frrscript_show_hooks(bool json);

/*
 `show script runtimes [json]`.
 */
char *frrscript_show_runtimes(bool json);

/*
 Names of runtimes for completion, one on each line.
 */
char *frrscript_runtime_names(void);

/*
 The lines of the running configuration, each with its newline.
 */
char *frrscript_config(void);

/*
 Names for completion, one on each line: scripts that are known, and files of the script directory.
 */
char *frrscript_script_names(void);

/*
 Frees a text that a function of this library gave; NULL is fine.
 */
void frrscript_text_free(char *text);

/*
 Sets the script directory. `frrscript_init` calls it.
 */
void frrscript_library_init(const char *scriptdir);

/*
 Forgets all scripts and closes their VMs. Rules that are still there answer `on-error`. `frrscript_fini` calls it.
 */
void frrscript_library_fini(void);

/*
 A script by its name, the file's without `.lua`; nothing is read yet. Free it with `frrscript_delete`.
 */
struct frrscript *frrscript_new(const char *name);

/*
 Loads a function of the script and then calls `load_cb`, which may be NULL. 0 if all went well; else the reason is
 logged.
 */
int frrscript_load(struct frrscript *fs,
                   const char *function,
                   int (*load_cb)(struct frrscript*));

/*
 Frees a script; NULL is fine. What was loaded stays in service for the next one of its name.
 */
void frrscript_delete(struct frrscript *fs);

/*
 The empty stack on which the arguments of a call are pushed; borrowed from the script. NULL, and logged, when the
 function was not loaded.
 */
lua_State *frrscript_call_begin(struct frrscript *fs,
                                const char *function);

/*
 Calls the function with the top `nargs` values of its stack. 0: the table that it returned is alone on the stack. Else
 the reason is logged and the stack is empty.
 */
int frrscript_call_run(struct frrscript *fs,
                       const char *function,
                       int nargs);

/*
 Reads `name` from the table that the function's last call returned: `lua_to` gets the value on top of the stack and
 makes of it what it likes, which the caller then owns. NULL when there is no such value.
 */
void *frrscript_get_result(struct frrscript *fs,
                           const char *function,
                           const char *name,
                           void *(*lua_to)(lua_State*, int));

/*
 Pushes an empty table.
 */
void frrscript_stack_newtable(lua_State *frame);

/*
 Pushes nil.
 */
void frrscript_stack_pushnil(lua_State *frame);

/*
 Pushes a whole number, exact in 64 bits: beyond 2^53 the script gets Luau's 64-bit integer.
 */
void frrscript_stack_pushinteger(lua_State *frame, long long n);

/*
 Pushes a number.
 */
void frrscript_stack_pushnumber(lua_State *frame, double n);

/*
 Pushes a boolean.
 */
void frrscript_stack_pushboolean(lua_State *frame, int b);

/*
 Pushes a string; NULL pushes nil.
 */
void frrscript_stack_pushstring(lua_State *frame, const char *s);

/*
 Pushes `n` octets; NULL pushes nil.
 */
void frrscript_stack_pushlstring(lua_State *frame, const char *s, size_t n);

/*
 `table[k] = top`, with the table at `idx`; pops the value.
 */
void frrscript_stack_setfield(lua_State *frame, int idx, const char *k);

/*
 `table[i] = top`, with the table at `idx`; pops the value.
 */
void frrscript_stack_seti(lua_State *frame, int idx, long long i);

/*
 Pushes `table[k]`, with the table at `idx`; nil if there is none or `idx` is no table.
 */
void frrscript_stack_getfield(lua_State *frame, int idx, const char *k);

/*
 Takes `n` values off.
 */
void frrscript_stack_pop(lua_State *frame, int n);

/*
 How many values are on the stack.
 */
int frrscript_stack_gettop(lua_State *frame);

/*
 Is the value at `idx` nil, or not there?
 */
bool frrscript_stack_isnil(lua_State *frame, int idx);

/*
 Is the value at `idx` a table?
 */
bool frrscript_stack_istable(lua_State *frame, int idx);

/*
 Is the value at `idx` a string or a number?
 */
bool frrscript_stack_isstring(lua_State *frame, int idx);

/*
 Reads a whole number from `min` to `max`. False for anything else: `*out` is then untouched.
 */
bool frrscript_stack_tointeger(lua_State *frame, int idx, int64_t min, int64_t max, long long *out);

/*
 The text of the value at `idx`, borrowed until it is popped; NULL for what is neither a string nor a number.
 */
const char *frrscript_stack_tostring(lua_State *frame,
                                     int idx);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FRRSCRIPT_H */

/* Inside FRR: the stock macros and codecs. */
#ifdef HAVE_SCRIPTING
#include "frrscript/daemons/lib/frrscript_call.h"
#endif
