//! What is said of fields for traffic that are wrong or change nothing.

use crate::{meaning::findings, traffic::document};

fn said(rules: &str) -> Vec<String> {
    findings(&document(rules))
}

#[test]
fn errors_name_place_and_reason() {
    for (rule, expected) in [
        (
            r#""service": "a", "filters": [{ "directResponse": { "status": 200 } }]"#,
            "conflicting-fields: routing.rules[0]: both `service` and a direct response; expected \
             one of them: a direct response sends nothing on",
        ),
        (
            r#""filters": [{ "directResponse": { "status": 205, "body": "x" } }]"#,
            "conflicting-fields: routing.rules[0].filters[0].directResponse.body: a body beside the \
             status 205; ",
        ),
        (
            r#""filters": [{ "directResponse": { "status": 200 } }, { "mirror": { "service": "a" } }]"#,
            "invalid-filter: routing.rules[0].filters: both a mirror and a direct response; ",
        ),
        (
            r#""backends": [{ "service": "a", "filters": [{ "cors": { "allowOrigins": ["*"] } }] }]"#,
            "invalid-filter: routing.rules[0].backends[0].filters[0]: a cors filter on a backend; ",
        ),
        (
            r#""service": "a", "filters": [{ "cors": { "allowOrigins": ["https://a.example", "b.example"] } }]"#,
            "invalid-origin: routing.rules[0].filters[0].cors.allowOrigins[1]: the string \
             \"b.example\"; ",
        ),
        (
            r#""service": "a", "filters": [{ "cors": { "allowOrigins": ["https://a.example"], "allowCredentials": true, "exposeHeaders": ["*"] } }]"#,
            "conflicting-fields: routing.rules[0].filters[0].cors.exposeHeaders: \"*\" beside \
             `allowCredentials`; ",
        ),
        (
            r#""service": "a", "filters": [{ "mirror": { "service": "aa" } }]"#,
            "unknown-service: routing.rules[0].filters[0].mirror.service: the unknown service `aa`; ",
        ),
        (
            r#""service": "a", "filters": [{ "mirror": { "service": "b", "fraction": { "numerator": 3, "denominator": 2 } } }]"#,
            "out-of-range: routing.rules[0].filters[0].mirror.fraction: 3 of 2; ",
        ),
        (
            r#""service": "a", "filters": [{ "fault": { "maxActive": 1 } }]"#,
            "missing-field: routing.rules[0].filters[0].fault: a fault that does nothing; ",
        ),
        (
            r#""service": "a", "filters": [{ "fault": { "delay": { "time": "61m" } } }]"#,
            "out-of-range: routing.rules[0].filters[0].fault.delay.time: ",
        ),
        (
            r#""service": "a", "rateLimits": [{ "requests": 1, "per": "999us" }]"#,
            "out-of-range: routing.rules[0].rateLimits[0].per: ",
        ),
        (
            r#""service": "a", "fallback": "a""#,
            "self-fallback: routing.rules[0].fallback: `a` as its own fallback; ",
        ),
        (
            r#""service": "a", "fallback": "aa""#,
            "unknown-service: routing.rules[0].fallback: the unknown service `aa`; ",
        ),
        (
            r#""service": "a", "hedge": "0ms""#,
            "out-of-range: routing.rules[0].hedge: a hedge after no time; ",
        ),
        (
            r#""backends": [{ "service": "a", "version": ">=1 <2" }]"#,
            "invalid-version: routing.rules[0].backends[0].version: the string \">=1 <2\"; ",
        ),
    ] {
        let found = said(&format!("{{ {rule} }}"));
        assert_eq!(found.len(), 1, "{rule}\n{found:#?}");
        assert!(found[0].starts_with(expected), "{found:#?}");
    }
}

