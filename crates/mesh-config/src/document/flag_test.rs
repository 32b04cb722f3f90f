//! Conditions on feature flags.

use crate::{
    decode::{Cursor, Decode, wrong_type},
    node::Node,
};

/// What a flag is to be: the name of a variant, or a value of a boolean flag.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a value or a name")]
pub enum FlagTest {
    /// The flag is true, or false.
    Value(bool),
    /// It has the variant of that name.
    Variant(String),
}

impl Decode for FlagTest {
    fn expected() -> String {
        "the name of a variant, or true or false for a boolean flag".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(value) => Some(Self::Value(*value)),
            Node::Text(name) => Some(Self::Variant(name.clone())),
            _ => wrong_type(node, at),
        }
    }
}
