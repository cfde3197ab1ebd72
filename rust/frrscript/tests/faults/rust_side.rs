// SPDX-License-Identifier: GPL-2.0-or-later
//! The system has no memory for the library itself.
//!
//! Small allocations of Rust end the process, as those of FRR do (lib/memory.c, `memory_oom`): there is no way to give a
//! meaning to half of a list of scripts. Shown here: it is a clean end with the reason, from every allocation, and never
//! anything else. Large ones, whose size a script or a file decides, are an error of that script.
//!
//! Each try is a child process, made by fork: it shares nothing with the others.

use super::heap::{self, Fault, Part};
use super::host::Host;
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use std::io::Read;
use std::os::fd::FromRawFd;

/// A child's exit status for "the outcome is not one of those that may be".
const WRONG: i32 = 3;
/// No allocation failed any more.
const UNTOUCHED: i32 = 4;

#[derive(Debug, PartialEq)]
enum End {
    Exit(i32),
    Signal(i32),
}

/// Runs `body` in a child with its n-th allocation failing; how it ended, and what it wrote to standard error.
fn child(fault: Fault, n: u64, body: &dyn Fn() -> bool) -> (End, String) {
    let mut pipe = [0; 2];
    // SAFETY: the child only runs this thread, which holds no lock but that of its own test; it leaves with _exit.
    unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            libc::dup2(pipe[1], 2);
            heap::arm(Part::Rust, fault, n);
            let good = body();
            let failed = heap::disarm();
            libc::_exit(match (good, failed) {
                (false, _) => WRONG,
                (true, 0) => UNTOUCHED,
                (true, _) => 0,
            });
        }
        libc::close(pipe[1]);
        let mut said = Vec::new();
        std::fs::File::from_raw_fd(pipe[0]).read_to_end(&mut said).expect("the child's text");
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
        let end = if libc::WIFEXITED(status) {
            End::Exit(libc::WEXITSTATUS(status))
        } else {
            End::Signal(libc::WTERMSIG(status))
        };
        (end, String::from_utf8_lossy(&said).into_owned())
    }
}

/// Has every allocation of `body` fail in turn, in steps; it ends cleanly or goes on.
fn ends_cleanly(step: usize, body: &dyn Fn() -> bool) {
    let (mut ended, mut tries) = (0, 0);
    for n in (1..).step_by(step) {
        let (end, said) = child(Fault::Once, n, body);
        tries += 1;
        match end {
            End::Exit(UNTOUCHED) => break,
            End::Exit(0) => {}
            End::Signal(libc::SIGABRT) => {
                assert!(said.starts_with("memory allocation of "), "{n}: {said}");
                ended += 1;
            }
            other => panic!("{n}: {other:?}: {said}"),
        }
    }
    assert!(ended > 0 && tries > 10, "{ended} of {tries}");
}

const SMALL: &str = r#"
local set = frr.prefix_set { "192.0.2.0/24 le 28" }
function f(prefix, attributes)
  attributes.communities:add("65001:100")
  local text = frr.json.encode({ a = { 1, tostring(prefix) } })
  attributes.metric = #frr.json.decode(text).a
  return set:contains(prefix)
end
"#;

#[test]
fn a_small_allocation_ends_the_process_with_the_reason() {
    let host = Host::with(SMALL);
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let good = |verdict| matches!(verdict, Verdict::MATCH | Verdict::NOMATCH);
    ends_cleanly(1, &|| good(rule.call(&Objects::sample())));
    ends_cleanly(7, &|| {
        let loaded = match host.reload("s") {
            Ok(_) => true,
            Err(why) => why.contains("memory") && why.contains("stays in service"),
        };
        loaded && good(rule.call(&Objects::sample()))
    });
    ends_cleanly(3, &|| host.show("s")["generation"] == 1);
}

/// A script whose large allocation fails: `Err` says how the process ended, if it was not an error of the script.
fn ends(source: &str) -> Result<(), String> {
    let host = Host::with(source);
    host.option_time("s", 10_000);
    let fine = |error: &str| {
        let good = error == "none" || error.contains("memory");
        if !good {
            eprintln!("{error}");
        }
        good
    };
    let (end, said) = child(Fault::Large(64 * 1024), 1, &|| match host.load("s") {
        Ok(_) => {
            let rule = host.rule("s", "f");
            rule.call(&Objects::sample());
            fine(&host.last_error("s"))
        }
        Err(why) => fine(&why),
    });
    host.load("s").map_err(|why| format!("with memory: {why}"))?;
    let rule = host.rule("s", "f");
    rule.call(&Objects::sample());
    match end {
        End::Exit(0) => Ok(()),
        // Nothing large was wanted: it proves nothing.
        _ => Err(format!("{end:?}: {}\n  {}", said.trim(), &source[source.len().saturating_sub(150)..])),
    }
}

fn are_errors(sources: &[&str]) {
    let wrong: Vec<String> = sources.iter().filter_map(|source| ends(source).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn large_files_are_errors() {
    are_errors(&[
        &format!("{}function f() return true end", "-- a comment\n".repeat(30_000)),
        &format!("{}function f() return true end", "x = (x or 0) + 1\n".repeat(30_000)),
    ]);
}

#[test]
fn large_sets_are_errors() {
    are_errors(&[
        "function f() local t = {} for n = 1, 20000 do t[n] = `10.{n // 256}.{n % 256}.0/24` end frr.prefix_set(t) return true end",
        "function f() local t = {} for n = 1, 50000 do t[n] = n * 2 end frr.asn_set(t) return true end",
        "function f() local t = {} for n = 1, 50000 do t[n] = `{n}:{n}` end frr.community_set(t) return true end",
    ]);
}

#[test]
fn large_texts_are_errors() {
    are_errors(&[
        "function f() frr.json.encode(('x'):rep(1000000)) return true end",
        "function f() frr.json.encode({a = {('x'):rep(1000000)}}) return true end",
        "function f() frr.json.decode('\"' .. ('x'):rep(1000000) .. '\"') return true end",
        "function f() local t = {} for n = 1, 20000 do t[n] = n end frr.json.encode(t) return true end",
        "local text = '[' .. ('1,'):rep(200000) .. '1]' function f() frr.json.decode(text) return true end",
        "function f() frr.cbor.encode(('x'):rep(1000000)) return true end",
        "local octets = frr.cbor.encode(table.create(20000, 7)) function f() frr.cbor.decode(octets) return true end",
    ]);
}

#[test]
fn large_values_that_are_kept_are_errors() {
    are_errors(&[
        "local d = frr.shared_dict('d') function f() d:set('k', ('x'):rep(500000)) d:get('k') return true end",
    ]);
}
