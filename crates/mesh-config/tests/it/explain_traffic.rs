//! Explanations of what a rule does to its traffic besides sending it on.

use mesh_config::{
    explain::{Explanation, SplitBy},
    explain_node,
    node::Node,
};
use serde_json::{Value, json};

use crate::corpus::TRAFFIC;

fn ask(document: &str, method: &str, url: &str, headers: &str) -> Explanation {
    let request = format!(r#"{{ "method": "{method}", "url": "{url}", "headers": {headers} }}"#);
    let (document, request) =
        (Node::parse_json(document).unwrap(), Node::parse_json(&request).unwrap());
    explain_node(&document, &request).unwrap_or_else(|found| panic!("{found}"))
}

fn told(method: &str, url: &str, headers: &str) -> Value {
    serde_json::to_value(ask(TRAFFIC, method, url, headers)).unwrap()
}

#[test]
fn answers_of_the_mesh_are_told_and_refuse_nothing() {
    let found = told("GET", "/closed", "[]");
    assert_eq!(found["rule"]["directResponse"], "503, 6 bytes");
    assert_eq!(found["refused"], Value::Null);
    assert_eq!(found["backends"], json!([]));
}

#[test]
fn origins_are_allowed_or_not() {
    let cors =
        |method: &str, headers: &str| told(method, "/shop/1", headers)["rule"]["cors"].clone();
    let allowed = cors("GET", r#"{ "origin": "https://a.b.shop.example:8443" }"#);
    assert_eq!((&allowed["allowed"], &allowed["preflight"]), (&json!(true), &json!(false)));
    let edits = allowed["edits"].as_array().unwrap();
    assert_eq!(edits[0], "response: set access-control-allow-origin to the request's origin");
    assert!(edits.contains(&json!("response: set access-control-expose-headers: x-total")));
    let preflight =
        r#"{ "origin": "https://shop.example", "access-control-request-method": "PUT" }"#;
    let found = told("OPTIONS", "/shop/1", preflight);
    assert_eq!(found["rule"]["name"], "shop");
    assert_eq!(found["rule"]["cors"]["preflight"], true);
    assert!(
        found["rule"]["why"].to_string().contains("access-control-request-method = \\\"PUT\\\"")
    );
    assert_eq!(found["refused"], Value::Null);
    let refused = cors("GET", r#"{ "origin": "https://evil.example" }"#);
    assert_eq!(
        refused,
        json!({ "origin": "https://evil.example", "allowed": false, "preflight": false, "edits": [] })
    );
    assert_eq!(cors("GET", "[]")["allowed"], false);
}

#[test]
fn preflights_for_other_methods_find_no_rule() {
    let headers =
        r#"{ "origin": "https://shop.example", "access-control-request-method": "DELETE" }"#;
    let found = told("OPTIONS", "/shop/1", headers);
    assert_eq!(found["refused"], "no_route");
    let shop = found["others"].as_array().unwrap().iter().find(|rule| rule["name"] == "shop");
    assert_eq!(shop.unwrap()["refusal"], "header");
}

#[test]
fn copies_faults_and_limits_are_told() {
    let found = told("GET", "/shop/1?f=1", r#"{ "x-fault": "1", "cf-connecting-ip": "10.0.0.7" }"#);
    assert_eq!(
        found["rule"]["limits"],
        json!([{ "name": "shop", "requests": 10, "per": 1_000, "burst": 10,
                 "by": "clientAddress", "tier": "local", "value": "10.0.0.7" }])
    );
    assert_eq!(found["rule"]["priority"], "low");
    let [first, second] = found["backends"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(
        first["mirrors"],
        json!([{ "service": "c", "percent": 12.5 }, { "service": "b", "percent": 33.3333 }])
    );
    assert_eq!(second["mirrors"].as_array().unwrap().len(), 3);
    assert_eq!(
        first["faults"],
        json!([{ "conditions": ["header x-fault present", "query f = \"1\""], "holds": true,
                 "delay": 250, "delayPercent": 1.0, "abortStatus": 503, "abortPercent": 0.5, "maxActive": 5 }])
    );
    let calm = told("GET", "/shop/1", r#"{ "x-fault": "1" }"#);
    assert_eq!(calm["backends"][0]["faults"][0]["holds"], false);
    assert_eq!(calm["backends"][1]["faults"][1]["holds"], true);
    assert_eq!(calm["rule"]["limits"][0].get("value"), None);
}

#[test]
fn splits_say_what_decides() {
    let drawn = ask(TRAFFIC, "GET", "/shop/1", "[]");
    let split = drawn.rule.unwrap().split.unwrap();
    assert_eq!((split.by, split.backend), (SplitBy::Weights, None));
    assert_eq!(split.why, "no cookie canary: drawn by weight, and the cookie is set");
    assert_eq!(drawn.backends[0].chosen, None);
    let pinned =
        ask(TRAFFIC, "GET", "/shop/1?next=1", r#"{ "x-test": "1", "cookie": "canary=x" }"#);
    let split = pinned.rule.unwrap().split.unwrap();
    assert_eq!((split.by, split.backend), (SplitBy::Pin, Some(1)));
    assert_eq!((pinned.backends[0].chosen, pinned.backends[1].chosen), (Some(false), Some(true)));
    assert_eq!(pinned.backends[1].pins, ["header x-test = \"1\"", "query next present"]);
    assert_eq!(pinned.backends[1].version.as_deref(), Some("^2"));
    let places: Vec<Option<bool>> =
        pinned.backends[1].endpoints.iter().map(|endpoint| endpoint.in_version).collect();
    assert_eq!(places, [Some(false), Some(true)]);
    let mut taken = [0; 2];
    for user in 0..400 {
        let headers = format!(r#"{{ "cookie": "a=b; canary={user}" }}"#);
        let found = ask(TRAFFIC, "GET", "/shop/1", &headers);
        let split = found.rule.unwrap().split.unwrap();
        assert_eq!(split.by, SplitBy::Sticky);
        let place = split.backend.unwrap();
        assert!(split.why.ends_with(&format!("which goes to backends[{place}]")), "{}", split.why);
        taken[place] += 1;
    }
    assert!((5..50).contains(&taken[1]), "{taken:?}");
}

#[test]
fn what_only_a_choice_cannot_reach_is_refused() {
    let document = r#"{ "services": { "a": { "endpoints": [{ "address": "a.example", "version": "1.0.0" }] }, "b": { "endpoints": [] } },
        "routing": { "rules": [{ "backends": ["a", { "service": "b", "weight": 0, "headers": { "x": "1" } }] },
                               { "path": "/none", "backends": [{ "service": "a", "version": "^2" }] }] } }"#;
    assert_eq!(ask(document, "GET", "/", "[]").refused, None);
    let refused = |url: &str, headers: &str| ask(document, "GET", url, headers).refused;
    assert_eq!(refused("/", r#"{ "x": "1" }"#).as_deref(), Some("no_endpoint"));
    assert_eq!(refused("/none", "[]").as_deref(), Some("no_endpoint"));
}

#[test]
fn services_tell_of_limits_concurrency_fallback_and_hedge() {
    let document = r#"{ "services": {
        "a": { "rateLimits": [{ "name": "tenants", "requests": 5, "by": "tenant" }], "concurrency": true, "fallback": "b",
               "hedge": { "percentile": 90 }, "endpoints": ["a.example", { "address": "b.example", "priority": 3 }] },
        "b": { "fallback": { "directResponse": { "status": 204 } }, "hedge": "20ms", "endpoints": ["c.example", "d.example"] } } }"#;
    let by_name = |service: &str| {
        let request = format!(
            r#"{{ "url": "/", "service": "{service}", "headers": {{ ":tenant": "acme" }} }}"#
        );
        let (document, request) =
            (Node::parse_json(document).unwrap(), Node::parse_json(&request).unwrap());
        let found = explain_node(&document, &request).unwrap();
        serde_json::to_value(found).unwrap()["backends"][0].clone()
    };
    let a = by_name("a");
    assert_eq!(a["service"]["limits"][0]["value"], "acme");
    assert_eq!(a["service"]["concurrency"], json!({ "initial": 20, "min": 20, "max": 200 }));
    assert_eq!(a["policy"]["fallback"], "service b");
    assert_eq!(a["policy"]["hedge"], json!({ "percentile": 90 }));
    assert_eq!(a["endpoints"][1]["priority"], 3);
    let b = by_name("b");
    assert_eq!(b["policy"]["fallback"], "direct response 204");
    assert_eq!(b["policy"]["hedge"], json!({ "after": 20 }));
    assert_eq!(b["service"].get("concurrency"), None);
}
