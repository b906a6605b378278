//! `/api/v1/sdk/ws`: the upgrade of an SDK (relay-protocol 2.4 and 2.5). A wrong refusal costs the customer minutes, so
//! everything that may pass by itself is waited for.

use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::sockets::{DatabaseAway, NOT_AN_UPGRADE, UpgradeRefusal, no_handshake, patiently, relay_socket};
use crate::auth::ApiKey;
use crate::control::Scope;
use crate::http::{Handshake, HeaderMap};
use crate::relay::{ReserveError, SdkPeer, SdkReservation};
use crate::store::EnvironmentType;
use crate::wire::package::version_is_accepted;
use crate::wire::{EnvironmentId, Package, PackageName};

/// The oldest version that is served, for the text.
const MINIMUM: &str = "0.26.0";
/// What the documentation shows in place of a key.
const PLACEHOLDER: &[u8] = b"API_KEY_HERE";

pub(super) async fn open(mut call: Call) -> Answer {
    let handshake = match Handshake::of(&mut call.request) {
        Ok(handshake) => handshake,
        Err(fault) => return Ok(no_handshake(fault, NOT_AN_UPGRADE)),
    };
    let so_far = call.api.revocations.so_far();
    match admit(&call).await {
        Ok((reservation, peer)) => {
            let (hub, revocations) = (call.api.hub.clone(), call.api.revocations.clone());
            let scope = Scope::Environment(Uuid::from_u128(peer.environment.as_u128()));
            Ok(handshake.accept(&call.api.tasks, move |raw| {
                hub.attach_sdk(reservation, relay_socket(raw), peer);
                revocations.attached_since(so_far, scope);
            }))
        }
        Err(refusal) => {
            tracing::info!(sdk.code = refusal.code, sdk.reason = %refusal.reason, peer = %call.request.peer, "an SDK was refused");
            Ok(refusal.reply())
        }
    }
}

async fn admit(call: &Call) -> Result<(SdkReservation, SdkPeer), UpgradeRefusal> {
    let began = Instant::now();
    let (package, key) = read(&call.request.headers)?;
    let api = &call.api;
    let hash = api.keys.hash(&key);

    let database = began + api.patience.database;
    let away = |DatabaseAway| UpgradeRefusal::temporary("srvr11", "The server cannot reach its database right now.");
    let holder = patiently(database, || api.lookups.key_holder(&hash)).await.map_err(away)?;
    let holder = holder.ok_or_else(|| {
        UpgradeRefusal::new("srvr8", "The API key is not known to this server. Copy it again from the dashboard.")
    })?;
    if !holder.company_exists {
        return Err(UpgradeRefusal::new("srvr10", "The organization that the API key belongs to is gone."));
    }

    let id = EnvironmentId::from_u128(holder.environment.as_u128());
    let stopping = || UpgradeRefusal::temporary("srvr11", "The server is shutting down or too busy. Please try again.");
    // Before it can send anything to a page that is not known here. Without an answer in time it comes in all the same.
    let _ = timeout_at(began + api.patience.total, api.handover.take_over(id)).await;
    let reservation = match timeout_at(began + api.patience.total, api.hub.reserve_sdk(id)).await {
        Ok(Ok(reservation)) => reservation,
        Ok(Err(ReserveError::Occupied)) => return Err(occupied(holder.environment)),
        Ok(Err(ReserveError::Stopping)) | Err(_) => return Err(stopping()),
    };
    let peer = SdkPeer {
        environment: id,
        company: holder.company,
        package,
        key_hash: hash.as_str().into(),
        development: holder.kind == EnvironmentType::Development,
    };
    Ok((reservation, peer))
}

fn occupied(environment: Uuid) -> UpgradeRefusal {
    let reason = format!(
        "Another process is connected with this API key (environment {environment}). Stop it, or use a key of another environment."
    );
    UpgradeRefusal::new("srvr9", reason)
}

