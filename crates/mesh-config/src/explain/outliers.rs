//! Outlier detection as an explanation shows it: every default filled in.

use mesh_core::{outlier::OutlierConfig, time::Micros};
use serde::Serialize;

use crate::{document::TimeSpan, plan::PlannedOutliers};

/// When endpoints are ejected by what all isolates see of them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedOutliers {
    /// Time whose results are judged together.
    pub interval: TimeSpan,
    /// How long the first ejection lasts.
    pub base_ejection_time: TimeSpan,
    /// How long one lasts at most.
    pub max_ejection_time: TimeSpan,
    /// Endpoints that may be ejected at once, percent.
    pub max_ejection_percent: u8,
    /// Endpoints with enough attempts before success rates are compared.
    pub success_rate_minimum_hosts: u32,
    /// Attempts that make a success rate count.
    pub success_rate_request_volume: u32,
    /// Standard deviations below the mean that make an outlier.
    pub success_rate_stdev_factor: f64,
    /// Ejections by success rate that are carried out, percent; 0 = not by this.
    pub enforcing_success_rate: u8,
    /// Percentage of failures that makes an outlier.
    pub failure_percentage_threshold: u8,
    /// Endpoints with enough attempts before percentages of failures are judged.
    pub failure_percentage_minimum_hosts: u32,
    /// Attempts that make a percentage of failures count.
    pub failure_percentage_request_volume: u32,
    /// Ejections by percentage of failures that are carried out, percent; 0 = not by this.
    pub enforcing_failure_percentage: u8,
    /// Isolates whose breaker must have opened, percent; 0 = not by this.
    pub open_isolates_percent: u8,
}

impl ExplainedOutliers {
    pub(super) fn of(planned: &PlannedOutliers) -> Self {
        let OutlierConfig {
            interval,
            base_ejection,
            max_ejection,
            max_ejection_percent,
            success_rate_hosts_min,
            success_rate_volume,
            stdev_factor_permille,
            failure_percentage_threshold,
            failure_percentage_hosts_min,
            failure_percentage_volume,
            enforcing_success_rate,
            enforcing_failure_percentage,
            ..
        } = planned.config;
        let span = |span: Micros| TimeSpan::new(span).unwrap_or_default();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            interval: span(interval),
            base_ejection_time: span(base_ejection),
            max_ejection_time: span(max_ejection),
            max_ejection_percent,
            success_rate_minimum_hosts: count(success_rate_hosts_min),
            success_rate_request_volume: success_rate_volume,
            success_rate_stdev_factor: f64::from(stdev_factor_permille) / 1_000.0,
            enforcing_success_rate,
            failure_percentage_threshold,
            failure_percentage_minimum_hosts: count(failure_percentage_hosts_min),
            failure_percentage_request_volume: failure_percentage_volume,
            enforcing_failure_percentage,
            open_isolates_percent: planned.open_isolates_percent,
        }
    }
}
