//! The compiled route table: a tree of path segments per host, and what hangs on it.
//!
//! Built by [`super::builder::RouteTableBuilder`] at compile time (or from a handler map), read by
//! [`super::walk`]. Self-contained: its text lives in its own pool, so that a Snapshot's rules and
//! an isolate's handlers use the same code.

use alloc::vec::Vec;

use crate::{
    method::MethodSet,
    snapshot::{
        row::{Table, record},
        sections::{Packer, Section, Sections, text_of},
        tables::{Rows, Text},
    },
};

/// A whole table, read in place.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    sections: Sections,
}

/// The rows of a table while it is being built.
#[derive(Clone, Debug, Default)]
pub struct RouteRows {
    pub(super) text: Vec<u8>,
    /// Header names that hosts read for each request, lowercase.
    pub(super) headers: Vec<Name>,
    /// Exact ones sorted, then wildcards sorted, then the one for any host.
    pub(super) hosts: Vec<Host>,
    /// A child's number is above its parent's.
    pub(super) nodes: Vec<Node>,
    /// A hash table by parent and segment; see [`super::edge_slot`].
    pub(super) edges: Vec<Edge>,
    /// Best first within a node.
    pub(super) matches: Vec<Match>,
    pub(super) conditions: Vec<Condition>,
    /// Best first within a host.
    pub(super) patterns: Vec<PathPattern>,
    pub(super) automata: Vec<AutomatonRow>,
    pub(super) params: Vec<Param>,
    pub(super) facts: Facts,
}

record! {
    /// What there is once per table.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Facts {
        /// How many hosts are exact.
        pub exact_hosts: u32,
        /// How many hosts are wildcards.
        pub wildcard_hosts: u32,
        /// 1 where some match asks for the query.
        pub needs_query: u8,
    }
}

record! {
    /// A name.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Name {
        /// Its text.
        pub text: Text,
    }
}

record! {
    /// A host pattern and its tree.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Host {
        /// Lowercase; for a wildcard without its `*.`; empty for any host.
        pub pattern: Text,
        /// Root node.
        pub root: u32,
        /// Its regular-expression paths.
        pub patterns: Rows,
    }
}

record! {
    /// A place in the tree, reached by a run of segments.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Node {
        /// Number of literal children.
        pub literals: u32,
        /// The child for any one non-empty segment, or [`NONE`](crate::snapshot::tables::NONE).
        pub param: u32,
        /// Matches for a path that ends here.
        pub exact: Rows,
        /// Matches for a path that ends here or goes on.
        pub prefix: Rows,
    }
}

record! {
    /// A literal child, in a table where a row without a child is free.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Edge {
        /// The node that it belongs to.
        pub parent: u32,
        /// Hash of the segment.
        pub hash: u32,
        /// The segment.
        pub label: Text,
        /// The child, or [`NONE`](crate::snapshot::tables::NONE).
        pub node: u32,
    }
}

record! {
    /// A path given as a regular expression, over the whole path.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct PathPattern {
        /// In the automata.
        pub automaton: u32,
        /// What else must hold.
        pub matches: Rows,
    }
}

record! {
    /// What must hold besides host and path.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Match {
        /// What it leads to: a rule, or a handler.
        pub target: u32,
        /// Methods; none = any.
        pub methods: MethodSet,
        /// Conditions that must all hold.
        pub conditions: Rows,
        /// Segments that the pattern fixes, for prefix rewrites.
        pub depth: u16,
        /// Named path parameters.
        pub params: Rows,
    }
}

record! {
    /// A header or query condition, or one on a flag.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Condition {
        /// Number of the needed header, or [`NONE`](crate::snapshot::tables::NONE) for a query parameter;
        /// of a flag the number of the variant that it is to have.
        pub header: u32,
        /// Name of the query parameter.
        pub name: Text,
        /// A [`ConditionKind`] number.
        pub kind: u8,
        /// The exact value.
        pub value: Text,
        /// In the automata, or in the flags.
        pub automaton: u32,
    }
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the Gateway API's two comparisons, presence, and flags"
)]
pub enum ConditionKind {
    /// The value is exactly this.
    Exact,
    /// The value as a whole matches an automaton.
    RegularExpression,
    /// There is a value.
    Present,
    /// A flag has a variant.
    Flag,
}

record! {
    /// A compiled regular expression, see [`super::automaton`].
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct AutomatonRow {
        /// 256 bytes: the class of each byte.
        pub classes: Text,
        /// Next states, two bytes each.
        pub transitions: Text,
        /// One bit per state.
        pub accepting: Text,
        /// Number of classes.
        pub class_count: u16,
        /// Where it starts.
        pub start: u16,
    }
}

record! {
    /// A named path parameter.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Param {
        /// Which segment it is, from 0.
        pub segment: u16,
        /// Its name.
        pub name: Text,
    }
}

impl RouteTable {
    pub(crate) const fn new(sections: Sections) -> Self {
        Self { sections }
    }

    pub(crate) const fn sections(&self) -> &Sections {
        &self.sections
    }

    /// The bytes of a text; empty where it leaves the pool.
    #[must_use]
    pub fn text(&self, text: Text) -> &[u8] {
        self.sections.text(Section::RouteText, text)
    }

    /// Header names that hosts read for each request, lowercase, in the order of their numbers.
    pub fn headers(&self) -> impl Iterator<Item = &[u8]> {
        let names: Table<'_, Name> = self.sections.table(Section::Headers);
        names.iter().map(|name| self.text(name.text))
    }

    /// Number of those.
    #[must_use]
    pub fn header_count(&self) -> usize {
        self.sections.table::<Name>(Section::Headers).len() as usize
    }

    /// True where some match asks for the query.
    #[must_use]
    pub fn needs_query(&self) -> bool {
        self.facts().needs_query != 0
    }

    /// Match `number`.
    #[must_use]
    pub fn match_row(&self, number: u32) -> Option<Match> {
        self.sections.table(Section::Matches).get(number)
    }

    /// Named parameters of a match.
    pub fn params(&self, found: Match) -> impl Iterator<Item = Param> + '_ {
        self.sections.table(Section::Params).run(found.params)
    }

    pub(super) fn facts(&self) -> Facts {
        self.sections.table(Section::RouteFacts).get(0).unwrap_or_default()
    }

    pub(super) fn table<T: crate::snapshot::row::Row>(&self, section: Section) -> Table<'_, T> {
        self.sections.table(section)
    }
}

impl RouteRows {
    /// Header names that hosts read for each request, in the order of their numbers.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().map(|name| text_of(&self.text, name.text))
    }

    /// True where some match asks for the query.
    pub(crate) const fn needs_query(&self) -> bool {
        self.facts.needs_query != 0
    }

    /// Adds the sections of the table, which are the first of a Snapshot.
    pub(crate) fn pack(&self, packer: &mut Packer) {
        packer.pool(&self.text);
        packer.table(&self.headers);
        packer.table(&self.hosts);
        packer.table(&self.nodes);
        packer.table(&self.edges);
        packer.table(&self.matches);
        packer.table(&self.conditions);
        packer.table(&self.patterns);
        packer.table(&self.automata);
        packer.table(&self.params);
        packer.table(&[self.facts]);
    }

    /// The table on its own, as for a Worker's handlers.
    #[must_use]
    pub fn into_table(self) -> RouteTable {
        let mut packer = Packer::default();
        self.pack(&mut packer);
        RouteTable::new(Sections::read(packer.body(), 0).unwrap_or_default())
    }
}
