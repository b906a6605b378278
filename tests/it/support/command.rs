//! The other commands of the binary, beside a server or without one.

use super::{World, within};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// Runs `compose-relay ARGUMENTS` with these settings and no others.
pub async fn run(arguments: &[&str], settings: &[(String, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compose-relay"));
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let what = format!("compose-relay {}", arguments.join(" "));
    within(Duration::from_secs(60), &what, command.output()).await.expect("the binary can be started")
}

/// Everything that a command has written.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl World {
    /// The settings of the server of this scene with `more` in their place or on top; `PORT` is where it listens.
    pub fn settings(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let port = self.address().port().to_string();
        let mut settings = self.server.settings().to_vec();
        for (name, value) in [("PORT", port.as_str())].iter().chain(more) {
            settings.retain(|(known, _)| known != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        settings
    }
}
