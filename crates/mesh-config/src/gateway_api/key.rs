//! What tells objects of one kind apart.
//!
//! Objects are found by it and never by looking through all of them: a test counts how often two
//! are compared.

use core::cmp::Ordering;

/// Namespace and name of an object.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        #[cfg(test)]
        comparisons::note();
        (&self.namespace, &self.name).cmp(&(&other.namespace, &other.name))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Key {}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

/// Counts comparisons of the thread that a test runs in.
#[cfg(test)]
pub(super) mod comparisons {
    use core::cell::Cell;

    std::thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn note() {
        COUNT.with(|count| count.set(count.get().saturating_add(1)));
    }

    /// How many there were while `work` ran.
    pub(in super::super) fn during(work: impl FnOnce()) -> u64 {
        let before = COUNT.with(Cell::get);
        work();
        COUNT.with(Cell::get).saturating_sub(before)
    }
}
