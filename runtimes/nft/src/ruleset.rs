// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests as transactions: all of a request is done, or nothing.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::element::{Element, Given, Scalar, Type};
use crate::error::{Error, Kind};
use crate::netlink::tables::{Action, Change, Failure, Raw, Refused, Tables, system};
use crate::plan::{Plan, State, Verb, plan, read};

/// Elements that one request may have.
pub const MOST: usize = 1 << 20;
/// How often a ruleset that keeps changing is read again.
const TRIES: usize = 8;

/// Which set.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
pub struct Name {
    /// ip, ip6, inet, arp, bridge or netdev.
    pub family: String,
    /// The table that it is in.
    pub table: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set {} {} {}", self.family, self.table, self.name)
    }
}

impl Name {
    fn family(&self) -> Result<u8, Error> {
        match self.family.as_str() {
            "inet" => Ok(1),
            "ip" => Ok(2),
            "arp" => Ok(3),
            "netdev" => Ok(5),
            "bridge" => Ok(7),
            "ip6" => Ok(10),
            other => {
                let message = format!("family {other} is not one of ip, ip6, inet, arp, bridge, netdev");
                Err(Error::new(Kind::Request, message))
            }
        }
    }
}

/// One change of a request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Wanted {
    /// Of which set.
    pub set: Name,
    /// What is done with it.
    pub verb: Verb,
    /// With these elements.
    #[serde(default)]
    pub elements: Vec<Given>,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Elements given to the kernel.
    pub added: usize,
    /// Elements taken from it; those of a flush are not counted.
    pub deleted: usize,
}

/// An element as a script reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// As it can be given again.
    pub key: Scalar,
    /// A map's value.
    pub value: Option<Scalar>,
    /// Seconds that it lives, also by the set's default.
    pub timeout: Option<f64>,
    /// Seconds that are left.
    pub expires: Option<f64>,
}

/// The nftables of one network namespace.
#[derive(Default)]
pub struct Ruleset {
    tables: Option<Tables>,
}

struct Known {
    family: u8,
    kind: Type,
    state: Option<State>,
}

impl Ruleset {
    /// All elements of a set.
    pub fn list(&mut self, name: &Name) -> Result<Vec<Listed>, Error> {
        self.with(|tables| {
            let (family, kind) = describe(tables, name)?;
            let elements = elements(tables, family, name, &kind)?;
            Ok(elements.iter().map(|element| listed(&kind, element)).collect())
        })
    }

    /// Does all that is wanted in one transaction.
    pub fn apply(&mut self, wanted: &[Wanted]) -> Result<Done, Error> {
        self.apply_within(wanted, TRIES)
    }

    /// The same, with another number of tries; after the last one a sync empties the
    /// set and fills it, which needs no knowledge of what was there.
    pub fn apply_within(&mut self, wanted: &[Wanted], tries: usize) -> Result<Done, Error> {
        if wanted.iter().map(|wanted| wanted.elements.len()).sum::<usize>() > MOST {
            return Err(Error::new(Kind::Request, format!("more than {MOST} elements in one request")));
        }
        self.with(|tables| {
            for _ in 0..tries {
                if let Some(done) = attempt(tables, wanted, true)? {
                    return Ok(done);
                }
            }
            if wanted.iter().all(|wanted| wanted.verb == Verb::Sync || !wanted.verb.needs_state())
                && let Some(done) = attempt(tables, wanted, false)?
            {
                return Ok(done);
            }
            Err(Error::new(Kind::Busy, "others kept changing the ruleset while it was read; try again"))
        })
    }

    /// Runs with a socket; one that failed is not used again, since late answers may
    /// still be in it.
    fn with<T>(&mut self, body: impl FnOnce(&mut Tables) -> Result<T, Error>) -> Result<T, Error> {
        let mut tables = match self.tables.take() {
            Some(tables) => tables,
            None => Tables::open().map_err(|error| system(&error))?,
        };
        let result = body(&mut tables);
        if !matches!(&result, Err(error) if matches!(error.kind, Kind::System | Kind::Permission)) {
            self.tables = Some(tables);
        }
        result
    }
}

