//! TLS to Postgres, with the meanings of libpq's `sslmode` (see [`SslMode`]).

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Settings, SslMode, StoreError};
use crate::tls::{Lenient, provider, read_file};

/// Makes the TLS half of a connector. Reads certificates from disk.
pub(super) fn connector(settings: &Settings) -> Result<MakeRustlsConnect, StoreError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Settings(format!("TLS to Postgres cannot be set up: {error}")))?;
    let roots = || match &settings.root_cert {
        Some(file) => roots_from_file(file),
        None => native_roots(),
    };
    let config = match (settings.sslmode, &settings.root_cert) {
        (SslMode::VerifyFull, _) if !settings.is_unix_socket() => {
            builder.with_root_certificates(roots()?).with_no_client_auth()
        }
        // As libpq does it: a given root certificate turns `require` into "check the chain, not the name".
        (SslMode::Require, Some(_)) if !settings.is_unix_socket() => {
            let chain = Lenient::any_name(roots()?, provider)
                .map_err(|error| StoreError::Settings(format!("the root certificates cannot be used: {error}")))?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(chain)).with_no_client_auth()
        }
        _ => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Lenient::any(provider))).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

fn roots_from_file(file: &Path) -> Result<RootCertStore, StoreError> {
    let fault =
        |what: String| StoreError::Settings(format!("root certificates for Postgres, {}: {what}", file.display()));
    let mut roots = RootCertStore::empty();
    let text = read_file(file).map_err(|error| fault(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault("holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

fn native_roots() -> Result<RootCertStore, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(StoreError::Settings(
            "sslmode verify-full: this system has no root certificates; install the package ca-certificates or set \
             POSTGRES_SSLROOTCERT"
                .to_owned(),
        ));
    }
    Ok(roots)
}
