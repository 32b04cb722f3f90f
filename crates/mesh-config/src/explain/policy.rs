//! Policies as an explanation shows them: every default filled in.

use mesh_core::{breaker::BreakerMode as Mode, method::Method, time::Micros};
use serde::Serialize;

use super::{outliers::ExplainedOutliers, reason::Asked, rule, traffic::ExplainedLimit};
use crate::{
    document::{
        BalancerName, BreakerMode, HashOn, HealthCheck, HedgePercentile, HedgeWhen, RetryCondition,
        Tag, TimeSpan,
    },
    plan::{Plan, PlannedFallback, PlannedHedge, PlannedService, Settings},
};

/// What the endpoints of a service share.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedService {
    /// Its name.
    pub name: String,
    /// The breaker of each endpoint.
    pub breaker: ExplainedBreaker,
    /// Endpoints that breakers must leave.
    pub min_ready: u16,
    /// Below this percentage of ready endpoints all are used; 0 = never.
    pub panic_threshold: u8,
    /// Time in which a recovered endpoint comes back; 0 = at once.
    pub slow_start: TimeSpan,
    /// Its rate limits.
    pub limits: Vec<ExplainedLimit>,
    /// How many requests it gets at a time; absent where any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ExplainedConcurrency>,
    /// How endpoints are asked for their health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// When endpoints are ejected by what all isolates see of them; absent where never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier_detection: Option<ExplainedOutliers>,
    /// Whether isolates share retry budgets and concurrency limits.
    pub share_state: bool,
}

/// A limit on the requests that a service gets at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedConcurrency {
    /// Where it starts.
    pub initial: u16,
    /// It never falls below this.
    pub min: u16,
    /// It never rises above this.
    pub max: u16,
}

/// A breaker.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedBreaker {
    /// Whether it works by itself.
    pub mode: BreakerMode,
    /// It opens after so many failures in a row; 0 = not by this.
    pub consecutive_failures: u32,
    /// It opens below this share of successes; 0 = not by this.
    pub success_ratio: f64,
    /// Width of the window.
    pub window: TimeSpan,
    /// Answers in the window before a share says anything.
    pub min_requests: u32,
    /// First open time.
    pub open_min: TimeSpan,
    /// Longest open time.
    pub open_max: TimeSpan,
    /// Probes at a time while half-open.
    pub probes: u8,
    /// An answer slower than this is slow; absent where that is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_after: Option<TimeSpan>,
}

/// Timeouts, retries and balancing in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedPolicy {
    /// For the whole request; 0 = no limit.
    pub request_timeout: TimeSpan,
    /// For one attempt; 0 = what is left of the request's.
    pub attempt_timeout: TimeSpan,
    /// Between two chunks of a body; 0 = no limit.
    pub idle_timeout: TimeSpan,
    /// Retries.
    pub retries: ExplainedRetries,
    /// How an endpoint is chosen.
    pub load_balancer: BalancerName,
    /// The key of `consistentHash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_on: Option<HashOn>,
    /// The name of the code of `custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balancer_code: Option<Tag>,
    /// When a second attempt is sent beside a slow first one; absent where never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<HedgeWhen>,
    /// Where a request goes that got no good answer; absent where nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// Retries in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedRetries {
    /// Retries after the first attempt.
    pub attempts: u8,
    /// What is worth another attempt.
    pub on: Vec<RetryCondition>,
    /// Methods that may be sent again without an `Idempotency-Key`.
    pub methods: Vec<String>,
    /// First backoff window.
    pub backoff_base: TimeSpan,
    /// Longest backoff window.
    pub backoff_max: TimeSpan,
    /// How much load retries may add; absent where any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<ExplainedBudget>,
    /// Longest `Retry-After` that is waited for.
    pub retry_after_max: TimeSpan,
    /// Largest request body in bytes that is kept for a retry.
    pub body_max: u32,
}

