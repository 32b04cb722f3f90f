//! Matches of a rule of a GRPCRoute.
//!
//! A gRPC request is a `POST` of `/{service}/{method}` whose content type begins with
//! `application/grpc`. Service and method become a path whose place in our own order is the one
//! that the specification asks for: more characters of the service first, then of the method.

use mesh_core::route::PathKind;

use super::{
    filters::usable,
    matches::{Subject, conditions, each, expression, unsupported},
    route_objects::{GrpcMatch, GrpcMethod},
    translation::Translation,
};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{
        ConditionEntry, ConditionType, Conditions, Match, MethodName, Methods, PathMatch, PathType,
        TypedPath, check_path,
    },
};

const CONTENT_TYPE: &str = "content-type";
/// gRPC with any encoding of its messages, and gRPC-Web.
const GRPC_TYPES: &str = "application/grpc([+;-].*)?";
/// One segment of a path, as an expression.
const ANY_SEGMENT: &str = "[^/]+";

/// Translates the matches of a rule; without any, the rule takes every gRPC request.
///
/// A match that cannot be compared is left out and noted: the others of the rule work.
pub(super) fn translate(
    matches: &[GrpcMatch],
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<Match> {
    let all = [GrpcMatch::default()];
    each(if matches.is_empty() { &all } else { matches }, translate_one, out, at)
}

/// Notes an error for each method match that no API server would have taken.
pub(super) fn check(matches: &[GrpcMatch], at: &mut Cursor) {
    for (index, one) in matches.iter().enumerate() {
        let Some(method) = &one.method else { continue };
        at.at_item(index, |at| at.at_field("method", |at| check_method(method, at)));
    }
}

fn check_method(from: &GrpcMethod, at: &mut Cursor) {
    let service = from.service.as_deref().filter(|text| !text.is_empty());
    let method = from.method.as_deref().filter(|text| !text.is_empty());
    if service.is_none() && method.is_none() {
        at.error(Code::MissingField, "neither `service` nor `method`", "one of them or both");
    }
    if from.match_type.as_deref().unwrap_or("Exact") != "Exact" {
        return;
    }
    // a package may begin with a dot
    let service = service.map(|name| name.strip_prefix('.').unwrap_or(name));
    if service.is_some_and(|name| !name.split('.').all(is_identifier)) {
        let expected = "names of letters, digits and `_`, with dots between them";
        at.at_field("service", |at| at.error(Code::InvalidName, "no name of a service", expected));
    }
    if method.is_some_and(|name| !is_identifier(name)) {
        let expected = "letters, digits and `_`";
        at.at_field("method", |at| at.error(Code::InvalidName, "no name of a method", expected));
    }
}

fn is_identifier(name: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(of_name)
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
}

fn translate_one(from: &GrpcMatch, out: &mut Translation, at: &mut Cursor) -> Match {
    let path = at.at_field("method", |at| path(from.method.as_ref(), out, at));
    let mut headers =
        at.at_field("headers", |at| conditions(from.headers.as_deref(), Subject::Headers, out, at));
    // what a route asks of the content type itself is narrower; each name may stand once
    if headers.iter().all(|one| one.name != CONTENT_TYPE) {
        headers.push(ConditionEntry {
            name: CONTENT_TYPE.to_owned(),
            condition_type: Some(ConditionType::RegularExpression),
            value: Some(GRPC_TYPES.to_owned()),
        });
    }
    Match {
        path,
        method: MethodName::from_name("POST").map(Methods::One),
        methods: None,
        headers: Some(Conditions::List(headers)),
        query: None,
        flags: None,
    }
}

/// The path of a service and a method; `None` = any.
///
/// In our order a whole path goes before an expression, and that before a prefix; of two whole
/// paths the one that spells out its first segment goes first.
fn path(from: Option<&GrpcMethod>, out: &mut Translation, at: &mut Cursor) -> Option<PathMatch> {
    let from = from?;
    let part = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (service, method) = (part(&from.service), part(&from.method));
    let (path_type, value) = match from.match_type.as_deref().unwrap_or("Exact") {
        "Exact" => {
            let (kind, path_type, value) = match (service, method) {
                (Some(service), Some(method)) => {
                    (PathKind::Exact, PathType::Exact, format!("/{service}/{method}"))
                }
                (Some(service), None) => template(format!("/{service}/{{method}}")),
                (None, Some(method)) => template(format!("/{{service}}/{method}")),
                (None, None) => return None,
            };
            usable(check_path(kind, &value), out, at)?;
            (path_type, value)
        }
        "RegularExpression" => {
            let segment = |part: Option<String>| {
                part.map_or_else(|| ANY_SEGMENT.to_owned(), |part| format!("(?:{})", bare(&part)))
            };
            let value = format!("/{}/{}", segment(service), segment(method));
            expression(&value, out, at)?;
            (PathType::RegularExpression, value)
        }
        other => {
            unsupported("type", other, out, at);
            return None;
        }
    };
    Some(PathMatch::Typed(TypedPath { value, path_type: Some(path_type) }))
}

const fn template(value: String) -> (PathKind, PathType, String) {
    (PathKind::Template, PathType::Template, value)
}

/// An expression without the anchors around it: it is compared with the whole name anyway, and in
/// the middle of a path they would match nothing.
fn bare(source: &str) -> &str {
    let source = source.strip_prefix('^').unwrap_or(source);
    let escaped =
        |rest: &str| rest.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    source.strip_suffix('$').filter(|rest| !escaped(rest)).unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(match_type: &str, service: &str, method: &str) -> Result<String, String> {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let from = GrpcMethod {
            match_type: part(match_type),
            service: part(service),
            method: part(method),
        };
        let mut out = Translation::default();
        let found = path(Some(&from), &mut out, &mut Cursor::default());
        let shown = |path: PathMatch| {
            let (path_type, value) = path.typed();
            format!("{path_type:?} {value}")
        };
        match out.broken {
            Some(why) => Err(why),
            None => Ok(found.map_or_else(|| "any".to_owned(), shown)),
        }
    }

    #[test]
    fn a_service_and_a_method_are_a_path() {
        for (match_type, service, method, expected) in [
            ("", "shop.Cart", "Add", "Exact /shop.Cart/Add"),
            ("Exact", "shop.Cart", "", "Template /shop.Cart/{method}"),
            ("Exact", "", "Add", "Template /{service}/Add"),
            ("", "", "", "any"),
            ("RegularExpression", "shop\\..*", "", "RegularExpression /(?:shop\\..*)/[^/]+"),
            ("RegularExpression", "^a|b$", "^Get.*$", "RegularExpression /(?:a|b)/(?:Get.*)"),
            ("RegularExpression", "", "Price\\$", "RegularExpression /[^/]+/(?:Price\\$)"),
        ] {
            let found = path_of(match_type, service, method);
            assert_eq!(found.as_deref(), Ok(expected), "{match_type} {service} {method}");
        }
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        for (match_type, service, expected) in [
            ("Prefix", "shop", "the type Prefix is not supported"),
            ("RegularExpression", "(", "no regular expression"),
        ] {
            let found = path_of(match_type, service, "");
            assert!(found.as_ref().is_err_and(|why| why.contains(expected)), "{found:?}");
        }
    }
}
