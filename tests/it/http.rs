//! The HTTP interface, as far as the relay needs it. Defects of section 12 of its specification are named `h05`…`h40`, so
//! that they are not taken for those of the relay protocol.

mod app_start;
mod cookies;
mod requests;
