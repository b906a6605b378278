//! A site on disk, asked without a network.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::http::{HeaderName, HeaderValue, StatusCode, header};

const SCRIPT: &str = "/assets/app-1a2b.js";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("site").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("index.html", "<!doctype html><title>Compose</title>");
    write("assets/app-1a2b.js", &"console.log(1);".repeat(1000));
    write("assets/logo.png", "not really");
    write("pre.css", &"a{}".repeat(1000));
    write("pre.css.br", "brotli");
    write("lonely.txt.gz", "gzip");
    write("../secret.txt", "root:x:0");
    symlink(folder.path().join("secret.txt"), folder.path().join("site/leak.txt")).unwrap();
    symlink("/nowhere", folder.path().join("site/dangling")).unwrap();
    symlink(folder.path().join("site/index.html"), folder.path().join("site/same.html")).unwrap();
    folder
}

fn site() -> Dashboard {
    Dashboard::read(&folder().path().join("site"), None).unwrap()
}

fn ask(path: &str, headers: &[(&'static str, &str)]) -> Option<Reply> {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    site().answer(&Method::GET, &Path::parse(path).unwrap(), &headers)
}

fn text<'a>(reply: &'a Reply, name: &HeaderName) -> &'a str {
    reply.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn length(reply: &Reply) -> u64 {
    use hyper::body::Body as _;
    reply.body().size_hint().exact().unwrap()
}

#[test]
fn every_page_of_the_client_is_the_index() {
    for path in ["/", "/home", "/home/settings", "/auth/signup/", "/docs", "/app/1/hello", "/api", "/missing.ico"] {
        let reply = ask(path, &[]).unwrap_or_else(|| panic!("{path}"));
        assert_eq!((reply.status(), length(&reply)), (StatusCode::OK, 37), "{path}");
        assert_eq!(text(&reply, &header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(text(&reply, &header::CACHE_CONTROL), "no-cache");
        assert_eq!(text(&reply, &header::CONTENT_SECURITY_POLICY), "frame-ancestors 'self'");
        assert_eq!(text(&reply, &header::REFERRER_POLICY), "same-origin");
        assert_eq!(text(&reply, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
}

#[test]
fn what_is_no_page_is_not_there() {
    for path in [
        "/api/v1/nothing",
        "/api/",
        "/assets/missing.js",
        "/assets/",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/assets/../../secret.txt",
        "/assets/%00",
        "*",
    ] {
        assert!(ask(path, &[]).is_none(), "{path}");
    }
    let path = Path::parse("/home").unwrap();
    assert!(site().answer(&Method::POST, &path, &HeaderMap::new()).is_none());
}

#[test]
fn links_out_of_the_folder_are_not_served_and_others_are() {
    assert_eq!(length(&ask("/leak.txt", &[]).unwrap()), 37, "the index, not the file behind the link");
    assert_eq!(length(&ask("/dangling", &[]).unwrap()), 37);
    assert_eq!(text(&ask("/same.html", &[]).unwrap(), &header::CONTENT_TYPE), "text/html; charset=utf-8");
}

#[test]
fn hashed_names_are_kept_for_ever() {
    let reply = ask(SCRIPT, &[]).unwrap();
    assert_eq!(text(&reply, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(text(&reply, &header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(text(&ask("/pre.css", &[]).unwrap(), &header::CACHE_CONTROL), "public, max-age=0");
}

#[test]
fn compression_is_chosen_by_the_client() {
    for (path, accepted, encoding) in [
        (SCRIPT, "gzip, deflate, br", "gzip"),
        (SCRIPT, "GZIP;q=0.5", "gzip"),
        (SCRIPT, "gzip;q=0", ""),
        (SCRIPT, "br", ""),
        (SCRIPT, "", ""),
        ("/pre.css", "gzip, br", "br"),
        ("/pre.css", "gzip", "gzip"),
        ("/assets/logo.png", "gzip, br", ""),
        ("/", "gzip", ""),
    ] {
        let reply = ask(path, &[("accept-encoding", accepted)]).unwrap();
        assert_eq!(text(&reply, &header::CONTENT_ENCODING), encoding, "{path} {accepted}");
    }
    let (plain, packed) = (ask(SCRIPT, &[]).unwrap(), ask(SCRIPT, &[("accept-encoding", "gzip")]).unwrap());
    assert!(length(&packed) * 10 < length(&plain));
    assert_ne!(text(&plain, &header::ETAG), text(&packed, &header::ETAG));
    assert_eq!(text(&plain, &header::VARY), "accept-encoding");
    assert_eq!(text(&ask("/lonely.txt.gz", &[]).unwrap(), &header::CONTENT_TYPE), "application/octet-stream");
}

#[test]
fn a_tag_saves_the_second_download() {
    let first = ask(SCRIPT, &[]).unwrap();
    let tag = text(&first, &header::ETAG).to_owned();
    assert!(tag.starts_with('"'), "a strong tag: {tag}");
    for given in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
        let reply = ask(SCRIPT, &[("if-none-match", &given)]).unwrap();
        assert_eq!((reply.status(), length(&reply)), (StatusCode::NOT_MODIFIED, 0), "{given}");
        assert_eq!(text(&reply, &header::ETAG), tag);
    }
    assert_eq!(ask(SCRIPT, &[("if-none-match", "\"x\"")]).unwrap().status(), StatusCode::OK);
    assert_eq!(ask(SCRIPT, &[("if-match", "\"x\"")]).unwrap().status(), StatusCode::PRECONDITION_FAILED);
}

#[test]
fn parts_of_files() {
    let tag = text(&ask(SCRIPT, &[]).unwrap(), &header::ETAG).to_owned();
    for (range, status, shown, bytes) in [
        ("bytes=0-9", 206, "bytes 0-9/15000", 10),
        ("bytes=14990-", 206, "bytes 14990-14999/15000", 10),
        ("bytes=-5", 206, "bytes 14995-14999/15000", 5),
        ("bytes=14999-99999", 206, "bytes 14999-14999/15000", 1),
        ("bytes=15000-", 416, "bytes */15000", 0),
        ("bytes=0-1,5-6", 200, "", 15000),
        ("bytes=9-0", 416, "bytes */15000", 0),
    ] {
        let reply = ask(SCRIPT, &[("range", range), ("accept-encoding", "gzip")]).unwrap();
        let seen = (reply.status().as_u16(), text(&reply, &header::CONTENT_RANGE), length(&reply));
        assert_eq!(seen, (status, shown, bytes), "{range}");
    }
    assert_eq!(ask(SCRIPT, &[("range", "lines=0-1")]).unwrap().status(), StatusCode::OK, "an unknown unit");
    let reply = ask(SCRIPT, &[("range", "bytes=0-9"), ("if-range", &tag)]).unwrap();
    assert_eq!(reply.status(), StatusCode::PARTIAL_CONTENT);
    let reply = ask(SCRIPT, &[("range", "bytes=0-9"), ("if-range", "\"old\"")]).unwrap();
    assert_eq!((reply.status(), length(&reply)), (StatusCode::OK, 15000));
}

#[test]
fn a_folder_without_an_index_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = Dashboard::read(folder.path(), None).unwrap_err().to_string();
    assert!(error.contains("index.html") && error.contains("DASHBOARD_DIR"), "{error}");
    let error = Dashboard::read(&folder.path().join("none"), None).unwrap_err().to_string();
    assert!(error.contains("none"), "{error}");
}

#[test]
fn a_policy_can_be_told() {
    let folder = folder();
    let told = HeaderValue::from_static("default-src 'self'");
    let site = Dashboard::read(&folder.path().join("site"), Some(told.clone())).unwrap();
    let reply = site.answer(&Method::GET, &Path::parse("/home").unwrap(), &HeaderMap::new()).unwrap();
    assert_eq!(reply.headers()[header::CONTENT_SECURITY_POLICY], told);
    assert_eq!(reply.headers()[header::REFERRER_POLICY], "same-origin");
    let reply = site.answer(&Method::GET, &Path::parse(SCRIPT).unwrap(), &HeaderMap::new()).unwrap();
    assert!(reply.headers().get(header::CONTENT_SECURITY_POLICY).is_none());
}

#[test]
fn our_own_pages_run_no_inline_script_and_load_no_code_from_elsewhere() {
    for loose in ["unsafe-", "*", "http:"] {
        assert!(!policy::OWN.contains(loose), "{loose}");
    }
    for part in policy::OWN.split("; ") {
        let elsewhere = part.contains("https:");
        assert_eq!(elsewhere, part.starts_with("img-src") || part.starts_with("media-src"), "{part}");
    }
    let mut headers = HeaderMap::new();
    Policy::own(None).put(&mut headers);
    assert_eq!(headers[header::CONTENT_SECURITY_POLICY], policy::OWN);
    for name in ["referrer-policy", "permissions-policy", "cross-origin-opener-policy"] {
        assert!(headers.contains_key(name), "{name}");
    }
}

/// Whether the dashboard was built before this test or not: what is there is whole.
#[test]
fn what_is_built_in_is_a_whole_site_or_nothing() {
    let Some(site) = Dashboard::built_in(None) else {
        assert!(built_in::FILES.is_empty());
        return;
    };
    let index = built_in::FILES.iter().find(|file| file.path == INDEX).unwrap();
    let index = std::str::from_utf8(index.content).unwrap();
    let named: Vec<&str> =
        index.split(['"', '\'', ' ']).filter(|text| text.starts_with('/') && text.contains('.')).collect();
    assert!(named.iter().any(|path| path.starts_with("/assets/")), "{index}");
    for path in named {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))]);
        let reply = site.answer(&Method::GET, &Path::parse(path).unwrap(), &headers).unwrap();
        assert_ne!(text(&reply, &header::CONTENT_TYPE), media_type::HTML, "{path} is not there");
        if path.starts_with("/assets/") && length(&reply) > 1024 {
            assert_eq!(text(&reply, &header::CONTENT_ENCODING), "br", "{path}");
        }
    }
    assert!(built_in::FILES.iter().all(|file| !file.path.ends_with(".gz") && !file.path.ends_with(".br")));
}
