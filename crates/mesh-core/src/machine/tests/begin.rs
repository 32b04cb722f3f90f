use alloc::vec;

use super::mesh::{GET, POST, Plan, answer};
use crate::{
    event::EventKind,
    limits::{DEPTH_MAX, PATH_BYTES_MAX},
    machine::{Body, Caller, Request},
    method::Method,
    reason::Reason,
    snapshot::{
        Snapshot,
        draft::SnapshotDraft,
        tables::{Backend, Health, NONE, PathChange, Redirect, Rewrite, Rows, Rule, Service},
    },
    time::Micros,
};

fn decoded(draft: &SnapshotDraft) -> super::mesh::Running {
    super::mesh::Running::of(draft)
}

#[test]
fn a_path_without_a_normal_form_is_refused() {
    let mut mesh = Plan::of(1).run();
    assert_eq!(mesh.refused(&Request { path: b"/a\x01", ..GET }), answer(400, Reason::BadPath));
    assert_eq!(mesh.refused(&Request { path: b"/a%00", ..GET }), answer(400, Reason::BadPath));
    let long = vec![b'/'; PATH_BYTES_MAX + 1];
    assert_eq!(mesh.refused(&Request { path: &long, ..GET }), answer(414, Reason::PathTooLong));
    let service = mesh.machine.begin_service(0, &Request { path: &long, ..GET }, mesh.now, &mut ());
    assert_eq!(service.answered(), answer(414, Reason::PathTooLong));
    assert_eq!(mesh.machine.in_flight(), 0);
}

#[test]
fn a_path_that_changes_travels_as_the_rules_saw_it() {
    let mut mesh = Plan::of(1).run();
    let send = mesh.send(&Request { path: b"/api/./x//%75sers", ..GET });
    assert!(send.rewritten);
    assert_eq!(mesh.machine.text(), b"/api/x/users");
    assert!(!mesh.send(&GET).rewritten);
}

#[test]
fn no_rule_is_404() {
    let mut mesh = Plan::of(1).run();
    assert_eq!(mesh.refused(&Request { path: b"/other", ..GET }), answer(404, Reason::NoRoute));
    assert_eq!(super::mesh::Running::new(Snapshot::default()).refused(&GET).status, 404);
}

#[test]
fn a_rule_that_sends_nowhere_is_500() {
    let backend = Backend { weight: 1, rewrite: NONE, ..Backend::default() };
    for backends in [
        vec![],
        vec![Backend { weight: 0, ..backend }],
        vec![Backend { weight: 0, ..backend }, Backend { weight: 0, ..backend }],
        vec![Backend { service: NONE, ..backend }],
    ] {
        let mut draft = Plan::of(1).draft();
        draft.rules[0].backends = Rows { start: 0, len: backends.len() as u32 };
        draft.backends = backends;
        let mut mesh = decoded(&draft);
        assert_eq!(mesh.refused(&GET), answer(500, Reason::NoBackend));
        assert_eq!(mesh.machine.in_flight(), 0);
    }
}

#[test]
fn a_service_without_endpoints_is_503() {
    let mut none = Plan::of(0).run();
    assert_eq!(none.refused(&GET), answer(503, Reason::NoEndpoint));
    let mut out_of_reach = Plan::of(2).run();
    out_of_reach.machine.set_reachable(0, false);
    out_of_reach.machine.set_reachable(1, false);
    assert_eq!(out_of_reach.refused(&GET), answer(503, Reason::NoEndpoint));
    assert_eq!(out_of_reach.ending(), "no_endpoint");
    let step = out_of_reach.machine.begin_service(9, &GET, out_of_reach.now, &mut ());
    assert_eq!(step.answered(), answer(503, Reason::NoService));
}

#[test]
fn unhealthy_and_draining_endpoints_are_503() {
    let mut plan = Plan::of(2);
    plan.endpoints[0].health = Health::Unhealthy as u8;
    plan.endpoints[1].health = Health::Draining as u8;
    let mut mesh = plan.run();
    assert_eq!(mesh.refused(&GET), answer(503, Reason::NoHealthyEndpoint));
    mesh.machine.set_health(1, Health::Healthy, mesh.now);
    assert_eq!(mesh.send(&GET).endpoint, 1);
}

