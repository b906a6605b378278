//! The static site (http-api 9): a web client's built files, served from memory. It is our own dashboard, which is part of
//! the binary, or the one in a directory.
//!
//! A directory is read once, at the start. From then on a request is a look-up in a table of what was found there, so there
//! is no path that leads out of the directory, and no wait for a disk.

mod built_in;
mod file;
mod folder;
mod media_type;
mod policy;

use std::collections::HashMap;
use std::path::Path as DiskPath;

pub use folder::FolderError;

use bytes::Bytes;
use file::File;
use policy::Policy;

use crate::http::{HeaderMap, HeaderValue, Method, Path, Reply};

/// The page that answers for every address of the client's own making.
const INDEX: &str = "index.html";
/// Where file names hold a hash of the content.
const HASHED: &str = "assets";

/// A site in memory.
pub struct Dashboard {
    /// By path without the first slash.
    files: HashMap<String, File>,
    policy: Policy,
}

impl std::fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dashboard").field("files", &self.files.len()).finish()
    }
}

impl Dashboard {
    /// Our own, as it was built with this binary; `None` when it was not. `policy` stands in for its
    /// Content-Security-Policy. Hashes all files, so it takes some milliseconds.
    #[must_use]
    pub fn built_in(policy: Option<HeaderValue>) -> Option<Self> {
        let file = |found: &built_in::BuiltIn| {
            let copy = |bytes: Option<&'static [u8]>| bytes.map(Bytes::from_static);
            let content = Bytes::from_static(found.content);
            (found.path.to_owned(), File::new(found.path, content, copy(found.gzip), copy(found.brotli)))
        };
        let files: HashMap<String, File> = built_in::FILES.iter().map(file).collect();
        files.contains_key(INDEX).then(|| Self { files, policy: Policy::own(policy) })
    }

    /// Reads all files below `directory`, at most 256 MiB. Links are followed as long as they stay inside. `policy` stands in
    /// for the Content-Security-Policy of its pages, which else only says who may frame them. Blocks.
    ///
    /// # Errors
    /// [`FolderError`] when the directory cannot be read, is too large or has no `index.html`.
    pub fn read(directory: &DiskPath, policy: Option<HeaderValue>) -> Result<Self, FolderError> {
        let files: HashMap<String, File> = folder::read(directory)?
            .into_iter()
            .map(|found| {
                let copy = |bytes: Option<Vec<u8>>| bytes.map(Bytes::from);
                let file = File::new(&found.path, found.content.into(), copy(found.gzip), copy(found.brotli));
                (found.path, file)
            })
            .collect();
        if !files.contains_key(INDEX) {
            return Err(FolderError::NoIndex { directory: directory.to_owned() });
        }
        Ok(Self { files, policy: Policy::foreign(policy) })
    }

    /// The answer to a request that no route has taken. `None`: there is nothing at this address.
    #[must_use]
    pub fn answer(&self, method: &Method, path: &Path, headers: &HeaderMap) -> Option<Reply> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let segments = path.segments();
        // Nobody's page has such a name; whoever asks for it is trying something.
        let odd = |segment: &String| segment == "." || segment == ".." || segment.contains(['/', '\\', '\0']);
        if segments.is_empty() || segments.iter().any(odd) {
            return None;
        }
        let first = segments.first().map(String::as_str);
        if first == Some("api") && segments.len() > 1 {
            return None;
        }
        let file = match self.files.get(&segments.join("/")) {
            Some(file) => file,
            None if first == Some(HASHED) && segments.len() > 1 => return None,
            None => self.files.get(INDEX)?,
        };
        let mut reply = file.answer(method, headers);
        if file.is_page() {
            self.policy.put(reply.headers_mut());
        }
        Some(reply)
    }
}

#[cfg(test)]
mod tests;
