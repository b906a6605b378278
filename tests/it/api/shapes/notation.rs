//! The notation of section 2.2 of the HTTP specification, and whether a value has a shape written in it.
//!
//! `{ key: T, maybe?: T }` has exactly these keys; `T + { … }` adds keys; `[T]` has at least one element, so that an empty
//! list never hides what is in it; `T | U` is either; `'x'`, `true`, `false` and `null` are themselves. Words in lower case
//! are of JSON, `uuid` and `time` are texts of that form, words in upper case are in [`TYPES`].

use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The shared types.
pub const TYPES: [(&str, &str); 19] = [
    ("Role", "'owner' | 'admin' | 'app-manager' | 'member' | 'guest'"),
    ("AccountType", "'developer' | 'user-only'"),
    ("EnvType", "'development' | 'production'"),
    ("LogSeverity", "'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'"),
    ("LogType", "'user' | 'system'"),
    (
        "Company",
        "{ id: uuid, name: string, createdAt: time, updatedAt: time, plan: 'hobby' | 'pro', billingId: string,
           flags: { FRIENDS_AND_FAMILY_FREE?: boolean, AUDIT_LOG_RATE_LIMIT_PER_MINUTE?: number, AFFILIATE_CODE?: any } }",
    ),
    (
        "User",
        "{ id: uuid, companyId: uuid, firstName: string, lastName: string, email: string, createdAt: time, updatedAt: time,
           developmentEnvironmentId: uuid | null, permission: Role,
           metadata: { show-onboarding?: boolean, has-never-opened-app?: boolean,
                       show-success-callout-on-app-open?: boolean } }",
    ),
    (
        "App",
        "{ name: string, description: string | null, route: string, hidden?: boolean, parentAppRoute?: string,
           navId?: string }",
    ),
    ("Theme", "null | { textColor?: string, backgroundColor?: string, primaryColor?: string }"),
    ("Nav", "{ id: string, items: [{ label: string, route: string }], logoUrl?: string, orientation?: 'horizontal' | 'vertical' }"),
    (
        "Environment",
        "{ id: uuid, companyId: uuid, name: string, type: EnvType, apps: Apps, theme: Theme, createdAt: time,
           updatedAt: time, data: { packageName?: string, packageVersion?: string, navs?: [Nav] } }",
    ),
    // A new environment has none.
    ("Apps", "[App] | []"),
    (
        "ExternalAppUser",
        "{ id: uuid, companyId: uuid, environmentId: uuid, email: string, appRoute: string, createdByUserId: uuid | null,
           createdBySdk: boolean, createdAt: time, updatedAt: time }",
    ),
    ("ExternalAppUsers", "[ExternalAppUser] | []"),
    (
        "EmailCode",
        "{ id: uuid, companyId: uuid | null, email: string, createdAt: time, expiresAt: time,
           metadata: { purpose: 'JOIN_COMPANY', accountType: AccountType, permission?: Role } }",
    ),
    (
        "ReportData",
        "{ trackedEventModel: { logicOperator: 'AND' | 'OR', events: [{ event: string, type: LogType, operator: 'EQUALS' }] },
           includeProductionLogs: boolean, includeDevelopmentLogs: boolean, timeFrame: string,
           dateRange: { start: time | null, end: time | null },
           selectedApps: [] | [{ route: string, environmentId: uuid }], selectedUserEmails: [] | [string],
           includeAnonymousUsers: boolean, includeProductionLogsIsEditable: boolean,
           includeDevelopmentLogsIsEditable: boolean, timeFrameIsEditable: boolean, selectedAppsIsEditable: boolean,
           selectedUserEmailsIsEditable: boolean }",
    ),
    (
        "Report",
        "{ id: uuid, companyId: uuid, createdByUserId: uuid, updatedByUserId: uuid, createdAt: time, updatedAt: time,
           title: string, description: string | null, data: ReportData }",
    ),
    (
        "ReportUser",
        "{ id: uuid, userId: uuid, reportId: uuid, companyId: uuid, createdByUserId: uuid, createdAt: time,
           permission: { canView: boolean } }",
    ),
    (
        "LogRow",
        "{ createdAt: time, environmentId: uuid | null, userId: uuid | null, userEmail: string | null, appRoute: string,
           message: string, data: object | null, severity: LogSeverity, type: LogType, environmentType: EnvType }",
    ),
];

enum Shape {
    Word(String),
    Text(String),
    /// Optional or not, and the shape.
    Object(BTreeMap<String, (bool, Shape)>),
    List(Box<Shape>),
    Empty,
    Either(Vec<Shape>),
}

/// What is wrong with the value, as a path and a reason.
pub fn compare(shape: &str, value: &Value) -> Result<(), String> {
    fits(&parse(shape), value, "$")
}

