// SPDX-License-Identifier: GPL-2.0-or-later
//! Several daemons' hubs, with a line between them that a test can cut or stop.

use frrscript::bus::hub::{HELLO, Hub, MOST_SUBSCRIPTIONS, MOST_TOPICS, SILENCE, Subscriber};
use frrscript::bus::plain::Plain;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A subscriber that writes down what it is told.
#[derive(Default)]
struct Ear {
    heard: RefCell<Vec<String>>,
    deaf: Cell<bool>,
    dead: Cell<bool>,
    generation: usize,
}

impl Ear {
    fn take(&self) -> Vec<String> {
        self.heard.take()
    }
}

impl Subscriber for Ear {
    fn value(&self, value: &Plain, topic: &str, daemon: &str) -> bool {
        if !self.deaf.get() {
            self.heard.borrow_mut().push(format!("{topic}={} of {daemon}", value.to_json()));
        }
        !self.deaf.get()
    }
    fn lost(&self, topic: &str, daemon: &str) {
        self.heard.borrow_mut().push(format!("{topic} of {daemon} lost"));
    }
    fn alive(&self) -> bool {
        !self.dead.get()
    }
    fn script(&self) -> &'static str {
        "ear"
    }
    fn generation(&self) -> usize {
        self.generation
    }
}

/// Daemons, and zebra's part: it gives each message to all the others, in order.
struct Router {
    hubs: Vec<Option<Hub>>,
    under_way: RefCell<VecDeque<(usize, Vec<u8>)>>,
    full: Cell<bool>,
    now: u64,
}

impl Router {
    fn new(names: &[&str]) -> Router {
        let hubs = names.iter().zip(1..).map(|(name, instance)| Some(Hub::new(name, instance))).collect();
        let mut router = Router { hubs, under_way: RefCell::default(), full: Cell::new(false), now: 1_000_000 };
        for daemon in 0..names.len() {
            router.connect(daemon, true);
        }
        router
    }

    fn with<R>(&mut self, daemon: usize, f: impl FnOnce(&mut Hub, u64, &dyn Fn(&[u8]) -> bool) -> R) -> R {
        let Router { hubs, under_way, full, now } = self;
        let line = |octets: &[u8]| {
            let fine = !octets.is_empty() && !full.get();
            if fine {
                under_way.borrow_mut().push_back((daemon, octets.to_vec()));
            }
            fine
        };
        f(hubs[daemon].as_mut().expect("it runs"), *now, &line)
    }

    fn connect(&mut self, daemon: usize, on: bool) {
        self.with(daemon, |hub, now, line| hub.connected(on, now, line));
        self.settle();
    }

    /// Until nothing is under way.
    fn settle(&mut self) {
        loop {
            let next = self.under_way.borrow_mut().pop_front();
            let Some((from, octets)) = next else { return };
            for to in 0..self.hubs.len() {
                if to != from && self.hubs[to].is_some() {
                    self.with(to, |hub, now, line| hub.receive(&octets, now, line));
                }
            }
        }
    }

    /// Time passes, with ticks.
    fn pass(&mut self, time: u64) {
        let until = self.now + time;
        while self.now < until {
            self.now = until.min(self.now + 100_000);
            for daemon in 0..self.hubs.len() {
                if self.hubs[daemon].is_some() {
                    self.with(daemon, |hub, now, line| hub.tick(now, line));
                }
            }
            self.settle();
        }
    }

    fn publish(&mut self, daemon: usize, topic: &str, n: i64) {
        self.now += 1;
        self.with(daemon, |hub, now, line| hub.publish("script", topic, Plain::Integer(n), now, line)).expect("fine");
        self.settle();
    }

    fn subscribe(&mut self, daemon: usize, topic: &str) -> Rc<Ear> {
        let ear = Rc::new(Ear::default());
        let who: Rc<dyn Subscriber> = Rc::clone(&ear) as _;
        self.with(daemon, |hub, _, line| hub.subscribe(topic, who, line)).expect("fine");
        self.settle();
        ear
    }

