// SPDX-License-Identifier: GPL-2.0-or-later
//
// Does what the test asks for; all languages have the same one.
'use strict';

const { setTimeout: sleep } = require('timers/promises');
const frr = require('frr_runtime');

// A module that is used to end a process must not end or change the daemon.
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});

function shared() {
  const store = new frr.SharedDict('test');
  const steps = [
    store.set('key', 'a\0b'),
    String(store.get('key')) === 'a\0b',
    store.get('none') === null,
    !store.add('key', 'c'),
    store.incr('number', 2, 40) === 42,
    store.delete('key'),
    !store.delete('key'),
    store.delete('number'),
  ];
  return steps.every(Boolean) ? 'ok' : String(steps);
}

const commands = {
  cfg: (cfg) => cfg,
  rc(cfg, rest) {
    const [code, ...body] = rest.split(' ');
    throw new frr.Failure(Number(code), body.length ? body.join(' ') : null);
  },
  nothing: () => undefined,
  empty: () => Buffer.alloc(0),
  async fail(cfg, rest) {
    throw new Error(rest);
  },
  worse() {
    throw Object.create(null);
  },
  exit: () => process.exit(0),
  log(cfg, rest) {
    frr.log(frr.LOG_WARNING, rest);
    return 'ok';
  },
  say(cfg, rest) {
    console.log(rest);
    console.error(rest, 'twice');
    return 'ok';
  },
  async cancelled(cfg, rest, task) {
    while (!task.cancelled()) await sleep(2);
    return 'seen';
  },
  twice(cfg, rest, task) {
    task.respond('once');
    task.respond('again');
  },
  shared,
  big: (cfg, rest) => Buffer.alloc(Number(rest), 'x'),
};

exports.init = async (cfg, queue) => {
  frr.serve(queue, (request, task) => {
    const [name, ...rest] = String(request).split(' ');
    return commands[name](cfg, rest.join(' '), task);
  });
};
