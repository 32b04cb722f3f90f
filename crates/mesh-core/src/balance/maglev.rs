//! Maglev's lookup table, slot for slot as Envoy builds it.
//!
//! One lookup per pick and nearly equal shares, for the price of a table per pool: for native
//! hosts with large pools. An edge pool is served better by
//! [`rendezvous`](crate::balance::rendezvous).

use alloc::{vec, vec::Vec};
use core::fmt;

use crate::hash::xxh64;

/// The default number of slots: 65537, Maglev's small table; 128 KiB.
pub const SLOTS: u32 = 65_537;

/// The most slots: 5000011, Envoy's limit.
pub const SLOTS_MAX: u32 = 5_000_011;

/// The most hosts: a slot holds 16 bits, one value of which means empty while building.
pub const HOSTS_MAX: usize = 65_535;

const EMPTY: u16 = u16::MAX;

/// A filled lookup table; 2 bytes per slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Maglev {
    slots: Vec<u16>,
}

/// Why a table could not be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MaglevError {
    /// No host has a weight above 0.
    NoWeight,
    /// The number of slots is not a prime, or is below 2 or above [`SLOTS_MAX`].
    Size,
    /// More than [`HOSTS_MAX`] hosts, or more hosts with a weight than slots.
    TooManyHosts,
}

/// One host's walk through the slots.
struct Walk {
    host: u16,
    weight: u64,
    /// The rounds times weight at which the host places its next slot.
    due: u64,
    at: u64,
    skip: u64,
}

impl Maglev {
    /// Builds a table of `slots` (a prime) for `hosts` (key and weight); a weight of 0 is left out.
    ///
    /// Hosts fill slots in the order given. Envoy sorts them by key first; where tables of two
    /// programs must agree, so must the order.
    ///
    /// # Errors
    /// [`MaglevError`], where the size is unfit or there is nothing to place.
    pub fn new(hosts: &[(&[u8], u32)], slots: u32) -> Result<Self, MaglevError> {
        if slots > SLOTS_MAX || !is_prime(slots) {
            return Err(MaglevError::Size);
        }
        if hosts.len() > HOSTS_MAX {
            return Err(MaglevError::TooManyHosts);
        }
        let size = u64::from(slots);
        let mut walks: Vec<Walk> = (0..EMPTY)
            .zip(hosts)
            .filter(|(_, (_, weight))| *weight > 0)
            .map(|(host, (key, weight))| Walk {
                host,
                weight: u64::from(*weight),
                due: 0,
                at: xxh64(key, 0) % size,
                skip: xxh64(key, 1) % size.saturating_sub(1).max(1) + 1,
            })
            .collect();
        let heaviest = walks.iter().map(|walk| walk.weight).max().ok_or(MaglevError::NoWeight)?;
        if walks.len() as u64 > size {
            return Err(MaglevError::TooManyHosts);
        }

        let mut table = vec![EMPTY; slots as usize];
        let mut free = slots;
        let mut round = 1_u64;
        while free > 0 {
            for walk in &mut walks {
                if free == 0 {
                    break;
                }
                if round.saturating_mul(walk.weight) < walk.due {
                    continue;
                }
                walk.due = walk.due.saturating_add(heaviest);
                if walk.place(&mut table, size) {
                    free = free.saturating_sub(1);
                }
            }
            // The heaviest host places in every round, so rounds are at most slots.
            round = round.saturating_add(1);
        }
        Ok(Self { slots: table })
    }

    /// The host of `hash`; `None` never happens for a table that was built.
    #[must_use]
    pub fn pick(&self, hash: u64) -> Option<u32> {
        let size = self.slots.len() as u64;
        let at = usize::try_from(hash.checked_rem(size)?).ok()?;
        self.slots.get(at).map(|host| u32::from(*host))
    }

    /// The host of `hash` that `is_eligible`, with up to `retries` further hashes; the last host
    /// tried where none is.
    #[must_use]
    pub fn pick_eligible(
        &self,
        hash: u64,
        retries: u32,
        mut is_eligible: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mut hash = hash;
        let mut host = self.pick(hash)?;
        for attempt in 1..=retries {
            if is_eligible(host) {
                break;
            }
            // Envoy's step: all bits flipped, less the attempt.
            hash ^= u64::MAX.wrapping_sub(u64::from(attempt)).wrapping_add(1);
            host = self.pick(hash)?;
        }
        Some(host)
    }

    /// The host index of each slot.
    #[must_use]
    pub fn slots(&self) -> &[u16] {
        &self.slots
    }
}

