//! Origins, limits and splits as an explanation shows them.

use mesh_core::{balance::rendezvous, hash::xxh64};
use serde::Serialize;

use super::{key, reason::Asked, rule};
use crate::{
    document::{HashOn, LimitTier, TimeSpan},
    plan::{PlannedBackend, PlannedConditions, PlannedCors, PlannedLimit, PlannedRule},
};

/// What a rule says to a cross-origin request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedCors {
    /// The origin of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether it may call.
    pub allowed: bool,
    /// True for a preflight, which the mesh answers itself.
    pub preflight: bool,
    /// Header edits of the answer.
    pub edits: Vec<String>,
}

/// A rate limit, and what of the request it counts by.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedLimit {
    /// Its name.
    pub name: String,
    /// Requests that are let through in `per`.
    pub requests: u32,
    /// The time.
    pub per: TimeSpan,
    /// Requests that may come at once.
    pub burst: u32,
    /// What tells callers apart; absent where all share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<HashOn>,
    /// Who counts.
    pub tier: LimitTier,
    /// The request's value of that; absent where it has none, and shares the limit with others
    /// like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// How one of several backends is chosen for a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedSplit {
    /// What decides.
    pub by: SplitBy,
    /// The backend, by its place in the rule; absent where it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<usize>,
    /// Attributes of the cookie that the answer sets, so that the caller stays with its backend;
    /// absent where it sets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// The same in words.
    pub why: String,
}

/// What decides between backends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "what a rule can say of a choice, in the order asked")]
pub enum SplitBy {
    /// The request meets the conditions of a backend.
    Pin,
    /// A key of the request.
    Sticky,
    /// Weights and dice.
    Weights,
}

impl ExplainedCors {
    pub(super) fn of(cors: &PlannedCors, asked: &Asked<'_>) -> Self {
        let origins = PlannedConditions {
            headers: vec![cors.origins.clone()],
            ..PlannedConditions::default()
        };
        let origin = asked.request.header("origin");
        let asks = asked.request.header("access-control-request-method").is_some();
        let options = asked.request.parts().method == "OPTIONS";
        let preflight = options && asks && origin.is_some();
        let allowed = asked.meets(&origins);
        let edits = match (allowed, preflight) {
            (false, _) => &[][..],
            (true, true) => &cors.preflight,
            (true, false) => &cors.actual,
        };
        Self { origin, allowed, preflight, edits: edits.iter().map(rule::edit).collect() }
    }
}

impl ExplainedLimit {
    pub(super) fn all(limits: &[PlannedLimit], asked: &Asked<'_>) -> Vec<Self> {
        let one = |limit: &PlannedLimit| Self {
            name: limit.name.clone(),
            requests: limit.requests,
            per: TimeSpan::new(limit.per).unwrap_or_default(),
            burst: limit.burst,
            by: limit.by.clone(),
            tier: limit.tier,
            value: limit.by.as_ref().and_then(|by| key::value(by, asked)),
        };
        limits.iter().map(one).collect()
    }
}

impl ExplainedSplit {
    /// The choice among the backends of a rule; `None` where there is none.
    pub(super) fn of(rule: &PlannedRule, asked: &Asked<'_>) -> Option<Self> {
        if rule.backends.len() < 2 {
            return None;
        }
        let pinned =
            |backend: &PlannedBackend| !backend.pins.is_empty() && asked.meets(&backend.pins);
        if let Some(place) = rule.backends.iter().position(pinned) {
            let why = format!("the request meets the conditions of backends[{place}]");
            return Some(Self { by: SplitBy::Pin, backend: Some(place), cookie: None, why });
        }
        let drawn = |why: String, cookie: Option<&String>| {
            let cookie = cookie.cloned();
            Some(Self { by: SplitBy::Weights, backend: None, cookie, why })
        };
        let Some(sticky) = &rule.sticky else { return drawn("drawn by weight".to_owned(), None) };
        let name = key::name(&sticky.on);
        let Some(value) = key::value(&sticky.on, asked) else {
            let then = match sticky.cookie {
                Some(_) => "drawn by weight, and the cookie is set",
                None => "drawn by weight",
            };
            return drawn(format!("no {name}: {then}"), sticky.cookie.as_ref());
        };
        let weights = rule.backends.iter().map(|backend| (backend.key, backend.weight));
        let place = rendezvous::pick(xxh64(value.as_bytes(), 0), weights);
        let place = place.and_then(|place| usize::try_from(place).ok());
        let shown = crate::node::excerpt(&value);
        let why = match place {
            Some(place) => format!("{name} is \"{shown}\", which goes to backends[{place}]"),
            None => format!("{name} is \"{shown}\", and no backend has a weight"),
        };
        Some(Self { by: SplitBy::Sticky, backend: place, cookie: None, why })
    }
}
