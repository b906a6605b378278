//! The page of a binary that was built without the dashboard. It says how to build one.

use super::code_flow::page;
use crate::http::{Method, Reply, Request, StatusCode, header};

const BODY: &str = "<p>The server is running, and programs with the SDK can connect. It was built without the dashboard, \
    which needs Node.js. In the checkout that it was built from:</p>\
    <pre>./dev dashboard\ncargo build --release</pre>\
    <p>Then start it again. Built files in another place are served with <code>DASHBOARD_DIR</code>. \
    <a href=\"/auth/login\">Sign in</a> works without the dashboard, too.</p>";

/// For people with a browser. Programs that ask for an unknown address get the usual refusal: `None`.
pub(super) fn page(request: &Request) -> Option<Reply> {
    let accepted = request.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let path = request.raw_path();
    let for_a_person = matches!(request.method, Method::GET | Method::HEAD)
        && accepted.into_iter().any(|types| types.contains("text/html"))
        && !["/api/", "/assets/"].iter().any(|prefix| path.starts_with(prefix));
    for_a_person.then(|| page::document(StatusCode::NOT_FOUND, "The dashboard is not built", BODY))
}
