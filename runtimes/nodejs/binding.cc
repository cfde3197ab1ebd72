// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's functions for JavaScript.  Queues and tasks are BigInts; whatever
 * waits does it in a thread of its own.
 */
#include "loader.h"

#include <climits>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <node_buffer.h>

#include "frr_ffi.h"

using v8::FunctionCallbackInfo;
using v8::Isolate;
using v8::Local;
using v8::Value;

/* How many tasks are taken at once. */
static const int BATCH = 64;

using Args = const FunctionCallbackInfo<Value> &;

static Local<v8::String> text(Isolate *isolate, const char *from)
{
	return v8::String::NewFromUtf8(isolate, from).ToLocalChecked();
}

static void fail(Isolate *isolate, const char *what)
{
	isolate->ThrowException(v8::Exception::TypeError(text(isolate, what)));
}

static void *handle(Args info, int i)
{
	bool lossless;

	if (!info[i]->IsBigInt())
		return nullptr;
	return (void *)(uintptr_t)info[i].As<v8::BigInt>()->Uint64Value(
		&lossless);
}

/*
 * The bytes of a string (as UTF-8), a Buffer, a typed array or an ArrayBuffer
 * in malloc's memory, with a NUL behind them.
 */
static bool bytes(Isolate *isolate, Local<Value> from, char **to, int *len)
{
	size_t size;

	*to = nullptr;
	*len = 0;
	if (from->IsNullOrUndefined())
		return true;
	if (from->IsString())
		size = from.As<v8::String>()->Utf8Length(isolate);
	else if (from->IsArrayBufferView())
		size = from.As<v8::ArrayBufferView>()->ByteLength();
	else if (from->IsArrayBuffer())
		size = from.As<v8::ArrayBuffer>()->ByteLength();
	else {
		fail(isolate, "a string, a Buffer or nothing is needed");
		return false;
	}
	if (size > INT_MAX - 1) {
		fail(isolate, "it has more than 2 GiB");
		return false;
	}
	*to = static_cast<char *>(malloc(size + 1));
	if (!*to) {
		fail(isolate, "there is no memory for it");
		return false;
	}
	if (from->IsString())
		from.As<v8::String>()->WriteUtf8(
			isolate, *to, (int)size, nullptr,
			v8::String::NO_NULL_TERMINATION |
				v8::String::REPLACE_INVALID_UTF8);
	else if (from->IsArrayBufferView())
		from.As<v8::ArrayBufferView>()->CopyContents(*to, size);
	else
		memcpy(*to, from.As<v8::ArrayBuffer>()->Data(), size);
	(*to)[size] = '\0';
	*len = (int)size;
	return true;
}

static void give_bytes(Args info, const char *from, int len)
{
	Local<v8::Object> buffer;

	if (node::Buffer::Copy(info.GetIsolate(), from, len > 0 ? len : 0)
		    .ToLocal(&buffer))
		info.GetReturnValue().Set(buffer);
}

/* Takes tasks for Node's thread until the runtime is unloaded. */
static void poll_tasks(void *tq, int id)
{
	void *tsks[BATCH];
	int n;

	for (;;) {
		if (ngx_http_lua_ffi_task_poll_many) {
			n = ngx_http_lua_ffi_task_poll_many(tq, tsks, BATCH, -1);
		} else {
			tsks[0] = ngx_http_lua_ffi_task_poll(tq);
			n = tsks[0] ? 1 : -1;
		}
		if (n < 0)
			break;
		if (the_node.tell({ Event::TASKS, id,
				    std::vector<void *>(tsks, tsks + n), {} }))
			continue;
		for (int i = 0; i < n; i++)
			ngx_http_lua_ffi_respond(tsks[i], 1,
						 strdup("Node has ended"), 14);
	}
	the_node.tell({ Event::ENDED, id, {}, {} });
}

static void host_poll(Args info)
{
	void *tq = handle(info, 0);
	int id = info[1].As<v8::Int32>()->Value();

	if (!tq) {
		fail(info.GetIsolate(), "serve() needs the queue that the function was given");
		return;
	}
	try {
		std::thread(poll_tasks, tq, id).detach();
	} catch (const std::exception &) {
		fail(info.GetIsolate(), "no thread can be started to poll");
	}
}

static void host_ready(Args info)
{
	Isolate *isolate = info.GetIsolate();

	the_node.arrived.Reset(isolate, info[0].As<v8::Function>());
	the_node.loading.Reset(isolate, info[1].As<v8::Function>());
	the_node.ready();
}

static void host_request(Args info)
{
	int len = 0;
	char *req = ngx_http_lua_ffi_get_req(handle(info, 0), &len);

	if (req)
		give_bytes(info, req, len);
	else
		info.GetReturnValue().SetNull();
}

