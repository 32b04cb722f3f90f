//! Ring hash (ketama), entry for entry as Envoy and gRPC build it.
//!
//! For large pools of long-lived hosts; an edge pool is served better by
//! [`rendezvous`](crate::balance::rendezvous), which builds nothing. The scale is computed in
//! integers, so a ring is the same on every host.

use alloc::vec::Vec;
use core::fmt;

use crate::hash::xxh64;

/// The default least number of entries: 1024, Envoy's and gRPC's.
pub const ENTRIES_MIN: u32 = 1_024;

/// The default most entries: 4096, gRPC's; 64 KiB.
pub const ENTRIES_MAX: u32 = 4_096;

/// The most entries that may be asked for: Envoy's 8 Mi; 128 MiB.
pub const ENTRIES_LIMIT: u32 = 8_388_608;

/// The longest host key hashed; longer ones are refused.
pub const KEY_BYTES_MAX: usize = 1_024;

/// A sorted ring of hashes; 16 bytes per entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ring {
    /// Hash and host index, by hash.
    entries: Vec<(u64, u32)>,
}

/// Why a ring could not be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RingError {
    /// No host has a weight above 0.
    NoWeight,
    /// The least number of entries is above the most, or the most above [`ENTRIES_LIMIT`].
    Size,
    /// A host key is longer than [`KEY_BYTES_MAX`].
    KeyTooLong,
}

impl Ring {
    /// Builds a ring of `hosts` (key and weight) with at least `entries_min` entries, as many per
    /// host as its weight is worth, and at most about `entries_max`.
    ///
    /// A host of weight 0 is left out.
    ///
    /// # Errors
    /// [`RingError`], where sizes contradict, a key is too long or there is nothing to place.
    pub fn new(
        hosts: &[(&[u8], u32)],
        entries_min: u32,
        entries_max: u32,
    ) -> Result<Self, RingError> {
        if entries_min > entries_max || entries_max > ENTRIES_LIMIT {
            return Err(RingError::Size);
        }
        if hosts.iter().any(|(key, _)| key.len() > KEY_BYTES_MAX) {
            return Err(RingError::KeyTooLong);
        }
        let weights = hosts.iter().map(|(_, weight)| u128::from(*weight));
        let total = weights.clone().fold(0, u128::saturating_add);
        let lightest = weights.filter(|weight| *weight > 0).min().ok_or(RingError::NoWeight)?;

        // Entries per unit of weight as a fraction, so that the lightest host gets a whole number.
        let per_lightest = lightest.saturating_mul(u128::from(entries_min)).div_ceil(total).max(1);
        let capped =
            per_lightest.saturating_mul(total) > u128::from(entries_max).saturating_mul(lightest);
        let (numerator, denominator) =
            if capped { (u128::from(entries_max), total) } else { (per_lightest, lightest) };

        let mut entries = Vec::new();
        let mut label = Vec::new();
        let (mut placed, mut due) = (0_u128, 0_u128);
        for (index, (key, weight)) in (0..u32::MAX).zip(hosts) {
            due = due.saturating_add(numerator.saturating_mul(u128::from(*weight)));
            let mut replica = 0_u32;
            while placed.saturating_mul(denominator) < due {
                label.clear();
                label.extend_from_slice(key);
                label.push(b'_');
                push_decimal(&mut label, replica);
                entries.push((xxh64(&label, 0), index));
                placed = placed.saturating_add(1);
                replica = replica.saturating_add(1);
            }
        }
        entries.sort_unstable();
        Ok(Self { entries })
    }

    /// The host of `hash`: that of the first entry at or above it, around the end. One binary
    /// search. `None` for an empty ring, which [`new`](Self::new) never makes.
    #[must_use]
    pub fn pick(&self, hash: u64) -> Option<u32> {
        let at = self.entries.partition_point(|(entry, _)| *entry < hash);
        self.entries.get(at).or_else(|| self.entries.first()).map(|(_, host)| *host)
    }

    /// All entries, hash and host index, by hash.
    #[must_use]
    pub fn entries(&self) -> &[(u64, u32)] {
        &self.entries
    }
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoWeight => "no host of the ring has a weight",
            Self::Size => "the ring's least size is above its greatest, or that above the limit",
            Self::KeyTooLong => "a host key of the ring is longer than 1024 bytes",
        })
    }
}

