//! Rows of feature flags.

use super::{Key, Rows};
use crate::snapshot::row::record;

record! {
    /// A feature flag.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Flag {
        /// 1 where it is decided; 0 = callers go on with what they have.
        pub enabled: u8,
        /// The variant where no rule applies.
        pub variant: u32,
        /// Its rules: the first that applies decides.
        pub rules: Rows,
        /// Hash of its name: what one flag draws says nothing of another.
        pub seed: u64,
    }
}

record! {
    /// A rule of a flag.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct FlagRule {
        /// Conditions that must all hold.
        pub conditions: Rows,
        /// What tells callers apart, where there are several shares.
        pub key: Key,
        /// What callers get: one for all, or one by their key.
        pub shares: Rows,
    }
}

record! {
    /// A share of the callers that a rule is for.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct FlagShare {
        /// What they get, or [`NONE`](super::NONE): the next rule.
        pub variant: u32,
        /// Its weight among the shares.
        pub weight: u32,
        /// Its identity among them.
        pub key: u64,
    }
}
