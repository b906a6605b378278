//! From a row to plain values, and from plain values to something that Postgres takes.

use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::StoreError;

/// A column that must have the type `T`.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &'static str) -> Result<T, StoreError> {
    row.try_get(name).map_err(|_| StoreError::Shape { column: name })
}

/// A JSON column, read leniently: what our JSON reader cannot hold (a number like 1e400) reads as `null`
/// (`database.md` 3). NULL too.
pub(super) fn json(row: &Row, name: &'static str) -> Value {
    json_or_null(row, name).unwrap_or(Value::Null)
}

/// As [`json`], where NULL and `null` mean "none".
pub(super) fn json_or_null(row: &Row, name: &'static str) -> Option<Value> {
    match row.try_get(name) {
        Ok(value) => value,
        Err(_unreadable) => {
            tracing::warn!(column = name, "a JSON column cannot be read, taken as null");
            None
        }
    }
    .filter(|value: &Value| !value.is_null())
}

/// Refuses texts that hold U+0000.
pub(super) fn no_nul<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    match texts.into_iter().any(|text| text.contains('\0')) {
        true => Err(StoreError::nul()),
        false => Ok(()),
    }
}

/// Refuses JSON that holds U+0000 in a string or a key. Walks with a list of its own: no depth is too deep.
pub(super) fn no_nul_in_json(value: &Value) -> Result<(), StoreError> {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) => no_nul([text.as_str()])?,
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => {
                no_nul(members.keys().map(String::as_str))?;
                rest.extend(members.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(())
}

/// Whether the value holds U+0000, which Postgres stores in no text and in no JSON.
#[must_use]
pub fn holds_nul(value: &Value) -> bool {
    no_nul_in_json(value).is_err()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nul_is_found_wherever_it_hides() {
        for value in [json!("a\0"), json!({"a\0": 1}), json!([1, {"a": [["\0"]]}])] {
            assert!(no_nul_in_json(&value).is_err(), "{value}");
        }
        assert!(no_nul_in_json(&json!({"a": ["b", null, 1.5, {"c": true}]})).is_ok());
        assert!(no_nul(["a", "b"]).is_ok());
        assert!(no_nul(["a", "b\0"]).is_err());
    }
}
