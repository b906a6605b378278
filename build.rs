//! Finds the built dashboard and writes the table that puts it into the binary (`src/dashboard/built_in.rs`).
//!
//! Without Node there is no `dashboard/dist`; then the table is empty, and the server says how to build the dashboard.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

const BUILT: &str = "dashboard/dist";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={BUILT}");
    let built = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(BUILT);
    watchable(&built);
    let mut files = Vec::new();
    if built.join("index.html").is_file() {
        collect(&built, "", &mut files)?;
    }
    let table = PathBuf::from(env::var("OUT_DIR")?).join("dashboard.rs");
    fs::write(table, text(&built, &files)?)?;
    Ok(())
}

/// Cargo runs this script at each build as long as something that it watches is missing, and compiles everything anew. So
/// the directory is made, and as old as can be: what is newer than the last run counts as changed. Where neither can be
/// done (sources that are read-only), the build takes longer and is right all the same.
fn watchable(built: &Path) {
    if !built.exists() && fs::create_dir_all(built).is_ok() {
        let _ = fs::File::open(built).and_then(|directory| directory.set_modified(SystemTime::UNIX_EPOCH));
    }
}

/// Paths below `built` with slashes, in an order that is always the same.
fn collect(at: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let mut entries = fs::read_dir(at)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| format!("{}: a name that is not UTF-8", entry.path().display()))?;
        if name.starts_with('.') {
            continue; // notes of `./dev`
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A slice of `BuiltIn`; compressed copies stand beside their file.
fn text(built: &Path, files: &[String]) -> Result<String, Box<dyn Error>> {
    let content = |path: &str| -> Result<String, Box<dyn Error>> {
        let file = built.join(path);
        let file = file.to_str().ok_or_else(|| format!("{}: a path that is not UTF-8", file.display()))?;
        Ok(format!("include_bytes!({file:?})"))
    };
    let copy = |path: &str, suffix: &str| -> Result<String, Box<dyn Error>> {
        let copy = format!("{path}{suffix}");
        if files.contains(&copy) { Ok(format!("Some({})", content(&copy)?)) } else { Ok("None".to_owned()) }
    };
    let is_copy = |path: &str| {
        [".gz", ".br"]
            .iter()
            .any(|suffix| path.strip_suffix(suffix).is_some_and(|original| files.iter().any(|file| file == original)))
    };
    let mut text = "&[\n".to_owned();
    for path in files.iter().filter(|path| !is_copy(path)) {
        let (content, gzip, brotli) = (content(path)?, copy(path, ".gz")?, copy(path, ".br")?);
        writeln!(text, "    BuiltIn {{ path: {path:?}, content: {content}, gzip: {gzip}, brotli: {brotli} }},")?;
    }
    text.push_str("]\n");
    Ok(text)
}
