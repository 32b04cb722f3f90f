use alloc::vec::Vec;

use super::mesh::{GET, POST, Plan, Running, SECOND, add_backend, add_service};
use crate::{
    balance::Algorithm,
    event::EventKind,
    limits::{CONNECTIONS_PER_SCOPE, REQUESTS_IN_FLIGHT_MAX},
    machine::{Body, Caller, Outcome, Request, Step, Ticket},
    retry::{budget::RetryBudgetConfig, conditions::StatusSet},
    snapshot::{
        Snapshot,
        tables::{Policy, Transport},
    },
    time::Micros,
};

const SOON: Micros = Micros::from_millis(500);

/// Hedges after half a second, attempts of a second, room for ten requests at a time.
fn plan(n: usize) -> Plan {
    let mut plan = Plan::of(n);
    plan.policy.hedge_after = SOON;
    plan.policy.attempt_timeout = SECOND;
    plan.service.concurrency_initial = 10;
    plan.service.concurrency_max = 10;
    plan
}

impl Running {
    fn hedge(&mut self, ticket: u32, waiting: u8) -> Step {
        self.machine.hedge(ticket, waiting, self.now, &mut self.events)
    }

    /// A request and its hedge, both in flight: their tickets.
    fn hedged(&mut self) -> [u32; 2] {
        let first = self.send(&GET);
        self.wait(first.hedge);
        let first = first.ticket.into_raw();
        let second = self.hedge(first, 0).sent();
        [first, second.ticket.into_raw()]
    }

    fn tell(&mut self, ticket: u32, outcome: Outcome) -> Step {
        self.resume(Ticket::from_raw(ticket), outcome)
    }
}

#[test]
fn the_second_attempt_goes_elsewhere_and_the_first_good_answer_counts() {
    let mut mesh = plan(2).run();
    let first = mesh.send(&GET);
    assert_eq!((first.hedge, first.attempt, first.keep_body), (SOON, 1, false));
    mesh.wait(SOON);
    let ticket = first.ticket.into_raw();
    let second = mesh.hedge(ticket, 0).sent();
    assert_ne!(second.endpoint, first.endpoint);
    assert_eq!((second.attempt, second.hedge), (2, Micros::ZERO));
    assert_eq!(mesh.last(EventKind::Hedge).value, SOON.0);
    assert_eq!(mesh.hedge(ticket, 0), Step::Pending, "one hedge for a request");
    let second = second.ticket.into_raw();
    assert_eq!(mesh.hedge(second, 0), Step::Pending, "a hedge has none of its own");
    assert_eq!((mesh.in_flight(0), mesh.in_flight(1), mesh.machine.in_flight()), (1, 1, 2));
    assert_eq!(mesh.tell(second, Outcome::status(200)), Step::Deliver);
    // what the loser brings is for nobody, and it holds nothing
    mesh.assert_idle();
    let late = mesh.tell(ticket, Outcome::status(200)).answered();
    assert_eq!(late.reason, crate::reason::Reason::Internal);
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    assert_eq!(mesh.machine.service_state(0).unwrap().counters.requests, 1);
}

#[test]
fn a_failed_attempt_leaves_the_request_to_the_other() {
    for at in [0, 1] {
        let mut mesh = plan(2).run();
        let tickets = mesh.hedged();
        assert_eq!(mesh.tell(tickets[at], Outcome::status(500)), Step::Pending);
        assert_eq!(mesh.count(EventKind::RequestEnd), 0);
        assert_eq!(mesh.machine.service_state(0).unwrap().in_flight(), 1);
        assert_eq!(mesh.tell(tickets[1 - at], Outcome::status(204)), Step::Deliver);
        assert_eq!(mesh.count(EventKind::RequestEnd), 1);
        mesh.assert_idle();
    }
}

