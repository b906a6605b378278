//! The routes of the dashboard. Defects of section 12 of the HTTP specification are named `http_d01`…`http_d41`.

mod audit_log;
mod audit_outage;
mod bad_data;
mod billing;
mod code_flow;
mod company;
mod cross_site;
mod declared;
mod environments;
mod error_reports;
mod foreign;
mod fuzz;
mod home;
mod invites;
mod limits;
mod neutral;
mod oidc;
mod report;
mod revocation;
mod shapes;
mod shares;
mod sign_in;
mod sign_in_page;
mod sign_up;
mod site;
mod users;
