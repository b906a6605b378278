//! When a certificate is renewed.

use std::time::{Duration, SystemTime};

use crate::tls::Certificate;

/// Two thirds of the life, and up to a thirtieth of it earlier. The jitter hangs on the certificate alone, so that all
/// processes mean the same moment, and many certificates of one day are not renewed in one minute.
pub(super) fn due(certificate: &Certificate) -> SystemTime {
    let jitter = certificate.fingerprint().first().copied().unwrap_or_default();
    due_at(certificate.not_before(), certificate.not_after(), jitter)
}

fn due_at(begin: SystemTime, end: SystemTime, jitter: u8) -> SystemTime {
    let life = end.duration_since(begin).unwrap_or_default();
    let earlier = life / 30 * u32::from(jitter) / 255;
    begin + (life / 3 * 2).saturating_sub(earlier)
}

/// How long until then.
pub(super) fn until(moment: SystemTime) -> Duration {
    moment.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thirds_and_a_little_earlier() {
        let begin = SystemTime::UNIX_EPOCH;
        let day = Duration::from_secs(86_400);
        assert_eq!(due_at(begin, begin + 90 * day, 0), begin + 60 * day);
        assert_eq!(due_at(begin, begin + 90 * day, 255), begin + 57 * day);
        assert_eq!(due_at(begin, begin, 9), begin, "one without a life is due at once");
    }
}
