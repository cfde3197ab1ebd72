// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR: ours with a script or a route-map, and the one as released with a script of its own kind.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};

use super::facts::{
    BOGONS, CUSTOMER_AS, FEED_AS, LONGEST, LONGEST_PATH, PREFERRED, PREFIXES, PRIVATE_PATTERN, Policy, TAG, listed,
    tiers,
};
use super::system::{COLLECTOR, Daemon, FEED, System};
use crate::bench::policy::{NAME, ROUTE_MAP};
use crate::bench::router::{Build, Configuration, Router};

/// A running bgpd.
pub(super) struct Frr(Router);

impl Frr {
    /// Starts it in `dir`.
    pub(super) fn start(build: &Build, system: System, policy: Policy, dir: &Path) -> Result<Self> {
        Self::start_with(build, system, policy, dir, false)
    }

    /// The same, and routes are kept as they came, so that they can be evaluated again.
    pub(super) fn start_storing(build: &Build, system: System, policy: Policy, dir: &Path) -> Result<Self> {
        Self::start_with(build, system, policy, dir, true)
    }

    /// Has the small policy's routes evaluated again: the script is reloaded with another number in it. bgpd evaluates
    /// routes again after a delay, at most 1 s here, and never when that is 0.
    pub(super) fn again(&mut self, system: System, dir: &Path) -> Result<()> {
        if system == System::Native {
            return self.0.command(&format!("clear bgp view BENCH ipv4 unicast {FEED} soft in"));
        }
        self.0.configure("bgp route-map delay-timer 1\n")?;
        let file = dir.join(format!("{NAME}.lua"));
        let text = fs::read_to_string(&file)?;
        fs::write(&file, text.replace(&format!("= {PREFERRED}\n"), &format!("= {}\n", PREFERRED + 1)))?;
        self.0.command(&format!("script reload {NAME}"))
    }

    /// Routes that the last reload had evaluated again, when all are.
    pub(super) fn evaluated(&mut self) -> Result<u64> {
        let shown = self.0.show_script(NAME)?;
        let evaluated = shown.pointer(&format!("/{NAME}/reevaluated/evaluations"));
        Ok(evaluated.and_then(serde_json::Value::as_u64).unwrap_or(0))
    }

    fn start_with(build: &Build, system: System, policy: Policy, dir: &Path, stored: bool) -> Result<Self> {
        let script = match system {
            System::Script => script(policy),
            System::Stock => stock_script(policy),
            _ => None,
        };
        if let Some(script) = script {
            fs::write(dir.join(format!("{NAME}.lua")), script)?;
        }
        if (system, policy) == (System::Script, Policy::Prefixes) {
            for (part, prefixes) in (1..).zip(listed().chunks(PREFIXES / PARTS)) {
                let prefixes = quoted(prefixes.iter().map(ToString::to_string));
                fs::write(dir.join(format!("listed{part}.lua")), format!("return {{ {prefixes} }}\n"))?;
            }
        }
        let policy = match system {
            System::Script => scripted(policy, build.counted),
            System::Stock => stock_scripted(policy),
            _ => native(policy),
        };
        let inbound = (!policy.is_empty()).then_some(ROUTE_MAP);
        let configuration =
            Configuration { policy: &policy, feed_as: FEED_AS, inbound, stored, collector: Some(COLLECTOR) };
        Ok(Self(Router::start(build, dir, &configuration.text())?))
    }
}

impl Daemon for Frr {
    fn pids(&self) -> Result<Vec<u32>> {
        Ok(vec![self.0.pid()])
    }

    fn address(&self) -> SocketAddr {
        self.0.address
    }

    fn accepted(&mut self) -> Result<u64> {
        let summary = self.0.summary()?;
        let count = summary.pointer(&format!("/peers/{FEED}/pfxRcd")).and_then(serde_json::Value::as_u64);
        count.with_context(|| format!("no such peer in {summary}"))
    }
}

/// A source has 1 MiB at most: the list of the large policy is in so many modules.
const PARTS: usize = 4;

/// The route-map's last entry accepts what no entry before it took.
const REST: &str = "route-map BENCH permit 65535\nexit\n";

/// An entry of the route-map.
fn entry(text: &mut String, action: &str, at: usize, lines: &str) {
    write!(text, "route-map {ROUTE_MAP} {action} {at}\n{lines}exit\n").expect("a string");
}

