//! What stands in the Snapshot.

use mesh_config::limits::DURATION_US_MAX;
use mesh_core::{
    balance::Algorithm,
    breaker::BreakerMode,
    method::{Method, MethodSet},
    retry::conditions::RetryOn,
    snapshot::{
        Snapshot,
        tables::{Health, KeySource, NONE, Policy, Transport},
    },
    time::Micros,
};

use crate::meaning::compiled;

fn snapshot(text: &str) -> Snapshot {
    Snapshot::decode(&compiled(text).snapshot).unwrap()
}

/// The policy of the only service, `a`, with these settings.
fn policy(settings: &str) -> Policy {
    let text = format!(r#"{{ "services": {{ "a": {{ {settings} }} }} }}"#);
    snapshot(&text).policies().get(0).unwrap()
}

#[test]
fn defaults_are_those_of_the_table() {
    let policy = policy("");
    assert_eq!(policy.request_timeout, Micros::from_secs(15));
    assert_eq!((policy.attempt_timeout, policy.idle_timeout), (Micros::ZERO, Micros::ZERO));
    assert_eq!((policy.retry.retries, policy.retry.methods), (1, MethodSet::IDEMPOTENT));
    assert_eq!(policy.retry.backoff.base, Micros::from_millis(25));
    assert_eq!(policy.retry.backoff.max, Micros::from_millis(250));
    assert_eq!((policy.budget.permille, policy.budget.floor_per_second), (200, 1));
    assert_eq!(policy.retry_after_max, Micros::from_secs(300));
    assert_eq!(policy.body_max, 65_536);
    assert_eq!(policy.balancer, Algorithm::P2c.as_u8());
    let statuses = policy.retry.conditions.statuses;
    assert!(statuses.contains(500) && statuses.contains(599) && !statuses.contains(499));
    let on = RetryOn::STATUS
        .union(RetryOn::CONNECT_FAILURE)
        .union(RetryOn::RESET)
        .union(RetryOn::TIMEOUT);
    assert_eq!(policy.retry.conditions.on, on);
}

#[test]
fn short_and_long_forms_come_to_the_same() {
    for (short, long) in [
        (r#""timeout": 5000"#, r#""timeout": { "request": "5s" }"#),
        (r#""retries": 3"#, r#""retries": { "attempts": 3 }"#),
        (r#""retries": false"#, r#""retries": 0"#),
        (r#""retries": { "backoff": 40 }"#, r#""retries": { "backoff": { "base": "40ms" } }"#),
        (r#""retries": { "on": ["gatewayError"] }"#, r#""retries": { "on": ["502-504"] }"#),
        (r#""loadBalancer": "leastConnections""#, r#""loadBalancer": { "type": "leastRequest" }"#),
    ] {
        assert_eq!(policy(short), policy(long), "{short}");
    }
}

#[test]
fn a_rule_lays_its_settings_over_the_services_over_the_documents() {
    let snapshot = snapshot(
        r#"{ "defaults": { "timeout": { "request": "9s", "idle": "3s" }, "retries": { "attempts": 5, "bodyMax": "1KiB" } },
             "services": { "a": { "timeout": { "request": "7s" }, "retries": { "methods": ["POST"] } } },
             "routing": { "rules": [{ "service": "a", "timeout": { "attempt": "1s" }, "retries": 2,
                                      "loadBalancer": "roundRobin" }] } }"#,
    );
    let backend = snapshot.backends().get(0).unwrap();
    let policy = snapshot.policies().get(backend.policy).unwrap();
    assert_eq!(policy.request_timeout, Micros::from_secs(7));
    assert_eq!(policy.attempt_timeout, Micros::from_secs(1));
    assert_eq!(policy.idle_timeout, Micros::from_secs(3));
    assert_eq!((policy.retry.retries, policy.body_max), (2, 1_024));
    assert_eq!(policy.retry.methods, Method::Post.bit());
    assert_eq!(policy.balancer, Algorithm::RoundRobin.as_u8());
    let by_name = snapshot.policies().get(snapshot.services().get(0).unwrap().policy).unwrap();
    assert_eq!((by_name.retry.retries, by_name.balancer), (5, Algorithm::P2c.as_u8()));
}

#[test]
fn small_pools_keep_half_and_large_ones_panic() {
    for (endpoints, breaker, expected) in [
        (0, "", (0, 0)),
        (1, "", (1, 0)),
        (1, r#", "breaker": {}"#, (0, 0)),
        (2, r#", "breaker": {}"#, (1, 0)),
        (3, "", (2, 0)),
        (4, "", (2, 0)),
        (5, "", (0, 50)),
    ] {
        let list: Vec<String> = (0..endpoints).map(|n| format!("\"e{n}.example\"")).collect();
        let text = format!(
            r#"{{ "services": {{ "a": {{ "endpoints": [{}]{breaker} }} }} }}"#,
            list.join(",")
        );
        let service = snapshot(&text).services().get(0).unwrap();
        assert_eq!((service.min_ready, service.panic_percent), expected, "{endpoints} {breaker}");
    }
}

#[test]
fn breakers_are_off_forced_or_configured() {
    let service = |settings: &str| {
        let text = format!(r#"{{ "services": {{ "a": {{ "breaker": {settings} }} }} }}"#);
        snapshot(&text).services().get(0).unwrap()
    };
    assert_eq!(service("false").breaker_mode, BreakerMode::Disabled as u8);
    assert_eq!(service(r#"{ "mode": "forceOpen" }"#).breaker_mode, BreakerMode::ForceOpen as u8);
    let row = service(
        r#"{ "consecutiveFailures": 3, "successRatio": 0.25, "window": "5s", "minRequests": 7,
             "openTime": "2m", "jitter": 0, "probes": 2, "slowCall": { "after": 300, "ratio": 0.5 } }"#,
    );
    assert_eq!(row.breaker_mode, BreakerMode::Automatic as u8);
    let breaker = row.breaker;
    assert_eq!((breaker.consecutive_failures, breaker.success_ratio_permille), (3, 250));
    assert_eq!((breaker.window, breaker.min_requests), (Micros::from_secs(5), 7));
    assert_eq!((breaker.jitter_permille, breaker.probes), (0, 2));
    assert_eq!(breaker.slow_call_after, Micros::from_millis(300));
    assert_eq!(breaker.slow_call_ratio_permille, 500);
    // the first open time alone raises the longest
    assert_eq!(
        (breaker.open_min, breaker.open_max),
        (Micros::from_secs(120), Micros::from_secs(120))
    );
}

#[test]
fn hash_keys_ask_hosts_for_what_they_need() {
    for (on, kind, header, query) in [
        (r#""path""#, KeySource::Path, None, false),
        (r#""clientAddress""#, KeySource::Header, Some("cf-connecting-ip"), false),
        (r#"{ "header": "X-User" }"#, KeySource::Header, Some("x-user"), false),
        (r#"{ "cookie": "Sid" }"#, KeySource::Cookie, Some("cookie"), false),
        (r#"{ "query": "user" }"#, KeySource::Query, None, true),
    ] {
        let text = format!(
            r#"{{ "services": {{ "a": {{ "loadBalancer": {{ "type": "consistentHash", "on": {on} }} }} }} }}"#
        );
        let snapshot = snapshot(&text);
        let policy = snapshot.policies().get(0).unwrap();
        assert_eq!(policy.hash.source, kind as u8, "{on}");
        let headers: Vec<&[u8]> = snapshot.routes().headers().collect();
        assert_eq!(headers, header.map(str::as_bytes).into_iter().collect::<Vec<_>>(), "{on}");
        assert_eq!(snapshot.routes().needs_query(), query, "{on}");
        let name: &[u8] = match header {
            Some("cookie") => b"Sid",
            None if query => b"user",
            Some(_) | None => b"",
        };
        assert_eq!(snapshot.text(policy.hash.name), name, "{on}");
    }
}

#[test]
fn endpoints_hold_all_that_is_known() {
    let snapshot = snapshot(
        r#"{ "services": { "a": { "endpoints": [
             { "address": "HTTPS://A.example/", "version": "1", "weight": 9, "region": "weur", "colo": "ams", "health": "draining" },
             "do:ROOMS/main", "local:b", { "address": "http://10.0.0.1:81", "allowInsecure": true },
             "mtls:CERT/https://bank.example", "vpc:NET/db.internal", "dispatch:T/w" ] }, "bare": {} } }"#,
    );
    let first = snapshot.endpoints().get(0).unwrap();
    assert_eq!(snapshot.text(first.address), b"https://a.example");
    assert_eq!((first.weight, first.located, first.health), (9, 1, Health::Draining as u8));
    assert!((first.latitude - 52.4).abs() < 1e-3 && (first.longitude - 4.9).abs() < 1e-3);
    assert_eq!(
        (snapshot.text(first.region), snapshot.text(first.colo)),
        (&b"weur"[..], &b"AMS"[..])
    );
    let transports: Vec<u8> = snapshot.endpoints().iter().map(|row| row.transport).collect();
    let expected = [
        Transport::Url,
        Transport::DurableObject,
        Transport::Local,
        Transport::Url,
        Transport::Mtls,
        Transport::Vpc,
        Transport::Dispatch,
        Transport::Binding,
    ];
    assert_eq!(transports, expected.map(|transport| transport as u8));
    let mut keys: Vec<u64> = snapshot.endpoints().iter().map(|row| row.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), expected.len());
}

#[test]
fn filters_of_rule_and_backend_are_laid_together() {
    let snapshot = snapshot(
        r#"{ "services": { "a": {}, "b": {} }, "routing": { "rules": [ { "path": "/p/*",
             "filters": [{ "requestHeaders": { "set": { "X-A": "1" }, "add": { "x-b": ["2", "3"] }, "remove": ["X-C"] } },
                         { "rewrite": { "path": { "prefix": "/q" } } }],
             "backends": [{ "service": "a", "filters": [{ "responseHeaders": { "set": { "x-d": "4" } } },
                                                        { "rewrite": { "host": "Inner.example" } }] }, "b"] },
             { "path": "/old", "filters": [{ "redirect": { "host": "new.example", "port": 8443, "status": 308 } }] } ] } }"#,
    );
    let edits = |number: u32| -> Vec<String> {
        let backend = snapshot.backends().get(number).unwrap();
        let text = |text| String::from_utf8(snapshot.text(text).to_vec()).unwrap();
        let rows = snapshot.edits().run(backend.edits);
        rows.map(|row| format!("{}{}{}:{}", row.side, row.action, text(row.name), text(row.value)))
            .collect()
    };
    assert_eq!(edits(0), ["00x-a:1", "01x-b:2", "01x-b:3", "02x-c:", "10x-d:4"]);
    assert_eq!(edits(1), ["00x-a:1", "01x-b:2", "01x-b:3", "02x-c:"]);
    let rewrite = |number: u32| {
        let backend = snapshot.backends().get(number).unwrap();
        snapshot.rewrites().get(backend.rewrite).unwrap()
    };
    assert_eq!(snapshot.text(rewrite(0).host), b"inner.example");
    assert_eq!(snapshot.text(rewrite(1).value), b"/q");
    let rule = snapshot.rules().get(1).unwrap();
    assert_eq!(rule.backends.len, 0);
    let redirect = snapshot.redirects().get(rule.redirect).unwrap();
    assert_eq!((redirect.port, redirect.status), (8_443, 308));
    assert_eq!(snapshot.rules().get(0).unwrap().redirect, NONE);
}

#[test]
fn the_longest_span_is_a_day() {
    let policy = policy(r#""timeout": "24h""#);
    assert_eq!(policy.request_timeout, Micros(DURATION_US_MAX));
}
