//! The dashboard that was built together with this binary. `build.rs` makes the table.

/// A file of `dashboard/dist` with the compressed copies that its build has made.
pub(super) struct BuiltIn {
    /// Relative to the root of the site, with slashes.
    pub path: &'static str,
    pub content: &'static [u8],
    pub gzip: Option<&'static [u8]>,
    pub brotli: Option<&'static [u8]>,
}

/// Empty when the dashboard was not built before the binary.
pub(super) const FILES: &[BuiltIn] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
