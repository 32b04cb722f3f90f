//! How a recovered endpoint comes back.

use super::{Percent, TimeSpan};
use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    node::Node,
};

/// How a recovered endpoint comes back: the time to its full weight, or each setting.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum SlowStart {
    /// The time to its full weight.
    Window(TimeSpan),
    /// Each setting by name.
    Settings(SlowStartSettings),
}

object! {
    /// How a recovered endpoint comes back.
    #[derive(Default)]
    pub struct SlowStartSettings is "an object with `window` and `minPercent`" {
        optional {
            /// The time to its full weight. 0 = at once.
            "window" => window: TimeSpan = 0,
            /// Share of its weight that it starts with, percent.
            "minPercent" => min_percent: Percent = crate::defaults::SLOW_START_MIN_PERCENT,
        }
    }
}

impl SlowStart {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> SlowStartSettings {
        match self {
            Self::Window(window) => SlowStartSettings { window: Some(*window), min_percent: None },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for SlowStart {
    fn expected() -> String {
        format!("{}; or an object with `window` and `minPercent`", TimeSpan::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) | Node::Text(_) => TimeSpan::decode(node, at).map(Self::Window),
            Node::Object(_) => SlowStartSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
