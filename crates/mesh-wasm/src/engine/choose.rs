//! Attempts that the host's own balancer moves.

use super::{Engine, abi::out, timestamp};

impl Engine {
    /// Moves the attempt of the ticket slot to the endpoint of the endpoint slot: 1 where that takes it.
    pub(super) fn choose(&mut self, at_ms: f64) -> usize {
        let ticket = self.slot(out::TICKET).cast_unsigned();
        let endpoint = self.slot(out::ENDPOINT).cast_unsigned();
        self.machine.move_to(ticket, endpoint, timestamp(at_ms), &mut self.events).into()
    }
}
