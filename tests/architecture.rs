//! The walls of the house: which room may name which, and which crate lives where. Reads `src/` as text, so a breach is
//! named by file and line before anybody has to understand it. `docs/ARCHITECTURE.md` gives the reasons.

#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may name. Everything in `src/` belongs to one of them.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["app", "auth", "config", "doctor", "lifecycle", "secret", "store", "telemetry"]),
    ("doctor", &["app", "auth", "config", "dashboard", "http", "metrics", "store", "tls"]),
    (
        "app",
        &[
            "acme",
            "admin",
            "api",
            "auth",
            "config",
            "control",
            "dashboard",
            "http",
            "lifecycle",
            "metrics",
            "net",
            "relay",
            "secret",
            "sign_in",
            "store",
            "tasks",
            "telemetry",
            "tls",
            "wire",
        ],
    ),
    ("admin", &["acme", "http", "lifecycle", "metrics", "net", "relay", "store", "tls"]),
    ("acme", &["auth", "http", "metrics", "secret", "store", "tasks", "tls"]),
    (
        "api",
        &[
            "auth",
            "control",
            "dashboard",
            "http",
            "metrics",
            "relay",
            "secret",
            "sign_in",
            "store",
            "tasks",
            "telemetry",
            "tls",
            "wire",
        ],
    ),
    ("sign_in", &["auth", "http", "secret"]),
    ("control", &["auth", "relay", "store", "tasks", "wire"]),
    ("dashboard", &["http"]),
    ("auth", &["secret", "store", "wire"]),
    ("http", &["net", "tasks", "tls"]),
    ("relay", &["tls", "wire"]),
    ("lifecycle", &["tasks"]),
    ("store", &["metrics", "secret", "tls"]),
    ("config", &["secret"]),
    ("net", &["metrics", "tls"]),
    ("metrics", &[]),
    ("wire", &[]),
    ("telemetry", &[]),
    ("tasks", &[]),
    ("tls", &[]),
    ("secret", &[]),
];

/// A path that may stand only in these files or directories. One that ends in `::` is a crate.
const HOMES: &[(&str, &[&str])] = &[
    ("tokio_postgres::", &["store/"]),
    ("deadpool_postgres::", &["store/"]),
    ("tokio_postgres_rustls::", &["store/tls.rs"]),
    ("rustls_native_certs::", &["http/client/", "store/tls.rs"]),
    ("rustls::", &["http/client.rs", "http/client/", "store/tls.rs", "tls/"]),
    ("rustls::crypto::ring", &["tls/provider.rs"]),
    ("rustls::crypto::aws_lc_rs", &["tls/provider.rs"]),
    ("tokio_rustls::", &["http/client.rs", "http/client/"]),
    ("x509_cert::", &["tls/"]),
    ("instant_acme::", &["acme/"]),
    ("rcgen::", &["acme/challenge.rs", "http/client/tests.rs", "tls/"]),
    ("oauth2::", &["sign_in/"]),
    ("hyper::", &["http.rs", "http/", "net/", "dashboard/tests.rs"]),
    ("hyper_util::", &["http.rs", "http/", "net/"]),
    ("http_body_util::", &["acme/transport.rs", "http.rs", "http/", "net/"]),
    ("hashbrown::", &["relay/"]),
    ("mio::", &["relay/"]),
    ("nix::", &["net/"]),
    ("rustix::", &["cli/start.rs"]),
    ("compose_relay_allocator::", &["main.rs", "cli/start.rs", "relay/shard.rs", "relay/shard/slim.rs"]),
    ("listenfd::", &["net/inherited.rs"]),
    ("sd_notify::", &["lifecycle/service_manager.rs"]),
    ("flate2::", &["dashboard/"]),
    ("headers::", &["dashboard/"]),
    ("prometheus_client::", &["metrics.rs", "metrics/"]),
    ("governor::", &["api/limits.rs"]),
    ("clap::", &["cli.rs", "cli/"]),
    ("tracing_subscriber::", &["telemetry.rs", "telemetry/", "config/logs.rs"]),
    ("fastwebsockets::", &[]),
    ("std::env::var", &["config.rs", "config/"]),
    ("env::var", &["config.rs", "config/"]),
    ("tokio::spawn", &["tasks.rs"]),
    ("task::spawn", &["tasks.rs"]),
    ("tokio::task::spawn", &["tasks.rs"]),
];

