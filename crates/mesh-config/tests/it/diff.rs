//! What changes from one document to another.

use mesh_config::{
    diff::{Difference, Side},
    diff_nodes,
    node::Node,
};

const SERVICES: &str = r#"{ "a": { "endpoints": ["a.example"] }, "b": { "endpoints": ["b.example"] }, "c": {},
    "v": { "endpoints": [{ "address": "v1.example", "version": "1.0.0" }, { "address": "v2.example", "version": "2.0.0" }, { "address": "v3.example", "version": "3.0.0" }] },
    "gone": { "endpoints": [{ "address": "g.example", "health": "unhealthy" }] } }"#;

fn document(rules: &str) -> String {
    format!(r#"{{ "services": {SERVICES}, "routing": {{ "rules": [{rules}] }} }}"#)
}

fn between(old: &str, new: &str) -> Difference {
    let node =
        |text: &str| Node::parse_json(text).unwrap_or_else(|found| panic!("{found}: {text}"));
    diff_nodes(&node(old), &node(new)).unwrap_or_else(|found| panic!("{found}"))
}

/// What changes for requests from these rules to those: `request, …: change; …`, a line for each set
/// of changes.
pub(crate) fn rules(old: &str, new: &str) -> Vec<String> {
    let found = between(&document(old), &document(new));
    assert_eq!((found.services.len(), found.settings.len()), (0, 0), "{found:?}");
    assert_eq!(found.same, found.requests.is_empty());
    lines(&found)
}

fn lines(found: &Difference) -> Vec<String> {
    let line = |group: &mesh_config::diff::RequestChange| {
        let changes: Vec<&str> = group.changes.iter().map(|one| one.message.as_str()).collect();
        let more = if group.more == 0 { String::new() } else { format!(" +{}", group.more) };
        format!("{}{more}: {}", group.requests.join(", "), changes.join("; "))
    };
    found.requests.iter().map(line).collect()
}

#[test]
fn tells_rules_shares_and_policies_that_change() {
    assert_eq!(
        rules(
            r#"{ "name": "x", "path": "/x", "service": "a" }, { "name": "all", "path": "/*", "service": "b" }"#,
            r#"{ "name": "y", "path": "/x", "service": "a" }, { "name": "all", "path": "/*", "service": "b" }"#,
        ),
        ["GET /x: rule x → y"]
    );
    assert_eq!(
        rules(
            r#"{ "name": "x", "host": "shop.example", "path": "/x/{id}", "service": "a" }"#,
            r#"{ "name": "y", "host": "shop.example", "path": "/x/1", "service": "a" }"#,
        ),
        [
            "GET shop.example/x/any: no longer routed: rule x to a 100 % → 404 no_route",
            "GET shop.example/x/1: rule x → y; params.id: 1 → none",
        ]
    );
    let split = |stable: u8| {
        let canary = 100 - stable;
        format!(
            r#"{{ "path": "/x/*", "timeout": "5s", "backends": [{{ "service": "a", "weight": {stable} }}, {{ "service": "b", "weight": {canary} }}] }}"#
        )
    };
    assert_eq!(
        rules(&split(95), &split(80).replace("5s", "3s")),
        ["GET /x/any, GET /x: backends: a 95 %, b 5 % → a 80 %, b 20 %; requestTimeout: 5 s → 3 s"]
    );
    assert_eq!(
        rules(&split(95), &split(100)),
        ["GET /x/any, GET /x: backends: a 95 %, b 5 % → a 100 %"]
    );
    assert_eq!(
        rules(
            r#"{ "path": "/x", "service": "a", "retries": 0 }"#,
            r#"{ "path": "/x", "service": "a", "retries": { "attempts": 2, "budget": false }, "loadBalancer": "leastRequest" }"#
        ),
        [
            "GET /x: retries.attempts: 0 → 2; retries.budget: { percent: 20, minPerSecond: 1, ttl: 10 s } → none; loadBalancer: p2c → leastRequest"
        ]
    );
}

#[test]
fn tells_what_is_sent_and_answered() {
    let filter =
        |filters: &str| format!(r#"{{ "path": "/x/*", "service": "a", "filters": [{filters}] }}"#);
    // only the path below the prefix tells the two apart
    assert_eq!(
        rules(
            &filter(r#"{ "rewrite": { "path": { "prefix": "/n" } } }"#),
            &filter(r#"{ "rewrite": { "path": { "full": "/n" } } }"#)
        ),
        ["GET /x/any: path: /n/any → /n"]
    );
    assert_eq!(
        rules(
            &filter(""),
            &filter(
                r#"{ "rewrite": { "host": "h.example" } }, { "requestHeaders": { "set": { "X-A": "1" } } }"#
            )
        ),
        ["GET /x/any, GET /x: host: none → h.example; edits: none → request: set x-a: 1"]
    );
    assert_eq!(
        rules(
            r#"{ "path": "/x", "host": "h.example", "filters": [{ "redirect": { "path": { "full": "/y" } } }] }"#,
            r#"{ "path": "/x", "host": "h.example", "filters": [{ "redirect": { "path": { "full": "/z" }, "status": 308 } }] }"#,
        ),
        [
            "GET h.example/x: answer.status: 302 → 308; answer.location: https://h.example/y → https://h.example/z"
        ]
    );
}

#[test]
fn makes_requests_for_every_kind_of_condition() {
    let method = |methods: &str| format!(r#"{{ "path": "/x", {methods} "service": "a" }}"#);
    assert_eq!(
        rules(&method(r#""methods": ["GET", "POST"],"#), &method(r#""method": "GET","#)),
        ["POST /x: no longer routed: rule rules[0] to a 100 % → 404 no_route"]
    );
    assert_eq!(
        rules(&method(r#""method": "POST","#), &method("")),
        ["GET /x: routed: 404 no_route → rule rules[0] to a 100 %"]
    );
    let header = |test: &str| {
        format!(r#"{{ "path": "/x", "headers": {{ "x-v": {test} }}, "service": "a" }}"#)
    };
    assert_eq!(
        rules(&header(r#""1""#), &header("true")),
        ["GET /x (x-v: any): routed: 404 no_route → rule rules[0] to a 100 %"]
    );
    // the shortest text of both is the same: only what one takes and the other does not tells
    let version = |most: u8| {
        header(&format!(r#"{{ "type": "RegularExpression", "value": "v[0-9]{{1,{most}}}" }}"#))
    };
    assert_eq!(
        rules(&version(2), &version(3)),
        ["GET /x (x-v: v000): routed: 404 no_route → rule rules[0] to a 100 %"]
    );
    assert_eq!(
        rules(&version(3), &version(2)),
        ["GET /x (x-v: v000): no longer routed: rule rules[0] to a 100 % → 404 no_route"]
    );
    let query = |value: &str| {
        format!(r#"{{ "path": "/x", "query": {{ "q w": "{value}" }}, "service": "a" }}"#)
    };
    assert_eq!(
        rules(&query("a&b"), &query("c")),
        [
            "GET /x?q%20w=a%26b: no longer routed: rule rules[0] to a 100 % → 404 no_route",
            "GET /x?q%20w=c: routed: 404 no_route → rule rules[0] to a 100 %",
        ]
    );
    let expression = |value: &str| {
        format!(
            r#"{{ "path": {{ "type": "RegularExpression", "value": "{value}" }}, "service": "a" }}"#
        )
    };
    assert_eq!(
        rules(&expression("/v[0-9]+/.*"), &expression("/v[0-9]/.*")),
        ["GET /v00/: no longer routed: rule rules[0] to a 100 % → 404 no_route"]
    );
    let host = |host: &str| format!(r#"{{ "host": "{host}", "path": "/", "service": "a" }}"#);
    assert_eq!(
        rules(&host("*.example.com"), &host("any.example.com")),
        ["GET any1.example.com/: no longer routed: rule rules[0] to a 100 % → 404 no_route"]
    );
}

#[test]
fn makes_requests_that_overlapping_rules_both_take() {
    // each rule by itself takes the same as before: only who takes what both ask for changes
    let beta =
        r#"{ "name": "beta", "path": "/x/*", "headers": { "x-beta": "1" }, "service": "b" }"#;
    let post = r#"{ "name": "post", "path": "/x/*", "headers": { "x-p": "1" }, "service": "a" }"#;
    let found = rules(&format!("{beta}, {post}"), &format!("{post}, {beta}"));
    assert_eq!(
        found,
        ["GET /x/any (x-beta: 1, x-p: 1): rule beta → post; backends: b 100 % → a 100 %"]
    );
    let expression = r#"{ "name": "e", "path": { "type": "RegularExpression", "value": "/[a-z]+/new" }, "service": "a" }"#;
    let prefix = |path: &str| format!(r#"{{ "name": "p", "path": "{path}", "service": "b" }}"#);
    assert_eq!(
        rules(
            &format!("{}, {expression}", prefix("/x/{id}")),
            &format!("{}, {expression}", prefix("/x/*"))
        ),
        [
            "GET /x/any: params.id: any → none",
            "GET /x: routed: 404 no_route → rule p to b 100 %",
            "GET /x/new: rule p → e; params.id: new → none; backends: b 100 % → a 100 %",
        ]
    );
}

#[test]
fn other_words_for_the_same_are_no_difference() {
    let one = between(
        &document(r#"{ "path": "/x", "method": "GET", "service": "a", "timeout": "5s" }"#),
        r#"{ "$schema": "x", "defaults": {}, "services": { "gone": { "endpoints": { "address": "g.example", "health": "unhealthy" } }, "v": { "endpoints": [{ "version": "1.0.0", "address": "v1.example" }, { "address": "v2.example", "version": "2.0.0" }, { "address": "v3.example", "version": "3.0.0" }] }, "c": {}, "b": { "endpoints": [{ "address": "https://b.example" }] }, "a": { "endpoints": "a.example" } },
             "routing": { "rules": [{ "matches": [{ "path": { "type": "Exact", "value": "/x" }, "methods": ["GET"] }], "backends": [{ "service": "a" }], "timeout": { "request": 5000 } }] } }"#,
    );
    assert_eq!((one.same, one.same_snapshot, one.tried), (true, true, 0), "{one:?}");
    // the order of rules that do not meet, and the place of one without a name
    let (x, y) = (r#"{ "path": "/x", "service": "a" }"#, r#"{ "path": "/y", "service": "b" }"#);
    let two = between(&document(&format!("{x}, {y}")), &document(&format!("{y}, {x}")));
    assert_eq!((two.same, two.same_snapshot), (true, false), "{two:?}");
    assert!(two.tried >= 2);
    assert!(two.unseen.is_empty());
}

#[test]
fn tells_services_and_settings() {
    let found = between(
        r#"{ "name": "one", "services": { "a": { "endpoints": ["a.example", { "address": "b.example", "weight": 2 }], "healthCheck": "/h" }, "gone": {}, "c": {}, "d": {} } }"#,
        r#"{ "name": "two", "services": { "a": { "endpoints": [{ "address": "b.example", "weight": 3 }, "n.example"], "breaker": { "consecutiveFailures": 3 } }, "new": {},
             "c": { "timeout": "1s" }, "d": { "timeout": "1s" } } }"#,
    );
    assert!(!found.same);
    assert!(found.requests.is_empty());
    let services: Vec<String> = found
        .services
        .iter()
        .map(|group| {
            let changes: Vec<&str> = group.changes.iter().map(|one| one.message.as_str()).collect();
            format!("{}: {}", group.services.join(" "), changes.join("; "))
        })
        .collect();
    assert_eq!(
        services,
        [
            "a: breaker.consecutiveFailures: 7 → 3; healthCheck: /h → none; endpoints: removed https://a.example; endpoints.https://b.example.weight: 2 → 3; endpoints: added https://n.example",
            "c d: requestTimeout: 15 s → 1 s",
            "gone: removed",
            "new: added, at binding:NEW",
        ]
    );
    let settings: Vec<&str> = found.settings.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(settings, ["name: one → two"]);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["services"][1]["changes"][0]["path"], "policy.requestTimeout");
    assert_eq!(json["services"][1]["changes"][0]["new"], 1_000);
    assert_eq!(json["services"][0]["changes"][1].get("new"), None);
}

#[test]
fn rules_that_no_request_meets_are_named() {
    let all = r#"{ "name": "all", "path": "/x/*", "service": "a" }"#;
    let found = between(
        &document(all),
        &document(&format!(
            r#"{all}, {{ "name": "late", "path": "/x/*", "service": "b" }},
            {{ "name": "odd", "path": {{ "type": "RegularExpression", "value": "//+" }}, "service": "b" }}"#
        )),
    );
    assert!(found.same);
    let unseen: Vec<(Side, &str, &str)> = found
        .unseen
        .iter()
        .map(|one| (one.document, one.name.as_str(), one.path.as_str()))
        .collect();
    assert_eq!(
        unseen,
        [(Side::New, "late", "routing.rules[1]"), (Side::New, "odd", "routing.rules[2]")]
    );
}

#[test]
fn errors_of_both_come_together() {
    let broken = |name: &str| {
        Node::parse_json(&format!(r#"{{ "services": {{ "{name}": {{ "retires": 1 }} }} }}"#))
            .unwrap()
    };
    let found = diff_nodes(&broken("a"), &broken("b")).unwrap_err();
    let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["old.services.a.retires", "new.services.b.retires"]);
    assert!(found.iter().all(|one| one.message.starts_with(&one.path)));
    let found = diff_nodes(&Node::Null, &Node::Null).unwrap_err();
    let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["old", "new"]);
}

#[test]
fn documents_of_thousands_of_rules_end_and_say_so() {
    let rules = |service: &str| {
        let rule = |number: usize| {
            format!(
                r#"{{ "path": "/{{a}}/r{number}/*", "headers": {{ "h{number}": true }}, "service": "{service}" }}"#
            )
        };
        (0..60).map(rule).collect::<Vec<_>>().join(",")
    };
    let found = between(&document(&rules("a")), &document(&rules("b")));
    assert_eq!(found.requests.len(), 1);
    assert_eq!(found.requests[0].more + found.requests[0].requests.len(), 120);
    let many = |service: &str| {
        let rule = |number: usize| {
            format!(
                r#"{{ "path": {{ "type": "RegularExpression", "value": "/[a-z]+/r{number}/.*x{{20}}" }}, "service": "{service}" }}"#
            )
        };
        (0..50).map(rule).collect::<Vec<_>>().join(",")
    };
    let found = between(&document(&many("a")), &document(&many("b")));
    assert!(!found.same);
    assert_eq!(found.requests.len(), 1);
}

#[test]
fn a_rule_that_goes_leaves_its_requests_to_the_next() {
    let all = r#"{ "name": "all", "path": "/*", "service": "a" }"#;
    let x = r#"{ "name": "x", "path": "/x/*", "method": "POST", "service": "b", "timeout": "1s" }"#;
    assert_eq!(
        rules(&format!("{all}, {x}"), all),
        ["POST /x/any, POST /x: rule x → all; backends: b 100 % → a 100 %"]
    );
}
