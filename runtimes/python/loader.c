// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Python loader: starts one interpreter in the daemon, and hands each
 * libffi_init() to frr_runtime._load(), which is Python (frr_runtime.py).
 *
 * The interpreter stays for the life of the daemon: extension modules can't be
 * unloaded.  It installs no signal handler.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "frr_ffi.h"
#include "native.h"

/* The source of frr_runtime.py, put into this library by source.S. */
extern const char frr_runtime_source[];

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static bool started;

/* frr_runtime._load, set before started is. */
static PyObject *load;

static void complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (ngx_http_lua_ffi_log)
		ngx_http_lua_ffi_log(LOG_ERR, text, len);
	else
		fprintf(stderr, "python: %s\n", text);
}

/*
 * Extension modules take Python's symbols from the global scope, and Debian's
 * do not name libpython.  So it has to be global even when this library is not.
 */
static void share_libpython(void)
{
	Dl_info info;

	if (dladdr((void *)Py_InitializeFromConfig, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
}

/* The folder of this library, in which "python/" holds modules. */
static PyObject *folder(void)
{
	Dl_info info;
	const char *end;

	if (!dladdr((void *)folder, &info) || !info.dli_fname)
		return PyUnicode_FromString(".");
	end = strrchr(info.dli_fname, '/');
	if (!end)
		return PyUnicode_FromString(".");
	return PyUnicode_DecodeFSDefaultAndSize(info.dli_fname,
						end - info.dli_fname);
}

/* Makes the module frr_runtime from the source in this library. */
static int make_module(void)
{
	PyObject *code, *module, *dir = NULL, *done = NULL;
	int rc = -1;

	code = Py_CompileString(frr_runtime_source, "frr_runtime.py",
				Py_file_input);
	if (!code)
		return -1;
	module = PyImport_ExecCodeModule("frr_runtime", code);
	Py_DECREF(code);
	if (!module)
		return -1;
	dir = folder();
	if (dir)
		done = PyObject_CallMethod(module, "_start", "O", dir);
	if (done)
		load = PyObject_GetAttrString(module, "_load");
	if (load)
		rc = 0;
	Py_XDECREF(done);
	Py_XDECREF(dir);
	Py_DECREF(module);
	return rc;
}

/* Without a log of Python's own yet: what the exception says. */
static void complain_exception(const char *what)
{
	PyObject *type, *value, *trace, *text;
	const char *utf8;

	PyErr_Fetch(&type, &value, &trace);
	text = value ? PyObject_Str(value) : NULL;
	utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
	complain("%s: %s", what, utf8 ? utf8 : "unknown error");
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
}

/* Starts the interpreter and leaves without the lock of it. */
static int start(void)
{
	PyConfig config;
	PyStatus status;
	int rc;

	share_libpython();
	if (PyImport_AppendInittab("_frr_runtime", native_module)) {
		complain("no memory for Python's module table");
		return -1;
	}
	PyConfig_InitPythonConfig(&config);
	/* The daemon has handlers of its own. */
	config.install_signal_handlers = 0;
	config.parse_argv = 0;
	config.user_site_directory = 0;
	/*
	 * Python looks for its library beside this program.  Without a path it
	 * would take the first python3 of the daemon's PATH, of any version or
	 * in any venv.
	 */
	status = PyConfig_SetString(&config, &config.program_name,
				    PYTHON_PROGRAM);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	if (PyStatus_Exception(status)) {
		complain("Python does not start: %s",
			 status.err_msg ? status.err_msg : "unknown error");
		return -1;
	}
	rc = make_module();
	if (rc)
		complain_exception("the module frr_runtime does not start");
	PyEval_SaveThread();
	return rc;
}

int libffi_init(char *cfg, void *tq)
{
	PyGILState_STATE gil;
	PyObject *result;
	long rc = 1;

	pthread_mutex_lock(&start_lock);
	if (!started)
		started = start() == 0;
	pthread_mutex_unlock(&start_lock);
	if (!started)
		return 1;

	gil = PyGILState_Ensure();
	result = PyObject_CallFunction(load, "y#KK", cfg ? cfg : "",
				       (Py_ssize_t)(cfg ? strlen(cfg) : 0),
				       (unsigned long long)(uintptr_t)cfg,
				       (unsigned long long)(uintptr_t)tq);
	if (result)
		rc = PyLong_AsLong(result);
	if (PyErr_Occurred()) {
		complain_exception("the module does not load");
		rc = 1;
	}
	Py_XDECREF(result);
	PyGILState_Release(gil);
	return (int)rc;
}

const char *libffi_language(void)
{
	return "python";
}
