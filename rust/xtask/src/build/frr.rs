// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR itself: configure, make and install, out of the source tree.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::sanitizers;
use super::source::{git, remove, rev};
use crate::layout::Layout;
use crate::setup::Libyang;
use crate::setup::python;
use crate::stamp::Inputs;
use crate::step::{Run, run};

/// One build of FRR and where it goes.
pub struct Flavour {
    /// What it is called to a person, and in log and stamp names.
    pub name: &'static str,
    src: PathBuf,
    build: PathBuf,
    root: PathBuf,
    patched: bool,
    options: Vec<String>,
    sanitized: bool,
}

impl Flavour {
    /// FRR with our patches and scripting.
    pub fn ours(layout: &Layout) -> Self {
        Self {
            name: "frr",
            src: layout.src(),
            build: layout.build(),
            root: layout.root(),
            patched: true,
            options: options(true),
            sanitized: false,
        }
    }

    /// The same with every access to memory checked, in C, in C++ and in Rust; for [`Layout::sanitized`].
    pub fn sanitized(layout: &Layout) -> Self {
        let mut options = options(true);
        options.extend(sanitizers::OPTIONS.map(String::from));
        Self { name: "sanitized", options, sanitized: true, ..Self::ours(layout) }
    }

    /// The pristine tarball without scripting, to compare with.
    pub fn stock(layout: &Layout) -> Self {
        Self {
            name: "stock",
            src: layout.work.join("stock-src"),
            build: layout.work.join("stock-build"),
            root: layout.work.join("stock-root"),
            patched: false,
            options: options(false),
            sanitized: false,
        }
    }

    /// The pristine tarball with its own scripting (Lua 5.3), to compare with: bgpd, and what it does not build without.
    pub fn stock_scripting(layout: &Layout) -> Self {
        let mut options = options(true);
        options.extend(["zebra", "mgmtd", "vrrpd", "watchfrr"].map(|name| format!("--disable-{name}")));
        Self {
            name: "stock-scripting",
            src: layout.work.join("stock-src"),
            build: layout.work.join("stock-scripting-build"),
            root: layout.work.join("stock-scripting-root"),
            patched: false,
            options,
            sanitized: false,
        }
    }
}

/// Daemons of FRR that we do not build.
const DISABLED: [&str; 19] = [
    "babeld",
    "bfdd",
    "doc",
    "eigrpd",
    "fabricd",
    "isisd",
    "ldpd",
    "nhrpd",
    "ospf6d",
    "ospfapi",
    "ospfclient",
    "ospfd",
    "pathd",
    "pbrd",
    "pim6d",
    "pimd",
    "ripd",
    "ripngd",
    "static",
];

/// The options of configure that do not depend on this machine.
pub fn options(scripting: bool) -> Vec<String> {
    let mut options: Vec<String> = [
        "--prefix=/usr",
        "--sbindir=/usr/lib/frr",
        "--sysconfdir=/etc",
        "--localstatedir=/var",
        // The daemons of a test run as who starts them: root in a namespace.
        "--enable-user=root",
        "--enable-group=root",
        "--enable-vty-group=root",
        "--enable-multipath=64",
    ]
    .map(String::from)
    .to_vec();
    options.extend(DISABLED.map(|name| format!("--disable-{name}")));
    if scripting {
        options.push("--enable-scripting".into());
    }
    options
}

/// Brings one build of FRR up to date and installs it.
pub fn build(layout: &Layout, flavour: &Flavour, libyang: Libyang) -> Result<()> {
    if !flavour.patched {
        stock_source(layout, flavour)?;
    }
    bootstrap(layout, flavour)?;
    configure(layout, flavour, libyang)?;
    make(layout, flavour, &[], &format!("build {}", flavour.title()))?;
    install(layout, flavour)
}

impl Flavour {
    fn title(&self) -> &'static str {
        match self.name {
            "frr" => "FRR",
            "sanitized" => "FRR with sanitizers",
            "stock" => "stock FRR",
            _ => "stock FRR with its own scripting",
        }
    }

    fn log(&self, step: &str) -> String {
        format!("{}-{step}", self.name)
    }
}

fn stock_source(layout: &Layout, flavour: &Flavour) -> Result<()> {
    let src = layout.src();
    let base = rev(&src, super::source::PRISTINE)?;
    let stamp = layout.stamp("stock-source");
    if stamp.is(&base) {
        return Ok(());
    }
    remove(&flavour.src)?;
    // Two flavours are built from it, and configure starts anew in each.
    for name in ["stock", "stock-scripting"] {
        remove(&layout.work.join(format!("{name}-build")))?;
    }
    git(&src).args(["clone", "--quiet", "--shared", "--no-checkout"]).arg(&src).arg(&flavour.src).output()?;
    git(&flavour.src).args(["checkout", "--quiet", "--detach", &base]).output()?;
    stamp.write(&base)
}

fn bootstrap(layout: &Layout, flavour: &Flavour) -> Result<()> {
    if flavour.src.join("configure").exists() {
        return Ok(());
    }
    run("autoreconf")
        .args(["-is", "-Wall,no-override"])
        .dir(&flavour.src)
        .step(&format!("bootstrap {}", flavour.title()), &layout.log(&flavour.log("bootstrap")))
}

