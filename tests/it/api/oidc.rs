//! An OpenID Connect provider in the place of Google.

use super::code_flow::{assert_arrived, assert_page, depart};
use crate::support::{Provider, Request, World, play_with};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const START: &str = "/auth/oidc/start";

fn play_with_oidc(scene: impl AsyncFnOnce(&mut World, &Provider)) {
    let provider = Provider::start();
    let mut settings = provider.oidc();
    settings.push(("GOOGLE_OAUTH_CLIENT_ID".to_owned(), String::new()));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    play_with(&settings, async |world| scene(world, &provider).await);
}

#[test]
fn people_sign_in_with_any_openid_provider() {
    play_with_oidc(async |world, provider| {
        let tenant = world.seed.tenant().await;
        let away = depart(world, START, "?redirect=/home").await;
        assert!(away.location.contains("scope=openid+email+profile") && away.location.contains("&nonce="));
        assert_arrived(&away.through(world, provider, &tenant.owner.email, json!({})).await, "/home");
        // What the provider says about itself is asked for once.
        let asked = |target: &str, targets: &[String]| targets.iter().filter(|known| *known == target).count();
        let away = depart(world, START, "").await;
        assert_arrived(&away.through(world, provider, &tenant.owner.email, json!({"aud": ["test-client"]})).await, "/");
        let targets = provider.take_targets();
        assert_eq!((asked("/.well-known/openid-configuration", &targets), asked("/jwks", &targets)), (1, 1));
        // A new key is found at once.
        provider.rotate_key();
        let away = depart(world, START, "").await;
        assert_arrived(&away.through(world, provider, &tenant.owner.email, json!({})).await, "/");
        // The address may be in the user info alone.
        let away = depart(world, START, "").await;
        let claims = json!({"email": null, "email_verified": null});
        assert_arrived(&away.through(world, provider, &tenant.owner.email, claims).await, "/");
        // New people.
        let away = depart(world, START, "?newAccount=true").await;
        let answer = away.through(world, provider, "new@x.test", json!({"given_name": "Zoë"})).await;
        assert_eq!(answer.header("location"), Some("/new-user-flow?stage=userInfo"));
        let cookies = answer.cookies();
        let cookie = cookies[0].split(';').next().unwrap();
        let shown = Request::get("/api/v1/auth/new-user").header("Cookie", cookie).send(world.address()).await;
        assert_eq!(shown.json(), json!({"email": "new@x.test", "firstName": "Zoë", "lastName": "Lee"}));
        // The answer's issuer, when it is told (RFC 9207).
        let away = depart(world, START, "").await;
        let path = provider.sign_in(&away.location, &tenant.owner.email, json!({}));
        assert_page(&away.back(world, &format!("{path}&iss=https://evil.test")).await, 400);
        let away = depart(world, START, "").await;
        let path = provider.sign_in(&away.location, &tenant.owner.email, json!({}));
        assert_arrived(&away.back(world, &format!("{path}&iss={}", provider.issuer())).await, "/");
    });
}

#[test]
fn nothing_is_believed_that_the_id_token_does_not_say() {
    play_with_oidc(async |world, provider| {
        let email = world.seed.tenant().await.owner.email;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for claims in [
            json!({"nonce": "another"}),
            json!({"nonce": null}),
            json!({"aud": "another-client"}),
            json!({"aud": ["test-client", "another-client"]}),
            json!({"azp": "another-client"}),
            json!({"iss": "https://evil.test"}),
            json!({"exp": now - 3600}),
            json!({"exp": null}),
            json!({"iat": now + 3600}),
            json!({"sub": null}),
            json!({"email_verified": false}),
            json!({"email_verified": null}),
            json!({"email": "ALL"}),
            json!({"email": null, "sub": "somebody else"}),
        ] {
            let away = depart(world, START, "").await;
            assert_page(&away.through(world, provider, &email, claims).await, 400);
        }
        let twists: [fn(&str) -> String; 6] = [
            |token| format!("{}.", token.rsplit_once('.').unwrap().0),
            // {"alg":"none"}
            |token| format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap()),
            |token| token.replacen('.', ".A", 1),
            |token| format!("{}AAAA", &token[..token.len() - 4]),
            |_| String::new(),
            |_| "a.b.c".repeat(1000),
        ];
        for twist in twists {
            provider.set_id_token(Some(twist));
            let away = depart(world, START, "").await;
            assert_page(&away.through(world, provider, &email, json!({})).await, 400);
        }
        provider.set_id_token(None);
        let away = depart(world, START, "").await;
        assert_arrived(&away.through(world, provider, &email, json!({})).await, "/");
        assert!(!world.server.log().contains("eyJ"), "no token is in the log");
    });
}

#[test]
fn a_provider_that_is_not_what_it_should_be_is_not_used() {
    let cases: [fn(&Provider) -> Value; 5] = [
        |_| json!({"issuer": "https://evil.test"}),
        |provider| json!({"issuer": format!("{}/", provider.issuer())}),
        |_| json!({"authorization_endpoint": "http://a.test/authorize"}),
        |_| json!({"token_endpoint": null}),
        |_| json!({"jwks_uri": "http://192.0.2.1/jwks"}),
    ];
    play_with_oidc(async |world, provider| {
        for case in cases {
            provider.set_discovery(case(provider));
            let start = async || Request::get(START).send(world.address()).await;
            assert_page(&start().await, 502);
            // The next one need not find out for himself.
            provider.take_targets();
            assert_page(&start().await, 502);
            assert!(provider.take_targets().is_empty());
            tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
        }
        // It is used again as soon as it is well.
        provider.set_discovery(json!({}));
        depart(world, START, "").await;
    });
}
