//! When an endpoint is left alone for a while.

use super::{Count, Off, Ratio, TimeSpan};
use crate::{
    decode::{Cursor, Decode, names, object, whole, wrong_type},
    node::Node,
};

whole! {
    /// Requests that a half-open breaker lets through at a time.
    pub struct Probes(u8) from 1 to 255;
}

names! {
    /// Whether a breaker works by itself.
    pub enum BreakerMode is "a breaker mode" {
        /// It opens and closes by what it sees.
        Automatic = "automatic",
        /// It is open: no traffic to any endpoint of the service.
        ForceOpen = "forceOpen",
        /// It never opens.
        Disabled = "disabled",
    }
}

/// When an endpoint is left alone for a while; `false` = never.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "off, or each setting")]
pub enum Breaker {
    /// Never.
    Off(Off),
    /// Each setting by name.
    Settings(BreakerSettings),
}

object! {
    /// Each setting of a breaker by name. Each endpoint has a breaker of its own.
    #[derive(Default)]
    pub struct BreakerSettings is "an object of breaker settings" {
        optional {
            /// Whether it works by itself.
            "mode" => mode: BreakerMode = "automatic",
            /// It opens after so many failures in a row. 0 = not by this.
            "consecutiveFailures" => consecutive_failures: Count =
                crate::defaults::BREAKER_CONSECUTIVE_FAILURES,
            /// It opens below this share of successes in the window. 0 = not by this.
            "successRatio" => success_ratio: Ratio = crate::defaults::BREAKER_SUCCESS_RATIO,
            /// Width of the window.
            "window" => window: TimeSpan = crate::defaults::BREAKER_WINDOW_MS,
            /// Answers in the window before a share says anything.
            "minRequests" => min_requests: Count = crate::defaults::BREAKER_MIN_REQUESTS,
            /// How long it stays open; doubles each time it opens again.
            "openTime" => open_time: OpenTime,
            /// Share of the open time that is added at random at most.
            "jitter" => jitter: Ratio = crate::defaults::BREAKER_JITTER,
            /// Requests that it lets through at a time while half-open.
            "probes" => probes: Probes = crate::defaults::BREAKER_PROBES,
            /// It also opens when too many answers are slow.
            "slowCall" => slow_call: SlowCall,
        }
    }
}

object! {
    /// Opens the breaker when too many answers are slow.
    pub struct SlowCall is "an object with `after` and `ratio`" {
        required {
            /// An answer slower than this is slow.
            "after" => after: TimeSpan,
            /// It opens above this share of slow answers in the window.
            "ratio" => ratio: Ratio,
        }
        optional {}
    }
}

/// How long a breaker stays open: the first time, or first and longest.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum OpenTime {
    /// The first time.
    Min(TimeSpan),
    /// Both.
    Settings(OpenTimeSettings),
}

object! {
    /// How long a breaker stays open.
    #[derive(Default)]
    pub struct OpenTimeSettings is "an object with `min` and `max`" {
        optional {
            /// The first time.
            "min" => min: TimeSpan = crate::defaults::BREAKER_OPEN_MIN_MS,
            /// The longest time.
            "max" => max: TimeSpan = crate::defaults::BREAKER_OPEN_MAX_MS,
        }
    }
}

impl OpenTime {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> OpenTimeSettings {
        match self {
            Self::Min(min) => OpenTimeSettings { min: Some(*min), max: None },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for Breaker {
    fn expected() -> String {
        "false, or an object with `consecutiveFailures`, `successRatio`, `openTime`, …".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(false) => Some(Self::Off(Off)),
            Node::Object(_) => BreakerSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for OpenTime {
    fn expected() -> String {
        format!("{}; or an object with `min` and `max`", TimeSpan::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) | Node::Text(_) => TimeSpan::decode(node, at).map(Self::Min),
            Node::Object(_) => OpenTimeSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
