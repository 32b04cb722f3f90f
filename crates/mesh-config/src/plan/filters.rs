//! Filters of rules and backends.

mod cors;
pub(super) mod direct;
mod fault;
mod mirror;

use alloc::collections::BTreeMap;

use mesh_core::snapshot::tables::PathChange;

pub(super) use self::mirror::millionths;
use super::{
    Context, Filters, PlannedCors, PlannedEdit, PlannedMatch, PlannedRedirect, PlannedResponse,
    PlannedRewrite,
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{
        Edits, Filter, HeaderName, HeaderValue, HeaderValues, PathEdit, Port, Redirect,
        RedirectStatus, Rewrite, Scheme,
    },
    limits::{FAULTS_MAX, MIRRORS_MAX},
};

const SET: u8 = 0;
const ADD: u8 = 1;
const REMOVE: u8 = 2;
/// Sets a header of the response to the value of one of the request.
const COPY: u8 = 3;

/// Where filters stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Rule,
    Backend,
}

/// Resolved filters.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) filters: Filters,
    pub(super) redirect: Option<PlannedRedirect>,
    pub(super) response: Option<PlannedResponse>,
    pub(super) cors: Option<PlannedCors>,
}

struct Planner<'a> {
    matches: &'a [PlannedMatch],
    place: Place,
    context: Context<'a>,
    planned: Planned,
}

/// Resolves filters: edits, mirrors and faults in order, at most one of each other kind.
pub(super) fn plan(
    filters: &[Filter],
    matches: &[PlannedMatch],
    place: Place,
    context: Context<'_>,
    at: &mut Cursor,
) -> Planned {
    let mut planner = Planner { matches, place, context, planned: Planned::default() };
    for (index, filter) in filters.iter().enumerate() {
        at.at_item(index, |at| planner.add(filter, at));
    }
    let planned = planner.planned;
    check_together(&planned, at);
    planned
}

impl Planner<'_> {
    fn add(&mut self, filter: &Filter, at: &mut Cursor) {
        match filter {
            Filter::RequestHeaders(edits) => {
                let planned = &mut self.planned.filters.edits;
                at.at_field("requestHeaders", |at| add_edits(0, edits, planned, at));
            }
            Filter::ResponseHeaders(edits) => {
                let planned = &mut self.planned.filters.edits;
                at.at_field("responseHeaders", |at| add_edits(1, edits, planned, at));
            }
            Filter::Rewrite(rewrite) => {
                let one = at.at_field("rewrite", |at| self.rewrite(rewrite, at));
                let second = self.planned.filters.rewrite.replace(one).is_some();
                self.once("rewrite", second, at);
            }
            Filter::Redirect(found) => {
                self.on_rules("redirect", at);
                let one = at.at_field("redirect", |at| self.redirect(found, at));
                let second = self.planned.redirect.replace(one).is_some();
                self.once("redirect", second, at);
            }
            Filter::DirectResponse(answer) => {
                self.on_rules("direct response", at);
                let one = at.at_field("directResponse", |at| direct::plan(answer, at));
                let second = self.planned.response.replace(one).is_some();
                self.once("direct response", second, at);
            }
            Filter::Cors(found) => {
                self.on_rules("cors filter", at);
                let edits = &mut self.planned.filters.edits;
                let one = at.at_field("cors", |at| cors::plan(found, edits, at));
                let second = self.planned.cors.replace(one).is_some();
                self.once("cors filter", second, at);
            }
            Filter::Mirror(found) => {
                let one = at.at_field("mirror", |at| mirror::plan(found, self.context, at));
                self.planned.filters.mirrors.extend(one);
            }
            Filter::Fault(found) => {
                let one = at.at_field("fault", |at| fault::plan(found, self.context, at));
                self.planned.filters.faults.push(one);
            }
        }
    }

    fn once(&self, what: &str, second: bool, at: &mut Cursor) {
        if second {
            at.error(Code::InvalidFilter, &format!("a second {what}"), &format!("one {what}"));
        }
    }

    fn on_rules(&self, what: &str, at: &mut Cursor) {
        if self.place == Place::Backend {
            let found = format!("a {what} on a backend");
            at.error(Code::InvalidFilter, &found, &format!("{what}s on rules only"));
        }
    }

    fn rewrite(&self, rewrite: &Rewrite, at: &mut Cursor) -> PlannedRewrite {
        let (path, value) = path_change(rewrite.path.as_ref(), self.matches, at);
        let host = rewrite.host.as_ref().map(|host| host.as_str().to_owned());
        PlannedRewrite { host: host.unwrap_or_default(), path, value }
    }

    fn redirect(&self, found: &Redirect, at: &mut Cursor) -> PlannedRedirect {
        let (path, value) = path_change(found.path.as_ref(), self.matches, at);
        let host = found.host.as_ref().map(|host| host.as_str().to_owned());
        PlannedRedirect {
            scheme: found.scheme.map(Scheme::name).unwrap_or_default().to_owned(),
            host: host.unwrap_or_default(),
            port: found.port.map_or(0, Port::value),
            path,
            value,
            status: found.status.map_or(defaults::REDIRECT_STATUS, RedirectStatus::value),
        }
    }
}

