use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::store::EnvironmentType;

const COMPANY: Uuid = Uuid::from_u128(1);
const OTHER_COMPANY: Uuid = Uuid::from_u128(2);
const ENVIRONMENT: Uuid = Uuid::from_u128(3);

fn environment() -> EnvironmentRow {
    EnvironmentRow {
        id: ENVIRONMENT,
        company_id: COMPANY,
        name: "Production".into(),
        api_key_hash: String::new(),
        kind: EnvironmentType::Production,
        apps: json!([{"route": "hello"}, {"route": "second"}]),
        theme: None,
        data: json!({}),
        decryptable_key: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn share(route: &str, email: &str) -> ShareRow {
    ShareRow {
        id: Uuid::nil(),
        email: email.into(),
        environment_id: ENVIRONMENT,
        app_route: route.into(),
        created_by_user_id: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        company_id: COMPANY,
        created_by_sdk: false,
    }
}

fn inherit(route: &str, parent: &str) -> ShareRow {
    share(route, &format!("{INHERIT_PREFIX}{parent}"))
}

fn user(company: Uuid, role: &str, email: &str) -> UserRow {
    UserRow {
        id: Uuid::from_u128(9),
        company_id: company,
        first_name: "Ann".into(),
        last_name: "Lee".into(),
        email: email.into(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        development_environment_id: None,
        permission: role.into(),
        metadata: json!({}),
    }
}

fn judge(visitor: &Visitor, shares: &[ShareRow]) -> Access {
    decide(&environment(), shares, visitor, "hello")
}

fn bob() -> Visitor {
    Visitor::external("bob@x.test")
}

#[test]
fn the_company_s_own_people_open_everything() {
    for role in ["owner", "admin", "app-manager", "member"] {
        let visitor = Visitor::internal(&user(COMPANY, role, "a@x.test"));
        assert_eq!(judge(&visitor, &[]), Access::Allowed, "{role}");
        assert_eq!(decide(&environment(), &[], &visitor, "no-such-app"), Access::Allowed);
    }
}

#[test]
fn people_of_other_companies_need_a_share() {
    let visitor = Visitor::internal(&user(OTHER_COMPANY, "owner", "Owner@Other.Test"));
    assert_eq!(judge(&visitor, &[]), Access::Refused);
    assert_eq!(judge(&visitor, &[share("hello", "owner@other.test")]), Access::Allowed);
}

#[test]
fn d09_guests_need_a_share_except_in_their_own_development_environment() {
    for role in ["guest", "superuser", ""] {
        let mut row = user(COMPANY, role, "guest@x.test");
        assert_eq!(judge(&Visitor::internal(&row), &[]), Access::Refused, "{role}");
        assert_eq!(judge(&Visitor::internal(&row), &[share("hello", "guest@x.test")]), Access::Allowed);
        row.development_environment_id = Some(ENVIRONMENT);
        assert_eq!(judge(&Visitor::internal(&row), &[]), Access::Allowed);
        row.company_id = OTHER_COMPANY;
        assert_eq!(judge(&Visitor::internal(&row), &[]), Access::Refused);
    }
}

#[test]
fn d03_d08_shares_match_whole_addresses_and_whole_domains() {
    let table = [
        // share, visitor, whether it lets them in
        ("ALL", "bob@x.test", true),
        ("ALL", "ALL", true),
        ("all", "bob@x.test", false),
        ("bob@x.test", "bob@x.test", true),
        ("Bob@X.Test", "bob@x.test", true),
        ("bob@x.test", "BOB@x.test", true),
        ("bob@x.test", "evilbob@x.test", false),
        ("bob@x.test", "bob@x.test.evil.test", false),
        ("x.test", "bob@x.test", true),
        ("X.TEST", "bob@x.test", true),
        ("@x.test", "bob@x.test", true),
        ("x.test", "bob@evilx.test", false),
        ("@x.test", "bob@evilx.test", false),
        ("x.test", "bob@sub.x.test", false),
        ("x.test", "a@b@x.test", true),
        ("b@x.test", "a@b@x.test", false),
        ("@b@x.test", "a@b@x.test", false),
        ("test", "bob@test", false),
        ("t", "bob@x.test", false),
        ("", "bob@x.test", false),
        (" ", "bob@x.test", false),
        ("@", "bob@x.test", false),
        ("@.", "bob@x.test", false),
        ("", "bob@", false),
        ("", "ALL", false),
        ("L", "ALL", false),
        ("x.test", "ALL", false),
        ("x.test", "x.test", false),
        ("\"bob@x.test\"", "bob@x.test", false),
    ];
    for (text, email, lets_in) in table {
        let access = judge(&Visitor::external(email), &[share("hello", text)]);
        assert_eq!(access == Access::Allowed, lets_in, "share {text:?}, visitor {email:?}");
    }
}

#[test]
fn d01_shares_of_another_company_are_ignored() {
    for email in ["ALL", "bob@x.test", "x.test"] {
        let planted = ShareRow { company_id: OTHER_COMPANY, ..share("hello", email) };
        assert_eq!(judge(&bob(), &[planted]), Access::Refused, "{email}");
    }
    let planted = ShareRow { company_id: OTHER_COMPANY, ..inherit("hello", "open") };
    assert_eq!(judge(&bob(), &[planted, share("open", "ALL")]), Access::Refused);
}

#[test]
fn a_share_counts_for_its_own_app_and_environment() {
    assert_eq!(judge(&bob(), &[share("second", "ALL")]), Access::Refused);
    let elsewhere = ShareRow { environment_id: Uuid::from_u128(77), ..share("hello", "ALL") };
    assert_eq!(judge(&bob(), &[elsewhere]), Access::Refused);
}

#[test]
fn inherited_shares_are_followed_through_chains_and_cycles() {
    let mut shares = vec![inherit("hello", "b"), inherit("b", "c"), inherit("c", "hello"), inherit("hello", "hello")];
    assert_eq!(judge(&bob(), &shares), Access::Refused);
    assert_eq!(judge(&Visitor::external("ALL"), &shares), Access::Refused);
    shares.push(share("c", "bob@x.test"));
    assert_eq!(judge(&bob(), &shares), Access::Allowed);
    shares.push(share("b", "ALL"));
    assert_eq!(judge(&Visitor::external("ALL"), &shares), Access::Allowed);
    assert_eq!(judge(&bob(), &[inherit("hello", ""), inherit("", "x")]), Access::Refused);
}

#[test]
fn a_chain_of_more_than_1000_apps_is_not_followed() {
    let chain = |length: usize| {
        let mut shares: Vec<_> = (1..length).map(|i| inherit(&format!("r{i}"), &format!("r{}", i + 1))).collect();
        shares.push(inherit("hello", "r1"));
        shares.push(share(&format!("r{length}"), "ALL"));
        shares
    };
    assert_eq!(judge(&bob(), &chain(999)), Access::Allowed);
    assert_eq!(judge(&bob(), &chain(1000)), Access::TooManyShares);
}

#[test]
fn one_open_app_is_enough_to_see_an_environment() {
    let guest = Visitor::internal(&user(COMPANY, "guest", "guest@x.test"));
    assert!(!may_open_any(&environment(), &[], &guest));
    assert!(may_open_any(&environment(), &[share("second", "x.test")], &guest));
    assert!(!may_open_any(&environment(), &[share("gone", "x.test")], &guest), "a share of an app that is no more");
    assert!(may_open_any(&environment(), &[], &Visitor::internal(&user(COMPANY, "member", "m@x.test"))));
}
