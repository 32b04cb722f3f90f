//! Explanations of single requests.

use mesh_config::{
    document::Document,
    explain::{ExplainRequest, Explanation, Refusal, explain},
    explain_node,
    node::Node,
};

use crate::corpus::FIRST_EXAMPLE;

const SHOP: &str = r#"{
  "defaults": { "timeout": "8s" },
  "services": {
    "users": { "endpoints": [{ "address": "users.example", "version": "1.0.0", "weight": 3, "region": "weur" },
                             { "address": "users2.example", "health": "draining" }],
               "retries": 2, "healthCheck": "/health" },
    "users-canary": { "breaker": false },
    "old": { "endpoints": [{ "address": "old.example", "health": "unhealthy" }] } },
  "routing": { "rules": [
    { "name": "everything", "service": "old" },
    { "name": "users", "path": "/api/users/*", "backends": ["users", { "service": "users-canary", "weight": 3 }],
      "timeout": { "attempt": "1s" }, "filters": [{ "requestHeaders": { "set": { "X-From": "mesh" } } }] },
    { "name": "user", "path": "/api/users/{id}", "method": "GET", "service": "users" },
    { "name": "beta", "path": "/api/users/{id}", "method": "GET", "headers": { "x-beta": "1" }, "service": "users-canary" },
    { "name": "german", "host": "*.example.de", "service": "users" },
    { "name": "search", "path": "/api/users/*", "query": { "q": true }, "service": "users" },
    { "name": "move", "path": "/old/*", "filters": [{ "redirect": { "scheme": "https", "path": { "prefix": "/new" } } }] } ] } }"#;

