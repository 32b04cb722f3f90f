//! Cases of users, run against a document.

use mesh_config::{
    cases::{TestCases, TestReport, test_cases},
    diagnostic::Diagnostics,
    document::Document,
    node::Node,
    test_cases_node,
};

const SHOP: &str = r#"{
  "defaults": { "timeout": "8s" },
  "services": {
    "stable": { "endpoints": ["a.example", "b.example"], "retries": { "attempts": 2, "on": ["5xx", 409] } },
    "canary": { "breaker": false },
    "search-next": { "endpoints": ["s.example"] },
    "gone": { "endpoints": [{ "address": "g.example", "health": "unhealthy" }] } },
  "routing": { "rules": [
    { "name": "search", "path": "/search", "headers": { "x-beta": "1" }, "service": "search-next" },
    { "name": "users", "path": "/api/users/{id}/*", "timeout": { "attempt": "1.5s" },
      "backends": [{ "service": "stable", "weight": 95 }, { "service": "canary", "weight": 5 }],
      "filters": [{ "rewrite": { "path": { "prefix": "/v2" }, "host": "inner.example" } },
                  { "requestHeaders": { "set": { "X-From": "mesh" } } }] },
    { "name": "move", "path": "/old/*", "filters": [{ "redirect": { "status": 301, "path": { "prefix": "/new" } } }] },
    { "name": "gone", "path": "/gone", "service": "gone" } ] } }"#;

fn run(cases: &str) -> Result<TestReport, Diagnostics> {
    test_cases_node(&Node::parse_json(SHOP).unwrap(), &Node::parse_json(cases).unwrap())
}

