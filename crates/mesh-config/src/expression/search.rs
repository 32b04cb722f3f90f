//! A shortest text that some expressions take and others do not.

use alloc::collections::BTreeSet;

use mesh_core::route::Automaton;

use super::{
    Steps,
    cover::{accepts, step},
};
use crate::limits::COVER_PAIRS_MAX;

/// What kind of text is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A path in normal form, without escapes and segments that begin with a dot.
    Path,
    /// The value of a header or of a query parameter: printable, with no space around.
    Value,
}

/// Bytes in the order of preference: what people read easily comes first.
const BYTES: &[u8] = b"/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~ \
    !$&'()*+,;=:@|^`{}[]\"<>%?#\\";

/// What following one byte costs, in the steps of compiling an expression.
const BYTE_STEPS: usize = 64;

/// Whether an expression is to take the text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    Taken(&'a Automaton),
    NotTaken(&'a Automaton),
}

impl Wanted<'_> {
    const fn automaton(&self) -> &Automaton {
        match self {
            Self::Taken(automaton) | Self::NotTaken(automaton) => automaton,
        }
    }

    fn holds(&self, state: u16) -> bool {
        match self {
            Self::Taken(automaton) => accepts(automaton, state),
            Self::NotTaken(automaton) => !accepts(automaton, state),
        }
    }

    /// True where nothing that follows can make it hold.
    const fn is_lost(&self, state: u16) -> bool {
        matches!(self, Self::Taken(_)) && state == 0
    }
}

/// Where a text stands by its kind alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u16)]
enum Stand {
    Start,
    /// In a path: after a slash.
    AfterSlash,
    /// In a value: after a space, where it must not end.
    AfterSpace,
    Inside,
}

impl Kind {
    /// Where the text stands after one more byte; `None` where its kind does not allow that.
    const fn after(self, stand: Stand, byte: u8) -> Option<Stand> {
        match (self, stand, byte) {
            (Self::Path, Stand::Start, b'/') => Some(Stand::AfterSlash),
            (Self::Path, Stand::Start, _)
            | (Self::Path, Stand::AfterSlash, b'/' | b'.')
            | (Self::Path, _, b' ' | b'%' | b'?' | b'#' | b'\\')
            | (Self::Value, Stand::Start, b' ') => None,
            (Self::Path, _, b'/') => Some(Stand::AfterSlash),
            (Self::Value, _, b' ') => Some(Stand::AfterSpace),
            (Self::Path | Self::Value, _, _) => Some(Stand::Inside),
        }
    }

    const fn may_end(self, stand: Stand) -> bool {
        match self {
            Self::Path => !matches!(stand, Stand::Start),
            Self::Value => !matches!(stand, Stand::AfterSpace),
        }
    }
}

/// A text so far: where each automaton stands, and how it came there.
struct Reached {
    states: Vec<u16>,
    stand: Stand,
    from: usize,
    byte: u8,
}

