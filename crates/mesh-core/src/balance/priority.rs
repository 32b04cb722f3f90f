//! Priorities and panic: how much load each failover level takes, as Envoy computes it.
//!
//! A level keeps all its load while 100/140 of it is healthy, then spills to the next. When too few
//! are healthy everywhere, a level in panic uses all its endpoints: a wrong health check must not
//! pile everything on the last one that passes.

use alloc::vec::Vec;

/// Healthy share is counted 1.4 times, so that a level spills only below 72 % healthy.
pub const OVERPROVISIONING: u32 = 140;

/// Below 50 % usable endpoints a level panics; 0 turns panic off.
pub const PANIC_THRESHOLD: u32 = 50;

/// The most levels considered.
pub const LEVELS_MAX: usize = 128;

/// Endpoints of one failover level, by health.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "counted by the caller")]
pub struct LevelHealth {
    /// Endpoints that pass.
    pub healthy: u32,
    /// Endpoints that work, but badly; used only after the healthy ones.
    pub degraded: u32,
    /// All endpoints of the level.
    pub total: u32,
}

/// The share of load of one failover level; over all levels the shares sum to 100, if there is
/// any endpoint.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct LevelLoad {
    /// Percent of load for the healthy endpoints; in panic for all of them.
    pub healthy_percent: u32,
    /// Percent of load for the degraded endpoints.
    pub degraded_percent: u32,
    /// True where health is to be ignored within the level.
    pub panic: bool,
}

/// The load of each level, most preferred first; levels past [`LEVELS_MAX`] get none.
#[must_use]
pub fn loads(levels: &[LevelHealth], panic_threshold: u32) -> Vec<LevelLoad> {
    let levels = levels.get(..LEVELS_MAX).unwrap_or(levels);
    let available = levels
        .iter()
        .map(|level| {
            availability(level.healthy, level.total) + availability(level.degraded, level.total)
        })
        .fold(0, u32::saturating_add)
        .min(100);
    let mut loads: Vec<LevelLoad> = levels
        .iter()
        .map(|level| LevelLoad {
            panic: available != 100 && is_panic(level, panic_threshold),
            ..LevelLoad::default()
        })
        .collect();
    if loads.iter().all(|load| load.panic) {
        by_endpoint_count(levels, &mut loads);
        return loads;
    }

    let mut rest = 100_u32;
    let mut share = |count: u32, total: u32| {
        let wanted = availability(count, total).saturating_mul(100).checked_div(available);
        let load = wanted.unwrap_or(0).min(rest);
        rest = rest.saturating_sub(load);
        load
    };
    for (load, level) in loads.iter_mut().zip(levels) {
        load.healthy_percent = share(level.healthy, level.total);
    }
    for (load, level) in loads.iter_mut().zip(levels) {
        load.degraded_percent = share(level.degraded, level.total);
    }
    // What rounding left over goes to the first level that has any load.
    if let Some(load) = loads.iter_mut().find(|load| load.healthy_percent > 0) {
        load.healthy_percent = load.healthy_percent.saturating_add(rest);
    } else if let Some(load) = loads.iter_mut().find(|load| load.degraded_percent > 0) {
        load.degraded_percent = load.degraded_percent.saturating_add(rest);
    }
    loads
}

/// How many of `total` endpoints of a small pool breakers must leave: half, rounded up, at least
/// one, where there are at most 4; above that panic decides, and the answer is 0.
#[must_use]
pub const fn min_ready(total: u32) -> u32 {
    match total {
        0 => 0,
        1..=4 => total.div_ceil(2),
        _ => 0,
    }
}

/// In percent, overprovisioned, at most 100; 0 for an empty level.
fn availability(count: u32, total: u32) -> u32 {
    percent(count, total, OVERPROVISIONING).min(100)
}

fn is_panic(level: &LevelHealth, threshold: u32) -> bool {
    percent(level.healthy, level.total, 100).saturating_add(percent(
        level.degraded,
        level.total,
        100,
    )) < threshold
}

