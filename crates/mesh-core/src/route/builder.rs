//! Builds a [`RouteTable`] from matches in the order they were declared.

use alloc::vec::Vec;

use super::{
    Automaton, PathTemplate, hash_segment,
    pattern::Segment,
    table::{
        Condition, ConditionKind, Edge, Host, Match, Name, Node, Param, PathPattern, RouteRows,
    },
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

/// A header or query condition.
#[derive(Clone, Debug)]
pub struct ConditionSpec<'a> {
    /// Header name (lowercase) or query parameter name.
    pub name: &'a str,
    /// What its value must be.
    pub value: ValueSpec<'a>,
}

/// What a value must be.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the Gateway API's two comparisons, and presence")]
pub enum ValueSpec<'a> {
    /// Exactly this.
    Exact(&'a str),
    /// Matched as a whole by this automaton.
    Expression(Automaton),
    /// There.
    Present,
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

#[derive(Debug, Default)]
struct DraftNode {
    /// Label and child, in order of declaration.
    literals: Vec<(Vec<u8>, usize)>,
    param: Option<usize>,
    exact: Vec<u32>,
    prefix: Vec<u32>,
}

#[derive(Debug)]
struct DraftHost {
    pattern: Vec<u8>,
    root: usize,
    expressions: Vec<(u32, u32, u32)>,
}

/// Collects matches, then lays them out flat.
#[derive(Debug, Default)]
pub struct RouteTableBuilder {
    table: RouteRows,
    automata: Vec<Automaton>,
    drafts: Vec<DraftNode>,
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
        let number = count(&self.table.matches);
        let mut row = Match {
            target: spec.target,
            methods: spec.methods,
            conditions: self.conditions(spec)?,
            order: number,
            ..Match::default()
        };
        let host = self.host(spec.host.as_bytes());
        match &spec.path {
            PathSpec::Template(template) => {
                let start = count(&self.table.params);
                for (segment, name) in template.params() {
                    let name = self.text(name);
                    let segment = u16::try_from(segment).unwrap_or(u16::MAX);
                    self.table.params.push(Param { segment, name });
                }
                let len = count(&self.table.params).saturating_sub(start);
                row.params = Rows { start, len };
                row.depth = u16::try_from(template.segments.len()).unwrap_or(u16::MAX);
                self.hang(host, template, number);
            }
            PathSpec::Expression(automaton, length) => {
                let automaton = self.automaton(automaton);
                if let Some(draft) = self.hosts.get_mut(host) {
                    draft.expressions.push((automaton, *length, number));
                }
            }
        }
        self.table.matches.push(row);
        Ok(())
    }

    /// The number under which hosts will hand in the value of header `name`.
    ///
    /// # Errors
    /// [`BuildError::TooManyHeaders`].
    pub fn header(&mut self, name: &str) -> Result<u32, BuildError> {
        let named = |known: &Name| text_of(&self.table.text, known.text) == name.as_bytes();
        let known = self.table.headers.iter().position(named);
        if let Some(number) = known.and_then(|at| u32::try_from(at).ok()) {
            return Ok(number);
        }
        if self.table.headers.len() >= NEEDED_HEADERS_MAX {
            return Err(BuildError::TooManyHeaders);
        }
        let text = self.text(name.as_bytes());
        self.table.headers.push(Name { text });
        Ok(count(&self.table.headers).saturating_sub(1))
    }

    /// Lays the table out.
    #[must_use]
    pub fn finish(mut self) -> RouteRows {
        let declared = core::mem::take(&mut self.table.matches);
        sort_by(&mut self.hosts, |a, b| host_rank(a) < host_rank(b));
        for host in core::mem::take(&mut self.hosts) {
            let wildcard = host.pattern.starts_with(b"*.");
            if wildcard {
                self.table.facts.wildcard_hosts += 1;
            } else if !host.pattern.is_empty() {
                self.table.facts.exact_hosts += 1;
            }
            let pattern = self.text(host.pattern.strip_prefix(b"*.").unwrap_or(&host.pattern));
            let root = self.lay_node(host.root, &declared);
            let patterns = self.lay_expressions(host.expressions, &declared);
            self.table.hosts.push(Host { pattern, root, patterns });
        }
        self.table
    }

    fn host(&mut self, pattern: &[u8]) -> usize {
        if let Some(at) = self.hosts.iter().position(|host| host.pattern == pattern) {
            return at;
        }
        let root = self.draft();
        self.hosts.push(DraftHost { pattern: pattern.to_vec(), root, expressions: Vec::new() });
        self.hosts.len() - 1
    }

    fn draft(&mut self) -> usize {
        self.drafts.push(DraftNode::default());
        self.drafts.len() - 1
    }

    /// Hangs match `number` at the end of the template's way.
    fn hang(&mut self, host: usize, template: &PathTemplate<'_>, number: u32) {
        let Some(mut at) = self.hosts.get(host).map(|host| host.root) else { return };
        for segment in &template.segments {
            let known = self.drafts.get(at).and_then(|node| match segment {
                Segment::Literal(label) => {
                    node.literals.iter().find(|(known, _)| known == label).map(|(_, child)| *child)
                }
                Segment::Param(_) => node.param,
            });
            let child = known.unwrap_or_else(|| self.draft());
            if let (None, Some(node)) = (known, self.drafts.get_mut(at)) {
                match segment {
                    Segment::Literal(label) => node.literals.push((label.to_vec(), child)),
                    Segment::Param(_) => node.param = Some(child),
                }
            }
            at = child;
        }
        if let Some(node) = self.drafts.get_mut(at) {
            if template.open { node.prefix.push(number) } else { node.exact.push(number) }
        }
    }

    /// Lays a node and all below it, parents before children.
    fn lay_node(&mut self, draft: usize, declared: &[Match]) -> u32 {
        let Some(mut node) = self.drafts.get_mut(draft).map(core::mem::take) else { return NONE };
        let number = count(&self.table.nodes);
        let exact = self.lay_matches(&mut node.exact, declared);
        let prefix = self.lay_matches(&mut node.prefix, declared);
        self.table.nodes.push(Node { exact, prefix, param: NONE, edges: Rows::default() });
        sort_by(&mut node.literals, |a, b| hash_segment(&a.0) < hash_segment(&b.0));
        let edges = Rows { start: count(&self.table.edges), len: count(&node.literals) };
        for (label, _) in &node.literals {
            let text = self.text(label);
            self.table.edges.push(Edge { hash: hash_segment(label), label: text, node: NONE });
        }
        for (edge, (_, child)) in edges.numbers().zip(&node.literals) {
            let child = self.lay_node(*child, declared);
            if let Some(row) = usize::try_from(edge).ok().and_then(|e| self.table.edges.get_mut(e))
            {
                row.node = child;
            }
        }
        let param = node.param.map_or(NONE, |child| self.lay_node(child, declared));
        if let Some(row) = usize::try_from(number).ok().and_then(|n| self.table.nodes.get_mut(n)) {
            row.edges = edges;
            row.param = param;
        }
        number
    }

    fn lay_matches(&mut self, numbers: &mut [u32], declared: &[Match]) -> Rows {
        let of = |number: &u32| usize::try_from(*number).ok().and_then(|n| declared.get(n));
        let rank = |number: &u32| of(number).map(|found| self.rank(found));
        sort_by(numbers, |a, b| rank(a) < rank(b));
        let start = count(&self.table.matches);
        self.table.matches.extend(numbers.iter().filter_map(of).copied());
        Rows { start, len: count(&self.table.matches).saturating_sub(start) }
    }

    /// Smaller is better: a method, more header conditions, more query conditions, declared first.
    fn rank(&self, found: &Match) -> (bool, usize, usize, u32) {
        let (mut headers, mut queries) = (0usize, 0usize);
        for number in found.conditions.numbers() {
            let row = usize::try_from(number).ok().and_then(|at| self.table.conditions.get(at));
            match row {
                Some(row) if row.header == NONE => queries += 1,
                Some(_) => headers += 1,
                None => {}
            }
        }
        let none = found.methods == MethodSet::NONE;
        (none, usize::MAX - headers, usize::MAX - queries, found.order)
    }

    fn lay_expressions(&mut self, mut drafts: Vec<(u32, u32, u32)>, declared: &[Match]) -> Rows {
        let of = |number: u32| usize::try_from(number).ok().and_then(|n| declared.get(n));
        let rank = |draft: &(u32, u32, u32)| {
            (u32::MAX - draft.1, of(draft.2).map(|found| self.rank(found)))
        };
        sort_by(&mut drafts, |a, b| rank(a) < rank(b));
        let start = count(&self.table.patterns);
        for (automaton, _, number) in drafts {
            let matches = self.lay_matches(&mut [number], declared);
            self.table.patterns.push(PathPattern { automaton, matches });
        }
        Rows { start, len: count(&self.table.patterns).saturating_sub(start) }
    }

    fn conditions(&mut self, spec: &MatchSpec<'_>) -> Result<Rows, BuildError> {
        let start = count(&self.table.conditions);
        for condition in &spec.headers {
            let header = self.header(condition.name)?;
            self.condition(header, Text::default(), &condition.value);
        }
        for condition in &spec.query {
            self.table.facts.needs_query = 1;
            let name = self.text(condition.name.as_bytes());
            self.condition(NONE, name, &condition.value);
        }
        Ok(Rows { start, len: count(&self.table.conditions).saturating_sub(start) })
    }

    fn condition(&mut self, header: u32, name: Text, value: &ValueSpec<'_>) {
        let (kind, value, automaton) = match value {
            ValueSpec::Exact(value) => (ConditionKind::Exact, self.text(value.as_bytes()), NONE),
            ValueSpec::Expression(automaton) => {
                (ConditionKind::RegularExpression, Text::default(), self.automaton(automaton))
            }
            ValueSpec::Present => (ConditionKind::Present, Text::default(), NONE),
        };
        let kind = kind as u8;
        self.table.conditions.push(Condition { header, name, kind, value, automaton });
    }

    fn automaton(&mut self, automaton: &Automaton) -> u32 {
        let known = self.automata.iter().position(|a| a == automaton);
        let at = known.unwrap_or_else(|| {
            self.automata.push(automaton.clone());
            let row = automaton.lay(&mut self.table.text);
            self.table.automata.push(row);
            self.automata.len() - 1
        });
        u32::try_from(at).unwrap_or(NONE)
    }

    fn text(&mut self, bytes: &[u8]) -> Text {
        let text = Text { start: count(&self.table.text), len: count(bytes) };
        self.table.text.extend_from_slice(bytes);
        text
    }
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

/// Sorts by insertion, keeping the order of equals. The engine carries this for handler tables,
/// where a library sort would be four times the size of the rest of the engine; runs are the
/// children of one node or the hosts of one table, and mostly in order already.
fn sort_by<T>(rows: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..rows.len() {
        let mut at = end;
        while at > 0 && matches!(rows.get(at - 1..=at), Some([a, b]) if before(b, a)) {
            rows.swap(at - 1, at);
            at -= 1;
        }
    }
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(NONE)
}
