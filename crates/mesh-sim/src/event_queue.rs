//! What happens next, in simulated time. Events of the same moment come in the order in which they
//! were scheduled, so that a run does not depend on how the heap breaks ties.

use core::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use mesh_core::time::Timestamp;

/// Events that have not happened yet, by time.
#[derive(Debug)]
pub struct EventQueue<E> {
    heap: BinaryHeap<Reverse<Scheduled<E>>>,
    /// How many events were ever scheduled.
    scheduled: u64,
}

impl<E> EventQueue<E> {
    /// A queue in which nothing is going to happen.
    #[must_use]
    pub const fn new() -> Self {
        Self { heap: BinaryHeap::new(), scheduled: 0 }
    }

    /// Lets `event` happen at `at`.
    pub fn schedule(&mut self, at: Timestamp, event: E) {
        self.heap.push(Reverse(Scheduled { at, order: self.scheduled, event }));
        self.scheduled = self.scheduled.wrapping_add(1);
    }

    /// The next event and its moment; `None` where nothing is left to happen.
    pub fn pop(&mut self) -> Option<(Timestamp, E)> {
        self.heap.pop().map(|Reverse(Scheduled { at, event, .. })| (at, event))
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Scheduled<E> {
    at: Timestamp,
    order: u64,
    event: E,
}

impl<E> Scheduled<E> {
    const fn key(&self) -> (Timestamp, u64) {
        (self.at, self.order)
    }
}

impl<E> Ord for Scheduled<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<E> PartialOrd for Scheduled<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Scheduled<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Scheduled<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_at_one_moment_in_their_order() {
        let mut queue = EventQueue::new();
        let (early, late) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        for (at, event) in [(late, 'c'), (early, 'a'), (late, 'd'), (early, 'b')] {
            queue.schedule(at, event);
        }
        let order: Vec<(Timestamp, char)> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [(early, 'a'), (early, 'b'), (late, 'c'), (late, 'd')]);
    }
}
