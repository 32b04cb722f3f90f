//! Breakers, and what they must leave.

use mesh_core::{
    breaker::{BreakerConfig, BreakerMode as Mode},
    time::Micros,
};

use super::settings::permille;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Breaker, BreakerMode, BreakerSettings, Count, OpenTime, Probes, Ratio, TimeSpan},
};

/// Checks that the first open time is no longer than the longest.
pub(super) fn check(breaker: Option<&Breaker>, at: &mut Cursor) {
    let config = config(breaker);
    if breaker.is_some() && config.open_min > config.open_max {
        let found = format!("a first open time of {}", config.open_min);
        let expected = format!("at most the longest one of {}", config.open_max);
        at.at_field("breaker", |at| {
            at.at_field("openTime", |at| at.warning(Code::TimeoutOrder, &found, &expected));
        });
    }
}

/// The mode of a breaker.
pub(super) fn mode(breaker: Option<&Breaker>) -> Mode {
    let settings = match breaker {
        Some(Breaker::Off(_)) => return Mode::Disabled,
        Some(Breaker::Settings(settings)) => settings.mode,
        None => None,
    };
    match settings {
        Some(BreakerMode::ForceOpen) => Mode::ForceOpen,
        Some(BreakerMode::Disabled) => Mode::Disabled,
        Some(BreakerMode::Automatic) | None => Mode::Automatic,
    }
}

/// When a breaker opens, with every default.
pub(super) fn config(breaker: Option<&Breaker>) -> BreakerConfig {
    let settings = match breaker {
        Some(Breaker::Settings(settings)) => settings.clone(),
        Some(Breaker::Off(_)) | None => BreakerSettings::default(),
    };
    let open = settings.open_time.as_ref().map(OpenTime::settings).unwrap_or_default();
    let open_min = TimeSpan::or_millis(open.min, defaults::BREAKER_OPEN_MIN_MS);
    // a first time above the default maximum raises it: only a maximum that was written limits
    let open_max = open.max.map_or_else(
        || Micros::from_millis(defaults::BREAKER_OPEN_MAX_MS).max(open_min),
        TimeSpan::micros,
    );
    let share = |value: Option<Ratio>, default| permille(value.map_or(default, Ratio::value));
    BreakerConfig {
        consecutive_failures: settings
            .consecutive_failures
            .map_or(defaults::BREAKER_CONSECUTIVE_FAILURES, Count::value),
        success_ratio_permille: share(settings.success_ratio, defaults::BREAKER_SUCCESS_RATIO),
        slow_call_after: settings
            .slow_call
            .as_ref()
            .map_or(Micros::ZERO, |slow| slow.after.micros()),
        slow_call_ratio_permille: share(settings.slow_call.as_ref().map(|slow| slow.ratio), 1.0),
        window: TimeSpan::or_millis(settings.window, defaults::BREAKER_WINDOW_MS),
        min_requests: settings.min_requests.map_or(defaults::BREAKER_MIN_REQUESTS, Count::value),
        open_min,
        open_max,
        jitter_permille: share(settings.jitter, defaults::BREAKER_JITTER),
        probes: settings.probes.map_or(defaults::BREAKER_PROBES, Probes::value),
    }
}

/// What breakers leave where nothing is said: half of a small pool, so that a few endpoints never
/// all open at once. A single endpoint whose breaker was asked for may open.
pub(super) fn min_ready(endpoints: usize, breaker: Option<&Breaker>) -> u16 {
    match endpoints {
        1 if matches!(breaker, Some(Breaker::Settings(_))) => 0,
        n if n <= defaults::SMALL_POOL_MAX => u16::try_from(n.div_ceil(2)).unwrap_or(0),
        _ => 0,
    }
}
