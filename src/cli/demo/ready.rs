//! What the demo tells when everything works.

use std::net::SocketAddr;
use std::path::Path;

use super::owner::Owner;
use super::{place, port, state};
use crate::app::Ready;
use crate::cli::failure::Failure;

/// Prints how to get in.
pub(super) fn welcome(ready: &Ready, owner: &Owner, data: &Path) {
    // A closed terminal must not end the server, so no `println!`.
    let mut out = std::io::stdout().lock();
    let _ = std::io::Write::write_all(&mut out, text(ready, owner, data).as_bytes());
    let _ = std::io::Write::flush(&mut out);
}

/// For scripts: lines that a shell can read. The address is `host:port`; an app is at `/app/<environment>/<route>`; the
/// sign-in link works once.
pub(super) fn write_file(file: &Path, ready: &Ready, owner: &Owner) -> Result<(), Failure> {
    let address = address(ready);
    let mut text = format!(
        "COMPOSE_API_KEY={}\nCOMPOSE_ADDRESS={address}\nCOMPOSE_ENVIRONMENT={}\n",
        owner.api_key.expose(),
        owner.environment
    );
    if let Some(path) = &ready.sign_in {
        text.push_str(&format!("COMPOSE_SIGN_IN=http://{address}{path}\n"));
    }
    state::write_private(file, &text).map_err(|error| place::denied(file, &error))
}

/// `localhost` on the port that the SDKs dial, else the address itself.
fn address(ready: &Ready) -> String {
    match ready.addresses.first() {
        Some(address) if address.port() != port::DEFAULT => address.to_string(),
        Some(_) | None => format!("localhost:{}", port::DEFAULT),
    }
}

fn text(ready: &Ready, owner: &Owner, data: &Path) -> String {
    let at = address(ready);
    let key = owner.api_key.expose();
    let environment = owner.environment;
    let data = data.display();
    let sign_in = match &ready.sign_in {
        Some(path) => format!("  Sign in    http://{at}{path}\n             (works once, and on this machine only)\n"),
        None => String::new(),
    };
    let elsewhere = match ready.addresses.first() {
        Some(address) if address.port() != port::DEFAULT => dial(*address),
        _ => String::new(),
    };
    format!(
        "
  compose-relay is running on http://{at}

{sign_in}  An app     http://{at}/app/{environment}/<its route>
             (once you are signed in)
  API key    {key}
  Data       {data}
  Stop       Ctrl-C

  A first app. Put this into hello.py, then: pip install compose-sdk && python hello.py

      import compose_sdk as c

      def hello(page: c.Page, ui: c.UI):
          page.add(lambda: ui.header(\"Hello\"))
          page.add(lambda: ui.button(\"wave\", on_click=lambda: page.toast(\"Hello to you\")))

      client = c.Client(
          api_key=\"{key}\",
          apps=[c.App(\"hello\", hello)],
          DANGEROUS_ENABLE_DEV_MODE=True,  # plain ws://localhost:8080
      )
{elsewhere}      client.connect()

"
    )
}

fn dial(address: SocketAddr) -> String {
    format!(
        "      client.api.WS_URL = \"ws://{address}/api/v1/sdk/ws\"  # development mode itself knows port 8080 only\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Owner, text};
    use crate::app::Ready;
    use crate::auth::ApiKey;
    use uuid::Uuid;

    fn at(address: &str) -> String {
        let ready = Ready {
            addresses: vec![address.parse().expect("an address")],
            sign_in: Some("/sign-in?token=t".to_owned()),
        };
        let owner = Owner { user: Uuid::nil(), api_key: ApiKey::presented("ck_dev_1"), environment: Uuid::nil() };
        text(&ready, &owner, Path::new("/data"))
    }

    #[test]
    fn the_usual_port_needs_no_more_words() {
        let text = at("127.0.0.1:8080");
        assert!(text.contains("http://localhost:8080/sign-in?token=t\n"), "{text}");
        assert!(text.contains("api_key=\"ck_dev_1\"") && !text.contains("WS_URL"), "{text}");
    }

    #[test]
    fn another_port_is_in_the_snippet() {
        let text = at("[::1]:9000");
        assert!(text.contains("http://[::1]:9000/sign-in?token=t\n"), "{text}");
        assert!(text.contains("client.api.WS_URL = \"ws://[::1]:9000/api/v1/sdk/ws\""), "{text}");
    }
}
