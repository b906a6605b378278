//! TLS in this process: certificates from files, kept fresh, and watched for their end.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::Error;
use crate::config;
use crate::lifecycle::Hangups;
use crate::tasks::Tasks;
use crate::tls::{Age, Certificate, Certificates, Challenges, Files, Look, Server, Source};

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Between two warnings about a certificate that ends soon.
const WARN_EVERY: Duration = Duration::from_secs(12 * 3600);

/// TLS in this process.
pub(super) struct Encryption {
    pub(super) certificates: Certificates,
    pub(super) server: Server,
    files: Option<Files>,
}

/// Reads the files. `None`: this process does not speak TLS.
pub(super) async fn prepare(settings: &config::Tls) -> Result<Option<Encryption>, Error> {
    if !settings.is_on() {
        return Ok(None);
    }
    let certificates = Certificates::new(Challenges::default());
    let server = Server::new(&certificates).map_err(|error| Error::System(std::io::Error::other(error)))?;
    let mut files = settings.files.as_ref().map(|files| Files::new(files.chain.clone(), files.key.clone()));
    if let Some(files) = &mut files {
        match look(files, false).await? {
            Look::New(certificate) => take(&certificates, certificate),
            Look::Bad(error) => return Err(Error::Files(error)),
            Look::Same => {}
        }
    }
    Ok(Some(Encryption { certificates, server, files }))
}

/// Starts what keeps the certificates fresh; hears SIGHUP also where there is nothing to read.
pub(super) fn start(encryption: Option<&mut Encryption>, hangups: Hangups, tasks: &Tasks) {
    let files = encryption.and_then(|encryption| {
        tasks.spawn("tls.age", watch_age(encryption.certificates.clone(), tasks.clone()));
        Some((encryption.files.take()?, encryption.certificates.clone()))
    });
    tasks.spawn("hangups", follow(files, hangups, tasks.clone()));
}

async fn follow(mut files: Option<(Files, Certificates)>, mut hangups: Hangups, tasks: Tasks) {
    loop {
        let asked = tokio::select! {
            () = tasks.stopped() => return,
            () = hangups.next() => true,
            () = sleep(LOOK_EVERY), if files.is_some() => false,
        };
        let Some((files, certificates)) = &mut files else {
            tracing::info!("SIGHUP: there is nothing that could be read again");
            continue;
        };
        match look(files, !asked).await {
            Ok(Look::New(certificate)) => take(certificates, certificate),
            Ok(Look::Bad(error)) => tracing::error!(%error, "the new certificate cannot be used; the old one is kept"),
            Ok(Look::Same) if asked => tracing::info!("SIGHUP: the certificate is the same as before"),
            Ok(Look::Same) => {}
            Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
        }
    }
}

/// Looks at the files on a thread that may wait for a disk.
async fn look(files: &mut Files, patient: bool) -> Result<Look, Error> {
    let [chain, key] = files.paths().map(std::path::Path::to_owned);
    let mut taken = std::mem::replace(files, Files::new(chain, key));
    let looked = tokio::task::spawn_blocking(move || {
        let look = taken.look(patient);
        (taken, look)
    });
    let (back, look) = looked.await.map_err(std::io::Error::other)?;
    *files = back;
    Ok(look)
}

fn take(certificates: &Certificates, certificate: Certificate) {
    tracing::info!(
        tls.names = certificate.names().join(" "),
        tls.days = days(&certificate),
        "the certificate is in use for new connections"
    );
    certificates.replace(Source::Files, vec![certificate]);
}

/// Warns of certificates that are not good, or not for long.
async fn watch_age(certificates: Certificates, tasks: Tasks) {
    let mut replaced = certificates.watch();
    loop {
        for (_, certificate) in certificates.list() {
            let names = certificate.names().join(" ");
            match Age::of(&certificate, SystemTime::now()) {
                Age::Good => {}
                Age::Late => tracing::warn!(
                    tls.names = names,
                    tls.days = days(&certificate),
                    "the certificate ends soon and nobody has replaced it"
                ),
                Age::Over => {
                    tracing::error!(
                        tls.names = names,
                        "the certificate has ended: browsers and SDKs refuse it; replace it"
                    );
                }
                Age::Early => tracing::error!(
                    tls.names = names,
                    "the certificate is not good yet: is the clock of this machine right?"
                ),
            }
        }
        tokio::select! {
            () = tasks.stopped() => return,
            () = replaced.changed() => {}
            () = sleep(WARN_EVERY) => {}
        }
    }
}

fn days(certificate: &Certificate) -> u64 {
    certificate.remaining(SystemTime::now()).map_or(0, |left| left.as_secs() / 86_400)
}
