//! Programs that end when this process does, however it ends.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cpu;
use crate::interrupt;

/// Lines of a log that are kept.
const KEPT: usize = 200;

/// A program that runs. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a program on one core, with nothing of our own environment but `PATH`. Call it from the main thread: the
    /// program is killed when the thread that started it ends (`setpriv --pdeathsig`).
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<V: AsRef<OsStr>>(
        core: usize,
        home: usize,
        program: impl AsRef<OsStr>,
        arguments: &[impl AsRef<OsStr>],
        environment: &[(&str, V)],
    ) -> Result<Self> {
        let name = program.as_ref().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).args(arguments).env_clear();
        for name in ["PATH", "GLIBC_TUNABLES"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A child is where its parent is, from its first instruction on.
        cpu::pin(core)?;
        let child = command.spawn().with_context(|| format!("starting {name}"));
        cpu::pin(home)?;
        let mut child = child?;
        let log = Arc::default();
        collect(child.stdout.take(), &log);
        collect(child.stderr.take(), &log);
        Ok(Self { name, child, log })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines that it wrote.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Waits until `look` gives something.
    ///
    /// # Errors
    /// When the program ends, the time is over or the run is interrupted.
    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(&self.log()) {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                // Its last words may still be on their way.
                interrupt::sleep(Duration::from_millis(200))?;
                if let Some(found) = look(&self.log()) {
                    return Ok(found);
                }
                bail!("{} has ended ({status}):\n{}", self.name, self.log());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                bail!("{}: {what} was expected; it says:\n{}", self.name, self.log());
            }
            interrupt::sleep(Duration::from_millis(10))?;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(from: Option<impl Read + Send + 'static>, log: &Arc<Mutex<Vec<String>>>) {
    let (Some(from), log) = (from, Arc::clone(log)) else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.len() == KEPT {
                log.remove(KEPT / 2);
            }
            log.push(line);
        }
    });
}
