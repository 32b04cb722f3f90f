//! Builds a [`super::RouteTable`] from matches in the order they were declared.

use alloc::vec::Vec;

use super::{
    Automaton, PathTemplate,
    table::{Condition, ConditionKind, Host, Match, Name, PathPattern, RouteRows},
    tree::{TreeBuilder, count},
};
use crate::{
    limits::NEEDED_HEADERS_MAX,
    method::MethodSet,
    snapshot::{
        sections::text_of,
        tables::{NONE, Rows, Text},
    },
};

/// The path of a match.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a path is segments or an expression")]
pub enum PathSpec<'a> {
    /// Segments.
    Template(PathTemplate<'a>),
    /// A compiled expression over the whole path, with the length of its source: longer is taken
    /// as more specific.
    Expression(Automaton, u32),
}

/// A header or query condition; of a flag among the headers only what it must be counts.
#[derive(Clone, Debug)]
pub struct ConditionSpec<'a> {
    /// Header name (lowercase) or query parameter name.
    pub name: &'a str,
    /// What its value must be.
    pub value: ValueSpec<'a>,
}

/// What a value must be.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the Gateway API's two comparisons, presence, and flags"
)]
pub enum ValueSpec<'a> {
    /// Exactly this.
    Exact(&'a str),
    /// Matched as a whole by this automaton.
    Expression(Automaton),
    /// There.
    Present,
    /// That flag has that variant, by their numbers.
    Flag(u32, u32),
}

/// One match to add.
#[derive(Clone, Debug)]
pub struct MatchSpec<'a> {
    /// Host pattern: empty = any, `*.example.com` = any host below, else exact. Lowercase.
    pub host: &'a str,
    /// The path.
    pub path: PathSpec<'a>,
    /// Methods; [`MethodSet::NONE`] = any.
    pub methods: MethodSet,
    /// Header conditions.
    pub headers: Vec<ConditionSpec<'a>>,
    /// Query conditions.
    pub query: Vec<ConditionSpec<'a>>,
    /// What it leads to.
    pub target: u32,
}

/// Why a match could not be added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// More header names than `limits::NEEDED_HEADERS_MAX`.
    TooManyHeaders,
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("rules ask for more than 64 different header names")
    }
}

impl core::error::Error for BuildError {}

#[derive(Debug)]
struct DraftHost {
    pattern: Vec<u8>,
    root: usize,
    /// Automaton, length of its source, number of its match.
    expressions: Vec<(u32, u32, usize)>,
}

/// Collects matches, then lays them out flat.
#[derive(Debug, Default)]
pub struct RouteTableBuilder {
    tree: TreeBuilder,
    table: RouteRows,
    automata: Vec<Automaton>,
    hosts: Vec<DraftHost>,
}

