// SPDX-License-Identifier: GPL-2.0-or-later
//
// The JavaScript half of the loader, run once when Node starts. It makes the
// module "frr_runtime", and loads what scripts name.
'use strict';

const binding = process._linkedBinding('frr_runtime');
const Module = require('module');
const path = require('path');
const { Writable } = require('stream');
const { StringDecoder } = require('string_decoder');

// Priorities of syslog.
const LOG_ERR = 3;
const LOG_WARNING = 4;
const LOG_INFO = 6;
const LOG_DEBUG = 7;

// A line that does not end is cut here.
const LONGEST = 8192;

// A stream whose lines go to the daemon's log.
function lines(priority) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return new Writable({
    decodeStrings: true,
    write(chunk, encoding, done) {
      const found = (rest + decoder.write(chunk)).split('\n');
      rest = found.pop();
      while (rest.length > LONGEST) {
        found.push(rest.slice(0, LONGEST));
        rest = rest.slice(LONGEST);
      }
      for (const line of found) binding.log(priority, line);
      done();
    },
  });
}

function redirect() {
  const streams = { stdout: lines(LOG_INFO), stderr: lines(LOG_WARNING) };
  for (const [name, stream] of Object.entries(streams)) {
    Object.defineProperty(process, name, { configurable: true, get: () => stream });
  }
}

