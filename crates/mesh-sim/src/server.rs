//! A server with one place to work and a queue before it: first come, first served.
//!
//! Work that was begun or queued is done even where nobody waits for it any more, as at a service
//! that does not hear of its caller's timeout.

use std::collections::VecDeque;

use mesh_core::time::{Micros, Timestamp};

/// What an endpoint is behind its address.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// When each job in the system leaves; the last one is also when the server is free.
    leaves: VecDeque<Timestamp>,
}

impl Server {
    /// Jobs in the system at `now`, the one in service among them.
    pub fn jobs(&mut self, now: Timestamp) -> u32 {
        while self.leaves.front().is_some_and(|leaves| *leaves <= now) {
            self.leaves.pop_front();
        }
        u32::try_from(self.leaves.len()).unwrap_or(u32::MAX)
    }

    /// Takes a job that needs `work`, and says when it leaves.
    pub fn accept(&mut self, now: Timestamp, work: Micros) -> Timestamp {
        let begins = self.leaves.back().copied().unwrap_or(now).max(now);
        let leaves = begins.saturating_add(work);
        self.leaves.push_back(leaves);
        leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_wait_for_those_before_them() {
        let mut server = Server::default();
        let (start, work) = (Timestamp::from_millis(10), Micros::from_millis(5));
        assert_eq!(server.accept(start, work), Timestamp::from_millis(15));
        assert_eq!(server.accept(start, work), Timestamp::from_millis(20));
        assert_eq!(server.jobs(start), 2);
        assert_eq!(server.jobs(Timestamp::from_millis(15)), 1);
        let idle = Timestamp::from_millis(30);
        assert_eq!(server.jobs(idle), 0);
        assert_eq!(server.accept(idle, work), Timestamp::from_millis(35));
    }
}