    fn restart(&mut self, daemon: usize, name: &str, instance: u64) {
        self.hubs[daemon] = Some(Hub::new(name, instance));
        self.connect(daemon, true);
    }
}

#[test]
fn values_reach_the_other_daemon_and_the_own_one() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let (near, far) = (router.subscribe(0, "t"), router.subscribe(1, "t"));
    router.publish(0, "t", 1);
    router.publish(0, "other", 5);
    router.publish(0, "t", 2);
    for ear in [near, far] {
        assert_eq!(ear.take(), ["t=1 of bgpd", "t=2 of bgpd"]);
    }
}

#[test]
fn a_late_subscriber_gets_the_last_value() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    router.publish(0, "t", 1);
    router.publish(0, "t", 2);
    assert_eq!(router.subscribe(1, "t").take(), ["t=2 of bgpd"]);
    assert_eq!(router.subscribe(0, "t").take(), ["t=2 of bgpd"]);
}

#[test]
fn a_late_daemon_gets_the_last_values_in_their_order() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    router.hubs[1] = None;
    for (topic, n) in [("b", 1), ("a", 2), ("b", 3)] {
        router.publish(0, topic, n);
    }
    router.hubs[1] = Some(Hub::new("zebra", 9));
    let (a, b) = (router.subscribe(1, "a"), router.subscribe(1, "b"));
    assert!(a.take().is_empty());
    router.connect(1, true);
    assert_eq!((a.take(), b.take()), (vec!["a=2 of bgpd".to_owned()], vec!["b=3 of bgpd".to_owned()]));
}

#[test]
fn the_last_writer_wins() {
    let mut router = Router::new(&["bgpd", "zebra", "vrrpd"]);
    let ear = router.subscribe(2, "t");
    router.publish(0, "t", 1);
    router.publish(1, "t", 2);
    assert_eq!(ear.take(), ["t=1 of bgpd", "t=2 of zebra"]);
    assert_eq!(router.subscribe(2, "t").take(), ["t=2 of zebra"]);
    // What bgpd said still stands when zebra takes its word back.
    router.with(1, |hub, _, line| hub.retract("t", line));
    router.settle();
    assert_eq!(ear.take(), ["t of zebra lost", "t=1 of bgpd"]);
}

#[test]
fn a_restart_is_told_at_once() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.restart(0, "bgpd", 77);
    router.publish(0, "t", 2);
    assert_eq!(ear.take(), ["t=1 of bgpd", "t of bgpd lost", "t=2 of bgpd"]);
}

#[test]
fn a_daemon_that_leaves_says_so() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.with(0, |hub, _, line| hub.bye(line));
    router.settle();
    assert_eq!(ear.take(), ["t=1 of bgpd", "t of bgpd lost"]);
}

#[test]
fn a_silent_daemon_is_lost_and_found_again() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.pass(3 * SILENCE);
    assert_eq!(ear.take(), ["t=1 of bgpd"], "it says hello");
    let bgpd = router.hubs[0].take();
    router.pass(SILENCE + HELLO);
    assert_eq!(ear.take(), ["t of bgpd lost"]);
    router.hubs[0] = bgpd;
    router.pass(2 * HELLO);
    assert_eq!(ear.take(), ["t=1 of bgpd"]);
}

#[test]
fn a_busy_daemon_does_not_take_the_others_for_dead() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.pass(HELLO);
    router.now += 10 * SILENCE;
    router.pass(HELLO);
    assert_eq!(ear.take(), ["t=1 of bgpd"]);
}

#[test]
fn the_end_of_its_session_is_the_end_of_a_daemon() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    // A message was still under way.
    router.now += 1;
    router.with(0, |hub, now, line| hub.publish("script", "t", Plain::Integer(2), now, line)).expect("fine");
    router.with(1, |hub, now, _| hub.gone("bgpd", now));
    router.settle();
    assert_eq!(ear.take(), ["t=1 of bgpd", "t of bgpd lost"]);
    // It was its session alone: it is there.
    router.pass(2 * HELLO);
    assert_eq!(ear.take(), ["t=2 of bgpd"]);
}

