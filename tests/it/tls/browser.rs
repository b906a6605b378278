//! A real browser and a real SDK, each over TLS that the server itself ends; nothing stands between.

use crate::sdk::COMES_BACK;
use crate::sdk::process::SdkProcess;
use crate::sdk::script::Script;
use crate::support::authority::connect;
use crate::support::{World, play_tls_with, soon, within};
use base64::Engine as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;
use x509_cert::der::{Decode, Encode};

/// Chromium without a window. Killed when dropped; what it wrote is shown when the test has failed.
struct Browser {
    child: Child,
    output: Arc<Mutex<String>>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens an address, and believes no authority but this key, which the flag takes for one that a root has signed.
    fn open(address: &str, key: &str) -> Self {
        let program = std::env::var("COMPOSE_TEST_CHROMIUM").ok();
        let names = ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned);
        let program = program
            .into_iter()
            .chain(names)
            .find(|name| Command::new(name).arg("--version").output().is_ok())
            .expect("no chromium here; `./dev test` installs it");
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
            .args(["--no-proxy-server", "--enable-logging=stderr", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--ignore-certificate-errors-spki-list={key}"))
            .args(["--remote-debugging-port=0", address])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium can be started");
        let output = Arc::new(Mutex::new(String::new()));
        let (lines, copy) = (BufReader::new(child.stderr.take().unwrap()), output.clone());
        std::thread::spawn(move || {
            for line in lines.split(b'\n').map_while(Result::ok) {
                let mut copy = copy.lock().unwrap();
                copy.push_str(&String::from_utf8_lossy(&line));
                copy.push('\n');
            }
        });
        Browser { child, output, _profile: profile }
    }

    async fn says(&self, words: &str) {
        within(Duration::from_secs(90), &format!("the page says {words}"), async {
            while !self.output.lock().unwrap().contains(words) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- output of chromium ----\n{}---- end of output ----", self.output.lock().unwrap());
        }
    }
}

/// SHA-256 of the public key that the server shows, as the browser's flag wants it.
async fn key_of(world: &World) -> String {
    let client = world.authority().client();
    let stream = soon("a handshake", connect(world.server.address(), &client)).await.unwrap();
    let leaf = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let parsed = x509_cert::Certificate::from_der(&leaf).unwrap();
    let key = parsed.tbs_certificate.subject_public_key_info.to_der().unwrap();
    base64::engine::general_purpose::STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &key))
}

/// The page: opens an app of the SDK, presses a button of it for ever, and says what it sees on the console.
fn write_page(folder: &Path, login: &str, environment: Uuid) {
    let html = "<!doctype html><title>test</title><script src=\"/page.js\"></script>";
    std::fs::write(folder.join("index.html"), html).unwrap();
    let script = format!(
        r#"document.cookie = "auth_session={login}; Secure; Path=/";
const [session, execution] = [crypto.randomUUID(), crypto.randomUUID()];
const query = `sessionId=${{session}}&environmentId={environment}&appRoute=everything`;
const socket = new WebSocket("wss://" + location.host + "/api/v1/browser/ws?" + query);
socket.binaryType = "arraybuffer";
socket.onopen = () => console.log("page: open in a secure context: " + isSecureContext);
socket.onclose = (event) => console.log("page: closed with " + event.code);
const send = (code, body) => {{
    socket.send(new TextEncoder().encode(`${{code}}{environment}${{execution}}` + JSON.stringify(body)));
}};
let started = false, render = "", presses = 0;
const press = () => {{
    send("ab", {{ type: "ab", componentId: "press", renderId: render, executionId: execution }});
}};
socket.onmessage = (event) => {{
    const text = new TextDecoder().decode(event.data);
    if (text.startsWith("11") && text.includes("compose-python") && !started) {{
        started = true;
        send("aa", {{ type: "aa", appRoute: "everything", executionId: execution, sessionId: session, params: {{}} }});
    }}
    if (text.startsWith("av") && text.includes("Ahoy")) {{
        console.log("page: the SDK has rendered");
        render = JSON.parse(text.slice(74)).renderId;
        press();
    }}
    if (text.startsWith("be")) {{
        presses += 1;
        const right = JSON.parse(text.slice(74)).message === `pressed ${{presses}}`;
        console.log(right ? `page: pressed ${{presses}}.` : "page: another answer than to press " + presses);
        setTimeout(press, 20);
    }}
}};
"#
    );
    std::fs::write(folder.join("page.js"), script).unwrap();
}

impl Browser {
    /// How often the page has pressed the button so far, and the SDK has answered.
    fn presses(&self) -> usize {
        self.output.lock().unwrap().matches("page: pressed ").count()
    }

    async fn presses_on(&self, times: usize) {
        self.says(&format!("page: pressed {}.", self.presses() + times)).await;
    }

    /// The page has its one connection, and every press was answered in its turn.
    fn assert_undisturbed(&self) {
        let output = self.output.lock().unwrap();
        for words in ["page: closed", "page: another answer"] {
            assert!(!output.contains(words), "{words}");
        }
    }
}

/// The first page of a world whose web client is [`write_page`]'s, with the SDK that it talks to.
async fn first_page(world: &mut World, site: &Path) -> (SdkProcess, Browser) {
    let tenant = world.seed.tenant().await;
    write_page(site, &tenant.owner.session, tenant.environment.id);
    // The files of a web client are read once, at the start.
    world.server.kill();
    world.server.start_again().await;
    world.ended = true;
    let sdk = SdkProcess::over_tls(world.server.address().port(), world.authority(), &tenant.environment);
    // Its apps are stored before the page starts one.
    let mut script = Script::open(world, &tenant).await;
    script.sdk_is_there(world, COMES_BACK).await;
    let browser = open_page(world).await;
    (sdk, browser)
}

/// A browser that believes the certificate that the server shows now, and no other.
async fn open_page(world: &World) -> Browser {
    let address = format!("https://localhost:{}/", world.server.address().port());
    let browser = Browser::open(&address, &key_of(world).await);
    browser.says("page: open in a secure context: true").await;
    browser.says("page: the SDK has rendered").await;
    browser.presses_on(3).await;
    browser
}

#[test]
fn a_browser_and_the_sdk_go_on_while_the_certificate_is_replaced() {
    let site = tempfile::tempdir().expect("a folder for the page");
    write_page(site.path(), "", Uuid::nil());
    play_tls_with(&[("DASHBOARD_DIR", site.path().to_str().unwrap())], async |world| {
        let (_sdk, browser) = first_page(world, site.path()).await;
        let old = key_of(world).await;
        let before = browser.presses();
        world.authority().install(&world.authority().issue());
        within(Duration::from_secs(60), "the new certificate", async {
            while key_of(world).await == old {
                browser.presses_on(1).await;
            }
        })
        .await;
        let meanwhile = browser.presses() - before;
        browser.presses_on(20).await;
        browser.assert_undisturbed();
        // Who comes now, browser or SDK, is shown the new one. The first page goes on all the while.
        let later = open_page(world).await;
        let other = world.seed.tenant().await;
        let port = world.server.address().port();
        let _later = SdkProcess::over_tls(port, world.authority(), &other.environment);
        Script::open(world, &other).await.sdk_is_there(world, COMES_BACK).await;
        browser.presses_on(5).await;
        for page in [&browser, &later] {
            page.assert_undisturbed();
        }
        eprintln!("{meanwhile} presses while the certificate was replaced, {} in all", browser.presses());
        world.assert_healthy().await;
    });
}