/// Not bound to the home of `tokio::task::spawn`: it starts a thread of the blocking pool, whose end is awaited in place.
const NO_SPAWN: &str = "tokio::task::spawn_blocking";

#[test]
fn no_room_names_a_room_that_it_may_not() {
    let breaches: Vec<String> = sources().iter().flat_map(|file| direction(&file.path, &file.text)).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_confined_crate_is_at_home() {
    let breaches: Vec<String> = sources().iter().flat_map(|file| homes(&file.path, &file.text)).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_file_has_a_room_and_a_telling_name() {
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain(["lib"]).collect();
    for Source { path, .. } in sources() {
        assert!(known.contains(room_of(&path)), "src/{path}: a room without a line in tests/architecture.rs");
        for part in path.trim_end_matches(".rs").split('/') {
            assert!(
                !["mod", "util", "utils", "common", "helpers", "misc"].contains(&part),
                "src/{path}: name it better"
            );
        }
    }
}

#[test]
fn the_rooms_have_an_order() {
    // Each room may only name rooms further down, so there are no circles.
    for (at, (room, may)) in ROOMS.iter().enumerate() {
        for other in *may {
            let place = ROOMS.iter().position(|(name, _)| name == other);
            assert!(place.is_some_and(|place| place > at), "{room} may name {other}, which does not stand below it");
        }
    }
}

// ---- the rules ------------------------------------------------------------------------------------------------------

fn direction(path: &str, text: &str) -> Vec<String> {
    let room = room_of(path);
    let allowed = allowed(room, path);
    named_rooms(path, text)
        .into_iter()
        .filter(|(_, named)| *named != room && room != "lib" && !allowed.contains(named.as_str()))
        .map(|(line, named)| format!("src/{path}:{line}: {room} must not name {named}"))
        .collect()
}

/// Tests set up what stands below their room with their own hands, so they may reach as far down as the room does.
fn allowed(room: &str, path: &str) -> BTreeSet<&'static str> {
    let of = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, may)| *may);
    let mut all: BTreeSet<&str> = of(room).iter().copied().collect();
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        let mut open: Vec<&str> = all.iter().copied().collect();
        while let Some(next) = open.pop() {
            open.extend(of(next).iter().copied().filter(|room| all.insert(room)));
        }
    }
    all
}

fn homes(path: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    for (number, line) in code_lines(text) {
        for (item, homes) in HOMES {
            let at_home = homes.iter().any(|home| path == *home || (home.ends_with('/') && path.starts_with(home)));
            if !at_home && words(&line.replace(NO_SPAWN, ""), item) {
                let homes = if homes.is_empty() { "nowhere" } else { &homes.join(", ") };
                breaches.push(format!("src/{path}:{number}: {item} belongs to {homes}"));
            }
        }
    }
    breaches
}