/// What excludes what.
fn check_together(planned: &Planned, at: &mut Cursor) {
    let filters = &planned.filters;
    let there = [
        (filters.rewrite.is_some(), planned.redirect.is_some(), "a rewrite", "a redirect"),
        (filters.rewrite.is_some(), planned.response.is_some(), "a rewrite", "a direct response"),
        (planned.redirect.is_some(), planned.response.is_some(), "a redirect", "a direct response"),
        (!filters.mirrors.is_empty(), planned.response.is_some(), "a mirror", "a direct response"),
    ];
    for (_, _, one, other) in there.into_iter().filter(|(one, other, ..)| *one && *other) {
        at.error(Code::InvalidFilter, &format!("both {one} and {other}"), "one of them");
    }
    let edits = |side: u8| filters.edits.iter().any(|edit| edit.side == side);
    let redirects = planned.redirect.is_some();
    let answers = planned.response.is_some();
    let idle = [
        (
            redirects && (edits(0) || edits(1)),
            "header edits beside a redirect, which has no effect",
        ),
        (
            redirects && !filters.mirrors.is_empty(),
            "a mirror beside a redirect, which has no effect",
        ),
        (redirects && !filters.faults.is_empty(), "a fault beside a redirect, which has no effect"),
        (
            answers && !filters.faults.is_empty(),
            "a fault beside a direct response, which has no effect",
        ),
        (
            answers && edits(0),
            "edits of request headers beside a direct response, which have no effect",
        ),
    ];
    for (_, found) in idle.into_iter().filter(|(idle, _)| *idle) {
        at.warning(Code::InvalidFilter, found, "one or the other");
    }
    check_bounds(&Filters::default(), filters, at);
}

/// A request meets the filters of its rule and those of its backend.
pub(super) fn check_bounds(rule: &Filters, own: &Filters, at: &mut Cursor) {
    let bounds = [
        (rule.mirrors.len().saturating_add(own.mirrors.len()), MIRRORS_MAX, "mirrors"),
        (rule.faults.len().saturating_add(own.faults.len()), FAULTS_MAX, "faults"),
    ];
    for (count, most, what) in bounds.into_iter().filter(|(count, most, _)| count > most) {
        let found = format!("{count} {what}");
        at.error(Code::TooLarge, &found, &format!("at most {most}, the rule's and the backend's"));
    }
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
    at.at_field("set", |at| set_edits(side, edits.set.as_ref(), planned, at));
    at.at_field("add", |at| {
        for (name, values) in edits.add.iter().flatten() {
            at.at_field(name, |at| {
                let Some(name) = header_name(name, at) else { return };
                for value in HeaderValues::list(values) {
                    let (name, value) = (name.clone(), value.as_str().to_owned());
                    planned.push(PlannedEdit { side, action: ADD, name, value });
                }
            });
        }
    });
    for name in edits.remove.iter().flatten() {
        let (name, value) = (name.as_str().to_owned(), String::new());
        planned.push(PlannedEdit { side, action: REMOVE, name, value });
    }
}

/// Headers that get a value.
fn set_edits(
    side: u8,
    headers: Option<&BTreeMap<String, HeaderValue>>,
    planned: &mut Vec<PlannedEdit>,
    at: &mut Cursor,
) {
    for (name, value) in headers.into_iter().flatten() {
        at.at_field(name, |at| {
            let Some(name) = header_name(name, at) else { return };
            let value = value.as_str().to_owned();
            planned.push(PlannedEdit { side, action: SET, name, value });
        });
    }
}

fn header_name(name: &str, at: &mut Cursor) -> Option<String> {
    let found = HeaderName::parse(name).map(|name| name.as_str().to_owned()).ok();
    if found.is_none() {
        let what = format!("the header name \"{}\"", crate::node::excerpt(name));
        at.error(Code::InvalidHeader, &what, "the name of a header");
    }
    found
}
