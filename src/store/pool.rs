//! The pool, and the few ways in which a statement is run. Everything here has a deadline.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::settings::GRACE;
use super::{Cause, Settings, StoreError, connect, tls};
use crate::metrics::{Query, Timed};

/// Parameters of a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection that rested for longer than this is asked for a sign of life before it is used.
const RESTED: Duration = Duration::from_secs(20);

/// Longest wait for that sign; then a new connection is made instead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    connect_timeout: Duration,
    /// Our own deadline for one statement or one transaction.
    deadline: Duration,
    queries: Timed<Query>,
}

/// What the connections of a pool are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// At work.
    pub busy: usize,
    /// Open and at rest.
    pub idle: usize,
    /// Calls that wait for one.
    pub waiting: usize,
    /// Most that may be open.
    pub most: usize,
}

impl Pool {
    pub(super) fn new(settings: &Settings) -> Result<Self, StoreError> {
        let manager = Manager::from_config(
            connect::config(settings),
            tls::connector(settings)?,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let setup = connect::session_setup(settings.statement_timeout);
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(settings.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(settings.connect_timeout),
                create: Some(settings.connect_timeout),
                recycle: Some(SIGN_OF_LIFE),
            })
            .post_create(Hook::async_fn(move |client: &mut ClientWrapper, _| {
                let setup = setup.clone();
                Box::pin(async move { client.batch_execute(&setup).await.map_err(HookError::Backend) })
            }))
            .pre_recycle(Hook::async_fn(|client: &mut ClientWrapper, metrics| {
                Box::pin(async move {
                    if metrics.last_used() < RESTED {
                        return Ok(());
                    }
                    match timeout(SIGN_OF_LIFE, client.batch_execute("")).await {
                        Ok(result) => result.map_err(HookError::Backend),
                        Err(_) => Err(HookError::message("no sign of life")),
                    }
                })
            }))
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        Ok(Self {
            connections,
            connect_timeout: settings.connect_timeout,
            deadline: settings.statement_timeout + GRACE,
            queries: Timed::default(),
        })
    }

    pub(super) fn count_in(&mut self, queries: &Timed<Query>) {
        self.queries = queries.clone();
    }

    pub(super) fn connections(&self) -> Connections {
        let status = self.connections.status();
        let idle = status.available.min(status.size);
        Connections { busy: status.size - idle, idle, waiting: status.waiting, most: status.max_size }
    }

    /// A connection that is ready for use. The whole of waiting, dialling and set-up has one deadline. A statement that gets
    /// none has failed, and is counted.
    async fn connection(&self) -> Result<Object, StoreError> {
        let began = Instant::now();
        let connection = self.connect().await;
        if let Err(error) = &connection {
            self.queries.add(failed(error), began.elapsed());
        }
        connection
    }

    async fn connect(&self) -> Result<Object, StoreError> {
        match timeout(self.connect_timeout, self.connections.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Err(_) | Ok(Err(PoolError::Timeout(_))) => Err(StoreError::Timeout),
            Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => {
                Err(error.into())
            }
            Ok(Err(error)) => Err(StoreError::Unavailable { cause: Cause::new(error.to_string()) }),
        }
    }

    /// Rows of a statement that changes nothing, or nothing when it is repeated. Repeated once, on a new connection,
    /// when the connection turns out to be broken.
    pub(super) async fn read(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection().await?;
        match self.run(connection, sql, params).await {
            Err(Failure { broken: true, error }) => {
                tracing::debug!(%error, "a pooled database connection is broken, asking again on a new one");
                // What broke this one (a restart, a fail-over) most likely broke its idle sisters too.
                self.connections.retain(|_, _| false);
                let connection = self.connection().await?;
                self.run(connection, sql, params).await.map_err(|failure| failure.error)
            }
            other => other.map_err(|failure| failure.error),
        }
    }

