//! INITIALIZE (relay-protocol 6.1, D-39, D-40): what an SDK says of its apps is checked whole before anything is stored. A bad
//! one is logged; the old configuration and the connection stay.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::relay::Hub;
use crate::store::{Applied, Configuration, Store};
use crate::wire::{EnvironmentId, Package};

const APPS: usize = 5_000;
const NAVS: usize = 100;
const NAV_ITEMS: usize = 250;
/// Characters of a name, a description, a URL.
const TEXT: usize = 4_096;
/// Between two tries while the database is away.
const RETRY: Duration = Duration::from_secs(1);

/// One INITIALIZE as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) package: Arc<Package>,
    pub(super) body: Bytes,
}

/// Stores a configuration and tells the pages. While the database is away it is tried again, because a Node SDK says it once
/// in its life. Cancel-safe: nothing is half stored.
pub(super) async fn store(store: &Store, hub: &Hub, environment: EnvironmentId, received: Received) {
    let configuration = match parse(&received) {
        Ok(configuration) => configuration,
        Err(why) => {
            tracing::warn!(%environment, why, "INITIALIZE refused; the old configuration stays");
            return;
        }
    };
    let id = Uuid::from_u128(environment.as_u128());
    loop {
        match store.apply_configuration(id, &configuration).await {
            Ok(Applied::Stored) => return hub.initialized(environment),
            Ok(Applied::EnvironmentGone) => return,
            Err(error) if error.is_transient() => {
                tracing::warn!(%environment, %error, "INITIALIZE could not be stored yet; trying again");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                tracing::error!(%environment, %error, "INITIALIZE could not be stored");
                return;
            }
        }
    }
}

fn parse(received: &Received) -> Result<Configuration, &'static str> {
    let body: Value = serde_json::from_slice(&received.body).map_err(|_| "not JSON")?;
    let Value::Object(mut body) = body else { return Err("not a JSON object") };
    if body.get("type").and_then(Value::as_str) != Some("ab") {
        return Err("type is not ab");
    }
    let Some(Value::Array(apps)) = body.remove("apps") else { return Err("apps is not an array") };
    if apps.len() > APPS {
        return Err("more than 5000 apps");
    }
    let apps = apps.into_iter().map(app).collect::<Result<Vec<_>, _>>()?;
    let names = names(&apps)?;
    let parents = parents(&apps, &names)?;
    let mut data = Map::new();
    data.insert("packageName".into(), received.package.name.as_str().into());
    data.insert("packageVersion".into(), received.package.version.as_ref().into());
    if let Some(navs) = present(&mut body, "navs") {
        data.insert("navs".into(), self::navs(navs, &names)?);
    }
    let theme = present(&mut body, "theme").map(theme).transpose()?;
    Ok(Configuration { apps: apps.into(), theme, data: data.into(), parents })
}

/// Takes a key out; null counts as absent.
fn present(object: &mut Map<String, Value>, key: &str) -> Option<Value> {
    object.remove(key).filter(|value| !value.is_null())
}

fn text(value: &Value, what: &'static str) -> Result<String, &'static str> {
    match value.as_str() {
        Some(text) if text.len() <= TEXT && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(what),
    }
}

/// The pattern of relay-protocol 1: `[a-z0-9-]{1,250}` without `-` at either end.
fn is_route(text: &str) -> bool {
    (1..=250).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// One app with its optional keys checked, nulls among them gone, and `hidden` filled in (effect 2).
fn app(app: Value) -> Result<Value, &'static str> {
    let Value::Object(mut app) = app else { return Err("an app is not an object") };
    for key in ["hidden", "parentAppRoute", "navId"] {
        if app.get(key).is_some_and(Value::is_null) {
            app.remove(key);
        }
    }
    text(app.get("name").unwrap_or(&Value::Null), "an app's name is not a short string")?;
    if !app.get("route").and_then(Value::as_str).is_some_and(is_route) {
        return Err("an app's route is not made of a-z, 0-9 and inner hyphens");
    }
    if let Some(description) = app.get("description").filter(|it| !it.is_null()) {
        text(description, "an app's description is not a short string")?;
    }
    if let Some(nav) = app.get("navId") {
        text(nav, "an app's navId is not a short string")?;
    }
    let hidden = match app.get("hidden") {
        None => app.contains_key("parentAppRoute"),
        Some(Value::Bool(hidden)) => *hidden,
        Some(_) => return Err("an app's hidden is not a boolean"),
    };
    app.insert("hidden".into(), hidden.into());
    if app.values().any(has_nul) || app.keys().any(|key| key.contains('\0')) {
        return Err("an app has a NUL character");
    }
    Ok(app.into())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(object) => object.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn field<'a>(app: &'a Value, key: &str) -> Option<&'a str> {
    app.get(key).and_then(Value::as_str)
}

