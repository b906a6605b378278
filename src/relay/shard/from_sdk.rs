//! SDK → browser: 74 header bytes decide (relay-protocol 5.5, A6); INITIALIZE and audit entries go to the control side.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::relay::connection::Role;
use crate::relay::counters::Count;
use crate::relay::message::{AuditLog, Request};
use crate::relay::payload::Payload;
use crate::relay::peer::ReplyTo;
use crate::relay::shard::Shard;
use crate::relay::shard::attach::AUDIT_LOGS;
use crate::wire::header::{EXECUTION_BODY, INITIALIZE_BODY};
use crate::wire::{ExecutionId, SdkHeader, SessionId, server};

/// Largest INITIALIZE that is looked at (relay-protocol 6.1).
const INITIALIZE: usize = 1 << 20;
/// Between two INITIALIZEs of one environment that are handed over; of those between them the newest counts.
const PACE: Duration = Duration::from_millis(200);
/// Largest audit entry that is looked at: 1,024 characters and 4,096 bytes of data, all of it escaped, fit well.
const AUDIT_LOG: usize = 64 << 10;

impl Shard {
    pub(super) fn sdk_sent(&mut self, index: usize, payload: Payload<'_>) {
        match self.connections[index].ids.get_or_insert_default().sdk_header(payload.bytes()) {
            Ok(SdkHeader::ToBrowser { session, execution }) => {
                self.forward_to_browser(index, session, execution, payload)
            }
            Ok(SdkHeader::Initialize) => self.initialize(index, &payload),
            Ok(SdkHeader::AuditLog { session, execution }) => self.audit_log(index, session, execution, &payload),
            Err(error) => self.offence(index, Count::DropHeader, &error),
        }
    }

    fn forward_to_browser(&mut self, index: usize, session: SessionId, execution: ExecutionId, payload: Payload<'_>) {
        let Role::Sdk(sdk) = &self.connections[index].role else { return };
        let bound = self.tables.executions.get(&execution).filter(|bound| bound.environment == sdk.environment);
        let bound = bound.map(|bound| bound.session).filter(|key| self.tables.sessions[*key].id == session);
        let Some(key) = bound else {
            // Late frames for finished executions are normal (relay-protocol 2.10): quiet, but counted.
            self.count(Count::DropSdkExecution, 1);
            tracing::debug!(
                shard = self.parts.number,
                connection = index,
                "frame for an execution that is not bound here"
            );
            return;
        };
        let size = payload.bytes().len();
        match self.tables.sessions[key].connection {
            Some((browser, _)) => {
                if self.is_behind(browser, size) || !self.make_room(key, size) {
                    return self.too_slow(key);
                }
                let connection = &mut self.connections[browser];
                connection.diary.sent.add(size);
                self.hand_over(browser, payload);
                self.charge(browser);
                self.touch(browser);
            }
            None => return self.keep(key, payload),
        }
        self.count(Count::MessagesToBrowser, 1);
        self.count(Count::BytesToBrowser, size);
    }

    /// Whether a browser has too much waiting to be given `more` bytes.
    pub(super) fn is_behind(&self, browser: usize, more: usize) -> bool {
        let (outbox, bound) = (&self.connections[browser].outbox, self.parts.limits.browser_outbox);
        // The second question looks at the whole queue, and only a slow page's is looked at.
        outbox.queued() > bound / 2 && outbox.behind(more) > bound
    }

    fn initialize(&mut self, index: usize, payload: &Payload<'_>) {
        let Role::Sdk(sdk) = &self.connections[index].role else { return };
        let environment = sdk.environment;
        let body = &payload.bytes()[INITIALIZE_BODY..];
        if body.len() > INITIALIZE {
            return self.offence(index, Count::DropInitialize, &"INITIALIZE over 1 MiB");
        }
        let body = Bytes::copy_from_slice(body);
        if self.tables.environments[environment].pending_initialize.replace(body).is_some() {
            self.count(Count::DropInitialize, 1);
        }
        self.hand_over_initialize(environment);
    }

    /// Gives the newest INITIALIZE to the control side, a few a second at the most. Without room there it is tried again
    /// later, because a Node SDK sends it once in its life.
    pub(super) fn hand_over_initialize(&mut self, environment: usize) {
        let now = self.now;
        let Some(known) = self.tables.environments.get_mut(environment) else { return };
        let Some(package) = known.package.clone() else { return };
        if now < known.initialize_from {
            return self.arm_environment(environment);
        }
        let Some(body) = known.pending_initialize.take() else { return };
        known.initialize_from = now + PACE;
        let request = Request::Initialize { environment: known.id, package, body: body.clone() };
        if self.parts.requests.try_send(request).is_err() {
            known.pending_initialize = Some(body);
            self.arm_environment(environment);
        }
    }

    fn audit_log(&mut self, index: usize, session: SessionId, execution: ExecutionId, payload: &Payload<'_>) {
        let Role::Sdk(sdk) = &self.connections[index].role else { return };
        // D-3, D-41: who and where comes from the binding, which outlives the page for a while.
        let bound = self.tables.executions.get(&execution).filter(|bound| bound.environment == sdk.environment);
        let bound = bound.filter(|bound| self.tables.sessions[bound.session].id == session);
        let retired = self.tables.retired(execution).filter(|old| old.environment == sdk.id && old.session == session);
        let who = bound
            .map(|bound| (Arc::clone(&bound.identity), bound.route.clone()))
            .or_else(|| retired.map(|old| (Arc::clone(&old.identity), old.route.clone())));
        let Some((identity, route)) = who else {
            self.count(Count::DropAuditLog, 1);
            tracing::debug!(
                shard = self.parts.number,
                connection = index,
                "audit entry for an execution that is not bound here"
            );
            return;
        };
        let reply_to = ReplyTo { shard: self.parts.number, session, execution };
        let body = &payload.bytes()[EXECUTION_BODY..];
        let (environment, company, development, now) = (sdk.id, sdk.company, sdk.development, self.now);
        let within = self.connections[index].sdk().is_some_and(|sdk| sdk.audit_logs.take_one(AUDIT_LOGS, now));
        let full = !within
            || body.len() > AUDIT_LOG
            || self
                .parts
                .requests
                .try_send(Request::AuditLog(AuditLog {
                    reply_to,
                    environment,
                    company,
                    development,
                    identity,
                    route,
                    body: Bytes::copy_from_slice(body),
                }))
                .is_err();
        if full {
            self.count(Count::DropAuditLog, 1);
            self.reply(reply_to, "Audit log entry was not stored: the server is busy.");
        }
    }

    /// An `au` of severity `info` to a session, wherever its browser is.
    pub(super) fn reply(&mut self, to: ReplyTo, message: &str) {
        let bound = self.tables.executions.get(&to.execution).map(|bound| bound.session);
        let Some(key) = bound.filter(|key| self.tables.sessions[*key].id == to.session) else { return };
        let frame = server::app_error_info(to.session, to.execution, message);
        match self.tables.sessions[key].connection {
            Some((browser, _)) => self.send_made(browser, &frame),
            None => self.keep(key, Payload::Owned(frame.into())),
        }
    }
}
