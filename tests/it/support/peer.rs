//! An ordinary peer over tungstenite: reads all the time and answers pings by itself.

use super::{Message, PATIENCE, within};
use bytes::Bytes;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self};

/// What the server did.
#[derive(Debug, Clone)]
pub enum Event {
    Message(Message),
    Text,
    Ping,
    Pong(Bytes),
    /// A close frame; `None` when it carried no code.
    Closed(Option<(u16, String)>),
    /// The connection is gone, with the words of the client library.
    Gone(String),
}

/// One end of a WebSocket. Dropping it drops the TCP connection without a close frame.
pub struct Peer {
    events: mpsc::UnboundedReceiver<(Instant, Event)>,
    out: SplitSink<WebSocketStream<TcpStream>, tungstenite::Message>,
    reader: JoinHandle<()>,
    /// When the upgrade was answered.
    pub opened: Instant,
    /// When the close frame came, once it was seen by [`Peer::event`].
    pub ended: Option<Instant>,
    /// Pings seen so far by [`Peer::event`].
    pub pings: Vec<Instant>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Peer {
    pub fn new(socket: WebSocketStream<TcpStream>) -> Self {
        let (out, mut input) = socket.split();
        let (sender, events) = mpsc::unbounded_channel();
        let reader = tokio::spawn(async move {
            while let Some(item) = input.next().await {
                let event = match item {
                    Ok(tungstenite::Message::Binary(bytes)) => Event::Message(Message(bytes)),
                    Ok(tungstenite::Message::Text(_)) => Event::Text,
                    Ok(tungstenite::Message::Ping(_)) => Event::Ping,
                    Ok(tungstenite::Message::Pong(bytes)) => Event::Pong(bytes),
                    Ok(tungstenite::Message::Close(frame)) => {
                        Event::Closed(frame.map(|frame| (frame.code.into(), frame.reason.to_string())))
                    }
                    Ok(tungstenite::Message::Frame(_)) => unreachable!("never given out by a read"),
                    Err(error) => Event::Gone(error.to_string()),
                };
                if sender.send((Instant::now(), event)).is_err() {
                    return;
                }
            }
            let _ = sender.send((Instant::now(), Event::Gone("end of stream".into())));
        });
        Peer { events, out, reader, opened: Instant::now(), ended: None, pings: Vec::new() }
    }

    pub async fn send(&mut self, message: impl Into<Bytes>) {
        self.try_send(message).await.expect("the message can be sent");
    }

    /// Sends on a socket that the server may have closed already.
    pub async fn try_send(&mut self, message: impl Into<Bytes>) -> Result<(), tungstenite::Error> {
        let send = self.out.send(tungstenite::Message::Binary(message.into()));
        within(Duration::from_secs(60), "room to send", send).await
    }

    pub async fn send_text(&mut self, text: &str) {
        within(PATIENCE, "room to send", self.out.send(tungstenite::Message::text(text))).await.unwrap();
    }

    /// Sends a ping and waits for its echo; messages before it are lost to the test.
    pub async fn ping(&mut self, payload: &[u8]) {
        let ping = tungstenite::Message::Ping(Bytes::copy_from_slice(payload));
        within(PATIENCE, "room to send", self.out.send(ping)).await.unwrap();
        within(PATIENCE, "the pong", async {
            loop {
                match self.event().await {
                    Event::Pong(echo) => return assert_eq!(echo, payload),
                    Event::Closed(_) | Event::Gone(_) => panic!("closed in the place of a pong"),
                    _ => {}
                }
            }
        })
        .await;
    }

    /// Sends a close frame. [`Peer::closed`] then sees the echo.
    pub async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        let _ = within(PATIENCE, "room to send", self.out.send(tungstenite::Message::Close(Some(frame)))).await;
    }

    /// The next event, with a deadline.
    pub async fn event(&mut self) -> Event {
        self.event_within(PATIENCE).await
    }

    pub async fn event_within(&mut self, limit: Duration) -> Event {
        let next = within(limit, "the next event", self.events.recv()).await;
        let (at, event) = next.unwrap_or_else(|| (Instant::now(), Event::Gone("already gone".into())));
        match event {
            Event::Ping => self.pings.push(at),
            Event::Closed(_) => self.ended = Some(at),
            _ => {}
        }
        event
    }

    /// The next message; pings and pongs are passed over, everything else is a failure.
    pub async fn message(&mut self) -> Message {
        self.message_within(PATIENCE).await
    }

