//! D-21 between two processes on one database: the socket is on one, the change is made through the other. The periodic
//! look comes after an hour, so that only the notice between the processes can close anything.

use super::company::{Company, ok};
use crate::support::peer::assert_good_for_an_sdk;
use crate::support::running::{start, works};
use crate::support::server::Server;
use crate::support::world::server_settings;
use crate::support::{Login, Peer, Request, Running, Upgrade, World, play_with, soon};
use compose_relay::store::Notices;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use uuid::Uuid;

const FAR: [(&str, &str); 2] = [("AUTHORIZATION_RECHECK_SECONDS", "3600"), ("SESSION_GRACE_SECONDS", "1")];

/// What a change through the other process may take until it is felt here.
const SECOND: Duration = Duration::from_secs(1);

/// Close code "access revoked".
const REVOKED: u16 = 4002;

/// The second process on the database of the scene.
struct Other(Server);

impl Other {
    async fn ask(&self, login: &Login, method: &str, path: &str, body: Option<Value>) -> Value {
        let mut request = Request::new(method, path).login(&login.session);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        ok(&request.send(self.0.address()).await)
    }

    async fn change_role(&self, by: &Login, of: &Login, role: &str) {
        let path = format!("/api/v1/user/{}/permission", of.user.unwrap());
        self.ask(by, "PUT", &path, Some(json!({"newPermission": role}))).await;
    }

    async fn remove(&self, by: &Login, whom: &Login) {
        self.ask(by, "DELETE", &format!("/api/v1/user/{}", whom.user.unwrap()), Some(json!({}))).await;
    }

    fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

fn play_two(scene: impl AsyncFnOnce(&mut World, &Other)) {
    play_with(&FAR, async |world| {
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut other = Other(Server::start(listen, server_settings(&world.database, &FAR)).await);
        scene(world, &other).await;
        assert!(other.0.is_running(), "the second process has ended");
        let answer = Request::get("/health-check").send(other.address()).await;
        assert_eq!(answer.status, 200);
    });
}

async fn revoked(peer: &mut Peer) {
    assert_eq!(peer.closed_within(SECOND).await, REVOKED);
}

/// What is shared in the environment with the address, as the share's id.
async fn share_id(world: &World, email: &str) -> Uuid {
    world.seed.sql.query_one(r#"SELECT id FROM "externalAppUser" WHERE email = $1"#, &[&email]).await.unwrap().get(0)
}

#[test]
fn http_d21_a_logout_elsewhere_closes_the_pages_of_that_login_only() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (leaves, stays) = (company.of("member"), company.of("admin"));
        let mut running = world.running_as(leaves, &company.environment).await;
        let mut bystander = world.page(stays, &company.environment, "hello").await;
        let execution = start(&mut bystander, &mut running.sdk, "hello").await;
        let (mut home, _) = world.home(leaves).await;
        let (mut other_home, _) = world.home(stays).await;
        assert_eq!(other.ask(leaves, "GET", "/api/v1/auth/logout", None).await, Value::Null);
        revoked(&mut running.page.peer).await;
        revoked(&mut home).await;
        let ended = running.sdk.next_is("ak").await;
        assert_eq!((ended.first_id(), ended.execution()), (running.environment(), running.execution));
        works(&mut bystander, &mut running.sdk, execution).await;
        other_home.silent().await;
        Upgrade::home(leaves, Uuid::new_v4()).refused(world.address(), "brwsr1").await;
    });
}

#[test]
fn http_d21_a_weaker_role_elsewhere_closes_the_pages_that_need_the_stronger() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (owner, member, admin) = (company.owner(), company.of("member"), company.of("admin"));
        world.seed.share(&company.environment, "second", &member.email).await;
        let mut sdk = world.sdk(&company.environment).await;
        let mut lost = world.page(member, &company.environment, "hello").await;
        let mut shared = world.page(member, &company.environment, "second").await;
        let execution = start(&mut shared, &mut sdk, "second").await;
        let mut manager = world.page(admin, &company.environment, "hello").await;
        other.change_role(owner, member, "guest").await;
        revoked(&mut lost.peer).await;
        // A role that still may do it keeps the page.
        other.change_role(owner, admin, "member").await;
        works(&mut shared, &mut sdk, execution).await;
        let execution = start(&mut manager, &mut sdk, "hello").await;
        works(&mut manager, &mut sdk, execution).await;
    });
}

