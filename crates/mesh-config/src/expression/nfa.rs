//! The intermediate automaton: Thompson's construction, from the end backwards.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{ExpressionError, Steps};
use crate::limits::EXPRESSION_NFA_STATES_MAX;

/// One state. Numbers name states of the same automaton.
#[derive(Debug)]
pub(super) enum State {
    /// Takes a byte of one of these closed ranges.
    Bytes(Vec<(u8, u8)>, u32),
    /// Goes on in both, without a byte.
    Split(u32, u32),
    /// Goes on at the start of the text only.
    Start(u32),
    /// Goes on at the end of the text only.
    End(u32),
    /// The text matches.
    Match,
}

/// The intermediate automaton.
#[derive(Debug)]
pub(super) struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) start: u32,
}

const TOO_MANY: ExpressionError =
    ExpressionError::TooLarge("its repetitions make more than 8192 states");

impl Nfa {
    pub(super) fn of(hir: &Hir, steps: &mut Steps) -> Result<Self, ExpressionError> {
        let mut nfa = Self { states: vec![State::Match], start: 0 };
        nfa.start = nfa.add(hir, 0, steps)?;
        Ok(nfa)
    }

    /// Adds `hir` in front of state `next`; gives the state where it begins. The nesting of `hir`
    /// is bounded by the parser.
    fn add(&mut self, hir: &Hir, next: u32, steps: &mut Steps) -> Result<u32, ExpressionError> {
        steps.take(1)?;
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => literal
                .0
                .iter()
                .rev()
                .try_fold(next, |next, &byte| self.push(State::Bytes(vec![(byte, byte)], next))),
            HirKind::Class(class) => self.push(State::Bytes(ranges(class)?, next)),
            HirKind::Look(Look::Start) => self.push(State::Start(next)),
            HirKind::Look(Look::End) => self.push(State::End(next)),
            HirKind::Look(_) => {
                Err(ExpressionError::Unsupported("word boundaries and line anchors"))
            }
            HirKind::Capture(capture) => self.add(&capture.sub, next, steps),
            HirKind::Concat(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.add(part, next, steps))
            }
            HirKind::Alternation(parts) => {
                let mut ways = parts.iter().rev();
                let Some(last) = ways.next() else { return Ok(next) };
                let first = self.add(last, next, steps)?;
                ways.try_fold(first, |others, part| {
                    let way = self.add(part, next, steps)?;
                    self.push(State::Split(way, others))
                })
            }
            HirKind::Repetition(repetition) => {
                let (sub, min) = (&repetition.sub, repetition.min);
                let mut at = match repetition.max {
                    None => {
                        let again = self.push(State::Split(next, next))?;
                        let body = self.add(sub, again, steps)?;
                        if let Some(state) = self.states.get_mut(again as usize) {
                            *state = State::Split(body, next);
                        }
                        again
                    }
                    Some(max) => {
                        let mut at = next;
                        for _ in min..max {
                            let body = self.add(sub, at, steps)?;
                            at = self.push(State::Split(body, next))?;
                        }
                        at
                    }
                };
                for _ in 0..min {
                    at = self.add(sub, at, steps)?;
                }
                Ok(at)
            }
        }
    }

    fn push(&mut self, state: State) -> Result<u32, ExpressionError> {
        if self.states.len() >= EXPRESSION_NFA_STATES_MAX {
            return Err(TOO_MANY);
        }
        self.states.push(state);
        u32::try_from(self.states.len().saturating_sub(1)).map_err(|_| TOO_MANY)
    }
}

fn ranges(class: &Class) -> Result<Vec<(u8, u8)>, ExpressionError> {
    match class {
        Class::Bytes(class) => Ok(class.iter().map(|range| (range.start(), range.end())).collect()),
        // without Unicode the parser makes one only where every character is ASCII
        Class::Unicode(class) => class
            .iter()
            .map(|range| Some((u8::try_from(range.start()).ok()?, u8::try_from(range.end()).ok()?)))
            .map(|range| range.filter(|(_, end)| end.is_ascii()))
            .collect::<Option<_>>()
            .ok_or(ExpressionError::Unsupported("classes of characters outside ASCII")),
    }
}