fn fits(shape: &Shape, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |wanted: &str| Err(format!("{at}: {value} is no {wanted}"));
    let is = |good: bool, wanted: &str| if good { Ok(()) } else { wrong(wanted) };
    match shape {
        Shape::Word(word) => match word.as_str() {
            "any" => Ok(()),
            "null" => is(value.is_null(), word),
            "true" | "false" => is(value.as_bool().is_some_and(|it| it.to_string() == *word), word),
            "boolean" => is(value.is_boolean(), word),
            "number" => is(value.is_number(), word),
            "string" => is(value.is_string(), word),
            "object" => is(value.is_object(), word),
            "uuid" => is(value.as_str().is_some_and(is_uuid), word),
            "time" => is(value.as_str().is_some_and(is_time), word),
            name => match TYPES.iter().find(|(known, _)| *known == name) {
                Some((_, shape)) => fits(&parse(shape), value, at),
                None => panic!("{name} is no type"),
            },
        },
        Shape::Text(text) => is(value == text, text),
        Shape::Empty => is(value.as_array().is_some_and(Vec::is_empty), "empty list"),
        Shape::List(shape) => match value.as_array() {
            Some(list) if !list.is_empty() => {
                list.iter().enumerate().try_for_each(|(n, value)| fits(shape, value, &format!("{at}[{n}]")))
            }
            _ => wrong("list with something in it"),
        },
        Shape::Object(keys) => {
            let Some(object) = value.as_object() else { return wrong("object") };
            if let Some(key) = object.keys().find(|key| !keys.contains_key(*key)) {
                return Err(format!("{at}.{key} is not in the specification"));
            }
            keys.iter().try_for_each(|(key, (optional, shape))| match object.get(key) {
                Some(value) => fits(shape, value, &format!("{at}.{key}")),
                None if *optional => Ok(()),
                None => Err(format!("{at}.{key} is missing")),
            })
        }
        Shape::Either(shapes) => {
            let results: Vec<_> = shapes.iter().map(|shape| fits(shape, value, at)).collect();
            let good = results.iter().any(Result::is_ok);
            let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
            if good { Ok(()) } else { Err(errors.join(", and ")) }
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.parse::<Uuid>().is_ok_and(|id| id.to_string() == text)
}

fn is_time(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00.000Z";
    let fits = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
    text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fits)
}

fn parse(text: &str) -> Shape {
    let mut rest = text;
    let shape = either(&mut rest);
    assert!(rest.trim().is_empty(), "{rest:?} is left of {text:?}");
    shape
}

fn either(rest: &mut &str) -> Shape {
    let mut shapes = vec![sum(rest)];
    while take(rest, "|") {
        shapes.push(sum(rest));
    }
    if shapes.len() == 1 { shapes.remove(0) } else { Shape::Either(shapes) }
}

fn sum(rest: &mut &str) -> Shape {
    let mut shape = one(rest);
    while take(rest, "+") {
        let (Shape::Object(mut keys), Shape::Object(more)) = (named(shape), named(one(rest))) else {
            panic!("only objects can be added, before {rest:?}");
        };
        keys.extend(more);
        shape = Shape::Object(keys);
    }
    shape
}

/// What a name stands for.
fn named(shape: Shape) -> Shape {
    let Shape::Word(name) = &shape else { return shape };
    let (_, text) = TYPES.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} is no type"));
    parse(text)
}

fn one(rest: &mut &str) -> Shape {
    if take(rest, "{") {
        let mut keys = BTreeMap::new();
        while !take(rest, "}") {
            let key = word(rest);
            let optional = take(rest, "?");
            assert!(take(rest, ":"), "a colon is missing before {rest:?}");
            keys.insert(key, (optional, either(rest)));
            take(rest, ",");
        }
        return Shape::Object(keys);
    }
    if take(rest, "[") {
        if take(rest, "]") {
            return Shape::Empty;
        }
        let element = either(rest);
        assert!(take(rest, "]"), "a bracket is missing before {rest:?}");
        return Shape::List(Box::new(element));
    }
    if take(rest, "'") {
        let (text, behind) = rest.split_once('\'').expect("a quote that ends");
        *rest = behind;
        return Shape::Text(text.to_owned());
    }
    Shape::Word(word(rest))
}

fn word(rest: &mut &str) -> String {
    *rest = rest.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len());
    assert!(end > 0, "a word is missing before {rest:?}");
    let (word, behind) = rest.split_at(end);
    *rest = behind;
    word.to_owned()
}

fn take(rest: &mut &str, mark: &str) -> bool {
    let Some(behind) = rest.trim_start().strip_prefix(mark) else { return false };
    *rest = behind;
    true
}

#[test]
fn a_key_too_many_a_key_too_few_and_a_wrong_type_are_seen() {
    let shape = "{ a: [string | null], b?: 'x' | 'y' } + { c: uuid }";
    let id = "11111111-1111-4111-8111-111111111111";
    let good = serde_json::json!({"a": ["x", null], "b": "y", "c": id});
    assert_eq!(compare(shape, &good), Ok(()));
    for (key, value) in
        [("a", "x".into()), ("a", Value::Array(Vec::new())), ("b", "z".into()), ("c", "x".into()), ("d", Value::Null)]
    {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(compare(shape, &bad).is_err(), "{bad}");
    }
    assert_eq!(compare(shape, &serde_json::json!({"a": ["x"]})), Err("$.c is missing".to_owned()));
    for (name, _) in TYPES {
        assert!(compare(name, &Value::Bool(true)).is_err(), "{name}");
    }
}