#[test]
fn an_answer_that_asks_for_another_attempt_is_not_a_good_one() {
    for at in [0, 1] {
        let mut plan = plan(2);
        plan.policy.retry.conditions.statuses = StatusSet::range(409, 429);
        let mut mesh = plan.run();
        let tickets = mesh.hedged();
        assert_eq!(
            mesh.tell(tickets[at], Outcome::status(429)),
            Step::Pending,
            "the other goes on"
        );
        assert_eq!(mesh.tell(tickets[1 - at], Outcome::status(200)), Step::Deliver);
        mesh.assert_idle();
    }
}

#[test]
fn a_retry_after_both_failed_goes_to_a_third_endpoint() {
    for at in [0, 1] {
        for seed in 0..20 {
            let mut plan = plan(3);
            plan.policy.retry.retries = 2;
            // not one that keeps away from what failed: its order of the endpoints stays
            plan.policy.balancer = Algorithm::ConsistentHash.as_u8();
            plan.service.breaker.consecutive_failures = 0;
            let mut mesh = plan.run();
            mesh.machine.seed(seed);
            let first = mesh.send(&GET);
            let ticket = first.ticket.into_raw();
            // not slow yet as the clock says, but hosts have the timer
            let second = mesh.hedge(ticket, 0).sent();
            let tried = [first.endpoint, second.endpoint];
            let tickets = [ticket, second.ticket.into_raw()];
            assert_eq!(mesh.tell(tickets[at], Outcome::Reset), Step::Pending);
            let third = mesh.tell(tickets[1 - at], Outcome::status(503)).sent();
            assert!(!tried.contains(&third.endpoint), "{tried:?} {}", third.endpoint);
            assert_eq!(third.attempt, 3);
            assert_eq!(mesh.resume(third.ticket, Outcome::status(200)), Step::Deliver);
            mesh.assert_idle();
        }
    }
}

#[test]
fn only_what_may_be_sent_twice_is_hedged() {
    let key = Caller { idempotency_key: true, ..Caller::default() };
    for (request, hedge, keep) in [
        (GET, SOON, false),
        (POST, Micros::ZERO, false),
        (Request { caller: key, ..POST }, SOON, false),
        (Request { body: Body::Stream, caller: key, ..POST }, Micros::ZERO, false),
        (Request { body: Body::Sized(10), caller: key, ..POST }, SOON, true),
        (Request { body: Body::Sized(65_537), caller: key, ..POST }, Micros::ZERO, false),
    ] {
        let mut plan = plan(2);
        plan.policy.retry.retries = 0;
        let mut mesh = plan.run();
        let send = mesh.send(&request);
        assert_eq!((send.hedge, send.keep_body), (hedge, keep), "{request:?}");
        let ticket = send.ticket.into_raw();
        assert_eq!(mesh.hedge(ticket, 0) == Step::Pending, hedge.is_zero());
    }
}

#[test]
fn a_hedge_is_paid_from_the_budget() {
    let mut plan = plan(2);
    let budget =
        RetryBudgetConfig { floor_per_second: 0, permille: 200, ..RetryBudgetConfig::DEFAULT };
    plan.policy.budget = budget;
    plan.policy.retry.retries = 0;
    plan.service.concurrency_initial = 0;
    let mut mesh = plan.run();
    let open: Vec<u32> = (0..100).map(|_| mesh.send(&GET).ticket.into_raw()).collect();
    let hedged = open.iter().filter(|&&ticket| mesh.hedge(ticket, 0) != Step::Pending).count();
    assert_eq!(hedged, 20);
    assert_eq!(mesh.count(EventKind::Hedge), 20);
}

#[test]
fn a_hedge_takes_a_connection_only_where_one_is_left() {
    for (transport, hedged) in [(Transport::Url, false), (Transport::Binding, true)] {
        let mut plan = plan(2);
        for endpoint in &mut plan.endpoints {
            endpoint.transport = transport as u8;
        }
        let mut mesh = plan.run();
        let ticket = mesh.send(&GET).ticket.into_raw();
        let step = mesh.hedge(ticket, CONNECTIONS_PER_SCOPE);
        assert_eq!(step != Step::Pending, hedged, "{transport:?}");
        let step = mesh.hedge(ticket, CONNECTIONS_PER_SCOPE - 1);
        assert_eq!(step == Step::Pending, hedged, "{transport:?}");
    }
}

