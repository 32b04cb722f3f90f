//! How long requests may take.

use super::TimeSpan;
use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    node::Node,
};

/// How long requests may take: a duration for the whole request, or each of three limits.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum Timeout {
    /// The whole request.
    Request(TimeSpan),
    /// Each limit by name.
    Settings(TimeoutSettings),
}

object! {
    /// Each time limit by name.
    #[derive(Default)]
    pub struct TimeoutSettings is "an object with `request`, `attempt`, `idle`" {
        optional {
            /// From the request to the response headers, over all attempts. 0 = no limit.
            "request" => request: TimeSpan = crate::defaults::REQUEST_TIMEOUT_MS,
            /// One attempt. By default it may take what is left of the request's time.
            "attempt" => attempt: TimeSpan,
            /// Longest silence between two chunks of a body. 0, the default, = no limit.
            "idle" => idle: TimeSpan = 0,
        }
    }
}

impl Timeout {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> TimeoutSettings {
        match self {
            Self::Request(request) => {
                TimeoutSettings { request: Some(*request), ..TimeoutSettings::default() }
            }
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for Timeout {
    fn expected() -> String {
        format!("{}; or an object with `request`, `attempt`, `idle`", TimeSpan::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) | Node::Text(_) => TimeSpan::decode(node, at).map(Self::Request),
            Node::Object(_) => TimeoutSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
