// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Java loader: starts one virtual machine in the daemon, and hands each
 * libffi_init() to frr.runtime.Loader, which is Java.
 *
 * The virtual machine stays for the life of the daemon.  It gets -Xrs, so that
 * it leaves HUP, INT and TERM to the daemon.
 */
#include <dlfcn.h>
#include <jni.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "frr_ffi.h"
#include "native.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static JavaVM *vm;
static jclass loader;
static jmethodID load;

/* Options of the virtual machine, each one malloc'ed. */
struct options {
	JavaVMOption *list;
	int n;
};

static bool add(struct options *options, char *text, void *extra)
{
	JavaVMOption *list;

	list = text ? realloc(options->list,
			      (options->n + 1) * sizeof(*options->list))
		    : NULL;
	if (!list) {
		free(text);
		return false;
	}
	options->list = list;
	options->list[options->n++] =
		(JavaVMOption){ .optionString = text, .extraInfo = extra };
	return true;
}

/* Adds all words of a text. */
static bool add_words(struct options *options, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t word = strcspn(text, " \t\n");

		if (word > (size_t)(end - text))
			word = end - text;
		if (word && !add(options, strndup(text, word), NULL))
			return false;
		text += word + 1;
	}
	return true;
}

/* What the virtual machine itself writes. */
static jint JNICALL on_print(FILE *file, const char *format, va_list args)
{
	char text[1024];
	int len = vsnprintf(text, sizeof(text), format, args);

	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0)
		native_log(LOG_WARNING, text, len);
	return len;
}

/*
 * What System.exit() and Runtime.halt() end in.  The daemon does not end for
 * that: it is an error of the code that called it.
 */
static void JNICALL refuse_exit(JNIEnv *env, jclass self, jint code)
{
	jclass error = (*env)->FindClass(env, "java/lang/Error");

	if (error)
		(*env)->ThrowNew(env, error,
				 "System.exit() is not for code in a router's daemon");
}

static void fence(JNIEnv *env)
{
	const JNINativeMethod halt = { "halt0", "(I)V", (void *)refuse_exit };
	jclass shutdown = (*env)->FindClass(env, "java/lang/Shutdown");

	if (shutdown && !(*env)->RegisterNatives(env, shutdown, &halt, 1))
		return;
	(*env)->ExceptionClear(env);
	native_complain("this JDK keeps System.exit() to itself: Java code that calls it ends the daemon");
}

/* "DIR/java", DIR being where this library is. */
static char *folder(void)
{
	Dl_info info;
	const char *end;
	char *path;

	if (!dladdr((void *)folder, &info) || !info.dli_fname)
		return strdup("java");
	end = strrchr(info.dli_fname, '/');
	if (asprintf(&path, "%.*sjava",
		     end ? (int)(end + 1 - info.dli_fname) : 0,
		     info.dli_fname) < 0)
		return NULL;
	return path;
}

typedef jint (*create_fn)(JavaVM **vm, void **env, void *args);

