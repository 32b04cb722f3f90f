//! The start of a request: its path's normal form, its rule, its backend.

use super::{
    Machine, Notes, Request, TRAFFIC,
    request::Arrival,
    respond,
    start::Way,
    step::{Respond, Step},
};
use crate::{
    dice::Dice,
    event::EventSink,
    filter::{self, Origin},
    path::{self, NormalPath},
    reason::Reason,
    route::FlagDecision,
    snapshot::{
        Snapshot,
        row::{Row, Table, View},
        tables::{Backend, NONE, Rows},
    },
    time::Timestamp,
};

impl Machine {
    /// Begins a request by the routing rules.
    pub fn begin(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.with_path(request, |machine, path| machine.begin_at(request, path, now, sink))
    }

    /// Begins a call to a service by its number, past the routing rules.
    pub fn begin_service(
        &mut self,
        service: u32,
        request: &Request<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.with_path(request, |machine, path| {
            machine.begin_service_at(service, request, path, now, sink)
        })
    }

    fn with_path(
        &mut self,
        request: &Request<'_>,
        begin: impl FnOnce(&mut Self, NormalPath<'_>) -> Step,
    ) -> Step {
        let mut scratch = core::mem::take(&mut self.path);
        let step = match path::normal(request.path, &mut scratch) {
            Ok(path) => begin(self, path),
            Err(error) => {
                self.forget();
                Step::Respond(error.into())
            }
        };
        self.path = scratch;
        step
    }

    /// Nothing that was found of the request before is told of the next one.
    #[inline(always)]
    const fn forget(&mut self) {
        self.last_word = false;
        if TRAFFIC && self.noted {
            self.notes = Notes::NONE;
            self.noted = false;
        }
    }

    /// The notes, to add something.
    pub(super) const fn note(&mut self) -> &mut Notes {
        self.noted = true;
        &mut self.notes
    }

    /// [`Machine::begin`] for hosts that have brought the path to its normal form already; that of
    /// the request is not looked at.
    pub fn begin_at(
        &mut self,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let arrival = &Arrival::of(request, path);
        let head = &arrival.head;
        let snapshot = self.snapshot.clone();
        let Some(found) = snapshot.routes().find(head) else {
            return respond(404, Reason::NoRoute);
        };
        let Some(rule) = snapshot.rules().view(found.target) else {
            return respond(500, Reason::Internal);
        };
        // most rules have neither
        if TRAFFIC
            && rule.cors().len | rule.limits().len > 0
            && let Some(step) = self.admit(rule, head, now)
        {
            return step;
        }
        let bytes = path.as_bytes();
        let redirect = named(snapshot.redirects(), rule.redirect());
        if let Some(redirect) = redirect {
            let Request { host, query, caller, .. } = *request;
            let from = Origin { https: caller.https, host, path: bytes, query, depth: found.depth };
            self.text.clear();
            filter::location(&snapshot, &redirect, &from, &mut self.text);
            return Step::Respond(Respond {
                status: redirect.status,
                reason: Reason::None,
                location: true,
                backend: NONE,
            });
        }
        let several = TRAFFIC && rule.backends().len > 1;
        let held = if several { self.held(rule, found.target, head) } else { None };
        let chosen =
            held.or_else(|| weighted(snapshot.backends(), rule.backends(), &mut self.dice));
        let Some(number) = chosen else {
            return respond(500, Reason::NoBackend);
        };
        let way = Way { rule: found.target, priority: rule.priority_percent(), ..Way::to(number) };
        self.start_at(&snapshot, arrival, found.depth, way, now, sink)
    }

    /// Begins a copy of a request that a rule mirrors, with that request as it came. Its answer is
    /// told like any other and then thrown away.
    pub fn begin_mirror_at(
        &mut self,
        mirror: u32,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let arrival = &Arrival::of(request, path);
        let snapshot = self.snapshot.clone();
        let found = snapshot.routes().find(&arrival.head);
        let mirror = snapshot.mirrors().get(mirror);
        let (Some(found), Some(mirror)) = (found, mirror) else {
            return respond(404, Reason::NoRoute);
        };
        let way = Way { rule: found.target, mirror: true, ..Way::to(mirror.backend) };
        self.start_at(&snapshot, arrival, found.depth, way, now, sink)
    }

    /// Counts a request that this Worker's own handlers take at the limits of the service that it
    /// is. A step where it ends here.
    pub fn admit_local(
        &mut self,
        service: u32,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
    ) -> Option<Step> {
        self.forget();
        let limits = self.snapshot.services().view(service)?.limits();
        self.limited(limits, &Arrival::of(request, path).head, now)
    }

    /// What feature flag `number` comes to for a request, which need not be one that is sent.
    #[must_use]
    pub fn flag(&self, number: u32, request: &Request<'_>, path: NormalPath<'_>) -> FlagDecision {
        self.snapshot.routes().flag(number, &Arrival::of(request, path).head)
    }

    fn start_at(
        &mut self,
        snapshot: &Snapshot,
        arrival: &Arrival<'_>,
        depth: u16,
        mut way: Way,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        let Some(backend) = snapshot.backends().view(way.backend) else {
            return respond(500, Reason::NoBackend);
        };
        if backend.service() == NONE {
            return if TRAFFIC && backend.status() > 0 {
                direct(backend, way.backend)
            } else {
                respond(500, Reason::NoBackend)
            };
        }
        self.text.clear();
        way.rewritten = named(snapshot.rewrites(), backend.rewrite()).is_some_and(|rewrite| {
            let bytes = arrival.head.path;
            filter::rewrite_path(snapshot, &rewrite, bytes, depth, &mut self.text)
        });
        way.service = backend.service();
        way.policy = backend.policy();
        self.start(snapshot, arrival, way, Some(backend), now, sink)
    }

    /// [`Machine::begin_service`], likewise.
    pub fn begin_service_at(
        &mut self,
        service: u32,
        request: &Request<'_>,
        path: NormalPath<'_>,
        now: Timestamp,
        sink: &mut impl EventSink,
    ) -> Step {
        self.forget();
        let snapshot = self.snapshot.clone();
        let Some(policy) = snapshot.services().view(service).map(|row| row.policy()) else {
            return respond(503, Reason::NoService);
        };
        let way = Way { service, policy, ..Way::to(NONE) };
        self.start(&snapshot, &Arrival::of(request, path), way, None, now, sink)
    }
}

/// The answer that a backend without a service is.
pub(super) fn direct(backend: View<'_, Backend>, number: u32) -> Step {
    Step::Respond(Respond {
        status: backend.status(),
        reason: Reason::None,
        location: false,
        backend: number,
    })
}

/// The row of that number, where there is one to look for.
#[inline(always)]
fn named<T: Row>(table: Table<'_, T>, number: u32) -> Option<T> {
    if number == NONE { None } else { table.get(number) }
}

/// One of a rule's backends, by weight; `None` where no weight is above 0.
#[inline(always)]
fn weighted(table: Table<'_, Backend>, rows: Rows, dice: &mut impl Dice) -> Option<u32> {
    let mut draw = match rows.len {
        0 | 1 => 0,
        _ => {
            let weights = table.views(rows).map(|backend| backend.weight());
            dice.below(weights.fold(0, u32::saturating_add))
        }
    };
    for number in rows.numbers() {
        let weight = table.view(number)?.weight();
        if draw < weight {
            return Some(number);
        }
        draw = draw.saturating_sub(weight);
    }
    None
}