/// Checks 1 to 6: what the headers alone can tell.
fn read(headers: &HeaderMap) -> Result<(Package, ApiKey), UpgradeRefusal> {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Ok(Some(value.as_bytes())),
            _ => Err(()),
        }
    };
    let text = |name: &str| one(name).ok().flatten().and_then(|value| std::str::from_utf8(value).ok());

    let name = text("x-compose-package-name").and_then(PackageName::parse).ok_or_else(|| {
        UpgradeRefusal::new("srvr4", "The header x-compose-package-name must be compose-python or compose-node.")
    })?;
    let version = text("x-compose-package-version")
        .filter(|version| !version.is_empty())
        .ok_or_else(|| UpgradeRefusal::new("srvr5", "The header x-compose-package-version is missing."))?;
    if !version_is_accepted(version) {
        let reason = format!(
            "This version of the SDK is not supported; the oldest that is, is {MINIMUM}. Please update the package."
        );
        return Err(UpgradeRefusal::new("srvr1", reason));
    }
    let key = match one("x-compose-api-key") {
        Ok(Some(key)) if !key.is_empty() => key,
        Ok(_) => return Err(UpgradeRefusal::new("srvr6", "The API key is missing (header x-compose-api-key).")),
        Err(()) => return Err(UpgradeRefusal::new("srvr7", "The API key was sent more than once.")),
    };
    if key == PLACEHOLDER {
        let reason = "API_KEY_HERE stands in place of the API key. Copy your own key from the dashboard.";
        return Err(UpgradeRefusal::new("srvr10", reason));
    }
    // A key that is not even text is none that we made.
    let key = std::str::from_utf8(key)
        .map_err(|_| UpgradeRefusal::new("srvr8", "The API key is not known to this server."))?;
    Ok((Package { name, version: version.into() }, ApiKey::presented(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "x-compose-package-name";
    const VERSION: &str = "x-compose-package-version";
    const KEY: &str = "x-compose-api-key";

    fn code(change: &[(&'static str, &[&[u8]])]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in [(NAME, "compose-python"), (VERSION, "0.27.8"), (KEY, "ck_prod_00")] {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, values) in change {
            headers.remove(*name);
            for value in *values {
                headers.append(*name, crate::http::HeaderValue::from_bytes(value).unwrap());
            }
        }
        read(&headers).err().map(|refusal| refusal.code)
    }

    #[test]
    fn each_check_has_its_code() {
        assert_eq!(code(&[]), None);
        for name in
            [&[][..], &[&b"compose-rust"[..]], &[b"Compose-Python"], &[b""], &[b"\xff"], &[&b"compose-node"[..]; 2]]
        {
            assert_eq!(code(&[(NAME, name)]), Some("srvr4"), "{name:?}");
        }
        for version in [&[][..], &[&b""[..]], &[&b"0.27.8"[..]; 2]] {
            assert_eq!(code(&[(VERSION, version)]), Some("srvr5"), "{version:?}");
        }
        for version in [&b"0.25.9"[..], b"0.27.x", b"latest", b"0.0.0"] {
            assert_eq!(code(&[(VERSION, &[version])]), Some("srvr1"), "{version:?}");
        }
        for key in [&[][..], &[&b""[..]]] {
            assert_eq!(code(&[(KEY, key)]), Some("srvr6"), "{key:?}");
        }
        assert_eq!(code(&[(KEY, &[b"a", b"b"])]), Some("srvr7"));
        assert_eq!(code(&[(KEY, &[PLACEHOLDER])]), Some("srvr10"));
        assert_eq!(code(&[(KEY, &[b"\xff\xfe"])]), Some("srvr8"));
    }

    #[test]
    fn the_checks_come_in_their_order() {
        assert_eq!(code(&[(NAME, &[]), (VERSION, &[]), (KEY, &[])]), Some("srvr4"));
        assert_eq!(code(&[(VERSION, &[]), (KEY, &[])]), Some("srvr5"));
        assert_eq!(code(&[(VERSION, &[b"0.1.0"]), (KEY, &[])]), Some("srvr1"));
    }
}
