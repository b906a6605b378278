//! D-1 to D-7: a peer says one thing in the header and another in the body, or names what belongs to somebody else.

use crate::support::running::start;
use crate::support::{Message, Running, Upgrade, World, message, play};
use serde_json::{Value, json};
use uuid::Uuid;

/// A public visitor and an owner, each with a page and an execution of their own, on one SDK.
struct Scene {
    company: Uuid,
    environment: Uuid,
    attacker: crate::support::world::Page,
    attacker_execution: Uuid,
    victim: Running,
}

async fn scene(world: &World) -> Scene {
    let tenant = world.seed.tenant().await;
    world.seed.share(&tenant.environment, "hello", "ALL").await;
    let visitor = world.seed.visitor("ALL").await;
    let mut victim = world.running(&tenant).await;
    let mut attacker = world.page(&visitor, &tenant.environment, "hello").await;
    let attacker_execution = start(&mut attacker, &mut victim.sdk, "hello").await;
    Scene {
        company: tenant.environment.company,
        environment: tenant.environment.id,
        attacker,
        attacker_execution,
        victim,
    }
}

impl Scene {
    /// Sends frames that must not reach the SDK. The attacker's own execution works on, and nothing came before its marker;
    /// the same for the victim.
    async fn nothing_gets_through(mut self, world: &World, frames: Vec<Vec<u8>>) {
        for frame in frames {
            self.attacker.peer.send(frame.clone()).await;
            // The server may say `ay exists:false`, may close a repeated offender, and may not do anything else.
            let click = message::click(self.environment, self.attacker_execution, &Uuid::new_v4().to_string());
            self.attacker.peer.send(click.clone()).await;
            let arrived = self.victim.sdk.message().await;
            assert!(arrived == click, "{:?} was let through as {arrived:?}", Message::from(frame));
        }
        self.victim.works().await;
        world.assert_healthy().await;
    }
}

#[test]
fn d01_header_and_body_disagree() {
    play(async |world| {
        let scene = scene(world).await;
        let (environment, own, theirs) = (scene.environment, scene.attacker_execution, scene.victim.execution);
        let session = scene.attacker.session;
        let header = |code: &str, body: Value| message::with_header(code, environment, own, body.to_string());
        let frames = vec![
            // Announced as a click, executed as a start of the private app.
            header(
                "ab",
                json!({"type": "aa", "appRoute": "private", "executionId": own.to_string(),
                       "sessionId": session.to_string(), "params": {}}),
            ),
            // A click in the victim's run.
            header("ab", json!({"type": "ab", "componentId": "c", "renderId": "r", "executionId": theirs.to_string()})),
            header("ac", json!({"type": "ab", "componentId": "c", "renderId": "r", "executionId": own.to_string()})),
            // No execution id, or one that is no id.
            header("ab", json!({"type": "ab", "componentId": "c", "renderId": "r"})),
            header("ab", json!({"type": "ab", "componentId": "c", "renderId": "r", "executionId": 5})),
            header("ab", json!({"componentId": "c", "renderId": "r", "executionId": own.to_string()})),
            // The victim's execution in the header as well.
            message::click(environment, theirs, "c"),
            message::upload(environment, theirs, Uuid::new_v4(), b"file"),
            message::browser_session_ended(environment, theirs, session),
            message::start(environment, Uuid::new_v4(), session, "private"),
            // Another environment in the header.
            message::click(Uuid::new_v4(), own, "c"),
        ];
        scene.nothing_gets_through(world, frames).await;
    });
}

#[test]
fn d02_an_sdk_pushes_frames_into_pages_of_another_tenant() {
    play(async |world| {
        let mut victim = world.running(&world.seed.tenant().await).await;
        let mut attacker = world.running(&world.seed.tenant().await).await;
        let (session, execution) = (victim.session(), victim.execution);
        let own_execution = attacker.execution;
        let status = json!({"type": "11", "environmentId": victim.environment().to_string(), "isOnline": false,
                            "message": "x"});
        let frames = vec![
            message::render(session, execution, "forged"),
            message::render(session, own_execution, "forged"),
            message::to_browser("au", session, execution, json!({"errorMessage": "forged"})),
            message::download(session, execution, 2, "{}", b"forged"),
            [b"11", session.to_string().as_bytes(), status.to_string().as_bytes()].concat(),
            [b"12".as_slice(), br#"{"type":"12","connections":{}}"#].concat(),
            message::with_header("ac", session, execution, r#"{"type":"ac","forged":1}"#),
        ];
        for frame in frames {
            attacker.sdk.send(frame).await;
            attacker.works().await;
            victim.works().await;
        }
    });
}

#[test]
fn d03_an_audit_entry_names_the_session_of_another_tenant() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut victim = world.running(&tenant).await;
        let other = world.seed.tenant().await;
        let mut attacker = world.running(&other).await;
        let entry = |session, execution, text: &str| message::audit_log(session, execution, json!({"message": text}));
        for (session, execution) in [
            (victim.session(), victim.execution),
            (victim.session(), attacker.execution),
            (attacker.session(), victim.execution),
        ] {
            attacker.sdk.send(entry(session, execution, "stolen")).await;
        }
        attacker.sdk.send(entry(attacker.session(), attacker.execution, "own")).await;
        let rows = world.seed.audit_rows_until(other.environment.company, 1).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0]["message"], "own");
        assert_eq!(rows[0]["userEmail"], json!(other.owner.email));
        assert_eq!(world.seed.audit_rows(tenant.environment.company).await, Vec::<Value>::new());
        victim.works().await;
    });
}

