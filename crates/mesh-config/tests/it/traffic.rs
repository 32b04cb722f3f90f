//! Rows of what rules do to their traffic besides routing it.

use mesh_core::{
    method::Method,
    path::normalize,
    route::RequestHead,
    snapshot::{
        Snapshot,
        tables::{Backend, KeySource, NONE, RESTRICTED, Rows, Rule},
    },
    time::Micros,
};

use crate::meaning::{compiled, findings};

pub(crate) fn snapshot(text: &str) -> Snapshot {
    Snapshot::decode(&compiled(text).snapshot).unwrap()
}

/// A document with services `a`, `b`, `c` and these rules.
pub(crate) fn document(rules: &str) -> String {
    format!(
        r#"{{ "services": {{ "a": {{ "endpoints": ["a1.example", "a2.example"] }}, "b": {{}}, "c": {{}} }},
             "routing": {{ "rules": [{rules}] }} }}"#
    )
}

pub(crate) fn rules(rules: &str) -> Snapshot {
    snapshot(&document(rules))
}

pub(crate) fn rule(snapshot: &Snapshot) -> Rule {
    snapshot.rules().get(0).unwrap()
}

/// The backends of the first rule.
fn backends(snapshot: &Snapshot) -> Vec<Backend> {
    snapshot.backends().run(rule(snapshot).backends).collect()
}

pub(crate) fn edits(snapshot: &Snapshot, rows: Rows) -> Vec<String> {
    let text = |text| String::from_utf8(snapshot.text(text).to_vec()).unwrap();
    let edit = |row: mesh_core::snapshot::tables::Edit| {
        format!("{}{} {}: {}", row.side, row.action, text(row.name), text(row.value))
    };
    snapshot.edits().run(rows).map(edit).collect()
}

/// The name of the rule that takes a request.
fn taker(snapshot: &Snapshot, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let routes = snapshot.routes();
    let value = |name: &[u8]| {
        let same = headers.iter().find(|(known, _)| known.as_bytes() == name);
        same.map(|(_, value)| value.as_bytes())
    };
    let values: Vec<Option<&[u8]>> = routes.headers().map(value).collect();
    let mut scratch = Vec::new();
    let head = RequestHead {
        host: b"shop.example",
        path: normalize(path.as_bytes(), &mut scratch).unwrap(),
        query: b"",
        method: Method::from_name(method.as_bytes()),
        headers: &values,
    };
    let Some(found) = routes.find(&head) else { return "none".to_owned() };
    let rule = snapshot.rules().get(found.target).unwrap();
    String::from_utf8(snapshot.text(rule.name).to_vec()).unwrap()
}

