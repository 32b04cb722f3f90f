use super::mesh::{GET, Plan, Running, add_backend, add_service};
use crate::{
    machine::{Notes, Outcome, Request},
    reason::Reason,
    snapshot::{
        draft::SnapshotDraft,
        tables::{Limit, Mirror, NONE, Policy, Rows, Rule},
    },
    time::Micros,
};

/// Rule 0 has a limit, a sticky cookie and a mirror, so that each of its requests leaves notes; rule
/// 1 is plain.
fn noisy() -> SnapshotDraft {
    let mut draft = Plan::of(1).draft();
    let shadow = add_service(&mut draft, "shadow", 1, Policy::default());
    add_backend(&mut draft, 0);
    let copy = add_backend(&mut draft, shadow);
    draft.mirrors.push(Mirror { backend: copy.start, millionths: 1_000_000 });
    for backend in &mut draft.backends[..2] {
        backend.mirrors = Rows { start: 0, len: 1 };
    }
    let second = Micros::from_secs(1);
    draft.limits.push(Limit { interval: second, burst: Micros(60_000_000), ..Limit::default() });
    let attributes = draft.text("; Path=/");
    draft.rules[0] = Rule {
        backends: Rows { start: 0, len: 2 },
        limits: Rows { start: 0, len: 1 },
        sticky_cookie: attributes,
        ..draft.rules[0]
    };
    let plain = add_backend(&mut draft, 0);
    draft.rules.push(Rule { backends: plain, redirect: NONE, ..Rule::default() });
    draft.routes = super::mesh::routes(&["/api/*", "/plain"]);
    draft
}

fn noted(mesh: &mut Running) {
    let send = mesh.send(&GET);
    let notes = *mesh.machine.notes();
    assert_eq!((notes.limit, notes.mirrors, notes.first_mirror, notes.rule), (0, 1, 0, 0));
    assert!(notes.cookie.is_some());
    mesh.machine.abandon(send.ticket, mesh.now, &mut ());
}

#[test]
fn no_request_shows_what_the_one_before_left() {
    let mut mesh = Running::of(&noisy());
    let plain = Request { path: b"/plain", ..GET };
    noted(&mut mesh);
    mesh.send(&plain);
    assert_eq!(*mesh.machine.notes(), Notes::NONE);
    noted(&mut mesh);
    let found = mesh.refused(&Request { path: b"/nowhere", ..GET });
    assert_eq!((found.reason, *mesh.machine.notes()), (Reason::NoRoute, Notes::NONE));
    noted(&mut mesh);
    let found = mesh.refused(&Request { path: b"/api/\x00", ..GET });
    assert_eq!((found.reason, *mesh.machine.notes()), (Reason::BadPath, Notes::NONE));
    noted(&mut mesh);
    let found = mesh.machine.begin_service(99, &GET, mesh.now, &mut ()).answered();
    assert_eq!((found.reason, *mesh.machine.notes()), (Reason::NoService, Notes::NONE));
    noted(&mut mesh);
    let _send = mesh.machine.begin_service(0, &GET, mesh.now, &mut ()).sent();
    assert_eq!(*mesh.machine.notes(), Notes::NONE);
    noted(&mut mesh);
    let found = mesh.machine.begin_service(0, &Request { path: b"\x01", ..GET }, mesh.now, &mut ());
    assert_eq!((found.answered().status, *mesh.machine.notes()), (400, Notes::NONE));
}

#[test]
fn no_refusal_shows_the_last_word_of_the_request_before() {
    let mut mesh = Running::of(&noisy());
    for path in [&b"/nowhere"[..], b"/api/\x00"] {
        let send = mesh.first(&GET, Outcome::status(500)).sent();
        let _step = mesh.resume(send.ticket, Outcome::status(500));
        assert!(mesh.machine.is_last_word());
        mesh.refused(&Request { path, ..GET });
        assert!(!mesh.machine.is_last_word());
    }
}
