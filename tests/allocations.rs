//! How much memory the relay asks for on the way of a frame: nothing for a small one, and its size once for a large one. The
//! thread of a real shard is counted, between real sockets, plain and TLS. This is the bound that keeps it so.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "allocations/client.rs"]
mod client;
#[path = "allocations/counting.rs"]
mod counting;
#[path = "allocations/scene.rs"]
mod scene;

use client::{Client, message};
use counting::{Counting, Reading};
use scene::{Running, Scene};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PAGES: usize = 8;

/// Pages on one SDK, all of which are running.
struct Cast {
    scene: Scene,
    sdk: Client,
    pages: Vec<Running>,
}

impl Cast {
    fn new(tls: bool) -> Self {
        let mut scene = Scene::new(tls);
        let mut sdk = scene.sdk();
        let pages = (0..PAGES).map(|_| scene.running(&mut sdk)).collect();
        Self { scene, sdk, pages }
    }

    /// Each page sends so many hooks at once and gets as many renders, all of so many bytes; that so many times.
    fn small(&mut self, rounds: usize, window: usize, size: usize) {
        for _ in 0..rounds {
            for page in &mut self.pages {
                let hooks = message(&page.hook(size)).repeat(window);
                page.client.write(&hooks);
            }
            for _ in 0..window * PAGES {
                assert_eq!(self.sdk.until("ab").len(), size);
            }
            let renders: Vec<u8> =
                self.pages.iter().flat_map(|page| message(&page.render(size)).repeat(window)).collect();
            self.sdk.write(&renders);
            for page in &mut self.pages {
                for _ in 0..window {
                    assert_eq!(page.client.until("av").len(), size);
                }
            }
        }
    }

    /// One upload of so many bytes, and one render.
    fn large(&mut self, size: usize) {
        let Self { sdk, pages, .. } = self;
        let page = &mut pages[0];
        let (upload, render) = (page.upload(size), page.render(size));
        // More than the sockets hold: one side writes while the other reads.
        std::thread::scope(|scope| {
            scope.spawn(|| page.client.write(&message(&upload)));
            assert!(sdk.until("ad") == upload);
        });
        std::thread::scope(|scope| {
            scope.spawn(|| sdk.write(&message(&render)));
            assert!(page.client.until("av") == render);
        });
    }

    /// TLS records so far, in both directions.
    fn records(&self) -> u64 {
        self.pages.iter().map(|page| page.client.records()).sum::<u64>() + self.sdk.records()
    }

    /// What the shard's thread asked for, and the TLS records that passed, during `work`.
    fn count(&mut self, work: impl FnOnce(&mut Self)) -> (Reading, u64) {
        let (asked, records) = (self.scene.asked.read(), self.records());
        work(self);
        (self.scene.asked.since(asked), self.records() - records)
    }
}

/// Frames that one measurement sends through the relay, and how many measurements are made of each kind.
const FRAMES: usize = 4_000;
const TIMES: usize = 5;

impl Cast {
    /// Blocks beyond one for each TLS record, for `FRAMES` frames, measured several times once things are in their stride.
    fn blocks(&mut self, window: usize, size: usize) -> Vec<u64> {
        self.small(20, window, size);
        let rounds = FRAMES / 2 / window / PAGES;
        let mut measure = || {
            let (asked, records) = self.count(|cast| cast.small(rounds, window, size));
            asked.blocks.saturating_sub(records)
        };
        (0..TIMES).map(|_| measure()).collect()
    }
}

/// Exactly none is the rule. Queues share their memory, and which of them fill at the same time is chance: a piece of it that
/// meets a longer queue than before grows, once. So one block in a thousand frames is let pass, but not every time.
fn assert_none(blocks: &[u64], what: &str) {
    assert!(blocks.contains(&0), "{blocks:?} blocks for {FRAMES} frames each, {what}");
    let most = (TIMES * FRAMES / 1_000) as u64;
    assert!(blocks.iter().sum::<u64>() <= most, "{blocks:?} blocks for {FRAMES} frames each, {what}");
}

#[test]
fn small_frames_ask_for_no_memory() {
    let mut cast = Cast::new(false);
    for (window, size) in [(1, 200), (16, 200), (1, 1_000), (1, 4_000)] {
        let blocks = cast.blocks(window, size);
        assert_none(&blocks, &format!("{size} bytes, {window} at once"));
    }
}

/// rustls makes one block for each record that it reads, and one for each that it writes (`ChunkVecBuffer`,
/// `PrefixedPayload`). Frames that travel together share a record, and nothing else is asked for.
#[test]
fn small_frames_over_tls_ask_for_a_block_a_record() {
    let mut cast = Cast::new(true);
    for (window, size) in [(1, 200), (16, 200), (1, 1_000), (1, 4_000)] {
        let blocks = cast.blocks(window, size);
        assert_none(&blocks, &format!("{size} bytes, {window} at once, beside one for each record"));
    }
}

#[test]
fn a_large_message_asks_for_its_size_once() {
    let mut cast = Cast::new(false);
    for (size, blocks) in [(64 << 10, 4), (1 << 20, 6)] {
        cast.large(size);
        for _ in 0..5 {
            let (asked, _) = cast.count(|cast| cast.large(size));
            // Room for all of it is made once a part is there, of which the first may be small; and the queue needs a list. Twice
            // that: up and down.
            assert!(asked.blocks <= 2 * blocks, "{asked:?} for two of {size} bytes");
            assert!(asked.bytes <= 2 * (size as u64 + 1024), "{asked:?} for two of {size} bytes");
        }
    }
}

/// Over TLS rustls adds the size twice: once as the records come in, once as they go out.
#[test]
fn a_large_message_over_tls_asks_for_its_size_once_beside_its_records() {
    let mut cast = Cast::new(true);
    for (size, blocks) in [(64 << 10, 4), (1 << 20, 6)] {
        cast.large(size);
        for _ in 0..5 {
            let (asked, records) = cast.count(|cast| cast.large(size));
            // A record of which only the beginning is there waits in a block of its own, again and again at the worst.
            assert!(asked.blocks <= 2 * (records + blocks), "{asked:?} for two of {size} bytes in {records} records");
            assert!(asked.bytes <= 2 * (3 * size as u64 + 64 * 1024), "{asked:?} for two of {size} bytes");
        }
    }
}
