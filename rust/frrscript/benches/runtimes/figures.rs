// SPDX-License-Identifier: GPL-2.0-or-later
//! Rounds of both sides in turn, so that what else the machine does hits both; figures are medians.

use super::Language;
use super::daemon::{Daemon, Turn};
use super::side::{self, Cost, Load};
use super::socket::{Client, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const SIZES: [(usize, &str); 4] = [(512, "512 B"), (4 << 10, "4 KiB"), (10 << 10, "10 KiB"), (100 << 10, "100 KiB")];
const FLIGHT: usize = 64;
/// A run takes about so long.
const RUN: Duration = Duration::from_millis(150);
/// Calls that are started and not waited for, and how often.
const BURST: usize = 5_000;
const BURSTS: usize = 10;
/// The goals: a share of the socket's time; microseconds of a call with many in flight; microseconds of a turn.
const SHARE: f64 = 0.25;
const CALL: f64 = 2.0;
const TURN: f64 = 1000.0;

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Median, and the range in brackets.
fn spread(costs: &[Cost]) -> String {
    let walls = || costs.iter().map(|c| c.wall);
    let (least, most) = walls().fold((f64::MAX, 0.0_f64), |(least, most), wall| (least.min(wall), most.max(wall)));
    format!("{:8.2} us ({least:.2}-{most:.2}), CPU {:.2} us", median(walls()), median(costs.iter().map(|c| c.cpu)))
}

struct List(String, Vec<Value>);

impl List {
    fn against(&mut self, what: &str, (ours, other): (f64, f64), goal: Option<f64>) {
        let name = format!("runtimes: {}, {what}", self.0);
        self.1.push(json!({ "name": name, "unit": "us", "ours": ours, "other": other, "other_name": "unix socket",
            "ratio": ours / other, "goal": goal }));
    }

    fn alone(&mut self, what: &str, unit: &str, ours: f64, goal: Option<f64>) {
        let name = format!("runtimes: {}, {what}", self.0);
        self.1.push(json!({ "name": name, "unit": unit, "ours": ours, "other": null, "other_name": null,
            "ratio": null, "goal": goal }));
    }
}

/// Measures a language.
pub fn measure(language: &Language, runtimes: &Path, cpus: usize, rounds: usize) -> Vec<Value> {
    let server = Server::start();
    let mut daemon = Daemon::start(runtimes, language.library);
    let cfg = if language.cfg.is_empty() { "nil".to_owned() } else { format!("'{}'", language.cfg) };
    let call = format!("frr.load_ffi('{}', {cfg})", language.library);
    let on = if cpus == 1 { "one CPU".to_owned() } else { format!("{cpus} CPUs") };
    let title = format!("{} on {on}", language.name);
    let mut list = List(title, Vec::new());
    for flight in [1, FLIGHT] {
        for (octets, size) in SIZES {
            let load = Load { octets, flight };
            let (ours, other) = compare(&mut daemon, &server, &call, load, rounds);
            let how = if flight == 1 { "one at a time".to_owned() } else { format!("{flight} in flight") };
            println!("{}, {size}, {how}: {}; socket {}", list.0, spread(&ours), spread(&other));
            let of = |value: fn(&Cost) -> f64| (median(ours.iter().map(value)), median(other.iter().map(value)));
            let goal = (language.goal && flight == 1).then_some(SHARE);
            list.against(&format!("{size}, {how}"), of(|c| c.wall), goal);
            if octets == SIZES[0].0 {
                list.against(&format!("{size}, {how}, CPU of all"), of(|c| c.cpu), None);
                if flight > 1 {
                    let goal = language.goal.then_some(CALL);
                    list.alone(
                        &format!("{size}, {how}, a call (2 us: 500,000 a second)"),
                        "us",
                        of(|c| c.wall).0,
                        goal,
                    );
                }
            }
        }
    }
    flood(&mut daemon, &call, &mut list, rounds);
    list.alone("a second without calls, CPU", "ms", side::idle(&mut daemon), None);
    list.1
}

/// Both sides in turn.
fn compare(daemon: &mut Daemon, server: &Server, call: &str, load: Load, rounds: usize) -> (Vec<Cost>, Vec<Cost>) {
    let mut client = Client::new(server, load.octets, load.flight);
    // Not counted: it tells how many calls a run is.
    let first = side::runtime(daemon, call, load, 2000).wall;
    let first = first.min(side::runtime(daemon, call, load, 2000).wall);
    let enough = |each: f64| ((RUN.as_secs_f64() * 1e6 / each) as usize).clamp(200, 2_000_000);
    let (many, others) = (enough(first), enough(side::socket(server, &mut client, 1000).wall));
    (0..rounds).map(|_| (side::runtime(daemon, call, load, many), side::socket(server, &mut client, others))).unzip()
}

/// The longest turns while answers come as fast as they can: to tasks that wait, and to calls that nobody waits for yet.
fn flood(daemon: &mut Daemon, call: &str, list: &mut List, rounds: usize) {
    let stream = side::script(call, 512, FLIGHT, 400_000);
    let burst = format!(
        "
frr.spawn(function()
  local rt = {call}
  for burst = 1, {BURSTS} do
    local calls = table.create({BURST})
    for i = 1, {BURST} do
      calls[i] = rt:__start('x')
      if i % 100 == 0 then frr.sleep(0) end
    end
    local open = 1
    while open <= {BURST} do
      frr.sleep(0)
      for i = 1, 100 do
        if open > {BURST} or not calls[open]:done() then break end
        open += 1
      end
    end
  end
  log.info('bench: 0')
end)
"
    );
    for (what, source) in [("a stream of answers", stream), ("5,000 answers that nobody waits for yet", burst)] {
        daemon.turns = Vec::with_capacity(1 << 20);
        daemon.time_turns(true);
        for _ in 0..rounds.min(3) {
            daemon.run(&source);
        }
        daemon.time_turns(false);
        let turns = std::mem::take(&mut daemon.turns);
        let sorted = |value: fn(&Turn) -> Duration| {
            let mut all: Vec<f64> = turns.iter().map(|turn| value(turn).as_secs_f64() * 1e6).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (wall, cpu) = (sorted(|t| t.wall), sorted(|t| t.cpu));
        let at = |all: &[f64], share: f64| all[((all.len() - 1) as f64 * share) as usize];
        println!(
            "{}, {what}: {} turns, longest {:.0} us, 99.9 % {:.0} us, half {:.0} us; CPU of the longest {:.0} us",
            list.0,
            turns.len(),
            at(&wall, 1.0),
            at(&wall, 0.999),
            at(&wall, 0.5),
            at(&cpu, 1.0)
        );
        list.alone(&format!("{what}, longest turn"), "us", at(&wall, 1.0), Some(TURN));
        list.alone(&format!("{what}, longest turn, CPU of it"), "us", at(&cpu, 1.0), Some(TURN));
        list.alone(&format!("{what}, 99.9 % of the turns"), "us", at(&wall, 0.999), Some(TURN));
    }
}
