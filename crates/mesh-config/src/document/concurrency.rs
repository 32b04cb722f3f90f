//! How many requests a service gets at a time.

use crate::{
    decode::{Cursor, Decode, object, whole, wrong_type},
    node::Node,
};

whole! {
    /// A number of requests in flight.
    pub struct InFlight(u16) from 1 to 10000;
}

/// How many requests a service gets at a time: `true` for a limit that learns, `false` for none, or
/// each setting by name.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "on, off, or each setting")]
pub enum Concurrency {
    /// With the defaults, or none.
    Switch(bool),
    /// Each setting by name.
    Settings(ConcurrencySettings),
}

object! {
    /// A limit on the requests that a service gets at a time, which grows while answers stay fast and
    /// shrinks as they become slower (Gradient2). Kept by each isolate.
    #[derive(Default)]
    pub struct ConcurrencySettings is "an object with `initial`, `min`, `max`" {
        optional {
            /// Where it starts.
            "initial" => initial: InFlight = crate::defaults::CONCURRENCY_INITIAL,
            /// It never falls below this.
            "min" => min: InFlight = crate::defaults::CONCURRENCY_MIN,
            /// It never rises above this.
            "max" => max: InFlight = crate::defaults::CONCURRENCY_MAX,
        }
    }
}

impl Concurrency {
    /// The long form; `None` = no limit.
    #[must_use]
    pub fn settings(&self) -> Option<ConcurrencySettings> {
        match self {
            Self::Switch(on) => on.then(ConcurrencySettings::default),
            Self::Settings(settings) => Some(settings.clone()),
        }
    }
}

impl Decode for Concurrency {
    fn expected() -> String {
        "true, false, or an object with `initial`, `min`, `max`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(on) => Some(Self::Switch(*on)),
            Node::Object(_) => ConcurrencySettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