impl core::error::Error for RingError {}

fn push_decimal(label: &mut Vec<u8>, mut number: u32) {
    let start = label.len();
    loop {
        // The remainder is a digit.
        label.push(b'0'.wrapping_add(u8::try_from(number % 10).unwrap_or(0)));
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if let Some(digits) = label.get_mut(start..) {
        digits.reverse();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    const HOSTS: [(&[u8], u32); 6] = [
        (b"127.0.0.1:90", 1),
        (b"127.0.0.1:91", 1),
        (b"127.0.0.1:92", 1),
        (b"127.0.0.1:93", 1),
        (b"127.0.0.1:94", 1),
        (b"127.0.0.1:95", 1),
    ];

    #[test]
    fn vector_envoy_ring_of_12() {
        let ring = Ring::new(&HOSTS, 12, ENTRIES_MAX).unwrap();
        assert_eq!(
            ring.entries(),
            [
                (833_437_586_790_550_860, 4),
                (928_266_305_478_181_108, 2),
                (1_033_482_794_131_418_490, 0),
                (3_551_244_743_356_806_947, 5),
                (3_851_675_632_748_031_481, 3),
                (5_583_722_120_771_150_861, 1),
                (6_311_230_543_546_372_928, 1),
                (7_700_377_290_971_790_572, 3),
                (13_144_177_310_400_110_813, 5),
                (13_444_792_449_719_432_967, 2),
                (15_516_499_411_664_133_160, 4),
                (16_117_243_373_044_804_889, 0),
            ]
        );
    }

    #[test]
    fn vector_envoy_ring_picks() {
        let ring = Ring::new(&HOSTS, 12, ENTRIES_MAX).unwrap();
        assert_eq!(ring.pick(0), Some(4));
        assert_eq!(ring.pick(u64::MAX), Some(4));
        assert_eq!(ring.pick(3_551_244_743_356_806_947), Some(5));
        assert_eq!(ring.pick(3_551_244_743_356_806_948), Some(3));
        assert_eq!(ring.pick(16_117_243_373_044_804_880), Some(0));
    }

    #[test]
    fn weights_are_worth_entries() {
        let ring = Ring::new(&[(b"a", 1), (b"b", 3), (b"c", 0)], 1_024, 4_096).unwrap();
        let count = |host| ring.entries().iter().filter(|(_, at)| *at == host).count();
        assert_eq!((count(0), count(1), count(2)), (256, 768, 0));
    }

    #[test]
    fn a_cap_holds() {
        let ring = Ring::new(&[(b"a", 1), (b"b", 100_000)], 1_024, 4_096).unwrap();
        assert_eq!(ring.entries().len(), 4_096);
    }

    #[test]
    fn refuses_what_cannot_be_built() {
        assert_eq!(Ring::new(&[], 1, 2), Err(RingError::NoWeight));
        assert_eq!(Ring::new(&[(b"a", 0)], 1, 2), Err(RingError::NoWeight));
        assert_eq!(Ring::new(&HOSTS, 3, 2), Err(RingError::Size));
        assert_eq!(Ring::new(&HOSTS, 1, ENTRIES_LIMIT + 1), Err(RingError::Size));
        let long = vec![b'a'; KEY_BYTES_MAX + 1];
        assert_eq!(Ring::new(&[(&long, 1)], 1, 2), Err(RingError::KeyTooLong));
    }

    #[test]
    fn decimals_of_any_length() {
        let mut label = vec![];
        for number in [0, 9, 10, 4_294_967_295] {
            push_decimal(&mut label, number);
            label.push(b' ');
        }
        assert_eq!(label, b"0 9 10 4294967295 ");
    }

    proptest! {
        #[test]
        fn every_pick_is_a_host_with_a_weight(
            weights in proptest::collection::vec(0u32..1_000, 1..8),
            hash in any::<u64>(),
        ) {
            let keys: Vec<_> = (0u8..).zip(&weights).map(|(i, _)| [b'k', i]).collect();
            let hosts: Vec<_> = keys.iter().map(|k| &k[..]).zip(weights.iter().copied()).collect();
            match Ring::new(&hosts, 64, 256) {
                Ok(ring) => prop_assert!(weights[ring.pick(hash).unwrap() as usize] > 0),
                Err(why) => prop_assert_eq!(why, RingError::NoWeight),
            }
        }
    }
}
