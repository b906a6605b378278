//! The client's end of a TLS connection, as cheap as it can be: decrypted in place, many frames in one record.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use rustls::ClientConfig;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError};

use crate::dial;

/// Plaintext that is encrypted at a time.
pub const CHUNK: usize = 256 << 10;
/// What a chunk may grow by.
const OVERHEAD: usize = 8 << 10;

/// One connection.
pub struct Session {
    connection: UnbufferedClientConnection,
    /// The beginning of a record.
    kept: Vec<u8>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}

impl Session {
    /// Does the handshake on a socket that blocks.
    ///
    /// # Errors
    /// Those of the socket and of TLS.
    pub fn connect(config: &Arc<ClientConfig>, tcp: &mut TcpStream) -> Result<Self> {
        let mut session = Self::begin(config)?;
        let mut buffer = vec![0; 16 << 10];
        loop {
            let mut unsent = Vec::new();
            let done = session.advance(&mut unsent)?;
            tcp.write_all(&unsent)?;
            if done {
                return Ok(session);
            }
            let read = dial::read(tcp, &mut buffer)?;
            if read == 0 {
                bail!("the peer ended the TLS handshake");
            }
            session.add(&buffer[..read]);
        }
    }

    /// A connection whose handshake [`Session::advance`] does.
    ///
    /// # Errors
    /// When rustls does not take the settings.
    pub fn begin(config: &Arc<ClientConfig>) -> Result<Self> {
        let connection = UnbufferedClientConnection::new(Arc::clone(config), ServerName::try_from("localhost")?)?;
        Ok(Self { connection, kept: Vec::new() })
    }

    /// Adds bytes of the handshake that came from the socket.
    pub fn add(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }

    /// Goes on with the handshake; what is to be sent is added to `out`. True: it is done. False: more has to come.
    ///
    /// # Errors
    /// Those of TLS.
    pub fn advance(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        loop {
            let status = self.connection.process_tls_records(&mut self.kept);
            let discard = status.discard;
            let step = match status.state? {
                ConnectionState::EncodeTlsData(mut data) => {
                    append(out, |room| match data.encode(room) {
                        Err(EncodeError::InsufficientSize(it)) => Err(Ok(it)),
                        other => other.map_err(|error| Err(anyhow!("{error}"))),
                    })?;
                    None
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    None
                }
                ConnectionState::BlockedHandshake => Some(false),
                ConnectionState::WriteTraffic(_) => Some(true),
                state => bail!("TLS handshake: {state:?}"),
            };
            self.kept.drain(..discard);
            if let Some(done) = step {
                return Ok(done);
            }
        }
    }

    /// How many bytes a buffer for [`Session::receive`] must leave free at its beginning.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Decrypts `buffer[kept..]`, which came from the socket, and hands each record's plaintext to `each`.
    ///
    /// # Errors
    /// Those of TLS and of `each`.
    pub fn receive(&mut self, buffer: &mut [u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        buffer[..self.kept.len()].copy_from_slice(&self.kept);
        self.kept.clear();
        let mut used = 0;
        loop {
            let status = self.connection.process_tls_records(&mut buffer[used..]);
            let mut discard = status.discard;
            let done = match status.state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        each(record.payload)?;
                    }
                    false
                }
                ConnectionState::WriteTraffic(_) => true,
                state => bail!("TLS: {state:?} in the middle of the traffic"),
            };
            used += discard;
            if done {
                self.kept.extend_from_slice(&buffer[used..]);
                return Ok(());
            }
        }
    }

    /// Encrypts at most [`CHUNK`] bytes to the end of `out`; gives how many it took.
    ///
    /// # Errors
    /// When the connection is over.
    pub fn send(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let plain = &plain[..plain.len().min(CHUNK)];
        match self.connection.process_tls_records(&mut []).state? {
            ConnectionState::WriteTraffic(mut traffic) => {
                let from = out.len();
                out.resize(from + plain.len() + plain.len() / 256 + OVERHEAD.min(plain.len() + 64), 0);
                let sealed = match traffic.encrypt(plain, &mut out[from..]) {
                    Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) => {
                        out.resize(from + required_size, 0);
                        traffic.encrypt(plain, &mut out[from..])
                    }
                    sealed => sealed,
                };
                out.truncate(from + sealed.map_err(|error| anyhow!("{error}"))?);
                Ok(plain.len())
            }
            state => bail!("TLS: {state:?} in the place of traffic"),
        }
    }
}

fn append(
    out: &mut Vec<u8>,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, Result<InsufficientSizeError, anyhow::Error>>,
) -> Result<()> {
    let from = out.len();
    match encode(&mut []) {
        Err(Ok(InsufficientSizeError { required_size })) => out.resize(from + required_size, 0),
        Err(Err(error)) => return Err(error),
        Ok(_) => return Ok(()),
    }
    match encode(&mut out[from..]) {
        Ok(length) => out.truncate(from + length),
        Err(_) => bail!("TLS: a handshake message grew"),
    }
    Ok(())
}