    pub async fn message_within(&mut self, limit: Duration) -> Message {
        let end = Instant::now() + limit;
        loop {
            match self.event_within(end.saturating_duration_since(Instant::now())).await {
                Event::Message(message) => return message,
                Event::Ping | Event::Pong(_) => {}
                other => panic!("a message was expected, but: {other:?}"),
            }
        }
    }

    /// The next message must be exactly this one.
    #[track_caller]
    pub fn expect<'a>(&'a mut self, expected: &'a [u8]) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let message = self.message().await;
            assert!(
                message.0 == expected,
                "{caller}: {message:?} arrived, but {:?} was expected",
                Message(Bytes::copy_from_slice(expected))
            );
        }
    }

    /// The next message with this code; other messages are passed over.
    pub async fn until(&mut self, code: &str) -> Message {
        within(PATIENCE, &format!("a message {code}"), async {
            loop {
                let message = self.message().await;
                if message.code() == code {
                    return message;
                }
            }
        })
        .await
    }

    /// The next message must have this code.
    #[track_caller]
    pub fn next_is<'a>(&'a mut self, code: &'a str) -> impl Future<Output = Message> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let message = self.message().await;
            assert_eq!(message.code(), code, "{caller}: {message:?}");
            message
        }
    }

    /// The next message must be a status frame with this answer.
    #[track_caller]
    pub fn status<'a>(&'a mut self, online: bool) -> impl Future<Output = Message> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let message = self.message().await;
            assert_eq!(message.code(), "11", "{caller}: {message:?}");
            assert_eq!(message.json()["isOnline"], online, "{caller}: {message:?}");
            message
        }
    }

    /// Reads status frames, and nothing else, until one gives this answer.
    pub async fn until_status(&mut self, online: bool) {
        within(PATIENCE, &format!("a status frame with {online}"), async {
            while self.next_is("11").await.json()["isOnline"] != online {}
        })
        .await;
    }

    /// Asks for a pong, and fails when a message comes before it: everything that the server had sent to this socket by
    /// now has then been seen.
    #[track_caller]
    pub fn silent(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let ping = tungstenite::Message::Ping(Bytes::from_static(b"silent?"));
            within(PATIENCE, "room to send", self.out.send(ping)).await.unwrap();
            loop {
                match self.event().await {
                    Event::Pong(echo) if echo.as_ref() == b"silent?" => return,
                    Event::Ping | Event::Pong(_) => {}
                    other => panic!("{caller}: {other:?}"),
                }
            }
        }
    }

    /// Waits for the server's close frame and gives its code; messages before it are passed over. A connection that
    /// ends without a close frame, or with one without a code, is a failure.
    pub async fn closed(&mut self) -> u16 {
        self.closed_within(PATIENCE).await
    }

    pub async fn closed_within(&mut self, limit: Duration) -> u16 {
        within(limit, "the close frame", async {
            loop {
                match self.event_within(limit).await {
                    Event::Closed(Some((code, _))) => return code,
                    Event::Closed(None) => panic!("a close frame without a code"),
                    Event::Gone(error) => panic!("gone without a close frame: {error}"),
                    _ => {}
                }
            }
        })
        .await
    }

    /// Waits until the connection has ended in whatever way; gives the close code if there was one.
    pub async fn ended_within(&mut self, limit: Duration) -> Option<u16> {
        within(limit, "the end of the connection", async {
            loop {
                match self.event_within(limit).await {
                    Event::Closed(code) => return code.map(|(code, _)| code),
                    Event::Gone(_) => return None,
                    _ => {}
                }
            }
        })
        .await
    }

    /// What has already arrived, without waiting.
    pub fn arrived(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok().map(|(_, event)| event)).collect()
    }
}

/// Every code that an SDK may be closed with (rule of section 2.7).
#[track_caller]
pub fn assert_good_for_an_sdk(code: u16) {
    assert!(code == 3782 || (4000..5000).contains(&code), "an SDK was closed with {code}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Upgrade;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_echo_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                if message.is_binary() {
                    socket.send(message).await.unwrap();
                }
            }
        });
        let mut peer = Upgrade::to("/").accepted(address).await;
        peer.send(vec![7; 100_000]).await;
        peer.expect(&[7; 100_000]).await;
        peer.ping(b"four").await;
        peer.close(4321).await;
        assert_eq!(peer.closed().await, 4321);
        echo.await.unwrap();
    }
}
