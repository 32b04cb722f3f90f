//! Which failed attempts may be tried again.
//!
//! A condition is a bit; statuses and gRPC codes have sets of their own. Nothing here looks at
//! methods, budgets or time: those are asked after a condition has matched.

/// Lowest status that a [`StatusSet`] holds.
const STATUS_MIN: u16 = 100;
/// Highest status that a [`StatusSet`] holds.
const STATUS_MAX: u16 = 599;

/// A set of conditions, one bit each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RetryOn(pub u32);

impl RetryOn {
    /// Never.
    pub const NONE: Self = Self(0);
    /// No connection: the request was not sent.
    pub const CONNECT_FAILURE: Self = Self(1);
    /// The connection ended before an answer.
    pub const RESET: Self = Self(1 << 1);
    /// The attempt's own timeout passed.
    pub const TIMEOUT: Self = Self(1 << 2);
    /// The answer's status is in the status set.
    pub const STATUS: Self = Self(1 << 3);
    /// The answer's gRPC code is in the code set.
    pub const GRPC: Self = Self(1 << 4);
    /// The answer carries the header that asks for a retry; the host looks.
    pub const HEADER: Self = Self(1 << 5);
    /// The rule's named predicate said yes; the host asks it.
    pub const PREDICATE: Self = Self(1 << 6);

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True where the sets share a condition.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A set of statuses from 100 to 599, one bit each; 64 bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct StatusSet([u64; 8]);

impl StatusSet {
    /// No status.
    pub const NONE: Self = Self([0; 8]);

    /// Adds a closed range; what lies outside 100..=599 is left out.
    pub fn insert_range(&mut self, from: u16, to: u16) {
        for status in from.max(STATUS_MIN)..=to.min(STATUS_MAX) {
            let (word, bit) = Self::place(status);
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// The set of one closed range.
    #[must_use]
    pub fn range(from: u16, to: u16) -> Self {
        let mut set = Self::NONE;
        set.insert_range(from, to);
        set
    }

    /// The set as bits, for the Snapshot.
    #[must_use]
    pub const fn words(&self) -> [u64; 8] {
        self.0
    }

    /// The set of those bits.
    #[must_use]
    pub const fn from_words(words: [u64; 8]) -> Self {
        Self(words)
    }

    /// True where `status` is in the set.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        let (word, bit) = Self::place(status);
        status >= STATUS_MIN && self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    const fn place(status: u16) -> (usize, u64) {
        let at = status.wrapping_sub(STATUS_MIN);
        ((at / 64) as usize, 1 << (at % 64))
    }
}

/// A set of gRPC codes, one bit each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct GrpcCodes(pub u32);

impl GrpcCodes {
    /// `UNAVAILABLE` alone: the one code that says "try again".
    pub const UNAVAILABLE: Self = Self(1 << 14);

    /// True where `code` is in the set; codes above 31 are in none.
    #[must_use]
    pub const fn contains(self, code: u8) -> bool {
        code < 32 && self.0 & (1 << code) != 0
    }
}

/// How an attempt ended, as far as retrying goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an answer, or one of three ways of having none")]
pub enum Ending {
    /// Response headers arrived.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The `grpc-status`, where there is one.
        grpc: Option<u8>,
        /// What the host found: [`RetryOn::HEADER`], [`RetryOn::PREDICATE`], both or none.
        host: RetryOn,
    },
    /// No connection: the request was not sent.
    ConnectFailure,
    /// The connection ended before an answer.
    Reset,
    /// The attempt's timeout passed.
    TimedOut,
}

/// The conditions of one rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryConditions {
    /// Which conditions count.
    pub on: RetryOn,
    /// The statuses of [`RetryOn::STATUS`].
    pub statuses: StatusSet,
    /// The codes of [`RetryOn::GRPC`].
    pub grpc: GrpcCodes,
}

impl RetryConditions {
    /// True where the attempt may be tried again as far as its ending goes.
    #[must_use]
    pub fn matches(&self, ending: &Ending) -> bool {
        let met = match *ending {
            Ending::ConnectFailure => RetryOn::CONNECT_FAILURE,
            Ending::Reset => RetryOn::RESET,
            Ending::TimedOut => RetryOn::TIMEOUT,
            Ending::Answered { status, grpc, host } => {
                let status = self.statuses.contains(status).then_some(RetryOn::STATUS);
                let grpc = grpc.is_some_and(|code| self.grpc.contains(code));
                host.union(status.unwrap_or_default()).union(if grpc {
                    RetryOn::GRPC
                } else {
                    RetryOn::NONE
                })
            }
        };
        self.on.intersects(met)
    }
}

impl Default for RetryConditions {
    /// No connection, reset, timeout, 502 to 504, and gRPC `UNAVAILABLE`.
    fn default() -> Self {
        let on = RetryOn::CONNECT_FAILURE
            .union(RetryOn::RESET)
            .union(RetryOn::TIMEOUT)
            .union(RetryOn::STATUS)
            .union(RetryOn::GRPC);
        Self { on, statuses: StatusSet::range(502, 504), grpc: GrpcCodes::UNAVAILABLE }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answered(status: u16, grpc: Option<u8>, host: RetryOn) -> Ending {
        Ending::Answered { status, grpc, host }
    }

    #[test]
    fn defaults_match_gateway_failures_and_nothing_the_server_meant() {
        let conditions = RetryConditions::default();
        for ending in [Ending::ConnectFailure, Ending::Reset, Ending::TimedOut] {
            assert!(conditions.matches(&ending));
        }
        for (status, expected) in [
            (200, false),
            (404, false),
            (429, false),
            (500, false),
            (502, true),
            (504, true),
            (505, false),
        ] {
            assert_eq!(conditions.matches(&answered(status, None, RetryOn::NONE)), expected);
        }
        assert!(conditions.matches(&answered(200, Some(14), RetryOn::NONE)));
        assert!(!conditions.matches(&answered(200, Some(13), RetryOn::NONE)));
    }

    #[test]
    fn a_condition_that_is_off_does_not_match() {
        let off = RetryConditions { on: RetryOn::NONE, ..RetryConditions::default() };
        assert!(!off.matches(&Ending::ConnectFailure));
        assert!(!off.matches(&answered(503, Some(14), RetryOn::HEADER)));
        let header = RetryConditions { on: RetryOn::HEADER, ..off };
        assert!(header.matches(&answered(200, None, RetryOn::HEADER)));
        assert!(!header.matches(&answered(503, None, RetryOn::PREDICATE)));
    }

    #[test]
    fn statuses_outside_http_are_in_no_set() {
        let all = StatusSet::range(0, u16::MAX);
        for (status, expected) in
            [(0, false), (99, false), (100, true), (599, true), (600, false), (u16::MAX, false)]
        {
            assert_eq!(all.contains(status), expected, "{status}");
        }
        assert_eq!(StatusSet::range(504, 502), StatusSet::NONE);
        assert!(!GrpcCodes(u32::MAX).contains(32));
    }

    proptest! {
        #[test]
        fn a_set_of_ranges_holds_exactly_its_ranges(
            ranges in prop::collection::vec((50..700u16, 50..700u16), 0..8),
            status in 50..700u16,
        ) {
            let mut set = StatusSet::NONE;
            for (from, to) in &ranges {
                set.insert_range(*from, *to);
            }
            let named = ranges.iter().any(|(from, to)| (*from..=*to).contains(&status));
            prop_assert_eq!(set.contains(status), named && (100..=599).contains(&status));
        }
    }
}
