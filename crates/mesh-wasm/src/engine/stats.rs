//! Counters as rows of 32-bit words.

use mesh_core::breaker::BreakerState;

use super::{Engine, timestamp};

impl Engine {
    /// Writes the rows of all services, `SERVICE_COLUMNS` each, then those of all endpoints,
    /// `ENDPOINT_COLUMNS` each, into the words; their number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float-to-integer cast saturates"
    )]
    pub(super) fn stats(&mut self, now_ms: f64) -> usize {
        let now = timestamp(now_ms);
        self.words.clear();
        let snapshot = self.machine.snapshot();
        for (number, _) in (0u32..).zip(snapshot.services().iter()) {
            let Some(state) = self.machine.service_state(number) else { continue };
            let c = state.counters;
            let row = [c.requests, c.successes, c.failures, c.retries, c.retries_denied];
            self.words.extend_from_slice(&row);
            self.words.push(state.concurrency());
        }
        for (number, endpoint) in (0u32..).zip(snapshot.endpoints().iter()) {
            let Some(state) = self.machine.endpoint_state(number) else { continue };
            let breaker = match state.breaker.state() {
                BreakerState::Closed => 0,
                BreakerState::Open { .. } => 1,
                BreakerState::HalfOpen { .. } => 2,
            };
            self.words.extend_from_slice(&[
                state.counters.attempts,
                state.counters.failures,
                state.counters.opened,
                state.in_flight,
                breaker,
                state.latency.estimate(now) as u32,
                state.health as u32,
                u32::from(state.reachable),
                endpoint.service,
            ]);
        }
        self.words.len()
    }
}
