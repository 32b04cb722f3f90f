use super::mesh::{GET, Plan, Running, asking};
use crate::{
    machine::{Notes, Request, Step},
    method::Method,
    reason::Reason,
    route::builder::ValueSpec,
    snapshot::tables::{Cors, Key, Limit, NONE, Rows},
    time::Micros,
};

const SHOP: &[u8] = b"https://shop.example";

/// One rule for `origin` and, as preflights, `access-control-request-method`. Its limit takes one.
fn mesh() -> Running {
    let mut draft = Plan::of(1).draft();
    let headers = ["origin", "access-control-request-method"];
    let asks: [&[_]; 2] = [
        &[("origin", ValueSpec::Present), ("access-control-request-method", ValueSpec::Present)],
        &[("origin", ValueSpec::Exact("https://shop.example"))],
    ];
    let [asks, origins] = asking(&mut draft, &["/api/*"], &headers, asks);
    // the row's number is what hosts get: not 0
    draft.cors = alloc::vec![Cors::default(), Cors { asks, origins, ..Cors::default() }];
    draft.rules[0].cors = Rows { start: 1, len: 1 };
    let one = Micros::from_secs(1);
    draft.limits.push(Limit { interval: one, burst: one, key: Key::default(), ..Limit::default() });
    draft.rules[0].limits = Rows { start: 0, len: 1 };
    Running::of(&draft)
}

fn ask(mesh: &mut Running, method: Method, headers: [Option<&[u8]>; 2]) -> (Step, Notes) {
    let step = mesh.begin(&Request { method, headers: &headers, ..GET });
    (step, *mesh.machine.notes())
}

#[test]
fn a_preflight_is_answered_and_costs_no_limit() {
    let mut mesh = mesh();
    for _ in 0..3 {
        let (step, notes) = ask(&mut mesh, Method::Options, [Some(SHOP), Some(b"PUT")]);
        let respond = step.answered();
        assert_eq!((respond.status, respond.reason, respond.backend), (204, Reason::None, NONE));
        assert_eq!((notes.cors, notes.preflight, notes.limit), (1, true, NONE));
    }
    let (step, notes) = ask(&mut mesh, Method::Get, [Some(SHOP), None]);
    step.sent();
    assert_eq!((notes.cors, notes.preflight, notes.limit), (1, false, 0));
}

#[test]
fn a_preflight_from_another_origin_is_answered_without_leave() {
    let mut mesh = mesh();
    for origin in [&b"https://evil.example"[..], b"", b"https://shop.example.evil", b"null"] {
        let (step, notes) = ask(&mut mesh, Method::Options, [Some(origin), Some(b"PUT")]);
        assert_eq!(step.answered().status, 204);
        assert_eq!((notes.cors, notes.preflight), (NONE, true));
    }
}

#[test]
fn other_requests_go_on_whatever_their_origin() {
    for (method, headers, cors) in [
        // an OPTIONS request of its own is no preflight
        (Method::Options, [Some(SHOP), None], 1),
        (Method::Options, [None, Some(&b"PUT"[..])], NONE),
        (Method::Options, [None, None], NONE),
        (Method::Get, [Some(SHOP), Some(b"PUT")], 1),
        (Method::Post, [Some(&b"https://evil.example"[..]), None], NONE),
        (Method::Get, [None, None], NONE),
    ] {
        let (step, notes) = ask(&mut mesh(), method, headers);
        step.sent();
        assert_eq!((notes.cors, notes.preflight), (cors, false), "{method:?} {headers:?}");
    }
}

#[test]
fn a_refused_request_is_marked_for_its_origin_too() {
    let mut mesh = mesh();
    ask(&mut mesh, Method::Get, [Some(SHOP), None]).0.sent();
    let (step, notes) = ask(&mut mesh, Method::Get, [Some(SHOP), None]);
    assert_eq!(step.answered().reason, Reason::RateLimited);
    assert_eq!((notes.cors, notes.limit), (1, 0), "else the page could not read why");
}

#[test]
fn headers_that_are_not_handed_in_meet_no_condition() {
    let mut mesh = mesh();
    mesh.begin(&Request { method: Method::Options, headers: &[], ..GET }).sent();
    assert_eq!(mesh.machine.notes().cors, NONE);
}
