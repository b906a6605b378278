//! A shell beside each program that we start, so that nothing outlives us, however we end.
//!
//! The shell holds the reading end of a pipe whose writing end only we have. When we end, even by SIGKILL, the pipe ends,
//! and the shell tells the program to stop.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;

/// Arguments: the signal for the program, a directory to remove at the end (or nothing), the program and its arguments.
const GUARD: &str = r#"
signal=$1 directory=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null & program=$!
{ cat <&3 >/dev/null; kill -s "$signal" "$program"; } 2>/dev/null & watcher=$!
exec 3<&- </dev/null
wait "$program"; status=$?
kill "$watcher" 2>/dev/null
[ -z "$directory" ] || rmdir "$directory" 2>/dev/null
exit "$status"
"#;

/// How often a program is looked at while we wait for its end.
const LOOK: Duration = Duration::from_millis(20);

/// A program that ends when this value is dropped, or a little later.
#[derive(Debug)]
pub(super) struct Guarded {
    shell: Child,
}

/// How a program is run.
pub(super) struct Run<'a> {
    /// Who runs it.
    pub(super) account: &'a Account,
    /// What ends it: a name that `kill -s` knows.
    pub(super) signal: &'static str,
    /// An empty directory that goes away with it.
    pub(super) directory: Option<&'a Path>,
    /// Where its words go.
    pub(super) log: &'a Path,
}

impl Run<'_> {
    /// Starts `program` in the directory `/`, in a process group of its own (so that a Ctrl-C is for us alone).
    pub(super) fn start(&self, program: &Path, arguments: &[&str]) -> io::Result<Guarded> {
        let log = File::options().create(true).append(true).open(self.log)?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARD, "sh", self.signal]);
        command.arg(self.directory.unwrap_or_else(|| Path::new("")));
        command.arg(program).args(arguments);
        self.account.apply(&mut command);
        command.process_group(0).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        Ok(Guarded { shell: command.spawn()? })
    }
}

impl Guarded {
    /// How the program ended, when it has.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.shell.try_wait()
    }

    /// Tells the program to end. Does not wait.
    pub(super) fn tell_to_end(&mut self) {
        drop(self.shell.stdin.take());
    }

    /// Waits for the end of the program, at most `limit`. Blocks. `None`: it still runs.
    pub(super) fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let began = Instant::now();
        loop {
            match self.ended()? {
                None if began.elapsed() < limit => std::thread::sleep(LOOK),
                ended => return Ok(ended),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::Run;
    use crate::cli::demo::account::Account;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn the_program_ends_with_us_and_its_directory_goes() {
        let place = tempfile::tempdir().expect("a directory");
        let (log, socket) = (place.path().join("log"), place.path().join("socket"));
        std::fs::create_dir(&socket).expect("a directory");
        let account = Account::ourselves();
        let run = Run { account: &account, signal: "TERM", directory: Some(&socket), log: &log };
        let mut sleep = run.start(Path::new("sleep"), &["600"]).expect("a shell");
        assert!(sleep.wait(Duration::from_millis(200)).expect("a process").is_none(), "it runs until it is told");
        sleep.tell_to_end();
        let ended = sleep.wait(SOON).expect("a process").expect("it ended");
        assert_eq!(ended.code(), Some(128 + 15));
        assert!(!socket.exists());
    }

    #[test]
    fn the_end_of_the_program_is_seen_with_its_code_and_words() {
        let place = tempfile::tempdir().expect("a directory");
        let log = place.path().join("log");
        let account = Account::ourselves();
        let run = Run { account: &account, signal: "TERM", directory: None, log: &log };
        let mut shell = run.start(Path::new("/bin/sh"), &["-c", "echo so; echo it is >&2; exit 3"]).expect("a shell");
        assert_eq!(shell.wait(SOON).expect("a process").and_then(|ended| ended.code()), Some(3));
        assert_eq!(std::fs::read_to_string(&log).expect("a log"), "so\nit is\n");
    }
}
