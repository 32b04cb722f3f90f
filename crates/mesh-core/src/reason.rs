//! Why a request failed, and why a retry was not made: two closed sets of codes.

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every code's name, in the order of their numbers.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name, as in headers, logs and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// Why the mesh answered itself: goes into the `mesh-reason` header, the log and the metric.
    Reason {
        /// Nothing failed.
        None = "none",
        /// No rule and no handler matches; 404.
        NoRoute = "no_route",
        /// A handler has the path but not the method; 405.
        MethodNotAllowed = "method_not_allowed",
        /// The path has no normal form; 400.
        BadPath = "bad_path",
        /// The path is longer than the bound; 414.
        PathTooLong = "path_too_long",
        /// The rule sends nowhere: no backends, no weight, or a service that does not exist; 500.
        NoBackend = "no_backend",
        /// No service of that name; 503.
        NoService = "no_service",
        /// The service has no endpoint that this Worker can reach; 503.
        NoEndpoint = "no_endpoint",
        /// It has some, all unhealthy or draining; 503.
        NoHealthyEndpoint = "no_healthy_endpoint",
        /// It has healthy ones, all with an open breaker; 503.
        BreakerOpen = "breaker_open",
        /// The attempt took too long; 504.
        Timeout = "timeout",
        /// The request's time is used up; 504.
        Deadline = "deadline",
        /// No connection to the endpoint; 502.
        ConnectFailure = "connect_failure",
        /// The connection broke; 502.
        Reset = "reset",
        /// The endpoint's code threw; 502.
        UpstreamException = "upstream_exception",
        /// The endpoint answered with a server error, which is passed on.
        UpstreamStatus = "upstream_status",
        /// More mesh hops than the bound: a loop; 508.
        DepthExceeded = "depth_exceeded",
        /// More requests in flight than the bound; 503.
        Overloaded = "overloaded",
        /// A rate limit is reached; 429.
        RateLimited = "rate_limited",
        /// The service's concurrency limit is reached for requests of this priority; 503.
        ConcurrencyLimit = "concurrency_limit",
        /// A fault that the configuration puts in; its own status.
        FaultInjected = "fault_injected",
        /// The caller went away.
        Cancelled = "cancelled",
        /// The Worker's own handler threw; 500.
        HandlerException = "handler_exception",
        /// The engine trapped and a policy forbids the plain path; 503.
        EngineTrap = "engine_trap",
        /// A call that makes no sense, such as an outcome for a ticket that is gone; 500.
        Internal = "internal",
    }
}

codes! {
    /// Why no further attempt was made after one that could have been retried.
    Denial {
        /// The outcome is none that the policy retries: a success among them.
        None = "none",
        /// All attempts are used.
        Attempts = "attempts",
        /// The method is not idempotent and the request has no `Idempotency-Key`.
        Method = "method",
        /// The body cannot be sent twice.
        Body = "body_not_replayable",
        /// The service's retry budget is used up.
        Budget = "budget",
        /// No attempt would end before the deadline.
        Deadline = "deadline",
        /// The endpoint asked for a longer wait than there is time.
        RetryAfter = "retry_after",
        /// All of the platform's connections of this invocation are waiting.
        Connections = "connections",
        /// No endpoint is left.
        Endpoint = "no_endpoint",
        /// The answer is the last word of a mesh below, which has retried already.
        LastWord = "last_word",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_index_names() {
        assert_eq!(Reason::NAMES[Reason::Internal as usize], Reason::Internal.name());
        assert_eq!(Denial::NAMES[Denial::Endpoint as usize], Denial::Endpoint.name());
    }
}
