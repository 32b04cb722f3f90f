//! Paths of matches.

use mesh_core::route::PathKind;

use super::PlannedPath;
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{PathMatch, PathType, check_path},
    expression::{ExpressionError, compile_expression},
};

/// Resolves a path; `None` where it is none, which is noted.
pub(super) fn plan(path: &PathMatch, at: &mut Cursor) -> Option<PlannedPath> {
    let (path_type, value) = path.typed();
    let kind = match path_type {
        PathType::Exact => PathKind::Exact,
        PathType::PathPrefix => PathKind::Prefix,
        PathType::Template => PathKind::Template,
        PathType::RegularExpression => {
            let automaton = at.at_field("value", |at| expression(value, at))?;
            return Some(PlannedPath::Expression { source: value.to_owned(), automaton });
        }
    };
    // a short form was checked when it was read
    if let (PathMatch::Typed(_), Err(error)) = (path, check_path(kind, value)) {
        let found = format!("the string \"{}\"", crate::node::excerpt(value));
        at.at_field("value", |at| {
            at.error_with_hint(error.code(), &found, error.expected(), error.hint());
        });
        return None;
    }
    Some(match kind {
        PathKind::Exact => PlannedPath::Exact(value.to_owned()),
        PathKind::Prefix => PlannedPath::Prefix(value.to_owned()),
        PathKind::Template => PlannedPath::Template(value.to_owned()),
    })
}

/// Compiles an expression of a path or a condition; notes why not.
pub(super) fn expression(source: &str, at: &mut Cursor) -> Option<mesh_core::route::Automaton> {
    match compile_expression(source) {
        Ok(automaton) => Some(automaton),
        Err(error) => {
            let expected = match error {
                ExpressionError::Syntax(_) => "a regular expression in RE2's syntax",
                ExpressionError::Unsupported(_) => "an expression without them",
                ExpressionError::TooLarge(_) => "a smaller expression",
            };
            at.error(Code::InvalidExpression, &error.to_string(), expected);
            None
        }
    }
}

impl PlannedPath {
    /// How it is compared, and with what.
    pub(crate) fn parts(&self) -> (PathType, &str) {
        match self {
            Self::Exact(value) => (PathType::Exact, value),
            Self::Prefix(value) => (PathType::PathPrefix, value),
            Self::Template(value) => (PathType::Template, value),
            Self::Expression { source, .. } => (PathType::RegularExpression, source),
        }
    }

    /// True where it takes a path and all below, so that its prefix can be replaced.
    pub(crate) fn is_prefix(&self) -> bool {
        match self {
            Self::Prefix(_) => true,
            Self::Template(value) => value.ends_with("/*"),
            Self::Exact(_) | Self::Expression { .. } => false,
        }
    }
}
