//! What is said on `LISTEN_HTTP` beside a listener for https: the answers to a certificate authority's challenges
//! (RFC 8555 section 8.3), and for everything else that it is at https.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::refusal::Refusal;
use super::sockets;
use crate::http::{Exchange, Fault, Handler, HeaderValue, Label, Method, Reply, Request, StatusCode, header, reply};
use crate::metrics::Requests;
use crate::tls::Challenges;

/// Where a certificate authority asks.
const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// What plain HTTP is answered where TLS is spoken, whole, because no request is read there. With a reason: the Node SDK waits
/// for ever without one.
pub const ANSWER_TO_PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 73\r\n\
    cache-control: no-store\r\n\
    connection: close\r\n\
    x-compose-error-code: srvr12\r\n\
    x-compose-error-reason: This%20server%20is%20to%20be%20reached%20by%20https%2E\r\n\
    \r\n\
    This port speaks TLS. Use an address that begins with https:// or wss://\n";

/// Answers challenges and leads to https: a [`Handler`].
pub struct PlainHttp {
    challenges: Challenges,
    port: u16,
    requests: Requests,
}

impl PlainHttp {
    /// `port` is where https is listened for; answers are counted in `requests`.
    #[must_use]
    pub fn new(challenges: Challenges, port: u16, requests: Requests) -> Arc<Self> {
        Arc::new(Self { challenges, port, requests })
    }

    fn say(&self, request: &Request) -> Reply {
        if let Some(token) = request.raw_path().strip_prefix(CHALLENGES) {
            return self.challenge(&request.method, token);
        }
        let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let Some(address) = host.and_then(|host| https(host, self.port, &request.target())) else {
            let text = "This address is for https only, and the request does not say for which host it is.\n";
            return reply(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", text);
        };
        let mut reply = reply(StatusCode::PERMANENT_REDIRECT, "text/plain; charset=utf-8", "");
        reply.headers_mut().insert(header::LOCATION, address);
        reply.extensions_mut().insert(Label { route: "(redirect)", quiet: false });
        reply
    }

    fn challenge(&self, method: &Method, token: &str) -> Reply {
        let known = matches!(*method, Method::GET | Method::HEAD).then(|| self.challenges.key_authorization(token));
        let mut reply = match known.flatten() {
            Some(text) => reply(StatusCode::OK, "application/octet-stream", text.as_bytes().to_vec()),
            None => reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is no such challenge.\n"),
        };
        reply.extensions_mut().insert(Label { route: "/.well-known/acme-challenge/:token", quiet: false });
        reply
    }
}

impl Handler for PlainHttp {
    fn answer(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        let mut reply = self.say(&request);
        if sockets::comes_from_an_sdk(&request) || sockets::is_sdk_path(request.raw_path()) {
            sockets::explain_https(&mut reply);
        }
        Box::pin(std::future::ready(reply))
    }

    fn fault(&self, fault: Fault, _target: &str) -> Reply {
        Refusal::Fault(fault).reply()
    }

    fn answered(&self, exchange: &Exchange) {
        self.requests.add(exchange.method, exchange.route, exchange.status, exchange.took);
    }
}

/// The same address at https. `None` when it cannot be told.
fn https(host: &str, port: u16, target: &str) -> Option<HeaderValue> {
    let url = url::Url::parse(&format!("http://{host}/")).ok()?;
    let name = url.host_str().filter(|name| !name.is_empty())?;
    // `*` and `CONNECT host:port` are no paths.
    let path = if target.starts_with('/') { target } else { "/" };
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    HeaderValue::try_from(format!("https://{name}{port}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::{ANSWER_TO_PLAIN_HTTP, https};

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let text = std::str::from_utf8(ANSWER_TO_PLAIN_HTTP).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{}", body.len());
        assert!(head.lines().all(|line| line == line.trim()), "{head}");
    }

    #[test]
    fn addresses_stay_what_they_are_but_for_scheme_and_port() {
        for (host, port, target, expected) in [
            ("tools.example.com", 443, "/apps/x?y=1&z=%2F", Some("https://tools.example.com/apps/x?y=1&z=%2F")),
            ("Tools.Example.Com:80", 8443, "/", Some("https://tools.example.com:8443/")),
            ("[2001:db8::1]:8080", 443, "/", Some("https://[2001:db8::1]/")),
            ("a.test", 443, "*", Some("https://a.test/")),
            ("a.test", 443, "//evil.test/", Some("https://a.test//evil.test/")),
            ("evil.test/x", 443, "/", Some("https://evil.test/")),
            ("", 443, "/", None),
            ("a b", 443, "/", None),
        ] {
            let address = https(host, port, target);
            assert_eq!(address.as_ref().map(|address| address.to_str().unwrap()), expected, "{host} {target}");
        }
    }
}
