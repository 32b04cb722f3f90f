//! Zone-aware routing: keep traffic in the own zone, spill only what the zone cannot carry.
//!
//! As Envoy computes it, for hosts that know how their own fleet spreads over zones. A Worker does
//! not: it uses [`geographic`](crate::balance::geographic) instead.

use alloc::vec::Vec;

use crate::dice::Dice;

/// Below 6 healthy upstream endpoints the shares are too coarse to hold: Envoy's default.
pub const ENDPOINTS_MIN: u32 = 6;

/// Shares are counted in parts of ten thousand.
const WHOLE: u32 = 10_000;

/// Where requests from the own zone (index 0) go.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "all zone, or some of it")]
pub enum ZonePlan {
    /// The own zone carries all its traffic.
    AllLocal,
    /// The own zone carries a part.
    Spill {
        /// Parts of ten thousand that stay.
        local: u32,
        /// Spare room of the zones before and including each one; starts with 0 for the own zone.
        residual: Vec<u32>,
    },
}

impl ZonePlan {
    /// Plans from the callers per zone and the healthy endpoints per zone, own zone first.
    ///
    /// `None` where zones cannot be told apart usefully: fewer than two zones with callers, no
    /// endpoint or no caller in the own zone, fewer than [`ENDPOINTS_MIN`] endpoints, or lists of
    /// different length. Then balance over all zones alike; also in panic and for any priority but
    /// the first, which the caller knows.
    #[must_use]
    pub fn new(callers: &[u32], endpoints: &[u32]) -> Option<Self> {
        let (caller_total, endpoint_total) = (sum(callers), sum(endpoints));
        let zones_with_callers = callers.iter().filter(|count| **count > 0).count();
        if callers.len() != endpoints.len()
            || zones_with_callers < 2
            || endpoint_total < u64::from(ENDPOINTS_MIN)
        {
            return None;
        }
        let shares = callers
            .iter()
            .zip(endpoints)
            .map(|(c, e)| (share(*c, caller_total), share(*e, endpoint_total)));
        let (own_callers, own_endpoints) = shares.clone().next()?;
        if own_endpoints == 0 || own_callers == 0 {
            return None;
        }
        if own_endpoints >= own_callers {
            return Some(Self::AllLocal);
        }
        let mut spare = 0_u32;
        let residual = shares.enumerate().map(|(zone, (callers, endpoints))| {
            if zone > 0 {
                spare = spare.saturating_add(endpoints.saturating_sub(callers));
            }
            spare
        });
        Some(Self::Spill {
            local: own_endpoints.saturating_mul(WHOLE) / own_callers,
            residual: residual.collect(),
        })
    }

    /// The zone of one request: its index, 0 for the own one.
    pub fn pick(&self, dice: &mut impl Dice) -> u32 {
        let Self::Spill { local, residual } = self else {
            return 0;
        };
        if dice.below(WHOLE) < *local {
            return 0;
        }
        let spare = residual.last().copied().unwrap_or(0);
        let zones = u32::try_from(residual.len()).unwrap_or(u32::MAX);
        if spare == 0 {
            return dice.below(zones);
        }
        let target = dice.below(spare);
        let at = residual.partition_point(|room| *room <= target);
        u32::try_from(at).unwrap_or(0)
    }
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|count| u64::from(*count)).fold(0, u64::saturating_add)
}

fn share(count: u32, total: u64) -> u32 {
    let parts = u64::from(count).saturating_mul(u64::from(WHOLE)).checked_div(total);
    u32::try_from(parts.unwrap_or(0)).unwrap_or(WHOLE)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn vector_4_4_2_callers_2_4_2_endpoints() {
        let plan = ZonePlan::new(&[4, 4, 2], &[2, 4, 2]);
        assert_eq!(plan, Some(ZonePlan::Spill { local: 6_250, residual: vec![0, 1_000, 1_500] }));
    }

    #[test]
    fn vector_2_1_1_callers_1_5_4_endpoints() {
        let plan = ZonePlan::new(&[2, 1, 1], &[1, 5, 4]);
        assert_eq!(plan, Some(ZonePlan::Spill { local: 2_000, residual: vec![0, 2_500, 4_000] }));
    }

    #[test]
    fn a_zone_with_enough_endpoints_keeps_everything() {
        let plan = ZonePlan::new(&[1, 1], &[4, 4]).unwrap();
        assert_eq!(plan, ZonePlan::AllLocal);
        assert_eq!(plan.pick(&mut SeededDice::new(1)), 0);
    }

    #[test]
    fn no_plan_without_its_conditions() {
        assert_eq!(ZonePlan::new(&[], &[]), None);
        assert_eq!(ZonePlan::new(&[4], &[9]), None);
        assert_eq!(ZonePlan::new(&[4, 0], &[9, 9]), None);
        assert_eq!(ZonePlan::new(&[4, 4], &[0, 9]), None);
        assert_eq!(ZonePlan::new(&[0, 4, 4], &[3, 3, 3]), None);
        assert_eq!(ZonePlan::new(&[4, 4], &[1, 4]), None);
        assert_eq!(ZonePlan::new(&[4, 4], &[3, 3, 3]), None);
    }

    #[test]
    fn picks_follow_the_plan() {
        let plan = ZonePlan::new(&[4, 4, 2], &[2, 4, 2]).unwrap();
        let mut dice = SeededDice::new(2);
        let mut counts = [0u32; 3];
        for _ in 0..100_000 {
            counts[plan.pick(&mut dice) as usize] += 1;
        }
        for (count, want) in counts.iter().zip([62_500.0, 25_000.0, 12_500.0]) {
            assert!((f64::from(*count) - want).abs() < want * 0.05, "{counts:?}");
        }
    }

    #[test]
    fn without_spare_room_any_zone_is_as_good() {
        let plan = ZonePlan::Spill { local: 0, residual: vec![0, 0] };
        let mut dice = SeededDice::new(3);
        let ones: u32 = (0..1_000).map(|_| plan.pick(&mut dice)).sum();
        assert!((400..600).contains(&ones), "{ones}");
    }

    proptest! {
        #[test]
        fn every_pick_is_a_zone(
            zones in proptest::collection::vec((any::<u32>(), any::<u32>()), 1..8),
            seed in any::<u64>(),
        ) {
            let (callers, endpoints): (Vec<_>, Vec<_>) = zones.into_iter().unzip();
            if let Some(plan) = ZonePlan::new(&callers, &endpoints) {
                let zone = plan.pick(&mut SeededDice::new(seed)) as usize;
                prop_assert!(zone < callers.len());
            }
        }
    }
}
