//! The byte vectors of section 9: lengths and digests as published, and what this crate reads from or writes for them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test may fail it")]

use compose_relay::wire::{
    BrowserCode, EnvironmentId, ExecutionId, FileId, HeaderError, Package, PackageName, SdkHeader, SessionId, body,
    browser_header, sdk_header, server,
};

const ENV: &str = "11111111-1111-4111-8111-111111111111";
const SES: &str = "22222222-2222-4222-8222-222222222222";
const EXE: &str = "33333333-3333-4333-8333-333333333333";
const FILE: &str = "55555555-5555-4555-8555-555555555555";

const T1: &str = r#"ab{"type":"ab","navs":[],"apps":[{"name":"Hello","route":"hello","description":null},{"name":"Kid","route":"kid","description":null,"parentAppRoute":"hello"}],"theme":null,"packageVersion":"0.27.8","packageName":"compose-python"}"#;
const T2: &str = r#"aa11111111-1111-4111-8111-11111111111133333333-3333-4333-8333-333333333333{"type":"aa","appRoute":"hello","executionId":"33333333-3333-4333-8333-333333333333","sessionId":"22222222-2222-4222-8222-222222222222","params":{}}"#;
const T2_OLD: &str = r#"aa11111111-1111-4111-8111-111111111111{"type":"aa","appRoute":"hello","executionId":"33333333-3333-4333-8333-333333333333","sessionId":"22222222-2222-4222-8222-222222222222","params":{}}"#;
const T3: &str = r#"av22222222-2222-4222-8222-22222222222233333333-3333-4333-8333-333333333333{"type":"av","ui":{"model":{"id":"77777777-7777-4777-8777-777777777777","style":null,"properties":{"text":"hi"}},"hooks":null,"type":"display-text","interactionType":"display"},"renderId":"66666666-6666-4666-8666-666666666666","appearance":"default","idx":0,"modalWidth":"md"}"#;
const T4: &str = r#"1122222222-2222-4222-8222-222222222222{"type":"11","environmentId":"11111111-1111-4111-8111-111111111111","isOnline":true,"message":"SDK online","packageName":"compose-python","packageVersion":"0.27.8"}"#;
const T4B: &str = r#"1122222222-2222-4222-8222-222222222222{"type":"11","environmentId":"11111111-1111-4111-8111-111111111111","isOnline":false,"message":"SDK offline"}"#;
const T5: &str = r#"12{"type":"12","connections":{"11111111-1111-4111-8111-111111111111":true}}"#;
const T6: &str =
    r#"1422222222-2222-4222-8222-222222222222{"type":"14","environmentId":"11111111-1111-4111-8111-111111111111"}"#;
const T7: &str = r#"5022222222-2222-4222-8222-22222222222233333333-3333-4333-8333-333333333333{"type":"50","message":"clicked","appRoute":"hello","severity":"info","data":{"k":1}}"#;
const T8: &str = r#"au22222222-2222-4222-8222-22222222222233333333-3333-4333-8333-333333333333{"type":"au","errorMessage":"Audit log entry was not stored: plan limit.","severity":"info"}"#;
const T9: &str =
    r#"ay22222222-2222-4222-8222-22222222222233333333-3333-4333-8333-333333333333{"type":"ay","exists":false}"#;
const T12: &str = r#"ae11111111-1111-4111-8111-11111111111133333333-3333-4333-8333-333333333333{"type":"ae","executionId":"33333333-3333-4333-8333-333333333333","sessionId":"22222222-2222-4222-8222-222222222222"}"#;
const T13: &str = r#"ak11111111-1111-4111-8111-11111111111133333333-3333-4333-8333-333333333333{"type":"ak","sessionId":"22222222-2222-4222-8222-222222222222","executionId":"33333333-3333-4333-8333-333333333333"}"#;

fn t10() -> Vec<u8> {
    [b"ad", ENV.as_bytes(), EXE.as_bytes(), FILE.as_bytes(), &[0, 1, 2, 0xff]].concat()
}

