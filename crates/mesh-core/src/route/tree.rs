//! Builds the tree of path segments; the core of [`super::builder::RouteTableBuilder`].

use alloc::{vec, vec::Vec};

use super::{
    PathTemplate, edge_slot,
    pattern::Segment,
    split_segment,
    table::{Edge, Match, Node, Param},
};
use crate::snapshot::{
    sections::text_of,
    tables::{NONE, Rows, Text},
};

#[derive(Clone, Debug, Default)]
struct Draft {
    /// Label and child.
    literals: Vec<(Text, usize)>,
    param: Option<usize>,
    exact: Vec<usize>,
    prefix: Vec<usize>,
}

/// Collects matches under paths, then lays them out flat.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeBuilder {
    pub(super) text: Vec<u8>,
    pub(super) params: Vec<Param>,
    /// As declared, with their rank: smaller is better.
    declared: Vec<(u32, Match)>,
    drafts: Vec<Draft>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Best first within a node.
    pub(super) matches: Vec<Match>,
}

impl TreeBuilder {
    /// A new root.
    pub(super) fn root(&mut self) -> usize {
        self.drafts.push(Draft::default());
        self.drafts.len().saturating_sub(1)
    }

    pub(super) fn text(&mut self, bytes: &[u8]) -> Text {
        let text = Text { start: count(&self.text), len: count(bytes) };
        self.text.extend_from_slice(bytes);
        text
    }

    /// Takes note of a match without a place in the tree; its number among the declared.
    pub(super) fn declare(&mut self, rank: u32, found: Match) -> usize {
        self.declared.push((rank, found));
        self.declared.len().saturating_sub(1)
    }

    /// Rank of a declared match.
    pub(super) fn rank(&self, number: usize) -> u32 {
        self.declared.get(number).map_or(u32::MAX, |(rank, _)| *rank)
    }

    /// Hangs a match at the end of the template's way from `root`.
    pub(super) fn hang(
        &mut self,
        root: usize,
        template: &PathTemplate<'_>,
        rank: u32,
        mut found: Match,
    ) {
        let start = count(&self.params);
        let mut at = root;
        for (place, segment) in template.segments.iter().enumerate() {
            let child = match segment {
                Segment::Literal(label) => self.literal(at, label),
                Segment::Param(name) => {
                    let name = self.text(name);
                    let segment = u16::try_from(place).unwrap_or(u16::MAX);
                    self.params.push(Param { segment, name });
                    self.param(at)
                }
                Segment::Open => at,
            };
            at = child;
        }
        found.params = Rows { start, len: count(&self.params).saturating_sub(start) };
        found.depth = u16::try_from(template.segments.len()).unwrap_or(u16::MAX);
        let number = self.declare(rank, found);
        if let Some(draft) = self.drafts.get_mut(at) {
            if template.open { draft.prefix.push(number) } else { draft.exact.push(number) }
        }
    }

    fn literal(&mut self, at: usize, label: &[u8]) -> usize {
        let known = self.drafts.get(at).and_then(|draft| {
            let named = |text: Text| text_of(&self.text, text) == label;
            draft.literals.iter().find(|(text, _)| named(*text)).map(|(_, child)| *child)
        });
        known.unwrap_or_else(|| {
            let (child, text) = (self.root(), self.text(label));
            if let Some(draft) = self.drafts.get_mut(at) {
                draft.literals.push((text, child));
            }
            child
        })
    }

    fn param(&mut self, at: usize) -> usize {
        self.drafts.get(at).and_then(|draft| draft.param).unwrap_or_else(|| {
            let child = self.root();
            if let Some(draft) = self.drafts.get_mut(at) {
                draft.param = Some(child);
            }
            child
        })
    }

    /// Lays a node and all below it, parents before children; its number.
    pub(super) fn lay(&mut self, draft: usize) -> u32 {
        let Some(draft) = self.drafts.get_mut(draft).map(core::mem::take) else { return NONE };
        let number = count(&self.nodes);
        let exact = self.lay_matches(&draft.exact);
        let prefix = self.lay_matches(&draft.prefix);
        self.nodes.push(Node { literals: count(&draft.literals), exact, prefix, param: NONE });
        let mut literals: Vec<(u32, Text, usize)> = draft
            .literals
            .iter()
            .map(|&(label, child)| (split_segment(text_of(&self.text, label)).hash, label, child))
            .collect();
        literals.sort_by_key(|&(hash, ..)| hash);
        for (hash, label, child) in literals {
            let node = self.lay(child);
            self.edges.push(Edge { parent: number, hash, label, node });
        }
        let param = draft.param.map_or(NONE, |child| self.lay(child));
        if let Some(row) = self.nodes.get_mut(number as usize) {
            row.param = param;
        }
        number
    }

    /// The edges as an open-addressing hash table, at most half full, so that a walk mostly meets one
    /// or two rows for each segment, whatever the fan-out.
    pub(super) fn hashed_edges(&self) -> Vec<Edge> {
        if self.edges.is_empty() {
            return Vec::new();
        }
        let room = self.edges.len().saturating_mul(2).next_power_of_two();
        let free = Edge { node: NONE, ..Edge::default() };
        let mut rows = vec![free; room];
        let mask = count(&rows).saturating_sub(1);
        for edge in &self.edges {
            let mut slot = edge_slot(edge.parent, edge.hash) & mask;
            while rows.get(slot as usize).is_some_and(|row| row.node != NONE) {
                slot = slot.wrapping_add(1) & mask;
            }
            if let Some(row) = rows.get_mut(slot as usize) {
                *row = *edge;
            }
        }
        rows
    }

    /// Lays matches, best first.
    pub(super) fn lay_matches(&mut self, numbers: &[usize]) -> Rows {
        let start = count(&self.matches);
        let mut run: Vec<(u32, Match)> =
            numbers.iter().filter_map(|&number| self.declared.get(number)).copied().collect();
        run.sort_by_key(|(rank, _)| *rank);
        self.matches.extend(run.iter().map(|(_, found)| found));
        Rows { start, len: count(&self.matches).saturating_sub(start) }
    }
}

pub(super) fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(NONE)
}
