//! What the host asks once after a load, or now and then.

use super::{Engine, abi::ask};

impl Engine {
    pub(crate) fn ask(&mut self, what: u32, at_ms: f64) -> u32 {
        let count = match what {
            ask::TABLES => {
                let text = self.machine.snapshot().host_text();
                let (at, len) = (text.as_ptr() as usize, text.len());
                self.set_text(at, len);
                len
            }
            ask::STATS => self.stats(at_ms),
            ask::EVENTS => self.drain(),
            ask::EVENTS_DROPPED => return self.events.dropped(),
            ask::WORDS_AT => self.words.as_ptr() as usize,
            _ => 0,
        };
        u32::try_from(count).unwrap_or(0)
    }
}
