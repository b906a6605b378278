//! An app that runs: an SDK socket, a page, and an execution between them.

use super::world::Page;
use super::{Environment, Event, Login, Peer, Tenant, World, message};
use uuid::Uuid;

/// The ordinary case that an attack must not disturb.
pub struct Running {
    pub sdk: Peer,
    pub page: Page,
    pub execution: Uuid,
}

impl World {
    /// The owner's page runs `hello`.
    pub async fn running(&self, tenant: &Tenant) -> Running {
        self.running_as(&tenant.owner, &tenant.environment).await
    }

    /// The page of `login` runs `hello`; connects the SDK first.
    pub async fn running_as(&self, login: &Login, environment: &Environment) -> Running {
        let mut sdk = self.sdk(environment).await;
        let mut page = self.page(login, environment, "hello").await;
        let execution = start(&mut page, &mut sdk, "hello").await;
        Running { sdk, page, execution }
    }
}

impl Running {
    pub fn session(&self) -> Uuid {
        self.page.session
    }

    pub fn environment(&self) -> Uuid {
        self.page.environment
    }

    /// A click reaches the SDK and a toast comes back, and **nothing else** has arrived at either end before them. This
    /// is the marker behind every forbidden frame, and the proof that a victim has noticed nothing.
    pub async fn works(&mut self) {
        works(&mut self.page, &mut self.sdk, self.execution).await;
    }
}

/// Starts an app on an open page; the frame reaches the SDK byte for byte.
pub async fn start(page: &mut Page, sdk: &mut Peer, route: &str) -> Uuid {
    let execution = Uuid::new_v4();
    let frame = message::start(page.environment, execution, page.session, route);
    page.peer.send(frame.clone()).await;
    sdk.expect(&frame).await;
    execution
}

/// See [`Running::works`].
pub async fn works(page: &mut Page, sdk: &mut Peer, execution: Uuid) {
    let mark = format!("marker-{}", Uuid::new_v4());
    let click = message::click(page.environment, execution, &mark);
    page.peer.send(click.clone()).await;
    sdk.expect(&click).await;
    let toast = message::toast(page.session, execution, &mark);
    sdk.send(toast.clone()).await;
    page.peer.expect(&toast).await;
}

/// Nothing but pings and pongs has arrived at this peer up to now.
pub fn assert_quiet(peer: &mut Peer) {
    let loud: Vec<Event> =
        peer.arrived().into_iter().filter(|event| !matches!(event, Event::Ping | Event::Pong(_))).collect();
    assert!(loud.is_empty(), "{loud:?}");
}
