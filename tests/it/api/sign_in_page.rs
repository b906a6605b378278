//! `GET /auth/login` where no web client is served.

use super::code_flow::{assert_arrived, assert_page, depart};
use super::sign_in::play_with_google;
use crate::support::{Provider, Request, Response, World, play, play_with};
use serde_json::json;

const PAGE: &str = "/auth/login";

async fn open(world: &World, query: &str) -> Response {
    let answer = Request::get(&format!("{PAGE}{query}")).send(world.address()).await;
    assert_page(&answer, 200);
    answer
}

/// The addresses that the page links to.
fn links(answer: &Response) -> Vec<String> {
    let text = answer.text();
    let links = text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    links.collect()
}

#[test]
fn the_page_leads_to_each_provider_that_is_set_up() {
    let provider = Provider::start();
    let oidc = provider.oidc();
    let mut settings: Vec<(&str, &str)> = oidc.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    play_with(&settings, async |world| {
        let answer = open(world, "").await;
        let back = "redirect=%2Fauth%2Flogin";
        assert_eq!(links(&answer), [format!("/auth/google-oauth/start?{back}"), format!("/auth/oidc/start?{back}")]);
        assert!(answer.text().contains("Sign in with Google") && answer.text().contains("Sign in with localhost"));
        assert!(!answer.text().contains("<script"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        let head = Request::new("HEAD", PAGE).send(world.address()).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        // What it was asked goes on to the start routes, and is no markup on the way.
        let odd = "?redirect=%2Fapp%2F1%2Fa%3Fb%3D%22%3E%3Cscript%3E&environmentId=%27x&appRoute=hello&other=y";
        let answer = open(world, odd).await;
        assert!(!answer.text().contains("<script") && !answer.text().contains("'x"));
        let expected = "redirect=%2Fapp%2F1%2Fa%3Fb%3D%22%3E%3Cscript%3E&environmentId=%27x&appRoute=hello";
        assert_eq!(links(&answer)[1], format!("/auth/oidc/start?{expected}"));
    });
    settings.push(("GOOGLE_OAUTH_CLIENT_SECRET", ""));
    play_with(&settings, async |world| {
        let answer = open(world, "").await;
        assert_eq!(links(&answer), ["/auth/oidc/start?redirect=%2Fauth%2Flogin"]);
        assert!(answer.text().contains("GOOGLE_OAUTH_CLIENT_SECRET"));
    });
}

#[test]
fn the_page_says_what_to_set_when_there_is_no_provider() {
    play_with(&[("GOOGLE_OAUTH_CLIENT_ID", ""), ("GOOGLE_OAUTH_CLIENT_SECRET", "")], async |world| {
        let answer = open(world, "").await;
        assert!(links(&answer).is_empty());
        for name in ["GOOGLE_OAUTH_CLIENT_ID", "GOOGLE_OAUTH_CLIENT_SECRET", "OIDC_ISSUER_URL", "OIDC_CLIENT_ID"] {
            assert!(answer.text().contains(name), "{name}");
        }
    });
}

#[test]
fn people_come_back_to_the_page_and_see_who_they_are() {
    play_with_google(&[], async |world, provider| {
        let owner = world.seed.tenant().await.owner;
        let link = links(&open(world, "").await).remove(0);
        let (start, query) = link.split_once('?').unwrap();
        let away = depart(world, start, &format!("?{query}")).await;
        let id = assert_arrived(&away.through(world, provider, &owner.email, json!({})).await, PAGE);
        let signed_in = format!("signed in as <b>{}</b>", owner.email);
        let answer = Request::get(PAGE).login(&id).send(world.address()).await;
        assert!(answer.text().contains(&signed_in), "{answer:?}");
        for nobody in ["a".repeat(40), "nonsense".to_owned()] {
            let answer = Request::get(PAGE).login(&nobody).send(world.address()).await;
            assert_page(&answer, 200);
            assert!(!answer.text().contains("signed in as"));
        }
        // Who is refused finds the way back.
        let away = depart(world, start, "").await;
        let refused = away.through(world, provider, "stranger@x.test", json!({})).await;
        assert_page(&refused, 403);
        assert_eq!(links(&refused), [PAGE]);
    });
}

#[test]
fn only_a_get_finds_the_page() {
    play(async |world| {
        let answer = Request::post(PAGE, &json!({})).send(world.address()).await;
        super::company::refused(&answer, 404);
    });
}
