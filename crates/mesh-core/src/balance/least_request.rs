//! Least request: of two random endpoints the one with fewer requests in flight per weight.
//!
//! Integers only: `(active + 1) / weight` is compared by cross-multiplying. An endpoint of weight
//! 0 is never picked.

use crate::{balance::p2c, dice::Dice};

/// What least request knows about one endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller for each comparison")]
pub struct Load {
    /// Requests in flight.
    pub active: u32,
    /// Relative capacity; 0 takes the endpoint out.
    pub weight: u32,
}

impl Load {
    /// True where `self` is at most as loaded as `other`.
    #[must_use]
    pub fn is_at_most(self, other: Self) -> bool {
        // (2^32) * (2^32 - 1) fits a u64
        let ours = (u64::from(self.active).wrapping_add(1)).wrapping_mul(u64::from(other.weight));
        let theirs = (u64::from(other.active).wrapping_add(1)).wrapping_mul(u64::from(self.weight));
        // With a weight of zero on one side both products may be zero or mislead: zero is never at most.
        self.weight > 0 && ours <= theirs || other.weight == 0
    }
}

/// Picks an index below `n` by two choices; `None` where no endpoint has a weight.
///
/// Costs two rolls and two looks; only where both draws have weight 0 are all looked at once.
#[inline]
pub fn pick(n: u32, dice: &mut impl Dice, mut load: impl FnMut(u32) -> Load) -> Option<u32> {
    let (first, second) = p2c::two_distinct(n, dice);
    if n == 0 {
        return None;
    }
    let (a, b) = (load(first), load(second));
    if a.weight > 0 || b.weight > 0 {
        return Some(if a.weight > 0 && a.is_at_most(b) { first } else { second });
    }
    // Start behind a random draw, so that two dead draws do not always end at the same endpoint.
    let rest = (0..n).map(|step| first.wrapping_add(step).checked_rem(n).unwrap_or(0));
    rest.map(|i| (i, load(i))).find(|(_, load)| load.weight > 0).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn compares_requests_per_weight() {
        let idle = Load { active: 0, weight: 1 };
        let big = Load { active: 3, weight: 4 };
        let busy = Load { active: 4, weight: 4 };
        assert!(idle.is_at_most(big) && big.is_at_most(idle));
        assert!(idle.is_at_most(busy) && !busy.is_at_most(idle));
        let most = Load { active: u32::MAX, weight: u32::MAX };
        assert!(most.is_at_most(most));
    }

    #[test]
    fn no_candidate_and_no_weight_pick_nothing() {
        let mut dice = SeededDice::new(1);
        assert_eq!(pick(0, &mut dice, |_| Load { active: 0, weight: 1 }), None);
        assert_eq!(pick(5, &mut dice, |_| Load { active: 0, weight: 0 }), None);
        assert_eq!(pick(1, &mut dice, |_| Load { active: 9, weight: 1 }), Some(0));
        assert_eq!(pick(1, &mut dice, |_| Load { active: 0, weight: 0 }), None);
    }

    #[test]
    fn in_flight_counts_settle_at_the_weights() {
        let weights = [1u32, 2, 4];
        let mut active = [0u32; 3];
        let mut dice = SeededDice::new(2);
        for _ in 0..7_000 {
            let load = |i: u32| Load { active: active[i as usize], weight: weights[i as usize] };
            let at = pick(3, &mut dice, load).unwrap();
            active[at as usize] += 1;
        }
        for (count, weight) in active.iter().zip(weights) {
            let share = f64::from(*count) / f64::from(weight * 1_000);
            assert!((0.95..1.05).contains(&share), "{active:?}");
        }
    }

    proptest! {
        #[test]
        fn every_pick_has_a_weight(
            loads in proptest::collection::vec((any::<u32>(), 0u32..3), 1..12),
            seed in any::<u64>(),
        ) {
            let n = u32::try_from(loads.len()).unwrap();
            let look = |i: u32| {
                let (active, weight) = loads[i as usize];
                Load { active, weight }
            };
            match pick(n, &mut SeededDice::new(seed), look) {
                Some(at) => prop_assert!(loads[at as usize].1 > 0),
                None => prop_assert!(loads.iter().all(|(_, weight)| *weight == 0)),
            }
        }
    }
}
