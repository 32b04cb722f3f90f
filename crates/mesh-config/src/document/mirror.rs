//! Copies of requests.

use super::{Percent, ServiceName};
use crate::decode::{object, whole};

whole! {
    /// The upper part of a fraction.
    pub struct Numerator(u32) from 0 to 1000000000;
}

whole! {
    /// The lower part of a fraction.
    pub struct Denominator(u32) from 1 to 1000000000;
}

object! {
    /// A copy of the requests, or of a share of them, for another service. Nobody waits for its
    /// answer, and it changes nothing for the caller.
    pub struct Mirror is "an object with `service` and `percent`" {
        required {
            /// The service that gets the copies.
            "service" => service: ServiceName,
        }
        optional {
            /// Share of the requests, percent. By default all.
            "percent" => percent: Percent = 100.0,
            /// Share of the requests as a fraction, in place of `percent`.
            "fraction" => fraction: Fraction,
        }
    }
}

object! {
    /// A fraction, at most 1.
    pub struct Fraction is "an object with `numerator` and `denominator`" {
        required {
            /// The upper part.
            "numerator" => numerator: Numerator,
        }
        optional {
            /// The lower part.
            "denominator" => denominator: Denominator = 100,
        }
    }
}
