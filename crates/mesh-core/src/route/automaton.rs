//! Regular expressions as the data plane has them: a deterministic automaton over bytes.
//!
//! Compiled ahead, so that the engine holds no regex engine and a match takes one step a byte,
//! whatever the expression.

use alloc::vec::Vec;

use super::table::AutomatonRow;
use crate::snapshot::{row::Word, sections::text_of};

/// An automaton as a compiler makes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Automaton {
    /// The class of each of the 256 bytes.
    pub classes: Vec<u8>,
    /// Number of classes.
    pub class_count: u16,
    /// `transitions[state * class_count + class]` is the next state; state 0 is dead.
    pub transitions: Vec<u16>,
    /// Where it starts.
    pub start: u16,
    /// One bit per state, least significant first: set where the text so far matches.
    pub accepting: Vec<u8>,
}

impl Automaton {
    /// True where the whole of `text` matches.
    #[must_use]
    pub fn accepts(&self, mut text: impl Iterator<Item = u8>) -> bool {
        let mut pool = Vec::new();
        let row = self.lay(&mut pool);
        row.accepts(&pool, &mut text)
    }

    /// Lays the tables into a pool.
    pub(super) fn lay(&self, pool: &mut Vec<u8>) -> AutomatonRow {
        let mut run = |bytes: &mut dyn Iterator<Item = u8>| {
            let before = pool.len();
            pool.extend(bytes);
            crate::snapshot::tables::Text {
                start: u32::try_from(before).unwrap_or(0),
                len: u32::try_from(pool.len().saturating_sub(before)).unwrap_or(0),
            }
        };
        AutomatonRow {
            classes: run(&mut self.classes.iter().copied()),
            transitions: run(&mut self.transitions.iter().flat_map(|state| state.to_le_bytes())),
            accepting: run(&mut self.accepting.iter().copied()),
            class_count: self.class_count,
            start: self.start,
        }
    }
}

impl AutomatonRow {
    /// True where the whole of `text` matches. One table step per byte; stops at the dead state. For
    /// any iterator in one copy: expressions are few, and a copy for each kind of text is 0.4 kB.
    pub(super) fn accepts(&self, pool: &[u8], text: &mut dyn Iterator<Item = u8>) -> bool {
        let classes = text_of(pool, self.classes);
        let transitions = text_of(pool, self.transitions);
        let mut state = self.start;
        for byte in text {
            let class = classes.get(usize::from(byte)).copied().unwrap_or(0);
            let at = usize::from(state) * usize::from(self.class_count) + usize::from(class);
            let mut cell = transitions.get(at.saturating_mul(2)..).unwrap_or(&[]);
            state = u16::take(&mut cell);
            if state == 0 {
                return false;
            }
        }
        let bits = text_of(pool, self.accepting).get(usize::from(state >> 3)).copied();
        bits.is_some_and(|bits| bits >> (state & 7) & 1 == 1)
    }
}
