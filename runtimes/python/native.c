// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module _frr_runtime.  Queues and tasks are ints; whatever waits does it
 * without the interpreter's lock.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "frr_ffi.h"
#include "native.h"

/* How many tasks are taken at once. */
#define BATCH 64

static void *handle(unsigned long long number)
{
	return (void *)(uintptr_t)number;
}

static PyObject *number(void *handle)
{
	return PyLong_FromUnsignedLongLong((uintptr_t)handle);
}

PyDoc_STRVAR(poll_doc,
	     "poll(queue) -> task or None\n\n"
	     "Waits for a task. None: the runtime is unloaded, stop polling.");

static PyObject *native_poll(PyObject *self, PyObject *args)
{
	unsigned long long tq;
	void *tsk;

	if (!PyArg_ParseTuple(args, "K", &tq))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	tsk = ngx_http_lua_ffi_task_poll(handle(tq));
	Py_END_ALLOW_THREADS
	if (!tsk)
		Py_RETURN_NONE;
	return number(tsk);
}

PyDoc_STRVAR(poll_many_doc,
	     "poll_many(queue, max, timeout_ms=-1) -> list of tasks or None\n\n"
	     "Waits for at most that many tasks. An empty list: the time is\n"
	     "over. None: the runtime is unloaded, stop polling. A host without\n"
	     "this function gives one task and knows no time.");

static PyObject *native_poll_many(PyObject *self, PyObject *args)
{
	unsigned long long tq;
	void *tsks[BATCH];
	int max, timeout_ms = -1, n;
	PyObject *list;

	if (!PyArg_ParseTuple(args, "Ki|i", &tq, &max, &timeout_ms))
		return NULL;
	if (max < 1 || max > BATCH) {
		PyErr_Format(PyExc_ValueError, "max is from 1 to %d", BATCH);
		return NULL;
	}
	Py_BEGIN_ALLOW_THREADS
	if (ngx_http_lua_ffi_task_poll_many) {
		n = ngx_http_lua_ffi_task_poll_many(handle(tq), tsks, max,
						    timeout_ms);
	} else {
		tsks[0] = ngx_http_lua_ffi_task_poll(handle(tq));
		n = tsks[0] ? 1 : -1;
	}
	Py_END_ALLOW_THREADS
	if (n < 0)
		Py_RETURN_NONE;
	list = PyList_New(n);
	for (int i = 0; list && i < n; i++) {
		PyObject *item = number(tsks[i]);

		if (!item)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, item);
	}
	return list;
}

PyDoc_STRVAR(get_req_doc, "get_req(task) -> bytes or None");

static PyObject *native_get_req(PyObject *self, PyObject *args)
{
	unsigned long long tsk;
	int len = 0;
	char *req;

	if (!PyArg_ParseTuple(args, "K", &tsk))
		return NULL;
	req = ngx_http_lua_ffi_get_req(handle(tsk), &len);
	if (!req)
		Py_RETURN_NONE;
	return PyBytes_FromStringAndSize(req, len > 0 ? len : 0);
}

PyDoc_STRVAR(respond_doc,
	     "respond(task, rc=0, body=None)\n\n"
	     "Answers with bytes, a str (as UTF-8) or nothing.");

static PyObject *native_respond(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "task", "rc", "body", NULL };
	unsigned long long tsk;
	Py_buffer body = { 0 };
	int rc = 0;
	char *rsp = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "K|iz*", names, &tsk,
					 &rc, &body))
		return NULL;
	if (body.len > INT_MAX - 1) {
		PyBuffer_Release(&body);
		PyErr_SetString(PyExc_ValueError,
				"an answer has at most 2 GiB");
		return NULL;
	}
	if (body.buf) {
		/* A NUL behind it: a host may read a length of 0 as a string. */
		rsp = malloc(body.len + 1);
		if (!rsp) {
			PyBuffer_Release(&body);
			return PyErr_NoMemory();
		}
		memcpy(rsp, body.buf, body.len);
		rsp[body.len] = '\0';
	}
	ngx_http_lua_ffi_respond(handle(tsk), rc, rsp, (int)body.len);
	PyBuffer_Release(&body);
	Py_RETURN_NONE;
}

