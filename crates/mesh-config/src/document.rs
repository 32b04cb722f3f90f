//! The configuration document as Rust types: what a person writes, one concept per file.
//!
//! Most settings have a short form (`"retries": 3`) and a long one; both are kept as written here
//! and become one form when the document is compiled. An absent field is `None`: its default
//! depends on what the service or the document says.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a decoder refuses in one way every kind of node that it does not name"
)]

mod address;
mod backend;
mod breaker;
mod bytes;
mod concurrency;
mod condition;
mod cors;
mod direct_response;
mod edits;
mod endpoint;
mod fallback;
mod fault;
mod filter;
mod flag;
mod flag_test;
mod flag_value;
mod header;
mod health_check;
mod hedge;
mod host;
mod load_balancer;
mod location;
mod method;
mod mirror;
mod name;
mod off;
mod outlier_detection;
mod path_match;
mod percent;
mod priority;
mod rate_limit;
mod registration;
mod retries;
mod retry_condition;
mod rule;
mod service;
mod slow_start;
mod status;
mod sticky;
mod targets;
mod time_span;
mod timeout;
mod version_range;

use alloc::collections::BTreeMap;

pub(crate) use self::path_match::check_path;
pub use self::{
    address::{Address, AddressKind},
    backend::{Backend, BackendEntry, BackendWeight, MissingBackend},
    breaker::{
        Breaker, BreakerMode, BreakerSettings, OpenTime, OpenTimeSettings, Probes, SlowCall,
    },
    bytes::Bytes,
    concurrency::{Concurrency, ConcurrencySettings, InFlight},
    condition::{Condition, ConditionEntry, ConditionTest, ConditionType, Conditions, Present},
    cors::{Cors, CorsMethod, CorsOrigin},
    direct_response::{DirectResponse, ResponseBody, ResponseStatus},
    edits::{Edits, HeaderValues},
    endpoint::{Endpoint, EndpointEntry, EndpointHealth, EndpointWeight, Endpoints},
    fallback::{Fallback, FallbackTarget},
    fault::{ActiveMax, Fault, FaultAbort, FaultDelay},
    filter::{Filter, PathEdit, Port, Redirect, RedirectStatus, Rewrite, Scheme},
    flag::{Flag, FlagEntry, FlagRule},
    flag_test::FlagTest,
    flag_value::{FlagType, FlagValue},
    header::{HeaderName, HeaderValue},
    health_check::{HealthCheck, HealthCheckSettings},
    hedge::{Hedge, HedgePercentile, HedgeWhen},
    host::{Host, HostPattern, HostPatterns},
    load_balancer::{
        BalancerName, HashKey, HashOn, HashSource, LoadBalancer, LoadBalancerSettings,
    },
    location::{Coordinates, Latitude, Longitude},
    method::{MethodName, Methods, RetryMethod},
    mirror::{Denominator, Fraction, Mirror, Numerator},
    name::{BindingName, Colo, CookieName, MeshName, Region, ServiceName, Tag},
    off::Off,
    outlier_detection::{OutlierDetection, OutlierDetectionSettings, StdevFactor},
    path_match::{PathMatch, PathText, PathType, RequestPath, TypedPath},
    percent::{Percent, Ratio},
    priority::{EndpointPriority, Priority},
    rate_limit::{LimitName, LimitTier, RateLimit, Requests},
    registration::Registration,
    retries::{
        Backoff, BackoffSettings, Budget, BudgetFloor, BudgetSettings, Retries, RetryCount,
        RetrySettings,
    },
    retry_condition::{
        GrpcCondition, RetryCondition, RetryConditionName, RetryHeader, RetryPredicate,
    },
    rule::{Match, Rule},
    service::{MinReady, Service},
    slow_start::{SlowStart, SlowStartSettings},
    status::{StatusCode, StatusEntry, StatusPattern, StatusRange, Statuses},
    sticky::{CookiePath, Sticky, StickyCookie, StickyCookieSettings, StickyKey, StickySource},
    targets::Targets,
    time_span::TimeSpan,
    timeout::{Timeout, TimeoutSettings},
    version_range::VersionRange,
};
pub use crate::decode::ParseError;
use crate::decode::{object, whole};

whole! {
    /// The version of the document format. There is one so far.
    pub struct FormatVersion(u8) from 1 to 1;
}

whole! {
    /// A whole number for counting answers and failures.
    pub struct Count(u32) from 0 to 1000000;
}

object! {
    /// A mesh: its services, and the rules that lead requests to them.
    #[derive(Default)]
    #[cfg_attr(feature = "schema", schemars(rename = "MeshDocument"))]
    pub struct Document is "an object with `services` and `routing`" {
        required {
            /// The services by name. A name is a lowercase DNS label: letters, digits and `-`.
            "services" => services: BTreeMap<String, Service>,
        }
        optional {
            /// Where this document's schema is, for editors.
            "$schema" => schema: String,
            /// Version of the document format.
            "version" => version: FormatVersion = 1,
            /// Name of the mesh: a lowercase DNS label.
            "name" => name: MeshName = crate::defaults::MESH_NAME,
            /// What holds for every service that says nothing else.
            "defaults" => defaults: Defaults,
            /// Rules for requests that come in.
            "routing" => routing: Routing,
            /// Feature flags by name: letters, digits, `.`, `_` and `-`, at most 64.
            "flags" => flags: BTreeMap<String, FlagEntry>,
        }
    }
}

object! {
    /// What holds for every service that says nothing else.
    #[derive(Default)]
    pub struct Defaults is "an object of defaults for all services" {
        optional {
            /// How long requests may take.
            "timeout" => timeout: Timeout,
            /// Whether and when requests are tried again.
            "retries" => retries: Retries,
            /// How an endpoint is chosen.
            "loadBalancer" => load_balancer: LoadBalancer,
            /// When an endpoint is left alone for a while.
            "breaker" => breaker: Breaker,
            /// How a recovered endpoint comes back.
            "slowStart" => slow_start: SlowStart,
            /// How many requests a service gets at a time.
            "concurrency" => concurrency: Concurrency,
            /// When a second attempt is sent beside a slow first one.
            "hedge" => hedge: Hedge,
            /// Whether endpoints are left out by what all isolates see of them together.
            "outlierDetection" => outlier_detection: OutlierDetection,
            /// Whether isolates share retry budgets and concurrency limits.
            "shareState" => share_state: bool,
        }
    }
}

object! {
    /// Rules for requests that come in.
    #[derive(Default)]
    pub struct Routing is "an object with `rules`" {
        optional {
            /// The rules. The most specific one that matches a request takes it: exact host before
            /// wildcard, exact path before template before expression before longest prefix, then
            /// a method, more headers, more query parameters, the first declared.
            "rules" => rules: Vec<Rule>,
        }
    }
}
