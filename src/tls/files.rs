//! A certificate and its key in two files that somebody else replaces: certbot by its links, others by writing over them.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::certificate::{Certificate, CertificateError};

/// More than any chain.
const LARGEST: u64 = 1 << 20;

/// Where a chain and its key are, and what was seen there last.
#[derive(Debug)]
pub struct Files {
    chain: PathBuf,
    key: PathBuf,
    /// What was in them when they were last taken or told of.
    settled: Option<Contents>,
    /// What was wrong at the last look, and is not told yet: half of a replacement, perhaps.
    suspect: Option<Contents>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// One cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// The operating system's own error.
        #[source]
        source: io::Error,
    },
    /// What is in them is no certificate and its key.
    #[error("{} with {}: {source}", chain.display(), key.display())]
    Certificate {
        /// The file of the chain.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        #[source]
        source: CertificateError,
    },
}

/// What a look has found.
#[derive(Debug)]
pub enum Look {
    /// Nothing new.
    Same,
    /// Another certificate.
    New(Certificate),
    /// Something new that cannot be used; it is told once.
    Bad(FilesError),
}

/// SHA-256 over both; `None` for a file that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contents(Option<[u8; 32]>);

impl Files {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(chain: PathBuf, key: PathBuf) -> Self {
        Self { chain, key, settled: None, suspect: None }
    }

    /// The names of both, the chain's first.
    #[must_use]
    pub fn paths(&self) -> [&Path; 2] {
        [&self.chain, &self.key]
    }

    /// Reads both files whole, which are small, and compares: times and names of files say too little. Blocks.
    ///
    /// `patient`: what is wrong is told only when it is the same at the next look, because a replacement may be half done.
    pub fn look(&mut self, patient: bool) -> Look {
        let (contents, outcome) = self.read();
        if self.settled == Some(contents) {
            self.suspect = None;
            return Look::Same;
        }
        match outcome {
            Ok(certificate) => {
                (self.settled, self.suspect) = (Some(contents), None);
                Look::New(certificate)
            }
            Err(_) if patient && self.suspect != Some(contents) => {
                self.suspect = Some(contents);
                Look::Same
            }
            Err(error) => {
                (self.settled, self.suspect) = (Some(contents), None);
                Look::Bad(error)
            }
        }
    }

    fn read(&self) -> (Contents, Result<Certificate, FilesError>) {
        let both = read_one(&self.chain).and_then(|chain| Ok((chain, read_one(&self.key)?)));
        let (chain, key) = match both {
            Ok(both) => both,
            Err(error) => return (Contents(None), Err(error)),
        };
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        digest.update(&chain.len().to_be_bytes());
        digest.update(&chain);
        digest.update(&key);
        let contents = Contents(digest.finish().as_ref().try_into().ok());
        let certificate = Certificate::from_pem(&chain, &key).map_err(|source| FilesError::Certificate {
            chain: self.chain.clone(),
            key: self.key.clone(),
            source,
        });
        (contents, certificate)
    }
}

fn read_one(file: &Path) -> Result<Zeroizing<Vec<u8>>, FilesError> {
    read(file).map_err(|source| FilesError::Read { file: file.to_owned(), source })
}

/// A file with certificates or a key, whole; no copy of it stays behind. Blocks for a disk, but for no pipe.
///
/// # Errors
/// When it cannot be read, is larger than 1 MiB, or is no file.
pub fn read(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Before it is opened: opening a pipe waits for somebody who writes, for ever.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is a directory, a pipe or a device, and must be a file"));
    }
    // Grown once and not again: what a growing buffer leaves behind would not be wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 << 10));
    File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder {
        folder: tempfile::TempDir,
        files: Files,
    }

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = Files::new(folder.path().join("chain.pem"), folder.path().join("key.pem"));
            Self { folder, files }
        }

        fn write(&self, (chain, key): (&str, &str)) {
            fs::write(self.folder.path().join("chain.pem"), chain).unwrap();
            fs::write(self.folder.path().join("key.pem"), key).unwrap();
        }

        fn look(&mut self, patient: bool) -> &'static str {
            match self.files.look(patient) {
                Look::Same => "same",
                Look::New(_) => "new",
                Look::Bad(_) => "bad",
            }
        }
    }

    #[test]
    fn a_replacement_is_seen_and_a_half_one_is_waited_for() {
        let (mut folder, old, new) = (Folder::new(), pair(), pair());
        folder.write((&old.0, &old.1));
        assert_eq!(folder.look(false), "new");
        assert_eq!(folder.look(true), "same");
        folder.write((&new.0, &old.1));
        assert_eq!(folder.look(true), "same", "the key may come in a moment");
        folder.write((&new.0, &new.1));
        assert_eq!(folder.look(true), "new");
        assert_eq!(folder.look(true), "same");
    }

    #[test]
    fn what_stays_wrong_is_told_once() {
        let (mut folder, old) = (Folder::new(), pair());
        folder.write((&old.0, &old.1));
        assert_eq!(folder.look(false), "new");
        folder.write(("nonsense", &old.1));
        let looks: Vec<_> = (0..4).map(|_| folder.look(true)).collect();
        assert_eq!(looks, ["same", "bad", "same", "same"]);
        fs::remove_file(folder.folder.path().join("key.pem")).unwrap();
        let looks: Vec<_> = (0..4).map(|_| folder.look(true)).collect();
        assert_eq!(looks, ["same", "bad", "same", "same"]);
        folder.write((&old.0, &old.1));
        assert_eq!(folder.look(true), "new", "the old one again");
        folder.write((&old.0, "nonsense"));
        assert_eq!(folder.look(false), "bad", "told at once when somebody asks");
        assert_eq!(folder.look(true), "same");
    }

    #[test]
    fn links_are_followed_as_certbot_swaps_them() {
        let (old, new) = (pair(), pair());
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (number, (chain, key)) in [&old, &new].into_iter().enumerate() {
            fs::write(path(&format!("chain{number}")), chain).unwrap();
            fs::write(path(&format!("key{number}")), key).unwrap();
        }
        let point = |number: usize| {
            for name in ["chain", "key"] {
                let _ = fs::remove_file(path(name));
                std::os::unix::fs::symlink(format!("{name}{number}"), path(name)).unwrap();
            }
        };
        point(0);
        let mut files = Files::new(path("chain"), path("key"));
        assert!(matches!(files.look(true), Look::New(_)));
        point(1);
        assert!(matches!(files.look(true), Look::New(_)));
    }

    #[test]
    fn errors_name_the_file() {
        let mut folder = Folder::new();
        let Look::Bad(error) = folder.files.look(false) else { panic!("there are no files") };
        assert!(error.to_string().contains("chain.pem: cannot be read"), "{error}");
        let pipe = folder.folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [folder.folder.path(), &pipe] {
            let Look::Bad(error) = Files::new(path.to_owned(), path.to_owned()).look(false) else { panic!("no file") };
            assert!(error.to_string().contains("must be a file"), "{error}");
        }
        let (chain, _) = pair();
        folder.write((&chain, &pair().1));
        let Look::Bad(error) = folder.files.look(false) else { panic!("they do not belong together") };
        assert!(error.to_string().contains("does not belong"), "{error}");
    }
}
