//! Outlier detection, with every default.

use mesh_core::{outlier::OutlierConfig, time::Micros};

use super::settings::percent;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Count, OutlierDetection, OutlierDetectionSettings, Percent, StdevFactor, TimeSpan},
};

/// The shortest time that means anything where isolates tell every few seconds.
const TIME_MIN: Micros = Micros::from_secs(1);

/// When endpoints are ejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlannedOutliers {
    pub(crate) config: OutlierConfig,
    /// Isolates whose breaker must have opened, percent; 0 = not by this.
    pub(crate) open_isolates_percent: u8,
}

/// Checks the times.
pub(super) fn check(said: Option<&OutlierDetection>, at: &mut Cursor) {
    let Some(settings) = said.and_then(OutlierDetection::settings) else { return };
    let OutlierDetectionSettings { interval, base_ejection_time, max_ejection_time, .. } = settings;
    at.at_field("outlierDetection", |at| {
        for (name, span) in [("interval", interval), ("baseEjectionTime", base_ejection_time)] {
            if let Some(span) = span.map(TimeSpan::micros).filter(|span| *span < TIME_MIN) {
                at.at_field(name, |at| {
                    at.error(Code::OutOfRange, &format!("a time of {span}"), "1 s or longer");
                });
            }
        }
        let base = TimeSpan::or_millis(base_ejection_time, defaults::OUTLIER_EJECTION_MS);
        if let Some(max) = max_ejection_time.map(TimeSpan::micros).filter(|max| *max < base) {
            let found = format!("a longest ejection of {max}");
            let expected = format!("at least the first one of {base}");
            at.at_field("maxEjectionTime", |at| {
                at.warning(Code::TimeoutOrder, &found, &expected);
            });
        }
    });
}

/// Fills in the defaults; `None` = off.
pub(crate) fn plan(said: Option<&OutlierDetection>) -> Option<PlannedOutliers> {
    let settings = said?.settings()?;
    let share =
        |value: Option<Percent>, otherwise| percent(value.map_or(otherwise, Percent::value));
    let count = |value: Option<Count>, otherwise| value.map_or(otherwise, Count::value);
    let hosts =
        |value| usize::try_from(count(value, defaults::OUTLIER_HOSTS)).unwrap_or(usize::MAX);
    let base_ejection =
        TimeSpan::or_millis(settings.base_ejection_time, defaults::OUTLIER_EJECTION_MS);
    let max_ejection =
        TimeSpan::or_millis(settings.max_ejection_time, defaults::OUTLIER_EJECTION_MAX_MS);
    let max_ejection_percent =
        share(settings.max_ejection_percent, defaults::OUTLIER_EJECTION_PERCENT);
    let factor = settings
        .success_rate_stdev_factor
        .map_or(defaults::OUTLIER_STDEV_FACTOR, StdevFactor::value);
    let config = OutlierConfig {
        // what comes from isolates has no order
        consecutive_5xx: 0,
        consecutive_gateway_failure: 0,
        consecutive_local_origin_failure: 0,
        interval: TimeSpan::or_millis(settings.interval, defaults::OUTLIER_INTERVAL_MS),
        base_ejection,
        max_ejection: max_ejection.max(base_ejection),
        max_ejection_percent,
        // a tenth of a few endpoints is none
        always_eject_one: max_ejection_percent > 0,
        spare_last: true,
        success_rate_hosts_min: hosts(settings.success_rate_minimum_hosts),
        success_rate_volume: count(
            settings.success_rate_request_volume,
            defaults::OUTLIER_RATE_VOLUME,
        ),
        stdev_factor_permille: thousandths(factor),
        failure_percentage_threshold: share(
            settings.failure_percentage_threshold,
            defaults::OUTLIER_FAILURE_PERCENT,
        ),
        failure_percentage_hosts_min: hosts(settings.failure_percentage_minimum_hosts),
        failure_percentage_volume: count(
            settings.failure_percentage_request_volume,
            defaults::OUTLIER_FAILURE_VOLUME,
        ),
        enforcing_success_rate: share(
            settings.enforcing_success_rate,
            defaults::OUTLIER_ENFORCING_RATE,
        ),
        enforcing_failure_percentage: share(
            settings.enforcing_failure_percentage,
            defaults::OUTLIER_ENFORCING_FAILURE,
        ),
        ..OutlierConfig::DEFAULT
    };
    let open_isolates_percent =
        share(settings.open_isolates_percent, defaults::OUTLIER_OPEN_PERCENT);
    Some(PlannedOutliers { config, open_isolates_percent })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a factor is from 0 to 10"
)]
fn thousandths(factor: f64) -> u16 {
    (factor * 1_000.0).round().clamp(0.0, 10_000.0) as u16
}
