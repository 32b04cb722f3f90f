//! Cases about what rules do to their traffic besides sending it on.

use mesh_config::{cases::TestReport, node::Node, test_cases_node};

use crate::corpus::TRAFFIC;

const MORE: &str = r#"{ "services": {
    "old": { "endpoints": [{ "address": "o.example", "version": "1.4.0" }, { "address": "n.example", "version": "2.0.0" }],
             "rateLimits": [{ "name": "all", "requests": 1000 }], "concurrency": true, "fallback": "spare" },
    "spare": {}, "gone": { "endpoints": [] } },
  "routing": { "rules": [
    { "name": "split", "path": "/split", "backends": [
        { "service": "old", "version": "^1", "weight": 95 }, { "service": "old", "version": "^2", "weight": 5, "headers": { "x-test": "1" } }] },
    { "name": "move", "path": "/move", "filters": [{ "redirect": { "path": { "full": "/new" } } }], "rateLimits": [{ "requests": 1, "per": "1440m" }] },
    { "name": "slow", "path": "/slow", "service": "old", "filters": [{ "fault": { "delay": { "time": "250ms" }, "headers": { "x-fault": true } } }] },
    { "name": "later", "path": "/later", "service": "gone", "fallback": { "directResponse": { "status": 200, "body": "later" } } },
    { "name": "else", "path": "/else", "service": "gone", "fallback": "spare" } ] } }"#;

