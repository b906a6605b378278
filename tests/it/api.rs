//! The routes of the HTTP interface. Defects of section 12 of its specification are named `http_d01`…`http_d41`.

mod code_flow;
mod invites;
mod oidc;
mod sign_in;
mod sign_up;
