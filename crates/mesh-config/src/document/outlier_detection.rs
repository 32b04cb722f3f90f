//! When an endpoint is left out by what all isolates see of it together.

use super::{Count, Percent, TimeSpan};
use crate::{
    decode::{Cursor, Decode, decimal, object, wrong_type},
    node::Node,
};

decimal! {
    /// A number of standard deviations.
    pub struct StdevFactor from 0.0 to 10.0;
}

/// Whether endpoints are left out by what all isolates see of them together: `true` with the defaults,
/// `false` for not, or each setting by name.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "on, off, or each setting")]
pub enum OutlierDetection {
    /// With the defaults, or not.
    Switch(bool),
    /// Each setting by name.
    Settings(OutlierDetectionSettings),
}

object! {
    /// When an endpoint is left out by what all isolates see of it together, as Envoy does it. Isolates
    /// tell the registry's object, which publishes an endpoint that it ejects as unhealthy.
    #[derive(Default)]
    pub struct OutlierDetectionSettings is "an object with `interval`, `baseEjectionTime`, …" {
        optional {
            /// Time whose results are judged together; at least a second. Isolates tell as often as
            /// they read, so a shorter one than that judges each report.
            "interval" => interval: TimeSpan = crate::defaults::OUTLIER_INTERVAL_MS,
            /// How long the first ejection lasts, at least a second; the n-th lasts n times as long.
            "baseEjectionTime" => base_ejection_time: TimeSpan =
                crate::defaults::OUTLIER_EJECTION_MS,
            /// How long one lasts at most.
            "maxEjectionTime" => max_ejection_time: TimeSpan =
                crate::defaults::OUTLIER_EJECTION_MAX_MS,
            /// Share of a service's endpoints that may be ejected at once, percent; one may always,
            /// unless this is 0, or no other endpoint takes traffic.
            "maxEjectionPercent" => max_ejection_percent: Percent =
                crate::defaults::OUTLIER_EJECTION_PERCENT,
            /// Endpoints with enough attempts before success rates are compared.
            "successRateMinimumHosts" => success_rate_minimum_hosts: Count =
                crate::defaults::OUTLIER_HOSTS,
            /// Attempts in an interval that make an endpoint's success rate count.
            "successRateRequestVolume" => success_rate_request_volume: Count =
                crate::defaults::OUTLIER_RATE_VOLUME,
            /// An endpoint is ejected so many standard deviations below the mean success rate.
            "successRateStdevFactor" => success_rate_stdev_factor: StdevFactor =
                crate::defaults::OUTLIER_STDEV_FACTOR,
            /// Share of these ejections that are carried out, percent. 0 = not by this.
            "enforcingSuccessRate" => enforcing_success_rate: Percent =
                crate::defaults::OUTLIER_ENFORCING_RATE,
            /// An endpoint is ejected at this percentage of failures.
            "failurePercentageThreshold" => failure_percentage_threshold: Percent =
                crate::defaults::OUTLIER_FAILURE_PERCENT,
            /// Endpoints with enough attempts before percentages of failures are judged.
            "failurePercentageMinimumHosts" => failure_percentage_minimum_hosts: Count =
                crate::defaults::OUTLIER_HOSTS,
            /// Attempts in an interval that make an endpoint's percentage of failures count.
            "failurePercentageRequestVolume" => failure_percentage_request_volume: Count =
                crate::defaults::OUTLIER_FAILURE_VOLUME,
            /// Share of these ejections that are carried out, percent. 0 = not by this.
            "enforcingFailurePercentage" => enforcing_failure_percentage: Percent =
                crate::defaults::OUTLIER_ENFORCING_FAILURE,
            /// An endpoint is ejected whose breaker opened in this percentage of the isolates that
            /// tell of its service, and in two at least. 0 = not by this.
            "openIsolatesPercent" => open_isolates_percent: Percent =
                crate::defaults::OUTLIER_OPEN_PERCENT,
        }
    }
}

impl OutlierDetection {
    /// The long form; `None` = off.
    #[must_use]
    pub fn settings(&self) -> Option<OutlierDetectionSettings> {
        match self {
            Self::Switch(on) => on.then(OutlierDetectionSettings::default),
            Self::Settings(settings) => Some(settings.clone()),
        }
    }
}

impl Decode for OutlierDetection {
    fn expected() -> String {
        "true, false, or an object with `interval`, `baseEjectionTime`, …".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(on) => Some(Self::Switch(*on)),
            Node::Object(_) => OutlierDetectionSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
