//! Regular expressions, compiled to the automaton that the data plane walks.
//!
//! RE2-like syntax over bytes, always matched against the whole text. Everything is bounded: the
//! source, the intermediate automaton, the table and the work spent, so that no expression can make
//! the compiler or a request slow. What needs more than a finite automaton (back references, look
//! around) does not exist, and word boundaries and line anchors are refused.

mod cover;
mod determinize;
mod minimize;
mod nfa;
mod search;

use core::fmt;

use mesh_core::route::Automaton;
use regex_syntax::ParserBuilder;

pub(crate) use self::{
    cover::covers,
    search::{Kind, Wanted, shortest},
};
use self::{determinize::determinize, minimize::minimize, nfa::Nfa};
use crate::limits::{
    EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_STATES_MAX, EXPRESSION_STEPS_MAX,
    EXPRESSION_TABLE_BYTES_MAX,
};

/// Why an expression cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It is no expression; says what is wrong and where.
    Syntax(String),
    /// It holds something that is not supported.
    Unsupported(&'static str),
    /// A bound is passed; says which.
    TooLarge(&'static str),
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "no regular expression: {what}"),
            Self::Unsupported(what) => write!(f, "{what} are not supported"),
            Self::TooLarge(what) => write!(f, "too large: {what}"),
        }
    }
}

impl core::error::Error for ExpressionError {}

/// What is left of the work that may be spent, on one expression or on all of a comparison.
#[derive(Debug)]
pub(crate) struct Steps(pub(crate) usize);

impl Steps {
    /// Takes `steps`, or says that there are no more.
    pub(crate) fn take(&mut self, steps: usize) -> Result<(), ExpressionError> {
        let rest = self.0.checked_sub(steps);
        // what did not suffice once suffices for nothing more
        self.0 = rest.unwrap_or(0);
        rest.map(|_| ()).ok_or(TOO_MUCH_WORK)
    }
}

const TOO_MUCH_WORK: ExpressionError =
    ExpressionError::TooLarge("compiling it takes more than 10 million steps");
const TOO_MANY_STATES: ExpressionError =
    ExpressionError::TooLarge("its automaton has more than 4096 states");

/// Compiles an expression.
///
/// # Errors
/// [`ExpressionError`] says what is wrong, or which bound is passed.
///
/// ```
/// use mesh_config::expression::compile_expression;
///
/// let version = compile_expression("v[0-9]+")?;
/// assert!(version.accepts(b"v12".iter().copied()));
/// assert!(!version.accepts(b"v12-beta".iter().copied()));
/// # Ok::<(), mesh_config::expression::ExpressionError>(())
/// ```
pub fn compile_expression(source: &str) -> Result<Automaton, ExpressionError> {
    if source.len() > EXPRESSION_BYTES_MAX {
        return Err(ExpressionError::TooLarge("longer than 1024 bytes"));
    }
    compile(source)
}

/// Compiles a list of alternatives. Each is bounded by the one who calls, and what it comes to by
/// the bounds of an automaton.
///
/// # Errors
/// As [`compile_expression`].
pub(crate) fn compile_list(alternatives: &[String]) -> Result<Automaton, ExpressionError> {
    compile(&format!("({})", alternatives.join("|")))
}

fn compile(source: &str) -> Result<Automaton, ExpressionError> {
    let mut parser =
        ParserBuilder::new().unicode(false).utf8(false).nest_limit(EXPRESSION_DEPTH_MAX).build();
    let hir = parser.parse(source).map_err(|error| ExpressionError::Syntax(syntax(&error)))?;
    let mut steps = Steps(EXPRESSION_STEPS_MAX);
    let nfa = Nfa::of(&hir, &mut steps)?;
    let whole = determinize(&nfa, &mut steps)?;
    let small = minimize(whole, &mut steps);
    if small.accepting.len() > EXPRESSION_STATES_MAX {
        return Err(TOO_MANY_STATES);
    }
    if small.transitions.len().saturating_mul(2) > EXPRESSION_TABLE_BYTES_MAX {
        return Err(ExpressionError::TooLarge("its table is larger than 64 KiB"));
    }
    Ok(small.automaton())
}

/// The parser's finding in one line, without the drawing.
fn syntax(error: &regex_syntax::Error) -> String {
    let (what, at) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.column),
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.column)
        }
        _ => return "it cannot be read".to_owned(),
    };
    format!("{what}, at character {at}")
}

/// An automaton as wide tables, while it is worked on. State 0 is dead.
#[derive(Debug)]
struct Table {
    /// The class of each byte.
    classes: [u8; 256],
    class_count: usize,
    /// `state * class_count + class`.
    transitions: Vec<u16>,
    start: u16,
    accepting: Vec<bool>,
}

impl Table {
    fn automaton(self) -> Automaton {
        let mut accepting = vec![0u8; self.accepting.len().div_ceil(8)];
        for (state, _) in self.accepting.iter().enumerate().filter(|(_, accepts)| **accepts) {
            if let Some(bits) = accepting.get_mut(state >> 3) {
                *bits |= 1 << (state & 7);
            }
        }
        Automaton {
            classes: self.classes.to_vec(),
            class_count: u16::try_from(self.class_count).unwrap_or(u16::MAX),
            transitions: self.transitions,
            start: self.start,
            accepting,
        }
    }
}

#[cfg(test)]
mod tests;
