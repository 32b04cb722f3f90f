//! What a begin found besides its step, as slots.

use mesh_core::machine::{Notes, Step};

use super::{
    Engine,
    abi::{note, out},
};

impl Engine {
    /// Hands out the first step of a request, and its notes.
    pub(super) fn hand_out_first(&mut self, step: Step) -> u32 {
        self.tell_notes();
        if let Step::Wait(wait) = &step {
            // its attempts come after other requests, whose text the machine has by then
            let text = if wait.rewritten { self.machine.text() } else { &[] };
            let (at, len) = (text.as_ptr() as usize, text.len());
            self.set_text(at, len);
        }
        self.hand_out(step)
    }

    /// Writes the notes of the request that just began.
    pub(super) fn tell_notes(&mut self) {
        if self.machine.has_notes() {
            let notes = *self.machine.notes();
            self.note(&notes);
        }
    }

    fn note(&mut self, notes: &Notes) {
        let bit = |there: bool, bit: u32| if there { bit } else { 0 };
        let cookie = notes.cookie.unwrap_or(0);
        let bits = bit(notes.cors != u32::MAX, note::CORS)
            | bit(notes.preflight, note::PREFLIGHT)
            | bit(notes.limit != u32::MAX, note::LIMIT)
            | bit(notes.cookie.is_some(), note::COOKIE)
            | bit(notes.mirrors != 0, note::MIRRORS);
        let seconds = notes.reset.0.div_ceil(1_000_000);
        self.set(out::NOTES, bits);
        self.set(out::CORS, notes.cors);
        self.set(out::LIMIT, notes.limit);
        self.set(out::LIMIT_REMAINING, notes.remaining);
        self.set(out::LIMIT_RESET, u32::try_from(seconds).unwrap_or(u32::MAX));
        self.set(out::LIMIT_GUARANTEE, notes.guarantee as u32);
        self.set(out::MIRRORS, notes.mirrors);
        self.set(out::MIRROR_FIRST, notes.first_mirror);
        let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).unwrap_or(0);
        self.set(out::COOKIE_HIGH, half(cookie >> 32));
        self.set(out::COOKIE_LOW, half(cookie));
        self.set(out::COOKIE_RULE, notes.rule);
    }
}
