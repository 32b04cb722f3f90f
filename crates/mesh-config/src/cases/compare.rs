//! What was expected beside what came.

use super::{
    subject::{Asked, REQUEST_HEADERS, RESPONSE_HEADERS, Section, Shapes, Subject, destination},
    verify::NUMBER_FIELDS,
};
use crate::{
    decode::{Cursor, Decode as _, push_field, push_item},
    document::{Edits, HeaderValues, TimeSpan},
    facts::{Fact, live},
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
            self.compare(asked.node, fact, &Place::of(&asked.keys, backend));
        }
    }

    /// `service` is the only one that gets requests.
    fn service(&mut self, node: &Node) {
        let place = Place::of(&["service"], None);
        let live: Vec<&Fact> = live(self.facts).collect();
        match live.as_slice() {
            [only] => self.compare(node, only.at("service"), &place),
            _ => self.miss(&place, said(node), destination(self.facts)),
        }
    }

    /// Shares are all the shares, names all the names of what gets requests.
    fn backends(&mut self, node: &Node) {
        let place = Place::of(&["backends"], None);
        if let Node::List(items) = node
            && items.iter().all(|item| matches!(item, Node::Text(_)))
        {
            let live = Fact::List(live(self.facts).cloned().collect());
            self.compare(node, &live, &place);
            return;
        }
        self.compare(node, self.facts.at("backends"), &place);
        let Node::Object(fields) = node else { return };
        let shares = fields.iter().all(|(_, value)| matches!(value, Node::Number(_)));
        let named = |key: &str| fields.iter().any(|(name, _)| name == key);
        for backend in live(self.facts).filter(|_| shares) {
            let key = backend.key().unwrap_or_default();
            if !named(key) {
                let found = backend.at("percent").to_string();
                self.miss(&place.field(key), "no share".to_owned(), found);
            }
        }
    }

    /// Edits of headers, each of which every backend must have.
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
        for (place, text) in expected {
            let subjects = Section::Each(&["sent"]).subjects("edits", self.facts);
            if subjects.is_empty() {
                self.miss(&place, text.clone(), destination(self.facts));
            }
            for Subject { fact, .. } in subjects {
                if !fact.items().iter().any(|edit| edit.text() == Some(&text)) {
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
        (Node::Number(share), Fact::Absent) => of_share && *share == 0.0,
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
