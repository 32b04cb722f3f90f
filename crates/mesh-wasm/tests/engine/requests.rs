//! Requests from their first step to their answer, and what the engine tells of them.

use mesh_core::{event::EventKind, reason::Reason, route::FlagReason};
use mesh_wasm::engine::{
    abi::{
        self, FLAG_TARGET, MIRROR_TARGET, ask, caller, flag, given, need, out, outcome, step, tell,
    },
    exports,
};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::host::{self, NOW};

const RULES: i32 = -1;

#[wasm_bindgen_test]
fn a_request_is_sent_tried_again_and_delivered() {
    host::load(
        r#"{ "services": { "again": { "endpoints": ["https://a.example", "https://b.example"], "timeout": "2s" } },
             "routing": { "rules": [{ "service": "again" }] } }"#,
    );
    assert_eq!(host::begin(RULES, "shop.example", "/x", NOW), step::SEND);
    assert_eq!(
        (host::slot(out::ATTEMPT), host::slot(out::TIMEOUT_MS), host::slot(out::REMAINING_MS)),
        (1, 2_000, 2_000)
    );
    assert_eq!((host::slot(out::RULE), host::slot(out::BACKEND)), (0, 0));
    let flags = host::slot(out::FLAGS) as u32;
    assert_eq!(flags, flag::WANT_RETRY_AFTER);
    let first = host::slot(out::ENDPOINT);
    let ticket = host::ticket();
    assert_eq!(host::answer(ticket, 503, NOW + 5.0), step::WAIT);
    let delay = host::slot(out::DELAY_MS);
    assert!((1..=25).contains(&delay), "{delay} ms");
    let ticket = host::ticket();
    let next = host::ended(ticket, outcome::WAITED, 0, NOW + 30.0);
    assert_eq!(
        (next, host::slot(out::ATTEMPT), host::slot(out::REMAINING_MS)),
        (step::SEND, 2, 1_970)
    );
    assert_ne!(host::slot(out::ENDPOINT), first);
    assert_eq!(host::answer(host::ticket(), 200, NOW + 40.0), step::DELIVER);
}

#[wasm_bindgen_test]
fn a_call_by_name_has_no_rule() {
    host::load(r#"{ "services": { "named-a": {}, "named-b": {} } }"#);
    assert_eq!(host::begin(-3, "", "//x", NOW), step::SEND);
    assert_eq!(
        (host::slot(out::ENDPOINT), host::slot(out::RULE), host::slot(out::BACKEND)),
        (1, -1, -1)
    );
    assert_eq!(
        (host::slot(out::FLAGS) as u32 & flag::TARGET, host::text()),
        (flag::TARGET, "/x".to_owned())
    );
    exports::engine_tell(tell::ABANDON, f64::from(host::ticket()), NOW);
    let (service, mirror) = ((503, Reason::NoService as i32), (404, Reason::NoRoute as i32));
    for (missing, expected) in [
        (-4, service),
        (-5, service),
        (MIRROR_TARGET + 1, service),
        (MIRROR_TARGET, mirror),
        (FLAG_TARGET + 1, mirror),
    ] {
        assert_eq!(host::begin(missing, "", "/", NOW), step::RESPOND, "{missing}");
        let answer = (host::slot(out::STATUS), host::slot(out::REASON));
        assert_eq!(answer, expected, "{missing}");
    }
    for flag in [FLAG_TARGET, FLAG_TARGET - 1, i32::MIN] {
        assert_eq!(host::begin(flag, "", "/", NOW), step::FLAG, "{flag}");
        let found = (host::slot(out::BACKEND), host::slot(out::RULE), host::slot(out::REASON));
        assert_eq!(found, (-1, -1, FlagReason::Disabled as i32), "{flag}");
    }
}

#[wasm_bindgen_test]
fn a_flag_has_its_variant_by_number() {
    host::load(
        r#"{ "services": {}, "flags": { "off": { "enabled": false }, "on": true,
             "some": { "rules": [{ "query": { "q": "1" }, "variant": "on" }] } } }"#,
    );
    for (number, query, expected) in [
        (0, "", (-1, -1, FlagReason::Disabled)),
        (1, "", (1, -1, FlagReason::Static)),
        (2, "", (0, -1, FlagReason::Default)),
        (2, "q=1", (1, 0, FlagReason::TargetingMatch)),
        (3, "", (-1, -1, FlagReason::Disabled)),
    ] {
        host::write(format!("/{query}").as_bytes());
        host::set_request(FLAG_TARGET - number, 0, [0, 1, query.len()]);
        assert_eq!(exports::engine_begin(NOW), step::FLAG, "{number}");
        let found = (host::slot(out::BACKEND), host::slot(out::RULE), host::slot(out::REASON));
        assert_eq!(found, (expected.0, expected.1, expected.2 as i32), "{number} {query}");
    }
}

