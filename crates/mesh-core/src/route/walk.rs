//! The walk over the tree: one pass from the root, no allocation, bounded by the tree itself.

use super::{
    RequestHead, Split, edge_slot, split_segment,
    table::{Condition, Edge, Host, Match, Node, PathPattern, RouteTable},
};
use crate::{
    limits::PATH_SEGMENTS_MAX,
    method::MethodSet,
    snapshot::{
        row::{Table, View},
        sections::Section,
        tables::{NONE, Rows},
    },
};

/// The best match.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// What it leads to.
    pub target: u32,
    /// Its number in the table's matches.
    pub match_number: u32,
    /// Segments that its pattern fixes, for prefix rewrites.
    pub depth: u16,
}

/// What the walk below a node found. A full match ends the walk; prefixes compete by depth.
enum Reach {
    Nothing,
    Prefix { depth: usize, number: u32 },
    Whole(u32),
}

impl RouteTable {
    /// The best match of a request, or none.
    #[must_use]
    pub fn find(&self, head: &RequestHead<'_>) -> Option<Found> {
        let number = self.for_each_host(head.host, |host| self.find_in(host, head))?;
        let found = self.table::<Match>(Section::Matches).view_here(number)?;
        Some(Found { target: found.target(), match_number: number, depth: found.depth() })
    }

    fn find_in(&self, host: &Host, head: &RequestHead<'_>) -> Option<u32> {
        let rest = head.path.split_first().map_or(head.path, |(_, rest)| rest);
        let mut visits = self.table::<Node>(Section::Nodes).len();
        let reach = self.walk(host.root, Some(rest), 0, head, &mut visits);
        if let Reach::Whole(number) = reach {
            return Some(number);
        }
        for pattern in self.table::<PathPattern>(Section::Patterns).run(host.patterns) {
            if self.accepts(pattern.automaton, &mut head.path.iter().copied())
                && let Some(number) = self.first(pattern.matches, head)
            {
                return Some(number);
            }
        }
        match reach {
            Reach::Prefix { number, .. } => Some(number),
            Reach::Nothing | Reach::Whole(_) => None,
        }
    }

    /// Literal children go before the parameter, so that on equal depth the literal wins. A tree
    /// has one way to each node, so `visits` of their number are enough; they bound the walk over
    /// bytes that are no tree.
    fn walk(
        &self,
        at: u32,
        rest: Option<&[u8]>,
        depth: usize,
        head: &RequestHead<'_>,
        visits: &mut u32,
    ) -> Reach {
        let Some(left) = visits.checked_sub(1) else { return Reach::Nothing };
        *visits = left;
        let nodes: Table<'_, Node> = self.table(Section::Nodes);
        let Some(node) = nodes.view_here(at) else { return Reach::Nothing };
        let Some(rest) = rest else {
            return match self.first(node.exact(), head) {
                Some(number) => Reach::Whole(number),
                None => self.prefix(node, depth, head),
            };
        };
        let mut best = Reach::Nothing;
        if depth < PATH_SEGMENTS_MAX {
            let Split { segment, tail, hash } = split_segment(rest);
            let literal = if node.literals() == 0 { NONE } else { self.child(at, hash, segment) };
            // a child's number is above its parent's: on no bytes can the walk go round
            if literal != NONE && literal > at {
                best = self.walk(literal, tail, depth + 1, head, visits);
            }
            let param = node.param();
            if param != NONE
                && param > at
                && !segment.is_empty()
                && !matches!(best, Reach::Whole(_))
            {
                best = deeper(best, self.walk(param, tail, depth + 1, head, visits));
            }
        }
        match best {
            Reach::Nothing => self.prefix(node, depth, head),
            Reach::Prefix { .. } | Reach::Whole(_) => best,
        }
    }

    fn prefix(&self, node: View<'_, Node>, depth: usize, head: &RequestHead<'_>) -> Reach {
        match self.first(node.prefix(), head) {
            Some(number) => Reach::Prefix { depth, number },
            None => Reach::Nothing,
        }
    }

