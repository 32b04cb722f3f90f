//! Damaged rows of limits, faults, copies, origins, splits, hedges and fallbacks.

use super::*;
use crate::snapshot::tables::{Cors, Fault, Flag, FlagRule, FlagShare, Limit, Mirror, RESTRICTED};

/// The Snapshot of the other tests, with all of it.
fn whole() -> SnapshotDraft {
    let mut draft = draft();
    let one = |start| Rows { start, len: 1 };
    let second = Micros::from_secs(1);
    for service in &mut draft.services {
        service.limits = one(1);
        service.concurrency_initial = 50;
        service.concurrency_max = 50;
    }
    for (policy, fallback) in draft.policies.iter_mut().zip([4, 5]) {
        policy.fallback = one(fallback);
        policy.hedge_after = second;
    }
    for backend in &mut draft.backends {
        backend.faults = one(0);
        backend.mirrors = Rows { start: 0, len: 2 };
        backend.pins = Rows { start: 0, len: 2 };
    }
    draft.backends[1].subset = RESTRICTED | 3;
    let backend = Backend { weight: 1, rewrite: NONE, ..Backend::default() };
    draft.backends.push(Backend { service: 1, policy: 1, ..backend });
    draft.backends.push(Backend { service: NONE, status: 200, ..backend });
    let limit = Limit { interval: second, burst: Micros(second.0 * 1_000), ..Limit::default() };
    draft.limits = vec![limit, Limit { seed: 9, ..limit }];
    draft.mirrors = vec![Mirror { backend: 4, millionths: 1_000_000 }; 2];
    draft.faults.push(Fault {
        delay: second,
        delay_millionths: 500_000,
        abort_status: 503,
        abort_millionths: 300_000,
        active_max: 2,
        ..Fault::default()
    });
    draft.flags = vec![Flag { enabled: 1, variant: 1, rules: one(0), seed: 5 }; 2];
    draft.flag_rules = vec![FlagRule { shares: Rows { start: 0, len: 2 }, ..FlagRule::default() }];
    draft.flag_shares = vec![FlagShare { variant: 0, weight: 1, key: 1 }; 2];
    draft.cors.push(Cors { asks: one(0), origins: one(1), ..Cors::default() });
    let attributes = draft.text("; Path=/");
    let name = draft.text("session");
    for rule in &mut draft.rules {
        rule.cors = one(0);
        rule.limits = one(0);
        rule.sticky = Key { source: KeySource::Cookie as u8, header: 0, name };
        rule.sticky_cookie = attributes;
        rule.priority_percent = 90;
    }
    draft
}

/// Requests with their copies and hedges, each to its end.
fn play(machine: &mut Machine, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    let caller = Caller { idempotency_key: true, ..Caller::default() };
    let cookie: Option<&[u8]> = Some(b"session=a; b");
    for (method, path, headers) in [
        (Method::Get, "/users/7/x", cookie),
        (Method::Options, "/users/7/x", cookie),
        (Method::Post, "/users/8", None),
        (Method::Get, "/banana", None),
    ] {
        let headers = vec![headers; machine.snapshot().routes().header_count().min(64)];
        let (host, path, query) = (&b"a.example"[..], path.as_bytes(), &b"q=1"[..]);
        let body = Body::Sized(5);
        let request = Request { host, path, query, method, headers: &headers, body, caller };
        let mut steps = vec![machine.begin(&request, now, &mut events)];
        let notes = *machine.notes();
        let mut scratch = Vec::new();
        let path = crate::path::normal(path, &mut scratch).unwrap();
        for number in 0..3 {
            let found = machine.flag(number, &request, path);
            assert_eq!(found, machine.flag(number, &request, path));
        }
        for number in (0..8).filter(|bit| notes.mirrors >> bit & 1 == 1) {
            let number = notes.first_mirror.wrapping_add(number);
            steps.push(machine.begin_mirror_at(number, &request, path, now, &mut events));
        }
        steps.push(machine.begin_service(0, &request, now, &mut events));
        let outcomes =
            [Outcome::status(503), Outcome::Reset, Outcome::Timeout, Outcome::status(200)];
        // a delay, two services' eleven attempts and their waits, twice where it is hedged
        for round in 0..400 {
            let Some(step) = steps.pop() else { break };
            let (ticket, outcome) = match step {
                Step::Send(send) => (send.ticket, outcomes[round % 4]),
                Step::Wait(wait) => (wait.ticket, Outcome::Waited),
                Step::Deliver | Step::Respond(_) | Step::Pending => continue,
            };
            let raw = ticket.into_raw();
            if let Step::Send(second) = machine.hedge(raw, 0, now, &mut events) {
                steps.push(machine.resume(second.ticket, outcomes[round % 3], 0, now, &mut events));
            }
            steps.push(machine.resume(Ticket::from_raw(raw), outcome, 0, now, &mut events));
        }
        assert!(steps.is_empty(), "it does not end");
    }
    assert_eq!(machine.in_flight(), 0);
    events
}

