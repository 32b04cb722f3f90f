//! Cross-origin requests, after the Gateway API's `HTTPCORSFilter`.
//!
//! A browser takes no `*` for a request with credentials: what is allowed is then the value that it
//! asked with, which an engine copies from the request. An answer that depends on the origin says so
//! in `vary`, also where the origin is not allowed: a cache must not give that one to others.

use super::{ADD, COPY, REMOVE, SET};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Cors, CorsMethod, CorsOrigin, HeaderName, TimeSpan},
    expression::compile_list,
    limits::CORS_ITEMS_MAX,
    plan::{PlannedCondition, PlannedCors, PlannedEdit, PlannedTest},
};

/// Response headers that allow a page of another origin something.
const ALLOWING: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// The header of an origin.
const ORIGIN: &str = "origin";

/// Resolves a filter. Where answers depend on the origin, every one of them gets `vary`.
pub(super) fn plan(cors: &Cors, edits: &mut Vec<PlannedEdit>, at: &mut Cursor) -> PlannedCors {
    check_lists(cors, at);
    let credentials = cors.allow_credentials == Some(true);
    let any = cors.allow_origins.iter().any(CorsOrigin::is_any);
    // what a service says of itself would add to what the rule allows
    edits.extend(ALLOWING.iter().map(|name| edit(REMOVE, name, "")));
    let mut both = Vec::new();
    let mut preflight = Vec::new();
    if any && !credentials {
        both.push(edit(SET, "access-control-allow-origin", "*"));
    } else {
        both.push(edit(COPY, "access-control-allow-origin", ORIGIN));
        preflight.push(edit(ADD, "vary", ORIGIN));
        edits.push(edit(ADD, "vary", ORIGIN));
    }
    if credentials {
        both.push(edit(SET, "access-control-allow-credentials", "true"));
    }
    preflight.extend(both.iter().cloned());
    preflight.extend(allowed(
        "access-control-allow-methods",
        cors.allow_methods.iter().flatten().map(|method| CorsMethod::name(*method)),
        credentials.then_some("access-control-request-method"),
    ));
    let headers = cors.allow_headers.iter().flatten().map(HeaderName::as_str);
    preflight.extend(allowed(
        "access-control-allow-headers",
        headers,
        credentials.then_some("access-control-request-headers"),
    ));
    let age = TimeSpan::or_millis(cors.max_age, defaults::CORS_MAX_AGE_MS);
    preflight.push(edit(SET, "access-control-max-age", &(age.0 / 1_000_000).to_string()));
    let mut actual = both;
    let exposed = cors.expose_headers.iter().flatten().map(HeaderName::as_str);
    actual.extend(allowed("access-control-expose-headers", exposed, None));
    let test = at.at_field("allowOrigins", |at| {
        if any && credentials {
            at.warning(
                Code::InvalidOrigin,
                "any origin, with credentials",
                "a list of origins: any page could act for whoever visits it",
            );
            return with_credentials(at);
        }
        origins(&cors.allow_origins, at)
    });
    PlannedCors { origins: PlannedCondition { name: ORIGIN.to_owned(), test }, preflight, actual }
}

/// A list of what is allowed; `*` among them is all, or what the request header `asked` names.
fn allowed<'a>(
    name: &str,
    items: impl Iterator<Item = &'a str>,
    asked: Option<&str>,
) -> Option<PlannedEdit> {
    let items: Vec<&str> = items.collect();
    let all = items.contains(&"*");
    Some(match asked {
        _ if items.is_empty() => return None,
        Some(asked) if all => edit(COPY, name, asked),
        None if all => edit(SET, name, "*"),
        Some(_) | None => edit(SET, name, &items.join(", ")),
    })
}

fn edit(action: u8, name: &str, value: &str) -> PlannedEdit {
    PlannedEdit { side: 1, action, name: name.to_owned(), value: value.to_owned() }
}

/// Any origin that has a name. `null` has none: it is every page in a sandbox.
fn with_credentials(at: &mut Cursor) -> PlannedTest {
    let source = "[a-z][a-z0-9+.-]*://.+".to_owned();
    match compile_list(core::slice::from_ref(&source)) {
        Ok(automaton) => PlannedTest::Expression { source, automaton },
        Err(error) => {
            at.error(Code::TooLarge, &error.to_string(), "a list of origins");
            PlannedTest::Present
        }
    }
}

/// One test for all origins.
fn origins(origins: &[CorsOrigin], at: &mut Cursor) -> PlannedTest {
    match origins {
        _ if origins.iter().any(CorsOrigin::is_any) => return PlannedTest::Present,
        [one] if one.is_exact() => return PlannedTest::Exact(one.as_str().to_owned()),
        _ => {}
    }
    let parts: Vec<String> =
        origins.iter().take(CORS_ITEMS_MAX).map(CorsOrigin::expression).collect();
    match compile_list(&parts) {
        Ok(automaton) => PlannedTest::Expression { source: parts.join("|"), automaton },
        Err(error) => {
            at.error(Code::TooLarge, &error.to_string(), "fewer origins, or shorter ones");
            PlannedTest::Present
        }
    }
}

fn check_lists(cors: &Cors, at: &mut Cursor) {
    if cors.allow_origins.is_empty() {
        at.at_field("allowOrigins", |at| {
            at.error(Code::MissingField, "no origin", "at least one, or \"*\" for any");
        });
    }
    let origins = &cors.allow_origins;
    let methods = cors.allow_methods.as_deref().unwrap_or(&[]);
    if origins.len() > 1 && origins.iter().any(CorsOrigin::is_any) {
        at.at_field("allowOrigins", others_beside_all);
    }
    if methods.len() > 1 && methods.contains(&CorsMethod::Any) {
        at.at_field("allowMethods", others_beside_all);
    }
    let exposed = cors.expose_headers.as_deref().unwrap_or(&[]);
    if cors.allow_credentials == Some(true) && exposed.iter().any(|name| name.as_str() == "*") {
        at.at_field("exposeHeaders", |at| {
            at.error(
                Code::ConflictingFields,
                "\"*\" beside `allowCredentials`",
                "the headers by name: with credentials browsers take \"*\" for a header of that name",
            );
        });
    }
    let lengths = [
        ("allowOrigins", origins.len()),
        ("allowMethods", methods.len()),
        ("allowHeaders", cors.allow_headers.as_ref().map_or(0, Vec::len)),
        ("exposeHeaders", exposed.len()),
    ];
    for (name, length) in lengths.into_iter().filter(|(_, length)| *length > CORS_ITEMS_MAX) {
        let found = format!("{length} items");
        at.at_field(name, |at| at.error(Code::TooLarge, &found, "at most 64"));
    }
}

fn others_beside_all(at: &mut Cursor) {
    at.warning(Code::NoEffect, "others beside \"*\", which stands for all", "\"*\" alone, or none");
}
