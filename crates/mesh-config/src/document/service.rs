//! A logical name and what stands behind it.

use super::{
    Breaker, Concurrency, Endpoints, Fallback, HealthCheck, Hedge, LoadBalancer, OutlierDetection,
    Percent, RateLimit, Retries, SlowStart, Timeout,
};
use crate::decode::{object, whole};

whole! {
    /// A number of endpoints.
    pub struct MinReady(u16) from 0 to 65535;
}

object! {
    /// A service: where it is, and how it is called.
    #[derive(Default)]
    pub struct Service is "an object with `endpoints`, `timeout`, …", else default {
        optional {
            /// Where it is. Without this field it has one endpoint: the service binding of its own
            /// name in upper case (`user-service` is `binding:USER_SERVICE`). An empty list is a
            /// service that answers 503.
            "endpoints" => endpoints: Endpoints,
            /// How its endpoints are asked for their health.
            "healthCheck" => health_check: HealthCheck,
            /// How long requests may take.
            "timeout" => timeout: Timeout,
            /// Whether and when requests are tried again.
            "retries" => retries: Retries,
            /// How an endpoint is chosen.
            "loadBalancer" => load_balancer: LoadBalancer = "p2c",
            /// When an endpoint is left alone for a while; `false` = never.
            "breaker" => breaker: Breaker,
            /// Endpoints that breakers must leave. By default half of up to four endpoints, at least
            /// one; none of more, or of one whose `breaker` is configured.
            "minReady" => min_ready: MinReady,
            /// Below this percentage of ready endpoints all are used. By default 50 for more than
            /// four endpoints, else 0 = never.
            "panicThreshold" => panic_threshold: Percent,
            /// How a recovered endpoint comes back.
            "slowStart" => slow_start: SlowStart,
            /// How many requests callers may send, by rules and by its name.
            "rateLimits" => rate_limits: Vec<RateLimit>,
            /// How many requests it gets at a time.
            "concurrency" => concurrency: Concurrency = false,
            /// Where a request goes that got no good answer. The fallback's own is not asked.
            "fallback" => fallback: Fallback,
            /// When a second attempt is sent beside a slow first one; `false` = never.
            "hedge" => hedge: Hedge = false,
            /// Whether endpoints are left out by what all isolates see of them together. Needs a
            /// registry with its object.
            "outlierDetection" => outlier_detection: OutlierDetection = false,
            /// Whether isolates share the retry budget's floor, and begin at one another's concurrency
            /// limits. Needs a registry with its object.
            "shareState" => share_state: bool = false,
        }
    }
}
