//! The rule that takes a request, and what it does besides sending it on.

use alloc::collections::BTreeMap;

use mesh_core::snapshot::tables::PathChange;
use serde::Serialize;

use super::{
    reason::{self, Asked},
    traffic::{ExplainedCors, ExplainedLimit, ExplainedSplit},
};
use crate::{
    document::Priority,
    plan::{
        PlannedEdit, PlannedMatch, PlannedRedirect, PlannedResponse, PlannedRewrite, PlannedRule,
    },
};

/// The rule that takes a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChosenRule {
    /// Its name, or `rules[3]`.
    pub name: String,
    /// Where it stands in the document.
    pub path: String,
    /// What it asks for, and that the request has it; one condition each.
    pub why: Vec<String>,
    /// Path parameters.
    pub params: BTreeMap<String, String>,
    /// Header edits of the rule, such as `request: set x-a: 1`.
    pub edits: Vec<String>,
    /// The path or host that is sent in place of the request's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
    /// Status and target of the redirect that it answers with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Status and size of the answer that it makes itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_response: Option<String>,
    /// What it says to cross-origin requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<ExplainedCors>,
    /// Its rate limits; those of services stand with them.
    pub limits: Vec<ExplainedLimit>,
    /// How one of several backends is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<ExplainedSplit>,
    /// How much of a service's concurrency limit it may fill.
    pub priority: Priority,
}

impl ChosenRule {
    pub(super) fn of(
        rule: &PlannedRule,
        one: &PlannedMatch,
        params: BTreeMap<String, String>,
        asked: &Asked<'_>,
    ) -> Self {
        let response = rule.backends.iter().find_map(|backend| backend.response.as_ref());
        Self {
            name: rule.name.clone(),
            path: rule.at.clone(),
            why: reason::conditions(one),
            params,
            edits: rule.filters.edits.iter().map(edit).collect(),
            rewrite: rule.filters.rewrite.as_ref().map(rewrite),
            redirect: rule.redirect.as_ref().map(redirect),
            direct_response: response.map(answer),
            cors: rule.cors.as_ref().map(|cors| ExplainedCors::of(cors, asked)),
            limits: ExplainedLimit::all(&rule.limits, asked),
            split: ExplainedSplit::of(rule, asked),
            priority: rule.priority,
        }
    }
}

/// A header edit in words.
pub(super) fn edit(edit: &PlannedEdit) -> String {
    let side = if edit.side == 0 { "request" } else { "response" };
    match edit.action {
        0 => format!("{side}: set {}: {}", edit.name, edit.value),
        1 => format!("{side}: add {}: {}", edit.name, edit.value),
        2 => format!("{side}: remove {}", edit.name),
        _ => format!("{side}: set {} to the request's {}", edit.name, edit.value),
    }
}

/// An answer in words.
pub(super) fn answer(response: &PlannedResponse) -> String {
    match response.body.len() {
        0 => response.status.to_string(),
        bytes => format!("{}, {bytes} bytes", response.status),
    }
}

fn changed(change: PathChange, value: &str) -> Option<String> {
    match change {
        PathChange::Keep => None,
        PathChange::Full => Some(format!("the path {value}")),
        PathChange::Prefix => Some(format!("{value} in place of the matched prefix")),
    }
}

fn rewrite(rewrite: &PlannedRewrite) -> String {
    let host = (!rewrite.host.is_empty()).then(|| format!("the host {}", rewrite.host));
    let parts: Vec<String> =
        host.into_iter().chain(changed(rewrite.path, &rewrite.value)).collect();
    parts.join(", ")
}

fn redirect(redirect: &PlannedRedirect) -> String {
    let named = |name: &str, value: &str| (!value.is_empty()).then(|| format!("{name} {value}"));
    let port = (redirect.port > 0).then(|| format!("port {}", redirect.port));
    let parts: Vec<String> = [
        Some(redirect.status.to_string()),
        named("scheme", &redirect.scheme),
        named("host", &redirect.host),
        port,
        changed(redirect.path, &redirect.value),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.join(", ")
}
