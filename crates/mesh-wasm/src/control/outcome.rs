//! What the brain of a registry object tells its host: plain data.

use alloc::{string::String, vec::Vec};

use mesh_config::{
    diagnostic::Diagnostic,
    document::{EndpointHealth, Registration},
};
use serde::{Deserialize, Serialize};
use tsify::Tsify;

use super::{Bytes, shared::ListedEjection};

/// What became of one registration; each is for itself.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    /// Whether it was taken in.
    pub(super) ok: bool,
    /// The endpoint's identity, 16 hex digits: what heartbeats name. Absent where it was refused.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// Whether the endpoint is new, says something else than before, or only goes on.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<RegisteredState>,
    /// When it ends without a heartbeat, in ms since 1970. Absent where it does not.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<f64>,
    /// The registration in its normal form.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registration: Option<Registration>,
    /// Why it was refused.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What a registration did.
#[derive(Clone, Copy, Debug, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegisteredState {
    /// The endpoint was not there.
    New,
    /// It says something else than before.
    Changed,
    /// It says the same.
    Renewed,
}

/// What came of a heartbeat.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Renewed {
    /// The identity that was named.
    pub(super) id: String,
    /// False where no such endpoint is registered, or no more: it has to register again.
    pub(super) ok: bool,
    /// When it ends without another one, in ms since 1970. Absent where it does not.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<f64>,
}

/// An endpoint by its names.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct EndpointName {
    /// Its identity.
    pub(super) id: String,
    /// The service that it is one of.
    pub(super) service: String,
    /// Its address.
    pub(super) address: String,
    /// Its version, empty = none.
    pub(super) version: String,
}

/// A health check to be made now.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probe {
    /// The endpoint's identity.
    pub(super) id: String,
    /// Where to ask.
    pub(super) address: String,
    /// For what, a path that begins with `/`.
    pub(super) path: String,
    /// How long to wait for the answer, in ms.
    pub(super) timeout_ms: f64,
}

/// What is to be done now.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct Work {
    /// Checks to be made.
    pub(super) probes: Vec<Probe>,
    /// Endpoints whose lease is over.
    pub(super) expired: Vec<EndpointName>,
    /// Endpoints that were ejected and are used again.
    pub(super) returned: Vec<EndpointName>,
}

/// What is to be published.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct Publication {
    /// Its version.
    pub(super) version: f64,
    /// The bytes of the Snapshot.
    #[tsify(type = "Uint8Array")]
    pub(super) snapshot: Bytes,
    /// Those of the candidate of a rollout.
    #[tsify(type = "Uint8Array", optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) candidate: Option<Bytes>,
    /// Hash of the content of both: equal for what need not be published again.
    pub(super) hash: String,
}

/// What came of making a Snapshot.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct Made {
    /// What is to be published, where it compiles.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publication: Option<Publication>,
    /// Errors, or warnings.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Who says that an endpoint is there.
#[derive(Clone, Copy, Debug, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EndpointSource {
    /// The configuration names it.
    Config,
    /// It is registered.
    Registration,
    /// Nobody: it is the service binding of the service's own name.
    Default,
}

/// What checks say of an endpoint.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckVerdict {
    /// It was not checked yet.
    Unknown,
    /// It answers as it should.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// What is known of a checked endpoint, to be stored.
#[derive(Debug, Deserialize, Serialize, Tsify)]
pub(crate) struct CheckRow {
    /// The endpoint's identity.
    pub(super) id: String,
    /// What its answers say.
    pub(super) verdict: CheckVerdict,
    /// Answers in a row that speak against that.
    pub(super) against: u8,
    /// When it is probed next, in ms since 1970.
    pub(super) next: f64,
}

/// A place on the globe, in degrees.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct ListedLocation {
    /// North.
    pub(super) latitude: f32,
    /// East.
    pub(super) longitude: f32,
}

/// An endpoint as the registry knows it.
#[derive(Debug, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedEndpoint {
    /// Its identity, 16 hex digits.
    pub(super) id: String,
    /// The service that it is one of.
    pub(super) service: String,
    /// Its address.
    pub(super) address: String,
    /// Its version, empty = none.
    pub(super) version: String,
    /// Its share where weights count.
    pub(super) weight: u16,
    /// Its order of failover.
    pub(super) priority: u8,
    /// The region where it stands, empty = not said.
    pub(super) region: String,
    /// The data centre where it stands, empty = not said.
    pub(super) colo: String,
    /// Where it stands on the globe.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<ListedLocation>,
    /// What it can do that others cannot.
    pub(super) capabilities: Vec<String>,
    /// What else it says of itself.
    #[tsify(type = "Record<string, string>")]
    pub(super) metadata: alloc::collections::BTreeMap<String, String>,
    /// Its health as published.
    pub(super) health: EndpointHealth,
    /// Why and until when isolates leave it out, where they do.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ejected: Option<ListedEjection>,
    /// Who says that it is there.
    pub(super) source: EndpointSource,
    /// What checks say, where there are some.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) check: Option<CheckVerdict>,
    /// When it ends without a heartbeat, in ms since 1970. Absent where it does not.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<f64>,
}
