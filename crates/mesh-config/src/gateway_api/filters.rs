//! Filters of rules and backends.

use alloc::collections::BTreeMap;

use super::{
    cors,
    inventory::Inventory,
    mirrors,
    route_objects::{
        HeaderModifier, NamedValue, PathModifier, RequestRedirect, RouteFilter, UrlRewrite,
    },
    routes::RouteKind,
    translation::Translation,
};
use crate::{
    decode::{Cursor, ParseError},
    diagnostic::Code,
    document::{
        Edits, Filter, HeaderName, HeaderValue, HeaderValues, Host, PathEdit, Redirect,
        RequestPath, Rewrite, Scheme,
    },
    node::excerpt,
};

/// Where filters stand, and so which of them there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FilterPlace {
    /// On a rule of an HTTPRoute.
    HttpRule,
    /// On one of its backends.
    HttpBackend,
    /// On a rule of a GRPCRoute, or on one of its backends.
    Grpc,
}

/// What filters are translated by.
#[derive(Clone, Copy, Debug)]
pub(super) struct FilterScope<'i> {
    pub(super) place: FilterPlace,
    /// Of the route.
    pub(super) kind: RouteKind,
    /// Of the route.
    pub(super) namespace: &'i str,
    pub(super) inventory: &'i Inventory,
    /// How many mirrors the same requests meet already.
    pub(super) mirrors: usize,
}

/// Translates filters; what cannot be done is noted.
pub(super) fn translate(
    filters: &[RouteFilter],
    mut scope: FilterScope<'_>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Vec<Filter> {
    let mut translated = Vec::new();
    for (index, filter) in filters.iter().enumerate() {
        let one = at.at_item(index, |at| one(filter, &scope, out, at));
        scope.mirrors = scope.mirrors.saturating_add(count_mirrors(one.as_slice()));
        translated.extend(one);
    }
    translated
}

/// How many of them are mirrors.
pub(super) fn count_mirrors(filters: &[Filter]) -> usize {
    filters.iter().filter(|filter| matches!(filter, Filter::Mirror(_))).count()
}

fn one(
    filter: &RouteFilter,
    scope: &FilterScope<'_>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<Filter> {
    let place = scope.place;
    match filter.filter_type.as_deref().unwrap_or("") {
        "RequestHeaderModifier" => {
            let edits = filter.request_headers.as_ref()?;
            Some(Filter::RequestHeaders(header_edits(edits, out, at)))
        }
        "ResponseHeaderModifier" => {
            let edits = filter.response_headers.as_ref()?;
            Some(Filter::ResponseHeaders(header_edits(edits, out, at)))
        }
        "URLRewrite" if place != FilterPlace::Grpc => {
            filter.rewrite.as_ref().map(|from| rewrite(from, out, at))
        }
        "RequestRedirect" if place == FilterPlace::HttpRule => {
            filter.redirect.as_ref().map(|from| redirect(from, out, at))
        }
        "RequestMirror" => {
            let from = filter.mirror.as_ref()?;
            at.at_field("requestMirror", |at| mirrors::translate(from, scope, out, at))
        }
        "CORS" if place == FilterPlace::HttpRule => {
            let from = filter.cors.as_ref()?;
            at.at_field("cors", |at| cors::translate(from, out, at))
        }
        // the request goes its way without it, which is safe: a browser refuses; but whoever asked
        // is told
        "CORS" if place == FilterPlace::HttpBackend => {
            let why = "a filter CORS of a backend, which is left out";
            at.warning(Code::Unsupported, why, "");
            out.partly(why.to_owned());
            None
        }
        // what is not understood might have been a guard, so nothing passes without it
        other => {
            let found = format!(
                "the filter {}, so its requests are answered with an error",
                excerpt(other)
            );
            at.warning(Code::Unsupported, &found, "");
            out.broken(format!("the filter {} is not supported", excerpt(other)));
            None
        }
    }
}