fn native(policy: Policy) -> String {
    let mut text = String::new();
    match policy {
        Policy::None => return text,
        Policy::Small => {
            text = format!("bgp community-list standard TAG seq 5 permit {}:{}\n", TAG.0, TAG.1);
            entry(&mut text, "permit", 10, &format!(" match community TAG\n set local-preference {PREFERRED}\n"));
        }
        Policy::Hygiene => {
            for (at, bogon) in (1..).zip(BOGONS) {
                writeln!(text, "ip prefix-list BOGONS seq {} permit {bogon} le 32", at * 5).expect("a string");
            }
            write!(
                text,
                "\
ip prefix-list LONG seq 5 permit 0.0.0.0/0 ge {}
bgp as-path access-list LONG-PATH seq 5 permit ^([0-9]+ ){{{LONGEST_PATH},}}[0-9]+$
bgp as-path access-list PRIVATE seq 5 permit {PRIVATE_PATTERN}
",
                LONGEST + 1
            )
            .expect("a string");
            entry(&mut text, "deny", 10, " match ip address prefix-list BOGONS\n");
            entry(&mut text, "deny", 20, " match ip address prefix-list LONG\n");
            entry(&mut text, "deny", 30, " match as-path LONG-PATH\n");
            entry(&mut text, "deny", 40, " match as-path PRIVATE\n");
        }
        Policy::Entries => {
            for (tier, customers) in tiers() {
                for at in customers {
                    writeln!(text, "bgp community-list standard TAG-{at} seq 5 permit {CUSTOMER_AS}:{at}")
                        .expect("a string");
                    let lines = format!(" match community TAG-{at}\n set local-preference {tier}\n");
                    entry(&mut text, "permit", at as usize * 10, &lines);
                }
            }
        }
        Policy::Prefixes => {
            for (at, prefix) in (1..).zip(listed()) {
                writeln!(text, "ip prefix-list LISTED seq {} permit {prefix}", at * 5).expect("a string");
            }
            let lines = format!(" match ip address prefix-list LISTED\n set local-preference {PREFERRED}\n");
            entry(&mut text, "permit", 10, &lines);
        }
    }
    text + REST
}

/// Under callgrind the first call, which has to be translated, takes longer than scripts may.
fn scripted(policy: Policy, counted: bool) -> String {
    let mut text = String::new();
    match policy {
        Policy::None => return text,
        // Of the hygiene policy the script takes what is refused.
        Policy::Hygiene => entry(&mut text, "deny", 10, &format!(" match script {NAME}\n")),
        _ => entry(&mut text, "permit", 10, &format!(" match script {NAME}\n")),
    }
    if policy == Policy::Prefixes {
        // The text of the entries is there beside the set while the script is loaded.
        text.insert_str(0, &format!("script load {NAME}\nscript {NAME} limit memory 64\n"));
    }
    if counted {
        text.insert_str(0, &format!("script {NAME} limit time 60000\n"));
    }
    text + REST
}

fn quoted(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
}

