//! What the mesh would do with one request, and why.
//!
//! The answer comes from the compiled Snapshot by the same walk that serves requests; only the
//! reasons are worked out here.

mod answer;
mod endpoint;
mod explainer;
mod policy;
mod reason;
mod request;
mod sent;

use alloc::collections::BTreeMap;

use mesh_core::{
    path::{PathError, normalize},
    route::RouteTable,
    snapshot::tables::PathChange,
};
use serde::Serialize;

pub(crate) use self::explainer::{Explainer, Others};
pub use self::{
    answer::ExplainedAnswer,
    endpoint::ExplainedEndpoint,
    policy::{
        ExplainedBreaker, ExplainedBudget, ExplainedPolicy, ExplainedRetries, ExplainedService,
    },
    reason::{OtherRule, Refusal},
    request::{ExplainRequest, RequestHeaders},
    sent::ExplainedSent,
};
use crate::{
    decode::{Cursor, Decode},
    diagnostic::Diagnostics,
    document::Document,
    node::Node,
    plan::{Plan, PlannedBackend, PlannedEdit, PlannedMatch, PlannedRule},
};

/// What the mesh would do with one request, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The request as the rules see it.
    pub request: NormalRequest,
    /// Why nothing is sent anywhere, where that is so: a reason code as in the `mesh-reason` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What the mesh answers by itself, where it sends nothing on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ExplainedAnswer>,
    /// The rule that takes the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<ChosenRule>,
    /// Every other rule, in order, and why it does not take it.
    pub others: Vec<OtherRule>,
    /// Where the request may go, with the policies in force.
    pub backends: Vec<ExplainedBackend>,
}

/// A request as the rules see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NormalRequest {
    /// Method.
    pub method: String,
    /// Host; empty where none was given.
    pub host: String,
    /// Path in normal form, which is also what is sent on.
    pub path: String,
    /// The path as given, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_as_given: Option<String>,
    /// Query, without the `?`.
    pub query: String,
}

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
}

/// A service that a request may go to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedBackend {
    /// Its weight in the rule.
    pub weight: u32,
    /// Its share of the rule's requests, percent.
    pub percent: f64,
    /// The service.
    pub service: ExplainedService,
    /// What it is sent; absent for a call by name, which goes as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<ExplainedSent>,
    /// The policy in force: the rule's over the service's over the document's.
    pub policy: ExplainedPolicy,
    /// Its endpoints.
    pub endpoints: Vec<ExplainedEndpoint>,
}

/// Explains what a document does with a request.
///
/// # Errors
/// All findings, where the document has an error.
pub fn explain(document: &Document, request: &ExplainRequest) -> Result<Explanation, Diagnostics> {
    explain_after(document, Diagnostics::default(), request)
}

/// Explains what a document does with a request; both are still node trees.
///
/// # Errors
/// All findings, where the document or the request has an error. The path of a finding about the
/// request begins with `request`.
pub fn explain_node(document: &Node, request: &Node) -> Result<Explanation, Diagnostics> {
    let (document, earlier) = Document::decode_what_is_there(document);
    let mut at = Cursor::after(earlier);
    let request = at.at_field("request", |at| ExplainRequest::decode(request, at));
    match (document, request) {
        (Some(document), Some(request)) => explain_after(&document, at.diagnostics, &request),
        _ => Err(at.diagnostics),
    }
}

fn explain_after(
    document: &Document,
    earlier: Diagnostics,
    request: &ExplainRequest,
) -> Result<Explanation, Diagnostics> {
    Ok(Explainer::after(document, earlier)?.explain(request, Others::Told))
}

/// The rule of a request, its backends and the other rules.
fn routed(
    explainer: &Explainer,
    request: &ExplainRequest,
    normal: &str,
    others: Others,
    explanation: &mut Explanation,
) {
    let plan = explainer.plan();
    let found = explainer.find(request, normal);
    let chosen = found.and_then(|found| {
        let number = usize::try_from(found.target).ok()?;
        let rule = plan.rules.get(number)?;
        Some((number, rule, reason::winner(rule, request, normal)?))
    });
    if let (Some(found), Some((_, rule, one))) = (found, chosen) {
        let params = params(explainer.routes(), found.match_number, normal);
        explanation.rule = Some(chosen_rule(rule, one, params));
        backends(plan, rule, explanation);
        for (explained, planned) in explanation.backends.iter_mut().zip(reachable(rule)) {
            explained.sent = Some(ExplainedSent::of(rule, planned, normal, found.depth));
        }
    } else {
        explanation.refused = Some("no_route".to_owned());
    }
    if others == Others::Told {
        explanation.others = reason::others(plan, chosen, request, normal);
    }
}

/// Brings the path of a request to its normal form; notes why it has none.
fn normal_path(request: &ExplainRequest, explanation: &mut Explanation) -> Option<String> {
    let given = request.parts().path;
    let mut scratch = Vec::new();
    let path = match normalize(given.as_bytes(), &mut scratch) {
        Ok(path) => path,
        Err(error) => {
            let long = error == PathError::TooLong;
            explanation.refused = Some(if long { "path_too_long" } else { "bad_path" }.to_owned());
            return None;
        }
    };
    let normal = String::from_utf8_lossy(path).into_owned();
    if normal != given {
        explanation.request.path_as_given = Some(given.to_owned());
        explanation.request.path.clone_from(&normal);
    }
    Some(normal)
}

