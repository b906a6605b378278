//! The client against sockets that behave badly.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::tasks::Tasks;

fn client(roots: RootCertStore) -> Client {
    Client { tls: connect::connector(roots).unwrap(), places: Arc::new(Semaphore::new(AT_ONCE)), deadline: DEADLINE }
}

fn get(address: &str) -> Request<Vec<u8>> {
    Request::get(address).body(Vec::new()).unwrap()
}

/// Answers one connection with these bytes and then, when told so, keeps it open.
async fn plain(bytes: Vec<u8>, hang: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/path?q=1", listener.local_addr().unwrap());
    Tasks::new().spawn("test provider", async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = tcp.read(&mut head).await;
        let _ = tcp.write_all(&bytes).await;
        if hang {
            std::future::pending::<()>().await;
        }
    });
    address
}

async fn ask(bytes: impl Into<Vec<u8>>, hang: bool) -> Result<Response<Vec<u8>>, ClientError> {
    let address = plain(bytes.into(), hang).await;
    client(RootCertStore::empty()).send(get(&address)).await
}

#[tokio::test]
async fn whole_answers_of_every_form_are_read() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    ] {
        assert_eq!(ask(answer, false).await.unwrap().body(), b"{}", "{answer}");
    }
    let moved = ask("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", false).await;
    assert_eq!(moved.unwrap().status(), 302, "a redirect is an answer like any other");
}

#[tokio::test]
async fn huge_answers_are_not_read() {
    let exact = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; LARGEST_ANSWER]].concat();
    assert_eq!(ask(exact.clone(), false).await.unwrap().body().len(), LARGEST_ANSWER);
    assert_eq!(ask([exact, vec![b'x']].concat(), false).await.err(), Some(ClientError::TooLarge));
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n";
    assert_eq!(ask(announced, true).await.err(), Some(ClientError::TooLarge));
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2 * LARGEST_HEAD));
    assert_eq!(ask(head, true).await.err(), Some(ClientError::Broken));
}

#[tokio::test]
async fn what_is_broken_is_told_so() {
    for answer in ["", "not HTTP at all\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}"] {
        assert_eq!(ask(answer, false).await.err(), Some(ClientError::Broken), "{answer}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = client(RootCertStore::empty()).send(get(&format!("http://{nobody}/"))).await;
    assert_eq!(refused.err(), Some(ClientError::Connect));
    let outside = client(RootCertStore::empty()).send(get("http://192.0.2.1/")).await;
    assert_eq!(outside.err(), Some(ClientError::Address));
}

#[tokio::test]
async fn slow_answers_are_not_waited_for() {
    for bytes in ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"] {
        let hasty = Client { deadline: Duration::from_millis(150), ..client(RootCertStore::empty()) };
        let address = plain(bytes.into(), true).await;
        assert_eq!(hasty.send(get(&address)).await.err(), Some(ClientError::Timeout), "{bytes}");
    }
}

#[tokio::test]
async fn only_trusted_certificates_of_the_right_name_are_believed() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(crate::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    Tasks::new().spawn("test provider", async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            let mut head = [0; 1024];
            let _ = tls.read(&mut head).await;
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
            let _ = tls.shutdown().await;
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let believing = client(roots);
    assert_eq!(believing.send(get(&format!("https://localhost:{port}/"))).await.unwrap().body(), b"{}");
    let other_name = believing.send(get(&format!("https://127.0.0.1:{port}/"))).await;
    assert_eq!(other_name.err(), Some(ClientError::Tls));
    let stranger = client(RootCertStore::empty()).send(get(&format!("https://localhost:{port}/"))).await;
    assert_eq!(stranger.err(), Some(ClientError::Tls));
}
