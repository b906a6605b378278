//! The names that every JavaScript object inherits (D-16): as a key they make a Node SDK find a built-in.

use super::scan::Text;

/// Longer than any of the names.
const ROOM: usize = 24;

/// Whether the string, its escapes resolved, is one of the names.
#[inline]
pub(super) fn is_reserved(text: Text<'_>) -> bool {
    if !text.escaped {
        return is_name(text.raw);
    }
    let mut room = [0; ROOM];
    unescape(text.raw, &mut room).is_some_and(is_name)
}

#[inline]
fn is_name(text: &[u8]) -> bool {
    matches!(
        text,
        b"__proto__"
            | b"constructor"
            | b"toString"
            | b"toLocaleString"
            | b"valueOf"
            | b"hasOwnProperty"
            | b"isPrototypeOf"
            | b"propertyIsEnumerable"
            | b"__defineGetter__"
            | b"__defineSetter__"
            | b"__lookupGetter__"
            | b"__lookupSetter__"
    )
}

/// The text of a valid JSON string, if it fits the room and is ASCII as the names are.
fn unescape<'a>(mut raw: &[u8], room: &'a mut [u8; ROOM]) -> Option<&'a [u8]> {
    let mut length = 0;
    while let [byte, rest @ ..] = raw {
        let (byte, rest) = match (byte, rest) {
            (b'\\', [b'u', a, b, c, d, rest @ ..]) => {
                let digits =
                    std::str::from_utf8(&[*a, *b, *c, *d]).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
                (digits?, rest)
            }
            // Of the one-letter escapes, those for control characters stay wrong letters: no name has them.
            (b'\\', [escaped @ (b'"' | b'\\' | b'/'), rest @ ..]) => (*escaped, rest),
            (b'\\', _) => return None,
            _ => (*byte, rest),
        };
        *room.get_mut(length)? = byte;
        length += 1;
        raw = rest;
    }
    Some(&room[..length])
}