PyDoc_STRVAR(cancelled_doc,
	     "cancelled(task) -> bool\n\n"
	     "Does nobody wait for the answer any more?");

static PyObject *native_cancelled(PyObject *self, PyObject *args)
{
	unsigned long long tsk;

	if (!PyArg_ParseTuple(args, "K", &tsk))
		return NULL;
	return PyBool_FromLong(ngx_http_lua_ffi_task_cancelled &&
			       ngx_http_lua_ffi_task_cancelled(handle(tsk)) ==
				       1);
}

PyDoc_STRVAR(log_doc,
	     "log(priority, text) -> bool\n\n"
	     "A line for the daemon's log, with a priority of syslog. False\n"
	     "where the host takes none.");

static PyObject *native_log(PyObject *self, PyObject *args)
{
	int priority;
	const char *text;
	Py_ssize_t len;

	if (!PyArg_ParseTuple(args, "is#", &priority, &text, &len))
		return NULL;
	if (!ngx_http_lua_ffi_log)
		Py_RETURN_FALSE;
	ngx_http_lua_ffi_log(priority, text, len > INT_MAX ? INT_MAX : (int)len);
	Py_RETURN_TRUE;
}

/* The arguments that all functions of shared dicts begin with. */
struct entry {
	const char *dict;
	Py_buffer key;
};

static int check_entry(struct entry *entry, bool there)
{
	if (!there) {
		PyErr_SetString(PyExc_NotImplementedError,
				"this host has no shared dicts");
		return -1;
	}
	if (entry->key.len > INT_MAX) {
		PyErr_SetString(PyExc_ValueError, "the key is too long");
		return -1;
	}
	return 0;
}

PyDoc_STRVAR(dict_get_doc, "dict_get(dict, key) -> bytes or None");

static PyObject *native_dict_get(PyObject *self, PyObject *args)
{
	struct entry entry = { 0 };
	PyObject *result = NULL;
	char *value = NULL;
	int len = 0, rc;

	if (!PyArg_ParseTuple(args, "ss*", &entry.dict, &entry.key))
		return NULL;
	if (check_entry(&entry, ngx_http_lua_ffi_dict_get) == 0) {
		rc = ngx_http_lua_ffi_dict_get(entry.dict, entry.key.buf,
					       (int)entry.key.len, &value,
					       &len);
		if (rc == 1) {
			result = PyBytes_FromStringAndSize(value, len);
			free(value);
		} else if (rc == 0) {
			result = Py_NewRef(Py_None);
		} else {
			PyErr_SetString(PyExc_ValueError,
					"no such shared dict, or a bad key");
		}
	}
	PyBuffer_Release(&entry.key);
	return result;
}

typedef int (*store_fn)(const char *dict, const char *key, int key_len,
			const char *value, int len, int ttl_ms);

static PyObject *store(PyObject *args, store_fn fn)
{
	struct entry entry = { 0 };
	Py_buffer value = { 0 };
	PyObject *result = NULL;
	int ttl_ms = 0;

	if (!PyArg_ParseTuple(args, "ss*s*|i", &entry.dict, &entry.key, &value,
			      &ttl_ms))
		return NULL;
	if (check_entry(&entry, fn) == 0) {
		if (value.len > INT_MAX)
			PyErr_SetString(PyExc_ValueError,
					"the value is too long");
		else
			result = PyBool_FromLong(
				fn(entry.dict, entry.key.buf,
				   (int)entry.key.len, value.buf,
				   (int)value.len, ttl_ms) == 0);
	}
	PyBuffer_Release(&entry.key);
	PyBuffer_Release(&value);
	return result;
}

