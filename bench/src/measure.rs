//! One measurement: connects all pages and SDKs to one contender, runs the load, and lets them go.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::contender::Contender;
use crate::dial::{browser_request, sdk_request};
use crate::frames::Ids;
use crate::generator::{Generator, NewPage, Outcome, Pace, frames_of};
use crate::row::Row;
use crate::world::seed::{ROUTE, Tenant};

/// How long a measurement takes.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Before it counts.
    pub warm_up: Duration,
    /// While it counts.
    pub time: Duration,
}

/// Does it. There must be as many tenants as the row has SDKs, with a login for each page.
///
/// # Errors
/// When somebody is refused, messages stay away, or the run is interrupted.
pub fn measure(row: &Row, contender: &Contender, tenants: &[Tenant], pace: Pace, times: Times) -> Result<Outcome> {
    let (dial, ids) = (&contender.dial, Ids::fresh());
    let mut sdks = Vec::new();
    if contender.upstream.is_none() {
        for tenant in &tenants[..row.sdks] {
            let request = sdk_request(dial, tenant, contender.kind.is_ours());
            sdks.push(dial.open(&request, None).context("an SDK connects")?.0);
        }
    }
    let mut pages = Vec::new();
    for number in 0..row.browsers {
        let tenant = &tenants[number % row.sdks];
        let login = &tenant.logins[number / row.sdks];
        let number = u16::try_from(number).context("too many browsers")?;
        let request = browser_request(dial, tenant, login, &ids.session(number));
        let (socket, behind) = dial.open(&request, contender.upstream.as_ref()).context("a browser connects")?;
        sdks.extend(behind);
        let masked = contender.upstream.is_none();
        let [start, frame, file_change, answer] = frames_of(tenant.environment, ids, number, row.size, masked, ROUTE);
        pages.push(NewPage { socket, start, frame, file_change, answer });
    }
    let generator = Generator::start(pages, sdks)?;
    generator.measure(contender.pid(), pace, times.warm_up, times.time, || contender.allocations())
}
