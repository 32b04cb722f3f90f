//! Which requests are let go first when a service has enough.

use crate::decode::{names, whole};

names! {
    /// How much of a service's concurrency limit the requests of a rule may fill.
    pub enum Priority is "a priority" {
        /// All of it.
        High = "high",
        /// 90 percent.
        Normal = "normal",
        /// Half of it.
        Low = "low",
    }
}

whole! {
    /// The order of failover of an endpoint: those of a higher number are used as those of lower
    /// ones fail.
    pub struct EndpointPriority(u8) from 0 to 255;
}

impl Priority {
    /// The share of a service's concurrency limit that its requests may fill, percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        match self {
            Self::High => 100,
            Self::Normal => 90,
            Self::Low => 50,
        }
    }
}
