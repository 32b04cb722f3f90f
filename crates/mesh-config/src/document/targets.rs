//! Whom a rule is for.

use crate::{
    decode::{Cursor, Decode, wrong_type},
    node::Node,
};

/// Whom a rule is for: one text, or a list of them.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum Targets {
    /// One.
    One(String),
    /// One of several.
    Many(Vec<String>),
}

impl Targets {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(text) => core::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

impl Decode for Targets {
    fn expected() -> String {
        "a string or a list of strings".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(text) => Some(Self::One(text.clone())),
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            _ => wrong_type(node, at),
        }
    }
}