#[test]
fn http_d21_a_user_removed_elsewhere_loses_pages_and_the_own_sdk() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (owner, member) = (company.owner(), company.of("member"));
        let mut running = world.running_as(owner, &company.environment).await;
        let mut own_sdk = world.sdk(&company.development(world, member).await).await;
        let mut page = world.page(member, &company.environment, "hello").await;
        let (mut home, _) = world.home(member).await;
        other.remove(owner, member).await;
        revoked(&mut page.peer).await;
        revoked(&mut home).await;
        assert_good_for_an_sdk(own_sdk.closed_within(SECOND).await);
        running.works().await;
    });
}

#[test]
fn http_d21_a_share_taken_back_elsewhere_closes_the_visitor_s_page() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        for email in ["anna@x.test", "bob@x.test"] {
            world.seed.share(&company.environment, "hello", email).await;
        }
        let (anna, bob) = (world.seed.visitor("anna@x.test").await, world.seed.visitor("bob@x.test").await);
        let mut hers = world.running_as(&anna, &company.environment).await;
        let mut his = world.page(&bob, &company.environment, "hello").await;
        let execution = start(&mut his, &mut hers.sdk, "hello").await;
        let path = format!("/api/v1/external-app-user/{}", share_id(world, "anna@x.test").await);
        other.ask(company.of("app-manager"), "DELETE", &path, Some(json!({}))).await;
        revoked(&mut hers.page.peer).await;
        assert_eq!(hers.sdk.next_is("ak").await.execution(), hers.execution);
        works(&mut his, &mut hers.sdk, execution).await;
    });
}

#[test]
fn http_d21_a_key_refreshed_elsewhere_closes_the_sdk_with_the_old_one() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let mut running = world.running_as(company.owner(), &company.environment).await;
        let path = format!("/api/v1/environment/{}/refresh-api-key", company.environment.id);
        let answer = other.ask(company.owner(), "POST", &path, Some(json!({}))).await;
        assert_good_for_an_sdk(running.sdk.closed_within(SECOND).await);
        running.page.peer.until_status(false).await;
        let mut renewed = company.environment.clone();
        renewed.key = answer["environment"]["key"].as_str().unwrap().to_owned();
        Upgrade::sdk(&company.environment).refused(world.address(), "srvr8").await;
        let sdk = world.sdk(&renewed).await;
        running.page.peer.until_status(true).await;
        Running { sdk, ..running }.works().await;
    });
}

#[test]
fn http_d21_an_environment_deleted_elsewhere_closes_its_sdk_and_pages() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let kept = world.seed.environment(company.id, "production").await;
        let mut neighbour = world.running_as(company.owner(), &kept).await;
        let mut running = world.running_as(company.owner(), &company.environment).await;
        let (mut home, _) = world.home(company.owner()).await;
        let path = format!("/api/v1/environment/{}", company.environment.id);
        other.ask(company.owner(), "DELETE", &path, Some(json!({}))).await;
        assert_good_for_an_sdk(running.sdk.closed_within(SECOND).await);
        revoked(&mut running.page.peer).await;
        neighbour.works().await;
        // The home page stays: it hears of the others.
        home.until_status(false).await;
        home.silent().await;
    });
}

