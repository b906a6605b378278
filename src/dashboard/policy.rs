//! What a browser may do on a page of the site: the headers that only pages carry (http-api 9, D-24).

use crate::http::{HeaderMap, HeaderName, HeaderValue};

/// The Content-Security-Policy of our own dashboard. `docs/SECURITY-MODEL.md` gives the reason for each part.
pub(super) const OWN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' https: data: blob:; media-src 'self' https: data: blob:; connect-src 'self'; manifest-src 'self'; \
    worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'";
/// That of another client's pages: no more than framing, because nobody knows what such a client needs.
pub(super) const FOREIGN: &str = "frame-ancestors 'self'";

/// The device features that no page of ours uses.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()";

/// The headers of pages.
pub(super) struct Policy(Vec<(HeaderName, HeaderValue)>);

impl Policy {
    /// `content` stands for the Content-Security-Policy.
    fn new(content: HeaderValue) -> Self {
        let fixed = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self(vec![
            (HeaderName::from_static("content-security-policy"), content),
            fixed("referrer-policy", "same-origin"),
        ])
    }

    /// For our own dashboard.
    pub fn own(content: Option<HeaderValue>) -> Self {
        let mut policy = Self::new(content.unwrap_or_else(|| HeaderValue::from_static(OWN)));
        for (name, value) in [("permissions-policy", PERMISSIONS), ("cross-origin-opener-policy", "same-origin")] {
            policy.0.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
        }
        policy
    }

    /// For any other client.
    pub fn foreign(content: Option<HeaderValue>) -> Self {
        Self::new(content.unwrap_or_else(|| HeaderValue::from_static(FOREIGN)))
    }

    pub fn put(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name.clone(), value.clone());
        }
    }
}