fn header_edits(from: &HeaderModifier, out: &mut Translation, at: &mut Cursor) -> Edits {
    let mut values = |list: Option<&Vec<NamedValue>>, at: &mut Cursor| {
        let mut map: BTreeMap<String, HeaderValue> = BTreeMap::new();
        for (index, entry) in list.into_iter().flatten().enumerate() {
            at.at_item(index, |at| {
                let name = HeaderName::parse(entry.name.as_deref().unwrap_or(""));
                let value = HeaderValue::parse(entry.value.as_deref().unwrap_or(""));
                if let (Some(name), Some(value)) = (usable(name, out, at), usable(value, out, at)) {
                    // of two with one name the first counts, says the specification
                    map.entry(name.as_str().to_owned()).or_insert(value);
                }
            });
        }
        (!map.is_empty()).then_some(map)
    };
    let set = at.at_field("set", |at| values(from.set.as_ref(), at));
    let add = at.at_field("add", |at| values(from.add.as_ref(), at));
    let add = add
        .map(|add| add.into_iter().map(|(name, value)| (name, HeaderValues::One(value))).collect());
    let remove = at.at_field("remove", |at| {
        let names = from.remove.iter().flatten().enumerate();
        let names = names.filter_map(|(index, name)| {
            at.at_item(index, |at| usable(HeaderName::parse(name), out, at))
        });
        names.collect::<Vec<_>>()
    });
    Edits { set, add, remove: (!remove.is_empty()).then_some(remove) }
}

fn rewrite(from: &UrlRewrite, out: &mut Translation, at: &mut Cursor) -> Filter {
    let host = at.at_field("hostname", |at| host(from.hostname.as_deref(), out, at));
    let path = at.at_field("path", |at| path(from.path.as_ref(), out, at));
    Filter::Rewrite(Rewrite { host, path })
}

fn redirect(from: &RequestRedirect, out: &mut Translation, at: &mut Cursor) -> Filter {
    let scheme = from.scheme.as_deref().and_then(|name| {
        let known = Scheme::from_name(name);
        if known.is_none() {
            let found = format!("the scheme {}", excerpt(name));
            at.at_field("scheme", |at| at.warning(Code::Unsupported, &found, "http or https"));
            out.broken(format!("the scheme {} is not supported", excerpt(name)));
        }
        known
    });
    let host = at.at_field("hostname", |at| host(from.hostname.as_deref(), out, at));
    let path = at.at_field("path", |at| path(from.path.as_ref(), out, at));
    Filter::Redirect(Redirect { scheme, host, port: from.port, path, status: from.status })
}

fn host(text: Option<&str>, out: &mut Translation, at: &mut Cursor) -> Option<Host> {
    text.and_then(|text| usable(Host::parse(text), out, at))
}

fn path(from: Option<&PathModifier>, out: &mut Translation, at: &mut Cursor) -> Option<PathEdit> {
    let from = from?;
    match from.modifier_type.as_deref().unwrap_or("") {
        "ReplaceFullPath" => {
            let text = from.full.as_deref().unwrap_or("/");
            let text = if text.is_empty() { "/" } else { text };
            usable(RequestPath::parse(text), out, at).map(PathEdit::Full)
        }
        "ReplacePrefixMatch" => {
            // an empty prefix is the same as `/`: what is left begins with a slash anyway
            let text = from.prefix.as_deref().filter(|text| !text.is_empty()).unwrap_or("/");
            out.replaces_prefix = true;
            usable(RequestPath::parse(text), out, at).map(PathEdit::Prefix)
        }
        other => {
            let found = format!("the path modifier {}", excerpt(other));
            at.warning(Code::Unsupported, &found, "ReplaceFullPath or ReplacePrefixMatch");
            out.broken(format!("the path modifier {} is not supported", excerpt(other)));
            None
        }
    }
}

/// The value; where it is none, the rule cannot work.
pub(super) fn usable<T>(
    parsed: Result<T, ParseError>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            at.warning(Code::Unsupported, "a value that cannot be used", error.expected());
            out.broken(format!("{}: expected {}", at.path(), error.expected()));
            None
        }
    }
}
