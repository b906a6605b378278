//! WRITE_AUDIT_LOG (relay-protocol 6.2): checks, limits, and one task that writes entries in batches.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::relay::{AuditLog, Hub};
use crate::store::{CompanyRow, EnvironmentRow, EnvironmentType, LogEntry, Store, StoreError};
use crate::tasks::Tasks;

/// Accepted entries that wait for the database; at most 8 KiB each, so 80 MiB.
const QUEUE: usize = 10_000;
/// Entries in one statement.
const BATCH: usize = 256;
/// UTF-16 units of a message, bytes of data as compact JSON.
const MESSAGE: usize = 1_024;
const DATA: usize = 4_096;
/// The limiter's window, the default number of entries in it, and how many rows of `errorLog` refused ones may make.
const WINDOW: Duration = Duration::from_secs(60);
const PER_WINDOW: f64 = 200.0;
const ERRORS_PER_WINDOW: u32 = 20;
/// How long a company's plan and limit and an environment's app list are taken as live.
const FRESH: Duration = Duration::from_secs(2);
/// How long an entry waits for a database that is away, and how often it is asked.
const OUTAGE: Duration = Duration::from_secs(120);
const RETRY: Duration = Duration::from_millis(500);
/// Entries that wait to be checked.
const UNCHECKED: usize = 1_024;
/// Companies and environments that are remembered at a time.
const KNOWN: usize = 4_096;

/// The queue is full: the database has been away for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written at present")]
pub struct QueueFull;

/// Where entries wait for the database. Clones share it.
#[derive(Clone, Debug)]
pub struct AuditQueue(mpsc::Sender<LogEntry>);

impl AuditQueue {
    /// Accepts an entry: it is written unless the process ends first.
    ///
    /// # Errors
    /// When too many wait already; the caller must tell whoever wrote it.
    pub fn try_write(&self, entry: LogEntry) -> Result<(), QueueFull> {
        self.0.try_send(entry).map_err(|_| QueueFull)
    }
}

pub(super) fn start(store: &Store, tasks: &Tasks) -> AuditQueue {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tasks.spawn("audit log", write(store.clone(), tasks.clone(), receiver));
    AuditQueue(sender)
}

/// Writes what is in the queue; while the database is away it waits, and the queue fills.
async fn write(store: Store, tasks: Tasks, mut queue: mpsc::Receiver<LogEntry>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut pause = Duration::ZERO;
    loop {
        if batch.is_empty() {
            tokio::select! {
                n = queue.recv_many(&mut batch, BATCH) => if n == 0 { return },
                () = tasks.stopped() => {
                    // The last chance: what was accepted is tried once more.
                    queue.close();
                    while queue.recv_many(&mut batch, BATCH).await > 0 {
                        if let Err(error) = store.insert_logs(&batch).await {
                            tracing::error!(%error, lost = batch.len(), "audit entries lost at the end");
                        }
                        batch.clear();
                    }
                    return;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = match store.insert_logs(&batch).await {
            Ok(_) => {
                batch.clear();
                Duration::ZERO
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, waiting = batch.len() + queue.len(), "audit entries wait for the database");
                (pause * 2).clamp(Duration::from_millis(200), Duration::from_secs(5))
            }
            Err(error) => {
                one_by_one(&store, &mut batch, &error).await;
                Duration::ZERO
            }
        };
    }
}

/// One entry of a batch was refused: the others must not be lost with it.
async fn one_by_one(store: &Store, batch: &mut Vec<LogEntry>, error: &StoreError) {
    tracing::debug!(%error, "a batch of audit entries was refused; writing them one by one");
    let entries = std::mem::take(batch);
    for (at, entry) in entries.iter().enumerate() {
        match store.insert_logs(std::slice::from_ref(entry)).await {
            Ok(_) => {}
            Err(error) if error.is_transient() => {
                batch.extend_from_slice(&entries[at..]);
                return;
            }
            Err(error) => tracing::error!(?entry, %error, "an audit entry was refused by the database"),
        }
    }
}

#[derive(Deserialize)]
struct Body {
    message: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    data: Option<Map<String, Value>>,
    #[serde(default, rename = "appRoute")]
    app_route: Option<String>,
}

struct Checked {
    message: String,
    severity: &'static str,
    data: Option<Value>,
    app_route: Option<String>,
}

/// A text for the person who runs the app.
fn check(body: &[u8]) -> Result<Checked, &'static str> {
    let body: Body = serde_json::from_slice(body).map_err(|_| "it is not valid.")?;
    let data = body.data.map(Value::Object);
    let data_text = data.as_ref().map(Value::to_string).unwrap_or_default();
    if body.message.encode_utf16().count() > MESSAGE {
        return Err("its message is longer than 1024 characters.");
    }
    if data_text.len() > DATA {
        return Err("its data is larger than 4096 bytes.");
    }
    if body.message.contains('\0') || data_text.contains("\\u0000") && has_nul(data.as_ref()) {
        return Err("it contains a NUL character.");
    }
    let severity = match body.severity.as_deref() {
        None => "info",
        Some(given) => ["trace", "debug", "info", "warn", "error", "fatal"]
            .into_iter()
            .find(|known| *known == given)
            .ok_or("its severity is not known.")?,
    };
    Ok(Checked { message: body.message, severity, data, app_route: body.app_route })
}

fn has_nul(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => text.contains('\0'),
        Some(Value::Array(items)) => items.iter().any(|item| has_nul(Some(item))),
        Some(Value::Object(object)) => object.iter().any(|(key, value)| key.contains('\0') || has_nul(Some(value))),
        _ => false,
    }
}

