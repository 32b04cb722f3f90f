//! Weighted rendezvous hashing: each key scores every endpoint, the highest score wins.
//!
//! No table and nothing to build at a cold start, which is right for pools below about 50. When an
//! endpoint leaves, only its own keys move; when a weight grows, keys move only towards it. Also
//! the sticky split's way to keep a user on one branch while a canary grows.

use crate::{balance::float, hash::combine};

/// The score of one endpoint for one key; 0 for weight 0. One hash mix, one logarithm.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "52 bits and a half are exact in an f64")]
pub fn score(key_hash: u64, endpoint_key: u64, weight: u32) -> f64 {
    /// 2^-52
    const STEP: f64 = 1.0 / 4_503_599_627_370_496.0;
    // Strictly between 0 and 1: the half step keeps the logarithm finite and below zero.
    let unit = ((combine(key_hash, endpoint_key) >> 12) as f64 + 0.5) * STEP;
    f64::from(weight) / -float::ln(unit)
}

/// The index of the winner among `(endpoint key, weight)` in order; `None` where no weight is
/// above 0.
///
/// `endpoint_key` must be a property of the endpoint (a hash of its address), never its place in
/// the list. Hash `key` with [`xxh64`](crate::hash::xxh64).
///
/// ```
/// use mesh_core::{balance::rendezvous, hash::xxh64};
///
/// let key = xxh64(b"user-42", 0);
/// let all = [(11, 1), (22, 1), (33, 1)];
/// let first = rendezvous::pick(key, all).unwrap();
/// // without one of the losers the winner stays
/// let others = all.into_iter().enumerate().map(|(i, e)| if i as u32 == first { e } else { (e.0, 0) });
/// assert_eq!(rendezvous::pick(key, others), Some(first));
/// ```
#[inline]
pub fn pick(key_hash: u64, endpoints: impl IntoIterator<Item = (u64, u32)>) -> Option<u32> {
    let mut best = None;
    let mut best_score = 0.0;
    for (at, (endpoint_key, weight)) in (0..u32::MAX).zip(endpoints) {
        let score = score(key_hash, endpoint_key, weight);
        if score > best_score {
            best_score = score;
            best = Some(at);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::xxh64;

    fn pool(weights: &[u32]) -> Vec<(u64, u32)> {
        (0u32..).zip(weights).map(|(i, w)| (xxh64(&i.to_le_bytes(), 0), *w)).collect()
    }

    #[test]
    fn no_endpoint_and_no_weight_pick_nothing() {
        assert_eq!(pick(1, []), None);
        assert_eq!(pick(1, [(5, 0), (6, 0)]), None);
        assert_eq!(pick(1, [(5, 0), (6, 1)]), Some(1));
    }

    #[test]
    fn weights_hold_within_5_percent() {
        let weights = [1, 2, 3, 4];
        let pool = pool(&weights);
        let mut counts = [0u32; 4];
        for key in 0..100_000u64 {
            counts[pick(xxh64(&key.to_le_bytes(), 0), pool.clone()).unwrap() as usize] += 1;
        }
        for (count, weight) in counts.iter().zip(weights) {
            let share = f64::from(*count) / f64::from(weight * 10_000);
            assert!((0.95..1.05).contains(&share), "{counts:?}");
        }
    }

    #[test]
    fn a_growing_canary_only_takes_from_stable() {
        let mut moved = 0;
        for key in 0..20_000u64 {
            let key = xxh64(&key.to_le_bytes(), 0);
            let before = pick(key, pool(&[95, 5])).unwrap();
            let after = pick(key, pool(&[80, 20])).unwrap();
            assert!(before <= after, "a key left the canary");
            moved += after - before;
        }
        assert!((2_800..3_200).contains(&moved), "{moved}");
    }

    #[test]
    fn the_extreme_hashes_score_finite() {
        for endpoint in 0..10_000 {
            let score = score(endpoint, endpoint, u32::MAX);
            assert!(score.is_finite() && score > 0.0);
        }
    }

    proptest! {
        #[test]
        fn removing_an_endpoint_moves_only_its_keys(
            weights in proptest::collection::vec(1u32..100, 2..12),
            gone in any::<prop::sample::Index>(),
            keys in proptest::collection::vec(any::<u64>(), 64),
        ) {
            let before = pool(&weights);
            let mut after = before.clone();
            let gone = after.remove(gone.index(weights.len())).0;
            for key in keys {
                let was = before[pick(key, before.clone()).unwrap() as usize].0;
                let is = after[pick(key, after.clone()).unwrap() as usize].0;
                prop_assert!(was == gone || was == is);
            }
        }
    }
}
