//! The values of flags.

use crate::{
    decode::{Cursor, Decode, wrong_type},
    diagnostic::Code,
    limits::FLAG_VALUE_BYTES_MAX,
    node::Node,
};

/// The value of a flag: a boolean, a number, a string, or JSON that is an object or a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(
        type = "boolean | number | string | readonly unknown[] | { readonly [key: string]: unknown }"
    )
)]
#[serde(transparent)]
pub struct FlagValue(Node);

/// The types that flags may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the four types of flags")]
pub enum FlagType {
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An object or a list.
    Json,
}

impl FlagType {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Json => "JSON",
        }
    }
}

impl FlagValue {
    /// A boolean.
    #[must_use]
    pub const fn boolean(value: bool) -> Self {
        Self(Node::Bool(value))
    }

    /// Its type.
    #[must_use]
    pub const fn flag_type(&self) -> FlagType {
        match self.0 {
            Node::Bool(_) => FlagType::Boolean,
            Node::Number(_) => FlagType::Number,
            Node::Text(_) => FlagType::String,
            Node::Null | Node::List(_) | Node::Object(_) | Node::Refused(_) => FlagType::Json,
        }
    }

    /// The value, where it is a boolean.
    #[must_use]
    pub const fn as_boolean(&self) -> Option<bool> {
        if let Node::Bool(value) = self.0 { Some(value) } else { None }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.0.write_json(&mut out);
        out
    }
}

impl Decode for FlagValue {
    fn expected() -> String {
        "a boolean, a number, a string, an object or a list".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        if matches!(node, Node::Null | Node::Refused(_)) {
            return wrong_type(node, at);
        }
        if !is_json(node, at) {
            return None;
        }
        let value = Self(node.clone());
        let bytes = value.to_json().len();
        if bytes > FLAG_VALUE_BYTES_MAX {
            let found = format!("a value of {bytes} bytes");
            at.error(Code::TooLarge, &found, "at most 16384 bytes");
            return None;
        }
        Some(value)
    }
}

/// True where JSON can say it; notes what it cannot.
fn is_json(node: &Node, at: &mut Cursor) -> bool {
    match node {
        Node::Number(number) if !number.is_finite() => {
            at.error(Code::OutOfRange, &node.describe(), "a finite number");
            false
        }
        Node::Refused(_) => {
            let _none: Option<FlagValue> = wrong_type(node, at);
            false
        }
        Node::List(items) => {
            let mut good = true;
            for (index, item) in items.iter().enumerate() {
                good &= at.at_item(index, |at| is_json(item, at));
            }
            good
        }
        Node::Object(fields) => {
            at.duplicates(fields);
            let mut good = true;
            for (name, value) in fields {
                good &= at.at_field(name, |at| is_json(value, at));
            }
            good
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => true,
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for FlagValue {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "FlagValue".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The value of a flag: a boolean, a number, a string, or JSON that is an object or a list.",
            "type": ["boolean", "number", "string", "array", "object"],
        })
    }
}