#[test]
fn a_loop_ends_at_the_depth_bound() {
    let mut mesh = Plan::of(1).run();
    let caller = Caller { depth: DEPTH_MAX - 1, ..Caller::default() };
    mesh.send(&Request { caller, ..GET });
    let caller = Caller { depth: DEPTH_MAX, ..Caller::default() };
    assert_eq!(mesh.refused(&Request { caller, ..GET }), answer(508, Reason::DepthExceeded));
    let step =
        mesh.machine.begin_service(0, &Request { caller, ..GET }, mesh.now, &mut mesh.events);
    assert_eq!(step.answered(), answer(508, Reason::DepthExceeded));
}

#[test]
fn a_redirect_answers_with_its_location() {
    let mut draft = Plan::of(1).draft();
    let host = draft.text("new.example");
    let value = draft.text("/v2");
    let path = PathChange::Prefix as u8;
    draft.redirects.push(Redirect { host, path, value, status: 308, ..Redirect::default() });
    draft.rules[0].redirect = 0;
    let mut mesh = decoded(&draft);
    let caller = Caller { https: true, ..Caller::default() };
    let respond = mesh.refused(&Request { query: b"q=1", caller, ..GET });
    assert_eq!((respond.status, respond.reason, respond.location), (308, Reason::None, true));
    assert_eq!(mesh.machine.text(), b"https://new.example/v2/users?q=1");
}

#[test]
fn a_rewrite_gives_the_path_to_send() {
    let mut draft = Plan::of(1).draft();
    let value = draft.text("/v2/");
    draft.rewrites.push(Rewrite { path: PathChange::Prefix as u8, value, ..Rewrite::default() });
    draft.backends[0].rewrite = 0;
    let mut mesh = decoded(&draft);
    let send = mesh.send(&GET);
    assert!(send.rewritten);
    assert_eq!(mesh.machine.text(), b"/v2/users");
    assert_eq!((send.rule, send.backend), (0, 0));
}

#[test]
fn a_call_by_name_passes_the_rules_by() {
    let mut mesh = Plan::of(1).run();
    let request = Request { path: b"/not/routed", ..POST };
    let send = mesh.machine.begin_service(0, &request, mesh.now, &mut mesh.events).sent();
    assert_eq!((send.rule, send.backend, send.rewritten), (NONE, NONE, false));
}

#[test]
fn a_split_holds_its_weights() {
    let mut draft = Plan::of(1).draft();
    draft.rules[0].backends = Rows { start: 0, len: 3 };
    draft.backends =
        [1, 0, 3].map(|weight| Backend { weight, rewrite: NONE, ..Backend::default() }).to_vec();
    let mut mesh = decoded(&draft);
    let mut seen = [0u32; 3];
    for _ in 0..20_000 {
        let send = mesh.send(&GET);
        seen[send.backend as usize] += 1;
        mesh.machine.abandon(send.ticket, mesh.now, &mut ());
    }
    assert!((4_750..5_250).contains(&seen[0]), "{seen:?}");
    assert_eq!(seen[1], 0);
}

#[test]
fn rules_that_name_rows_that_are_not_there_answer() {
    let mut draft = Plan::of(1).draft();
    draft.backends[0].policy = 9;
    assert_eq!(decoded(&draft).refused(&GET), answer(500, Reason::Internal));
    draft.rules.clear();
    assert_eq!(decoded(&draft).refused(&GET), answer(500, Reason::Internal));
    let rule = Rule { backends: Rows { start: 7, len: u32::MAX }, ..Rule::default() };
    draft.rules.push(Rule { redirect: NONE, ..rule });
    assert_eq!(decoded(&draft).refused(&GET), answer(500, Reason::NoBackend));
    draft.rules[0].backends = Rows { start: 0, len: u32::MAX };
    draft.backends[0].policy = 0;
    draft.services[0] =
        Service { endpoints: Rows { start: 5, len: u32::MAX }, ..draft.services[0] };
    assert_eq!(decoded(&draft).refused(&GET), answer(503, Reason::NoEndpoint));
}

#[test]
fn a_request_is_told_once_and_counted_once() {
    let mut mesh = Plan::of(2).run();
    mesh.served(&GET, 200);
    mesh.served(&Request { method: Method::Other, body: Body::Stream, ..GET }, 404);
    mesh.served(&POST, 500);
    assert_eq!(mesh.count(EventKind::RequestEnd), 3);
    assert_eq!(mesh.count(EventKind::AttemptEnd), 3);
    let counters = mesh.machine.service_state(0).unwrap().counters;
    assert_eq!((counters.requests, counters.successes, counters.failures), (3, 2, 1));
    assert_eq!(mesh.ending(), "upstream_status");
    assert_eq!(mesh.last(EventKind::RequestEnd).value, Micros::ZERO.0);
}
