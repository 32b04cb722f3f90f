//! A document before it means anything: a tree of plain values that keeps order and duplicates.
//!
//! One tree for all sources: JSON text, a JavaScript object, YAML. It is bounded while it is read,
//! so that a document that never ends (a JavaScript object that holds itself) ends here.

use core::{cell::Cell, fmt};

use serde::{
    Serialize, Serializer,
    de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::limits::{DEPTH_MAX, DOCUMENT_BYTES_MAX, EXCERPT_CHARS_MAX, NODE_BYTES};

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON's six kinds, and what was refused")]
pub enum Node {
    /// `null`, or JavaScript's `undefined`. As a field it means "not given".
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object: its fields in order, duplicates included.
    Object(Vec<(String, Self)>),
    /// What was not read, and why.
    Refused(Refusal),
}

/// Why a value was not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the two bounds of a document")]
pub enum Refusal {
    /// Nested deeper than [`DEPTH_MAX`].
    Deep,
    /// The document is larger than [`DOCUMENT_BYTES_MAX`].
    Large,
}

impl Node {
    /// Says what the value is, cut short: `the number 5`, `the string "abc"`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => format!("the number {value}"),
            Self::Text(value) => format!("the string \"{}\"", excerpt(value)),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
            Self::Refused(Refusal::Deep) => format!("more than {DEPTH_MAX} levels"),
            Self::Refused(Refusal::Large) => format!("more than {DOCUMENT_BYTES_MAX} bytes"),
        }
    }
}

impl Node {
    /// Appends it as JSON; what JSON has no word for is `null`.
    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Null | Self::Refused(_) => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) if value.is_finite() => out.push_str(&value.to_string()),
            Self::Number(_) => out.push_str("null"),
            Self::Text(text) => write_json_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    out.push_str(if number == 0 { "" } else { "," });
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (number, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if number == 0 { "" } else { "," });
                    write_json_text(name, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\0'..' ' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push('"');
}

/// As it was read; what was refused is `null`.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Refused(_) => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(k, v)| (k, v))),
        }
    }
}

/// The beginning of a text with control characters made visible.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String =
        text.chars().take(EXCERPT_CHARS_MAX).flat_map(|c| c.escape_debug()).collect();
    if text.chars().nth(EXCERPT_CHARS_MAX).is_some() {
        short.push('\u{2026}');
    }
    short
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let budget = Cell::new(DOCUMENT_BYTES_MAX);
        Seed { budget: &budget, depth: 0 }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Cell<usize>,
    depth: usize,
}

impl Seed<'_> {
    /// Takes `bytes` and the cost of a value from the budget; false where it is used up.
    fn pay(self, bytes: usize) -> bool {
        let rest = self.budget.get().checked_sub(bytes.saturating_add(NODE_BYTES));
        self.budget.set(rest.unwrap_or(0));
        rest.is_some()
    }

    const fn below(self) -> Self {
        Self { budget: self.budget, depth: self.depth.saturating_add(1) }
    }

    fn scalar(self, node: Node) -> Node {
        if self.pay(0) { node } else { Node::Refused(Refusal::Large) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a boolean, a number, a string, a list or an object")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.scalar(Node::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(self.scalar(Node::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(self.scalar(Node::Bool(value)))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting is larger than 2^53")]
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(self.scalar(Node::Number(value as f64)))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting is larger than 2^53")]
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(self.scalar(Node::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(self.scalar(Node::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        let fits = self.pay(value.len());
        Ok(if fits { Node::Text(value.to_owned()) } else { Node::Refused(Refusal::Large) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        if self.depth >= DEPTH_MAX || !self.pay(0) {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Node::Refused(refusal(self.depth)));
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            list.push(item);
            if self.budget.get() == 0 {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                list.push(Node::Refused(Refusal::Large));
                break;
            }
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        if self.depth >= DEPTH_MAX || !self.pay(0) {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Node::Refused(refusal(self.depth)));
        }
        let mut object = Vec::new();
        while let Some(name) = fields.next_key::<String>()? {
            let fits = self.pay(name.len());
            object.push((name, fields.next_value_seed(self.below())?));
            if !fits || self.budget.get() == 0 {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Node::Refused(Refusal::Large));
            }
        }
        Ok(Node::Object(object))
    }
}

const fn refusal(depth: usize) -> Refusal {
    if depth >= DEPTH_MAX { Refusal::Deep } else { Refusal::Large }
}
