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
            ask::ENDPOINTS => return self.machine.snapshot().endpoints().len(),
            ask::WORDS_AT => self.words.as_ptr() as usize,
            #[cfg(feature = "traffic")]
            ask::DEMAND => self.demand(at_ms),
            #[cfg(feature = "balancers")]
            ask::MOVE => self.choose(at_ms),
            _ => self.ask_observed(what, at_ms),
        };
        u32::try_from(count).unwrap_or(0)
    }

    #[cfg(feature = "observe")]
    fn ask_observed(&mut self, what: u32, at_ms: f64) -> usize {
        match what {
            ask::STATS => self.stats(at_ms),
            ask::EVENTS => self.drain(),
            ask::EVENTS_DROPPED => usize::try_from(self.events.dropped()).unwrap_or(0),
            _ => 0,
        }
    }

    #[cfg(not(feature = "observe"))]
    #[expect(clippy::unused_self, reason = "stands for the one above")]
    const fn ask_observed(&self, _: u32, _: f64) -> usize {
        0
    }
}
