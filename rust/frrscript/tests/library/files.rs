// SPDX-License-Identifier: GPL-2.0-or-later
//! What may become of a script's file, or a module's, while the script is in service: the old one stays, at once.

use super::host::{Host, chmod};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use insta::assert_snapshot;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

const GOOD: &str = "function f() return true end";

fn mkfifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL in it");
    // SAFETY: a live path.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

/// The error of a reload after `fault` took the place of the file; all is well once the file is back.
fn refused(main: bool, fault: impl FnOnce(&Path)) -> String {
    let source = if main { GOOD } else { "local m = require 'm' function f() return m end" };
    let host = Host::with(source);
    let module = host.write("m", "return true");
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let path = if main { host.directory.join("s.lua") } else { module };
    fs::remove_file(&path).expect("it was there");
    fault(&path);
    let began = Instant::now();
    let error = host.reload("s").expect_err("it is refused");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    assert_eq!(host.show("s")["state"], "reload refused");
    let (error, stays) = error.rsplit_once('\n').expect("two lines");
    assert_eq!(stays, "generation 1 of DIR/s.lua stays in service");
    if path.is_dir() {
        fs::remove_dir(&path).expect("it is empty");
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).expect("it is there");
    }
    host.write("s", source);
    host.write("m", "return true");
    assert_eq!(host.reload("s"), Ok("script s: generation 2 in service".to_owned()));
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    error.lines().next().unwrap_or_default().to_owned()
}

fn sparse(path: &Path) {
    fs::File::create(path).and_then(|f| f.set_len(1 << 30)).expect("a sparse file");
}

fn link(to: &'static str) -> impl Fn(&Path) {
    move |path| std::os::unix::fs::symlink(to, path).expect("a link")
}

#[test]
fn of_a_script() {
    assert_snapshot!(refused(true, |_| {}), @"script s: no file DIR/s.lua (nor .luau): write it there, then 'script reload s'");
    assert_snapshot!(refused(true, |p| fs::write(p, "").expect("a file")), @"script s: DIR/s.lua: has no text: write it again, then 'script reload s'; to end the script, 'no script load s'");
    assert_snapshot!(refused(true, |p| fs::write(p, "function f() return tr").expect("a file")), @"script s: DIR/s.lua:1: Expected 'end' (to close 'function' at column 1), got <eof>");
    assert_snapshot!(refused(true, |p| fs::create_dir(p).expect("a directory")), @"script s: DIR/s.lua: is a directory, not a file: take it away and write the text there");
    assert_snapshot!(refused(true, mkfifo), @"script s: DIR/s.lua: is a FIFO, not a file: take it away and write the text there");
    assert_snapshot!(refused(true, |p| drop(UnixListener::bind(p))), @"script s: DIR/s.lua: is a socket, not a file: take it away and write the text there");
    assert_snapshot!(refused(true, link("/dev/zero")), @"script s: DIR/s.lua: is a device, not a file: take it away and write the text there");
    assert_snapshot!(refused(true, link("/nowhere/s.lua")), @"script s: DIR/s.lua: No such file or directory (os error 2): it is a link to what is not there");
    assert_snapshot!(refused(true, link("s.lua")), @"script s: DIR/s.lua: Too many levels of symbolic links (os error 40)");
    assert_snapshot!(refused(true, sparse), @"script s: DIR/s.lua: has 1073741824 octets: a script has at most 1048576");
}

#[test]
fn of_a_module() {
    assert_snapshot!(refused(false, |_| {}), @"script s: DIR/s.lua:1: module m: no file DIR/m.lua (nor .luau)");
    assert_snapshot!(refused(false, |p| fs::write(p, "").expect("a file")), @"script s: DIR/s.lua:1: module m: DIR/m.lua: has no text: write it again");
    assert_snapshot!(refused(false, |p| fs::create_dir(p).expect("a directory")), @"script s: DIR/s.lua:1: module m: DIR/m.lua: is a directory, not a file: take it away and write the text there");
    assert_snapshot!(refused(false, mkfifo), @"script s: DIR/s.lua:1: module m: DIR/m.lua: is a FIFO, not a file: take it away and write the text there");
    assert_snapshot!(refused(false, |p| drop(UnixListener::bind(p))), @"script s: DIR/s.lua:1: module m: DIR/m.lua: is a socket, not a file: take it away and write the text there");
    assert_snapshot!(refused(false, link("/dev/zero")), @"script s: DIR/s.lua:1: module m: DIR/m.lua: is a device, not a file: take it away and write the text there");
    assert_snapshot!(refused(false, link("/nowhere/m.lua")), @"script s: DIR/s.lua:1: module m: DIR/m.lua: No such file or directory (os error 2): it is a link to what is not there");
    assert_snapshot!(refused(false, sparse), @"script s: DIR/s.lua:1: module m: DIR/m.lua: has 1073741824 octets: a script has at most 1048576");
}

