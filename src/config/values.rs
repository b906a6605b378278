//! How values are written: whole numbers and byte counts.

/// Reads a count of bytes: digits, or digits with `KiB`, `MiB` or `GiB` behind them.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim_start() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    whole(digits)?.checked_mul(unit)
}

/// Reads digits and nothing else; `u64::from_str` would also take a plus sign.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A value as it may be shown in a report: quoted, control characters escaped, cut.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, shown, whole};

    #[test]
    fn byte_counts() {
        assert_eq!(bytes("104857600"), Some(104_857_600));
        assert_eq!(bytes("100MiB"), Some(104_857_600));
        assert_eq!(bytes("1 GiB"), Some(1 << 30));
        assert_eq!(bytes("2KiB"), Some(2048));
        for wrong in ["", "MiB", "-1", "+1", "1.5MiB", "1MB", "1mib", "99999999999GiB", "1 2", "1é"] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(whole("007"), Some(7));
        for wrong in ["", "+1", "-1", " 1", "1 ", "1.0", "0x1", "٣", "99999999999999999999"] {
            assert_eq!(whole(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn shown_values_cannot_play_with_the_terminal() {
        assert_eq!(shown("a\u{1b}[2J\n"), r#""a\u{1b}[2J\n""#);
        assert_eq!(shown(&"ü".repeat(500)).chars().count(), 63);
    }
}
