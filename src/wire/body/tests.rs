//! Each rule of the body check by itself; the property tests are in `tests/body_properties.rs`.

use super::*;

const SESSION: &str = "22222222-2222-4222-8222-222222222222";
const EXECUTION: &str = "3aaaaaaa-3333-4333-8333-333333333333";
const FILE: &str = "5bbbbbbb-5555-4555-8555-555555555555";

/// A good body of each code, but for `type` and `executionId`.
const MEMBERS: [(BrowserCode, &str); 12] = [
    (
        BrowserCode::StartExecution,
        r#""appRoute":"a-1","sessionId":"22222222-2222-4222-8222-222222222222","params":{"a":1,"b":true,"c":"d"}"#,
    ),
    (BrowserCode::OnClickHook, r#""componentId":"c","renderId":"r""#),
    (
        BrowserCode::OnSubmitFormHook,
        r#""formComponentId":"f","renderId":"r","formData":{"a":null,"b":[{"fileId":"5bbbbbbb-5555-4555-8555-555555555555"}]}"#,
    ),
    (BrowserCode::CheckExecutionExists, r#""sessionId":"22222222-2222-4222-8222-222222222222""#),
    (BrowserCode::OnEnterHook, r#""componentId":"c","renderId":"r","value":null"#),
    (BrowserCode::OnSelectHook, r#""componentId":"c","renderId":"r","value":["x",{}]"#),
    (BrowserCode::OnFileChangeHook, r#""componentId":"c","renderId":"r","value":[{"fileId":"x","fileSize":1}]"#),
    (BrowserCode::OnTableRowActionHook, r#""componentId":"c","renderId":"r","actionIdx":0,"value":3"#),
    (BrowserCode::OnConfirmResponseHook, r#""componentId":"c","response":false"#),
    (BrowserCode::BrowserSessionEnded, r#""sessionId":"22222222-2222-4222-8222-222222222222""#),
    (BrowserCode::OnCloseModal, r#""renderId":"r""#),
    (
        BrowserCode::OnTablePageChangeHook,
        r#""componentId":"c","renderId":"r","offset":0,"pageSize":10,"searchQuery":null,"sortBy":[{"key":"k","direction":"asc"}],"filterBy":null"#,
    ),
];

fn body(code: BrowserCode, members: &str) -> String {
    format!(r#"{{"type":"{code}","executionId":"{EXECUTION}",{members}}}"#)
}

fn verdict(code: BrowserCode, body: &str) -> Result<Checked<'_>, BodyError> {
    let execution = ExecutionId::parse(EXECUTION.as_bytes()).unwrap();
    let session = SessionId::parse(SESSION.as_bytes()).unwrap();
    check(code, execution, session, body.as_bytes())
}

/// A click with these members besides the required ones.
fn click(extra: &str) -> Result<(), BodyError> {
    let body = body(BrowserCode::OnClickHook, &format!(r#""componentId":"c","renderId":"r",{extra}"#));
    verdict(BrowserCode::OnClickHook, &body).map(drop)
}

#[test]
fn good_bodies_pass() {
    for (code, members) in MEMBERS {
        let body = body(code, members);
        let route = (code == BrowserCode::StartExecution).then_some("a-1");
        assert_eq!(verdict(code, &body), Ok(Checked { app_route: route }), "{code}");
        let spaced = body.replace(':', " :\t").replace(',', "\r\n, ");
        assert_eq!(verdict(code, &format!(" {spaced} \n")), Ok(Checked { app_route: route }), "{code}");
    }
    assert_eq!(verdict(BrowserCode::FileTransfer, "\u{0}"), Ok(Checked { app_route: None }));
}

/// SDKs name no view with null, and a browser may give that back.
#[test]
fn a_page_may_be_asked_for_with_a_view_with_none_or_without_the_key() {
    let (code, members) = MEMBERS[11];
    for (view, passes) in [(r#""0_Mine""#, true), ("null", true), ("1", false), ("[]", false)] {
        let body = body(code, &format!(r#"{members},"viewBy":{view}"#));
        assert_eq!(verdict(code, &body).is_ok(), passes, "{view}");
    }
}

#[test]
fn every_required_key_is_required_and_typed() {
    for (code, members) in MEMBERS {
        let whole: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body(code, members)).unwrap();
        for key in whole.keys() {
            let mut without = whole.clone();
            without.remove(key);
            let text = serde_json::to_string(&without).unwrap();
            assert!(matches!(verdict(code, &text), Err(BodyError::Missing(name)) if name == key), "{code} {key}");
            // No key takes an array of numbers, but the values that users enter.
            let mut wrong = whole.clone();
            wrong.insert(key.clone(), serde_json::json!([1]));
            let text = serde_json::to_string(&wrong).unwrap();
            let any = key == "value" && matches!(code, BrowserCode::OnEnterHook | BrowserCode::OnSelectHook);
            let expected = if any { Ok(()) } else { Err(()) };
            let found = verdict(code, &text);
            assert_eq!(found.map(drop).map_err(drop), expected, "{code} {key}");
            if !any {
                assert!(matches!(found, Err(BodyError::Shape(name)) if name == key), "{code} {key}");
            }
        }
    }
}

#[test]
fn type_and_ids_agree_with_the_header() {
    let (_, members) = MEMBERS[3];
    let good = body(BrowserCode::CheckExecutionExists, members);
    let judge = |body: &str| verdict(BrowserCode::CheckExecutionExists, body).map(drop);
    assert_eq!(judge(&good), Ok(()));
    assert_eq!(judge(&good.replace(EXECUTION, &EXECUTION.to_uppercase())), Ok(()));
    assert_eq!(judge(&good.replace("\"ae\"", "\"aa\"")), Err(BodyError::Type));
    assert_eq!(judge(&good.replace("\"ae\"", "\"\\u0061e\"")), Err(BodyError::Type));
    assert_eq!(judge(&good.replace(EXECUTION, SESSION)), Err(BodyError::Execution));
    assert_eq!(judge(&good.replace(SESSION, FILE)), Err(BodyError::Session));
    assert_eq!(judge(&good.replace(SESSION, "")), Err(BodyError::Session));
    // Also where it is not required.
    assert_eq!(click(&format!(r#""sessionId":"{SESSION}""#)), Ok(()));
    assert_eq!(click(&format!(r#""sessionId":"{FILE}""#)), Err(BodyError::Session));
    assert_eq!(click(r#""sessionId":null"#), Err(BodyError::Shape("sessionId")));
}

#[test]
fn routes() {
    let start = |route: &str| {
        let members = MEMBERS[0].1.replace("\"a-1\"", &format!("\"{route}\""));
        verdict(BrowserCode::StartExecution, &body(BrowserCode::StartExecution, &members)).map(drop)
    };
    let longest = "a".repeat(250);
    for route in ["a", "0", "a-b", "a--b", &longest] {
        assert_eq!(start(route), Ok(()), "{route}");
    }
    let long = "a".repeat(251);
    for route in ["", "-", "-a", "a-", "A", "a_b", "a/b", "a b", "ä", "\\u0061", &long] {
        assert_eq!(start(route), Err(BodyError::Route), "{route}");
    }
    assert_eq!(start("constructor"), Err(BodyError::Name));
}

#[test]
fn inherited_names_are_refused_wherever_they_are_keys() {
    let names = [
        "__proto__",
        "constructor",
        "toString",
        "toLocaleString",
        "valueOf",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    ];
    for name in names {
        let first = u32::from(name.as_bytes()[0]);
        let half_escaped = format!("\\u{first:04X}{}", &name[1..]);
        let all_escaped: String = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        assert_eq!(click(&format!(r#""{name}":1"#)), Err(BodyError::Name));
        for written in [name, &half_escaped, &all_escaped] {
            assert_eq!(click(&format!(r#""x":{{"{written}":1}}"#)), Err(BodyError::Name), "{written}");
            assert_eq!(
                click(&format!(r#""x":[0,[{{"a":{{"b":0,"{written}":[]}}}}]]"#)),
                Err(BodyError::Name),
                "{written}"
            );
            for key in ["componentId", "renderId"] {
                let members = MEMBERS[1].1.replace(&format!(r#""{key}":""#), &format!(r#""{key}":"{written}","_":""#));
                let body = body(BrowserCode::OnClickHook, &members);
                assert_eq!(verdict(BrowserCode::OnClickHook, &body), Err(BodyError::Name), "{body}");
            }
            assert_eq!(click(&format!(r#""appRoute":"{written}""#)), Err(BodyError::Name));
            assert_eq!(click(&format!(r#""formComponentId":"{written}""#)), Err(BodyError::Name));
            // As a value of another key it is a word like any other.
            assert_eq!(click(&format!(r#""x":"{written}""#)), Ok(()));
        }
        assert_eq!(click(&format!(r#""x":{{"{name}x":1,"x{name}":1,"\n{name}":1}}"#)), Ok(()));
    }
}

#[test]
fn keys_of_the_body_are_unambiguous() {
    assert_eq!(click(r#""x":1,"x":1"#), Err(BodyError::DuplicateKey));
    assert_eq!(click(r#""renderId":"r""#), Err(BodyError::DuplicateKey));
    assert_eq!(click(r#""render\u0049d":"r""#), Err(BodyError::EscapedKey));
    assert_eq!(click(r#""x":{"y":1,"y":2}"#), Ok(()));
    let many = |count: usize| (0..count).map(|n| format!(r#""k{n}":0"#)).collect::<Vec<_>>().join(",");
    assert_eq!(click(&many(KEYS - 4)), Ok(()));
    assert_eq!(click(&many(KEYS - 3)), Err(BodyError::TooManyKeys));
}

#[test]
fn only_one_object() {
    let good = body(BrowserCode::OnClickHook, MEMBERS[1].1);
    let judge = |body: &str| verdict(BrowserCode::OnClickHook, body).map(drop);
    for other in ["null", "[]", "1", "\"\"", " true "] {
        assert_eq!(judge(other), Err(BodyError::NotAnObject), "{other}");
    }
    for broken in ["", " ", "{", "nul", "}", "\u{feff}{}", "{]"] {
        assert_eq!(judge(broken), Err(BodyError::Syntax), "{broken}");
    }
    for tail in ["x", "{}", ",", "\0", "\u{a0}"] {
        assert_eq!(judge(&format!("{good}{tail}")), Err(BodyError::Trailing), "{tail}");
    }
    for end in 0..good.len() {
        assert_eq!(judge(&good[..end]), Err(BodyError::Syntax), "{end}");
    }
}

#[test]
fn values_are_strict() {
    for good in [
        "0",
        "-0",
        "10",
        "0.10",
        "-1.5e+7",
        "1E0",
        "1e-400",
        "\"\\u00e9\\uD83D\\udE00\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\u{7f}é😀\"",
    ] {
        assert_eq!(click(&format!("\"x\":{good}")), Ok(()), "{good}");
    }
    for bad in [
        "01",
        "+1",
        "-",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "True",
        "'x'",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[1 2]",
        "{\"a\" 1}",
        "/**/1",
        "tru",
        "nulll",
    ] {
        assert_eq!(click(&format!("\"x\":{bad}")), Err(BodyError::Syntax), "{bad}");
    }
    assert_eq!(click(&format!("\"x\":{}", "1".repeat(512))), Ok(()));
    assert_eq!(click(&format!("\"x\":{}", "1".repeat(513))), Err(BodyError::Syntax));
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| click(&format!("\"x\":{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert_eq!(nested(DEPTH - 1), Ok(()));
    assert_eq!(nested(DEPTH), Err(BodyError::Depth));
    assert_eq!(nested(1_000_000), Err(BodyError::Depth));
    let objects = |levels: usize| click(&format!("\"x\":{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)));
    assert_eq!(objects(DEPTH - 1), Ok(()));
    assert_eq!(objects(DEPTH), Err(BodyError::Depth));
}

#[test]
fn a_control_character_is_found_at_every_place() {
    for length in 0..40 {
        for place in 0..length {
            for (byte, expected) in
                [("\u{1f}", Err(BodyError::Syntax)), ("é", Ok(())), ("\\", Err(BodyError::Syntax)), ("\u{20}", Ok(()))]
            {
                let text = format!("{}{byte}{}", "z".repeat(place), "z".repeat(length - place - 1));
                assert_eq!(click(&format!("\"x\":\"{text}\"")), expected, "{text:?}");
            }
        }
    }
}

#[test]
fn a_lost_upload_is_found() {
    let file = FileId::parse(FILE.as_bytes()).unwrap();
    let body = body(MEMBERS[2].0, MEMBERS[2].1);
    assert!(mentions_file(body.as_bytes(), |it| it == file));
    assert!(mentions_file(body.replace(FILE, &FILE.to_uppercase()).as_bytes(), |it| it == file));
    assert!(!mentions_file(body.replace(FILE, SESSION).as_bytes(), |it| it == file));
    assert!(!mentions_file(body.replace(FILE, &format!("x{FILE}")).as_bytes(), |it| it == file));
    assert!(!mentions_file(b"", |it| it == file));

    let mut seen = Vec::new();
    assert!(!mentions_file(body.as_bytes(), |it| {
        seen.push(it);
        false
    }));
    assert!(seen.contains(&file), "every id is shown, in one pass");
}