/// One try. `None` when the ruleset changed meanwhile.
fn attempt(tables: &mut Tables, wanted: &[Wanted], compare: bool) -> Result<Option<Done>, Error> {
    let compare = compare && wanted.iter().any(|wanted| wanted.verb.needs_state());
    let generation = if compare { Some(tables.generation().map_err(|error| system(&error))?) } else { None };
    let mut sets: HashMap<&Name, Known> = HashMap::new();
    for Wanted { set, verb, .. } in wanted {
        if !sets.contains_key(set) {
            let (family, kind) = describe(tables, set)?;
            sets.insert(set, Known { family, kind, state: None });
        }
        if let Some(known) = sets.get_mut(set).filter(|known| compare && verb.needs_state() && known.state.is_none()) {
            let there = elements(tables, known.family, set, &known.kind)?;
            known.state = Some(there.into_iter().map(|element| (element.from.clone(), element)).collect());
        }
    }
    let mut done = Done::default();
    let mut steps: Vec<(&Name, Step)> = Vec::new();
    for Wanted { set, verb, elements } in wanted {
        let Some(known) = sets.get_mut(set) else { continue };
        let elements = read(&known.kind, *verb, elements).map_err(|error| error.of_set(set))?;
        let Plan { flush, delete, add } = plan(&known.kind, *verb, elements, known.state.as_mut());
        done.deleted += delete.len();
        done.added += add.len();
        if flush {
            steps.push((set, Step { flush, ..Step::default() }));
        }
        for (elements, adds) in [(delete, false), (add, true)] {
            if !elements.is_empty() {
                steps.push((set, Step { flush: false, adds, elements }));
            }
        }
    }
    if steps.is_empty() {
        return Ok(Some(done));
    }
    let mut owners = Vec::with_capacity(steps.len());
    let changes: Vec<_> = steps
        .iter()
        .map(|(set, step)| {
            let (action, owner) = step.action(&sets[set].kind);
            owners.push(owner);
            Change { family: sets[set].family, table: &set.table, set: &set.name, action }
        })
        .collect();
    match tables.commit(&changes, generation) {
        Ok(()) => Ok(Some(done)),
        Err(Failure::Changed) => Ok(None),
        Err(Failure::Io(error)) => Err(system(&error)),
        // An element whose time was over is gone, and that is no change of the ruleset.
        Err(Failure::Refused(Refused { code: libc::ENOENT, place: Some((index, _)), .. }))
            if compare && !steps[index].1.adds && sets[steps[index].0].state.is_some() && timed(&steps[index].1) =>
        {
            Ok(None)
        }
        Err(Failure::Refused(refused)) => Err(match refused.place {
            None => explain(&refused, false, false),
            Some((index, element)) => {
                let (set, step) = &steps[index];
                let error = explain(&refused, step.adds, sets[set].kind.has_intervals());
                let element = element.and_then(|element| step.elements.get(owners[index][element]));
                match element {
                    Some(element) => error.of_element(sets[set].kind.show_key(element)),
                    None => error,
                }
                .of_set(set)
            }
        }),
    }
}

#[derive(Default)]
struct Step {
    flush: bool,
    adds: bool,
    elements: Vec<Element>,
}

impl Step {
    /// The kernel's elements, and whose each of them is.
    fn action(&self, kind: &Type) -> (Action, Vec<usize>) {
        let mut owners = Vec::with_capacity(2 * self.elements.len());
        let mut all: Vec<Raw> = Vec::with_capacity(2 * self.elements.len());
        for (owner, element) in self.elements.iter().enumerate() {
            let stored = kind.store(element);
            owners.extend(stored.iter().map(|_| owner));
            all.extend(stored);
        }
        let action = match self {
            Self { flush: true, .. } => Action::Flush,
            Self { adds: true, .. } => Action::Add(all),
            Self { adds: false, .. } => Action::Delete(all),
        };
        (action, owners)
    }
}

