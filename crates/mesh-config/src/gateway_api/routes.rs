//! Routes of either kind, in the one form that the rest of an import works with.

use serde::Serialize;

use super::route_objects::{
    BackendRef, GrpcMatch, GrpcRouteRule, GrpcRouteSpec, HttpRouteRule, HttpRouteSpec, ParentRef,
    RouteFilter, RouteMatch, RouteRetry, RouteTimeouts,
};

/// What a route routes.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum RouteKind {
    /// gRPC requests. Of two kinds for one Service this one holds.
    #[serde(rename = "GRPCRoute")]
    Grpc,
    /// Requests of HTTP.
    #[default]
    #[serde(rename = "HTTPRoute")]
    Http,
}

impl RouteKind {
    const ALL: [Self; 2] = [Self::Grpc, Self::Http];

    /// As objects have it: `HTTPRoute`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "GRPCRoute",
            Self::Http => "HTTPRoute",
        }
    }

    /// The kind of that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind that cannot stand beside this one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Grpc => Self::Http,
            Self::Http => Self::Grpc,
        }
    }
}

/// A route.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    pub(super) kind: RouteKind,
    pub(super) parents: Vec<ParentRef>,
    pub(super) hostnames: Vec<String>,
    pub(super) rules: Vec<RouteRule>,
}

/// A rule of a route.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteRule {
    pub(super) name: Option<String>,
    pub(super) matches: RouteMatches,
    pub(super) filters: Vec<RouteFilter>,
    pub(super) backends: Vec<BackendRef>,
    /// Of an HTTPRoute.
    pub(super) timeouts: Option<RouteTimeouts>,
    /// Of an HTTPRoute.
    pub(super) retry: Option<RouteRetry>,
}

/// What a rule matches; everything of its kind where there is none.
#[derive(Clone, Debug)]
pub(super) enum RouteMatches {
    Http(Vec<RouteMatch>),
    Grpc(Vec<GrpcMatch>),
}

impl Default for RouteMatches {
    fn default() -> Self {
        Self::Http(Vec::new())
    }
}

impl From<HttpRouteSpec> for Route {
    fn from(spec: HttpRouteSpec) -> Self {
        let rules = spec.rules.unwrap_or_default().into_iter();
        Self {
            kind: RouteKind::Http,
            parents: spec.parents.unwrap_or_default(),
            hostnames: spec.hostnames.unwrap_or_default(),
            rules: rules.map(RouteRule::from).collect(),
        }
    }
}

impl From<GrpcRouteSpec> for Route {
    fn from(spec: GrpcRouteSpec) -> Self {
        let rules = spec.rules.unwrap_or_default().into_iter();
        Self {
            kind: RouteKind::Grpc,
            parents: spec.parents.unwrap_or_default(),
            hostnames: spec.hostnames.unwrap_or_default(),
            rules: rules.map(RouteRule::from).collect(),
        }
    }
}

impl From<HttpRouteRule> for RouteRule {
    fn from(rule: HttpRouteRule) -> Self {
        Self {
            name: rule.name,
            matches: RouteMatches::Http(rule.matches.unwrap_or_default()),
            filters: rule.filters.unwrap_or_default(),
            backends: rule.backends.unwrap_or_default(),
            timeouts: rule.timeouts,
            retry: rule.retry,
        }
    }
}

impl From<GrpcRouteRule> for RouteRule {
    fn from(rule: GrpcRouteRule) -> Self {
        Self {
            name: rule.name,
            matches: RouteMatches::Grpc(rule.matches.unwrap_or_default()),
            filters: rule.filters.unwrap_or_default(),
            backends: rule.backends.unwrap_or_default(),
            timeouts: None,
            retry: None,
        }
    }
}

impl RouteRule {
    /// The rule of a route that has none: it takes everything, and sends nowhere.
    pub(super) fn only(kind: RouteKind) -> Self {
        let matches = match kind {
            RouteKind::Grpc => RouteMatches::Grpc(Vec::new()),
            RouteKind::Http => RouteMatches::Http(Vec::new()),
        };
        Self { matches, ..Self::default() }
    }
}
