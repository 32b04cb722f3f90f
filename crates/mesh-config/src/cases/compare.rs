//! What was expected beside what came.

use super::{
    subject::{Asked, REQUEST_HEADERS, RESPONSE_HEADERS, Section, Shapes, Subject, destination},
    verify::NUMBER_FIELDS,
};
use crate::{
    decode::{Cursor, Decode as _, push_field, push_item},
    document::{Edits, HeaderValues, TimeSpan},
    facts::{Fact, goes_by, live, share},
    node::Node,
};

/// How far two shares may be apart: explanations have two decimals.
const SHARE_SLACK: f64 = 0.005;
/// How far other numbers may be apart: what decimal fractions lose in binary.
const NUMBER_SLACK: f64 = 1e-9;

/// One thing that did not come.
#[derive(Clone, Debug)]
pub(super) struct Mismatch {
    /// From the expectation on: `.rule`.
    pub(super) path: String,
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// All that did not come.
pub(super) fn all(expected: &[(String, Node)], shapes: &Shapes, facts: &Fact) -> Vec<Mismatch> {
    let mut found = Comparison { facts, mismatches: Vec::new() };
    for (name, node) in expected {
        match name.as_str() {
            "service" => found.service(node),
            "backends" => found.backends(node),
            REQUEST_HEADERS => found.edits("request", name, node),
            RESPONSE_HEADERS => found.edits("response", name, node),
            _ => {
                for asked in Asked::of(name, node) {
                    if let Some(section) = shapes.section(&asked.field, facts) {
                        found.field(&asked, section);
                    }
                }
            }
        }
    }
    found.mismatches
}

/// A place in an expectation.
#[derive(Clone, Debug)]
struct Place {
    path: String,
    what: String,
}

impl Place {
    fn of(keys: &[&str], backend: Option<&str>) -> Self {
        // begun with something, so that the first field gets its dot
        let mut path = "x".to_owned();
        keys.iter().for_each(|key| push_field(&mut path, key));
        let path = path.get(1..).unwrap_or("").to_owned();
        let of = backend.map(|name| format!(" of {name}")).unwrap_or_default();
        Self { path, what: format!("{}{of}", keys.join(".")) }
    }

    fn field(&self, name: &str) -> Self {
        let Self { mut path, what } = self.clone();
        push_field(&mut path, name);
        Self { path, what: format!("{what}.{name}") }
    }

    fn item(&self, number: usize) -> Self {
        let Self { mut path, mut what } = self.clone();
        push_item(&mut path, number);
        push_item(&mut what, number);
        Self { path, what }
    }
}

struct Comparison<'f> {
    facts: &'f Fact,
    mismatches: Vec<Mismatch>,
}