fn t11() -> Vec<u8> {
    let metadata = format!(r#"{{"name":"a.txt","download":true,"id":"{FILE}"}}"#);
    let length = u32::try_from(metadata.len()).unwrap().to_be_bytes();
    [b"bl", SES.as_bytes(), EXE.as_bytes(), &length, metadata.as_bytes(), b"hello"].concat()
}

fn environment() -> EnvironmentId {
    EnvironmentId::parse(ENV.as_bytes()).unwrap()
}

fn session() -> SessionId {
    SessionId::parse(SES.as_bytes()).unwrap()
}

fn execution() -> ExecutionId {
    ExecutionId::parse(EXE.as_bytes()).unwrap()
}

fn package() -> Package {
    Package { name: PackageName::Python, version: "0.27.8".into() }
}

#[test]
fn the_vectors_are_the_published_ones() {
    let (t10, t11) = (t10(), t11());
    let published: [(&str, &[u8], usize, &str); 15] = [
        ("T1", T1.as_bytes(), 229, "55e5116c18fdc81b1429628ed087cbbe4b994dc945a76327ef4fd7446c9ff07c"),
        ("T2", T2.as_bytes(), 222, "16be1899386d72668d445a168708d0223226fb2357607fdc8829145d324abfa7"),
        ("T2-old", T2_OLD.as_bytes(), 186, "59ab2c2dd764049734c2562f8a210e10dc7a8f02fea3f1a6d6b8f84c7858754a"),
        ("T3", T3.as_bytes(), 350, "9a213f902eef51741182c7edb95dab4dbdafa2f6d82d692a3de798145c256d36"),
        ("T4", T4.as_bytes(), 202, "7a53f079668fa818a19d113fed92094e984bae9700b566caacb4adfb0c57ac40"),
        ("T4b", T4B.as_bytes(), 147, "9efdb40d68f399cfd1539f060d9b0811a15189f39796fbea564c2feb8290de16"),
        ("T5", T5.as_bytes(), 75, "02964b7bfc458b20ecc7a0030622b9d36caa6e9997b89bb50419e29971438bc8"),
        ("T6", T6.as_bytes(), 106, "b1b7db824eba4b669f4674a3c3359b9e287c0396a82bd33034fe457bd1e4ee1a"),
        ("T7", T7.as_bytes(), 159, "bdaa8c4b2101ef422934b5062332e7c7b930576c376413c6aa37e41f2b583acc"),
        ("T8", T8.as_bytes(), 166, "736f78164e03f757bdddfe20cf5193382db3e5fa690dd1354df3bcafe81b8194"),
        ("T9", T9.as_bytes(), 102, "f3c81f3bd464aafdf0acee8a6eccdc9938c053f4099b2c2b8069e13e99042ee2"),
        ("T10", &t10, 114, "bed4aa189d39a9b763239d795a9941e97eefaed4f2fa230fd93d08a53b33c2ec"),
        ("T11", &t11, 159, "cb87d5fe2d20a29a8734bc6bb78cface6a88e6c20be14e38c166d2f98f94a223"),
        ("T12", T12.as_bytes(), 191, "bfce7f543410cc86e2197dff2082f50beab571fdb93384fb1470d24a76745b4f"),
        ("T13", T13.as_bytes(), 191, "43a9108dd685d4f5c6bd5413fda54a379ae2138495d942cb21dcad1e2a0648be"),
    ];
    for (name, bytes, length, digest) in published {
        assert_eq!(bytes.len(), length, "{name}");
        let found = ring::digest::digest(&ring::digest::SHA256, bytes);
        let found: String = found.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{name}");
    }
}

#[test]
fn browser_vectors_are_read() {
    for (bytes, code) in [
        (T2, BrowserCode::StartExecution),
        (T12, BrowserCode::CheckExecutionExists),
        (T13, BrowserCode::BrowserSessionEnded),
    ] {
        let header = browser_header(bytes.as_bytes()).unwrap();
        assert_eq!((header.code, header.environment, header.execution), (code, environment(), execution()));
        assert_eq!(header.file, None);
        let checked = body::check(code, header.execution, session(), &bytes.as_bytes()[74..]).unwrap();
        assert_eq!(checked.app_route, (code == BrowserCode::StartExecution).then_some("hello"));
    }
    let upload = browser_header(&t10()).unwrap();
    assert_eq!(upload.code, BrowserCode::FileTransfer);
    assert_eq!((upload.environment, upload.execution), (environment(), execution()));
    assert_eq!(upload.file, FileId::parse(FILE.as_bytes()));
}

#[test]
fn the_old_layout_is_refused() {
    assert_eq!(browser_header(T2_OLD.as_bytes()), Err(HeaderError::OldLayout));
    let old_render = T3.replace("av", "ac");
    assert_eq!(sdk_header(old_render.as_bytes()), Err(HeaderError::OldLayout));
    let headless = T3.replace(EXE, "");
    assert_eq!(sdk_header(headless.as_bytes()), Err(HeaderError::OldLayout));
}

#[test]
fn sdk_vectors_are_read() {
    let to_browser = SdkHeader::ToBrowser { session: session(), execution: execution() };
    assert_eq!(sdk_header(T1.as_bytes()), Ok(SdkHeader::Initialize));
    assert_eq!(sdk_header(T3.as_bytes()), Ok(to_browser));
    assert_eq!(sdk_header(T8.as_bytes()), Ok(to_browser));
    assert_eq!(sdk_header(T9.as_bytes()), Ok(to_browser));
    assert_eq!(sdk_header(&t11()), Ok(to_browser));
    assert_eq!(sdk_header(T7.as_bytes()), Ok(SdkHeader::AuditLog { session: session(), execution: execution() }));
}

#[test]
fn server_vectors_are_written() {
    let (environment, session, execution) = (environment(), session(), execution());
    assert_eq!(server::sdk_online(session, environment, &package()), T4.as_bytes());
    assert_eq!(server::sdk_offline(session, environment, None), T4B.as_bytes());
    assert_eq!(server::active_connections([(environment, true)].into_iter()), T5.as_bytes());
    assert_eq!(server::environment_initialized(session, environment), T6.as_bytes());
    let message = "Audit log entry was not stored: plan limit.";
    assert_eq!(server::app_error_info(session, execution, message), T8.as_bytes());
    assert_eq!(server::execution_exists(session, execution, false), T9.as_bytes());
    assert_eq!(server::browser_session_ended(environment, session, execution), T13.as_bytes());
}

#[test]
fn a_departed_sdk_is_reported_with_its_package() {
    let frame = server::sdk_offline(session(), environment(), Some(&package()));
    let online = T4.replace("true", "false").replace("SDK online", "SDK offline");
    assert_eq!(frame, online.as_bytes());
}

/// N7: an SDK may not send the server's own frames.
#[test]
fn server_codes_from_an_sdk_are_refused() {
    for vector in [T4, T5, T6] {
        assert_eq!(sdk_header(vector.as_bytes()), Err(HeaderError::ServerOnly));
    }
    assert_eq!(sdk_header(T6.replacen("14", "13", 1).as_bytes()), Err(HeaderError::ServerOnly));
}

/// What the whole inbound check says about a browser frame of the session of the vectors.
fn judge(frame: &[u8]) -> Result<(), String> {
    let header = browser_header(frame).map_err(|error| error.to_string())?;
    body::check(header.code, header.execution, session(), &frame[74..]).map_err(|error| error.to_string())?;
    Ok(())
}

fn click(body: &str) -> Vec<u8> {
    format!("ab{ENV}{EXE}{body}").into_bytes()
}

#[test]
fn negative_vectors_are_refused() {
    let good = format!(r#"{{"type":"ab","componentId":"c","renderId":"r","executionId":"{EXE}"}}"#);
    assert_eq!(judge(&click(&good)), Ok(()));

    // N1: a start in a click's clothes (D-1).
    let start =
        format!(r#"{{"type":"aa","appRoute":"second","executionId":"{EXE}","sessionId":"{SES}","params":{{}}}}"#);
    assert!(judge(&click(&start)).is_err());
    // N2: another execution in the body.
    assert!(judge(&click(&good.replace(EXE, FILE))).is_err());
    // N3: another session in the body of a start.
    assert!(judge(T2.replace(SES, FILE).as_bytes()).is_err());
    // N4: bodies that break SDKs.
    for body in ["", "null", "[]", "{", &good.replacen('{', r#"{"type":"ab","#, 1)] {
        assert!(judge(&click(body)).is_err(), "{body}");
    }
    let mut not_utf8 = click(&good.replace("\"c\"", "\"ccc\""));
    let place = not_utf8.windows(3).position(|three| three == b"ccc").unwrap();
    not_utf8[place] = 0xff;
    assert!(judge(&not_utf8).is_err());
    // N5: a name that every JavaScript object has.
    assert!(judge(&click(&good.replace("\"r\"", "\"constructor\""))).is_err());
}
