// SPDX-License-Identifier: GPL-2.0-or-later
//! What a child prints, line by line into the daemon's log.

use crate::ffi::process::{For, read, wait};
use crate::host::host;
use crate::log::plain;
use std::io::PipeReader;
use std::os::fd::AsFd;
use std::time::Duration;

/// A line that is longer is cut in pieces.
const LONGEST: usize = 1000;
/// Syslog's "info": standard error is not only for errors.
const PRIORITY: i32 = 6;

/// The pipe of a child's standard output and standard error.
pub struct Output<'a> {
    name: &'a str,
    /// Until nobody writes to it.
    pub pipe: Option<PipeReader>,
    line: Vec<u8>,
}

impl<'a> Output<'a> {
    pub fn new(name: &'a str, pipe: PipeReader) -> Output<'a> {
        Output { name, pipe: Some(pipe), line: Vec::new() }
    }

    /// Reads once, which waits if nothing is there.
    pub fn take(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        let mut octets = [0; 4096];
        match read(pipe.as_fd(), &mut octets) {
            Ok(0) | Err(_) => self.pipe = None,
            Ok(got) => {
                for &octet in &octets[..got] {
                    if octet != b'\n' {
                        self.line.push(octet);
                    }
                    if octet == b'\n' || self.line.len() >= LONGEST {
                        self.flush();
                    }
                }
            }
        }
    }

    /// Takes what is there, and the last line also without its end.
    pub fn drain(&mut self) {
        // A grandchild that floods must not hold this: it is killed after that.
        for _ in 0..64 {
            if !wait([(self.pipe.as_ref().map(AsFd::as_fd), For::Input)], Some(Duration::ZERO))[0] {
                break;
            }
            self.take();
        }
        self.flush();
    }

    fn flush(&mut self) {
        if !self.line.is_empty() {
            host().log(Some(self.name), PRIORITY, &plain(&String::from_utf8_lossy(&self.line)));
            self.line.clear();
        }
    }
}
