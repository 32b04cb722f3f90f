//! Power of two choices: two distinct endpoints at random, the cheaper one wins.
//!
//! Distinct, because sampling with replacement takes the worse of two endpoints a quarter of the
//! time. Cost is any ordered value, so that a caller may put health before load as a pair.

use crate::dice::Dice;

/// Two distinct uniform indices below `n`, in random order; `(0, 0)` where `n` is below 2.
pub fn two_distinct(n: u32, dice: &mut impl Dice) -> (u32, u32) {
    if n < 2 {
        return (0, 0);
    }
    let first = dice.below(n);
    let second = dice.below(n.wrapping_sub(1));
    (first, if second >= first { second.wrapping_add(1) } else { second })
}

/// Picks an index below `n` by two choices; `None` for none. Two rolls, two costs; a single
/// candidate costs nothing.
///
/// On equal costs the first draw wins, which is as good as a coin. Costs that do not compare
/// (NaN) fall to the second draw.
///
/// ```
/// use mesh_core::{balance::p2c, dice::SeededDice};
///
/// let costs = [30.0, 10.0];
/// let pick = p2c::pick(2, &mut SeededDice::new(1), |i| costs.get(i as usize).copied());
/// assert_eq!(pick, Some(1));
/// ```
#[inline]
pub fn pick<C: PartialOrd>(
    n: u32,
    dice: &mut impl Dice,
    mut cost: impl FnMut(u32) -> C,
) -> Option<u32> {
    if n < 2 {
        return (n == 1).then_some(0);
    }
    let (first, second) = two_distinct(n, dice);
    Some(if cost(first) <= cost(second) { first } else { second })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn no_candidate_and_one_candidate() {
        let mut dice = SeededDice::new(3);
        assert_eq!(pick(0, &mut dice, |_| 0), None);
        assert_eq!(pick(1, &mut dice, |_| 0), Some(0));
    }

    #[test]
    fn of_two_the_worse_is_never_taken() {
        let mut dice = SeededDice::new(4);
        for _ in 0..1_000 {
            assert_eq!(pick(2, &mut dice, |i| 1 - i), Some(1));
        }
    }

    #[test]
    fn equal_costs_spread_evenly() {
        let mut dice = SeededDice::new(5);
        let mut seen = [0u32; 5];
        for _ in 0..50_000 {
            let at = pick(5, &mut dice, |_| 1.0).unwrap();
            seen[at as usize] += 1;
        }
        assert!(seen.iter().all(|count| (9_500..10_500).contains(count)), "{seen:?}");
    }

    #[test]
    fn health_before_load_as_a_pair() {
        let cost = [(1u8, 0.1), (0u8, 900.0)];
        let mut dice = SeededDice::new(6);
        assert_eq!(pick(2, &mut dice, |i| cost[i as usize]), Some(1));
    }

    proptest! {
        #[test]
        fn picks_are_distinct_and_below_n(n in 2u32.., seed in any::<u64>()) {
            let (a, b) = two_distinct(n, &mut SeededDice::new(seed));
            prop_assert!(a != b && a < n && b < n);
        }

        #[test]
        fn every_pick_is_eligible_and_not_the_worst(
            costs in proptest::collection::vec(0u32..100, 1..20),
            seed in any::<u64>(),
        ) {
            let n = u32::try_from(costs.len()).unwrap();
            let at = pick(n, &mut SeededDice::new(seed), |i| costs[i as usize]).unwrap();
            let worst = costs.iter().max().unwrap();
            let beaten = costs.iter().filter(|cost| *cost == worst).count();
            prop_assert!(costs.len() == 1 || beaten > 1 || costs[at as usize] < *worst);
        }
    }
}
