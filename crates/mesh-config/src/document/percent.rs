//! Shares of a whole.

use crate::decode::decimal;

decimal! {
    /// A percentage.
    pub struct Percent from 0.0 to 100.0;
}

decimal! {
    /// A share: 0 is none, 1 is all.
    pub struct Ratio from 0.0 to 1.0;
}