impl RouteTableBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a match; earlier ones win ties.
    ///
    /// # Errors
    /// [`BuildError`] where a bound of the table is reached.
    pub fn add(&mut self, spec: &MatchSpec<'_>) -> Result<(), BuildError> {
        let conditions = self.conditions(&spec.headers, &spec.query)?;
        let found =
            Match { target: spec.target, methods: spec.methods, conditions, ..Match::default() };
        let rank = rank(spec);
        let host = self.host(spec.host.as_bytes());
        match &spec.path {
            PathSpec::Template(template) => {
                let root = self.hosts.get(host).map_or(0, |host| host.root);
                self.tree.hang(root, template, rank, found);
            }
            PathSpec::Expression(automaton, length) => {
                let automaton = self.automaton(automaton);
                let number = self.tree.declare(rank, found);
                if let Some(draft) = self.hosts.get_mut(host) {
                    draft.expressions.push((automaton, *length, number));
                }
            }
        }
        Ok(())
    }

    /// The number under which hosts will hand in the value of header `name`.
    ///
    /// # Errors
    /// [`BuildError::TooManyHeaders`].
    pub fn header(&mut self, name: &str) -> Result<u32, BuildError> {
        let named = |known: &Name| text_of(&self.tree.text, known.text) == name.as_bytes();
        let known = self.table.headers.iter().position(named);
        if let Some(number) = known.and_then(|at| u32::try_from(at).ok()) {
            return Ok(number);
        }
        if self.table.headers.len() >= NEEDED_HEADERS_MAX {
            return Err(BuildError::TooManyHeaders);
        }
        let text = self.tree.text(name.as_bytes());
        self.table.headers.push(Name { text });
        Ok(count(&self.table.headers).saturating_sub(1))
    }

    /// Lays conditions out: a match's, or those of a pin, a fault or an origin.
    ///
    /// # Errors
    /// [`BuildError::TooManyHeaders`].
    pub fn conditions(
        &mut self,
        headers: &[ConditionSpec<'_>],
        query: &[ConditionSpec<'_>],
    ) -> Result<Rows, BuildError> {
        let start = count(&self.table.conditions);
        for condition in headers {
            if let ValueSpec::Flag(flag, variant) = condition.value {
                self.table.conditions.push(Condition {
                    header: variant,
                    kind: ConditionKind::Flag as u8,
                    automaton: flag,
                    ..Condition::default()
                });
                continue;
            }
            let header = self.header(condition.name)?;
            self.condition(header, Text::default(), &condition.value);
        }
        for condition in query {
            self.table.facts.needs_query = 1;
            let name = self.tree.text(condition.name.as_bytes());
            self.condition(NONE, name, &condition.value);
        }
        Ok(Rows { start, len: count(&self.table.conditions).saturating_sub(start) })
    }

    /// Has hosts hand in the query though no match asks for it: a balancer does.
    pub const fn need_query(&mut self) {
        self.table.facts.needs_query = 1;
    }

    /// Lays the table out.
    #[must_use]
    pub fn finish(mut self) -> RouteRows {
        self.hosts.sort_by(|a, b| host_rank(a).cmp(&host_rank(b)));
        for host in core::mem::take(&mut self.hosts) {
            let below = host.pattern.strip_prefix(b"*.");
            if below.is_some() {
                self.table.facts.wildcard_hosts += 1;
            } else if !host.pattern.is_empty() {
                self.table.facts.exact_hosts += 1;
            }
            let pattern = self.tree.text(below.unwrap_or(&host.pattern));
            let root = self.tree.lay(host.root);
            let patterns = self.lay_expressions(host.expressions);
            self.table.hosts.push(Host { pattern, root, patterns });
        }
        let edges = self.tree.hashed_edges();
        let TreeBuilder { text, params, nodes, matches, .. } = self.tree;
        RouteRows { text, params, nodes, edges, matches, ..self.table }
    }

    fn host(&mut self, pattern: &[u8]) -> usize {
        if let Some(at) = self.hosts.iter().position(|host| host.pattern == pattern) {
            return at;
        }
        let root = self.tree.root();
        self.hosts.push(DraftHost { pattern: pattern.to_vec(), root, expressions: Vec::new() });
        self.hosts.len() - 1
    }

    fn lay_expressions(&mut self, mut drafts: Vec<(u32, u32, usize)>) -> Rows {
        drafts.sort_by_key(|&(_, length, number)| (u32::MAX - length, self.tree.rank(number)));
        let start = count(&self.table.patterns);
        for (automaton, _, number) in drafts {
            let matches = self.tree.lay_matches(&[number]);
            self.table.patterns.push(PathPattern { automaton, matches });
        }
        Rows { start, len: count(&self.table.patterns).saturating_sub(start) }
    }

    fn condition(&mut self, header: u32, name: Text, value: &ValueSpec<'_>) {
        let (kind, value, automaton) = match value {
            ValueSpec::Exact(value) => {
                (ConditionKind::Exact, self.tree.text(value.as_bytes()), NONE)
            }
            ValueSpec::Expression(automaton) => {
                (ConditionKind::RegularExpression, Text::default(), self.automaton(automaton))
            }
            // flags are no values
            ValueSpec::Present | ValueSpec::Flag(..) => {
                (ConditionKind::Present, Text::default(), NONE)
            }
        };
        let kind = kind as u8;
        self.table.conditions.push(Condition { header, name, kind, value, automaton });
    }

    fn automaton(&mut self, automaton: &Automaton) -> u32 {
        let known = self.automata.iter().position(|a| a == automaton);
        let at = known.unwrap_or_else(|| {
            self.automata.push(automaton.clone());
            let row = automaton.lay(&mut self.tree.text);
            self.table.automata.push(row);
            self.automata.len() - 1
        });
        u32::try_from(at).unwrap_or(NONE)
    }
}

/// Smaller is better: a method, more header conditions, more query conditions. Ties go to the
/// first declared.
fn rank(spec: &MatchSpec<'_>) -> u32 {
    let few = |conditions: &Vec<ConditionSpec<'_>>| {
        255u32.saturating_sub(u32::try_from(conditions.len()).unwrap_or(u32::MAX))
    };
    u32::from(spec.methods == MethodSet::NONE) << 16 | few(&spec.headers) << 8 | few(&spec.query)
}

/// Exact hosts first, then wildcards, then any host; each sorted by its bytes.
fn host_rank(host: &DraftHost) -> (u8, &[u8]) {
    let pattern = host.pattern.as_slice();
    match pattern.strip_prefix(b"*.") {
        Some(below) => (1, below),
        None if pattern.is_empty() => (2, pattern),
        None => (0, pattern),
    }
}
