//! Matches of a rule of an HTTPRoute.

use mesh_core::route::PathKind;

use super::{
    filters::usable,
    route_objects::{RouteMatch, ValueMatch},
    translation::Translation,
};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{
        ConditionEntry, ConditionType, Conditions, HeaderName, Match, MethodName, Methods,
        PathMatch, PathType, TypedPath, check_path,
    },
    expression::compile_expression,
    limits::VALUE_BYTES_MAX,
    node::excerpt,
};

/// Translates the matches of a rule; without any, the rule takes everything.
///
/// A match that cannot be compared is left out and noted: the others of the rule work.
pub(super) fn translate(
    matches: &[RouteMatch],
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<Match> {
    let all = [RouteMatch::default()];
    each(if matches.is_empty() { &all } else { matches }, translate_one, out, at)
}

/// Translates each match by itself; one that cannot be compared is left out.
pub(super) fn each<T>(
    matches: &[T],
    translate: fn(&T, &mut Translation, &mut Cursor) -> Match,
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<Match> {
    let mut translated = Vec::new();
    for (index, one) in matches.iter().enumerate() {
        at.at_item(index, |at| {
            let mut own = Translation::default();
            let found = translate(one, &mut own, at);
            match own.broken.take() {
                None => translated.push(found),
                Some(why) => out.partly(why),
            }
        });
    }
    translated
}

fn translate_one(from: &RouteMatch, out: &mut Translation, at: &mut Cursor) -> Match {
    let method = from.method.as_deref().and_then(|name| {
        let known = MethodName::from_name(name);
        if known.is_none() {
            unsupported("method", name, out, at);
        }
        known.map(Methods::One)
    });
    Match {
        path: at.at_field("path", |at| path(from.path.as_ref(), out, at)),
        method,
        methods: None,
        headers: some(at.at_field("headers", |at| {
            conditions(from.headers.as_deref(), Subject::Headers, out, at)
        })),
        query: some(at.at_field("queryParams", |at| {
            conditions(from.query.as_deref(), Subject::Query, out, at)
        })),
        flags: None,
    }
}

fn path(from: Option<&ValueMatch>, out: &mut Translation, at: &mut Cursor) -> Option<PathMatch> {
    let (name, value) = match from {
        Some(from) => (from.match_type.as_deref(), from.value.as_deref()),
        None => (None, None),
    };
    let value = value.unwrap_or("/");
    let (path_type, value) = match name.unwrap_or("PathPrefix") {
        "Exact" => (PathType::Exact, value),
        // a trailing slash of a prefix does not count
        "PathPrefix" => match value.trim_end_matches('/') {
            "" if value.starts_with('/') => (PathType::PathPrefix, "/"),
            trimmed => (PathType::PathPrefix, trimmed),
        },
        "RegularExpression" => (PathType::RegularExpression, value),
        other => {
            unsupported("type", other, out, at);
            return None;
        }
    };
    match path_type {
        PathType::Exact => usable(check_path(PathKind::Exact, value), out, at),
        PathType::RegularExpression => expression(value, out, at),
        PathType::PathPrefix | PathType::Template => {
            usable(check_path(PathKind::Prefix, value), out, at)
        }
    }?;
    Some(PathMatch::Typed(TypedPath { value: value.to_owned(), path_type: Some(path_type) }))
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Headers,
    Query,
}

/// Translates conditions, in order.
pub(super) fn conditions(
    from: Option<&[ValueMatch]>,
    subject: Subject,
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<ConditionEntry> {
    let mut list: Vec<ConditionEntry> = Vec::new();
    for (index, one) in from.unwrap_or(&[]).iter().enumerate() {
        let found = at.at_item(index, |at| condition(one, subject, out, at));
        // of two with one name the first counts, says the specification
        let fresh = found.filter(|found| list.iter().all(|known| known.name != found.name));
        list.extend(fresh);
    }
    list
}

fn some(list: Vec<ConditionEntry>) -> Option<Conditions> {
    (!list.is_empty()).then_some(Conditions::List(list))
}

fn condition(
    from: &ValueMatch,
    subject: Subject,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<ConditionEntry> {
    let name = from.name.as_deref().unwrap_or("");
    let name = match subject {
        Subject::Headers => usable(HeaderName::parse(name), out, at)?.as_str().to_owned(),
        Subject::Query => name.to_owned(),
    };
    let value = from.value.clone().unwrap_or_default();
    if name.is_empty() || name.len() > VALUE_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
        unsupported("name", "of no or too many bytes", out, at);
        return None;
    }
    let condition_type = match from.match_type.as_deref().unwrap_or("Exact") {
        "Exact" => ConditionType::Exact,
        "RegularExpression" => {
            expression(&value, out, at)?;
            ConditionType::RegularExpression
        }
        other => {
            unsupported("type", other, out, at);
            return None;
        }
    };
    Some(ConditionEntry { name, condition_type: Some(condition_type), value: Some(value) })
}

/// Notes what is no expression; a match with it cannot be compared.
pub(super) fn expression(source: &str, out: &mut Translation, at: &mut Cursor) -> Option<()> {
    let Err(error) = compile_expression(source) else { return Some(()) };
    let error = error.to_string();
    at.at_field("value", |at| at.warning(Code::Unsupported, &error, "a regular expression"));
    out.broken(error);
    None
}

/// Notes a value that is not known; a match with it cannot be compared.
pub(super) fn unsupported(field: &str, value: &str, out: &mut Translation, at: &mut Cursor) {
    let found = format!("the {field} {}", excerpt(value));
    at.at_field(field, |at| at.warning(Code::Unsupported, &found, ""));
    out.broken(format!("{found} is not supported"));
}
