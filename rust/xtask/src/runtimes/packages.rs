// SPDX-License-Identifier: GPL-2.0-or-later
//! Debian packages for the runtimes of other languages and for their tests.

use crate::step::run;

/// A package, and who needs it.
pub struct Package {
    /// Debian's name.
    pub name: &'static str,
    /// What it is for.
    pub why: &'static str,
    /// A program that does as well, wherever it came from.
    instead: Option<&'static str>,
}

const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why, instead: None }
}

/// Everything but libnode, which has a file of its own.
pub const PACKAGES: &[Package] = &[
    // The languages.
    Package { name: "golang-go", why: "runtimes/go", instead: Some("go") },
    Package { name: "default-jdk-headless", why: "runtimes/java", instead: Some("javac") },
    package("python3-dev", "runtimes/python"),
    package("libjnr-ffi-java", "the test of Java code written for lua-resty-ffi"),
    package("python3-cffi", "the test of Python scripts written for lua-resty-ffi"),
    package("python3-venv", "the test of runtimes/python with a venv"),
    // The servers that the tests of the runtimes talk to.
    package("etcd-server", "the tests of runtimes/etcd"),
    package("etcd-client", "the tests and the example of runtimes/etcd"),
    package("librdkafka-dev", "the tests of runtimes/kafka"),
    package("kcat", "the tests of runtimes/kafka"),
    package("slapd", "the tests of runtimes/ldap"),
    package("ldap-utils", "the tests of runtimes/ldap"),
    package("nftables", "the tests of runtimes/nft"),
    package("protobuf-compiler", "the tests of runtimes/grpc"),
];

/// The packages that are wanted here.
pub fn wanted() -> Vec<&'static str> {
    let wanted = PACKAGES.iter().filter(|package| !package.instead.is_some_and(there));
    wanted.map(|package| package.name).collect()
}

/// Is the program on the search path?
pub fn there(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// What the packages are for, one line each.
pub fn list() -> String {
    let line = |package: &Package| format!("  {:<22}{}\n", package.name, package.why);
    PACKAGES.iter().map(line).collect::<String>() + &format!("  {:<22}runtimes/nodejs\n", super::libnode::PACKAGE)
}

/// The version that pkg-config knows of a library.
pub fn version(library: &str) -> Option<String> {
    let version = run("pkg-config").args(["--modversion", library]).output().ok()?;
    Some(version.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_says_why_once() {
        for (i, package) in PACKAGES.iter().enumerate() {
            assert!(!package.why.is_empty(), "{}", package.name);
            assert!(PACKAGES[..i].iter().all(|other| other.name != package.name), "{}", package.name);
        }
    }
}
