//! Where a request may go, with what happens on the way.

use mesh_core::time::Micros;
use serde::Serialize;

use super::{
    endpoint::ExplainedEndpoint,
    policy::{ExplainedPolicy, ExplainedService},
    reason::{self, Asked},
    sent::ExplainedSent,
    traffic::ExplainedSplit,
};
use crate::{
    document::TimeSpan,
    plan::{Plan, PlannedBackend, PlannedFault, PlannedMirror, PlannedRule, PlannedService},
};

/// A service that a request may go to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedBackend {
    /// Its weight in the rule.
    pub weight: u32,
    /// Its share of the rule's requests, percent.
    pub percent: f64,
    /// True where this request goes here for sure, false where it goes to another one; absent where
    /// it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<bool>,
    /// Conditions of requests that go here whatever the weights say.
    pub pins: Vec<String>,
    /// The range of versions that it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The service.
    pub service: ExplainedService,
    /// What it is sent; absent for a call by name, which goes as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<ExplainedSent>,
    /// The policy in force: the rule's over the service's over the document's.
    pub policy: ExplainedPolicy,
    /// Copies of its requests.
    pub mirrors: Vec<ExplainedMirror>,
    /// Faults that are put into its requests.
    pub faults: Vec<ExplainedFault>,
    /// Its endpoints.
    pub endpoints: Vec<ExplainedEndpoint>,
}

/// A copy of requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedMirror {
    /// The service that gets it.
    pub service: String,
    /// Share of the requests, percent.
    pub percent: f64,
}

/// A fault that is put into requests on purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedFault {
    /// Its conditions.
    pub conditions: Vec<String>,
    /// True where the request meets all of them.
    pub holds: bool,
    /// How long requests wait; absent where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<TimeSpan>,
    /// Share of the requests that wait, percent.
    pub delay_percent: f64,
    /// Status of the answer in place of the service's; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_status: Option<u16>,
    /// Share of the requests that are answered so, percent.
    pub abort_percent: f64,
    /// Requests that may wait at a time.
    pub max_active: u16,
}

impl ExplainedBackend {
    /// The backends of a rule that have a service, in order. Beside the rule stand the segments of
    /// the path that its match fixes.
    pub(super) fn all(
        plan: &Plan,
        (rule, depth): (&PlannedRule, u16),
        split: Option<&ExplainedSplit>,
        asked: &Asked<'_>,
    ) -> Vec<Self> {
        let total: u64 = rule.backends.iter().map(|backend| u64::from(backend.weight)).sum();
        let chosen = split.and_then(|split| split.backend);
        let backends = rule.backends.iter().enumerate();
        let explained = backends.filter_map(|(place, backend)| {
            let service = plan.services.get(backend.service?)?;
            Some(Self {
                chosen: chosen.map(|chosen| chosen == place),
                sent: Some(ExplainedSent::of(rule, backend, asked.path, depth)),
                ..Self::of(plan, rule, backend, service, total, asked)
            })
        });
        explained.collect()
    }

    fn of(
        plan: &Plan,
        rule: &PlannedRule,
        backend: &PlannedBackend,
        service: &PlannedService,
        total: u64,
        asked: &Asked<'_>,
    ) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "sums of weights are far below 2^53")]
        let percent = f64::from(backend.weight) * 100.0 / total.max(1) as f64;
        let mirrors = rule.filters.mirrors.iter().chain(&backend.filters.mirrors);
        let faults = rule.filters.faults.iter().chain(&backend.filters.faults);
        Self {
            weight: backend.weight,
            percent: (percent * 100.0).round() / 100.0,
            chosen: None,
            pins: reason::wanted_all(&backend.pins),
            version: backend.version.as_ref().map(|version| version.range.clone()),
            service: ExplainedService::of(service, asked),
            sent: None,
            policy: ExplainedPolicy::of(&backend.settings, plan),
            mirrors: mirrors.filter_map(|mirror| ExplainedMirror::of(mirror, plan)).collect(),
            faults: faults.map(|fault| ExplainedFault::of(fault, asked)).collect(),
            endpoints: ExplainedEndpoint::all(service, backend.version.as_ref()),
        }
    }

    /// A service that is called by its name.
    pub(super) fn by_name(plan: &Plan, service: &PlannedService, asked: &Asked<'_>) -> Self {
        Self {
            weight: 1,
            percent: 100.0,
            chosen: None,
            pins: Vec::new(),
            version: None,
            service: ExplainedService::of(service, asked),
            sent: None,
            policy: ExplainedPolicy::of(&service.settings, plan),
            mirrors: Vec::new(),
            faults: Vec::new(),
            endpoints: ExplainedEndpoint::all(service, None),
        }
    }

    /// True where the request may go here.
    pub(super) fn may_be_sent_to(&self) -> bool {
        self.chosen.unwrap_or(self.weight > 0)
    }
}

impl ExplainedMirror {
    fn of(mirror: &PlannedMirror, plan: &Plan) -> Option<Self> {
        let service = plan.services.get(mirror.service)?.name.clone();
        Some(Self { service, percent: percent(mirror.millionths) })
    }
}

impl ExplainedFault {
    fn of(fault: &PlannedFault, asked: &Asked<'_>) -> Self {
        let delays = fault.delay > Micros::ZERO;
        Self {
            conditions: reason::wanted_all(&fault.conditions),
            holds: asked.meets(&fault.conditions),
            delay: delays.then(|| TimeSpan::new(fault.delay).unwrap_or_default()),
            delay_percent: percent(fault.delay_millionths),
            abort_status: (fault.abort_status > 0).then_some(fault.abort_status),
            abort_percent: percent(fault.abort_millionths),
            max_active: fault.active_max,
        }
    }
}

fn percent(millionths: u32) -> f64 {
    f64::from(millionths) / 10_000.0
}
