//! One statement for all who ask at a time: the same question is asked once, different ones go together. Who asks alone does
//! not wait for anybody.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::store::StoreError;
use crate::tasks::Tasks;

/// Statements of one kind at a time. The second keeps the first from making everybody wait for one slow answer; more would
/// only be smaller.
const UNDER_WAY: usize = 2;

type Found<K, V> = Result<HashMap<K, V>, StoreError>;
type Statement<K, V> = dyn Fn(Vec<K>) -> Pin<Box<dyn Future<Output = Found<K, V>> + Send>> + Send + Sync;
/// The answer to one question; `None`: there is no such row.
type Answer<V> = Result<Option<V>, StoreError>;

/// Questions of one kind. Clones share them.
pub(super) struct Batch<K, V> {
    waiting: Arc<Mutex<Waiting<K, V>>>,
    statement: Arc<Statement<K, V>>,
    tasks: Tasks,
    most: usize,
}

struct Waiting<K, V> {
    /// Who waits for each answer. As many as there are connections at the most.
    questions: HashMap<K, Vec<oneshot::Sender<Answer<V>>>>,
    order: VecDeque<K>,
    under_way: usize,
}

impl<K, V> Clone for Batch<K, V> {
    fn clone(&self) -> Self {
        Self {
            waiting: Arc::clone(&self.waiting),
            statement: Arc::clone(&self.statement),
            tasks: self.tasks.clone(),
            most: self.most,
        }
    }
}

impl<K, V> Batch<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Questions that `statement` answers, at most so many at a time. Its deadline is theirs.
    pub(super) fn new(
        tasks: &Tasks,
        most: usize,
        statement: impl Fn(Vec<K>) -> Pin<Box<dyn Future<Output = Found<K, V>> + Send>> + Send + Sync + 'static,
    ) -> Self {
        let waiting = Waiting { questions: HashMap::new(), order: VecDeque::new(), under_way: 0 };
        Self { waiting: Arc::new(Mutex::new(waiting)), statement: Arc::new(statement), tasks: tasks.clone(), most }
    }

    /// What there is to these questions, in their order. The statement begins after the call, so the answer is never older
    /// than the question. Cancel-safe.
    ///
    /// # Errors
    /// That of the statement: everybody who waits for it gets it, and the next who asks asks anew.
    pub(super) async fn ask(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<(K, V)>, StoreError> {
        let mut answers = Vec::new();
        let begins = {
            let mut waiting = self.lock();
            for key in keys {
                let (send, answer) = oneshot::channel();
                let who = waiting.questions.entry(key.clone()).or_default();
                who.push(send);
                if who.len() == 1 {
                    waiting.order.push_back(key.clone());
                }
                answers.push((key, answer));
            }
            let begins = waiting.under_way < UNDER_WAY;
            waiting.under_way += usize::from(begins);
            begins
        };
        if begins {
            // Without the lock: a runtime that is ending drops the task at once, which takes it.
            self.tasks.spawn("look-up", UnderWay { batch: self.clone(), ended: false }.run());
        }
        let mut found = Vec::new();
        for (key, answer) in answers {
            // Nobody answers any more when the task was ended with the process.
            let value = answer.await.unwrap_or(Err(StoreError::Timeout))?;
            found.extend(value.map(|value| (key, value)));
        }
        Ok(found)
    }
}

impl<K, V> Batch<K, V> {
    fn lock(&self) -> MutexGuard<'_, Waiting<K, V>> {
        // Map and order are changed together between any two things that could panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that asks for the others, until nobody waits.
struct UnderWay<K, V> {
    batch: Batch<K, V>,
    ended: bool,
}

type Questions<K, V> = Vec<(K, Vec<oneshot::Sender<Answer<V>>>)>;

impl<K: Clone + Eq + Hash, V: Clone> UnderWay<K, V> {
    async fn run(mut self) {
        while let Some(questions) = self.next() {
            let answers = (self.batch.statement)(questions.iter().map(|(key, _)| key.clone()).collect()).await;
            let one_by_one = questions.len() > 1 && answers.as_ref().is_err_and(|error| !error.is_transient());
            for (key, who) in questions {
                // A row that cannot be read is the trouble of who asks for it alone.
                let own = if one_by_one { Some((self.batch.statement)(vec![key.clone()]).await) } else { None };
                let answer = match own.as_ref().unwrap_or(&answers) {
                    Ok(found) => Ok(found.get(&key).cloned()),
                    Err(error) => Err(error.clone()),
                };
                for one in who {
                    // The client may have left.
                    let _ = one.send(answer.clone());
                }
            }
        }
    }

    /// The questions that have waited longest. When there are none it has ended, in the same step: who asks next must know.
    fn next(&mut self) -> Option<Questions<K, V>> {
        let mut waiting = self.batch.lock();
        if waiting.order.is_empty() {
            waiting.under_way -= 1;
            self.ended = true;
            return None;
        }
        let count = waiting.order.len().min(self.batch.most);
        let keys: Vec<K> = waiting.order.drain(..count).collect();
        Some(keys.into_iter().filter_map(|key| waiting.questions.remove_entry(&key)).collect())
    }
}

impl<K, V> Drop for UnderWay<K, V> {
    fn drop(&mut self) {
        // After a panic, or with the process.
        if !self.ended {
            self.batch.lock().under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
