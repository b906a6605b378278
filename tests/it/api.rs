//! The routes of the dashboard. Defects of section 12 of the HTTP specification are named `http_d01`…`http_d41`.

mod audit_log;
mod billing;
mod company;
mod declared;
mod environments;
mod error_reports;
mod fuzz;
mod home;
mod limits;
mod report;
mod shares;
mod site;
mod users;
