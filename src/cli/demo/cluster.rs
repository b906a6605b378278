//! The private Postgres cluster: made once, reached by a unix socket only, stopped with us.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::account::Account;
use super::binaries::Programs;
use super::guard::{Guarded, Run};
use super::place::{Place, denied};
use super::{say, state};
use crate::cli::failure::{Failure, exit};
use crate::cli::random::random_hex;
use crate::secret::Secret;

/// The role of the demo, owner of everything.
pub(super) const ROLE: &str = "compose";
/// The database that every new cluster has.
pub(super) const DATABASE: &str = "postgres";
/// The number in the name of the socket.
pub(super) const SOCKET_NUMBER: u16 = 5432;

/// `sun_path` has 108 bytes, one of them for the closing zero.
const LONGEST_SOCKET_PATH: usize = 107;
const INITDB_LIMIT: Duration = Duration::from_secs(300);
/// Generous, because after a crash Postgres first repairs its files.
const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// Lines of a log that are shown when something has failed.
const TAIL: usize = 15;

/// A running Postgres. It stops when this value is dropped, or a little later.
#[derive(Debug)]
pub(super) struct Cluster {
    postgres: Guarded,
    sockets: String,
}

impl Cluster {
    /// Makes the cluster when there is none, ends a left-over Postgres on it, and starts it. Blocks until it works.
    pub(super) fn start(place: &Place, programs: &Programs, password: &Secret) -> Result<Self, Failure> {
        let data = place.cluster();
        if !data.exists() {
            initialise(place, programs, password)?;
        }
        end_leftover(&data, place.account())?;

        let sockets = Sockets::make(place)?;
        let log = place.directory().join("postgres.log");
        // One start, one log.
        let _ = fs::remove_file(&log);
        let settings = [
            "-c",
            "listen_addresses=",
            "-c",
            &format!("unix_socket_directories={}", quoted(&sockets.directory)),
            "-c",
            "unix_socket_permissions=0700",
            "-c",
            &format!("port={SOCKET_NUMBER}"),
            "-c",
            "max_connections=50",
            "-c",
            "timezone=UTC",
        ];
        let arguments = [&["-D", text(&data)?], &settings[..]].concat();
        let run = Run {
            account: place.account(),
            signal: "INT", // Postgres's "fast shutdown"
            directory: sockets.passing.then_some(Path::new(&sockets.directory)),
            log: &log,
        };
        let mut postgres = run.start(&programs.postgres, &arguments).map_err(|error| denied(&log, &error))?;
        wait_until_ready(&mut postgres, &data, &log)?;
        Ok(Self { postgres, sockets: sockets.directory })
    }

    /// The directory of its socket: what `POSTGRES_HOSTNAME` must be.
    pub(super) fn socket_directory(&self) -> &str {
        &self.sockets
    }

    /// Stops Postgres and waits for its end. When it is dropped, Postgres stops all the same.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        self.postgres.tell_to_end();
        let began = Instant::now();
        loop {
            match self.postgres.ended() {
                Ok(Some(_)) => return Ok(()),
                Ok(None) if began.elapsed() < STOP_LIMIT => tokio::time::sleep(LOOK).await,
                Ok(None) => break,
                Err(error) => return Err(Failure::of(exit::INTERNAL, &error)),
            }
        }
        let text = format!("Postgres is still stopping after {} s; not waiting any longer.", STOP_LIMIT.as_secs());
        Err(Failure::new(exit::FAILED, text))
    }
}

/// Makes the cluster under another name and renames it when it is complete, so that a break in between leaves nothing that
/// looks usable.
fn initialise(place: &Place, programs: &Programs, password: &Secret) -> Result<(), Failure> {
    say(&format!("making a private Postgres {} database (once, takes a few seconds) ...", programs.version));
    let began = Instant::now();
    let fresh = place.directory().join("postgres.new");
    let password_file = place.directory().join("password.new");
    let log = place.directory().join("initdb.log");
    for old in [&password_file, &log] {
        let _ = fs::remove_file(old);
    }
    match fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(denied(&fresh, &error)),
        _ => {}
    }
    state::write_private(&password_file, password.expose()).map_err(|error| denied(&password_file, &error))?;
    place.account().give(&password_file).map_err(|error| denied(&password_file, &error))?;

    let run = Run { account: place.account(), signal: "TERM", directory: None, log: &log };
    let pwfile = format!("--pwfile={}", text(&password_file)?);
    let arguments =
        ["-D", text(&fresh)?, "-U", ROLE, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", &pwfile];
    let mut initdb = run.start(&programs.initdb, &arguments).map_err(|error| denied(&log, &error))?;
    let ended = initdb.wait(INITDB_LIMIT).map_err(|error| Failure::of(exit::INTERNAL, &error))?;
    let _ = fs::remove_file(&password_file);
    match ended {
        Some(status) if status.success() => {}
        Some(status) => return Err(failed(&format!("initdb failed ({status})"), &log)),
        None => return Err(failed(&format!("initdb was not done after {} s", INITDB_LIMIT.as_secs()), &log)),
    }
    fs::rename(&fresh, place.cluster()).map_err(|error| denied(&fresh, &error))?;
    say(&format!("database made in {:.1} s", began.elapsed().as_secs_f32()));
    Ok(())
}

/// Where the socket goes.
struct Sockets {
    directory: String,
    /// Made for this run, and gone after it.
    passing: bool,
}

