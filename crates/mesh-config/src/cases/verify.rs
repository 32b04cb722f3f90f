//! Whether an expectation can hold of any explanation at all: its names are fields, its values of
//! their kind.

use super::subject::{Asked, REQUEST_HEADERS, RESPONSE_HEADERS, Shapes, TIMEOUT};
use crate::{
    decode::{Cursor, Decode},
    diagnostic::Code,
    document::{Edits, TimeSpan, Timeout},
    facts::Fact,
    nearest::nearest,
    node::{Node, excerpt},
};

/// Fields that a number stands for in place of their object.
pub(super) const NUMBER_FIELDS: [&str; 4] = ["percent", "attempts", "status", "requests"];

impl Shapes {
    /// Notes what no explanation has.
    pub(super) fn check(&self, expected: &[(String, Node)], facts: &Fact, at: &mut Cursor) {
        for (name, node) in expected {
            at.at_field(name, |at| match name.as_str() {
                // these are written as a document writes them
                TIMEOUT => drop(Timeout::decode(node, at)),
                REQUEST_HEADERS | RESPONSE_HEADERS => drop(Edits::decode(node, at)),
                _ => self.check_field(name, node, facts, at),
            });
        }
    }

    fn check_field(&self, name: &str, node: &Node, facts: &Fact, at: &mut Cursor) {
        for asked in Asked::of(name, node) {
            match self.section(&asked.field, facts) {
                Some(section) => {
                    check(node, &self.examples(section, &asked.field, facts), at);
                }
                None => unknown_field(name, &self.names(facts), at),
            }
        }
    }
}

/// Notes a field that none of the examples has, and a value that is not of their kind. Where no
/// example has a value, nothing is known of what is in it.
fn check(node: &Node, examples: &[&Fact], at: &mut Cursor) {
    match node {
        Node::Object(fields) => check_object(node, fields, examples, at),
        Node::List(items) => {
            let lists = examples.iter().any(|example| matches!(example, Fact::List(_)));
            if !lists {
                refuse(node, examples, at);
                return;
            }
            let inner: Vec<&Fact> = examples.iter().flat_map(|example| example.items()).collect();
            for (number, item) in items.iter().enumerate() {
                // the items of one list may be of several kinds
                if matches!(item, Node::Object(_) | Node::List(_)) {
                    at.at_item(number, |at| check(item, &inner, at));
                }
            }
        }
        Node::Null => {}
        Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Refused(_) => {
            // `false` stands for what is not there
            let absent = *node == Node::Bool(false) && examples.contains(&&Fact::Absent);
            if !absent && !examples.iter().any(|example| takes(example, node)) {
                refuse(node, examples, at);
            }
        }
    }
}

fn check_object(node: &Node, fields: &[(String, Node)], examples: &[&Fact], at: &mut Cursor) {
    at.duplicates(fields);
    let typed: Vec<&Fact> =
        examples.iter().copied().filter(|fact| matches!(fact, Fact::Fields(_))).collect();
    let lists = examples.iter().any(|example| matches!(example, Fact::List(_)));
    let maps = examples.iter().any(|example| matches!(example, Fact::Map(_)));
    let items: Vec<&Fact> = examples.iter().flat_map(|example| example.items()).collect();
    if typed.is_empty() && !lists && !maps {
        refuse(node, examples, at);
        return;
    }
    for (name, value) in fields {
        at.at_field(name, |at| {
            if typed.is_empty() {
                // an item of a list by its name; what a map holds is not known
                if lists {
                    check(value, &items, at);
                }
                return;
            }
            if typed.iter().any(|fact| fact.entry(name).is_some()) {
                let inner: Vec<&Fact> = typed.iter().map(|fact| fact.at(name)).collect();
                check(value, &inner, at);
            } else {
                let names = typed.iter().flat_map(|fact| fact.entries());
                let mut names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                unknown_field(name, &names, at);
            }
        });
    }
}

/// True where a value that is no object and no list may be compared with `example`.
fn takes(example: &Fact, node: &Node) -> bool {
    match (example, node) {
        (Fact::Text(_), Node::Text(_))
        | (Fact::Number(_), Node::Number(_))
        | (Fact::Bool(_), Node::Bool(_)) => true,
        (Fact::Span(_), Node::Text(text)) => TimeSpan::parse(text).is_ok(),
        (Fact::Span(_), Node::Number(ms)) => TimeSpan::from_millis(*ms).is_some(),
        (Fact::Fields(_), Node::Text(_)) => example.key().is_some(),
        (Fact::Fields(_), Node::Number(_)) => {
            NUMBER_FIELDS.iter().any(|field| example.entry(field).is_some())
        }
        _ => false,
    }
}

fn refuse(node: &Node, examples: &[&Fact], at: &mut Cursor) {
    let there = examples.iter().find(|example| !matches!(example, Fact::Absent));
    let Some(there) = there else { return };
    let expected = match there {
        Fact::Absent => "",
        Fact::Bool(_) => "true or false",
        Fact::Number(_) => "a number",
        Fact::Span(_) => "a duration: milliseconds as a number, or text like \"250ms\", \"5s\"",
        Fact::Text(_) => "a string",
        Fact::List(_) => "a list, or an object with the names of its items",
        Fact::Fields(_) | Fact::Map(_) => "an object",
    };
    at.error(Code::WrongType, &node.describe(), expected);
}

fn unknown_field(name: &str, known: &[&str], at: &mut Cursor) {
    let found = format!("unknown field `{}`", excerpt(name));
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let hint = nearest(name, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
    at.error_with_hint(Code::UnknownField, &found, &format!("one of {}", names.join(", ")), hint);
}