#[wasm_bindgen_test]
fn no_rule_and_no_table_is_404() {
    host::load(r#"{ "services": {} }"#);
    for target in [RULES, 999, i32::MAX] {
        assert_eq!(host::begin(target, "", "/", NOW), step::RESPOND, "{target}");
        assert_eq!(
            (host::slot(out::STATUS), host::slot(out::REASON)),
            (404, Reason::NoRoute as i32)
        );
        assert_eq!(host::text(), "");
    }
}

#[wasm_bindgen_test]
fn edits_hosts_and_redirects_are_told() {
    host::load(
        r#"{ "services": { "edited": {} }, "routing": { "rules": [
             { "path": "/old/*", "filters": [{ "redirect": { "scheme": "https", "path": { "prefix": "/new" } } }] },
             { "service": "edited", "filters": [{ "requestHeaders": { "set": { "x-a": "1" }, "remove": ["x-b"] } },
               { "responseHeaders": { "add": { "x-c": "2" } } }, { "rewrite": { "host": "inner.example", "path": { "full": "/one" } } }] } ] } }"#,
    );
    let tables = host::tables();
    assert_eq!(tables["needs"], need::QUERY);
    assert_eq!(host::begin(RULES, "a.example", "/old/x", NOW), step::RESPOND);
    assert_eq!(
        (host::slot(out::STATUS), host::text()),
        (302, "https://a.example/new/x".to_owned())
    );
    assert_eq!(host::begin(RULES, "a.example", "/x", NOW), step::SEND);
    assert_eq!(host::text(), "/one");
    assert_eq!(host::slot(out::FLAGS) as u32 & flag::TARGET, flag::TARGET);
    let backend = host::slot(out::BACKEND).to_string();
    exports::engine_tell(tell::ABANDON, f64::from(host::ticket()), NOW);
    assert_eq!(
        tables["backends"][backend],
        json!({ "host": "inner.example", "request": [["=", "x-a", "1"], ["-", "x-b", ""]],
                "response": [["+", "x-c", "2"]] })
    );
}

#[wasm_bindgen_test]
fn needed_headers_the_query_and_the_place_are_read() {
    host::load(
        r#"{ "services": { "far": { "endpoints": [{ "address": "https://eu.example", "region": "weur" }, { "address": "https://us.example", "region": "wnam" }],
                                    "loadBalancer": "geographic" } },
             "routing": { "rules": [{ "service": "far", "headers": { "x-a": "1", "x-b": "2" }, "query": { "q": "3" } }] } }"#,
    );
    assert_eq!(host::tables()["needs"], need::QUERY | need::LOCATION);
    let begin = |headers: &[u8]| {
        host::write(&[b"/x".as_slice(), b"q=3", headers].concat());
        exports::engine_tell(tell::LOCATION, 37.8, -122.4);
        host::set_request(RULES, 0, [0, 2, 3]);
        host::set([(given::CALLER, caller::HTTPS as i32)]);
        exports::engine_begin(NOW)
    };
    assert_eq!(begin(&[1, 0, b'1', 1, 0, b'2']), step::SEND);
    assert_eq!(host::slot(out::ENDPOINT), 1);
    exports::engine_tell(tell::ABANDON, f64::from(host::ticket()), NOW);
    // absent, empty, cut short, longer than the area, nothing at all
    for wrong in [
        &[1, 0, b'1', 0xff, 0xff][..],
        &[1, 0, b'1', 0, 0],
        &[1, 0, b'1', 9, 0, b'2'],
        &[0xfe, 0xff, b'1'],
        &[],
    ] {
        assert_ne!(exports::engine_input(0), 0);
        host::write(&[0; 4096]);
        assert_eq!(begin(wrong), step::RESPOND, "{wrong:?}");
        assert_eq!(host::slot(out::STATUS), 404);
    }
}

