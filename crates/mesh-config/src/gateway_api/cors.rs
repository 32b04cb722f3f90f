//! Cross-origin requests.

use mesh_core::time::Micros;

use super::{route_objects::RouteCors, translation::Translation};
use crate::{
    decode::{Cursor, ParseError},
    diagnostic::Code,
    document::{Cors, CorsMethod, CorsOrigin, Count, Filter, HeaderName, TimeSpan},
    expression::compile_list,
    limits::{CORS_ITEMS_MAX, DURATION_US_MAX},
};

/// Translates the filter. A value that is none is left out of its list, and a filter that allows no
/// origin is left out as a whole: browsers then refuse.
pub(super) fn translate(
    from: &RouteCors,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<Filter> {
    let origins = list(from.origins.as_ref(), "allowOrigins", CorsOrigin::parse, out, at);
    let sources: Vec<String> = origins.iter().map(CorsOrigin::expression).collect();
    if origins.is_empty() || compile_list(&sources).is_err() {
        let why = "a filter CORS without usable origins, which is left out";
        at.warning(Code::Unsupported, why, "");
        out.partly(why.to_owned());
        return None;
    }
    let method = |text: &str| {
        let expected = "a method, or \"*\"";
        CorsMethod::from_name(text).ok_or_else(|| ParseError::new(Code::UnknownName, expected))
    };
    let methods = list(from.methods.as_ref(), "allowMethods", method, out, at);
    let headers = list(from.headers.as_ref(), "allowHeaders", HeaderName::parse, out, at);
    let mut exposed = list(from.exposed.as_ref(), "exposeHeaders", HeaderName::parse, out, at);
    if from.credentials == Some(true) && exposed.iter().any(|name| name.as_str() == "*") {
        // browsers take no star there, and the specification forbids the answer to have one
        exposed.retain(|name| name.as_str() != "*");
        at.at_field("exposeHeaders", |at| {
            at.warning(Code::Unsupported, "\"*\" beside `allowCredentials`", "headers by name");
        });
    }
    let max_age = from.max_age.and_then(|seconds| {
        let age = Micros::from_secs(u64::from(Count::value(seconds)));
        TimeSpan::new(age.min(Micros(DURATION_US_MAX)))
    });
    let some = |names: Vec<HeaderName>| (!names.is_empty()).then_some(names);
    Some(Filter::Cors(Cors {
        allow_origins: origins,
        allow_methods: (!methods.is_empty()).then_some(methods),
        allow_headers: some(headers),
        expose_headers: some(exposed),
        allow_credentials: from.credentials,
        max_age,
    }))
}

fn list<T>(
    from: Option<&Vec<String>>,
    field: &str,
    parse: impl Fn(&str) -> Result<T, ParseError>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<T> {
    at.at_field(field, |at| {
        let mut read = Vec::new();
        for (index, text) in from.into_iter().flatten().enumerate().take(CORS_ITEMS_MAX) {
            match parse(text) {
                Ok(value) => read.push(value),
                Err(error) => at.at_item(index, |at| {
                    at.warning(Code::Unsupported, "a value that is left out", error.expected());
                    out.partly(format!("{}: expected {}", at.path(), error.expected()));
                }),
            }
        }
        read
    })
}
