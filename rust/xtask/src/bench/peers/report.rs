// SPDX-License-Identifier: GPL-2.0-or-later
//! The figures of all runs, their tables, and what of them is written down.

use serde::{Deserialize, Serialize};

use super::count::{self, Count};
use super::facts::Policy;
use super::picture::Group;
use super::run::Cost;
use super::system::System;
use crate::bench::stats::Spread;

/// One run of one case.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) system: System,
    pub(super) policy: Policy,
    #[serde(flatten)]
    pub(super) cost: Cost,
}

/// What one table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// Microseconds of CPU per route, with a policy less without.
    Policy,
    /// The same, in user space only.
    PolicyUser,
    /// CPU seconds for all routes.
    Cpu,
    /// Seconds from the first octet to the last thing done.
    Wall,
    /// Peak of resident memory.
    Memory,
}

impl Figure {
    /// In the order of the tables.
    pub(super) const ALL: [Self; 5] = [Self::Policy, Self::PolicyUser, Self::Cpu, Self::Wall, Self::Memory];

    /// Above the table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Policy => "What the policy costs a route: with less without",
            Self::PolicyUser => "The same, in user space only",
            Self::Cpu => "CPU time for all routes",
            Self::Wall => "Time to the last route",
            Self::Memory => "Peak of memory",
        }
    }

    /// Of the numbers.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Policy | Self::PolicyUser => "us",
            Self::Cpu | Self::Wall => "s",
            Self::Memory => "MiB",
        }
    }

    /// Name of its picture.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Policy => "peers-policy.svg",
            Self::PolicyUser => "peers-policy-user.svg",
            Self::Cpu => "peers-cpu.svg",
            Self::Wall => "peers-wall.svg",
            Self::Memory => "peers-memory.svg",
        }
    }

    /// Of a case; none where it was not measured or says nothing.
    fn of(self, runs: &[Run], system: System, policy: Policy) -> Option<Spread> {
        let most = runs.iter().map(|run| run.cost.routes).max().unwrap_or_default();
        let scaled = |cost: &Cost, value: f64| value * f64::from(most) / f64::from(cost.routes);
        match self {
            Self::Policy => above(runs, system, policy, Cost::cpu),
            Self::PolicyUser => above(runs, system, policy, |cost| cost.user),
            Self::Cpu => spread(runs, system, policy, |cost| scaled(cost, cost.cpu())),
            Self::Wall => spread(runs, system, policy, |cost| scaled(cost, cost.seconds)),
            // Of a part of the table it says nothing of the whole.
            Self::Memory if system.share(policy) > 1 => None,
            Self::Memory => spread(runs, system, policy, |cost| cost.memory),
        }
    }

    fn cell(self, runs: &[Run], system: System, policy: Policy) -> String {
        let digits = match self {
            Self::Policy | Self::PolicyUser => 2,
            Self::Cpu | Self::Wall => 1,
            Self::Memory => 0,
        };
        let number = |value: f64| format!("{value:.digits$}");
        match self.of(runs, system, policy) {
            Some(s) if s.least == s.most => number(s.median),
            Some(s) => format!("{} ({} to {})", number(s.median), number(s.least), number(s.most)),
            None => system.cannot(policy).map_or_else(|| "-".to_owned(), |why| format!("- ({why})")),
        }
    }

    fn policies(self) -> impl Iterator<Item = Policy> {
        let above = matches!(self, Self::Policy | Self::PolicyUser);
        Policy::ALL.into_iter().filter(move |policy| !(above && *policy == Policy::None))
    }

    /// One row per system, one column per policy.
    pub(super) fn table(self, runs: &[Run]) -> String {
        let policies: Vec<Policy> =
            self.policies().filter(|policy| runs.iter().any(|run| run.policy == *policy)).collect();
        let mut text = format!("| {} |", self.unit());
        for policy in &policies {
            text.push_str(&format!(" {} |", policy.title()));
        }
        text.push_str(&format!("\n|---|{}\n", "---|".repeat(policies.len())));
        for system in System::ALL {
            // Figures without a policy may be those of another's rows.
            if !runs.iter().any(|run| run.system == system) {
                continue;
            }
            let cells: Vec<String> = policies.iter().map(|policy| self.cell(runs, system, *policy)).collect();
            text.push_str(&format!("| {} | {} |\n", system.title(), cells.join(" | ")));
        }
        text
    }

    /// The same as bars.
    pub(super) fn groups(self, runs: &[Run]) -> Vec<Group> {
        let group = |policy: Policy| Group {
            title: policy.title().to_owned(),
            bars: System::ALL
                .into_iter()
                .enumerate()
                .filter(|(_, system)| policy != Policy::None || system.base() == *system)
                .filter_map(|(at, system)| Some((system.title().to_owned(), at, self.of(runs, system, policy)?.median)))
                .collect(),
        };
        self.policies().map(group).filter(|group| !group.bars.is_empty()).collect()
    }
}

