//! Notices between the processes on one database (LISTEN and NOTIFY). They carry ids only: every role of the database may
//! listen.

use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Error};

use super::{Settings, Store, StoreError, connect, tls};

type Messages = Box<dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> + Send>;

/// A connection that only listens. What is sent while it is not there is missed.
pub struct Notices {
    /// Kept, because the connection ends with it.
    _client: Client,
    messages: Messages,
}

impl Notices {
    /// Connects and listens to `channel`, an identifier in lower case.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`, `Rejected` or `Settings`.
    pub async fn listen(settings: &Settings, channel: &'static str) -> Result<Self, StoreError> {
        let (config, tls) = (connect::config(settings), tls::connector(settings)?);
        let begin = async {
            let (client, mut connection) = config.connect(tls).await?;
            let mut messages: Messages = Box::new(move |context| connection.poll_message(context));
            let listen = format!("LISTEN {channel}");
            tokio::select! {
                listening = client.batch_execute(&listen) => listening?,
                error = first_error(&mut messages) => return Err(error),
            }
            Ok(Self { _client: client, messages })
        };
        timeout(settings.connect_timeout, begin).await.map_err(|_| StoreError::Timeout)?
    }

    /// The text of the next notice. Cancel-safe.
    ///
    /// # Errors
    /// When the connection is lost; listen anew, and count on notices missed.
    pub async fn next(&mut self) -> Result<String, StoreError> {
        loop {
            match poll_fn(|context| (self.messages)(context)).await {
                Some(Ok(AsyncMessage::Notification(notice))) => return Ok(notice.payload().to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(StoreError::closed()),
            }
        }
    }
}

/// Drives the connection; resolves only when it is lost.
async fn first_error(messages: &mut Messages) -> StoreError {
    loop {
        match poll_fn(|context| messages(context)).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => return error.into(),
            None => return StoreError::closed(),
        }
    }
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

impl Store {
    /// Sends a notice to everyone who listens to `channel`, on this and other processes.
    ///
    /// # Errors
    /// Any [`StoreError`] but `Shape`.
    pub async fn notify(&self, channel: &'static str, notice: &str) -> Result<(), StoreError> {
        self.pool.write("SELECT pg_notify($1, $2)", &[&channel, &notice]).await.map(drop)
    }
}
