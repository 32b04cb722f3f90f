//! Endpoints as an explanation shows them.

use serde::Serialize;

use crate::{
    document::{Coordinates, EndpointHealth},
    plan::{PlannedService, PlannedVersion},
};

/// An endpoint of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedEndpoint {
    /// Its address, in normal form.
    pub address: String,
    /// The version that runs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its share where weights count.
    pub weight: u16,
    /// Its order of failover.
    pub priority: u8,
    /// Whether it is in the backend's range of versions; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_version: Option<bool>,
    /// Its health as the document states it.
    pub health: EndpointHealth,
    /// The region where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The data centre where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colo: Option<String>,
    /// Where it stands on the globe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Coordinates>,
    /// What it can do that others cannot.
    pub capabilities: Vec<String>,
}

impl ExplainedEndpoint {
    pub(super) fn all(service: &PlannedService, version: Option<&PlannedVersion>) -> Vec<Self> {
        let one = |(place, endpoint): (u32, &crate::plan::PlannedEndpoint)| Self {
            address: endpoint.address.as_str().to_owned(),
            version: endpoint.version.clone(),
            weight: endpoint.weight,
            priority: endpoint.priority,
            in_version: version.map(|version| version.takes(place)),
            health: endpoint.health,
            region: endpoint.region.clone(),
            colo: endpoint.colo.clone(),
            location: endpoint.location,
            capabilities: endpoint.capabilities.clone(),
        };
        (0u32..).zip(&service.endpoints).map(one).collect()
    }

    pub(super) fn takes_traffic(&self) -> bool {
        self.health == EndpointHealth::Healthy
    }
}
