//! What the mesh would do with one request, and why.
//!
//! The answer comes from the compiled Snapshot by the same walk that serves requests; only the
//! reasons are worked out here.

mod backend;
mod endpoint;
mod key;
mod policy;
mod reason;
mod request;
mod rule;
mod traffic;

use alloc::collections::BTreeMap;

use mesh_core::{
    method::Method,
    path::{PathError, normalize},
    route::{RequestHead, RouteTable},
};
use serde::Serialize;

use self::reason::Asked;
pub use self::{
    backend::{ExplainedBackend, ExplainedFault, ExplainedMirror},
    endpoint::ExplainedEndpoint,
    policy::{
        ExplainedBreaker, ExplainedBudget, ExplainedConcurrency, ExplainedPolicy, ExplainedRetries,
        ExplainedService,
    },
    reason::{OtherRule, Refusal},
    request::{ExplainRequest, RequestHeaders},
    rule::ChosenRule,
    traffic::{ExplainedCors, ExplainedLimit, ExplainedSplit, SplitBy},
};
use crate::{
    compile,
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
    let (plan, snapshot, diagnostics) = compile::plan_and_snapshot(document, earlier);
    let Some(snapshot) = snapshot.filter(|_| diagnostics.errors() == 0) else {
        return Err(diagnostics);
    };
    let parts = request.parts();
    let mut explanation = Explanation::of(request);
    let mut scratch = Vec::new();
    let path = match normalize(parts.path.as_bytes(), &mut scratch) {
        Ok(path) => path,
        Err(error) => {
            let long = error == PathError::TooLong;
            explanation.refused = Some(if long { "path_too_long" } else { "bad_path" }.to_owned());
            return Ok(explanation);
        }
    };
    let normal = String::from_utf8_lossy(path).into_owned();
    if normal != parts.path {
        explanation.request.path_as_given = Some(parts.path.to_owned());
        explanation.request.path.clone_from(&normal);
    }
    let asked = Asked { request, path: &normal };
    if let Some(service) = &request.service {
        by_name(&plan, service.as_str(), &asked, &mut explanation);
        return Ok(explanation);
    }
    let routes = snapshot.routes();
    let values = request.values(routes);
    let values: Vec<Option<&[u8]>> =
        values.iter().map(|value| value.as_deref().map(str::as_bytes)).collect();
    let found = routes.find(&RequestHead {
        host: parts.host.as_bytes(),
        path,
        query: parts.query.as_bytes(),
        method: Method::from_name(parts.method.as_bytes()),
        headers: &values,
    });
    let chosen = found.and_then(|found| {
        let number = usize::try_from(found.target).ok()?;
        let rule = plan.rules.get(number)?;
        Some((number, rule, reason::winner(rule, &asked)?))
    });
    if let (Some(found), Some((_, rule, one))) = (found, chosen) {
        let params = params(routes, found.match_number, &normal);
        let chosen = ChosenRule::of(rule, one, params, &asked);
        backends(&plan, rule, &chosen, &asked, &mut explanation);
        explanation.rule = Some(chosen);
    } else {
        explanation.refused = Some("no_route".to_owned());
    }
    explanation.others = reason::others(&plan, chosen, &asked);
    Ok(explanation)
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

fn backends(
    plan: &Plan,
    rule: &PlannedRule,
    chosen: &ChosenRule,
    asked: &Asked<'_>,
    explanation: &mut Explanation,
) {
    explanation.backends = ExplainedBackend::all(plan, rule, chosen.split.as_ref(), asked);
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
