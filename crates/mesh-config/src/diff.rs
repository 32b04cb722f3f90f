//! What changes from one document to another, and for which requests.
//!
//! Both are compiled. From the matches of all their rules requests are made that they take: for
//! each path a text of its kind, for regular expressions a shortest one from the automaton, for two
//! matches that overlap a request that both take, and one for each condition that a rule has besides
//! its matches: of a backend, of a fault, of an origin. Each is decided under both documents by the
//! engine, and what the explanations say differently is told, whatever fields they have. What is
//! told is true; that nothing else changes is only as sure as the requests are many, except where
//! both compile to the same.

mod change;
mod conditions;
mod decision;
mod draft;
mod flags;
mod overlap;
mod services;
mod trial;
mod unseen;
mod witness;

use serde::Serialize;

pub use self::{
    change::{Change, Value},
    services::ServiceChange,
    unseen::{Side, UnseenRule},
};
use crate::{
    diagnostic::Diagnostics, document::Document, explain::Explainer, limits::DIFF_UNSEEN_MAX,
    node::Node,
};

/// What changes from one document to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Difference {
    /// True where no difference was found.
    pub same: bool,
    /// True where both compile to the same Snapshot, so that no request at all is decided otherwise.
    pub same_snapshot: bool,
    /// How many requests were decided under both.
    pub tried: usize,
    /// What changes for requests; those for which the same changes are together.
    pub requests: Vec<RequestChange>,
    /// What changes for services; those for which the same changes are together.
    pub services: Vec<ServiceChange>,
    /// What changes beside.
    pub settings: Vec<Change>,
    /// Rules of only one document that no tried request meets.
    pub unseen: Vec<UnseenRule>,
    /// What was not looked at because a bound was met, a sentence each.
    pub stopped: Vec<String>,
}

/// What changes for some requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestChange {
    /// Some of the requests that were tried: `GET shop.example.com/users/x`.
    pub requests: Vec<String>,
    /// How many more there were.
    pub more: usize,
    /// What changes for them.
    pub changes: Vec<Change>,
}

/// Tells what changes from one document to another.
///
/// # Errors
/// All findings, where one of them has an error. Their paths begin with `old` and `new`.
///
/// ```
/// use mesh_config::{diff::diff, document::Document};
///
/// let old = Document::parse_json(
///     r#"{ "services": { "a": {}, "b": {} }, "routing": { "rules": [
///          { "path": "/x/*", "service": "a" } ] } }"#,
/// )?;
/// let new = Document::parse_json(
///     r#"{ "services": { "a": {}, "b": {} }, "routing": { "rules": [
///          { "path": "/x/*", "backends": [{ "service": "a", "weight": 9 }, "b"] } ] } }"#,
/// )?;
/// let found = diff(&old, &new)?;
/// assert_eq!(found.requests[0].requests, ["GET /x/any", "GET /x"]);
/// assert_eq!(found.requests[0].changes[0].message, "backends: a 100 % → a 90 %, b 10 %");
/// # Ok::<(), mesh_config::diagnostic::Diagnostics>(())
/// ```
pub fn diff(old: &Document, new: &Document) -> Result<Difference, Diagnostics> {
    let none = Diagnostics::default;
    both((old, Ok(none())), (new, Ok(none())))
}

/// Tells what changes from one document to another; both are still node trees.
///
/// # Errors
/// As [`diff`].
pub fn diff_nodes(old: &Node, new: &Node) -> Result<Difference, Diagnostics> {
    let (old, old_found) = Document::decode_what_is_there(old);
    let (new, new_found) = Document::decode_what_is_there(new);
    let read = |document: Option<Document>, found| match document {
        Some(document) => (document, Ok(found)),
        None => (Document::default(), Err(found)),
    };
    let (old, new) = (read(old, old_found), read(new, new_found));
    both((&old.0, old.1), (&new.0, new.1))
}

/// A document, and what was found when it was read; an error where it was not.
type Read<'d> = (&'d Document, Result<Diagnostics, Diagnostics>);

fn both((old, old_read): Read<'_>, (new, new_read): Read<'_>) -> Result<Difference, Diagnostics> {
    let one = old_read.and_then(|found| Explainer::after(old, found));
    let other = new_read.and_then(|found| Explainer::after(new, found));
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(compared(one, other)),
        (one, other) => {
            let mut all = Diagnostics::default();
            for (name, found) in [("old", one.err()), ("new", other.err())] {
                for diagnostic in found.iter().flatten() {
                    all.push(diagnostic.clone().within(name));
                }
            }
            Err(all)
        }
    }
}

fn compared(mut old: Explainer, mut new: Explainer) -> Difference {
    let same_snapshot = old.hash() == new.hash();
    let mut found = Difference { same_snapshot, ..Difference::default() };
    if !same_snapshot {
        let trial = trial::run(&mut old, &mut new);
        found.unseen = unseen::rules((old.plan(), &trial.met_old), (new.plan(), &trial.met_new));
        found.tried = trial.tried;
        found.requests = trial.changes;
        found.stopped = trial.stopped;
        let more = found.unseen.len().saturating_sub(DIFF_UNSEEN_MAX);
        if more > 0 {
            found.unseen.truncate(DIFF_UNSEEN_MAX);
            found
                .stopped
                .push(format!("{more} more rules that no tried request meets are not listed"));
        }
    }
    found.services = services::changes(&mut old, &mut new);
    found.settings = services::settings(old.plan(), new.plan());
    found.same =
        found.requests.is_empty() && found.services.is_empty() && found.settings.is_empty();
    found
}
