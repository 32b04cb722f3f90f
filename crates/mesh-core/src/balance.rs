//! Balancing: which of the eligible endpoints gets the next attempt.
//!
//! Every balancer is a pure function over an index, closures and dice; the caller filters by
//! version, region, breaker and health first, keeps the little state there is, and maps the index
//! back. None allocates on a pick, none reads a clock, and none panics.
//!
//! | in the configuration | module | cost of a pick | state kept |
//! |---|---|---|---|
//! | `p2c` (default) | [`p2c`] over [`peak_ewma`] | two rolls, two costs | 16 bytes per endpoint |
//! | `roundRobin` | [`round_robin`] | one division | a sequence number |
//! | `weighted` | [`stride`] | at most one row of endpoints | a sequence number |
//! | `leastRequest`, `leastConnections` | [`least_request`] | two rolls, two products | in-flight counts |
//! | `geographic` | [`geographic`], then [`p2c`] | three passes over places | as `p2c` |
//! | `consistentHash` | [`rendezvous`] | a hash mix and a logarithm per endpoint | none |
//! | `adaptive` | [`adaptive`] from [`load_report`]s | one pass, then as `weighted` | 24 bytes per endpoint |
//! | `custom` | the host's code, of what [`p2c`] proposes | as `p2c`, and the code | as `p2c` |
//!
//! [`slow_start`] scales weights of fresh endpoints. For large pools on native hosts there are
//! [`ring`] and [`maglev`] tables, [`priority`] levels, [`zone`] plans and [`locality`] shares;
//! the engine does not link them.

pub mod adaptive;
pub mod float;
pub mod geographic;
pub mod least_request;
pub mod load_report;
pub mod locality;
pub mod maglev;
pub mod p2c;
pub mod peak_ewma;
pub mod priority;
pub mod rendezvous;
pub mod ring;
pub mod round_robin;
pub mod slow_start;
pub mod stride;
pub mod zone;

/// The balancer of a service or rule.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the dispatch over it must be complete; a new balancer is a new Snapshot format"
)]
pub enum Algorithm {
    /// Two random choices by peak EWMA times pending requests.
    #[default]
    P2c,
    /// Each in turn.
    RoundRobin,
    /// In turn, by weight.
    Weighted,
    /// Two random choices by requests in flight per weight.
    LeastRequest,
    /// The nearest to the caller.
    Geographic,
    /// The same key to the same endpoint.
    ConsistentHash,
    /// In turn, by weights from load reports.
    Adaptive,
    /// As the host's code says, of what `p2c` proposes.
    Custom,
}

impl Algorithm {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::P2c,
        Self::RoundRobin,
        Self::Weighted,
        Self::LeastRequest,
        Self::Geographic,
        Self::ConsistentHash,
        Self::Adaptive,
        Self::Custom,
    ];

    /// The balancer of a Snapshot's number; `None` for a number this build does not know.
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::P2c,
            1 => Self::RoundRobin,
            2 => Self::Weighted,
            3 => Self::LeastRequest,
            4 => Self::Geographic,
            5 => Self::ConsistentHash,
            6 => Self::Adaptive,
            7 => Self::Custom,
            _ => return None,
        })
    }

    /// True where this build's machine has the balancer of that number; see the feature `balancers`.
    #[must_use]
    pub const fn is_linked(number: u8) -> bool {
        cfg!(feature = "balancers") || number <= Self::LeastRequest.as_u8()
    }

    /// Its number in a Snapshot; never changes.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::P2c => 0,
            Self::RoundRobin => 1,
            Self::Weighted => 2,
            Self::LeastRequest => 3,
            Self::Geographic => 4,
            Self::ConsistentHash => 5,
            Self::Adaptive => 6,
            Self::Custom => 7,
        }
    }

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P2c => "p2c",
            Self::RoundRobin => "roundRobin",
            Self::Weighted => "weighted",
            Self::LeastRequest => "leastRequest",
            Self::Geographic => "geographic",
            Self::ConsistentHash => "consistentHash",
            Self::Adaptive => "adaptive",
            Self::Custom => "custom",
        }
    }

    /// The balancer of a configured name or of the alias `leastConnections`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "leastConnections" {
            return Some(Self::LeastRequest);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for (number, algorithm) in (0u8..).zip(Algorithm::ALL) {
            assert_eq!(algorithm.as_u8(), number);
            assert_eq!(Algorithm::from_u8(number), Some(algorithm));
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_u8(8), None);
        assert_eq!(Algorithm::from_u8(255), None);
        assert_eq!(Algorithm::from_name("leastConnections"), Some(Algorithm::LeastRequest));
        assert_eq!(Algorithm::from_name("random"), None);
    }
}