#[test]
fn a_percentile_needs_twenty_answers() {
    let mut plan = plan(2);
    plan.policy.hedge_after = Micros::ZERO;
    plan.policy.hedge_percentile = 95;
    plan.service.breaker.consecutive_failures = 0;
    plan.service.breaker.success_ratio_permille = 0;
    let mut mesh = plan.run();
    for answers in 0..30 {
        let send = mesh.send(&GET);
        assert_eq!(send.hedge.is_zero(), answers < 20, "{answers}");
        if answers == 20 {
            assert!(send.hedge >= Micros::from_millis(40) && send.hedge <= Micros::from_millis(50));
        }
        mesh.wait(Micros::from_millis(40));
        assert_eq!(mesh.resume(send.ticket, Outcome::status(200)), Step::Deliver);
        // failures say nothing of how long an answer takes
        let send = mesh.send(&POST);
        let _step = mesh.resume(send.ticket, Outcome::status(500));
    }
}

#[test]
fn where_no_slot_is_left_a_hedge_books_nothing() {
    let mut plan = plan(2);
    plan.service.concurrency_initial = 0;
    let mut mesh = plan.run();
    let open: Vec<u32> =
        (0..REQUESTS_IN_FLIGHT_MAX).map(|_| mesh.send(&GET).ticket.into_raw()).collect();
    for &ticket in &open {
        assert_eq!(mesh.hedge(ticket, 0), Step::Pending);
    }
    for ticket in open {
        mesh.machine.abandon(Ticket::from_raw(ticket), mesh.now, &mut mesh.events);
    }
    mesh.assert_idle();
    assert_eq!(mesh.count(EventKind::RequestEnd), REQUESTS_IN_FLIGHT_MAX);
}

#[test]
fn neither_a_wait_nor_a_gone_ticket_is_hedged() {
    let mut plan = plan(2);
    plan.policy.retry.backoff.base = SECOND;
    plan.policy.retry.backoff.max = SECOND;
    let mut mesh = plan.run();
    let first = mesh.send(&GET);
    let spent = first.ticket.into_raw();
    let wait = mesh.tell(spent, Outcome::status(500)).waited();
    let waiting = wait.ticket.into_raw();
    for ticket in [spent, waiting, 0, 77, u32::MAX] {
        assert_eq!(mesh.hedge(ticket, 0), Step::Pending);
    }
    assert_eq!(mesh.machine.in_flight(), 1);
}

#[test]
fn a_lease_that_runs_out_leaves_the_request_and_its_room_to_the_other() {
    let mut mesh = plan(2).run();
    let [first, second] = mesh.hedged();
    // the first one's two seconds are over, the second's are not
    end(&mut mesh, first, End::Expired);
    assert_eq!(mesh.count(EventKind::LeaseExpired), 1);
    assert_eq!(mesh.machine.service_state(0).unwrap().in_flight(), 1);
    for endpoint in 0..2 {
        mesh.machine.set_reachable(endpoint, false);
    }
    assert_eq!(mesh.tell(second, Outcome::status(500)), Step::Deliver, "nobody else answers");
    assert_eq!(mesh.count(EventKind::RequestEnd), 1);
    mesh.assert_idle();
}

/// What comes of one of two attempts.
#[derive(Clone, Copy, Debug)]
enum End {
    Told(Outcome),
    Abandoned,
    Expired,
}

/// What happens between the two ends.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    SameSnapshot,
    ServiceGone,
}