#[test]
fn http_d21_the_notice_between_processes_tells_no_login() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (owner, member) = (company.owner(), company.of("member"));
        world.seed.share(&company.environment, "hello", "anna@x.test").await;
        let mut notices = Notices::listen(&world.database, "compose_relay_revocation").await.unwrap();
        let secrets = [owner, member].map(|login| login.session.clone());
        let path = format!("/api/v1/external-app-user/{}", share_id(world, "anna@x.test").await);
        other.ask(owner, "DELETE", &path, Some(json!({}))).await;
        other.change_role(owner, member, "guest").await;
        other.ask(member, "GET", "/api/v1/auth/logout", None).await;
        let (environment, user) = (company.environment.id, member.user.unwrap());
        let mut heard = Vec::new();
        while heard.len() < 3 {
            let notice = soon("a notice", notices.next()).await.unwrap();
            for secret in secrets.iter().chain([&owner.email, &member.email, &company.environment.key]) {
                assert!(!notice.contains(secret), "{notice}");
            }
            assert!(!notice.contains("anna"), "{notice}");
            heard.push(notice);
        }
        heard.sort();
        assert_eq!(heard[0], format!("environment {environment}"));
        let digest = heard[1].strip_prefix("login ").expect("the notice of the logout");
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
        assert_eq!(heard[2], format!("user {user}"));
    });
}

#[test]
fn http_d09_a_home_page_stops_hearing_of_what_a_guest_may_not_see() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (owner, admin, member) = (company.owner(), company.of("admin"), company.of("member"));
        let (mut watching, _) = world.home(member).await;
        let (mut admins, _) = world.home(admin).await;
        other.change_role(owner, admin, "member").await;
        other.change_role(owner, member, "guest").await;
        revoked(&mut watching).await;
        // A role that still sees everything keeps its page.
        admins.silent().await;
        let again = Upgrade::home(member, Uuid::new_v4());
        let first = again.accepted(world.address()).await.next_is("12").await;
        assert!(!first.contains(&company.environment.id.to_string()), "{first:?}");
        let _sdk = world.sdk(&company.environment).await;
        admins.status(true).await;
    });
}

#[test]
fn http_d09_a_guest_s_home_page_goes_with_the_last_share() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let (guest, elsewhere) = (company.of("guest"), world.seed.environment(company.id, "production").await);
        for (environment, route) in [(&company.environment, "hello"), (&elsewhere, "second")] {
            world.seed.share(environment, route, &guest.email).await;
        }
        world.seed.share(&company.environment, "private", "anna@x.test").await;
        let (mut home, _) = world.home(guest).await;
        let path = format!("/api/v1/external-app-user/{}", share_id(world, "anna@x.test").await);
        other.ask(company.owner(), "DELETE", &path, Some(json!({}))).await;
        // Deleted: nothing can be heard of it, and that is no reason to close.
        other.ask(company.owner(), "DELETE", &format!("/api/v1/environment/{}", elsewhere.id), Some(json!({}))).await;
        let _sdk = world.sdk(&company.environment).await;
        home.until_status(true).await;
        let path = format!("/api/v1/external-app-user/{}", share_id(world, &guest.email).await);
        other.ask(company.owner(), "DELETE", &path, Some(json!({}))).await;
        revoked(&mut home).await;
    });
}

#[test]
fn http_d21_what_was_just_found_out_here_is_not_believed_after_a_change_elsewhere() {
    play_two(async |world, other| {
        let company = Company::new(world).await;
        let member = company.of("member");
        let refused = async |upgrade: &dyn Fn() -> Upgrade| {
            // Nobody lets in whoever comes later than this.
            tokio::time::timeout(SECOND, async { while upgrade().connect(world.address()).await.is_ok() {} })
                .await
                .expect("refused within a second");
        };
        for _ in 0..3 {
            drop(world.home(member).await);
        }
        other.ask(member, "GET", "/api/v1/auth/logout", None).await;
        refused(&|| Upgrade::home(member, Uuid::new_v4())).await;

        let mut sdk = world.sdk(&company.environment).await;
        sdk.close(4000).await;
        sdk.ended_within(crate::support::PATIENCE).await;
        let path = format!("/api/v1/environment/{}/refresh-api-key", company.environment.id);
        other.ask(company.owner(), "POST", &path, Some(json!({}))).await;
        refused(&|| Upgrade::sdk(&company.environment)).await;
        Upgrade::sdk(&company.environment).refused(world.address(), "srvr8").await;
    });
}
