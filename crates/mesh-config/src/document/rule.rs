//! Which requests go where.

use alloc::collections::BTreeMap;

use super::{
    BackendEntry, Conditions, Fallback, Filter, FlagTest, Hedge, HostPatterns, LoadBalancer,
    Methods, PathMatch, Priority, RateLimit, Retries, ServiceName, Sticky, Timeout,
};
use crate::decode::object;

object! {
    /// A rule: which requests it takes, and where they go. Give `service`, or `backends`, or a
    /// `redirect` or `directResponse` filter.
    #[derive(Default)]
    pub struct Rule is "a rule: an object with `path`, `service`, …", else default {
        optional {
            /// Its name, for logs and `explain`.
            "name" => name: String,
            /// Hosts that it is for; by default any.
            "host" => host: HostPatterns,
            /// The same as `host`.
            "hosts" => hosts: HostPatterns,
            /// The path; by default any.
            "path" => path: PathMatch,
            /// Methods; by default any.
            "method" => method: Methods,
            /// The same as `method`.
            "methods" => methods: Methods,
            /// Conditions on request headers.
            "headers" => headers: Conditions,
            /// Conditions on query parameters.
            "query" => query: Conditions,
            /// Feature flags, and the variant that each must have. They count as headers.
            "flags" => flags: BTreeMap<String, FlagTest>,
            /// Alternatives in place of `path`, `method`, `headers`, `query` and `flags`: one of them must
            /// hold.
            "matches" => matches: Vec<Match>,
            /// The service that takes the requests.
            "service" => service: ServiceName,
            /// Services that share the requests by weight.
            "backends" => backends: Vec<BackendEntry>,
            /// What happens to requests and responses on their way.
            "filters" => filters: Vec<Filter>,
            /// How long its requests may take, over what the service says.
            "timeout" => timeout: Timeout,
            /// Whether its requests are tried again, over what the service says.
            "retries" => retries: Retries,
            /// How its requests choose an endpoint, over what the service says.
            "loadBalancer" => load_balancer: LoadBalancer,
            /// What keeps a caller with one of the backends. By default each request is drawn.
            "sticky" => sticky: Sticky,
            /// How many requests callers may send, beside what their services say.
            "rateLimits" => rate_limits: Vec<RateLimit>,
            /// How much of a service's concurrency limit its requests may fill.
            "priority" => priority: Priority = "normal",
            /// Where its requests go that got no good answer, over what the service says.
            "fallback" => fallback: Fallback,
            /// When a second attempt is sent beside a slow first one, over what the service says.
            "hedge" => hedge: Hedge,
        }
    }
}

object! {
    /// What a request must be; an empty one takes every request.
    #[derive(Default)]
    pub struct Match is "an object with `path`, `method`, `headers`, `query`, `flags`", else default {
        optional {
            /// The path; by default any.
            "path" => path: PathMatch,
            /// Methods; by default any.
            "method" => method: Methods,
            /// The same as `method`.
            "methods" => methods: Methods,
            /// Conditions on request headers.
            "headers" => headers: Conditions,
            /// Conditions on query parameters.
            "query" => query: Conditions,
            /// Feature flags, and the variant that each must have. They count as headers.
            "flags" => flags: BTreeMap<String, FlagTest>,
        }
    }
}
