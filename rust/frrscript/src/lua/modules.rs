// SPDX-License-Identifier: GPL-2.0-or-later
//! `require`.

use super::value::Out;
use crate::failure::Failure;
use crate::ffi::args::Args;
use crate::script::module::Asked;

/// `require(name)`.
///
/// # Errors
/// There is no such module, it is not the time for it, or it does not compile.
pub fn require(args: &Args) -> Result<Out, Failure> {
    let name = args.text(0)?;
    Ok(match args.modules().ask(name)? {
        Asked::Nothing => Out::Record(Vec::new()),
        Asked::Loaded => Out::Loaded(name.to_owned()),
        Asked::Run(chunk) => Out::Module(chunk),
    })
}