fn run(document: &str, request: &str, expect: &str) -> TestReport {
    let cases = format!(r#"{{ "cases": [{{ "request": {request}, "expect": {expect} }}] }}"#);
    test_cases_node(&Node::parse_json(document).unwrap(), &Node::parse_json(&cases).unwrap())
        .unwrap_or_else(|found| panic!("{expect}: {found}"))
}

fn holds(document: &str, request: &str, expect: &str) {
    let report = run(document, request, expect);
    assert_eq!(report.failed, 0, "{request} {expect}: {:?}", report.results);
}

fn misses(document: &str, request: &str, expect: &str) -> (Vec<String>, Vec<String>) {
    let report = run(document, request, expect);
    assert_eq!(report.failed, 1, "{request} {expect}");
    let [result] = report.results.as_slice() else { panic!("{report:?}") };
    (result.failures.iter().map(|one| one.message.clone()).collect(), result.why.clone())
}

#[test]
fn answers_of_the_mesh_can_be_expected() {
    let closed = r#""/closed""#;
    for expect in [
        r#"{ "rule": "closed", "status": 503, "body": "closed", "reason": false, "directResponse": "503, 6 bytes" }"#,
        r#"{ "responseHeaders": { "set": { "retry-after": "60", "content-type": "text/plain;charset=utf-8" } } }"#,
        r#"{ "backends": [], "answer": { "status": 503, "location": false } }"#,
    ] {
        holds(TRAFFIC, closed, expect);
    }
    assert_eq!(
        misses(TRAFFIC, closed, r#"{ "service": "b", "status": 404, "responseHeaders": { "remove": ["x"] } }"#),
        (
            vec![
                "service: expected b, found nothing sent: the mesh answered 503".to_owned(),
                "status: expected 404, found 503".to_owned(),
                "responseHeaders.remove[0]: expected response: remove x, found response: set retry-after: 60, response: set content-type: text/plain;charset=utf-8".to_owned(),
            ],
            vec![
                "rule \"closed\" took it (routing.rules[0]): path /closed".to_owned(),
                "the mesh answered 503".to_owned(),
            ]
        )
    );
    holds(
        MORE,
        r#""https://a.example/move""#,
        r#"{ "status": 302, "location": "https://a.example/new" }"#,
    );
    holds(MORE, r#""/later""#, r#"{ "reason": "no_endpoint", "status": 200, "body": "later" }"#);
    holds(
        MORE,
        r#""/else""#,
        r#"{ "reason": false, "answer": false, "fallback": "service spare" }"#,
    );
}

#[test]
fn a_rate_limit_counts_no_case() {
    let case = r#"{ "request": "/move", "expect": { "status": 302, "limits": { "move": 1 } } }"#;
    let cases = format!(r#"{{ "cases": [{}] }}"#, [case; 20].join(","));
    let report =
        test_cases_node(&Node::parse_json(MORE).unwrap(), &Node::parse_json(&cases).unwrap());
    assert_eq!(report.unwrap().passed, 20);
}

#[test]
fn splits_with_pins_and_versions_can_be_expected() {
    for expect in [
        r#"{ "service": "old", "backends": { "old": 100 } }"#,
        r#"{ "backends": { "old ^1": 95, "old ^2": 5 }, "split": { "by": "weights" } }"#,
        r#"{ "backends": ["old ^2", "old ^1"] }"#,
        r#"{ "backends": ["old"] }"#,
        r#"{ "backends": { "old ^2": { "pins": ["header x-test = \"1\""], "endpoints": { "https://o.example": { "inVersion": false } } } } }"#,
        r#"{ "service": { "limits": { "all": 1000 }, "concurrency": { "initial": 20 } }, "fallback": "service spare" }"#,
    ] {
        holds(MORE, r#""/split""#, expect);
    }
    let pinned = r#"{ "url": "/split", "headers": { "x-test": "1" } }"#;
    for expect in [
        r#"{ "backends": { "old ^2": 100 }, "version": "^2", "chosen": true }"#,
        r#"{ "backends": ["old ^2"], "split": { "by": "pin" } }"#,
        r#"{ "backends": { "old ^1": 0 } }"#,
    ] {
        if expect.contains("^1") {
            let (failures, why) = misses(MORE, pinned, expect);
            assert_eq!(failures, ["backends.old ^2: expected no share, found 100"]);
            assert_eq!(why[1], "the request meets the conditions of backends[1]");
        } else {
            holds(MORE, pinned, expect);
        }
    }
    let (failures, _) = misses(
        MORE,
        r#""/split""#,
        r#"{ "version": "^2", "backends": { "old ^1": 90, "old ^2": 10 } }"#,
    );
    assert_eq!(
        failures,
        [
            "version of old ^1: expected ^2, found ^1",
            "backends.old ^1: expected 90, found 95",
            "backends.old ^2: expected 10, found 5",
        ]
    );
}

#[test]
fn copies_faults_limits_and_origins_can_be_expected() {
    let request = r#"{ "url": "/shop/1?f=1", "headers": { "x-fault": "1", "cf-connecting-ip": "10.0.0.7", "origin": "https://shop.example", "x-test": "1" } }"#;
    for expect in [
        r#"{ "mirrors": { "c": 12.5 }, "limits": ["shop"] }"#,
        r#"{ "mirrors": { "c": { "percent": 12.5 } }, "priority": "low", "hedge": { "after": 50 }, "fallback": "service b" }"#,
        r#"{ "limits": { "shop": { "requests": 10, "by": "clientAddress", "value": "10.0.0.7" } } }"#,
        r#"{ "cors": { "allowed": true, "preflight": false }, "responseHeaders": { "set": { "access-control-expose-headers": "x-total" } } }"#,
    ] {
        holds(TRAFFIC, request, expect);
    }
    let slow = r#"{ "url": "/slow", "headers": { "x-fault": "1" } }"#;
    holds(
        MORE,
        slow,
        r#"{ "faults": [{ "holds": true, "delay": "250ms", "abortStatus": false }] }"#,
    );
    holds(
        MORE,
        r#""/slow""#,
        r#"{ "faults": [{ "holds": false, "conditions": ["header x-fault present"] }] }"#,
    );
    let preflight = r#"{ "url": "/shop/1", "method": "OPTIONS", "headers": { "origin": "https://shop.example", "access-control-request-method": "PUT" } }"#;
    holds(
        TRAFFIC,
        preflight,
        r#"{ "status": 204, "backends": [], "cors": { "preflight": true } }"#,
    );
}

#[test]
fn fields_are_known_also_where_nothing_has_them() {
    let refused = |expect: &str| {
        let cases = format!(r#"{{ "cases": [{{ "request": "/split", "expect": {expect} }}] }}"#);
        let cases = Node::parse_json(&cases).unwrap();
        let found = test_cases_node(&Node::parse_json(MORE).unwrap(), &cases).unwrap_err();
        found.iter().map(|one| format!("{}: {}", one.path, one.code.name())).collect::<Vec<_>>()
    };
    for (expect, found) in [
        (r#"{ "cors": { "alowed": true } }"#, "cases[0].expect.cors.alowed: unknown-field"),
        (r#"{ "faults": [{ "holds": 1 }] }"#, "cases[0].expect.faults[0].holds: wrong-type"),
        (
            r#"{ "limits": { "x": { "by": { "heder": "a" } } } }"#,
            "cases[0].expect.limits.x.by.heder: unknown-field",
        ),
        (r#"{ "hedge": { "percentil": 5 } }"#, "cases[0].expect.hedge.percentil: unknown-field"),
        (
            r#"{ "backends": { "old ^3": 5 } }"#,
            "cases[0].expect.backends[\"old ^3\"]: unknown-name",
        ),
        (r#"{ "backends": ["odl ^1"] }"#, "cases[0].expect.backends[0]: unknown-service"),
    ] {
        assert_eq!(refused(expect), [found], "{expect}");
    }
    holds(
        MORE,
        r#""/split""#,
        r#"{ "cors": false, "hedge": false, "hashOn": false, "limits": [] }"#,
    );
}
