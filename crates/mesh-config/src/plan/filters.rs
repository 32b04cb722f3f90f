//! Filters of rules and backends.

use mesh_core::snapshot::tables::PathChange;

use super::{Filters, PlannedEdit, PlannedMatch, PlannedRedirect, PlannedRewrite};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Edits, Filter, HeaderName, HeaderValues, PathEdit, Port, RedirectStatus, Scheme},
};

const SET: u8 = 0;
const ADD: u8 = 1;
const REMOVE: u8 = 2;

/// Resolves filters: edits in order, at most one rewrite, and at most one redirect where there may
/// be any.
pub(super) fn plan(
    filters: &[Filter],
    matches: &[PlannedMatch],
    may_redirect: bool,
    at: &mut Cursor,
) -> (Filters, Option<PlannedRedirect>) {
    let mut planned = Filters::default();
    let mut redirect = None;
    for (index, filter) in filters.iter().enumerate() {
        at.at_item(index, |at| match filter {
            Filter::RequestHeaders(edits) => {
                at.at_field("requestHeaders", |at| add_edits(0, edits, &mut planned.edits, at));
            }
            Filter::ResponseHeaders(edits) => {
                at.at_field("responseHeaders", |at| add_edits(1, edits, &mut planned.edits, at));
            }
            Filter::Rewrite(rewrite) => {
                let host = rewrite.host.as_ref().map(|host| host.as_str().to_owned());
                let (path, value) =
                    at.at_field("rewrite", |at| path_change(rewrite.path.as_ref(), matches, at));
                let one = PlannedRewrite { host: host.unwrap_or_default(), path, value };
                if planned.rewrite.replace(one).is_some() {
                    at.error(Code::InvalidFilter, "a second rewrite", "one rewrite");
                }
            }
            Filter::Redirect(found) => {
                if !may_redirect {
                    at.error(
                        Code::InvalidFilter,
                        "a redirect on a backend",
                        "redirects on rules only",
                    );
                }
                let (path, value) =
                    at.at_field("redirect", |at| path_change(found.path.as_ref(), matches, at));
                let one = PlannedRedirect {
                    scheme: found.scheme.map(Scheme::name).unwrap_or_default().to_owned(),
                    host: found
                        .host
                        .as_ref()
                        .map(|host| host.as_str().to_owned())
                        .unwrap_or_default(),
                    port: found.port.map_or(0, Port::value),
                    path,
                    value,
                    status: found.status.map_or(defaults::REDIRECT_STATUS, RedirectStatus::value),
                };
                if redirect.replace(one).is_some() {
                    at.error(Code::InvalidFilter, "a second redirect", "one redirect");
                }
            }
        });
    }
    if planned.rewrite.is_some() && redirect.is_some() {
        at.error(Code::InvalidFilter, "both a rewrite and a redirect", "one of them");
    }
    (planned, redirect)
}

/// A replaced prefix needs a prefix that was matched.
fn path_change(
    edit: Option<&PathEdit>,
    matches: &[PlannedMatch],
    at: &mut Cursor,
) -> (PathChange, String) {
    match edit {
        None => (PathChange::Keep, String::new()),
        Some(PathEdit::Full(path)) => (PathChange::Full, path.as_str().to_owned()),
        Some(PathEdit::Prefix(path)) => {
            if let Some(other) = matches.iter().find(|one| !one.path.is_prefix()) {
                let (_, text) = other.path.parts();
                let found = format!("a new prefix, but \"{text}\" is no prefix");
                at.at_field("path", |at| {
                    at.error(
                        Code::InvalidFilter,
                        &found,
                        "`full`, or paths that end in `/*` or have the type PathPrefix",
                    );
                });
            }
            (PathChange::Prefix, path.as_str().to_owned())
        }
    }
}

fn add_edits(side: u8, edits: &Edits, planned: &mut Vec<PlannedEdit>, at: &mut Cursor) {
    let mut add = |action: u8, name: &str, values: &[&str], at: &mut Cursor| {
        let Ok(name) = HeaderName::parse(name) else {
            let found = format!("the header name \"{}\"", crate::node::excerpt(name));
            at.error(Code::InvalidHeader, &found, "the name of a header");
            return;
        };
        for value in values {
            planned.push(PlannedEdit {
                side,
                action,
                name: name.as_str().to_owned(),
                value: (*value).to_owned(),
            });
        }
    };
    at.at_field("set", |at| {
        for (name, value) in edits.set.iter().flatten() {
            at.at_field(name, |at| add(SET, name, &[value.as_str()], at));
        }
    });
    at.at_field("add", |at| {
        for (name, values) in edits.add.iter().flatten() {
            let values: Vec<&str> =
                HeaderValues::list(values).iter().map(|value| value.as_str()).collect();
            at.at_field(name, |at| add(ADD, name, &values, at));
        }
    });
    for name in edits.remove.iter().flatten() {
        add(REMOVE, name.as_str(), &[""], at);
    }
}
