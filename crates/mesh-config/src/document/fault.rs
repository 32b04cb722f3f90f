//! Faults that are put into requests on purpose.

use alloc::collections::BTreeMap;

use super::{Conditions, FlagTest, Percent, ResponseStatus, TimeSpan};
use crate::decode::{object, whole};

whole! {
    /// A number of requests at a time.
    pub struct ActiveMax(u16) from 0 to 65535;
}

object! {
    /// A fault that is put into requests on purpose, to see what they do to callers: a delay, an
    /// answer in place of the service's, or both.
    #[derive(Default)]
    pub struct Fault is "an object with `delay` or `abort`" {
        optional {
            /// Lets requests wait before they are sent.
            "delay" => delay: FaultDelay,
            /// Answers in place of the service.
            "abort" => abort: FaultAbort,
            /// Only requests whose headers meet these conditions.
            "headers" => headers: Conditions,
            /// Only requests whose query meets these conditions.
            "query" => query: Conditions,
            /// Only requests for which flags have these variants.
            "flags" => flags: BTreeMap<String, FlagTest>,
            /// Requests that an isolate lets wait at a time; more go on without the delay.
            "maxActive" => max_active: ActiveMax = crate::defaults::FAULT_ACTIVE_MAX,
        }
    }
}

object! {
    /// A wait before a request is sent.
    pub struct FaultDelay is "an object with `time` and `percent`" {
        required {
            /// How long, at most an hour.
            "time" => time: TimeSpan,
        }
        optional {
            /// Share of the requests, percent.
            "percent" => percent: Percent = 100.0,
        }
    }
}

object! {
    /// An answer in place of the service's.
    pub struct FaultAbort is "an object with `status` and `percent`" {
        required {
            /// Its status.
            "status" => status: ResponseStatus,
        }
        optional {
            /// Share of the requests, percent.
            "percent" => percent: Percent = 100.0,
        }
    }
}
