//! Messages of the relay protocol and their frames, prebuilt: nothing is made while the clock runs.

use std::rc::Rc;

use anyhow::{Context as _, Result};
use uuid::Uuid;

/// Bytes of the header that every relayed message has: code, session or environment, execution.
pub const HEADER: usize = 74;

/// Not zero, so that the receiver has to unmask; the same for all, so that what is in a masked frame is easily seen.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The ids of the pages of one measurement. The last digits are the number of the page.
#[derive(Clone, Copy, Debug)]
pub struct Ids(u32);

impl Ids {
    /// New ones.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Uuid::new_v4().as_fields().0)
    }

    /// The browser session of a page.
    #[must_use]
    pub fn session(self, page: u16) -> String {
        format!("{:08x}-0000-4000-8000-{page:012x}", self.0)
    }

    /// What runs in the page.
    #[must_use]
    pub fn execution(self, page: u16) -> String {
        format!("{:08x}-0000-4000-9000-{page:012x}", self.0)
    }

    /// The file that it uploads.
    #[must_use]
    pub fn file(self, page: u16) -> String {
        format!("{:08x}-0000-4000-a000-{page:012x}", self.0)
    }
}

/// The page whose id ends with these four digits.
#[must_use]
pub fn page(digits: [u8; 4]) -> Option<u16> {
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

/// Browser to SDK: starts the app.
#[must_use]
pub fn start(environment: Uuid, ids: Ids, page: u16, route: &str) -> Vec<u8> {
    let (session, execution) = (ids.session(page), ids.execution(page));
    let body = format!(
        r#"{{"type":"aa","appRoute":"{route}","executionId":"{execution}","sessionId":"{session}","params":{{}}}}"#
    );
    format!("aa{environment}{execution}{body}").into_bytes()
}

/// Browser to SDK: a file, so that the message has this size.
#[must_use]
pub fn upload(environment: Uuid, ids: Ids, page: u16, size: usize) -> Vec<u8> {
    let mut message = format!("ad{environment}{}{}", ids.execution(page), ids.file(page)).into_bytes();
    message.resize(size.max(message.len()), b'x');
    message
}

/// Browser to SDK: the files of a component. The server counts uploads up to this.
#[must_use]
pub fn file_change(environment: Uuid, ids: Ids, page: u16) -> Vec<u8> {
    let execution = ids.execution(page);
    let body = format!(r#"{{"type":"ah","componentId":"c","renderId":"r","executionId":"{execution}","value":[]}}"#);
    format!("ah{environment}{execution}{body}").into_bytes()
}

/// SDK to browser: something to show, of this size.
#[must_use]
pub fn render(ids: Ids, page: u16, size: usize) -> Vec<u8> {
    let mut message = format!("av{}{}", ids.session(page), ids.execution(page)).into_bytes();
    message.resize(size.max(message.len()), b'x');
    message
}

/// One binary message as one frame; clients mask.
#[must_use]
pub fn frame(message: &[u8], masked: bool) -> Rc<[u8]> {
    let mask = if masked { 0x80 } else { 0 };
    let mut frame = vec![0x82];
    match message.len() {
        n @ 0..126 => frame.push(mask | n as u8),
        n @ 126..=0xffff => {
            frame.push(mask | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(mask | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend_from_slice(&KEY);
        frame.extend(message.iter().enumerate().map(|(at, byte)| byte ^ KEY[at % 4]));
    } else {
        frame.extend_from_slice(message);
    }
    frame.into()
}

/// Answers the server's pings, which have no payload; masked.
pub const PONG: &[u8] = &[0x8a, 0x80, 1, 2, 3, 4];

/// What a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A whole message.
    Message {
        /// Its first two letters.
        code: [u8; 2],
        /// The last digits of the session or environment.
        first: [u8; 4],
        /// The last digits of the execution.
        execution: [u8; 4],
        /// Bytes, the header among them.
        length: u64,
    },
    /// To be answered with a pong.
    Ping,
}

/// Takes frames out of a byte stream that may be cut anywhere. Payloads are counted, not kept.
#[derive(Debug, Default)]
pub struct Reader {
    /// The head of a frame, as far as it has come.
    kept: Vec<u8>,
    /// Payload bytes of the frame that are still to come.
    left: u64,
    last: bool,
    message: Option<Seen>,
}

/// Head and what is looked at of the payload: more is never kept.
const MOST_KEPT: usize = 14 + 125;

struct Head {
    first: u8,
    payload: u64,
    /// Bytes of the frame that [`head`] has looked at.
    used: usize,
    message: Option<Seen>,
}

impl Reader {
    /// Adds what is complete to `seen`.
    ///
    /// # Errors
    /// When the peer closes, or sends text.
    pub fn read(&mut self, mut bytes: &[u8], seen: &mut Vec<Seen>) -> Result<()> {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len() as u64);
                self.left -= skipped;
                bytes = &bytes[skipped as usize..];
                self.complete(seen);
                continue;
            }
            let found = if self.kept.is_empty() {
                let found = head(bytes)?;
                match &found {
                    Some(head) => bytes = &bytes[head.used..],
                    None => self.kept.extend_from_slice(std::mem::take(&mut bytes)),
                }
                found
            } else {
                let had = self.kept.len();
                let taken = bytes.len().min(MOST_KEPT - had);
                self.kept.extend_from_slice(&bytes[..taken]);
                let found = head(&self.kept)?;
                bytes = &bytes[found.as_ref().map_or(taken, |head| head.used - had)..];
                if found.is_some() {
                    self.kept.clear();
                }
                found
            };
            let Some(head) = found else { continue };
            match head.first & 15 {
                9 => seen.push(Seen::Ping),
                10 => {}
                _ => {
                    if head.message.is_some() {
                        self.message = head.message;
                    } else if let Some(Seen::Message { length, .. }) = &mut self.message {
                        *length += head.payload;
                    }
                    self.last = head.first & 0x80 != 0;
                    self.left = head.payload - looked_at(&head);
                    self.complete(seen);
                }
            }
        }
        Ok(())
    }

    fn complete(&mut self, seen: &mut Vec<Seen>) {
        if self.left == 0 && self.last {
            seen.extend(self.message.take());
        }
    }
}

/// Payload bytes of a data frame that belong to what [`head`] has looked at.
fn looked_at(head: &Head) -> u64 {
    if head.message.is_some() { head.payload.min(HEADER as u64) } else { 0 }
}

/// Looks at the head of a frame, at the header of the message that begins with it, and at the payload of a control frame.
/// `None` when not all of that is there.
fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(&[first, second]) = bytes.first_chunk() else { return Ok(None) };
    let (mut at, payload) = match second & 127 {
        126 => match bytes.get(2..4).and_then(|it| it.first_chunk()) {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|it| it.first_chunk()) {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Ok(None),
        },
        n => (2, u64::from(n)),
    };
    let mut key = [0; 4];
    if second & 0x80 != 0 {
        match bytes.get(at..at + 4).and_then(|it| it.first_chunk()) {
            Some(found) => key = *found,
            None => return Ok(None),
        }
        at += 4;
    }
    let looked_at = match first & 15 {
        0 => 0,
        2 => payload.min(HEADER as u64) as usize,
        8 => {
            let code = bytes.get(at..at + 2).map(|it| u16::from_be_bytes([it[0] ^ key[0], it[1] ^ key[1]]));
            anyhow::bail!("the peer sent a close frame with code {code:?}");
        }
        9 | 10 => usize::try_from(payload).context("a control frame")?,
        _ => anyhow::bail!("the peer sent a frame with first byte {first:#x}"),
    };
    let Some(start) = bytes.get(at..at + looked_at) else { return Ok(None) };
    let message = (first & 15 == 2).then(|| {
        let at = |n: usize| start.get(n).map_or(0, |byte| byte ^ key[n % 4]);
        let digits = |from: usize| std::array::from_fn(|n| at(from + n));
        Seen::Message { code: [at(0), at(1)], first: digits(34), execution: digits(70), length: payload }
    });
    Ok(Some(Head { first, payload, used: at + looked_at, message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<Seen> {
        let (mut reader, mut seen) = (Reader::default(), Vec::new());
        for piece in pieces {
            reader.read(piece, &mut seen).expect("good frames");
        }
        seen
    }

    fn message(page: u16, length: u64) -> Seen {
        let digits = format!("{page:04x}").into_bytes();
        let digits = std::array::from_fn(|n| digits[n]);
        Seen::Message { code: *b"av", first: digits, execution: digits, length }
    }

    #[test]
    fn frames_are_found_wherever_the_stream_is_cut() {
        let ids = Ids::fresh();
        for masked in [false, true] {
            let mut stream = frame(&render(ids, 0x1a2, 128), masked).to_vec();
            stream.extend_from_slice(&[0x89, 0]);
            stream.extend_from_slice(&frame(&render(ids, 3, 70_000), masked));
            stream.extend_from_slice(&frame(&render(ids, 4, 100), masked));
            let expected = [message(0x1a2, 128), Seen::Ping, message(3, 70_000), message(4, 100)];
            assert_eq!(all(&[&stream]), expected);
            for cut in (1..200).chain(70_100..stream.len()) {
                assert_eq!(all(&[&stream[..cut], &stream[cut..]]), expected, "cut at {cut}");
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(all(&bytes), expected);
        }
    }

    #[test]
    fn fragments_are_one_message_and_pings_may_come_between() {
        let whole = render(Ids::fresh(), 7, 300);
        let mut stream = vec![0x02, 126, 0, 200];
        stream.extend_from_slice(&whole[..200]);
        stream.extend_from_slice(&[0x89, 2, 1, 2, 0x80, 100]);
        stream.extend_from_slice(&whole[200..]);
        assert_eq!(all(&[&stream]), [Seen::Ping, message(7, 300)]);
    }

    #[test]
    fn the_end_is_an_error() {
        assert!(Reader::default().read(&[0x88, 2, 0x0f, 0xa3], &mut Vec::new()).is_err());
        assert!(Reader::default().read(&[0x81, 1, b'x'], &mut Vec::new()).is_err());
    }

    #[test]
    fn pages_are_known_by_their_last_digits() {
        assert_eq!(page(*b"01a2"), Some(0x1a2));
        assert_eq!(page(*b"01g2"), None);
        assert_eq!(Ids::fresh().session(0xffff).len(), 36);
    }
}
