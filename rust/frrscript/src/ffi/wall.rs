// SPDX-License-Identifier: GPL-2.0-or-later
//! Every entry from C is a wall: a panic stops there.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("internal error of the scripting library: {text}")
}

/// Runs the body of an exported function; a panic is logged and `otherwise` returned.
pub fn wall<T>(function: &str, otherwise: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(panic) => {
            let text = panic_text(panic.as_ref());
            // The logger calls back into the daemon; should it panic too, there is nothing left to say.
            let _ = catch_unwind(AssertUnwindSafe(|| log::error!("{function}: {text}")));
            otherwise
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stops_at_the_wall() {
        let silent = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        assert_eq!(wall("a_function", 7, || panic!("of {}", "a test")), 7);
        assert_eq!(wall("a_function", 7, || std::panic::panic_any(5)), 7);
        std::panic::set_hook(silent);
        assert_eq!(wall("a_function", 7, || 8), 8);
    }
}
