//! Timeouts, retries and balancing, laid over one another: a rule's over its service's over the
//! document's over the built-in ones, field by field.

use mesh_core::{
    method::MethodSet,
    retry::{
        RetryPolicy,
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{GrpcCodes, RetryConditions, RetryOn, StatusSet},
    },
    time::Micros,
};

use super::PlannedFallback;
use crate::{
    defaults,
    document::{
        Backoff, BackoffSettings, BalancerName, Budget, BudgetFloor, BudgetSettings, Bytes, HashOn,
        Hedge, HedgePercentile, HedgeWhen, LoadBalancer, Percent, Retries, RetryCondition,
        RetryConditionName, RetryCount, RetrySettings, StatusRange, Tag, TimeSpan, Timeout,
        TimeoutSettings,
    },
};

/// What one place of the document says; absent parts are left to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layer<'d> {
    pub(super) timeout: Option<&'d Timeout>,
    pub(super) retries: Option<&'d Retries>,
    pub(super) load_balancer: Option<&'d LoadBalancer>,
    pub(super) hedge: Option<&'d Hedge>,
}

/// The settings in force for one backend of a rule, or for calls to a service by its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) request_timeout: Micros,
    pub(crate) attempt_timeout: Micros,
    pub(crate) idle_timeout: Micros,
    pub(crate) retry: RetryPolicy,
    /// As the document names them.
    pub(crate) retry_conditions: Vec<RetryCondition>,
    pub(crate) retry_after_max: Micros,
    pub(crate) body_max: u32,
    /// `None` = no budget.
    pub(crate) budget: Option<RetryBudgetConfig>,
    pub(crate) balancer: BalancerName,
    pub(crate) hash_on: Option<HashOn>,
    /// The name of a balancer given in code.
    pub(crate) balancer_code: Option<Tag>,
    pub(crate) hedge: Option<PlannedHedge>,
    /// Resolved apart, as it names services.
    pub(crate) fallback: Option<PlannedFallback>,
}

/// When a second attempt is sent beside a slow first one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PlannedHedge {
    After(Micros),
    Percentile(u8),
}

impl Settings {
    /// Lays the layers over one another; the first that says something wins.
    pub(super) fn of(layers: &[Layer<'_>]) -> Self {
        let timeouts: Vec<TimeoutSettings> =
            layers.iter().filter_map(|layer| layer.timeout.map(Timeout::settings)).collect();
        let retries: Vec<RetrySettings> =
            layers.iter().filter_map(|layer| layer.retries.map(Retries::settings)).collect();
        let balancer = layers.iter().find_map(|layer| layer.load_balancer);
        let balancer = balancer.map(LoadBalancer::settings);
        let time = |pick: fn(&TimeoutSettings) -> Option<TimeSpan>, default: u64| {
            TimeSpan::or_millis(timeouts.iter().find_map(pick), default)
        };
        let backoffs: Vec<BackoffSettings> = retries
            .iter()
            .filter_map(|retries| retries.backoff.as_ref().map(Backoff::settings))
            .collect();
        let backoff = |pick: fn(&BackoffSettings) -> Option<TimeSpan>, default: u64| {
            TimeSpan::or_millis(backoffs.iter().find_map(pick), default)
        };
        let conditions = retries.iter().find_map(|retries| retries.on.clone());
        let conditions = conditions.unwrap_or_else(default_conditions);
        let backoff_base = backoff(|b| b.base, defaults::BACKOFF_BASE_MS);
        // a base above the default maximum raises it: only a maximum that was written limits
        let backoff_max = backoffs.iter().find_map(|backoff| backoff.max).map_or_else(
            || Micros::from_millis(defaults::BACKOFF_MAX_MS).max(backoff_base.saturating_mul(10)),
            TimeSpan::micros,
        );
        Self {
            request_timeout: time(|t| t.request, defaults::REQUEST_TIMEOUT_MS),
            attempt_timeout: time(|t| t.attempt, 0),
            idle_timeout: time(|t| t.idle, 0),
            retry: RetryPolicy {
                retries: retries
                    .iter()
                    .find_map(|retries| retries.attempts)
                    .map_or(defaults::RETRIES, RetryCount::value),
                methods: retries
                    .iter()
                    .find_map(|retries| retries.methods.as_ref())
                    .map_or(MethodSet::IDEMPOTENT, |methods| {
                        methods.iter().fold(MethodSet::NONE, |set, m| set.union(m.set()))
                    }),
                conditions: engine_conditions(&conditions),
                backoff: RetryBackoff { base: backoff_base, max: backoff_max },
            },
            retry_conditions: conditions,
            retry_after_max: TimeSpan::or_millis(
                retries.iter().find_map(|retries| retries.retry_after_max),
                defaults::RETRY_AFTER_MAX_MS,
            ),
            body_max: retries
                .iter()
                .find_map(|retries| retries.body_max)
                .map_or(defaults::RETRY_BODY_BYTES_MAX, Bytes::value),
            budget: budget(retries.iter().filter_map(|retries| retries.budget.as_ref())),
            balancer: balancer.as_ref().map_or(BalancerName::P2c, |balancer| balancer.name),
            balancer_code: balancer.as_ref().and_then(|balancer| balancer.code.clone()),
            hash_on: balancer.and_then(|balancer| balancer.on),
            hedge: layers.iter().find_map(|layer| layer.hedge).and_then(hedge),
            fallback: None,
        }
    }

    /// For one attempt and no more: no retries, no hedge, no fallback.
    pub(super) fn once(mut self) -> Self {
        self.retry.retries = 0;
        self.hedge = None;
        self.fallback = None;
        self
    }
}

fn hedge(hedge: &Hedge) -> Option<PlannedHedge> {
    Some(match hedge.when()? {
        HedgeWhen::After(after) => PlannedHedge::After(after.micros()),
        HedgeWhen::Percentile(percentile) => {
            PlannedHedge::Percentile(HedgePercentile::value(percentile))
        }
    })
}

fn default_conditions() -> Vec<RetryCondition> {
    use RetryConditionName::{ConnectFailure, Reset, ServerError, Timeout};
    [ServerError, ConnectFailure, Reset, Timeout].map(RetryCondition::Named).to_vec()
}

/// `false` anywhere above ends the search: there is no budget then.
fn budget<'d>(layers: impl Iterator<Item = &'d Budget>) -> Option<RetryBudgetConfig> {
    let mut said: Vec<&BudgetSettings> = Vec::new();
    for layer in layers {
        match layer {
            Budget::Off(_) if said.is_empty() => return None,
            Budget::Off(_) => break,
            Budget::Settings(settings) => said.push(settings),
        }
    }
    let percent =
        said.iter().find_map(|b| b.percent).map_or(defaults::BUDGET_PERCENT, Percent::value);
    Some(RetryBudgetConfig {
        permille: permille(percent / 100.0),
        floor_per_second: said
            .iter()
            .find_map(|budget| budget.min_per_second)
            .map_or(defaults::BUDGET_FLOOR_PER_SECOND, BudgetFloor::value),
        ttl: TimeSpan::or_millis(
            said.iter().find_map(|budget| budget.ttl),
            defaults::BUDGET_TTL_MS,
        ),
    })
}