fn script(policy: Policy) -> Option<String> {
    let body = match policy {
        Policy::None => return None,
        Policy::Small => format!(
            "\
function route_match(prefix, attributes)
  if not attributes.communities:has(\"{}:{}\") then
    return RM_NOMATCH
  end
  attributes.localpref = {PREFERRED}
  return RM_MATCH_AND_CHANGE
end
",
            TAG.0, TAG.1
        ),
        Policy::Hygiene => format!(
            "\
local bogons = frr.prefix_set {{ {} }}

function route_match(prefix, attributes)
  if prefix.length > {LONGEST} or bogons:contains(prefix) then
    return RM_MATCH
  end
  local path = attributes.as_path
  if #path > {LONGEST_PATH} or path:has_private() then
    return RM_MATCH
  end
  return RM_NOMATCH
end
",
            quoted(BOGONS.iter().map(|bogon| format!("{bogon} le 32")))
        ),
        Policy::Entries => {
            let mut text = String::from("local tiers = {\n");
            for (tier, customers) in tiers() {
                let set = quoted(customers.iter().map(|at| format!("{CUSTOMER_AS}:{at}")));
                writeln!(text, "  {{ preference = {tier}, tags = frr.community_set {{ {set} }} }},").expect("a string");
            }
            text.push_str(
                "\
}

function route_match(prefix, attributes)
  local communities = attributes.communities
  for _, tier in tiers do
    if communities:has_any(tier.tags) then
      attributes.localpref = tier.preference
      return RM_MATCH_AND_CHANGE
    end
  end
  return RM_NOMATCH
end
",
            );
            text
        }
        Policy::Prefixes => format!(
            "\
local entries = {{}}
for part = 1, {PARTS} do
  for _, entry in require(\"listed\" .. part) do
    table.insert(entries, entry)
  end
end
local listed = frr.prefix_set(entries)

function route_match(prefix, attributes)
  if not listed:contains(prefix) then
    return RM_NOMATCH
  end
  attributes.localpref = {PREFERRED}
  return RM_MATCH_AND_CHANGE
end
"
        ),
    };
    Some(body)
}

/// Its scripts see no communities: a native match is asked before the script, in an entry of its own, because in one
/// entry bgpd asks the script first.
fn stock_scripted(policy: Policy) -> String {
    let mut text = String::new();
    match policy {
        Policy::Small => {
            text = format!("bgp community-list standard TAG seq 5 permit {}:{}\n", TAG.0, TAG.1);
            entry(&mut text, "permit", 10, " match community TAG\n on-match goto 30\n");
            entry(&mut text, "permit", 20, "");
            entry(&mut text, "permit", 30, &format!(" match script {NAME}\n"));
            text
        }
        Policy::Prefixes => {
            entry(&mut text, "permit", 10, &format!(" match script {NAME}\n"));
            text + REST
        }
        _ => scripted(policy, false),
    }
}

fn stock_script(policy: Policy) -> Option<String> {
    let set = format!(
        "\
  attributes[\"localpref\"] = {PREFERRED}
  return {{ action = RM_MATCH_AND_CHANGE, attributes = attributes }}
"
    );
    let head =
        "function route_match(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)\n";
    let body = match policy {
        Policy::None | Policy::Entries => return None,
        Policy::Small => format!("{head}{set}end\n"),
        Policy::Hygiene => stock_hygiene(head),
        Policy::Prefixes => {
            let mut text = String::from("local listed = {\n");
            for prefix in listed() {
                writeln!(text, "[\"{prefix}\"]=1,").expect("a string");
            }
            write!(
                text,
                "}}\n{head}  if not listed[prefix.network] then\n    return {{ action = RM_NOMATCH, attributes = attributes }}\n  end\n{set}end\n"
            )
            .expect("a string");
            text
        }
    };
    Some(body)
}

/// Plain Lua: it has no sets.
fn stock_hygiene(head: &str) -> String {
    let mut bogons = String::new();
    for bogon in BOGONS {
        let net: ipnet::Ipv4Net = bogon.parse().expect("a prefix");
        let (low, high) = (u32::from(net.network()), u32::from(net.broadcast()));
        write!(bogons, "{{ {low}, {high} }}, ").expect("a string");
    }
    format!(
        "\
local bogons = {{ {bogons} }}
{head}  local refuse = prefix.length > {LONGEST}
  if not refuse then
    local a, b, c, d = string.match(prefix.network, \"(%d+).(%d+).(%d+).(%d+)\")
    local address = ((a * 256 + b) * 256 + c) * 256 + d
    for _, range in ipairs(bogons) do
      if address >= range[1] and address <= range[2] then refuse = true end
    end
  end
  local length = 0
  for text in string.gmatch(attributes.aspath, \"%d+\") do
    local asn = tonumber(text)
    length = length + 1
    if (asn >= 64512 and asn <= 65534) or (asn >= 4200000000 and asn <= 4294967294) then refuse = true end
  end
  if refuse or length > {LONGEST_PATH} then
    return {{ action = RM_MATCH, attributes = attributes }}
  end
  return {{ action = RM_NOMATCH, attributes = attributes }}
end
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::peers::facts::tier_of;

    #[test]
    fn a_route_map_accepts_the_rest() {
        for policy in Policy::ALL.into_iter().filter(|policy| *policy != Policy::None) {
            for text in [native(policy), scripted(policy, false)] {
                assert!(text.ends_with("route-map BENCH permit 65535\nexit\n"), "{policy:?}");
            }
        }
    }

    #[test]
    fn every_customer_has_an_entry() {
        assert_eq!(native(Policy::Entries).matches(" set local-preference ").count(), 1000);
        assert!(
            native(Policy::Entries)
                .contains(&format!(" match community TAG-7\n set local-preference {}\n", tier_of(7)))
        );
    }
}
