//! Timeouts, retries and balancing, laid over one another: a rule's over its service's over the
//! document's over the built-in ones, field by field.

use mesh_core::{
    method::MethodSet,
    retry::conditions::{RetryOn, StatusSet},
    time::Micros,
};

use crate::{
    defaults,
    document::{
        BackoffSettings, BalancerName, Budget, BudgetSettings, Duration, HashOn, LoadBalancer,
        Percent, Retries, RetryCondition, RetryConditionName, RetrySettings, Timeout,
        TimeoutSettings,
    },
};

/// What one place of the document says; absent parts are left to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layer<'d> {
    pub(super) timeout: Option<&'d Timeout>,
    pub(super) retries: Option<&'d Retries>,
    pub(super) load_balancer: Option<&'d LoadBalancer>,
}

/// The settings in force for one backend of a rule, or for calls to a service by its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) request_timeout: Micros,
    pub(crate) attempt_timeout: Micros,
    pub(crate) idle_timeout: Micros,
    pub(crate) retries: u8,
    pub(crate) retry_methods: MethodSet,
    pub(crate) retry_on: RetryOn,
    pub(crate) retry_statuses: StatusSet,
    pub(crate) retry_grpc: u32,
    /// As the document names them.
    pub(crate) retry_conditions: Vec<RetryCondition>,
    pub(crate) backoff_base: Micros,
    pub(crate) backoff_max: Micros,
    pub(crate) retry_after_max: Micros,
    pub(crate) body_max: u32,
    /// `None` = no budget.
    pub(crate) budget: Option<PlannedBudget>,
    pub(crate) balancer: BalancerName,
    pub(crate) hash_on: Option<HashOn>,
}

/// A retry budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlannedBudget {
    pub(crate) permille: u16,
    pub(crate) floor: u16,
    pub(crate) ttl: Micros,
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
        let time = |pick: fn(&TimeoutSettings) -> Option<Duration>, default: u64| {
            Duration::or_millis(timeouts.iter().find_map(pick), default)
        };
        let backoffs: Vec<BackoffSettings> = retries
            .iter()
            .filter_map(|retries| retries.backoff.as_ref().map(crate::document::Backoff::settings))
            .collect();
        let backoff = |pick: fn(&BackoffSettings) -> Option<Duration>, default: u64| {
            Duration::or_millis(backoffs.iter().find_map(pick), default)
        };
        let conditions = retries.iter().find_map(|retries| retries.on.clone());
        let conditions = conditions.unwrap_or_else(default_conditions);
        let on = On::of(&conditions);
        let backoff_base = backoff(|b| b.base, defaults::BACKOFF_BASE_MS);
        // a base above the default maximum raises it: only a maximum that was written limits
        let backoff_max = backoffs.iter().find_map(|backoff| backoff.max).map_or_else(
            || Micros::from_millis(defaults::BACKOFF_MAX_MS).max(backoff_base.saturating_mul(10)),
            Duration::micros,
        );
        Self {
            request_timeout: time(|t| t.request, defaults::REQUEST_TIMEOUT_MS),
            attempt_timeout: time(|t| t.attempt, 0),
            idle_timeout: time(|t| t.idle, 0),
            retries: retries
                .iter()
                .find_map(|retries| retries.attempts)
                .map_or(defaults::RETRIES, crate::document::RetryCount::value),
            retry_methods: retries
                .iter()
                .find_map(|retries| retries.methods.as_ref())
                .map_or(MethodSet::IDEMPOTENT, |methods| {
                    methods.iter().fold(MethodSet::NONE, |set, m| set.union(m.set()))
                }),
            retry_on: on.bits,
            retry_statuses: on.statuses,
            retry_grpc: on.grpc,
            retry_conditions: conditions,
            backoff_base,
            backoff_max,
            retry_after_max: Duration::or_millis(
                retries.iter().find_map(|retries| retries.retry_after_max),
                defaults::RETRY_AFTER_MAX_MS,
            ),
            body_max: retries
                .iter()
                .find_map(|retries| retries.body_max)
                .map_or(defaults::RETRY_BODY_BYTES_MAX, crate::document::Bytes::value),
            budget: budget(retries.iter().filter_map(|retries| retries.budget.as_ref())),
            balancer: balancer.as_ref().map_or(BalancerName::P2c, |balancer| balancer.name),
            hash_on: balancer.and_then(|balancer| balancer.on),
        }
    }
}

fn default_conditions() -> Vec<RetryCondition> {
    use RetryConditionName::{ConnectFailure, Reset, ServerError, Timeout};
    [ServerError, ConnectFailure, Reset, Timeout].map(RetryCondition::Named).to_vec()
}

/// `false` anywhere above ends the search: there is no budget then.
fn budget<'d>(layers: impl Iterator<Item = &'d Budget>) -> Option<PlannedBudget> {
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
    Some(PlannedBudget {
        permille: permille(percent / 100.0),
        floor: said
            .iter()
            .find_map(|budget| budget.min_per_second)
            .map_or(defaults::BUDGET_FLOOR_PER_SECOND, crate::document::BudgetFloor::value),
        ttl: Duration::or_millis(
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
struct On {
    bits: RetryOn,
    statuses: StatusSet,
    grpc: u32,
}

impl On {
    fn of(conditions: &[RetryCondition]) -> Self {
        let mut on = Self { bits: RetryOn::NONE, statuses: StatusSet::NONE, grpc: 0 };
        for condition in conditions {
            match condition {
                RetryCondition::Named(name) => on.named(*name),
                RetryCondition::Grpc(code) => {
                    on.bits = on.bits.union(RetryOn::GRPC);
                    on.grpc |= 1 << (code.code() & 31);
                }
                RetryCondition::Status(status) => on.statuses(status.range()),
                RetryCondition::Statuses(pattern) => on.statuses(pattern.range()),
            }
        }
        on
    }

    fn statuses(&mut self, range: crate::document::StatusRange) {
        self.bits = self.bits.union(RetryOn::STATUS);
        self.statuses.insert_range(range.from, range.to);
    }

    fn named(&mut self, name: RetryConditionName) {
        let status = |from, to| crate::document::StatusRange { from, to };
        match name {
            RetryConditionName::ServerError => {
                self.statuses(status(500, 599));
                let failures =
                    RetryOn::CONNECT_FAILURE.union(RetryOn::RESET).union(RetryOn::TIMEOUT);
                self.bits = self.bits.union(failures);
            }
            RetryConditionName::GatewayError => self.statuses(status(502, 504)),
            RetryConditionName::Retriable4xx => self.statuses(status(409, 409)),
            RetryConditionName::RateLimited => self.statuses(status(429, 429)),
            RetryConditionName::ConnectFailure => {
                self.bits = self.bits.union(RetryOn::CONNECT_FAILURE);
            }
            RetryConditionName::Reset => self.bits = self.bits.union(RetryOn::RESET),
            RetryConditionName::Timeout => self.bits = self.bits.union(RetryOn::TIMEOUT),
        }
    }
}