#[test]
fn without_zebra_the_others_are_lost() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.connect(1, false);
    assert_eq!(ear.take(), ["t=1 of bgpd", "t of bgpd lost"]);
    router.connect(0, false);
    router.publish(0, "t", 2);
    router.connect(1, true);
    router.connect(0, true);
    assert_eq!(ear.take(), ["t=2 of bgpd"]);
}

#[test]
fn what_can_not_be_sent_now_is_sent_later_and_once() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let (a, b) = (router.subscribe(1, "a"), router.subscribe(1, "b"));
    router.full.set(true);
    for n in 1..=9 {
        router.publish(0, "a", n);
    }
    router.publish(0, "b", 10);
    router.with(0, |hub, _, line| hub.retract("b", line));
    assert!(a.take().is_empty());
    router.full.set(false);
    router.pass(HELLO);
    assert_eq!(a.take(), ["a=9 of bgpd"]);
    assert!(b.take().is_empty());
}

#[test]
fn a_subscriber_that_was_full_gets_the_last_value() {
    let mut router = Router::new(&["bgpd"]);
    let ear = router.subscribe(0, "t");
    ear.deaf.set(true);
    router.publish(0, "t", 1);
    router.publish(0, "t", 2);
    ear.deaf.set(false);
    router.pass(HELLO);
    assert_eq!(ear.take(), ["t=2 of bgpd"]);
    ear.dead.set(true);
    router.publish(0, "t", 3);
    router.pass(HELLO);
    router.publish(0, "t", 4);
    assert_eq!(ear.take(), ["t=3 of bgpd"], "it is forgotten when it has ended");
}

#[test]
fn ten_thousand_values_arrive_in_order() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    for n in 0..10_000 {
        router.publish(0, "t", n);
        if n % 100 == 0 {
            router.pass(100_000);
        }
    }
    let wanted: Vec<String> = (0..10_000).map(|n| format!("t={n} of bgpd")).collect();
    assert_eq!(ear.take(), wanted);
}

#[test]
fn a_flood_is_thinned_out_to_the_last_values() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let (a, b) = (router.subscribe(1, "a"), router.subscribe(1, "b"));
    for n in 0..20_000 {
        router.publish(0, if n % 2 == 0 { "a" } else { "b" }, n);
    }
    router.pass(HELLO);
    let (a, b) = (a.take(), b.take());
    assert!(a.len() + b.len() < 5200, "{}", a.len() + b.len());
    assert_eq!(a.last().expect("some"), "a=19998 of bgpd");
    assert_eq!(b.last().expect("some"), "b=19999 of bgpd");
}

#[test]
fn a_script_that_goes_takes_its_topics_with_it() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = router.subscribe(1, "t");
    router.publish(0, "t", 1);
    router.with(0, |hub, _, line| hub.script_gone("script", line));
    router.settle();
    assert_eq!(ear.take(), ["t=1 of bgpd", "t of bgpd lost"]);
}

#[test]
fn limits_have_words() {
    let mut router = Router::new(&["bgpd"]);
    let large = Plain::Octets(vec![b'x'; 9000]);
    let why = router.with(0, |hub, now, line| hub.publish("s", "t", large, now, line));
    assert_eq!(why, Err("the value takes more than 8192 octets as a message".to_owned()));
    for n in 0..MOST_TOPICS {
        router.publish(0, &format!("t{n}"), 1);
    }
    router.publish(0, "t7", 2);
    let why = router.with(0, |hub, now, line| hub.publish("s", "one more", Plain::Nil, now, line));
    assert_eq!(why, Err("bgpd has 1024 topics already".to_owned()));
    for n in 0..256 {
        router.subscribe(0, &format!("t{n}"));
    }
    let who: Rc<dyn Subscriber> = Rc::new(Ear::default());
    let why = router.with(0, |hub, _, line| hub.subscribe("t", who, line));
    assert_eq!(why, Err("this script has 256 subscriptions already".to_owned()));
}

