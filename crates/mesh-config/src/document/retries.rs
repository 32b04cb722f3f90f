//! Whether and when requests are tried again.

use super::{Bytes, Off, Percent, RetryCondition, RetryMethod, TimeSpan};
use crate::{
    decode::{Cursor, Decode, object, whole, wrong_type},
    node::Node,
};

whole! {
    /// A number of retries after the first attempt.
    pub struct RetryCount(u8) from 0 to 10;
}

whole! {
    /// Retries per second and isolate.
    pub struct BudgetFloor(u16) from 0 to 1000;
}

/// Whether and when requests are tried again: a number of retries, `false` for none, or each
/// setting by name.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "two short forms and a long one")]
pub enum Retries {
    /// So many retries after the first attempt.
    Count(RetryCount),
    /// None.
    Off(Off),
    /// Each setting by name.
    Settings(RetrySettings),
}

object! {
    /// Each setting of retries by name.
    #[derive(Default)]
    pub struct RetrySettings is "an object with `attempts`, `on`, `methods`, …" {
        optional {
            /// Retries after the first attempt.
            "attempts" => attempts: RetryCount = crate::defaults::RETRIES,
            /// What is worth another attempt.
            "on" => on: Vec<RetryCondition> = ["5xx", "connectFailure", "reset", "timeout"],
            /// Methods that may be sent again without an `Idempotency-Key` header.
            "methods" => methods: Vec<RetryMethod> = ["idempotent"],
            /// The wait before a retry: a random time below a window that doubles.
            "backoff" => backoff: Backoff,
            /// How much load retries may add; `false` = any.
            "budget" => budget: Budget,
            /// Longest `Retry-After` that is waited for; a longer one ends the request.
            "retryAfterMax" => retry_after_max: TimeSpan = crate::defaults::RETRY_AFTER_MAX_MS,
            /// Largest request body that is kept for a retry; a larger one is sent once.
            "bodyMax" => body_max: Bytes = crate::defaults::RETRY_BODY_BYTES_MAX,
        }
    }
}

/// The wait before a retry: the first window, or first and longest one.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum Backoff {
    /// The first window.
    Base(TimeSpan),
    /// Both.
    Settings(BackoffSettings),
}

object! {
    /// The windows of the wait before a retry.
    #[derive(Default)]
    pub struct BackoffSettings is "an object with `base` and `max`" {
        optional {
            /// The first window; the wait is a random time below it.
            "base" => base: TimeSpan = crate::defaults::BACKOFF_BASE_MS,
            /// The longest window.
            "max" => max: TimeSpan = crate::defaults::BACKOFF_MAX_MS,
        }
    }
}

/// How much load retries may add to a service; `false` = any.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "off, or each setting")]
pub enum Budget {
    /// Any.
    Off(Off),
    /// Each setting by name.
    Settings(BudgetSettings),
}

object! {
    /// How much load retries may add to a service, kept by each isolate.
    #[derive(Default)]
    pub struct BudgetSettings is "an object with `percent`, `minPerSecond`, `ttl`" {
        optional {
            /// Retries per hundred requests.
            "percent" => percent: Percent = crate::defaults::BUDGET_PERCENT,
            /// Retries per second that are allowed where the share is less.
            "minPerSecond" => min_per_second: BudgetFloor =
                crate::defaults::BUDGET_FLOOR_PER_SECOND,
            /// How long a request keeps paying into the budget.
            "ttl" => ttl: TimeSpan = crate::defaults::BUDGET_TTL_MS,
        }
    }
}

impl Retries {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> RetrySettings {
        let attempts = match self {
            Self::Count(count) => Some(*count),
            Self::Off(_) => RetryCount::new(0),
            Self::Settings(settings) => return settings.clone(),
        };
        RetrySettings { attempts, ..RetrySettings::default() }
    }
}

impl Backoff {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> BackoffSettings {
        match self {
            Self::Base(base) => BackoffSettings { base: Some(*base), max: None },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for Retries {
    fn expected() -> String {
        "a number of retries from 0 to 10, false, or an object with `attempts`, `on`, …".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) => RetryCount::decode(node, at).map(Self::Count),
            Node::Bool(false) => Some(Self::Off(Off)),
            Node::Object(_) => RetrySettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for Backoff {
    fn expected() -> String {
        format!("{}; or an object with `base` and `max`", TimeSpan::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) | Node::Text(_) => TimeSpan::decode(node, at).map(Self::Base),
            Node::Object(_) => BackoffSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for Budget {
    fn expected() -> String {
        "false, or an object with `percent`, `minPerSecond`, `ttl`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(false) => Some(Self::Off(Off)),
            Node::Object(_) => BudgetSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