impl Walk {
    /// Takes the next free slot of this host's permutation, which visits every slot once.
    fn place(&mut self, table: &mut [u16], size: u64) -> bool {
        for _ in 0..size {
            let at = usize::try_from(self.at).unwrap_or(usize::MAX);
            self.at = self.at.wrapping_add(self.skip) % size;
            if let Some(slot) = table.get_mut(at)
                && *slot == EMPTY
            {
                *slot = self.host;
                return true;
            }
        }
        false
    }
}

impl fmt::Display for MaglevError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoWeight => "no host of the table has a weight",
            Self::Size => "the number of slots must be a prime up to 5000011",
            Self::TooManyHosts => "more hosts than the table can hold",
        })
    }
}

impl core::error::Error for MaglevError {}

/// Trial division; about 1100 steps at [`SLOTS_MAX`].
fn is_prime(number: u32) -> bool {
    if number < 4 {
        return number >= 2;
    }
    number % 2 == 1
        && (3..)
            .step_by(2)
            .take_while(|divisor: &u32| divisor.saturating_mul(*divisor) <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BY_ADDRESS: [(&[u8], u32); 6] = [
        (b"127.0.0.1:90", 1),
        (b"127.0.0.1:91", 1),
        (b"127.0.0.1:92", 1),
        (b"127.0.0.1:93", 1),
        (b"127.0.0.1:94", 1),
        (b"127.0.0.1:95", 1),
    ];

    #[test]
    fn vector_envoy_table_by_address() {
        let table = Maglev::new(&BY_ADDRESS, 7).unwrap();
        assert_eq!(table.slots(), [2, 4, 0, 1, 5, 0, 3]);
        for hash in 0..21 {
            assert_eq!(table.pick(hash), table.pick(hash % 7));
        }
    }

    #[test]
    fn vector_envoy_table_by_hostname() {
        let hosts: [(&[u8], u32); 6] =
            [(b"90", 1), (b"91", 1), (b"92", 1), (b"93", 1), (b"94", 1), (b"95", 1)];
        assert_eq!(Maglev::new(&hosts, 7).unwrap().slots(), [2, 5, 0, 3, 4, 1, 0]);
    }

    #[test]
    fn vector_envoy_retry_hashes() {
        let table = Maglev::new(&BY_ADDRESS, 7).unwrap();
        assert_eq!(table.pick(10), Some(1));
        assert_eq!(table.pick_eligible(10, 2, |host| host != 1), Some(0));
        assert_eq!(table.pick_eligible(10, 2, |_| false), Some(5));
    }

    #[test]
    fn weights_are_worth_slots() {
        let table = Maglev::new(&[(b"a", 1), (b"b", 3), (b"c", 0)], SLOTS).unwrap();
        let count = |host| table.slots().iter().filter(|slot| **slot == host).count();
        assert!(count(0).abs_diff(16_384) < 164, "{}", count(0));
        assert_eq!((count(0) + count(1), count(2)), (65_537, 0));
    }

    #[test]
    fn refuses_what_cannot_be_built() {
        for slots in [0, 1, 4, 9, 65_536, 65_535, 5_000_013, u32::MAX] {
            assert_eq!(Maglev::new(&BY_ADDRESS, slots), Err(MaglevError::Size), "{slots}");
        }
        assert_eq!(Maglev::new(&[], 7), Err(MaglevError::NoWeight));
        assert_eq!(Maglev::new(&[(b"a", 0)], 7), Err(MaglevError::NoWeight));
        assert_eq!(Maglev::new(&BY_ADDRESS, 5), Err(MaglevError::TooManyHosts));
        assert!(Maglev::new(&BY_ADDRESS[..2], 2).is_ok());
        assert!(Maglev::new(&BY_ADDRESS, SLOTS_MAX).is_ok());
    }

    proptest! {
        #[test]
        fn every_slot_is_filled_with_a_weighted_host(
            weights in proptest::collection::vec(0u32..1_000, 1..8),
            hash in any::<u64>(),
        ) {
            let keys: Vec<_> = (0u8..).zip(&weights).map(|(i, _)| [b'k', i]).collect();
            let hosts: Vec<_> = keys.iter().map(|k| &k[..]).zip(weights.iter().copied()).collect();
            match Maglev::new(&hosts, 251) {
                Ok(table) => {
                    prop_assert!(table.slots().iter().all(|host| weights[usize::from(*host)] > 0));
                    prop_assert!(table.pick(hash).is_some());
                }
                Err(why) => prop_assert_eq!(why, MaglevError::NoWeight),
            }
        }
    }
}
