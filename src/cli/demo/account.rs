//! Who runs Postgres: ourselves, or, when we are root, somebody else, because Postgres refuses to run as root.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::failure::{Failure, exit};
use crate::config;

/// Accounts that root may use instead of itself, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The account that runs Postgres and owns its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// User and group to change to; `None`: we stay who we are.
    other: Option<(u32, u32)>,
    name: String,
}

impl Account {
    /// For a data directory that is not there yet.
    pub(super) fn choose() -> Result<Self, Failure> {
        if id(&["-u"]) != Some(0) {
            return Ok(Self::ourselves());
        }
        let known = |name: &&str| Some((id(&["-u", name])?, id(&["-g", name])?, (*name).to_owned()));
        let Some((user, group, name)) = UNPRIVILEGED.iter().find_map(known) else {
            let text = "Postgres must not run as root, and this system has neither an account postgres nor an account \
                        nobody.\nStart compose-relay demo as an ordinary user.";
            return Err(Failure::new(exit::FAILED, text));
        };
        Ok(Self { other: Some((user, group)), name })
    }

    /// The account that owns `cluster`, which is there already: as root we can go on with anybody's data.
    pub(super) fn of_owner(self, cluster: &Path) -> Self {
        match (&self.other, fs::metadata(cluster)) {
            (Some((user, _)), Ok(owner)) if owner.uid() != 0 && owner.uid() != *user => {
                let name = format!("the user with id {}", owner.uid());
                Self { other: Some((owner.uid(), owner.gid())), name }
            }
            _ => self,
        }
    }

    /// No change of account.
    pub(super) fn ourselves() -> Self {
        Self { other: None, name: "you".to_owned() }
    }

    /// Whether it is another one than ours, which means that we are root.
    pub(super) fn is_other(&self) -> bool {
        self.other.is_some()
    }

    /// For people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Gives a file or a directory to the account.
    pub(super) fn give(&self, path: &Path) -> std::io::Result<()> {
        match self.other {
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Makes a command run as this account, in `/`, with hardly any environment: the variables of Postgres itself
    /// (PGDATA, PGPORT…) would lead our own cluster astray.
    pub(super) fn apply(&self, command: &mut Command) {
        let path = config::variable("PATH").filter(|path| !path.is_empty());
        command.env_clear().current_dir("/").env("LC_ALL", "C");
        command.env("PATH", path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned()));
        if let Some(libraries) = config::variable("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some((user, group)) = self.other {
            command.gid(group).uid(user);
        }
    }

    /// Whether the account can go into `directory` and, when asked, write there.
    pub(super) fn can_use(&self, directory: &Path, write: bool) -> bool {
        let mut command = Command::new("/bin/sh");
        self.apply(&mut command);
        command.args(["-c", if write { r#"cd "$1" && [ -w . ]"# } else { r#"cd "$1""# }, "sh"]).arg(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// Asks the system's `id`, which knows accounts from everywhere, not only from /etc/passwd.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok().filter(|_| output.status.success())
}