impl Comparison<'_> {
    fn miss(&mut self, place: &Place, expected: String, found: String) {
        let Place { path, what } = place.clone();
        self.mismatches.push(Mismatch { path, what, expected, found });
    }

    /// One field, of the whole or of each backend.
    fn field(&mut self, asked: &Asked<'_>, section: Section) {
        let subjects = section.subjects(&asked.field, self.facts);
        if subjects.is_empty() {
            let found = destination(self.facts);
            self.miss(&Place::of(&asked.keys, None), said(asked.node), found);
        }
        for Subject { backend, fact } in subjects {
            self.compare(asked.node, fact, &Place::of(&asked.keys, backend.as_deref()));
        }
    }

    /// `service` is the only one that gets requests, by one backend or several.
    fn service(&mut self, node: &Node) {
        let place = Place::of(&["service"], None);
        let live = live(self.facts);
        match live.split_first() {
            Some(((_, first), rest)) if rest.iter().all(|(_, one)| one.key() == first.key()) => {
                self.compare(node, first.at("service"), &place);
            }
            _ => self.miss(&place, said(node), destination(self.facts)),
        }
    }

    /// Shares are all the shares, names all the names of what gets requests.
    fn backends(&mut self, node: &Node) {
        let place = Place::of(&["backends"], None);
        if let Node::List(items) = node
            && items.iter().all(|item| matches!(item, Node::Text(_)))
        {
            self.backend_names(node, items, &place);
        } else if let Node::Object(fields) = node {
            self.backend_fields(fields, &place);
        } else {
            self.compare(node, self.facts.at("backends"), &place);
        }
    }

    fn backend_names(&mut self, node: &Node, items: &[Node], place: &Place) {
        let live = live(self.facts);
        let names = |backend: &Fact, item: &Node| {
            if let Node::Text(text) = item { goes_by(backend, text) } else { false }
        };
        let all = live.iter().all(|(_, one)| items.iter().any(|item| names(one, item)));
        if !all || !items.iter().all(|item| live.iter().any(|(_, one)| names(one, item))) {
            let found: Vec<&str> = live.iter().map(|(name, _)| name.as_str()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            self.miss(place, said(node), found);
        }
    }

    fn backend_fields(&mut self, fields: &[(String, Node)], place: &Place) {
        let live = live(self.facts);
        for (name, value) in fields {
            let place = place.field(name);
            if let Node::Number(expected) = value {
                let of_it = live.iter().filter(|(_, one)| goes_by(one, name));
                let found: Vec<f64> = of_it.map(|(_, one)| share(one)).collect();
                let sum: f64 = found.iter().sum();
                if (expected - sum).abs() > SHARE_SLACK {
                    let found = if found.is_empty() { Fact::Absent } else { Fact::Number(sum) };
                    self.miss(&place, said(value), found.to_string());
                }
                continue;
            }
            let backends = self.facts.at("backends").items().iter();
            let mut of_it = backends.filter(|one| goes_by(one, name)).peekable();
            if of_it.peek().is_none() {
                self.compare(value, &Fact::Absent, &place);
            }
            of_it.for_each(|one| self.compare(value, one, &place));
        }
        let shares = fields.iter().all(|(_, value)| matches!(value, Node::Number(_)));
        for (name, backend) in live.iter().filter(|_| shares) {
            if !fields.iter().any(|(named, _)| goes_by(backend, named)) {
                self.miss(&place.field(name), "no share".to_owned(), share(backend).to_string());
            }
        }
    }

    /// Edits of headers, each of which every backend must have, or the answer that is made here, or
    /// what is said to cross-origin requests.
    fn edits(&mut self, side: &str, name: &str, node: &Node) {
        let Some(edits) = Edits::decode(node, &mut Cursor::default()) else { return };
        let place = Place::of(&[name], None);
        let mut expected: Vec<(Place, String)> = Vec::new();
        for (header, value) in edits.set.iter().flatten() {
            let text = format!("{side}: set {}: {}", header.to_ascii_lowercase(), value.as_str());
            expected.push((place.field("set").field(header), text));
        }
        for (header, values) in edits.add.iter().flatten() {
            for value in HeaderValues::list(values) {
                let header_name = header.to_ascii_lowercase();
                let text = format!("{side}: add {header_name}: {}", value.as_str());
                expected.push((place.field("add").field(header), text));
            }
        }
        for (number, header) in edits.remove.iter().flatten().enumerate() {
            let text = format!("{side}: remove {}", header.as_str());
            expected.push((place.field("remove").item(number), text));
        }
        let cors = self.facts.at_path(&["rule", "cors", "edits"]).items();
        let answered = self.facts.at_path(&["answer", "edits"]);
        for (place, text) in expected {
            let made = |fact: &Fact| {
                let mut edits = fact.items().iter().chain(cors);
                edits.any(|edit| edit.text() == Some(&text))
            };
            let subjects = Section::Each(&["sent"]).subjects("edits", self.facts);
            if subjects.is_empty() && !made(answered) {
                let none = answered.items().is_empty();
                let found = if none { destination(self.facts) } else { answered.to_string() };
                self.miss(&place, text.clone(), found);
            }
            for Subject { fact, .. } in subjects {
                if !made(fact) {
                    self.miss(&place, text.clone(), fact.to_string());
                }
            }
        }
    }

    fn compare(&mut self, node: &Node, fact: &Fact, place: &Place) {
        match (node, fact) {
            (Node::Null, _) => {}
            (Node::Object(fields), Fact::Fields(_) | Fact::Map(_)) => {
                for (name, value) in fields {
                    self.compare(value, fact.at(name), &place.field(name));
                }
            }
            (Node::Object(fields), Fact::List(items)) => {
                for (name, value) in fields {
                    let item = items.iter().find(|item| item.key() == Some(name));
                    self.compare(value, item.unwrap_or(&Fact::Absent), &place.field(name));
                }
            }
            (Node::List(nodes), Fact::List(items)) => self.lists(nodes, items, node, fact, place),
            _ if holds(node, fact, place.what.ends_with("percent")) => {}
            _ => self.miss(place, said(node), stand_in(node, fact).to_string()),
        }
    }

    /// Names of items in any order, or items in theirs.
    fn lists(&mut self, nodes: &[Node], items: &[Fact], node: &Node, fact: &Fact, place: &Place) {
        let text =
            |node: &Node| if let Node::Text(text) = node { Some(text.clone()) } else { None };
        let names: Option<Vec<String>> = nodes.iter().map(text).collect();
        let keys: Option<Vec<String>> =
            items.iter().map(|item| item.key().map(str::to_owned)).collect();
        if let (Some(names), Some(keys)) = (names, keys) {
            if names.len() != keys.len() || !names.iter().all(|name| keys.contains(name)) {
                self.miss(place, said(node), fact.to_string());
            }
        } else if nodes.len() == items.len() {
            for (number, (node, item)) in nodes.iter().zip(items).enumerate() {
                self.compare(node, item, &place.item(number));
            }
        } else {
            self.miss(place, said(node), fact.to_string());
        }
    }
}