/// A fixed window: `used` of the entries since `since`.
struct Window {
    since: Instant,
    used: u32,
    errors: u32,
}

/// The way to the task that checks entries.
pub(super) struct Auditor {
    hub: Hub,
    entries: mpsc::Sender<AuditLog>,
}

impl Auditor {
    pub(super) fn start(store: &Store, hub: &Hub, queue: &AuditQueue, tasks: &Tasks) -> Self {
        let (sender, mut entries) = mpsc::channel(UNCHECKED);
        let mut checker = Checker {
            store: store.clone(),
            queue: queue.clone(),
            companies: HashMap::new(),
            environments: HashMap::new(),
            windows: HashMap::new(),
        };
        let replies = hub.clone();
        tasks.spawn("audit checks", async move {
            while let Some(entry) = entries.recv().await {
                if let Err(why) = checker.accept(&entry).await {
                    refuse(&replies, &entry, why);
                }
            }
        });
        Self { hub: hub.clone(), entries: sender }
    }

    /// Queues the entry to be checked. Whoever runs the app is told when it is not stored.
    pub(super) fn take(&self, entry: AuditLog) {
        if let Err(full) = self.entries.try_send(entry) {
            refuse(&self.hub, &full.into_inner(), "the server is busy.");
        }
    }
}

fn refuse(hub: &Hub, entry: &AuditLog, why: &str) {
    tracing::debug!(environment = %entry.environment, why, "audit entry refused");
    hub.reply(entry.reply_to, &format!("Audit log entry was not stored: {why}"));
}

/// Takes entries one at a time, so that the limit is exact for this process. The limit is per process; two processes on one
/// database each have their own (D-42).
struct Checker {
    store: Store,
    queue: AuditQueue,
    companies: HashMap<Uuid, (Instant, CompanyRow)>,
    environments: HashMap<Uuid, (Instant, EnvironmentRow)>,
    windows: HashMap<Uuid, Window>,
}