impl Explanation {
    /// Nothing found yet.
    fn of(request: &ExplainRequest) -> Self {
        let parts = request.parts();
        Self {
            request: NormalRequest {
                method: parts.method.to_owned(),
                host: parts.host.to_owned(),
                path: parts.path.to_owned(),
                path_as_given: None,
                query: parts.query.to_owned(),
            },
            refused: None,
            answer: None,
            rule: None,
            others: Vec::new(),
            backends: Vec::new(),
        }
    }
}

/// The path parameters of a match, by name.
fn params(routes: &RouteTable, match_number: u32, path: &str) -> BTreeMap<String, String> {
    let Some(row) = routes.match_row(match_number) else { return BTreeMap::new() };
    let spans = routes.param_spans(match_number, path.as_bytes());
    let params = routes.params(row).zip(spans).map(|(param, (start, len))| {
        let name = String::from_utf8_lossy(routes.text(param.name)).into_owned();
        let (start, len) = (start as usize, len as usize);
        (name, path.get(start..start.saturating_add(len)).unwrap_or("").to_owned())
    });
    params.collect()
}

/// A call by the name of a service passes the rules by.
fn by_name(plan: &Plan, name: &str, explanation: &mut Explanation) {
    let Some(service) = plan.services.iter().find(|service| service.name == name) else {
        explanation.refused = Some("no_service".to_owned());
        return;
    };
    explanation.backends.push(ExplainedBackend {
        weight: 1,
        percent: 100.0,
        service: ExplainedService::of(service),
        sent: None,
        policy: ExplainedPolicy::of(&service.settings),
        endpoints: ExplainedEndpoint::all(service),
    });
    refused_by_endpoints(explanation);
}

fn backends(plan: &Plan, rule: &PlannedRule, explanation: &mut Explanation) {
    let total: u64 = rule.backends.iter().map(|backend| u64::from(backend.weight)).sum();
    for backend in &rule.backends {
        let Some(service) = backend.service.and_then(|number| plan.services.get(number)) else {
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "sums of weights are far below 2^53")]
        let percent = f64::from(backend.weight) * 100.0 / total.max(1) as f64;
        explanation.backends.push(ExplainedBackend {
            weight: backend.weight,
            percent: (percent * 100.0).round() / 100.0,
            service: ExplainedService::of(service),
            sent: None,
            policy: ExplainedPolicy::of(&backend.settings),
            endpoints: ExplainedEndpoint::all(service),
        });
    }
    if rule.redirect.is_some() {
        return;
    }
    let weighs = |backend: &PlannedBackend| backend.weight > 0 && backend.service.is_some();
    if rule.backends.iter().any(weighs) {
        refused_by_endpoints(explanation);
    } else {
        explanation.refused = Some("no_backend".to_owned());
    }
}

/// The backends that an explanation shows: those whose service is there.
fn reachable(rule: &PlannedRule) -> impl Iterator<Item = &PlannedBackend> {
    rule.backends.iter().filter(|backend| backend.service.is_some())
}

/// Where no endpoint of any service could take the request, says so.
fn refused_by_endpoints(explanation: &mut Explanation) {
    let mut endpoints = explanation
        .backends
        .iter()
        .filter(|backend| backend.weight > 0)
        .flat_map(|backend| &backend.endpoints)
        .peekable();
    if endpoints.peek().is_none() {
        explanation.refused = Some("no_endpoint".to_owned());
    } else if endpoints.all(|endpoint| !endpoint.takes_traffic()) {
        explanation.refused = Some("no_healthy_endpoint".to_owned());
    }
}

/// Header edits as text, in order.
fn edits<'p>(edits: impl IntoIterator<Item = &'p PlannedEdit>) -> Vec<String> {
    let text = |edit: &PlannedEdit| {
        let side = if edit.side == 0 { "request" } else { "response" };
        match edit.action {
            0 => format!("{side}: set {}: {}", edit.name, edit.value),
            1 => format!("{side}: add {}: {}", edit.name, edit.value),
            _ => format!("{side}: remove {}", edit.name),
        }
    };
    edits.into_iter().map(text).collect()
}

fn chosen_rule(
    rule: &PlannedRule,
    one: &PlannedMatch,
    params: BTreeMap<String, String>,
) -> ChosenRule {
    let changed = |change: PathChange, value: &str| match change {
        PathChange::Keep => None,
        PathChange::Full => Some(format!("the path {value}")),
        PathChange::Prefix => Some(format!("{value} in place of the matched prefix")),
    };
    let rewrite = rule.filters.rewrite.as_ref().map(|rewrite| {
        let host = (!rewrite.host.is_empty()).then(|| format!("the host {}", rewrite.host));
        let parts: Vec<String> =
            host.into_iter().chain(changed(rewrite.path, &rewrite.value)).collect();
        parts.join(", ")
    });
    let redirect = rule.redirect.as_ref().map(|redirect| {
        let named =
            |name: &str, value: &str| (!value.is_empty()).then(|| format!("{name} {value}"));
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
    });
    ChosenRule {
        name: rule.name.clone(),
        path: rule.at.clone(),
        why: reason::conditions(one),
        params,
        edits: edits(&rule.filters.edits),
        rewrite,
        redirect,
    }
}
