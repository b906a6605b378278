//! Statements that end when the test says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;

use tokio::sync::{Semaphore, mpsc};

use super::*;

/// Doubles numbers; knows none over 900. Tells what it is asked, and waits to be let on.
fn rig(most: usize) -> (Batch<u32, u32>, mpsc::UnboundedReceiver<Vec<u32>>, Arc<Semaphore>) {
    let (tell, told) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let lets = Arc::clone(&gate);
    let batch = Batch::new(&Tasks::new(), most, move |keys: Vec<u32>| {
        let (tell, gate) = (tell.clone(), Arc::clone(&lets));
        Box::pin(async move {
            tell.send(keys.clone()).unwrap();
            gate.acquire().await.unwrap().forget();
            if keys.contains(&13) {
                return Err(StoreError::Timeout);
            }
            if keys.contains(&14) {
                return Err(StoreError::Shape { column: "fourteen" });
            }
            Ok(keys.into_iter().filter(|key| *key < 900).map(|key| (key, key * 2)).collect())
        })
    });
    (batch, told, gate)
}

#[tokio::test]
async fn what_many_ask_at_a_time_is_asked_once_and_no_answer_is_older_than_its_question() {
    let (batch, mut told, gate) = rig(500);
    let ask = || {
        let batch = batch.clone();
        Handle::current().spawn(async move { batch.ask([7]).await.unwrap() })
    };
    let mut asking = vec![ask()];
    assert_eq!(told.recv().await.unwrap(), [7]);
    // Those who come now must not get that answer: it was asked for before them.
    asking.extend((0..200).map(|_| ask()));
    assert_eq!(told.recv().await.unwrap(), [7]);
    gate.add_permits(2);
    for one in asking {
        assert_eq!(one.await.unwrap(), [(7, 14)]);
    }
    assert!(told.try_recv().is_err(), "a third statement");
    // It is at rest again, and the next who asks is answered.
    gate.add_permits(1);
    assert_eq!(batch.ask([8]).await.unwrap(), [(8, 16)]);
}

#[tokio::test]
async fn different_questions_go_together_up_to_a_number_and_in_their_order() {
    let (batch, mut told, gate) = rig(3);
    let ask = |key| {
        let batch = batch.clone();
        Handle::current().spawn(async move { batch.ask([key]).await.unwrap() })
    };
    let mut first = Vec::new();
    for key in 1..=2 {
        first.push(ask(key));
        assert_eq!(told.recv().await.unwrap(), [key]);
    }
    let mut later = Vec::new();
    for key in 3..=7 {
        later.push(ask(key));
        tokio::task::yield_now().await;
    }
    gate.add_permits(1);
    assert_eq!(told.recv().await.unwrap(), [3, 4, 5]);
    gate.add_permits(8);
    assert_eq!(told.recv().await.unwrap(), [6, 7]);
    for (key, one) in (1..).zip(first.into_iter().chain(later)) {
        assert_eq!(one.await.unwrap(), [(key, key * 2)]);
    }
}

#[tokio::test]
async fn a_failure_is_everybodys_who_waited_for_it_and_nobody_elses() {
    let (batch, mut told, gate) = rig(500);
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let batch = batch.clone();
            Handle::current().spawn(async move { batch.ask([13]).await })
        })
        .collect();
    gate.add_permits(9);
    for one in asking {
        assert!(matches!(one.await.unwrap(), Err(StoreError::Timeout)));
    }
    assert_eq!(batch.ask([12, 900, 11]).await.unwrap(), [(12, 24), (11, 22)]);
    assert!(told.recv().await.is_some());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_no_trouble_for_who_asks_for_another() {
    let (batch, mut told, gate) = rig(500);
    let ask = |key| {
        let batch = batch.clone();
        Handle::current().spawn(async move { batch.ask([key]).await })
    };
    let mut asking = Vec::new();
    for key in 1..=2 {
        asking.push(ask(key));
        assert_eq!(told.recv().await.unwrap(), [key]);
    }
    asking.extend([14, 15].map(ask));
    tokio::task::yield_now().await;
    gate.add_permits(99);
    assert_eq!(told.recv().await.unwrap(), [14, 15]);
    let mut answers = Vec::new();
    for one in asking {
        answers.push(one.await.unwrap());
    }
    assert!(matches!(answers[2], Err(StoreError::Shape { .. })), "{:?}", answers[2]);
    assert_eq!(answers[3].as_deref().unwrap(), [(15, 30)]);
}

#[tokio::test]
async fn who_leaves_and_a_statement_that_panics_keep_nobody_waiting() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let batch = Batch::new(&Tasks::new(), 9, |keys: Vec<u32>| {
        Box::pin(async move {
            assert!(CALLS.fetch_add(1, Ordering::Relaxed) >= 2, "a mistake of ours");
            Ok(keys.into_iter().map(|key| (key, key)).collect())
        })
    });
    drop(batch.ask([1]));
    for _ in 0..2 {
        assert!(batch.ask([1]).await.is_err());
    }
    assert_eq!(batch.ask([1]).await.unwrap(), [(1, 1)]);
}
