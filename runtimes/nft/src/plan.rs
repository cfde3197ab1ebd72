// SPDX-License-Identifier: GPL-2.0-or-later
//! What a transaction has to do with a set, when its elements have to become
//! what a script wants.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::element::{Element, Given, Type};
use crate::error::{Error, Kind};

/// What is done with a set.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Add; one that is there already stays if it has the same value.
    Add,
    /// Add, or replace what is there: another value, a timer that starts anew.
    Put,
    /// Delete; one that is not there is an error.
    Delete,
    /// Delete those that are there.
    Discard,
    /// Delete all.
    Flush,
    /// Make the set hold exactly these.
    Sync,
}

impl Verb {
    /// Whether it depends on what is there.
    pub fn needs_state(self) -> bool {
        matches!(self, Self::Put | Self::Discard | Self::Sync)
    }
}

/// Elements to delete and then to add.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Delete all, before anything else.
    pub flush: bool,
    /// Delete these.
    pub delete: Vec<Element>,
    /// Then add these.
    pub add: Vec<Element>,
}

/// Elements of a set, by first key.
pub type State = BTreeMap<Vec<u8>, Element>;

/// Reads the elements of a request: in order, each once.
pub fn read(set: &Type, verb: Verb, given: &[Given]) -> Result<Vec<Element>, Error> {
    let with_value = matches!(verb, Verb::Add | Verb::Put | Verb::Sync);
    let mut elements = given.iter().map(|given| set.parse(given, with_value)).collect::<Result<Vec<_>, _>>()?;
    // Of ranges that start at the same key the longest comes first.
    elements.sort_by(|a, b| a.from.cmp(&b.from).then(b.to.cmp(&a.to)));
    let mut result: Vec<Element> = Vec::with_capacity(elements.len());
    for element in elements {
        match result.last_mut() {
            Some(last) if (&last.from, &last.to) == (&element.from, &element.to) => {
                if with_value && (&last.value, last.timeout) != (&element.value, element.timeout) {
                    let message = "is there twice in the request, with different values or timeouts";
                    return Err(Error::new(Kind::Element, message).of_element(set.show_key(&element)));
                }
            }
            // Exactly what they cover; the kernel takes no overlapping ranges.
            Some(last) if verb == Verb::Sync && set.is_linear() && !last.from.is_empty() && element.from <= last.to => {
                if (&last.value, last.timeout) != (&element.value, element.timeout) {
                    let message = format!("overlaps {}, which has another value or timeout", set.show_key(last));
                    return Err(Error::new(Kind::Conflict, message).of_element(set.show_key(&element)));
                }
                if element.to > last.to {
                    last.to = element.to;
                }
            }
            _ => result.push(element),
        }
    }
    Ok(result)
}

/// Plans a change, and makes `state` what it will be then. Without a state nothing
/// is compared: the kernel does.
pub fn plan(set: &Type, verb: Verb, elements: Vec<Element>, state: Option<&mut State>) -> Plan {
    let mut plan = Plan::default();
    let Some(state) = state else {
        match verb {
            Verb::Add | Verb::Put => plan.add = elements,
            Verb::Delete | Verb::Discard => plan.delete = elements,
            Verb::Flush => plan.flush = true,
            Verb::Sync => (plan.flush, plan.add) = (true, elements),
        }
        return plan;
    };
    match verb {
        Verb::Flush => plan.flush = true,
        Verb::Add => plan.add = elements,
        Verb::Delete => plan.delete = elements,
        Verb::Discard => {
            let there = |element: &Element| state.get(&element.from).is_some_and(|other| other.to == element.to);
            plan.delete = elements.into_iter().filter(there).collect();
        }
        Verb::Put => {
            for element in elements {
                match state.get(&element.from) {
                    Some(old) if same(set, old, &element) => {}
                    Some(old) if old.to == element.to => {
                        plan.delete.push(old.clone());
                        plan.add.push(element);
                    }
                    _ => plan.add.push(element),
                }
            }
        }
        Verb::Sync => {
            let mut stale = state.clone();
            for element in elements {
                match stale.get(&element.from) {
                    Some(old) if same(set, old, &element) => {
                        stale.remove(&element.from);
                    }
                    _ => plan.add.push(element),
                }
            }
            plan.delete = stale.into_values().collect();
        }
    }
    if plan.flush {
        state.clear();
    }
    for element in &plan.delete {
        state.remove(&element.from);
    }
    for element in &plan.add {
        state.entry(element.from.clone()).or_insert_with(|| element.clone());
    }
    plan
}

/// Whether what is there is what is wanted. A timer starts anew, so it is not.
fn same(set: &Type, there: &Element, wanted: &Element) -> bool {
    let timed = set.timeout.is_some()
        || [there, wanted].iter().any(|element| element.timeout.is_some() || element.expires.is_some());
    !timed && there.to == wanted.to && there.value == wanted.value
}