/// The rooms that a file names by `crate::`, `compose_relay::`, or by as many `super::` as lead to the root.
fn named_rooms(path: &str, text: &str) -> Vec<(usize, String)> {
    let depth = path.split('/').count();
    let to_root = "super::".repeat(depth);
    let lines: Vec<(usize, String)> = code_lines(text);
    // One text, so that a group may go over several lines; offsets lead back to line numbers.
    let mut joined = String::new();
    let mut starts = Vec::new();
    for (number, line) in &lines {
        starts.push((joined.len(), *number));
        joined.push_str(line);
        joined.push('\n');
    }
    let line_of = |offset: usize| starts.iter().take_while(|(start, _)| *start <= offset).last().map_or(0, |(_, n)| *n);

    let mut found = Vec::new();
    for root in ["crate::", "compose_relay::", to_root.as_str()] {
        for (offset, _) in joined.match_indices(root) {
            let before = joined[..offset].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
                continue;
            }
            let begin = offset + root.len();
            for (at, name) in first_names(&joined[begin..]) {
                if ROOMS.iter().any(|(room, _)| *room == name) {
                    found.push((line_of(begin + at), name.to_owned()));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `a::b` names `a`; `{a, b::{c, d}}` names `a` and `b`.
fn first_names(text: &str) -> Vec<(usize, &str)> {
    let word = |at: usize| {
        let end = text[at..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |end| at + end);
        (at, &text[at..end])
    };
    if !text.starts_with('{') {
        return vec![word(0)];
    }
    let (mut names, mut level, mut fresh) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '{' => (level, fresh) = (level + 1, level == 0),
            '}' => level -= 1,
            ',' => fresh = level == 1,
            c if fresh && (c.is_alphanumeric() || c == '_') => {
                names.push(word(at));
                fresh = false;
            }
            _ => {}
        }
        if level == 0 {
            break;
        }
    }
    names
}

/// The lines without comments and without the texts between quotation marks. (A text over several lines may confuse it;
/// then a line too much is looked at, or one too few.)
fn code_lines(text: &str) -> Vec<(usize, String)> {
    let code = |line: &str| {
        let unquoted: String = line.replace("\\\"", "").split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
        unquoted.split("//").next().unwrap_or_default().to_owned()
    };
    text.lines().enumerate().map(|(index, line)| (index + 1, code(line))).collect()
}

/// Whether `item` stands in `line` as a path of its own and not as the end of a longer one.
fn words(line: &str, item: &str) -> bool {
    line.match_indices(item).any(|(offset, _)| {
        let before = line[..offset].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
    })
}

// ---- the files ------------------------------------------------------------------------------------------------------

struct Source {
    /// Below `src/`.
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > ROOMS.len(), "src/ was not found");
    let source = |file: PathBuf| Source {
        path: file.strip_prefix(&root).expect("below src").to_str().expect("a plain name").to_owned(),
        text: fs::read_to_string(&file).expect("a readable file"),
    };
    files.into_iter().map(source).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

fn room_of(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or_default()
}

// ---- the rules see what they should ---------------------------------------------------------------------------------

#[test]
fn breaches_are_seen_and_named() {
    let text = "use crate::wire::Id;\n\nuse crate::{\n    secret::Secret,\n    store::{self, Store},\n};\n";
    assert_eq!(
        direction("relay/hub.rs", text),
        ["src/relay/hub.rs:4: relay must not name secret", "src/relay/hub.rs:5: relay must not name store",]
    );
    assert_eq!(direction("wire.rs", "fn f() { super::relay::g() }"), ["src/wire.rs:1: wire must not name relay"]);
    assert_eq!(direction("wire/id.rs", "use super::super::http;"), ["src/wire/id.rs:1: wire must not name http"]);
    assert_eq!(homes("api/x.rs", "    tokio::spawn(work);"), ["src/api/x.rs:1: tokio::spawn belongs to tasks.rs"]);
    assert_eq!(homes("api/x.rs", "use hyper::Request;").len(), 1);
    assert_eq!(homes("relay/x.rs", "let a = std::env::var(\"A\");").len(), 1);
}

#[test]
fn what_is_allowed_is_left_alone() {
    for (path, text) in [
        ("relay/hub.rs", "use crate::wire::Id; // crate::store would be wrong\nuse super::codec;"),
        ("relay/hub.rs", "use crate::relay::{codec, outbox::store};"),
        ("wire/id.rs", "use super::code::Code; $crate::store"),
        ("api/tests.rs", "use crate::net::Listener;"),
    ] {
        assert_eq!(direction(path, text), [""; 0], "{text}");
    }
    for (path, text) in [
        ("app.rs", "tokio::task::spawn_blocking(f)"),
        ("api/x.rs", "self.tasks.spawn(name, work)"),
        ("store/tls.rs", "use rustls::ClientConfig;"),
        ("api/x.rs", "use self::hyper::x; my_hyper::y"),
        ("api/x.rs", r#"say("hyper::\" mio::", "http://hyper::x"); // rustls::"#),
    ] {
        assert_eq!(homes(path, text), [""; 0], "{text}");
    }
}