fn by_endpoint_count(levels: &[LevelHealth], loads: &mut [LevelLoad]) {
    let total = levels.iter().map(|level| u64::from(level.total)).fold(0, u64::saturating_add);
    let mut rest = 100_u32;
    for (load, level) in loads.iter_mut().zip(levels) {
        let percent = u64::from(level.total).saturating_mul(100).checked_div(total).unwrap_or(0);
        load.healthy_percent = u32::try_from(percent).unwrap_or(0);
        rest = rest.saturating_sub(load.healthy_percent);
    }
    if let Some((load, _)) = loads.iter_mut().zip(levels).find(|(_, level)| level.total > 0) {
        load.healthy_percent = load.healthy_percent.saturating_add(rest);
    }
}

fn percent(count: u32, total: u32, whole: u32) -> u32 {
    let scaled = u64::from(count).saturating_mul(u64::from(whole)).checked_div(u64::from(total));
    u32::try_from(scaled.unwrap_or(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_hundred(healthy: &[u32]) -> Vec<LevelLoad> {
        let level = |healthy: &u32| LevelHealth { healthy: *healthy, degraded: 0, total: 100 };
        loads(&healthy.iter().map(level).collect::<Vec<_>>(), PANIC_THRESHOLD)
    }

    fn percents(loads: &[LevelLoad]) -> Vec<u32> {
        loads.iter().map(|load| load.healthy_percent).collect()
    }

    #[test]
    fn vectors_of_two_levels() {
        for (healthy, want) in [
            ([72, 100], [100, 0]),
            ([71, 100], [99, 1]),
            ([50, 100], [70, 30]),
            ([25, 100], [35, 65]),
            ([5, 65], [8, 92]),
            ([50, 60], [70, 30]),
        ] {
            assert_eq!(percents(&of_hundred(&healthy)), want, "{healthy:?}");
        }
    }

    #[test]
    fn vector_25_25_is_50_50_and_both_panic() {
        let loads = of_hundred(&[25, 25]);
        assert_eq!(percents(&loads), [50, 50]);
        assert!(loads.iter().all(|load| load.panic));
    }

    #[test]
    fn no_panic_while_other_levels_carry_the_load() {
        assert!(of_hundred(&[25, 100]).iter().all(|load| !load.panic));
        let loads = of_hundred(&[5, 65]);
        assert!(loads[0].panic && !loads[1].panic);
    }

    #[test]
    fn total_panic_goes_by_endpoint_count() {
        let level = |total| LevelHealth { healthy: 0, degraded: 0, total };
        let loads = loads(&[level(1), level(2)], PANIC_THRESHOLD);
        assert_eq!(percents(&loads), [34, 66]);
        assert!(loads.iter().all(|load| load.panic));
    }

    #[test]
    fn a_threshold_of_zero_never_panics() {
        let level = LevelHealth { healthy: 0, degraded: 0, total: 10 };
        assert_eq!(loads(&[level], 0), [LevelLoad::default()]);
    }

    #[test]
    fn degraded_endpoints_come_after_all_healthy_ones() {
        let first = LevelHealth { healthy: 25, degraded: 75, total: 100 };
        let second = LevelHealth { healthy: 25, degraded: 0, total: 100 };
        let loads = loads(&[first, second], PANIC_THRESHOLD);
        assert_eq!(percents(&loads), [35, 35]);
        assert_eq!((loads[0].degraded_percent, loads[1].degraded_percent), (30, 0));
    }

    #[test]
    fn no_level_and_an_empty_level() {
        assert!(loads(&[], PANIC_THRESHOLD).is_empty());
        let empty = LevelHealth::default();
        let full = LevelHealth { healthy: 2, degraded: 0, total: 2 };
        assert_eq!(percents(&loads(&[empty, full], PANIC_THRESHOLD)), [0, 100]);
    }

    #[test]
    fn small_pools_keep_half() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(min_ready), [0, 1, 1, 2, 2, 0]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_100(
            levels in proptest::collection::vec((0u32..50, 0u32..50, 0u32..50), 1..6),
        ) {
            let levels: Vec<_> = levels
                .into_iter()
                .map(|(healthy, degraded, other)| LevelHealth {
                    healthy,
                    degraded,
                    total: healthy + degraded + other,
                })
                .collect();
            prop_assume!(levels.iter().any(|level| level.total > 0));
            let sum: u32 = loads(&levels, PANIC_THRESHOLD)
                .iter()
                .map(|load| load.healthy_percent + load.degraded_percent)
                .sum();
            prop_assert_eq!(sum, 100);
        }
    }
}
