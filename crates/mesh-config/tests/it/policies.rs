//! Rows of limits, priorities, fallbacks, hedges and predicates.

use mesh_core::{
    hash::xxh64,
    retry::conditions::RetryOn,
    snapshot::tables::{Backend, KeySource, NONE, PredicateKind},
};

use crate::{
    meaning::findings,
    traffic::{edits, rule, rules, snapshot},
};

#[test]
fn limits_are_buckets_of_time_with_names_and_seeds() {
    let snapshot = snapshot(
        r#"{ "services": { "a": { "rateLimits": [{ "requests": 100, "per": "1m", "by": "principal" }] } },
             "routing": { "rules": [{ "name": "a", "service": "a", "rateLimits": [
               { "requests": 3, "burst": 1 }, { "name": "all", "requests": 1000000000, "per": "24h", "burst": 1000000000 },
               { "requests": 5, "per": "100ms", "by": { "header": "x-key" } }] },
               { "name": "a b", "path": "/b", "service": "a", "rateLimits": [{ "requests": 1 }] }] } }"#,
    );
    let limits: Vec<_> = snapshot.limits().iter().collect();
    let policies: Vec<String> = limits
        .iter()
        .map(|row| String::from_utf8(snapshot.text(row.policy).to_vec()).unwrap())
        .collect();
    assert_eq!(
        policies,
        [
            "\"a\";q=100;w=60",
            "\"a-2\";q=3;w=1",
            "\"all\";q=1000000000;w=86400",
            "\"a-3\";q=5;w=1",
            "\"a-b\";q=1;w=1",
        ]
    );
    let times: Vec<(u64, u64)> = limits.iter().map(|row| (row.interval.0, row.burst.0)).collect();
    assert_eq!(
        times,
        [
            (600_000, 60_000_000),
            (333_334, 333_334),
            (87, 87_000_000_000),
            (20_000, 100_000),
            (1_000_000, 1_000_000),
        ]
    );
    assert_eq!(limits[2].seed, xxh64(b"rule:a:all", 0));
    let mut seeds: Vec<u64> = limits.iter().map(|row| row.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), 5);
    assert_eq!(snapshot.services().get(0).unwrap().limits.len, 1);
    assert_eq!(snapshot.rules().get(0).unwrap().limits.len, 3);
    assert_eq!(limits[0].key.source, KeySource::Header as u8);
    assert_eq!(limits[1].key.source, KeySource::Nothing as u8);
}

