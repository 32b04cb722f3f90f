//! `false` as a setting: off.

use crate::{
    decode::{Cursor, Decode, wrong_type},
    node::Node,
};

/// Switches a feature off; written `false`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "false"))]
#[expect(clippy::exhaustive_structs, reason = "there is one way to be off")]
pub struct Off;

impl serde::Serialize for Off {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Off {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Off".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "Switches it off.", "const": false })
    }
}

impl Decode for Off {
    fn expected() -> String {
        "false".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(false) => Some(Self),
            _ => wrong_type(node, at),
        }
    }
}