fn configure(layout: &Layout, flavour: &Flavour, libyang: Libyang) -> Result<()> {
    let mut variables = vec![("PYTHON", python::SYSTEM.to_owned())];
    if libyang == Libyang::Source {
        // One check of configure uses a plain -lyang: LDFLAGS has to find it.
        let lib = layout.libyang().join("lib");
        let lib = lib.display();
        variables.push(("PKG_CONFIG_PATH", format!("{lib}/pkgconfig")));
        variables.push(("LDFLAGS", format!("-L{lib} -Wl,-rpath,{lib}")));
    }
    let options = &flavour.options;
    if flavour.sanitized {
        variables.extend(sanitizers::COMPILER.map(|(name, value)| (name, value.to_owned())));
    }
    let mut inputs = Inputs::new().text(&flavour.build.to_string_lossy());
    for option in options {
        inputs = inputs.text(option);
    }
    for (name, value) in &variables {
        inputs = inputs.text(name).text(value);
    }
    let digest = inputs.text(&compiler()?).digest();
    let stamp = layout.stamp(&flavour.log("configure"));
    // In a cache, a build that was killed may have left half an object behind.
    let running = layout.stamp(&flavour.log("running"));
    if layout.cached && running.read().is_some() {
        stamp.clear()?;
    }
    if stamp.is(&digest) && flavour.build.join("config.status").exists() {
        return Ok(());
    }
    stamp.clear()?;
    remove(&flavour.build)?;
    running.clear()?;
    fs::create_dir_all(&flavour.build)?;
    let mut command = run(flavour.src.join("configure")).args(options).dir(&flavour.build);
    for (name, value) in &variables {
        command = command.env(name, value);
    }
    command.step(&format!("configure {}", flavour.title()), &layout.log(&flavour.log("configure")))?;
    stamp.write(&digest)
}

/// The compiler, whose change means that all is built again.
pub fn compiler() -> Result<String> {
    let text = run("cc").arg("--version").output()?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// make with the jobs and variables that every call of it shares.
fn make_command(layout: &Layout, flavour: &Flavour) -> Run {
    let make = run("make")
        .arg(format!("-j{}", super::jobs()))
        .arg(format!("FRRSCRIPT_TARGET_DIR={}", layout.cargo_target.display()))
        .dir(&flavour.build);
    if flavour.sanitized { sanitizers::make(layout, make) } else { make }
}

/// Builds `targets`, or everything when there are none.
pub fn make(layout: &Layout, flavour: &Flavour, targets: &[&str], what: &str) -> Result<()> {
    let running = layout.stamp(&flavour.log("running"));
    running.write("")?;
    let result = make_command(layout, flavour).args(targets).step(what, &layout.log(&flavour.log("make")));
    running.clear()?;
    result
}

/// Installs what make built, if anything of it changed since.
fn install(layout: &Layout, flavour: &Flavour) -> Result<()> {
    let digest = Inputs::new().tree(&flavour.build, &is_product)?.digest();
    let stamp = layout.stamp(&flavour.log("install"));
    if stamp.is(&digest) && Layout::daemons(&flavour.root).join("bgpd").exists() {
        return Ok(());
    }
    stamp.clear()?;
    make_command(layout, flavour)
        .arg(format!("DESTDIR={}", flavour.root.display()))
        // What was just built is installed; cargo is not asked again.
        .arg("CARGO=:")
        .arg("install")
        .step(&format!("install {}", flavour.title()), &layout.log(&flavour.log("install")))?;
    // make relinks for the install, so the products are new once more.
    let digest = Inputs::new().tree(&flavour.build, &is_product)?.digest();
    stamp.write(&digest)
}

/// Is this file of the build folder something that is installed?
fn is_product(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let library = name.contains(".so.0") && !name.ends_with('T');
    let module = name.ends_with(".so");
    // Beside the script of libtool's that stands for it until it is installed, and doesn't change when it is linked anew.
    let program = !name.contains('.') && file.parent().is_some_and(|dir| dir.ends_with(".libs"));
    library || module || program || name == "frr-runtime"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_a_build() {
        for yes in [
            "b/lib/.libs/libfrr.so.0.0.0",
            "b/bgpd/.libs/bgpd_bmp.so",
            "b/bgpd/.libs/bgpd",
            "b/zebra/.libs/zebra",
            "b/vtysh/.libs/vtysh",
            "b/frrscript/frr-runtime",
        ] {
            assert!(is_product(Path::new(yes)), "{yes}");
        }
        for no in ["b/bgpd/bgp_attr.o", "b/lib/command.lo", "b/Makefile", "b/bgpd/bgpd.xref", "b/bgpd/bgpd"] {
            assert!(!is_product(Path::new(no)), "{no}");
        }
    }

    #[test]
    fn stock_has_no_scripting() {
        let has = |options: Vec<String>| options.iter().any(|o| o == "--enable-scripting");
        assert!(has(options(true)));
        assert!(!has(options(false)));
    }
}
