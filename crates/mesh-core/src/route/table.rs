//! The compiled route table: a tree of path segments per host, and what hangs on it.
//!
//! Built by [`super::builder::RouteTableBuilder`] at compile time (or from a handler map), read by
//! [`super::walk`]. Self-contained: its text lives in its own pool, so that a Snapshot's rules and
//! an isolate's handlers use the same code.

use alloc::vec::Vec;

use crate::{
    method::MethodSet,
    snapshot::{
        SnapshotError,
        codec::{Pool, record},
        tables::{Automaton, NONE, Rows, Text, row},
    },
};

record! {
    /// A whole table.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct RouteTable {
        /// The byte pool of all [`Text`] here.
        pub text: Pool,
        /// Host patterns: exact ones sorted, then wildcards sorted, then the one for any host.
        pub hosts: Vec<Host>,
        /// How many of `hosts` are exact.
        pub exact_hosts: u32,
        /// How many of `hosts` are wildcards.
        pub wildcard_hosts: u32,
        /// Tree nodes; a child's number is above its parent's.
        pub nodes: Vec<Node>,
        /// Literal children, sorted by hash within a node.
        pub edges: Vec<Edge>,
        /// What must hold besides host and path, best first within a node.
        pub matches: Vec<Match>,
        /// Header and query conditions.
        pub conditions: Vec<Condition>,
        /// Paths given as regular expressions, best first within a host.
        pub patterns: Vec<PathPattern>,
        /// Compiled regular expressions.
        pub automata: Vec<Automaton>,
        /// Names of path parameters, by match.
        pub params: Vec<Param>,
        /// Header names that hosts read for each request, lowercase.
        pub headers: Vec<Text>,
        /// 1 where some match asks for the query.
        pub needs_query: u8,
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
        /// Literal children.
        pub edges: Rows,
        /// The child for any one non-empty segment, or [`NONE`].
        pub param: u32,
        /// Matches for a path that ends here.
        pub exact: Rows,
        /// Matches for a path that ends here or goes on.
        pub prefix: Rows,
    }
}

record! {
    /// A literal child.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Edge {
        /// Hash of the segment.
        pub hash: u32,
        /// The segment.
        pub label: Text,
        /// The child.
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
        /// Order of declaration.
        pub order: u32,
    }
}

record! {
    /// A header or query condition.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Condition {
        /// Number of the needed header, or [`NONE`] for a query parameter.
        pub header: u32,
        /// Name of the query parameter.
        pub name: Text,
        /// A [`ConditionKind`] number.
        pub kind: u8,
        /// The exact value.
        pub value: Text,
        /// In the automata.
        pub automaton: u32,
    }
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the Gateway API's two comparisons, and presence")]
pub enum ConditionKind {
    /// The value is exactly this.
    Exact,
    /// The value as a whole matches an automaton.
    RegularExpression,
    /// There is a value.
    Present,
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
    /// The bytes of a text; empty where it leaves the pool.
    #[must_use]
    pub fn text(&self, text: Text) -> &[u8] {
        Rows { start: text.start, len: text.len }.of(&self.text.0)
    }

    /// Match `number` with its target and conditions.
    #[must_use]
    pub fn match_row(&self, number: u32) -> Option<&Match> {
        row(&self.matches, number)
    }

    /// Checks every number against its table, and that the tree has no way back up, so that the
    /// walk ends on any input.
    ///
    /// # Errors
    /// [`SnapshotError::Malformed`] where a number leaves its table.
    pub fn check(&self) -> Result<(), SnapshotError> {
        let nodes = self.nodes.len();
        let child = |parent: usize, number: u32| {
            usize::try_from(number).is_ok_and(|at| at < nodes && at > parent)
        };
        let mut sound = self.hosts.iter().all(|host| row(&self.nodes, host.root).is_some());
        for (at, node) in self.nodes.iter().enumerate() {
            sound &= node.param == NONE || child(at, node.param);
            sound &= node.edges.of(&self.edges).iter().all(|edge| child(at, edge.node));
        }
        let hosts = self.exact_hosts.checked_add(self.wildcard_hosts);
        sound &= hosts.is_some_and(|count| count as usize <= self.hosts.len());
        if sound { Ok(()) } else { Err(SnapshotError::Malformed) }
    }
}
