//! How often people may ask, and how long things are kept.

use std::num::NonZeroU32;

use super::reader::Reader;

/// How often people may ask, and how long things are kept.
#[derive(Clone, Debug)]
pub struct Limits {
    /// `REQUESTS_PER_MINUTE_PER_ADDRESS`: on routes without a login; `None`: no limit.
    pub address_per_minute: Option<NonZeroU32>,
    /// `REQUESTS_PER_MINUTE_PER_LOGIN`: on all other routes; `None`: no limit.
    pub session_per_minute: Option<NonZeroU32>,
    /// `AUDIT_LOG_RETENTION_DAYS`; `None`: entries are kept for ever.
    pub audit_log_retention_days: Option<NonZeroU32>,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut count = |name, most, default| {
            let number = reader.number(name, 0..=most, default);
            NonZeroU32::new(u32::try_from(number).unwrap_or(u32::MAX))
        };
        Self {
            address_per_minute: count("REQUESTS_PER_MINUTE_PER_ADDRESS", 1_000_000, 600),
            session_per_minute: count("REQUESTS_PER_MINUTE_PER_LOGIN", 1_000_000, 1_200),
            audit_log_retention_days: count("AUDIT_LOG_RETENTION_DAYS", 36_500, 0),
        }
    }
}