    /// As [`Pool::read`], for at most one row.
    pub(super) async fn read_one(&self, sql: &'static str, params: Params<'_>) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql, params).await?.into_iter().next())
    }

    /// Rows of a statement that must not be sent twice.
    pub(super) async fn write(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection().await?;
        self.run(connection, sql, params).await.map_err(|failure| failure.error)
    }

    async fn run(&self, connection: Object, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, Failure> {
        let outcome = timed(&self.queries, self.deadline, query(&connection, sql, params)).await;
        settle(connection, outcome)
    }

    /// A connection with an open transaction. A connection that breaks on `BEGIN` is replaced, for nothing was done yet.
    pub(super) async fn begin(&self) -> Result<Work, StoreError> {
        let connection = self.connection().await?;
        match self.open(connection).await {
            Err(Failure { broken: true, .. }) => {
                self.connections.retain(|_, _| false);
                let connection = self.connection().await?;
                self.open(connection).await.map_err(|failure| failure.error)
            }
            other => other.map_err(|failure| failure.error),
        }
    }

    async fn open(&self, connection: Object) -> Result<Work, Failure> {
        let outcome = timed(&self.queries, self.deadline, connection.batch_execute("BEGIN")).await;
        let (connection, ()) = settle_keeping(connection, outcome)?;
        Ok(Work { connection: Some(connection), deadline: self.deadline, queries: self.queries.clone() })
    }
}

/// An open transaction. Dropped without [`Work::commit`], its connection is closed, which rolls back.
pub(super) struct Work {
    /// Taken by commit and by drop only.
    connection: Option<Object>,
    deadline: Duration,
    queries: Timed<Query>,
}

impl Work {
    /// Rows of a statement inside the transaction.
    pub(super) async fn run(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::Unavailable { cause: Cause::new("the transaction has ended") });
        };
        let outcome = timed(&self.queries, self.deadline, query(connection, sql, params)).await;
        outcome.unwrap_or(Err(StoreError::Timeout))
    }

    /// Ends the transaction and gives the connection back.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.end("COMMIT").await
    }

    /// Undoes the transaction and gives the connection back.
    pub(super) async fn roll_back(self) -> Result<(), StoreError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, sql: &str) -> Result<(), StoreError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        let outcome = timed(&self.queries, self.deadline, connection.batch_execute(sql)).await;
        settle(connection, outcome).map_err(|failure| failure.error)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// What came of a statement, or that nothing came in time.
type Outcome<T> = Result<Result<T, StoreError>, Elapsed>;

async fn query(connection: &Object, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = connection.prepare_cached(sql).await?;
    connection.query(&statement, params).await
}

/// A statement with its deadline, counted.
async fn timed<T>(
    queries: &Timed<Query>,
    deadline: Duration,
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Outcome<T> {
    let began = Instant::now();
    let outcome = timeout(deadline, statement).await.map(|inner| inner.map_err(StoreError::from));
    let how = match &outcome {
        Ok(Ok(_)) => Query::Ok,
        Ok(Err(error)) => failed(error),
        Err(_elapsed) => Query::Timeout,
    };
    queries.add(how, began.elapsed());
    outcome
}

fn failed(error: &StoreError) -> Query {
    match error {
        StoreError::Conflict { .. } => Query::Conflict,
        StoreError::Timeout => Query::Timeout,
        _ => Query::Failed,
    }
}

/// An error, and whether it is the connection that failed and not the statement.
struct Failure {
    error: StoreError,
    broken: bool,
}

/// Decides whether a connection goes back to the pool after its work.
fn settle<T>(connection: Object, outcome: Outcome<T>) -> Result<T, Failure> {
    settle_keeping(connection, outcome).map(|(_returned_to_the_pool, value)| value)
}

fn settle_keeping<T>(connection: Object, outcome: Outcome<T>) -> Result<(Object, T), Failure> {
    match outcome {
        Ok(Ok(value)) => Ok((connection, value)),
        Ok(Err(error)) => {
            let broken = connection.is_closed() || is_lost(&error);
            if broken {
                drop(Object::take(connection));
            }
            Err(Failure { error, broken })
        }
        Err(_elapsed) => {
            // The answer may still come, to nobody: never reuse this one. Not "broken": asking again would only double
            // the wait.
            drop(Object::take(connection));
            Err(Failure { error: StoreError::Timeout, broken: false })
        }
    }
}

/// Errors after which a connection is of no use: it is gone, or it lost its prepared statements (some proxies do that).
fn is_lost(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable { .. } => true,
        // "prepared statement does not exist", "cached plan must not change result type"
        StoreError::Rejected { sqlstate, .. } => sqlstate == "26000" || sqlstate == "0A000",
        _ => false,
    }
}
