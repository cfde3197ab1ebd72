// SPDX-License-Identifier: GPL-2.0-or-later
//! The figures of all runs, and their tables.

use super::facts::Policy;
use super::run::Cost;
use super::system::System;
use crate::bench::stats::Spread;

/// One run of one case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) system: System,
    pub(super) policy: Policy,
    pub(super) cost: Cost,
}

/// A figure of a case over its rounds.
pub(super) fn spread(runs: &[Run], system: System, policy: Policy, value: impl Fn(&Cost) -> f64) -> Option<Spread> {
    let system = if policy == Policy::None { system.base() } else { system };
    let of_case = runs.iter().filter(|run| run.system == system && run.policy == policy);
    let values: Vec<f64> = of_case.map(|run| value(&run.cost)).collect();
    (!values.is_empty()).then(|| Spread::of(values))
}

/// Microseconds of user CPU time per route that the policy adds: with it less without it.
pub(super) fn policy_cost(runs: &[Run], system: System, policy: Policy) -> Option<Spread> {
    let per_route = |cost: &Cost| cost.user * 1e6 / f64::from(cost.routes);
    let without = spread(runs, system, Policy::None, per_route)?.median;
    let with = spread(runs, system, policy, per_route)?;
    Some(Spread { median: with.median - without, least: with.least - without, most: with.most - without })
}

/// One row per system, one column per policy.
pub(super) fn table(runs: &[Run], cell: impl Fn(System, Policy) -> Option<String>) -> String {
    let policies: Vec<Policy> =
        Policy::ALL.into_iter().filter(|policy| runs.iter().any(|run| run.policy == *policy)).collect();
    let mut text = String::from("| |");
    for policy in &policies {
        text.push_str(&format!(" {} |", policy.title()));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(policies.len()));
    text.push('\n');
    for system in System::ALL {
        let cells: Vec<Option<String>> = policies.iter().map(|policy| cell(system, *policy)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        text.push_str(&format!("| {} |", system.title()));
        for cell in cells {
            text.push_str(&format!(" {} |", cell.unwrap_or_else(|| "-".to_owned())));
        }
        text.push('\n');
    }
    text
}

/// All tables, for a person.
pub(super) fn print(runs: &[Run]) {
    for (title, text) in tables(runs) {
        println!("\n{title}\n\n{text}");
    }
}

/// Title and Markdown of each table.
pub(super) fn tables(runs: &[Run]) -> Vec<(&'static str, String)> {
    let most = runs.iter().map(|run| run.cost.routes).max().unwrap_or_default();
    let scaled = move |cost: &Cost, value: f64| value * f64::from(most) / f64::from(cost.routes);
    let range = |spread: Spread, digits: usize| {
        format!("{:.*} ({:.*}-{:.*})", digits, spread.median, digits, spread.least, digits, spread.most)
    };
    vec![
        (
            "The policy's own cost: us of user CPU per route, with less without",
            table(runs, |system, policy| {
                (policy != Policy::None).then(|| policy_cost(runs, system, policy).map(|spread| range(spread, 2)))?
            }),
        ),
        (
            "CPU seconds of the daemon for all routes",
            table(runs, |system, policy| {
                spread(runs, system, policy, |cost| scaled(cost, cost.cpu())).map(|spread| range(spread, 1))
            }),
        ),
        (
            "of these in user space",
            table(runs, |system, policy| {
                spread(runs, system, policy, |cost| scaled(cost, cost.user)).map(|spread| range(spread, 1))
            }),
        ),
        (
            "Seconds to the last route",
            table(runs, |system, policy| {
                spread(runs, system, policy, |cost| scaled(cost, cost.seconds)).map(|spread| range(spread, 1))
            }),
        ),
        (
            "Peak memory, MiB",
            table(runs, |system, policy| {
                // Memory of a part of the table says nothing of the whole.
                (system.share(policy) == 1).then(|| {
                    spread(runs, system, policy, |cost| cost.memory).map(|spread| format!("{:.0}", spread.median))
                })?
            }),
        ),
    ]
}