#[test]
fn nothing_to_do_means_no_session() {
    let mut router = Router::new(&["bgpd"]);
    assert_eq!(router.with(0, |hub, now, line| hub.tick(now, line)), 0);
    router.publish(0, "t", 1);
    assert_ne!(router.with(0, |hub, now, line| hub.tick(now, line)), 0);
}

#[test]
fn a_reload_may_subscribe_as_much_as_the_load() {
    let mut hub = Hub::new("bgpd", 1);
    let mut subscribe = |generation, topic: usize| {
        let who: Rc<dyn Subscriber> = Rc::new(Ear { generation, ..Ear::default() });
        hub.subscribe(&format!("t{topic}"), who, &|_| false)
    };
    for generation in [1, 2] {
        assert_eq!((0..300).filter(|n| subscribe(generation, *n).is_ok()).count(), MOST_SUBSCRIPTIONS);
    }
}

#[test]
fn a_flood_of_large_and_small_values_keeps_its_order() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    let ear = Rc::new(Ear::default());
    let topics: Vec<String> = (100..300).map(|n| format!("t{n}")).collect();
    for topic in &topics {
        let who: Rc<dyn Subscriber> = Rc::clone(&ear) as _;
        router.with(1, |hub, _, line| hub.subscribe(topic, who, line)).expect("fine");
    }
    // The first 255 leave nearly nothing of what may be published at once.
    let fill = (0..255).map(|_| ("fill", 8000));
    let then = topics.iter().zip([8000, 10].into_iter().cycle()).map(|(topic, octets)| (topic.as_str(), octets));
    for (topic, octets) in fill.chain(then) {
        let value = Plain::Octets(vec![b'x'; octets]);
        router.with(0, |hub, now, line| hub.publish("script", topic, value, now, line)).expect("fine");
    }
    router.settle();
    router.pass(HELLO * 2);
    let order: Vec<String> = ear.take().iter().map(|heard| heard[..4].to_owned()).collect();
    assert_eq!(order, topics);
}

#[test]
fn topics_that_come_and_go_while_nothing_can_be_sent() {
    let mut router = Router::new(&["bgpd", "zebra"]);
    router.publish(0, "stays", 1);
    router.publish(0, "goes", 1);
    let (stays, goes) = (router.subscribe(1, "stays"), router.subscribe(1, "goes"));
    stays.take();
    goes.take();
    router.full.set(true);
    for n in 0..20_000 {
        let topic = format!("t{n}");
        router.now += 1000;
        router.with(0, |hub, now, line| hub.publish("script", &topic, Plain::Nil, now, line)).expect("fine");
        assert!(router.with(0, |hub, _, line| hub.retract(&topic, line)));
        if n == 10_000 {
            assert!(router.with(0, |hub, _, line| hub.retract("goes", line)));
        }
    }
    assert!(router.with(0, |hub, _, _| hub.unsent()) < 3000);
    router.full.set(false);
    router.pass(HELLO * 2);
    assert_eq!(goes.take(), ["goes of bgpd lost"]);
    assert_eq!(stays.take().last().map(String::as_str), Some("stays=1 of bgpd"));
}

#[test]
fn counters_of_topics_that_are_gone_are_not_kept() {
    let mut router = Router::new(&["bgpd"]);
    for n in 0..5000 {
        let topic = format!("t{n}");
        let ear = router.subscribe(0, &topic);
        router.publish(0, &topic, n);
        router.now += 1000;
        assert!(router.with(0, |hub, _, line| hub.retract(&topic, line)));
        ear.dead.set(true);
    }
    router.pass(HELLO);
    assert_eq!(router.with(0, |hub, _, _| hub.counted()), 0);
}
