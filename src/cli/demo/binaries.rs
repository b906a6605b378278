//! Finds the Postgres server programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::failure::{Failure, exit};
use crate::config;

/// The oldest version that the store works with (`database.md` 9.2).
const OLDEST: u32 = 13;
/// Where packages put the programs, with `*` for a version.
const USUAL_PLACES: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];

/// The programs of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    /// Major version.
    pub(super) version: u32,
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
}

/// All that were found, best first; never empty.
#[derive(Debug)]
pub(super) struct Found(Vec<Programs>);

/// Where to look.
#[derive(Debug)]
pub(super) struct Search {
    directories: Vec<PathBuf>,
    told: String,
}

impl Search {
    /// Looks in `only` when it is given, else in PATH and the usual places.
    pub(super) fn new(only: Option<PathBuf>) -> Self {
        if let Some(only) = only {
            return Self { told: only.display().to_string(), directories: vec![only] };
        }
        let path = config::variable("PATH").unwrap_or_default();
        let mut directories: Vec<PathBuf> =
            std::env::split_paths(&path).filter(|directory| directory.is_absolute()).collect();
        directories.extend(USUAL_PLACES.iter().flat_map(|pattern| expand(pattern)));
        Self { directories, told: format!("PATH, {}", USUAL_PLACES.join(", ")) }
    }

    pub(super) fn run(&self) -> Result<Found, Failure> {
        let mut found: Vec<Programs> = Vec::new();
        let mut too_old = Vec::new();
        for directory in &self.directories {
            match programs_in(directory) {
                Some(programs) if programs.version < OLDEST => too_old.push(programs.version),
                Some(programs) if !found.contains(&programs) => found.push(programs),
                _ => {}
            }
        }
        if !found.is_empty() {
            return Ok(Found(found));
        }
        let mut text = match too_old.first() {
            Some(version) => format!("Postgres {version} is too old, version {OLDEST} or newer is needed."),
            None => "The Postgres server programs (initdb and postgres) were not found.".to_owned(),
        };
        text.push_str(&format!(
            "\n  Looked in: {}\n\n  Debian, Ubuntu:  apt-get install postgresql\n  Fedora:          dnf install \
             postgresql-server\n  macOS:           brew install postgresql@17\n\nWhen they are in another place, name \
             it: compose-relay demo --postgres-bin DIRECTORY",
            self.told
        ));
        Err(Failure::new(exit::FAILED, text))
    }
}

impl Found {
    /// The programs for a cluster that was made by version `made_by`; `None`: for a new one.
    pub(super) fn for_cluster(&self, made_by: Option<u32>) -> Result<Programs, Failure> {
        let fits = |programs: &&Programs| made_by.is_none_or(|version| version == programs.version);
        if let Some(programs) = self.0.iter().find(fits) {
            return Ok(programs.clone());
        }
        let here: Vec<String> = self.0.iter().map(|programs| programs.version.to_string()).collect();
        let made_by = made_by.unwrap_or_default();
        let text = format!(
            "The data directory was made by Postgres {made_by}, but only version {} is installed.\nInstall version \
             {made_by} (Debian, Ubuntu: apt-get install postgresql-{made_by}), name another directory with --data-dir, \
             or remove this one.",
            here.join(", ")
        );
        Err(Failure::new(exit::FAILED, text))
    }
}

/// The directories that match a pattern with at most one `*`, the highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut versions: Vec<u32> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(prefix)?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| PathBuf::from(format!("{before}{version}{after}"))).collect()
}

/// Both programs must be there and of one version. Links are followed, since Postgres looks for its files beside itself.
fn programs_in(directory: &Path) -> Option<Programs> {
    let initdb = directory.join("initdb").canonicalize().ok()?;
    let postgres = directory.join("postgres").canonicalize().ok()?;
    let version = version_of(&postgres)?;
    Some(Programs { version, initdb, postgres })
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, also `17beta1`.
fn version_of(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("-V").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    major(std::str::from_utf8(&output.stdout).ok()?)
}

fn major(words: &str) -> Option<u32> {
    let number = words.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::{Found, Programs, Search, expand, major};

    fn install(directory: &Path, version: &str) {
        std::fs::create_dir_all(directory).expect("a directory");
        for program in ["initdb", "postgres"] {
            let file = directory.join(program);
            std::fs::write(&file, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).expect("a file");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta2\n"), Some(18));
        assert_eq!(major("something else 15"), None);
    }

    #[test]
    fn the_newest_comes_first_and_numbers_are_no_words() {
        let root = tempfile::tempdir().expect("a directory");
        for version in ["9", "15", "16", "readme"] {
            install(&root.path().join(version).join("bin"), version);
        }
        let places = expand(&format!("{}/*/bin", root.path().display()));
        let names: Vec<_> = places.iter().filter_map(|place| place.strip_prefix(root.path()).ok()).collect();
        assert_eq!(names, [Path::new("16/bin"), Path::new("15/bin"), Path::new("9/bin")]);
    }

    #[test]
    fn one_program_alone_is_not_enough() {
        let root = tempfile::tempdir().expect("a directory");
        install(root.path(), "15.1");
        std::fs::remove_file(root.path().join("initdb")).expect("a file");
        let failure = Search::new(Some(root.path().to_owned())).run().expect_err("nothing to find");
        assert!(failure.text().contains("apt-get install postgresql"), "{}", failure.text());
    }

    #[test]
    fn old_versions_are_named() {
        let root = tempfile::tempdir().expect("a directory");
        install(root.path(), "12.20");
        let failure = Search::new(Some(root.path().to_owned())).run().expect_err("too old");
        assert!(failure.text().contains("Postgres 12 is too old"), "{}", failure.text());
    }

    #[test]
    fn data_is_opened_by_the_version_that_made_it() {
        let of = |version| Programs { version, initdb: "i".into(), postgres: "p".into() };
        let found = Found(vec![of(17), of(15)]);
        assert_eq!(found.for_cluster(None).map(|p| p.version).ok(), Some(17));
        assert_eq!(found.for_cluster(Some(15)).map(|p| p.version).ok(), Some(15));
        let failure = found.for_cluster(Some(14)).expect_err("not installed");
        assert!(failure.text().contains("postgresql-14"), "{}", failure.text());
    }
}
