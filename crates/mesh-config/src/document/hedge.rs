//! A second attempt beside a slow first one.

use super::{Off, TimeSpan};
use crate::{
    decode::{Cursor, Decode, whole, wrong_type},
    node::Node,
};

whole! {
    /// A percentile of the latencies of a service.
    pub struct HedgePercentile(u8) from 50 to 99;
}

/// When a second attempt is sent beside a slow first one: after a time, by a percentile of the
/// service's latencies, or `false` for never.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "TimeSpan | false | HedgeWhen")
)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "two short forms and a long one")]
pub enum Hedge {
    /// After this time.
    After(TimeSpan),
    /// Never.
    Off(Off),
    /// By name.
    When(HedgeWhen),
}

/// When a second attempt is sent: exactly one field.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a fixed wait, or a learned one")]
pub enum HedgeWhen {
    /// After this time.
    After(TimeSpan),
    /// After the time in which this percentage of the service's answers comes.
    Percentile(HedgePercentile),
}

impl Hedge {
    /// The long form; `None` = never.
    #[must_use]
    pub fn when(&self) -> Option<HedgeWhen> {
        match self {
            Self::After(after) => Some(HedgeWhen::After(*after)),
            Self::Off(_) => None,
            Self::When(when) => Some(when.clone()),
        }
    }
}

impl Decode for Hedge {
    fn expected() -> String {
        format!("{}; false; or an object with one of `after`, `percentile`", TimeSpan::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) | Node::Text(_) => TimeSpan::decode(node, at).map(Self::After),
            Node::Bool(false) => Some(Self::Off(Off)),
            Node::Object(_) => HedgeWhen::decode(node, at).map(Self::When),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for HedgeWhen {
    fn expected() -> String {
        "an object with one of `after`, `percentile`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let fields = crate::decode::Fields::of::<Self>(node, &["after", "percentile"], at)?;
        let after = fields.optional("after", at).map(Self::After);
        let percentile = fields.optional("percentile", at).map(Self::Percentile);
        fields.exactly_one::<Self>(at)?;
        after.or(percentile)
    }
}
