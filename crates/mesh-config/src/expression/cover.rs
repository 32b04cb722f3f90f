//! Whether one expression takes every text that another takes.

use alloc::collections::BTreeSet;

use mesh_core::route::Automaton;

use crate::limits::COVER_PAIRS_MAX;

/// True where `outer` takes all that `inner` takes. False too where that takes too long to tell.
pub(crate) fn covers(outer: &Automaton, inner: &Automaton) -> bool {
    let mut met = BTreeSet::new();
    met.insert((inner.start, outer.start));
    let mut open = vec![(inner.start, outer.start)];
    // one byte stands for all that both treat alike
    let mut classes: Vec<(u8, u8)> =
        inner.classes.iter().copied().zip(outer.classes.iter().copied()).collect();
    classes.sort_unstable();
    classes.dedup();
    while let Some((in_inner, in_outer)) = open.pop() {
        if accepts(inner, in_inner) && !accepts(outer, in_outer) {
            return false;
        }
        for &(inner_class, outer_class) in &classes {
            let next = (step(inner, in_inner, inner_class), step(outer, in_outer, outer_class));
            // from the dead state of the inner one nothing more is taken
            if next.0 != 0 && met.insert(next) {
                open.push(next);
            }
        }
        if met.len() > COVER_PAIRS_MAX {
            return false;
        }
    }
    true
}

pub(super) fn accepts(automaton: &Automaton, state: u16) -> bool {
    let bits = automaton.accepting.get(usize::from(state >> 3));
    bits.is_some_and(|bits| bits >> (state & 7) & 1 == 1)
}

pub(super) fn step(automaton: &Automaton, state: u16, class: u8) -> u16 {
    let row = usize::from(state).saturating_mul(usize::from(automaton.class_count));
    automaton.transitions.get(row.saturating_add(usize::from(class))).copied().unwrap_or(0)
}