// What would end the daemon, or take its signals, is an error here.
function fence() {
  const refuse = (name) => () => {
    throw new Error(`${name}() is not for code in a router's daemon`);
  };
  process.exit = refuse('process.exit');
  process.reallyExit = refuse('process.reallyExit');
  process.abort = refuse('process.abort');
  for (const listener of process.listeners('newListener')) {
    if (listener.name === 'startListeningIfSignal') {
      process.removeListener('newListener', listener);
    }
  }
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

// What was thrown, as text: anything may be thrown.
function text(error) {
  try {
    return String(error);
  } catch {
    return 'something was thrown that has no text';
  }
}

function report(error) {
  try {
    console.error(error instanceof Error ? error.stack : error);
  } catch {
    binding.log(LOG_ERR, text(error));
  }
}

// Thrown by a handler: the answer has this code, which is not 0, and body.
class Failure extends Error {
  constructor(code, body) {
    super(`code ${code}`);
    this.name = 'Failure';
    this.code = code || 1;
    this.body = body;
  }
}

// A request that waits for its answer.
class Task {
  #handle;
  #open = true;

  constructor(handle) {
    this.#handle = handle;
  }

  // The request as a Buffer; null when the script gave none.
  get request() {
    if (!this.#open) throw new Error('the task is answered, its request is gone');
    return binding.request(this.#handle);
  }

  // Does it wait for an answer?
  get open() {
    return this.#open;
  }

  // Does nobody wait for the answer any more? It needs one still.
  cancelled() {
    return this.#open && binding.cancelled(this.#handle);
  }

  // Answers with a string, bytes or nothing.
  respond(body, code = 0) {
    if (!this.#open) throw new Error('the task is answered already');
    // A body that can't be sent leaves the task open.
    binding.respond(this.#handle, code, body);
    this.#open = false;
  }
}

// A store that all scripts and runtimes of the daemon share.
class SharedDict {
  constructor(name) {
    this.name = String(name);
  }

  // The value as a Buffer, or null.
  get(key) {
    return binding.dictGet(this.name, key);
  }

  // Stores it, for some milliseconds or for ever (0). False: no room.
  set(key, value, ttlMs = 0) {
    return binding.dictSet(this.name, key, value, ttlMs);
  }

  // Stores it when the key is not there yet.
  add(key, value, ttlMs = 0) {
    return binding.dictAdd(this.name, key, value, ttlMs);
  }

  // Adds to a number, which begins with init. null: it is no number.
  incr(key, by = 1, init = 0) {
    return binding.dictIncr(this.name, key, by, init);
  }

  // Was it there?
  delete(key) {
    return binding.dictDelete(this.name, key);
  }
}

const handlers = new Map();
let last = 0;

// Answers all requests of a queue with handler(request, task). What it returns
// is the answer, or a promise of it. A Failure is the code that it holds,
// another exception is code 1 and its text.
function serve(queue, handler) {
  if (typeof handler !== 'function') throw new TypeError('serve() needs a function');
  last += 1;
  handlers.set(last, handler);
  binding.poll(queue, last);
}

function answer(task, body) {
  if (!task.open) return;
  try {
    task.respond(body);
  } catch (error) {
    fail(task, error);
  }
}

function fail(task, error) {
  if (error instanceof Failure && task.open) {
    try {
      task.respond(error.body, error.code);
      return;
    } catch (bad) {
      error = bad;
    }
  }
  report(error);
  if (task.open) task.respond(text(error), 1);
}

// Called with tasks of a queue, or with null when it is unloaded.
function arrived(id, handles) {
  if (handles === null) {
    handlers.delete(id);
    return;
  }
  const handler = handlers.get(id);
  for (const handle of handles) {
    const task = new Task(handle);
    try {
      const result = handler(task.request, task);
      if (typeof result?.then === 'function') {
        result.then(
          (body) => answer(task, body),
          (error) => fail(task, error),
        );
      } else {
        answer(task, result);
      }
    } catch (error) {
      fail(task, error);
    }
  }
}

// The configuration is wrong in a way that its text explains.
class Bad extends Error {}

const FORM = 'it has the form MODULE[?],FUNCTION[,CONFIG], as in "demo/echo,init"';
const base = path.join(binding.folder, 'index.js');
const ours = Module.createRequire(base);

function parse(cfg) {
  const [head, name, ...rest] = cfg.split(',');
  if (head.includes(';')) {
    const setting = head.slice(0, head.lastIndexOf(';'));
    throw new Bad(`the setting "${setting}" is unknown, there are none`);
  }
  const again = head.endsWith('?');
  const module = again ? head.slice(0, -1) : head;
  if (!module) throw new Bad(`the configuration names no module, ${FORM}`);
  return { module, again, name: name || 'init', rest: rest.length ? rest.join(',') : null };
}

// A module is a file below the runtimes' folder, an absolute path, or a package
// there or in NODE_PATH.
function find(module) {
  for (const name of [`./${module}`, module]) {
    try {
      return ours.resolve(name);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Bad(`there is no module "${module}" in ${binding.folder}, nor in NODE_PATH`);
}

// Forgets a module and what it requires beside it, but no packages.
function forget(file) {
  const module = ours.cache[file];
  if (!module) return;
  delete ours.cache[file];
  for (const child of module.children) {
    const inside = path.relative(path.dirname(file), child.filename);
    if (!inside.startsWith('..') && !inside.split(path.sep).includes('node_modules')) {
      forget(child.filename);
    }
  }
}

async function load(cfg, queue) {
  const target = parse(cfg);
  const file = find(target.module);
  if (target.again) forget(file);
  const found = ours(file)[target.name];
  if (typeof found !== 'function') {
    throw new Bad(`the module "${target.module}" has no function "${target.name}"`);
  }
  const result = await found(target.rest, queue);
  if (result === undefined || result === null) return 0;
  if (!Number.isInteger(result)) {
    throw new Bad(`${target.name}() returned ${result}, and not nothing or a number`);
  }
  return result;
}

// Called for each libffi_init, which waits until done() has its result.
function loading(cfg, queue, done) {
  load(cfg, queue).then(done, (error) => {
    if (error instanceof Bad) binding.log(LOG_ERR, `nodejs: ${error.message}`);
    else report(error);
    done(1);
  });
}

const api = Object.freeze({
  Failure,
  LOG_DEBUG,
  LOG_ERR,
  LOG_INFO,
  LOG_WARNING,
  SharedDict,
  Task,
  log: (priority, text) => binding.log(priority, String(text)),
  serve,
});
const plain = Module._load;
Module._load = function _load(request, ...rest) {
  return request === 'frr_runtime' ? api : Reflect.apply(plain, this, [request, ...rest]);
};

if (binding.hasLog) redirect();
fence();
binding.ready(arrived, loading);
