//! Feature flags.

use alloc::collections::BTreeMap;

use super::{BackendWeight, Conditions, FlagValue, HashOn, Percent, Targets};
use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    node::Node,
};

/// A feature flag: a value that is the same for all, or an object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "boolean | number | string | Flag")
)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum FlagEntry {
    /// The same value for all.
    Value(FlagValue),
    /// With variants and rules.
    Flag(Flag),
}

object! {
    /// A feature flag: its variants, and who gets which.
    #[derive(Default)]
    pub struct Flag is "an object with `variants`, `defaultVariant`, `rules`", else default {
        optional {
            /// What it is for.
            "description" => description: String,
            /// False: callers go on with what they have, as if there were no such flag.
            "enabled" => enabled: bool = true,
            /// Its values by name, all of one type. By default `on` is true and `off` is false.
            "variants" => variants: BTreeMap<String, FlagValue>,
            /// The variant where no rule applies. By default `off`, where the variants are the default.
            "defaultVariant" => default_variant: String,
            /// The first rule that applies decides.
            "rules" => rules: Vec<FlagRule>,
        }
    }
}

object! {
    /// Who gets which variant of a flag: all targets must hold, then `variant` or `split` decides.
    #[derive(Default)]
    pub struct FlagRule is "a rule of a flag: an object with `variant` or `split`", else default {
        optional {
            /// Its name, which keeps callers in their share where rules are added before it.
            "name" => name: String,
            /// Who calls.
            "principal" => principal: Targets,
            /// The tenant of who calls.
            "tenant" => tenant: Targets,
            /// Two letters of ISO 3166-1: `DE`.
            "country" => country: Targets,
            /// Two letters: `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`.
            "continent" => continent: Targets,
            /// The first-level region of ISO 3166-2, without its country: `TX`.
            "regionCode" => region_code: Targets,
            /// The data centre that the request reached, by the code of its airport: `FRA`.
            "colo" => colo: Targets,
            /// Conditions on request headers.
            "headers" => headers: Conditions,
            /// Conditions on query parameters.
            "query" => query: Conditions,
            /// What those get that it is for.
            "variant" => variant: String,
            /// Share of those that get it; for the others the next rule decides.
            "percent" => percent: Percent = 100.0,
            /// Weights by variant, in place of `variant`.
            "split" => split: BTreeMap<String, BackendWeight>,
            /// What keeps a caller in its share. Requests without it are passed over by a rule with
            /// `percent` or `split`.
            "by" => by: HashOn = "principal",
        }
    }
}

impl Decode for FlagEntry {
    fn expected() -> String {
        "a boolean, number or string for all, or an object with `variants` and `rules`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(_) | Node::Number(_) | Node::Text(_) => {
                FlagValue::decode(node, at).map(Self::Value)
            }
            Node::Object(_) => Flag::decode(node, at).map(Self::Flag),
            _ => wrong_type(node, at),
        }
    }

    fn stand_in() -> Option<Self> {
        Some(Self::Flag(Flag::default()))
    }
}