#[test]
fn a_direct_response_is_the_only_backend() {
    let snapshot = rules(
        r#"{ "filters": [{ "responseHeaders": { "set": { "x-a": "1" } } },
             { "directResponse": { "status": 503, "body": "closed", "headers": { "Retry-After": "60" } } }] }"#,
    );
    let [row] = backends(&snapshot)[..] else { panic!() };
    assert_eq!((row.service, row.weight, row.status), (NONE, 1, 503));
    assert_eq!(snapshot.text(row.body), b"closed");
    assert_eq!(
        edits(&snapshot, row.edits),
        ["10 retry-after: 60", "10 content-type: text/plain;charset=utf-8", "10 x-a: 1"]
    );
    assert_eq!((row.rewrite, row.faults.len, row.mirrors.len), (NONE, 0, 0));
    for (answer, expected) in [
        (r#""status": 204"#, &[][..]),
        (r#""status": 200, "body": """#, &[]),
        (
            r#""status": 200, "body": "{}", "headers": { "Content-Type": "application/json" }"#,
            &["10 content-type: application/json"],
        ),
    ] {
        let text = format!(r#"{{ "filters": [{{ "directResponse": {{ {answer} }} }}] }}"#);
        let snapshot = rules(&text);
        assert_eq!(edits(&snapshot, backends(&snapshot)[0].edits), expected, "{answer}");
    }
}

#[test]
fn cross_origin_answers_are_lists_of_edits() {
    let cors = |cors: &str| {
        let snapshot =
            rules(&format!(r#"{{ "service": "a", "filters": [{{ "cors": {cors} }}] }}"#));
        // every answer that depends on the origin says so, whoever asked
        let all = edits(&snapshot, backends(&snapshot)[0].edits);
        let same = cors.contains(r#"Origins": ["*"]"#) && !cors.contains("Credentials");
        assert_eq!(all.contains(&"11 vary: origin".to_owned()), !same, "{cors}");
        let row = snapshot.cors().run(rule(&snapshot).cors).next().unwrap();
        (edits(&snapshot, row.preflight), edits(&snapshot, row.actual), row.asks.len)
    };
    let (preflight, actual, asks) = cors(
        r#"{ "allowOrigins": ["https://a.example", "https://*.b.example"],
             "allowMethods": ["PUT", "DELETE"], "allowHeaders": ["X-A", "X-B"],
             "exposeHeaders": ["X-C"], "allowCredentials": true, "maxAge": "1.5m" }"#,
    );
    assert_eq!(
        preflight,
        [
            "11 vary: origin",
            "13 access-control-allow-origin: origin",
            "10 access-control-allow-credentials: true",
            "10 access-control-allow-methods: PUT, DELETE",
            "10 access-control-allow-headers: x-a, x-b",
            "10 access-control-max-age: 90",
        ]
    );
    assert_eq!(
        actual,
        [
            "13 access-control-allow-origin: origin",
            "10 access-control-allow-credentials: true",
            "10 access-control-expose-headers: x-c",
        ]
    );
    assert_eq!(asks, 2);
    let (preflight, actual, _) = cors(
        r#"{ "allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"], "exposeHeaders": ["*"] }"#,
    );
    assert_eq!(
        preflight,
        [
            "10 access-control-allow-origin: *",
            "10 access-control-allow-methods: *",
            "10 access-control-allow-headers: *",
            "10 access-control-max-age: 5",
        ]
    );
    assert_eq!(
        actual,
        ["10 access-control-allow-origin: *", "10 access-control-expose-headers: *"]
    );
    let (preflight, ..) = cors(
        r#"{ "allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"], "allowCredentials": true }"#,
    );
    assert_eq!(
        preflight,
        [
            "11 vary: origin",
            "13 access-control-allow-origin: origin",
            "10 access-control-allow-credentials: true",
            "13 access-control-allow-methods: access-control-request-method",
            "13 access-control-allow-headers: access-control-request-headers",
            "10 access-control-max-age: 5",
        ]
    );
}

#[test]
fn preflights_find_the_rule_of_the_method_they_ask_for() {
    let snapshot = rules(
        r#"{ "name": "write", "path": "/x/*", "methods": ["PUT", "DELETE"], "service": "a",
             "filters": [{ "cors": { "allowOrigins": ["*"] } }] },
           { "name": "read", "path": "/x/*", "method": "GET", "service": "b",
             "filters": [{ "cors": { "allowOrigins": ["*"] } }] },
           { "name": "closed", "path": "/x/*", "method": "POST", "service": "c" },
           { "name": "all", "path": "/y", "service": "c", "filters": [{ "cors": { "allowOrigins": ["*"] } }] }"#,
    );
    let preflight = |method: &str, path: &str| {
        let headers = [("origin", "https://a.example"), ("access-control-request-method", method)];
        taker(&snapshot, "OPTIONS", path, &headers)
    };
    assert_eq!(preflight("PUT", "/x/1"), "write");
    assert_eq!(preflight("DELETE", "/x/1"), "write");
    assert_eq!(preflight("GET", "/x/1"), "read");
    assert_eq!(preflight("POST", "/x/1"), "none");
    assert_eq!(preflight("POST", "/y"), "all");
    assert_eq!(taker(&snapshot, "OPTIONS", "/x/1", &[("origin", "https://a.example")]), "none");
    assert_eq!(taker(&snapshot, "PUT", "/x/1", &[]), "write");
    // two rules of one method: the finding is about the rules, not about what the compiler added
    let same = r#"{ "method": "PUT", "service": "a", "filters": [{ "cors": { "allowOrigins": ["*"] } }] },
                  { "method": "OPTIONS", "service": "b" }"#;
    assert_eq!(findings(&document(same)), Vec::<String>::new());
}

#[test]
fn mirrors_have_backends_of_their_own() {
    let snapshot = rules(
        r#"{ "path": "/p/*", "filters": [{ "mirror": { "service": "b", "percent": 12.5 } },
               { "requestHeaders": { "set": { "x-a": "1" } } }, { "responseHeaders": { "set": { "x-b": "2" } } },
               { "rewrite": { "path": { "prefix": "/q" } } }],
             "backends": ["a", { "service": "c", "filters": [{ "mirror": { "service": "c", "fraction": { "numerator": 1, "denominator": 3 } } },
               { "requestHeaders": { "remove": ["x-d"] } }] }] }"#,
    );
    let found: Vec<(u32, u32, Vec<String>)> = backends(&snapshot)
        .iter()
        .flat_map(|backend| snapshot.mirrors().run(backend.mirrors))
        .map(|mirror| {
            let row = snapshot.backends().get(mirror.backend).unwrap();
            let policy = snapshot.policies().get(row.policy).unwrap();
            assert_eq!((row.weight, policy.retry.retries, policy.fallback.len), (0, 0, 0));
            assert_ne!(row.rewrite, NONE);
            (row.service, mirror.millionths, edits(&snapshot, row.edits))
        })
        .collect();
    let a = || "00 x-a: 1".to_owned();
    let d = || "02 x-d: ".to_owned();
    assert_eq!(
        found,
        [(1, 125_000, vec![a()]), (1, 125_000, vec![a(), d()]), (2, 333_333, vec![a(), d()]),]
    );
    let services: Vec<u32> = backends(&snapshot).iter().map(|row| row.service).collect();
    assert_eq!(services, [0, 2]);
}

#[test]
fn faults_of_the_rule_come_before_the_backends() {
    let snapshot = rules(
        r#"{ "filters": [{ "fault": { "delay": { "time": "250ms", "percent": 0.5 }, "headers": { "x-test": true }, "query": { "f": "1" }, "maxActive": 0 } }],
             "backends": [{ "service": "a", "filters": [{ "fault": { "abort": { "status": 418 } } }] }, "b"] }"#,
    );
    let [first, second] = backends(&snapshot)[..] else { panic!() };
    let rows: Vec<_> = snapshot.faults().run(first.faults).collect();
    assert_eq!((rows[0].delay, rows[0].delay_millionths), (Micros::from_millis(250), 5_000));
    assert_eq!((rows[0].abort_status, rows[0].abort_millionths), (0, 0));
    assert_eq!((rows[0].active_max, rows[0].conditions.len), (0, 2));
    assert_eq!((rows[1].delay, rows[1].abort_status), (Micros::ZERO, 418));
    assert_eq!((rows[1].abort_millionths, rows[1].active_max), (1_000_000, 100));
    assert_eq!(snapshot.faults().run(second.faults).count(), 1);
}

