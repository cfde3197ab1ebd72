// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's topotest framework on our build.
//!
//! The framework reads `frrdir` from the pytest.ini beside its `lib/`, so it is
//! copied; the test folders, ours and FRR's, are links in the copy. It also
//! refuses to start unless daemons exist that we don't build: those are empty
//! files in a folder of links to the daemons that we have. Where the copy has
//! paths of an installed FRR it gets those of our build.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build::source::remove;
use crate::environment::Environment;
use crate::layout::Layout;
use crate::setup::python;
use crate::stamp::Inputs;
use crate::step::run;
use crate::tests::{Count, sanitized};

/// Daemons that the framework wants to see before it starts anything.
const WANTED: [&str; 12] =
    ["bgpd", "isisd", "ldpd", "mgmtd", "ospf6d", "ospfd", "pbrd", "pim6d", "pimd", "ripd", "ripngd", "zebra"];

/// What the framework itself consists of.
const FRAMEWORK: [&str; 4] = ["conftest.py", "lib", "munet", "pytest.ini"];

/// Makes the copy, and the links to our folders.
pub fn prepare(layout: &Layout) -> Result<()> {
    let theirs = layout.src().join("tests/topotests");
    let copy = layout.topotests();
    let stamp = layout.stamp("topotests");
    let digest = Inputs::new()
        .text("3")
        .tree(&theirs.join("lib"), &|file| file.extension().is_some_and(|e| e == "py"))?
        .digest();
    if !stamp.is(&digest) {
        stamp.clear()?;
        remove(&copy)?;
        fs::create_dir_all(&copy)?;
        for name in FRAMEWORK {
            run("cp").arg("-r").arg(theirs.join(name)).arg(&copy).output()?;
        }
        daemons(layout, &copy.join("frr"))?;
        for entry in fs::read_dir(copy.join("lib"))? {
            let file = entry?.path();
            if file.extension().is_some_and(|e| e == "py") {
                // It says where sanitizers report, and is to keep what else they are told.
                let sanitizers = ("\"ASAN_OPTIONS=\"", Path::new("\"ASAN_OPTIONS=$ASAN_OPTIONS:\""));
                let places = [("/usr/lib/frr/", &*copy.join("frr/")), ("/usr/bin/vtysh", &*vtysh(layout)), sanitizers];
                edit(&file, &file, &places)?;
            }
        }
        let ini = copy.join("pytest.ini");
        let text = fs::read_to_string(&ini)?;
        fs::write(&ini, with_frrdir(&text, &copy.join("frr")))?;
        links(&theirs, &copy)?;
        stamp.write(&digest)?;
    }
    links(&layout.repo.join("topotests"), &copy)
}

/// The line of pytest.ini's last section that says where the daemons are.
fn with_frrdir(ini: &str, frrdir: &Path) -> String {
    let mut lines: Vec<&str> = ini.lines().collect();
    let line = format!("frrdir = {}", frrdir.display());
    match lines.iter().position(|l| l.trim() == "[topogen]") {
        Some(at) => lines.insert(at + 1, &line),
        None => lines.extend(["", "[topogen]", &line]),
    }
    lines.join("\n") + "\n"
}

fn daemons(layout: &Layout, dir: &Path) -> Result<()> {
    let ours = Layout::daemons(&layout.root());
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(&ours)? {
        let entry = entry?;
        symlink(entry.path(), dir.join(entry.file_name()))?;
    }
    // It insists on the folder of vtysh, whatever PATH says.
    let reload = dir.join("frr-reload.py");
    fs::remove_file(&reload)?;
    let bin = layout.root().join("usr/bin");
    edit(
        &ours.join("frr-reload.py"),
        &reload,
        &[("default=\"/usr/bin\"", Path::new(&format!("default=\"{}\"", bin.display())))],
    )?;
    for name in WANTED {
        let file = dir.join(name);
        if !file.exists() {
            fs::write(file, "")?;
        }
    }
    Ok(())
}

fn vtysh(layout: &Layout) -> PathBuf {
    layout.root().join("usr/bin/vtysh")
}

/// Writes `from` to `to` with the texts replaced; keeps its mode.
fn edit(from: &Path, to: &Path, texts: &[(&str, &Path)]) -> Result<()> {
    let mut text = fs::read_to_string(from)?;
    for (old, new) in texts {
        text = text.replace(old, &new.to_string_lossy());
    }
    fs::write(to, text)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    Ok(())
}

/// A link in `copy` for every folder of tests under `from`.
fn links(from: &Path, copy: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let link = copy.join(entry.file_name());
        if !entry.file_type()?.is_dir() || FRAMEWORK.iter().any(|n| entry.file_name() == *n) {
            continue;
        }
        if fs::read_link(&link).is_ok_and(|to| to == entry.path()) {
            continue;
        }
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(entry.path(), &link).with_context(|| format!("{} can't be made", link.display()))?;
    }
    Ok(())
}

/// These have commands of their own, `cargo xtask test hostile` and `cargo xtask test faults`, which take long. What they measure
/// of time and memory is that of a build without sanitizers.
const APART: [&str; 2] = ["script_promises", "script_faults"];

