// SPDX-License-Identifier: GPL-2.0-or-later
//! Asks a daemon on its vty socket, as vtysh does but without vtysh's start-up cost on the CPU
//! that is being measured.
//!
//! Framing (FRR lib/vty.c:vtysh_read and vtysh/vtysh.c:vtysh_client_run): a command ends with a
//! NUL; the answer is text, then three NULs and one octet of result, 0 for success.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A daemon that is busy with a full table answers between two batches of work.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to one daemon's vty socket.
pub(super) struct Vty(UnixStream);

impl Vty {
    /// Connects and enters the enable node.
    pub(super) fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| format!("no daemon at {}", socket.display()))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut vty = Self(stream);
        vty.command("enable")?;
        Ok(vty)
    }

    /// Runs one command and returns what it printed; a failed command is an error with that text.
    pub(super) fn command(&mut self, command: &str) -> Result<String> {
        let context = || format!("the daemon did not answer \"{command}\"");
        self.0.write_all(command.as_bytes()).with_context(context)?;
        self.0.write_all(&[0]).with_context(context)?;
        let mut answer = Vec::new();
        let mut chunk = [0; 64 * 1024];
        let status = loop {
            let got = self.0.read(&mut chunk).with_context(context)?;
            if got == 0 {
                bail!("the daemon closed its vty during \"{command}\"");
            }
            answer.extend_from_slice(&chunk[..got]);
            if let [.., 0, 0, 0, status] = answer[..] {
                break status;
            }
        };
        answer.truncate(answer.len() - 4);
        let text = String::from_utf8_lossy(&answer).into_owned();
        if status != 0 {
            bail!("\"{command}\" failed ({status}): {}", text.trim());
        }
        Ok(text)
    }

    /// Takes configuration as vtysh gives a whole file: in as few transactions as possible. Line by
    /// line, or from `--config_file`, FRR commits after each one, which takes minutes for a
    /// route-map of 1,000 entries. The first line that is refused is the error.
    pub(super) fn configure(&mut self, text: &str) -> Result<()> {
        self.command("configure terminal")?;
        self.command("XFRR_start_configuration")?;
        for line in text.lines() {
            self.command(line.trim())?;
        }
        self.command("XFRR_end_configuration")?;
        self.command("end")?;
        Ok(())
    }

    /// Runs one command whose answer is JSON.
    pub(super) fn json(&mut self, command: &str) -> Result<Value> {
        let text = self.command(command)?;
        serde_json::from_str(&text).with_context(|| format!("\"{command}\" did not answer JSON"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// A daemon that answers one command with these pieces.
    fn answer(pieces: &'static [&'static [u8]]) -> Result<String> {
        let (near, mut far) = UnixStream::pair().expect("a pair");
        let daemon = thread::spawn(move || {
            let mut command = [0; 8];
            far.read_exact(&mut command).expect("the command");
            for piece in pieces {
                far.write_all(piece).expect("sent");
            }
            command
        });
        let answer = Vty(near).command("show it");
        assert_eq!(&daemon.join().expect("no panic"), b"show it\0");
        answer
    }

    #[test]
    fn an_answer_comes_in_pieces() {
        let text = answer(&[b"one\ntw", b"o\n\0", b"\0\0", b"\0"]);
        assert_eq!(text.expect("success"), "one\ntwo\n");
    }

    #[test]
    fn a_failed_command_is_an_error_with_its_text() {
        let error = answer(&[b"% Unknown command\n\0\0\0\x02"]).expect_err("a failure");
        let text = "\"show it\" failed (2): % Unknown command";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_daemon_that_dies_is_an_error() {
        let error = answer(&[b"half"]).expect_err("a failure");
        let text = "the daemon closed its vty during \"show it\"";
        assert_eq!(error.to_string(), text);
    }
}