/* libjvm of JAVA_HOME, or of the JDK that this was built with. */
static void *open_libjvm(void)
{
	const char *home = getenv("JAVA_HOME");
	char path[4096];
	void *library = NULL;

	if (home && home[0]) {
		snprintf(path, sizeof(path), "%s/lib/server/libjvm.so", home);
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	if (!library)
		library = dlopen(LIBJVM, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		library = dlopen("libjvm.so", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		native_complain("there is no libjvm.so in %s: set JAVA_HOME for the daemon or install a JRE (%s)",
				LIBJVM, dlerror());
	return library;
}

/* The value of "opts=" among the settings that begin a configuration. */
static const char *own_options(const char *cfg, size_t *len)
{
	size_t head = cfg ? strcspn(cfg, ",") : 0;
	const char *end = cfg + head;

	while (cfg < end) {
		size_t setting = strcspn(cfg, ";,");

		if (cfg + setting >= end)
			break;
		if (!strncmp(cfg, "opts=", 5)) {
			*len = setting - 5;
			return cfg + 5;
		}
		cfg += setting + 1;
	}
	*len = 0;
	return NULL;
}

static bool collect(struct options *options, const char *dir, const char *cfg)
{
	const char *environment = getenv("JAVA_OPTS");
	size_t len;
	const char *own = own_options(cfg, &len);
	char *path;

	if (asprintf(&path, "-Djava.class.path=%s/frr-runtime.jar", dir) < 0)
		return false;
	/*
	 * A router has other things to do with its memory and its processors,
	 * and no use for files in /tmp.  What comes later wins.
	 */
	return add(options, path, NULL) &&
	       add(options, strdup("-Xmx128m"), NULL) &&
	       add(options, strdup("-XX:+UseSerialGC"), NULL) &&
	       add(options, strdup("-XX:-UsePerfData"), NULL) &&
	       add_words(options, environment ? environment : "",
			 environment ? strlen(environment) : 0) &&
	       add_words(options, own ? own : "", len) &&
	       add(options, strdup("-Xrs"), NULL) &&
	       add(options, strdup("vfprintf"), (void *)on_print);
}

static int start_loader(JNIEnv *env, const char *dir)
{
	jclass found = (*env)->FindClass(env, "frr/runtime/Loader");
	jmethodID start;
	jbyteArray path;

	if (!found || native_register(env))
		return -1;
	fence(env);
	start = (*env)->GetStaticMethodID(env, found, "start", "([BZ)V");
	load = (*env)->GetStaticMethodID(env, found, "load", "([BJ)I");
	path = native_bytes(env, dir, strlen(dir));
	if (!start || !load || !path)
		return -1;
	loader = (*env)->NewGlobalRef(env, found);
	(*env)->CallStaticVoidMethod(env, found, start, path,
				     (jboolean)(ngx_http_lua_ffi_log != NULL));
	(*env)->DeleteLocalRef(env, path);
	(*env)->DeleteLocalRef(env, found);
	return (*env)->ExceptionCheck(env) || !loader ? -1 : 0;
}

/* Creates the virtual machine. */
static int start(const char *cfg)
{
	void *library = open_libjvm();
	struct options options = { 0 };
	JavaVMInitArgs args = { .version = JNI_VERSION_10 };
	create_fn create;
	JNIEnv *env = NULL;
	char *dir = folder();
	int rc = -1;

	if (!library || !dir) {
		free(dir);
		return -1;
	}
	create = (create_fn)dlsym(library, "JNI_CreateJavaVM");
	if (create && collect(&options, dir, cfg)) {
		args.options = options.list;
		args.nOptions = options.n;
		rc = create(&vm, (void **)&env, &args);
		if (rc)
			native_complain("the Java virtual machine does not start (%d); its options are in JAVA_OPTS and opts=",
					rc);
	}
	for (int i = 0; i < options.n; i++)
		free(options.list[i].optionString);
	free(options.list);
	if (rc) {
		vm = NULL;
		free(dir);
		return -1;
	}
	rc = start_loader(env, dir);
	if (rc) {
		native_complain("%s/frr-runtime.jar is missing or another version's: install it beside libjava.so",
				dir);
		(*env)->ExceptionClear(env);
	}
	free(dir);
	return rc;
}

static int call(JNIEnv *env, const char *cfg, void *tq)
{
	jbyteArray text = native_bytes(env, cfg ? cfg : "",
				       cfg ? strlen(cfg) : 0);
	jint rc = 1;

	if (text) {
		rc = (*env)->CallStaticIntMethod(env, loader, load, text,
						 (jlong)(uintptr_t)tq);
		(*env)->DeleteLocalRef(env, text);
	}
	if ((*env)->ExceptionCheck(env)) {
		(*env)->ExceptionClear(env);
		native_complain("the Java virtual machine has no memory left: give it more with JAVA_OPTS=-Xmx...");
		rc = 1;
	}
	return rc;
}

int libffi_init(char *cfg, void *tq)
{
	static bool tried;
	bool attached = false;
	JNIEnv *env;
	int rc = 1;

	pthread_mutex_lock(&lock);
	/* There is one try: a virtual machine that failed can't be started again. */
	if (!tried) {
		tried = true;
		if (start(cfg))
			loader = NULL;
	}
	if (!loader) {
		native_complain("there is no Java virtual machine, the first load said why");
	} else {
		if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) != JNI_OK)
			attached = (*vm)->AttachCurrentThreadAsDaemon(
					   vm, (void **)&env, NULL) == JNI_OK;
		if (attached ||
		    (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) == JNI_OK)
			rc = call(env, cfg, tq);
		if (attached)
			(*vm)->DetachCurrentThread(vm);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

const char *libffi_language(void)
{
	return "java";
}
