//! A compiled document that answers, as often as it is asked, what becomes of a request.

use mesh_core::{
    machine::{Body, Caller, Machine, Request, Step},
    method::Method,
    reason::Reason,
    route::{Found, RouteTable},
    snapshot::tables::NONE,
    time::{Micros, Timestamp},
};

use super::{Asked, ExplainRequest, ExplainedAnswer, Explanation, by_name, normal_path, routed};
use crate::{
    compile, diagnostic::Diagnostics, document::Document, limits::DURATION_US_MAX, plan::Plan,
};

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
    /// When the engine is asked next. Each request has a day of its own, in which every rate limit
    /// has room again for what the last one took: no answer depends on what was asked before.
    now: Timestamp,
}

/// What the engine does first.
enum First {
    Sends,
    /// It waits, as a fault asks for.
    Waits,
    /// A redirect, or the answer to a preflight.
    Answers(ExplainedAnswer),
    /// The direct response of a rule or of a fallback, by its backend.
    Direct(u32),
    Refuses(u16, Reason),
}

impl Explainer {
    /// Compiles a document.
    pub(crate) fn after(document: &Document, earlier: Diagnostics) -> Result<Self, Diagnostics> {
        let (plan, snapshot, diagnostics) = compile::plan_and_snapshot(document, earlier);
        match snapshot.filter(|_| diagnostics.errors() == 0) {
            Some(snapshot) => {
                Ok(Self { plan, machine: Machine::new(snapshot, 0), now: Timestamp::ZERO })
            }
            None => Err(diagnostics),
        }
    }

    /// What becomes of a request.
    pub(crate) fn explain(&mut self, request: &ExplainRequest, others: Others) -> Explanation {
        let mut explanation = Explanation::of(request);
        if let Some(normal) = normal_path(request, &mut explanation) {
            let asked = Asked { request, path: &normal, plan: &self.plan, routes: self.routes() };
            match &request.service {
                Some(service) => by_name(&self.plan, service.as_str(), &asked, &mut explanation),
                None => routed(self, &asked, others, &mut explanation),
            }
        }
        self.answer(request, &mut explanation);
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
        let values = request.values(self.routes());
        request.with_head(path, &values, |head| self.routes().find(head))
    }

    /// Notes what the engine answers by itself: where the explanation says that nothing is sent, and
    /// where a rule answers. What a request meets by chance (one backend of several, a fault) is no
    /// answer. A request that goes to a fallback's service instead is not refused.
    fn answer(&mut self, request: &ExplainRequest, explanation: &mut Explanation) {
        if explanation.refused.is_some()
            && explanation.backends.iter().any(|b| !b.faults.is_empty())
        {
            // else the draws of other requests would decide whether a fault comes first
            self.machine.seed(0);
        }
        let live = explanation.backends.iter().filter(|backend| backend.may_be_sent_to());
        let mut fallbacks = live.map(|backend| backend.policy.fallback.as_deref());
        let fallback = fallbacks.next().flatten();
        let falls = explanation.refused.is_some()
            && fallback.is_some()
            && fallbacks.all(|other| other == fallback);
        let of_rule = explanation.rule.as_ref().is_some_and(|rule| rule.direct_response.is_some());
        let first = self.first(request);
        if falls && matches!(first, First::Sends) {
            explanation.refused = None;
        }
        let answer = match first {
            First::Answers(answer) => Some(answer),
            First::Direct(backend) if falls || of_rule => {
                ExplainedAnswer::direct(self.machine.snapshot(), backend)
            }
            First::Refuses(status, reason) => {
                let told = explanation.refused.as_deref() == Some(reason.name());
                told.then(|| ExplainedAnswer::status(status))
            }
            First::Sends | First::Waits | First::Direct(_) => None,
        };
        explanation.answer = answer;
    }

    fn first(&mut self, request: &ExplainRequest) -> First {
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
        self.now = self.now.saturating_add(Micros(DURATION_US_MAX));
        let now = self.now;
        let step = match &request.service {
            None => self.machine.begin(&asked, now, &mut ()),
            Some(name) => {
                let number = self.machine.snapshot().service_number(name.as_str().as_bytes());
                let number = number.unwrap_or(u32::MAX);
                self.machine.begin_service(number, &asked, now, &mut ())
            }
        };
        let (ticket, first) = match step {
            Step::Send(send) => (send.ticket, First::Sends),
            Step::Wait(wait) => (wait.ticket, First::Waits),
            Step::Respond(answer) if answer.location => {
                let location = String::from_utf8_lossy(self.machine.text()).into_owned();
                let answer = ExplainedAnswer::status(answer.status);
                return First::Answers(ExplainedAnswer { location: Some(location), ..answer });
            }
            Step::Respond(answer) if answer.backend != NONE => {
                return First::Direct(answer.backend);
            }
            Step::Respond(answer) if answer.reason == Reason::None => {
                return First::Answers(ExplainedAnswer::status(answer.status));
            }
            Step::Respond(answer) => return First::Refuses(answer.status, answer.reason),
            Step::Deliver | Step::Pending => return First::Waits,
        };
        self.machine.abandon(ticket, now, &mut ());
        first
    }
}
