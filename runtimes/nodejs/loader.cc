// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Node loader: one Node in a thread of its own, to which each
 * libffi_init() is told; the rest is JavaScript (bootstrap.js).
 *
 * Node installs no signal handler here, and owns nothing of the process.
 */
#include "loader.h"

#include <chrono>
#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <pthread.h>
#include <syslog.h>

#include "frr_ffi.h"

/* bootstrap.js, put into this library by source.S. */
extern "C" const char frr_bootstrap_source[];

/* V8 takes about one MiB of a stack, and leaves the rest to C++. */
static const size_t STACK = 4 << 20;

/* How long a module may take to begin. */
static const std::chrono::seconds PATIENCE(60);

/* On purpose without end: its thread outlives static destructors. */
Node &the_node = *new Node;

void loader_log(int priority, const std::string &text)
{
	if (ngx_http_lua_ffi_log)
		ngx_http_lua_ffi_log(priority, text.data(), (int)text.size());
	else
		fprintf(stderr, "%s\n", text.c_str());
}

std::string loader_folder()
{
	Dl_info info;

	if (!dladdr((void *)libffi_init, &info) || !info.dli_fname)
		return "nodejs";
	std::string path = info.dli_fname;
	size_t slash = path.rfind('/');

	return slash == std::string::npos ? "nodejs"
					  : path.substr(0, slash) + "/nodejs";
}

/*
 * Native addons take Node's symbols from the global scope, so libnode has to be
 * there even when this library is not.
 */
