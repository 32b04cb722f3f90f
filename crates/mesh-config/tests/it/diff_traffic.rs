//! What changes in what rules do to their traffic, and the requests that tell it.

use crate::diff::rules;

fn answer(filters: &str) -> String {
    format!(r#"{{ "path": "/x", "filters": [{filters}] }}"#)
}

fn sends(filters: &str) -> String {
    format!(r#"{{ "path": "/x", "service": "a", "filters": [{filters}] }}"#)
}

#[test]
fn direct_responses_and_redirects_are_told_with_what_they_answer() {
    let closed = |status: u16, body: &str| {
        answer(&format!(
            r#"{{ "directResponse": {{ "status": {status}, "body": "{body}", "headers": {{ "x-a": "1" }} }} }}"#
        ))
    };
    assert_eq!(
        rules(&closed(503, "closed"), &closed(404, "absent")),
        ["GET /x: answer.status: 503 → 404; answer.body: closed → absent"]
    );
    let more = closed(503, "closed").replace(r#""x-a": "1""#, r#""x-a": "2""#);
    assert_eq!(
        rules(&closed(503, "closed"), &more),
        [
            "GET /x: answer.edits: response: set x-a: 1, response: set content-type: text/plain;charset=utf-8 → response: set x-a: 2, response: set content-type: text/plain;charset=utf-8"
        ]
    );
    assert_eq!(
        rules(&sends(""), &closed(204, "")),
        [
            "GET /x: answer: none → { status: 204, edits: response: set x-a: 1 }; backends: a 100 % → none"
        ]
    );
    assert_eq!(
        rules("", &closed(204, "")),
        ["GET /x: routed: 404 no_route → rule rules[0], which answers 204"]
    );
    let moved = answer(r#"{ "redirect": { "path": { "full": "/y" } } }"#);
    assert_eq!(
        rules(&closed(302, ""), &moved),
        ["GET /x: answer.location: none → https:///y; answer.edits: response: set x-a: 1 → none"]
    );
    // whatever was counted before: a rate limit hides no answer
    let limited = |path: &str| {
        let moved = moved.replace("/y", path);
        moved.replace(r#""filters""#, r#""rateLimits": [{ "requests": 1, "per": "1440m" }], "hosts": ["a.example", "b.example"], "filters""#)
    };
    assert_eq!(
        rules(&limited("/y"), &limited("/z")),
        [
            "GET a.example/x: answer.location: https://a.example/y → https://a.example/z",
            "GET b.example/x: answer.location: https://b.example/y → https://b.example/z",
        ]
    );
}

#[test]
fn requests_are_made_for_the_conditions_of_backends() {
    let split = |pins: &str, version: &str| {
        format!(
            r#"{{ "path": "/x", "backends": [{{ "service": "v", "version": "^1", "weight": 95 }},
                {{ "service": "v", "version": "{version}", "weight": 5, {pins} }}] }}"#
        )
    };
    let by_header = r#""headers": { "x-test": "1" }"#;
    assert_eq!(
        rules(&split(by_header, "^2"), &split(r#""query": { "t": true }"#, "^2")),
        [
            r#"GET /x: backends.v ^2.pins: header x-test = "1" → query t present"#,
            r#"GET /x (x-test: 1): backends: v ^2 100 % → v ^1 95 %, v ^2 5 %; pins: header x-test = "1" → query t present"#,
            r#"GET /x?t=any: backends: v ^1 95 %, v ^2 5 % → v ^2 100 %; pins: header x-test = "1" → query t present"#,
        ]
    );
    assert_eq!(
        rules(&split(by_header, "^2"), &split(by_header, "^3")),
        [
            "GET /x: backends: v ^1 95 %, v ^2 5 % → v ^1 95 %, v ^3 5 %",
            "GET /x (x-test: 1): backends: v ^2 100 % → v ^3 100 %",
        ]
    );
    let sticky = |name: &str| {
        format!(r#"{{ "path": "/x", "backends": ["a", "b"], "sticky": {{ "header": "{name}" }} }}"#)
    };
    assert_eq!(
        rules(&sticky("x-a"), &sticky("x-b")),
        ["GET /x: split: no header x-a: drawn by weight → no header x-b: drawn by weight"]
    );
    let kept = |age: &str| {
        format!(
            r#"{{ "path": "/x", "backends": ["a", "b"], "sticky": {{ "cookie": {{ "name": "c", "maxAge": "{age}" }} }} }}"#
        )
    };
    let found = rules(&kept("1m"), &kept("2m"));
    assert!(found[0].starts_with("GET /x: split.cookie: "), "{found:?}");
    assert!(found[0].contains("=60") && found[0].contains("=120"), "{found:?}");
    // the order of backends decides nothing
    let (a, b) = (r#"{ "service": "a", "headers": { "x-a": "1" } }"#, r#""b""#);
    let pair =
        |one: &str, other: &str| format!(r#"{{ "path": "/x", "backends": [{one}, {other}] }}"#);
    assert_eq!(rules(&pair(a, b), &pair(b, a)), Vec::<String>::new());
}

#[test]
fn requests_are_made_for_the_conditions_of_faults() {
    let fault = |fault: &str| {
        sends(&format!(r#"{{ "fault": {{ {fault}, "headers": {{ "x-f": true }} }} }}"#))
    };
    let found =
        rules(&fault(r#""abort": { "status": 503 }"#), &fault(r#""abort": { "status": 500 }"#));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("GET /x: faults: { conditions: header x-f present, holds: false"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with(
            "GET /x (x-f: any): faults: { conditions: header x-f present, holds: true"
        ),
        "{found:?}"
    );
    assert!(found[1].contains("abortStatus: 500"), "{found:?}");
}

#[test]
fn requests_are_made_for_origins_and_their_preflights() {
    let cors = |origin: &str, methods: &str| {
        format!(
            r#"{{ "path": "/x", {methods} "service": "a", "filters": [{{ "cors": {{ "allowOrigins": ["{origin}"] }} }}] }}"#
        )
    };
    let put = r#""methods": ["PUT"],"#;
    let found = rules(&cors("https://a.example", put), &cors("https://b.example", put));
    let asked: Vec<&str> = found.iter().filter_map(|line| line.split(": cors").next()).collect();
    assert_eq!(
        asked,
        [
            "PUT /x (origin: https://a.example)",
            "OPTIONS /x (origin: https://a.example, access-control-request-method: PUT)",
            "PUT /x (origin: https://b.example)",
            "OPTIONS /x (origin: https://b.example, access-control-request-method: PUT)",
        ]
    );
    assert!(found[0].contains("cors.allowed: true → false"), "{found:?}");
    assert!(found[1].contains("response: set access-control-allow-origin"), "{found:?}");
    // a rule that takes OPTIONS anyway has no match of its own for preflights
    let found = rules(&sends(""), &cors("*", ""));
    let preflight = found.iter().find(|line| line.starts_with("OPTIONS")).unwrap();
    assert!(preflight.contains("answer: none → { status: 204"), "{preflight}");
    assert!(preflight.contains("backends: a 100 % → none"), "{preflight}");
    // preflights of a method that the rule takes no longer
    let found = rules(&cors("*", r#""methods": ["PUT", "DELETE"],"#), &cors("*", put));
    assert_eq!(
        found,
        [
            "DELETE /x: no longer routed: rule rules[0] to a 100 % → 404 no_route",
            "OPTIONS /x (origin: any, access-control-request-method: DELETE): no longer routed: rule rules[0], which answers 204 → 404 no_route",
        ]
    );
}

#[test]
fn copies_limits_fallbacks_and_priorities_are_told() {
    assert_eq!(
        rules(
            &sends(r#"{ "mirror": { "service": "b" } }"#),
            &sends(
                r#"{ "mirror": { "service": "b", "percent": 5 } }, { "mirror": { "service": "c" } }"#
            )
        ),
        ["GET /x: mirrors.b.percent: 100 → 5; mirrors: added c"]
    );
    let rule = |more: &str| format!(r#"{{ "name": "r", "path": "/x", "service": "a", {more} }}"#);
    assert_eq!(
        rules(
            &rule(r#""rateLimits": [{ "requests": 10 }]"#),
            &rule(
                r#""rateLimits": [{ "requests": 20, "by": "tenant" }, { "name": "m", "requests": 1 }], "priority": "low""#
            )
        ),
        [
            "GET /x: limits.r.requests: 10 → 20; limits.r.burst: 10 → 20; limits.r.by: none → tenant; limits: added m; priority: normal → low"
        ]
    );
    assert_eq!(
        rules(
            &rule(r#""fallback": "b""#),
            &rule(
                r#""fallback": { "directResponse": { "status": 503, "body": "later" } }, "hedge": "20ms""#
            )
        ),
        [
            "GET /x: hedge: none → { after: 20 ms }; fallback: service b → direct response 503, 5 bytes"
        ]
    );
}

#[test]
fn a_service_that_none_can_reach_answers_by_its_fallback() {
    let gone = |body: &str| {
        format!(
            r#"{{ "path": "/x", "service": "gone", "fallback": {{ "directResponse": {{ "status": 200, "body": "{body}" }} }} }}"#
        )
    };
    assert_eq!(rules(&gone("one"), &gone("two")), ["GET /x: answer.body: one → two"]);
    assert_eq!(
        rules(
            r#"{ "path": "/x", "service": "gone" }"#,
            r#"{ "path": "/x", "service": "gone", "fallback": "a" }"#
        ),
        [
            "GET /x: refused: no_healthy_endpoint → none; answer: { status: 503, edits: none } → none; fallback: none → service a"
        ]
    );
}
