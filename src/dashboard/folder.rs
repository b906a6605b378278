//! Reading the directory of a site.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Most bytes of all files together.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Most files. A link into a directory above makes a circle; this ends it.
const MOST: usize = 20_000;
/// Deepest nesting.
const DEEPEST: usize = 32;

/// Why a directory cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The file system refuses.
    #[error("DASHBOARD_DIR: cannot read {}: {source}", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no page to begin with.
    #[error(
        "DASHBOARD_DIR: {} has no index.html. It must name the directory with the built files of the web client",
        directory.display()
    )]
    NoIndex {
        /// The directory.
        directory: PathBuf,
    },
    /// This is no web client.
    #[error(
        "DASHBOARD_DIR: {} holds more than 256 MiB, 20000 files or 32 levels. Does it name the right directory?",
        directory.display()
    )]
    TooLarge {
        /// The directory.
        directory: PathBuf,
    },
}

/// A file of the site.
pub(super) struct Found {
    /// Relative to the directory, with slashes.
    pub path: String,
    pub content: Vec<u8>,
    /// The content of the file of the same name with `.gz` behind it, made by whoever built the site.
    pub gzip: Option<Vec<u8>>,
    /// The same with `.br`.
    pub brotli: Option<Vec<u8>>,
}

struct Walk {
    root: PathBuf,
    bytes: u64,
    files: HashMap<String, Vec<u8>>,
}

pub(super) fn read(directory: &Path) -> Result<Vec<Found>, FolderError> {
    let root = fs::canonicalize(directory).map_err(|source| unreadable(directory, source))?;
    let mut walk = Walk { root: root.clone(), bytes: 0, files: HashMap::new() };
    walk.directory(&root, "", 0)?;
    let mut files = walk.files;
    let mut found = Vec::new();
    let names: Vec<String> = files.keys().filter(|name| !is_compressed_copy(name, &files)).cloned().collect();
    for path in names {
        let gzip = files.remove(&format!("{path}.gz"));
        let brotli = files.remove(&format!("{path}.br"));
        if let Some(content) = files.remove(&path) {
            found.push(Found { path, content, gzip, brotli });
        }
    }
    Ok(found)
}

fn is_compressed_copy(name: &str, files: &HashMap<String, Vec<u8>>) -> bool {
    [".gz", ".br"].iter().any(|suffix| name.strip_suffix(suffix).is_some_and(|original| files.contains_key(original)))
}

fn unreadable(path: &Path, source: io::Error) -> FolderError {
    FolderError::Unreadable { path: path.to_owned(), source }
}

impl Walk {
    fn directory(&mut self, at: &Path, prefix: &str, depth: usize) -> Result<(), FolderError> {
        let entries = fs::read_dir(at).map_err(|source| unreadable(at, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| unreadable(at, source))?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = entry.path();
            let Ok(real) = fs::canonicalize(&path) else {
                tracing::warn!(path = %path.display(), "a link that leads nowhere is not served");
                continue;
            };
            // Following a link out of the directory would publish what nobody meant to publish.
            if !real.starts_with(&self.root) {
                tracing::warn!(path = %path.display(), "a link out of the directory is not served");
                continue;
            }
            let kind = fs::metadata(&real).map_err(|source| unreadable(&path, source))?;
            if kind.is_dir() {
                self.limit(depth < DEEPEST)?;
                self.directory(&real, &format!("{prefix}{name}/"), depth + 1)?;
            } else if kind.is_file() {
                self.bytes = self.bytes.saturating_add(kind.len());
                self.limit(self.bytes <= LARGEST && self.files.len() < MOST)?;
                let content = fs::read(&real).map_err(|source| unreadable(&path, source))?;
                self.files.insert(format!("{prefix}{name}"), content);
            }
        }
        Ok(())
    }

    fn limit(&self, within: bool) -> Result<(), FolderError> {
        if within { Ok(()) } else { Err(FolderError::TooLarge { directory: self.root.clone() }) }
    }
}
