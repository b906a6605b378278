//! Browser → SDK: every frame is checked whole before it may reach an SDK (relay-protocol 5.5, A2–A5, A7).

use std::sync::Arc;
use std::time::Duration;

use crate::relay::connection::{Hold, PendingStart};
use crate::relay::counters::Count;
use crate::relay::message::{Request, Verdict};
use crate::relay::payload::Payload;
use crate::relay::peer::{Place, Ticket};
use crate::relay::shard::Shard;
use crate::relay::table::{EXECUTIONS_PER_SESSION, Execution, LOST_FILES};
use crate::wire::header::EXECUTION_BODY;
use crate::wire::{self, BrowserCode, BrowserHeader, ExecutionId, body, server};

/// How long a START_EXECUTION may wait for its verdict.
const VERDICT: Duration = Duration::from_secs(8);
/// Largest START_EXECUTION. Its parameters come from a link, and it waits in memory for its verdict; also a Python SDK that
/// takes the place of a Node SDK meanwhile takes that much.
const START: usize = 1 << 20;

impl Shard {
    pub(super) fn browser_sent(&mut self, index: usize, payload: Payload<'_>) {
        self.rate(index, payload.bytes().len());
        let header = match self.connections[index].ids.get_or_insert_default().browser_header(payload.bytes()) {
            Ok(header) => header,
            Err(error) => return self.offence(index, Count::DropHeader, &error),
        };
        let Some(session) = self.connections[index].browser().map(|browser| browser.session) else { return };
        let (session_id, environment) = {
            let session = &self.tables.sessions[session];
            let Some(app) = &session.app else {
                return self.offence(index, Count::DropEnvironment, &"a home page sends no frames");
            };
            (session.id, app.environment)
        };
        if self.tables.environments[environment].id != header.environment {
            return self.offence(index, Count::DropEnvironment, &"not the environment of this socket");
        }
        let route = if header.code == BrowserCode::FileTransfer {
            None
        } else {
            match body::check(header.code, header.execution, session_id, &payload.bytes()[EXECUTION_BODY..]) {
                Ok(checked) => checked.app_route.map(Box::<str>::from),
                Err(error) => return self.offence(index, Count::DropBody, &error),
            }
        };
        let Some((sdk, generation)) = self.tables.environments[environment].sdk else {
            return self.sdk_absent(index, session);
        };
        let most = if header.code == BrowserCode::StartExecution { START } else { usize::MAX };
        if payload.bytes().len() > self.cap(environment).min(most) {
            let head = header_of(payload.bytes());
            return self.oversize(index, &head, payload.bytes().len() as u64);
        }
        if header.code == BrowserCode::StartExecution {
            return self.ask_start(index, session, header.execution, route.unwrap_or_default(), payload);
        }
        let bound = self.tables.executions.get(&header.execution).is_some_and(|execution| execution.session == session);
        let resync = self.tables.sessions[session].app.as_ref().is_some_and(|app| app.resync);
        if !bound || resync {
            // A4, D-26: the page learns that its execution is not known here, and starts afresh.
            self.count(Count::DropExecution, 1);
            tracing::debug!(
                shard = self.parts.number,
                connection = index,
                "frame for an execution that is not bound here"
            );
            return self.send_made(index, &server::execution_exists(session_id, header.execution, false));
        }
        if !self.uploads_in_order(index, session, &header, payload.bytes()) {
            return;
        }
        if header.code == BrowserCode::BrowserSessionEnded {
            // D-30: it can be false. Forward it, forget the execution, keep the session.
            self.unbind(session, header.execution);
        }
        self.forward_to_sdk(index, (sdk, generation), payload);
    }

    /// Appends to the SDK's queue; over its mark the sender waits.
    fn forward_to_sdk(&mut self, from: usize, sdk: (usize, u64), payload: Payload<'_>) {
        let mark = self.parts.limits.sdk_outbox;
        let size = payload.bytes().len();
        let Some(connection) = self.connections.get_mut(sdk.0).filter(|it| it.generation == sdk.1) else { return };
        connection.diary.sent.add(size);
        self.hand_over(sdk.0, payload);
        let full = self.connections[sdk.0].outbox.queued() > mark;
        self.touch(sdk.0);
        self.count(Count::MessagesToSdk, 1);
        self.count(Count::BytesToSdk, size);
        if full {
            let sender = &mut self.connections[from];
            let key = (from, sender.generation);
            // A sender over its rate as well waits for the longer of the two: it is asked again when this hold is lifted.
            sender.hold = Some(Hold::Sdk);
            if let Some(sdk) = self.connections[sdk.0].sdk() {
                sdk.waiting.push_back(key);
            }
            self.count(Count::HeldForSdk, 1);
        }
    }