#[test]
fn priorities_are_shares() {
    for (text, expected) in [
        ("", 90),
        (r#", "priority": "high""#, 100),
        (r#", "priority": "normal""#, 90),
        (r#", "priority": "low""#, 50),
    ] {
        let snapshot = rules(&format!(r#"{{ "service": "a"{text} }}"#));
        assert_eq!(rule(&snapshot).priority_percent, expected, "{text}");
    }
}

#[test]
fn fallbacks_are_backends_without_a_fallback() {
    let snapshot = snapshot(
        r#"{ "services": { "a": { "fallback": "b", "endpoints": ["a1.example", "a2.example"] }, "b": { "fallback": "a", "retries": 4 }, "c": {} },
             "routing": { "rules": [
               { "service": "a", "filters": [{ "requestHeaders": { "set": { "x-a": "1" } } }] },
               { "path": "/c", "backends": ["a", "c"], "fallback": { "directResponse": { "status": 200, "body": "sorry" } } },
               { "path": "/d", "backends": ["a", "c"], "fallback": { "service": "c" } }] } }"#,
    );
    let fallback = |policy: u32| {
        let policy = snapshot.policies().get(policy).unwrap();
        snapshot.backends().run(policy.fallback).next()
    };
    let own = fallback(snapshot.services().get(0).unwrap().policy).unwrap();
    assert_eq!((own.service, own.edits.len), (1, 0));
    let target = snapshot.policies().get(own.policy).unwrap();
    assert_eq!((target.retry.retries, target.fallback.len), (4, 0));
    let of_rule = |number: u32| -> Vec<Option<Backend>> {
        let rule = snapshot.rules().get(number).unwrap();
        snapshot.backends().run(rule.backends).map(|row| fallback(row.policy)).collect()
    };
    let first = of_rule(0)[0].unwrap();
    assert_eq!((first.service, edits(&snapshot, first.edits)), (1, vec!["00 x-a: 1".to_owned()]));
    for answer in of_rule(1) {
        let answer = answer.unwrap();
        assert_eq!((answer.service, answer.status), (NONE, 200));
        assert_eq!(snapshot.text(answer.body), b"sorry");
    }
    let third = of_rule(2);
    assert_eq!(third[0].map(|row| row.service), Some(2));
    assert_eq!(third[1], None);
}

#[test]
fn hedges_concurrency_and_failover() {
    let snapshot = snapshot(
        r#"{ "defaults": { "hedge": { "percentile": 95 }, "concurrency": true },
             "services": {
               "a": { "endpoints": ["a.example", { "address": "b.example", "priority": 1 }] },
               "b": { "hedge": false, "concurrency": false },
               "c": { "hedge": "30ms", "concurrency": { "initial": 5, "max": 10 }, "endpoints": ["c.example", "d.example"] },
               "d": { "concurrency": { "initial": 500 } }, "e": { "concurrency": { "max": 7 } } } }"#,
    );
    let hedges: Vec<(u64, u8)> = (0..3)
        .map(|number| snapshot.services().get(number).unwrap().policy)
        .map(|policy| snapshot.policies().get(policy).unwrap())
        .map(|policy| (policy.hedge_after.0, policy.hedge_percentile))
        .collect();
    assert_eq!(hedges, [(0, 95), (0, 0), (30_000, 0)]);
    let limits: Vec<(u16, u16, u16)> = snapshot
        .services()
        .iter()
        .map(|row| (row.concurrency_initial, row.concurrency_min, row.concurrency_max))
        .collect();
    assert_eq!(limits, [(20, 20, 200), (0, 0, 0), (5, 5, 10), (500, 20, 500), (7, 7, 7)]);
    let priorities: Vec<u8> = snapshot.endpoints().iter().take(2).map(|row| row.priority).collect();
    assert_eq!(priorities, [0, 1]);
}

#[test]
fn predicates_stand_in_a_table_and_as_bits() {
    let snapshot = snapshot(
        r#"{ "services": { "a": { "retries": { "on": [{ "header": "X-Retry" }, { "header": "x-retry", "value": "1" }, { "predicate": "stale" }, 503] } },
             "b": { "retries": { "on": [503, { "header": "X-Retry" }, { "header": "x-retry", "value": "1" }, { "predicate": "stale" }] } },
             "c": {} } }"#,
    );
    let policy = |number: u32| {
        let service = snapshot.services().get(number).unwrap();
        snapshot.policies().get(service.policy).unwrap()
    };
    let rows: Vec<(u8, &[u8], &[u8])> = snapshot
        .predicates()
        .run(policy(0).predicates)
        .map(|row| (row.kind, snapshot.text(row.name), snapshot.text(row.value)))
        .collect();
    assert_eq!(
        rows,
        [
            (PredicateKind::Present as u8, &b"x-retry"[..], &b""[..]),
            (PredicateKind::Exact as u8, b"x-retry", b"1"),
            (PredicateKind::Code as u8, b"stale", b""),
        ]
    );
    let on = policy(0).retry.conditions.on;
    assert!(on.intersects(RetryOn::HEADER) && on.intersects(RetryOn::PREDICATE));
    assert!(!policy(2).retry.conditions.on.intersects(RetryOn::HEADER.union(RetryOn::PREDICATE)));
    assert_eq!(policy(0), policy(1));
    assert_eq!(snapshot.predicates().len(), 3);
}

#[test]
fn balancers_given_in_code_are_named_to_hosts() {
    let of = |balancer: &str| {
        format!(r#"{{ "services": {{ "a": {{ "loadBalancer": {balancer} }} }} }}"#)
    };
    let snapshot = snapshot(&of(r#"{ "type": "custom", "name": "nearest" }"#));
    let text = String::from_utf8(snapshot.host_text().to_vec()).unwrap();
    assert!(text.contains(r#""balancers":{"0":"nearest"}"#), "{text}");
    for (balancer, expected) in [
        (r#""custom""#, "missing-field: services.a.loadBalancer: custom without `name`; "),
        (
            r#"{ "type": "p2c", "name": "nearest" }"#,
            "conflicting-fields: services.a.loadBalancer: `name`; expected it with custom only",
        ),
        (
            r#"{ "type": "custom", "name": "a b" }"#,
            "invalid-name: services.a.loadBalancer.name: the string \"a b\"; ",
        ),
        (
            r#"{ "type": "custom", "name": "n", "on": "path" }"#,
            "hash-key: services.a.loadBalancer: `on`; ",
        ),
    ] {
        let found = findings(&of(balancer));
        assert!(found.iter().any(|one| one.starts_with(expected)), "{found:#?}");
    }
}
