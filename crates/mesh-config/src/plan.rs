//! A document with every short form spelled out, every default filled in and every name resolved:
//! what is compiled, searched for conflicts and explained.
//!
//! Making it finds what only shows when the parts are put together. It goes on after an error, so
//! that all of them show in one pass.

mod backends;
mod breaker;
mod concurrency;
mod conditions;
mod context;
mod endpoints;
mod fallback;
mod filters;
mod flags;
mod matches;
pub(crate) mod outliers;
mod paths;
mod rate_limits;
mod rules;
mod services;
mod settings;
mod sticky;
mod traffic;

use mesh_core::{
    breaker::{BreakerConfig, BreakerMode},
    method::MethodSet,
    route::Automaton,
    snapshot::tables::PathChange,
    time::Micros,
};

pub(crate) use self::{
    conditions::FLAG_PREFIX,
    flags::{PlannedFlag, PlannedFlagRule},
    matches::ASKED_METHOD,
    outliers::PlannedOutliers,
    settings::{PlannedHedge, Settings},
    traffic::{
        PlannedConcurrency, PlannedConditions, PlannedCors, PlannedFallback, PlannedFault,
        PlannedLimit, PlannedMirror, PlannedResponse, PlannedSticky, PlannedVersion,
    },
};
use self::{context::Context, rate_limits::LimitNames};
use crate::{
    decode::Cursor,
    defaults,
    document::{Address, Coordinates, Document, EndpointHealth, HealthCheck, Priority},
};

/// A resolved document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) services: Vec<PlannedService>,
    pub(crate) flags: Vec<PlannedFlag>,
    pub(crate) rules: Vec<PlannedRule>,
}

/// A resolved service.
#[derive(Clone, Debug)]
pub(crate) struct PlannedService {
    pub(crate) name: String,
    pub(crate) endpoints: Vec<PlannedEndpoint>,
    pub(crate) settings: Settings,
    pub(crate) breaker: BreakerConfig,
    pub(crate) breaker_mode: BreakerMode,
    pub(crate) min_ready: u16,
    pub(crate) panic_percent: u8,
    pub(crate) slow_start: Micros,
    pub(crate) slow_start_min_percent: u8,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) limits: Vec<PlannedLimit>,
    pub(crate) concurrency: Option<PlannedConcurrency>,
    pub(crate) outliers: Option<PlannedOutliers>,
    pub(crate) share_state: bool,
}

/// A resolved endpoint.
#[derive(Clone, Debug)]
pub(crate) struct PlannedEndpoint {
    pub(crate) address: Address,
    pub(crate) version: Option<String>,
    pub(crate) weight: u16,
    pub(crate) priority: u8,
    pub(crate) region: Option<String>,
    pub(crate) colo: Option<String>,
    pub(crate) location: Option<Coordinates>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) health: EndpointHealth,
}

/// A resolved rule.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRule {
    /// As written, or `rules[3]`.
    pub(crate) name: String,
    /// Where it stands in the document.
    pub(crate) at: String,
    /// Every combination of host and match.
    pub(crate) matches: Vec<PlannedMatch>,
    /// Matches for the preflights of cross-origin requests that `matches` would take.
    pub(crate) preflights: Vec<PlannedMatch>,
    pub(crate) backends: Vec<PlannedBackend>,
    pub(crate) filters: Filters,
    pub(crate) redirect: Option<PlannedRedirect>,
    pub(crate) cors: Option<PlannedCors>,
    pub(crate) limits: Vec<PlannedLimit>,
    pub(crate) sticky: Option<PlannedSticky>,
    pub(crate) priority: Priority,
}

/// A resolved match.
#[derive(Clone, Debug)]
pub(crate) struct PlannedMatch {
    /// Empty = any host.
    pub(crate) host: String,
    pub(crate) path: PlannedPath,
    /// None = any method.
    pub(crate) methods: MethodSet,
    pub(crate) headers: Vec<PlannedCondition>,
    pub(crate) query: Vec<PlannedCondition>,
}

/// A resolved path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PlannedPath {
    Exact(String),
    Prefix(String),
    Template(String),
    Expression { source: String, automaton: Automaton },
}

/// A resolved condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PlannedCondition {
    pub(crate) name: String,
    pub(crate) test: PlannedTest,
}

/// What a value must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PlannedTest {
    Exact(String),
    Expression {
        source: String,
        automaton: Automaton,
    },
    Present,
    /// A flag by its place in the plan has a variant by its number and name.
    Flag {
        flag: usize,
        variant: usize,
        name: String,
    },
}

/// A resolved backend.
#[derive(Clone, Debug)]
pub(crate) struct PlannedBackend {
    /// In [`Plan::services`]; `None` where the document names it as missing, or where there is
    /// no such service, which is an error, or where the mesh answers itself.
    pub(crate) service: Option<usize>,
    /// What the mesh answers itself.
    pub(crate) response: Option<PlannedResponse>,
    pub(crate) weight: u32,
    pub(crate) settings: Settings,
    pub(crate) filters: Filters,
    /// Requests that go here whatever the weights say.
    pub(crate) pins: PlannedConditions,
    pub(crate) version: Option<PlannedVersion>,
    /// Its identity among the backends of its rule.
    pub(crate) key: u64,
}

/// Resolved filters, without those that only a rule may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    pub(crate) edits: Vec<PlannedEdit>,
    pub(crate) rewrite: Option<PlannedRewrite>,
    pub(crate) mirrors: Vec<PlannedMirror>,
    pub(crate) faults: Vec<PlannedFault>,
}

/// A resolved header edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PlannedEdit {
    /// 0 = on the request, 1 = on the response.
    pub(crate) side: u8,
    /// 0 = set, 1 = add, 2 = remove, 3 = set to the value of a request header.
    pub(crate) action: u8,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A resolved rewrite.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRewrite {
    pub(crate) host: String,
    pub(crate) path: PathChange,
    pub(crate) value: String,
}

/// A resolved redirect.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRedirect {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: PathChange,
    pub(crate) value: String,
    pub(crate) status: u16,
}

impl Plan {
    /// Resolves a document; notes what does not fit together.
    pub(crate) fn of(document: &Document, at: &mut Cursor) -> Self {
        let flags = flags::plan(document, at);
        let context = Context { document, flags: &flags };
        let mut names = LimitNames::of(document);
        let services = services::plan(context, &mut names, at);
        let rules = rules::plan(context, &services, &mut names, at);
        Self {
            name: document
                .name
                .as_ref()
                .map_or_else(|| defaults::MESH_NAME.to_owned(), |name| name.as_str().to_owned()),
            services,
            flags,
            rules,
        }
    }
}