#[test]
fn sticky_keys_and_cookies() {
    for (sticky, source, header, cookie) in [
        (r#""clientAddress""#, KeySource::Header, "cf-connecting-ip", ""),
        (r#""principal""#, KeySource::Header, ":principal", ""),
        (r#""tenant""#, KeySource::Header, ":tenant", ""),
        (r#"{ "header": "X-User" }"#, KeySource::Header, "x-user", ""),
        (r#"{ "query": "u" }"#, KeySource::Query, "", ""),
        (
            r#"{ "cookie": "canary" }"#,
            KeySource::Cookie,
            "cookie",
            "; Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#"{ "cookie": { "name": "canary", "maxAge": "1h", "path": "/shop", "domain": "Example.com" } }"#,
            KeySource::Cookie,
            "cookie",
            "; Path=/shop; HttpOnly; SameSite=Lax; Max-Age=3600; Domain=example.com",
        ),
    ] {
        let text = format!(r#"{{ "backends": ["a", "b"], "sticky": {sticky} }}"#);
        let snapshot = rules(&text);
        let row = rule(&snapshot);
        assert_eq!(row.sticky.source, source as u8, "{sticky}");
        let needed: Vec<&[u8]> = snapshot.routes().headers().collect();
        let expected: Vec<&[u8]> =
            Some(header.as_bytes()).filter(|h| !h.is_empty()).into_iter().collect();
        assert_eq!(needed, expected, "{sticky}");
        assert_eq!(snapshot.text(row.sticky_cookie), cookie.as_bytes(), "{sticky}");
        if source == KeySource::Cookie {
            assert_eq!(snapshot.text(row.sticky.name), b"canary");
        }
    }
}

#[test]
fn keys_of_backends_outlive_weights_and_order() {
    let keys = |backends_text: &str| -> Vec<u64> {
        let snapshot = rules(&format!(r#"{{ "backends": [{backends_text}] }}"#));
        backends(&snapshot).iter().map(|row| row.key).collect()
    };
    let [a, b] = keys(r#"{ "service": "a", "weight": 95 }, { "service": "b", "weight": 5 }"#)[..]
    else {
        panic!()
    };
    assert_eq!(
        keys(r#"{ "service": "b", "weight": 20 }, { "service": "a", "weight": 80 }"#),
        [b, a]
    );
    let twice = keys(r#""a", "a", { "service": "a", "version": "*" }, { "missing": "x" }"#);
    assert_eq!(twice[0], a);
    let mut distinct = twice.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{twice:?}");
}

#[test]
fn pins_are_conditions_and_versions_are_bits() {
    let text = r#"{ "services": { "a": { "endpoints": [
          { "address": "a.example", "version": "1.2.0" }, { "address": "b.example", "version": "v1.9" },
          { "address": "c.example", "version": "2.0.0" }, "d.example", { "address": "e.example", "version": "blue" }] } },
        "routing": { "rules": [{ "backends": [
          { "service": "a", "version": "^1.2" }, { "service": "a", "version": ">=2", "weight": 0, "headers": { "x-test": "1" }, "query": { "v": true } },
          { "service": "a", "version": "blue" }, "a"] }] } }"#;
    let snapshot = snapshot(text);
    let rows = backends(&snapshot);
    let subsets: Vec<u64> = rows.iter().map(|row| row.subset).collect();
    assert_eq!(subsets, [RESTRICTED | 0b11, RESTRICTED | 0b100, RESTRICTED | 0b1_0000, 0]);
    let pins: Vec<u32> = rows.iter().map(|row| row.pins.len).collect();
    assert_eq!(pins, [0, 2, 0, 0]);
    let none = r#"{ "backends": [{ "service": "a", "version": "^3" }] }"#;
    assert_eq!(backends(&rules(none))[0].subset, RESTRICTED);
    let found = findings(&document(none));
    assert!(
        found[0].starts_with("no-version: routing.rules[0].backends[0].version: "),
        "{found:?}"
    );
}

#[test]
fn a_limit_says_who_counts_to_the_engine_and_to_hosts() {
    let snapshot = rules(
        r#"{ "service": "a", "rateLimits": [{ "requests": 1 },
             { "requests": 2, "tier": "location", "binding": "PER_LOCATION" },
             { "requests": 3, "tier": "global" }] }"#,
    );
    let tiers: Vec<u8> = snapshot.limits().iter().map(|limit| limit.tier).collect();
    assert_eq!(tiers, [0, 1, 2]);
    let told = String::from_utf8_lossy(snapshot.host_text()).into_owned();
    assert!(told.contains(r#""tiers":["","PER_LOCATION","*"]"#), "{told}");
    let local = rules(r#"{ "service": "a", "rateLimits": [{ "requests": 1 }] }"#);
    assert!(!String::from_utf8_lossy(local.host_text()).contains("tiers"));
    for (limit, expected) in [
        (r#""tier": "location""#, "missing-field: routing.rules[0].rateLimits[0]: "),
        (
            r#""tier": "global", "binding": "L""#,
            "conflicting-fields: routing.rules[0].rateLimits[0].binding: ",
        ),
    ] {
        let rule = format!(r#"{{ "service": "a", "rateLimits": [{{ "requests": 1, {limit} }}] }}"#);
        let found = findings(&document(&rule));
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}
