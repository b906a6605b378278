//! Whether a certificate is good now, and for how long.

use std::time::{Duration, SystemTime};

use super::certificate::Certificate;

/// Who has less than this left, and less than a quarter of the whole life, should have been replaced.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// What the clock says about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Not good yet: issued for later, or a clock is wrong.
    Early,
    /// Good.
    Good,
    /// Good, but not for long.
    Late,
    /// Ended.
    Over,
}

impl Age {
    /// Judges a certificate at `now`.
    #[must_use]
    pub fn of(certificate: &Certificate, now: SystemTime) -> Self {
        if now < certificate.not_before() {
            return Self::Early;
        }
        let Some(left) = certificate.remaining(now) else { return Self::Over };
        let life = certificate.not_after().duration_since(certificate.not_before()).unwrap_or_default();
        if left < SOON.min(life / 4) { Self::Late } else { Self::Good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_lives() {
        let at = |days: u64, hours: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + hours * 3_600);
        let made = |days: u8| {
            let mut parameters = rcgen::CertificateParams::new(["a.test".to_owned()]).unwrap();
            (parameters.not_before, parameters.not_after) = (
                rcgen::date_time_ymd(2020, 1, 1),
                rcgen::date_time_ymd(2020, if days > 31 { 3 } else { 1 }, days % 60),
            );
            let key = rcgen::KeyPair::generate().unwrap();
            let pem = parameters.self_signed(&key).unwrap().pem();
            Certificate::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
        };
        // 2020-01-01 is day 18262; the lives are 6 and 90 days (until 2020-03-31).
        let (short, long) = (made(7), made(91));
        for (certificate, day, hour, age) in [
            (&short, 18_261, 23, Age::Early),
            (&short, 18_262, 1, Age::Good),
            (&short, 18_266, 11, Age::Good),
            (&short, 18_266, 13, Age::Late),
            (&short, 18_268, 1, Age::Over),
            (&long, 18_337, 0, Age::Good),
            (&long, 18_339, 0, Age::Late),
        ] {
            assert_eq!(Age::of(certificate, at(day, hour)), age, "day {day}, hour {hour}");
        }
    }
}
