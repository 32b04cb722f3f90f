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

/// The segment at the front of `rest`, and what follows its slash where there is one.
///
/// Looks at eight bytes at a time: of all that a request costs the engine, reading its path is the
/// only part that grows with it.
#[inline]
pub(crate) fn split_segment(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut len = 0usize;
    let mut ahead = rest;
    while let Some((chunk, next)) = ahead.split_first_chunk() {
        let differs = u64::from_le_bytes(*chunk) ^ (ONES * b'/' as u64);
        // the lowest set bit is that of the first zero byte, which is the first slash
        let zeros = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
        if zeros != 0 {
            len = len.wrapping_add((zeros.trailing_zeros() >> 3) as usize);
            ahead = &[];
            break;
        }
        len = len.wrapping_add(8);
        ahead = next;
    }
    for &byte in ahead {
        if byte == b'/' {
            break;
        }
        len = len.wrapping_add(1);
    }
    let (segment, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
    (segment, tail.split_first().map(|(_, tail)| tail))
}

/// The hash that tells a node's literal children apart. Not keyed: the labels are the
/// configuration's own, and a caller's bytes are compared in full.
#[inline]
pub(crate) fn hash_segment(segment: &[u8]) -> u32 {
    let mix = |hash: u32, word: u32| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b1);
    let (mut hash, mut rest) = (0, segment);
    while let Some((chunk, next)) = rest.split_first_chunk() {
        hash = mix(hash, u32::from_le_bytes(*chunk));
        rest = next;
    }
    for &byte in rest {
        hash = mix(hash, u32::from(byte));
    }
    hash ^ hash >> 16
}

/// Where an edge is looked for first, before it is cut to the table's size.
pub(crate) const fn edge_slot(parent: u32, hash: u32) -> u32 {
    hash ^ parent.wrapping_mul(0x85eb_ca6b)
}

#[cfg(test)]
mod tests;