    /// Makes a browser wait whose SDK's queue is over its mark already: else each of many would add one more message. It
    /// comes before those that had their turn.
    pub(super) fn waits_for_sdk(&mut self, index: usize) -> bool {
        let Some(session) = self.connections[index].browser().map(|browser| browser.session) else { return false };
        let Some(app) = &self.tables.sessions[session].app else { return false };
        let Some(sdk) = self.tables.environments[app.environment].sdk else { return false };
        let mark = self.parts.limits.sdk_outbox;
        let key = (index, self.connections[index].generation);
        let Some(connection) = self.connection(sdk).filter(|it| it.outbox.queued() > mark) else { return false };
        let Some(sdk) = connection.sdk() else { return false };
        sdk.waiting.insert(sdk.turned_away, key);
        sdk.turned_away += 1;
        self.connections[index].hold = Some(Hold::Sdk);
        self.count(Count::HeldForSdk, 1);
        true
    }

    /// A7, D-24: the sender is told that the SDK is not there.
    fn sdk_absent(&mut self, index: usize, session: usize) {
        self.count(Count::DropSdkAbsent, 1);
        tracing::debug!(shard = self.parts.number, connection = index, "frame dropped: no SDK is connected");
        let session = &self.tables.sessions[session];
        let Some(app) = &session.app else { return };
        let environment = &self.tables.environments[app.environment];
        let frame = server::sdk_offline(session.id, environment.id, environment.package.as_deref());
        self.send_made(index, &frame);
    }

    /// A2, A3: whether this user may start this app is asked at this moment; the socket waits for the answer.
    fn ask_start(
        &mut self,
        index: usize,
        session: usize,
        execution: ExecutionId,
        route: Box<str>,
        payload: Payload<'_>,
    ) {
        let id = self.tables.sessions[session].id;
        if self.tables.executions.contains_key(&execution) || self.tables.retired(execution).is_some() {
            // D-5: an execution id is bound once. The owner of the id notices nothing.
            self.count(Count::DropStart, 1);
            tracing::debug!(
                shard = self.parts.number,
                connection = index,
                "START_EXECUTION with an id that was used before"
            );
            return self.send_made(index, &server::execution_exists(id, execution, false));
        }
        let serial = self.serial();
        let session = &self.tables.sessions[session];
        let Some(app) = &session.app else { return };
        let request = Request::Start {
            ticket: Ticket { place: self.place(index), serial },
            identity: Arc::clone(session.claim.identity()),
            environment: self.tables.environments[app.environment].id,
            route: route.clone(),
        };
        let start = Box::new(PendingStart { serial, execution, route, message: payload.into_bytes() });
        let until = self.now + VERDICT;
        self.connections[index].hold = Some(Hold::Verdict { start, until });
        self.arm(index);
        if self.parts.requests.try_send(request).is_err() {
            self.verdict(index, serial, Verdict::Unknown);
        }
    }

    /// The answer to [`Shard::ask_start`]; a late or foreign one changes nothing.
    pub(super) fn verdict(&mut self, index: usize, serial: u64, verdict: Verdict) {
        let connection = &mut self.connections[index];
        let start = match connection.hold.take() {
            Some(Hold::Verdict { start, .. }) if start.serial == serial => start,
            other => {
                connection.hold = other;
                return;
            }
        };
        self.list(index);
        let Some(session) = self.connections[index].browser().map(|browser| browser.session) else { return };
        let id = self.tables.sessions[session].id;
        let refusal = match verdict {
            Verdict::Allowed => None,
            Verdict::Refused => Some("You may not open this app, or it does not exist any more."),
            Verdict::Unknown => Some("The server could not check your access just now. Please try again."),
        };
        if let Some(text) = refusal {
            self.count(Count::DropStart, 1);
            tracing::debug!(shard = self.parts.number, connection = index, ?verdict, "START_EXECUTION refused");
            return self.send_made(index, &server::app_error_info(id, start.execution, text));
        }
        let Some(environment) = self.tables.sessions[session].app.as_ref().map(|app| app.environment) else { return };
        // While the question was on its way another socket may have used the id, or the SDK may have gone.
        if self.tables.executions.contains_key(&start.execution) {
            self.count(Count::DropStart, 1);
            return self.send_made(index, &server::execution_exists(id, start.execution, false));
        }
        let Some(sdk) = self.tables.environments[environment].sdk else {
            return self.sdk_absent(index, session);
        };
        self.bind(session, environment, start.execution, start.route);
        self.forward_to_sdk(index, sdk, Payload::Owned(start.message));
    }

