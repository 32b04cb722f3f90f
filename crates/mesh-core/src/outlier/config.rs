//! When a host is an outlier, and for how long it is left out; Envoy's names and defaults.

use super::EjectionReason;
use crate::time::Micros;

/// The settings of outlier detection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutlierConfig {
    /// 5xx in a row; default 5, 0 = off.
    pub consecutive_5xx: u32,
    /// 502, 503 or 504 in a row; default 5, 0 = off.
    pub consecutive_gateway_failure: u32,
    /// Requests in a row without an answer; default 5, 0 = off. Only with `split_local_origin`.
    pub consecutive_local_origin_failure: u32,
    /// Time between sweeps; default 10 s.
    pub interval: Micros,
    /// First ejection time; default 30 s. The n-th ejection lasts n times as long.
    pub base_ejection: Micros,
    /// Longest ejection time; default 300 s. Below `base_ejection` it counts as that.
    pub max_ejection: Micros,
    /// Largest random part on top of an ejection; default 0.
    pub max_ejection_jitter: Micros,
    /// Share of hosts that may be ejected at once; default 10.
    pub max_ejection_percent: u8,
    /// Whether one host may be ejected whatever the share; default false.
    pub always_eject_one: bool,
    /// Whether a host that is the last one to take traffic is never ejected; default false. Ours, not
    /// Envoy's, which goes into panic then.
    pub spare_last: bool,
    /// Hosts with enough requests before success rates are compared; default 5.
    pub success_rate_hosts_min: usize,
    /// Requests per interval that make a host's success rate count; default 100.
    pub success_rate_volume: u32,
    /// Standard deviations below the mean that make an outlier, in permille; default 1900.
    pub stdev_factor_permille: u16,
    /// Percentage of failures that makes an outlier; default 85.
    pub failure_percentage_threshold: u8,
    /// Hosts with enough requests before failure percentages are judged; default 5.
    pub failure_percentage_hosts_min: usize,
    /// Requests per interval that make a host's failure percentage count; default 50.
    pub failure_percentage_volume: u32,
    /// Whether requests without an answer have a counter of their own; default false: they count
    /// as gateway failures.
    pub split_local_origin: bool,
    /// Whether a passed health check ends an ejection; default true.
    pub health_check_unejects: bool,
    /// Percentage of 5xx ejections that are carried out; default 100.
    pub enforcing_consecutive_5xx: u8,
    /// Percentage of gateway-failure ejections that are carried out; default 0.
    pub enforcing_consecutive_gateway_failure: u8,
    /// Percentage of local-origin ejections that are carried out; default 100.
    pub enforcing_consecutive_local_origin_failure: u8,
    /// Percentage of success-rate ejections that are carried out; default 100.
    pub enforcing_success_rate: u8,
    /// Percentage of failure-percentage ejections that are carried out; default 0.
    pub enforcing_failure_percentage: u8,
}

impl OutlierConfig {
    /// Envoy's defaults.
    pub const DEFAULT: Self = Self {
        consecutive_5xx: 5,
        consecutive_gateway_failure: 5,
        consecutive_local_origin_failure: 5,
        interval: Micros::from_secs(10),
        base_ejection: Micros::from_secs(30),
        max_ejection: Micros::from_secs(300),
        max_ejection_jitter: Micros::ZERO,
        max_ejection_percent: 10,
        always_eject_one: false,
        spare_last: false,
        success_rate_hosts_min: 5,
        success_rate_volume: 100,
        stdev_factor_permille: 1_900,
        failure_percentage_threshold: 85,
        failure_percentage_hosts_min: 5,
        failure_percentage_volume: 50,
        split_local_origin: false,
        health_check_unejects: true,
        enforcing_consecutive_5xx: 100,
        enforcing_consecutive_gateway_failure: 0,
        enforcing_consecutive_local_origin_failure: 100,
        enforcing_success_rate: 100,
        enforcing_failure_percentage: 0,
    };

    pub(super) fn max_ejection_clamped(&self) -> Micros {
        self.max_ejection.max(self.base_ejection)
    }

    /// The percentage of ejections for `reason` that are carried out.
    pub(super) const fn enforcing(&self, reason: EjectionReason) -> u8 {
        match reason {
            EjectionReason::Consecutive5xx => self.enforcing_consecutive_5xx,
            EjectionReason::ConsecutiveGatewayFailure => self.enforcing_consecutive_gateway_failure,
            EjectionReason::ConsecutiveLocalOriginFailure => {
                self.enforcing_consecutive_local_origin_failure
            }
            EjectionReason::SuccessRate => self.enforcing_success_rate,
            EjectionReason::FailurePercentage => self.enforcing_failure_percentage,
            EjectionReason::Known => 100,
        }
    }
}

impl Default for OutlierConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}
