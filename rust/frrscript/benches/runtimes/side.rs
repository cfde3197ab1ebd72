// SPDX-License-Identifier: GPL-2.0-or-later
//! One run of either side: how long a call took, and how much CPU time of all who took part.

use super::cpu;
use super::daemon::Daemon;
use super::socket::{Client, Server};
use std::time::{Duration, Instant};

/// What a call cost.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Microseconds from one to the next.
    pub wall: f64,
    /// Microseconds of CPU.
    pub cpu: f64,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Load {
    pub octets: usize,
    /// Calls at a time.
    pub flight: usize,
}

#[allow(clippy::cast_precision_loss, reason = "some millions")]
fn cost(wall: Duration, cpu: Duration, calls: usize) -> Cost {
    let each = |time: Duration| time.as_secs_f64() * 1e6 / calls as f64;
    Cost { wall: each(wall), cpu: each(cpu) }
}

/// The script of a run: `flight` tasks that ask in turn; it says how many seconds they took.
pub fn script(load: &str, octets: usize, flight: usize, calls: usize) -> String {
    format!(
        "
local buf = string.rep('x', {octets})
frr.spawn(function()
  local rt = {load}
  local ok, answer = rt:echo(buf)
  assert(ok and answer == buf)
  local each, left = {calls} // {flight}, {flight}
  local began = frr.monotonic()
  local function work()
    for i = 1, each do rt:echo(buf) end
    left -= 1
    if left == 0 then log.info(`bench: {{frr.monotonic() - began}}`) end
  end
  for i = 2, {flight} do frr.spawn(work) end
  work()
end)
"
    )
}

/// The runtime's side.
pub fn runtime(daemon: &mut Daemon, call: &str, load: Load, calls: usize) -> Cost {
    let calls = calls.div_ceil(load.flight) * load.flight;
    let before = cpu::own();
    let said = daemon.run(&script(call, load.octets, load.flight, calls));
    let used = cpu::own() - before;
    let seconds = said.parse().expect("the script says how long it took");
    cost(Duration::from_secs_f64(seconds), used, calls)
}

/// The socket's side.
pub fn socket(server: &Server, client: &mut Client, calls: usize) -> Cost {
    let before = cpu::own() + server.cpu();
    let wall = client.run(calls);
    cost(wall, cpu::own() + server.cpu() - before, calls)
}

/// CPU time, in milliseconds a second, of a daemon that has a runtime and asks it nothing.
pub fn idle(daemon: &mut Daemon) -> f64 {
    const TIME: Duration = Duration::from_secs(1);
    let (began, before) = (Instant::now(), cpu::own());
    daemon.idle(TIME);
    (cpu::own() - before).as_secs_f64() * 1e3 / began.elapsed().as_secs_f64()
}
