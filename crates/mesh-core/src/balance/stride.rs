//! Static stride weighted round robin: exact shares, integers only, no heap and no lock.
//!
//! Walks the endpoints row by row; in each row an endpoint is taken when its weight has summed up
//! to another whole. The heaviest one is taken in every row, so a pick looks at no more than one
//! row. The only state is a sequence number that the caller keeps, so it survives a change of
//! weights; it starts at a random value per isolate ([`round_robin::start`]).
//!
//! [`round_robin::start`]: crate::balance::round_robin::start

use alloc::vec::Vec;

/// What the heaviest weight is scaled to: the whole range of 16 bits.
pub const SCALE: u32 = 65_535;

/// The most endpoints of one table.
pub const ENDPOINTS_MAX: usize = 65_535;

/// Weights scaled once, for many picks; 2 bytes per endpoint.
///
/// ```
/// use mesh_core::balance::stride::StrideTable;
///
/// let table = StrideTable::new([1, 2, 3]);
/// let mut sequence = 0;
/// let picks: Vec<_> = (0..6).filter_map(|_| table.pick(&mut sequence)).collect();
/// assert_eq!(picks, [1, 2, 2, 0, 1, 2]);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StrideTable {
    scaled: Vec<u16>,
    /// Whether any weight is above 0.
    any: bool,
}

impl StrideTable {
    /// Scales `weights`; those past [`ENDPOINTS_MAX`] are dropped.
    ///
    /// A weight of 0 stays 0 and is never picked; any other stays at least 1.
    pub fn new(weights: impl IntoIterator<Item = u32, IntoIter: Clone>) -> Self {
        let weights = weights.into_iter().take(ENDPOINTS_MAX);
        let heaviest = weights.clone().max().unwrap_or(0);
        let scaled = weights.map(|weight| scale(weight, heaviest)).collect();
        Self { scaled, any: heaviest > 0 }
    }

    /// The next endpoint, and moves `sequence` on; `None` where no weight is above 0.
    pub fn pick(&self, sequence: &mut u32) -> Option<u32> {
        if !self.any {
            return None;
        }
        let n = u32::try_from(self.scaled.len()).ok()?;
        let weight = |i: u32| self.scaled.get(i as usize).map_or(0, |weight| u32::from(*weight));
        pick(n, sequence, SCALE, weight)
    }
}

/// Picks an index below `n` without a table, for candidates that change from request to request.
///
/// `heaviest` must be the greatest weight of the `n`: the balancer is exact only then. Where it is
/// 0, or where no weight reaches it within two rows, the answer is `None`. Weights of a table go
/// with [`SCALE`].
#[inline]
pub fn pick(
    n: u32,
    sequence: &mut u32,
    heaviest: u32,
    mut weight: impl FnMut(u32) -> u32,
) -> Option<u32> {
    if n == 0 || heaviest == 0 {
        return None;
    }
    let modulus = u64::from(heaviest);
    // Half a turn apart, so that neighbours of equal weight are not taken in the same row.
    let offset = u64::from(heaviest / 2);
    for _ in 0..n.saturating_mul(2) {
        let at = *sequence % n;
        let row = *sequence / n;
        *sequence = sequence.wrapping_add(1);
        let share = u64::from(weight(at));
        let phase =
            share.wrapping_mul(u64::from(row)).wrapping_add(u64::from(at).wrapping_mul(offset))
                % modulus;
        if share > 0 && phase >= modulus.saturating_sub(share) {
            return Some(at);
        }
    }
    None
}

/// `weight` in parts of [`SCALE`] of the `heaviest`, rounded; above 0 unless `weight` is 0.
fn scale(weight: u32, heaviest: u32) -> u16 {
    if weight == 0 || heaviest == 0 {
        return 0;
    }
    let (weight, heaviest) = (u64::from(weight), u64::from(heaviest));
    let scaled = (weight.wrapping_mul(u64::from(SCALE)).wrapping_add(heaviest / 2)) / heaviest;
    u16::try_from(scaled).unwrap_or(u16::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use proptest::prelude::*;

    use super::*;

    fn counts(table: &StrideTable, n: usize, mut sequence: u32, picks: u32) -> Vec<u32> {
        let mut counts = vec![0; n];
        for _ in 0..picks {
            counts[table.pick(&mut sequence).unwrap() as usize] += 1;
        }
        counts
    }

    #[test]
    fn vector_weights_1_2_3_is_122012() {
        let table = StrideTable::new([1, 2, 3]);
        let mut sequence = 0;
        let picks: String = (0..18)
            .filter_map(|_| char::from_digit(table.pick(&mut sequence).unwrap(), 10))
            .collect();
        assert_eq!(picks, "122012122012122012");
    }

    #[test]
    fn vector_60_picks_are_10_20_30() {
        assert_eq!(counts(&StrideTable::new([1, 2, 3]), 3, 0, 60), [10, 20, 30]);
    }

    #[test]
    fn raw_weights_give_the_same_vector_without_a_table() {
        let mut sequence = 0;
        let picks: Vec<_> = (0..6).filter_map(|_| pick(3, &mut sequence, 3, |i| i + 1)).collect();
        assert_eq!(picks, [1, 2, 2, 0, 1, 2]);
    }

    #[test]
    fn nothing_to_pick_from() {
        assert_eq!(StrideTable::new([]).pick(&mut 0), None);
        assert_eq!(StrideTable::new([0, 0]).pick(&mut 0), None);
        assert_eq!(StrideTable::new([7]).pick(&mut 9), Some(0));
        assert_eq!(pick(3, &mut 0, 0, |_| 1), None);
    }

    #[test]
    fn extreme_weights_and_sequences() {
        let table = StrideTable::new([u32::MAX, 1, 0]);
        let mut sequence = u32::MAX - 2;
        for _ in 0..10 {
            assert_eq!(table.pick(&mut sequence), Some(0));
        }
        let mut sequence = u32::MAX;
        assert!(pick(2, &mut sequence, u32::MAX, |_| u32::MAX).is_some());
    }

    proptest! {
        #[test]
        fn weights_hold_from_any_start(
            weights in proptest::collection::vec(0u32..50, 1..10),
            sequence in any::<u32>(),
        ) {
            let total: u32 = weights.iter().sum();
            prop_assume!(total > 0);
            let table = StrideTable::new(weights.iter().copied());
            let picks = total * 100;
            let counts = counts(&table, weights.len(), sequence, picks);
            for (count, weight) in counts.iter().zip(&weights) {
                let want = f64::from(weight * 100);
                prop_assert!((f64::from(*count) - want).abs() <= want * 0.05 + 2.0);
            }
        }

        #[test]
        fn every_pick_has_a_weight(
            weights in proptest::collection::vec(prop_oneof![Just(0), any::<u32>()], 0..20),
            sequence in any::<u32>(),
        ) {
            let table = StrideTable::new(weights.iter().copied());
            match table.pick(&mut sequence.clone()) {
                Some(at) => prop_assert!(weights[at as usize] > 0),
                None => prop_assert!(weights.iter().all(|weight| *weight == 0)),
            }
        }
    }
}
