//! Home pages by the environments whose status they hear. Thousands hear of the same ones, those of their company, so that
//! list is there once for all of them and each has a single entry under it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::quality::RandomState;
use slab::Slab;

use crate::wire::EnvironmentId;

/// Pages that hear of the same environments.
struct Audience {
    environments: Arc<[EnvironmentId]>,
    /// Slab indexes of their sessions.
    pages: HashSet<usize, RandomState>,
}

/// What one home page hears: of the environments of its company, and of the one that is its user's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hears {
    /// Numbers of audiences. There are not more of them than twice the sockets, so 32 bits are enough.
    company: Option<u32>,
    own: Option<u32>,
}

impl Hears {
    fn audiences(self) -> impl Iterator<Item = usize> {
        [self.company, self.own].into_iter().flatten().map(|number| number as usize)
    }
}

/// All audiences of a shard.
#[derive(Default)]
pub(super) struct Audiences {
    all: Slab<Audience>,
    by_list: HashMap<Arc<[EnvironmentId]>, usize, RandomState>,
    by_environment: HashMap<EnvironmentId, Vec<usize>, RandomState>,
}

impl Audiences {
    /// A page hears from now on of these environments, in the order in which all others of its company name them, and of its
    /// own one.
    pub(super) fn join(&mut self, page: usize, company: &[EnvironmentId], own: Option<EnvironmentId>) -> Hears {
        let own = own.filter(|own| !company.contains(own));
        Hears { company: self.enter(page, company), own: own.and_then(|own| self.enter(page, &[own])) }
    }

    fn enter(&mut self, page: usize, environments: &[EnvironmentId]) -> Option<u32> {
        if environments.is_empty() {
            return None;
        }
        let number = match self.by_list.get(environments) {
            Some(&number) => number,
            None => self.found(environments.into()),
        };
        self.all[number].pages.insert(page);
        u32::try_from(number).ok()
    }

    fn found(&mut self, environments: Arc<[EnvironmentId]>) -> usize {
        let number = self.all.insert(Audience { environments: Arc::clone(&environments), pages: HashSet::default() });
        for id in environments.iter() {
            self.by_environment.entry(*id).or_default().push(number);
        }
        self.by_list.insert(environments, number);
        number
    }

    /// The page hears no more of them. The last one takes the list with it.
    pub(super) fn leave(&mut self, page: usize, hears: Hears) {
        for number in hears.audiences() {
            let audience = &mut self.all[number];
            audience.pages.remove(&page);
            if !audience.pages.is_empty() {
                continue;
            }
            let environments = self.all.remove(number).environments;
            self.by_list.remove(&environments);
            for id in environments.iter() {
                if let Some(numbers) = self.by_environment.get_mut(id) {
                    numbers.retain(|it| *it != number);
                    if numbers.is_empty() {
                        self.by_environment.remove(id);
                    }
                }
            }
        }
    }

    /// The pages that hear of this environment, each once.
    pub(super) fn of(&self, environment: EnvironmentId) -> impl Iterator<Item = usize> {
        let numbers = self.by_environment.get(&environment).into_iter().flatten();
        numbers.flat_map(|number| self.all[*number].pages.iter().copied())
    }

    /// What such a page hears of.
    pub(super) fn environments(&self, hears: Hears) -> Heard {
        let list = |number: Option<u32>| number.map(|number| Arc::clone(&self.all[number as usize].environments));
        Heard { company: list(hears.company), own: list(hears.own) }
    }

    /// Frees what was needed for many more than there are now.
    pub(super) fn slim(&mut self) {
        for (_, audience) in &mut self.all {
            if audience.pages.len() < audience.pages.capacity() / 4 {
                audience.pages.shrink_to_fit();
            }
        }
    }
}

/// The environments that a home page hears of. Many of these share their lists.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    company: Option<Arc<[EnvironmentId]>>,
    own: Option<Arc<[EnvironmentId]>>,
}

impl Heard {
    /// All of them, each once.
    pub fn iter(&self) -> impl Iterator<Item = EnvironmentId> {
        [&self.company, &self.own].into_iter().flatten().flat_map(|list| list.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<const N: usize>(numbers: [u128; N]) -> [EnvironmentId; N] {
        numbers.map(EnvironmentId::from_u128)
    }

    fn of(audiences: &Audiences, environment: u128) -> Vec<usize> {
        let mut pages: Vec<_> = audiences.of(EnvironmentId::from_u128(environment)).collect();
        pages.sort_unstable();
        pages
    }

    #[test]
    fn each_page_hears_of_what_it_named_and_of_nothing_else() {
        let mut audiences = Audiences::default();
        let [own] = ids([9]);
        let first = audiences.join(0, &ids([1, 2]), None);
        let second = audiences.join(1, &ids([1, 2]), Some(own));
        let third = audiences.join(2, &ids([2, 3]), None);
        assert_eq!(first.company, second.company, "one list for both");
        assert_eq!((of(&audiences, 1), of(&audiences, 2), of(&audiences, 3)), (vec![0, 1], vec![0, 1, 2], vec![2]));
        assert_eq!((of(&audiences, 9), of(&audiences, 4)), (vec![1], vec![]));
        let heard = audiences.environments(second);
        assert_eq!(heard.iter().collect::<Vec<_>>(), ids([1, 2, 9]));
        audiences.leave(0, first);
        assert_eq!((of(&audiences, 1), of(&audiences, 2)), (vec![1], vec![1, 2]));
        audiences.leave(1, second);
        audiences.leave(2, third);
        assert!(audiences.all.is_empty() && audiences.by_list.is_empty() && audiences.by_environment.is_empty());
    }

    #[test]
    fn an_environment_that_is_named_twice_is_heard_of_once() {
        let mut audiences = Audiences::default();
        let hears = audiences.join(0, &ids([1, 2]), Some(EnvironmentId::from_u128(2)));
        assert_eq!(of(&audiences, 2), [0]);
        assert_eq!(audiences.environments(hears).iter().count(), 2);
        assert_eq!(audiences.join(1, &[], None), Hears::default());
        assert_eq!(audiences.environments(Hears::default()).iter().count(), 0);
    }
}
