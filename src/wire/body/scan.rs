//! A strict JSON scanner (RFC 8259) that builds nothing. It expects UTF-8.

use super::{BodyError, DEPTH, name};

/// Longest number in characters. An `f64` in full has at most 309 digits before the point; Python refuses integers of more
/// than 4300.
const NUMBER: usize = 512;

/// A string's bytes between its quotes, as written.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub raw: &'a [u8],
    /// Whether there is a backslash in it.
    pub escaped: bool,
}

/// A scanned value.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    Number,
    Bool,
    Null,
    Object,
    /// `objects`: whether all its elements are objects.
    Array {
        objects: bool,
    },
}

pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Scans one object that is the whole text. `member` is called after each colon and has to scan the value.
    pub fn document(
        &mut self,
        member: impl FnMut(&mut Self, Text<'a>) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        self.skip_space();
        if self.peek() != Some(b'{') {
            // What else stands here is looked at only to name the fault.
            return Err(if self.value(1).is_ok() { BodyError::NotAnObject } else { BodyError::Syntax });
        }
        self.members(member)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(BodyError::Trailing) }
    }

    /// Scans one value, white space before it included; it is the `depth`th level of nesting if it nests.
    pub fn value(&mut self, depth: usize) -> Result<Value<'a>, BodyError> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{' | b'[') if depth > DEPTH => Err(BodyError::Depth),
            Some(b'{') => {
                self.members(|scanner, _| scanner.value(depth + 1).map(drop))?;
                Ok(Value::Object)
            }
            Some(b'[') => self.elements(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Value::Bool),
            Some(b'f') => self.word(b"false", Value::Bool),
            Some(b'n') => self.word(b"null", Value::Null),
            _ => Err(BodyError::Syntax),
        }
    }

    /// Scans an object from its brace on; refuses reserved names among its keys.
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Text<'a>) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(BodyError::Syntax);
            }
            let key = self.string()?;
            if name::is_reserved(key) {
                return Err(BodyError::Name);
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(BodyError::Syntax);
            }
            member(self, key)?;
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(BodyError::Syntax);
            }
            self.skip_space();
        }
    }

    /// Scans an array from its bracket on.
    fn elements(&mut self, depth: usize) -> Result<Value<'a>, BodyError> {
        self.at += 1;
        self.skip_space();
        let mut objects = true;
        if self.take(b']') {
            return Ok(Value::Array { objects });
        }
        loop {
            objects &= matches!(self.value(depth)?, Value::Object);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array { objects });
            }
            if !self.take(b',') {
                return Err(BodyError::Syntax);
            }
        }
    }

    /// Scans a string from its opening quote on.
    fn string(&mut self) -> Result<Text<'a>, BodyError> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                // A control character, or the end.
                _ => return Err(BodyError::Syntax),
            }
        }
    }

    /// Passes everything that stands for itself in a string, eight bytes at a time.
    #[inline]
    fn skip_plain(&mut self) {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        const TOPS: u64 = ONES << 7;
        // The top bit of each byte that is below `limit` (at most 0x80). Bytes above such a one may be marked by the
        // borrow, but never the first.
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & TOPS;
        while let Some(&eight) = self.text[self.at..].first_chunk::<8>() {
            let word = u64::from_le_bytes(eight);
            let quote = below(word ^ (ONES * u64::from(b'"')), 1);
            let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
            let special = quote | backslash | below(word, 0x20);
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    /// Scans an escape from its backslash on. A surrogate must be one of a pair: parsers differ in what they make of half.
    fn escape(&mut self) -> Result<(), BodyError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff if self.take(b'\\') && self.peek() == Some(b'u') => match self.unit()? {
                    0xdc00..=0xdfff => Ok(()),
                    _ => Err(BodyError::Syntax),
                },
                0xd800..=0xdfff => Err(BodyError::Syntax),
                _ => Ok(()),
            },
            _ => Err(BodyError::Syntax),
        }
    }

    /// The UTF-16 unit of an escape, from its `u` on.
    fn unit(&mut self) -> Result<u32, BodyError> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(BodyError::Syntax)?;
            unit = unit << 4 | digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value<'a>, BodyError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        if self.at - start <= NUMBER { Ok(Value::Number) } else { Err(BodyError::Syntax) }
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), BodyError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(BodyError::Syntax) }
    }

    fn word(&mut self, word: &[u8], value: Value<'a>) -> Result<Value<'a>, BodyError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(BodyError::Syntax);
        }
        self.at += word.len();
        Ok(value)
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Passes `byte` if it is next.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }
}