static void host_respond(Args info)
{
	Isolate *isolate = info.GetIsolate();
	char *rsp;
	int len, rc;

	if (!bytes(isolate, info[2], &rsp, &len))
		return;
	rc = info[1]->Int32Value(isolate->GetCurrentContext()).FromMaybe(1);
	ngx_http_lua_ffi_respond(handle(info, 0), rc, rsp, len);
}

static void host_cancelled(Args info)
{
	info.GetReturnValue().Set(ngx_http_lua_ffi_task_cancelled &&
				  ngx_http_lua_ffi_task_cancelled(
					  handle(info, 0)) == 1);
}

static void host_log(Args info)
{
	Isolate *isolate = info.GetIsolate();
	v8::String::Utf8Value line(isolate, info[1]);

	if (*line)
		loader_log(info[0]->Int32Value(isolate->GetCurrentContext())
				   .FromMaybe(6),
			   std::string(*line, line.length()));
}

/* The name of a shared dict and a key, as arguments 0 and 1. */
struct Entry {
	Entry(Args info, bool there) : dict(info.GetIsolate(), info[0])
	{
		Isolate *isolate = info.GetIsolate();

		if (!there)
			fail(isolate, "this host has no shared dicts");
		else if (info[1]->IsNullOrUndefined())
			fail(isolate, "a key is needed");
		else
			good = bytes(isolate, info[1], &key, &len) && *dict;
	}
	~Entry()
	{
		free(key);
	}

	v8::String::Utf8Value dict;
	char *key = nullptr;
	int len = 0;
	bool good = false;
};

static void host_dict_get(Args info)
{
	Entry entry(info, ngx_http_lua_ffi_dict_get);
	char *value = nullptr;
	int len = 0, rc;

	if (!entry.good)
		return;
	rc = ngx_http_lua_ffi_dict_get(*entry.dict, entry.key, entry.len,
				       &value, &len);
	if (rc < 0) {
		fail(info.GetIsolate(), "no such shared dict, or a bad key");
	} else if (rc == 0) {
		info.GetReturnValue().SetNull();
	} else {
		give_bytes(info, value, len);
		free(value);
	}
}

using Store = int (*)(const char *dict, const char *key, int key_len,
		      const char *value, int len, int ttl_ms);

static void store(Args info, Store function)
{
	Isolate *isolate = info.GetIsolate();
	Entry entry(info, function);
	char *value;
	int len, ttl_ms;

	if (!entry.good || !bytes(isolate, info[2], &value, &len))
		return;
	ttl_ms = info[3]->Int32Value(isolate->GetCurrentContext()).FromMaybe(0);
	info.GetReturnValue().Set(function(*entry.dict, entry.key, entry.len,
					   value ? value : "", len,
					   ttl_ms) == 0);
	free(value);
}

static void host_dict_set(Args info)
{
	store(info, ngx_http_lua_ffi_dict_set);
}

static void host_dict_add(Args info)
{
	store(info, ngx_http_lua_ffi_dict_add);
}

static void host_dict_incr(Args info)
{
	Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
	Entry entry(info, ngx_http_lua_ffi_dict_incr);
	double result = 0;

	if (!entry.good)
		return;
	if (ngx_http_lua_ffi_dict_incr(
		    *entry.dict, entry.key, entry.len,
		    info[2]->NumberValue(context).FromMaybe(1),
		    info[3]->NumberValue(context).FromMaybe(0), &result) == 0)
		info.GetReturnValue().Set(result);
	else
		info.GetReturnValue().SetNull();
}

static void host_dict_delete(Args info)
{
	Entry entry(info, ngx_http_lua_ffi_dict_delete);

	if (entry.good)
		info.GetReturnValue().Set(
			ngx_http_lua_ffi_dict_delete(*entry.dict, entry.key,
						     entry.len) == 1);
}

void binding_init(Local<v8::Object> exports, Local<Value> module,
		  Local<v8::Context> context, void *priv)
{
	Isolate *isolate = v8::Isolate::GetCurrent();

	NODE_SET_METHOD(exports, "poll", host_poll);
	NODE_SET_METHOD(exports, "ready", host_ready);
	NODE_SET_METHOD(exports, "request", host_request);
	NODE_SET_METHOD(exports, "respond", host_respond);
	NODE_SET_METHOD(exports, "cancelled", host_cancelled);
	NODE_SET_METHOD(exports, "log", host_log);
	NODE_SET_METHOD(exports, "dictGet", host_dict_get);
	NODE_SET_METHOD(exports, "dictSet", host_dict_set);
	NODE_SET_METHOD(exports, "dictAdd", host_dict_add);
	NODE_SET_METHOD(exports, "dictIncr", host_dict_incr);
	NODE_SET_METHOD(exports, "dictDelete", host_dict_delete);
	exports->Set(context, text(isolate, "hasLog"),
		     v8::Boolean::New(isolate, ngx_http_lua_ffi_log != nullptr))
		.Check();
	exports->Set(context, text(isolate, "folder"),
		     text(isolate, loader_folder().c_str()))
		.Check();
}