/// True where a value that is no object and no list is the fact, or what stands for it.
fn holds(node: &Node, fact: &Fact, of_share: bool) -> bool {
    match (node, fact) {
        (Node::Text(text), Fact::Text(fact)) => text == fact,
        (Node::Text(text), Fact::Span(span)) => {
            TimeSpan::parse(text).is_ok_and(|text| text.micros() == *span)
        }
        (Node::Text(text), Fact::Fields(_)) => fact.key() == Some(text),
        (Node::Number(ms), Fact::Span(span)) => {
            TimeSpan::from_millis(*ms).is_some_and(|ms| ms.micros() == *span)
        }
        (Node::Number(number), Fact::Number(fact)) => {
            (number - fact).abs() <= if of_share { SHARE_SLACK } else { NUMBER_SLACK }
        }
        (Node::Number(_), Fact::Fields(_)) => {
            number_field(fact).is_some_and(|field| holds(node, fact.at(field), field == "percent"))
        }
        (Node::Bool(value), Fact::Bool(fact)) => value == fact,
        // what is off is not there
        (Node::Bool(false), Fact::Absent) => true,
        _ => false,
    }
}

/// The field of an object that a number stands for.
fn number_field(fact: &Fact) -> Option<&'static str> {
    NUMBER_FIELDS.into_iter().find(|field| fact.entry(field).is_some())
}

/// The part of an object that a text or a number was compared with.
fn stand_in<'f>(node: &Node, fact: &'f Fact) -> &'f Fact {
    if matches!(node, Node::Number(_)) {
        number_field(fact).map_or(fact, |field| fact.at(field))
    } else if matches!(node, Node::Text(_)) && fact.entry("name").is_some() {
        fact.at("name")
    } else {
        fact
    }
}

/// What was expected, for people.
fn said(node: &Node) -> String {
    if let Node::Text(text) = node {
        crate::node::excerpt(text)
    } else {
        Fact::of(node).to_string()
    }
}