/// The folders of our own topotests that are run with all others.
pub fn ours(layout: &Layout) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(layout.repo.join("topotests"))? {
        let path = entry?.path();
        let apart = APART.iter().any(|name| path.ends_with(name));
        if path.is_dir() && has_tests(&path) && !apart {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn has_tests(dir: &Path) -> bool {
    let is_test = |name: &str| name.starts_with("test_") && name.ends_with(".py");
    fs::read_dir(dir).is_ok_and(|entries| entries.flatten().any(|entry| is_test(&entry.file_name().to_string_lossy())))
}

/// The path in the copy for what a person named: a folder of ours or FRR's, a
/// file in one, or just the folder's name; pytest's `::` may follow.
fn in_copy(layout: &Layout, named: &str) -> Result<String> {
    let (path, node) = match named.split_once("::") {
        Some((path, node)) => (path, format!("::{node}")),
        None => (named, String::new()),
    };
    let bases = [layout.repo.join("topotests"), layout.src().join("tests/topotests"), layout.topotests()];
    let tries = std::env::current_dir()?;
    let found = [tries].iter().chain(&bases).map(|base| base.join(path)).find(|p| p.exists());
    let Some(found) = found else {
        bail!("there is no topotest {path}: name a folder under topotests/ or one of FRR's own");
    };
    // Not canonical: a link in the copy is to stay one.
    for base in &bases {
        for base in [base.clone(), base.canonicalize()?] {
            if let Ok(rest) = found.strip_prefix(&base) {
                return Ok(format!("{}{node}", layout.topotests().join(rest).display()));
            }
        }
    }
    let real = found.canonicalize()?;
    for base in &bases {
        if let Ok(rest) = real.strip_prefix(base.canonicalize()?) {
            return Ok(format!("{}{node}", layout.topotests().join(rest).display()));
        }
    }
    bail!(
        "{} is neither under topotests/ nor one of FRR's topotests: link or copy it into topotests/",
        found.display()
    );
}

/// Arguments of pytest that run several files at once: most of their time they
/// wait for protocols.
pub fn parallel() -> Vec<String> {
    ["-n", &crate::build::jobs(), "--dist", "loadfile"].map(String::from).to_vec()
}

/// What the output of a run of these is called: two runs at once are fine as
/// long as they start with different tests.
pub fn run_name(paths: &[String]) -> String {
    let first = paths.first().map_or("none", String::as_str);
    let path = first.split("::").next().unwrap_or(first).trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Whether any of these loads runtimes: their folders are `script_rt_NAME`.
pub fn needs_runtimes(paths: &[String]) -> bool {
    paths.iter().any(|path| path.contains("script_rt_"))
}

/// Where a run leaves its output.
pub fn rundir(layout: &Layout, name: &str) -> PathBuf {
    layout.target.join("topotests").join(name)
}

/// Runs topotests and counts them. `name` tells this run's output from others.
pub fn pytest(layout: &Layout, name: &str, paths: &[String], more: &[String]) -> Result<Count> {
    pytest_with(layout, name, paths, more, &[])
}

/// The same, with variables in the tests' environment.
pub fn pytest_with(
    layout: &Layout,
    name: &str,
    paths: &[String],
    more: &[String],
    variables: &[(&str, String)],
) -> Result<Count> {
    if run("id").arg("-u").output()?.trim() != "0" {
        bail!("topotests make network namespaces and so need root: run this command with sudo");
    }
    prepare(layout)?;
    let feeder = feeder(layout, paths)?;
    let copy = layout.topotests();
    let rundir = rundir(layout, name);
    remove(&rundir)?;
    fs::create_dir_all(&rundir)?;
    // In a process namespace of its own: the framework begins with killing what
    // it takes for remains of an earlier run, which may be another one that is
    // running (munet/cleanup.py), and nothing of this one outlives it. The shell
    // is there because somebody has to wait for orphans.
    let mut pytest = Environment::new(layout)?
        .set(run("setpriv"))
        .args(["--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", "\"$@\"; exit $?", "sh"])
        .arg(python::python(layout))
        .args(["-m", "pytest", "-p", "topofix", "-p", "routers", "-p", "no:cacheprovider", "-c"])
        .arg(copy.join("pytest.ini"))
        .arg(format!("--rootdir={}", copy.display()))
        .arg(format!("--rundir={}", rundir.display()))
        .args(more)
        .env("PYTHONPATH", python_path(layout)?)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BGPFEED", feeder)
        .dir(&copy);
    for (name, value) in variables {
        pytest = pytest.env(name, value);
    }
    // A program that is not built with them does not look.
    for (name, value) in sanitized::options(layout, &rundir) {
        pytest = pytest.env(name, value);
    }
    for path in paths {
        pytest = pytest.arg(in_copy(layout, path)?);
    }
    let passed = pytest.shown()?;
    let mut count = Count::from_junit(&rundir.join("topotests.xml"))
        .with_context(|| format!("pytest left no results in {}", layout.show(&rundir)))?;
    if !passed && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

/// The sender of BGP routes, built if a test among these runs it.
fn feeder(layout: &Layout, paths: &[String]) -> Result<PathBuf> {
    if paths.iter().any(|path| path.contains("script_faults")) {
        let log = layout.log("cargo-bgpfeed");
        run("cargo")
            .args(["build", "--locked", "--package", "bgpfeed", "--profile", "xtask"])
            .env("CARGO_TARGET_DIR", &layout.cargo_target)
            .dir(&layout.repo)
            .step("build the sender of routes", &log)?;
    }
    Ok(layout.cargo_target.join("xtask/bgpfeed"))
}

fn python_path(layout: &Layout) -> Result<std::ffi::OsString> {
    let ours = layout.repo.join("topotests");
    Ok(std::env::join_paths([layout.topotests(), ours])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frrdir_goes_into_its_section() {
        let dir = Path::new("/d");
        assert_eq!(
            with_frrdir("[pytest]\na = 1\n[topogen]\nb = 2\n", dir),
            "[pytest]\na = 1\n[topogen]\nfrrdir = /d\nb = 2\n"
        );
        assert_eq!(with_frrdir("[pytest]", dir), "[pytest]\n\n[topogen]\nfrrdir = /d\n");
    }
}
