//! One file of the site and the answers that it gives.

use std::io::Write as _;
use std::ops::Bound;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use headers::{AcceptRanges, ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange, Range};
use ring::digest::{SHA256, digest};

use super::media_type;
use crate::http::{HeaderMap, HeaderValue, Method, Reply, StatusCode, header, reply};

/// Smaller files are not compressed: the answer's head is larger than what would be saved.
const WORTH_COMPRESSING: usize = 1024;
/// Names under `/assets/` hold a hash of the content, so what is behind one never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Ask before each use.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// For files that are no pages and have a fixed name: as the old server did.
const ASK_SHARED: HeaderValue = HeaderValue::from_static("public, max-age=0");

/// A file with its compressed copies.
pub(super) struct File {
    media_type: &'static str,
    cache: HeaderValue,
    plain: Form,
    gzip: Option<Form>,
    brotli: Option<Form>,
}

/// The content in one encoding, which has its own strong tag.
struct Form {
    bytes: Bytes,
    tag: Option<ETag>,
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let digest = digest(&SHA256, &bytes);
        let hex: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, tag: format!("\"{hex}\"").parse().ok() }
    }
}

impl File {
    /// `gzip` and `brotli` are copies that came with the file; without the first one it is made here, where it helps.
    pub fn new(path: &str, content: Bytes, gzip: Option<Bytes>, brotli: Option<Bytes>) -> Self {
        let media_type = media_type::of(path);
        let gzip = gzip.or_else(|| media_type::shrinks(media_type).then(|| compressed(&content)).flatten());
        let smaller = |copy: &Bytes| copy.len() < content.len();
        Self {
            media_type,
            cache: if media_type == media_type::HTML {
                ASK
            } else if path.starts_with("assets/") {
                FOR_EVER
            } else {
                ASK_SHARED
            },
            gzip: gzip.filter(smaller).map(Form::new),
            brotli: brotli.filter(smaller).map(Form::new),
            plain: Form::new(content),
        }
    }

    /// Whether a browser shows it as a page of its own.
    pub fn is_page(&self) -> bool {
        self.media_type == media_type::HTML
    }

    /// The answer to GET or HEAD.
    pub fn answer(&self, method: &Method, request: &HeaderMap) -> Reply {
        let range = (*method == Method::GET).then(|| request.typed_get::<Range>()).flatten();
        // A part of a compressed copy is of no use to anybody.
        let (encoding, form) = if range.is_some() { ("", &self.plain) } else { self.form(request) };
        let tag = form.tag.as_ref();
        if let Some(only_if) = request.typed_get::<IfMatch>()
            && !tag.is_some_and(|tag| only_if.precondition_passes(tag))
        {
            return self.dressed(encoding, form, StatusCode::PRECONDITION_FAILED, Bytes::new());
        }
        if let Some(unless) = request.typed_get::<IfNoneMatch>()
            && tag.is_some_and(|tag| !unless.precondition_passes(tag))
        {
            return self.dressed(encoding, form, StatusCode::NOT_MODIFIED, Bytes::new());
        }
        let still_the_same = request.typed_get::<IfRange>().is_none_or(|only_if| !only_if.is_modified(tag, None));
        match range.filter(|_| still_the_same).map(|range| part(&range, form.bytes.len())) {
            Some(Part::One(start, end)) => {
                let bytes = form.bytes.slice(start..end);
                let mut reply = self.dressed(encoding, form, StatusCode::PARTIAL_CONTENT, bytes);
                content_range(&mut reply, &format!("bytes {start}-{}/{}", end - 1, form.bytes.len()));
                reply
            }
            Some(Part::None) => {
                let mut reply = self.dressed(encoding, form, StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new());
                content_range(&mut reply, &format!("bytes */{}", form.bytes.len()));
                reply
            }
            // Several parts in one answer are allowed to be refused by sending everything.
            Some(Part::Several) | None => self.dressed(encoding, form, StatusCode::OK, form.bytes.clone()),
        }
    }

    fn form(&self, request: &HeaderMap) -> (&'static str, &Form) {
        let copies = [("br", self.brotli.as_ref()), ("gzip", self.gzip.as_ref())];
        let mut usable = copies.into_iter().filter_map(|(name, form)| Some((name, form?)));
        usable.find(|(name, _)| accepts(request, name)).unwrap_or(("", &self.plain))
    }

    fn dressed(&self, encoding: &'static str, form: &Form, status: StatusCode, bytes: Bytes) -> Reply {
        let mut reply = reply(status, self.media_type, bytes);
        let headers = reply.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache.clone());
        headers.typed_insert(AcceptRanges::bytes());
        if let Some(tag) = &form.tag {
            headers.typed_insert(tag.clone());
        }
        if self.gzip.is_some() || self.brotli.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if !encoding.is_empty() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        reply
    }
}

fn content_range(reply: &mut Reply, text: &str) {
    // Digits and a few ASCII signs.
    if let Ok(value) = HeaderValue::try_from(text) {
        reply.headers_mut().insert(header::CONTENT_RANGE, value);
    }
}

enum Part {
    /// From, and before.
    One(usize, usize),
    Several,
    None,
}

fn part(range: &Range, length: usize) -> Part {
    let mut parts = range.satisfiable_ranges(length as u64);
    let (first, second) = (parts.next(), parts.next());
    if second.is_some() {
        return Part::Several;
    }
    let at = |bound: u64| usize::try_from(bound).unwrap_or(usize::MAX).min(length);
    let Some((start, end)) = first else { return Part::None };
    let start = match start {
        Bound::Included(first) => at(first),
        Bound::Excluded(before) => at(before.saturating_add(1)),
        Bound::Unbounded => 0,
    };
    let end = match end {
        Bound::Included(last) => at(last.saturating_add(1)),
        Bound::Excluded(end) => at(end),
        Bound::Unbounded => length,
    };
    if start < end { Part::One(start, end) } else { Part::None }
}

/// Whether `Accept-Encoding` names this encoding with a weight above 0.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|l| l.split(','))
        .any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused =
                |weight: &str| weight.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
            named && !parts.any(refused)
        })
}

/// `None` when it is not worth it.
fn compressed(content: &[u8]) -> Option<Bytes> {
    if content.len() < WORTH_COMPRESSING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
