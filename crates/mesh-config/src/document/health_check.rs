//! How endpoints are asked for their health.

use super::{Count, Percent, RequestPath, Statuses, TimeSpan};
use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    node::Node,
};

/// How endpoints are asked for their health: a path, or each setting by name. The checks are made
/// by a registry; the data plane only learns their result.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum HealthCheck {
    /// The path that is asked for.
    Path(RequestPath),
    /// Each setting by name.
    Settings(HealthCheckSettings),
}

object! {
    /// How endpoints are asked for their health.
    pub struct HealthCheckSettings is "an object with `path`, `interval`, …" {
        required {
            /// The path that is asked for.
            "path" => path: RequestPath,
        }
        optional {
            /// Time between two checks.
            "interval" => interval: TimeSpan = crate::defaults::HEALTH_INTERVAL_MS,
            /// Random time on top of `interval`, in percent of it, so that checks do not all come at
            /// once.
            "jitter" => jitter: Percent = crate::defaults::HEALTH_JITTER_PERCENT,
            /// Time for one check.
            "timeout" => timeout: TimeSpan = crate::defaults::HEALTH_TIMEOUT_MS,
            /// Statuses that are healthy.
            "expectedStatus" => expected_status: Statuses = "2xx",
            /// Good checks in a row that make an endpoint healthy.
            "healthyThreshold" => healthy_threshold: Count = crate::defaults::HEALTHY_THRESHOLD,
            /// Bad checks in a row that make it unhealthy.
            "unhealthyThreshold" => unhealthy_threshold: Count =
                crate::defaults::UNHEALTHY_THRESHOLD,
        }
    }
}

impl HealthCheck {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> HealthCheckSettings {
        match self {
            Self::Path(path) => HealthCheckSettings {
                path: path.clone(),
                interval: None,
                jitter: None,
                timeout: None,
                expected_status: None,
                healthy_threshold: None,
                unhealthy_threshold: None,
            },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl HealthCheckSettings {
    /// Whether an answer with that status is a healthy one.
    #[must_use]
    pub fn expects(&self, status: u16) -> bool {
        match &self.expected_status {
            Some(statuses) => statuses.ranges().any(|range| range.holds(status)),
            None => (200..=299).contains(&status),
        }
    }
}

impl Decode for HealthCheck {
    fn expected() -> String {
        "a path like \"/health\", or an object with `path`, `interval`, …".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => RequestPath::decode(node, at).map(Self::Path),
            Node::Object(_) => HealthCheckSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
