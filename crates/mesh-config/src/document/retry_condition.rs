//! What is worth another attempt.

use super::{HeaderName, HeaderValue, StatusCode, StatusPattern, Tag};
use crate::{
    decode::{Cursor, Decode, names, object, wrong_type},
    diagnostic::Code,
    nearest::nearest,
    node::Node,
};

names! {
    /// A kind of failure.
    pub enum RetryConditionName is "a retry condition" {
        /// Any status from 500 to 599, and any failure without a response.
        ServerError = "5xx",
        /// Status 502, 503 or 504.
        GatewayError = "gatewayError",
        /// The endpoint could not be reached, so it has not seen the request.
        ConnectFailure = "connectFailure",
        /// The connection broke before the response headers.
        Reset = "reset",
        /// The attempt took longer than its timeout.
        Timeout = "timeout",
        /// Status 409.
        Retriable4xx = "retriable4xx",
        /// Status 429.
        RateLimited = "rateLimited",
    }
}

names! {
    /// A gRPC status.
    pub enum GrpcCondition is "a gRPC status" {
        /// 1: the caller gave up.
        Cancelled = "grpc:cancelled",
        /// 2.
        Unknown = "grpc:unknown",
        /// 4.
        DeadlineExceeded = "grpc:deadlineExceeded",
        /// 8: out of quota or capacity.
        ResourceExhausted = "grpc:resourceExhausted",
        /// 10: a conflict with another call.
        Aborted = "grpc:aborted",
        /// 13.
        Internal = "grpc:internal",
        /// 14: the service cannot take the call now.
        Unavailable = "grpc:unavailable",
        /// 15.
        DataLoss = "grpc:dataLoss",
    }
}

impl GrpcCondition {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Cancelled => 1,
            Self::Unknown => 2,
            Self::DeadlineExceeded => 4,
            Self::ResourceExhausted => 8,
            Self::Aborted => 10,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::DataLoss => 15,
        }
    }
}

object! {
    /// A header of a response that asks for another attempt.
    pub struct RetryHeader is "an object with `header` and `value`" {
        required {
            /// Its name.
            "header" => header: HeaderName,
        }
        optional {
            /// Its value. By default any.
            "value" => value: HeaderValue,
        }
    }
}

object! {
    /// A predicate that is given in code and looks at the response.
    pub struct RetryPredicate is "an object with `predicate`" {
        required {
            /// Its name.
            "predicate" => predicate: Tag,
        }
        optional {}
    }
}

/// What is worth another attempt: a kind of failure by name, a status, a range of statuses as text
/// (`"502-504"`), a gRPC status (`"grpc:unavailable"`), a header of the response, or a predicate that
/// is given in code.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(
        type = "RetryConditionName | GrpcCondition | number | `${number}` | `${number}-${number}` | `${1 | 2 | 3 | 4 | 5}xx` | RetryHeader | RetryPredicate"
    )
)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RetryCondition {
    /// A kind of failure.
    Named(RetryConditionName),
    /// A gRPC status.
    Grpc(GrpcCondition),
    /// One status.
    Status(StatusCode),
    /// Statuses as text.
    Statuses(StatusPattern),
    /// A header of the response.
    Header(RetryHeader),
    /// A predicate given in code.
    Predicate(RetryPredicate),
}

impl Decode for RetryCondition {
    fn expected() -> String {
        let names: Vec<String> =
            RetryConditionName::NAMES.iter().map(|name| format!("\"{name}\"")).collect();
        format!(
            "{}, a status, \"502-504\", \"grpc:unavailable\", {{ header, value }} or {{ predicate }}",
            names.join(", ")
        )
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let text = match node {
            Node::Number(_) => return StatusCode::decode(node, at).map(Self::Status),
            Node::Text(text) => text,
            Node::Object(fields) if fields.iter().any(|(name, _)| name == "predicate") => {
                return RetryPredicate::decode(node, at).map(Self::Predicate);
            }
            Node::Object(_) => return RetryHeader::decode(node, at).map(Self::Header),
            _ => return wrong_type(node, at),
        };
        let found = RetryConditionName::from_name(text)
            .map(Self::Named)
            .or_else(|| GrpcCondition::from_name(text).map(Self::Grpc))
            .or_else(|| StatusPattern::parse(text).ok().map(Self::Statuses));
        if found.is_none() {
            let known = RetryConditionName::NAMES.iter().chain(GrpcCondition::NAMES).copied();
            let hint = nearest(text, known).map(|name| format!("did you mean \"{name}\"?"));
            at.error_with_hint(Code::UnknownName, &node.describe(), &Self::expected(), hint);
        }
        found
    }
}