#[test]
fn what_changes_nothing_is_a_warning() {
    for (rule, expected) in [
        (r#""service": "a", "sticky": "principal""#, "no-effect: routing.rules[0].sticky: "),
        (r#""service": "b", "hedge": "1s""#, "no-effect: routing.rules[0].hedge: "),
        (
            r#""service": "a", "filters": [{ "cors": { "allowOrigins": ["*", "https://a.example"] } }]"#,
            "no-effect: routing.rules[0].filters[0].cors.allowOrigins: ",
        ),
        (
            r#""filters": [{ "redirect": { "host": "b.example" } }, { "mirror": { "service": "a" } }]"#,
            "invalid-filter: routing.rules[0].filters: a mirror beside a redirect",
        ),
        (
            r#""filters": [{ "directResponse": { "status": 200 } }, { "fault": { "abort": { "status": 500 } } }]"#,
            "invalid-filter: routing.rules[0].filters: a fault beside a direct response",
        ),
        (
            r#""filters": [{ "directResponse": { "status": 200 } }, { "requestHeaders": { "remove": ["x"] } }]"#,
            "invalid-filter: routing.rules[0].filters: edits of request headers beside",
        ),
        (
            r#""service": "a", "rateLimits": [{ "requests": 1000000000 }]"#,
            "out-of-range: routing.rules[0].rateLimits[0].requests: ",
        ),
        (
            r#""backends": [{ "service": "a", "version": "^1" }]"#,
            "no-version: routing.rules[0].backends[0].version: no endpoint of `a` in ^1",
        ),
    ] {
        let text = document(&format!("{{ {rule} }}"));
        let compiled = crate::meaning::compiled(&text);
        let found = findings(&text);
        assert_eq!((found.len(), compiled.diagnostics.errors()), (1, 0), "{found:#?}");
        assert!(found[0].starts_with(expected), "{found:#?}");
    }
}

#[test]
fn lists_are_bounded() {
    let repeated = |one: &str, count: usize| vec![one; count].join(", ");
    let limits = repeated(r#"{ "requests": 1 }"#, 9);
    let mirrors = repeated(r#"{ "mirror": { "service": "b" } }"#, 9);
    let faults = repeated(r#"{ "fault": { "abort": { "status": 500 } } }"#, 9);
    let headers: Vec<String> = (0..65).map(|n| format!("\"x-{n}\"")).collect();
    let headers = headers.join(", ");
    let origins: Vec<String> = (0..65).map(|n| format!("\"https://{n}.example\"")).collect();
    let origins = origins.join(", ");
    let hosts: Vec<String> = (0..65).map(|n| format!("\"h{n}.example\"")).collect();
    let hosts = hosts.join(", ");
    let body = "x".repeat(16_385);
    for rule in [
        format!(r#""service": "a", "rateLimits": [{limits}]"#),
        format!(r#""service": "a", "filters": [{mirrors}]"#),
        format!(r#""service": "a", "filters": [{faults}]"#),
        format!(
            r#""filters": [{{ "mirror": {{ "service": "c" }} }}], "backends": [{{ "service": "a", "filters": [{}] }}]"#,
            repeated(r#"{ "mirror": { "service": "b" } }"#, 8)
        ),
        format!(
            r#""service": "a", "filters": [{{ "cors": {{ "allowOrigins": ["*"], "allowHeaders": [{headers}] }} }}]"#
        ),
        format!(r#""service": "a", "filters": [{{ "cors": {{ "allowOrigins": [{origins}] }} }}]"#),
        format!(
            r#""hosts": [{hosts}], "methods": ["GET", "PUT", "POST", "DELETE"], "service": "a", "filters": [{{ "cors": {{ "allowOrigins": ["*"] }} }}]"#
        ),
        format!(r#""filters": [{{ "directResponse": {{ "status": 200, "body": "{body}" }} }}]"#),
    ] {
        let found = said(&format!("{{ {rule} }}"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("too-large: "), "{found:#?}");
    }
    // 64 origins of the longest kind are one automaton, or say that they are too much
    let long: Vec<String> =
        (0..64).map(|n| format!("\"https://*.{n}.{}.example\"", "x".repeat(60))).collect();
    let long = long.join(", ");
    let found = said(&format!(
        r#"{{ "service": "a", "filters": [{{ "cors": {{ "allowOrigins": [{long}] }} }}] }}"#
    ));
    assert!(found.iter().all(|found| found.starts_with("too-large: ")), "{found:#?}");
}

#[test]
fn rules_that_multiply_are_bounded_as_a_whole() {
    let filters = [r#"{ "mirror": { "service": "b" } }"#; 8].join(", ");
    let backends = vec!["\"a\""; 1_000].join(", ");
    let rules: Vec<String> = (0..30)
        .map(|n| {
            format!(r#"{{ "path": "/{n}", "filters": [{filters}], "backends": [{backends}] }}"#)
        })
        .collect();
    let found = said(&rules.join(", "));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("too-large: routing.rules: 270000 backends"), "{found:#?}");
}

#[test]
fn given_names_of_limits_are_numbered_over_the_whole_document() {
    let limits = [r#"{ "requests": 1 }"#; 8].join(", ");
    let rules: Vec<String> = (0..1_000)
        .map(|n| {
            let name = "\u{e9}".repeat(n / 30 + 1) + &"\u{e8}".repeat(n % 30);
            format!(r#"{{ "path": "/{n}", "name": "{name}", "service": "a", "rateLimits": [{limits}] }}"#)
        })
        .collect();
    let snapshot = crate::traffic::rules(&rules.join(", "));
    let policy = |number: u32| {
        let text = snapshot.text(snapshot.limits().get(number).unwrap().policy);
        String::from_utf8(text.to_vec()).unwrap()
    };
    assert_eq!(
        (policy(0), policy(7_999)),
        ("\"limit\";q=1;w=1".to_owned(), "\"limit-8000\";q=1;w=1".to_owned())
    );
}

#[test]
fn a_version_needs_a_service_of_at_most_63_endpoints() {
    let endpoints: Vec<String> = (0..64).map(|n| format!("\"e{n}.example\"")).collect();
    let text = format!(
        r#"{{ "services": {{ "a": {{ "endpoints": [{}] }} }}, "routing": {{ "rules": [{{ "backends": [{{ "service": "a", "version": "^1" }}] }}] }} }}"#,
        endpoints.join(",")
    );
    let found = findings(&text);
    assert!(found[0].starts_with("too-large: routing.rules[0].backends[0].version: "), "{found:?}");
    assert!(found[0].ends_with("give each version a service of its own"), "{found:?}");
}