impl Sockets {
    fn make(place: &Place) -> Result<Self, Failure> {
        let usual = place.directory().join("socket");
        if fits(&usual) {
            match DirBuilder::new().mode(0o700).create(&usual) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(denied(&usual, &error)),
                _ => {}
            }
            place.account().give(&usual).map_err(|error| denied(&usual, &error))?;
            return Ok(Self { directory: text(&usual)?.to_owned(), passing: false });
        }
        // A fresh name each time: somebody else may have made a known one in a directory that all can write to. `/tmp`
        // and not TMPDIR, which may be as deep as the data directory.
        let short = PathBuf::from(format!("/tmp/compose-relay-{}", random_hex(8)?));
        DirBuilder::new().mode(0o700).create(&short).map_err(|error| denied(&short, &error))?;
        place.account().give(&short).map_err(|error| denied(&short, &error))?;
        Ok(Self { directory: text(&short)?.to_owned(), passing: true })
    }
}

fn fits(sockets: &Path) -> bool {
    sockets.join(format!(".s.PGSQL.{SOCKET_NUMBER}")).as_os_str().len() <= LONGEST_SOCKET_PATH
}

/// `unix_socket_directories` is a list, in which names with commas and spaces stand in double quotes.
fn quoted(directory: &str) -> String {
    format!("\"{}\"", directory.replace('"', "\"\""))
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        let text = format!("The path {} is not UTF-8. Name another directory with --data-dir.", path.display());
        Failure::new(exit::FAILED, text)
    })
}

/// After a run that was ended by force, Postgres may still be there, and its lock file certainly is. The data directory is
/// ours alone (we hold its lock), so a Postgres on it is a left-over: it is told to stop. A lock file that names a process
/// which is something else by now would keep Postgres from starting for no reason: it is removed.
fn end_leftover(data: &Path, account: &Account) -> Result<(), Failure> {
    let file = data.join("postmaster.pid");
    let Some(process) = first_line(&file) else { return Ok(()) };
    if !Path::new("/proc/self/cmdline").exists() {
        return Ok(()); // Cannot tell; Postgres looks for itself.
    }
    if is_postgres_on(&process, data) {
        say("a Postgres of an earlier run is still there, waiting for its end ...");
        let mut kill = std::process::Command::new("/bin/sh");
        account.apply(&mut kill);
        // It may have ended by now; the wait below says.
        let _ = kill.args(["-c", r#"kill -s INT "$1""#, "sh", &process]).status();
        let began = Instant::now();
        while is_postgres_on(&process, data) {
            if began.elapsed() > STOP_LIMIT {
                let text = format!("A Postgres of an earlier run (process {process}) does not end. End it by hand.");
                return Err(Failure::new(exit::FAILED, text));
            }
            std::thread::sleep(LOOK);
        }
    }
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(denied(&file, &error)),
        _ => Ok(()),
    }
}

fn first_line(file: &Path) -> Option<String> {
    let line = fs::read_to_string(file).ok()?.lines().next()?.trim().to_owned();
    (!line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())).then_some(line)
}

/// Its command line names the data directory. (An ended process that nobody has waited for has an empty one.)
fn is_postgres_on(process: &str, data: &Path) -> bool {
    let arguments = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    arguments.split(|byte| *byte == 0).any(|argument| argument == data.as_os_str().as_encoded_bytes())
}

/// Postgres writes `ready` in line 8 of its lock file once it takes connections.
fn wait_until_ready(postgres: &mut Guarded, data: &Path, log: &Path) -> Result<(), Failure> {
    let began = Instant::now();
    let mut told = false;
    loop {
        let lock_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if lock_file.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return Ok(());
        }
        match postgres.ended() {
            Ok(None) => {}
            Ok(Some(status)) => return Err(failed(&format!("Postgres did not start ({status})"), log)),
            Err(error) => return Err(Failure::of(exit::INTERNAL, &error)),
        }
        if began.elapsed() > START_LIMIT {
            return Err(failed(&format!("Postgres was not ready after {} s", START_LIMIT.as_secs()), log));
        }
        if !told && began.elapsed() > Duration::from_secs(3) {
            told = true;
            say("waiting for Postgres (after an abrupt end it first repairs its files) ...");
        }
        std::thread::sleep(LOOK);
    }
}

/// A failure with the last words of the program.
fn failed(what: &str, log: &Path) -> Failure {
    let words = fs::read(log).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let lines: Vec<&str> = words.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n  ");
    Failure::new(exit::UNAVAILABLE, format!("{what}. The end of {}:\n  {tail}", log.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{first_line, fits, is_postgres_on, quoted};

    #[test]
    fn socket_paths_have_their_limit() {
        // "/.s.PGSQL.5432" takes 14 of the 107 bytes.
        assert!(fits(Path::new(&format!("/{}", "d".repeat(92)))));
        assert!(!fits(Path::new(&format!("/{}", "d".repeat(93)))));
    }

    #[test]
    fn directories_with_commas_and_quotes_stay_one() {
        assert_eq!(quoted("/a, b\"c"), "\"/a, b\"\"c\"");
    }

    #[test]
    fn only_a_number_is_a_process() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("postmaster.pid");
        for (text, process) in [("4711\n/data\n", Some("4711")), ("", None), ("-1\n", None), ("1; x", None)] {
            std::fs::write(&file, text).expect("a file");
            assert_eq!(first_line(&file).as_deref(), process, "{text:?}");
        }
    }

    #[test]
    fn another_program_with_that_number_is_left_alone() {
        let ourselves = std::process::id().to_string();
        assert!(!is_postgres_on(&ourselves, Path::new("/srv/compose-relay/postgres")));
    }
}