    /// The literal child of that segment.
    fn child(&self, parent: u32, hash: u32, segment: &[u8]) -> u32 {
        let edges: Table<'_, Edge> = self.table(Section::Edges);
        let mask = edges.len().wrapping_sub(1);
        let mut slot = edge_slot(parent, hash);
        // a table that its compiler filled has free rows; on any other bytes this ends too
        for _ in 0..edges.len() {
            slot &= mask;
            let Some(edge) = edges.view_here(slot).filter(|edge| edge.node() != NONE) else {
                break;
            };
            let found = edge.hash() == hash && edge.parent() == parent;
            if found && same(self.text(edge.label()), segment) {
                return edge.node();
            }
            slot = slot.wrapping_add(1);
        }
        NONE
    }

    /// The first match of a run whose method and conditions hold.
    fn first(&self, rows: Rows, head: &RequestHead<'_>) -> Option<u32> {
        let matches: Table<'_, Match> = self.table(Section::Matches);
        let mut run = rows.numbers().zip(matches.run(rows));
        run.find(|(_, found)| self.fits(found, head)).map(|(number, _)| number)
    }

    fn fits(&self, found: &Match, head: &RequestHead<'_>) -> bool {
        let method = found.methods == MethodSet::NONE || found.methods.contains(head.method);
        // most have none
        method && (found.conditions.len == 0 || self.all_hold(found.conditions, head))
    }

    /// True where every condition of a run holds.
    pub(crate) fn all_hold(&self, rows: Rows, head: &RequestHead<'_>) -> bool {
        let conditions: Table<'_, Condition> = self.table(Section::Conditions);
        conditions.run(rows).all(|condition| self.holds(&condition, head))
    }

    /// Start and length of each named parameter of a match in a path that it matched.
    pub fn param_spans<'a>(
        &'a self,
        number: u32,
        path: &'a [u8],
    ) -> impl Iterator<Item = (u32, u32)> + 'a {
        let found = self.match_row(number).unwrap_or_default();
        self.params(found).map(move |param| {
            let mut start = 1usize;
            let mut segments = path.get(1..).unwrap_or(&[]).split(|&byte| byte == b'/');
            for _ in 0..param.segment {
                start = start.saturating_add(segments.next().map_or(0, <[u8]>::len) + 1);
            }
            let len = segments.next().map_or(0, <[u8]>::len);
            (u32::try_from(start).unwrap_or(0), u32::try_from(len).unwrap_or(0))
        })
    }
}

/// Where the prefix of so many segments ends in a path that it matched: the whole path where it
/// has no more.
#[must_use]
pub fn prefix_end(depth: u16, path: &[u8]) -> usize {
    if depth == 0 {
        return 0;
    }
    let mut slashes = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
    slashes.nth(usize::from(depth)).map_or(path.len(), |(at, _)| at)
}

/// Equality, eight bytes at a time: the comparison that WebAssembly gets goes byte by byte.
fn same(label: &[u8], segment: &[u8]) -> bool {
    let ((words, rest), (others, other_rest)) = (label.as_chunks::<8>(), segment.as_chunks::<8>());
    let eight = |word: &[u8; 8]| u64::from_le_bytes(*word);
    words.len() == others.len()
        && words.iter().zip(others).all(|(word, other)| eight(word) == eight(other))
        && rest == other_rest
}

fn deeper(literal: Reach, param: Reach) -> Reach {
    match (&literal, &param) {
        (Reach::Prefix { depth, .. }, Reach::Prefix { depth: other, .. }) if other > depth => param,
        (Reach::Prefix { .. }, Reach::Prefix { .. } | Reach::Nothing) => literal,
        (Reach::Whole(_), _) => literal,
        (Reach::Nothing, _) | (_, Reach::Whole(_)) => param,
    }
}