static void share_libnode()
{
	Dl_info info;

	if (dladdr((void *)node::FreeEnvironment, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
}

static void *run_node(void *arg)
{
	static_cast<Node *>(arg)->run();
	return nullptr;
}

bool Node::start()
{
	std::unique_lock<std::mutex> hold(lock);

	if (state == NONE) {
		pthread_attr_t attr;
		pthread_t thread;

		state = STARTING;
		share_libnode();
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, STACK);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		if (pthread_create(&thread, &attr, run_node, this))
			state = ENDED;
		pthread_attr_destroy(&attr);
	}
	changed.wait(hold, [this] { return state != STARTING; });
	return state == RUNNING;
}

void Node::ready()
{
	std::lock_guard<std::mutex> hold(lock);

	state = RUNNING;
	changed.notify_all();
}

bool Node::ended()
{
	std::lock_guard<std::mutex> hold(lock);

	return state == ENDED;
}

/* Nobody waits for what can't come any more. */
void Node::end()
{
	std::lock_guard<std::mutex> hold(lock);

	state = ENDED;
	for (auto &load : loads)
		load->done = true;
	loads.clear();
	/* Tasks that Node has not seen: their pollers know that it ended. */
	for (auto &event : events) {
		for (void *task : event.tasks)
			ngx_http_lua_ffi_respond(task, 1, strdup("Node has ended"),
						 14);
	}
	events.clear();
	changed.notify_all();
}

bool Node::tell(Event event)
{
	std::lock_guard<std::mutex> hold(lock);

	if (state != RUNNING)
		return false;
	events.push_back(std::move(event));
	uv_async_send(&wake);
	return true;
}

void Node::finish(const std::shared_ptr<Load> &load, int rc)
{
	std::lock_guard<std::mutex> hold(lock);

	load->rc = rc;
	load->done = true;
	changed.notify_all();
}

int Node::load(const char *cfg, void *tq)
{
	auto load = std::make_shared<Load>();

	load->cfg = cfg ? cfg : "";
	load->tq = tq;
	{
		std::lock_guard<std::mutex> hold(lock);

		loads.push_back(load);
	}
	bool told = tell({ Event::LOAD, 0, {}, load });
	std::unique_lock<std::mutex> hold(lock);

	/* Other loads wait for this one, so a promise may not keep them for ever. */
	if (told && !changed.wait_for(hold, PATIENCE,
				      [&load] { return load->done; }))
		loader_log(LOG_ERR, "nodejs: \"" + load->cfg.substr(0, 100) +
					    "\" has not begun within a minute");
	for (auto at = loads.begin(); at != loads.end(); ++at) {
		if (*at == load) {
			loads.erase(at);
			break;
		}
	}
	return load->rc;
}

void Node::run()
{
	std::vector<std::string> args = { "frr" };
	auto init = node::InitializeOncePerProcess(
		args,
		{ node::ProcessInitializationFlags::kNoStdioInitialization,
		  node::ProcessInitializationFlags::kNoDefaultSignalHandling,
		  node::ProcessInitializationFlags::kNoInitializeV8,
		  node::ProcessInitializationFlags::kNoInitializeNodeV8Platform,
		  node::ProcessInitializationFlags::kNoAdjustResourceLimits,
		  node::ProcessInitializationFlags::kNoUseLargePages,
		  node::ProcessInitializationFlags::
			  kNoPrintHelpOrVersionOutput });

	for (const std::string &error : init->errors())
		loader_log(LOG_ERR, "nodejs: " + error);
	if (init->early_return()) {
		loader_log(LOG_ERR, "nodejs: Node does not start, see NODE_OPTIONS");
		end();
		return;
	}
	/* One thread beside Node's own: a router has other things to do. */
	std::unique_ptr<node::MultiIsolatePlatform> platform =
		node::MultiIsolatePlatform::Create(1);

	v8::V8::InitializePlatform(platform.get());
	v8::V8::Initialize();
	loop(platform.get(), init->args(), init->exec_args());
	/*
	 * V8 stays as it is: a daemon that ends does so with exit(), and other
	 * threads may be in it.
	 */
	platform.release();
	end();
}

void Node::loop(node::MultiIsolatePlatform *platform,
		const std::vector<std::string> &args,
		const std::vector<std::string> &exec_args)
{
	std::vector<std::string> errors;
	/* It does not own the process, so it can't change its folder or user. */
	auto flags = (node::EnvironmentFlags::Flags)(
		node::EnvironmentFlags::kNoCreateInspector |
		node::EnvironmentFlags::kTrackUnmanagedFds);
	auto setup = node::CommonEnvironmentSetup::Create(
		platform, &errors, args, exec_args, flags);

	for (const std::string &error : errors)
		loader_log(LOG_ERR, "nodejs: " + error);
	if (!setup)
		return;

	v8::Isolate *isolate = setup->isolate();
	v8::Locker locker(isolate);
	v8::Isolate::Scope isolate_scope(isolate);
	v8::HandleScope handle_scope(isolate);
	v8::Context::Scope context_scope(setup->context());

	env = setup->env();
	node::SetProcessExitHandler(env, [](node::Environment *e, int code) {
		loader_log(LOG_ERR, "nodejs: Node ends with code " +
					    std::to_string(code));
		node::Stop(e);
	});
	node::AddLinkedBinding(env, "frr_runtime", binding_init, this);
	uv_async_init(setup->event_loop(), &wake, [](uv_async_t *) {
		the_node.drain();
	});
	if (!node::LoadEnvironment(env, frr_bootstrap_source).IsEmpty())
		(void)node::SpinEventLoop(env);
	{
		std::lock_guard<std::mutex> hold(lock);

		state = ENDED;
		uv_close((uv_handle_t *)&wake, nullptr);
	}
	end();
	arrived.Reset();
	loading.Reset();
	node::Stop(env);
}

void Node::drain()
{
	std::deque<Event> now;
	{
		std::lock_guard<std::mutex> hold(lock);

		now.swap(events);
	}
	for (Event &event : now)
		deliver(event);
}

/* The second half of libffi_init(): JavaScript knows the result. */
static void loaded(const v8::FunctionCallbackInfo<v8::Value> &info)
{
	auto *load = static_cast<std::shared_ptr<Load> *>(
		info.Data().As<v8::External>()->Value());
	int rc = 1;

	if (info.Length() > 0)
		rc = info[0]->Int32Value(info.GetIsolate()->GetCurrentContext())
			     .FromMaybe(1);
	if (!(*load)->done)
		the_node.finish(*load, rc);
	delete load;
}

void Node::deliver(Event &event)
{
	v8::Isolate *isolate = v8::Isolate::GetCurrent();
	v8::HandleScope scope(isolate);
	v8::Local<v8::Context> context = isolate->GetCurrentContext();
	v8::Local<v8::Function> function;
	v8::Local<v8::Value> argv[3];
	int argc;

	if (event.kind == Event::LOAD) {
		function = loading.Get(isolate);
		v8::Local<v8::String> cfg;
		auto *load = new std::shared_ptr<Load>(event.load);

		if (!v8::String::NewFromUtf8(isolate, event.load->cfg.data(),
					     v8::NewStringType::kNormal,
					     (int)event.load->cfg.size())
			     .ToLocal(&cfg))
			cfg = v8::String::Empty(isolate);
		argv[0] = cfg;
		argv[1] = v8::BigInt::NewFromUnsigned(
			isolate, (uint64_t)(uintptr_t)event.load->tq);
		argv[2] = v8::Function::New(context, loaded,
					    v8::External::New(isolate, load))
				  .ToLocalChecked();
		argc = 3;
	} else {
		function = arrived.Get(isolate);
		argv[0] = v8::Integer::New(isolate, event.id);
		argv[1] = v8::Null(isolate);
		argc = 2;
		if (event.kind == Event::TASKS) {
			std::vector<v8::Local<v8::Value>> numbers;

			for (void *task : event.tasks)
				numbers.push_back(v8::BigInt::NewFromUnsigned(
					isolate, (uint64_t)(uintptr_t)task));
			argv[1] = v8::Array::New(isolate, numbers.data(),
						 numbers.size());
		}
	}
	/* Runs the callbacks of promises too; bootstrap.js throws nothing. */
	(void)node::MakeCallback(isolate, context->Global(), function, argc,
				 argv, { 0, 0 });
}

int libffi_init(char *cfg, void *tq)
{
	if (!the_node.start()) {
		loader_log(LOG_ERR, "nodejs: there is no Node, the first load said why");
		return 1;
	}
	return the_node.load(cfg, tq);
}

const char *libffi_language(void)
{
	return "nodejs";
}