#[test]
fn a_fifo_is_not_even_opened() {
    let host = Host::start();
    let path = host.directory.join("s.lua");
    mkfifo(&path);
    host.load("s").expect_err("it is refused");
    // SAFETY: a live path. A writer that does not wait only finds one who reads.
    let writer = unsafe {
        let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL in it");
        libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_NONBLOCK)
    };
    assert_eq!(writer, -1);
}

#[test]
fn a_link_to_a_file_elsewhere_is_followed() {
    let host = Host::start();
    let elsewhere = host.directory.join("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    fs::write(elsewhere.join("policy"), GOOD).expect("a file");
    std::os::unix::fs::symlink("elsewhere/policy", host.directory.join("s.lua")).expect("a link");
    host.load("s").expect("it loads");
    chmod(&elsewhere.join("policy"), 0o666);
    assert_snapshot!(host.reload("s").unwrap_err(), @r"
    script s: DIR/s.lua: every user may write it: take that away (chmod o-w)
    generation 1 of DIR/s.lua stays in service
    ");
}

/// Who may rename in the folder decides what the script is, whatever the file's own mode.
#[test]
fn in_a_folder_that_all_may_write_to() {
    let host = Host::with("local m = require 'm' function f() return m end");
    let module = host.write("m", "return true");
    host.load("s").expect("it loads");
    chmod(&host.directory, 0o777);
    assert_snapshot!(host.reload("s").unwrap_err(), @r"
    script s: DIR/s.lua: every user may put another file in its place: take away that they may write to its folder (chmod o-w DIR)
    generation 1 of DIR/s.lua stays in service
    ");
    // Where only owners may rename, as in /tmp, nobody else can replace it.
    chmod(&host.directory, 0o1777);
    host.reload("s").expect("it loads");
    chmod(&host.directory, 0o755);
    host.reload("s").expect("it loads");
    let elsewhere = host.directory.join("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    fs::rename(&module, elsewhere.join("m.lua")).expect("it is moved");
    std::os::unix::fs::symlink("elsewhere/m.lua", &module).expect("a link");
    host.reload("s").expect("it loads");
    chmod(&elsewhere, 0o777);
    let error = host.reload("s").expect_err("it is refused");
    assert!(error.contains("module m: DIR/m.lua: every user may put another file in its place"), "{error}");
}

#[test]
fn renames_while_it_reloads_give_the_one_or_the_other() {
    let host = Host::with("function f() return true end function g() return true end");
    host.load("s").expect("it loads");
    let (f, g) = (host.rule("s", "f"), host.rule("s", "g"));
    let (directory, stop) = (host.directory.clone(), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0_u32;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                n += 1;
                let answer = n.is_multiple_of(2);
                let filler = "-- a long line of a comment\n".repeat(200);
                let text = format!("function f() return {answer} end\n{filler}function g() return {answer} end");
                fs::write(directory.join("new"), text).expect("a file");
                fs::rename(directory.join("new"), directory.join("s.lua")).expect("a rename");
            }
        });
        let mut answers = [0; 2];
        for _ in 0..300 {
            host.reload("s").expect("every version is whole");
            let objects = Objects::sample();
            let answer = f.call(&objects);
            assert_eq!(answer, g.call(&objects), "one version");
            answers[usize::from(answer == Verdict::MATCH)] += 1;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(answers[0] + answers[1], 300);
    });
}

#[test]
fn a_half_written_file_is_never_in_service() {
    let text = format!("function f() return true end\n{}function g() return true end", "-- filler\n".repeat(20_000));
    let host = Host::with(&text);
    host.load("s").expect("it loads");
    let (f, g) = (host.rule("s", "f"), host.rule("s", "g"));
    let (path, stop) = (host.directory.join("s.lua"), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(&path, &text).expect("a file");
            }
        });
        let mut refused = 0;
        for _ in 0..300 {
            refused += u32::from(host.reload("s").is_err());
            let objects = Objects::sample();
            assert_eq!((f.call(&objects), g.call(&objects)), (Verdict::MATCH, Verdict::MATCH));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(refused > 0, "the file was never seen half-written");
    });
}
