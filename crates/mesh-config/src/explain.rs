//! What the mesh would do with one request, and why.
//!
//! The answer comes from the compiled Snapshot by the same walk that serves requests; only the
//! reasons are worked out here.

mod answer;
mod backend;
mod endpoint;
mod explainer;
mod flag;
mod key;
mod outliers;
mod policy;
mod reason;
mod request;
mod rule;
mod sample;
mod sent;
mod traffic;

use alloc::collections::BTreeMap;

use mesh_core::{
    path::{PathError, normalize},
    route::RouteTable,
};
use serde::Serialize;

use self::reason::Asked;
pub use self::{
    answer::ExplainedAnswer,
    backend::{ExplainedBackend, ExplainedFault, ExplainedMirror},
    endpoint::ExplainedEndpoint,
    outliers::ExplainedOutliers,
    policy::{
        ExplainedBreaker, ExplainedBudget, ExplainedConcurrency, ExplainedPolicy, ExplainedRetries,
        ExplainedService,
    },
    reason::{OtherRule, Refusal},
    request::{ExplainRequest, RequestHeaders},
    rule::ChosenRule,
    sent::ExplainedSent,
    traffic::{ExplainedCors, ExplainedLimit, ExplainedSplit, SplitBy},
};
pub(crate) use self::{
    explainer::{Explainer, Others},
    flag::facts as flag_facts,
    sample::samples,
};
use crate::{
    decode::{Cursor, Decode},
    diagnostic::Diagnostics,
    document::Document,
    node::Node,
    plan::{Plan, PlannedRule},
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
fn routed(explainer: &Explainer, asked: &Asked<'_>, others: Others, explanation: &mut Explanation) {
    let plan = explainer.plan();
    let found = explainer.find(asked.request, asked.path);
    let chosen = found.and_then(|found| {
        let number = usize::try_from(found.target).ok()?;
        let rule = plan.rules.get(number)?;
        Some((number, rule, reason::winner(rule, asked)?))
    });
    if let (Some(found), Some((_, rule, one))) = (found, chosen) {
        let params = params(explainer.routes(), found.match_number, asked.path);
        let chosen = ChosenRule::of(rule, one, params, asked);
        backends(plan, (rule, found.depth), &chosen, asked, explanation);
        explanation.rule = Some(chosen);
    } else {
        explanation.refused = Some("no_route".to_owned());
    }
    if others == Others::Told {
        explanation.others = reason::others(plan, chosen, asked);
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
fn by_name(plan: &Plan, name: &str, asked: &Asked<'_>, explanation: &mut Explanation) {
    let Some(service) = plan.services.iter().find(|service| service.name == name) else {
        explanation.refused = Some("no_service".to_owned());
        return;
    };
    explanation.backends.push(ExplainedBackend::by_name(plan, service, asked));
    refused_by_endpoints(explanation);
}

/// Where a rule sends. Beside it stand the segments of the path that its match fixes.
fn backends(
    plan: &Plan,
    (rule, depth): (&PlannedRule, u16),
    chosen: &ChosenRule,
    asked: &Asked<'_>,
    explanation: &mut Explanation,
) {
    explanation.backends = ExplainedBackend::all(plan, (rule, depth), chosen.split.as_ref(), asked);
    let preflight = chosen.cors.as_ref().is_some_and(|cors| cors.preflight);
    if rule.redirect.is_some() || chosen.direct_response.is_some() || preflight {
        return;
    }
    if explanation.backends.iter().any(ExplainedBackend::may_be_sent_to) {
        refused_by_endpoints(explanation);
    } else {
        explanation.refused = Some("no_backend".to_owned());
    }
}

/// Where no endpoint of any service could take the request, says so.
fn refused_by_endpoints(explanation: &mut Explanation) {
    let mut endpoints = explanation
        .backends
        .iter()
        .filter(|backend| backend.may_be_sent_to())
        .flat_map(|backend| &backend.endpoints)
        .filter(|endpoint| endpoint.in_version != Some(false))
        .peekable();
    if endpoints.peek().is_none() {
        explanation.refused = Some("no_endpoint".to_owned());
    } else if endpoints.all(|endpoint| !endpoint.takes_traffic()) {
        explanation.refused = Some("no_healthy_endpoint".to_owned());
    }
}