/// A share as permille, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is from 0 to 1, so this is from 0 to 1000"
)]
pub(super) fn permille(share: f64) -> u16 {
    (share * 1_000.0).round().clamp(0.0, 1_000.0) as u16
}

/// A percentage as a whole number, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage is from 0 to 100"
)]
pub(super) fn percent(value: f64) -> u8 {
    value.round().clamp(0.0, 100.0) as u8
}

/// Retry conditions as the engine takes them.
fn engine_conditions(conditions: &[RetryCondition]) -> RetryConditions {
    let mut on =
        RetryConditions { on: RetryOn::NONE, statuses: StatusSet::NONE, grpc: GrpcCodes(0) };
    for condition in conditions {
        match condition {
            RetryCondition::Named(name) => add_named(*name, &mut on),
            RetryCondition::Grpc(code) => {
                on.on = on.on.union(RetryOn::GRPC);
                on.grpc.0 |= 1 << (code.code() & 31);
            }
            RetryCondition::Status(status) => add_statuses(status.range(), &mut on),
            RetryCondition::Statuses(pattern) => add_statuses(pattern.range(), &mut on),
            RetryCondition::Header(_) => on.on = on.on.union(RetryOn::HEADER),
            RetryCondition::Predicate(_) => on.on = on.on.union(RetryOn::PREDICATE),
        }
    }
    on
}

fn add_statuses(range: StatusRange, on: &mut RetryConditions) {
    on.on = on.on.union(RetryOn::STATUS);
    on.statuses.insert_range(range.from, range.to);
}

fn add_named(name: RetryConditionName, on: &mut RetryConditions) {
    let (statuses, bits) = match name {
        RetryConditionName::ServerError => (
            Some((500, 599)),
            RetryOn::CONNECT_FAILURE.union(RetryOn::RESET).union(RetryOn::TIMEOUT),
        ),
        RetryConditionName::GatewayError => (Some((502, 504)), RetryOn::NONE),
        RetryConditionName::Retriable4xx => (Some((409, 409)), RetryOn::NONE),
        RetryConditionName::RateLimited => (Some((429, 429)), RetryOn::NONE),
        RetryConditionName::ConnectFailure => (None, RetryOn::CONNECT_FAILURE),
        RetryConditionName::Reset => (None, RetryOn::RESET),
        RetryConditionName::Timeout => (None, RetryOn::TIMEOUT),
    };
    on.on = on.on.union(bits);
    if let Some((from, to)) = statuses {
        add_statuses(StatusRange { from, to }, on);
    }
}