    fn bind(&mut self, session: usize, environment: usize, execution: ExecutionId, route: Box<str>) {
        let identity = Arc::clone(self.tables.sessions[session].claim.identity());
        self.tables.executions.insert(execution, Execution { session, environment, identity, route, uploaded: 0 });
        self.count(Count::ExecutionBound, 1);
        let Some(app) = &mut self.tables.sessions[session].app else { return };
        if app.resync {
            // The page has begun afresh: what was lost belonged to the executions before.
            app.resync = false;
            for old in std::mem::take(&mut app.executions) {
                self.count(Count::ExecutionEnded, 1);
                self.tables.retire(old, self.now);
            }
        }
        let Some(app) = &mut self.tables.sessions[session].app else { return };
        app.executions.push_back(execution);
        if app.executions.len() > EXECUTIONS_PER_SESSION
            && let Some(oldest) = app.executions.pop_front()
        {
            self.count(Count::ExecutionEnded, 1);
            self.tables.retire(oldest, self.now);
        }
    }

    fn unbind(&mut self, session: usize, execution: ExecutionId) {
        if let Some(app) = &mut self.tables.sessions[session].app {
            app.executions.retain(|bound| *bound != execution);
        }
        self.count(Count::ExecutionEnded, 1);
        self.tables.retire(execution, self.now);
    }

    /// Uploads within their budget, and hooks that do not name a lost one. False: dropped, and the sender was told.
    fn uploads_in_order(&mut self, index: usize, session: usize, header: &BrowserHeader, message: &[u8]) -> bool {
        match header.code {
            BrowserCode::FileTransfer => {
                let budget = self.parts.limits.upload_budget;
                let Some(execution) = self.tables.executions.get_mut(&header.execution) else { return false };
                execution.uploaded = execution.uploaded.saturating_add(message.len());
                if execution.uploaded <= budget {
                    return true;
                }
                self.count(Count::DropUploadBudget, 1);
                tracing::debug!(shard = self.parts.number, connection = index, "upload dropped: over the budget");
                self.lost(index, header, "Too many files were uploaded at once. Please submit them in smaller groups.");
                false
            }
            BrowserCode::OnSubmitFormHook | BrowserCode::OnFileChangeHook => {
                let names_lost = self.tables.sessions[session].app.as_ref().is_some_and(|app| {
                    // Only a page that lost one pays for the look.
                    !app.lost.is_empty()
                        && body::mentions_file(&message[EXECUTION_BODY..], |file| app.lost.contains(&file))
                });
                if names_lost {
                    self.count(Count::DropLostFile, 1);
                    tracing::debug!(shard = self.parts.number, connection = index, "hook dropped: its upload is lost");
                    let id = self.tables.sessions[session].id;
                    let text = "A file that this form needs was not uploaded. Please choose another file.";
                    self.send_made(index, &server::app_error_info(id, header.execution, text));
                    return false;
                }
                if let Some(execution) = self.tables.executions.get_mut(&header.execution) {
                    execution.uploaded = 0;
                }
                true
            }
            _ => true,
        }
    }

    /// D-19: a message that the SDK could not take never reaches it; the sender is told.
    pub(super) fn oversize(&mut self, index: usize, head: &[u8], size: u64) {
        let header = match wire::browser_header(head) {
            Ok(header) => header,
            Err(error) => return self.offence(index, Count::DropHeader, &error),
        };
        self.count(Count::DropOversize, 1);
        tracing::debug!(shard = self.parts.number, connection = index, size, "message larger than the SDK accepts");
        self.lost(index, &header, "This is larger than the app can receive. Please send less.");
    }

    /// Tells the sender, and remembers the file so that hooks that name it are dropped too.
    fn lost(&mut self, index: usize, header: &BrowserHeader, text: &str) {
        let Some(session) = self.connections[index].browser().map(|browser| browser.session) else { return };
        let session = &mut self.tables.sessions[session];
        let id = session.id;
        if let (Some(app), Some(file)) = (&mut session.app, header.file) {
            if app.lost.len() == LOST_FILES {
                app.lost.pop_front();
            }
            app.lost.push_back(file);
        }
        self.send_made(index, &server::app_error_info(id, header.execution, text));
    }

    /// The largest message that the SDK of this environment takes.
    pub(super) fn cap(&self, environment: usize) -> usize {
        let package = self.tables.environments[environment].package.as_deref();
        let largest = package.map_or(10_485_760, |package| package.name.max_message());
        largest.min(self.parts.limits.max_message)
    }

    pub(super) fn place(&self, index: usize) -> Place {
        let generation = self.connections[index].generation;
        Place { shard: self.parts.number, index, generation, session: false }
    }
}

/// As much of a message as a header can take.
fn header_of(message: &[u8]) -> Vec<u8> {
    message[..message.len().min(110)].to_vec()
}