/// A retry budget in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedBudget {
    /// Retries per hundred requests.
    pub percent: f64,
    /// Retries per second and isolate that are always allowed.
    pub min_per_second: u16,
    /// How long a request keeps paying into it.
    pub ttl: TimeSpan,
}

impl ExplainedService {
    pub(super) fn of(service: &PlannedService, asked: &Asked<'_>) -> Self {
        let breaker = &service.breaker;
        Self {
            name: service.name.clone(),
            breaker: ExplainedBreaker {
                mode: match service.breaker_mode {
                    Mode::Automatic => BreakerMode::Automatic,
                    Mode::ForceOpen => BreakerMode::ForceOpen,
                    Mode::Disabled => BreakerMode::Disabled,
                },
                consecutive_failures: breaker.consecutive_failures,
                success_ratio: f64::from(breaker.success_ratio_permille) / 1_000.0,
                window: span(breaker.window),
                min_requests: breaker.min_requests,
                open_min: span(breaker.open_min),
                open_max: span(breaker.open_max),
                probes: breaker.probes,
                slow_after: (!breaker.slow_call_after.is_zero())
                    .then(|| span(breaker.slow_call_after)),
            },
            min_ready: service.min_ready,
            panic_threshold: service.panic_percent,
            slow_start: span(service.slow_start),
            limits: ExplainedLimit::all(&service.limits, asked),
            concurrency: service.concurrency.map(|limit| ExplainedConcurrency {
                initial: limit.initial,
                min: limit.min,
                max: limit.max,
            }),
            health_check: service.health_check.clone(),
            outlier_detection: service.outliers.as_ref().map(ExplainedOutliers::of),
            share_state: service.share_state,
        }
    }
}

impl ExplainedPolicy {
    pub(super) fn of(settings: &Settings, plan: &Plan) -> Self {
        let retry = &settings.retry;
        let mut methods: Vec<String> = Method::NAMED
            .iter()
            .filter(|(method, _)| retry.methods.contains(*method))
            .map(|(_, name)| (*name).to_owned())
            .collect();
        if retry.methods.contains(Method::Other) {
            methods = vec!["any".to_owned()];
        }
        Self {
            request_timeout: span(settings.request_timeout),
            attempt_timeout: span(settings.attempt_timeout),
            idle_timeout: span(settings.idle_timeout),
            retries: ExplainedRetries {
                attempts: retry.retries,
                on: settings.retry_conditions.clone(),
                methods,
                backoff_base: span(retry.backoff.base),
                backoff_max: span(retry.backoff.max),
                budget: settings.budget.map(|budget| ExplainedBudget {
                    percent: f64::from(budget.permille) / 10.0,
                    min_per_second: budget.floor_per_second,
                    ttl: span(budget.ttl),
                }),
                retry_after_max: span(settings.retry_after_max),
                body_max: settings.body_max,
            },
            load_balancer: settings.balancer,
            hash_on: settings.hash_on.clone(),
            balancer_code: settings.balancer_code.clone(),
            hedge: settings.hedge.and_then(hedge),
            fallback: settings.fallback.as_ref().map(|target| fallback(target, plan)),
        }
    }
}

fn hedge(hedge: PlannedHedge) -> Option<HedgeWhen> {
    match hedge {
        PlannedHedge::After(after) => Some(HedgeWhen::After(span(after))),
        PlannedHedge::Percentile(percentile) => {
            HedgePercentile::new(percentile).map(HedgeWhen::Percentile)
        }
    }
}

fn fallback(fallback: &PlannedFallback, plan: &Plan) -> String {
    match fallback {
        PlannedFallback::Service(number, _) => {
            let service = plan.services.get(*number).map_or("", |service| service.name.as_str());
            format!("service {service}")
        }
        PlannedFallback::Response(response) => {
            format!("direct response {}", rule::answer(response))
        }
    }
}

/// Every span of a plan came from a duration, or is ten times one at most.
fn span(span: Micros) -> TimeSpan {
    TimeSpan::new(span).unwrap_or_default()
}
