//! N1 to N10: the negative vectors of section 9, with the ids of the scene in the place of the published ones.

use crate::support::http::exchange;
use crate::support::raw::RawSocket;
use crate::support::{Message, Running, Tenant, Upgrade, World, message, play};
use serde_json::json;
use uuid::Uuid;

/// An execution X bound to SES/ENV and route `hello`.
async fn bound(world: &World) -> (Tenant, Running) {
    let tenant = world.seed.tenant().await;
    let running = world.running(&tenant).await;
    (tenant, running)
}

/// The frame is dropped; the click behind it is not. The page may be told something (`ay`), so only the SDK is looked at.
async fn dropped(running: &mut Running, frame: Vec<u8>) {
    running.page.peer.send(frame.clone()).await;
    let click = message::click(running.environment(), running.execution, &Uuid::new_v4().to_string());
    running.page.peer.send(click.clone()).await;
    let arrived = running.sdk.message().await;
    assert!(arrived == click, "{:?} was forwarded: {arrived:?}", Message::from(frame));
}

#[test]
fn n01_a_start_behind_the_header_of_a_click() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let (execution, session) = (running.execution.to_string(), running.session().to_string());
        let body =
            json!({"type": "aa", "appRoute": "second", "executionId": execution, "sessionId": session, "params": {}});
        let frame = message::with_header("ab", tenant.environment.id, running.execution, body.to_string());
        dropped(&mut running, frame).await;
    });
}

#[test]
fn n02_another_execution_in_the_body() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let body =
            json!({"type": "ab", "componentId": "c", "renderId": "r", "executionId": Uuid::new_v4().to_string()});
        let frame = message::with_header("ab", tenant.environment.id, running.execution, body.to_string());
        dropped(&mut running, frame).await;
    });
}

#[test]
fn n03_another_session_in_the_body_of_a_start() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let frame = message::start(tenant.environment.id, Uuid::new_v4(), Uuid::new_v4(), "hello");
        dropped(&mut running, frame).await;
    });
}

#[test]
fn n04_bodies_that_are_no_objects() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let execution = running.execution;
        let duplicate = format!(
            r#"{{"type":"ab","componentId":"c","componentId":"d","renderId":"r","executionId":"{execution}"}}"#
        );
        for body in [b"".as_slice(), b"null", b"[]", b"{", b"{\"type\":\"ab\xff\"}", duplicate.as_bytes()] {
            let frame = message::with_header("ab", tenant.environment.id, execution, body);
            dropped(&mut running, frame).await;
        }
        running.sdk.silent().await;
    });
}

#[test]
fn n05_a_render_id_that_is_a_built_in_of_javascript() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let frame = message::click_in(tenant.environment.id, running.execution, "c", "constructor");
        dropped(&mut running, frame).await;
    });
}

#[test]
fn n06_a_render_from_the_sdk_of_another_environment() {
    play(async |world| {
        let (_, mut running) = bound(world).await;
        let (_, mut other) = bound(world).await;
        let frame = message::render(running.session(), running.execution, "hi");
        other.sdk.send(frame).await;
        other.works().await;
        running.works().await;
    });
}

#[test]
fn n07_server_frames_from_an_sdk() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let (session, execution) = (running.session(), running.execution);
        let environment = tenant.environment.id.to_string();
        let body = json!({"type": "11", "environmentId": environment, "isOnline": false, "message": "x"}).to_string();
        for code in ["11", "13", "14", "12"] {
            let plain = [code.as_bytes(), session.to_string().as_bytes(), body.as_bytes()].concat();
            for frame in [plain, message::with_header(code, session, execution, &body)] {
                running.sdk.send(frame).await;
                running.works().await;
            }
        }
        running.sdk.send(b"12{\"type\":\"12\",\"connections\":{}}".to_vec()).await;
        // Old layouts, unknown codes, and frames that are too short are dropped the same way.
        for code in ["aa", "ac", "ag", "ai", "at", "bm", "zz", "51", "\0\0", "AV"] {
            running.sdk.send(message::with_header(code, session, execution, "{}")).await;
            running.works().await;
        }
        for short in [b"".as_slice(), b"a", b"av", b"av22222222", b"50"] {
            running.sdk.send(short.to_vec()).await;
            running.works().await;
        }
    });
}

#[test]
fn n08_a_second_browser_names_the_execution() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let page = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        let second = page.execution(running.execution).connect(world.address()).await;
        running.works().await;
        drop(second);
        running.works().await;
    });
}

#[test]
fn n09_a_message_of_one_byte_too_many_for_python() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let file = vec![0; 10_485_761 - 110];
        let frame = message::upload(tenant.environment.id, running.execution, Uuid::new_v4(), &file);
        assert_eq!(frame.len(), 10_485_761);
        running.page.peer.send(frame).await;
        let told = running.page.peer.next_is("au").await;
        assert_eq!((told.first_id(), told.execution()), (running.session(), running.execution));
        running.works().await;
    });
}

#[test]
fn n10_an_upgrade_that_is_none() {
    play(async |world| {
        let (tenant, mut running) = bound(world).await;
        let address = world.address();
        let home = Upgrade::home(&tenant.owner, Uuid::new_v4()).header("Origin", "http://a");
        let request = String::from_utf8(home.header("Host", "HOST").bytes(address)).unwrap();
        let answer = exchange(address, request.replace("Host: HOST", "Host: a b").as_bytes()).await;
        assert!(answer.is_none_or(|answer| (400..500).contains(&answer.status)));

        let mut socket = RawSocket::new(tokio::net::TcpStream::connect(address).await.unwrap());
        socket.write(&Upgrade::sdk(&tenant.environment).bytes(address)).await;
        socket.reset();

        let path = format!("/api/v1/browser/ws?sessionId={}&environmentId=abc&appRoute=hello", Uuid::new_v4());
        let refusal = Upgrade::to(&path).login(&tenant.owner.session).connect(address).await;
        refusal.err().expect("`abc` is no environment").assert_readable();
        running.works().await;
    });
}