/// A shortest text of that kind for which all that is wanted holds. `None` where there is none, or
/// where finding it takes more than is left of `steps`.
pub(crate) fn shortest(kind: Kind, wanted: &[Wanted<'_>], steps: &mut Steps) -> Option<String> {
    let bytes = representatives(kind, wanted);
    let start: Vec<u16> = wanted.iter().map(|one| one.automaton().start).collect();
    let mut met = BTreeSet::new();
    met.insert(key(&start, Stand::Start));
    let mut reached = vec![Reached { states: start, stand: Stand::Start, from: 0, byte: 0 }];
    let mut at = 0usize;
    while let Some(here) = reached.get(at) {
        let (states, stand) = (here.states.clone(), here.stand);
        let holds = wanted.iter().zip(&states).all(|(one, state)| one.holds(*state));
        if holds && kind.may_end(stand) {
            return Some(text(&reached, at));
        }
        steps.take(bytes.len().saturating_mul(BYTE_STEPS)).ok()?;
        for &byte in &bytes {
            let Some(stand) = kind.after(stand, byte) else { continue };
            let next: Vec<u16> = wanted
                .iter()
                .zip(&states)
                .map(|(one, state)| {
                    let automaton = one.automaton();
                    let class = automaton.classes.get(usize::from(byte)).copied().unwrap_or(0);
                    step(automaton, *state, class)
                })
                .collect();
            let lost = wanted.iter().zip(&next).any(|(one, state)| one.is_lost(*state));
            if !lost && met.insert(key(&next, stand)) {
                reached.push(Reached { states: next, stand, from: at, byte });
            }
        }
        if reached.len() > COVER_PAIRS_MAX {
            return None;
        }
        at = at.saturating_add(1);
    }
    None
}

/// What tells where a text stands.
fn key(states: &[u16], stand: Stand) -> Vec<u16> {
    states.iter().copied().chain([stand as u16]).collect()
}

/// One byte for all that the automata and the kind treat alike.
fn representatives(kind: Kind, wanted: &[Wanted<'_>]) -> Vec<u8> {
    let mut met = BTreeSet::new();
    let alike = |byte: u8| -> Vec<u16> {
        let class = |one: &Wanted<'_>| one.automaton().classes.get(usize::from(byte)).copied();
        let classes = wanted.iter().map(|one| class(one).map_or(0, u16::from));
        let stands = [Stand::Start, Stand::AfterSlash, Stand::Inside];
        let after =
            stands.map(|stand| kind.after(stand, byte).map_or(u16::MAX, |after| after as u16));
        classes.chain(after).collect()
    };
    BYTES.iter().copied().filter(|byte| met.insert(alike(*byte))).collect()
}

/// The bytes on the way to that place.
fn text(reached: &[Reached], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while let Some(here) = reached.get(at).filter(|_| at > 0) {
        bytes.push(here.byte);
        at = here.from;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{expression::compile_expression, limits::EXPRESSION_STEPS_MAX};

    fn found(kind: Kind, taken: &[&str], not_taken: &[&str]) -> Option<String> {
        let of = |list: &[&str]| -> Vec<Automaton> {
            list.iter().map(|source| compile_expression(source).unwrap()).collect()
        };
        let (taken, not_taken) = (of(taken), of(not_taken));
        let wanted: Vec<Wanted<'_>> =
            taken.iter().map(Wanted::Taken).chain(not_taken.iter().map(Wanted::NotTaken)).collect();
        shortest(kind, &wanted, &mut Steps(EXPRESSION_STEPS_MAX))
    }

    #[test]
    fn finds_the_shortest_text_of_its_kind() {
        for (source, text) in [
            ("/api/v[0-9]+", Some("/api/v0")),
            ("/.*", Some("/")),
            ("/a/?.+/b", Some("/aa/b")),
            ("//+x", None),
            ("api", None),
            ("/\\.git", None),
            ("/%41", None),
            ("/(a|b{3})c", Some("/ac")),
        ] {
            assert_eq!(found(Kind::Path, &[source], &[]).as_deref(), text, "{source}");
        }
        assert_eq!(found(Kind::Value, &[".*"], &[]).as_deref(), Some(""));
        assert_eq!(found(Kind::Value, &[" a"], &[]), None);
        assert_eq!(found(Kind::Value, &["a .?"], &[]).as_deref(), Some("a /"));
        assert_eq!(found(Kind::Value, &["[^ -~]+"], &[]), None);
    }

    #[test]
    fn finds_what_only_some_take() {
        let range = |taken, not_taken| found(Kind::Value, &[taken], &[not_taken]);
        assert_eq!(range("v[0-9]{1,3}", "v[0-9]{1,2}").as_deref(), Some("v000"));
        assert_eq!(range("v[0-9]{1,2}", "v[0-9]{1,3}"), None);
        assert_eq!(found(Kind::Path, &["/a.*", ".*b"], &[]).as_deref(), Some("/ab"));
    }

    #[test]
    fn gives_up_where_the_steps_are_used_up() {
        let automaton = compile_expression("/a{200}").unwrap();
        assert_eq!(shortest(Kind::Path, &[Wanted::Taken(&automaton)], &mut Steps(100)), None);
    }
}
