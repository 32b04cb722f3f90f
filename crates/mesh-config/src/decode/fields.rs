//! The fields of an object while it is read.

use super::{Cursor, Decode, note_wrong_type};
use crate::{
    diagnostic::Code,
    nearest::nearest,
    node::{Node, excerpt},
};

/// Words that other meshes and proxies use for what this document calls otherwise.
const OTHER_WORDS: [(&str, &str); 17] = [
    ("upstreams", "services"),
    ("clusters", "services"),
    ("routes", "rules"),
    ("url", "address"),
    ("uri", "address"),
    ("target", "service"),
    ("upstream", "service"),
    ("destination", "service"),
    ("backendRefs", "backends"),
    ("hostname", "host"),
    ("hostnames", "hosts"),
    ("circuitBreaker", "breaker"),
    ("outlierDetection", "breaker"),
    ("lb", "loadBalancer"),
    ("queryParams", "query"),
    ("maxRetries", "attempts"),
    ("retryOn", "on"),
];

/// An object's fields, once its names are checked.
pub(crate) struct Fields<'n> {
    fields: &'n [(String, Node)],
}

impl<'n> Fields<'n> {
    /// The fields of `node`; notes unknown and doubled ones.
    pub(crate) fn of<T: Decode>(
        node: &'n Node,
        known: &[&'static str],
        at: &mut Cursor,
    ) -> Option<Self> {
        Self::checked(node, known, T::expected, at)
    }

    #[inline(never)]
    fn checked(
        node: &'n Node,
        known: &[&'static str],
        expected: fn() -> String,
        at: &mut Cursor,
    ) -> Option<Self> {
        let Node::Object(fields) = node else {
            note_wrong_type(node, expected, at);
            return None;
        };
        at.duplicates(fields);
        for (name, _) in fields.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            let expected = format!("one of {}", names.join(", "));
            let found = format!("unknown field `{}`", excerpt(name));
            let hint = suggestion(name, known).map(|name| format!("did you mean `{name}`?"));
            at.at_field(name, |at| {
                at.error_with_hint(Code::UnknownField, &found, &expected, hint);
            });
        }
        Some(Self { fields })
    }

    /// The fields of an object of another program's format: what is neither `known` nor `silent`
    /// is a warning, because its author asks for something that will not happen. A `*` among the
    /// silent ones is any field.
    pub(crate) fn tolerant<T: Decode>(
        node: &'n Node,
        known: &[&'static str],
        silent: &[&'static str],
        at: &mut Cursor,
    ) -> Option<Self> {
        let Node::Object(fields) = node else {
            note_wrong_type(node, T::expected, at);
            return None;
        };
        at.duplicates(fields);
        let expected_by =
            |name: &str| known.iter().chain(silent).any(|one| *one == name || *one == "*");
        for (name, value) in fields {
            if *value != Node::Null && !expected_by(name) {
                let found = format!("`{}`, which has no effect here", excerpt(name));
                at.at_field(name, |at| at.warning(Code::Unsupported, &found, ""));
            }
        }
        Some(Self { fields })
    }

    /// Reads a field that must be there.
    pub(crate) fn required<T: Decode>(&self, name: &str, at: &mut Cursor) -> Option<T> {
        match self.node(name) {
            Some(node) => at.at_field(name, |at| T::decode(node, at)),
            None => {
                missing(name, T::expected, at);
                None
            }
        }
    }

    /// Reads a field that may be absent; `null` is absent.
    pub(crate) fn optional<T: Decode>(&self, name: &str, at: &mut Cursor) -> Option<T> {
        let node = self.node(name)?;
        at.at_field(name, |at| T::decode(node, at))
    }

    /// Goes on where there is exactly one field; notes it otherwise.
    pub(crate) fn exactly_one<T: Decode>(&self, at: &mut Cursor) -> Option<()> {
        if self.count() != 1 {
            at.error(Code::WrongType, "not exactly one field", &T::expected());
            return None;
        }
        Some(())
    }

    /// How many fields are there.
    fn count(&self) -> usize {
        self.fields.iter().filter(|(_, node)| *node != Node::Null).count()
    }

    #[inline(never)]
    fn node(&self, name: &str) -> Option<&'n Node> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, node)| node).filter(|node| **node != Node::Null)
    }
}

#[inline(never)]
fn missing(name: &str, expected: fn() -> String, at: &mut Cursor) {
    at.at_field(name, |at| at.error(Code::MissingField, "nothing", &expected()));
}

fn suggestion(name: &str, known: &[&'static str]) -> Option<&'static str> {
    nearest(name, known.iter().copied()).or_else(|| {
        let words = OTHER_WORDS.iter().filter(|(_, ours)| known.contains(ours));
        words.clone().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, ours)| *ours)
    })
}
