//! Conditions on headers and query parameters.

use alloc::collections::BTreeMap;

use crate::{
    decode::{Cursor, Decode, names, object, wrong_type},
    node::Node,
};

/// The mere presence of a header or parameter; written `true`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "true"))]
#[expect(clippy::exhaustive_structs, reason = "there is one way to be there")]
pub struct Present;

names! {
    /// How a value is compared.
    pub enum ConditionType is "a condition type" {
        /// The value is exactly this.
        Exact = "Exact",
        /// The whole value matches this regular expression.
        RegularExpression = "RegularExpression",
        /// There is a value.
        Present = "Present",
    }
}

/// What a header or query parameter must be: text for exactly that, `true` for there, or a type and
/// a value.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "two short forms and a long one")]
pub enum Condition {
    /// Exactly this.
    Exact(String),
    /// There.
    Present(Present),
    /// A type and a value.
    Test(ConditionTest),
}

object! {
    /// What a header or query parameter must be, with the way it is compared.
    #[derive(Default)]
    pub struct ConditionTest is "an object with `type` and `value`" {
        optional {
            /// How the value is compared.
            "type" => condition_type: ConditionType = "Exact",
            /// With what; not for `Present`.
            "value" => value: String,
        }
    }
}

object! {
    /// A condition with the name of its header or query parameter.
    pub struct ConditionEntry is "an object with `name`, `type` and `value`" {
        required {
            /// The name of the header or query parameter.
            "name" => name: String,
        }
        optional {
            /// How the value is compared.
            "type" => condition_type: ConditionType = "Exact",
            /// With what; not for `Present`.
            "value" => value: String,
        }
    }
}

/// Conditions that must all hold: by name, or a list as in the Kubernetes Gateway API.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "Record<string, Condition> | ConditionEntry[]")
)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "by name or as a list")]
pub enum Conditions {
    /// By name.
    ByName(BTreeMap<String, Condition>),
    /// As a list.
    List(Vec<ConditionEntry>),
}

impl serde::Serialize for Present {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Present {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Present".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "It is there.", "const": true })
    }
}

impl Decode for Condition {
    fn expected() -> String {
        "text to compare with, true for present, or an object with `type` and `value`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(text) => Some(Self::Exact(text.clone())),
            Node::Bool(true) => Some(Self::Present(Present)),
            Node::Object(_) => ConditionTest::decode(node, at).map(Self::Test),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for Conditions {
    fn expected() -> String {
        "an object of conditions by name, or a list of objects with `name`, `type`, `value`"
            .to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Object(_) => BTreeMap::decode(node, at).map(Self::ByName),
            Node::List(_) => Vec::decode(node, at).map(Self::List),
            _ => wrong_type(node, at),
        }
    }
}
