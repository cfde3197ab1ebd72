// SPDX-License-Identifier: GPL-2.0-or-later
/* The methods of frr.runtime.Host: the host's functions for Java code. */
#include "native.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "frr_ffi.h"

/* How many tasks are taken at once. */
#define BATCH 64

void native_log(int priority, const char *text, int len)
{
	if (ngx_http_lua_ffi_log)
		ngx_http_lua_ffi_log(priority, text, len);
	else
		fprintf(stderr, "%.*s\n", len, text);
}

void native_complain(const char *format, ...)
{
	char text[1024] = "java: ";
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text + 6, sizeof(text) - 6, format, args) + 6;
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	native_log(LOG_ERR, text, len);
}

jbyteArray native_bytes(JNIEnv *env, const char *from, size_t len)
{
	jbyteArray array = (*env)->NewByteArray(env, (jsize)len);

	if (array)
		(*env)->SetByteArrayRegion(env, array, 0, (jsize)len,
					   (const jbyte *)from);
	return array;
}

static void *handle(jlong number)
{
	return (void *)(uintptr_t)number;
}

/* A malloc'ed copy with a NUL behind it; NULL: no memory. */
static char *copy(JNIEnv *env, jbyteArray from, int *len)
{
	char *to;

	*len = (*env)->GetArrayLength(env, from);
	to = malloc((size_t)*len + 1);
	if (to) {
		(*env)->GetByteArrayRegion(env, from, 0, *len, (jbyte *)to);
		to[*len] = '\0';
	}
	return to;
}

static jint host_poll(JNIEnv *env, jclass self, jlong tq, jlongArray tasks,
		      jint timeout_ms)
{
	jsize max = (*env)->GetArrayLength(env, tasks);
	void *tsks[BATCH];
	jlong numbers[BATCH];
	int n;

	if (max > BATCH)
		max = BATCH;
	if (ngx_http_lua_ffi_task_poll_many) {
		n = ngx_http_lua_ffi_task_poll_many(handle(tq), tsks, max,
						    timeout_ms);
	} else {
		tsks[0] = ngx_http_lua_ffi_task_poll(handle(tq));
		n = tsks[0] ? 1 : -1;
	}
	for (int i = 0; i < n; i++)
		numbers[i] = (jlong)(uintptr_t)tsks[i];
	if (n > 0)
		(*env)->SetLongArrayRegion(env, tasks, 0, n, numbers);
	return n;
}

static jbyteArray host_request(JNIEnv *env, jclass self, jlong task)
{
	int len = 0;
	char *req = ngx_http_lua_ffi_get_req(handle(task), &len);

	return req ? native_bytes(env, req, len > 0 ? len : 0) : NULL;
}

static void host_respond(JNIEnv *env, jclass self, jlong task, jint rc,
			 jbyteArray body)
{
	char *rsp = NULL;
	int len = 0;

	if (body) {
		rsp = copy(env, body, &len);
		if (!rsp) {
			rc = rc ? rc : 1;
			len = 0;
		}
	}
	ngx_http_lua_ffi_respond(handle(task), rc, rsp, len);
}

static jboolean host_cancelled(JNIEnv *env, jclass self, jlong task)
{
	return ngx_http_lua_ffi_task_cancelled &&
	       ngx_http_lua_ffi_task_cancelled(handle(task)) == 1;
}

static jboolean host_log(JNIEnv *env, jclass self, jint priority,
			 jbyteArray utf8)
{
	int len;
	char *text = copy(env, utf8, &len);

	if (text)
		native_log(priority, text, len);
	free(text);
	return ngx_http_lua_ffi_log != NULL;
}

static void no_dicts(JNIEnv *env)
{
	jclass type = (*env)->FindClass(
		env, "java/lang/UnsupportedOperationException");

	if (type)
		(*env)->ThrowNew(env, type, "this host has no shared dicts");
}

