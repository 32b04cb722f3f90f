//! Where a request goes that got no good answer.

use super::{DirectResponse, ServiceName};
use crate::{
    decode::{Cursor, Decode, wrong_type},
    node::Node,
};

/// Where a request goes that got no good answer: the name of a service, or an object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "ServiceName | FallbackTarget")
)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum Fallback {
    /// A service.
    Service(ServiceName),
    /// A service or an answer, by name.
    Target(FallbackTarget),
}

/// A service, or an answer that the mesh makes itself: exactly one field.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "another service, or none")]
pub enum FallbackTarget {
    /// A service.
    Service(ServiceName),
    /// An answer.
    DirectResponse(DirectResponse),
}

impl Fallback {
    /// The long form.
    #[must_use]
    pub fn target(&self) -> FallbackTarget {
        match self {
            Self::Service(service) => FallbackTarget::Service(service.clone()),
            Self::Target(target) => target.clone(),
        }
    }
}

impl Decode for Fallback {
    fn expected() -> String {
        "the name of a service, or an object with one of `service`, `directResponse`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => ServiceName::decode(node, at).map(Self::Service),
            Node::Object(_) => FallbackTarget::decode(node, at).map(Self::Target),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for FallbackTarget {
    fn expected() -> String {
        "an object with one of `service`, `directResponse`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let fields = crate::decode::Fields::of::<Self>(node, &["service", "directResponse"], at)?;
        let service = fields.optional("service", at).map(Self::Service);
        let answer = fields.optional("directResponse", at).map(Self::DirectResponse);
        fields.exactly_one::<Self>(at)?;
        service.or(answer)
    }
}
