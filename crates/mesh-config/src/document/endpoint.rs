//! One way to reach a service.

use mesh_core::snapshot::tables::Health;

use super::{Address, Colo, Coordinates, EndpointPriority, Region, Tag};
use crate::{
    decode::{Cursor, Decode, names, object, whole, wrong_type},
    node::Node,
};

whole! {
    /// The share of an endpoint where weights count; 0 = only where nothing else is left.
    pub struct EndpointWeight(u16) from 0 to 65535;
}

names! {
    /// The health of an endpoint as the document states it.
    pub enum EndpointHealth is "a health state" {
        /// Takes traffic.
        Healthy = "healthy",
        /// Takes none, except in panic.
        Unhealthy = "unhealthy",
        /// Finishes what it has and takes no more.
        Draining = "draining",
    }
}

impl EndpointHealth {
    /// The state as a Snapshot has it.
    #[must_use]
    pub const fn health(self) -> Health {
        match self {
            Self::Healthy => Health::Healthy,
            Self::Unhealthy => Health::Unhealthy,
            Self::Draining => Health::Draining,
        }
    }
}

impl From<Health> for EndpointHealth {
    fn from(health: Health) -> Self {
        match health {
            Health::Healthy => Self::Healthy,
            Health::Unhealthy => Self::Unhealthy,
            Health::Draining => Self::Draining,
        }
    }
}

object! {
    /// One way to reach a service: an address and what is known about it.
    pub struct Endpoint is "an endpoint object with an `address`" {
        required {
            /// Where it is: `binding:NAME`, `https://host/base`, a bare host, `do:NAME/key`,
            /// `dispatch:NAME/worker`, `vpc:NAME/host`, `mtls:NAME/https://…` or `local:NAME`.
            "address" => address: Address,
        }
        optional {
            /// The version that runs there.
            "version" => version: Tag,
            /// Its share where weights count; 0 = only where nothing else is left.
            "weight" => weight: EndpointWeight = crate::defaults::WEIGHT,
            /// The order of failover: 0 first, higher ones as those of lower ones fail.
            "priority" => priority: EndpointPriority = 0,
            /// The region where it stands.
            "region" => region: Region,
            /// The data centre where it stands, by its airport code.
            "colo" => colo: Colo,
            /// Where it stands on the globe. By default the middle of its `region`, where that is
            /// one of Cloudflare's location hints.
            "location" => location: Coordinates,
            /// What it can do that others cannot.
            "capabilities" => capabilities: Vec<Tag>,
            /// Its health, until a check says otherwise.
            "health" => health: EndpointHealth = "healthy",
            /// Allows plain `http://` to another machine.
            "allowInsecure" => allow_insecure: bool = false,
        }
    }
}

impl Endpoint {
    /// An endpoint of which only the address is known.
    #[must_use]
    pub const fn at(address: Address) -> Self {
        Self {
            address,
            version: None,
            weight: None,
            priority: None,
            region: None,
            colo: None,
            location: None,
            capabilities: None,
            health: None,
            allow_insecure: None,
        }
    }
}

/// An endpoint: its address, or an object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum EndpointEntry {
    /// Only the address.
    Address(Address),
    /// All that is known.
    Endpoint(Endpoint),
}

impl EndpointEntry {
    /// The long form.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::Address(address) => Endpoint::at(address.clone()),
            Self::Endpoint(endpoint) => endpoint.clone(),
        }
    }
}

/// The endpoints of a service: one or a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum Endpoints {
    /// One.
    One(EndpointEntry),
    /// Several.
    Many(Vec<EndpointEntry>),
}

impl Endpoints {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[EndpointEntry] {
        match self {
            Self::One(entry) => core::slice::from_ref(entry),
            Self::Many(entries) => entries,
        }
    }
}

impl Decode for EndpointEntry {
    fn expected() -> String {
        format!("{}, or an object with `address`, `version`, …", Address::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => Address::decode(node, at).map(Self::Address),
            Node::Object(_) => Endpoint::decode(node, at).map(Self::Endpoint),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for Endpoints {
    fn expected() -> String {
        "an endpoint or a list of endpoints, each an address or an object".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            Node::Text(_) | Node::Object(_) => EndpointEntry::decode(node, at).map(Self::One),
            _ => wrong_type(node, at),
        }
    }
}