fn timed(step: &Step) -> bool {
    step.elements.iter().any(|element| element.expires.is_some())
}

fn describe(tables: &mut Tables, name: &Name) -> Result<(u8, Type), Error> {
    let family = name.family().map_err(|error| error.of_set(name))?;
    for (what, text) in [("table", &name.table), ("set", &name.name)] {
        if text.is_empty() || text.len() > 255 || text.contains('\0') {
            return Err(Error::new(Kind::Request, format!("a {what} has a name of 1 to 255 octets")));
        }
    }
    let description = tables.describe(family, &name.table, &name.name).map_err(|error| {
        let missing = error.raw_os_error() == Some(libc::ENOENT);
        let none = || Error::new(Kind::NoSet, "there is no such table or set; make it with nft first");
        if missing { none().of_set(name) } else { system(&error).of_set(name) }
    })?;
    let kind = Type::new(&description).map_err(|error| error.of_set(name))?;
    Ok((family, kind))
}

/// All elements of a set, in order.
fn elements(tables: &mut Tables, family: u8, name: &Name, kind: &Type) -> Result<Vec<Element>, Error> {
    let mut before: Option<Vec<Element>> = None;
    for _ in 0..2 * TRIES {
        let found = tables.elements(family, &name.table, &name.name).map_err(|error| system(&error).of_set(name))?;
        let Some((found, messages)) = found else { continue };
        let mut found = kind.load(found);
        found.sort_by(|a, b| a.from.cmp(&b.from));
        found.dedup_by(|a, b| a.from == b.from && a.to == b.to);
        // The kernel finds its way back by counting what it has told. When it makes
        // a hash larger between two messages, which is no change of the ruleset, it
        // leaves some out; so what comes in several has to come twice.
        let settled = messages <= 1 || before.as_ref().is_some_and(|before| alike(before, &found));
        if settled {
            return Ok(found);
        }
        before = Some(found);
    }
    Err(Error::new(Kind::Busy, "it kept changing while it was read; try again").of_set(name))
}

/// The same elements, whatever is left of their time.
fn alike(a: &[Element], b: &[Element]) -> bool {
    let same = |(a, b): (&Element, &Element)| (&a.from, &a.to, &a.value) == (&b.from, &b.to, &b.value);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

#[allow(clippy::cast_precision_loss)]
fn listed(kind: &Type, element: &Element) -> Listed {
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    Listed {
        key: kind.show_key(element),
        value: element.value.as_ref().map(|value| kind.show_value(value)),
        timeout: element.timeout.or(kind.timeout).map(seconds),
        expires: element.expires.map(seconds),
    }
}

/// What the kernel's number means for elements.
fn explain(refused: &Refused, adds: bool, intervals: bool) -> Error {
    let (kind, message) = match refused.code {
        libc::EPERM => return system(&std::io::Error::from_raw_os_error(libc::EPERM)),
        libc::ENOENT if adds => (Kind::NoSet, "the set, or the chain that a verdict names, is gone"),
        libc::ENOENT => (Kind::Missing, "is not in the set"),
        libc::EEXIST | libc::EBUSY | libc::ENOTEMPTY if intervals => {
            (Kind::Conflict, "overlaps an element that is there already")
        }
        libc::EEXIST | libc::EBUSY => (Kind::Conflict, "is there already, with another value"),
        libc::ENFILE => (Kind::Full, "the set is full: its size allows no more elements"),
        libc::EMSGSIZE => (Kind::System, "too much for one transaction without CAP_NET_ADMIN"),
        code => {
            let text = refused.text.clone().unwrap_or_else(|| std::io::Error::from_raw_os_error(code).to_string());
            return Error::new(Kind::System, format!("the kernel refused it: {text}"));
        }
    };
    Error::new(kind, message)
}
