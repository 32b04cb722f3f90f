//! Changes to headers.

use alloc::collections::BTreeMap;

use super::{HeaderName, HeaderValue};
use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    node::Node,
};

object! {
    /// Changes to headers: `set` first, then `add`, then `remove`.
    #[derive(Default)]
    pub struct Edits is "an object with `set`, `add`, `remove`" {
        optional {
            /// Headers that get this value and no other.
            "set" => set: BTreeMap<String, HeaderValue>,
            /// Headers that get a value, or several, beside those they have.
            "add" => add: BTreeMap<String, HeaderValues>,
            /// Headers that go.
            "remove" => remove: Vec<HeaderName>,
        }
    }
}

/// One value of a header, or several.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum HeaderValues {
    /// One.
    One(HeaderValue),
    /// Several.
    Many(Vec<HeaderValue>),
}

impl HeaderValues {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[HeaderValue] {
        match self {
            Self::One(value) => core::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Decode for HeaderValues {
    fn expected() -> String {
        "a header value or a list of values".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => HeaderValue::decode(node, at).map(Self::One),
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            _ => wrong_type(node, at),
        }
    }
}
