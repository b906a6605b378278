//! The static site over the wire. What it does with each path and header is tested beside its code.

use super::company::refused;
use crate::support::{Request, Response, World, play, play_with};
use std::fs;
use tempfile::TempDir;

const INDEX: &str = "<!doctype html><title>Compose</title><script type=module src=/assets/app-1.js></script>";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("assets")).unwrap();
    fs::write(folder.path().join("index.html"), INDEX).unwrap();
    fs::write(folder.path().join("assets/app-1.js"), "console.log(1);".repeat(5_000)).unwrap();
    folder
}

fn play_site(scene: impl AsyncFnOnce(&mut World)) {
    let folder = folder();
    play_with(&[("DASHBOARD_DIR", folder.path().to_str().unwrap())], scene);
}

async fn get(world: &World, path: &str) -> Response {
    Request::get(path).send(world.address()).await
}

#[test]
fn http_d23_pages_are_the_index_and_api_paths_are_json() {
    play_site(async |world| {
        for path in [
            "/",
            "/home",
            "/home/settings",
            "/auth/login",
            "/auth/signup/",
            "/auth/google-oauth/redirect",
            "/new-user-flow",
            "/new-user-flow?token=x",
            "/app/11111111-1111-4111-8111-111111111111/hello",
            "/docs",
            "//etc/passwd",
        ] {
            let answer = get(world, path).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, INDEX), "{path}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        }
        for path in
            ["/api/v1/nothing", "/api/", "/assets/none.js", "/..%2f..%2fetc%2fpasswd", "/assets/../../x", "/%2e%2e/x"]
        {
            let answer = get(world, path).await;
            refused(&answer, 404);
            assert_eq!(answer.json()["statusCode"], 404);
        }
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let answer = Request::new(method, "/home").send(world.address()).await;
            refused(&answer, 404);
        }
        refused(&get(world, "/%zz").await, 400);
        let socket = Request::get("/home").header("Upgrade", "WebSocket").send(world.address()).await;
        refused(&socket, 404);
        let head = Request::new("HEAD", "/home").send(world.address()).await;
        assert_eq!((head.status, head.text().as_str()), (200, ""));
        assert_eq!(head.header("content-length"), Some(INDEX.len().to_string().as_str()));
        world.assert_healthy().await;
    });
}

#[test]
fn http_d24_pages_and_answers_carry_their_headers() {
    play_site(async |world| {
        let page = get(world, "/home").await;
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        assert_eq!(page.header("content-security-policy"), Some("frame-ancestors 'self'"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let script = get(world, "/assets/app-1.js").await;
        assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(script.header("x-content-type-options"), Some("nosniff"));
        for path in ["/api/v1/nothing", "/api/v1/auth/check", "/api/v1/report"] {
            let answer = get(world, path).await;
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        }
        let secret = "s3cr3t-google-token";
        get(world, &format!("/new-user-flow?token={secret}")).await;
        get(world, &format!("/api/v1/nothing?token={secret}")).await;
        assert!(!world.server.log().contains(secret), "a query in the log");
    });
}

#[test]
fn a_file_is_compressed_and_downloaded_once() {
    play_site(async |world| {
        let packed = Request::get("/assets/app-1.js").header("Accept-Encoding", "gzip, deflate, br");
        let packed = packed.send(world.address()).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert_eq!((packed.header("vary"), &packed.body[..2]), (Some("accept-encoding"), &[0x1f, 0x8b][..]));
        assert!(packed.body.len() < 5_000, "{}", packed.body.len());
        let plain = get(world, "/assets/app-1.js").await;
        assert_eq!((plain.body.len(), plain.header("content-encoding")), (75_000, None));
        let tag = plain.header("etag").unwrap();
        let again = Request::get("/assets/app-1.js").header("If-None-Match", tag).send(world.address()).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        let part = Request::get("/assets/app-1.js").header("Range", "bytes=0-6").send(world.address()).await;
        assert_eq!((part.status, part.text().as_str()), (206, "console"));
        assert_eq!(part.header("content-range"), Some("bytes 0-6/75000"));
    });
}

#[test]
fn with_no_web_client_every_unknown_address_is_refused_as_json() {
    play(async |world| {
        for path in ["/", "/home", "/app/11111111-1111-4111-8111-111111111111/hello", "/assets/app-1.js"] {
            let answer = Request::get(path).header("Accept", "text/html").send(world.address()).await;
            refused(&answer, 404);
            assert_eq!(answer.json()["statusCode"], 404, "{path}");
        }
    });
}

#[test]
fn the_policy_of_pages_can_be_set() {
    let (folder, policy) = (folder(), "default-src 'self'; frame-ancestors 'none'");
    let settings = [("DASHBOARD_DIR", folder.path().to_str().unwrap()), ("CONTENT_SECURITY_POLICY", policy)];
    play_with(&settings, async |world| {
        assert_eq!(get(world, "/home").await.header("content-security-policy"), Some(policy));
        assert_eq!(get(world, "/assets/app-1.js").await.header("content-security-policy"), None);
    });
}
