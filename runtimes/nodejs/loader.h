// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parts of the Node loader know of each other. */
#ifndef FRR_NODEJS_LOADER_H
#define FRR_NODEJS_LOADER_H

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <node.h>
#include <uv.h>

/* One libffi_init() that waits for JavaScript. */
struct Load {
	std::string cfg;
	void *tq;
	bool done = false;
	int rc = 1;
};

/* What other threads tell Node's. */
struct Event {
	enum Kind { TASKS, ENDED, LOAD } kind;
	int id;
	std::vector<void *> tasks;
	std::shared_ptr<Load> load;
};

/*
 * Node's thread and what the others tell it.  There is one for the life of the
 * daemon: V8 can't be started a second time.
 */
class Node
{
public:
	/* Starts the thread when it is the first time; false: it does not run. */
	bool start();

	/* Has JavaScript load what CFG says; the result is libffi_init's. */
	int load(const char *cfg, void *tq);

	/* Tells Node's thread; false: it has ended. */
	bool tell(Event event);

	/* For the thread itself and its binding. */
	void run();
	void ready();
	void finish(const std::shared_ptr<Load> &load, int rc);
	bool ended();

	v8::Global<v8::Function> arrived;
	v8::Global<v8::Function> loading;
	node::Environment *env = nullptr;

private:
	enum State { NONE, STARTING, RUNNING, ENDED };

	void loop(node::MultiIsolatePlatform *platform,
		  const std::vector<std::string> &args,
		  const std::vector<std::string> &exec_args);
	void end();
	void drain();
	void deliver(Event &event);

	std::mutex lock;
	std::condition_variable changed;
	State state = NONE;
	uv_async_t wake;
	std::deque<Event> events;
	std::vector<std::shared_ptr<Load>> loads;
};

extern Node &the_node;

/* The module that bootstrap.js knows as process._linkedBinding(). */
void binding_init(v8::Local<v8::Object> exports, v8::Local<v8::Value> module,
		  v8::Local<v8::Context> context, void *priv);

/* "DIR/nodejs", DIR being where this library is. */
std::string loader_folder();

/* A line for the log, or the standard error where there is none. */
void loader_log(int priority, const std::string &text);

#endif /* FRR_NODEJS_LOADER_H */
