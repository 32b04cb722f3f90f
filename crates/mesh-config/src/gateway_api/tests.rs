mod cors;
mod grpc;
mod scale;
mod status;

use super::*;
use crate::document::{BackendEntry, Document, Filter, Redirect, Rule};

/// A Gateway `infra/public` with one listener of these fields, and Services `shop/cart` (port 80),
/// `shop/stock` (ports 80 and 81) and `web/site` (port 80).
fn world(listener: &str, others: &[String]) -> Vec<Node> {
    let service = |namespace: &str, name: &str, ports: &str| {
        format!(
            r#"{{ "apiVersion": "v1", "kind": "Service",
                 "metadata": {{ "namespace": "{namespace}", "name": "{name}" }},
                 "spec": {{ "ports": [{ports}] }} }}"#
        )
    };
    let gateway = format!(
        r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
             "metadata": {{ "namespace": "infra", "name": "public" }},
             "spec": {{ "gatewayClassName": "x", "listeners": [{{ "name": "web", "port": 80,
               "protocol": "HTTP", "allowedRoutes": {{ "namespaces": {{ "from": "All" }} }}
               {listener} }}] }} }}"#
    );
    let mut texts = vec![
        gateway,
        service("shop", "cart", r#"{ "port": 80 }"#),
        service("shop", "stock", r#"{ "name": "a", "port": 80 }, { "port": 81 }"#),
        service("web", "site", r#"{ "port": 80 }"#),
    ];
    texts.extend_from_slice(others);
    texts.iter().map(|text| Node::parse_json(text).unwrap()).collect()
}

/// A route of namespace `shop`.
fn route(name: &str, spec: &str) -> String {
    made_at(name, None, spec)
}

fn made_at(name: &str, created: Option<&str>, spec: &str) -> String {
    let created =
        created.map_or_else(String::new, |at| format!(r#", "creationTimestamp": "{at}""#));
    format!(
        r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
             "metadata": {{ "namespace": "shop", "name": "{name}"{created} }},
             "spec": {{ {spec} }} }}"#
    )
}

const PUBLIC: &str = r#""parentRefs": [{ "namespace": "infra", "name": "public" }]"#;
const CART: &str = r#""backendRefs": [{ "name": "cart", "port": 80 }]"#;

fn imported(listener: &str, others: &[String]) -> Import {
    import(&world(listener, others), &Options::default()).unwrap()
}

fn public(import: &Import) -> Document {
    import.document(&Entry::gateway("infra", "public", 80))
}

fn rules(document: &Document) -> &[Rule] {
    document.routing.as_ref().and_then(|routing| routing.rules.as_deref()).unwrap_or(&[])
}

fn names(document: &Document) -> Vec<&str> {
    rules(document).iter().filter_map(|rule| rule.name.as_deref()).collect()
}

fn warnings(import: &Import) -> Vec<String> {
    import.diagnostics().iter().map(|found| found.message.clone()).collect()
}

#[test]
fn a_rule_without_backends_or_weight_answers_500() {
    for backends in [
        "",
        r#""backendRefs": []"#,
        r#""backendRefs": [{ "name": "cart", "port": 80, "weight": 0 }]"#,
    ] {
        let import =
            imported("", &[route("one", &format!(r#"{PUBLIC}, "rules": [{{ {backends} }}]"#))]);
        let document = public(&import);
        let found = rules(&document)[0].backends.as_deref().unwrap();
        assert!(matches!(found, [BackendEntry::Missing(_)]), "{found:?}");
        assert!(crate::compile(&document).is_ok());
    }
}

#[test]
fn the_oldest_route_comes_first_then_the_name() {
    let spec = format!(r#"{PUBLIC}, "rules": [{{ {CART} }}]"#);
    let import = imported(
        "",
        &[
            made_at("c", None, &spec),
            made_at("b", Some("2025-02-01T00:00:00Z"), &spec),
            made_at("a", Some("2025-02-01T00:00:00Z"), &spec),
            made_at("z", Some("2025-01-01T00:00:00Z"), &spec),
        ],
    );
    assert_eq!(names(&public(&import)), ["shop/z/0", "shop/a/0", "shop/b/0", "shop/c/0"]);
}

#[test]
fn a_route_of_the_callers_namespace_replaces_those_of_the_service() {
    let to = |name: &str, parent: &str| {
        let spec = format!(
            r#""parentRefs": [{{ "group": "", "kind": "Service", {parent} }}],
               "rules": [{{ "name": "r", {CART} }}]"#
        );
        route(name, &spec)
    };
    let import = imported(
        "",
        &[
            to("producer", r#""name": "stock", "port": 80"#),
            to("consumer", r#""name": "site", "namespace": "web""#),
        ],
    );
    let of = |namespace: &str, port: u16| {
        let document = import.document(&Entry::mesh(namespace, port));
        assert!(crate::compile(&document).is_ok());
        names(&document).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // the consumer route is for callers in `shop` only, the producer route for all
    assert_eq!(of("shop", 80), ["Service shop/cart", "shop/producer/r", "shop/consumer/r"]);
    assert_eq!(of("web", 80), ["Service shop/cart", "shop/producer/r", "Service web/site"]);
    assert_eq!(of("web", 81), ["Service shop/stock"]);
    let document = import.document(&Entry::mesh("web", 80));
    let hosts = |rule: &Rule| {
        let hosts = rule.hosts.as_ref().map(|hosts| hosts.list().to_vec()).unwrap_or_default();
        hosts.iter().map(|host| host.as_str().to_owned()).collect::<Vec<_>>()
    };
    let shop = ["cart.shop", "cart.shop.svc", "cart.shop.svc.cluster.local"];
    assert_eq!(hosts(&rules(&document)[0]), shop);
    assert!(hosts(&rules(&document)[2]).contains(&"site".to_owned()));
    let entries =
        [Entry::gateway("infra", "public", 80), Entry::mesh("shop", 80), Entry::mesh("shop", 81)];
    assert_eq!(import.entries(), entries);
}

#[test]
fn what_cannot_be_done_is_named() {
    let spec = format!(
        r#"{PUBLIC}, "useDefaultGateways": "All", "rules": [
          {{ "filters": [{{ "type": "RequestMirror", "requestMirror": {{}} }}], {CART} }},
          {{ "filters": [{{ "type": "ExtensionRef", "extensionRef": {{}} }}], {CART} }},
          {{ "matches": [{{ "path": {{ "type": "RegularExpression", "value": "(" }} }},
                         {{ "path": {{ "value": "/fine/" }} }}],
             "sessionPersistence": {{}}, {CART} }}]"#
    );
    let queue = r#"{ "apiVersion": "x.io/v1", "kind": "Queue", "metadata": { "name": "q" } }"#;
    let import = imported("", &[route("one", &spec), queue.to_owned()]);
    let found = warnings(&import);
    for (place, what) in [
        (r#"HTTPRoute.shop.one.spec.useDefaultGateways"#, "`useDefaultGateways`"),
        (r#".spec.rules[0].filters[0].requestMirror"#, "a mirror without `backendRef`"),
        (r#".spec.rules[1].filters[0]"#, "the filter ExtensionRef, so its requests"),
        (r#".spec.rules[2].matches[0].path.value"#, "no regular expression"),
        (r#".spec.rules[2].sessionPersistence"#, "`sessionPersistence`"),
        ("objects[5]", "Queue.x.io "),
    ] {
        let named = found.iter().any(|line| line.contains(place) && line.contains(what));
        assert!(named, "{place} {what}: {found:#?}");
    }
    assert_eq!(found.len(), 6);
    let partly = import.statuses()[0].condition(RouteConditionType::PartiallyInvalid).unwrap();
    assert_eq!(partly.reason, RouteConditionReason::UnsupportedValue);
    let document = public(&import);
    let is_missing =
        |rule: &Rule| matches!(rule.backends.as_deref(), Some([BackendEntry::Missing(_)]));
    let missing: Vec<bool> = rules(&document).iter().map(is_missing).collect();
    assert_eq!(missing, [false, true, false]);
    assert_eq!(rules(&document)[2].matches.as_ref().unwrap().len(), 1);
    assert!(crate::compile(&document).is_ok());
}

#[test]
fn a_route_none_of_whose_rules_works_is_not_accepted_and_answers_500() {
    let spec =
        format!(r#"{PUBLIC}, "rules": [{{ "filters": [{{ "type": "ExternalAuth" }}], {CART} }}]"#);
    let import = imported("", &[route("one", &spec)]);
    let accepted = import.statuses()[0].condition(RouteConditionType::Accepted).unwrap();
    assert_eq!((accepted.status, accepted.reason), (false, RouteConditionReason::UnsupportedValue));
    assert_eq!(names(&public(&import)), ["shop/one/0"]);
}

#[test]
fn mirrors_are_references_like_others() {
    let mirror = |more: &str| {
        format!(r#"{{ "type": "RequestMirror", "requestMirror": {{ "backendRef": {more} }} }}"#)
    };
    let stock = r#"{ "name": "stock", "port": 81 }"#;
    for (filter, copies, reason) in [
        (mirror(stock), 1, RouteConditionReason::ResolvedRefs),
        (mirror(&format!(r#"{stock}, "percent": 10"#)), 1, RouteConditionReason::ResolvedRefs),
        (
            mirror(&format!(r#"{stock}, "fraction": {{ "numerator": 1, "denominator": 3 }}"#)),
            1,
            RouteConditionReason::ResolvedRefs,
        ),
        (
            mirror(&format!(r#"{stock}, "fraction": {{ "numerator": 101 }}"#)),
            0,
            RouteConditionReason::ResolvedRefs,
        ),
        (vec![mirror(stock); 9].join(", "), 8, RouteConditionReason::ResolvedRefs),
        (mirror(r#"{ "name": "gone", "port": 80 }"#), 0, RouteConditionReason::BackendNotFound),
        (
            mirror(r#"{ "name": "site", "namespace": "web", "port": 80 }"#),
            0,
            RouteConditionReason::RefNotPermitted,
        ),
    ] {
        for (rule_filters, backend_filters) in [(filter.as_str(), ""), ("", filter.as_str())] {
            let spec = format!(
                r#"{PUBLIC}, "rules": [{{ "filters": [{rule_filters}], "backendRefs": [
                   {{ "name": "cart", "port": 80, "filters": [{backend_filters}] }}] }}]"#
            );
            let import = imported("", &[route("one", &spec)]);
            let status = &import.statuses()[0];
            assert!(status.accepted());
            let resolved = status.condition(RouteConditionType::ResolvedRefs).unwrap();
            assert_eq!(resolved.reason, reason, "{filter}");
            let document = public(&import);
            assert_eq!(document.services.contains_key("stock-81"), copies > 0, "{filter}");
            let found = serde_json::to_string(&document.routing).unwrap();
            assert_eq!(found.matches(r#""mirror":"#).count(), copies, "{filter}");
            let told = warnings(&import).len();
            assert_eq!(told, usize::from(copies == 0 || copies == 8), "{filter}");
            assert!(crate::compile(&document).is_ok());
        }
    }
}

#[test]
fn requests_of_a_narrower_listener_end_there() {
    let gateway = r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "public", "namespace": "infra" }, "spec": { "listeners": [
            { "name": "all", "port": 80 }, { "name": "alt", "port": 81, "hostname": "a.com" },
            { "name": "wide", "port": 80, "hostname": "*.com" },
            { "name": "tls", "port": 80, "hostname": "b.com", "protocol": "TLS" },
            { "name": "narrow", "port": 80, "hostname": "A.com",
              "allowedRoutes": { "namespaces": { "from": "All" } } }] } }"#;
    let all = |rule: &str| format!(r#"{PUBLIC}, "rules": [{{ {rule} {CART} }}]"#);
    for (rule, expected) in [
        (
            r#""matches": [{ "path": { "value": "/x" } }],"#,
            &["shop/one/0", "listener wide", "listener narrow"][..],
        ),
        // a rule that takes everything leaves nothing
        ("", &["shop/one/0", "listener wide"]),
    ] {
        let texts = [gateway.to_owned(), route("one", &all(rule))];
        let objects = texts.map(|text| Node::parse_json(&text).unwrap());
        let import = import(&objects, &Options::default()).unwrap();
        let document = public(&import);
        let mut found = names(&document);
        found.sort_by_key(|name| expected.iter().position(|one| one == name));
        assert_eq!(found, expected);
        let answers = rules(&document).iter().filter_map(|rule| {
            let [Filter::DirectResponse(answer)] = rule.filters.as_deref()? else { return None };
            Some(answer.status.value())
        });
        assert!(
            answers.clone().count() == expected.len() - 1 && answers.clone().all(|one| one == 404)
        );
        assert!(crate::compile(&document).unwrap().diagnostics.is_empty());
        assert!(rules(&import.document(&Entry::gateway("infra", "public", 81))).is_empty());
    }
}

#[test]
fn what_no_api_server_takes_is_an_error_each_in_one_pass() {
    let hosts = route(
        "two",
        r#""parentRefs": [{ "kind": "Gateway" }], "hostnames": ["a.com:80", "*.a.com"]"#,
    );
    let broken = route("one", r#""rules": [{ "matches": 5, "retry": { "attempts": "many" } }]"#);
    let nameless = r#"{ "apiVersion": "v1", "kind": "Service", "metadata": {} }"#;
    let objects = world("", &[broken, nameless.to_owned(), hosts]);
    let found = import(&objects, &Options::default()).unwrap_err();
    let places: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    let expected = [
        r#"HTTPRoute.shop.one.spec.rules[0].matches"#,
        r#"HTTPRoute.shop.one.spec.rules[0].retry.attempts"#,
        "objects[5].metadata.name",
        "HTTPRoute.shop.two.spec.hostnames[0]",
        "HTTPRoute.shop.two.spec.parentRefs[0].name",
    ];
    assert_eq!(places, expected);
}

#[test]
fn matches_timeouts_and_retries_are_as_the_route_says() {
    let spec = format!(
        r#"{PUBLIC}, "rules": [{{ {CART},
          "matches": [{{ "path": {{ "value": "/a/" }}, "method": "POST",
            "headers": [{{ "name": "X-A", "value": "1" }}, {{ "name": "x-a", "value": "2" }}],
            "queryParams": [{{ "name": "q", "value": "1" }}, {{ "name": "Q", "value": "2" }}] }}],
          "timeouts": {{ "backendRequest": "30s" }},
          "retry": {{ "codes": [503], "attempts": 12, "backoff": "100ms" }} }}]"#
    );
    let import = imported("", &[route("one", &spec)]);
    let text = serde_json::to_value(&rules(&public(&import))[0]).unwrap();
    let expected = serde_json::json!({
        "name": "shop/one/0",
        "matches": [{
            "path": { "value": "/a", "type": "PathPrefix" },
            "method": "POST",
            "headers": [{ "name": "x-a", "type": "Exact", "value": "1" }],
            "query": [{ "name": "q", "type": "Exact", "value": "1" },
                      { "name": "Q", "type": "Exact", "value": "2" }],
        }],
        "backends": [{ "service": "cart" }],
        "timeout": { "request": 0, "attempt": 30_000 },
        "retries": {
            "attempts": 10,
            "on": ["connectFailure", "reset", "timeout", 503],
            "methods": ["any"],
            "backoff": { "base": 100 },
            "budget": false,
        },
    });
    assert_eq!(text, expected);
    let found = warnings(&import);
    let [attempts, backoff] = found.as_slice() else { panic!("{found:?}") };
    assert!(attempts.contains("12 retries") && backoff.contains("a shortest wait"), "{found:?}");
}

#[test]
fn redirects_go_to_the_port_of_their_listener() {
    for (port, redirect, expected) in [
        (8_080, "{}", Some(8_080)),
        (80, "{}", None),
        (8_080, r#"{ "scheme": "https" }"#, None),
        (8_080, r#"{ "port": 81 }"#, Some(81)),
    ] {
        let spec = format!(
            r#"{PUBLIC}, "rules": [{{ "filters": [{{ "type": "RequestRedirect",
               "requestRedirect": {redirect} }}] }}]"#
        );
        let gateway = format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                 "metadata": {{ "namespace": "infra", "name": "public" }},
                 "spec": {{ "listeners": [{{ "name": "web", "port": {port},
                 "allowedRoutes": {{ "namespaces": {{ "from": "All" }} }} }}] }} }}"#
        );
        let objects = [gateway, route("one", &spec)].map(|text| Node::parse_json(&text).unwrap());
        let import = import(&objects, &Options::default()).unwrap();
        let document = import.document(&Entry::gateway("infra", "public", port));
        let filters = rules(&document)[0].filters.as_deref().unwrap();
        let [Filter::Redirect(Redirect { port: found, .. })] = filters else { panic!() };
        assert_eq!(found.map(|port| port.value()), expected, "{port} {redirect}");
    }
}

#[test]
fn services_of_one_name_are_told_apart() {
    let other = r#"{ "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": "web", "name": "cart" },
        "spec": { "ports": [{ "port": 80 }, { "port": 53, "protocol": "UDP" }] } }"#;
    let long = format!(
        r#"{{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "{}" }},
             "spec": {{ "ports": [{{ "port": 80 }}, {{ "port": 81 }}] }} }}"#,
        "a".repeat(63)
    );
    let mut options = Options::default();
    let address = Address::parse("https://cart.example").unwrap();
    options.addresses.insert("web/cart".to_owned(), address.clone());
    let import = import(&world("", &[other.to_owned(), long]), &options).unwrap();
    let found: Vec<&str> = import.services().iter().map(|one| one.service.as_str()).collect();
    assert_eq!(found[2..], ["cart-shop", "stock-80", "stock-81", "cart-web", "site"]);
    assert!(found[..2].iter().all(|name| name.len() <= 63) && found[0] != found[1]);
    let document = import.document(&Entry::mesh("web", 80));
    let endpoints = document.services.get("cart-web").and_then(|one| one.endpoints.as_ref());
    assert_eq!(endpoints.unwrap().list()[0].endpoint().address, address);
    assert!(document.services.get("site").unwrap().endpoints.is_none());
}
