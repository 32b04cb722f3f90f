//! A compiled document that answers, as often as it is asked, what becomes of a request.

use mesh_core::{
    machine::{Body, Caller, Machine, Request, Step},
    method::Method,
    route::{Found, RequestHead, RouteTable},
    time::Timestamp,
};

use super::{ExplainRequest, ExplainedAnswer, Explanation, by_name, normal_path, routed};
use crate::{compile, diagnostic::Diagnostics, document::Document, plan::Plan};

/// Whether an explanation tells of the rules that do not take the request. That costs a table for
/// each of their conditions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Others {
    Told,
    LeftOut,
}

/// A compiled document, and the engine that serves it.
#[derive(Debug)]
pub(crate) struct Explainer {
    plan: Plan,
    machine: Machine,
}

impl Explainer {
    /// Compiles a document.
    pub(crate) fn after(document: &Document, earlier: Diagnostics) -> Result<Self, Diagnostics> {
        let (plan, snapshot, diagnostics) = compile::plan_and_snapshot(document, earlier);
        match snapshot.filter(|_| diagnostics.errors() == 0) {
            Some(snapshot) => Ok(Self { plan, machine: Machine::new(snapshot, 0) }),
            None => Err(diagnostics),
        }
    }

    /// What becomes of a request.
    pub(crate) fn explain(&mut self, request: &ExplainRequest, others: Others) -> Explanation {
        let mut explanation = Explanation::of(request);
        if let Some(normal) = normal_path(request, &mut explanation) {
            match &request.service {
                Some(service) => by_name(&self.plan, service.as_str(), &mut explanation),
                None => routed(self, request, &normal, others, &mut explanation),
            }
        }
        explanation.answer = self.answer(request, explanation.refused.as_deref());
        explanation
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn routes(&self) -> &RouteTable {
        self.machine.snapshot().routes()
    }

    /// The hash of what the engine serves: equal where it means the same.
    pub(crate) fn hash(&self) -> u64 {
        self.machine.snapshot().hash()
    }

    /// The match that takes a request, by the walk that serves requests. `path` is in normal form.
    pub(crate) fn find(&self, request: &ExplainRequest, path: &str) -> Option<Found> {
        let parts = request.parts();
        let values = request.values(self.routes());
        let values: Vec<Option<&[u8]>> =
            values.iter().map(|value| value.as_deref().map(str::as_bytes)).collect();
        self.routes().find(&RequestHead {
            host: parts.host.as_bytes(),
            path: path.as_bytes(),
            query: parts.query.as_bytes(),
            method: Method::from_name(parts.method.as_bytes()),
            headers: &values,
        })
    }

    /// What the engine answers by itself: where the explanation says that nothing is sent, and
    /// where a rule answers. What a request meets by chance (one backend of several) is no answer.
    fn answer(
        &mut self,
        request: &ExplainRequest,
        refused: Option<&str>,
    ) -> Option<ExplainedAnswer> {
        let parts = request.parts();
        let values = request.values(self.routes());
        let values: Vec<Option<&[u8]>> =
            values.iter().map(|value| value.as_deref().map(str::as_bytes)).collect();
        let https = !request.url.get(..7).is_some_and(|url| url.eq_ignore_ascii_case("http://"));
        let asked = Request {
            host: parts.host.as_bytes(),
            path: parts.path.as_bytes(),
            query: parts.query.as_bytes(),
            method: Method::from_name(parts.method.as_bytes()),
            headers: &values,
            body: Body::None,
            caller: Caller { https, ..Caller::default() },
        };
        let now = Timestamp::ZERO;
        let step = match &request.service {
            None => self.machine.begin(&asked, now, &mut ()),
            Some(name) => {
                let number = self.machine.snapshot().service_number(name.as_str().as_bytes());
                let number = number.unwrap_or(u32::MAX);
                self.machine.begin_service(number, &asked, now, &mut ())
            }
        };
        let answer = match step {
            Step::Send(send) => {
                self.machine.abandon(send.ticket, now, &mut ());
                return None;
            }
            Step::Respond(answer) => answer,
            Step::Wait(_) | Step::Deliver => return None,
        };
        let by_rule = answer.location;
        (by_rule || refused == Some(answer.reason.name())).then(|| ExplainedAnswer {
            status: answer.status,
            location: by_rule.then(|| String::from_utf8_lossy(self.machine.text()).into_owned()),
        })
    }
}
