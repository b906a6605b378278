//! What a person does with the app of `app.py`, as the frames that the web client would send.

use crate::support::seed::hex;
use crate::support::world::Page;
use crate::support::{Environment, Message, Numbers, Tenant, Upgrade, World, message, soon, within};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A page on the app `everything`.
pub struct Script {
    pub page: Page,
    environment: Environment,
    execution: Uuid,
    /// Render ids by their position on the page.
    renders: [String; 3],
}

impl Script {
    /// Opens the page while the SDK is still on its way; the app is not known yet, so the page is the owner's.
    pub async fn open(world: &World, tenant: &Tenant) -> Script {
        let page = world.page(&tenant.owner, &tenant.environment, "everything").await;
        let renders = std::array::from_fn(|_| String::new());
        Script { page, environment: tenant.environment.clone(), execution: Uuid::nil(), renders }
    }

    /// Waits for the SDK and for its INITIALIZE.
    pub async fn sdk_is_there(&mut self, world: &World, limit: Duration) {
        self.online(limit).await;
        world.seed.stored_routes_until(self.environment.id, &["everything", "other"]).await;
        let told = self.page.peer.next_is("14").await;
        assert_eq!(told.json()["environmentId"], self.environment.id.to_string());
    }

    pub async fn online(&mut self, limit: Duration) {
        let status = self.page.peer.message_within(limit).await;
        assert_eq!(status.code(), "11", "{status:?}");
        let body = status.json();
        if body["isOnline"] == false {
            return Box::pin(self.online(limit)).await;
        }
        assert_eq!((&body["packageName"], &body["packageVersion"]), (&json!("compose-python"), &json!("0.27.8")));
    }

    pub async fn offline(&mut self) {
        self.page.peer.status(false).await;
    }

    /// The same page after the server was restarted: same session, the execution in the query.
    pub async fn reconnect(&mut self, world: &World, tenant: &Tenant) {
        let upgrade = Upgrade::page(&tenant.owner, self.page.session, self.environment.id, "everything");
        self.page.peer = upgrade.execution(self.execution).accepted(world.address()).await;
    }

    /// Starts the app and reads its three renders.
    pub async fn run(&mut self) {
        self.execution = Uuid::new_v4();
        let start = message::start(self.environment.id, self.execution, self.page.session, "everything");
        self.page.peer.send(start).await;
        let mut missing = 3;
        soon("the three renders and the first page of the table", async {
            let mut paged = false;
            while missing > 0 || !paged {
                // INITIALIZE, which the SDK sends at every connect, may be told in between.
                let frame = self.frame().await;
                match frame.code() {
                    "av" => {
                        let body = frame.json();
                        let index = usize::try_from(body["idx"].as_u64().unwrap()).unwrap();
                        self.renders[index] = body["renderId"].as_str().unwrap().to_owned();
                        missing -= 1;
                    }
                    "bj" => paged = true,
                    other => panic!("{other}: {frame:?}"),
                }
            }
        })
        .await;
    }

    /// The next frame of this execution; notices of the environment are passed over.
    async fn frame(&mut self) -> Message {
        loop {
            let frame = self.page.peer.message().await;
            if frame.code() != "14" {
                assert_eq!((frame.first_id(), frame.execution()), (self.page.session, self.execution), "{frame:?}");
                return frame;
            }
        }
    }

    async fn next_is(&mut self, code: &str) -> Message {
        let frame = self.frame().await;
        assert_eq!(frame.code(), code, "{frame:?}");
        frame
    }

    async fn toast(&mut self) -> String {
        self.next_is("be").await.json()["message"].as_str().unwrap().to_owned()
    }

    pub async fn click(&mut self, button: &str) {
        let click = message::click_in(self.environment.id, self.execution, button, &self.renders[0]);
        self.page.peer.send(click).await;
    }

    /// Presses the button for the `count`th time in this run.
    pub async fn press(&mut self, count: usize) {
        self.click("press").await;
        assert_eq!(self.toast().await, format!("pressed {count}"));
    }

    /// Every kind of traffic that an app has.
    pub async fn use_everything(&mut self, world: &World) {
        self.press(1).await;
        self.press(2).await;
        self.submit_with_a_file().await;
        self.turn_the_page_of_the_table().await;
        self.click("download").await;
        let download = self.next_is("bl").await;
        assert!(download.0.ends_with(b"a,b\n1,2\n") && download.contains("résumé.csv"), "{download:?}");
        self.click("large").await;
        assert_eq!(self.toast().await.len(), 3_000_000);
        let company = self.environment.company;
        let before = world.seed.audit_rows(company).await.len();
        self.click("log").await;
        let rows = world.seed.audit_rows_until(company, before + 1).await;
        let row = rows.last().unwrap();
        assert_eq!((&row["message"], &row["severity"]), (&json!("pressed log"), &json!("warn")));
        assert_eq!((&row["appRoute"], &row["data"]), (&json!("everything"), &json!({"id": 11})));
    }

    /// A form with a file of 5 MB: the handler sees exactly its bytes, and says so by their hash.
    async fn submit_with_a_file(&mut self) {
        let bytes = Numbers::from_seed(self.execution.as_u128() as u64).bytes(5_000_000);
        let hash = hex(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
        let file = Uuid::new_v4();
        self.page.peer.send(message::upload(self.environment.id, self.execution, file, &bytes)).await;
        let described =
            json!({"fileId": file.to_string(), "fileName": "héllo.bin", "fileSize": 5_000_000, "fileType": ""});
        let data = json!({"title": "Heron", "papers": [described]});
        let submit = message::submit(self.environment.id, self.execution, "boat", &self.renders[1], data);
        self.page.peer.send(submit).await;
        assert_eq!(self.next_is("bb").await.json()["formComponentId"], "boat");
        assert_eq!(self.toast().await, format!("Heron: héllo.bin 5000000 {hash}"));
    }

    async fn turn_the_page_of_the_table(&mut self) {
        let change = message::page_change(self.environment.id, self.execution, "rows", &self.renders[2], 100);
        self.page.peer.send(change).await;
        let page = self.next_is("bj").await.json();
        assert_eq!((&page["totalRecords"], &page["offset"]), (&json!(230), &json!(100)));
        let rows = page["data"].as_array().unwrap();
        // Sorted by number, the largest first: the second hundred begins with 129.
        assert_eq!((rows.len(), &rows[0]), (100, &json!({"i": 129, "1": "row 129"})));
        assert_eq!(page["sortBy"], Value::from(vec![json!({"key": "n", "direction": "desc"})]));
    }

    /// CHECK_EXECUTION_EXISTS is answered with no.
    /// Asks whether the execution is known, as a page does that is back. No answer means yes.
    pub async fn check(&mut self) {
        let check = message::check_execution_exists(self.environment.id, self.execution, self.page.session);
        self.page.peer.send(check).await;
    }

    pub async fn check_is_denied(&mut self) {
        self.check().await;
        within(crate::support::PATIENCE, "the answer to the check", async {
            let answer = self.next_is("ay").await;
            assert_eq!(answer.json()["exists"], false);
        })
        .await;
    }
}