/// The report of one case.
fn one(request: &str, expect: &str) -> TestReport {
    let cases = format!(r#"{{ "cases": [{{ "request": {request}, "expect": {expect} }}] }}"#);
    run(&cases).unwrap_or_else(|found| panic!("{expect}: {found}"))
}

fn holds(request: &str, expect: &str) {
    let report = one(request, expect);
    assert_eq!((report.passed, report.failed), (1, 0), "{expect}: {:?}", report.results);
}

/// The messages of a case that fails.
fn misses(request: &str, expect: &str) -> Vec<String> {
    let report = one(request, expect);
    assert_eq!((report.passed, report.failed), (0, 1), "{expect}");
    report.results.iter().flat_map(|one| &one.failures).map(|one| one.message.clone()).collect()
}

/// The findings about cases that cannot hold, as `path: code`.
fn refused(cases: &str) -> Vec<String> {
    let found = run(cases).unwrap_err();
    found.iter().map(|one| format!("{}: {}", one.path, one.code.name())).collect()
}

fn refused_one(expect: &str) -> Vec<String> {
    refused(&format!(r#"{{ "cases": [{{ "request": "/", "expect": {expect} }}] }}"#))
}

const USER: &str = r#""GET https://shop.example/api/users/7/cart""#;
const BETA: &str = r#"{ "url": "https://shop.example/search?q=1", "headers": { "x-beta": "1" } }"#;

#[test]
fn every_part_of_an_explanation_can_be_expected() {
    for expect in [
        r#"{ "rule": "search", "service": "search-next" }"#,
        r#"{ "rule": { "name": "search", "why": ["path /search", "header x-beta = \"1\""] } }"#,
        r#"{ "backends": ["search-next"] }"#,
        r#"{ "service": { "name": "search-next", "minReady": 1, "breaker": { "mode": "automatic" } } }"#,
        r#"{ "timeout": "8s", "retries": 1, "loadBalancer": "p2c", "path": "/search" }"#,
        r#"{ "host": false, "reason": false, "hashOn": false, "answer": false }"#,
        r#"{ "endpoints": { "https://s.example": { "health": "healthy" } } }"#,
        r#"{ "request": { "query": "q=1", "host": "shop.example" } }"#,
        r#"{ "others": { "users": { "refusal": "path" }, "move": { "refusal": "path" } } }"#,
    ] {
        holds(BETA, expect);
    }
    for expect in [
        r#"{ "backends": { "stable": 95, "canary": 5 } }"#,
        r#"{ "backends": ["canary", "stable"] }"#,
        r#"{ "backends": { "stable": { "percent": 95, "policy": { "retries": 2 } }, "canary": { "weight": 5 } } }"#,
        r#"{ "params": { "id": "7" }, "path": "/v2", "host": "inner.example" }"#,
        r#"{ "timeout": { "request": 8000, "attempt": "1.5s", "idle": 0 } }"#,
        r#"{ "requestHeaders": { "set": { "x-from": "mesh" } }, "edits": ["request: set x-from: mesh"] }"#,
    ] {
        holds(&USER.replace("/cart", ""), expect);
    }
    holds(USER, r#"{ "path": "/v2/cart" }"#);
    holds(
        r#""https://a.example/old/x?y=1""#,
        r#"{ "rule": "move", "status": 301, "location": "https://a.example/new/x?y=1" }"#,
    );
    holds(r#""http://a.example/old""#, r#"{ "location": "http://a.example/new" }"#);
    holds(r#""POST /nowhere""#, r#"{ "reason": "no_route", "status": 404 }"#);
    holds(r#""/gone""#, r#"{ "reason": "no_healthy_endpoint", "status": 503, "service": "gone" }"#);
    holds(
        r#"{ "url": "/x", "service": "stable" }"#,
        r#"{ "service": "stable", "retries": { "attempts": 2, "on": ["5xx", 409] } }"#,
    );
    holds(r#""/a%00""#, r#"{ "reason": "bad_path", "status": 400 }"#);
}

#[test]
fn what_does_not_come_is_told_with_what_came_and_why() {
    let report = run(
        r#"{ "cases": [
          { "name": "beta users", "request": "GET https://shop.example/search", "headers": [["x-beta", "0"]],
            "expect": { "rule": "search", "service": "search-next" } },
          { "request": "GET https://a.example/old/x", "expect": { "service": "stable" } } ] }"#,
    )
    .unwrap();
    assert_eq!((report.passed, report.failed), (0, 2));
    let [beta, moved] = &report.results[..] else { panic!("{report:?}") };
    assert_eq!(
        (beta.name.as_str(), beta.path.as_str(), beta.passed),
        ("beta users", "cases[0]", false)
    );
    let failures: Vec<(&str, &str)> =
        beta.failures.iter().map(|one| (one.path.as_str(), one.message.as_str())).collect();
    assert_eq!(
        failures,
        [
            ("cases[0].expect.rule", "rule: expected search, found none"),
            (
                "cases[0].expect.service",
                "service: expected search-next, found nothing sent: no_route"
            ),
        ]
    );
    assert_eq!(
        beta.why,
        [
            "nothing was sent: no_route, status 404",
            "rule \"search\" did not: header x-beta is \"0\"; asked for x-beta = \"1\"",
        ]
    );
    assert_eq!(moved.name, "GET https://a.example/old/x");
    assert_eq!(
        moved.why,
        [
            "rule \"move\" took it (routing.rules[2]): path /old/*",
            "the mesh answered 301 https://a.example/new/x",
        ]
    );
}

#[test]
fn mismatches_name_the_part_and_the_backend() {
    for (expect, messages) in [
        (
            r#"{ "backends": { "stable": 90, "canary": 10 } }"#,
            &["backends.stable: expected 90, found 95", "backends.canary: expected 10, found 5"][..],
        ),
        (r#"{ "backends": { "stable": 95 } }"#, &["backends.canary: expected no share, found 5"]),
        (r#"{ "backends": ["stable"] }"#, &["backends: expected stable, found stable, canary"]),
        (
            r#"{ "service": "stable" }"#,
            &["service: expected stable, found stable 95 %, canary 5 %"],
        ),
        (r#"{ "retries": 2 }"#, &["retries of canary: expected 2, found 1"]),
        (
            r#"{ "timeout": { "attempt": "1s" } }"#,
            &[
                "timeout.attempt of stable: expected 1s, found 1.5 s",
                "timeout.attempt of canary: expected 1s, found 1.5 s",
            ],
        ),
        (r#"{ "params": { "id": "8" } }"#, &["params.id: expected 8, found 7"]),
        (
            r#"{ "responseHeaders": { "remove": ["server"] } }"#,
            &[
                "responseHeaders.remove[0]: expected response: remove server, found request: set x-from: mesh",
                "responseHeaders.remove[0]: expected response: remove server, found request: set x-from: mesh",
            ],
        ),
        (r#"{ "status": 404 }"#, &["status: expected 404, found none"]),
    ] {
        let found = misses(USER, expect);
        assert_eq!(found, messages, "{expect}");
    }
}

#[test]
fn cases_that_can_never_hold_are_errors_with_their_place() {
    for (expect, found) in [
        (r#"{ "rule": "serach" }"#, "cases[0].expect.rule: unknown-name"),
        (r#"{ "rule": { "name": "x" } }"#, "cases[0].expect.rule.name: unknown-name"),
        (r#"{ "service": "canery" }"#, "cases[0].expect.service: unknown-service"),
        (
            r#"{ "backends": { "canery": 100 } }"#,
            "cases[0].expect.backends.canery: unknown-service",
        ),
        (r#"{ "backends": ["canery"] }"#, "cases[0].expect.backends[0]: unknown-service"),
        (
            r#"{ "backends": { "stable": 60, "canary": 60 } }"#,
            "cases[0].expect.backends: out-of-range",
        ),
        (r#"{ "backends": { "stable": 160 } }"#, "cases[0].expect.backends.stable: out-of-range"),
        (r#"{ "reason": "noroute" }"#, "cases[0].expect.reason: unknown-name"),
        (r#"{ "ruel": "search" }"#, "cases[0].expect.ruel: unknown-field"),
        (r#"{ "rule": { "nam": "search" } }"#, "cases[0].expect.rule.nam: unknown-field"),
        (r#"{ "retries": { "atempts": 2 } }"#, "cases[0].expect.retries.atempts: unknown-field"),
        (
            r#"{ "others": { "users": { "wy": 1 } } }"#,
            "cases[0].expect.others.users.wy: unknown-field",
        ),
        (r#"{ "timeout": { "attemt": 1 } }"#, "cases[0].expect.timeout.attemt: unknown-field"),
        (r#"{ "timeout": "soon" }"#, "cases[0].expect.timeout: invalid-duration"),
        (
            r#"{ "requestHeaders": { "sett": {} } }"#,
            "cases[0].expect.requestHeaders.sett: unknown-field",
        ),
        (r#"{ "status": "404" }"#, "cases[0].expect.status: wrong-type"),
        (r#"{ "service": 7 }"#, "cases[0].expect.service: wrong-type"),
        (r#"{ "path": ["/"] }"#, "cases[0].expect.path: wrong-type"),
        (r#"{}"#, "cases[0].expect: missing-field"),
        (r#"{ "rule": null }"#, "cases[0].expect: missing-field"),
        (r#"[]"#, "cases[0].expect: wrong-type"),
    ] {
        assert_eq!(refused_one(expect), [found], "{expect}");
    }
    let hint = |expect: &str| {
        let cases = format!(r#"{{ "cases": [{{ "request": "/", "expect": {expect} }}] }}"#);
        run(&cases).unwrap_err().iter().next().and_then(|one| one.hint.clone())
    };
    assert_eq!(hint(r#"{ "rule": "serach" }"#).as_deref(), Some("did you mean \"search\"?"));
    assert_eq!(hint(r#"{ "service": "canery" }"#).as_deref(), Some("did you mean \"canary\"?"));
    assert_eq!(hint(r#"{ "servce": "canary" }"#).as_deref(), Some("did you mean `service`?"));
    assert_eq!(hint(r#"{ "reason": "noroute" }"#).as_deref(), Some("did you mean \"no_route\"?"));
}

#[test]
fn files_that_are_no_cases_are_refused() {
    for (cases, found) in [
        (r#"{}"#, &["cases: missing-field"][..]),
        (r#"[]"#, &[": wrong-type"]),
        (r#"{ "cases": [] }"#, &["cases: missing-field"]),
        (r#"{ "cases": {} }"#, &["cases: wrong-type"]),
        (r#"{ "caess": [] }"#, &["caess: unknown-field", "cases: missing-field"]),
        (
            r#"{ "cases": [{}] }"#,
            &["cases[0].request: missing-field", "cases[0].expect: missing-field"],
        ),
        (
            r#"{ "cases": [{ "request": "get /", "expect": { "rule": "users" }, "expct": 1 }] }"#,
            &["cases[0].expct: unknown-field", "cases[0].request: wrong-type"],
        ),
        (
            r#"{ "cases": [{ "request": { "url": "/" }, "headers": {}, "expect": { "rule": "users" } },
                           { "name": "a", "request": "/", "expect": { "rule": "users" } },
                           { "name": "a", "request": "/ /", "expect": { "rule": "users" } }] }"#,
            &["cases[2].request: wrong-type"],
        ),
        (
            r#"{ "cases": [{ "request": { "url": "/" }, "headers": {}, "expect": { "rule": "users" } },
                           { "name": "a", "request": "/", "expect": { "rule": "users" } },
                           { "name": "a", "request": "/", "expect": { "rule": "users" } },
                           { "name": " ", "request": "/", "expect": { "rule": "users" } }] }"#,
            &[
                "cases[0].headers: conflicting-fields",
                "cases[2].name: duplicate-name",
                "cases[3].name: invalid-name",
            ],
        ),
    ] {
        assert_eq!(refused(cases), found, "{cases}");
    }
}

#[test]
fn errors_of_document_and_cases_come_together() {
    let document = Node::parse_json(
        r#"{ "services": { "a": { "retires": 1 } }, "routing": { "rules": [{ "service": "b" }] } }"#,
    );
    let cases = Node::parse_json(r#"{ "cases": [{ "request": "/" }] }"#);
    let found = test_cases_node(&document.unwrap(), &cases.unwrap()).unwrap_err();
    let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["services.a.retires", "cases[0].expect", "routing.rules[0].service"]);
    let document =
        Document::parse_json(r#"{ "services": {}, "routing": { "rules": [{ "service": "b" }] } }"#);
    assert!(test_cases(&document.unwrap(), &TestCases::default()).is_err());
}

#[test]
fn too_many_cases_are_refused() {
    let case = r#"{ "request": "/", "expect": { "rule": "users" } }"#;
    let cases = format!(r#"{{ "cases": [{}] }}"#, [case; 4_097].join(","));
    assert_eq!(refused(&cases), ["cases: too-large"]);
}
