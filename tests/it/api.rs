//! The routes of the dashboard. Defects of section 12 of the HTTP specification are named `http_d01`…`http_d41`.

mod billing;
mod company;
mod declared;
mod environments;
mod home;
mod shares;
mod users;
