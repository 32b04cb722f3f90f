//! Which rule a request meets.
//!
//! Gateway API precedence: the most specific host, then an exact path, a template
//! (`/users/{id}`), a regular expression, the longest prefix; among those the method, more header
//! conditions, more query conditions, the first declared. A rule whose other conditions fail is
//! passed over and the next best is tried, down to less specific hosts.
//!
//! What this does not do: normalise paths ([`crate::path`]) or decide where a rule sends.

pub mod automaton;
pub mod builder;
pub mod condition;
pub mod host;
pub mod list;
pub mod pattern;
pub mod table;
mod tree;
pub mod walk;

pub use self::{
    automaton::Automaton,
    builder::{BuildError, MatchSpec, RouteTableBuilder},
    list::HandlerList,
    pattern::{PathKind, PathTemplate, PatternError},
    table::{RouteRows, RouteTable},
    walk::{Found, prefix_end},
};
use crate::method::Method;

/// What routing looks at. All bytes are as the wire had them, but `path` is in normal form.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// Host with or without port, any case; empty where unknown.
    pub host: &'a [u8],
    /// Normal form, see [`crate::path::normalize`].
    pub path: &'a [u8],
    /// After the `?`, without it.
    pub query: &'a [u8],
    /// The method.
    pub method: Method,
    /// Values of the table's needed headers, in its order; several lines joined by a comma.
    pub headers: &'a [Option<&'a [u8]>],
}

/// The hash that tells a node's literal children apart. Not keyed: the labels are the
/// configuration's own, and a caller's bytes are compared in full.
#[must_use]
pub(crate) const fn mix_segment(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// Hash of no bytes.
pub(crate) const SEGMENT_HASH_START: u32 = 0x811c_9dc5;

/// Where an edge is looked for first, before it is cut to the table's size.
pub(crate) const fn edge_slot(parent: u32, hash: u32) -> u32 {
    let mixed = hash ^ parent.wrapping_mul(0x9e37_79b1);
    mixed ^ mixed >> 15
}

pub(crate) fn hash_segment(segment: &[u8]) -> u32 {
    segment.iter().fold(SEGMENT_HASH_START, |hash, &byte| mix_segment(hash, byte))
}

#[cfg(test)]
mod tests;
