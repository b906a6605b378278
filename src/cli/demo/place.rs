//! The data directory: where it is, who may see it, and that only one demo uses it at a time.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::say;
use super::state::State;
use crate::cli::failure::{Failure, exit};

const DEFAULT: &str = ".compose-relay";
/// Where root keeps the data when nobody else can get to the default.
const FOR_ROOT: &str = "/var/lib/compose-relay/demo";
const LOCK: &str = "lock";
const STATE: &str = "state.json";

/// The data directory, in use by us until this value is dropped.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    account: Account,
    /// The lock goes with the descriptor, so it cannot be left over by a process that is gone.
    _lock: File,
}

impl Place {
    /// Makes or opens the data directory: `wanted`, or the default.
    pub(super) fn open(wanted: Option<&Path>) -> Result<Self, Failure> {
        let account = Account::choose()?;
        let directory = match wanted {
            Some(wanted) => absolute(wanted)?,
            None => default_directory(&account)?,
        };
        make(&directory, &account)?;
        let account = account.of_owner(&directory.join("postgres"));
        let lock = lock(&directory)?;
        private(&directory, &account)?;
        Ok(Self { directory, account, _lock: lock })
    }

    /// Absolute.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// The data directory of Postgres. It is either complete or not there.
    pub(super) fn cluster(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    /// The version of Postgres that made the cluster; `None` when there is none.
    pub(super) fn cluster_version(&self) -> Result<Option<u32>, Failure> {
        let file = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(denied(&file, &error)),
        }
    }

    /// The secrets, made now when there are none.
    pub(super) fn state(&self) -> Result<State, Failure> {
        if let Some(state) = State::read(&self.directory.join(STATE))? {
            return Ok(state);
        }
        if self.cluster().exists() {
            let text = format!(
                "{} is missing, and without it the database beside it cannot be opened.\nRemove the whole data directory \
                 to begin anew.",
                self.directory.join(STATE).display()
            );
            return Err(Failure::new(exit::FAILED, text));
        }
        let state = State::new()?;
        self.keep(&state)?;
        Ok(state)
    }

    /// Writes the secrets and ids down.
    pub(super) fn keep(&self, state: &State) -> Result<(), Failure> {
        let file = self.directory.join(STATE);
        state.write(&file).map_err(|error| denied(&file, &error))
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| denied(path, &error))
}

/// `./.compose-relay`, unless we are root and the account that runs Postgres cannot get there (a home directory that only
/// root can enter, for example).
fn default_directory(account: &Account) -> Result<PathBuf, Failure> {
    let directory = absolute(Path::new(DEFAULT))?;
    let parent = directory.parent().unwrap_or(Path::new("/"));
    if !account.is_other() || account.can_use(parent, false) {
        return Ok(directory);
    }
    say(&format!(
        "Postgres must not run as root, and {} cannot enter {}: the data goes to {FOR_ROOT} (another place: --data-dir)",
        account.name(),
        parent.display()
    ));
    Ok(PathBuf::from(FOR_ROOT))
}

/// Makes the directory, or sees that an existing one is ours: its mode will be changed, and nobody wants that for a
/// directory that was named by mistake.
fn make(directory: &Path, account: &Account) -> Result<(), Failure> {
    if let Some(parent) = directory.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent).map_err(|error| denied(parent, &error))?;
        if account.is_other() && !account.can_use(parent, false) {
            return Err(closed(directory, account));
        }
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(denied(directory, &error)),
    }
    let mut entries = fs::read_dir(directory).map_err(|error| denied(directory, &error))?;
    if !directory.join(LOCK).exists() && entries.next().is_some() {
        let text = format!(
            "{} has files in it and is no data directory of compose-relay. Name a new or an empty directory.",
            directory.display()
        );
        return Err(Failure::new(exit::FAILED, text));
    }
    Ok(())
}

fn lock(directory: &Path) -> Result<File, Failure> {
    let path = directory.join(LOCK);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| denied(directory, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = fs::read_to_string(&path).unwrap_or_default();
            let text = format!(
                "Another compose-relay demo uses {} (process {}). Stop it, or name another directory with --data-dir.",
                directory.display(),
                process.trim()
            );
            return Err(Failure::new(exit::FAILED, text));
        }
        Err(TryLockError::Error(error)) => return Err(denied(&path, &error)),
    }
    // For the message above, in another process.
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(|error| denied(&path, &error))?;
    Ok(file)
}

/// Only the account that runs Postgres (and root) may look inside.
fn private(directory: &Path, account: &Account) -> Result<(), Failure> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(|error| denied(directory, &error))?;
    account.give(directory).map_err(|error| denied(directory, &error))?;
    if account.can_use(directory, true) { Ok(()) } else { Err(closed(directory, account)) }
}

fn closed(directory: &Path, account: &Account) -> Failure {
    let text = format!(
        "{} cannot be used by {}, who runs Postgres because root must not: a directory above it is closed.\nName another \
         one: --data-dir {FOR_ROOT}",
        directory.display(),
        account.name()
    );
    Failure::new(exit::FAILED, text)
}

/// The usual reasons, with the way out.
pub(super) fn denied(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "\nYou may not write there (or it was made by another user, root for example). Name another directory with \
             --data-dir."
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => "\nName another directory with --data-dir.",
        io::ErrorKind::StorageFull => "\nThe disk is full.",
        _ => "",
    };
    Failure::new(exit::FAILED, format!("Cannot use {}: {error}{hint}", path.display()))
}
