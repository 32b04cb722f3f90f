//! Numbers with a range.

use super::Cursor;
use crate::{diagnostic::Code, node::Node};

/// The whole number that `value` is; `None` for a fraction, a negative one, and above 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked: whole, not negative, exact"
)]
pub(crate) fn whole_number(value: f64) -> Option<u64> {
    ((0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() <= 0.0)
        .then_some(value as u64)
}

/// Notes a number outside its range.
#[inline(never)]
pub(crate) fn out_of_range(value: f64, expected: fn() -> String, at: &mut Cursor) {
    at.error(Code::OutOfRange, &Node::Number(value).describe(), &expected());
}

/// Declares a whole number from a lowest to a highest value.
macro_rules! whole {
    ($(#[$meta:meta])* pub struct $name:ident($int:ty) from $low:literal to $high:literal;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[serde(transparent)]
        pub struct $name(
            #[cfg_attr(feature = "schema", schemars(range(min = $low, max = $high)))] $int,
        );

        impl $name {
            #[doc = concat!("The number, where it is from ", $low, " to ", $high, ".")]
            #[must_use]
            pub fn new(value: $int) -> Option<Self> {
                ($low..=$high).contains(&value).then_some(Self(value))
            }

            /// The number.
            #[must_use]
            pub const fn value(self) -> $int {
                self.0
            }
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                format!("a whole number from {} to {}", $low, $high)
            }

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let $crate::node::Node::Number(value) = node else {
                    return $crate::decode::wrong_type(node, at);
                };
                let found = $crate::decode::whole_number(*value)
                    .and_then(|value| <$int>::try_from(value).ok())
                    .and_then(Self::new);
                if found.is_none() {
                    let expected = <Self as $crate::decode::Decode>::expected;
                    $crate::decode::out_of_range(*value, expected, at);
                }
                found
            }
        }
    };
}
pub(crate) use whole;

/// Declares a number, whole or not, from a lowest to a highest value.
macro_rules! decimal {
    ($(#[$meta:meta])* pub struct $name:ident from $low:literal to $high:literal;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[serde(transparent)]
        pub struct $name(
            #[cfg_attr(feature = "schema", schemars(range(min = $low, max = $high)))] f64,
        );

        impl $name {
            #[doc = concat!("The number, where it is from ", $low, " to ", $high, ".")]
            #[must_use]
            pub fn new(value: f64) -> Option<Self> {
                ($low..=$high).contains(&value).then_some(Self(value))
            }

            /// The number.
            #[must_use]
            pub const fn value(self) -> f64 {
                self.0
            }
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                format!("a number from {} to {}", $low, $high)
            }

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let $crate::node::Node::Number(value) = node else {
                    return $crate::decode::wrong_type(node, at);
                };
                let found = Self::new(*value);
                if found.is_none() {
                    let expected = <Self as $crate::decode::Decode>::expected;
                    $crate::decode::out_of_range(*value, expected, at);
                }
                found
            }
        }
    };
}
pub(crate) use decimal;
