//! The body scanner against serde_json: on any document the two agree, or the scanner is the stricter one for a reason
//! that is named.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test may fail it")]

use compose_relay::wire::body::{BodyError, check, mentions_file};
use compose_relay::wire::{BrowserCode, ExecutionId, FileId, SessionId};
use proptest::prelude::*;
use serde_json::Value;

const ID: u128 = 0x3333_3333_3333_4333_8333_3333_3333_3333;

fn verdict(body: &[u8]) -> Result<(), BodyError> {
    check(BrowserCode::OnClickHook, ExecutionId::from_u128(ID), SessionId::from_u128(ID), body).map(drop)
}

/// A click with one extra member, so that only that member decides.
fn click(extra: &str) -> String {
    let execution = ExecutionId::from_u128(ID);
    format!(r#"{{"type":"ab","componentId":"c","renderId":"r","executionId":"{execution}","x":{extra}}}"#)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The names of D-16 occur in no random document; if one did, it would be the reason.
fn agrees(body: &[u8]) -> Result<(), TestCaseError> {
    let found = verdict(body);
    match (serde_json::from_slice::<Value>(body), found) {
        (Ok(_), Err(BodyError::Syntax | BodyError::Utf8 | BodyError::Trailing)) => {
            Err(TestCaseError::fail(format!("refused although valid: {}", String::from_utf8_lossy(body))))
        }
        // serde_json alone refuses numbers that are no finite f64.
        (Err(error), Ok(())) if !error.to_string().starts_with("number out of range") => {
            Err(TestCaseError::fail(format!("passed although {error}: {}", String::from_utf8_lossy(body))))
        }
        _ => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_serde_writes_passes(value in json()) {
        prop_assert_eq!(verdict(click(&value.to_string()).as_bytes()), Ok(()));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(verdict(click(&pretty).as_bytes()), Ok(()));
    }

    #[test]
    fn mutated_bodies_are_judged_alike(
        value in json(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>().prop_map(Some),
            prop::sample::select(b"{}[]\",:\\ue0-+.19 \n\x00tfn\xc3\xf0".to_vec()).prop_map(Some),
            Just(None),
        ], any::<bool>()), 1..4),
    ) {
        let mut body = click(&value.to_string()).into_bytes();
        for (place, byte, insert) in edits {
            if body.is_empty() {
                break;
            }
            let place = place.index(body.len());
            match byte {
                None => drop(body.remove(place)),
                Some(byte) if insert => body.insert(place, byte),
                Some(byte) => body[place] = byte,
            }
        }
        agrees(&body)?;
    }

    #[test]
    fn json_like_text_is_judged_alike(text in r#"([\[\]{},:"\\/ tfnu0-9.eE+-]|true|false|null|\\u[0-9a-fA-F]{4}|\\ud83d|\\ude00|"a"|"b":){0,24}"#) {
        agrees(click(&text).as_bytes())?;
        agrees(click(&format!("\"{text}\"")).as_bytes())?;
        agrees(text.as_bytes())?;
    }

    #[test]
    fn escapes_are_judged_alike(text in r#"(\\["\\/bfnrtuxX ]|\\u[dD][89a-fA-F][0-9a-f]{2}|\\u[0-9a-f]{3,4}|[a-z]){0,12}"#) {
        agrees(click(&format!("\"{text}\"")).as_bytes())?;
        agrees(click(&format!("{{\"{text}\":0}}")).as_bytes())?;
    }

    #[test]
    fn numbers_are_judged_alike(text in "-?[0-9]{0,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?") {
        agrees(click(&text).as_bytes())?;
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), file: u128) {
        prop_assert!(verdict(&bytes).is_err());
        prop_assert!(!mentions_file(&bytes, |it| it == FileId::from_u128(file)));
        let tail = [click("\"").as_bytes(), &bytes].concat();
        prop_assert!(verdict(&tail).is_err() || serde_json::from_slice::<Value>(&tail).is_ok());
    }

    #[test]
    fn a_duplicate_key_is_always_found(names in prop::collection::btree_set("[a-z]{1,6}", 2..20), copied: prop::sample::Index) {
        let mut names: Vec<_> = names.into_iter().collect();
        let members = |names: &[String]| names.iter().map(|name| format!(r#","x{name}":0"#)).collect::<String>();
        prop_assert_eq!(verdict(click(&format!("1{}", members(&names))).as_bytes()), Ok(()));
        names.push(names[copied.index(names.len())].clone());
        prop_assert_eq!(verdict(click(&format!("1{}", members(&names))).as_bytes()), Err(BodyError::DuplicateKey));
    }
}