impl Checker {
    async fn accept(&mut self, entry: &AuditLog) -> Result<(), &'static str> {
        let now = Instant::now();
        let company = self.company(entry.company, now).await?;
        if company.plan != "pro" {
            return Err("plan limit.");
        }
        let limit = company.flags.get("AUDIT_LOG_RATE_LIMIT_PER_MINUTE").and_then(Value::as_f64).unwrap_or(PER_WINDOW);
        // Validation comes before the limit is charged.
        let checked = match check(&entry.body) {
            Ok(checked) => checked,
            Err(why) => {
                self.record_refusal(entry, why, now).await;
                return Err(why);
            }
        };
        let window = self.window(entry.company, now);
        if f64::from(window.used) >= limit {
            return Err("too many entries this minute.");
        }
        window.used += 1;
        let app_route = match checked.app_route {
            Some(route) if self.knows_route(entry, &route, now).await => route,
            _ => entry.route.to_string(),
        };
        let row = LogEntry {
            company_id: entry.company,
            environment_id: Some(Uuid::from_u128(entry.environment.as_u128())),
            user_id: entry.identity.user,
            user_email: entry.identity.email.as_deref().map(str::to_owned),
            app_route,
            message: checked.message,
            data: checked.data,
            severity: checked.severity,
            kind: "user",
            environment_type: if entry.development {
                EnvironmentType::Development
            } else {
                EnvironmentType::Production
            },
            created_at: Some(Timestamp::now()),
        };
        self.queue.try_write(row).map_err(|_| "the server is busy.")
    }

    async fn company(&mut self, id: Uuid, now: Instant) -> Result<&CompanyRow, &'static str> {
        if self.companies.len() >= KNOWN {
            self.companies.retain(|_, (at, _)| now.duration_since(*at) < FRESH);
        }
        let give_up = now + OUTAGE;
        while self.companies.get(&id).is_none_or(|(at, _)| now.duration_since(*at) >= FRESH) {
            match (self.store.company(id).await, self.companies.get_mut(&id)) {
                (Ok(Some(row)), _) => {
                    self.companies.insert(id, (now, row));
                }
                (Ok(None), _) => return Err("plan limit."),
                (Err(error), known) => {
                    tracing::debug!(%error, "plan could not be read");
                    match known {
                        // While the database is away the plan of a moment ago is the best there is.
                        Some((at, _)) => *at = now,
                        // Without any the entry waits, and those behind it: the queue in front is bounded.
                        None if error.is_transient() && Instant::now() < give_up => tokio::time::sleep(RETRY).await,
                        None => break,
                    }
                }
            }
        }
        self.companies.get(&id).map(|(_, row)| row).ok_or("the server is busy.")
    }

    /// D-43: only a route of the environment is taken from the entry.
    async fn knows_route(&mut self, entry: &AuditLog, route: &str, now: Instant) -> bool {
        if *route == *entry.route {
            return true;
        }
        let id = Uuid::from_u128(entry.environment.as_u128());
        if self.environments.len() >= KNOWN {
            self.environments.retain(|_, (at, _)| now.duration_since(*at) < FRESH);
        }
        let known = self.environments.get(&id).is_some_and(|(at, _)| now.duration_since(*at) < FRESH);
        if !known && let Ok(Some(row)) = self.store.environment(id).await {
            self.environments.insert(id, (now, row));
        }
        let apps = self.environments.get(&id).and_then(|(_, row)| row.apps.as_array());
        apps.is_some_and(|apps| apps.iter().any(|app| app.get("route").and_then(Value::as_str) == Some(route)))
    }

    fn window(&mut self, company: Uuid, now: Instant) -> &mut Window {
        if self.windows.len() >= KNOWN {
            self.windows.retain(|_, window| now.duration_since(window.since) < WINDOW);
        }
        let window = self.windows.entry(company).or_insert(Window { since: now, used: 0, errors: 0 });
        if now.duration_since(window.since) >= WINDOW {
            *window = Window { since: now, used: 0, errors: 0 };
        }
        window
    }

    /// A row of `errorLog` for an invalid entry, at most a few a minute.
    async fn record_refusal(&mut self, entry: &AuditLog, why: &str, now: Instant) {
        let window = self.window(entry.company, now);
        if window.errors >= ERRORS_PER_WINDOW {
            return;
        }
        window.errors += 1;
        let message: Option<String> = serde_json::from_slice::<Body>(&entry.body).ok().map(|body| body.message);
        let message: Option<String> = message.map(|text| text.replace('\0', "").chars().take(MESSAGE).collect());
        let data = json!({
            "type": "AUDIT_LOG_WRITE_ERROR",
            "message": format!("Audit log entry was not stored: {why}"),
            "auditLog": {
                "message": message,
                "companyId": entry.company.to_string(),
                "environmentId": entry.environment.to_string(),
                "userId": entry.identity.user.map(|user| user.to_string()),
                "userEmail": entry.identity.email,
                "appRoute": entry.route,
            },
        });
        if let Err(error) = self.store.insert_error_log(&data).await {
            tracing::warn!(%error, "error row could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact() {
        let message = |text: String| check(json!({ "type": "50", "message": text }).to_string().as_bytes()).is_ok();
        assert!(message("m".repeat(1024)) && !message("m".repeat(1025)));
        assert!(message("😀".repeat(512)) && !message("😀".repeat(512) + "x"), "UTF-16 units count");
        assert!(!message("a\0".into()));
        let data =
            |n: usize| check(json!({ "message": "m", "data": { "d": "x".repeat(n) } }).to_string().as_bytes()).is_ok();
        assert!(data(DATA - 8) && !data(DATA - 7));
        assert!(check(br#"{"message":"m","severity":"loud"}"#).is_err());
        assert!(check(br#"{"message":"m","data":{"a":"\u0000"}}"#).is_err());
        assert!(check(br#"{"message":"m","data":{"a":"\\u0000"}}"#).is_ok(), "an escaped backslash is no NUL");
        assert_eq!(check(br#"{"message":"m"}"#).map(|it| it.severity), Ok("info"));
        assert!(check(b"null").is_err() && check(b"").is_err());
    }
}