#[test]
fn a_whole_one_does_all_that_damaged_ones_may() {
    let snapshot = Snapshot::decode(&whole().encode()).unwrap();
    let mut events = Vec::new();
    for seed in 0..20 {
        let mut machine = Machine::new(snapshot.clone(), seed);
        events.extend(play(&mut machine, Timestamp::from_millis(5)));
    }
    use crate::event::EventKind;
    for kind in [EventKind::Hedge, EventKind::Fallback, EventKind::MirrorEnd, EventKind::RequestEnd]
    {
        assert!(events.iter().any(|event| event.kind == kind), "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn damaged_rows_neither_panic_nor_go_on_for_ever(damage in damage(), seed in any::<u64>()) {
        let good = whole().encode();
        let mut body = good[HEADER_BYTES..].to_vec();
        let count = u32::from_le_bytes([body[0], body[1], body[2], body[3]]) as usize;
        let from = 4 + count * 8;
        for (at, len, value) in damage {
            let at = from + at.index(body.len() - from - 3);
            let len = usize::from(len);
            body[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
        }
        let mut machine = Machine::new(Snapshot::decode(&good).unwrap(), seed);
        let now = Timestamp::from_millis(1_000);
        if machine.load(sealed(&body), now, &mut ()).is_ok() {
            play(&mut machine, now);
        }
        prop_assert!(machine.load(good, now, &mut ()).is_ok());
        play(&mut machine, now.saturating_add(Micros::from_secs(3)));
        for state in (0..).map_while(|number| machine.endpoint_state(number)) {
            prop_assert_eq!(state.in_flight, 0);
        }
        for state in (0..).map_while(|number| machine.service_state(number)) {
            prop_assert_eq!(state.in_flight(), 0);
        }
    }

    /// Every field that names a run or a row, with the largest numbers there are.
    #[test]
    fn runs_of_any_length_end(at in any::<prop::sample::Index>(), start in 0u32..9, seed in any::<u64>()) {
        let mut draft = whole();
        let run = Rows { start, len: u32::MAX - start };
        let rule = &mut draft.rules[0];
        let backend = &mut draft.backends[0];
        let service = &mut draft.services[0];
        let fault = &mut draft.faults[0];
        let cors = &mut draft.cors[0];
        let policy = &mut draft.policies[0];
        let flags = &mut draft.flag_rules[0];
        let all = [
            &mut rule.cors, &mut rule.limits, &mut rule.backends, &mut backend.faults,
            &mut backend.mirrors, &mut backend.pins, &mut backend.edits, &mut service.limits,
            &mut service.endpoints, &mut fault.conditions, &mut cors.asks, &mut cors.origins,
            &mut policy.fallback, &mut policy.predicates, &mut draft.flags[0].rules,
            &mut flags.shares, &mut flags.conditions,
        ];
        *all.into_iter().nth(at.index(17)).unwrap() = run;
        let mut machine = Machine::new(Snapshot::decode(&draft.encode()).unwrap(), seed);
        play(&mut machine, Timestamp::from_millis(9));
    }
}
