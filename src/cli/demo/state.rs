//! What the demo keeps beside its database: secrets, made once, and whom it made.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cli::failure::{Failure, exit};
use crate::cli::random::random_hex;
use crate::secret::Secret;

/// What is kept.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) postgres_password: Secret,
    pub(super) prod_api_key_secret: Secret,
    pub(super) dev_api_key_secret: Secret,
    /// User and development environment, once they are made.
    pub(super) owner: Option<(Uuid, Uuid)>,
}

/// The same as it stands in the file. No `Debug`, because it shows.
#[derive(Serialize, Deserialize)]
struct Kept {
    postgres_password: String,
    prod_api_key_secret: String,
    dev_api_key_secret: String,
    user: Option<String>,
    environment: Option<String>,
}

impl State {
    /// Fresh secrets.
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {
            postgres_password: Secret::new(random_hex(32)?),
            prod_api_key_secret: Secret::new(random_hex(64)?),
            dev_api_key_secret: Secret::new(random_hex(32)?),
            owner: None,
        })
    }

    /// Reads the file; `None` when there is none.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, Failure> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::new(exit::FAILED, format!("Cannot read {}: {error}", file.display()))),
        };
        let kept: Kept = serde_json::from_str(&text).map_err(|error| {
            // The error of serde_json shows a position and the kind of the fault; it could show a value, too.
            let place = format!("line {}, column {}", error.line(), error.column());
            let text = format!(
                "{} is damaged ({place}). Without it the database beside it cannot be opened: remove the whole data \
                 directory to begin anew.",
                file.display()
            );
            Failure::new(exit::FAILED, text)
        })?;
        Ok(Some(Self {
            postgres_password: Secret::new(kept.postgres_password),
            prod_api_key_secret: Secret::new(kept.prod_api_key_secret),
            dev_api_key_secret: Secret::new(kept.dev_api_key_secret),
            owner: id(kept.user).zip(id(kept.environment)),
        }))
    }

    /// Writes the file anew, for its owner's eyes only; the old one stays until the new one is complete.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let kept = Kept {
            postgres_password: self.postgres_password.expose().to_owned(),
            prod_api_key_secret: self.prod_api_key_secret.expose().to_owned(),
            dev_api_key_secret: self.dev_api_key_secret.expose().to_owned(),
            user: self.owner.map(|(user, _)| user.to_string()),
            environment: self.owner.map(|(_, environment)| environment.to_string()),
        };
        let mut text = serde_json::to_string_pretty(&kept)?;
        text.push('\n');
        write_private(file, &text)
    }
}

fn id(text: Option<String>) -> Option<Uuid> {
    Uuid::try_parse(&text?).ok()
}

/// Replaces a file by one that only its owner can read, in one step.
pub(super) fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = Path::new(&fresh);
    // A left-over could have another mode or be a link to elsewhere.
    match fs::remove_file(fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out: File = File::options().write(true).create_new(true).mode(0o600).open(fresh)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use uuid::Uuid;

    use super::State;

    #[test]
    fn what_is_written_is_read_again_and_private() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("state.json");
        assert!(State::read(&file).expect("no file is fine").is_none());
        let mut state = State::new().expect("random numbers");
        state.owner = Some((Uuid::from_u128(1), Uuid::from_u128(2)));
        state.write(&file).expect("a file");
        state.write(&file).expect("a file, once more");
        assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        let again = State::read(&file).expect("a file").expect("a state");
        assert_eq!(again.owner, state.owner);
        assert_eq!(again.prod_api_key_secret, state.prod_api_key_secret);
        assert_eq!(again.dev_api_key_secret.expose().len(), 64);
        assert_eq!(again.prod_api_key_secret.expose().len(), 128);
    }

    #[test]
    fn a_damaged_file_is_told_without_its_contents() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("state.json");
        std::fs::write(&file, r#"{"postgres_password": "sesame", "prod_api_key_secret": 7}"#).expect("a file");
        let failure = State::read(&file).expect_err("damaged");
        assert!(failure.text().contains("is damaged") && !failure.text().contains("sesame"), "{}", failure.text());
    }
}
