// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's source as a git tree: the tarball as the first commit, the links to
//! our files as the second, each patch of the series as one more.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::layout::Layout;
use crate::series::{replaced, series};
use crate::setup::{frr_src, tarballs};
use crate::stamp::Inputs;
use crate::step::{Run, Step, run};

/// The tag of the pristine source.
pub const PRISTINE: &str = "pristine";
/// The tag of the commit with the links to our files.
pub const LINKED: &str = "linked";
/// The branch with the series on it.
const BRANCH: &str = "frrscript";

/// What this repository puts into `frrscript/` in FRR's tree.
const LINKS: [&str; 7] = [".cargo", "Cargo.lock", "Cargo.toml", "Makefile.am", "daemons", "rust", "vtysh"];

/// git in a folder, with an identity and times that make the same commits from
/// the same input on every machine.
pub fn git(dir: &Path) -> Run {
    let mut git = run("git").arg("-C").arg(dir);
    for (name, value) in [("user.name", "frrscript"), ("user.email", "frrscript@localhost")] {
        git = git.arg("-c").arg(format!("{name}={value}"));
    }
    for (name, value) in [
        ("GIT_AUTHOR_DATE", "2025-01-01T00:00:00Z"),
        ("GIT_COMMITTER_DATE", "2025-01-01T00:00:00Z"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ] {
        git = git.env(name, value);
    }
    git.unset("GIT_DIR").unset("GIT_INDEX_FILE").unset("GIT_WORK_TREE")
}

/// Unpacks the source if it changed, brings the series onto it, and links this
/// repository in.
pub fn prepare(layout: &Layout) -> Result<()> {
    unpack(layout)?;
    apply(layout)?;
    link(layout)
}

/// Makes the tree with the pristine source as its first commit.
pub fn unpack(layout: &Layout) -> Result<()> {
    let user = frr_src()?;
    let digest = match &user {
        Some(dir) => Inputs::new()
            .text(&dir.to_string_lossy())
            .tree(dir, &|file| !file.extension().is_some_and(|e| e == "o" || e == "lo" || e == "d"))?
            .digest(),
        None => tarballs::FRR.sha256.to_owned(),
    };
    let stamp = layout.stamp("source");
    if stamp.is(&digest) && layout.src().join(".git").exists() {
        return Ok(());
    }
    stamp.clear()?;
    layout.stamp("series").clear()?;
    for dir in [layout.src(), layout.build()] {
        remove(&dir)?;
    }
    let part = layout.work.join("src.part");
    remove(&part)?;
    fs::create_dir_all(&part)?;
    let log = layout.log("unpack");
    match &user {
        Some(dir) => run("sh")
            .arg("-c")
            .arg("tar -C \"$0\" --exclude=./.git -cf - . | tar -C \"$1\" -xf -")
            .arg(dir)
            .arg(&part)
            .step("copy FRR's source", &log)?,
        None => run("tar")
            .args(["--strip-components=1", "-xf"])
            .arg(tarballs::FRR.path(layout))
            .arg("-C")
            .arg(&part)
            .step("unpack FRR 10.3", &log)?,
    }
    git(&part).args(["init", "--quiet", "-b", BRANCH]).output()?;
    fs::write(part.join(".git/info/exclude"), "/frrscript/\n")?;
    match &user {
        // What a build left in the person's tree is not source.
        Some(_) => git(&part).args(["add", "--all", "."]).output()?,
        None => git(&part).args(["add", "--all", "--force", "."]).output()?,
    };
    git(&part).args(["commit", "--quiet", "-m", "FRR 10.3, as released"]).output()?;
    git(&part).args(["clean", "--quiet", "--force", "-dx"]).output()?;
    git(&part).args(["tag", PRISTINE]).output()?;
    fs::rename(&part, layout.src())?;
    stamp.write(&digest)
}

/// What the series and the replaced files are made of.
fn series_digest(layout: &Layout, base: &str) -> Result<String> {
    let patches = layout.patches();
    let mut inputs = Inputs::new().text(base).file(&patches.join("replaced"))?;
    for name in series(&patches)? {
        inputs = inputs.file(&patches.join(name))?;
    }
    Ok(inputs.digest())
}

/// Is the tree made from the series as it is now (whatever came on top)?
pub fn is_applied(layout: &Layout) -> Result<bool> {
    let digest = series_digest(layout, &rev(&layout.src(), PRISTINE)?)?;
    let last = layout.stamp("series").read().unwrap_or_default();
    Ok(last.split(' ').next() == Some(digest.as_str()))
}

fn apply(layout: &Layout) -> Result<()> {
    let src = layout.src();
    let base = rev(&src, PRISTINE)?;
    let digest = series_digest(layout, &base)?;
    let stamp = layout.stamp("series");
    let last = stamp.read().unwrap_or_default();
    let (last_digest, last_commit) = last.split_once(' ').unwrap_or_default();
    if last_digest == digest {
        return Ok(());
    }
    let new = commits(layout, &src)?;
    // The person's own commits and edits in the tree are worth more than ours.
    let head = rev(&src, "HEAD")?;
    let same_tree = rev(&src, "HEAD^{tree}")? == rev(&src, &format!("{new}^{{tree}}"))?;
    let ours = head == last_commit || head == base || same_tree;
    let dirty = git(&src).args(["status", "--porcelain", "--untracked-files=no"]).output()?;
    if !ours || !dirty.trim().is_empty() {
        bail!(
            "{} has changes that are not in {}: commit them there and run `cargo xtask patch refresh`, or drop them with `git -C {} checkout --force --detach {}`",
            layout.show(&src),
            layout.show(&layout.patches()),
            layout.show(&src),
            if last_commit.is_empty() { PRISTINE } else { last_commit },
        );
    }
    // Only files that differ are written, so make builds only those again.
    git(&src).args(["checkout", "--quiet", "-B", BRANCH, &new]).output()?;
    stamp.write(&format!("{digest} {new}"))
}

/// Makes the commits in a tree beside `src`, and returns the last of them.
pub fn commits(layout: &Layout, src: &Path) -> Result<String> {
    let patches = layout.patches();
    let tree = layout.work.join("apply");
    remove(&tree)?;
    git(src).args(["worktree", "prune"]).output()?;
    git(src).args(["worktree", "add", "--quiet", "--force", "--detach"]).arg(&tree).arg(PRISTINE).output()?;
    let step = Step::start("apply the patches");
    let result = fill(layout, &tree, &patches, &step);
    match &result {
        Ok(_) => step.done(),
        Err(_) => step.failed(),
    }
    let new = result?;
    git(src).args(["worktree", "remove", "--force"]).arg(&tree).output()?;
    Ok(new)
}

fn fill(layout: &Layout, tree: &Path, patches: &Path, step: &Step) -> Result<String> {
    for pair in replaced(patches)? {
        if !layout.repo.join(&pair.ours).is_file() {
            bail!("{} replaces FRR's {} and is missing", pair.ours, pair.theirs);
        }
        let file = tree.join(&pair.theirs);
        fs::remove_file(&file).with_context(|| format!("FRR's tree has no {} to replace", pair.theirs))?;
        let up = "../".repeat(pair.theirs.matches('/').count());
        symlink(format!("{up}frrscript/{}", pair.ours), &file)?;
    }
    git(tree).args(["add", "--all", "."]).output()?;
    git(tree)
        .args(["commit", "--quiet", "--allow-empty"])
        .args(["-m", "Link the files that frrscript replaces"])
        .output()?;
    git(tree).args(["tag", "--force", LINKED]).output()?;
    for name in series(patches)? {
        step.line(&name);
        git(tree)
            .args(["am", "--quiet", "--committer-date-is-author-date", "--keep-non-patch"])
            .arg(patches.join(&name))
            .output()
            .with_context(|| {
                format!(
                    "{name} does not apply to FRR 10.3 and the patches before it (the tree is in {})",
                    layout.show(tree)
                )
            })?;
    }
    rev(tree, "HEAD")
}

/// The commit or tree that a name stands for.
pub fn rev(src: &Path, name: &str) -> Result<String> {
    let out = git(src).args(["rev-parse", "--verify", name]).output()?;
    Ok(out.trim().to_owned())
}

/// Links this repository into FRR's tree.
fn link(layout: &Layout) -> Result<()> {
    let dir = layout.src().join("frrscript");
    fs::create_dir_all(&dir)?;
    for name in LINKS {
        let link = dir.join(name);
        let to: PathBuf = layout.repo.join(name);
        if fs::read_link(&link).is_ok_and(|now| now == to) {
            continue;
        }
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link)?;
        }
        symlink(&to, &link)?;
    }
    Ok(())
}

/// Removes a folder, which may not be there.
pub fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} can't be removed", dir.display()))
        }
        _ => Ok(()),
    }
}