/// A figure of a case over its rounds.
fn spread(runs: &[Run], system: System, policy: Policy, value: impl Fn(&Cost) -> f64) -> Option<Spread> {
    let system = if policy == Policy::None { system.base() } else { system };
    let of_case = runs.iter().filter(|run| run.system == system && run.policy == policy);
    let values: Vec<f64> = of_case.map(|run| value(&run.cost)).collect();
    (!values.is_empty()).then(|| Spread::of(values))
}

/// Microseconds per route that the policy adds.
fn above(runs: &[Run], system: System, policy: Policy, value: impl Fn(&Cost) -> f64) -> Option<Spread> {
    let per_route = |cost: &Cost| value(cost) * 1e6 / f64::from(cost.routes);
    let without = spread(runs, system, Policy::None, per_route)?.median;
    let with = spread(runs, system, policy, per_route)?;
    Some(Spread { median: with.median - without, least: with.least - without, most: with.most - without })
}

/// Goals of a script's policy cost: less than that of each of these, by so many times.
const GOALS: [(System, f64); 3] = [(System::Native, 1.0), (System::Bird, 1.0), (System::Stock, 300.0)];

/// Their cost by ours, of one kind.
fn ratio(figure: Figure, runs: &[Run], system: System, policy: Policy) -> Option<f64> {
    let median = |system| figure.of(runs, system, policy).map(|spread| spread.median);
    // A cost that is lost in the noise has no ratio.
    Some(median(system)? / median(System::Script)?.max(0.01))
}

fn held_against() -> impl Iterator<Item = (Policy, System, f64)> {
    let policies = Policy::ALL.into_iter().filter(|policy| *policy != Policy::None);
    policies.flat_map(|policy| GOALS.map(|(system, goal)| (policy, system, goal)))
}

/// Each goal and whether it is reached.
pub(super) fn goals(runs: &[Run], counts: &[Count]) -> String {
    let mut text = String::from(
        "| policy | held against | theirs / ours, CPU | in user space | instructions | goal | |\n|---|---|---|---|---|---|---|\n",
    );
    for (policy, system, goal) in held_against() {
        let Some(cpu) = ratio(Figure::Policy, runs, system, policy) else { continue };
        let user = ratio(Figure::PolicyUser, runs, system, policy).unwrap_or_default();
        let above = |system| count::above(counts, system, policy);
        let instructions = above(system).zip(above(System::Script)).map(|(theirs, ours)| theirs / ours);
        text.push_str(&format!(
            "| {} | {} | {cpu:.2} | {user:.2} | {} | > {goal} | {} |\n",
            policy.title(),
            system.title(),
            instructions.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            if cpu > goal { "reached" } else { "missed" }
        ));
    }
    text
}

/// The ratios as bars.
pub(super) fn goal_groups(runs: &[Run]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (policy, system, _) in held_against() {
        let Some(ratio) = ratio(Figure::Policy, runs, system, policy) else { continue };
        let at = System::ALL.into_iter().position(|other| other == system).unwrap_or_default();
        let bar = (system.title().to_owned(), at, ratio);
        match groups.iter_mut().find(|group| group.title == policy.title()) {
            Some(group) => group.bars.push(bar),
            None => groups.push(Group { title: policy.title().to_owned(), bars: vec![bar] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(system: System, policy: Policy, routes: u32, user: f64) -> Run {
        Run { system, policy, cost: Cost { routes, user, system: 1.0, seconds: 1.0, memory: 1.0 } }
    }

    #[test]
    fn a_policy_costs_what_it_adds() {
        let runs = [
            run(System::Script, Policy::None, 1_000_000, 5.0),
            run(System::Script, Policy::Small, 1_000_000, 6.5),
            run(System::Native, Policy::Small, 1_000_000, 8.0),
            run(System::Stock, Policy::None, 50_000, 0.25),
            run(System::Stock, Policy::Small, 50_000, 30.25),
        ];
        let cost = |system| Figure::PolicyUser.of(&runs, system, Policy::Small).expect("measured").median;
        assert!((cost(System::Script) - 1.5).abs() < 1e-9);
        assert!((cost(System::Native) - 3.0).abs() < 1e-9);
        assert!((cost(System::Stock) - 600.0).abs() < 1e-9);
        let goals = goals(&runs, &[]);
        assert!(goals.contains("| small | FRR, route-map | 2.00 | 2.00 | - | > 1 | reached |"), "{goals}");
        assert_eq!(goal_groups(&runs)[0].bars.len(), 2);
        assert!(Figure::Memory.table(&runs).contains("| FRR, route-map |"));
    }
}