PyDoc_STRVAR(dict_set_doc,
	     "dict_set(dict, key, value, ttl_ms=0) -> bool\n\n"
	     "False: no room. A time of 0: for ever.");

static PyObject *native_dict_set(PyObject *self, PyObject *args)
{
	return store(args, ngx_http_lua_ffi_dict_set);
}

PyDoc_STRVAR(dict_add_doc,
	     "dict_add(dict, key, value, ttl_ms=0) -> bool\n\n"
	     "As dict_set, and False when the key is there already.");

static PyObject *native_dict_add(PyObject *self, PyObject *args)
{
	return store(args, ngx_http_lua_ffi_dict_add);
}

PyDoc_STRVAR(dict_incr_doc,
	     "dict_incr(dict, key, by=1, init=0) -> float or None\n\n"
	     "The new number; None: no room, or no number is there.");

static PyObject *native_dict_incr(PyObject *self, PyObject *args)
{
	struct entry entry = { 0 };
	PyObject *py = NULL;
	double by = 1, init = 0, result = 0;

	if (!PyArg_ParseTuple(args, "ss*|dd", &entry.dict, &entry.key, &by,
			      &init))
		return NULL;
	if (check_entry(&entry, ngx_http_lua_ffi_dict_incr) == 0) {
		if (ngx_http_lua_ffi_dict_incr(entry.dict, entry.key.buf,
					       (int)entry.key.len, by, init,
					       &result) == 0)
			py = PyFloat_FromDouble(result);
		else
			py = Py_NewRef(Py_None);
	}
	PyBuffer_Release(&entry.key);
	return py;
}

PyDoc_STRVAR(dict_delete_doc,
	     "dict_delete(dict, key) -> bool\n\nWas it there?");

static PyObject *native_dict_delete(PyObject *self, PyObject *args)
{
	struct entry entry = { 0 };
	PyObject *py = NULL;

	if (!PyArg_ParseTuple(args, "ss*", &entry.dict, &entry.key))
		return NULL;
	if (check_entry(&entry, ngx_http_lua_ffi_dict_delete) == 0)
		py = PyBool_FromLong(ngx_http_lua_ffi_dict_delete(
					     entry.dict, entry.key.buf,
					     (int)entry.key.len) == 1);
	PyBuffer_Release(&entry.key);
	return py;
}

static PyMethodDef methods[] = {
	{ "poll", native_poll, METH_VARARGS, poll_doc },
	{ "poll_many", native_poll_many, METH_VARARGS, poll_many_doc },
	{ "get_req", native_get_req, METH_VARARGS, get_req_doc },
	{ "respond", (PyCFunction)(void (*)(void))native_respond,
	  METH_VARARGS | METH_KEYWORDS, respond_doc },
	{ "cancelled", native_cancelled, METH_VARARGS, cancelled_doc },
	{ "log", native_log, METH_VARARGS, log_doc },
	{ "dict_get", native_dict_get, METH_VARARGS, dict_get_doc },
	{ "dict_set", native_dict_set, METH_VARARGS, dict_set_doc },
	{ "dict_add", native_dict_add, METH_VARARGS, dict_add_doc },
	{ "dict_incr", native_dict_incr, METH_VARARGS, dict_incr_doc },
	{ "dict_delete", native_dict_delete, METH_VARARGS, dict_delete_doc },
	{ 0 },
};

static PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_frr_runtime",
	.m_doc = "The functions of the daemon that this interpreter runs in.",
	.m_size = -1,
	.m_methods = methods,
};

PyObject *native_module(void)
{
	PyObject *m = PyModule_Create(&module);

	if (m && (PyModule_AddIntConstant(m, "BATCH", BATCH) ||
		  PyModule_AddIntConstant(m, "HAS_LOG",
					  ngx_http_lua_ffi_log != NULL))) {
		Py_DECREF(m);
		return NULL;
	}
	return m;
}