#[wasm_bindgen_test]
fn counters_events_and_their_bound() {
    host::load(
        r#"{ "services": { "counted": { "endpoints": ["binding:COUNTED"], "retries": false, "breaker": false } } }"#,
    );
    exports::engine_tell(tell::LISTEN, 1.0, 0.0);
    host::events();
    let dropped = host::ask(ask::EVENTS_DROPPED);
    for turn in 0..200 {
        assert_eq!(host::begin(-2, "", "/", NOW), step::SEND);
        let status = if turn % 4 == 0 { 500 } else { 200 };
        assert_eq!(host::answer(host::ticket(), status, NOW + 1.0), step::DELIVER);
    }
    let counters = host::words(exports::engine_ask(ask::STATS, NOW));
    assert_eq!(counters.len(), abi::SERVICE_COLUMNS.len() + abi::ENDPOINT_COLUMNS.len());
    assert_eq!(counters[..8], [200, 150, 50, 0, 0, 0, 200, 50]);
    let events = host::events();
    assert_eq!(events.len(), abi::EVENTS_MAX);
    assert_eq!(events[0], (EventKind::AttemptEnd as u32, Reason::UpstreamStatus as u32));
    assert_eq!(events[3], (EventKind::RequestEnd as u32, Reason::None as u32));
    assert_eq!(host::ask(ask::EVENTS_DROPPED) - dropped, 400 - abi::EVENTS_MAX as u32);
    assert_eq!(host::events(), []);
    exports::engine_tell(tell::LISTEN, 0.0, 0.0);
    assert_eq!(host::begin(-2, "", "/", NOW), step::SEND);
    assert_eq!(host::answer(host::ticket(), 200, NOW), step::DELIVER);
    assert_eq!(host::events(), []);
}

#[wasm_bindgen_test]
fn reach_health_and_abandoned_requests() {
    host::load(r#"{ "services": { "told": { "endpoints": ["binding:TOLD"] } } }"#);
    let refused = |reason: Reason| {
        assert_eq!(host::begin(-2, "", "/", NOW), step::RESPOND);
        assert_eq!(host::slot(out::REASON), reason as i32);
    };
    exports::engine_tell(tell::REACHABLE, 0.0, 0.0);
    refused(Reason::NoEndpoint);
    exports::engine_tell(tell::REACHABLE, 0.0, 1.0);
    exports::engine_tell(tell::DRAINING, 0.0, NOW);
    refused(Reason::NoHealthyEndpoint);
    exports::engine_tell(tell::HEALTHY, 0.0, NOW);
    assert_eq!(host::begin(-2, "", "/", NOW), step::SEND);
    let ticket = host::ticket();
    exports::engine_tell(tell::ABANDON, f64::from(ticket), NOW);
    let in_flight = abi::SERVICE_COLUMNS.len() + 3;
    assert_eq!(host::words(exports::engine_ask(ask::STATS, NOW))[in_flight], 0);
    for _ in 0..2 {
        assert_eq!(host::answer(ticket, 200, NOW), step::RESPOND);
        assert_eq!(
            (host::slot(out::STATUS), host::slot(out::REASON)),
            (500, Reason::Internal as i32)
        );
    }
}

#[wasm_bindgen_test]
fn equal_seeds_give_equal_picks() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        // without the service between the runs nothing that was learned stays
        host::load(r#"{ "services": {} }"#);
        exports::engine_tell(tell::SEED, 7.0, 9.0);
        host::load(
            r#"{ "services": { "dice": { "endpoints": ["binding:A", "binding:B", "binding:C", "binding:D"] } } }"#,
        );
        let picks: Vec<i32> = (0..32)
            .map(|turn| {
                let now = NOW + f64::from(turn);
                assert_eq!(host::begin(-2, "", "/", now), step::SEND);
                let endpoint = host::slot(out::ENDPOINT);
                assert_eq!(host::answer(host::ticket(), 200, now + 3.0), step::DELIVER);
                endpoint
            })
            .collect();
        runs.push(picks);
    }
    assert_eq!(runs[0], runs[1]);
}

#[wasm_bindgen_test]
fn memory_does_not_grow_with_requests() {
    host::load(
        r#"{ "services": { "steady": { "endpoints": ["binding:A", "binding:B"], "retries": false } }, "routing": { "rules": [{ "path": "/s/{id}", "service": "steady" }] } }"#,
    );
    let turn = || {
        assert_eq!(host::begin(RULES, "a.example", "/s/./7", NOW), step::SEND);
        assert_eq!(host::answer(host::ticket(), 200, NOW + 1.0), step::DELIVER);
    };
    (0..100).for_each(|_| turn());
    let pages = core::arch::wasm32::memory_size(0);
    (0..5_000).for_each(|_| turn());
    assert_eq!(core::arch::wasm32::memory_size(0), pages);
}

#[wasm_bindgen_test]
fn requests_in_flight_are_bounded_and_end_with_their_leases() {
    host::load(r#"{ "services": { "bounded": { "endpoints": ["binding:A"], "timeout": "1s" } } }"#);
    let refused = (0..5_000).filter(|_| host::begin(-2, "", "/", NOW) == step::RESPOND).count();
    assert_eq!(refused, 5_000 - mesh_core::limits::REQUESTS_IN_FLIGHT_MAX);
    assert_eq!(host::slot(out::REASON), Reason::Overloaded as i32);
    assert_eq!(host::begin(-2, "", "/", NOW + 10_000.0), step::SEND);
    assert_eq!(host::answer(host::ticket(), 200, NOW + 10_000.0), step::DELIVER);
}