fn end(mesh: &mut Running, ticket: u32, end: End) -> Option<Step> {
    match end {
        End::Told(outcome) => Some(mesh.tell(ticket, outcome)),
        End::Abandoned => {
            mesh.machine.abandon(Ticket::from_raw(ticket), mesh.now, &mut mesh.events);
            None
        }
        End::Expired => {
            // the first one's lease of two seconds is over then, the second's after the next one
            mesh.wait(Micros::from_millis(1_600));
            let mut swept = Vec::new();
            if let Step::Send(send) = mesh.machine.begin(&GET, mesh.now, &mut swept) {
                mesh.machine.abandon(send.ticket, mesh.now, &mut ());
            }
            swept.retain(|event| event.kind == EventKind::LeaseExpired);
            mesh.events.append(&mut swept);
            None
        }
    }
}

#[test]
fn every_order_of_two_ends_ends_the_request_once() {
    let ends = [
        End::Told(Outcome::status(200)),
        End::Told(Outcome::status(409)),
        End::Told(Outcome::status(500)),
        End::Told(Outcome::Timeout),
        End::Told(Outcome::ConnectFailure),
        End::Told(Outcome::Reset),
        End::Told(Outcome::Exception),
        End::Told(Outcome::Cancelled),
        End::Told(Outcome::Waited),
        End::Abandoned,
        End::Expired,
    ];
    let mut gone = Plan::of(0).draft();
    gone.services[0].name = gone.text("others");
    let gone = Snapshot::decode(&gone.encode()).unwrap();
    for retries in [0, 1, 5] {
        for fallback in [false, true] {
            let mut plan = plan(2);
            plan.policy.retry.retries = retries;
            plan.policy.retry.conditions.statuses = StatusSet::range(409, 599);
            let mut draft = plan.draft();
            if fallback {
                let other = add_service(&mut draft, "spare", 1, Policy::default());
                draft.policies[0].fallback = add_backend(&mut draft, other);
            }
            for one in ends {
                for other in ends {
                    for order in [[0, 1], [1, 0]] {
                        for between in
                            [Between::Nothing, Between::SameSnapshot, Between::ServiceGone]
                        {
                            let mut mesh = Running::of(&draft);
                            let what = (retries, fallback, one, other, order, between);
                            let tickets = mesh.hedged();
                            let mut steps = Vec::new();
                            steps.extend(end(&mut mesh, tickets[order[0]], one));
                            match between {
                                Between::Nothing => {}
                                Between::SameSnapshot => {
                                    let same = mesh.machine.snapshot().clone();
                                    mesh.machine.swap(same, mesh.now);
                                }
                                Between::ServiceGone => mesh.machine.swap(gone.clone(), mesh.now),
                            }
                            steps.extend(end(&mut mesh, tickets[order[1]], other));
                            let answers = finish(&mut mesh, steps);
                            mesh.wait(SECOND.saturating_mul(4_000));
                            end(&mut mesh, 0, End::Expired);
                            let ended = mesh.count(EventKind::RequestEnd);
                            let expired = mesh.count(EventKind::LeaseExpired);
                            assert!(ended == 1 || ended == 0 && expired > 0, "{ended} {what:?}");
                            assert!(answers <= 1, "{answers} answers {what:?}");
                            mesh.assert_idle();
                        }
                    }
                }
            }
        }
    }
}

/// Goes on until nothing is in flight, with failures; how many answers the caller got, but for those
/// to tickets that are gone.
fn finish(mesh: &mut Running, mut steps: Vec<Step>) -> usize {
    let mut answers = 0;
    while let Some(step) = steps.pop() {
        match step {
            Step::Send(send) => steps.push(mesh.resume(send.ticket, Outcome::status(500))),
            Step::Wait(wait) => {
                mesh.wait(wait.delay);
                steps.push(mesh.resume(wait.ticket, Outcome::Waited));
            }
            Step::Deliver => answers += 1,
            Step::Respond(found) => {
                let spent = found.reason == crate::reason::Reason::Internal;
                answers += usize::from(!spent);
            }
            Step::Pending => {}
        }
    }
    answers
}