/// Route → name; two apps with one route are refused.
fn names(apps: &[Value]) -> Result<HashMap<String, String>, &'static str> {
    let mut names = HashMap::new();
    for app in apps {
        let (route, name) = (field(app, "route").unwrap_or_default(), field(app, "name").unwrap_or_default());
        if names.insert(route.to_owned(), name.to_owned()).is_some() {
            return Err("two apps have the same route");
        }
    }
    Ok(names)
}

/// Route and parent of every app; parents must be known and must not lead in a circle.
fn parents(apps: &[Value], names: &HashMap<String, String>) -> Result<Vec<(String, Option<String>)>, &'static str> {
    let mut parents = Vec::with_capacity(apps.len());
    for app in apps {
        let route = field(app, "route").unwrap_or_default().to_owned();
        let parent = match app.get("parentAppRoute") {
            None => None,
            Some(Value::String(parent)) if names.contains_key(parent) => Some(parent.clone()),
            Some(_) => return Err("an app's parentAppRoute is not the route of an app"),
        };
        parents.push((route, parent));
    }
    let up: HashMap<&str, &str> =
        parents.iter().filter_map(|(route, parent)| Some((route.as_str(), parent.as_deref()?))).collect();
    let mut ends: HashSet<&str> = HashSet::new();
    for start in up.keys() {
        let (mut path, mut at) = (vec![*start], *start);
        while let Some(next) = up.get(at).copied().filter(|next| !ends.contains(next)) {
            if path.len() > up.len() {
                return Err("parentAppRoute leads in a circle");
            }
            path.push(next);
            at = next;
        }
        ends.extend(path);
    }
    Ok(parents)
}

/// Effect 3: every item becomes label and route; other keys stay.
fn navs(navs: Value, names: &HashMap<String, String>) -> Result<Value, &'static str> {
    let Value::Array(mut navs) = navs else { return Err("navs is not an array") };
    if navs.len() > NAVS {
        return Err("more than 100 navs");
    }
    for nav in &mut navs {
        let Value::Object(nav) = nav else { return Err("a nav is not an object") };
        for key in ["logoUrl", "orientation"] {
            if nav.get(key).is_some_and(Value::is_null) {
                nav.remove(key);
            }
        }
        text(nav.get("id").unwrap_or(&Value::Null), "a nav's id is not a short string")?;
        if let Some(url) = nav.get("logoUrl") {
            text(url, "a nav's logoUrl is not a short string")?;
        }
        if !matches!(nav.get("orientation").map(Value::as_str), None | Some(Some("horizontal" | "vertical"))) {
            return Err("a nav's orientation is neither horizontal nor vertical");
        }
        let Some(Value::Array(items)) = nav.get_mut("items") else { return Err("a nav's items is not an array") };
        if items.len() > NAV_ITEMS {
            return Err("a nav has more than 250 items");
        }
        for item in items.iter_mut() {
            let route = text(item, "a nav's item is not a short string")?;
            let label = names.get(&route).unwrap_or(&route);
            *item = json!({ "label": label, "route": route });
        }
        if nav.values().any(has_nul) || nav.keys().any(|key| key.contains('\0')) {
            return Err("a nav has a NUL character");
        }
    }
    Ok(navs.into())
}

