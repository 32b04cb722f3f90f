//! Events between two drains.

use alloc::vec::Vec;

use mesh_core::event::{Event, EventSink};

use super::{
    Engine,
    abi::{EVENT_WORDS, EVENTS_MAX},
};

/// Keeps events while somebody listens; drops and counts what does not fit.
#[derive(Debug)]
pub(super) struct Ring {
    words: Vec<u32>,
    listening: bool,
    dropped: u32,
}

impl EventSink for Ring {
    #[inline(never)]
    fn event(&mut self, event: Event) {
        if !self.listening {
            return;
        }
        if self.words.len() >= EVENTS_MAX * EVENT_WORDS {
            self.dropped = self.dropped.wrapping_add(1);
            return;
        }
        let ms = event.at.as_micros() / 1_000;
        let words: [u32; EVENT_WORDS] = [
            event.kind as u32,
            u32::from(event.code),
            event.service,
            event.endpoint,
            u32::from(event.attempt),
            u32::try_from(event.value).unwrap_or(u32::MAX),
            u32::try_from(ms & 0xffff_ffff).unwrap_or(0),
            u32::try_from(ms >> 32).unwrap_or(0),
        ];
        self.words.extend_from_slice(&words);
    }
}

impl Ring {
    pub(super) const fn empty() -> Self {
        Self { words: Vec::new(), listening: false, dropped: 0 }
    }

    /// Starts or stops keeping events.
    pub(super) const fn listen(&mut self, yes: bool) {
        self.listening = yes;
    }

    /// Events that did not fit since the engine began.
    pub(super) const fn dropped(&self) -> u32 {
        self.dropped
    }
}

impl Engine {
    /// Moves the kept events to the words; their number.
    pub(super) fn drain(&mut self) -> usize {
        let count = self.events.words.len() / EVENT_WORDS;
        core::mem::swap(&mut self.events.words, &mut self.words);
        self.events.words.clear();
        count
    }
}
