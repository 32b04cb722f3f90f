//! From the intermediate automaton to a deterministic one, by subsets.

use alloc::collections::BTreeMap;

use super::{
    ExpressionError, Steps, TOO_MANY_STATES, Table,
    nfa::{Nfa, State},
};
use crate::limits::EXPRESSION_STATES_MAX;

/// Most numbers kept in all subsets together: 8 MiB.
const SUBSET_NUMBERS_MAX: usize = 1 << 21;

pub(super) fn determinize(nfa: &Nfa, steps: &mut Steps) -> Result<Table, ExpressionError> {
    let (classes, representatives) = byte_classes(nfa);
    let mut subsets = Subsets { nfa, marks: vec![false; nfa.states.len()], steps };
    let mut table = Table {
        classes,
        class_count: representatives.len(),
        transitions: vec![0; representatives.len()],
        start: 1,
        accepting: vec![false],
    };
    // the start is kept out of the map: only there may an anchor at the start hold
    let start = subsets.closure(&[nfa.start], true, false)?;
    table.accepting.push(subsets.matches(&start, true)?);
    let mut known: BTreeMap<Vec<u32>, u16> = BTreeMap::new();
    known.insert(Vec::new(), 0);
    let mut open = vec![start];
    let mut numbers = 0usize;
    let mut at = 0usize;
    while let Some(subset) = open.get_mut(at).map(core::mem::take) {
        at = at.saturating_add(1);
        for &byte in &representatives {
            let reached = subsets.step(&subset, byte)?;
            if let Some(&state) = known.get(&reached) {
                table.transitions.push(state);
                continue;
            }
            numbers = numbers.saturating_add(reached.len());
            let state = table.accepting.len();
            if state >= EXPRESSION_STATES_MAX || numbers > SUBSET_NUMBERS_MAX {
                return Err(TOO_MANY_STATES);
            }
            let number = u16::try_from(state).map_err(|_| TOO_MANY_STATES)?;
            table.accepting.push(subsets.matches(&reached, false)?);
            table.transitions.push(number);
            known.insert(reached.clone(), number);
            open.push(reached);
        }
    }
    Ok(table)
}

/// The class of each byte, and one byte of each class: bytes that no state tells apart share one.
fn byte_classes(nfa: &Nfa) -> ([u8; 256], Vec<u8>) {
    let mut begins = [false; 257];
    for state in &nfa.states {
        let State::Bytes(ranges, _) = state else { continue };
        for &(low, high) in ranges {
            for edge in [usize::from(low), usize::from(high).saturating_add(1)] {
                if let Some(begin) = begins.get_mut(edge) {
                    *begin = true;
                }
            }
        }
    }
    let mut classes = [0u8; 256];
    let mut representatives = Vec::new();
    for byte in 0..=u8::MAX {
        let begin = begins.get(usize::from(byte)).copied().unwrap_or(false);
        if byte == 0 || begin {
            representatives.push(byte);
        }
        if let Some(class) = classes.get_mut(usize::from(byte)) {
            *class = u8::try_from(representatives.len().saturating_sub(1)).unwrap_or(u8::MAX);
        }
    }
    (classes, representatives)
}

struct Subsets<'n> {
    nfa: &'n Nfa,
    /// True for states that the closure at hand has met; all false between closures.
    marks: Vec<bool>,
    steps: &'n mut Steps,
}

impl Subsets<'_> {
    /// All states reached from `from` without a byte, sorted. Anchors at the end stay in the set
    /// until the end is known.
    fn closure(
        &mut self,
        from: &[u32],
        at_start: bool,
        at_end: bool,
    ) -> Result<Vec<u32>, ExpressionError> {
        let mut reached = Vec::new();
        let mut stack: Vec<u32> = from.to_vec();
        let mut met = Vec::new();
        while let Some(number) = stack.pop() {
            self.steps.take(1)?;
            match self.marks.get_mut(number as usize) {
                Some(mark) if !*mark => *mark = true,
                _ => continue,
            }
            met.push(number);
            match self.nfa.states.get(number as usize) {
                Some(State::Split(one, other)) => stack.extend([*one, *other]),
                Some(State::Start(next)) if at_start => stack.push(*next),
                Some(State::End(next)) if at_end => stack.push(*next),
                Some(State::Bytes(..) | State::Match | State::End(_)) => reached.push(number),
                Some(State::Start(_)) | None => {}
            }
        }
        for number in met {
            if let Some(mark) = self.marks.get_mut(number as usize) {
                *mark = false;
            }
        }
        reached.sort_unstable();
        Ok(reached)
    }

    /// The subset after one byte.
    fn step(&mut self, subset: &[u32], byte: u8) -> Result<Vec<u32>, ExpressionError> {
        self.steps.take(subset.len())?;
        let mut next = Vec::new();
        for &number in subset {
            if let Some(State::Bytes(ranges, after)) = self.nfa.states.get(number as usize)
                && ranges.iter().any(|&(low, high)| (low..=high).contains(&byte))
            {
                next.push(*after);
            }
        }
        self.closure(&next, false, false)
    }

    /// True where the text may end here.
    fn matches(&mut self, subset: &[u32], at_start: bool) -> Result<bool, ExpressionError> {
        let ended = self.closure(subset, at_start, true)?;
        let is_match = |n: &u32| matches!(self.nfa.states.get(*n as usize), Some(State::Match));
        Ok(ended.iter().any(is_match))
    }
}