fn theme(theme: Value) -> Result<Value, &'static str> {
    let Value::Object(mut theme) = theme else { return Err("theme is not an object") };
    let mut colors = Map::new();
    for key in ["textColor", "backgroundColor", "primaryColor"] {
        let Some(color) = present(&mut theme, key) else { continue };
        let hex = color.as_str().and_then(|color| color.strip_prefix('#'));
        if !hex.is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return Err("a colour of the theme is not #rrggbb");
        }
        colors.insert(key.into(), color);
    }
    Ok(colors.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PackageName;

    fn parsed(body: &Value) -> Result<Configuration, &'static str> {
        let package = Arc::new(Package { name: PackageName::Python, version: "0.27.8".into() });
        parse(&Received { package, body: body.to_string().into() })
    }

    fn app_of(route: &str, more: &Value) -> Value {
        let mut app = json!({ "name": route.to_uppercase(), "route": route, "description": null });
        if let (Value::Object(app), Value::Object(more)) = (&mut app, more) {
            app.extend(more.clone());
        }
        app
    }

    #[test]
    fn fills_in_hidden_and_labels_and_drops_nulls() {
        let apps = json!([
            app_of("a", &json!({ "parentAppRoute": null, "extra": 1 })),
            app_of("kid", &json!({ "parentAppRoute": "a" })),
            app_of("seen", &json!({ "parentAppRoute": "a", "hidden": false })),
        ]);
        let navs = json!([{ "id": "n", "items": ["a", "gone"], "logoUrl": null }]);
        let body = json!({ "type": "ab", "apps": apps, "navs": navs, "theme": { "primaryColor": "#0066cc" } });
        let it = parsed(&body).expect("good");
        let hidden: Vec<_> = it.apps.as_array().expect("array").iter().map(|app| app["hidden"].clone()).collect();
        assert_eq!(hidden, [json!(false), json!(true), json!(false)]);
        assert_eq!(it.apps[0].get("parentAppRoute"), None);
        assert_eq!(it.apps[0]["extra"], 1);
        assert_eq!(
            it.data["navs"][0]["items"],
            json!([{ "label": "A", "route": "a" }, { "label": "gone", "route": "gone" }])
        );
        assert_eq!(it.data["packageVersion"], "0.27.8");
        assert_eq!(it.theme, Some(json!({ "primaryColor": "#0066cc" })));
        let a = Some("a".to_owned());
        assert_eq!(it.parents, [("a".into(), None), ("kid".into(), a.clone()), ("seen".into(), a)]);
    }

    #[test]
    fn refuses_what_breaks_a_rule() {
        let good = app_of("a", &json!({}));
        let bad = [
            json!(null),
            json!([]),
            json!({ "type": "ab" }),
            json!({ "type": "aa", "apps": [] }),
            json!({ "type": "ab", "apps": {} }),
            json!({ "type": "ab", "apps": [null] }),
            json!({ "type": "ab", "apps": [good, good] }),
            json!({ "type": "ab", "apps": [app_of("A", &json!({}))] }),
            json!({ "type": "ab", "apps": [app_of("-a", &json!({}))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "name": 5 }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "name": "x\u{0}" }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "more": { "deep": ["\u{0}"] } }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "hidden": 1 }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "parentAppRoute": "b" }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "parentAppRoute": "a" }))] }),
            json!({ "type": "ab", "apps": [app_of("a", &json!({ "parentAppRoute": "b" })), app_of("b", &json!({ "parentAppRoute": "a" }))] }),
            json!({ "type": "ab", "apps": [], "theme": { "textColor": "red" } }),
            json!({ "type": "ab", "apps": [], "navs": [{ "id": "n" }] }),
            json!({ "type": "ab", "apps": [], "navs": [{ "id": "n", "items": [], "orientation": "up" }] }),
        ];
        for body in &bad {
            assert!(parsed(body).is_err(), "{body}");
        }
        assert!(parsed(&json!({ "type": "ab", "apps": [], "navs": null, "theme": null })).is_ok());
    }

    #[test]
    fn a_long_chain_of_parents_is_no_circle() {
        let apps: Vec<_> = (0..3_000)
            .map(|i| {
                app_of(
                    &format!("a{i}"),
                    &if i == 0 { json!({}) } else { json!({ "parentAppRoute": format!("a{}", i - 1) }) },
                )
            })
            .collect();
        assert!(parsed(&json!({ "type": "ab", "apps": apps })).is_ok());
    }
}
