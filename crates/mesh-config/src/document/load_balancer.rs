//! How an endpoint is chosen.

use super::{CookieName, HeaderName, Tag};
use crate::{
    decode::{Cursor, Decode, names, object, wrong_type},
    node::Node,
};

names! {
    /// A way to choose an endpoint.
    pub enum BalancerName is "a load balancer" {
        /// The better of two drawn at random, by latency, failures and requests in flight.
        P2c = "p2c",
        /// One after the other.
        RoundRobin = "roundRobin",
        /// By the endpoints' weights.
        Weighted = "weighted",
        /// The one with the fewest requests in flight.
        LeastRequest = "leastRequest",
        /// The same as `leastRequest`.
        LeastConnections = "leastConnections",
        /// The nearest to the caller, passing over unhealthy and loaded ones.
        Geographic = "geographic",
        /// The same endpoint for the same key; `on` says what the key is.
        ConsistentHash = "consistentHash",
        /// By the load that endpoints report in `endpoint-load-metrics`.
        Adaptive = "adaptive",
        /// As code says that the host is given by name; of what `p2c` proposes.
        Custom = "custom",
    }
}

names! {
    /// A key that needs no further name.
    pub enum HashSource is "a hash key" {
        /// The path of the request.
        Path = "path",
        /// The address of the caller.
        ClientAddress = "clientAddress",
        /// Who calls, as the host knows it.
        Principal = "principal",
        /// The tenant of who calls, as the host knows it.
        Tenant = "tenant",
    }
}

/// What `consistentHash` and rate limits take their key from.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "HashSource | HashKey"))]
#[serde(untagged)]
#[non_exhaustive]
pub enum HashOn {
    /// The path, or what the host knows of the caller.
    Source(HashSource),
    /// A named part of the request.
    Key(HashKey),
}

/// A named part of the request: exactly one of `header`, `cookie`, `query`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum HashKey {
    /// The value of this request header.
    Header(HeaderName),
    /// The value of this cookie.
    Cookie(CookieName),
    /// The value of this query parameter.
    Query(Tag),
}

/// How an endpoint is chosen: a name, or a name with its settings.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum LoadBalancer {
    /// Only the name.
    Name(BalancerName),
    /// The name and its settings.
    Settings(LoadBalancerSettings),
}

object! {
    /// A load balancer and its settings.
    pub struct LoadBalancerSettings is "an object with `type`, `on` and `name`" {
        required {
            /// Which one.
            "type" => name: BalancerName,
        }
        optional {
            /// The key of `consistentHash`; required there, and only there.
            "on" => on: HashOn,
            /// The name of the code of `custom`; required there, and only there.
            "name" => code: Tag,
        }
    }
}

impl LoadBalancer {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> LoadBalancerSettings {
        match self {
            Self::Name(name) => LoadBalancerSettings { name: *name, on: None, code: None },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for LoadBalancer {
    fn expected() -> String {
        format!("{}; or an object with `type` and `on`", BalancerName::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => BalancerName::decode(node, at).map(Self::Name),
            Node::Object(_) => LoadBalancerSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for HashOn {
    fn expected() -> String {
        "\"path\", \"clientAddress\", \"principal\", \"tenant\", { header }, { cookie } or { query }"
            .to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => HashSource::decode(node, at).map(Self::Source),
            Node::Object(_) => HashKey::decode(node, at).map(Self::Key),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for HashKey {
    fn expected() -> String {
        "an object with one of `header`, `cookie`, `query`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let known = ["header", "cookie", "query"];
        let fields = crate::decode::Fields::of::<Self>(node, &known, at)?;
        let header = fields.optional("header", at).map(Self::Header);
        let cookie = fields.optional("cookie", at).map(Self::Cookie);
        let query = fields.optional("query", at).map(Self::Query);
        fields.exactly_one::<Self>(at)?;
        header.or(cookie).or(query)
    }
}
