//! The certificate for https: readable, whole, for the right names, and good for how long?

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::names::public_names;
use super::{Finding, Subject, not_looked_at};

use crate::app::{ACME_KEYS, store_settings};
use crate::auth::{Keys, Sealer};
use crate::config::{Acme, CertificateFiles};
use crate::store::{Store, StoreError};
use crate::tls::{self, Certificate};

const AREA: &str = "certificate";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Below this a certificate should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    if let Some(name) = subject.wrong(&["TLS_CERT_FILE", "TLS_KEY_FILE", "DOMAIN", "ACME_DIRECTORY_URL"]) {
        return not_looked_at(AREA, name);
    }
    let tls = &subject.config.tls;
    match (&tls.files, &tls.acme) {
        (Some(files), _) => in_files(files, &public_names(subject)),
        (None, Some(acme)) => in_database(subject, acme).await,
        (None, None) => Vec::new(),
    }
}

/// What the servers of this database have got from their certificate authority, name by name.
async fn in_database(subject: &Subject, acme: &Acme) -> Vec<Finding> {
    let Some((store, sealer)) = opened(subject) else {
        return vec![Finding::failure(
            AREA,
            "not looked at, because the database or a secret is wrong",
            "mend these first",
        )];
    };
    let mut findings = Vec::new();
    for domain in &acme.domains {
        let row = match store.acme_domain(&acme.directory, domain).await {
            Ok(row) => row,
            // No such table: the first start makes it.
            Err(StoreError::Rejected { sqlstate, .. }) if sqlstate == "42P01" => None,
            Err(error) => {
                let what = format!("what is known of {domain} cannot be read: {error}");
                findings.push(Finding::warning(AREA, what, "see what doctor says of the database"));
                continue;
            }
        };
        if let Some(error) = row.as_ref().and_then(|row| row.last_error.as_ref()) {
            findings.push(Finding::failure(
                AREA,
                format!("{domain}: the last attempt failed: {error}"),
                "see the server's log",
            ));
        }
        let Some((chain, sealed)) = row.and_then(|row| row.certificate) else {
            let next = "a server orders it when it starts; this name must lead to it, and ports 80 or 443 be open";
            findings.push(Finding::warning(AREA, format!("there is no certificate for {domain} yet"), next));
            continue;
        };
        match sealer.open(sealed.as_bytes()).map(|key| Certificate::from_pem(chain.as_bytes(), &key)) {
            Some(Ok(certificate)) => findings.extend(judged(&certificate, std::slice::from_ref(domain))),
            Some(Err(error)) => {
                findings.push(Finding::failure(AREA, format!("{domain}: {error}"), "a server orders another one"))
            }
            None => {
                let what = format!("the key of {domain} was sealed with other secrets than these");
                findings.push(Finding::warning(AREA, what, "a server orders a new certificate when it starts"));
            }
        }
    }
    findings
}

fn opened(subject: &Subject) -> Option<(Store, Sealer)> {
    let keys = &subject.config.keys;
    let keys = Keys::new(&keys.prod_api_key_secret, &keys.dev_api_key_secret).ok()?;
    let store = Store::new(store_settings(&subject.config.postgres)).ok()?;
    Some((store, keys.sealer(ACME_KEYS).ok()?))
}

fn in_files(files: &CertificateFiles, names: &[String]) -> Vec<Finding> {
    let read = |name: &str, path: &Path| {
        tls::read_file(path).map_err(|error| {
            let what = format!("{name} ({}) cannot be read: {error}", path.display());
            Finding::failure(AREA, what, "the file must be there and readable for the account that runs the server")
        })
    };
    let (chain, key) = match (read("TLS_CERT_FILE", &files.chain), read("TLS_KEY_FILE", &files.key)) {
        (Ok(chain), Ok(key)) => (chain, key),
        (chain, key) => return chain.err().into_iter().chain(key.err()).collect(),
    };
    let mut findings = match Certificate::from_pem(&chain, &key) {
        Ok(certificate) => judged(&certificate, names),
        Err(error) => {
            let next =
                "TLS_CERT_FILE holds the server's own certificate and then the intermediate ones, TLS_KEY_FILE its key";
            vec![Finding::failure(AREA, error.to_string(), next)]
        }
    };
    findings.extend(for_everybody(&files.key));
    findings
}

/// A certificate that was found, wherever it came from.
pub(super) fn judged(certificate: &Certificate, names: &[String]) -> Vec<Finding> {
    let mut findings = vec![time_left(certificate)];
    match certificate.chain_fault() {
        None => findings.push(Finding::ok(AREA, format!("its chain holds together ({})", certificate.chain_length()))),
        Some(fault) => findings.push(Finding::warning(
            AREA,
            fault,
            "use the file with the whole chain (fullchain.pem); browsers may mend it by themselves, SDKs do not",
        )),
    }
    let own = certificate.names().join(", ");
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !certificate.covers(name)).collect();
    if !missing.is_empty() {
        let what = format!("it is for {own} and not for {}", missing.join(", "));
        findings.push(Finding::failure(AREA, what, "get one that names them all"));
    } else if names.is_empty() {
        let next = "set PUBLIC_ORIGINS to the address that people type, and doctor compares the two";
        findings.push(Finding::warning(AREA, format!("it is for {own}; whether that is right is not known"), next));
    } else {
        findings.push(Finding::ok(AREA, format!("it is for {own}")));
    }
    findings
}

fn time_left(certificate: &Certificate) -> Finding {
    const NEXT: &str = "renew it; the server takes the new files by itself";
    let now = SystemTime::now();
    if certificate.not_before() > now {
        return Finding::failure(AREA, "it is not good yet", "is the clock of this machine right?");
    }
    match certificate.remaining(now) {
        None => Finding::failure(AREA, "its time is over", NEXT),
        Some(left) => {
            let what = format!("it is good for {} more days", left.as_secs() / DAY.as_secs());
            if left < SOON { Finding::warning(AREA, what, NEXT) } else { Finding::ok(AREA, what) }
        }
    }
}

fn for_everybody(key: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(key).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| {
        let what = format!("everybody on this machine can read the key in {}", key.display());
        Finding::warning(AREA, what, format!("chmod o-r {}", key.display()))
    })
}
