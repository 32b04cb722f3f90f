//! Where a rule sends, and how much of its traffic.

use alloc::collections::BTreeMap;

use super::{Conditions, Filter, FlagTest, ServiceName, VersionRange};
use crate::{
    decode::{Cursor, Decode, object, whole, wrong_type},
    node::Node,
};

whole! {
    /// The share of a backend among those of its rule.
    pub struct BackendWeight(u32) from 0 to 1000000;
}

object! {
    /// A service that a rule sends to, with its share.
    pub struct Backend is "an object with `service` and `weight`" {
        required {
            /// The service.
            "service" => service: ServiceName,
        }
        optional {
            /// Its share among the rule's backends. 0 = nothing.
            "weight" => weight: BackendWeight = crate::defaults::BACKEND_WEIGHT,
            /// What happens to requests that go there, after the rule's own filters. No redirects.
            "filters" => filters: Vec<Filter>,
            /// Requests whose headers meet these conditions go here, whatever the weights say.
            "headers" => headers: Conditions,
            /// Requests whose query meets these conditions go here, whatever the weights say.
            "query" => query: Conditions,
            /// Requests for which flags have these variants go here, whatever the weights say; all of
            /// `headers`, `query` and `flags` that are given must hold.
            "flags" => flags: BTreeMap<String, FlagTest>,
            /// Only the service's endpoints whose version is in this range.
            "version" => version: VersionRange,
        }
    }
}

impl Backend {
    /// A backend of which only the service is known.
    #[must_use]
    pub const fn of(service: ServiceName) -> Self {
        Self {
            service,
            weight: None,
            filters: None,
            headers: None,
            query: None,
            flags: None,
            version: None,
        }
    }
}

object! {
    /// A backend that does not exist. Its share of the requests is answered with status 500, as the
    /// Kubernetes Gateway API asks for a reference to nothing; the other backends work.
    pub struct MissingBackend is "an object with `missing` and `weight`" {
        required {
            /// What was asked for, for those who read the document.
            "missing" => missing: String,
        }
        optional {
            /// Its share among the rule's backends.
            "weight" => weight: BackendWeight = crate::defaults::BACKEND_WEIGHT,
        }
    }
}

/// A backend: the name of a service, or an object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form, a long one, and none at all")]
pub enum BackendEntry {
    /// Only the service.
    Service(ServiceName),
    /// The service and its share.
    Backend(Backend),
    /// No service: its share answers 500.
    Missing(MissingBackend),
}

impl BackendEntry {
    /// The long form; `None` where there is no service.
    #[must_use]
    pub fn backend(&self) -> Option<Backend> {
        match self {
            Self::Service(service) => Some(Backend::of(service.clone())),
            Self::Backend(backend) => Some(backend.clone()),
            Self::Missing(_) => None,
        }
    }
}

impl Decode for BackendEntry {
    fn expected() -> String {
        "the name of a service, or an object with `service` and `weight`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => ServiceName::decode(node, at).map(Self::Service),
            Node::Object(fields) if fields.iter().any(|(name, _)| name == "missing") => {
                MissingBackend::decode(node, at).map(Self::Missing)
            }
            Node::Object(_) => Backend::decode(node, at).map(Self::Backend),
            _ => wrong_type(node, at),
        }
    }
}