static jint host_dict_get(JNIEnv *env, jclass self, jbyteArray dict,
			  jbyteArray key, jobjectArray value)
{
	int dict_len, key_len, len = 0, rc = -1;
	char *d, *k, *found = NULL;
	jbyteArray bytes;

	if (!ngx_http_lua_ffi_dict_get) {
		no_dicts(env);
		return -1;
	}
	d = copy(env, dict, &dict_len);
	k = copy(env, key, &key_len);
	if (d && k)
		rc = ngx_http_lua_ffi_dict_get(d, k, key_len, &found, &len);
	if (rc == 1) {
		bytes = native_bytes(env, found, len);
		if (bytes)
			(*env)->SetObjectArrayElement(env, value, 0, bytes);
		free(found);
	}
	free(d);
	free(k);
	return rc;
}

typedef int (*store_fn)(const char *dict, const char *key, int key_len,
			const char *value, int len, int ttl_ms);

static jint store(JNIEnv *env, store_fn fn, jbyteArray dict, jbyteArray key,
		  jbyteArray value, jint ttl_ms)
{
	int dict_len, key_len, len, rc = -1;
	char *d, *k, *v;

	if (!fn) {
		no_dicts(env);
		return -1;
	}
	d = copy(env, dict, &dict_len);
	k = copy(env, key, &key_len);
	v = copy(env, value, &len);
	if (d && k && v)
		rc = fn(d, k, key_len, v, len, ttl_ms);
	free(d);
	free(k);
	free(v);
	return rc;
}

static jint host_dict_set(JNIEnv *env, jclass self, jbyteArray dict,
			  jbyteArray key, jbyteArray value, jint ttl_ms)
{
	return store(env, ngx_http_lua_ffi_dict_set, dict, key, value, ttl_ms);
}

static jint host_dict_add(JNIEnv *env, jclass self, jbyteArray dict,
			  jbyteArray key, jbyteArray value, jint ttl_ms)
{
	return store(env, ngx_http_lua_ffi_dict_add, dict, key, value, ttl_ms);
}

static jint host_dict_incr(JNIEnv *env, jclass self, jbyteArray dict,
			   jbyteArray key, jdouble by, jdouble init,
			   jdoubleArray result)
{
	int dict_len, key_len, rc = -1;
	double number = 0;
	char *d, *k;

	if (!ngx_http_lua_ffi_dict_incr) {
		no_dicts(env);
		return -1;
	}
	d = copy(env, dict, &dict_len);
	k = copy(env, key, &key_len);
	if (d && k)
		rc = ngx_http_lua_ffi_dict_incr(d, k, key_len, by, init,
						&number);
	if (rc == 0)
		(*env)->SetDoubleArrayRegion(env, result, 0, 1, &number);
	free(d);
	free(k);
	return rc;
}

static jint host_dict_delete(JNIEnv *env, jclass self, jbyteArray dict,
			     jbyteArray key)
{
	int dict_len, key_len, rc = -1;
	char *d, *k;

	if (!ngx_http_lua_ffi_dict_delete) {
		no_dicts(env);
		return -1;
	}
	d = copy(env, dict, &dict_len);
	k = copy(env, key, &key_len);
	if (d && k)
		rc = ngx_http_lua_ffi_dict_delete(d, k, key_len);
	free(d);
	free(k);
	return rc;
}

static const JNINativeMethod methods[] = {
	{ "poll", "(J[JI)I", (void *)host_poll },
	{ "request", "(J)[B", (void *)host_request },
	{ "respond", "(JI[B)V", (void *)host_respond },
	{ "cancelled", "(J)Z", (void *)host_cancelled },
	{ "log", "(I[B)Z", (void *)host_log },
	{ "dictGet", "([B[B[[B)I", (void *)host_dict_get },
	{ "dictSet", "([B[B[BI)I", (void *)host_dict_set },
	{ "dictAdd", "([B[B[BI)I", (void *)host_dict_add },
	{ "dictIncr", "([B[BDD[D)I", (void *)host_dict_incr },
	{ "dictDelete", "([B[B)I", (void *)host_dict_delete },
};

int native_register(JNIEnv *env)
{
	jclass host = (*env)->FindClass(env, "frr/runtime/Host");

	if (!host)
		return -1;
	return (*env)->RegisterNatives(env, host, methods,
				       sizeof(methods) / sizeof(*methods));
}
