//! Certificates in a directory, for the time when the database is away. One file a name; the key in it is sealed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Far more than a chain and a key.
const LARGEST: u64 = 256 << 10;

/// The directory.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    directory: PathBuf,
    /// Whose certificates: those of another authority are not ours.
    authority: String,
}

/// A certificate as it is kept.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Kept {
    authority: String,
    /// PEM.
    pub chain: String,
    pub sealed_key: String,
}

impl Cache {
    pub fn new(directory: PathBuf, authority: &str) -> Self {
        Self { directory, authority: authority.to_owned() }
    }

    /// Names are host names: letters, digits, dots and hyphens, so they are file names, too.
    fn path(&self, domain: &str) -> PathBuf {
        self.directory.join(format!("{domain}.json"))
    }

    /// What is kept for a name. `None` when there is nothing, or something else.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, domain: &str) -> io::Result<Option<Kept>> {
        let path = self.path(domain);
        match fs::metadata(&path) {
            Ok(about) if about.len() > LARGEST => return Err(io::Error::other("the file is larger than any of ours")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let kept: Kept = serde_json::from_slice(&fs::read(&path)?)?;
        Ok((kept.authority == self.authority).then_some(kept))
    }

    /// Keeps a certificate; whoever reads sees the old file or the whole new one, whatever happens. Only this account may
    /// read it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, domain: &str, chain: &str, sealed_key: &str) -> io::Result<()> {
        let kept =
            Kept { authority: self.authority.clone(), chain: chain.to_owned(), sealed_key: sealed_key.to_owned() };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        // Two processes may write at once.
        let draft = self.directory.join(format!(".{domain}.{}", std::process::id()));
        let written =
            write_synced(&draft, &serde_json::to_vec(&kept)?).and_then(|()| fs::rename(&draft, self.path(domain)));
        if written.is_err() {
            // Nothing is lost with it, and what is wrong is told anyway.
            let _ = fs::remove_file(&draft);
        }
        written?;
        File::open(&self.directory)?.sync_all()
    }

    /// For messages.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that a crash has left behind may have other rights.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_kept_comes_back_to_its_own_authority_and_account() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::new(place.path().join("a/b"), "https://ca.test/dir");
        assert!(cache.read("a.test").unwrap().is_none());
        cache.write("a.test", "chain", "old").unwrap();
        cache.write("a.test", "chain", "sealed").unwrap();
        let kept = cache.read("a.test").unwrap().unwrap();
        assert_eq!((kept.chain.as_str(), kept.sealed_key.as_str()), ("chain", "sealed"));
        assert!(Cache::new(cache.directory.clone(), "https://other.test/").read("a.test").unwrap().is_none());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.directory), mode(&cache.path("a.test"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), 1, "no draft is left");
        fs::write(cache.path("a.test"), "{").unwrap();
        assert!(cache.read("a.test").is_err());
        fs::write(cache.path("a.test"), vec![b' '; 300 << 10]).unwrap();
        assert!(cache.read("a.test").is_err());
    }
}
