//! What leased limits saw, as rows of 32-bit words.

use super::{Engine, timestamp};

impl Engine {
    /// Writes a row of `DEMAND_COLUMNS` for each key that was asked for, into the words; their number.
    #[expect(clippy::cast_possible_truncation, reason = "halves of a number")]
    pub(super) fn demand(&mut self, now_ms: f64) -> usize {
        let words = &mut self.words;
        words.clear();
        for demand in self.machine.leases().demand(timestamp(now_ms)) {
            let halves = |number: u64| [(number >> 32) as u32, number as u32];
            words.push(demand.limit);
            words.extend_from_slice(&halves(demand.key));
            words.extend_from_slice(&[demand.seen, demand.taken]);
            words.extend_from_slice(&halves(demand.rate.interval.0));
            words.extend_from_slice(&halves(demand.rate.burst.0));
        }
        words.len()
    }
}