#[test]
fn d04_a_connect_query_names_the_execution_of_somebody_else() {
    play(async |world| {
        let mut scene = scene(world).await;
        let theirs = scene.victim.execution;
        // The visitor again, with a new page, and a colleague who may open the app anyway.
        let visitor = world.seed.visitor("ALL").await;
        let colleague = world.seed.member(scene.company, "member").await;
        for login in [visitor, colleague] {
            let session = Uuid::new_v4();
            let upgrade = Upgrade::page(&login, session, scene.environment, "hello").execution(theirs);
            // Refused or ignored; both leave the execution where it is.
            if let Ok(mut page) = upgrade.connect(world.address()).await {
                page.status(true).await;
                page.send(message::click(scene.environment, theirs, "stolen")).await;
                page.send(message::check_execution_exists(scene.environment, theirs, session)).await;
                let answer = page.next_is("ay").await;
                assert_eq!((answer.first_id(), answer.execution()), (session, theirs));
                assert_eq!(answer.json()["exists"], false);
                scene.victim.works().await;
            }
            scene.victim.works().await;
        }
    });
}

#[test]
fn d05_a_start_takes_an_execution_id_that_is_in_use() {
    play(async |world| {
        let scene = scene(world).await;
        let frames = vec![message::start(scene.environment, scene.victim.execution, scene.attacker.session, "hello")];
        scene.nothing_gets_through(world, frames).await;
    });
}

#[test]
fn d06_a_body_names_the_session_of_somebody_else() {
    play(async |world| {
        let scene = scene(world).await;
        let (environment, own) = (scene.environment, scene.attacker_execution);
        let theirs = scene.victim.session();
        let frames = vec![
            message::browser_session_ended(environment, own, theirs),
            message::check_execution_exists(environment, own, theirs),
            message::start(environment, Uuid::new_v4(), theirs, "hello"),
            message::with_header(
                "ab",
                environment,
                own,
                json!({"type": "ab", "componentId": "c", "renderId": "r", "executionId": own.to_string(),
                       "sessionId": theirs.to_string()})
                .to_string(),
            ),
        ];
        scene.nothing_gets_through(world, frames).await;
    });
}

#[test]
fn d07_json_that_two_parsers_read_differently() {
    play(async |world| {
        let scene = scene(world).await;
        let (environment, own, session) = (scene.environment, scene.attacker_execution, scene.attacker.session);
        let fresh = Uuid::new_v4();
        let start = |routes: &str| {
            let body =
                format!(r#"{{"type":"aa",{routes},"executionId":"{fresh}","sessionId":"{session}","params":{{}}}}"#);
            message::with_header("aa", environment, fresh, body)
        };
        let click = |body: String| message::with_header("ab", environment, own, body);
        let plain = format!(r#"{{"type":"ab","componentId":"c","renderId":"r","executionId":"{own}"}}"#);
        let mut invalid = click(plain.clone());
        let at = invalid.len() - 60;
        invalid[at] = 0xff;
        let frames = vec![
            start(r#""appRoute":"hello","appRoute":"private""#),
            start(r#""appRoute":"private","appRoute":"hello""#),
            start("\"appRoute\":\"hello\",\"app\\u0052oute\":\"private\""),
            click(plain.replace("\"type\":\"ab\"", "\"type\":\"ab\",\"type\":\"aa\"")),
            click(format!("{plain}{{}}")),
            click(format!("{plain}x")),
            click(format!("\u{feff}{plain}")),
            click(plain.replace("\"c\"", "'c'")),
            click(plain.replace("\"c\"", "NaN")),
            click(plain.replace("}", ",}")),
            click(plain.replace("\"c\"", "\"\\ud800\"")),
            click(plain.replace("\"c\"", "\"\u{1}\"")),
            invalid,
        ];
        scene.nothing_gets_through(world, frames).await;
    });
}