fn ask(method: &str, url: &str, headers: &str) -> Explanation {
    let request = format!(r#"{{ "method": "{method}", "url": "{url}", "headers": {headers} }}"#);
    let (document, request) =
        (Node::parse_json(SHOP).unwrap(), Node::parse_json(&request).unwrap());
    explain_node(&document, &request).unwrap_or_else(|found| panic!("{found}"))
}

fn refusals(explanation: &Explanation) -> Vec<(&str, Refusal, &str)> {
    let other = explanation.others.iter();
    other.map(|other| (other.name.as_str(), other.refusal, other.why.as_str())).collect()
}

#[test]
fn names_the_rule_and_why_each_other_rule_does_not_take_the_request() {
    let found = ask("GET", "https://shop.example.com/api//users/%37?x=1", "[]");
    let rule = found.rule.as_ref().unwrap();
    assert_eq!((rule.name.as_str(), rule.path.as_str()), ("user", "routing.rules[2]"));
    assert_eq!(rule.why, ["path /api/users/{id}", "method GET"]);
    assert_eq!(rule.params.get("id").map(String::as_str), Some("7"));
    assert_eq!(found.request.path, "/api/users/7");
    assert_eq!(found.request.path_as_given.as_deref(), Some("/api//users/%37"));
    assert_eq!(
        refusals(&found),
        [
            (
                "everything",
                Refusal::Precedence,
                "rule \"user\" goes before it: a template goes before a prefix"
            ),
            (
                "users",
                Refusal::Precedence,
                "rule \"user\" goes before it: a template goes before a prefix"
            ),
            ("beta", Refusal::Header, "header x-beta is missing; asked for x-beta = \"1\""),
            ("german", Refusal::Host, "shop.example.com is not *.example.de"),
            ("search", Refusal::Query, "query \"x=1\" lacks q present"),
            ("move", Refusal::Path, "/api/users/7 does not match /old/*"),
        ]
    );
    assert_eq!(found.others[0].won_by.as_deref(), Some("user"));
}

#[test]
fn header_conditions_decide_between_equal_paths() {
    let found = ask("GET", "/api/users/7", r#"[["X-Beta", "1"]]"#);
    assert_eq!(found.rule.as_ref().unwrap().name, "beta");
    let user = found.others.iter().find(|other| other.name == "user").unwrap();
    assert_eq!(user.why, "rule \"beta\" goes before it: it asks for more headers");
    let found = ask("GET", "/api/users/7", r#"{ "x-beta": "2" }"#);
    let beta = found.others.iter().find(|other| other.name == "beta").unwrap();
    assert_eq!(beta.why, "header x-beta is \"2\"; asked for x-beta = \"1\"");
}

#[test]
fn shows_shares_endpoints_and_the_policy_in_force() {
    let found = ask("POST", "/api/users/7/cart", "[]");
    let rule = found.rule.as_ref().unwrap();
    assert_eq!(
        (rule.name.as_str(), &rule.edits[..]),
        ("users", &["request: set x-from: mesh".to_owned()][..])
    );
    let shares: Vec<(&str, f64)> =
        found.backends.iter().map(|b| (b.service.name.as_str(), b.percent)).collect();
    assert_eq!(shares, [("users", 25.0), ("users-canary", 75.0)]);
    let json = serde_json::to_value(&found).unwrap();
    let users = &json["backends"][0];
    assert_eq!(users["policy"]["requestTimeout"], 8_000);
    assert_eq!(users["policy"]["attemptTimeout"], 1_000);
    assert_eq!(users["policy"]["retries"]["attempts"], 2);
    assert_eq!(users["policy"]["retries"]["on"][0], "5xx");
    assert_eq!(users["policy"]["loadBalancer"], "p2c");
    assert_eq!(users["endpoints"][0]["address"], "https://users.example");
    assert_eq!(users["endpoints"][0]["version"], "1.0.0");
    assert_eq!(users["endpoints"][0]["location"]["latitude"], 52.4);
    assert_eq!(users["endpoints"][1]["health"], "draining");
    assert_eq!(users["service"]["healthCheck"], "/health");
    assert_eq!(users["service"]["minReady"], 1);
    assert_eq!(json["backends"][1]["service"]["breaker"]["mode"], "disabled");
    assert_eq!(json["backends"][1]["endpoints"][0]["address"], "binding:USERS_CANARY");
}

#[test]
fn says_where_nothing_is_sent() {
    let refused = |method: &str, url: &str| ask(method, url, "[]").refused;
    assert_eq!(refused("GET", "/other").as_deref(), Some("no_healthy_endpoint"));
    assert_eq!(refused("GET", "/a%00").as_deref(), Some("bad_path"));
    assert_eq!(refused("GET", "/api/users/7"), None);
    let redirected = ask("GET", "http://a.example/old/x", "[]");
    let rule = redirected.rule.unwrap();
    assert_eq!(
        rule.redirect.as_deref(),
        Some("302, scheme https, /new in place of the matched prefix")
    );
    let document = Document::parse_json(FIRST_EXAMPLE).unwrap();
    let request = ExplainRequest { url: "/nowhere".to_owned(), ..ExplainRequest::default() };
    let found = explain(&document, &request).unwrap();
    assert_eq!(found.refused.as_deref(), Some("no_route"));
    assert!(found.others.iter().all(|other| other.refusal == Refusal::Path));
}

#[test]
fn calls_by_name_pass_the_rules_by() {
    let request = Node::parse_json(r#"{ "url": "/x", "service": "users" }"#).unwrap();
    let found = explain_node(&Node::parse_json(SHOP).unwrap(), &request).unwrap();
    assert_eq!((found.rule, found.others.len(), found.backends.len()), (None, 0, 1));
    assert_eq!(found.backends[0].policy.retries.attempts, 2);
}

#[test]
fn errors_of_document_and_request_come_together() {
    let document = Node::parse_json(r#"{ "services": { "a": { "retires": 1 } } }"#).unwrap();
    let request = Node::parse_json(r#"{ "uri": "/x" }"#).unwrap();
    let found = explain_node(&document, &request).unwrap_err();
    let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["services.a.retires", "request.uri", "request.url"]);
}
